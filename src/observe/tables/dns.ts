/** dns.csv: one change of what a name answers a row; no addresses: there is no such name. */
import { eachEntry, secondsOf } from '../entries.ts'
import type { Row, Table } from '../table.ts'

export const dns: Table = {
  name: 'dns',
  columns: ['at_s', 'name', 'addresses'],
  rows: ({ journal }) => {
    const rows: Row[] = []
    eachEntry(journal, ['dns'], (entry) => {
      const { addresses } = journal.detail(entry) as { addresses: readonly string[] }
      rows.push([secondsOf(journal.time(entry)), journal.about(entry), addresses.join(' ')])
    })
    return rows
  },
}
