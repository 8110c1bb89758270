/**
 * How many volumes of a driver a node takes. Source: scheduler.md 7.10; nodevolumelimits/csi.go.
 *
 * Differs from Kubernetes: in-tree volumes that are migrated to CSI are not counted (no such disks run here).
 */
import type { KubernetesObject } from '../../objects/metadata.ts'
import { classOf } from '../../objects/volume.ts'
import type { Known } from '../known.ts'
import type { Cycle, Plugin, Refusal } from '../plugin.ts'
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

/** What is known of one node, as long as nothing of it changes. */
type OnNode = {
  readonly node: NodeInfo
  readonly csiNode: KubernetesObject | undefined
  /** Limits by driver; drivers that report none are not there. */
  readonly limits: ReadonlyMap<string, number>
  readonly volumeVersion: number
  readonly storageVersion: number
  readonly attachmentVersion: number
  /** Volumes of the node's pods. */
  readonly volumes: ReadonlyMap<string, string>
  /** By driver: those, and what is attached without a pod that uses it. */
  readonly counts: ReadonlyMap<string, number>
}

type State = { readonly wanted: ReadonlyMap<string, string>; readonly drivers: ReadonlySet<string>; readonly scales: boolean }

const countsOn = (node: NodeInfo, known: Known, volumes: ReadonlyMap<string, string>): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  for (const driver of volumes.values()) counts.set(driver, (counts.get(driver) ?? 0) + 1)
  for (const attachment of known.attachmentsTo(node.name)) {
    const volume = known.volume((attachment['spec']?.source?.persistentVolumeName as string | undefined) ?? '')
    const csi = volume?.['spec']?.csi as { driver?: string; volumeHandle?: string } | undefined
    // What no pod of the node uses counts as used, even if it is the incoming pod's own: a quirk of Kubernetes.
    if (csi?.driver === undefined || volumes.has(`${csi.driver}/${csi.volumeHandle ?? ''}`)) continue
    counts.set(csi.driver, (counts.get(csi.driver) ?? 0) + 1)
  }
  return counts
}

const limitsOf = (csiNode: KubernetesObject | undefined): ReadonlyMap<string, number> => {
  const limits = new Map<string, number>()
  for (const { name, allocatable } of driversOf(csiNode)) if (allocatable?.count !== undefined) limits.set(name, allocatable.count)
  return limits
}

export const nodeVolumeLimits = (): Plugin<State, never> => {
  const memory: (OnNode | undefined)[] = []

  const onNode = (node: NodeInfo, known: Known): OnNode => {
    const before = memory[node.index]
    const csiNode = known.get('CSINode', node.name)
    const attachmentVersion = known.attachmentVersion(node.name)
    const { volumeVersion } = node
    const { storageVersion } = known
    if (
      before?.node === node &&
      before.csiNode === csiNode &&
      before.volumeVersion === volumeVersion &&
      before.storageVersion === storageVersion &&
      before.attachmentVersion === attachmentVersion
    ) {
      return before
    }
    const volumes = new Map<string, string>()
    for (const pod of node.pods.values()) if (pod.claims.length > 0) volumesOf(pod, known, volumes)
    const counts = countsOn(node, known, volumes)
    const now = { node, csiNode, limits: limitsOf(csiNode), volumeVersion, storageVersion, attachmentVersion, volumes, counts }
    memory[node.index] = now
    return now
  }

  const missing = (known: Known, node: NodeInfo, needed: ReadonlySet<string>): string | undefined => {
    for (const driver of needed) {
      if (known.get('CSIDriver', driver)?.['spec']?.preventPodSchedulingIfMissing !== true) continue
      if (!driversOf(known.get('CSINode', node.name)).some(({ name }) => name === driver)) return driver
    }
    return undefined
  }

  const filter = ({ known }: Cycle, node: NodeInfo, { wanted, drivers, scales }: State): Refusal | undefined => {
    if (scales) {
      const driver = missing(known, node, drivers)
      if (driver !== undefined) return unschedulable(`${driver} CSI driver is not installed on the node`)
    }
    const { limits, counts, volumes } = onNode(node, known)
    if (limits.size === 0) return undefined
    for (const driver of drivers) {
      const limit = limits.get(driver)
      if (limit === undefined) continue
      const used = counts.get(driver) ?? 0
      // Room for all of them, new or not: the usual answer.
      if (used + wanted.size <= limit) continue
      let more = 0
      for (const [id, of] of wanted) if (of === driver && !volumes.has(id)) more++
      if (more > 0 && used + more > limit) return refusal
    }
    return undefined
  }

  return {
    name: 'NodeVolumeLimits',
    preFilter: ({ pod, known, gates }) => {
      if (pod.claims.length === 0) return skip
      const wanted = volumesOf(pod, known, new Map())
      return go({ wanted, drivers: new Set(wanted.values()), scales: gates.on('VolumeLimitScaling') })
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
