/**
 * What a run leaves behind: its journal and everything that is a function of it. Nothing is computed before it is asked for, nothing
 * touches a file. `simulate` returns one. Source: contract sections 6 and 7.
 */
import type { KubernetesObject } from '../cluster/objects/metadata.ts'
import type { Micros } from '../engine/clock.ts'
import { digest, portableSha256, type Sha256 } from '../engine/digest.ts'
import type { Entry, Journal } from '../engine/journal.ts'
import type { Verdict } from '../scenario/expectations.ts'
import type { Failure, StepRow } from '../scenario/player.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { type EventDetail, eachEntry, type Write } from './entries.ts'
import { objectsAt } from './state-at.ts'
import type { Observed, Row, Table } from './table.ts'
import { tables } from './tables/index.ts'

/** The run: what was asked, and how it ended. */
export type RunFacts = {
  readonly scenario: Scenario
  /** `7` and `'7'` are one seed. */
  readonly seed: string
  /** When it ended. */
  readonly ended: Micros
  /** Why: nothing more could change, the end of virtual time, or controllers undid each other without time passing. */
  readonly endedBy: 'settled' | 'duration' | 'runaway'
  /** Whether nothing more could change at the end (also true of a run with `until: end`). */
  readonly quiet: boolean
  /** What would go on repeating, in words. */
  readonly repeating: readonly string[]
  readonly steps: readonly StepRow[]
  /** Steps that failed, manifests that were refused. */
  readonly failures: readonly Failure[]
  readonly expectations: readonly Verdict[]
  readonly invariants: readonly Verdict[]
  /** How many events of the engine happened. */
  readonly events: number
  /** What is assumed, one line each: `containers answer as soon as they have started`. */
  readonly assumed?: readonly string[]
  /** What is not modelled and was met, one line a feature. */
  readonly gaps?: readonly string[]
  /** What would mend what was missing: `kubectl create serviceaccount consul`. */
  readonly remedies?: readonly string[]
}

/** One version of one object, for objects.jsonl. */
export type ObjectVersion = {
  readonly entry: number
  readonly at: Micros
  readonly verb: 'ADDED' | 'MODIFIED' | 'DELETED'
  /** Who asked. */
  readonly by: string
  /** Verb and subresource of the request: `update status`. */
  readonly call: string
  readonly object: KubernetesObject
}

export class Recording implements Observed {
  readonly journal: Journal
  readonly facts: RunFacts
  /** Who hashes for it. */
  readonly sha256: Sha256
  private digested: string | undefined
  private readonly computed = new Map<string, readonly Row[]>()

  constructor(journal: Journal, facts: RunFacts, sha256: Sha256 = portableSha256) {
    this.journal = journal
    this.facts = facts
    this.sha256 = sha256
  }

  get scenario(): Scenario {
    return this.facts.scenario
  }

  get seed(): string {
    return this.facts.seed
  }

  /** When it ended. */
  get ended(): Micros {
    return this.facts.ended
  }

  /** Whether nothing more could change at the end. */
  get quiet(): boolean {
    return this.facts.quiet
  }

  /** Whether everything that was to hold did: expectations, invariants, steps. */
  get held(): boolean {
    const { expectations, invariants, failures, endedBy } = this.facts
    return endedBy !== 'runaway' && failures.length === 0 && [...expectations, ...invariants].every((verdict) => verdict.held)
  }

  /** SHA-256 over everything that happened. */
  get digest(): string {
    this.digested ??= digest(this.journal, undefined, this.sha256)
    return this.digested
  }

  /** Everything that happened, in order. */
  *entries(): Generator<Entry> {
    for (let entry = 1; entry <= this.journal.length; entry++) yield this.journal.at(entry)
  }

  /** The objects as they were after everything that happened at or before `at`, by key: `Pod/default/web-0`. */
  objectsAt(at: Micros): ReadonlyMap<string, KubernetesObject> {
    return objectsAt(this.journal, at)
  }

  /** All tables, in the order of contract section 6. */
  get tables(): readonly Table[] {
    return tables
  }

  /** The rows of a table by its name (`pods`, `changes`, …); each in the order of the table's columns. TypeError: there is no such table. */
  rows(name: string): readonly Row[] {
    const known = this.computed.get(name)
    if (known !== undefined) return known
    const rows = tableOf(name).rows(this)
    this.computed.set(name, rows)
    return rows
  }

  /** The rows of a table as records: `{ at_s: 12.5, node: 'node-1', … }`. TypeError: there is no such table. */
  records(name: string): readonly Readonly<Record<string, string | number | boolean | undefined>>[] {
    const { columns } = tableOf(name)
    return this.rows(name).map((row) => Object.fromEntries(columns.map((column, at) => [column, row[at]])))
  }

  /** Each version of each object, Events included. */
  versions(): readonly ObjectVersion[] {
    const { journal } = this
    const versions: ObjectVersion[] = []
    eachEntry(journal, ['write', 'event'], (entry, what) => {
      const [at, by] = [journal.time(entry), journal.who(entry)]
      if (what === 'write') {
        const { type, object, verb, subresource } = journal.detail(entry) as Write
        versions.push({ entry, at, verb: type, by, call: callOf(verb, subresource), object })
      } else {
        const { object, count } = journal.detail(entry) as EventDetail
        const first = count <= 1
        versions.push({ entry, at, verb: first ? 'ADDED' : 'MODIFIED', by, call: first ? 'create' : 'patch', object })
      }
    })
    return versions
  }
}

function tableOf(name: string): Table {
  const table = tables.find((one) => one.name === name)
  if (table === undefined) throw new TypeError(`there is no table "${name}"; there are ${tables.map((one) => one.name).join(', ')}`)
  return table
}

const callOf = (verb: string, subresource: string | undefined): string => {
  const request = verb === 'bind' || verb === 'evict' ? 'create' : verb
  return subresource === undefined ? request : `${request} ${subresource}`
}
