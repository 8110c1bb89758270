/** Storage classes, attachments, and what CSI drivers say of themselves. Source: pkg/apis/storage (1.36). */
import type { KubernetesObject } from '../../objects/metadata.ts'
import { dnsSubdomain, qualifiedName } from '../../objects/names.ts'
import { type Fields, inField, withAbsent, withField } from '../defaults/share.ts'
import type { FieldError, Kind } from '../kind.ts'
import { duplicate, type Errors, forbiddenField, invalidValue, notSupported, required, wantsUnchanged } from '../validate/field-error.ts'
import { checked } from '../validate/metadata.ts'
import { joined, shown } from './cells.ts'
import { ageColumn, defineKind, nameColumn } from './define.ts'

/** The annotation that makes a class the default one. */
const isDefault = (object: KubernetesObject): boolean =>
  object.metadata.annotations?.['storageclass.kubernetes.io/is-default-class'] === 'true'

const driverName = (field: string, name: string | undefined): FieldError[] =>
  name === undefined || name === '' ? [required(field)] : checked(field, name.toLowerCase(), qualifiedName)

const classRules = (object: KubernetesObject): Errors => {
  const errors: Errors = driverName('provisioner', object['provisioner'])
  const parameters = Object.keys(object['parameters'] ?? {}).sort()
  if (parameters.length > 512)
    errors.push({ reason: 'FieldValueTooLong', field: 'parameters', message: 'Too long: may not be more than 512 bytes' })
  for (const key of parameters) if (key === '') errors.push(invalidValue('parameters', '', 'field can not be empty.'))
  const policy = object['reclaimPolicy']
  if (policy !== 'Delete' && policy !== 'Retain') errors.push(notSupported('reclaimPolicy', policy, ['Delete', 'Retain']))
  const mode = object['volumeBindingMode']
  if (mode !== 'Immediate' && mode !== 'WaitForFirstConsumer')
    errors.push(notSupported('volumeBindingMode', mode, ['Immediate', 'WaitForFirstConsumer']))
  for (const [at, term] of ((object['allowedTopologies'] ?? []) as readonly Fields[]).entries()) {
    const seen = new Set<string>()
    for (const [which, one] of ((term['matchLabelExpressions'] ?? []) as readonly Fields[]).entries()) {
      const field = `allowedTopologies[${at}].matchLabelExpressions[${which}]`
      if ((one['values'] ?? []).length === 0) errors.push(required(`${field}.values`))
      errors.push(...checked(`${field}.key`, one['key'] ?? '', qualifiedName))
      if (seen.has(one['key'])) errors.push(duplicate(`${field}.key`, one['key']))
      seen.add(one['key'])
    }
  }
  return errors
}

export const storageClass: Kind = defineKind({
  kind: 'StorageClass',
  apiVersion: 'storage.k8s.io/v1',
  plural: 'storageclasses',
  shortNames: ['sc'],
  namespaced: false,
  runs: true,
  defaults: (object) => withAbsent(object, { reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' }),
  rules: classRules,
  updateRules: (object, old) =>
    (['parameters', 'provisioner', 'reclaimPolicy', 'volumeBindingMode'] as const).flatMap((field) =>
      wantsUnchanged(field, object[field], old[field]),
    ),
  columns: [
    { name: 'NAME', cell: (object) => (isDefault(object) ? `${object.metadata.name} (default)` : object.metadata.name) },
    { name: 'PROVISIONER', cell: (object) => object['provisioner'] ?? '' },
    { name: 'RECLAIMPOLICY', cell: (object) => object['reclaimPolicy'] ?? 'Delete' },
    { name: 'VOLUMEBINDINGMODE', cell: (object) => object['volumeBindingMode'] ?? 'Immediate' },
    { name: 'ALLOWVOLUMEEXPANSION', cell: (object) => String(object['allowVolumeExpansion'] ?? false) },
    ageColumn,
  ],
})

const attachmentRules = (object: KubernetesObject): Errors => {
  const spec: Fields = object['spec'] ?? {}
  const errors: Errors = []
  if ((spec['attacher'] ?? '') === '') errors.push(required('spec.attacher'))
  const source: Fields = spec['source'] ?? {}
  if (source['persistentVolumeName'] === undefined && source['inlineVolumeSpec'] === undefined) {
    errors.push(required('spec.source', 'must specify exactly one of inlineVolumeSpec and persistentVolumeName'))
  } else if (source['persistentVolumeName'] === '')
    errors.push(required('spec.source.persistentVolumeName', 'must specify non empty persistentVolumeName'))
  if ((spec['nodeName'] ?? '') === '') errors.push(required('spec.nodeName'))
  else errors.push(...checked('spec.nodeName', spec['nodeName'], dnsSubdomain))
  return errors
}

export const volumeAttachment: Kind = defineKind({
  kind: 'VolumeAttachment',
  apiVersion: 'storage.k8s.io/v1',
  plural: 'volumeattachments',
  namespaced: false,
  runs: true,
  subresources: ['status'],
  defaults: (object) => inField(withAbsent(object, { status: {} }), 'status', (status) => withAbsent(status, { attached: false })),
  prepareCreate: (object) => ({ ...object, status: { attached: false } }),
  rules: attachmentRules,
  updateRules: (object, old) => [...attachmentRules(object), ...wantsUnchanged('spec', object['spec'], old['spec'])],
  columns: [
    nameColumn,
    { name: 'ATTACHER', cell: (object) => object['spec']?.attacher ?? '' },
    { name: 'PV', cell: (object) => object['spec']?.source?.persistentVolumeName ?? '' },
    { name: 'NODE', cell: (object) => object['spec']?.nodeName ?? '' },
    { name: 'ATTACHED', cell: (object) => String(object['status']?.attached ?? false) },
    ageColumn,
  ],
})

const csiNodeRules = (object: KubernetesObject): Errors => {
  const errors: Errors = []
  const names = new Set<string>()
  for (const [at, driver] of ((object['spec']?.drivers ?? []) as readonly Fields[]).entries()) {
    const field = `spec.drivers[${at}]`
    errors.push(...driverName(`${field}.name`, driver['name']))
    if ((driver['nodeID'] ?? '') === '') errors.push(required(`${field}.nodeID`))
    if (names.has(driver['name'])) errors.push(duplicate(`${field}.name`, driver['name']))
    names.add(driver['name'])
    const most = driver['allocatable']?.count
    if (typeof most === 'number' && most < 0)
      errors.push(invalidValue(`${field}.allocatable.count`, most, 'must be greater than or equal to 0'))
  }
  return errors
}

export const csiNode: Kind = defineKind({
  kind: 'CSINode',
  apiVersion: 'storage.k8s.io/v1',
  plural: 'csinodes',
  namespaced: false,
  runs: true,
  defaults: (object) => inField(withAbsent(object, { spec: {} }), 'spec', (spec) => withAbsent(spec, { drivers: [] })),
  rules: csiNodeRules,
  columns: [nameColumn, { name: 'DRIVERS', cell: (object) => String((object['spec']?.drivers ?? []).length) }, ageColumn],
})

const driverDefaults = (spec: Fields): Fields => {
  const result = withAbsent(spec, {
    attachRequired: true,
    podInfoOnMount: false,
    storageCapacity: false,
    fsGroupPolicy: 'ReadWriteOnceWithFSType',
    requiresRepublish: false,
    seLinuxMount: false,
  })
  return (result['volumeLifecycleModes'] ?? []).length === 0 ? withField(result, 'volumeLifecycleModes', ['Persistent']) : result
}

const driverRules = (object: KubernetesObject): Errors => {
  const spec: Fields = object['spec'] ?? {}
  const errors: Errors = []
  const policies = ['File', 'None', 'ReadWriteOnceWithFSType']
  if (!policies.includes(spec['fsGroupPolicy'])) errors.push(notSupported('spec.fsGroupPolicy', spec['fsGroupPolicy'], policies))
  for (const mode of (spec['volumeLifecycleModes'] ?? []) as readonly string[]) {
    if (mode !== 'Persistent' && mode !== 'Ephemeral')
      errors.push(notSupported('spec.volumeLifecycleModes', mode, ['Ephemeral', 'Persistent']))
  }
  const period = spec['nodeAllocatableUpdatePeriodSeconds']
  if (typeof period === 'number' && period < 10)
    errors.push(invalidValue('spec.nodeAllocatableUpdatePeriodSeconds', period, 'must be greater than or equal to 10 seconds'))
  return errors
}

export const csiDriver: Kind = defineKind({
  kind: 'CSIDriver',
  apiVersion: 'storage.k8s.io/v1',
  plural: 'csidrivers',
  namespaced: false,
  runs: true,
  defaults: (object) => inField(withAbsent(object, { spec: {} }), 'spec', driverDefaults),
  rules: driverRules,
  updateRules: (object, old) => [
    ...driverRules(object),
    // The path is Kubernetes' own slip.
    ...wantsUnchanged('spec.attachedRequired', object['spec']?.attachRequired, old['spec']?.attachRequired),
    ...wantsUnchanged('spec.volumeLifecycleModes', object['spec']?.volumeLifecycleModes, old['spec']?.volumeLifecycleModes),
  ],
  columns: [
    nameColumn,
    { name: 'ATTACHREQUIRED', cell: (object) => String(object['spec']?.attachRequired ?? true) },
    { name: 'PODINFOONMOUNT', cell: (object) => String(object['spec']?.podInfoOnMount ?? false) },
    { name: 'STORAGECAPACITY', cell: (object) => String(object['spec']?.storageCapacity ?? false) },
    {
      name: 'TOKENREQUESTS',
      cell: (object) => {
        const requests: readonly { readonly audience?: string }[] | undefined = object['spec']?.tokenRequests
        return requests === undefined ? '<unset>' : requests.map((request) => request.audience ?? '').join(',')
      },
    },
    { name: 'REQUIRESREPUBLISH', cell: (object) => String(object['spec']?.requiresRepublish ?? false) },
    { name: 'MODES', cell: (object) => joined(object['spec']?.volumeLifecycleModes ?? []) },
    ageColumn,
  ],
})

export const csiStorageCapacity: Kind = defineKind({
  kind: 'CSIStorageCapacity',
  apiVersion: 'storage.k8s.io/v1',
  plural: 'csistoragecapacities',
  rules: (object) => ((object['storageClassName'] ?? '') === '' ? [required('storageClassName')] : []),
  updateRules: (object, old) =>
    object['storageClassName'] === old['storageClassName'] && JSON.stringify(object['nodeTopology']) === JSON.stringify(old['nodeTopology'])
      ? []
      : [forbiddenField('storageClassName', 'field is immutable')],
  columns: [
    nameColumn,
    { name: 'STORAGECLASSNAME', cell: (object) => object['storageClassName'] ?? '' },
    { name: 'CAPACITY', cell: (object) => shown(object['capacity'], '<unset>') },
  ],
})
