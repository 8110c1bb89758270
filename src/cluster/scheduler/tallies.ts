/**
 * All counts that the scheduler keeps about the pods on nodes (see counts.ts), made when they are first asked for and kept from then on.
 */
import type { Admission, Placeable, Question } from './counts.ts'
import { everyNode, LabelIndex, Tally, Topology } from './counts.ts'
import type { PodInfo, PodTerm } from './pod-info.ts'

/** The four kinds of terms that pods carry. */
export type TermKind = 'affinity' | 'antiAffinity' | 'preferredAffinity' | 'preferredAntiAffinity'
const termKinds: readonly TermKind[] = ['affinity', 'antiAffinity', 'preferredAffinity', 'preferredAntiAffinity']

const termsOf = (pod: PodInfo, kind: TermKind): readonly PodTerm[] => {
  switch (kind) {
    case 'affinity':
      return pod.requiredAffinity
    case 'antiAffinity':
      return pod.requiredAntiAffinity
    case 'preferredAffinity':
      return pod.preferredAffinity
    case 'preferredAntiAffinity':
      return pod.preferredAntiAffinity
  }
}

/** A term that pods on nodes carry, and where they are. */
export type Carrier = {
  readonly term: PodTerm
  readonly namespace: string | undefined
  readonly pair: readonly [key: string, value: string] | undefined
  readonly tally: Tally
}

type Asked = Question & { readonly tally: Tally }

/** Selectors and topologies come and go with the sets of a long run; those that nobody asked for the longest are dropped. */
const mostQuestions = 4096
const mostTopologies = 256

export class Tallies<N extends Placeable> {
  private capacity: number
  private readonly nodes: Map<number, N> = new Map()
  private readonly topologies = new Map<string, Topology<N>>()
  private readonly asked = new Map<string, Asked>()
  private readonly index = new LabelIndex<Asked>()
  private readonly carriers: Record<TermKind, Map<string, Carrier>>
  private readonly carrierIndex: Record<TermKind, LabelIndex<Carrier>>
  /** Pods by namespace, with the index of their node; and by label, for the labels that questions name. */
  private readonly pods = new Map<string, Map<PodInfo, number>>()
  private readonly labelled = new Map<string, Map<string, Map<string, Set<PodInfo>>>>()

  constructor(capacity: number) {
    this.capacity = capacity
    this.carriers = { affinity: new Map(), antiAffinity: new Map(), preferredAffinity: new Map(), preferredAntiAffinity: new Map() }
    this.carrierIndex = {
      affinity: new LabelIndex(),
      antiAffinity: new LabelIndex(),
      preferredAffinity: new LabelIndex(),
      preferredAntiAffinity: new LabelIndex(),
    }
  }

  grow(capacity: number): void {
    this.capacity = capacity
    for (const topology of this.topologies.values()) topology.grow(capacity)
    for (const { tally } of this.asked.values()) tally.grow(capacity)
    for (const kind of termKinds) for (const { tally } of this.carriers[kind].values()) tally.grow(capacity)
  }

  /** A node came or changed; undefined: it left. Its pods leave before it. */
  placeNode(index: number, node: N | undefined): void {
    if (node === undefined) this.nodes.delete(index)
    else this.nodes.set(index, node)
    for (const topology of this.topologies.values()) topology.place(index, node)
  }

  addPod(pod: PodInfo, index: number): void {
    let there = this.pods.get(pod.namespace)
    if (there === undefined) {
      there = new Map()
      this.pods.set(pod.namespace, there)
    }
    there.set(pod, index)
    const keys = this.labelled.get(pod.namespace)
    if (keys !== undefined) for (const [key, values] of keys) label(values, pod.labels[key], pod)
    this.index.each(pod.namespace, pod.labels, (one) => {
      if (one.matches(pod)) one.tally.add(index, 1)
    })
    if (!pod.hasAffinity) return
    for (const kind of termKinds) for (const term of termsOf(pod, kind)) this.carrierOf(kind, term).tally.add(index, 1)
  }

  removePod(pod: PodInfo, index: number): void {
    this.pods.get(pod.namespace)?.delete(pod)
    const keys = this.labelled.get(pod.namespace)
    if (keys !== undefined) {
      for (const [key, values] of keys) {
        const value = pod.labels[key]
        if (value !== undefined) values.get(value)?.delete(pod)
      }
    }
    this.index.each(pod.namespace, pod.labels, (one) => {
      if (one.matches(pod)) one.tally.add(index, -1)
    })
    if (!pod.hasAffinity) return
    for (const kind of termKinds) {
      for (const term of termsOf(pod, kind)) {
        const carrier = this.carrierOf(kind, term)
        carrier.tally.add(index, -1)
        if (carrier.tally.total > 0) continue
        this.carriers[kind].delete(term.text)
        this.carrierIndex[kind].remove(carrier)
        carrier.tally.end()
      }
    }
  }

  /** Whether any pod on a node carries a term of that kind. */
  hasCarriers(kind: TermKind): boolean {
    return this.carriers[kind].size > 0
  }

  /** The carriers of one term, perhaps none yet. */
  carrier(kind: TermKind, term: PodTerm): Carrier {
    return this.carrierOf(kind, term)
  }

  /** The terms of pods on nodes that could match a pod (ask `matchesPod` for each). */
  eachCarrier(kind: TermKind, pod: PodInfo, visit: (carrier: Carrier) => void): void {
    if (this.carriers[kind].size > 0) this.carrierIndex[kind].each(pod.namespace, pod.labels, visit)
  }

  /** Where nodes lie by a label. */
  topology(key: string, required: readonly string[] = [], admission: Admission<N> = everyNode): Topology<N> {
    const text = `${key}|${required.join(',')}|${admission.text}`
    let topology = this.topologies.get(text)
    if (topology === undefined) {
      topology = new Topology(key, required, admission, this.capacity)
      for (const [index, node] of this.nodes) topology.place(index, node)
      if (this.topologies.size >= mostTopologies) this.dropOldestTopology()
    } else this.topologies.delete(text)
    this.topologies.set(text, topology)
    return topology
  }

  /** The pods on nodes that answer a question, counted. */
  tally(question: Question): Tally {
    const known = this.asked.get(question.text)
    if (known !== undefined) {
      this.asked.delete(question.text)
      this.asked.set(question.text, known)
      return known.tally
    }
    const tally = new Tally(this.capacity)
    this.count(question, (index) => tally.add(index, 1))
    const asked: Asked = { ...question, tally }
    if (this.asked.size >= mostQuestions) this.dropOldestQuestion()
    this.asked.set(question.text, asked)
    this.index.add(asked)
    return tally
  }

  private count(question: Question, found: (index: number) => void): void {
    const namespaces = question.namespace === undefined ? [...this.pods.keys()] : [question.namespace]
    for (const namespace of namespaces) {
      const there = this.pods.get(namespace)
      if (there === undefined) continue
      const pods = question.pair === undefined ? there.keys() : this.podsWith(namespace, there, question.pair)
      for (const pod of pods) if (question.matches(pod)) found(there.get(pod) as number)
    }
  }

  private podsWith(namespace: string, there: Map<PodInfo, number>, [key, value]: readonly [string, string]): Iterable<PodInfo> {
    let keys = this.labelled.get(namespace)
    if (keys === undefined) {
      keys = new Map()
      this.labelled.set(namespace, keys)
    }
    let values = keys.get(key)
    if (values === undefined) {
      values = new Map()
      keys.set(key, values)
      for (const pod of there.keys()) label(values, pod.labels[key], pod)
    }
    return values.get(value) ?? []
  }

  private carrierOf(kind: TermKind, term: PodTerm): Carrier {
    let carrier = this.carriers[kind].get(term.text)
    if (carrier === undefined) {
      const namespace = term.namespaces.length === 1 && term.namespaceSelector === undefined ? term.namespaces[0] : undefined
      carrier = { term, namespace, pair: term.selector.pair, tally: new Tally(this.capacity) }
      this.carriers[kind].set(term.text, carrier)
      this.carrierIndex[kind].add(carrier)
    }
    return carrier
  }

  private dropOldestTopology(): void {
    for (const [text, topology] of this.topologies) {
      this.topologies.delete(text)
      for (const { tally } of this.asked.values()) tally.drop(topology as unknown as Topology)
      for (const kind of termKinds) for (const { tally } of this.carriers[kind].values()) tally.drop(topology as unknown as Topology)
      return
    }
  }

  private dropOldestQuestion(): void {
    for (const [text, one] of this.asked) {
      this.asked.delete(text)
      this.index.remove(one)
      one.tally.end()
      return
    }
  }
}

const label = (values: Map<string, Set<PodInfo>>, value: string | undefined, pod: PodInfo): void => {
  if (value === undefined) return
  const pods = values.get(value)
  if (pods === undefined) values.set(value, new Set([pod]))
  else pods.add(pod)
}
