/**
 * Which pods a pass replaces, when every pod has its place. Pure. Source: statefulset.md 9 and 10.
 */
import { isTerminating } from '../../objects/metadata.ts'
import { isCreated, type Pod } from '../../objects/pod.ts'
import { atLeast, type Gates } from '../../objects/release.ts'
import { isMonotonic, replicasOf, revisionOf, type StatefulSet } from '../../objects/statefulset.ts'
import { isUnavailable, type Judgement } from './sort.ts'

/** What phase D does. `victims` are deleted in this order; then the pass waits for `blocked`, if there are any. */
export type Replacement = {
  readonly victims: readonly Pod[]
  /** Pods whose health ends the walk or uses up the budget. */
  readonly blocked: readonly Pod[]
  /** How many may be unavailable at once, where the budget counts. */
  readonly budget?: number
}

const nothing: Replacement = { victims: [], blocked: [] }

/** The lowest slot that is updated. */
const partitionOf = (set: StatefulSet): number => set.spec.updateStrategy?.rollingUpdate?.partition ?? 0

/** How many replicas may be unavailable: percentages round down, at least one. Source: statefulset.md 1.1, 9.3 step 1. */
export const maxUnavailableOf = (set: StatefulSet): number => {
  const asked = set.spec.updateStrategy?.rollingUpdate?.maxUnavailable ?? 1
  const number = typeof asked === 'number' ? asked : Math.floor((Number.parseInt(asked, 10) * replicasOf(set)) / 100)
  return Math.max(1, Number.isNaN(number) ? 1 : number)
}

/** Source: statefulset.md 9.1 to 9.3. `replicas` are the slots, lowest first; the pods made in this pass are among them. */
export const replacementOf = (
  set: StatefulSet,
  replicas: readonly Pod[],
  updateRevision: string,
  judgement: Judgement,
  gates: Gates,
): Replacement => {
  const type = set.spec.updateStrategy?.type
  if (type === 'OnDelete' || type === 'Recreate') return nothing
  const isStale = (pod: Pod): boolean => revisionOf(pod) !== updateRevision && !isTerminating(pod)
  const fromTop = replicas.slice(partitionOf(set)).reverse()
  if (!gates.on('MaxUnavailableStatefulSet')) return oneAtATime(fromTop, isStale, judgement)
  const unavailable = replicas.filter((pod) => isUnavailable(judgement, pod))
  const budget = maxUnavailableOf(set)
  if (!isMonotonic(set) && atLeast(gates.release, 37)) {
    // The broken ones among the stale cost nothing and go first. Source: PR 137666.
    const broken = fromTop.filter((pod) => isStale(pod) && isUnavailable(judgement, pod))
    const sound = fromTop.filter((pod) => isStale(pod) && !isUnavailable(judgement, pod))
    const blocked = unavailable.filter((pod) => !broken.includes(pod))
    const left = Math.max(0, budget - blocked.length)
    return { victims: [...broken, ...sound].slice(0, left), blocked, budget }
  }
  const left = Math.max(0, budget - unavailable.length)
  return { victims: fromTop.filter(isStale).slice(0, left), blocked: unavailable, budget }
}

/** Highest first; each one that is not available is waited for. Source: statefulset.md 9.2. */
const oneAtATime = (fromTop: readonly Pod[], isStale: (pod: Pod) => boolean, judgement: Judgement): Replacement => {
  for (const pod of fromTop) {
    if (isStale(pod)) return { victims: [pod], blocked: [] }
    if (isUnavailable(judgement, pod)) return { victims: [], blocked: [pod] }
  }
  return nothing
}

/** Pods of the API that are not at the update revision: with Recreate all of them go before any other comes. Source: statefulset.md 10. */
export const formerPods = (pods: readonly Pod[], updateRevision: string): readonly Pod[] =>
  pods.filter((pod) => isCreated(pod) && revisionOf(pod) !== updateRevision)
