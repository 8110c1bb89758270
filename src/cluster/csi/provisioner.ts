/**
 * external-provisioner: makes the volumes that claims ask for, and deletes those whose claim is gone. One component for all drivers.
 * Source: node-and-storage.md C2, C9 (kubernetes-csi/external-provisioner v6, sig-storage-lib v13).
 *
 * Differs from Kubernetes: the slow list of infeasible errors and the "reschedule" answer are not modelled.
 */
import { minutes, seconds } from '../../engine/clock.ts'
import type { DiskAnswer } from '../../world/disk.ts'
import { type DriverData, driverOf } from '../../world/profiles.ts'
import type { World } from '../../world/world.ts'
import type { Change, Component, Controller } from '../client/controller.ts'
import { announce, call, type Story } from '../client/story.ts'
import type { KubernetesObject } from '../objects/metadata.ts'
import { namespacedName, objectKey } from '../objects/metadata.ts'
import { bytesOf } from '../objects/quantity.ts'
import { hostLabel, provisionerFinalizer, Retries, zoneLabel } from './drivers.ts'

const annotations = {
  provisioner: 'volume.kubernetes.io/storage-provisioner',
  betaProvisioner: 'volume.beta.kubernetes.io/storage-provisioner',
  selectedNode: 'volume.kubernetes.io/selected-node',
} as const

/** The provisioner sidecars of a cluster. */
export function provisioner(component: Component, world: World): Controller {
  const { process, see } = component
  const { incarnation } = process
  const working = new Set<string>()
  /** Claims whose volume was saved and volumes that were deleted, until the caches have seen it. */
  const finished = new Set<string>()
  const retries = new Retries(seconds(1), minutes(5))
  const mine =
    <T>(act: (value: T) => void) =>
    (value: T): void => {
      if (process.alive && process.incarnation === incarnation) act(value)
    }
  const silent = (keys: readonly string[]): boolean => world.disks.troubles.find('provisioner-outage', ...keys) !== undefined

  const classOf = (object: KubernetesObject): KubernetesObject | undefined =>
    see.of('StorageClass').get(undefined, (object['spec']?.storageClassName as string | undefined) ?? '')

  /** Whether a claim is this component's to provision, and for which driver. */
  const wanted = (claim: KubernetesObject): DriverData | undefined => {
    const told = claim.metadata.annotations ?? {}
    const name = told[annotations.provisioner] ?? told[annotations.betaProvisioner]
    if (name === undefined || claim['spec']?.volumeName || claim.metadata.deletionTimestamp !== undefined) return undefined
    const driver = driverOf(world.profile, name)
    const storageClass = classOf(claim)
    if (driver === undefined || storageClass === undefined || storageClass['provisioner'] !== name) return undefined
    if (storageClass['volumeBindingMode'] === 'WaitForFirstConsumer' && told[annotations.selectedNode] === undefined) return undefined
    return driver
  }

  const provision = (key: string): void => {
    const [namespace, name] = key.split('/') as [string, string]
    const claim = see.of('PersistentVolumeClaim').get(namespace, name)
    if (claim === undefined || working.has(key) || finished.has(claim.metadata.uid as string)) return
    const driver = wanted(claim)
    if (driver === undefined) return retries.forget(key)
    const about = [objectKey(claim), `StorageClass//${claim['spec']?.storageClassName}`]
    if (silent(about)) return
    const volume = `pvc-${claim.metadata.uid}`
    if (see.of('PersistentVolume').get(undefined, volume) !== undefined) return
    working.add(key)
    component.play(
      announce(claim, 'Normal', 'Provisioning', `External provisioner is provisioning volume for claim "${namespacedName(claim)}"`),
    )
    const again = (error: string): void => {
      working.delete(key)
      component.play(
        announce(
          claim,
          'Warning',
          'ProvisioningFailed',
          `failed to provision volume with StorageClass "${claim['spec']?.storageClassName}": ${error}`,
        ),
      )
      process.after(retries.next(key), `provision ${key} again`, () => provision(key))
    }
    // The sidecar waits no longer than its call time-out; the back-end goes on, and the next call finds what it has made.
    let answered = false
    const limit = process.after(driver.timeouts.provision, `provision ${key} times out`, () => {
      answered = true
      again('rpc error: code = DeadlineExceeded desc = context deadline exceeded')
    })
    world.disks.provision(
      volume,
      driver,
      bytesOf(claim['spec']?.resources?.requests?.storage ?? '0'),
      about,
      mine((answer: DiskAnswer) => {
        if (answered) return
        process.cancel(limit)
        if (!answer.ok) return again(answer.error)
        component.play(save(claim, driver, answer), (ok) => {
          working.delete(key)
          if (ok) {
            retries.forget(key)
            finished.add(claim.metadata.uid as string)
          } else process.after(retries.next(key), `save ${volume} again`, () => provision(key))
        })
      }),
    )
  }

  /** The volume becomes an object. */
  function* save(claim: KubernetesObject, driver: DriverData, answer: Extract<DiskAnswer, { ok: true }>): Story<boolean> {
    const object = volumeObject(
      claim,
      classOf(claim),
      driver,
      answer.volume.handle,
      world,
      see.of('Node').get(undefined, claim.metadata.annotations?.[annotations.selectedNode] ?? ''),
    )
    const saved = yield* call({ verb: 'create', object })
    if (!saved.ok && saved.status.reason !== 'AlreadyExists') return false
    if (saved.ok) component.record('provisioned', `PersistentVolume//${object.metadata.name}`, { claim: namespacedName(claim) })
    yield* announce(claim, 'Normal', 'ProvisioningSucceeded', `Successfully provisioned volume ${object.metadata.name}`)
    return true
  }

  /** A released volume of policy Delete goes, once nothing is attached. */
  const remove = (name: string): void => {
    const volume = see.of('PersistentVolume').get(undefined, name)
    if (volume === undefined || working.has(name) || finished.has(name)) return
    const driver = driverOf(world.profile, volume.metadata.annotations?.['pv.kubernetes.io/provisioned-by'] ?? '')
    if (driver === undefined) return
    if (volume.metadata.deletionTimestamp !== undefined && !volume.metadata.finalizers?.includes(provisionerFinalizer)) return
    if (volume['status']?.phase !== 'Released' || volume['spec']?.persistentVolumeReclaimPolicy !== 'Delete') return
    if (silent([objectKey(volume), `StorageClass//${volume['spec']?.storageClassName}`])) return
    const attachment = [...see.of('VolumeAttachment').values()].find((each) => each['spec']?.source?.persistentVolumeName === name)
    if (attachment !== undefined) {
      const message = `persistentvolume ${name} is still attached to node ${attachment['spec'].nodeName}`
      component.play(announce(volume, 'Warning', 'VolumeFailedDelete', message))
      process.after(retries.next(name), `delete ${name} again`, () => remove(name))
      return
    }
    working.add(name)
    world.disks.remove(
      name,
      mine((answer: { readonly ok: boolean; readonly error?: string }) => {
        if (!answer.ok) {
          working.delete(name)
          component.play(announce(volume, 'Warning', 'VolumeFailedDelete', answer.error ?? ''))
          process.after(retries.next(name), `delete ${name} again`, () => remove(name))
          return
        }
        component.play(forget(volume), (ok) => {
          working.delete(name)
          if (ok) {
            finished.add(name)
            retries.forget(name)
          } else process.after(retries.next(name), `delete ${name} again`, () => remove(name))
        })
      }),
    )
  }

  function* forget(volume: KubernetesObject): Story<boolean> {
    const { name } = volume.metadata
    const answer = yield* call({ verb: 'delete', kind: 'PersistentVolume', name })
    if (!answer.ok) return answer.status.reason === 'NotFound'
    component.record('volume-deleted', `PersistentVolume//${name}`, {})
    return yield* dropFinalizer('PersistentVolume', name, provisionerFinalizer)
  }

  const lookAtAll = (): void => {
    for (const claim of see.of('PersistentVolumeClaim').values()) provision(namespacedName(claim))
    for (const volume of see.of('PersistentVolume').values()) remove(volume.metadata.name)
  }

  return {
    name: component.name,
    kinds: ['PersistentVolumeClaim', 'PersistentVolume', 'StorageClass', 'VolumeAttachment', 'Node'],
    workers: 100,
    start() {
      world.disks.troubles.listen((_name, trouble, began) => {
        if (trouble.kind === 'provisioner-outage' && !began) mine(lookAtAll)(undefined)
      })
      lookAtAll()
    },
    changed(change: Change) {
      const { object, type } = change
      if (type === 'DELETED') finished.delete(object.kind === 'PersistentVolume' ? object.metadata.name : (object.metadata.uid ?? ''))
      if (object.kind === 'PersistentVolumeClaim' && type !== 'DELETED') provision(namespacedName(object))
      else if (object.kind === 'PersistentVolume' && type !== 'DELETED') remove(object.metadata.name)
      else if (object.kind === 'VolumeAttachment' && type === 'DELETED')
        remove((object['spec']?.source?.persistentVolumeName as string | undefined) ?? '')
      else if (object.kind === 'StorageClass' && type === 'ADDED')
        for (const claim of see.of('PersistentVolumeClaim').values()) provision(namespacedName(claim))
    },
  }
}

/** The PersistentVolume of a new volume, as external-provisioner writes it. */
function volumeObject(
  claim: KubernetesObject,
  storageClass: KubernetesObject | undefined,
  driver: DriverData,
  handle: string,
  world: World,
  node: KubernetesObject | undefined,
): KubernetesObject {
  const { uid, name, namespace } = claim.metadata
  const affinity = affinityOf(driver, storageClass, world, node)
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: {
      name: `pvc-${uid}`,
      annotations: {
        'pv.kubernetes.io/provisioned-by': driver.name,
        ...(driver.csi
          ? {
              'volume.kubernetes.io/provisioner-deletion-secret-name': '',
              'volume.kubernetes.io/provisioner-deletion-secret-namespace': '',
            }
          : {}),
      },
      ...(driver.csi ? { finalizers: [provisionerFinalizer] } : {}),
    },
    spec: {
      capacity: { storage: claim['spec']?.resources?.requests?.storage },
      ...(driver.csi
        ? { csi: { driver: driver.name, volumeHandle: handle } }
        : { hostPath: { path: `/var/local-path-provisioner/pvc-${uid}_${namespace}_${name}`, type: 'DirectoryOrCreate' } }),
      accessModes: claim['spec']?.accessModes,
      claimRef: {
        kind: 'PersistentVolumeClaim',
        namespace,
        name,
        uid,
        apiVersion: 'v1',
        ...(claim.metadata.resourceVersion === undefined ? {} : { resourceVersion: claim.metadata.resourceVersion }),
      },
      persistentVolumeReclaimPolicy: storageClass?.['reclaimPolicy'] ?? 'Delete',
      storageClassName: claim['spec']?.storageClassName,
      ...(storageClass?.['mountOptions'] === undefined ? {} : { mountOptions: storageClass['mountOptions'] }),
      volumeMode: claim['spec']?.volumeMode ?? 'Filesystem',
      ...(affinity === undefined ? {} : { nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [affinity] }] } } }),
    },
  }
}

/** What a new volume holds to: the selected node, its zone, or nothing; without a selected node the first zone that the class allows. */
function affinityOf(
  driver: DriverData,
  storageClass: KubernetesObject | undefined,
  world: World,
  node: KubernetesObject | undefined,
): { readonly key: string; readonly operator: 'In'; readonly values: readonly string[] } | undefined {
  if (driver.holds === 'nothing') return undefined
  if (driver.holds === 'node')
    return node === undefined
      ? undefined
      : { key: hostLabel, operator: 'In', values: [node.metadata.labels?.[hostLabel] ?? node.metadata.name] }
  const allowed = (
    (storageClass?.['allowedTopologies'] ?? []) as readonly {
      readonly matchLabelExpressions?: readonly { key: string; values: readonly string[] }[]
    }[]
  ).flatMap((term) => (term.matchLabelExpressions ?? []).filter(({ key }) => key === zoneLabel).flatMap(({ values }) => values))
  const zones = [...new Set([...world.machines.values()].flatMap(({ zone }) => (zone === undefined ? [] : [zone])))].sort()
  const zone = node?.metadata.labels?.[zoneLabel] ?? allowed[0] ?? zones[0]
  return zone === undefined ? undefined : { key: zoneLabel, operator: 'In', values: [zone] }
}

/** Takes a finalizer off an object that has it; retried while others write in between. */
export function* dropFinalizer(kind: string, name: string, finalizer: string): Story<boolean> {
  for (let tries = 0; tries < 5; tries++) {
    const current = yield* call({ verb: 'get', kind, name })
    if (!current.ok) return current.status.reason === 'NotFound'
    const finalizers = current.object.metadata.finalizers ?? []
    if (!finalizers.includes(finalizer)) return true
    const left = finalizers.filter((each) => each !== finalizer)
    const { resourceVersion } = current.object.metadata
    const answer = yield* call({
      verb: 'patch',
      kind,
      name,
      type: 'merge',
      patch: { metadata: { resourceVersion, finalizers: left.length === 0 ? null : left } },
    })
    if (answer.ok || answer.status.reason === 'NotFound') return true
    if (answer.status.reason !== 'Conflict') return false
  }
  return false
}
