/** restarts.csv: one end of a container a row. */
import { aboutOf, type Exited, eachEntry, nodeOfActor, secondsOf } from '../entries.ts'
import type { Row, Table } from '../table.ts'

export const restarts: Table = {
  name: 'restarts',
  columns: ['at_s', 'namespace', 'pod', 'container', 'restarts', 'exit_code', 'reason', 'node'],
  rows: ({ journal }) => {
    const rows: Row[] = []
    eachEntry(journal, ['container-exited'], (entry) => {
      const { namespace, name } = aboutOf(journal.about(entry))
      const exited = journal.detail(entry) as Exited
      const node = nodeOfActor(journal.who(entry))
      rows.push([secondsOf(journal.time(entry)), namespace, name, exited.container, exited.restarts, exited.exitCode, exited.reason, node])
    })
    return rows
  },
}
