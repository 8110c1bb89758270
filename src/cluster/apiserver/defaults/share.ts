/** Changing frozen values by making new ones that share what stays. */

/** Any map of fields. */
// biome-ignore lint/suspicious/noExplicitAny: API-shaped values have no one type
export type Fields = { readonly [field: string]: any }

/** `object` with those fields of `more` that it has not (absent or null); the same object if there is nothing to add. */
export const withAbsent = <T extends Fields>(object: T, more: Fields): T => {
  let result: Record<string, unknown> | undefined
  for (const field of Object.keys(more)) {
    if (more[field] === undefined || (object[field] !== undefined && object[field] !== null)) continue
    result ??= { ...object }
    result[field] = more[field]
  }
  return (result ?? object) as T
}

/** `object` with one field set; undefined takes it away; the same object if it has that value. */
export const withField = <T extends Fields>(object: T, field: string, value: unknown): T => {
  if (object[field] === value) return object
  if (value !== undefined) return { ...object, [field]: value }
  if (!(field in object)) return object
  const { [field]: _dropped, ...rest } = object
  return rest as unknown as T
}

/** `object` with a field changed by `change`, if it is there. */
export const inField = <T extends Fields>(object: T, field: string, change: (value: Fields) => unknown): T =>
  object[field] === undefined || object[field] === null ? object : withField(object, field, change(object[field]))

/** A list with each element changed; the same list if none was. */
export const eachOf = <T>(list: readonly T[], change: (element: T) => T): readonly T[] => {
  let result: T[] | undefined
  for (let at = 0; at < list.length; at++) {
    const before = list[at] as T
    const after = change(before)
    if (after === before) continue
    result ??= [...list]
    result[at] = after
  }
  return result ?? list
}

/** `object` with each element of a list field changed, if it is there. */
export const inEach = <T extends Fields>(object: T, field: string, change: (element: Fields) => Fields): T =>
  Array.isArray(object[field]) ? withField(object, field, eachOf(object[field] as readonly Fields[], change)) : object
