/**
 * Keeps the status of PodDisruptionBudgets: how many pods are expected, wanted and healthy, and how many may be disrupted.
 * The eviction API (apiserver/eviction.ts) asks that status.
 *
 * Source: node-and-storage.md B12; pkg/controller/disruption/disruption.go (1.36).
 * Differs from Kubernetes: a pod that several budgets select wakes the first by name (there: any), without an Event about it; only controllers
 * of apps/v1 and ReplicationControllers are asked for their scale.
 */
import { type Micros, minutes } from '../../engine/clock.ts'
import type { Component, Controller, ControllerFactory, Enqueue } from '../client/controller.ts'
import { announce, call, done, failed, type Look } from '../client/story.ts'
import { type Condition, conditionOf, controllerOf, isTerminating, type KubernetesObject, namespacedName } from '../objects/metadata.ts'
import { isFinishedPod, isReady } from '../objects/pod.ts'
import { type LabelSelector, matches } from '../objects/selector.ts'

/** How long an evicted pod may take to begin to go; then it counts again. */
const deletionTimeout = minutes(2)
/** How long a condition DisruptionTarget stands on a pod that stays. */
const staleTimeout = minutes(2)

/** `50%` or a number, of `total`, rounded up. Source: GetScaledValueFromIntOrPercent. */
export const scaled = (value: number | string, total: number): number =>
  typeof value === 'number' ? value : Math.ceil((Number(value.slice(0, -1)) * total) / 100)

/** What a budget's status says. */
export type BudgetCounts = { readonly expectedPods: number; readonly desiredHealthy: number }

/** How many pods are expected and how many of them wanted healthy. `scale` is the sum of the scales of the pods' controllers. */
export const countsOf = (
  spec: { readonly minAvailable?: number | string; readonly maxUnavailable?: number | string },
  pods: number,
  scale: number,
): BudgetCounts => {
  if (spec.maxUnavailable !== undefined) {
    return { expectedPods: scale, desiredHealthy: Math.max(0, scale - scaled(spec.maxUnavailable, scale)) }
  }
  if (typeof spec.minAvailable === 'number') return { expectedPods: pods, desiredHealthy: spec.minAvailable }
  if (spec.minAvailable !== undefined) return { expectedPods: scale, desiredHealthy: scaled(spec.minAvailable, scale) }
  return { expectedPods: 0, desiredHealthy: 0 }
}

type Status = {
  readonly observedGeneration?: number
  readonly disruptedPods?: Readonly<Record<string, string>>
  readonly disruptionsAllowed?: number
  readonly currentHealthy?: number
  readonly desiredHealthy?: number
  readonly expectedPods?: number
  readonly conditions?: readonly Condition[]
}

const isStale = (pod: KubernetesObject): boolean => {
  const condition = conditionOf(pod, 'DisruptionTarget')
  return condition?.status === 'True' && condition.reason !== 'TerminationByKubelet' && !isTerminating(pod) && !isFinishedPod(pod)
}

export const disruption: ControllerFactory = (component: Component): Controller => {
  const budgets = component.see.of('PodDisruptionBudget')
  const pods = component.see.of('Pod')

  const selects = (budget: KubernetesObject, labels: Readonly<Record<string, string>> | undefined): boolean =>
    matches(labels, budget['spec']?.selector as LabelSelector | undefined)

  const podsOf = (budget: KubernetesObject): readonly KubernetesObject[] => {
    const namespace = budget.metadata.namespace as string
    const labels = (budget['spec']?.selector?.matchLabels ?? {}) as Readonly<Record<string, string>>
    const first = Object.keys(labels).sort()[0]
    const candidates = first === undefined ? pods.list(namespace) : pods.labelled(namespace, first, labels[first] as string)
    return candidates.filter((pod) => selects(budget, pod.metadata.labels))
  }

  const wake = (pod: KubernetesObject, queue: Enqueue): void => {
    const budget = budgets.list(pod.metadata.namespace).find((each) => selects(each, pod.metadata.labels))
    if (budget !== undefined) queue.add(namespacedName(budget))
  }

  const podChanged = (type: string, pod: KubernetesObject, old: KubernetesObject | undefined, queue: Enqueue): void => {
    if (type !== 'DELETED' && isStale(pod)) {
      const since = conditionOf(pod, 'DisruptionTarget')?.lastTransitionTime
      const due = since ? component.microsOf(since) + staleTimeout : component.now()
      queue.addAfter(`stale/${namespacedName(pod)}`, Math.max(0, due - component.now()))
    }
    if (budgets.size === 0) return
    if (type === 'MODIFIED' && old !== undefined) {
      const same =
        isReady(old) === isReady(pod) &&
        isTerminating(old) === isTerminating(pod) &&
        old.metadata.labels === pod.metadata.labels &&
        old.metadata.ownerReferences === pod.metadata.ownerReferences &&
        conditionOf(old, 'DisruptionTarget')?.status === conditionOf(pod, 'DisruptionTarget')?.status
      if (same) return
      if (old.metadata.labels !== pod.metadata.labels) wake(old, queue)
    }
    wake(pod, queue)
  }

  /** The sum of the scales of the controllers that pods have. Source: getExpectedScale. */
  const scaleOf = (matching: readonly KubernetesObject[]): number | { readonly error: string } => {
    const scales = new Map<string, number>()
    for (const pod of matching) {
      const owner = controllerOf(pod)
      if (owner === undefined || scales.has(owner.uid)) continue
      const found = managerOf(pod.metadata.namespace, owner.kind, owner.name, owner.uid)
      if (found === undefined) return { error: `found no controllers for pod "${pod.metadata.name}"` }
      scales.set(found.metadata.uid as string, (found['spec']?.replicas as number | undefined) ?? 1)
    }
    let sum = 0
    for (const scale of scales.values()) sum += scale
    return sum
  }

  const managerOf = (namespace: string | undefined, kind: string, name: string, uid: string): KubernetesObject | undefined => {
    if (!['StatefulSet', 'ReplicaSet', 'Deployment', 'ReplicationController'].includes(kind)) return undefined
    const found = component.see.of(kind).get(namespace, name)
    if (found === undefined || found.metadata.uid !== uid) return undefined
    const above = controllerOf(found)
    return above === undefined ? found : managerOf(namespace, above.kind, above.name, above.uid)
  }

  /** Evicted pods that have not begun to go, and when the first of them is overdue. Source: buildDisruptedPodMap. */
  function* stillDisrupted(budget: KubernetesObject, matching: readonly KubernetesObject[], before: Readonly<Record<string, string>>) {
    const result: Record<string, string> = {}
    let recheck: Micros | undefined
    const now = component.now()
    for (const pod of matching) {
      const since = before[pod.metadata.name]
      if (since === undefined || isTerminating(pod)) continue
      const due = component.microsOf(since) + deletionTimeout
      if (due <= now) {
        const words = `Pod was expected by PDB ${namespacedName(budget)} to be deleted but it wasn't`
        yield* announce(pod, 'Warning', 'NotDeleted', words)
        continue
      }
      result[pod.metadata.name] = since
      recheck = Math.min(recheck ?? due, due)
    }
    return { result, recheck }
  }

  function* sync(budget: KubernetesObject): Look {
    const matching = podsOf(budget)
    if (matching.length === 0) yield* announce(budget, 'Normal', 'NoPods', 'No matching pods found')
    const spec = (budget['spec'] ?? {}) as { readonly minAvailable?: number | string; readonly maxUnavailable?: number | string }
    const scale = spec.maxUnavailable === undefined && typeof spec.minAvailable === 'number' ? 0 : scaleOf(matching)
    if (typeof scale !== 'number') {
      const words = `Failed to calculate the number of expected pods: ${scale.error}`
      yield* announce(budget, 'Warning', 'CalculateExpectedPodCountFailed', words)
      return failed(scale.error)
    }
    const { expectedPods, desiredHealthy } = countsOf(spec, matching.length, scale)
    const status = (budget['status'] ?? {}) as Status
    const { result: disruptedPods, recheck } = yield* stillDisrupted(budget, matching, status.disruptedPods ?? {})
    const currentHealthy = matching.filter(
      (pod) => isReady(pod) && !isTerminating(pod) && disruptedPods[pod.metadata.name] === undefined,
    ).length
    const disruptionsAllowed = expectedPods <= 0 ? 0 : Math.max(0, currentHealthy - desiredHealthy)
    const { generation = 0 } = budget.metadata
    const next: Status = {
      ...(Object.keys(disruptedPods).length === 0 ? {} : { disruptedPods }),
      disruptionsAllowed,
      currentHealthy,
      desiredHealthy,
      expectedPods,
      observedGeneration: generation,
      conditions: conditionsFor(status.conditions ?? [], disruptionsAllowed > 0, generation, component.time()),
    }
    const wakesAfter = recheck === undefined ? null : recheck - component.now()
    if (isSame(status, next)) return { ...done, wakesAfter }
    const answer = yield* call({ verb: 'update', object: { ...budget, status: next }, subresource: 'status' })
    return answer.ok ? { ...done, wakesAfter } : failed(answer.status.message)
  }

  /** A pod that was to be disrupted and stayed: the condition becomes False. Source: syncStalePodDisruption. */
  function* calmDown(namespace: string, name: string): Look {
    const pod = pods.get(namespace, name)
    if (pod === undefined || !isStale(pod)) return done
    const generation = pod.metadata.generation
    const condition: Condition = {
      type: 'DisruptionTarget',
      status: 'False',
      lastTransitionTime: component.time(),
      ...(generation === undefined ? {} : { observedGeneration: generation }),
    }
    const others = ((pod['status']?.conditions ?? []) as readonly Condition[]).filter(({ type }) => type !== 'DisruptionTarget')
    const object = { ...pod, status: { ...pod['status'], conditions: [...others, condition] } }
    const answer = yield* call({ verb: 'update', object, subresource: 'status' })
    return answer.ok || answer.status.reason === 'NotFound' ? done : failed(answer.status.message)
  }

  return {
    name: component.name,
    kinds: ['PodDisruptionBudget', 'Pod'],
    workers: 1,
    changed({ type, object, old }, queue) {
      if (object.kind === 'Pod') podChanged(type, object, old, queue)
      else if (type !== 'DELETED') queue.add(namespacedName(object))
    },
    *look(key): Look {
      const [first = '', second = '', third] = key.split('/')
      if (third !== undefined) return yield* calmDown(second, third)
      const budget = budgets.get(first, second)
      return budget === undefined ? done : yield* sync(budget)
    },
  }
}

/** Source: UpdateDisruptionAllowedCondition. */
const conditionsFor = (before: readonly Condition[], allowed: boolean, generation: number, time: string): readonly Condition[] => {
  const old = before.find(({ type }) => type === 'DisruptionAllowed')
  const status = allowed ? 'True' : 'False'
  const condition: Condition = {
    type: 'DisruptionAllowed',
    status,
    observedGeneration: generation,
    lastTransitionTime: old?.status === status ? (old.lastTransitionTime ?? time) : time,
    reason: allowed ? 'SufficientPods' : 'InsufficientPods',
    message: '',
  }
  return [...before.filter(({ type }) => type !== 'DisruptionAllowed'), condition]
}

const isSame = (a: Status, b: Status): boolean =>
  a.disruptionsAllowed === b.disruptionsAllowed &&
  a.currentHealthy === b.currentHealthy &&
  a.desiredHealthy === b.desiredHealthy &&
  a.expectedPods === b.expectedPods &&
  a.observedGeneration === b.observedGeneration &&
  JSON.stringify(a.disruptedPods ?? {}) === JSON.stringify(b.disruptedPods ?? {}) &&
  JSON.stringify(a.conditions?.map(({ type, status, observedGeneration }) => [type, status, observedGeneration])) ===
    JSON.stringify(b.conditions?.map(({ type, status, observedGeneration }) => [type, status, observedGeneration]))
