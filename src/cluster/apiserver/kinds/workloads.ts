/** Deployments and ReplicaSets. Source: pkg/apis/apps/v1/defaults.go, pkg/apis/apps/validation (1.36). */
import type { KubernetesObject } from '../../objects/metadata.ts'
import { matches } from '../../objects/selector.ts'
import { podTemplateDefaults } from '../defaults/pod-spec.ts'
import { type Fields, inField, withAbsent } from '../defaults/share.ts'
import type { Kind } from '../kind.ts'
import { type Errors, invalidValue, notSupported, required, wantsNotNegative, wantsUnchanged } from '../validate/field-error.ts'
import { isEmptySelector, validateSelector } from '../validate/metadata.ts'
import { validatePodTemplate } from '../validate/pod-spec.ts'
import { podTemplateWarnings } from '../validate/pod-warnings.ts'
import { count, selectorColumn, templateColumns } from './cells.ts'
import { ageColumn, defineKind, nameColumn } from './define.ts'

const strategyDefaults = (strategy: Fields): Fields => {
  const result = withAbsent(strategy, { type: 'RollingUpdate' })
  return result['type'] === 'RollingUpdate'
    ? inField(withAbsent(result, { rollingUpdate: {} }), 'rollingUpdate', (rolling) =>
        withAbsent(rolling, { maxUnavailable: '25%', maxSurge: '25%' }),
      )
    : result
}

/** Rules that both kinds share: a selector that selects what the template makes. */
const selectorRules = (object: KubernetesObject, what: string): Errors => {
  const spec: Fields = object['spec'] ?? {}
  const selector = spec['selector']
  if (selector === undefined) return [required('spec.selector')]
  const errors = validateSelector(selector, 'spec.selector')
  if (isEmptySelector(selector)) errors.push(invalidValue('spec.selector', selector, `empty selector is invalid for ${what}`))
  return errors
}

const templateRules = (object: KubernetesObject): Errors => {
  const spec: Fields = object['spec'] ?? {}
  const template: Fields = spec['template'] ?? {}
  const labels = template['metadata']?.labels
  const errors: Errors = []
  if (spec['selector'] !== undefined && !isEmptySelector(spec['selector']) && !matches(labels, spec['selector'])) {
    errors.push(invalidValue('spec.template.metadata.labels', labels ?? null, '`selector` does not match template `labels`'))
  }
  errors.push(...validatePodTemplate(template, 'spec.template'))
  const policy = template['spec']?.restartPolicy
  if (policy !== 'Always') errors.push(notSupported('spec.template.spec.restartPolicy', policy ?? '', ['Always']))
  return errors
}

const deploymentRules = (object: KubernetesObject): Errors => {
  const spec: Fields = object['spec'] ?? {}
  const errors: Errors = [
    ...wantsNotNegative('spec.replicas', spec['replicas']),
    ...selectorRules(object, 'deployment'),
    ...templateRules(object),
  ]
  const type = spec['strategy']?.type
  if (type !== 'RollingUpdate' && type !== 'Recreate') errors.push(notSupported('spec.strategy.type', type, ['Recreate', 'RollingUpdate']))
  return [
    ...errors,
    ...wantsNotNegative('spec.minReadySeconds', spec['minReadySeconds']),
    ...wantsNotNegative('spec.revisionHistoryLimit', spec['revisionHistoryLimit']),
    ...wantsNotNegative('spec.progressDeadlineSeconds', spec['progressDeadlineSeconds']),
  ]
}

const warnings: NonNullable<Kind['warnings']> = (object, old) => podTemplateWarnings(object['spec']?.template, old?.['spec']?.template)

export const deployment: Kind = defineKind({
  kind: 'Deployment',
  apiVersion: 'apps/v1',
  plural: 'deployments',
  shortNames: ['deploy'],
  categories: ['all'],
  runs: true,
  subresources: ['status', 'scale'],
  hasGeneration: true,
  defaults: (object) =>
    inField(withAbsent(object, { spec: {} }), 'spec', (spec) =>
      inField(
        inField(
          withAbsent(spec, { replicas: 1, strategy: {}, revisionHistoryLimit: 10, progressDeadlineSeconds: 600, template: {} }),
          'strategy',
          strategyDefaults,
        ),
        'template',
        podTemplateDefaults,
      ),
    ),
  prepareCreate: (object) => ({ ...object, status: {} }),
  rules: deploymentRules,
  updateRules: (object, old) =>
    object['spec'] === old['spec']
      ? []
      : [...deploymentRules(object), ...wantsUnchanged('spec.selector', object['spec']?.selector, old['spec']?.selector)],
  warnings,
  columns: [
    nameColumn,
    { name: 'READY', cell: (object) => `${count(object['status']?.readyReplicas)}/${count(object['spec']?.replicas)}` },
    { name: 'UP-TO-DATE', cell: (object) => count(object['status']?.updatedReplicas) },
    { name: 'AVAILABLE', cell: (object) => count(object['status']?.availableReplicas) },
    ageColumn,
    ...templateColumns,
    selectorColumn,
  ],
})

const replicaSetRules = (object: KubernetesObject): Errors => [
  ...wantsNotNegative('spec.replicas', object['spec']?.replicas),
  ...wantsNotNegative('spec.minReadySeconds', object['spec']?.minReadySeconds),
  ...selectorRules(object, 'deployment'),
  ...templateRules(object),
]

export const replicaSet: Kind = defineKind({
  kind: 'ReplicaSet',
  apiVersion: 'apps/v1',
  plural: 'replicasets',
  shortNames: ['rs'],
  categories: ['all'],
  runs: true,
  subresources: ['status', 'scale'],
  hasGeneration: true,
  defaults: (object) =>
    inField(withAbsent(object, { spec: {} }), 'spec', (spec) =>
      inField(withAbsent(spec, { replicas: 1, template: {} }), 'template', podTemplateDefaults),
    ),
  prepareCreate: (object) => ({ ...object, status: { replicas: 0 } }),
  rules: replicaSetRules,
  updateRules: (object, old) =>
    object['spec'] === old['spec']
      ? []
      : [...replicaSetRules(object), ...wantsUnchanged('spec.selector', object['spec']?.selector, old['spec']?.selector)],
  warnings,
  columns: [
    nameColumn,
    { name: 'DESIRED', cell: (object) => count(object['spec']?.replicas) },
    { name: 'CURRENT', cell: (object) => count(object['status']?.replicas) },
    { name: 'READY', cell: (object) => count(object['status']?.readyReplicas) },
    ageColumn,
    ...templateColumns,
    selectorColumn,
  ],
  fields: { 'status.replicas': (object) => count(object['status']?.replicas) },
})
