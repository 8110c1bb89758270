/**
 * What a run leaves: its journal and everything that is a function of it. Nothing is computed before it is asked for.
 * Source: contract.md 6 and 7.
 */
import type { KubernetesObject } from '../cluster/objects/metadata.ts'
import type { Micros } from '../engine/clock.ts'
import { digest } from '../engine/digest.ts'
import type { Journal } from '../engine/journal.ts'
import { objectsAt } from './state-at.ts'
import type { Row, Table } from './table.ts'
import { tables } from './tables/index.ts'

/** One command or fault of the run, as in run.json. Times are microseconds; what had not ended at the end is undefined. */
export type StepResult = {
  readonly at: Micros
  readonly ended: Micros | undefined
  readonly line: string
  readonly exit: number | undefined
  readonly stdout: string
  readonly stderr: string
}

/** What became of an expectation or of a built-in truth. */
export type VerdictResult = { readonly name: string; readonly held: boolean; readonly at: Micros | undefined; readonly message: string }

/** Something that made the run fail and is no expectation: a step whose command failed. */
export type FailureResult = { readonly at: Micros; readonly message: string }

/** The run: what was asked, and how it ended. */
export type RunFacts = {
  readonly name: string
  readonly seed: string
  readonly release: string
  readonly profile: string
  /** What time 0 is called. */
  readonly start: string
  readonly ended: Micros
  readonly endedBy: 'settled' | 'duration' | 'runaway'
  /** What would go on repeating, in words. */
  readonly repeating: readonly string[]
  readonly steps: readonly StepResult[]
  readonly expectations: readonly VerdictResult[]
  readonly invariants: readonly VerdictResult[]
  readonly failures: readonly FailureResult[]
  /** Kinds of the journal's events that happened, for people who measure. */
  readonly events: number
}

export class Recording {
  readonly journal: Journal
  readonly facts: RunFacts
  private readonly computed = new Map<string, readonly Row[]>()
  private hash: string | undefined

  constructor(journal: Journal, facts: RunFacts) {
    this.journal = journal
    this.facts = facts
  }

  /** SHA-256 over everything that happened. */
  get digest(): string {
    this.hash ??= digest(this.journal)
    return this.hash
  }

  /** Whether every expectation and truth held and no command failed. */
  get held(): boolean {
    const { expectations, invariants, failures } = this.facts
    return failures.length === 0 && [...expectations, ...invariants].every((verdict) => verdict.held)
  }

  /** All tables, in the order of contract section 6. */
  get tables(): readonly Table[] {
    return tables
  }

  /** The rows of a table by its name (`pods`, `changes`, …). An unknown name is a bug of the caller. */
  rows(name: string): readonly Row[] {
    let rows = this.computed.get(name)
    if (rows === undefined) {
      const table = tables.find((each) => each.name === name)
      if (table === undefined) throw new TypeError(`there is no table "${name}"; there are ${tables.map((each) => each.name).join(', ')}`)
      rows = table.rows({ journal: this.journal, ended: this.facts.ended, quiet: this.facts.endedBy === 'settled' })
      this.computed.set(name, rows)
    }
    return rows
  }

  /** All objects as they were at a moment, by key (`Pod/default/web-0`). */
  objectsAt(at: Micros): ReadonlyMap<string, KubernetesObject> {
    return objectsAt(this.journal, at)
  }
}
