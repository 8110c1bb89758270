/** Rules about volumes. Source: pkg/apis/core/validation/validation.go (1.36). */
import type { KubernetesObject } from '../../objects/metadata.ts'
import { dnsSubdomain } from '../../objects/names.ts'
import type { Fields } from '../defaults/share.ts'
import { accessModeRules, sizeRules, volumeModeRule } from './claim.ts'
import { specDifference } from './difference.ts'
import { isSame } from './equal.ts'
import { type Errors, forbiddenField, notSupported, required, wantsUnchanged } from './field-error.ts'
import { checked } from './metadata.ts'
import { validateNodeSelector } from './scheduling.ts'

/** Fields of a volume's spec that do not say where it is. */
const described = [
  'capacity',
  'accessModes',
  'claimRef',
  'persistentVolumeReclaimPolicy',
  'storageClassName',
  'mountOptions',
  'volumeMode',
  'nodeAffinity',
  'volumeAttributesClassName',
]

/** The one field that says where the volume is. */
const sourceOf = (spec: Fields): Fields =>
  Object.fromEntries(Object.entries(spec).filter(([field, value]) => !described.includes(field) && value !== undefined))

const policies = ['Delete', 'Recycle', 'Retain']

/** Rules of a volume, beside its metadata. */
export const validateVolume = (object: KubernetesObject): Errors => {
  const spec: Fields = object['spec'] ?? {}
  const errors = accessModeRules(spec['accessModes'] ?? [], 'spec.accessModes', '')
  const capacity: Fields = spec['capacity'] ?? {}
  if (Object.keys(capacity).length === 0) errors.push(required('spec.capacity'))
  else if (capacity['storage'] === undefined || Object.keys(capacity).length > 1) {
    errors.push(notSupported('spec.capacity', capacity, ['storage']))
  } else errors.push(...sizeRules(capacity['storage'], 'spec.capacity[storage]'))
  const policy: string = spec['persistentVolumeReclaimPolicy'] ?? ''
  if (policy !== '' && !policies.includes(policy)) errors.push(notSupported('spec.persistentVolumeReclaimPolicy', policy, policies))
  if (spec['nodeAffinity'] !== undefined) {
    const needed = spec['nodeAffinity'].required
    errors.push(
      ...(needed === undefined
        ? [required('spec.nodeAffinity.required', 'must specify required node constraints')]
        : validateNodeSelector(needed, 'spec.nodeAffinity.required')),
    )
  }
  const kinds = Object.keys(sourceOf(spec)).sort()
  for (const kind of kinds.slice(1)) errors.push(forbiddenField(`spec.${kind}`, 'may not specify more than 1 volume type'))
  const source: Fields = spec[kinds[0] ?? ''] ?? {}
  if (kinds[0] === 'csi') {
    for (const part of ['driver', 'volumeHandle'] as const) if ((source[part] ?? '') === '') errors.push(required(`spec.csi.${part}`))
  }
  if (kinds[0] === 'local') {
    if ((source['path'] ?? '') === '') errors.push(required('spec.local.path'))
    if (spec['nodeAffinity'] === undefined) errors.push(required('spec.nodeAffinity', 'Local volume requires node affinity'))
  }
  if (kinds[0] === 'hostPath' && (source['path'] ?? '') === '') errors.push(required('spec.hostPath.path'))
  if (kinds.length === 0) errors.push(required('spec', 'must specify a volume type'))
  if ((spec['storageClassName'] ?? '') !== '') errors.push(...checked('spec.storageClassName', spec['storageClassName'], dnsSubdomain))
  return [...errors, ...volumeModeRule(spec['volumeMode'], 'spec.volumeMode')]
}

/** Rules of a changed volume, beside its metadata. */
export const validateVolumeUpdate = (object: KubernetesObject, old: KubernetesObject): Errors => {
  const spec: Fields = object['spec'] ?? {}
  const before: Fields = old['spec'] ?? {}
  if (spec === before) return []
  const errors = validateVolume(object)
  const source = sourceOf(spec)
  const sourceBefore = sourceOf(before)
  if (!isSame(source, sourceBefore)) {
    const text = `spec.persistentvolumesource is immutable after creation\n${specDifference(sourceBefore, source)}`
    errors.push(forbiddenField('spec.persistentvolumesource', text))
  }
  errors.push(...wantsUnchanged('volumeMode', spec['volumeMode'], before['volumeMode']))
  if (before['nodeAffinity'] !== undefined && !isSame(spec['nodeAffinity'], before['nodeAffinity'])) {
    errors.push(...wantsUnchanged('nodeAffinity', spec['nodeAffinity'], before['nodeAffinity']))
  }
  return errors
}

/** Rules of a volume's status: none beside those of its metadata. */
export const validateVolumeStatusUpdate = (): Errors => []
