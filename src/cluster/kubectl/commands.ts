/** The list of commands, in the order in which kubectl adds them. */
import { apiResources, apiVersions } from './api-resources.ts'
import { apply } from './apply.ts'
import type { Command } from './command.ts'
import { cordon, uncordon } from './cordon.ts'
import { createCommand } from './create-kinds.ts'
import { deleteCommand } from './delete.ts'
import { describe } from './describe.ts'
import { drain } from './drain.ts'
import { events } from './events.ts'
import { attach, exec } from './exec.ts'
import { explain } from './explain.ts'
import { get } from './get.ts'
import { annotate, label } from './label.ts'
import { logs } from './logs.ts'
import { patch } from './patch.ts'
import { absentCommands, cp, expose } from './refused.ts'
import { replace } from './replace.ts'
import { rollout } from './rollout.ts'
import { run } from './run.ts'
import { scale } from './scale.ts'
import { set } from './set.ts'
import { taint } from './taint.ts'
import { clusterInfo, version } from './version.ts'
import { wait } from './wait.ts'

/** Commands by name. */
export const commands: ReadonlyMap<string, Command> = new Map<string, Command>([
  ['create', createCommand],
  ['expose', expose],
  ['run', run],
  ['set', set],
  ['explain', explain],
  ['get', get],
  ['delete', deleteCommand],
  ['rollout', rollout],
  ['scale', scale],
  ['cluster-info', clusterInfo],
  ['cordon', cordon],
  ['uncordon', uncordon],
  ['drain', drain],
  ['taint', taint],
  ['describe', describe],
  ['logs', logs],
  ['attach', attach],
  ['exec', exec],
  ['cp', cp],
  ['events', events],
  ['apply', apply],
  ['patch', patch],
  ['replace', replace],
  ['wait', wait],
  ['label', label],
  ['annotate', annotate],
  ['api-versions', apiVersions],
  ['api-resources', apiResources],
  ['version', version],
  ...absentCommands,
])
