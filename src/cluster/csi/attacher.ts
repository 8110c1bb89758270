/**
 * external-attacher: brings volumes to machines and takes them back, as VolumeAttachments ask. One component for all drivers.
 * Source: node-and-storage.md C4, C6, C9 (kubernetes-csi/external-attacher v4.12).
 */
import { minutes, seconds } from '../../engine/clock.ts'
import type { Handle } from '../../engine/queue.ts'
import type { DiskAnswer } from '../../world/disk.ts'
import { driverOf } from '../../world/profiles.ts'
import type { World } from '../../world/world.ts'
import type { Change, Component, Controller } from '../client/controller.ts'
import { call, type Story } from '../client/story.ts'
import type { KubernetesObject } from '../objects/metadata.ts'
import { attacherFinalizer, Retries } from './drivers.ts'
import { dropFinalizer } from './provisioner.ts'

const nodeIdAnnotation = 'csi.alpha.kubernetes.io/node-id'

/** The attacher sidecars of a cluster. */
export function attacher(component: Component, world: World): Controller {
  const { process, see } = component
  const { incarnation } = process
  const retries = new Retries(seconds(1), minutes(5))
  /** Attachments with a call under way. */
  const working = new Set<string>()
  /** Attachments that were deleted while a call for them was under way. */
  const deleted = new Set<string>()
  /** Attachments whose next try is planned: what is written about the failure does not bring it forward. */
  const planned = new Map<string, Handle>()
  const mine =
    <T>(act: (value: T) => void) =>
    (value: T): void => {
      if (process.alive && process.incarnation === incarnation) act(value)
    }

  const look = (name: string): void => {
    const attachment = see.of('VolumeAttachment').get(undefined, name)
    if (attachment === undefined || working.has(name)) return
    const driver = driverOf(world.profile, attachment['spec']?.attacher ?? '')
    if (driver === undefined) return
    const finalizer = attacherFinalizer(driver.name)
    if (attachment.metadata.deletionTimestamp === undefined) {
      if (attachment['status']?.attached === true) return retries.forget(name)
      working.add(name)
      component.play(prepare(attachment, finalizer), (volume) => {
        if (volume === undefined) return again(name)
        publish(attachment, volume)
      })
    } else if (attachment.metadata.finalizers?.includes(finalizer)) {
      working.add(name)
      unpublish(attachment, finalizer)
    }
  }

  const again = (name: string): void => {
    working.delete(name)
    if (deleted.delete(name)) return look(name)
    const handle = process.after(retries.next(name), `${name} again`, () => {
      planned.delete(name)
      look(name)
    })
    planned.set(name, handle)
  }

  /** An attachment changed; `isDeletion`: its deletion began. */
  const seen = ({ metadata: { name } }: KubernetesObject, isDeletion: boolean): void => {
    const retry = planned.get(name)
    if (working.has(name)) {
      if (isDeletion) deleted.add(name)
    } else if (retry === undefined) look(name)
    else if (isDeletion) {
      process.cancel(retry)
      planned.delete(name)
      look(name)
    }
  }

  /** A call that is waited for no longer than the sidecar's time-out. */
  const timed = (
    name: string,
    limit: number,
    ask: (done: (answer: DiskAnswer) => void) => void,
    done: (answer: DiskAnswer) => void,
  ): void => {
    let answered = false
    const handle = process.after(limit, `${name} times out`, () => {
      answered = true
      done({ ok: false, error: 'rpc error: code = DeadlineExceeded desc = context deadline exceeded' })
    })
    ask(
      mine((answer: DiskAnswer) => {
        if (answered) return
        process.cancel(handle)
        done(answer)
      }),
    )
  }

  /** ControllerPublish. */
  const publish = (attachment: KubernetesObject, volume: KubernetesObject): void => {
    const { name } = attachment.metadata
    const node = attachment['spec'].nodeName as string
    const driver = driverOf(world.profile, attachment['spec'].attacher)
    if (driver === undefined) return
    adopt(volume)
    timed(
      name,
      driver.timeouts.attach,
      (done) => world.disks.attach(volume.metadata.name, node, done),
      (answer) => {
        if (!answer.ok) {
          const error = answer
          component.play(report(name, 'attachError', error), () => again(name))
          return
        }
        component.record('attached', `PersistentVolume//${volume.metadata.name}`, { node })
        component.play(
          call({
            verb: 'patch',
            kind: 'VolumeAttachment',
            name,
            type: 'merge',
            patch: { status: { attached: true, attachError: null } },
            subresource: 'status',
          }),
          (written) => {
            working.delete(name)
            if (!written.ok) return again(name)
            retries.forget(name)
            if (deleted.delete(name)) look(name)
          },
        )
      },
    )
  }

  /** ControllerUnpublish. */
  const unpublish = (attachment: KubernetesObject, finalizer: string): void => {
    const { name } = attachment.metadata
    const node = attachment['spec'].nodeName as string
    const volumeName = attachment['spec'].source?.persistentVolumeName as string
    const driver = driverOf(world.profile, attachment['spec'].attacher)
    if (driver === undefined) return
    const forced = isForced(volumeName, node)
    timed(
      name,
      driver.timeouts.attach,
      (done) => world.disks.detach(volumeName, node, done),
      (answer) => {
        if (!answer.ok) {
          component.play(report(name, 'detachError', answer), () => again(name))
          return
        }
        component.record('detached', `PersistentVolume//${volumeName}`, { node, forced })
        component.play(dropFinalizer('VolumeAttachment', name, finalizer), (ok) => {
          working.delete(name)
          if (ok) retries.forget(name)
          else again(name)
        })
      },
    )
  }

  /** Whether the detach was not the normal one: the node is gone, or still says that it uses the volume. */
  const isForced = (volumeName: string, node: string): boolean => {
    const object = see.of('Node').get(undefined, node)
    if (object === undefined) return true
    const handle = world.disks.volume(volumeName)?.handle
    const inUse = (object['status']?.volumesInUse ?? []) as readonly string[]
    return handle !== undefined && inUse.some((device) => device.endsWith(`^${handle}`))
  }

  /** The back-end learns of a volume that a user wrote. */
  const adopt = (volume: KubernetesObject): void => {
    const csi = volume['spec']?.csi
    const driver = driverOf(world.profile, csi?.driver ?? '')
    if (driver === undefined) return
    const claim = volume['spec']?.claimRef
    world.disks.adopt(volume.metadata.name, csi.volumeHandle, driver, [
      ...(claim === undefined ? [] : [`PersistentVolumeClaim/${claim.namespace}/${claim.name}`]),
      `StorageClass//${volume['spec']?.storageClassName ?? ''}`,
      `PersistentVolume//${volume.metadata.name}`,
    ])
  }

  /** Finalizers on volume and attachment, before the first call. Returns the volume; undefined if something failed. */
  function* prepare(attachment: KubernetesObject, finalizer: string): Story<KubernetesObject | undefined> {
    const { name } = attachment.metadata
    const volumeName = attachment['spec']?.source?.persistentVolumeName as string
    const found = yield* call({ verb: 'get', kind: 'PersistentVolume', name: volumeName })
    if (!found.ok || found.object.metadata.deletionTimestamp !== undefined) return undefined
    const finalizers = found.object.metadata.finalizers ?? []
    let volume = found.object
    if (!finalizers.includes(finalizer)) {
      const { resourceVersion } = volume.metadata
      const answer = yield* call({
        verb: 'patch',
        kind: 'PersistentVolume',
        name: volumeName,
        type: 'merge',
        patch: { metadata: { resourceVersion, finalizers: [...finalizers, finalizer] } },
      })
      if (!answer.ok) return undefined
      volume = answer.object
    }
    if (!attachment.metadata.finalizers?.includes(finalizer)) {
      const answer = yield* call({
        verb: 'patch',
        kind: 'VolumeAttachment',
        name,
        type: 'merge',
        patch: {
          metadata: {
            annotations: { [nodeIdAnnotation]: attachment['spec'].nodeName },
            finalizers: [...(attachment.metadata.finalizers ?? []), finalizer],
          },
        },
      })
      if (!answer.ok) return undefined
    }
    return volume
  }

  /** The volume's own finalizer goes when it is being deleted and nothing attaches it. */
  const freeVolume = (name: string): void => {
    const volume = see.of('PersistentVolume').get(undefined, name)
    if (volume === undefined || volume.metadata.deletionTimestamp === undefined) return
    const driver = driverOf(world.profile, volume['spec']?.csi?.driver ?? '')
    if (driver === undefined) return
    const finalizer = attacherFinalizer(driver.name)
    if (!volume.metadata.finalizers?.includes(finalizer)) return
    const uses = [...see.of('VolumeAttachment').values()].some((each) => each['spec']?.source?.persistentVolumeName === name)
    if (!uses) component.play(dropFinalizer('PersistentVolume', name, finalizer))
  }

  function* report(name: string, field: 'attachError' | 'detachError', answer: Extract<DiskAnswer, { ok: false }>): Story<void> {
    const error = { message: answer.error, time: component.time(), ...(answer.code === undefined ? {} : { errorCode: answer.code }) }
    yield* call({
      verb: 'patch',
      kind: 'VolumeAttachment',
      name,
      type: 'merge',
      patch: { status: { [field]: error } },
      subresource: 'status',
    })
  }

  return {
    name: component.name,
    kinds: ['VolumeAttachment', 'PersistentVolume', 'Node'],
    workers: 10,
    start() {
      for (const attachment of see.of('VolumeAttachment').values()) look(attachment.metadata.name)
    },
    changed(change: Change) {
      const { object, type } = change
      if (object.kind === 'VolumeAttachment') {
        if (type === 'DELETED') freeVolume(object['spec']?.source?.persistentVolumeName ?? '')
        else seen(object, object.metadata.deletionTimestamp !== undefined && change.old?.metadata.deletionTimestamp === undefined)
      } else if (object.kind === 'PersistentVolume' && type !== 'DELETED') freeVolume(object.metadata.name)
    },
  }
}
