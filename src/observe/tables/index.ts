/** All tables of a run, in the order in which people look at them. A new one is a file and a line. */
import type { Table } from '../table.ts'
import { attachments } from './attachments.ts'
import { changes } from './changes.ts'
import { dns } from './dns.ts'
import { events } from './events.ts'
import { metrics } from './metrics.ts'
import { nodes } from './nodes.ts'
import { pods } from './pods.ts'
import { probes } from './probes.ts'
import { replicas } from './replicas.ts'
import { restarts } from './restarts.ts'
import { rollouts } from './rollouts.ts'
import { volumes } from './volumes.ts'

export const tables: readonly Table[] = [
  changes,
  events,
  pods,
  rollouts,
  replicas,
  nodes,
  volumes,
  attachments,
  restarts,
  probes,
  dns,
  metrics,
]
