/**
 * Time: whole microseconds in a number, counted from the start of the run. Exact for the heap's keys up to 17 years
 * (performance.md A1); no Date, no BigInt, no fraction.
 */

/** Whole microseconds: a moment since the start, or a length of time. */
export type Micros = number

/** The last moment the engine can tell from its neighbours (17.8 years). What is planned for later never happens. */
export const farthest: Micros = 562_949_953_421_311

const whole = (micros: number): Micros => Math.round(micros) || 0

/** `n` milliseconds, rounded to whole microseconds. */
export const milliseconds = (n: number): Micros => whole(n * 1_000)
/** `n` seconds, rounded to whole microseconds. */
export const seconds = (n: number): Micros => whole(n * 1_000_000)
/** `n` minutes, rounded to whole microseconds. */
export const minutes = (n: number): Micros => whole(n * 60_000_000)
/** `n` hours, rounded to whole microseconds. */
export const hours = (n: number): Micros => whole(n * 3_600_000_000)

const unitMicros: ReadonlyMap<string, number> = new Map([
  ['ns', 0.001],
  ['us', 1],
  ['µs', 1], // U+00B5
  ['μs', 1], // U+03BC
  ['ms', 1_000],
  ['s', 1_000_000],
  ['m', 60_000_000],
  ['h', 3_600_000_000],
])

const piece = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/y

/**
 * Reads a duration as Go's time.ParseDuration does: `1h2m`, `250ms`, `1.5s`, `-1s`, and `0`. Everything else, a bare number
 * like `60` too, is none: undefined. Rounded to whole microseconds.
 */
export function parseDuration(text: string): Micros | undefined {
  const sign = text.startsWith('-') ? -1 : 1
  let at = text.startsWith('-') || text.startsWith('+') ? 1 : 0
  if (text.slice(at) === '0') return 0
  if (at === text.length) return undefined
  let sum = 0
  while (at < text.length) {
    piece.lastIndex = at
    const match = piece.exec(text)
    if (match === null) return undefined
    sum += Number(match[1]) * (unitMicros.get(match[2] as string) as number)
    at = piece.lastIndex
  }
  const micros = whole(sign * sum)
  return Number.isSafeInteger(micros) ? micros : undefined
}

/** Prints a length of time as Go's Duration.String() does: `1m30s`, `1h0m0s`, `250ms`, `1.5s`, `10µs`, `0s`. */
export function printDuration(at: Micros): string {
  if (at < 0) return `-${printDuration(-at)}`
  if (at === 0) return '0s'
  if (at < 1_000) return `${at}µs`
  if (at < 1_000_000) return `${decimal(at, 3)}ms`
  const wholeMinutes = Math.floor(at / 60_000_000)
  const rest = `${decimal(at - wholeMinutes * 60_000_000, 6)}s`
  if (wholeMinutes === 0) return rest
  if (wholeMinutes < 60) return `${wholeMinutes}m${rest}`
  const wholeHours = Math.floor(wholeMinutes / 60)
  return `${wholeHours}h${wholeMinutes - wholeHours * 60}m${rest}`
}

/** `at` / 10^digits in decimals, without trailing zeros. */
function decimal(at: number, digits: number): string {
  const text = String(at).padStart(digits + 1, '0')
  const fraction = text.slice(-digits).replace(/0+$/, '')
  const before = text.slice(0, -digits)
  return fraction === '' ? before : `${before}.${fraction}`
}
