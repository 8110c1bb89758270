/** The list of commands, in the order in which kubectl adds them. */
import { annotate, label } from './label.ts'
import { apply } from './apply.ts'
import type { Command } from './command.ts'
import { createCommand } from './create-kinds.ts'
import { deleteCommand } from './delete.ts'
import { get } from './get.ts'
import { patch } from './patch.ts'
import { scale } from './scale.ts'
import { taint } from './taint.ts'
import { wait } from './wait.ts'

/** Commands by name. */
export const commands: ReadonlyMap<string, Command> = new Map([
  ['create', createCommand],
  ['get', get],
  ['delete', deleteCommand],
  ['scale', scale],
  ['taint', taint],
  ['apply', apply],
  ['patch', patch],
  ['wait', wait],
  ['label', label],
  ['annotate', annotate],
])
