/**
 * A pod, read once: what it asks for, its affinity terms, host ports and claims. Everything that costs is worked out when it is first asked for.
 * Source: pkg/scheduler/framework/types.go (PodInfo).
 */
import type { Amounts, HostPort } from '../objects/fit.ts'
import { hostPortsOf, requestsOf } from '../objects/fit.ts'
import type { KubernetesObject } from '../objects/metadata.ts'
import { isTerminating } from '../objects/metadata.ts'
import { claimNameOf, type PodVolume } from '../objects/pod.ts'
import type { Matcher } from './matcher.ts'
import { matcherOf } from './matcher.ts'

/** A term of inter-pod affinity or anti-affinity. */
export type PodTerm = {
  /** Equal terms of pods of one namespace have equal texts. */
  readonly text: string
  readonly topologyKey: string
  readonly selector: Matcher
  /** Namespaces by name: those listed, or the pod's own if nothing is said. Sorted. */
  readonly namespaces: readonly string[]
  readonly namespaceSelector: Matcher | undefined
  /** 1 to 100; 0 for required terms. */
  readonly weight: number
}

type AffinityTerm = {
  readonly topologyKey: string
  readonly labelSelector?: object
  readonly namespaces?: readonly string[]
  readonly namespaceSelector?: object
}

const noTerms: readonly PodTerm[] = []

const termOf = (term: AffinityTerm, namespace: string, weight: number): PodTerm => {
  const listed = term.namespaces ?? []
  const namespaces = listed.length === 0 && term.namespaceSelector === undefined ? [namespace] : [...listed].sort()
  const selector = matcherOf(term.labelSelector)
  const namespaceSelector = term.namespaceSelector === undefined ? undefined : matcherOf(term.namespaceSelector)
  const text = `${term.topologyKey}|${namespaces.join(',')}|${namespaceSelector?.text ?? ''}|${selector.text}|${weight}`
  return { text, topologyKey: term.topologyKey, selector, namespaces, namespaceSelector, weight }
}

/** Whether a term selects pods of that namespace, whose labels are `labels`. Source: scheduler.md 7.16. */
export const coversNamespace = (term: PodTerm, namespace: string, labels: Readonly<Record<string, string>> | undefined): boolean =>
  term.namespaces.includes(namespace) ||
  (term.namespaceSelector !== undefined && (term.namespaceSelector.isEmpty || term.namespaceSelector.matches(labels)))

/** Whether a term matches a pod. `labels` are those of the pod's namespace. */
export const matchesPod = (term: PodTerm, pod: PodInfo, labels: Readonly<Record<string, string>> | undefined): boolean =>
  coversNamespace(term, pod.namespace, labels) && term.selector.matches(pod.labels)

export class PodInfo {
  /** The object as it was last seen. */
  pod: KubernetesObject
  readonly uid: string
  readonly namespace: string
  readonly name: string
  /** `namespace/name` */
  readonly key: string
  readonly priority: number
  readonly labels: Readonly<Record<string, string>>
  readonly terminating: boolean
  private asked: Amounts | undefined = undefined
  private scored: Amounts | undefined = undefined
  private ports: readonly HostPort[] | undefined = undefined
  private named: readonly ClaimUse[] | undefined = undefined
  private terms: readonly (readonly PodTerm[])[] | undefined = undefined

  constructor(pod: KubernetesObject) {
    this.pod = pod
    this.namespace = pod.metadata.namespace ?? ''
    this.name = pod.metadata.name
    this.key = `${this.namespace}/${this.name}`
    this.uid = pod.metadata.uid ?? this.key
    this.priority = (pod['spec']?.priority as number | undefined) ?? 0
    this.labels = pod.metadata.labels ?? {}
    this.terminating = isTerminating(pod)
  }

  /** The same pod on a node, as it will be once it is bound: nothing is read again. */
  boundTo(node: string): PodInfo {
    const bound = new PodInfo({ ...this.pod, spec: { ...this.pod['spec'], nodeName: node } })
    bound.asked = this.asked
    bound.scored = this.scored
    bound.ports = this.ports
    bound.named = this.named
    bound.terms = this.terms
    return bound
  }

  /** Takes over a newer version of the object, if nothing that is counted is another in it; whether it did. */
  refresh(pod: KubernetesObject): boolean {
    const was = this.pod
    if (was === pod) return true
    const old = was['spec'] ?? {}
    const spec = pod['spec'] ?? {}
    for (const field of counted) if (old[field] !== spec[field]) return false
    if (isTerminating(pod) !== this.terminating || !sameLabels(was.metadata.labels, pod.metadata.labels)) return false
    if (isResized(was) || isResized(pod)) return false
    this.pod = pod
    return true
  }

  /** The node it is bound to; '' for none. */
  get nodeName(): string {
    return (this.pod['spec']?.nodeName as string | undefined) ?? ''
  }

  get nominatedNode(): string {
    return (this.pod['status']?.nominatedNodeName as string | undefined) ?? ''
  }

  /** What it asks for, as written. A pod on a node counts what the kubelet has given it, if that is more. */
  get requests(): Amounts {
    if (this.asked === undefined) this.asked = requestsOf(this.pod, { withStatus: this.nodeName !== '' })
    return this.asked
  }

  /** The same with a share for each container that asks for no cpu or memory: what scores count on nodes. */
  get scoredRequests(): Amounts {
    if (this.scored === undefined) this.scored = requestsOf(this.pod, { withStatus: this.nodeName !== '', assumed: true })
    return this.scored
  }

  get hostPorts(): readonly HostPort[] {
    if (this.ports === undefined) this.ports = hostPortsOf(this.pod)
    return this.ports
  }

  /** The claims that its volumes name, generic ephemeral volumes with the name that their claim has. */
  get claims(): readonly ClaimUse[] {
    if (this.named === undefined) this.named = claimsOf(this.pod)
    return this.named
  }

  get requiredAffinity(): readonly PodTerm[] {
    return this.term(0)
  }
  get requiredAntiAffinity(): readonly PodTerm[] {
    return this.term(1)
  }
  get preferredAffinity(): readonly PodTerm[] {
    return this.term(2)
  }
  get preferredAntiAffinity(): readonly PodTerm[] {
    return this.term(3)
  }
  get hasAffinity(): boolean {
    const affinity = this.pod['spec']?.affinity
    return affinity !== undefined && (affinity.podAffinity !== undefined || affinity.podAntiAffinity !== undefined)
  }

  private term(which: number): readonly PodTerm[] {
    if (this.terms === undefined) this.terms = this.readTerms()
    return this.terms[which] ?? noTerms
  }

  private readTerms(): readonly (readonly PodTerm[])[] {
    const affinity = this.pod['spec']?.affinity
    if (affinity?.podAffinity === undefined && affinity?.podAntiAffinity === undefined) return []
    const required = (terms: readonly AffinityTerm[] | undefined): readonly PodTerm[] =>
      terms === undefined ? noTerms : terms.map((term) => termOf(term, this.namespace, 0))
    const preferred = (terms: readonly { weight: number; podAffinityTerm: AffinityTerm }[] | undefined): readonly PodTerm[] =>
      terms === undefined ? noTerms : terms.map((term) => termOf(term.podAffinityTerm, this.namespace, term.weight))
    return [
      required(affinity.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
      required(affinity.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
      preferred(affinity.podAffinity?.preferredDuringSchedulingIgnoredDuringExecution),
      preferred(affinity.podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution),
    ]
  }
}

/** Fields of a pod's spec that requests, ports, claims and terms are read from. */
const counted = ['containers', 'initContainers', 'overhead', 'resources', 'affinity', 'volumes', 'priority'] as const

type Labels = Readonly<Record<string, string>> | undefined

const sameLabels = (a: Labels, b: Labels): boolean => {
  if (a === b) return true
  const keys = Object.keys(a ?? {})
  return keys.length === Object.keys(b ?? {}).length && keys.every((key) => a?.[key] === b?.[key])
}

/** Whether the kubelet says what it has given to a container: then requests are read from there too. */
const isResized = (pod: KubernetesObject): boolean =>
  ((pod['status']?.containerStatuses ?? []) as readonly { readonly resources?: unknown }[]).some(({ resources }) => resources !== undefined)

/** One use of a claim by a pod. */
export type ClaimUse = { readonly name: string; readonly ephemeral: boolean }

const noClaims: readonly ClaimUse[] = []

const claimsOf = (pod: KubernetesObject): readonly ClaimUse[] => {
  const volumes = pod['spec']?.volumes as readonly PodVolume[] | undefined
  if (volumes === undefined) return noClaims
  const found: ClaimUse[] = []
  for (const volume of volumes) {
    const name = claimNameOf(pod, volume)
    if (name !== undefined) found.push({ name, ephemeral: volume.ephemeral !== undefined })
  }
  return found.length === 0 ? noClaims : found
}
