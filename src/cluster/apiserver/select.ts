/**
 * What a list keeps: objects by label selector and by field selector. Source: kubectl.md 2.4, 8 ("bad request").
 */
import type { KubernetesObject } from '../objects/metadata.ts'
import { type FieldTerm, meetsAll, meetsTerms, parseFieldSelector, parseLabelSelector } from '../objects/selector.ts'
import * as errors from './errors.ts'
import type { Kind } from './kind.ts'
import type { Status } from './request.ts'

/** A field selector as read: its terms, and those that ask for equality by field. */
export type Fields = { readonly terms: readonly FieldTerm[]; readonly exact: ReadonlyMap<string, string> }

type Refused = { readonly refused: Status }

const none: Fields = { terms: [], exact: new Map() }

/** Every kind has these two field labels. */
const common: Readonly<Record<string, (object: KubernetesObject) => string>> = {
  'metadata.name': (object) => object.metadata.name,
  'metadata.namespace': (object) => object.metadata.namespace ?? '',
}

const readerOf = (kind: Kind, field: string): ((object: KubernetesObject) => string) | undefined => kind.fields[field] ?? common[field]

/** Kinds without labels of their own answer in other words than those with. */
const unknownField = (kind: Kind, field: string): Status =>
  errors.badRequest(
    Object.keys(kind.fields).length === 0
      ? `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`
      : `field label not supported: ${field}`,
  )

/** Reads a field selector of a kind. */
export const fieldsOf = (kind: Kind, selector: string | undefined): Fields | Refused => {
  if (selector === undefined || selector === '') return none
  const terms = parseFieldSelector(selector)
  if ('error' in terms) return { refused: errors.badRequest(terms.error) }
  const stranger = terms.find((term) => readerOf(kind, term.field) === undefined)
  if (stranger !== undefined) return { refused: unknownField(kind, stranger.field) }
  return { terms, exact: new Map(terms.filter((term) => term.equal).map((term) => [term.field, term.value])) }
}

/** The candidates that both selectors take. */
export const selected = (
  candidates: readonly KubernetesObject[],
  kind: Kind,
  labelSelector: string | undefined,
  fields: Fields,
): { readonly items: readonly KubernetesObject[] } | Refused => {
  const labels = labelSelector === undefined ? [] : parseLabelSelector(labelSelector)
  if ('error' in labels) return { refused: errors.badRequest(labels.error) }
  const items = candidates.filter(
    (object) => meetsAll(labels, object.metadata.labels) && meetsTerms(fields.terms, (field) => readerOf(kind, field)?.(object) ?? ''),
  )
  return { items }
}
