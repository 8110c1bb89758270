/** nodeSelector and node affinity, the pod's own and the profile's. Source: scheduler.md 7.4 and 6.2. */

import type { KubernetesObject } from '../../objects/metadata.ts'
import type { NodeSelector, NodeSelectorTerm } from '../../objects/node.ts'
import { matchesNodeSelector, matchesTerm, requiredNodeAffinity, suitsNode } from '../../objects/node.ts'
import { normalizeByHighest } from '../normalize.ts'
import type { ClusterEvent, Plugin } from '../plugin.ts'
import { go, skip, unresolvable } from '../plugin.ts'
import type { PodInfo } from '../pod-info.ts'

type Preferred = { readonly weight: number; readonly preference: NodeSelectorTerm }
type Affinity = {
  readonly requiredDuringSchedulingIgnoredDuringExecution?: NodeSelector
  readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly Preferred[]
}
export type NodeAffinityArgs = { readonly addedAffinity?: Affinity | undefined }

const conflict = unresolvable('pod affinity terms conflict')
const mismatch = unresolvable("node(s) didn't match Pod's node affinity/selector")
const enforced = unresolvable("node(s) didn't match scheduler-enforced node affinity")

/** The node names that a term asks for by metadata.name; undefined if it asks for none by name. */
const namesIn = (term: NodeSelectorTerm): ReadonlySet<string> | undefined => {
  let names: Set<string> | undefined
  for (const { key, operator, values } of term.matchFields ?? []) {
    if (key !== 'metadata.name' || operator !== 'In') continue
    names = new Set((values ?? []).filter((value) => names === undefined || names.has(value)))
  }
  return names
}

/** The only nodes that can do, if every term names some. */
const narrowed = (pod: PodInfo): ReadonlySet<string> | undefined => {
  const terms = requiredNodeAffinity(pod.pod)?.nodeSelectorTerms
  // No terms match no node, which the filter says.
  if (terms === undefined || terms.length === 0) return undefined
  const all = new Set<string>()
  for (const term of terms) {
    const names = namesIn(term)
    if (names === undefined) return undefined
    for (const name of names) all.add(name)
  }
  return all
}

const preferredTerms = (pod: PodInfo): readonly Preferred[] =>
  (pod.pod['spec']?.affinity?.nodeAffinity as Affinity | undefined)?.preferredDuringSchedulingIgnoredDuringExecution ?? []

const isWorth = ({ weight, preference }: Preferred): boolean =>
  weight !== 0 && ((preference.matchExpressions?.length ?? 0) > 0 || (preference.matchFields?.length ?? 0) > 0)

export const nodeAffinity = ({ addedAffinity }: NodeAffinityArgs = {}): Plugin<true, readonly Preferred[]> => {
  const added = addedAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  const liked = (addedAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).filter(isWorth)
  const admits = (object: KubernetesObject): boolean =>
    added === undefined || matchesNodeSelector(added, object.metadata.name, object.metadata.labels)
  const suits = (pod: PodInfo, object: KubernetesObject): boolean => suitsNode(pod.pod, object.metadata.name, object.metadata.labels)
  const matchesNow = (pod: PodInfo, { object, old }: ClusterEvent): boolean =>
    admits(object) && suits(pod, object) && (old === undefined || !suits(pod, old))
  return {
    name: 'NodeAffinity',
    weight: 2,
    preFilter: ({ pod }) => {
      const spec = pod.pod['spec']
      if (added === undefined && spec?.nodeSelector === undefined && spec?.affinity?.nodeAffinity === undefined) return skip
      if (added === undefined && spec?.nodeSelector === undefined && requiredNodeAffinity(pod.pod) === undefined) return skip
      const nodes = narrowed(pod)
      if (nodes === undefined) return go(true as const)
      return nodes.size === 0 ? { kind: 'refuse', refusal: conflict } : { kind: 'go', state: true as const, nodes }
    },
    filter: (cycle, node) => {
      if (added !== undefined && !matchesNodeSelector(added, node.name, node.labels)) return enforced
      return suitsNode(cycle.pod.pod, node.name, node.labels) ? undefined : mismatch
    },
    preScore: ({ pod }) => {
      const own = preferredTerms(pod)
      if (own.length === 0 && liked.length === 0) return skip
      return go([...liked, ...own.filter(isWorth)])
    },
    score: (_cycle, node, terms) => {
      let sum = 0
      for (const { weight, preference } of terms) if (matchesTerm(preference, node.name, node.labels)) sum += weight
      return sum
    },
    normalize: (_cycle, _nodes, scores) => normalizeByHighest(scores, false),
    retryOn: { 'Node/Add': matchesNow, 'Node/UpdateLabel': matchesNow },
  }
}
