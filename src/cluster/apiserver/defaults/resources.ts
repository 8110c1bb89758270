/** Quantities in requests and limits, rounded up to thousandths as the API server does. */
import { canonicalQuantity, roundUpToMilli } from '../../objects/quantity.ts'
import { type Fields, inField } from './share.ts'

/** A list of resources with each quantity in its canonical form, rounded up to a thousandth. */
export const resourceListDefaults = (list: Fields): Fields => {
  let result: Record<string, unknown> | undefined
  for (const name of Object.keys(list)) {
    const before = list[name] as string | number
    const after = roundUpToMilli(canonicalQuantity(before) ?? String(before))
    if (after === before) continue
    result ??= { ...list }
    result[name] = after
  }
  return result ?? list
}

/** `limits` and `requests` of a resources block. Source: SetDefaults_ResourceList */
export const resourceDefaults = (resources: Fields): Fields =>
  inField(inField(resources, 'limits', resourceListDefaults), 'requests', resourceListDefaults)
