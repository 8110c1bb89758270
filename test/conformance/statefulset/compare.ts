/** Small questions about values that cases are written in. */

// biome-ignore lint/suspicious/noExplicitAny: cases are YAML, and objects of all kinds
export type Loose = any

export const isMap = (value: unknown): value is Record<string, Loose> =>
  value !== null && typeof value === 'object' && !Array.isArray(value)

/** A value or a list of them, as a list; nothing is the empty list. */
export const listOf = <T>(value: T | readonly T[] | null | undefined): T[] =>
  value === undefined || value === null ? [] : Array.isArray(value) ? [...value] : [value as T]

export const wordsOf = (text: unknown): string[] =>
  String(text ?? '')
    .split(/\s+/)
    .filter((word) => word !== '')

/** RFC 7386. */
export const merged = (base: Loose, over: Loose): Loose => {
  if (!isMap(over)) return structuredClone(over)
  const result: Record<string, Loose> = isMap(base) ? { ...base } : {}
  for (const [key, value] of Object.entries(over)) {
    if (value === null) delete result[key]
    else result[key] = merged(result[key], value)
  }
  return result
}

/** One spelling of a value: sorted keys, nothing that is null. */
const spelled = (value: Loose): Loose => {
  if (Array.isArray(value)) return value.map(spelled)
  if (!isMap(value)) return value
  const keys = Object.keys(value).filter((key) => value[key] !== null && value[key] !== undefined)
  return Object.fromEntries(keys.sort().map((key) => [key, spelled(value[key])]))
}

export const isSame = (a: Loose, b: Loose): boolean => JSON.stringify(spelled(a)) === JSON.stringify(spelled(b))

/** The value without empty texts and maps. */
const dense = (value: Loose): Loose => {
  if (Array.isArray(value)) return value.map(dense)
  if (!isMap(value)) return value
  const entries = Object.entries(value).map(([key, part]) => [key, dense(part)] as const)
  return Object.fromEntries(
    entries.filter(([, part]) => part !== null && part !== undefined && part !== '' && !(isMap(part) && Object.keys(part).length === 0)),
  )
}

export const isAlmostSame = (a: Loose, b: Loose): boolean => isSame(a, b) || isSame(dense(a), dense(b))

const asPattern = (text: string): RegExp | undefined => (/^\/.*\/$/.test(text) ? new RegExp(text.slice(1, -1)) : undefined)

/** Whether what was found has all that is wanted: maps partly, the rest wholly, owner references in any order. */
export const agrees = (wanted: Loose, found: Loose): boolean => {
  if (wanted === null) return found === undefined || found === null
  if (typeof wanted === 'string') {
    const pattern = asPattern(wanted)
    return pattern === undefined ? wanted === found : typeof found === 'string' && pattern.test(found)
  }
  if (Array.isArray(wanted))
    return Array.isArray(found) && wanted.length === found.length && wanted.every((each, i) => agrees(each, found[i]))
  if (!isMap(wanted)) return wanted === found
  if ('$exactly' in wanted) return isSame(wanted['$exactly'], found ?? {})
  if (!isMap(found)) return false
  return Object.entries(wanted).every(([key, value]) => {
    if (key !== 'ownerReferences' || !Array.isArray(value)) return agrees(value, found[key])
    const owners: Loose[] = found[key] ?? []
    return owners.length === value.length && value.every((each) => owners.some((owner) => agrees(each, owner)))
  })
}

/** `0..2` as [0, 1, 2]; a name or number by itself. */
export const rangeOf = (key: unknown): string[] => {
  const match = /^(\d+)\.\.(\d+)$/.exec(String(key))
  if (match === null) return [String(key)]
  const [from, to] = [Number(match[1]), Number(match[2])]
  return Array.from({ length: to - from + 1 }, (_, i) => String(from + i))
}

export const rangesOf = (value: unknown): string[] => listOf(value).flatMap(rangeOf)

/** Entries of a map by ordinal: what is said of many comes before what is said of one. */
export const wideFirst = (map: Record<string, Loose>): [string, Loose][] =>
  Object.entries(map).sort(([a], [b]) => Number(b.includes('..')) - Number(a.includes('..')))

/** Milliseconds of `90s`, `1h30m`, or of a number of seconds. */
export const milliseconds = (text: unknown): number => {
  if (typeof text === 'number') return text * 1000
  const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }
  return [...String(text).matchAll(/([0-9.]+)(ms|s|m|h)/g)].reduce(
    (sum, part) => sum + Number(part[1]) * (units[part[2] as string] as number),
    0,
  )
}

/** `delete 2..0` as three texts. */
export const callsOf = (value: unknown): string[] =>
  listOf(value).flatMap((each) => {
    const text = String(each)
    const match = /^(\S+) (\d+)\.\.(\d+)$/.exec(text)
    if (match === null) return [text]
    const [from, to] = [Number(match[2]), Number(match[3])]
    return Array.from({ length: Math.abs(to - from) + 1 }, (_, i) => `${match[1]} ${from + (from <= to ? i : -i)}`)
  })

/** Two lists of calls; `update? 0` stands for an accepted and for a refused one. */
export const areCalls = (wanted: readonly string[], found: readonly string[]): boolean =>
  wanted.length === found.length &&
  wanted.every(
    (call, i) => call === found[i] || (call.includes('?') && (call.replace('?', '') === found[i] || call.replace('?', '!') === found[i])),
  )

export const frozen = <T>(value: T): T => {
  if (value === null || typeof value !== 'object' || Object.isFrozen(value)) return value
  Object.freeze(value)
  for (const part of Object.values(value)) frozen(part)
  return value
}
