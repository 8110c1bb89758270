/**
 * Every object, and one revision number that grows with each write. Nothing else changes an object. A write is recorded in the
 * journal with its cause; who watches is told in the order of the writes (watch.ts).
 *
 * Source: etcd's revisions as the API server shows them (resourceVersion); kubectl.md 2.4, 4.6.
 */
import type { Engine } from '../../engine/engine.ts'
import { type KubernetesObject, objectKey } from '../objects/metadata.ts'
import { type Change, Collection, type View } from './collection.ts'

/** How a write came about, for the journal. */
export type WriteInfo = {
  /** Who asked. */
  readonly actor: string
  readonly verb: string
  readonly subresource?: string | undefined
}

/** What a journal entry `write` says. */
export type WriteDetail = {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly verb: string
  readonly subresource?: string
  readonly object: KubernetesObject
  readonly old: KubernetesObject | undefined
}

/** Told of each change of one kind, in the moment of the write. */
export type Watcher = (change: Change) => void

type Watchers = {
  readonly all: Watcher[]
  /** Those that watch the objects of one node alone (`spec.nodeName=…`): a write must not ask 5,000 of them. */
  readonly byNode: Map<string, Watcher[]>
}

export class Store implements View {
  private readonly engine: Engine
  private readonly kinds = new Map<string, Collection>()
  private readonly watchers = new Map<string, Watchers>()
  /** The newest revision. */
  revision = 0

  constructor(engine: Engine) {
    this.engine = engine
  }

  of<T extends KubernetesObject = KubernetesObject>(kind: string): Collection<T> {
    let collection = this.kinds.get(kind)
    if (collection === undefined) {
      collection = new Collection()
      this.kinds.set(kind, collection)
    }
    return collection as unknown as Collection<T>
  }

  /** The kinds of which something is or was stored. */
  storedKinds(): readonly string[] {
    return [...this.kinds.keys()].sort()
  }

  /**
   * Watch one kind, from now on; with `node` only objects of that node (told ADDED and DELETED as they come to it and leave it).
   * Answers how to stop.
   */
  watch(kind: string, watcher: Watcher, node?: string): () => void {
    let watchers = this.watchers.get(kind)
    if (watchers === undefined) {
      watchers = { all: [], byNode: new Map() }
      this.watchers.set(kind, watchers)
    }
    const list = node === undefined ? watchers.all : (watchers.byNode.get(node) ?? [])
    if (node !== undefined) watchers.byNode.set(node, list)
    list.push(watcher)
    return () => {
      const place = list.indexOf(watcher)
      if (place >= 0) list.splice(place, 1)
    }
  }

  /** Stores an object under a new revision; answers it as stored, frozen. */
  put(object: KubernetesObject, info: WriteInfo): KubernetesObject {
    const collection = this.of(object.kind)
    const stored = this.stamped(object)
    const old = collection.put(stored)
    this.tell({ type: old === undefined ? 'ADDED' : 'MODIFIED', object: stored, old }, info)
    return stored
  }

  /** Takes an object away; answers its last state, which carries the revision of its removal. */
  remove(object: KubernetesObject, info: WriteInfo): KubernetesObject {
    const collection = this.of(object.kind)
    const gone = this.stamped(object)
    collection.take(object.metadata.namespace, object.metadata.name)
    collection.look(gone)
    this.tell({ type: 'DELETED', object: gone, old: object }, info)
    return gone
  }

  private stamped(object: KubernetesObject): KubernetesObject {
    this.revision++
    return freeze({ ...object, metadata: { ...object.metadata, resourceVersion: String(this.revision) } })
  }

  private tell(change: Change, info: WriteInfo): void {
    const { kind } = change.object
    const entry = kind === 'Event' ? this.engine.cause : this.recorded(change, info)
    const watchers = this.watchers.get(kind)
    if (watchers === undefined) return
    this.engine.because(entry, () => {
      for (const watcher of [...watchers.all]) watcher(change)
      if (watchers.byNode.size === 0) return
      const node = nodeOf(change.object)
      const before = change.old === undefined ? node : nodeOf(change.old)
      if (before !== node && before !== undefined) {
        const left: Change = { type: 'DELETED', object: change.object, old: change.old }
        for (const watcher of watchers.byNode.get(before) ?? []) watcher(left)
      }
      if (node === undefined) return
      const seen: Change = before !== node && change.type === 'MODIFIED' ? { type: 'ADDED', object: change.object, old: undefined } : change
      for (const watcher of [...(watchers.byNode.get(node) ?? [])]) watcher(seen)
    })
  }

  private recorded(change: Change, info: WriteInfo): number {
    const detail: WriteDetail = {
      type: change.type,
      verb: info.verb,
      ...(info.subresource === undefined ? {} : { subresource: info.subresource }),
      object: change.object,
      old: change.old,
    }
    return this.engine.record(info.actor, 'write', objectKey(change.object), detail)
  }
}

/** The node an object belongs to: a Node is its own. */
const nodeOf = (object: KubernetesObject): string | undefined =>
  object.kind === 'Node' ? object.metadata.name : ((object['spec']?.nodeName as string | undefined) ?? undefined)

/** Freezes a value and all below it; stops where something is frozen already, so a new version costs what it changed. */
export const freeze = <T>(value: T): T => {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  Object.freeze(value)
  if (Array.isArray(value)) for (let i = 0; i < value.length; i++) freeze(value[i])
  else {
    const parts = value as Readonly<Record<string, unknown>>
    for (const key in parts) freeze(parts[key])
  }
  return value
}

/** From this length on a list is taken for one of many like elements that come and go. */
const longList = 16

/**
 * `next` with every part that equals the old one's replaced by it: versions share what did not change, and a write that
 * changes nothing gives back `old` itself.
 */
export const shared = <T>(old: unknown, next: T): T => {
  if (old === next) return next
  if (typeof old !== 'object' || typeof next !== 'object' || old === null || next === null) return next
  if (Array.isArray(next)) {
    if (!Array.isArray(old)) return next
    return (next.length <= longList ? sharedList(old, next) : sharedLongList(old, next)) as T
  }
  if (Array.isArray(old)) return next
  const before = old as Record<string, unknown>
  const after = next as Record<string, unknown>
  const keys = Object.keys(after).filter((key) => after[key] !== undefined)
  let same = keys.length === Object.keys(before).length
  const parts: Record<string, unknown> = {}
  for (const key of keys) {
    const kept = shared(before[key], after[key])
    if (kept !== before[key] || !(key in before)) same = false
    parts[key] = kept
  }
  return (same ? old : parts) as T
}

const sharedList = (old: readonly unknown[], next: readonly unknown[]): readonly unknown[] => {
  let same = old.length === next.length
  const parts = next.map((part, i) => {
    const kept = i < old.length ? shared(old[i], part) : part
    if (kept !== old[i]) same = false
    return kept
  })
  return same ? old : parts
}

/**
 * Lists of a thousand change in one place, or shift by one there: an element that is in the old list already is its own best copy, and mostly stands
 * where the one before it lets expect.
 */
const sharedLongList = (old: readonly unknown[], next: readonly unknown[]): readonly unknown[] => {
  const { length } = next
  const parts: unknown[] = new Array(length)
  let same = old.length === length
  /** What stands at `i` is expected at `i + shift` of the old list. */
  let shift = 0
  let there: ReadonlySet<unknown> | undefined
  for (let i = 0; i < length; i++) {
    const part = next[i]
    parts[i] = part
    const place = i + shift
    if (part === old[place]) {
      if (shift !== 0) same = false
    } else if (i + 1 < length && next[i + 1] === old[place]) {
      // It was put in here.
      shift--
      same = false
    } else if (part === old[place + 1]) {
      // The one before it was taken out.
      shift++
      same = false
    } else {
      const isReplaced = i + 1 >= length || next[i + 1] === old[place + 1]
      if (!isReplaced) there ??= new Set(old)
      if (isReplaced || there?.has(part) !== true) parts[i] = place < old.length ? shared(old[place], part) : part
      if (shift !== 0 || parts[i] !== old[i]) same = false
    }
  }
  return same ? old : parts
}
