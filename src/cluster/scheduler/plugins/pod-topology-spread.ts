/**
 * Spreads pods over topology values: as a filter (DoNotSchedule) and as a score (ScheduleAnyway), with the pod's own constraints or the
 * default ones. Source: scheduler.md 7.13 to 7.15; podtopologyspread/{common,filtering,scoring}.go.
 *
 * Differs from Kubernetes: counts are kept (tallies.ts), not taken for each pod; a thought about victims or nominated pods keeps its
 * difference beside them.
 */
import { ln } from '../../../engine/exact.ts'
import { controllerOf } from '../../objects/metadata.ts'
import type { Taint } from '../../objects/node.ts'
import { suitsNode, taintsOf, tolerationsOf, topologyLabels, untoleratedTaint } from '../../objects/node.ts'
import { atLeast } from '../../objects/release.ts'
import type { LabelSelector } from '../../objects/selector.ts'
import type { NodeBatch } from '../batch.ts'
import type { Admission, DomainCounts, Tally, Topology } from '../counts.ts'
import { everyNode, spreadQuestion } from '../counts.ts'
import type { Matcher } from '../matcher.ts'
import { matcherOf, nothing } from '../matcher.ts'
import type { ClusterEvent, Cycle, Hint, Plugin, Refusal } from '../plugin.ts'
import { go, skip, unresolvable, unschedulable } from '../plugin.ts'
import type { PodInfo } from '../pod-info.ts'
import type { NodeInfo } from '../snapshot.ts'

type Spec = {
  readonly maxSkew: number
  readonly topologyKey: string
  readonly whenUnsatisfiable: 'DoNotSchedule' | 'ScheduleAnyway'
  readonly labelSelector?: object
  readonly minDomains?: number
  readonly nodeAffinityPolicy?: 'Honor' | 'Ignore'
  readonly nodeTaintsPolicy?: 'Honor' | 'Ignore'
  readonly matchLabelKeys?: readonly string[]
}

export type PodTopologySpreadArgs = {
  readonly defaultingType?: 'System' | 'List' | undefined
  readonly defaultConstraints?: readonly Spec[] | undefined
}

/** Source: scheduler.md 7.15 (systemDefaultConstraints). */
const systemConstraints: readonly Spec[] = [
  { topologyKey: topologyLabels.hostname, whenUnsatisfiable: 'ScheduleAnyway', maxSkew: 3 },
  { topologyKey: topologyLabels.zone, whenUnsatisfiable: 'ScheduleAnyway', maxSkew: 5 },
]

const missingLabel = unresolvable("node(s) didn't match pod topology spread constraints (missing required label)")
const tooMany = unschedulable("node(s) didn't match pod topology spread constraints")

type Constraint = {
  readonly maxSkew: number
  readonly key: string
  readonly selector: Matcher
  readonly minDomains: number
  readonly honorsAffinity: boolean
  readonly honorsTaints: boolean
}

const constraintOf = (spec: Spec, pod: PodInfo, selector?: Matcher): Constraint => {
  const more: [string, string][] = []
  for (const key of spec.matchLabelKeys ?? []) {
    const value = pod.labels[key]
    if (value !== undefined) more.push([key, value])
  }
  return {
    maxSkew: spec.maxSkew,
    key: spec.topologyKey,
    selector: selector ?? matcherOf(spec.labelSelector, spec.labelSelector === undefined ? [] : more),
    minDomains: spec.minDomains ?? 1,
    honorsAffinity: spec.nodeAffinityPolicy !== 'Ignore',
    honorsTaints: spec.nodeTaintsPolicy === 'Honor',
  }
}

/** The services' selectors, merged, and the owner's beside them. Source: helper.DefaultSelector. */
const defaultSelector = ({ pod, known }: Pick<Cycle, 'pod' | 'known'>): Matcher => {
  const equal = new Map<string, string>()
  for (const selector of known.serviceSelectors(pod.namespace, pod.labels))
    for (const key of Object.keys(selector)) equal.set(key, selector[key] as string)
  const owner = controllerOf(pod.pod)
  const kind = owner === undefined ? '' : `${owner.apiVersion} ${owner.kind}`
  let own: LabelSelector = {}
  if (kind === 'v1 ReplicationController') {
    const selector = known.get('ReplicationController', owner?.name ?? '', pod.namespace)?.['spec']?.selector ?? {}
    for (const key of Object.keys(selector)) equal.set(key, selector[key])
  } else if (kind === 'apps/v1 ReplicaSet' || kind === 'apps/v1 StatefulSet') {
    own = known.get(owner?.kind ?? '', owner?.name ?? '', pod.namespace)?.['spec']?.selector ?? {}
  }
  const matcher = matcherOf(own, [...equal])
  return matcher.isEmpty ? nothing : matcher
}

/** Which nodes are counted for a constraint. Source: common.go matchNodeInclusionPolicies. */
const admissionOf = (constraint: Constraint, { pod, gates }: Pick<Cycle, 'pod' | 'gates'>): Admission<NodeInfo> => {
  const spec = pod.pod['spec']
  const affinity = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  const asksAffinity = constraint.honorsAffinity && (spec?.nodeSelector !== undefined || affinity !== undefined)
  if (!asksAffinity && !constraint.honorsTaints) return everyNode
  const tolerations = constraint.honorsTaints ? tolerationsOf(pod.pod) : []
  const compares = gates.on('TaintTolerationComparisonOperators')
  const text = JSON.stringify([
    asksAffinity ? [spec?.nodeSelector ?? null, affinity ?? null] : 0,
    constraint.honorsTaints ? tolerations : 0,
    compares,
  ])
  return {
    text,
    admits: (node) =>
      (!asksAffinity || suitsNode(pod.pod, node.name, node.labels)) &&
      (!constraint.honorsTaints || untoleratedTaint(node.hardTaints, tolerations, compares) === undefined),
  }
}

/** One hard constraint with its counts, and what is thought of one node's domain beside them. */
type Hard = {
  readonly constraint: Constraint
  readonly counts: DomainCounts
  /** Whether the pod itself will count. */
  readonly self: number
  /** Pods that come (or go) in thought in a domain. */
  thoughtDomain: number
  thought: number
}

const hardOf = (cycle: Cycle, constraint: Constraint, keys: readonly string[]): Hard => {
  const { tallies } = cycle.snapshot
  const topology = tallies.topology(constraint.key, keys, admissionOf(constraint, cycle))
  const counts = tallies.tally(spreadQuestion(cycle.pod.namespace, constraint.selector)).in(topology as never)
  const self = constraint.selector.matches(cycle.pod.labels) ? 1 : 0
  return { constraint, counts, self, thoughtDomain: -1, thought: 0 }
}

const minimumOf = (hard: Hard): number => {
  if (hard.counts.topology.size < hard.constraint.minDomains) return 0
  if (hard.thought === 0) return hard.counts.least
  return Math.min(hard.counts.leastBeside(hard.thoughtDomain), (hard.counts.counts[hard.thoughtDomain] as number) + hard.thought)
}

const fits = (hard: Hard, node: NodeInfo): boolean => {
  const minimum = minimumOf(hard)
  // No node is counted: then no pod is, either.
  if (minimum === Number.POSITIVE_INFINITY) return true
  const domain = hard.counts.topology.domainOf[node.index] as number
  let count = domain < 0 ? countOutside(hard, node) : (hard.counts.counts[domain] as number)
  if (domain >= 0 && domain === hard.thoughtDomain) count += hard.thought
  return count + hard.self - minimum <= hard.constraint.maxSkew
}

/** A node that is not counted has the count of its value, if a counted node has that value too; else 0. */
const countOutside = (hard: Hard, node: NodeInfo): number => {
  const domain = hard.counts.topology.domainNamed(node.labels[hard.constraint.key])
  return domain < 0 ? 0 : (hard.counts.counts[domain] as number)
}

const changeInThought = (state: readonly Hard[], cycle: Cycle, node: NodeInfo, pod: PodInfo, by: number): void => {
  if (pod.namespace !== cycle.pod.namespace) return
  for (const hard of state) {
    // Neither terminating pods nor an empty selector are excepted here, as in Kubernetes (7.13).
    if (!hard.constraint.selector.matches(pod.labels)) continue
    const domain = hard.counts.topology.domainOf[node.index] as number
    if (domain < 0) continue
    hard.thoughtDomain = domain
    hard.thought += by
  }
}

const refusalOf = (node: NodeInfo, state: readonly Hard[]): Refusal | undefined => {
  for (const hard of state) {
    // A node that lies in a domain has the label.
    if ((hard.counts.topology.domainOf[node.index] as number) < 0 && node.labels[hard.constraint.key] === undefined) return missingLabel
    if (!fits(hard, node)) return tooMany
  }
  return undefined
}

/** What `fits` asks of a node in a domain, made ready for many: the most pods that may be there. */
const limitOf = (hard: Hard): { readonly domainOf: Int32Array; readonly counts: Int32Array; readonly most: number } => {
  const { counts, constraint, self } = hard
  return { domainOf: counts.topology.domainOf, counts: counts.counts, most: constraint.maxSkew - self + minimumOf(hard) }
}

const filterMany = (batch: NodeBatch, state: readonly Hard[]): void => {
  const limits = state.map(limitOf)
  const isThought = state.some(({ thought }) => thought !== 0)
  for (let i = 0; i < batch.size; i++) {
    const index = batch.indexes[i] as number
    for (const { domainOf, counts, most } of limits) {
      const domain = domainOf[index] as number
      if (domain >= 0 && !isThought && (counts[domain] as number) <= most) continue
      const refusal = refusalOf(batch.nodes[i] as NodeInfo, state)
      if (refusal !== undefined) batch.refuse(i, refusal)
      break
    }
  }
}

/** A soft constraint as a score. */
type Soft = {
  readonly constraint: Constraint
  readonly weight: number
  /** Per domain; undefined for the hostname, which counts its own node alone. */
  readonly counts: DomainCounts | undefined
  readonly tally: Tally
  /** Which nodes have the label, and with which value. */
  readonly labels: Topology<NodeInfo>
}
type Scoring = { readonly softs: readonly Soft[]; readonly ignored: ReadonlySet<NodeInfo> }

const matchesAny = (constraints: readonly Constraint[], labels: Readonly<Record<string, string>>): boolean =>
  constraints.some(({ selector }) => selector.matches(labels))

/** Pods that were promised a node count in hints since 1.36 (PR 135392). */
const isPlaced = (pod: PodInfo | undefined, gates: Cycle['gates']): pod is PodInfo =>
  pod !== undefined && (pod.nodeName !== '' || (pod.nominatedNode !== '' && atLeast(gates.release, 36)))

export const podTopologySpread = (args: PodTopologySpreadArgs = {}): Plugin<readonly Hard[], Scoring> => {
  const isSystem = (args.defaultingType ?? 'System') === 'System'
  const defaults = isSystem ? systemConstraints : (args.defaultConstraints ?? [])

  const ownSpecs = (pod: PodInfo): readonly Spec[] => (pod.pod['spec']?.topologySpreadConstraints ?? []) as readonly Spec[]

  const constraintsOf = (cycle: Pick<Cycle, 'pod' | 'known'>, action: Spec['whenUnsatisfiable']): readonly Constraint[] => {
    const own = ownSpecs(cycle.pod)
    if (own.length > 0) return own.filter((spec) => spec.whenUnsatisfiable === action).map((spec) => constraintOf(spec, cycle.pod))
    const wanted = defaults.filter((spec) => spec.whenUnsatisfiable === action)
    if (wanted.length === 0) return []
    const selector = defaultSelector(cycle)
    return selector === nothing ? [] : wanted.map((spec) => constraintOf(spec, cycle.pod, selector))
  }
  const hards = (cycle: Pick<Cycle, 'pod' | 'known'>): readonly Constraint[] => constraintsOf(cycle, 'DoNotSchedule')

  const podMatters: Hint = (pod, event, { known, gates }) =>
    isPlaced(event.pod, gates) && event.pod.namespace === pod.namespace && matchesAny(hards({ pod, known }), event.pod.labels)
  const labelMatters: Hint = (pod, event, { known, gates }) => {
    const { pod: is, old } = event
    if (is === undefined || is.namespace !== pod.namespace || (is.uid !== pod.uid && !isPlaced(is, gates))) return false
    const constraints = hards({ pod: is.uid === pod.uid ? is : pod, known })
    return constraints.some(({ selector }) => selector.matches(is.labels) !== selector.matches(old?.metadata.labels ?? {}))
  }
  const nodeMatters: Hint = (pod, event, { known }) => {
    const constraints = hards({ pod, known })
    const hasAll = (labels: Readonly<Record<string, string>> | undefined): boolean =>
      constraints.every(({ key }) => labels?.[key] !== undefined)
    const is = hasAll(event.object.metadata.labels)
    if (event.old === undefined) return is
    const was = hasAll(event.old.metadata.labels)
    if (is !== was) return true
    return is && (hasOtherValue(constraints, event) || !hasSameTaints(event))
  }

  return {
    name: 'PodTopologySpread',
    weight: 2,
    preFilter: (cycle) => {
      const constraints = hards(cycle)
      if (constraints.length === 0) return skip
      const keys = constraints.map(({ key }) => key)
      return go(constraints.map((constraint) => hardOf(cycle, constraint, keys)))
    },
    addPod: (cycle, node, pod, state) => changeInThought(state, cycle, node, pod, 1),
    removePod: (cycle, node, pod, state) => changeInThought(state, cycle, node, pod, -1),
    filter: (_cycle, node, state) => refusalOf(node, state),
    filterMany: (_cycle, batch, state) => filterMany(batch, state),
    preScore: (cycle, nodes) => {
      const constraints = constraintsOf(cycle, 'ScheduleAnyway')
      if (constraints.length === 0) return skip
      const requiresAll = ownSpecs(cycle.pod).length > 0 || !isSystem
      const keys = requiresAll ? constraints.map(({ key }) => key) : []
      const ignored = new Set(keys.length === 0 ? [] : nodes.filter((node) => keys.some((key) => node.labels[key] === undefined)))
      const softs = constraints.map((constraint): Soft => {
        const { tallies } = cycle.snapshot
        const tally = tallies.tally(spreadQuestion(cycle.pod.namespace, constraint.selector))
        const isHost = constraint.key === topologyLabels.hostname
        const topology = isHost ? undefined : tallies.topology(constraint.key, keys, admissionOf(constraint, cycle))
        const labels = tallies.topology(constraint.key)
        const size = isHost ? nodes.length - ignored.size : valuesAmong(nodes, ignored, labels)
        return { constraint, weight: ln(size + 2), counts: topology === undefined ? undefined : tally.in(topology as never), tally, labels }
      })
      return go({ softs, ignored })
    },
    score: (_cycle, node, scoring) => scoreOf(node, scoring),
    scoreMany: (_cycle, batch, scores, scoring) => {
      const { softs, ignored } = scoring
      if (ignored.size > 0) {
        for (let i = 0; i < batch.size; i++) scores[i] = scoreOf(batch.nodes[i] as NodeInfo, scoring)
        return
      }
      scores.fill(0)
      for (const soft of softs) addScores(soft, batch, scores)
      for (let i = 0; i < batch.size; i++) scores[i] = Math.round(scores[i] as number)
    },
    normalize: (_cycle, nodes, scores, { ignored }) => {
      let most = 0
      let least = Number.POSITIVE_INFINITY
      for (let i = 0; i < scores.length; i++) {
        if (ignored.size > 0 && ignored.has(nodes[i] as NodeInfo)) continue
        const score = scores[i] as number
        if (score > most) most = score
        if (score < least) least = score
      }
      for (let i = 0; i < scores.length; i++) {
        if (ignored.size > 0 && ignored.has(nodes[i] as NodeInfo)) scores[i] = 0
        else scores[i] = most === 0 ? 100 : Math.floor((100 * (most + least - (scores[i] as number))) / most)
      }
    },
    retryOn: {
      'Pod/Add': podMatters,
      'Pod/Delete': podMatters,
      'Pod/UpdateLabel': labelMatters,
      'Pod/UpdateToleration': (pod, event, { known }) =>
        event.pod?.uid === pod.uid && hards({ pod, known }).some(({ honorsTaints }) => honorsTaints),
      'Node/Add': nodeMatters,
      'Node/Delete': nodeMatters,
      'Node/UpdateLabel': nodeMatters,
      'Node/UpdateTaint': nodeMatters,
    },
  }
}

/** What one constraint adds to the score of a node; nothing where the node has no such label. */
const shareOf = ({ constraint, weight, counts, tally }: Soft, node: NodeInfo): number => {
  const value = node.labels[constraint.key]
  if (value === undefined) return 0
  const count = counts === undefined ? (tally.perNode[node.index] as number) : counts.ofValue(node.index, value)
  return count * weight + (constraint.maxSkew - 1)
}

const scoreOf = (node: NodeInfo, { softs, ignored }: Scoring): number => {
  if (ignored.has(node)) return 0
  let score = 0
  for (const soft of softs) score += shareOf(soft, node)
  return Math.round(score)
}

const addScores = (soft: Soft, batch: NodeBatch, scores: Float64Array): void => {
  const { constraint, weight, counts, tally, labels } = soft
  const domainOf = counts === undefined ? labels.domainOf : counts.topology.domainOf
  for (let i = 0; i < batch.size; i++) {
    const index = batch.indexes[i] as number
    const domain = domainOf[index] as number
    if (domain < 0) {
      scores[i]! += shareOf(soft, batch.nodes[i] as NodeInfo)
      continue
    }
    const count = (counts === undefined ? tally.perNode[index] : counts.counts[domain]) as number
    scores[i]! += count * weight + (constraint.maxSkew - 1)
  }
}

/** How many values of a label the nodes have; nodes without it add the empty one. */
const valuesAmong = (nodes: readonly NodeInfo[], ignored: ReadonlySet<NodeInfo>, labels: Topology<NodeInfo>): number => {
  const empty = labels.domainNamed('')
  const values = new Set<number>()
  for (const node of nodes) {
    if (ignored.size > 0 && ignored.has(node)) continue
    const domain = labels.domainOf[node.index] as number
    values.add(domain < 0 ? empty : domain)
  }
  return values.size
}

const hasOtherValue = (constraints: readonly Constraint[], { object, old }: ClusterEvent): boolean =>
  constraints.some(({ key }) => object.metadata.labels?.[key] !== old?.metadata.labels?.[key])

const hasSameTaints = ({ object, old }: ClusterEvent): boolean => {
  const text = (taints: readonly Taint[]): string => JSON.stringify(taints)
  return old === undefined || text(taintsOf(object)) === text(taintsOf(old))
}
