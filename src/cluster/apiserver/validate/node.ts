/** Rules about nodes. Source: pkg/apis/core/validation/validation.go (1.36); the odd path of taints is its own. */
import type { KubernetesObject } from '../../objects/metadata.ts'
import { labelValue, qualifiedName } from '../../objects/names.ts'
import type { Fields } from '../defaults/share.ts'
import { isSame } from './equal.ts'
import { type Errors, forbiddenField, invalidValue } from './field-error.ts'
import { checked, sortedEntries } from './metadata.ts'
import { quantityRules } from './resources.ts'
import { effectRule } from './scheduling.ts'

const taintRules = (taints: readonly Fields[], field: string): Errors => {
  const errors: Errors = []
  const seen = new Set<string>()
  for (const [at, taint] of taints.entries()) {
    const here = `${field}[${at}]`
    errors.push(...checked(`${here}.key`, taint['key'] ?? '', qualifiedName))
    const wrong = labelValue(taint['value'] ?? '')
    if (wrong.length > 0) errors.push(invalidValue(`${here}.value`, taint['value'], wrong.join(';')))
    errors.push(...effectRule(taint['effect'], `${here}.effect`, false))
    const name = `${taint['key']}:${taint['effect']}`
    if (seen.has(name)) {
      const shown = JSON.stringify({
        Key: taint['key'],
        Value: taint['value'] ?? '',
        Effect: taint['effect'],
        TimeAdded: taint['timeAdded'] ?? null,
      })
      errors.push({
        reason: 'FieldValueDuplicate',
        field: here,
        message: `Duplicate value: ${shown}: taints must be unique by key and effect pair`,
      })
    }
    seen.add(name)
  }
  return errors
}

const resourceRules = (object: KubernetesObject): Errors =>
  (['capacity', 'allocatable'] as const).flatMap((list) =>
    sortedEntries<string>(object['status']?.[list]).flatMap(([name, text]) => quantityRules(name, text, `status.${list}.${name}`)),
  )

/** Rules of a node, beside its metadata. */
export const validateNode = (object: KubernetesObject): Errors => [
  ...taintRules(object['spec']?.taints ?? [], 'metadata.taints'),
  ...resourceRules(object),
]

const once = (what: string) => `node updates may not change ${what} except from "" to valid`

/** Rules of a changed node, beside its metadata. */
export const validateNodeUpdate = (object: KubernetesObject, old: KubernetesObject): Errors => {
  if (object['spec'] === old['spec'] && object['status'] === old['status']) return []
  const errors = resourceRules(object)
  const ranges: readonly string[] = old['spec']?.podCIDRs ?? []
  if (ranges.length > 0 && !isSame(ranges, object['spec']?.podCIDRs)) errors.push(forbiddenField('spec.podCIDRs', once('podCIDR')))
  const provider: string = old['spec']?.providerID ?? ''
  if (provider !== '' && provider !== object['spec']?.providerID) errors.push(forbiddenField('spec.providerID', once('providerID')))
  return [...errors, ...taintRules(object['spec']?.taints ?? [], 'metadata.taints')]
}
