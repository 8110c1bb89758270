/**
 * What a DELETE does to an object: mark it, remove it, or nothing. Grace periods belong to pods alone; finalizers to all.
 *
 * Source: node-and-storage.md A10, C9, E; apiserver/pkg/registry/rest/delete.go and generic/registry/store.go as described there.
 */
import type { KubernetesObject, ObjectMeta } from '../objects/metadata.ts'
import type { Propagation } from './request.ts'

/** Finalizers that the garbage collector serves. */
export const foregroundFinalizer = 'foregroundDeletion'
export const orphanFinalizer = 'orphan'

/** What a DELETE asks for. */
export type DeletionRequest = {
  readonly gracePeriodSeconds?: number | undefined
  readonly propagation?: Propagation | undefined
}

/** What becomes of the object: `keep` it as it is, store `marked`, or store `marked` (if there) and remove it. */
export type Deletion =
  | { readonly kind: 'keep' }
  | { readonly kind: 'mark'; readonly marked: KubernetesObject }
  | { readonly kind: 'remove'; readonly marked: KubernetesObject | undefined }

/** Moments as the API writes them: whole seconds. */
export type Clock = { readonly time: string; readonly plus: (time: string, seconds: number) => string }

/** Kinds that die gracefully: pods. Everything else goes as soon as no finalizer holds it. */
const isGraceful = (object: KubernetesObject): boolean => object.kind === 'Pod'

/** node-and-storage.md A10: the period asked for, else the pod's own; 0 if nothing can run; negative means 1. */
const gracePeriodOf = (pod: KubernetesObject, asked: number | undefined): number => {
  const period = asked ?? (pod['spec']?.terminationGracePeriodSeconds as number | undefined) ?? 0
  const unscheduled = ((pod['spec']?.nodeName as string | undefined) ?? '') === ''
  const phase = pod['status']?.phase as string | undefined
  if (unscheduled || phase === 'Failed' || phase === 'Succeeded') return 0
  return period < 0 ? 1 : period
}

/** See the head of the file. */
export const deletionOf = (object: KubernetesObject, request: DeletionRequest, clock: Clock): Deletion => {
  const finalizers = finalizersFor(object, request.propagation)
  const graceful = isGraceful(object) ? gracefulMark(object, request.gracePeriodSeconds, clock) : undefined
  if (graceful === 'pending') return { kind: 'keep' }
  const marked = withMeta(graceful ?? object, finalizers === object.metadata.finalizers ? {} : { finalizers })
  if (finalizers.length > 0 || holdsItself(object)) {
    if (graceful !== undefined) return { kind: 'mark', marked }
    const deleting = markedNow(marked, clock)
    return deleting === object ? { kind: 'keep' } : { kind: 'mark', marked: deleting }
  }
  if (graceful === undefined) return { kind: 'remove', marked: undefined }
  return graceful.metadata.deletionGracePeriodSeconds === 0 ? { kind: 'remove', marked } : { kind: 'mark', marked }
}

/**
 * A pod under deletion: its new deadline, or `pending` when it is deleted already and nothing gets shorter.
 * A second DELETE can only shorten; a shortened deadline that is past becomes a period of 1.
 */
const gracefulMark = (pod: KubernetesObject, asked: number | undefined, clock: Clock): KubernetesObject | 'pending' => {
  const { deletionTimestamp, deletionGracePeriodSeconds: before } = pod.metadata
  if (deletionTimestamp === undefined) {
    const period = gracePeriodOf(pod, asked)
    return withMeta(pod, { deletionTimestamp: clock.plus(clock.time, period), deletionGracePeriodSeconds: period, ...countedUp(pod) })
  }
  // Of a pod that is being deleted neither phase nor node is asked any more (rest.BeforeDelete).
  if (before === 0) return pod
  if (asked === undefined) return 'pending'
  const period = asked < 0 ? 1 : asked
  if (before !== undefined && period >= before) return 'pending'
  const shortened = clock.plus(deletionTimestamp, period - (before ?? 0))
  const late = period > 0 && shortened < clock.time
  return late
    ? withMeta(pod, { deletionTimestamp: clock.plus(clock.time, 1), deletionGracePeriodSeconds: 1 })
    : withMeta(pod, { deletionTimestamp: shortened, deletionGracePeriodSeconds: period })
}

/** E: a namespace stays until its controller has emptied it and takes `kubernetes` out of its own list. */
const holdsItself = (object: KubernetesObject): boolean =>
  object.kind === 'Namespace' && ((object['spec']?.finalizers as readonly string[] | undefined) ?? none).length > 0

/** The marks of an object that finalizers hold: deleted now, without grace; a namespace says so in its phase. */
const markedNow = (object: KubernetesObject, clock: Clock): KubernetesObject =>
  object.metadata.deletionTimestamp !== undefined
    ? object
    : object.kind === 'Namespace'
      ? { ...withMeta(object, { deletionTimestamp: clock.time }), status: { ...object['status'], phase: 'Terminating' } }
      : withMeta(object, { deletionTimestamp: clock.time, deletionGracePeriodSeconds: 0, ...countedUp(object) })

/** Setting a deletionTimestamp raises the generation of what has one (A5). */
const countedUp = ({ metadata }: KubernetesObject): Partial<ObjectMeta> =>
  metadata.generation === undefined ? {} : { generation: metadata.generation + 1 }

/** E: what the cascade adds to or takes from the finalizers. */
const finalizersFor = (object: KubernetesObject, propagation: Propagation | undefined): readonly string[] => {
  const before = object.metadata.finalizers ?? none
  if (propagation === undefined) return before
  const wanted = propagation === 'Foreground' ? foregroundFinalizer : propagation === 'Orphan' ? orphanFinalizer : undefined
  const kept = before.filter((finalizer) => (finalizer !== foregroundFinalizer && finalizer !== orphanFinalizer) || finalizer === wanted)
  const next = wanted === undefined || kept.includes(wanted) ? kept : [...kept, wanted]
  return next.length === before.length && next.every((finalizer, i) => finalizer === before[i]) ? before : next
}

const none: readonly string[] = Object.freeze([])

/** Whether an update leaves nothing that holds a deleted object: then the update removes it (ShouldDeleteDuringUpdate). */
export const isFinished = (object: KubernetesObject): boolean => {
  const { deletionTimestamp, finalizers, deletionGracePeriodSeconds } = object.metadata
  return (
    deletionTimestamp !== undefined && (finalizers ?? none).length === 0 && (deletionGracePeriodSeconds ?? 0) === 0 && !holdsItself(object)
  )
}

const withMeta = (object: KubernetesObject, meta: Partial<ObjectMeta>): KubernetesObject =>
  Object.keys(meta).length === 0 ? object : { ...object, metadata: { ...object.metadata, ...meta } }
