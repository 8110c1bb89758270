/**
 * The only loop. Whatever happens, happens inside one of its events: earliest first, then by rank, then in the order in which it was
 * planned. Nothing here knows what is simulated.
 */
import { Bug, bug } from './bug.ts'
import { farthest, type Micros, printDuration } from './clock.ts'
import { Journal } from './journal.ts'
import { Process } from './process.ts'
import { type Handle, Queue, ranks, type Taken } from './queue.ts'
import { draw, type Hashing, hashing, type Random, stream } from './random.ts'

/** What an engine is made of. */
export type EngineOptions = {
  /** `7` and `'7'` are the same seed. */
  readonly seed: string | number
  /** Where to write; a new journal if absent. */
  readonly journal?: Journal
}

/** The rank between events. */
const outside = -1
/** A handle that names nothing. */
const noHandle: Handle = -1

export class Engine {
  readonly journal: Journal
  readonly seed: string

  private readonly queue = new Queue<Process>()
  private readonly streams = new Map<string, Random>()
  private readonly hash: Hashing
  private readonly taken: Taken<Process>
  private time: Micros = 0
  private runningRank = outside
  private currentCause = 0
  private halted = false
  private count = 0

  constructor(options: EngineOptions) {
    this.journal = options.journal ?? new Journal()
    this.seed = String(options.seed)
    this.hash = hashing(this.seed)
    this.taken = { key: 0, owner: new Process(this, 'nobody', 0), label: '', act: () => undefined, cause: 0 }
  }

  /** Microseconds since the start. */
  get now(): Micros {
    return this.time
  }

  /** The journal entry that brought the running event; 0: none. */
  get cause(): number {
    return this.currentCause
  }

  /** The rank of the running event; -1 between events. */
  get rank(): number {
    return this.runningRank
  }

  /** How many events have happened. */
  get happened(): number {
    return this.count
  }

  /** How many are planned. */
  get pending(): number {
    return this.queue.size
  }

  /** How many were ever planned: also the number that the next one gets, so what is planned later has a larger number. */
  get planned(): number {
    return this.queue.planned
  }

  /** Whose event the last one was, and its label; for those who watch, between events. */
  get last(): { readonly process: Process; readonly label: string } {
    return { process: this.taken.owner, label: this.taken.label }
  }

  /** Calls `see` for each pending event, in no promised order; `number` as in `planned`. For those who watch. */
  eachPending(see: (time: Micros, process: Process, label: string, number: number) => void): void {
    this.queue.each((key, process, label, order) => see(Math.floor(key / ranks), process, label, order))
  }

  /** A new process. Rank 0 acts first among what happens in one instant, 15 last. */
  process(name: string, rank: number): Process {
    if (!(Number.isInteger(rank) && rank >= 0 && rank < ranks)) bug(`a rank between 0 and ${ranks - 1} for ${name}`, `${rank}`)
    return new Process(this, name, rank)
  }

  /** The living stream of that name; the same name is the same stream. */
  random(name: string): Random {
    const known = this.streams.get(name)
    if (known !== undefined) return known
    const made = stream(this.seed, name)
    this.streams.set(name, made)
    return made
  }

  /** One draw in [0, 1) that depends on the seed, the thing, the purpose and the count alone; nothing is kept. */
  chance(thing: string, purpose: string, count = 0): number {
    return draw(this.hash, thing, purpose, count)
  }

  /** Writes down that something happened now; its cause is the running event's. Returns the number of the entry. */
  record(who: string, what: string, about: string, detail: unknown): number {
    return this.journal.add(this.time, this.currentCause, who, what, about, detail)
  }

  /** Runs `run`; what it plans and records has this entry as its cause. */
  because<T>(entry: number, run: () => T): T {
    const before = this.currentCause
    this.currentCause = entry
    try {
      return run()
    } finally {
      this.currentCause = before
    }
  }

  /** When the next event happens; Infinity when nothing is pending. */
  nextTime(): Micros {
    const key = this.queue.nextKey()
    return key === Number.POSITIVE_INFINITY ? key : Math.floor(key / ranks)
  }

  /** Lets one event happen; false when nothing is left. What it throws leaves as a Bug that knows when and where. */
  step(): boolean {
    const taken = this.taken
    if (!this.queue.take(taken)) return false
    const time = Math.floor(taken.key / ranks)
    this.time = time
    this.runningRank = taken.key - time * ranks
    this.currentCause = taken.cause
    this.count++
    const { owner, label } = taken
    try {
      taken.act()
    } catch (error) {
      throw located(error, time, `${owner.name}: ${label}`)
    } finally {
      this.runningRank = outside
      this.currentCause = 0
    }
    return true
  }

  /** Lets everything up to and including `until` happen; then it is `until`, unless an event called `halt`. */
  run(until: Micros): void {
    this.halted = false
    while (!this.halted && this.nextTime() <= until) this.step()
    if (!this.halted && this.time < until) this.time = until
  }

  /** Lets `run` return after the running event. */
  halt(): void {
    this.halted = true
  }

  /** `process.at` and `process.after`, which are to be used. */
  plan(process: Process, time: Micros, label: string, act: () => void, turn?: number): Handle {
    if (!process.alive) return noHandle
    if (!(time >= this.time)) bug(`"${process.name}: ${label}" not to be planned before ${printDuration(this.time)}`, `${time} µs`)
    if (time > farthest) return noHandle
    const running = time === this.time ? this.runningRank : outside
    const rank = turn !== undefined ? Math.max(turn, running) : running !== outside ? running : process.rank
    if (!Number.isInteger(time)) bug(`whole microseconds for "${process.name}: ${label}"`, `${time}`)
    return this.queue.plan(time * ranks + rank, process, label, act, this.currentCause)
  }

  /** `process.cancel`, which is to be used. */
  cancel(handle: Handle): void {
    if (handle !== noHandle) this.queue.cancel(handle)
  }

  /** `process.kill`, which is to be used. */
  forget(process: Process): void {
    this.queue.drop(process)
  }
}

function located(error: unknown, at: Micros, event: string): Bug {
  const found =
    error instanceof Bug ? error : new Bug('no exception', error instanceof Error ? error.message : String(error), { cause: error })
  found.at ??= at
  found.event ??= event
  return found
}
