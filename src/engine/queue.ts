/**
 * What is still to happen: earliest first, then lowest rank, then first come first served.
 *
 * The heap moves numbers only: key = microseconds * 16 + rank, tag = order * 2^21 + record. The record is a slot that holds
 * process, label, function and cause. Cancelling frees the slot at once; the heap's pair is recognized as dead by its tag, and
 * dropped when it comes up or when more than half are dead. Source: performance.md A.
 */
import { bug } from './bug.ts'
import { Heap } from './heap.ts'

/** Ranks are 0 to 15: the last four bits of a key. */
export const ranks = 16

/** 2^21: a tag is order * records + record. */
const records = 2_097_152
const mostOrders = 4_294_967_296

/** Names one planned event. A handle whose event has happened or was cancelled is stale, and harmless. */
export type Handle = number

/** Whose event it is. What was planned in an earlier incarnation does not happen. */
export type Owner = {
  /** Counted up when the owner dies. */
  incarnation: number
  /** Events it has planned in this incarnation that have neither happened nor been cancelled. */
  pending: number
}

/** The event that `take` has just taken. */
export type Taken<O extends Owner> = { key: number; owner: O; label: string; act: () => void; cause: number }

const nothing = (): void => undefined

/** Where things stand in a slot: numbers side by side, pointers side by side, so that an event costs two lines of the cache. */
const numbersSize = 4
const orderAt = 0
const incarnationAt = 1
const causeAt = 2
const thingsSize = 3
const ownerAt = 0
const labelAt = 1
const actAt = 2

export class Queue<O extends Owner> {
  private readonly heap = new Heap()
  private order = 0
  private live = 0

  /** Of each record: order of the event that it holds (0: none), incarnation of its owner, cause. */
  private numbers = new Uint32Array(numbersSize * 64)
  /** Of each record: owner, label, function. */
  private readonly things: unknown[] = []
  /** A stack of free records. */
  private free = new Int32Array(64)
  private freeCount = 0
  private used = 0

  /** How many events will still happen. */
  get size(): number {
    return this.live
  }

  /** How many events were ever planned. */
  get planned(): number {
    return this.order
  }

  plan(key: number, owner: O, label: string, act: () => void, cause: number): Handle {
    const record = this.freeCount === 0 ? this.newRecord() : (this.free[--this.freeCount] as number)
    const order = ++this.order
    if (order >= mostOrders) bug('fewer than 2^32 events in a run', `${order}`)
    const { numbers, things } = this
    const number = record * numbersSize
    numbers[number + orderAt] = order
    numbers[number + incarnationAt] = owner.incarnation
    numbers[number + causeAt] = cause
    const thing = record * thingsSize
    things[thing + ownerAt] = owner
    things[thing + labelAt] = label
    things[thing + actAt] = act
    owner.pending++
    this.live++
    const tag = order * records + record
    this.heap.push(key, tag)
    return tag
  }

  /** What was planned under this handle will not happen. Returns whether anything was. */
  cancel(handle: Handle): boolean {
    const order = orderOf(handle)
    const record = handle - order * records
    if (this.numbers[record * numbersSize + orderAt] !== order) return false
    const owner = this.things[record * thingsSize + ownerAt] as O
    if (this.numbers[record * numbersSize + incarnationAt] === owner.incarnation) {
      owner.pending--
      this.live--
    }
    this.release(record)
    this.sweepIfWorthwhile()
    return true
  }

  /** The owner dies: nothing it has planned will happen. */
  drop(owner: O): void {
    owner.incarnation++
    this.live -= owner.pending
    owner.pending = 0
    this.sweepIfWorthwhile()
  }

  /** Key of the next event that will happen; Infinity if there is none. */
  nextKey(): number {
    while (this.heap.size > 0) {
      if (this.isLive(this.heap.firstTag)) return this.heap.firstKey
      this.heap.pop()
    }
    return Number.POSITIVE_INFINITY
  }

  /** Takes the next event that will happen into `into`; false if there is none. */
  take(into: Taken<O>): boolean {
    const key = this.nextKey()
    if (key === Number.POSITIVE_INFINITY) return false
    const tag = this.heap.firstTag
    const record = tag - orderOf(tag) * records
    const { numbers, things } = this
    const thing = record * thingsSize
    const owner = things[thing + ownerAt] as O
    owner.pending--
    this.live--
    into.key = key
    into.owner = owner
    into.label = things[thing + labelAt] as string
    into.act = things[thing + actAt] as () => void
    const number = record * numbersSize
    into.cause = numbers[number + causeAt] as number
    // The slot keeps its pointers until it is used again: clearing them would cost as much as the rest.
    numbers[number + orderAt] = 0
    this.free[this.freeCount++] = record
    this.heap.pop()
    return true
  }

  /** Calls `see` for each event that will happen, in no promised order. */
  each(see: (key: number, owner: O, label: string, order: number) => void): void {
    this.heap.each((key, tag) => {
      const order = orderOf(tag)
      const record = tag - order * records
      if (this.numbers[record * numbersSize + orderAt] !== order) return
      const owner = this.things[record * thingsSize + ownerAt] as O
      if (this.numbers[record * numbersSize + incarnationAt] !== owner.incarnation) return
      see(key, owner, this.things[record * thingsSize + labelAt] as string, order)
    })
  }

  /** Whether the event of this heap entry will happen. Frees the slot of one whose owner has died. */
  private isLive(tag: number): boolean {
    const order = orderOf(tag)
    const record = tag - order * records
    const number = record * numbersSize
    if (this.numbers[number + orderAt] !== order) return false
    if (this.numbers[number + incarnationAt] === (this.things[record * thingsSize + ownerAt] as O).incarnation) return true
    this.release(record)
    return false
  }

  private release(record: number): void {
    const number = record * numbersSize
    this.numbers[number + orderAt] = 0
    this.free[this.freeCount++] = record
    // What a cancelled event held on to may be large, and the slot may stay free for long.
    this.things[record * thingsSize + actAt] = nothing
  }

  private newRecord(): number {
    const record = this.used++
    if (record >= records) bug('fewer than 2^21 pending events', `${record}`)
    if (record * numbersSize === this.numbers.length) {
      const numbers = new Uint32Array(this.numbers.length * 2)
      numbers.set(this.numbers)
      this.numbers = numbers
      const free = new Int32Array(this.free.length * 2)
      free.set(this.free)
      this.free = free
    }
    this.things.push(undefined, '', nothing)
    return record
  }

  private sweepIfWorthwhile(): void {
    if (this.heap.size > 256 && this.live * 2 < this.heap.size) this.heap.keep((tag) => this.isLive(tag))
  }
}

/** By floor and multiply: `%` on doubles this large is a library call (performance.md D). */
const orderOf = (tag: number): number => Math.floor(tag / records)
