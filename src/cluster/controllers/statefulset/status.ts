/**
 * The status of a set: what is counted, when a rollout is complete, when the status is worth a write. Source: statefulset.md 7.
 */
import type { Pod } from '../../objects/pod.ts'
import { atLeast, type Gates } from '../../objects/release.ts'
import { replicasOf, type StatefulSet, type StatefulSetStatus } from '../../objects/statefulset.ts'
import { factsOf } from './facts.ts'
import { isAvailableTo, type Judgement } from './sort.ts'

/** The five counts. */
export type Counts = {
  readonly replicas: number
  readonly readyReplicas: number
  readonly availableReplicas: number
  readonly currentReplicas: number
  readonly updatedReplicas: number
}

/** Source: statefulset.md 7.1. What this pass made or deleted is not seen yet. */
export const countsOf = (pods: readonly Pod[], current: string, update: string, judgement: Judgement): Counts => {
  const counts = { replicas: 0, readyReplicas: 0, availableReplicas: 0, currentReplicas: 0, updatedReplicas: 0 }
  for (const pod of pods) {
    const { created, running, ready, terminating, revision } = factsOf(pod)
    if (!created) continue
    counts.replicas++
    if (running && ready) {
      counts.readyReplicas++
      if (isAvailableTo(judgement, pod)) counts.availableReplicas++
    }
    if (terminating) continue
    if (revision === current) counts.currentReplicas++
    if (revision === update) counts.updatedReplicas++
  }
  return counts
}

/** What a pass will write, all fields spelled out. */
export type NewStatus = Counts & {
  readonly observedGeneration: number
  readonly currentRevision: string
  readonly updateRevision: string
  readonly collisionCount: number
  readonly conditions: StatefulSetStatus['conditions']
}

/**
 * A rollout is complete when everything wanted is there, updated and Ready: the update revision is then the current one.
 * OnDelete never completes before 1.37. Source: statefulset.md 7.4.
 */
export const completed = (set: StatefulSet, status: NewStatus, gates: Gates): NewStatus => {
  const rolls = set.spec.updateStrategy?.type === 'RollingUpdate' || atLeast(gates.release, 37)
  const wanted = replicasOf(set)
  if (!rolls || status.updatedReplicas !== wanted || status.readyReplicas !== wanted || status.replicas !== wanted) return status
  return { ...status, currentReplicas: status.updatedReplicas, currentRevision: status.updateRevision }
}

/** Whether a write says anything new. Collision count and conditions alone do not. Source: statefulset.md 7.2. */
export const isWorthWriting = (set: StatefulSet, status: NewStatus): boolean => {
  const old = set.status ?? {}
  return (
    status.observedGeneration > (old.observedGeneration ?? 0) ||
    status.replicas !== (old.replicas ?? 0) ||
    status.currentReplicas !== (old.currentReplicas ?? 0) ||
    status.readyReplicas !== (old.readyReplicas ?? 0) ||
    status.updatedReplicas !== (old.updatedReplicas ?? 0) ||
    status.availableReplicas !== (old.availableReplicas ?? 0) ||
    status.currentRevision !== (old.currentRevision ?? '') ||
    status.updateRevision !== (old.updateRevision ?? '')
  )
}

/** The status as it is stored: counts of 0 are left out, but for replicas and availableReplicas. Source: statefulset.md 1.3. */
export const asStored = (status: NewStatus): StatefulSetStatus => ({
  ...(status.observedGeneration === 0 ? {} : { observedGeneration: status.observedGeneration }),
  replicas: status.replicas,
  ...(status.readyReplicas === 0 ? {} : { readyReplicas: status.readyReplicas }),
  ...(status.currentReplicas === 0 ? {} : { currentReplicas: status.currentReplicas }),
  ...(status.updatedReplicas === 0 ? {} : { updatedReplicas: status.updatedReplicas }),
  ...(status.currentRevision === '' ? {} : { currentRevision: status.currentRevision }),
  ...(status.updateRevision === '' ? {} : { updateRevision: status.updateRevision }),
  collisionCount: status.collisionCount,
  availableReplicas: status.availableReplicas,
  ...(status.conditions === undefined || status.conditions.length === 0 ? {} : { conditions: status.conditions }),
})
