/** Rules about the volumes of a pod. Source: pkg/apis/core/validation/validation.go (1.36). */
import { dnsLabel } from '../../objects/names.ts'
import { quantityOf } from '../../objects/quantity.ts'
import type { Fields } from '../defaults/share.ts'
import { validateClaimSpec } from './claim.ts'
import { fieldRefRules, resourceRefRules } from './environment.ts'
import { duplicate, type Errors, forbiddenField, invalidValue, notSupported, required } from './field-error.ts'
import { checked, validateAnnotations, validateLabels } from './metadata.ts'
import { noBacksteps, unreservedPath } from './paths.ts'

const modeText = 'must be a number between 0 and 0777 (octal), both inclusive'

const modeRule = (mode: number | undefined, field: string): Errors =>
  mode === undefined || (mode >= 0 && mode <= 0o777) ? [] : [invalidValue(field, mode, modeText)]

const itemRules = (items: readonly Fields[] | undefined, field: string): Errors =>
  (items ?? []).flatMap((item, at) => {
    const here = `${field}[${at}]`
    return [
      ...((item['key'] ?? '') === '' ? [required(`${here}.key`)] : []),
      ...((item['path'] ?? '') === '' ? [required(`${here}.path`)] : []),
      ...unreservedPath(item['path'] ?? '', `${here}.path`),
      ...modeRule(item['mode'], `${here}.mode`),
    ]
  })

const volumePaths = ['metadata.annotations', 'metadata.labels', 'metadata.name', 'metadata.namespace', 'metadata.uid']

const downwardFileRules = (file: Fields, field: string): Errors => {
  const errors: Errors = [
    ...((file['path'] ?? '') === '' ? [required(`${field}.path`)] : []),
    ...unreservedPath(file['path'] ?? '', `${field}.path`),
  ]
  if (file['fieldRef'] !== undefined) {
    errors.push(...fieldRefRules(file['fieldRef'], volumePaths, `${field}.fieldRef`))
    if (file['resourceFieldRef'] !== undefined) {
      errors.push(invalidValue(field, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'))
    }
  } else if (file['resourceFieldRef'] !== undefined)
    errors.push(...resourceRefRules(file['resourceFieldRef'], `${field}.resourceFieldRef`, true))
  else errors.push(required(field, 'one of fieldRef and resourceFieldRef is required'))
  return [...errors, ...modeRule(file['mode'], `${field}.mode`)]
}

const named = (source: Fields, part: string, field: string): Errors => ((source[part] ?? '') === '' ? [required(`${field}.${part}`)] : [])

const hostPathTypes = ['', 'BlockDevice', 'CharDevice', 'Directory', 'DirectoryOrCreate', 'File', 'FileOrCreate', 'Socket']

const projectionKinds = ['secret', 'configMap', 'downwardAPI', 'serviceAccountToken', 'clusterTrustBundle', 'podCertificate'] as const

const projectionRules = (source: Fields, field: string): Errors => {
  const kinds = projectionKinds.filter((kind) => source[kind] !== undefined)
  const errors: Errors = []
  for (const kind of kinds) {
    const here = `${field}.${kind}`
    const projected: Fields = source[kind]
    if (kind === 'secret' || kind === 'configMap')
      errors.push(...named(projected, 'name', here), ...itemRules(projected['items'], `${here}.items`))
    if (kind === 'downwardAPI')
      errors.push(...((projected['items'] ?? []) as readonly Fields[]).flatMap((file) => downwardFileRules(file, `${here}.items`)))
    if (kind === 'serviceAccountToken') {
      const seconds: number = projected['expirationSeconds'] ?? 0
      if (seconds < 600) errors.push(invalidValue(`${here}.expirationSeconds`, seconds, 'may not specify a duration less than 10 minutes'))
      errors.push(...named(projected, 'path', here))
    }
  }
  if (kinds.length === 0)
    errors.push(
      required(
        field,
        'must specify one of: `secret`, `configMap`, `downwardAPI`, `serviceAccountToken`, `clusterTrustBundle`, `podCertificate`',
      ),
    )
  return errors
}

type SourceRule = (source: Fields, field: string) => Errors

const nothing: SourceRule = () => []
const wants =
  (...parts: string[]): SourceRule =>
  (source, field) =>
    parts.flatMap((part) => named(source, part, field))

/** The kinds of volume, in the order in which Kubernetes looks for them. */
const sources: readonly (readonly [string, SourceRule])[] = [
  [
    'emptyDir',
    (source, field) =>
      quantityOf(source['sizeLimit']).nano < 0n
        ? [forbiddenField(`${field}.sizeLimit`, 'SizeLimit field must be a valid resource quantity')]
        : [],
  ],
  [
    'hostPath',
    (source, field) =>
      (source['path'] ?? '') === ''
        ? [required(`${field}.path`)]
        : [
            ...noBacksteps(source['path'], `${field}.path`),
            ...(hostPathTypes.includes(source['type'] ?? '') ? [] : [notSupported(`${field}.type`, source['type'], hostPathTypes)]),
          ],
  ],
  ['gitRepo', wants('repository')],
  ['gcePersistentDisk', wants('pdName')],
  ['awsElasticBlockStore', wants('volumeID')],
  [
    'secret',
    (source, field) => [
      ...named(source, 'secretName', field),
      ...modeRule(source['defaultMode'], `${field}.defaultMode`),
      ...itemRules(source['items'], `${field}.items`),
    ],
  ],
  [
    'nfs',
    (source, field) => [
      ...wants('server', 'path')(source, field),
      ...((source['path'] ?? '').startsWith('/') ? [] : [invalidValue(`${field}.path`, source['path'] ?? '', 'must be an absolute path')]),
    ],
  ],
  ['iscsi', wants('targetPortal', 'iqn')],
  ['glusterfs', wants('endpoints', 'path')],
  ['flocker', nothing],
  ['persistentVolumeClaim', wants('claimName')],
  ['rbd', wants('monitors', 'image')],
  ['cinder', wants('volumeID')],
  ['cephfs', wants('monitors')],
  ['quobyte', wants('registry', 'volume')],
  [
    'downwardAPI',
    (source, field) => [
      ...modeRule(source['defaultMode'], `${field}.defaultMode`),
      ...((source['items'] ?? []) as readonly Fields[]).flatMap((file) => downwardFileRules(file, field)),
    ],
  ],
  ['fc', nothing],
  ['flexVolume', wants('driver')],
  [
    'configMap',
    (source, field) => [
      ...named(source, 'name', field),
      ...modeRule(source['defaultMode'], `${field}.defaultMode`),
      ...itemRules(source['items'], `${field}.items`),
    ],
  ],
  ['azureFile', wants('secretName', 'shareName')],
  ['vsphereVolume', wants('volumePath')],
  ['photonPersistentDisk', wants('pdID')],
  ['portworxVolume', wants('volumeID')],
  ['azureDisk', wants('diskName', 'diskURI')],
  ['storageos', nothing],
  [
    'projected',
    (source, field) => [
      ...modeRule(source['defaultMode'], `${field}.defaultMode`),
      ...((source['sources'] ?? []) as readonly Fields[]).flatMap((one, at) => projectionRules(one, `${field}.sources[${at}]`)),
    ],
  ],
  ['scaleIO', wants('gateway', 'system', 'volumeName')],
  ['csi', wants('driver')],
  [
    'ephemeral',
    (source, field) =>
      source['volumeClaimTemplate'] === undefined
        ? [required(`${field}.volumeClaimTemplate`)]
        : [
            ...validateLabels(source['volumeClaimTemplate'].metadata?.labels, `${field}.volumeClaimTemplate.metadata.labels`),
            ...validateAnnotations(
              source['volumeClaimTemplate'].metadata?.annotations,
              `${field}.volumeClaimTemplate.metadata.annotations`,
            ),
            ...validateClaimSpec(source['volumeClaimTemplate'].spec ?? {}, `${field}.volumeClaimTemplate.spec`),
          ],
  ],
  ['image', wants('reference')],
]

const sourceRules = (volume: Fields, field: string): Errors => {
  const errors: Errors = []
  let found = 0
  for (const [kind, rule] of sources) {
    if (volume[kind] === undefined || volume[kind] === null) continue
    if (found > 0) errors.push(forbiddenField(`${field}.${kind}`, 'may not specify more than 1 volume type'))
    else errors.push(...rule(volume[kind], `${field}.${kind}`))
    found++
  }
  return found === 0 ? [required(field, 'must specify a volume type')] : errors
}

/** The volumes that are right, by name, and what is wrong with the others. A wrong one is not there for the containers. */
export const validatePodVolumes = (
  volumes: readonly Fields[],
  podName: string | undefined,
  field: string,
): { readonly volumes: ReadonlyMap<string, Fields>; readonly errors: Errors } => {
  const right = new Map<string, Fields>()
  const errors: Errors = []
  const own = new Set(
    podName === undefined
      ? []
      : volumes.filter((volume) => volume['ephemeral'] !== undefined).map((volume) => `${podName}-${volume['name']}`),
  )
  for (const [at, volume] of volumes.entries()) {
    const here = `${field}[${at}]`
    const name: string = volume['name'] ?? ''
    const wrong = sourceRules(volume, here)
    wrong.push(...(name === '' ? [required(`${here}.name`)] : checked(`${here}.name`, name, dnsLabel)))
    if (right.has(name)) wrong.push(duplicate(`${here}.name`, name))
    if (wrong.length === 0) right.set(name, volume)
    errors.push(...wrong)
    const claimName = volume['persistentVolumeClaim']?.claimName
    if (claimName !== undefined && own.has(claimName)) {
      errors.push(
        invalidValue(
          `${here}.persistentVolumeClaim.claimName`,
          claimName,
          'must not reference a PVC that gets created for an ephemeral volume',
        ),
      )
    }
  }
  return { volumes: right, errors }
}
