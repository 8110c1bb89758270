/** Resource quotas. Source: pkg/apis/core/validation, printResourceQuota (1.36). */
import type { KubernetesObject } from '../../objects/metadata.ts'
import { qualifiedName } from '../../objects/names.ts'
import { printQuantity, quantityOf } from '../../objects/quantity.ts'
import { resourceListDefaults } from '../defaults/resources.ts'
import { inField, withAbsent } from '../defaults/share.ts'
import type { Kind } from '../kind.ts'
import type { Errors } from '../validate/field-error.ts'
import { checked, sortedEntries } from '../validate/metadata.ts'
import { quantityRules } from '../validate/resources.ts'
import { ageColumn, defineKind, nameColumn } from './define.ts'

const rules = (object: KubernetesObject): Errors =>
  sortedEntries<string>(object['spec']?.hard).flatMap(([name, text]) => [
    ...checked(`spec.hard[${name}]`, name, qualifiedName),
    ...quantityRules(name, text, `spec.hard[${name}]`),
  ])

const side = (object: KubernetesObject, limits: boolean): string =>
  sortedEntries<string>(object['status']?.hard)
    .filter(([name]) => name.startsWith('limits.') === limits)
    .map(([name, hard]) => `${name}: ${printQuantity(quantityOf(object['status']?.used?.[name]))}/${printQuantity(quantityOf(hard))}`)
    .join(', ')

export const resourceQuota: Kind = defineKind({
  kind: 'ResourceQuota',
  apiVersion: 'v1',
  plural: 'resourcequotas',
  shortNames: ['quota'],
  runs: true,
  subresources: ['status'],
  defaults: (object) =>
    inField(withAbsent(object, { spec: {}, status: {} }), 'spec', (spec) => inField(spec, 'hard', resourceListDefaults)),
  prepareCreate: (object) => ({ ...object, status: {} }),
  rules,
  columns: [
    nameColumn,
    { name: 'REQUEST', cell: (object) => side(object, false) },
    { name: 'LIMIT', cell: (object) => side(object, true) },
    ageColumn,
  ],
})
