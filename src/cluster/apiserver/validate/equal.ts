/** Whether two values say the same: absent, null and empty are one, as in Go's semantic equality of API objects. */

const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  (typeof value === 'object' && (Array.isArray(value) ? value.length === 0 : Object.keys(value).length === 0))

/** Compares two API-shaped values. Values that are shared cost nothing. */
export const isSame = (a: unknown, b: unknown): boolean => {
  if (a === b) return true
  if (isEmpty(a) && isEmpty(b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((element, at) => isSame(element, b[at]))
  }
  const left = a as Readonly<Record<string, unknown>>
  const right = b as Readonly<Record<string, unknown>>
  for (const field of Object.keys(left)) if (!isSame(left[field], right[field])) return false
  for (const field of Object.keys(right)) if (!(field in left) && !isEmpty(right[field])) return false
  return true
}
