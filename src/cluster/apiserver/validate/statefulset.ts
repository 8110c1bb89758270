/** Rules about StatefulSets, in the order of statefulset.md 2.2. Source: pkg/apis/apps/validation/validation.go (1.36). */
import type { KubernetesObject } from '../../objects/metadata.ts'
import { dnsLabel } from '../../objects/names.ts'
import { atLeast } from '../../objects/release.ts'
import { matches, requirementsOf } from '../../objects/selector.ts'
import type { Fields } from '../defaults/share.ts'
import type { KindContext } from '../kind.ts'
import { validateClaimSpec } from './claim.ts'
import { isSame } from './equal.ts'
import { type Errors, forbiddenField, invalidValue, notSupported, required, wantsNotNegative } from './field-error.ts'
import { checked, isEmptySelector, validateAnnotations, validateLabels, validateSelector } from './metadata.ts'
import { amountOf, notAboveAll, numberOrPercent } from './number-or-percent.ts'
import { validatePodTemplate } from './pod-spec.ts'

type Skips = { readonly serviceName: boolean; readonly claims: boolean; readonly template: boolean }

const strategyRules = (strategy: Fields, recreates: boolean): Errors => {
  const field = 'spec.updateStrategy'
  const rolling = strategy['rollingUpdate']
  switch (strategy['type']) {
    case '':
    case undefined:
      return [required(field)]
    case 'OnDelete':
      return rolling === undefined
        ? []
        : [invalidValue(`${field}.rollingUpdate`, namedForGo(rolling), "only allowed for updateStrategy 'RollingUpdate'")]
    case 'RollingUpdate':
      return rolling === undefined ? [] : rollingRules(rolling, `${field}.rollingUpdate`)
    default:
      if (strategy['type'] === 'Recreate' && recreates) return []
      // The value is that of the internal type, whose fields have no JSON names.
      return [
        invalidValue(
          field,
          { Type: strategy['type'], RollingUpdate: rolling === undefined ? null : namedForGo(rolling) },
          "must be 'RollingUpdate' or 'OnDelete'",
        ),
      ]
  }
}

const namedForGo = (rolling: Fields): unknown => ({
  Partition: rolling['partition'] ?? 0,
  MaxUnavailable: rolling['maxUnavailable'] ?? null,
})

const rollingRules = (rolling: Fields, field: string): Errors => {
  const errors = wantsNotNegative(`${field}.partition`, rolling['partition'])
  const most = rolling['maxUnavailable']
  if (most === undefined || most === null) return errors
  errors.push(...numberOrPercent(`${field}.maxUnavailable`, most))
  if (amountOf(most) === 0) errors.push(invalidValue(`${field}.maxUnavailable`, most, 'cannot be 0'))
  return [...errors, ...notAboveAll(`${field}.maxUnavailable`, most)]
}

const retentionRules = (policy: Fields | undefined): Errors =>
  policy === undefined
    ? []
    : (['whenDeleted', 'whenScaled'] as const).flatMap((when) =>
        policy[when] === 'Retain' || policy[when] === 'Delete'
          ? []
          : [notSupported(`spec.persistentVolumeClaimRetentionPolicy.${when}`, policy[when] ?? '', ['Retain', 'Delete'])],
      )

/** The template as its pods will be: identity is the controller's, volumes of claims stand where the pods will have them. */
const templateToCheck = (spec: Fields): Fields => {
  const template: Fields = spec['template'] ?? {}
  const claims: readonly Fields[] = spec['volumeClaimTemplates'] ?? []
  const { hostname, subdomain, ...podSpec } = (template['spec'] ?? {}) as Fields
  if (hostname === undefined && subdomain === undefined && claims.length === 0) return template
  const names = new Set(claims.map((claim) => claim['metadata']?.name ?? ''))
  const own: readonly Fields[] = podSpec['volumes'] ?? []
  const volumes = [
    ...[...names].map((name) => ({ name, persistentVolumeClaim: { claimName: name } })),
    ...own.filter((volume) => !names.has(volume['name'])),
  ]
  return { ...template, spec: { ...podSpec, ...(volumes.length === 0 ? {} : { volumes }) } }
}

const templateRules = (spec: Fields, skips: Skips): Errors => {
  const field = 'spec.template'
  const selector = spec['selector']
  const errors: Errors = []
  if (selector !== undefined && requirementsOf(selector) === null) return [invalidValue('spec.selector', selector, '')]
  const template = templateToCheck(spec)
  const labels = template['metadata']?.labels
  if (selector !== undefined && !isEmptySelector(selector) && !matches(labels, selector)) {
    errors.push(invalidValue(`${field}.metadata.labels`, labels ?? null, '`selector` does not match template `labels`'))
  }
  if (!skips.template) errors.push(...validatePodTemplate(template, field))
  // Kubernetes checks them at this odd path; from 1.34 on the template's own rules come before.
  errors.push(
    ...validateLabels(labels, `${field}.labels`),
    ...validateAnnotations(template['metadata']?.annotations, `${field}.annotations`),
  )
  return errors
}

const specRules = (object: KubernetesObject, skips: Skips, recreates: boolean): Errors => {
  const spec: Fields = object['spec'] ?? {}
  const errors: Errors = []
  const policy = spec['podManagementPolicy'] ?? ''
  if (policy === '') errors.push(required('spec.podManagementPolicy'))
  else if (policy !== 'OrderedReady' && policy !== 'Parallel') {
    errors.push(invalidValue('spec.podManagementPolicy', policy, "must be 'OrderedReady' or 'Parallel'"))
  }
  errors.push(...strategyRules(spec['updateStrategy'] ?? {}, recreates), ...retentionRules(spec['persistentVolumeClaimRetentionPolicy']))
  if (!skips.claims) {
    for (const [at, claim] of ((spec['volumeClaimTemplates'] ?? []) as readonly Fields[]).entries()) {
      errors.push(...validateClaimSpec(claim['spec'] ?? {}, `spec.volumeClaimTemplates[${at}].spec`))
    }
  }
  errors.push(...wantsNotNegative('spec.replicas', spec['replicas']), ...wantsNotNegative('spec.minReadySeconds', spec['minReadySeconds']))
  errors.push(...wantsNotNegative('spec.ordinals.start', spec['ordinals']?.start))
  if (!skips.serviceName && (spec['serviceName'] ?? '') !== '') errors.push(...checked('spec.serviceName', spec['serviceName'], dnsLabel))
  const selector = spec['selector']
  if (selector === undefined || selector === null) errors.push(required('spec.selector'))
  else {
    errors.push(...validateSelector(selector, 'spec.selector'))
    if (isEmptySelector(selector)) errors.push(invalidValue('spec.selector', selector, 'empty selector is invalid for statefulset'))
  }
  errors.push(...templateRules(spec, skips))
  const podSpec: Fields = spec['template']?.spec ?? {}
  if (podSpec['restartPolicy'] !== 'Always')
    errors.push(notSupported('spec.template.spec.restartPolicy', podSpec['restartPolicy'] ?? '', ['Always']))
  if (podSpec['activeDeadlineSeconds'] !== undefined) {
    errors.push(forbiddenField('spec.template.spec.activeDeadlineSeconds', 'activeDeadlineSeconds in StatefulSet is not Supported'))
  }
  return errors
}

/** Whether this release holds templates against all rules of a pod (1.34 and later). Source: statefulset.md 2.2 */
const checksTemplates = (context: KindContext): boolean => atLeast(context.gates.release, 34)

/** Rules of a new set, beside its metadata. */
export const validateStatefulSet = (object: KubernetesObject, context: KindContext): Errors => {
  const skips = { serviceName: false, claims: !checksTemplates(context), template: !checksTemplates(context) }
  return specRules(object, skips, context.gates.on('StatefulSetRecreateStrategy'))
}

const mutable = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
]

const frozenText = `updates to statefulset spec for fields other than ${mutable
  .slice(0, -1)
  .map((field) => `'${field}'`)
  .join(', ')} and 'minReadySeconds' are forbidden`

const without = (spec: Fields, fields: readonly string[]): Fields =>
  Object.fromEntries(Object.entries(spec).filter(([field]) => !fields.includes(field)))

/** Rules of a changed set, beside its metadata. */
export const validateStatefulSetUpdate = (object: KubernetesObject, old: KubernetesObject, context: KindContext): Errors => {
  if (object['spec'] === old['spec']) return []
  const recreates = context.gates.on('StatefulSetRecreateStrategy') || old['spec']?.updateStrategy?.type === 'Recreate'
  const checks = { serviceName: true, claims: true, template: !checksTemplates(context) }
  // A stored set that breaks today's rules keeps its template.
  const template = checks.template || specRules(old, checks, true).length > 0
  const errors = specRules(object, { ...checks, template }, recreates)
  if (!isSame(without(object['spec'], mutable), without(old['spec'], mutable))) errors.push(forbiddenField('spec', frozenText))
  return errors
}

const counts = [
  'replicas',
  'readyReplicas',
  'currentReplicas',
  'updatedReplicas',
  'availableReplicas',
  'observedGeneration',
  'collisionCount',
] as const

/** Rules of a set's status. Source: statefulset.md 2.4 */
export const validateStatefulSetStatus = (object: KubernetesObject, old: KubernetesObject): Errors => {
  const status: Fields = object['status'] ?? {}
  const errors = counts.flatMap((field) => wantsNotNegative(`status.${field}`, status[field]))
  for (const field of ['readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas'] as const) {
    if ((status[field] ?? 0) > (status['replicas'] ?? 0))
      errors.push(invalidValue(`status.${field}`, status[field], 'cannot be greater than status.replicas'))
  }
  if ((status['availableReplicas'] ?? 0) > (status['readyReplicas'] ?? 0)) {
    errors.push(invalidValue('status.availableReplicas', status['availableReplicas'], 'cannot be greater than status.readyReplicas'))
  }
  const before = old['status']?.collisionCount
  if (before !== undefined && (status['collisionCount'] ?? -1) < before) {
    errors.push(invalidValue('status.collisionCount', status['collisionCount'] ?? 0, 'cannot be decremented'))
  }
  return errors
}
