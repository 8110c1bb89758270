/** Rules about the environment of a container, and about what the downward API can name. Source: pkg/apis/core/validation/validation.go (1.36). */
import { configMapKey, environmentName, qualifiedName } from '../../objects/names.ts'
import type { Fields } from '../defaults/share.ts'
import { type Errors, invalidValue, notSupported, required } from './field-error.ts'
import { checked } from './metadata.ts'

const environmentPaths = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
]

const resourcePaths = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
]

/** All that the downward API can name; the rest is refused as a label that cannot be converted. */
const downwardPaths = [...environmentPaths, 'metadata.annotations', 'metadata.labels', 'spec.restartPolicy', 'status.phase']

/** A field of the pod: `metadata.name`, `metadata.labels['app']`. */
export const fieldRefRules = (ref: Fields, paths: readonly string[], field: string): Errors => {
  const path: string = ref['fieldPath'] ?? ''
  if ((ref['apiVersion'] ?? '') === '') return [required(`${field}.apiVersion`)]
  if (path === '') return [required(`${field}.fieldPath`)]
  const subscripted = /^(.+)\['(.+)'\]$/.exec(path)
  const base = subscripted?.[1] ?? path
  if (ref['apiVersion'] !== 'v1') {
    return [invalidValue(`${field}.fieldPath`, path, `error converting fieldPath: unsupported pod version: ${ref['apiVersion']}`)]
  }
  if (!downwardPaths.includes(base))
    return [invalidValue(`${field}.fieldPath`, path, `error converting fieldPath: field label not supported: ${path}`)]
  if (subscripted !== null) {
    const key = subscripted[2] as string
    if (base === 'metadata.annotations') return checked(field, key.toLowerCase(), qualifiedName)
    if (base === 'metadata.labels') return checked(field, key, qualifiedName)
    return [invalidValue(field, base, 'does not support subscript')]
  }
  return paths.includes(path) ? [] : [notSupported(`${field}.fieldPath`, path, [...paths].sort())]
}

/** A resource of a container. */
export const resourceRefRules = (ref: Fields, field: string, inVolume: boolean): Errors => {
  const resource: string = ref['resource'] ?? ''
  if (inVolume && (ref['containerName'] ?? '') === '') return [required(`${field}.containerName`)]
  if (resource === '') return [required(`${field}.resource`)]
  const known = resourcePaths.includes(resource) || /^(requests|limits)\.hugepages-/.test(resource)
  return known ? [] : [notSupported(`${field}.resource`, resource, resourcePaths)]
}

const keyRules = (ref: Fields, field: string): Errors => [
  ...((ref['name'] ?? '') === '' ? [required(`${field}.name`)] : []),
  ...((ref['key'] ?? '') === '' ? [required(`${field}.key`)] : checked(`${field}.key`, ref['key'], configMapKey)),
]

const valueFromRules = (variable: Fields, field: string): Errors => {
  const from: Fields | undefined = variable['valueFrom']
  if (from === undefined) return []
  const errors: Errors = []
  let sources = 0
  if (from['fieldRef'] !== undefined) {
    sources++
    errors.push(...fieldRefRules(from['fieldRef'], environmentPaths, `${field}.fieldRef`))
  }
  if (from['resourceFieldRef'] !== undefined) {
    sources++
    errors.push(...resourceRefRules(from['resourceFieldRef'], `${field}.resourceFieldRef`, false))
  }
  for (const source of ['configMapKeyRef', 'secretKeyRef'] as const) {
    if (from[source] === undefined) continue
    sources++
    errors.push(...keyRules(from[source], `${field}.${source}`))
  }
  if (from['fileKeyRef'] !== undefined) sources++
  if (sources === 0) {
    errors.push(
      invalidValue(field, '', 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`'),
    )
  } else if ((variable['value'] ?? '') !== '') errors.push(invalidValue(field, '', 'may not be specified when `value` is not empty'))
  else if (sources > 1) errors.push(invalidValue(field, '', 'may not have more than one field specified at a time'))
  return errors
}

/** `env` */
export const environmentRules = (variables: readonly Fields[], field: string): Errors =>
  variables.flatMap((variable, at) => [
    ...((variable['name'] ?? '') === ''
      ? [required(`${field}[${at}].name`)]
      : checked(`${field}[${at}].name`, variable['name'], environmentName)),
    ...valueFromRules(variable, `${field}[${at}].valueFrom`),
  ])

/** `envFrom` */
export const environmentFromRules = (sources: readonly Fields[], field: string): Errors => {
  const errors: Errors = []
  for (const [at, source] of sources.entries()) {
    const here = `${field}[${at}]`
    if ((source['prefix'] ?? '') !== '') errors.push(...checked(`${here}.prefix`, source['prefix'], environmentName))
    const refs = (['configMapRef', 'secretRef'] as const).filter((ref) => source[ref] !== undefined)
    for (const ref of refs) if ((source[ref].name ?? '') === '') errors.push(required(`${here}.${ref}.name`))
    if (refs.length === 0) errors.push(invalidValue(field, '', 'must specify one of: `configMapRef` or `secretRef`'))
    if (refs.length > 1) errors.push(invalidValue(field, '', 'may not have more than one field specified at a time'))
  }
  return errors
}
