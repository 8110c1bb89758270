/**
 * Keys to be looked at: never twice at once, several additions fold into one, a failed key comes back later and later.
 *
 * Source: statefulset.md 3.1 (client-go util/workqueue).
 * Differs from Kubernetes: the bucket of ten retries a second (burst 100) that all keys share is left out.
 */
import { type Micros, milliseconds, seconds } from '../../engine/clock.ts'
import type { Process } from '../../engine/process.ts'
import type { Handle } from '../../engine/queue.ts'
import type { Enqueue } from './controller.ts'

/** First delay of a failed key and the longest. Source: client-go's DefaultTypedControllerRateLimiter. */
export const defaultBackOff = { first: milliseconds(5), most: seconds(1000) }

export class WorkQueue implements Enqueue {
  private readonly process: Process
  private readonly owner: string
  private readonly backOff: { readonly first: Micros; readonly most: Micros }
  private readonly wake: () => void
  private readonly waiting = new Set<string>()
  private readonly working = new Set<string>()
  /** Added while it was worked on: runs again right after. */
  private readonly again = new Set<string>()
  private readonly failures = new Map<string, number>()
  private readonly delayed = new Map<string, { readonly at: Micros; readonly handle: Handle }>()

  /** `wake` is called when there is something to take; `owner` names whose queue it is, for people. */
  constructor(process: Process, wake: () => void, backOff = defaultBackOff, owner = 'queue') {
    this.process = process
    this.owner = owner
    this.wake = wake
    this.backOff = backOff
  }

  add(key: string): void {
    if (this.working.has(key)) this.again.add(key)
    else if (!this.waiting.has(key)) {
      this.waiting.add(key)
      this.wake()
    }
  }

  /** One slot a key, which keeps the earliest time; an immediate addition does not cancel it. */
  addAfter(key: string, delay: Micros): void {
    if (delay <= 0) return this.add(key)
    const at = this.process.engine.now + delay
    const slot = this.delayed.get(key)
    if (slot !== undefined) {
      if (slot.at <= at) return
      this.process.cancel(slot.handle)
    }
    const handle = this.process.after(delay, `${this.owner} looks at ${key} again`, () => {
      this.delayed.delete(key)
      this.add(key)
    })
    this.delayed.set(key, { at, handle })
  }

  /** A key failed: it comes back after its own back-off. Answers the delay. */
  addRateLimited(key: string): Micros {
    const failures = this.failures.get(key) ?? 0
    this.failures.set(key, failures + 1)
    let delay = this.backOff.first
    for (let i = 0; i < failures && delay < this.backOff.most; i++) delay *= 2
    const bounded = Math.min(delay, this.backOff.most)
    this.addAfter(key, bounded)
    return bounded
  }

  forget(key: string): void {
    this.failures.delete(key)
  }

  /** The next key, or undefined; it counts as worked on until `done`. */
  take(): string | undefined {
    for (const key of this.waiting) {
      this.waiting.delete(key)
      this.working.add(key)
      return key
    }
    return undefined
  }

  done(key: string): void {
    this.working.delete(key)
    if (this.again.delete(key)) this.add(key)
  }

  /** Whether nothing waits and nothing is worked on (what waits for its time aside). */
  get idle(): boolean {
    return this.waiting.size === 0 && this.working.size === 0
  }

  get length(): number {
    return this.waiting.size
  }

  /** Everything is forgotten: the component starts anew. */
  clear(): void {
    for (const { handle } of this.delayed.values()) this.process.cancel(handle)
    for (const part of [this.waiting, this.working, this.again, this.failures, this.delayed]) part.clear()
  }
}
