/**
 * Label selectors, made ready to be asked often: each has a text that tells equal ones, and, if it has one, a label that whatever it
 * matches must carry (so that an index finds it).
 */
import type { LabelSelector, Labels, Requirement } from '../objects/selector.ts'
import { meetsAll, requirementOf } from '../objects/selector.ts'

export type Matcher = {
  /** Equal selectors have equal texts. */
  readonly text: string
  /** A label without which nothing matches. */
  readonly pair: readonly [key: string, value: string] | undefined
  /** Selects everything: `{}`. */
  readonly isEmpty: boolean
  matches(labels: Labels): boolean
}

/** Matches nothing: an absent selector. */
export const nothing: Matcher = { text: '-', pair: undefined, isEmpty: false, matches: () => false }
/** Matches everything: the empty selector. */
export const everything: Matcher = { text: '*', pair: undefined, isEmpty: true, matches: () => true }

/** Makes a selector ready. `more` are equalities that come on top (matchLabelKeys, a Service's selector). */
export const matcherOf = (selector: LabelSelector | undefined | null, more: readonly (readonly [string, string])[] = []): Matcher => {
  if (selector === undefined || selector === null) return nothing
  const equal = [...Object.entries(selector.matchLabels ?? {}), ...more] as [string, string][]
  const rest: Requirement[] = []
  for (const expression of selector.matchExpressions ?? []) {
    const only = expression.operator === 'In' && expression.values?.length === 1 ? expression.values[0] : undefined
    if (only !== undefined) {
      equal.push([expression.key, only])
      continue
    }
    const requirement = requirementOf(expression)
    if (requirement === undefined) return nothing
    rest.push(requirement)
  }
  if (equal.length === 0 && rest.length === 0) return everything
  equal.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : a[1] < b[1] ? -1 : a[1] > b[1] ? 1 : 0))
  const text = JSON.stringify([equal, rest.map((one) => [one.key, one.operator, [...one.values].sort()])])
  const matches = (labels: Labels): boolean => {
    for (const [key, value] of equal) if (labels?.[key] !== value) return false
    return rest.length === 0 || meetsAll(rest, labels)
  }
  return { text, pair: equal[0], isEmpty: false, matches }
}
