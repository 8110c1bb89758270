/** pods.csv: one pod object's life a row. Instants are the first of their kind, and true ones unless the API is named. */
import type { Micros } from '../../engine/clock.ts'
import { secondsOf } from '../entries.ts'
import { podLives, reasonOf, restartsOf, revisionOfPod } from '../pod-lives.ts'
import type { Table } from '../table.ts'

const at = (instant: Micros | undefined): number | undefined => (instant === undefined ? undefined : secondsOf(instant))

export const pods: Table = {
  name: 'pods',
  columns: [
    ...['namespace', 'name', 'uid', 'owner', 'ordinal', 'revision', 'node', 'created_s', 'scheduled_s', 'attached_s', 'mounted_s'],
    ...[
      'sandbox_s',
      'pulled_s',
      'started_s',
      'running_s',
      'ready_s',
      'deleting_s',
      'stopped_s',
      'removed_s',
      'restarts',
      'phase',
      'reason',
    ],
  ],
  rows: ({ journal }) =>
    podLives(journal).map((life) => [
      life.namespace,
      life.name,
      life.uid,
      life.owner,
      life.ordinal,
      revisionOfPod(life.object),
      life.object['spec']?.nodeName,
      at(life.created),
      at(life.scheduled),
      at(life.attached),
      at(life.mounted),
      at(life.sandbox),
      at(life.pulled),
      at(life.started),
      at(life.running),
      at(life.ready),
      at(life.deleting),
      at(life.stopped),
      at(life.removed),
      restartsOf(life.object),
      life.object['status']?.phase,
      reasonOf(life.object),
    ]),
}
