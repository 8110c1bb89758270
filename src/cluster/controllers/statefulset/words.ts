/**
 * Why a set waits, in words that a tired person understands: which pod, what is the matter with it and since when, and what
 * would help.
 */
import type { Micros } from '../../../engine/clock.ts'
import { conditionOf, isTerminating } from '../../objects/metadata.ts'
import {
  type ContainerStatus,
  isCreated,
  isPending,
  isReady,
  isRunning,
  isScheduled,
  type Pod,
  phaseOf,
  readySince,
} from '../../objects/pod.ts'
import { revisionOf } from '../../objects/statefulset.ts'
import type { Judgement } from './sort.ts'

/** `35 s`, `14 min`, `3 h 5 min`, `2 days`. */
export const lengthOf = (time: Micros): string => {
  const seconds = Math.max(0, Math.floor(time / 1_000_000))
  if (seconds < 120) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 120) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`
  return `${Math.floor(hours / 24)} days`
}

/** ` since 14 min`; nothing for what has just happened. */
const since = (time: string | null | undefined, judgement: Judgement): string => {
  if (time === undefined || time === null) return ''
  const passed = judgement.now - judgement.microsOf(time)
  return passed < 1_000_000 ? '' : ` since ${lengthOf(passed)}`
}

/** What a container that does not run, or is not ready, says of itself. */
const complaintOf = (pod: Pod): string | undefined => {
  const statuses: readonly ContainerStatus[] = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])]
  for (const { state } of statuses) {
    if (state?.waiting?.reason !== undefined && state.waiting.reason !== 'PodInitializing') return state.waiting.reason
  }
  for (const { state, ready } of statuses) {
    const ended = state?.terminated
    if (ended !== undefined && !ready && ended.exitCode !== 0) return `${ended.reason ?? 'Error'}, exit code ${ended.exitCode}`
  }
  return undefined
}

/** What is the matter with a pod that is not available: `is not ready (CrashLoopBackOff since 14 min)`. */
export const troubleOf = (pod: Pod, judgement: Judgement): string => {
  if (!isCreated(pod)) return 'has just been created'
  if (isTerminating(pod)) return terminatingWords(pod, judgement)
  const ready = conditionOf(pod, 'Ready')
  if (isPending(pod) && !isScheduled(pod)) {
    const scheduled = conditionOf(pod, 'PodScheduled')
    const born = since(scheduled?.lastTransitionTime ?? pod.metadata.creationTimestamp, judgement)
    if (scheduled?.status !== 'False') return `waits for a node${born}`
    return `has no node (${scheduled.reason ?? 'Unschedulable'}${born}${scheduled.message === undefined ? '' : `: ${scheduled.message}`})`
  }
  if (isReady(pod) && (isRunning(pod) || judgement.minReadySeconds > 0)) {
    if (!isRunning(pod)) return `is Ready but its phase is ${phaseOf(pod)}`
    return `is ready${since(readySince(pod), judgement)} and counts only after ${lengthOf(judgement.minReadySeconds * 1_000_000)}`
  }
  if (isReady(pod)) return `is Ready but its phase is ${phaseOf(pod)}`
  const complaint = complaintOf(pod) ?? (isRunning(pod) ? undefined : phaseOf(pod))
  const when = since(ready?.lastTransitionTime ?? pod.metadata.creationTimestamp, judgement)
  return complaint === undefined ? `is not ready${when}` : `is not ready (${complaint}${when})`
}

const terminatingWords = (pod: Pod, judgement: Judgement): string => {
  const { deletionTimestamp, deletionGracePeriodSeconds, finalizers } = pod.metadata
  const deadline = judgement.microsOf(deletionTimestamp as string)
  const asked = deadline - (deletionGracePeriodSeconds ?? 0) * 1_000_000
  const going = judgement.now > asked ? `is terminating since ${lengthOf(judgement.now - asked)}` : 'is terminating'
  if (judgement.now <= deadline) return going
  const late = lengthOf(judgement.now - deadline)
  if (finalizers !== undefined && finalizers.length > 0) return `${going} and held by its finalizer ${finalizers.join(', ')}`
  // Grace 0 without a finalizer is the last word of whoever ends it: the removal follows in the same instant.
  if ((deletionGracePeriodSeconds ?? 0) === 0) return going
  const node = pod.spec.nodeName === undefined ? '' : ` of ${pod.spec.nodeName}`
  return `${going}; its grace period ended ${late} ago and no kubelet${node} confirms its end`
}

/** A pod on its ordinary way to its first container, as far as it tells. */
const isStarting = (pod: Pod): boolean => {
  if (!isPending(pod)) return false
  if (!isScheduled(pod)) return conditionOf(pod, 'PodScheduled')?.status !== 'False'
  const complaint = complaintOf(pod)
  return complaint === undefined || complaint === 'ContainerCreating'
}

/** What would help, after the trouble was named. `holds` says that nothing else of the set goes on meanwhile. */
export const remedyFor = (pod: Pod, judgement: Judgement, updateRevision: string): string => {
  const { name, finalizers } = pod.metadata
  if (!isCreated(pod)) return ''
  if (isTerminating(pod)) {
    const deadline = judgement.microsOf(pod.metadata.deletionTimestamp as string)
    if (judgement.now <= deadline + 1_000_000) return '; nothing more is done until it is gone'
    if (finalizers !== undefined && finalizers.length > 0) return '; nothing more is done until that is taken away'
    if ((pod.metadata.deletionGracePeriodSeconds ?? 0) === 0) return '; nothing more is done until it is gone'
    return `; nothing more is done until its node is back, or its Node object is deleted, or by hand: kubectl delete pod ${name} --grace-period=0 --force`
  }
  if (isReady(pod) && isRunning(pod)) return ''
  if (isStarting(pod)) return '; nothing more is done until it is ready'
  if (revisionOf(pod) !== updateRevision) {
    return `; nothing will change until it is, or until it is deleted by hand (kubectl delete pod ${name}): it keeps revision ${revisionOf(pod) || 'none'} although the template is at ${updateRevision}`
  }
  return '; nothing will change until it is, or until it is deleted by hand'
}

/** `web-1 is not ready (CrashLoopBackOff since 14 min); nothing will change until it is, or until it is deleted by hand`. */
export const waitsFor = (pod: Pod, judgement: Judgement, updateRevision: string): string =>
  `${pod.metadata.name} ${troubleOf(pod, judgement)}${remedyFor(pod, judgement, updateRevision)}`

/** A pod that holds up nobody but itself (Parallel): what is the matter with it. */
export const lacks = (pods: readonly Pod[], judgement: Judgement): string | null => {
  const [first, ...others] = pods
  if (first === undefined) return null
  const more =
    others.length === 0
      ? ''
      : ` (and ${others.length} more: ${others
          .slice(0, 3)
          .map((pod) => pod.metadata.name)
          .join(', ')}${others.length > 3 ? ', …' : ''})`
  return `${first.metadata.name} ${troubleOf(first, judgement)}${more}`
}
