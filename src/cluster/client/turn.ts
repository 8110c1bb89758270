/**
 * A loop that makes no events while nothing changes: its beats are arithmetic (engine/rhythm.ts), and only the next one that has
 * something to do is planned. Source: house.md 4 ("A rhythm is a value"); cases/README.md 3 and 4.
 */
import type { Micros } from '../../engine/clock.ts'
import type { Process } from '../../engine/process.ts'
import { nextBeat, type Rhythm } from '../../engine/rhythm.ts'

/** What a loop is. */
export type Loop = {
  readonly process: Process
  /** Its place among the events of one instant (world/ranks.ts). */
  readonly rank: number
  readonly rhythm: Rhythm
  /** Whether a beat acts on what was written at its very instant. */
  readonly mode: 'includes' | 'strict'
  readonly label: string
  readonly act: () => void
}

/** The next turn of a loop: at most one is planned, the earliest that was wanted. */
export class Turn {
  private readonly loop: Loop
  private planned: Micros | undefined
  private handle = -1

  constructor(loop: Loop) {
    this.loop = loop
  }

  /** Act at the first beat from `from` on (default: now). A timer that is over at a beat counts at that beat, whatever the loop's mode. */
  want(from?: Micros): void {
    const { process, rhythm, mode, rank } = this.loop
    const { now, rank: running } = process.engine
    const asked = from === undefined || from < now ? now : from
    const over = asked === now && running > rank
    const beat = nextBeat(rhythm, asked, over || (from === undefined && mode === 'strict') ? 'strict' : 'includes')
    if (this.planned !== undefined && this.planned <= beat) return
    if (this.planned !== undefined) process.cancel(this.handle)
    this.planned = beat
    this.handle = process.atTurn(beat, this.loop.label, this.run, rank)
  }

  private readonly run = (): void => {
    this.planned = undefined
    this.loop.act()
  }
}
