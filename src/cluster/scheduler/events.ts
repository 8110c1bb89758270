/** Which events a change makes, in their order. Source: scheduler.md 3.1; pkg/scheduler/framework/events.go, eventhandlers.go. */

import type { Condition, KubernetesObject } from '../objects/metadata.ts'
import { isCordoned, taintsOf } from '../objects/node.ts'
import type { ClusterEvent, EventName } from './plugin.ts'
import type { PodInfo } from './pod-info.ts'

/** Equal in what they say. */
const same = (a: unknown, b: unknown): boolean => a === b || JSON.stringify(a) === JSON.stringify(b)

const statusesOf = (node: KubernetesObject): string =>
  ((node['status']?.conditions ?? []) as readonly Condition[])
    .map(({ type, status }) => `${type}=${status}`)
    .sort()
    .join()

/** What a changed node means. */
export const nodeEvents = (object: KubernetesObject, old: KubernetesObject): readonly ClusterEvent[] => {
  if (object['spec'] === old['spec'] && object['status'] === old['status'] && object.metadata.labels === old.metadata.labels) {
    if (object.metadata.annotations === old.metadata.annotations) return []
  }
  const names: EventName[] = []
  if (isCordoned(old) && !isCordoned(object)) names.push('Node/UpdateTaint')
  if (!same(object['status']?.allocatable, old['status']?.allocatable)) names.push('Node/UpdateAllocatable')
  if (!same(object.metadata.labels, old.metadata.labels)) names.push('Node/UpdateLabel')
  if (object['spec'] !== old['spec'] && !same(taintsOf(object), taintsOf(old))) names.push('Node/UpdateTaint')
  if (object['status']?.conditions !== old['status']?.conditions && statusesOf(object) !== statusesOf(old))
    names.push('Node/UpdateCondition')
  if (!same(object.metadata.annotations, old.metadata.annotations)) names.push('Node/UpdateAnnotation')
  if (!same(object['status']?.declaredFeatures, old['status']?.declaredFeatures)) names.push('Node/UpdateDeclaredFeature')
  return names.map((name) => ({ name, object, old }))
}

const isLowered = (pod: PodInfo, old: PodInfo): boolean => {
  const is = pod.requests
  const was = old.requests
  if (is.cpu < was.cpu || is.memory < was.memory || is.storage < was.storage) return true
  for (const [name, amount] of was.others) if ((is.others.get(name) ?? 0) < amount) return true
  return false
}

const lengthOf = (pod: PodInfo, field: string): number => ((pod.pod['spec']?.[field] ?? []) as readonly unknown[]).length

/** What a changed pod means; without anything in particular a general update. */
export const podEvents = (pod: PodInfo, old: PodInfo): readonly ClusterEvent[] => {
  const names: EventName[] = []
  if (pod.pod.metadata.labels !== old.pod.metadata.labels && !same(pod.labels, old.labels)) names.push('Pod/UpdateLabel')
  if (isLowered(pod, old)) names.push('Pod/UpdateScaleDown')
  if (lengthOf(pod, 'schedulingGates') === 0 && lengthOf(old, 'schedulingGates') > 0) names.push('Pod/UpdateSchedulingGatesEliminated')
  if (lengthOf(pod, 'tolerations') !== lengthOf(old, 'tolerations')) names.push('Pod/UpdateToleration')
  if (names.length === 0) names.push('Pod/Update')
  return names.map((name) => ({ name, object: pod.pod, old: old.pod, pod, oldPod: old }))
}

/** The kinds beside pods and nodes that events are made of. */
const eventKinds = new Set([
  'PersistentVolume',
  'PersistentVolumeClaim',
  'StorageClass',
  'CSINode',
  'CSIDriver',
  'CSIStorageCapacity',
  'VolumeAttachment',
])
const actions = { ADDED: 'Add', MODIFIED: 'Update', DELETED: 'Delete' } as const

/** The event of a change of another kind, if it is one that plugins listen to. */
export const storageEvent = (
  type: keyof typeof actions,
  object: KubernetesObject,
  old: KubernetesObject | undefined,
): ClusterEvent | undefined =>
  eventKinds.has(object.kind) ? { name: `${object.kind}/${actions[type]}` as EventName, object, old } : undefined
