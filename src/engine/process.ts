/**
 * Something that can die: timers belong to a process, and a dead process' timers do not fire. No component asks "am I alive?".
 */
import type { Micros } from './clock.ts'
import type { Engine } from './engine.ts'
import type { Handle, Owner } from './queue.ts'

/** Made by `engine.process(name, rank)`. */
export class Process implements Owner {
  readonly name: string
  /** Its place among events of one instant: 0 first, 15 last. */
  readonly rank: number
  readonly engine: Engine
  /** Part of the queue's bookkeeping: counted up when it dies. */
  incarnation = 0
  /** Part of the queue's bookkeeping: how much it has planned. */
  pending = 0
  private living = true

  constructor(engine: Engine, name: string, rank: number) {
    this.engine = engine
    this.name = name
    this.rank = rank
  }

  /** Whether what it plans will happen. */
  get alive(): boolean {
    return this.living
  }

  /**
   * Plans `act` for the moment `time`, not before now (a bug otherwise). What is planned for the same instant inherits the rank of the
   * running event; everything else has the process' own. A dead process plans nothing. What is planned beyond
   * `farthest` never happens. `label` is for people who look at a bug or a profile.
   */
  at(time: Micros, label: string, act: () => void): Handle {
    return this.engine.plan(this, time, label, act)
  }

  /**
   * Plans `act` for the moment `time` at its own place among the events of that instant, `rank`, even if that instant is now: what
   * a loop does in its turn, as against a reaction, which inherits. A turn that is over is taken at once.
   */
  atTurn(time: Micros, label: string, act: () => void, rank: number = this.rank): Handle {
    return this.engine.plan(this, time, label, act, rank)
  }

  /** Plans `act` for when `delay` has passed. */
  after(delay: Micros, label: string, act: () => void): Handle {
    return this.engine.plan(this, this.engine.now + delay, label, act)
  }

  /** What was planned under this handle will not happen. A stale handle is harmless. */
  cancel(handle: Handle): void {
    this.engine.cancel(handle)
  }

  /** Dies: nothing that it planned happens any more. */
  kill(): void {
    if (!this.living) return
    this.living = false
    this.engine.forget(this)
  }

  /** Alive again, with nothing planned. */
  revive(): void {
    this.living = true
  }
}
