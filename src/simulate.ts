/**
 * One scenario and one seed make one recording. A newcomer starts reading here and goes down: `start` builds the cluster and plans the
 * scenario, `step` lets one event happen, `simulate` runs to the end.
 */

import { allKinds } from './cluster/apiserver/kinds/index.ts'
import { Cluster } from './cluster/cluster.ts'
import { connectTo } from './cluster/connect.ts'
import { type Micros, parseDuration } from './engine/clock.ts'
import type { Sha256 } from './engine/digest.ts'
import { Engine } from './engine/engine.ts'
import { assumptionsOf, gapsOf, remediesOf } from './observe/assumed.ts'
import { Recording, type RunFacts } from './observe/recording.ts'
import { Settlement } from './observe/settled.ts'
import { Expectations } from './scenario/expectations.ts'
import { vocabularyOf } from './scenario/inspect.ts'
import { Player } from './scenario/player.ts'
import { kindCalled } from './scenario/read.ts'
import type { Scenario } from './scenario/scenario.ts'
import { clusterSpecOf } from './scenario/spec.ts'
import { type Stage, stageOf } from './scenario/stage.ts'

/** What can be said beside the scenario. */
export type SimulateOptions = {
  /** All chance comes from it; default: the scenario's. */
  readonly seed?: string | number
  /** Who computes the digest; default: plain JavaScript. Programs have a faster one in node:crypto. */
  readonly sha256?: Sha256
}

/** So many changes of the API in one instant mean that controllers undo each other (contract.md 3). */
const runawayChanges = 100_000

/** A running simulation. */
export class Simulation {
  readonly scenario: Scenario
  readonly engine: Engine
  readonly cluster: Cluster
  readonly stage: Stage
  readonly player: Player
  private readonly expectations: Expectations
  private readonly settlement: Settlement
  private readonly duration: Micros
  private readonly sha256: Sha256 | undefined
  private over = false
  /** Until when a step, an end of a fault or an expectation was awaited. */
  private busyUntil: Micros = 0
  private instant: Micros = -1
  private changesBefore = 0
  private runaway: string | undefined

  constructor(scenario: Scenario, options: SimulateOptions = {}) {
    this.scenario = scenario
    this.sha256 = options.sha256
    this.engine = new Engine({ seed: options.seed ?? scenario.seed })
    this.settlement = new Settlement(this.engine)
    this.cluster = new Cluster(clusterSpecOf(scenario), this.engine)
    const { engine, world, store, calendar } = this.cluster
    const connect = connectTo({ engine, world, see: store, time: () => calendar.textOf(engine.now) })
    this.stage = stageOf(this.cluster, { connect })
    const words = vocabularyOf(scenario, {
      kindCalled,
      kindNames: allKinds.flatMap((kind) => [kind.singular, kind.plural, ...kind.shortNames]),
    })
    this.player = new Player(scenario, this.stage, words)
    this.expectations = new Expectations(scenario.expect, this.stage, words)
    this.duration = parseDuration(scenario.duration) ?? 0
    this.player.start()
  }

  /** Lets one event happen. False when the run is over: settled, at its end, or run away. */
  step(): boolean {
    if (this.isSettled) this.over = true
    if (this.over || this.runaway !== undefined || this.engine.nextTime() > this.duration) return false
    const pending = this.player.pending || this.expectations.pending
    this.engine.step()
    if (pending) this.busyUntil = this.engine.now
    this.settlement.after()
    this.watchForRunaway()
    return true
  }

  /** Runs to the end and gives back what happened. */
  run(): Recording {
    while (this.step()) {}
    return this.finish()
  }

  /**
   * Lets time go on until nothing moves any more, at most to the moment `until`, and no longer than `stop` says (asked after each event).
   * For terminals, whose commands come from outside.
   */
  settle(until: Micros, stop: () => boolean = () => false): void {
    while (!stop() && !this.settlement.settled() && this.engine.nextTime() <= until) {
      this.engine.step()
      this.settlement.after()
    }
  }

  /** Whether only repetitions are left. */
  private get isSettled(): boolean {
    return this.scenario.until === 'settled' && !this.player.pending && !this.expectations.pending && this.settlement.settled()
  }

  private watchForRunaway(): void {
    const { engine, cluster } = this
    if (engine.now !== this.instant) {
      this.instant = engine.now
      this.changesBefore = cluster.store.revision
    } else if (cluster.store.revision - this.changesBefore > runawayChanges) {
      const actors = new Set<string>()
      for (let entry = engine.journal.length; entry > Math.max(1, engine.journal.length - 1000); entry--) {
        if (engine.journal.what(entry) === 'write' || engine.journal.what(entry) === 'event') actors.add(engine.journal.who(entry))
      }
      this.runaway = [...actors].sort().join(', ')
    }
  }

  private finish(): Recording {
    const { engine, scenario, player } = this
    const settled = this.over
    // Timers that came to nothing do not make a run longer: it has ended with the last thing that happened.
    const last = engine.journal.length === 0 ? 0 : engine.journal.time(engine.journal.length)
    const ended = this.runaway !== undefined ? engine.now : settled ? Math.max(last, this.busyUntil) : this.duration
    if (!settled && this.runaway === undefined) engine.run(this.duration)
    const verdicts = this.expectations
      .end()
      .map((verdict) => (verdict.at !== undefined && verdict.at > ended ? { ...verdict, at: ended } : verdict))
    const failures = [...player.failures]
    if (this.runaway !== undefined) {
      failures.push({
        at: engine.now,
        message: `more than ${runawayChanges} changes in one instant; these undo each other: ${this.runaway}`,
      })
    }
    const quiet = settled || this.settlement.settled()
    const facts: RunFacts = {
      scenario,
      seed: engine.seed,
      ended,
      quiet,
      endedBy: this.runaway !== undefined ? 'runaway' : settled ? 'settled' : 'duration',
      repeating: quiet ? this.settlement.repeating() : [],
      steps: player.rows,
      expectations: verdicts,
      invariants: [],
      failures,
      events: engine.happened,
      assumed: assumptionsOf(scenario),
      gaps: gapsOf(scenario),
      remedies: remediesOf(engine.journal, this.cluster.store.of('Pod').list(), scenario),
    }
    return new Recording(engine.journal, facts, this.sha256)
  }
}

/** Starts a simulation that is stepped by its caller. */
export const start = (scenario: Scenario, options?: SimulateOptions): Simulation => new Simulation(scenario, options)

/** Runs a scenario to its end. Touches no file; the same scenario and seed give the same recording. */
export const simulate = (scenario: Scenario, options?: SimulateOptions): Recording => start(scenario, options).run()
