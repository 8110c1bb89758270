/**
 * The scheduler's queue: pods that may be tried (active), pods that wait out a back-off, pods that found no node and wait for an event that
 * could help, and what moves them. Source: scheduler.md 2 and 3; pkg/scheduler/backend/queue/{scheduling_queue,backoff_queue,active_queue}.go.
 *
 * Differs from Kubernetes: among pods of equal priority and timestamp the one that came first (scheduler.md 12).
 */
import type { Micros } from '../../engine/clock.ts'
import { minutes, seconds } from '../../engine/clock.ts'
import type { ClusterEvent, Cycle, EventName, Plugin } from './plugin.ts'
import type { PodInfo } from './pod-info.ts'
import { PriorityQueue } from './priority-queue.ts'

/** How long a pod stays unschedulable before it is tried without a reason. Not configurable by file. */
const mostUnschedulable = minutes(5)
const second = seconds(1)

/** Where a pod is. `flying`: being tried, or being bound. */
export type Place = 'active' | 'backoff' | 'errorBackoff' | 'unschedulable' | 'flying' | 'gone'

/** A pod of the queue and what it has been through. */
export class QueuedPod {
  info: PodInfo
  place: Place = 'gone'
  /** When it was last put into a queue after an attempt; first: when it came. */
  timestamp: Micros
  attempts = 0
  unschedulableCount = 0
  errorsInARow = 0
  /** Plugins that refused it last. */
  rejectors = new Set<string>()
  /** The plugin that keeps it out of the queue, if one does. */
  gatedBy: string | undefined = undefined
  /** What happened while it was being tried. */
  events: (ClusterEvent | 'anything')[] = []
  backoffUntil: Micros = 0
  /** Order of arrival. */
  readonly order: number
  /** Tells entries of heaps that are out of date. */
  ticket = 0

  constructor(info: PodInfo, now: Micros, order: number) {
    this.info = info
    this.timestamp = now
    this.order = order
  }
}

type Entry = {
  readonly queued: QueuedPod
  readonly ticket: number
  readonly priority: number
  readonly timestamp: Micros
  readonly until: Micros
  readonly order: number
}

const isValid = (entry: Entry, place: Place): boolean => entry.queued.ticket === entry.ticket && entry.queued.place === place

const activeBefore = (a: Entry, b: Entry): boolean => {
  if (a.priority !== b.priority) return a.priority > b.priority
  if (a.timestamp !== b.timestamp) return a.timestamp < b.timestamp
  return a.order < b.order
}
const backoffBefore = (a: Entry, b: Entry): boolean => (a.until === b.until ? activeBefore(a, b) : a.until < b.until)
const errorBefore = (a: Entry, b: Entry): boolean => (a.until === b.until ? a.order < b.order : a.until < b.until)

export type QueueOptions = {
  readonly now: () => Micros
  readonly initialBackoff: number
  readonly maxBackoff: number
  /** Gate SchedulerPopFromBackoffQ: an idle scheduler takes the head of the back-off queue; expiries are whole seconds. */
  readonly popsFromBackoff: boolean
  /** The plugins of a pod's profile. */
  readonly pluginsOf: (pod: PodInfo) => readonly Plugin[]
  /** The plugin that keeps a pod out of the queue now. */
  readonly gate: (pod: PodInfo) => string | undefined
  readonly world: Omit<Cycle, 'pod'>
}

const floorSecond = (at: Micros): Micros => Math.floor(at / second) * second

export class SchedulingQueue {
  private readonly options: QueueOptions
  private readonly pods = new Map<string, QueuedPod>()
  private readonly active = new PriorityQueue<Entry>(activeBefore)
  private readonly backoff = new PriorityQueue<Entry>(backoffBefore)
  private readonly errors = new PriorityQueue<Entry>(errorBefore)
  private readonly unschedulable = new Map<string, QueuedPod>()
  private readonly flying = new Map<string, QueuedPod>()
  private arrivals = 0

  constructor(options: QueueOptions) {
    this.options = options
  }

  get(uid: string): QueuedPod | undefined {
    return this.pods.get(uid)
  }

  /** Pods that found no node, gated ones too, in order of arrival. */
  waiting(): Iterable<QueuedPod> {
    return this.unschedulable.values()
  }

  /** A pod came (or one that the queue has lost sight of changed). Whether it may be nominated: not if it is gated. */
  add(info: PodInfo): boolean {
    const queued = new QueuedPod(info, this.options.now(), ++this.arrivals)
    this.pods.set(info.uid, queued)
    return this.enter(queued, 'active')
  }

  /** The pod left, or was bound. */
  remove(uid: string): void {
    const queued = this.pods.get(uid)
    if (queued === undefined) return
    this.pods.delete(uid)
    this.put(queued, 'gone')
  }

  /** The next pod to be tried; it is in flight from then on. */
  pop(): QueuedPod | undefined {
    const queued = this.top(this.active, 'active') ?? (this.options.popsFromBackoff ? this.top(this.backoff, 'backoff') : undefined)
    if (queued === undefined) return undefined
    queued.attempts++
    queued.rejectors = new Set()
    queued.events = []
    this.put(queued, 'flying')
    return queued
  }

  /** What `pop` would give. */
  get head(): QueuedPod | undefined {
    const entry = this.peek(this.active, 'active') ?? (this.options.popsFromBackoff ? this.peek(this.backoff, 'backoff') : undefined)
    return entry?.queued
  }

  /** Whether `pop` would give a pod. */
  get hasNext(): boolean {
    return this.head !== undefined
  }

  /** An attempt has found a node: events no longer concern it. */
  done(queued: QueuedPod): void {
    this.flying.delete(queued.info.uid)
    queued.events = []
  }

  /** After a failed attempt. Without rejectors it failed with an error. Source: scheduler.md 2.4. */
  requeue(queued: QueuedPod, info: PodInfo, rejectors: ReadonlySet<string>): void {
    const { events } = queued
    queued.info = info
    queued.rejectors = new Set(rejectors)
    queued.timestamp = this.options.now()
    if (rejectors.size === 0) queued.errorsInARow++
    else {
      queued.unschedulableCount++
      queued.errorsInARow = 0
    }
    queued.backoffUntil = this.expiryOf(queued)
    queued.events = []
    const isWorth = rejectors.size === 0 || events.some((event) => event === 'anything' || this.isWorth(queued, event))
    if (isWorth) this.enter(queued, this.isBackingOff(queued) ? (rejectors.size === 0 ? 'errorBackoff' : 'backoff') : 'active')
    else this.put(queued, 'unschedulable')
  }

  /** A pod without a node changed. Source: scheduler.md 2.7. */
  update(info: PodInfo, events: readonly ClusterEvent[]): void {
    const queued = this.pods.get(info.uid)
    if (queued === undefined) {
      this.add(info)
      return
    }
    const before = queued.info
    queued.info = info
    switch (queued.place) {
      case 'flying':
        queued.events.push(...events)
        return
      case 'active':
      case 'backoff':
      case 'errorBackoff':
        if (before.priority !== info.priority) this.put(queued, queued.place)
        return
      case 'unschedulable':
        if (events.some((event) => this.concerns(queued, event) && this.isWorth(queued, event))) this.wake(queued)
        return
      case 'gone':
        return
    }
  }

  /** Something happened that may help pods. `only`: pods of at most this priority. Source: scheduler.md 3.2. */
  happened(event: ClusterEvent, only = Number.POSITIVE_INFINITY): void {
    for (const queued of this.flying.values()) queued.events.push(event)
    if (this.unschedulable.size === 0) return
    let moved: QueuedPod[] | undefined
    for (const queued of this.unschedulable.values()) {
      if (queued.info.priority > only || !this.concerns(queued, event) || !this.isWorth(queued, event)) continue
      if (moved === undefined) moved = [queued]
      else moved.push(queued)
    }
    for (const queued of moved ?? []) this.wake(queued)
  }

  /** A plugin wants a pod tried again now. Source: scheduler.md 2.8. */
  activate(uid: string): void {
    const queued = this.pods.get(uid)
    if (queued === undefined) return
    if (queued.place === 'flying') queued.events.push('anything')
    else if (queued.place === 'unschedulable') this.enter(queued, 'active')
    else if (queued.place === 'backoff' || queued.place === 'errorBackoff') this.put(queued, 'active')
  }

  /** Every pod that has waited too long is tried without a reason. Source: scheduler.md 2.6. */
  flush(): void {
    const now = this.options.now()
    const old = [...this.unschedulable.values()].filter(
      (queued) => queued.gatedBy === undefined && now - queued.timestamp > mostUnschedulable,
    )
    for (const queued of old) this.wake(queued)
  }

  /** When the flush has something to do; undefined if nothing waits for it. */
  get flushWanted(): Micros | undefined {
    let earliest: Micros | undefined
    for (const queued of this.unschedulable.values()) {
      if (queued.gatedBy === undefined && (earliest === undefined || queued.timestamp < earliest)) earliest = queued.timestamp
    }
    return earliest === undefined ? undefined : earliest + mostUnschedulable + 1
  }

  /** Back-offs that are over end: those of refused pods first, then those of errors. Source: scheduler.md 2.5. */
  tick(): void {
    const now = this.options.now()
    for (const [queue, place] of [
      [this.backoff, 'backoff'],
      [this.errors, 'errorBackoff'],
    ] as const) {
      for (let head = this.peek(queue, place); head !== undefined && head.until < now; head = this.peek(queue, place)) {
        queue.pop()
        this.put(head.queued, 'active')
      }
    }
  }

  /** When the ticker has something to do; undefined if nothing backs off. */
  get tickWanted(): Micros | undefined {
    const first = this.peek(this.backoff, 'backoff')?.until
    const second = this.peek(this.errors, 'errorBackoff')?.until
    if (first === undefined && second === undefined) return undefined
    return Math.min(first ?? Number.POSITIVE_INFINITY, second ?? Number.POSITIVE_INFINITY) + 1
  }

  private wake(queued: QueuedPod): void {
    this.enter(queued, this.isBackingOff(queued) ? (queued.rejectors.size === 0 ? 'errorBackoff' : 'backoff') : 'active')
  }

  /** Into a queue, if no plugin keeps it out. */
  private enter(queued: QueuedPod, place: Place): boolean {
    const gate = this.options.gate(queued.info)
    queued.gatedBy = gate
    if (gate === undefined) {
      this.put(queued, place)
      return true
    }
    queued.rejectors.add(gate)
    this.put(queued, 'unschedulable')
    return false
  }

  private put(queued: QueuedPod, place: Place): void {
    const { uid } = queued.info
    if (queued.place === 'unschedulable') this.unschedulable.delete(uid)
    else if (queued.place === 'flying') this.flying.delete(uid)
    queued.place = place
    queued.ticket++
    if (place === 'unschedulable') this.unschedulable.set(uid, queued)
    else if (place === 'flying') this.flying.set(uid, queued)
    else if (place !== 'gone') {
      const entry: Entry = {
        queued,
        ticket: queued.ticket,
        priority: queued.info.priority,
        timestamp: queued.timestamp,
        until: queued.backoffUntil,
        order: queued.order,
      }
      const queue = place === 'active' ? this.active : place === 'backoff' ? this.backoff : this.errors
      queue.push(entry)
    }
  }

  private peek(queue: PriorityQueue<Entry>, place: Place): Entry | undefined {
    for (let head = queue.peek(); head !== undefined; head = queue.peek()) {
      if (isValid(head, place)) return head
      queue.pop()
    }
    return undefined
  }

  private top(queue: PriorityQueue<Entry>, place: Place): QueuedPod | undefined {
    const head = this.peek(queue, place)
    if (head !== undefined) queue.pop()
    return head?.queued
  }

  /** A gated pod is asked only about events that the plugin at its gate listens to. */
  private concerns(queued: QueuedPod, event: ClusterEvent): boolean {
    if (queued.gatedBy === undefined) return true
    return this.options
      .pluginsOf(queued.info)
      .some((plugin) => plugin.name === queued.gatedBy && plugin.retryOn?.[event.name] !== undefined)
  }

  private isWorth(queued: QueuedPod, event: ClusterEvent): boolean {
    if (queued.rejectors.size === 0) return true
    for (const plugin of this.options.pluginsOf(queued.info)) {
      if (!queued.rejectors.has(plugin.name)) continue
      const hint = plugin.retryOn?.[event.name as EventName]
      if (hint?.(queued.info, event, this.options.world) === true) return true
    }
    return false
  }

  private expiryOf(queued: QueuedPod): Micros {
    const { initialBackoff, maxBackoff, popsFromBackoff } = this.options
    const count = queued.errorsInARow > 0 ? queued.errorsInARow : queued.unschedulableCount
    if (count === 0 || maxBackoff === 0) return 0
    let duration = initialBackoff
    for (let i = 1; i < count && duration < maxBackoff; i++) duration *= 2
    const expiry = queued.timestamp + seconds(Math.min(duration, maxBackoff))
    return popsFromBackoff ? floorSecond(expiry) : expiry
  }

  private isBackingOff(queued: QueuedPod): boolean {
    if (queued.backoffUntil === 0) return false
    const now = this.options.now()
    return this.options.popsFromBackoff ? queued.backoffUntil >= floorSecond(now) : queued.backoffUntil > now
  }
}
