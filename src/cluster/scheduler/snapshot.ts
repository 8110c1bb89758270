/**
 * The nodes and the pods on them as a scheduling cycle sees them: amounts in columns by node index, pods counted per topology
 * value (tallies.ts), everything kept as changes come, nothing rebuilt for a cycle.
 *
 * A cycle sees nothing newer than its beginning because it runs within one event.
 * Source: scheduler.md 4; pkg/scheduler/backend/cache (cache.go, node_tree.go, snapshot.go).
 */
import type { Amounts, HostPort } from '../objects/fit.ts'
import { allocatableOf, portsConflict } from '../objects/fit.ts'
import type { Node, NodeImage, Taint } from '../objects/node.ts'
import { isCordoned, taintsOf, zoneKeyOf } from '../objects/node.ts'
import type { PodInfo } from './pod-info.ts'
import { Tallies } from './tallies.ts'

const noTaints: readonly Taint[] = []
const noImages: readonly NodeImage[] = []

/** A node that can be asked about. Its amounts are in the columns of the snapshot, at `index`. */
export class NodeInfo {
  readonly name: string
  readonly index: number
  node: Node
  labels: Readonly<Record<string, string>> = {}
  cordoned = false
  /** Taints that keep pods away (NoSchedule, NoExecute), and those that only count in scores. */
  hardTaints: readonly Taint[] = noTaints
  softTaints: readonly Taint[] = noTaints
  zoneKey = ''
  /** Pods on the node, assumed ones too, by uid. */
  pods = new Map<string, PodInfo>()
  /**
   * Host ports in use, by address, protocol and port: a set, so of two pods that hold the same one the first that leaves frees it, as in
   * Kubernetes (scheduler.md 7.5).
   */
  ports = new Map<string, HostPort>()
  images: ReadonlySet<string> = new Set()
  /** How many of its pods have each priority. */
  readonly priorities = new Map<number, number>()

  constructor(index: number, node: Node) {
    this.index = index
    this.name = node.metadata.name
    this.node = node
  }
}

/** What is rare of nodes, so that a loop over many finds the few at once: bits of `Snapshot.marks`. */
export const marks = { cordoned: 1, hardTaints: 2, softTaints: 4 } as const
const markBits = [marks.cordoned, marks.hardTaints, marks.softTaints] as const

const portKey = (port: HostPort): string => `${port.ip}/${port.protocol}/${port.port}`

/** Amounts of one resource on all nodes. */
type Column = { room: Float64Array; used: Float64Array }

const grown = (old: Float64Array, capacity: number): Float64Array => {
  const more = new Float64Array(capacity)
  more.set(old)
  return more
}

/** No change is 0: so what knows nothing of a node yet has not seen its last change. */
const moreVersions = (old: Uint32Array, capacity: number): Uint32Array => {
  const more = new Uint32Array(capacity).fill(1)
  more.set(old)
  return more
}

const column = (capacity: number): Column => ({ room: new Float64Array(capacity), used: new Float64Array(capacity) })

/** The nodes of each zone in order of arrival; the list takes one of each zone in turn. Source: node_tree.go. */
class NodeTree {
  private readonly zones = new Map<string, NodeInfo[]>()

  add(node: NodeInfo, zone: string): void {
    const nodes = this.zones.get(zone)
    if (nodes === undefined) this.zones.set(zone, [node])
    else nodes.push(node)
  }

  remove(node: NodeInfo, zone: string): void {
    const nodes = this.zones.get(zone)
    const at = nodes?.indexOf(node) ?? -1
    if (nodes === undefined || at < 0) return
    nodes.splice(at, 1)
    if (nodes.length === 0) this.zones.delete(zone)
  }

  list(): NodeInfo[] {
    const out: NodeInfo[] = []
    const zones = [...this.zones.values()]
    for (let i = 0, taken = true; taken; i++) {
      taken = false
      for (const nodes of zones) {
        const node = nodes[i]
        if (node === undefined) continue
        out.push(node)
        taken = true
      }
    }
    return out
  }
}

/** Pods put on a node or taken off it for the sake of a question; `end` restores everything. One node at a time. */
export type Thought = { add(pod: PodInfo): void; remove(pod: PodInfo): void; end(): void }

export class Snapshot {
  private capacity = 16
  readonly cpu = column(16)
  readonly memory = column(16)
  readonly storage = column(16)
  readonly count = column(16)
  /** What scores count as used (see PodInfo.scoredRequests). */
  scoredCpu: Float64Array = new Float64Array(16)
  scoredMemory: Float64Array = new Float64Array(16)
  /** The lowest priority of a pod on each node; infinite where there is none. */
  lowestPriority: Float64Array = new Float64Array(16).fill(Number.POSITIVE_INFINITY)
  /** Marks of each node, and how many nodes have each mark (by its bit). */
  marks: Uint8Array = new Uint8Array(16)
  readonly marked = new Uint32Array(8)
  /** Counts up for a node whenever one of the columns above may be another, or its extended resources. */
  amountVersions: Uint32Array = new Uint32Array(16).fill(1)
  /** Counts up for a node whenever the volumes on it may be others: those that its pods use, and those that are attached. */
  volumeVersions: Uint32Array = new Uint32Array(16).fill(1)
  /** Extended resources and huge pages. */
  readonly others = new Map<string, Column>()
  readonly tallies = new Tallies<NodeInfo>(16)
  /** The size of each image as the first node that listed it says, and how many nodes list it. */
  readonly images = new Map<string, { readonly size: number; nodes: number }>()
  /** Claims that pods on nodes use (`namespace/name`), and on which nodes how often. */
  readonly claimUsers = new Map<string, Map<NodeInfo, number>>()
  private readonly byName = new Map<string, NodeInfo>()
  private readonly tree = new NodeTree()
  private order: readonly NodeInfo[] | undefined = []
  private readonly free: number[] = []
  private indexes = 0
  /** Pods whose node is not known (yet, or any more), by node name. */
  private readonly strays = new Map<string, Map<string, PodInfo>>()
  private readonly places = new Map<string, { readonly pod: PodInfo; readonly node: string }>()

  /** All nodes, one of each zone in turn. */
  nodes(): readonly NodeInfo[] {
    if (this.order === undefined) this.order = this.tree.list()
    return this.order
  }

  node(name: string): NodeInfo | undefined {
    return this.byName.get(name)
  }

  /** Where a pod is, known or assumed. */
  placeOf(uid: string): { readonly pod: PodInfo; readonly node: string } | undefined {
    return this.places.get(uid)
  }

  setNode(node: Node): void {
    let info = this.byName.get(node.metadata.name)
    if (info === undefined) {
      info = new NodeInfo(this.takeIndex(), node)
      this.byName.set(info.name, info)
      this.read(info, undefined)
      info.zoneKey = zoneKeyOf(node)
      this.tree.add(info, info.zoneKey)
      this.order = undefined
      this.tallies.placeNode(info.index, info)
      for (const pod of this.strays.get(info.name)?.values() ?? []) this.settle(info, pod)
      this.strays.delete(info.name)
      return
    }
    const old = info.node
    if (old === node) return
    info.node = node
    const moved = this.read(info, old)
    const zone = zoneKeyOf(node)
    if (zone !== info.zoneKey) {
      // Such a node is at the end of its new zone, from the next time that the list is made.
      this.nodes()
      this.tree.remove(info, info.zoneKey)
      info.zoneKey = zone
      this.tree.add(info, zone)
    }
    if (moved) this.tallies.placeNode(info.index, info)
  }

  removeNode(name: string): void {
    const info = this.byName.get(name)
    if (info === undefined) return
    const pods = [...info.pods.values()]
    for (const pod of pods) this.unsettle(info, pod)
    if (pods.length > 0) this.strays.set(name, new Map(pods.map((pod) => [pod.uid, pod])))
    this.tallies.placeNode(info.index, undefined)
    for (const image of info.images) this.dropImage(image)
    this.tree.remove(info, info.zoneKey)
    this.byName.delete(name)
    this.order = undefined
    this.clearColumns(info.index)
    this.free.push(info.index)
  }

  /** Puts a pod on a node, or replaces what was known of it. */
  setPod(pod: PodInfo, node: string): void {
    this.removePod(pod.uid)
    this.places.set(pod.uid, { pod, node })
    const info = this.byName.get(node)
    if (info !== undefined) this.settle(info, pod)
    else {
      const strays = this.strays.get(node)
      if (strays === undefined) this.strays.set(node, new Map([[pod.uid, pod]]))
      else strays.set(pod.uid, pod)
    }
  }

  removePod(uid: string): void {
    const place = this.places.get(uid)
    if (place === undefined) return
    this.places.delete(uid)
    const info = this.byName.get(place.node)
    if (info !== undefined) this.unsettle(info, place.pod)
    else {
      const strays = this.strays.get(place.node)
      strays?.delete(uid)
      if (strays?.size === 0) this.strays.delete(place.node)
    }
  }

  /** A claim changed, so the volumes in use on the nodes of its users may be others. */
  touchClaim(key: string): void {
    const users = this.claimUsers.get(key)
    if (users !== undefined) for (const node of users.keys()) this.volumeVersions[node.index]!++
  }

  /** Something is attached to a node, or is no longer. */
  touchAttachments(node: string): void {
    const info = this.byName.get(node)
    if (info !== undefined) this.volumeVersions[info.index]!++
  }

  /** Whether host ports are free on a node. */
  hasPortsFree(node: NodeInfo, ports: readonly HostPort[]): boolean {
    if (node.ports.size === 0) return true
    for (const port of ports) for (const used of node.ports.values()) if (portsConflict(port, used)) return false
    return true
  }

  /**
   * Adds and removes pods of one node in thought: amounts, pods and ports of the node change, counts do not (plugins keep the difference
   * in their own state). Source: pkg/scheduler/framework/preemption, NodeInfo.Snapshot.
   */
  think(node: NodeInfo): Thought {
    const { index } = node
    const before = [
      this.cpu.used[index],
      this.memory.used[index],
      this.storage.used[index],
      this.count.used[index],
      this.scoredCpu[index],
      this.scoredMemory[index],
    ] as [number, number, number, number, number, number]
    const others = new Map([...this.others].map(([name, amounts]) => [name, amounts.used[index] as number]))
    const { pods, ports } = node
    node.pods = new Map(pods)
    node.ports = new Map(ports)
    return {
      add: (pod) => this.book(node, pod, 1),
      remove: (pod) => this.book(node, pod, -1),
      end: () => {
        this.cpu.used[index] = before[0]
        this.memory.used[index] = before[1]
        this.storage.used[index] = before[2]
        this.count.used[index] = before[3]
        this.scoredCpu[index] = before[4]
        this.scoredMemory[index] = before[5]
        for (const [name, amounts] of this.others) amounts.used[index] = others.get(name) ?? 0
        this.amountVersions[index]!++
        node.pods = pods
        node.ports = ports
        this.volumeVersions[index]!++
      },
    }
  }

  /** Takes over what a node says; whether labels, taints or cordon changed. */
  private read(info: NodeInfo, old: Node | undefined): boolean {
    const { node, index } = info
    if (old === undefined || old.status?.allocatable !== node.status?.allocatable) {
      const room = allocatableOf(node)
      this.cpu.room[index] = room.cpu
      this.memory.room[index] = room.memory
      this.storage.room[index] = room.storage
      this.count.room[index] = room.pods
      for (const amounts of this.others.values()) amounts.room[index] = 0
      for (const [name, amount] of room.others) this.columnOf(name).room[index] = amount
      this.amountVersions[index]!++
    }
    if (old === undefined || old.status?.images !== node.status?.images) this.readImages(info)
    if (old !== undefined && old.metadata.labels === node.metadata.labels && old.spec === node.spec) return false
    info.labels = node.metadata.labels ?? {}
    info.cordoned = isCordoned(node)
    const taints = taintsOf(node)
    info.hardTaints = taints.length === 0 ? noTaints : taints.filter((taint) => taint.effect !== 'PreferNoSchedule')
    info.softTaints = taints.length === 0 ? noTaints : taints.filter((taint) => taint.effect === 'PreferNoSchedule')
    this.mark(
      index,
      (info.cordoned ? marks.cordoned : 0) |
        (info.hardTaints.length > 0 ? marks.hardTaints : 0) |
        (info.softTaints.length > 0 ? marks.softTaints : 0),
    )
    return true
  }

  private mark(index: number, is: number): void {
    const was = this.marks[index] as number
    for (const bit of markBits) this.marked[bit]! += ((is & bit) - (was & bit)) / bit
    this.marks[index] = is
  }

  private readImages(info: NodeInfo): void {
    const old = info.images
    for (const image of old) this.dropImage(image)
    const names = new Set<string>()
    for (const image of info.node.status?.images ?? noImages) {
      for (const name of image.names ?? []) {
        if (names.has(name)) continue
        names.add(name)
        const known = this.images.get(name)
        if (known === undefined) this.images.set(name, { size: image.sizeBytes ?? 0, nodes: 1 })
        else known.nodes++
      }
    }
    info.images = names
  }

  private dropImage(name: string): void {
    const known = this.images.get(name)
    if (known !== undefined && --known.nodes === 0) this.images.delete(name)
  }

  private countPriority(info: NodeInfo, priority: number, by: 1 | -1): void {
    const { priorities, index } = info
    const left = (priorities.get(priority) ?? 0) + by
    if (left > 0) priorities.set(priority, left)
    else priorities.delete(priority)
    if (by === 1) this.lowestPriority[index] = Math.min(this.lowestPriority[index] as number, priority)
    else if (left <= 0 && priority === this.lowestPriority[index]) this.lowestPriority[index] = Math.min(...priorities.keys())
  }

  private settle(info: NodeInfo, pod: PodInfo): void {
    this.book(info, pod, 1)
    this.countPriority(info, pod.priority, 1)
    this.tallies.addPod(pod, info.index)
    for (const claim of pod.claims) {
      const key = `${pod.namespace}/${claim.name}`
      let users = this.claimUsers.get(key)
      if (users === undefined) {
        users = new Map()
        this.claimUsers.set(key, users)
      }
      users.set(info, (users.get(info) ?? 0) + 1)
    }
  }

  private unsettle(info: NodeInfo, pod: PodInfo): void {
    this.book(info, pod, -1)
    this.countPriority(info, pod.priority, -1)
    this.tallies.removePod(pod, info.index)
    for (const claim of pod.claims) {
      const key = `${pod.namespace}/${claim.name}`
      const users = this.claimUsers.get(key)
      const left = (users?.get(info) ?? 0) - 1
      if (users === undefined) continue
      if (left > 0) users.set(info, left)
      else users.delete(info)
      if (users.size === 0) this.claimUsers.delete(key)
    }
  }

  private book(info: NodeInfo, pod: PodInfo, sign: 1 | -1): void {
    const { index } = info
    const asked: Amounts = pod.requests
    const scored = pod.scoredRequests
    this.cpu.used[index]! += sign * asked.cpu
    this.memory.used[index]! += sign * asked.memory
    this.storage.used[index]! += sign * asked.storage
    this.count.used[index]! += sign
    this.scoredCpu[index]! += sign * scored.cpu
    this.scoredMemory[index]! += sign * scored.memory
    if (asked.others.size > 0) for (const [name, amount] of asked.others) this.columnOf(name).used[index]! += sign * amount
    this.amountVersions[index]!++
    if (sign === 1) info.pods.set(pod.uid, pod)
    else info.pods.delete(pod.uid)
    for (const port of pod.hostPorts) {
      if (sign === 1) info.ports.set(portKey(port), port)
      else info.ports.delete(portKey(port))
    }
    if (pod.claims.length > 0) this.volumeVersions[index]!++
  }

  private columnOf(name: string): Column {
    let amounts = this.others.get(name)
    if (amounts === undefined) {
      amounts = column(this.capacity)
      this.others.set(name, amounts)
    }
    return amounts
  }

  private clearColumns(index: number): void {
    for (const amounts of [this.cpu, this.memory, this.storage, this.count, ...this.others.values()]) {
      amounts.room[index] = 0
      amounts.used[index] = 0
    }
    this.scoredCpu[index] = 0
    this.scoredMemory[index] = 0
    this.lowestPriority[index] = Number.POSITIVE_INFINITY
    this.mark(index, 0)
    this.amountVersions[index]!++
    this.volumeVersions[index]!++
  }

  private takeIndex(): number {
    const free = this.free.pop()
    if (free !== undefined) return free
    const index = this.indexes++
    if (index >= this.capacity) {
      this.capacity *= 2
      for (const amounts of [this.cpu, this.memory, this.storage, this.count, ...this.others.values()]) {
        amounts.room = grown(amounts.room, this.capacity)
        amounts.used = grown(amounts.used, this.capacity)
      }
      this.scoredCpu = grown(this.scoredCpu, this.capacity)
      this.scoredMemory = grown(this.scoredMemory, this.capacity)
      const lowest = new Float64Array(this.capacity).fill(Number.POSITIVE_INFINITY)
      lowest.set(this.lowestPriority)
      this.lowestPriority = lowest
      const marked = new Uint8Array(this.capacity)
      marked.set(this.marks)
      this.marks = marked
      this.amountVersions = moreVersions(this.amountVersions, this.capacity)
      this.volumeVersions = moreVersions(this.volumeVersions, this.capacity)
      this.tallies.grow(this.capacity)
    }
    return index
  }
}
