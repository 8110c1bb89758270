/**
 * What happened, in order, each entry with its cause. Columns in chunks, so that a long journal costs little to write and
 * nothing to the garbage collector (performance.md 4); texts are interned, details are pointers to frozen values.
 * Entries are numbered from 1; 0 as a cause means "nothing".
 */
import { bug } from './bug.ts'
import type { Micros } from './clock.ts'

/** One entry, as a value. */
export type Entry = {
  readonly entry: number
  readonly time: Micros
  readonly cause: number
  readonly who: string
  readonly what: string
  readonly about: string
  readonly detail: unknown
}

const chunkBits = 16
const chunkSize = 1 << chunkBits
const within = chunkSize - 1

type Chunk = {
  readonly times: Float64Array
  readonly causes: Uint32Array
  readonly who: Uint32Array
  readonly what: Uint32Array
  readonly about: Uint32Array
  readonly details: unknown[]
}

export class Journal {
  private readonly chunks: Chunk[] = []
  private readonly texts: string[] = []
  private readonly numbers = new Map<string, number>()
  private readonly listeners: ((entry: number) => void)[] = []
  private count = 0

  /** How many entries there are: also the number of the last one. */
  get length(): number {
    return this.count
  }

  /** Writes an entry and returns its number. The engine calls this; models call `engine.record`. */
  add(time: Micros, cause: number, who: string, what: string, about: string, detail: unknown): number {
    const at = this.count & within
    if (at === 0) this.chunks.push(newChunk())
    const chunk = this.chunks[this.chunks.length - 1] as Chunk
    chunk.times[at] = time
    chunk.causes[at] = cause
    chunk.who[at] = this.number(who)
    chunk.what[at] = this.number(what)
    chunk.about[at] = this.number(about)
    chunk.details.push(detail)
    const entry = ++this.count
    for (const listener of this.listeners) listener(entry)
    return entry
  }

  /** Calls `listener` with the number of each entry to come, at once when it is written. */
  listen(listener: (entry: number) => void): void {
    this.listeners.push(listener)
  }

  /** When it happened. */
  time(entry: number): Micros {
    return this.chunk(entry).times[(entry - 1) & within] as Micros
  }

  /** The entry that brought it; 0: none. */
  cause(entry: number): number {
    return this.chunk(entry).causes[(entry - 1) & within] as number
  }

  /** Who did it. */
  who(entry: number): string {
    return this.texts[this.chunk(entry).who[(entry - 1) & within] as number] as string
  }

  /** What happened, in one word. */
  what(entry: number): string {
    return this.texts[this.chunk(entry).what[(entry - 1) & within] as number] as string
  }

  /** What it happened to. */
  about(entry: number): string {
    return this.texts[this.chunk(entry).about[(entry - 1) & within] as number] as string
  }

  /** Everything else; what it is depends on `what`. */
  detail(entry: number): unknown {
    return this.chunk(entry).details[(entry - 1) & within]
  }

  /** The whole entry as a value. */
  at(entry: number): Entry {
    return {
      entry,
      time: this.time(entry),
      cause: this.cause(entry),
      who: this.who(entry),
      what: this.what(entry),
      about: this.about(entry),
      detail: this.detail(entry),
    }
  }

  private chunk(entry: number): Chunk {
    if (!(entry >= 1 && entry <= this.count)) bug(`an entry between 1 and ${this.count}`, `${entry}`)
    return this.chunks[(entry - 1) >>> chunkBits] as Chunk
  }

  private number(text: string): number {
    const known = this.numbers.get(text)
    if (known !== undefined) return known
    const number = this.texts.length
    this.texts.push(text)
    this.numbers.set(text, number)
    return number
  }
}

const newChunk = (): Chunk => ({
  times: new Float64Array(chunkSize),
  causes: new Uint32Array(chunkSize),
  who: new Uint32Array(chunkSize),
  what: new Uint32Array(chunkSize),
  about: new Uint32Array(chunkSize),
  details: [],
})
