/** changes.csv: one accepted write to the API a row. Writes of Event objects are in events.csv. */
import { describeWrite } from '../change.ts'
import { eachEntry, secondsOf, type Write } from '../entries.ts'
import type { Row, Table } from '../table.ts'

export const changes: Table = {
  name: 'changes',
  columns: ['entry', 'cause', 'at_s', 'actor', 'verb', 'kind', 'namespace', 'name', 'uid', 'resource_version', 'what'],
  rows: ({ journal }) => {
    const rows: Row[] = []
    eachEntry(journal, ['write'], (entry) => {
      const write = journal.detail(entry) as Write
      const { kind, metadata } = write.object
      rows.push([
        entry,
        journal.cause(entry),
        secondsOf(journal.time(entry)),
        journal.who(entry),
        write.verb,
        kind,
        metadata.namespace,
        metadata.name,
        metadata.uid,
        metadata.resourceVersion,
        describeWrite(write),
      ])
    })
    return rows
  },
}
