/**
 * Affinity and anti-affinity between pods, as a filter and as a score. Source: scheduler.md 7.16; interpodaffinity/{filtering,scoring,plugin}.go.
 *
 * Differs from Kubernetes: counts are kept (tallies.ts), not taken for each pod; a thought about victims or nominated pods keeps its
 * difference beside them.
 */
import { atLeast } from '../../objects/release.ts'
import type { NodeBatch } from '../batch.ts'
import type { DomainCounts, Tally } from '../counts.ts'
import { affinityQuestion } from '../counts.ts'
import type { ClusterEvent, Cycle, Hint, Plugin } from '../plugin.ts'
import { go, skip, unresolvable, unschedulable } from '../plugin.ts'
import type { PodTerm } from '../pod-info.ts'
import { coversNamespace, matchesPod, PodInfo } from '../pod-info.ts'
import type { NodeInfo } from '../snapshot.ts'

export type InterPodAffinityArgs = {
  readonly hardPodAffinityWeight?: number | undefined
  readonly ignorePreferredTermsOfExistingPods?: boolean | undefined
}

const noAffinity = unresolvable("node(s) didn't match pod affinity rules")
const ownAnti = unschedulable("node(s) didn't match pod anti-affinity rules")
const theirAnti = unschedulable("node(s) didn't satisfy existing pods anti-affinity rules")

/** Pods in each domain of one key, and what is thought of one domain beside them. */
type Count = { readonly key: string; readonly counts: DomainCounts; thoughtDomain: number; thought: number }

const countFor = (tally: Tally, cycle: Cycle, key: string): Count => ({
  key,
  counts: tally.in(cycle.snapshot.tallies.topology(key) as never),
  thoughtDomain: -1,
  thought: 0,
})

const at = (count: Count, index: number): number => {
  const domain = count.counts.topology.domainOf[index] as number
  if (domain < 0) return 0
  return (count.counts.counts[domain] as number) + (domain === count.thoughtDomain ? count.thought : 0)
}

const think = (count: Count, node: NodeInfo, by: number): void => {
  const domain = count.counts.topology.domainOf[node.index] as number
  if (domain < 0) return
  count.thoughtDomain = domain
  count.thought += by
}

type State = {
  /** Own required affinity: pods that match all terms, per term's key. */
  readonly affinity: readonly Count[]
  readonly affinityTally: Tally | undefined
  /** Own required anti-affinity: pods that match the term, per term. */
  readonly antiAffinity: readonly Count[]
  /** Required anti-affinity of pods on nodes that matches this pod: who carries it. */
  theirs: Count[]
  /** Whether this pod matches all its own affinity terms: then it may be the first of its group. */
  readonly matchesItself: boolean
}

/** The namespaces of a term; undefined: all. Source: plugin.go mergeAffinityTermNamespacesIfNotEmpty. */
const resolved = (term: PodTerm, cycle: Pick<Cycle, 'known'>): readonly string[] | undefined => {
  if (term.namespaceSelector === undefined) return term.namespaces
  if (term.namespaceSelector.isEmpty) return undefined
  return [...new Set([...term.namespaces, ...cycle.known.namespacesWith(term.namespaceSelector)])].sort()
}

const covered = (term: PodTerm, pod: PodInfo, { known }: Pick<Cycle, 'known'>): boolean =>
  matchesPod(term, pod, known.namespaceLabels(pod.namespace))

const matchesAll = (terms: readonly PodTerm[], pod: PodInfo, cycle: Pick<Cycle, 'known'>): boolean =>
  terms.length > 0 && terms.every((term) => covered(term, pod, cycle))

const preFilter = (cycle: Cycle) => {
  const { pod, snapshot, known } = cycle
  const { tallies } = snapshot
  const theirs: Count[] = []
  if (tallies.hasCarriers('antiAffinity')) {
    const labels = known.namespaceLabels(pod.namespace)
    tallies.eachCarrier('antiAffinity', pod, (carrier) => {
      if (carrier.tally.total === 0 || !matchesPod(carrier.term, pod, labels)) return
      const count = countFor(carrier.tally, cycle, carrier.term.topologyKey)
      if (count.counts.total > 0) theirs.push(count)
    })
  }
  const own = pod.requiredAffinity
  const anti = pod.requiredAntiAffinity
  if (theirs.length === 0 && own.length === 0 && anti.length === 0) return skip
  const affinityTally =
    own.length === 0
      ? undefined
      : tallies.tally(
          affinityQuestion(
            own,
            own.map((term) => resolved(term, cycle)),
          ),
        )
  const state: State = {
    affinity: affinityTally === undefined ? [] : own.map((term) => countFor(affinityTally, cycle, term.topologyKey)),
    affinityTally,
    antiAffinity: anti.map((term) => countFor(tallies.tally(affinityQuestion([term], [resolved(term, cycle)])), cycle, term.topologyKey)),
    theirs,
    matchesItself: matchesAll(own, pod, cycle),
  }
  return go(state)
}

const changeInThought = (cycle: Cycle, node: NodeInfo, pod: PodInfo, state: State, by: number): void => {
  const { pod: incoming } = cycle
  if (matchesAll(incoming.requiredAffinity, pod, cycle)) for (const count of state.affinity) think(count, node, by)
  for (const [i, term] of incoming.requiredAntiAffinity.entries()) {
    if (covered(term, pod, cycle)) think(state.antiAffinity[i] as Count, node, by)
  }
  for (const term of pod.requiredAntiAffinity) {
    if (!covered(term, incoming, cycle)) continue
    const carrier = cycle.snapshot.tallies.carrier('antiAffinity', term)
    let count = state.theirs.find((one) => one.counts.tally === carrier.tally && one.key === term.topologyKey)
    if (count === undefined) {
      count = countFor(carrier.tally, cycle, term.topologyKey)
      state.theirs.push(count)
    }
    think(count, node, by)
  }
}

/** Whether nothing anywhere matches the pod's affinity (on a node that has one of the keys). */
const isFirst = (state: State): boolean => {
  for (const count of state.affinity) if (count.counts.total + count.thought > 0) return false
  return true
}

const filter = (_cycle: Cycle, node: NodeInfo, state: State) => {
  if (state.affinity.length > 0) {
    let met = true
    for (const count of state.affinity) {
      if (node.labels[count.key] === undefined) return noAffinity
      if (at(count, node.index) <= 0) met = false
    }
    if (!met && !(state.matchesItself && isFirst(state))) return noAffinity
  }
  for (const count of state.antiAffinity) if (at(count, node.index) > 0) return ownAnti
  for (const count of state.theirs) if (at(count, node.index) > 0) return theirAnti
  return undefined
}

/** Where a count is to be read, made ready for many nodes. */
const placesOf = ({ counts }: Count) => ({ domainOf: counts.topology.domainOf, counts: counts.counts })

const filterMany = (cycle: Cycle, batch: NodeBatch, state: State): void => {
  const { affinity, antiAffinity, theirs } = state
  const repelling = [...antiAffinity, ...theirs]
  // Without affinity and thoughts a node passes whose domains have none of the pods that repel.
  const isPlain = affinity.length === 0 && repelling.every(({ thought }) => thought === 0)
  const places = repelling.map(placesOf)
  for (let i = 0; i < batch.size; i++) {
    const index = batch.indexes[i] as number
    if (isPlain && places.every(({ domainOf, counts }) => isEmpty(domainOf[index] as number, counts))) continue
    const refusal = filter(cycle, batch.nodes[i] as NodeInfo, state)
    if (refusal !== undefined) batch.refuse(i, refusal)
  }
}

const isEmpty = (domain: number, counts: Int32Array): boolean => domain < 0 || counts[domain] === 0

/** What a term adds to the score of each domain of its key. */
type Share = { readonly counts: DomainCounts; readonly weight: number }

const isAssigned = (pod: PodInfo | undefined): pod is PodInfo => pod !== undefined && pod.nodeName !== ''

/** In hints namespace selectors are not resolved: such a term covers the namespaces it lists (scheduler.md 3.3, second hole). */
const hintMatches = (term: PodTerm, pod: PodInfo): boolean =>
  coversNamespace(term, pod.namespace, undefined) && term.selector.matches(pod.labels)
const hintMatchesAll = (terms: readonly PodTerm[], pod: PodInfo): boolean =>
  terms.length > 0 && terms.every((term) => hintMatches(term, pod))

const hintMatchesAny = (terms: readonly PodTerm[], pod: PodInfo): boolean => terms.some((term) => hintMatches(term, pod))

const podGone: Hint = (pod, event, { gates }) => {
  const gone = event.pod
  // Since 1.36 pods count that were promised a node (PR 135392).
  if (gone === undefined) return false
  if (gone.nodeName === '' && (gone.nominatedNode === '' || !atLeast(gates.release, 36))) return false
  // Since 1.37 one term is enough (PR 139161).
  const repels = atLeast(gates.release, 37) ? hintMatchesAny : hintMatchesAll
  if (repels(pod.requiredAntiAffinity, gone)) return true
  // Since 1.36 (PR 135325) the end of a pod that repels this one wakes it.
  return atLeast(gates.release, 36) && repels(gone.requiredAntiAffinity, pod)
}

const labelChanged: Hint = (pod, event, { gates }) => {
  if (event.pod === undefined) return false
  if (event.pod.uid === pod.uid) return atLeast(gates.release, 36)
  if (!isAssigned(event.pod)) return false
  const old = event.oldPod ?? (event.old === undefined ? undefined : new PodInfo(event.old))
  if (old === undefined) return false
  if (hintMatchesAll(pod.requiredAffinity, event.pod) && !hintMatchesAll(pod.requiredAffinity, old)) return true
  const repels = atLeast(gates.release, 37) ? hintMatchesAny : hintMatchesAll
  return !repels(pod.requiredAntiAffinity, event.pod) && repels(pod.requiredAntiAffinity, old)
}

const labelOf = (event: ClusterEvent, key: string): string | undefined => event.object.metadata.labels?.[key]

const nodeCame: Hint = (pod, event) =>
  pod.requiredAffinity.some((term) => labelOf(event, term.topologyKey) !== undefined) || pod.requiredAntiAffinity.length > 0

const nodeLabels: Hint = (pod, event) => {
  const changed = (term: PodTerm): { is: string | undefined; was: string | undefined } => ({
    is: labelOf(event, term.topologyKey),
    was: event.old?.metadata.labels?.[term.topologyKey],
  })
  if (pod.requiredAffinity.some((term) => changed(term).is !== undefined && changed(term).is !== changed(term).was)) return true
  return pod.requiredAntiAffinity.some((term) => changed(term).was !== undefined && changed(term).is !== changed(term).was)
}

export const interPodAffinity = (args: InterPodAffinityArgs = {}): Plugin<State, readonly Share[]> => {
  const hardWeight = args.hardPodAffinityWeight ?? 1

  const sharesOf = (cycle: Cycle): readonly Share[] => {
    const { pod, snapshot, known } = cycle
    const { tallies } = snapshot
    const own = pod.preferredAffinity.length > 0 || pod.preferredAntiAffinity.length > 0
    if (args.ignorePreferredTermsOfExistingPods === true && !own) return []
    const shares: Share[] = []
    const take = (tally: Tally, key: string, weight: number): void => {
      const counts = tally.in(tallies.topology(key) as never)
      if (counts.total > 0) shares.push({ counts, weight })
    }
    for (const [terms, sign] of [
      [pod.preferredAffinity, 1],
      [pod.preferredAntiAffinity, -1],
    ] as const) {
      for (const term of terms) take(tallies.tally(affinityQuestion([term], [resolved(term, cycle)])), term.topologyKey, sign * term.weight)
    }
    const labels = known.namespaceLabels(pod.namespace)
    const theirs = (kind: 'affinity' | 'preferredAffinity' | 'preferredAntiAffinity', weigh: (weight: number) => number): void =>
      tallies.eachCarrier(kind, pod, ({ term, tally }) => {
        if (matchesPod(term, pod, labels)) take(tally, term.topologyKey, weigh(term.weight))
      })
    if (hardWeight > 0) theirs('affinity', () => hardWeight)
    theirs('preferredAffinity', (weight) => weight)
    theirs('preferredAntiAffinity', (weight) => -weight)
    return shares
  }

  return {
    name: 'InterPodAffinity',
    weight: 2,
    preFilter,
    addPod: (cycle, node, pod, state) => changeInThought(cycle, node, pod, state, 1),
    removePod: (cycle, node, pod, state) => changeInThought(cycle, node, pod, state, -1),
    filter,
    filterMany,
    preScore: (cycle) => {
      const shares = sharesOf(cycle)
      return shares.length === 0 ? skip : go(shares)
    },
    score: (_cycle, node, shares) => {
      let score = 0
      for (const { counts, weight } of shares) score += counts.at(node.index) * weight
      return score
    },
    normalize: (_cycle, _nodes, scores) => {
      let most = Number.NEGATIVE_INFINITY
      let least = Number.POSITIVE_INFINITY
      for (const score of scores) {
        if (score > most) most = score
        if (score < least) least = score
      }
      const difference = most - least
      for (let i = 0; i < scores.length; i++) {
        // First the share, in floating point: 29 of 50 make 57.
        scores[i] = difference > 0 ? Math.trunc(100 * (((scores[i] as number) - least) / difference)) : 0
      }
    },
    retryOn: {
      'Pod/Add': (pod, event) => isAssigned(event.pod) && hintMatchesAll(pod.requiredAffinity, event.pod),
      'Pod/Delete': podGone,
      'Pod/UpdateLabel': labelChanged,
      'Node/Add': nodeCame,
      'Node/UpdateLabel': nodeLabels,
    },
  }
}
