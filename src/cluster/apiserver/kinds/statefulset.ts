/** StatefulSets. Source: statefulset.md 1, 2; pkg/registry/apps/statefulset (1.36). */
import type { KubernetesObject } from '../../objects/metadata.ts'
import { dnsLabel } from '../../objects/names.ts'
import { claimDefaults } from '../defaults/claim-spec.ts'
import { podTemplateDefaults } from '../defaults/pod-spec.ts'
import { type Fields, inEach, inField, withAbsent, withField } from '../defaults/share.ts'
import type { Kind, KindContext } from '../kind.ts'
import { fractionalWarning, podTemplateWarnings } from '../validate/pod-warnings.ts'
import { validateStatefulSet, validateStatefulSetStatus, validateStatefulSetUpdate } from '../validate/statefulset.ts'
import { count, templateColumns } from './cells.ts'
import { ageColumn, defineKind, nameColumn } from './define.ts'

/** Whether an object uses the field that a gate guards. */
const usesMaxUnavailable = (object: KubernetesObject | undefined): boolean =>
  object?.['spec']?.updateStrategy?.rollingUpdate?.maxUnavailable !== undefined

/** The trap of statefulset.md 1.1: only an empty type brings a rollingUpdate block. */
const strategyDefaults = (strategy: Fields | undefined, counts: boolean): Fields => {
  let result = strategy ?? {}
  if ((result['type'] ?? '') === '') result = withAbsent({ ...result, type: 'RollingUpdate' }, { rollingUpdate: {} })
  if (result['type'] !== 'RollingUpdate') return result
  return inField(result, 'rollingUpdate', (rolling) => withAbsent(rolling, { partition: 0, ...(counts ? { maxUnavailable: 1 } : {}) }))
}

/** A claim template is stored with its kind, as the claim it will be. */
const claimTemplateDefaults = (template: Fields): Fields =>
  claimDefaults(withAbsent(template, { apiVersion: 'v1', kind: 'PersistentVolumeClaim' }))

/** Specs that have passed, and whether maxUnavailable counted then. */
const known = new WeakMap<object, boolean>()

const specDefaults = (spec: Fields, context: KindContext, old: KubernetesObject | undefined): Fields => {
  const counts = context.gates.on('MaxUnavailableStatefulSet')
  if (known.get(spec) === counts) return spec
  let result = withAbsent(spec, {
    replicas: 1,
    serviceName: '',
    podManagementPolicy: 'OrderedReady',
    revisionHistoryLimit: 10,
    template: {},
    persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
  })
  result = withField(result, 'updateStrategy', strategyDefaults(result['updateStrategy'], counts))
  // With the gate off the field is dropped, unless the stored object has it. Source: statefulset.md 1.2
  if (!counts && !usesMaxUnavailable(old)) {
    result = inField(result, 'updateStrategy', (strategy) =>
      inField(strategy, 'rollingUpdate', (rolling) => withField(rolling, 'maxUnavailable', undefined)),
    )
  }
  result = inField(result, 'persistentVolumeClaimRetentionPolicy', (policy) =>
    withAbsent(policy, { whenDeleted: 'Retain', whenScaled: 'Retain' }),
  )
  result = inField(result, 'ordinals', (ordinals) => withAbsent(ordinals, { start: 0 }))
  result = inField(result, 'template', podTemplateDefaults)
  result = inEach(result, 'volumeClaimTemplates', claimTemplateDefaults)
  known.set(result, counts)
  return result
}

const negativeHistory = 'spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended'

/** The paths are Kubernetes' own slips. */
const claimWarnings = (object: KubernetesObject, below: string): readonly string[] =>
  ((object['spec']?.volumeClaimTemplates ?? []) as readonly Fields[]).flatMap((template, at) =>
    (['requests', 'limits'] as const).flatMap((side) =>
      fractionalWarning(
        template['spec']?.resources?.[side]?.storage,
        `spec.volumeClaimTemplates[${at}]${below}.resources.${side}[storage]`,
      ),
    ),
  )

export const statefulSet: Kind = defineKind({
  kind: 'StatefulSet',
  apiVersion: 'apps/v1',
  plural: 'statefulsets',
  shortNames: ['sts'],
  categories: ['all'],
  runs: true,
  subresources: ['status', 'scale'],
  hasGeneration: true,
  names: dnsLabel,
  defaults: (object, context, old) => inField(withAbsent(object, { spec: {} }), 'spec', (spec) => specDefaults(spec, context, old)),
  prepareCreate: (object) => ({ ...object, status: { replicas: 0, availableReplicas: 0 } }),
  rules: validateStatefulSet,
  updateRules: validateStatefulSetUpdate,
  statusRules: validateStatefulSetStatus,
  warnings: (object, old) => [
    ...(object['spec'] === old?.['spec'] ? [] : podTemplateWarnings(object['spec']?.template, undefined)),
    ...claimWarnings(object, old === undefined ? '' : '.Spec'),
    ...((object['spec']?.revisionHistoryLimit ?? 0) < 0 ? [negativeHistory] : []),
  ],
  columns: [
    nameColumn,
    { name: 'READY', cell: (object) => `${count(object['status']?.readyReplicas)}/${count(object['spec']?.replicas)}` },
    ageColumn,
    ...templateColumns,
  ],
})
