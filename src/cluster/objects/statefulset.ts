/**
 * StatefulSets and the names of what belongs to them: pods, claims, revisions.
 * Source: statefulset.md 1, 3.4, 8.3.
 */
import type { Condition, KubernetesObject, ObjectMeta, OwnerReference } from './metadata.ts'
import type { PodTemplate } from './pod.ts'
import type { LabelSelector } from './selector.ts'

/** One claim template; what the API server filled in (kind, status) may be there. */
export type ClaimTemplate = {
  readonly metadata: Partial<ObjectMeta> & { readonly name: string }
  readonly spec: unknown
}

/** `spec.persistentVolumeClaimRetentionPolicy`; each half is Retain if absent. */
export type RetentionPolicy = { readonly whenDeleted?: 'Retain' | 'Delete'; readonly whenScaled?: 'Retain' | 'Delete' }

export type StatefulSetSpec = {
  readonly replicas?: number
  readonly selector: LabelSelector
  readonly template: PodTemplate
  readonly serviceName?: string
  readonly volumeClaimTemplates?: readonly ClaimTemplate[]
  readonly podManagementPolicy?: 'OrderedReady' | 'Parallel'
  readonly updateStrategy?: {
    readonly type?: 'RollingUpdate' | 'OnDelete' | 'Recreate'
    readonly rollingUpdate?: { readonly partition?: number; readonly maxUnavailable?: number | string }
  }
  readonly revisionHistoryLimit?: number
  readonly minReadySeconds?: number
  readonly persistentVolumeClaimRetentionPolicy?: RetentionPolicy
  readonly ordinals?: { readonly start?: number }
}

export type StatefulSetStatus = {
  readonly observedGeneration?: number
  readonly replicas?: number
  readonly readyReplicas?: number
  readonly availableReplicas?: number
  readonly currentReplicas?: number
  readonly updatedReplicas?: number
  readonly currentRevision?: string
  readonly updateRevision?: string
  readonly collisionCount?: number
  readonly conditions?: readonly Condition[]
}

/** A StatefulSet object. */
export type StatefulSet = KubernetesObject & {
  readonly kind: 'StatefulSet'
  readonly metadata: ObjectMeta
  readonly spec: StatefulSetSpec
  readonly status?: StatefulSetStatus
}

/** A ControllerRevision object. */
export type ControllerRevision = KubernetesObject & {
  readonly kind: 'ControllerRevision'
  readonly metadata: ObjectMeta
  readonly revision: number
  // biome-ignore lint/suspicious/noExplicitAny: a patch, whatever the owner put in
  readonly data: any
}

/** The label that says at which revision a pod is: the revision's full name. */
export const revisionLabel = 'controller-revision-hash'
/** The label that carries a pod's own name. */
export const podNameLabel = 'statefulset.kubernetes.io/pod-name'
/** The label that carries a pod's ordinal. */
export const podIndexLabel = 'apps.kubernetes.io/pod-index'

/** `spec.replicas`, 1 if absent. */
export const replicasOf = (set: StatefulSet): number => set.spec.replicas ?? 1

/** `spec.ordinals.start`, 0 if absent. */
export const startOf = (set: StatefulSet): number => set.spec.ordinals?.start ?? 0

/** Pods one after the other: everything but Parallel. */
export const isMonotonic = (set: StatefulSet): boolean => set.spec.podManagementPolicy !== 'Parallel'

/** The revision of a pod by its label; '' if it has none. */
export const revisionOf = (pod: KubernetesObject): string => pod.metadata.labels?.[revisionLabel] ?? ''

/** Ordinals that Kubernetes can hold: 32 bits. */
const mostOrdinal = 2_147_483_647

/** The two halves of a pod's name. `ordinal` is -1 if the number does not fit into 32 bits; undefined for a name without a number. */
export const parsePodName = (name: string): PodName | undefined => {
  let parsed = parsedNames.get(name)
  if (parsed === undefined) {
    if (parsedNames.size > mostNames) parsedNames.clear()
    parsed = parsePodNameAnew(name) ?? null
    parsedNames.set(name, parsed)
  }
  return parsed ?? undefined
}

type PodName = { readonly parent: string; readonly ordinal: number }

/** Names are read in every look at a set: each once. */
const parsedNames = new Map<string, PodName | null>()
const mostNames = 500_000

const parsePodNameAnew = (name: string): PodName | undefined => {
  const dash = name.lastIndexOf('-')
  const digits = name.slice(dash + 1)
  if (dash < 0 || !/^[0-9]+$/.test(digits)) return undefined
  const number = Number(digits)
  return { parent: name.slice(0, dash), ordinal: number > mostOrdinal ? -1 : number }
}

/** The ordinal of a pod by its name; -1 if it has none. */
export const ordinalOf = (pod: KubernetesObject): number => parsePodName(pod.metadata.name)?.ordinal ?? -1

/** Whether an ordinal is one of `start … start + replicas - 1`. */
export const isInWindow = (set: StatefulSet, ordinal: number): boolean =>
  ordinal >= startOf(set) && ordinal < startOf(set) + replicasOf(set)

/** `web-0` */
export const podNameOf = (set: KubernetesObject, ordinal: number): string => `${set.metadata.name}-${ordinal}`

/** `www-web-0`: the claim that a template gives to an ordinal. */
export const claimNameOf = (set: KubernetesObject, template: ClaimTemplate, ordinal: number): string =>
  `${template.metadata.name}-${set.metadata.name}-${ordinal}`

/** The reference that puts a set above what it owns. Source: statefulset.md 3.4. */
export const ownerReferenceTo = (set: KubernetesObject): OwnerReference => ({
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  name: set.metadata.name,
  uid: set.metadata.uid ?? '',
  controller: true,
  blockOwnerDeletion: true,
})

/** Both halves of the retention policy, filled in. */
export const retentionOf = (set: StatefulSet): Required<RetentionPolicy> => ({
  whenDeleted: set.spec.persistentVolumeClaimRetentionPolicy?.whenDeleted ?? 'Retain',
  whenScaled: set.spec.persistentVolumeClaimRetentionPolicy?.whenScaled ?? 'Retain',
})
