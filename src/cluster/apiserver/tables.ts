/**
 * What `get` shows: objects as a header and rows of cells, and ages as people read them.
 * Source: kubectl.md 3; apimachinery pkg/util/duration (HumanDuration).
 */
import type { KubernetesObject } from '../objects/metadata.ts'
import type { Kind } from './kind.ts'

/** A header and its rows; every cell is text. */
export type Table = { readonly header: readonly string[]; readonly rows: readonly (readonly string[])[] }

const minute = 60
const hour = 60 * minute
const day = 24 * hour
const year = 365 * day

/** A count and a unit, with the rest in the next smaller one if there is any. */
const pair = (seconds: number, unit: number, name: string, less: number, lessName: string): string => {
  const rest = Math.floor((seconds % unit) / less)
  return `${Math.floor(seconds / unit)}${name}${rest === 0 ? '' : `${rest}${lessName}`}`
}

/** An age of so many seconds: `90s`, `2m40s`, `10m`, `3h5m`, `47h`, `2d1h`, `8d`, `2y3d`. Fractions are cut off. */
export const humanAge = (age: number): string => {
  const seconds = Math.trunc(age)
  if (seconds < -1) return '<invalid>'
  if (seconds < 0) return '0s'
  if (seconds < 2 * minute) return `${seconds}s`
  if (seconds < 10 * minute) return pair(seconds, minute, 'm', 1, 's')
  if (seconds < 3 * hour) return `${Math.floor(seconds / minute)}m`
  if (seconds < 8 * hour) return pair(seconds, hour, 'h', minute, 'm')
  if (seconds < 2 * day) return `${Math.floor(seconds / hour)}h`
  if (seconds < 8 * day) return pair(seconds, day, 'd', hour, 'h')
  if (seconds < 2 * year) return `${Math.floor(seconds / day)}d`
  if (seconds < 8 * year) return pair(seconds, year, 'y', day, 'd')
  return `${Math.floor(seconds / year)}y`
}

/** How ages are printed at a moment: `secondsOf` reads a time of the API into seconds, `now` is such a number. A missing time is `<unknown>`. */
export const agesAt =
  (now: number, secondsOf: (time: string) => number) =>
  (time: string | undefined): string =>
    time === undefined || time === '' ? '<unknown>' : humanAge(now - secondsOf(time))

/** Objects of one kind as a table; `wide` adds the columns of `-o wide`. */
export const tableOf = (
  kind: Kind,
  objects: readonly KubernetesObject[],
  age: (time: string | undefined) => string,
  wide = false,
): Table => {
  const columns = kind.columns.filter((column) => wide || column.wide !== true)
  return {
    header: columns.map((column) => column.name),
    rows: objects.map((object) => columns.map((column) => column.cell(object, age, wide))),
  }
}
