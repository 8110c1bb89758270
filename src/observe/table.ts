/**
 * A table is a fold over the entries of a journal: one file in tables/ for each CSV of a run (contract section 6). Cells are values; how
 * they are written is the report's.
 */
import type { Micros } from '../engine/clock.ts'
import type { Journal } from '../engine/journal.ts'

/** One cell. Times are seconds since the start; what never came is undefined. */
export type Cell = string | number | boolean | undefined

/** The cells of a row in the order of the columns. */
export type Row = readonly Cell[]

/** What a table is computed from. */
export type Observed = {
  readonly journal: Journal
  /** When the run ended. */
  readonly ended: Micros
  /** Whether nothing that could change anything was left to happen at the end. */
  readonly quiet: boolean
}

export type Table = {
  /** Name of the file without `.csv`. */
  readonly name: string
  /** Columns named `…_s` are times in seconds. */
  readonly columns: readonly string[]
  readonly rows: (observed: Observed) => readonly Row[]
}
