/** `next` as programs call it: what cluster/next.ts answers, with the scheduler's configuration looked at first. */
import { type Decision, gatesOfNext, next as looked, type NextOptions } from './cluster/next.ts'
import type { KubernetesObject } from './cluster/objects/metadata.ts'
import { judgeSchedulerConfiguration } from './scenario/scheduler-rules.ts'

/**
 * What the controllers would do with these objects, which are never changed (contract 7).
 * @throws TypeError when an option says what cannot be, when the scheduler's configuration has mistakes, or when one of the objects is none.
 */
export const next = (objects: readonly KubernetesObject[], options: NextOptions = {}): Decision[] => {
  const { schedulerConfiguration: given } = options
  const wrong = given === undefined || given === null ? [] : judgeSchedulerConfiguration(given, gatesOfNext(options))
  if (wrong.length > 0) {
    const lines = wrong.map(
      ({ path, found, hint }) => `${['schedulerConfiguration', ...path].join('.')}: ${found}${hint === '' ? '' : `; ${hint}`}`,
    )
    throw new TypeError(lines.join('\n'))
  }
  return looked(objects, options)
}
