/** probes.csv: one change of a probe's verdict a row. */
import { aboutOf, eachEntry, type ProbeVerdict, secondsOf } from '../entries.ts'
import type { Row, Table } from '../table.ts'

export const probes: Table = {
  name: 'probes',
  columns: ['at_s', 'namespace', 'pod', 'container', 'probe', 'result', 'failures'],
  rows: ({ journal }) => {
    const rows: Row[] = []
    eachEntry(journal, ['probe'], (entry) => {
      const { namespace, name } = aboutOf(journal.about(entry))
      const { container, probe, result, failures } = journal.detail(entry) as ProbeVerdict
      rows.push([secondsOf(journal.time(entry)), namespace, name, container, probe, result, failures])
    })
    return rows
  },
}
