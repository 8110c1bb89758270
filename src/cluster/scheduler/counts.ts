/**
 * Pods counted per node and per topology value, kept as pods come and go, so that no cycle walks pods.
 *
 * A `Topology` says in which domain (value of a label) each node lies; a `Tally` counts the pods that match something on each node and,
 * for each topology it was asked about, in each domain. Three things are counted: pods that match a selector (topology spread),
 * pods that match terms of affinity, and pods that carry a term themselves.
 */
import type { Matcher } from './matcher.ts'
import type { PodInfo, PodTerm } from './pod-info.ts'

/** What a count needs to know of a node. */
export type Placeable = { readonly index: number; readonly labels: Readonly<Record<string, string>> }

/** Which nodes take part in a topology. Equal texts admit the same nodes as long as labels, taints and names stay. */
export type Admission<N extends Placeable> = { readonly text: string; admits(node: N): boolean }

/** Every node takes part. */
export const everyNode: Admission<Placeable> = { text: '', admits: () => true }

/** Where nodes lie by one label; nodes that lack a required label, or are not admitted, lie nowhere (-1). */
export class Topology<N extends Placeable = Placeable> {
  readonly key: string
  /** The domain of each node, by the node's index. */
  domainOf: Int32Array
  /** Nodes in each domain; a domain without nodes does not exist. */
  nodesIn: number[] = []
  /** How many domains have nodes. */
  size = 0
  private readonly required: readonly string[]
  private readonly admission: Admission<N>
  private readonly ids = new Map<string, number>()
  private readonly counted: DomainCounts[] = []

  constructor(key: string, required: readonly string[], admission: Admission<N>, capacity: number) {
    this.key = key
    this.required = required
    this.admission = admission
    this.domainOf = new Int32Array(capacity).fill(-1)
  }

  grow(capacity: number): void {
    const more = new Int32Array(capacity).fill(-1)
    more.set(this.domainOf)
    this.domainOf = more
  }

  /** A node came, changed its labels or taints, or (undefined) left its place. */
  place(index: number, node: N | undefined): void {
    const was = this.domainOf[index] as number
    const is = node === undefined ? -1 : this.domainFor(node)
    if (was === is) return
    this.domainOf[index] = is
    // Pods move between domains that exist: a new one begins before, an old one ends after.
    if (is >= 0 && this.nodesIn[is]!++ === 0) {
      this.size++
      for (const counts of this.counted) counts.begin(is)
    }
    for (const counts of this.counted) counts.move(index, was, is)
    if (was >= 0 && --this.nodesIn[was]! === 0) {
      this.size--
      for (const counts of this.counted) counts.end(was)
    }
  }

  watch(counts: DomainCounts): void {
    this.counted.push(counts)
  }

  forget(counts: DomainCounts): void {
    const at = this.counted.indexOf(counts)
    if (at >= 0) this.counted.splice(at, 1)
  }

  /** The domain of a value; -1 if no node that takes part has it. */
  domainNamed(value: string | undefined): number {
    const id = value === undefined ? undefined : this.ids.get(value)
    return id === undefined || this.nodesIn[id] === 0 ? -1 : id
  }

  private domainFor(node: N): number {
    const value = node.labels[this.key]
    if (value === undefined) return -1
    for (const key of this.required) if (node.labels[key] === undefined) return -1
    if (!this.admission.admits(node)) return -1
    let id = this.ids.get(value)
    if (id === undefined) {
      id = this.nodesIn.length
      this.ids.set(value, id)
      this.nodesIn.push(0)
      for (const counts of this.counted) counts.grow(id + 1)
    }
    return id
  }
}

/** How many domains have each count, so that the least one is known without going through the domains. */
class Levels {
  private readonly domains: number[] = []
  /** No domain has less. */
  private floor = 0

  add(count: number): void {
    while (this.domains.length <= count) this.domains.push(0)
    this.domains[count]!++
    if (count < this.floor) this.floor = count
  }

  remove(count: number): void {
    this.domains[count]!--
  }

  get least(): number {
    this.floor = this.from(this.floor)
    return this.floor < this.domains.length ? this.floor : Number.POSITIVE_INFINITY
  }

  /** The least if one domain that has `count` were not there. */
  leastWithout(count: number): number {
    const { least } = this
    if (count !== least || (this.domains[least] as number) > 1) return least
    const next = this.from(least + 1)
    return next < this.domains.length ? next : Number.POSITIVE_INFINITY
  }

  private from(count: number): number {
    let at = count
    while (at < this.domains.length && this.domains[at] === 0) at++
    return at
  }
}

/** A tally's counts per domain of one topology. */
export class DomainCounts {
  readonly topology: Topology
  readonly tally: Tally
  counts: Int32Array
  /** The pods in all domains together. */
  total = 0
  /** Kept from the first question for the least count on. */
  private levels: Levels | undefined = undefined

  constructor(topology: Topology, tally: Tally) {
    this.topology = topology
    this.tally = tally
    this.counts = new Int32Array(Math.max(4, topology.nodesIn.length))
    topology.watch(this)
    const { perNode } = tally
    const { domainOf } = topology
    for (let index = 0; index < perNode.length; index++) {
      const domain = domainOf[index] as number
      if (domain >= 0) this.add(domain, perNode[index] as number)
    }
  }

  add(domain: number, by: number): void {
    const was = this.counts[domain] as number
    this.counts[domain] = was + by
    this.total += by
    if (this.levels === undefined) return
    this.levels.remove(was)
    this.levels.add(was + by)
  }

  /** The smallest count of a domain; infinite if there is none. */
  get least(): number {
    return this.known().least
  }

  /** The smallest count of any other domain. */
  leastBeside(domain: number): number {
    return this.known().leastWithout(this.counts[domain] as number)
  }

  begin(domain: number): void {
    this.levels?.add(this.counts[domain] as number)
  }

  end(domain: number): void {
    this.levels?.remove(this.counts[domain] as number)
  }

  private known(): Levels {
    if (this.levels === undefined) {
      this.levels = new Levels()
      const { nodesIn } = this.topology
      for (let domain = 0; domain < nodesIn.length; domain++) {
        if ((nodesIn[domain] as number) > 0) this.levels.add(this.counts[domain] as number)
      }
    }
    return this.levels
  }

  /** The pods in a node's domain; 0 for a node that lies in none. */
  at(index: number): number {
    const domain = this.topology.domainOf[index] as number
    return domain < 0 ? 0 : (this.counts[domain] as number)
  }

  /** The pods in the domain of a value, where the node itself may lie in none (it is not admitted). */
  ofValue(index: number, value: string): number {
    const domain = this.topology.domainOf[index] as number
    const named = domain < 0 ? this.topology.domainNamed(value) : domain
    return named < 0 ? 0 : (this.counts[named] as number)
  }

  grow(size: number): void {
    if (size <= this.counts.length) return
    const more = new Int32Array(Math.max(size, 2 * this.counts.length))
    more.set(this.counts)
    this.counts = more
  }

  move(index: number, from: number, to: number): void {
    const pods = this.tally.perNode[index] as number
    if (pods === 0) return
    if (from >= 0) this.add(from, -pods)
    if (to >= 0) this.add(to, pods)
  }
}

/** How many pods of a kind are on each node. */
export class Tally {
  perNode: Int32Array
  total = 0
  private readonly byTopology = new Map<Topology, DomainCounts>()

  constructor(capacity: number) {
    this.perNode = new Int32Array(capacity)
  }

  grow(capacity: number): void {
    const more = new Int32Array(capacity)
    more.set(this.perNode)
    this.perNode = more
  }

  add(index: number, by: number): void {
    this.perNode[index]! += by
    this.total += by
    for (const counts of this.byTopology.values()) {
      const domain = counts.topology.domainOf[index] as number
      if (domain >= 0) counts.add(domain, by)
    }
  }

  in(topology: Topology): DomainCounts {
    let counts = this.byTopology.get(topology)
    if (counts === undefined) {
      counts = new DomainCounts(topology, this)
      this.byTopology.set(topology, counts)
    }
    return counts
  }

  /** Nobody asks for this topology any more. */
  drop(topology: Topology): void {
    this.byTopology.delete(topology)
  }

  /** Nobody asks for this tally any more. */
  end(): void {
    for (const [topology, counts] of this.byTopology) topology.forget(counts)
  }
}

/** A question about pods that is counted: matches are independent of where the pod is. */
export type Question = {
  readonly text: string
  /** The one namespace whose pods can match; undefined: pods of any. */
  readonly namespace: string | undefined
  readonly pair: readonly [key: string, value: string] | undefined
  matches(pod: PodInfo): boolean
}

/** Pods of a namespace that a selector matches and that are not terminating: topology spread. An empty selector counts none. */
export const spreadQuestion = (namespace: string, selector: Matcher): Question => ({
  text: `spread|${namespace}|${selector.text}`,
  namespace,
  pair: selector.pair,
  matches: (pod) => !pod.terminating && !selector.isEmpty && pod.namespace === namespace && selector.matches(pod.labels),
})

/**
 * Pods that match all of some terms, terminating ones too: inter-pod affinity. `covered` are the namespaces of each term, resolved; undefined: all.
 */
export const affinityQuestion = (terms: readonly PodTerm[], covered: readonly (readonly string[] | undefined)[]): Question => {
  const text = `affinity|${terms.map((term, i) => `${covered[i]?.join(',') ?? '*'}|${term.selector.text}`).join('||')}`
  const first = covered[0]
  const single = terms.length === 1 && first?.length === 1 ? first[0] : undefined
  return {
    text,
    namespace: single,
    pair: terms.find((term) => term.selector.pair !== undefined)?.selector.pair,
    matches: (pod) =>
      terms.every((term, i) => {
        const namespaces = covered[i]
        return (namespaces === undefined || namespaces.includes(pod.namespace)) && term.selector.matches(pod.labels)
      }),
  }
}

type Indexed = { readonly namespace: string | undefined; readonly pair: readonly [key: string, value: string] | undefined }

/** Things that match pods, found by namespace and by a label that the pod must carry. */
export class LabelIndex<T extends Indexed> {
  private readonly paired = new Map<string, Map<string, Map<string, Set<T>>>>()
  private readonly plain = new Map<string, Set<T>>()

  add(thing: T): void {
    this.setOf(thing, true)?.add(thing)
  }

  remove(thing: T): void {
    this.setOf(thing, false)?.delete(thing)
  }

  /** Each thing that could match a pod of that namespace with these labels. */
  each(namespace: string, labels: Readonly<Record<string, string>>, visit: (thing: T) => void): void {
    this.visitIn(namespace, labels, visit)
    this.visitIn('*', labels, visit)
  }

  private visitIn(namespace: string, labels: Readonly<Record<string, string>>, visit: (thing: T) => void): void {
    const plain = this.plain.get(namespace)
    if (plain !== undefined) for (const thing of plain) visit(thing)
    const keys = this.paired.get(namespace)
    if (keys === undefined) return
    for (const [key, values] of keys) {
      const value = labels[key]
      if (value === undefined) continue
      const things = values.get(value)
      if (things !== undefined) for (const thing of things) visit(thing)
    }
  }

  private setOf(thing: T, make: boolean): Set<T> | undefined {
    const namespace = thing.namespace ?? '*'
    if (thing.pair === undefined) return entry(this.plain, namespace, make, () => new Set<T>())
    const keys = entry(this.paired, namespace, make, () => new Map<string, Map<string, Set<T>>>())
    const values = keys && entry(keys, thing.pair[0], make, () => new Map<string, Set<T>>())
    return values && entry(values, thing.pair[1], make, () => new Set<T>())
  }
}

const entry = <K, V>(map: Map<K, V>, key: K, make: boolean, create: () => V): V | undefined => {
  let value = map.get(key)
  if (value === undefined && make) {
    value = create()
    map.set(key, value)
  }
  return value
}
