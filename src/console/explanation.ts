/**
 * The chain of causes behind something, back to the user's own step, as lines of a timeline. Source: contract section 2, explain.
 */
import { keyOf } from '../cluster/objects/metadata.ts'
import type { Micros } from '../engine/clock.ts'
import { chainOf, happenings, newestAt, newestWrite } from '../observe/causes.ts'
import type { Observed } from '../observe/table.ts'
import { events } from '../observe/tables/events.ts'
import { lineOf } from '../report/index.ts'
import { kindCalled } from '../scenario/read.ts'
import { didYouMean } from '../text/mistake.ts'
import { Refusal } from './voice.ts'

/**
 * What led to `pod/web-1`, `pod/web-1 ready`, `event 5`, `expectation 2`. `expectations`: when each was decided, undefined if it was not.
 * Refusal: there is no such thing.
 */
export function explanationOf(observed: Observed, expectations: readonly (Micros | undefined)[], words: readonly string[]): string {
  const { journal } = observed
  return chainOf(journal, entryOf(observed, expectations, words))
    .map((entry) => lineOf(journal, entry))
    .join('')
}

/** The entry that is asked about. */
function entryOf(observed: Observed, expectations: readonly (Micros | undefined)[], words: readonly string[]): number {
  const [what = '', more] = words
  if (what === 'event') {
    const rows = events.rows(observed)
    return rows[numbered(rows.length, more, 'event')]?.[0] as number
  }
  if (what === 'expectation')
    return newestAt(observed.journal, expectations[numbered(expectations.length, more, 'expectation')] ?? observed.ended)
  const [kindText = '', ...rest] = what.split('/')
  const kind = kindCalled(kindText)
  if (kind === undefined || rest.length === 0 || rest.length > 2)
    throw new Refusal(`"${what}" is nothing that can be explained`, 'for example pod/web-1, pod/NAMESPACE/web-1, event 5')
  const name = rest.at(-1) as string
  const about = keyOf(kind.kind, kind.namespaced ? (rest.length === 2 ? rest[0] : 'default') : undefined, name)
  const fits = more === undefined ? () => true : happenings[more]
  if (fits === undefined)
    throw new Refusal(`"${more}" is nothing that happens to a ${kind.kind}`, didYouMean(more ?? '', Object.keys(happenings), 'one of'))
  const entry = newestWrite(observed.journal, about, fits)
  if (entry === 0) throw new Refusal(`${what}${more === undefined ? '' : ` ${more}`} did not happen in this run`)
  return entry
}

/** The index that a number from 1 means. */
function numbered(count: number, text: string | undefined, what: string): number {
  const number = /^[1-9]\d*$/.test(text ?? '') ? Number(text) : 0
  if (number < 1 || number > count) throw new Refusal(`there is no ${what} ${text ?? 'without a number'}`, `there are ${count}`)
  return number - 1
}
