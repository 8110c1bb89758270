/**
 * What must hold: judged after every single change of what it looks at, so that a moment too short for a poll still counts.
 * Source: contract section 3.
 */
import { allKinds, kindOf } from '../cluster/apiserver/kinds/index.ts'
import { type Micros, parseDuration, printDuration } from '../engine/clock.ts'
import type { Process } from '../engine/process.ts'
import { ranks } from '../world/ranks.ts'
import { type Condition, readCondition, type Vocabulary } from './conditions.ts'
import { fits } from './inspect.ts'
import type { Expectation } from './schema.ts'
import type { Stage } from './stage.ts'

/** What became of an expectation. */
export type Verdict = { readonly name: string; readonly held: boolean; readonly at: Micros | undefined; readonly message: string }

/** Calls back at each change of a kind that the condition looks at, and each second if it looks at the time. Returns how to stop. */
export function watchCondition(condition: Condition, stage: Stage, process: Process, tell: () => void): () => void {
  const named = condition.kinds.has('*') ? allKinds.map((kind) => kind.kind) : [...condition.kinds].sort()
  const stops = named.map((kind) => stage.watch(kind, tell))
  let stopped = false
  const tick = (): void => {
    if (stopped) return
    tell()
    process.after(1_000_000 - (stage.engine.now % 1_000_000), 'looks at the time', tick)
  }
  if (condition.readsTime) process.after(1_000_000 - (stage.engine.now % 1_000_000), 'looks at the time', tick)
  return () => {
    stopped = true
    for (const stop of stops) stop()
  }
}

/** One expectation while the run goes on. */
type Watcher = { readonly name: string; verdict: Verdict | undefined; readonly end: () => Verdict; pending: () => boolean }

const sourceOf = (expectation: Expectation): string => {
  const { name: _, from: __, to: ___, within: ____, at: _____, below, above, ...rest } = expectation as Record<string, unknown>
  const [verb, what] = Object.entries(rest)[0] ?? ['', '']
  const limits = [...(below === undefined ? [] : [`below ${below}`]), ...(above === undefined ? [] : [`above ${above}`])]
  return [`${verb}: ${typeof what === 'string' ? what : JSON.stringify(what)}`, ...limits].join(' ')
}

const micros = (text: string | undefined): Micros | undefined => (text === undefined ? undefined : parseDuration(text))

/** All expectations of a scenario. */
export class Expectations {
  private readonly stage: Stage
  private readonly process: Process
  private readonly watchers: Watcher[]

  constructor(expectations: readonly Expectation[], stage: Stage, vocabulary: Vocabulary) {
    this.stage = stage
    this.process = stage.engine.process('expectations', ranks.observers)
    this.watchers = expectations.map((one) => this.begin(one, vocabulary))
  }

  /** Whether an `at:` or a `within:` is still to come. */
  get pending(): boolean {
    return this.watchers.some((watcher) => watcher.verdict === undefined && watcher.pending())
  }

  /** The run has ended: what became of each, in the order of the file. */
  end(): readonly Verdict[] {
    return this.watchers.map((watcher) => watcher.verdict ?? watcher.end())
  }

  private begin(expectation: Expectation, vocabulary: Vocabulary): Watcher {
    const name = expectation.name ?? sourceOf(expectation)
    const read = (text: string, wants: 'bool' | 'measure' = 'bool'): Condition => {
      const { condition } = readCondition(text, vocabulary, wants)
      if (condition === undefined) throw new Error(`a condition that the reader refuses: ${text}`)
      return condition
    }
    if ('always' in expectation) return this.always(name, read(expectation.always), true, expectation)
    if ('never' in expectation) return this.always(name, read(expectation.never), false, expectation)
    if ('eventually' in expectation) return this.eventually(name, read(expectation.eventually), expectation)
    if ('finally' in expectation) return this.finally(name, read(expectation.finally))
    if ('that' in expectation) return this.that(name, read(expectation.that), parseDuration(expectation.at) ?? 0)
    if ('event' in expectation) return this.event(name, expectation)
    return this.measure(name, read(expectation.measure, 'measure'), expectation)
  }

  private now(): Micros {
    return this.stage.engine.now
  }

  private holds(condition: Condition): boolean {
    return condition.holds(this.stage.objects)
  }

  /** Holds at every moment of its window (`wanted` false: at none). */
  private always(
    name: string,
    condition: Condition,
    wanted: boolean,
    { from, to }: { readonly from?: string; readonly to?: string },
  ): Watcher {
    const begins = micros(from) ?? 0
    const ends = micros(to)
    let stop = (): void => undefined
    const broken = (): string => (wanted ? `${condition.source} did not hold` : `${condition.source} held`)
    const look = (): void => {
      if (watcher.verdict !== undefined || this.now() < begins || this.holds(condition) === wanted) return
      watcher.verdict = { name, held: false, at: this.now(), message: `${broken()} at ${printDuration(this.now())}` }
      stop()
    }
    const watcher: Watcher = {
      name,
      verdict: undefined,
      pending: () => false,
      end: () => {
        // A window that opens after the run has ended is judged by what is there then: nothing changes any more.
        if (this.now() < begins && this.holds(condition) !== wanted)
          return { name, held: false, at: this.now(), message: `${broken()} at the end` }
        return { name, held: true, at: undefined, message: '' }
      },
    }
    this.process.at(begins, 'an expectation begins', () => {
      stop = watchCondition(condition, this.stage, this.process, look)
      look()
    })
    if (ends !== undefined)
      this.process.at(ends, 'an expectation ends', () => {
        stop()
        watcher.verdict ??= { name, held: true, at: undefined, message: '' }
      })
    return watcher
  }

  /** Holds at some moment of its window. */
  private eventually(name: string, condition: Condition, { from, within }: { readonly from?: string; readonly within?: string }): Watcher {
    const begins = micros(from) ?? 0
    const limit = micros(within)
    let stop = (): void => undefined
    const look = (): void => {
      if (watcher.verdict !== undefined || !this.holds(condition)) return
      watcher.verdict = { name, held: true, at: this.now(), message: '' }
      stop()
    }
    const missed = (): Verdict => ({
      name,
      held: false,
      at: this.now(),
      message: `${condition.source} never held${begins > 0 ? ` from ${printDuration(begins)}` : ''} to ${printDuration(this.now())}`,
    })
    const watcher: Watcher = {
      name,
      verdict: undefined,
      pending: () => limit !== undefined,
      end: () => (this.now() < begins && this.holds(condition) ? { name, held: true, at: this.now(), message: '' } : missed()),
    }
    this.process.at(begins, 'an expectation begins', () => {
      stop = watchCondition(condition, this.stage, this.process, look)
      look()
    })
    if (limit !== undefined)
      this.process.at(begins + limit, 'an expectation ends', () => {
        stop()
        watcher.verdict ??= missed()
      })
    return watcher
  }

  private finally(name: string, condition: Condition): Watcher {
    return {
      name,
      verdict: undefined,
      pending: () => false,
      end: () =>
        this.holds(condition)
          ? { name, held: true, at: this.now(), message: '' }
          : { name, held: false, at: this.now(), message: `${condition.source} does not hold at the end (${printDuration(this.now())})` },
    }
  }

  /** At a moment, after everything that happens then. */
  private that(name: string, condition: Condition, at: Micros): Watcher {
    const judge = (): Verdict =>
      this.holds(condition)
        ? { name, held: true, at: this.now(), message: '' }
        : { name, held: false, at: this.now(), message: `${condition.source} does not hold at ${printDuration(this.now())}` }
    const watcher: Watcher = {
      name,
      verdict: undefined,
      pending: () => true,
      end: () => ({ name, held: false, at: undefined, message: `the run ended before ${printDuration(at)}` }),
    }
    this.process.at(at, 'an expectation is judged', () => {
      watcher.verdict = judge()
    })
    return watcher
  }

  /** An Event is seen at least once. */
  private event(name: string, { event, from, within }: Extract<Expectation, { event: unknown }>): Watcher {
    const begins = micros(from) ?? 0
    const limit = micros(within)
    const { journal } = this.stage.engine
    const wanted = event.object?.toLowerCase()
    const alike = (pattern: string | undefined, text: string): boolean => pattern === undefined || fits(pattern, text)
    const aliases = (kind: string): readonly string[] => {
      const known = kindOf(kind)
      return known === undefined ? [kind.toLowerCase()] : [known.singular, known.plural, ...known.shortNames]
    }
    journal.listen((entry) => {
      if (watcher.verdict !== undefined || journal.what(entry) !== 'event' || this.now() < begins) return
      const told = journal.detail(entry) as { readonly type: string; readonly reason: string; readonly message: string }
      const [kind = '', namespace = '', object = ''] = journal.about(entry).split('/')
      const fitsObject = wanted === undefined || aliases(kind).some((alias) => fits(wanted, `${alias}/${object}`.toLowerCase()))
      if (!fitsObject || !alike(event.namespace, namespace) || !alike(event.reason, told.reason) || !alike(event.type, told.type)) return
      if (!alike(event.message, told.message) || !alike(event.source, journal.who(entry))) return
      watcher.verdict = { name, held: true, at: this.now(), message: '' }
    })
    const missed = (): Verdict => ({ name, held: false, at: this.now(), message: `no such Event was seen: ${JSON.stringify(event)}` })
    const watcher: Watcher = { name, verdict: undefined, pending: () => limit !== undefined, end: missed }
    if (limit !== undefined)
      this.process.at(begins + limit, 'an expectation ends', () => {
        watcher.verdict ??= missed()
      })
    return watcher
  }

  /** A number or a length of time at the end. */
  private measure(name: string, condition: Condition, { below, above }: Extract<Expectation, { measure: unknown }>): Watcher {
    const limit = (value: string | number | undefined): number | undefined => (typeof value === 'string' ? parseDuration(value) : value)
    return {
      name,
      verdict: undefined,
      pending: () => false,
      end: () => {
        const value = condition.measure(this.stage.objects)
        if (value === undefined)
          return { name, held: false, at: this.now(), message: `${condition.source} could not be measured: something is absent` }
        const number = typeof value === 'number' ? value : value.micros
        const shown = typeof value === 'number' ? String(value) : printDuration(value.micros)
        const [low, high] = [limit(above), limit(below)]
        const held = (high === undefined || number < high) && (low === undefined || number > low)
        const wanted = [...(below === undefined ? [] : [`below ${below}`]), ...(above === undefined ? [] : [`above ${above}`])].join(
          ' and ',
        )
        return { name, held, at: this.now(), message: held ? shown : `${condition.source} is ${shown}, not ${wanted}` }
      },
    }
  }
}
