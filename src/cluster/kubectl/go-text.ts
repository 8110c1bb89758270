/** Values as Go's fmt prints them: maps as `map[a:b]`, lists as `[a b]`. */

/** A number as `%v` prints it. */
export const numberText = (value: number): string =>
  Number.isInteger(value) && Math.abs(value) < 1e21 ? String(value) : String(value).replace(/e([+-]?)(\d)$/, 'e$10$2')

/** A value as `%v` prints it. */
export function goText(value: unknown): string {
  if (value === null || value === undefined) return '<nil>'
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`
  if (typeof value === 'number') return numberText(value)
  if (typeof value !== 'object') return String(value)
  const map = value as Record<string, unknown>
  return `map[${Object.keys(map)
    .sort()
    .map((key) => `${key}:${goText(map[key])}`)
    .join(' ')}]`
}
