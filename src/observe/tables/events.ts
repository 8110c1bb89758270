/** events.csv: one Kubernetes Event as first or again recorded a row. */
import { aboutOf, type EventDetail, eachEntry, secondsOf } from '../entries.ts'
import type { Row, Table } from '../table.ts'

export const events: Table = {
  name: 'events',
  columns: ['entry', 'cause', 'at_s', 'source', 'type', 'reason', 'kind', 'namespace', 'name', 'count', 'message'],
  rows: ({ journal }) => {
    const rows: Row[] = []
    eachEntry(journal, ['event'], (entry) => {
      const { type, reason, message, count } = journal.detail(entry) as EventDetail
      const { kind, namespace, name } = aboutOf(journal.about(entry))
      rows.push([
        entry,
        journal.cause(entry),
        secondsOf(journal.time(entry)),
        journal.who(entry),
        type,
        reason,
        kind,
        namespace,
        name,
        count,
        message,
      ])
    })
    return rows
  },
}
