/**
 * What the attach/detach controller knows: which volume is wanted where and by which pods, and where it is. Two sets hold what the two
 * disagree in, so that a pass never walks over what is at rest.
 *
 * Source: node-and-storage.md C4; pkg/controller/volume/attachdetach/cache/{desired,actual}_state_of_world.go (1.36).
 */
import type { Micros } from '../../../engine/clock.ts'
import type { KubernetesObject } from '../../objects/metadata.ts'

/** A volume that is attached: its name in Node objects, and where it comes from. */
export type Volume = {
  /** `kubernetes.io/csi/<driver>^<handle>` */
  readonly name: string
  /** The PersistentVolume. */
  readonly persistentVolume: string
  readonly driver: string
  readonly handle: string
  /** Whether several nodes may have it at once (C4: ReadWriteMany or ReadOnlyMany among its access modes). */
  readonly shared: boolean
}

/** That pods want a volume on a node. */
type Wish = {
  readonly pods: Map<string, KubernetesObject>
  /** Whether it was said that another node has it. */
  reported: boolean
}

/** That a node has a volume, or may have it. */
export type Attachment = {
  /** False after a failure: it may be attached. */
  confirmed: boolean
  /** Whether the node says that it is in use; assumed so until it speaks. */
  mounted: boolean
  detachAsked: Micros | undefined
  /** Whether the Node object is to list it. */
  listed: boolean
}

/** A volume on a node. */
export type Place = { readonly volume: string; readonly node: string }

const keyOf = (volume: string, node: string): string => `${volume}\n${node}`

export class AttachState {
  readonly volumes = new Map<string, Volume>()
  private readonly wishes = new Map<string, Wish>()
  private readonly attachments = new Map<string, Attachment>()
  private readonly nodesByVolume = new Map<string, Set<string>>()
  private readonly volumesByNode = new Map<string, Set<string>>()
  private readonly wishedByVolume = new Map<string, Set<string>>()
  private readonly unmet = new Map<string, Place>()
  private readonly surplus = new Map<string, Place>()
  /** Nodes whose list of attached volumes is to be written. */
  readonly unlisted = new Set<string>()

  /** A pod wants the volume on the node. */
  want(volume: Volume, node: string, podKey: string, pod: KubernetesObject): void {
    this.volumes.set(volume.name, volume)
    const key = keyOf(volume.name, node)
    const wish = this.wishes.get(key)
    if (wish !== undefined) {
      wish.pods.set(podKey, pod)
      return
    }
    this.wishes.set(key, { pods: new Map([[podKey, pod]]), reported: false })
    put(this.wishedByVolume, volume.name, node)
    this.compare(volume.name, node)
  }

  /** A pod no longer wants it. */
  leave(volume: string, node: string, podKey: string): void {
    const key = keyOf(volume, node)
    const wish = this.wishes.get(key)
    if (wish === undefined) return
    wish.pods.delete(podKey)
    if (wish.pods.size > 0) return
    this.wishes.delete(key)
    take(this.wishedByVolume, volume, node)
    this.compare(volume, node)
  }

  wish(volume: string, node: string): Wish | undefined {
    return this.wishes.get(keyOf(volume, node))
  }

  attachment(volume: string, node: string): Attachment | undefined {
    return this.attachments.get(keyOf(volume, node))
  }

  /** The node has it (confirmed), or may have it. */
  attach(volume: Volume, node: string, confirmed: boolean): Attachment {
    this.volumes.set(volume.name, volume)
    const key = keyOf(volume.name, node)
    let attachment = this.attachments.get(key)
    if (attachment === undefined) {
      attachment = { confirmed, mounted: true, detachAsked: undefined, listed: confirmed }
      this.attachments.set(key, attachment)
      put(this.nodesByVolume, volume.name, node)
      put(this.volumesByNode, node, volume.name)
    }
    attachment.confirmed = confirmed
    if (confirmed) this.list(volume.name, node, true)
    this.compare(volume.name, node)
    return attachment
  }

  /** The node no longer has it. */
  detach(volume: string, node: string): void {
    const key = keyOf(volume, node)
    if (!this.attachments.delete(key)) return
    take(this.nodesByVolume, volume, node)
    take(this.volumesByNode, node, volume)
    this.compare(volume, node)
    if (!this.nodesByVolume.has(volume) && !this.wishedByVolume.has(volume)) this.volumes.delete(volume)
  }

  /** Whether the Node object is to name the volume. */
  list(volume: string, node: string, listed: boolean): void {
    const attachment = this.attachments.get(keyOf(volume, node))
    if (attachment === undefined) return
    attachment.listed = listed
    this.unlisted.add(node)
  }

  /** The names that the Node object is to list, in order. */
  listOf(node: string): readonly string[] {
    return this.on(node).filter((volume) => this.attachment(volume, node)?.listed === true)
  }

  /** The volumes that a node has or may have, in order. */
  on(node: string): readonly string[] {
    return [...(this.volumesByNode.get(node) ?? [])].sort()
  }

  /** The nodes that certainly have the volume, in order. */
  nodesOf(volume: string): readonly string[] {
    return [...(this.nodesByVolume.get(volume) ?? [])].sort().filter((node) => this.attachment(volume, node)?.confirmed === true)
  }

  /** The pods that want the volume on these nodes. */
  podsOn(volume: string, nodes: readonly string[]): readonly KubernetesObject[] {
    return nodes.flatMap((node) => [...(this.wish(volume, node)?.pods.values() ?? [])])
  }

  /** Where volumes are that nobody wants there; in order. */
  toDetach(): readonly Place[] {
    return inOrder(this.surplus)
  }

  /** Where volumes are wanted that are not certainly there; in order. */
  toAttach(): readonly Place[] {
    return inOrder(this.unmet)
  }

  private compare(volume: string, node: string): void {
    const key = keyOf(volume, node)
    const wished = this.wishes.has(key)
    const attachment = this.attachments.get(key)
    if (wished && attachment?.confirmed !== true) this.unmet.set(key, { volume, node })
    else this.unmet.delete(key)
    if (!wished && attachment !== undefined) this.surplus.set(key, { volume, node })
    else this.surplus.delete(key)
    // Wanted again: the request to detach it is forgotten.
    if (wished && attachment !== undefined) attachment.detachAsked = undefined
  }
}

const put = (map: Map<string, Set<string>>, key: string, value: string): void => {
  const set = map.get(key)
  if (set === undefined) map.set(key, new Set([value]))
  else set.add(value)
}

const take = (map: Map<string, Set<string>>, key: string, value: string): void => {
  const set = map.get(key)
  if (set === undefined) return
  set.delete(value)
  if (set.size === 0) map.delete(key)
}

const inOrder = (places: ReadonlyMap<string, Place>): readonly Place[] =>
  [...places.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, place]) => place)
