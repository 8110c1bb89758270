/** replicas.csv: one change of a StatefulSet's counts a row. A count that is not written yet is 0. */
import type { StatefulSet } from '../../cluster/objects/statefulset.ts'
import { replicasOf } from '../../cluster/objects/statefulset.ts'
import { eachEntry, secondsOf, type Write } from '../entries.ts'
import type { Row, Table } from '../table.ts'

export const replicas: Table = {
  name: 'replicas',
  columns: ['at_s', 'namespace', 'name', 'desired', 'replicas', 'ready', 'available', 'current', 'updated'],
  rows: ({ journal }) => {
    const rows: Row[] = []
    const last = new Map<string, string>()
    eachEntry(journal, ['write'], (entry) => {
      const write = journal.detail(entry) as Write
      if (write.object.kind !== 'StatefulSet') return
      const about = journal.about(entry)
      if (write.type === 'DELETED') {
        last.delete(about)
        return
      }
      const set = write.object as StatefulSet
      const status = set.status ?? {}
      const counts = [
        replicasOf(set),
        status.replicas ?? 0,
        status.readyReplicas ?? 0,
        status.availableReplicas ?? 0,
        status.currentReplicas ?? 0,
        status.updatedReplicas ?? 0,
      ]
      if (last.get(about) === counts.join()) return
      last.set(about, counts.join())
      rows.push([secondsOf(journal.time(entry)), set.metadata.namespace, set.metadata.name, ...counts])
    })
    return rows
  },
}
