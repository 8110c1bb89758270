/**
 * Caches that trail the truth: each kind's objects as a component knows them, told by a watch that takes time and keeps the
 * order of the writes. One of these stands for the shared informers of a component.
 *
 * Source: client-go tools/cache; node-and-storage.md A11 (what is missed while cut off is learnt by a list).
 */
import type { Micros } from '../../engine/clock.ts'
import type { Process } from '../../engine/process.ts'
import { Collection } from '../apiserver/collection.ts'
import type { Store } from '../apiserver/store.ts'
import type { KubernetesObject } from '../objects/metadata.ts'
import type { Change, Lister, View } from './controller.ts'

/** Told of a change after the cache has it. */
export type Listener = (change: Change) => void

export type CachesOptions = {
  readonly store: Store
  readonly process: Process
  /** How long the next delivery takes. */
  readonly delay: () => Micros
  /** Only objects of this node are seen, of the kinds that belong to one (Pod, Node). Other kinds are read from the store. */
  readonly node?: string
}

type Feed = {
  readonly kind: string
  readonly cache: Collection
  readonly listeners: Listener[]
}

type Pending = { readonly feed: Feed; readonly change: Change; readonly cause: number }

/** More changes than this in one instant are told first and reacted to together: a look at a large set must not come once for each of its pods. */
const apartLimit = 64

/** Whether the next change is of the same object, so that both are seen at once; that it is gone is a change of its own. */
const isContinued = (item: Pending, next: Pending): boolean => {
  const [a, b] = [item.change.object.metadata, next.change.object.metadata]
  return item.feed === next.feed && a.name === b.name && a.namespace === b.namespace && next.change.type !== 'DELETED'
}

/** Kinds that a kubelet watches for its node alone; the rest it reads when it needs them. */
const nodeKinds = new Set(['Pod', 'Node'])

export class Caches implements View {
  private readonly options: CachesOptions
  private readonly feeds = new Map<string, Feed>()
  private pending: Pending[] = []
  private last: Micros = 0
  /** What waits for the end of a delivery; see `soon`. */
  private reactions: { readonly cause: number; readonly act: () => void }[] = []
  private telling = false
  /** While it is cut off nothing arrives; see `heal`. */
  private cutOff = false
  /** Added to each delivery while a fault slows the watch. */
  lag: Micros = 0

  constructor(options: CachesOptions) {
    this.options = options
  }

  of<T extends KubernetesObject = KubernetesObject>(kind: string): Lister<T> {
    const { store, node } = this.options
    if (node !== undefined && !nodeKinds.has(kind)) return store.of<T>(kind)
    return this.feed(kind).cache as unknown as Lister<T>
  }

  /** Be told of the changes of a kind, after those who asked before. */
  listen(kind: string, listener: Listener): void {
    this.feed(kind).listeners.push(listener)
  }

  /** What is there now is told as ADDED, at once: the component starts. */
  start(): void {
    this.pending = []
    for (const feed of this.feeds.values()) {
      const known = [...feed.cache.values()]
      for (const object of known) feed.cache.take(object.metadata.namespace, object.metadata.name)
      const there = this.truth(feed.kind)
      for (const object of there) feed.cache.put(object)
    }
    for (const feed of this.feeds.values()) {
      for (const object of [...feed.cache.values()]) this.tell(feed, { type: 'ADDED', object, old: undefined })
    }
  }

  /** Nothing arrives any more. */
  cut(): void {
    this.cutOff = true
    this.pending = []
  }

  /** The connection is back: what was missed is learnt by a list, in this moment. */
  heal(): void {
    if (!this.cutOff) return
    this.cutOff = false
    for (const feed of this.feeds.values()) this.relist(feed)
  }

  private relist(feed: Feed): void {
    const there = new Map<string, KubernetesObject>()
    for (const object of this.truth(feed.kind)) there.set(`${object.metadata.namespace ?? ''}/${object.metadata.name}`, object)
    for (const old of [...feed.cache.values()]) {
      const now = there.get(`${old.metadata.namespace ?? ''}/${old.metadata.name}`)
      if (now === undefined || now.metadata.uid !== old.metadata.uid) this.apply(feed, { type: 'DELETED', object: old, old })
    }
    for (const object of there.values()) {
      const old = feed.cache.get(object.metadata.namespace, object.metadata.name)
      if (old === object) continue
      this.apply(feed, { type: old === undefined ? 'ADDED' : 'MODIFIED', object, old })
    }
  }

  private truth(kind: string): readonly KubernetesObject[] {
    const { store, node } = this.options
    if (node === undefined) return store.of(kind).list()
    if (kind === 'Node') return [store.of(kind).get(undefined, node)].filter((object) => object !== undefined)
    return store.of(kind).onNode(node)
  }

  private feed(kind: string): Feed {
    let feed = this.feeds.get(kind)
    if (feed === undefined) {
      feed = { kind, cache: new Collection(), listeners: [] }
      this.feeds.set(kind, feed)
      const made = feed
      if (this.options.process.alive) for (const object of this.truth(kind)) made.cache.put(object)
      this.options.store.watch(kind, (change) => this.arrive(made, change), this.options.node)
    }
    return feed
  }

  /** A write happened: it will be seen after the watch's delay, never before an earlier one. */
  private arrive(feed: Feed, change: Change): void {
    const { process } = this.options
    if (!process.alive || this.cutOff) return
    const { engine } = process
    const item: Pending = { feed, change, cause: engine.cause }
    const delay = this.options.delay() + this.lag
    const at = Math.max(engine.now + delay, this.last)
    this.last = at
    if (at > engine.now) {
      process.at(at, `watch ${feed.kind}`, () => {
        if (!this.cutOff) this.deliver(item)
      })
      return
    }
    this.pending.push(item)
    if (this.pending.length === 1) process.after(0, 'watch', () => this.flush())
  }

  /**
   * Something to be done as soon as the changes of the object that is being told of are all told, with their cause; outside a delivery as
   * an event of its own. So the reactions to one instant's writes come in the order of the writes (cases/README.md 4).
   */
  soon(label: string, act: () => void): void {
    const { process } = this.options
    if (!this.telling) process.after(0, label, act)
    else this.reactions.push({ cause: process.engine.cause, act })
  }

  /** What was written in this instant, in the order of the writes; after each object's changes come the reactions to them. */
  private flush(): void {
    const items = this.pending
    this.pending = []
    this.telling = true
    const apart = items.length <= apartLimit
    items.forEach((item, at) => {
      this.deliver(item)
      const next = items[at + 1]
      if (next === undefined || (apart && !isContinued(item, next))) this.react()
    })
    this.telling = false
  }

  private react(): void {
    const { engine } = this.options.process
    while (this.reactions.length > 0) {
      const reactions = this.reactions
      this.reactions = []
      for (const { cause, act } of reactions) engine.because(cause, act)
    }
  }

  private deliver(item: Pending): void {
    this.options.process.engine.because(item.cause, () => this.apply(item.feed, item.change))
  }

  private apply(feed: Feed, change: Change): void {
    const { object } = change
    const { metadata } = object
    const old = change.type === 'DELETED' ? feed.cache.take(metadata.namespace, metadata.name) : feed.cache.put(object)
    if (change.type === 'DELETED') feed.cache.look(object)
    if (change.type === 'DELETED' && old === undefined) return
    const type = change.type === 'DELETED' ? 'DELETED' : old === undefined ? 'ADDED' : 'MODIFIED'
    this.tell(feed, { type, object, old })
  }

  private tell(feed: Feed, change: Change): void {
    for (const listener of feed.listeners) listener(change)
  }
}
