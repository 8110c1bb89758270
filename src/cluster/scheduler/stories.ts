/**
 * What the scheduler asks of the API: to bind a pod, to say that it found no node, to evict victims. Told as stories, so that a run and a single
 * look (`next`) play the same. Source: scheduler.md 5.6, 5.7, 9.7; pkg/scheduler/schedule_one.go, framework/preemption/executor.go.
 */
import type { Effect, Story } from '../client/story.ts'
import { announce, call, together } from '../client/story.ts'
import type { Condition, KubernetesObject } from '../objects/metadata.ts'
import { conditionOf } from '../objects/metadata.ts'
import { defaultSchedulerName } from './configuration.ts'
import type { PodInfo } from './pod-info.ts'
import { eventNote } from './texts.ts'

/** The name under which the scheduler speaks about a pod: that of its profile. */
export const schedulerNameOf = (pod: KubernetesObject): string => (pod['spec']?.schedulerName as string | undefined) || defaultSchedulerName

/** Asks for a change of a pod's status. `null` clears a field. */
function* patchStatus(pod: KubernetesObject, status: object) {
  return yield* call({
    verb: 'patch',
    kind: 'Pod',
    namespace: pod.metadata.namespace,
    name: pod.metadata.name,
    type: 'strategic',
    subresource: 'status',
    patch: { metadata: { uid: pod.metadata.uid }, status },
  })
}

/** What is said about a pod that found no node. */
export type Failure = {
  readonly message: string
  readonly reason: 'Unschedulable' | 'SchedulerError'
  /** The node it is nominated to from now on; '' takes a nomination back; undefined leaves it. */
  readonly nominated: string | undefined
}

/** The condition PodScheduled after a failure; undefined if it says all this already (observedGeneration is not compared). */
const conditionFor = (pod: KubernetesObject, { message, reason }: Failure, time: string): Condition | undefined => {
  const old = conditionOf(pod, 'PodScheduled')
  if (old?.status === 'False' && old.reason === reason && old.message === message) return undefined
  const generation = pod.metadata.generation
  return {
    type: 'PodScheduled',
    status: 'False',
    reason,
    message,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    lastTransitionTime: old?.status === 'False' && old.lastTransitionTime ? old.lastTransitionTime : time,
  }
}

/** The Event, and the status if it changes: a failure that repeats itself costs an Event and no write. */
export function* sayFailure(pod: KubernetesObject, failure: Failure, time: string): Story<void> {
  yield* announce(pod, 'Warning', 'FailedScheduling', eventNote(failure.message), { action: 'Scheduling', source: schedulerNameOf(pod) })
  const condition = conditionFor(pod, failure, time)
  const before = (pod['status']?.nominatedNodeName as string | undefined) ?? ''
  const renominates = failure.nominated !== undefined && failure.nominated !== before
  if (condition === undefined && !renominates) return
  yield* patchStatus(pod, {
    ...(condition === undefined ? {} : { conditions: [condition] }),
    ...(renominates ? { nominatedNodeName: failure.nominated === '' ? null : failure.nominated } : {}),
  })
}

/** A pod that is being deleted is not placed. */
export function* sayDeleted(pod: PodInfo): Story<void> {
  const more = { action: 'Scheduling', source: schedulerNameOf(pod.pod) }
  yield* announce(pod.pod, 'Warning', 'FailedScheduling', `skip schedule deleting pod: ${pod.key}`, more)
}

/** The last steps of a plugin before the pod is bound. */
export type PreBind = { readonly plugin: string; readonly story: () => Story<string | undefined> }

/**
 * Binds a pod: nomination (if something comes before the binding), what plugins write and wait for, the binding, the Event. Returns the error or
 * undefined. `isCancelled`: somebody else has dealt with the pod; then it ends without another call. `isPrepared` is told before the binding itself,
 * which nobody can cancel.
 */
export function* bind(
  pod: PodInfo,
  node: string,
  before: readonly PreBind[],
  nominates: boolean,
  isCancelled: () => boolean,
  isPrepared: () => void,
): Story<string | undefined> {
  const { metadata } = pod.pod
  if (before.length > 0 && nominates && pod.nominatedNode !== node) yield* patchStatus(pod.pod, { nominatedNodeName: node })
  for (const { plugin, story } of before) {
    const error = yield* unless(isCancelled, story())
    if (isCancelled()) return undefined
    if (error !== undefined) return `running PreBind plugin "${plugin}": ${error}`
  }
  isPrepared()
  const { uid } = metadata
  const answer = yield* call({ verb: 'bind', namespace: pod.namespace, name: pod.name, ...(uid === undefined ? {} : { uid }), node })
  if (!answer.ok) return `running Bind plugin "DefaultBinder": ${answer.status.message}`
  const more = { action: 'Binding', source: schedulerNameOf(pod.pod) }
  yield* announce(pod.pod, 'Normal', 'Scheduled', `Successfully assigned ${pod.key} to ${node}`, more)
  return undefined
}

/** Plays a story on until it ends or somebody has cancelled it. */
function* unless<T>(isCancelled: () => boolean, story: Story<T>): Story<T | undefined> {
  for (let step = story.next(); ; ) {
    if (step.done === true) return step.value
    const answer: unknown = yield step.value as Effect
    if (isCancelled()) return undefined
    step = story.next(answer)
  }
}

/** Takes nominations back. */
export function* clearNominations(pods: readonly PodInfo[]): Story<void> {
  for (const pod of pods) if (pod.nominatedNode !== '') yield* patchStatus(pod.pod, { nominatedNodeName: null })
}

export type Eviction = {
  readonly victim: PodInfo
  readonly preemptor: PodInfo
  readonly node: string
  readonly schedulerName: string
  /** Cancels the binding of a victim that is only being bound (since 1.36): then it is not deleted. False if there is nothing to cancel. */
  readonly cancel: () => boolean
}

/** One victim goes: condition, deletion, Event. Returns an error or undefined. */
function* evict({ victim, preemptor, node, schedulerName, cancel }: Eviction, time: string): Story<string | undefined> {
  const more = { action: 'Preempting', source: schedulerName }
  const text = `Preempted by pod ${preemptor.uid} on node ${node}`
  if (cancel()) {
    yield* announce(victim.pod, 'Normal', 'Preempted', `${text} (in kube-scheduler memory).`, more)
    return undefined
  }
  const generation = victim.pod.metadata.generation
  const condition: Condition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'PreemptionByScheduler',
    message: `${schedulerName}: preempting to accommodate a higher priority pod`,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    lastTransitionTime: time,
  }
  const patched = yield* patchStatus(victim.pod, { conditions: [condition] })
  // Who is gone needs no eviction, and nothing is said.
  if (!patched.ok) return patched.status.reason === 'NotFound' ? undefined : patched.status.message
  const answer = yield* call({ verb: 'delete', kind: 'Pod', namespace: victim.namespace, name: victim.name })
  if (!answer.ok) return answer.status.reason === 'NotFound' ? undefined : answer.status.message
  yield* announce(victim.pod, 'Normal', 'Preempted', text, more)
  return undefined
}

/** All victims go: the last one after the others. `onLast` is told before it. Returns the first error. */
export function* evictAll(evictions: readonly Eviction[], time: string, onLast: (last: PodInfo) => void): Story<string | undefined> {
  const last = evictions.at(-1)
  if (last === undefined) return undefined
  const errors = yield* together(evictions.slice(0, -1).map((eviction) => evict(eviction, time)))
  const error = errors.find((one) => one !== undefined)
  if (error !== undefined) return error
  onLast(last.victim)
  return yield* evict(last, time)
}
