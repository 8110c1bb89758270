/**
 * Deletes what its owners leave behind, in the background, in the foreground or not at all (orphans).
 *
 * It keeps true: an object whose owners are all gone goes; one that still has an owner loses only the references to the others; an owner
 * deleted in the foreground goes after those that block it; one deleted as an orphan-maker goes after its dependents lost their reference.
 *
 * Source: node-and-storage.md E; pkg/controller/garbagecollector/{garbagecollector,graph_builder}.go (1.36).
 * Differs from Kubernetes: whether an owner is absent is asked of the caches first, and of the server before anything is deleted; only
 * kinds that the server knows are followed.
 */
import { foregroundFinalizer, orphanFinalizer } from '../apiserver/deletion.ts'
import { allKinds, kindOf } from '../apiserver/kinds/index.ts'
import type { Component, Controller, ControllerFactory, Enqueue } from '../client/controller.ts'
import { call, done, failed, type Look, type Story, waits } from '../client/story.ts'
import { isTerminating, type KubernetesObject, type OwnerReference, objectKey } from '../objects/metadata.ts'

/** Kinds that nobody owns and that own nothing: Events are not collected (ignoredResources). */
const ignored: ReadonlySet<string> = new Set(['Event', 'Lease'])

const followed: readonly string[] = allKinds.map(({ kind }) => kind).filter((kind) => !ignored.has(kind))

type Owners = {
  readonly solid: readonly OwnerReference[]
  readonly dangling: readonly OwnerReference[]
  readonly waiting: readonly OwnerReference[]
}

export const garbageCollector: ControllerFactory = (component: Component): Controller => {
  const see = component.see
  const listers = followed.map((kind) => see.of(kind))

  const dependentsOf = (uid: string): readonly KubernetesObject[] => listers.flatMap((lister) => [...lister.ownedBy(uid)])

  /** Whether the caches know the owner, alive or going. */
  const isThere = (owner: OwnerReference, namespace: string | undefined): boolean => {
    const kind = kindOf(owner.kind)
    if (kind === undefined) return true
    return see.of(owner.kind).get(kind.namespaced ? namespace : undefined, owner.name)?.metadata.uid === owner.uid
  }

  const hasFinalizer = (object: KubernetesObject, finalizer: string): boolean => (object.metadata.finalizers ?? []).includes(finalizer)
  const isForeground = (object: KubernetesObject): boolean => isTerminating(object) && hasFinalizer(object, foregroundFinalizer)

  let queue: Enqueue | undefined
  const changed = (type: string, object: KubernetesObject, old: KubernetesObject | undefined, queue: Enqueue): void => {
    if (type === 'DELETED') {
      for (const dependent of dependentsOf(object.metadata.uid ?? '')) queue.add(objectKey(dependent))
      // Its own owner may have waited for it.
      for (const owner of object.metadata.ownerReferences ?? []) considerOwner(owner, object.metadata.namespace, queue)
      return
    }
    const { ownerReferences, finalizers } = object.metadata
    if (isTerminating(object) && finalizers !== undefined && (!old || !isTerminating(old) || old.metadata.finalizers !== finalizers)) {
      if (finalizers.includes(orphanFinalizer)) return queue.add(`orphan ${objectKey(object)}`)
      if (finalizers.includes(foregroundFinalizer)) {
        return queue.add(objectKey(object))
      }
    }
    if (ownerReferences === undefined || ownerReferences.length === 0) {
      for (const owner of old?.metadata.ownerReferences ?? []) considerOwner(owner, object.metadata.namespace, queue)
      return
    }
    if (old !== undefined && old.metadata.ownerReferences === ownerReferences && isTerminating(old) === isTerminating(object)) return
    // What is made for an owner that is going is found when that owner is looked at again (recording 11).
    if (ownerReferences.some((owner) => !isThere(owner, object.metadata.namespace))) queue.add(objectKey(object))
    for (const owner of old?.metadata.ownerReferences ?? []) {
      if (!ownerReferences.some(({ uid }) => uid === owner.uid)) considerOwner(owner, object.metadata.namespace, queue)
    }
  }

  const ownerOf = (owner: OwnerReference, namespace: string | undefined): KubernetesObject | undefined => {
    const kind = kindOf(owner.kind)
    if (kind === undefined) return undefined
    const object = see.of(owner.kind).get(kind.namespaced ? namespace : undefined, owner.name)
    return object?.metadata.uid === owner.uid ? object : undefined
  }

  const considerOwner = (owner: OwnerReference, namespace: string | undefined, queue: Enqueue): void => {
    const object = ownerOf(owner, namespace)
    if (object !== undefined && isForeground(object)) queue.add(objectKey(object))
  }

  /** Which owners are there, gone, or wait for this one. Source: classifyReferences. */
  function* classify(object: KubernetesObject): Story<Owners> {
    const { namespace } = object.metadata
    const solid: OwnerReference[] = []
    const dangling: OwnerReference[] = []
    const waiting: OwnerReference[] = []
    for (const owner of object.metadata.ownerReferences ?? []) {
      const kind = kindOf(owner.kind)
      if (kind === undefined) {
        solid.push(owner)
        continue
      }
      const space = kind.namespaced ? namespace : undefined
      const answer = yield* call<KubernetesObject>({ verb: 'get', kind: owner.kind, namespace: space, name: owner.name })
      if (!answer.ok) {
        if (answer.status.reason === 'NotFound') dangling.push(owner)
        else solid.push(owner)
      } else if (answer.object.metadata.uid !== owner.uid) dangling.push(owner)
      else if (isForeground(answer.object)) waiting.push(owner)
      else solid.push(owner)
    }
    return { solid, dangling, waiting }
  }

  /** Source: attemptToDeleteItem. */
  function* attempt(kindName: string, namespace: string | undefined, name: string): Look {
    const found = yield* call<KubernetesObject>({ verb: 'get', kind: kindName, namespace, name })
    if (!found.ok) return found.status.reason === 'NotFound' ? done : failed(found.status.message)
    const object = found.object
    if (isTerminating(object) && !isForeground(object)) return done
    if (isForeground(object)) return yield* finishForeground(object)
    const owners = object.metadata.ownerReferences ?? []
    if (owners.length === 0) return done
    const { solid, dangling, waiting } = yield* classify(object)
    if (solid.length > 0) {
      const stale = new Set([...dangling, ...waiting].map(({ uid }) => uid))
      if (stale.size === 0) return done
      const kept = owners.filter(({ uid }) => !stale.has(uid))
      const patch = { metadata: { uid: object.metadata.uid, ownerReferences: kept } }
      const answer = yield* call({ verb: 'patch', kind: kindName, namespace, name, type: 'merge', patch })
      return answer.ok || answer.status.reason === 'NotFound' ? done : failed(answer.status.message)
    }
    const foreground =
      (waiting.length > 0 && dependentsOf(object.metadata.uid ?? '').length > 0) || hasFinalizer(object, foregroundFinalizer)
    const propagation = hasFinalizer(object, orphanFinalizer) ? 'Orphan' : foreground ? 'Foreground' : 'Background'
    const answer = yield* call({
      verb: 'delete',
      kind: kindName,
      namespace,
      name,
      propagation,
      preconditions: { uid: object.metadata.uid ?? '' },
    })
    return answer.ok || answer.status.reason === 'NotFound' ? done : failed(answer.status.message)
  }

  /** An owner deleted in the foreground goes when nothing blocks it any more. Source: processDeletingDependentsItem. */
  function* finishForeground(object: KubernetesObject): Look {
    const uid = object.metadata.uid ?? ''
    const blocking = dependentsOf(uid).filter((dependent) =>
      (dependent.metadata.ownerReferences ?? []).some((owner) => owner.uid === uid && owner.blockOwnerDeletion === true),
    )
    if (blocking.length > 0) {
      for (const dependent of blocking) if (!isTerminating(dependent)) queue?.add(objectKey(dependent))
      return waits(`${blocking.length} dependents block its deletion`)
    }
    return yield* dropFinalizer(object, foregroundFinalizer)
  }

  function* dropFinalizer(object: KubernetesObject, finalizer: string): Look {
    const { namespace, name, uid, resourceVersion } = object.metadata
    const finalizers = (object.metadata.finalizers ?? []).filter((each) => each !== finalizer)
    const patch = { metadata: { uid, resourceVersion, finalizers: finalizers.length === 0 ? null : finalizers } }
    const answer = yield* call({ verb: 'patch', kind: object.kind, namespace, name, type: 'merge', patch })
    return answer.ok || answer.status.reason === 'NotFound' ? done : failed(answer.status.message)
  }

  /** Dependents lose their reference, then the owner goes. Source: orphanDependents, attemptToOrphanWorker. */
  function* orphan(kindName: string, namespace: string | undefined, name: string): Look {
    const found = yield* call<KubernetesObject>({ verb: 'get', kind: kindName, namespace, name })
    if (!found.ok) return found.status.reason === 'NotFound' ? done : failed(found.status.message)
    const object = found.object
    if (!isTerminating(object) || !hasFinalizer(object, orphanFinalizer)) return done
    const uid = object.metadata.uid ?? ''
    for (const dependent of dependentsOf(uid)) {
      const kept = (dependent.metadata.ownerReferences ?? []).filter((owner) => owner.uid !== uid)
      const answer = yield* call({
        verb: 'patch',
        kind: dependent.kind,
        namespace: dependent.metadata.namespace,
        name: dependent.metadata.name,
        type: 'merge',
        patch: { metadata: { uid: dependent.metadata.uid, ownerReferences: kept.length === 0 ? null : kept } },
      })
      if (!answer.ok && answer.status.reason !== 'NotFound') return failed(answer.status.message)
    }
    return yield* dropFinalizer(object, orphanFinalizer)
  }

  return {
    name: component.name,
    kinds: followed,
    workers: 20,
    start(started) {
      queue = started
    },
    changed({ type, object, old }, queue) {
      changed(type, object, old, queue)
    },
    *look(key): Look {
      const orphans = key.startsWith('orphan ')
      const [kind = '', namespace, ...rest] = (orphans ? key.slice(7) : key).split('/')
      const space = namespace === '' ? undefined : namespace
      return yield* orphans ? orphan(kind, space, rest.join('/')) : attempt(kind, space, rest.join('/'))
    },
  }
}
