/**
 * How long each step of the model takes, in this kind of cluster. A draw belongs to a thing, a step and how often that thing
 * has taken it: two variants of a cluster meet the same luck. Sources: contract 1 (common random numbers), cases/README.md 2.
 */
import { type Micros, seconds } from '../engine/clock.ts'
import { type Distribution, sample } from '../engine/distribution.ts'
import type { Engine } from '../engine/engine.ts'
import type { ProfileData, Pull, Step } from './profiles.ts'

/** What a scenario changes of a profile (`cluster.latency`). */
export type LatencyOverrides = {
  readonly steps?: Readonly<Partial<Record<Step, Distribution>>>
  /** Bytes per second. */
  readonly pull?: Distribution
}

/** The lengths of the steps. */
export class Delays {
  private readonly engine: Engine
  private readonly table: Readonly<Record<Step, Distribution>>
  private readonly pulls: Pull
  private readonly counts = new Map<string, number>()

  constructor(engine: Engine, profile: ProfileData, overrides: LatencyOverrides = {}) {
    this.engine = engine
    const own = overrides.steps ?? {}
    // Who sets `mount` means the first one too, unless it says otherwise.
    const first = own['mount-first'] ?? own.mount ?? profile.steps['mount-first']
    this.table = { ...profile.steps, ...own, 'mount-first': first }
    this.pulls = overrides.pull === undefined ? profile.pull : { fixed: profile.pull.fixed, bytesPerSecond: overrides.pull }
  }

  /** How long the step takes this time. `thing` names whose luck it is: `Pod/default/web-0`, `PersistentVolume//pvc-…`. */
  of(step: Step, thing: string): Micros {
    const distribution = this.table[step]
    return distribution.kind === 'constant' ? distribution.value : sample(distribution, this.draw(step, thing))
  }

  /** How long a pull of so many bytes takes; `limit` is a rate in bytes per second that it cannot exceed (fault `registry-slow`). */
  pull(bytes: number, thing: string, limit?: number): Micros {
    const { fixed, bytesPerSecond } = this.pulls
    const drawn = bytesPerSecond.kind === 'constant' ? bytesPerSecond.value : sample(bytesPerSecond, this.draw('pull', thing))
    const rate = limit === undefined ? drawn : drawn === 0 ? limit : Math.min(drawn, limit)
    // A rate of 0 stands for "no time" (profile instant).
    return rate === 0 ? fixed : fixed + seconds(bytes / rate)
  }

  /** Whether the step takes no time in any run. */
  isNothing(step: Step): boolean {
    const distribution = this.table[step]
    return distribution.kind === 'constant' && distribution.value === 0
  }

  private draw(step: string, thing: string): number {
    const key = `${step} ${thing}`
    const count = this.counts.get(key) ?? 0
    this.counts.set(key, count + 1)
    return this.engine.chance(thing, `latency/${step}`, count)
  }
}
