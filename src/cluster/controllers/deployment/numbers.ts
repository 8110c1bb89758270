/**
 * The arithmetic of a Deployment: how many pods may be too many or too few, and how a change of size is shared.
 * Source: pkg/controller/deployment/util/deployment_util.go (1.36).
 */
import { controllerOf, type KubernetesObject } from '../../objects/metadata.ts'

export type Deployment = KubernetesObject
export type ReplicaSet = KubernetesObject

export const revisionAnnotation = 'deployment.kubernetes.io/revision'
export const historyAnnotation = 'deployment.kubernetes.io/revision-history'
export const desiredAnnotation = 'deployment.kubernetes.io/desired-replicas'
export const maxAnnotation = 'deployment.kubernetes.io/max-replicas'
export const hashLabel = 'pod-template-hash'

export const replicasOf = (object: KubernetesObject): number => (object['spec']?.replicas as number | undefined) ?? 1
const statusCount = (set: ReplicaSet, field: string): number => (set['status']?.[field] as number | undefined) ?? 0
export const sumOfReplicas = (sets: readonly ReplicaSet[]): number => sets.reduce((sum, set) => sum + replicasOf(set), 0)
export const sumOf = (sets: readonly ReplicaSet[], field: string): number => sets.reduce((sum, set) => sum + statusCount(set, field), 0)
export const availableOf = (set: ReplicaSet): number => statusCount(set, 'availableReplicas')

export const isRolling = (deployment: Deployment): boolean => deployment['spec']?.strategy?.type !== 'Recreate'
export const revisionOf = (object: KubernetesObject): number => Number(object.metadata.annotations?.[revisionAnnotation] ?? 0)

const scaled = (value: unknown, total: number, round: (x: number) => number): number =>
  typeof value === 'number' ? value : round((Number(String(value ?? '0').replace('%', '')) * total) / 100)

/** How many pods there may be above and below the wanted number. Source: ResolveFenceposts, MaxUnavailable, MaxSurge. */
export const limitsOf = (deployment: Deployment): { readonly surge: number; readonly unavailable: number } => {
  const replicas = replicasOf(deployment)
  if (!isRolling(deployment)) return { surge: 0, unavailable: 0 }
  const rolling = deployment['spec']?.strategy?.rollingUpdate ?? {}
  const surge = scaled(rolling.maxSurge, replicas, Math.ceil)
  const unavailable = scaled(rolling.maxUnavailable, replicas, Math.floor)
  const least = surge === 0 && unavailable === 0 ? 1 : unavailable
  return { surge, unavailable: Math.min(least, replicas) }
}

/** How many pods a new set may have now. Source: NewRSNewReplicas. */
export const newReplicas = (deployment: Deployment, all: readonly ReplicaSet[], current: number): number => {
  const wanted = replicasOf(deployment)
  if (!isRolling(deployment)) return wanted
  const most = wanted + limitsOf(deployment).surge
  const there = sumOfReplicas(all)
  if (there >= most) return current
  return current + Math.min(most - there, wanted - current)
}

/** The oldest first. */
export const byAge = (a: KubernetesObject, b: KubernetesObject): number => {
  const left = a.metadata.creationTimestamp ?? ''
  const right = b.metadata.creationTimestamp ?? ''
  return left === right ? (a.metadata.name < b.metadata.name ? -1 : 1) : left < right ? -1 : 1
}

/** Whether a set's template is the Deployment's, apart from the hash. Source: EqualIgnoreHash. */
export const hasTemplateOf = (deployment: Deployment, set: ReplicaSet): boolean =>
  canonical(deployment['spec'].template) === canonical(set['spec'].template)

const canonical = (template: { readonly metadata?: { readonly labels?: Record<string, string> }; readonly spec: unknown }): string => {
  const { [hashLabel]: _, ...labels } = template.metadata?.labels ?? {}
  return sortedJson({ ...template, metadata: { ...template.metadata, labels } })
}

/** JSON with the keys of every object in order. */
const sortedJson = (value: unknown): string =>
  JSON.stringify(value, (_key, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  )

/** The set whose template is the Deployment's; of several the oldest. Source: FindNewReplicaSet. */
export const findNew = (deployment: Deployment, sets: readonly ReplicaSet[]): ReplicaSet | undefined =>
  [...sets].sort(byAge).find((set) => hasTemplateOf(deployment, set))

/** The sets of a Deployment among those that it owns. */
export const isOwnedBy = (deployment: Deployment, set: ReplicaSet): boolean => controllerOf(set)?.uid === deployment.metadata.uid

/** Whether everything that is wanted is there. Source: DeploymentComplete. */
export const isComplete = (deployment: Deployment, status: DeploymentStatus): boolean => {
  const wanted = replicasOf(deployment)
  return (
    (status.updatedReplicas ?? 0) === wanted &&
    (status.replicas ?? 0) === wanted &&
    (status.availableReplicas ?? 0) === wanted &&
    (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  )
}

/** Whether something got better since the status was last written. Source: DeploymentProgressing. */
export const isProgressing = (before: DeploymentStatus, after: DeploymentStatus): boolean => {
  const old = (status: DeploymentStatus): number => (status.replicas ?? 0) - (status.updatedReplicas ?? 0)
  return (
    (after.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    old(after) < old(before) ||
    (after.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (after.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  )
}

export type DeploymentCondition = {
  readonly type: string
  readonly status: 'True' | 'False' | 'Unknown'
  readonly lastUpdateTime: string
  readonly lastTransitionTime: string
  readonly reason: string
  readonly message: string
}

export type DeploymentStatus = {
  readonly observedGeneration?: number
  readonly replicas?: number
  readonly updatedReplicas?: number
  readonly readyReplicas?: number
  readonly availableReplicas?: number
  readonly unavailableReplicas?: number
  readonly terminatingReplicas?: number
  readonly conditions?: readonly DeploymentCondition[]
  readonly collisionCount?: number
}

/** A condition put among others. One of the same status and reason stays as it is. Source: SetDeploymentCondition. */
export const withCondition = (conditions: readonly DeploymentCondition[], next: DeploymentCondition): readonly DeploymentCondition[] => {
  const current = conditions.find(({ type }) => type === next.type)
  if (current?.status === next.status && current.reason === next.reason) return conditions
  const moved = current?.status === next.status ? { ...next, lastTransitionTime: current.lastTransitionTime } : next
  return [...conditions.filter(({ type }) => type !== next.type), moved]
}
