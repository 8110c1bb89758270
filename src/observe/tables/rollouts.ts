/** rollouts.csv: one change of a set a row, from its spec to its end. */
import { secondsOf } from '../entries.ts'
import { rolloutsOf } from '../rollouts.ts'
import type { Table } from '../table.ts'

export const rollouts: Table = {
  name: 'rollouts',
  columns: [
    ...['namespace', 'name', 'kind', 'generation', 'change', 'from_revision', 'to_revision', 'began_s', 'finished_s', 'duration_s'],
    ...['pods', 'status', 'blocked_by'],
  ],
  rows: (observed) =>
    rolloutsOf(observed).map((one) => [
      one.namespace,
      one.name,
      one.kind,
      one.generation,
      one.change,
      one.fromRevision,
      one.toRevision,
      secondsOf(one.began),
      one.finished === undefined ? undefined : secondsOf(one.finished),
      one.finished === undefined ? undefined : secondsOf(one.finished - one.began),
      one.pods,
      one.status,
      one.blockedBy,
    ]),
}
