/**
 * How many volumes of a driver a node takes. Source: scheduler.md 7.10; nodevolumelimits/csi.go.
 *
 * Differs from Kubernetes: in-tree volumes that are migrated to CSI are not counted (no such disks run here).
 */
import type { KubernetesObject } from '../../objects/metadata.ts'
import { classOf } from '../../objects/volume.ts'
import type { Known } from '../known.ts'
import type { Cycle, Plugin } from '../plugin.ts'
import { always, go, skip, unschedulable } from '../plugin.ts'
import type { PodInfo } from '../pod-info.ts'
import type { NodeInfo } from '../snapshot.ts'

const refusal = unschedulable('node(s) exceed max volume count')

type Drivers = readonly { readonly name: string; readonly allocatable?: { readonly count?: number } }[]
const driversOf = (csiNode: KubernetesObject | undefined): Drivers => (csiNode?.['spec']?.drivers ?? []) as Drivers

/** The volumes that a pod uses: unique text → driver. A claim without a volume counts under its class's provisioner. */
const volumesOf = (pod: PodInfo, known: Known, into: Map<string, string>): Map<string, string> => {
  for (const { name } of pod.claims) {
    const claim = known.claim(pod.namespace, name)
    if (claim === undefined) continue
    const volumeName = claim['spec']?.volumeName as string | undefined
    const volume = volumeName ? known.volume(volumeName) : undefined
    if (volume === undefined) {
      const provisioner = known.get('StorageClass', classOf(claim))?.['provisioner'] as string | undefined
      if (provisioner) into.set(`${provisioner}/pending/${pod.namespace}/${name}`, provisioner)
      continue
    }
    const csi = volume['spec']?.csi as { driver?: string; volumeHandle?: string } | undefined
    if (csi?.driver) into.set(`${csi.driver}/${csi.volumeHandle ?? ''}`, csi.driver)
  }
  return into
}

type Used = {
  readonly node: NodeInfo
  readonly version: number
  readonly storageVersion: number
  readonly volumes: ReadonlyMap<string, string>
  /** How many of each driver. */
  readonly counts: ReadonlyMap<string, number>
}
type State = { readonly wanted: ReadonlyMap<string, string>; readonly drivers: ReadonlySet<string> }

export const nodeVolumeLimits = (): Plugin<State, never> => {
  // Worked out anew only when pods or claims of the node, or volumes and classes, changed.
  const memory: (Used | undefined)[] = []

  const usedOn = (node: NodeInfo, known: Known): Used => {
    const before = memory[node.index]
    if (
      before !== undefined &&
      before.node === node &&
      before.version === node.volumeVersion &&
      before.storageVersion === known.storageVersion
    )
      return before
    const volumes = new Map<string, string>()
    for (const pod of node.pods.values()) if (pod.claims.length > 0) volumesOf(pod, known, volumes)
    const counts = new Map<string, number>()
    for (const driver of volumes.values()) counts.set(driver, (counts.get(driver) ?? 0) + 1)
    const now = { node, version: node.volumeVersion, storageVersion: known.storageVersion, volumes, counts }
    memory[node.index] = now
    return now
  }

  const filter = ({ known, gates }: Cycle, node: NodeInfo, { wanted, drivers: needed }: State) => {
    const drivers = driversOf(known.get('CSINode', node.name))
    if (gates.on('VolumeLimitScaling')) {
      for (const driver of needed) {
        if (known.get('CSIDriver', driver)?.['spec']?.preventPodSchedulingIfMissing !== true) continue
        if (!drivers.some(({ name }) => name === driver)) return unschedulable(`${driver} CSI driver is not installed on the node`)
      }
    }
    const limited = drivers.filter(({ name, allocatable }) => allocatable?.count !== undefined && needed.has(name))
    if (limited.length === 0) return undefined
    const used = usedOn(node, known)
    for (const { name, allocatable } of limited) {
      let count = used.counts.get(name) ?? 0
      for (const attachment of known.attachmentsTo(node.name)) {
        const volume = known.volume((attachment['spec']?.source?.persistentVolumeName as string | undefined) ?? '')
        const csi = volume?.['spec']?.csi as { driver?: string; volumeHandle?: string } | undefined
        // What no pod of the node uses counts as used, even if it is the incoming pod's own: a quirk of Kubernetes.
        if (csi?.driver === name && !used.volumes.has(`${name}/${csi.volumeHandle ?? ''}`)) count++
      }
      let more = 0
      for (const [id, driver] of wanted) if (driver === name && !used.volumes.has(id)) more++
      if (more > 0 && count + more > (allocatable?.count ?? 0)) return refusal
    }
    return undefined
  }

  return {
    name: 'NodeVolumeLimits',
    preFilter: ({ pod, known }) => {
      if (pod.claims.length === 0) return skip
      const wanted = volumesOf(pod, known, new Map())
      return go({ wanted, drivers: new Set(wanted.values()) })
    },
    filter,
    retryOn: {
      'CSINode/Add': always,
      'CSINode/Update': (_pod, { object, old }) =>
        driversOf(object).some(({ name, allocatable }) => {
          const is = allocatable?.count
          const was = driversOf(old).find((driver) => driver.name === name)?.allocatable?.count
          return is !== undefined && is > (was ?? 0)
        }),
      'Pod/Delete': (_pod, event) =>
        event.pod !== undefined && (event.pod.nodeName !== '' || event.pod.nominatedNode !== '') && event.pod.claims.length > 0,
      'PersistentVolumeClaim/Add': (pod, { object }) =>
        object.metadata.namespace === pod.namespace && pod.claims.some(({ name }) => name === object.metadata.name),
      'VolumeAttachment/Delete': (pod) => pod.claims.length > 0,
    },
  }
}
