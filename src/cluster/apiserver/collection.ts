/**
 * Objects of one kind with indexes that are kept as things change, never found by a scan: by owner, by node, by label, and
 * any a component adds. The store holds one a kind; so does each cache that trails it.
 */
import { controllerOf, type KubernetesObject } from '../objects/metadata.ts'

/** One change as a watch shows it. `old` is what was known before (ADDED: undefined); of DELETED the last state is `object`. */
export type Change<T extends KubernetesObject = KubernetesObject> = {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly object: T
  readonly old: T | undefined
}

/** Read access to objects of one kind, as somebody knows them: a cache that trails the truth, or the store itself. */
export type Lister<T extends KubernetesObject = KubernetesObject> = {
  get(namespace: string | undefined, name: string): T | undefined
  /** All, or those of a namespace, by namespace and name. Costs their number: not for hot paths. */
  list(namespace?: string): readonly T[]
  /** All of them, in no promised order but the same in each run. Copies nothing. */
  values(): Iterable<T>
  readonly size: number
  /** Those whose `metadata.ownerReferences` name this uid. */
  ownedBy(uid: string): readonly T[]
  /** Those without a controller, in a namespace. */
  orphans(namespace: string): readonly T[]
  /** Those in the namespace that carry this label with this value. */
  labelled(namespace: string, label: string, value: string): readonly T[]
  /** Those that belong to a node by spec.nodeName (pods, attachments). '' is "no node yet". */
  onNode(node: string): readonly T[]
  /**
   * An index of one's own: `keys` are asked of each object when it changes. The same name gives the same index.
   */
  index(name: string, keys: (object: T) => readonly string[]): (key: string) => readonly T[]
  /** The newest resourceVersion seen of any object of this kind, as a number. */
  readonly seen: number
}

/** What a component sees: a lister for each kind. */
export type View = {
  of<T extends KubernetesObject = KubernetesObject>(kind: string): Lister<T>
}

const nothing: readonly never[] = Object.freeze([])

/** One index: key → the objects under it, with the list made when asked for and kept until something changes. */
class Index<T extends KubernetesObject> {
  readonly keys: (object: T) => readonly string[]
  private readonly buckets = new Map<string, { members: Map<string, T>; list: readonly T[] | undefined }>()

  constructor(keys: (object: T) => readonly string[]) {
    this.keys = keys
  }

  get(key: string): readonly T[] {
    const bucket = this.buckets.get(key)
    if (bucket === undefined) return nothing
    bucket.list ??= [...bucket.members.values()]
    return bucket.list
  }

  put(object: T, identity: string): void {
    for (const key of this.keys(object)) {
      const bucket = this.buckets.get(key)
      if (bucket === undefined) this.buckets.set(key, { members: new Map([[identity, object]]), list: undefined })
      else {
        bucket.members.set(identity, object)
        bucket.list = undefined
      }
    }
  }

  take(object: T, identity: string): void {
    for (const key of this.keys(object)) {
      const bucket = this.buckets.get(key)
      if (bucket === undefined) continue
      bucket.members.delete(identity)
      bucket.list = undefined
      if (bucket.members.size === 0) this.buckets.delete(key)
    }
  }

  /** The keys stayed or not: an object that only changed inside keeps its place in the bucket. */
  replace(old: T, next: T, identity: string): void {
    const before = this.keys(old)
    const after = this.keys(next)
    if (before !== after && !sameKeys(before, after)) {
      this.take(old, identity)
      this.put(next, identity)
    } else this.put(next, identity)
  }
}

const sameKeys = (a: readonly string[], b: readonly string[]): boolean => a.length === b.length && a.every((key, i) => key === b[i])

/** What stands between the parts of an index key; it cannot occur in a name. */
const separator = '\u0000'

/** Keys by label, made once for each labels object, which versions of an object share. */
const labelKeysOf = (): ((object: KubernetesObject) => readonly string[]) => {
  const made = new WeakMap<object, readonly string[]>()
  return ({ metadata }) => {
    if (metadata.labels === undefined) return nothing
    let keys = made.get(metadata.labels)
    if (keys === undefined) {
      keys = Object.entries(metadata.labels).map(([label, value]) => [metadata.namespace ?? '', label, value].join(separator))
      made.set(metadata.labels, keys)
    }
    return keys
  }
}

/** Byte-wise order of names, as the API server lists them. */
export const byName = (a: KubernetesObject, b: KubernetesObject): number => {
  const left = a.metadata.namespace ?? ''
  const right = b.metadata.namespace ?? ''
  if (left !== right) return left < right ? -1 : 1
  return a.metadata.name < b.metadata.name ? -1 : a.metadata.name > b.metadata.name ? 1 : 0
}

/** See the head of the file. */
export class Collection<T extends KubernetesObject = KubernetesObject> implements Lister<T> {
  private readonly spaces = new Map<string, Map<string, T>>()
  private readonly indexes = new Map<string, Index<T>>()
  private count = 0
  seen = 0

  get size(): number {
    return this.count
  }

  get(namespace: string | undefined, name: string): T | undefined {
    return this.spaces.get(namespace ?? '')?.get(name)
  }

  /** Stores an object under its name; answers what was there. */
  put(object: T): T | undefined {
    const { metadata } = object
    const space = this.spaceOf(metadata.namespace ?? '')
    const old = space.get(metadata.name)
    space.set(metadata.name, object)
    if (old === undefined) this.count++
    const identity = identityOf(object)
    for (const index of this.indexes.values()) {
      if (old === undefined) index.put(object, identity)
      else if (identityOf(old) === identity) index.replace(old, object, identity)
      else {
        index.take(old, identityOf(old))
        index.put(object, identity)
      }
    }
    this.look(object)
    return old
  }

  /** Takes an object away; answers what was there. */
  take(namespace: string | undefined, name: string): T | undefined {
    const space = this.spaces.get(namespace ?? '')
    const old = space?.get(name)
    if (space === undefined || old === undefined) return undefined
    space.delete(name)
    this.count--
    for (const index of this.indexes.values()) index.take(old, identityOf(old))
    return old
  }

  /** Notes a resourceVersion as seen. */
  look(object: T): void {
    const version = Number(object.metadata.resourceVersion ?? 0)
    if (version > this.seen) this.seen = version
  }

  list(namespace?: string): readonly T[] {
    const found = namespace === undefined ? [...this.values()] : [...(this.spaces.get(namespace)?.values() ?? [])]
    return found.sort(byName)
  }

  *values(): Iterable<T> {
    for (const space of this.spaces.values()) yield* space.values()
  }

  ownedBy(uid: string): readonly T[] {
    return this.indexed('owner', (object) => object.metadata.ownerReferences?.map((owner) => owner.uid) ?? nothing).get(uid)
  }

  orphans(namespace: string): readonly T[] {
    return this.indexed('orphan', (object) => (controllerOf(object) === undefined ? [object.metadata.namespace ?? ''] : nothing)).get(
      namespace,
    )
  }

  labelled(namespace: string, label: string, value: string): readonly T[] {
    const index = this.indexes.get('label') ?? this.indexed('label', labelKeysOf())
    return index.get([namespace, label, value].join(separator))
  }

  onNode(node: string): readonly T[] {
    return this.indexed('node', (object) => [(object['spec']?.nodeName as string | undefined) ?? '']).get(node)
  }

  index(name: string, keys: (object: T) => readonly string[]): (key: string) => readonly T[] {
    const index = this.indexed(`own ${name}`, keys)
    return (key) => index.get(key)
  }

  private indexed(name: string, keys: (object: T) => readonly string[]): Index<T> {
    let index = this.indexes.get(name)
    if (index === undefined) {
      index = new Index(keys)
      for (const object of this.values()) index.put(object, identityOf(object))
      this.indexes.set(name, index)
    }
    return index
  }

  private spaceOf(namespace: string): Map<string, T> {
    let space = this.spaces.get(namespace)
    if (space === undefined) {
      space = new Map()
      this.spaces.set(namespace, space)
    }
    return space
  }
}

/** Who an object is: its uid, or its name where a dump has none. */
const identityOf = ({ metadata }: KubernetesObject): string => metadata.uid ?? `${metadata.namespace ?? ''}/${metadata.name}`
