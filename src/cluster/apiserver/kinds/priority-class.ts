/** Priority classes. Source: pkg/apis/scheduling/validation (1.36). */
import type { KubernetesObject } from '../../objects/metadata.ts'
import { withAbsent } from '../defaults/share.ts'
import type { FieldError, Kind } from '../kind.ts'
import { forbiddenField, notSupported, wantsUnchanged } from '../validate/field-error.ts'
import { count } from './cells.ts'
import { ageColumn, defineKind, nameColumn } from './define.ts'

/** The most that a user's class may say. */
const highest = 1_000_000_000

/** The classes that every cluster has. */
const known: ReadonlyMap<string, number> = new Map([
  ['system-cluster-critical', 2_000_000_000],
  ['system-node-critical', 2_000_001_000],
])

const rules = (object: KubernetesObject): FieldError[] => {
  const { name } = object.metadata
  const errors: FieldError[] = []
  if (name?.startsWith('system-')) {
    if (known.get(name) !== object['value'] || object['globalDefault'] === true) {
      const why = known.has(name)
        ? `value of ${name} PriorityClass must be ${known.get(name)}`
        : `${name} is not a known system priority class`
      errors.push(
        forbiddenField('metadata.name', `priority class names with 'system-' prefix are reserved for system use only. error: ${why}`),
      )
    }
  } else if ((object['value'] ?? 0) > highest) {
    errors.push(forbiddenField('value', `maximum allowed value of a user defined priority is ${highest}`))
  }
  const policy = object['preemptionPolicy']
  if (policy !== 'PreemptLowerPriority' && policy !== 'Never')
    errors.push(notSupported('preemptionPolicy', policy, ['PreemptLowerPriority', 'Never']))
  return errors
}

export const priorityClass: Kind = defineKind({
  kind: 'PriorityClass',
  apiVersion: 'scheduling.k8s.io/v1',
  plural: 'priorityclasses',
  shortNames: ['pc'],
  namespaced: false,
  runs: true,
  hasGeneration: true,
  defaults: (object) => withAbsent(object, { value: 0, preemptionPolicy: 'PreemptLowerPriority' }),
  rules,
  updateRules: (object, old) => [
    ...(object['value'] === old['value'] ? [] : [forbiddenField('value', 'may not be changed in an update.')]),
    ...wantsUnchanged('preemptionPolicy', object['preemptionPolicy'], old['preemptionPolicy']),
  ],
  columns: [
    nameColumn,
    { name: 'VALUE', cell: (object) => count(object['value']) },
    { name: 'GLOBAL-DEFAULT', cell: (object) => String(object['globalDefault'] ?? false) },
    ageColumn,
    { name: 'PREEMPTIONPOLICY', cell: (object) => object['preemptionPolicy'] ?? '' },
  ],
})
