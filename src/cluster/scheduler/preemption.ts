/**
 * Which pods of lower priority would have to go so that a pod fits, and on which node that costs least. It only decides; the evictions are
 * scheduler.ts's. Source: scheduler.md 9; framework/plugins/defaultpreemption, framework/preemption.
 */
import { conditionOf } from '../objects/metadata.ts'
import { atLeast } from '../objects/release.ts'
import type { Matcher } from './matcher.ts'
import { matcherOf } from './matcher.ts'
import type { Attempt, Plugin, PostFilterAnswer, Refusal } from './plugin.ts'
import { unresolvable } from './plugin.ts'
import type { PodInfo } from './pod-info.ts'
import type { NodeInfo } from './snapshot.ts'
import { counted, fitError } from './texts.ts'

export type DefaultPreemptionArgs = {
  readonly minCandidateNodesPercentage?: number | undefined
  readonly minCandidateNodesAbsolute?: number | undefined
}

const noVictims = unresolvable('No preemption victims found for incoming pod')
const notHelpful = unresolvable('Preemption is not helpful for scheduling')

type Budget = { readonly namespace: string; readonly matcher: Matcher; readonly disrupted: ReadonlySet<string>; allowed: number }

/** A node, and who would have to go. */
type Candidate = { readonly node: NodeInfo; readonly victims: readonly PodInfo[]; readonly violations: number }

const startOf = (pod: PodInfo, now: string): string => (pod.pod['status']?.startTime as string | undefined) ?? now

/** Most important first: priority, then the earlier start. Source: util.MoreImportantPod. */
const byImportance =
  (now: string) =>
  (a: PodInfo, b: PodInfo): number => {
    if (a.priority !== b.priority) return b.priority - a.priority
    const [x, y] = [startOf(a, now), startOf(b, now)]
    return x < y ? -1 : x > y ? 1 : 0
  }

const budgetsOf = ({ cycle }: Attempt): readonly Budget[] =>
  cycle.known.all('PodDisruptionBudget').map((budget) => ({
    namespace: budget.metadata.namespace ?? '',
    matcher: matcherOf(budget['spec']?.selector),
    disrupted: new Set(Object.keys(budget['status']?.disruptedPods ?? {})),
    allowed: (budget['status']?.disruptionsAllowed as number | undefined) ?? 0,
  }))

/** The pods whose eviction would break a budget, counted in order of importance. */
const violating = (pods: readonly PodInfo[], budgets: readonly Budget[]): ReadonlySet<PodInfo> => {
  const left = budgets.map(({ allowed }) => allowed)
  const found = new Set<PodInfo>()
  for (const pod of pods) {
    if (Object.keys(pod.labels).length === 0) continue
    for (const [i, { namespace, matcher, disrupted }] of budgets.entries()) {
      if (namespace !== pod.namespace || matcher.isEmpty || !matcher.matches(pod.labels) || disrupted.has(pod.name)) continue
      if (--left[i]! < 0) found.add(pod)
    }
  }
  return found
}

/** The victims on one node, or why it is none. Source: scheduler.md 9.4 (SelectVictimsOnNode). */
const candidateOn = (attempt: Attempt, node: NodeInfo, budgets: readonly Budget[]): Candidate | Refusal | 'nobody' => {
  const { pod, snapshot } = attempt.cycle
  if ((snapshot.lowestPriority[node.index] as number) >= pod.priority) return noVictims
  const potential = [...node.pods.values()].filter((other) => other.priority < pod.priority)
  if (potential.length === 0) return noVictims
  const thought = attempt.think(node)
  for (const other of potential) thought.remove(other)
  const refused = attempt.filter(node)
  if (refused !== undefined) {
    thought.end()
    return refused.refusal
  }
  potential.sort(byImportance(attempt.now))
  const breaking = violating(potential, budgets)
  const victims: PodInfo[] = []
  let violations = 0
  const reprieve = (other: PodInfo): boolean => {
    thought.add(other)
    if (attempt.filter(node) === undefined) return true
    thought.remove(other)
    victims.push(other)
    return false
  }
  for (const other of potential) if (breaking.has(other) && !reprieve(other)) violations++
  for (const other of potential) if (!breaking.has(other)) reprieve(other)
  thought.end()
  if (victims.length === 0) return 'nobody'
  if (breaking.size > 0 && breaking.size < potential.length) victims.sort(byImportance(attempt.now))
  return { node, victims, violations }
}

/** The start that stands for a node: the earliest among its victims of the highest priority. */
const earliestStart = (victims: readonly PodInfo[], now: string): string => {
  let highest = Number.NEGATIVE_INFINITY
  let earliest = now
  for (const victim of victims) {
    const start = startOf(victim, now)
    if (victim.priority > highest) {
      highest = victim.priority
      earliest = start
    } else if (victim.priority === highest && start < earliest) earliest = start
  }
  return earliest
}

/** Keeps the candidates for which `measure` is least. */
const least = <T extends number | string>(candidates: readonly Candidate[], measure: (candidate: Candidate) => T): readonly Candidate[] => {
  let best: T | undefined
  let kept: Candidate[] = []
  for (const candidate of candidates) {
    const value = measure(candidate)
    if (best === undefined || value < best) {
      best = value
      kept = [candidate]
    } else if (value === best) kept.push(candidate)
  }
  return kept
}

const lowestPriority = 2147483648

/** The node that costs least. Source: scheduler.md 9.5 (pickOneNodeForPreemption). */
const cheapest = (candidates: readonly Candidate[], now: string): Candidate => {
  const measures: readonly ((candidate: Candidate) => number)[] = [
    ({ violations }) => violations,
    ({ victims }) => victims[0]?.priority ?? 0,
    ({ victims }) => victims.reduce((sum, { priority }) => sum + priority + lowestPriority, 0),
    ({ victims }) => victims.length,
  ]
  let left = candidates
  for (const measure of measures) {
    left = least(left, measure)
    if (left.length === 1) return left[0] as Candidate
  }
  let best = left[0] as Candidate
  for (const candidate of left) if (earliestStart(candidate.victims, now) > earliestStart(best.victims, now)) best = candidate
  return best
}

/** Why this pod may not preempt now; undefined if it may. Source: scheduler.md 9.1 (PodEligibleToPreemptOthers). */
const ineligible = (attempt: Attempt): string | undefined => {
  const { pod, snapshot } = attempt.cycle
  if (pod.pod['spec']?.preemptionPolicy === 'Never') return 'not eligible due to preemptionPolicy=Never.'
  const node = pod.nominatedNode === '' ? undefined : snapshot.node(pod.nominatedNode)
  if (node === undefined) return undefined
  const refusal = attempt.refusalOf(node)
  if (refusal === undefined || refusal.code === 'UnschedulableAndUnresolvable') return undefined
  for (const other of node.pods.values()) {
    if (other.priority < pod.priority && isBeingPreempted(other)) return 'not eligible due to a terminating pod on the nominated node.'
  }
  return undefined
}

/** Whether a pod goes because a scheduler evicted it. */
const isBeingPreempted = (pod: PodInfo): boolean => {
  const condition = conditionOf(pod.pod, 'DisruptionTarget')
  return pod.terminating && condition?.status === 'True' && condition.reason === 'PreemptionByScheduler'
}

export const defaultPreemption = (args: DefaultPreemptionArgs = {}): Plugin<never, never> => {
  const percentage = args.minCandidateNodesPercentage ?? 10
  const absolute = args.minCandidateNodesAbsolute ?? 100

  const search = (attempt: Attempt): PostFilterAnswer => {
    const { snapshot, gates } = attempt.cycle
    const nodes = snapshot.nodes()
    const potential = nodes.filter((node) => attempt.refusalOf(node)?.code === 'Unschedulable')
    const wanted = Math.min(potential.length, Math.max(absolute, Math.floor((potential.length * percentage) / 100)))
    const budgets = potential.length === 0 ? [] : budgetsOf(attempt)
    const offset = potential.length === 0 ? 0 : Math.floor(attempt.chance * potential.length)
    const candidates: Candidate[] = []
    const answers: Refusal[] = []
    const errors: string[] = []
    let clean = 0
    for (let i = 0; i < potential.length && !(clean > 0 && candidates.length >= wanted); i++) {
      const node = potential[(offset + i) % potential.length] as NodeInfo
      const found = candidateOn(attempt, node, budgets)
      if (found === 'nobody') errors.push(`expected at least one victim pod on node "${node.name}"`)
      else if ('code' in found) answers.push(found)
      else {
        candidates.push(found)
        if (found.violations === 0) clean++
      }
    }
    if (candidates.length === 0) {
      if (errors.length > 0) return { kind: 'error', message: `preemption: ${errors.length === 1 ? errors[0] : `[${errors.join(', ')}]`}` }
      const why = counted(
        [...answers.map(({ reasons }) => [reasons, 1] as const), [notHelpful.reasons, nodes.length - answers.length] as const].filter(
          ([, count]) => count > 0,
        ),
      )
      return { kind: 'nothing', message: `preemption: ${fitError(nodes.length, why.join(', '), '')}`, clears: true }
    }
    const { node, victims } = cheapest(candidates, attempt.now)
    const message = atLeast(gates.release, 37)
      ? `preemption: found a potential placement for pod on node ${node.name}, preempting ${victims.length} victims`
      : ''
    return { kind: 'nominate', node: node.name, victims, message }
  }

  return {
    name: 'DefaultPreemption',
    postFilter: (attempt) => {
      const why = ineligible(attempt)
      return why === undefined ? search(attempt) : { kind: 'nothing', message: `preemption: ${why}`, clears: false }
    },
    // Asked only so that the plugins that refused are asked (the pod may be held back until its evictions are under way).
    retryOn: { 'Pod/Delete': () => false },
  }
}
