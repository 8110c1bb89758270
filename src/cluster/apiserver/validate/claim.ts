/** Rules about claims. Source: pkg/apis/core/validation/validation.go (1.36). */
import type { KubernetesObject } from '../../objects/metadata.ts'
import { dnsSubdomain } from '../../objects/names.ts'
import { compareQuantities, printQuantity, quantityOf } from '../../objects/quantity.ts'
import { type Fields, withField } from '../defaults/share.ts'
import { specDifference } from './difference.ts'
import { isSame } from './equal.ts'
import { type Errors, forbiddenField, invalidValue, notSupported, required, wantsUnchanged } from './field-error.ts'
import { checked, validateSelector } from './metadata.ts'

const accessModes = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod']

/** The modes of a claim or volume. */
export const accessModeRules = (modes: readonly string[], field: string, none: string): Errors => {
  const errors: Errors = modes.length === 0 ? [required(field, none)] : []
  errors.push(...modes.filter((mode) => !accessModes.includes(mode)).map((mode) => notSupported(field, mode, accessModes)))
  const others = modes.some((mode) => mode !== 'ReadWriteOncePod' && accessModes.includes(mode))
  if (modes.includes('ReadWriteOncePod') && others)
    errors.push(forbiddenField(field, 'may not use ReadWriteOncePod with other access modes'))
  return errors
}

/** A volume mode. */
export const volumeModeRule = (mode: string | undefined, field: string): Errors =>
  mode === undefined || mode === 'Block' || mode === 'Filesystem' ? [] : [notSupported(field, mode, ['Block', 'Filesystem'])]

/** The size of a claim or volume: above zero. */
export const sizeRules = (size: string | undefined, field: string): Errors => {
  if (size === undefined) return [required(field)]
  const quantity = quantityOf(size)
  return quantity.nano > 0n ? [] : [invalidValue(field, printQuantity(quantity), mustBePositive)]
}

const mustBePositive = 'must be greater than zero'

const sourceRules = (source: Fields, field: string): Errors => [
  ...((source['name'] ?? '') === '' ? [required(`${field}.name`)] : []),
  ...((source['kind'] ?? '') === '' ? [required(`${field}.kind`)] : []),
  ...((source['apiGroup'] ?? '') === '' && source['kind'] !== 'PersistentVolumeClaim'
    ? [invalidValue(field, source['kind'] ?? '', "must be 'PersistentVolumeClaim' when referencing the default apiGroup")]
    : []),
]

/** `spec` of a claim, alone or as a template. */
export const validateClaimSpec = (spec: Fields, field: string): Errors => {
  const errors: Errors = []
  const modes: readonly string[] = spec['accessModes'] ?? []
  if (modes.length === 0) errors.push(required(`${field}.accessModes`, 'at least 1 access mode is required'))
  errors.push(...validateSelector(spec['selector'], `${field}.selector`))
  if (modes.length > 0) errors.push(...accessModeRules(modes, `${field}.accessModes`, ''))
  errors.push(...sizeRules(spec['resources']?.requests?.storage, `${field}.resources[storage]`))
  if ((spec['storageClassName'] ?? '') !== '') errors.push(...checked(`${field}.storageClassName`, spec['storageClassName'], dnsSubdomain))
  errors.push(...volumeModeRule(spec['volumeMode'], `${field}.volumeMode`))
  for (const source of ['dataSource', 'dataSourceRef'] as const) {
    if (spec[source] !== undefined) errors.push(...sourceRules(spec[source], `${field}.${source}`))
  }
  if ((spec['volumeAttributesClassName'] ?? '') !== '') {
    errors.push(...checked(`${field}.volumeAttributesClassName`, spec['volumeAttributesClassName'], dnsSubdomain))
  }
  return errors
}

const known = new WeakSet<object>()

/** Rules of a claim, beside its metadata. */
export const validateClaim = (object: KubernetesObject): Errors => {
  const spec: Fields = object['spec'] ?? {}
  if (known.has(spec)) return []
  const errors = validateClaimSpec(spec, 'spec')
  if (errors.length === 0) known.add(spec)
  return errors
}

const withStorage = (spec: Fields, size: unknown): Fields => {
  const resources: Fields = spec['resources'] ?? {}
  return resources['requests'] === undefined
    ? spec
    : withField(spec, 'resources', withField(resources, 'requests', withField(resources['requests'], 'storage', size)))
}

const immutableText = 'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims'

/** The claim's spec with what may change put back. A claim without a class may be given the default one (since 1.28). */
const withMutable = (spec: Fields, old: Fields, bound: boolean): Fields => {
  let result = spec
  if (bound)
    result = withField(
      withStorage(result, old['resources']?.requests?.storage),
      'volumeAttributesClassName',
      old['volumeAttributesClassName'],
    )
  if (old['storageClassName'] === undefined && (spec['storageClassName'] ?? '') !== '')
    result = withField(result, 'storageClassName', undefined)
  return (old['volumeName'] ?? '') === '' ? withField(result, 'volumeName', old['volumeName']) : result
}

/** Rules of a changed claim, beside its metadata. */
export const validateClaimUpdate = (object: KubernetesObject, old: KubernetesObject): Errors => {
  const spec: Fields = object['spec'] ?? {}
  const before: Fields = old['spec'] ?? {}
  if (spec === before) return []
  const errors = validateClaim(object)
  const compared = withMutable(spec, before, old['status']?.phase === 'Bound')
  if (!isSame(compared, before)) errors.push(forbiddenField('spec', `${immutableText}\n${specDifference(before, compared)}`))
  const size = spec['resources']?.requests?.storage ?? '0'
  if (compareQuantities(size, before['resources']?.requests?.storage ?? '0') < 0) {
    if (compareQuantities(size, old['status']?.capacity?.storage ?? '0') <= 0) {
      errors.push(forbiddenField('spec.resources.requests.storage', 'field can not be less than status.capacity'))
    }
  }
  errors.push(...wantsUnchanged('volumeMode', spec['volumeMode'], before['volumeMode']))
  return errors
}

/** Rules of a claim's status. */
export const validateClaimStatusUpdate = (object: KubernetesObject): Errors =>
  Object.keys(object['status']?.capacity ?? {})
    .sort()
    .flatMap((name) =>
      quantityOf(object['status'].capacity[name]).nano < 0n
        ? [invalidValue(`status.capacity[${name}]`, object['status'].capacity[name], 'must be a valid resource quantity')]
        : [],
    )
