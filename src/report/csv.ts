/** Tables as CSV: RFC 4180, LF, header first; times in seconds with six decimals. Source: contract section 6. */
import { csvFormatRow } from 'd3-dsv'
import type { Cell, Row, Table } from '../observe/table.ts'

/** How many rows make one piece of text. */
const batch = 1_024

/** The file in pieces, so that no whole table is ever one text. */
export function* csv(table: Table, rows: readonly Row[]): Generator<string> {
  yield `${csvFormatRow([...table.columns])}\n`
  const times = table.columns.map((column) => column.endsWith('_s'))
  let piece = ''
  let count = 0
  for (const row of rows) {
    piece += `${csvFormatRow(row.map((cell, at) => written(cell, times[at] === true)))}\n`
    if (++count % batch !== 0) continue
    yield piece
    piece = ''
  }
  if (piece !== '') yield piece
}

const written = (cell: Cell, isTime: boolean): string =>
  cell === undefined || cell === null ? '' : isTime && typeof cell === 'number' ? cell.toFixed(6) : String(cell)
