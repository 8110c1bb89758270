/**
 * external-resizer: makes volumes larger when bound claims ask for more; the file system follows on the node (kubelet/volumes.ts).
 * Source: node-and-storage.md C11 (kubernetes-csi/external-resizer).
 *
 * Differs from Kubernetes: ControllerExpand takes no time and does not fail; recovery to a smaller size is not modelled.
 */
import type { World } from '../../world/world.ts'
import type { Change, Component, Controller } from '../client/controller.ts'
import { announce, call, type Story } from '../client/story.ts'
import type { Condition, KubernetesObject } from '../objects/metadata.ts'
import { namespacedName } from '../objects/metadata.ts'
import { bytesOf, compareQuantities } from '../objects/quantity.ts'

/** The resizer sidecars of a cluster. */
export function resizer(component: Component, world: World): Controller {
  const { see } = component
  const working = new Set<string>()

  const expand = (claim: KubernetesObject): void => {
    const key = namespacedName(claim)
    const wanted = claim['spec']?.resources?.requests?.storage as string | undefined
    const capacity = claim['status']?.capacity?.storage as string | undefined
    if (wanted === undefined || capacity === undefined || claim['status']?.phase !== 'Bound' || working.has(key)) return
    const volume = see.of('PersistentVolume').get(undefined, (claim['spec']?.volumeName as string | undefined) ?? '')
    const disk = volume === undefined ? undefined : world.disks.volume(volume.metadata.name)
    if (volume?.['spec']?.csi === undefined || disk === undefined || !disk.driver.csi) return
    // The back-end is asked, not the cache, which may not have seen this component's own last write.
    if (compareQuantities(wanted, volume['spec'].capacity?.storage ?? '0') <= 0 || disk.bytes >= bytesOf(wanted)) return
    working.add(key)
    component.play(grow(claim, volume, wanted), () => working.delete(key))
  }

  function* grow(claim: KubernetesObject, volume: KubernetesObject, wanted: string): Story<void> {
    const { namespace, name } = claim.metadata
    const { name: volumeName } = volume.metadata
    const patchClaim = (status: unknown) =>
      call({
        verb: 'patch',
        kind: 'PersistentVolumeClaim',
        namespace,
        name,
        type: 'merge',
        patch: { status },
        subresource: 'status',
      })
    yield* patchClaim({
      allocatedResources: { storage: wanted },
      allocatedResourceStatuses: { storage: 'ControllerResizeInProgress' },
      conditions: [condition('Resizing', component.time())],
    })
    yield* announce(claim, 'Normal', 'Resizing', `External resizer is resizing volume ${volumeName}`)
    world.disks.expand(volumeName, bytesOf(wanted))
    yield* call({
      verb: 'patch',
      kind: 'PersistentVolume',
      name: volumeName,
      type: 'merge',
      patch: { spec: { capacity: { storage: wanted } } },
    })
    yield* patchClaim({
      allocatedResourceStatuses: { storage: 'NodeResizePending' },
      conditions: [
        {
          ...condition('FileSystemResizePending', component.time()),
          message: 'Waiting for user to (re-)start a pod to finish file system resize of volume on node.',
        },
      ],
    })
    yield* announce(claim, 'Normal', 'FileSystemResizeRequired', 'Require file system resize of volume on node')
  }

  return {
    name: component.name,
    kinds: ['PersistentVolumeClaim', 'PersistentVolume'],
    workers: 10,
    changed(change: Change) {
      if (change.object.kind === 'PersistentVolumeClaim' && change.type !== 'DELETED') expand(change.object)
    },
  }
}

const condition = (type: string, time: string): Condition => ({
  type,
  status: 'True',
  lastProbeTime: null,
  lastTransitionTime: time,
})
