/**
 * How many volumes of a driver a node takes. Source: scheduler.md 7.10; nodevolumelimits/csi.go.
 *
 * Differs from Kubernetes: in-tree volumes that are migrated to CSI are not counted (no such disks run here).
 */
import type { KubernetesObject } from '../../objects/metadata.ts'
import { atLeast } from '../../objects/release.ts'
import { classOf } from '../../objects/volume.ts'
import type { NodeBatch } from '../batch.ts'
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
  /** Limits by driver; drivers that report none are not there. */
  readonly limits: ReadonlyMap<string, number>
  /** Volumes of the node's pods. */
  readonly volumes: ReadonlyMap<string, string>
  /** By driver: those, and what is attached without a pod that uses it. */
  readonly counts: ReadonlyMap<string, number>
}

type State = {
  readonly wanted: ReadonlyMap<string, string>
  readonly drivers: readonly string[]
  /** Of these, those without which a node is refused. */
  readonly required: readonly string[]
}

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

/** What is known of all nodes, by their index. */
class Memory {
  private readonly nodes: (OnNode | undefined)[] = []
  /** As of which change of its volumes each node is known. */
  private versions = new Uint32Array(0)
  private storageVersion = -1
  /** By driver: how many more volumes each node takes. */
  private readonly rooms = new Map<string, Float64Array>()

  /** How many more volumes of a driver the nodes take, up to date for those that `on` was asked for. */
  roomFor(driver: string, { snapshot, known }: Cycle): Float64Array {
    const nodes = snapshot.volumeVersions.length
    let room = this.rooms.get(driver)
    if (room === undefined || room.length < nodes || this.storageVersion !== known.storageVersion) {
      room = new Float64Array(nodes)
      this.rooms.set(driver, room)
      this.versions = new Uint32Array(nodes)
      this.storageVersion = known.storageVersion
    }
    return room
  }

  isKnown(index: number, { snapshot, known }: Cycle): boolean {
    return this.storageVersion === known.storageVersion && this.versions[index] === snapshot.volumeVersions[index]
  }

  on(node: NodeInfo, cycle: Cycle): OnNode {
    const { snapshot, known } = cycle
    const { index } = node
    const before = this.nodes[index]
    if (before !== undefined && this.isKnown(index, cycle)) return before
    const volumes = new Map<string, string>()
    for (const pod of node.pods.values()) if (pod.claims.length > 0) volumesOf(pod, known, volumes)
    const limits = limitsOf(known.get('CSINode', node.name))
    const counts = countsOn(node, known, volumes)
    const now = { limits, volumes, counts }
    this.nodes[index] = now
    if (index < this.versions.length) this.versions[index] = snapshot.volumeVersions[index] as number
    for (const [driver, room] of this.rooms) {
      const limit = limits.get(driver)
      if (index < room.length) room[index] = limit === undefined ? Number.POSITIVE_INFINITY : limit - (counts.get(driver) ?? 0)
    }
    return now
  }
}

export const nodeVolumeLimits = (): Plugin<State, never> => {
  const memory = new Memory()

  const missing = (known: Known, node: NodeInfo, required: readonly string[]): string | undefined => {
    const there = driversOf(known.get('CSINode', node.name))
    return required.find((driver) => !there.some(({ name }) => name === driver))
  }

  const filter = (cycle: Cycle, node: NodeInfo, { wanted, drivers, required }: State): Refusal | undefined => {
    if (required.length > 0) {
      const driver = missing(cycle.known, node, required)
      if (driver !== undefined) return unschedulable(`${driver} CSI driver is not installed on the node`)
    }
    const { limits, counts, volumes } = memory.on(node, cycle)
    for (const driver of drivers) {
      const limit = limits.get(driver)
      if (limit === undefined) continue
      let more = 0
      for (const [id, of] of wanted) if (of === driver && !volumes.has(id)) more++
      if (more > 0 && (counts.get(driver) ?? 0) + more > limit) return refusal
    }
    return undefined
  }

  const filterMany = (cycle: Cycle, batch: NodeBatch, state: State): void => {
    const { drivers, required, wanted } = state
    const rooms = drivers.map((driver) => memory.roomFor(driver, cycle))
    for (let i = 0; i < batch.size; i++) {
      const node = batch.nodes[i] as NodeInfo
      const index = batch.indexes[i] as number
      if (!memory.isKnown(index, cycle)) memory.on(node, cycle)
      // Room for all of them, new or not: the usual answer.
      if (required.length === 0 && rooms.every((room) => wanted.size <= (room[index] as number))) continue
      const refused = filter(cycle, node, state)
      if (refused !== undefined) batch.refuse(i, refused)
    }
  }

  return {
    name: 'NodeVolumeLimits',
    preFilter: ({ pod, known, gates }) => {
      if (pod.claims.length === 0) return skip
      const wanted = volumesOf(pod, known, new Map())
      const drivers = [...new Set(wanted.values())]
      // Until 1.35 every driver was; since then those that say so (PR 137343).
      const isRequired = (driver: string): boolean =>
        !atLeast(gates.release, 36) || known.get('CSIDriver', driver)?.['spec']?.preventPodSchedulingIfMissing === true
      return go({ wanted, drivers, required: gates.on('VolumeLimitScaling') ? drivers.filter(isRequired) : [] })
    },
    filter,
    filterMany,
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
