/**
 * The claimed pods of a set, sorted into places, condemned, and the first that is unavailable. Source: statefulset.md 5.2, 6.1.
 */
import type { Micros } from '../../../engine/clock.ts'
import type { Time } from '../../objects/metadata.ts'
import { isAvailable, type Pod } from '../../objects/pod.ts'
import { atLeast, type Release } from '../../objects/release.ts'
import { isInWindow, replicasOf, type StatefulSet, startOf } from '../../objects/statefulset.ts'
import { factsOf } from './facts.ts'

/** The one moment and the rules by which a pass judges its pods. */
export type Judgement = {
  readonly now: Micros
  readonly release: Release
  readonly minReadySeconds: number
  readonly microsOf: (time: Time) => Micros
}

/** Ready long enough; the phase does not count. Source: statefulset.md 5.1. */
export const isAvailableTo = (judgement: Judgement, pod: Pod): boolean =>
  factsOf(pod).ready &&
  (judgement.minReadySeconds === 0 || isAvailable(pod, judgement.minReadySeconds, judgement.now, judgement.release, judgement.microsOf))

/** Source: statefulset.md 5.2: up to 1.33 "unhealthy", from 1.34 on "unavailable"; terminating pods are both. */
export const isUnavailable = (judgement: Judgement, pod: Pod): boolean => {
  const { terminating, running, ready } = factsOf(pod)
  return terminating || !(atLeast(judgement.release, 34) ? isAvailableTo(judgement, pod) : running && ready)
}

/** The pods of a pass. */
export type Sorted = {
  /** One for each ordinal of the window, lowest first. What was missing is an object that no API server has seen. */
  readonly replicas: readonly Pod[]
  /** Those outside the window, highest ordinal first. */
  readonly condemned: readonly Pod[]
}

/** `newPod` makes what is missing. Of two with one ordinal (`web-1`, `web-01`) the last by name takes the place. */
export const sorted = (set: StatefulSet, pods: readonly Pod[], newPod: (ordinal: number) => Pod): Sorted => {
  const places: (Pod | undefined)[] = Array.from({ length: replicasOf(set) })
  const condemned: Pod[] = []
  const start = startOf(set)
  for (const pod of pods) {
    const { ordinal } = factsOf(pod)
    if (ordinal < 0) continue
    if (isInWindow(set, ordinal)) places[ordinal - start] = lastByName(places[ordinal - start], pod)
    else condemned.push(pod)
  }
  return {
    replicas: places.map((pod, slot) => pod ?? newPod(start + slot)),
    condemned: condemned.sort((a, b) => factsOf(b).ordinal - factsOf(a).ordinal || (a.metadata.name < b.metadata.name ? -1 : 1)),
  }
}

const lastByName = (a: Pod | undefined, b: Pod): Pod => (a === undefined || a.metadata.name < b.metadata.name ? b : a)

/** The lowest unavailable replica, else the lowest unavailable condemned pod. Source: statefulset.md 6.1 step 6. */
export const firstUnavailable = ({ replicas, condemned }: Sorted, judgement: Judgement): Pod | undefined =>
  replicas.find((pod) => isUnavailable(judgement, pod)) ?? condemned.findLast((pod) => isUnavailable(judgement, pod))
