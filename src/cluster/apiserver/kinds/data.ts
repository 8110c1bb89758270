/** ConfigMaps, Secrets and service accounts. Source: pkg/apis/core/validation (1.36). */
import type { KubernetesObject } from '../../objects/metadata.ts'
import { byteLength, configMapKey } from '../../objects/names.ts'
import { withAbsent, withField } from '../defaults/share.ts'
import type { Kind } from '../kind.ts'
import { type Errors, forbiddenField, invalidValue, required, tooLong, wantsUnchanged } from '../validate/field-error.ts'
import { checked } from '../validate/metadata.ts'
import { ageColumn, defineKind, nameColumn } from './define.ts'

const mostBytes = 1024 * 1024

type Texts = Readonly<Record<string, string>> | undefined

const keysOf = (map: Texts): readonly string[] => Object.keys(map ?? {}).sort()

/** Bytes of a value written in base64. */
const decodedLength = (text: string): number => Math.floor((text.length * 3) / 4) - (text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0)

const dataCell = (object: KubernetesObject): string => String(keysOf(object['data']).length + keysOf(object['binaryData']).length)

const configMapRules = (object: KubernetesObject): Errors => {
  const errors: Errors = []
  const binary: Texts = object['binaryData']
  let bytes = 0
  for (const key of keysOf(object['data'])) {
    errors.push(...checked(`data[${key}]`, key, configMapKey))
    if (binary?.[key] !== undefined) errors.push(invalidValue(`data[${key}]`, key, 'duplicate of key present in binaryData'))
    bytes += byteLength(object['data'][key])
  }
  for (const key of keysOf(binary)) {
    errors.push(...checked(`binaryData[${key}]`, key, configMapKey))
    bytes += decodedLength(binary?.[key] as string)
  }
  if (bytes > mostBytes) errors.push(tooLong('', mostBytes))
  return errors
}

const frozen = 'field is immutable when `immutable` is set'

const immutableRules = (object: KubernetesObject, old: KubernetesObject, fields: readonly string[]): Errors => {
  if (old['immutable'] !== true) return []
  const errors: Errors = object['immutable'] === true ? [] : [forbiddenField('immutable', frozen)]
  for (const field of fields) {
    if (JSON.stringify(object[field] ?? {}) !== JSON.stringify(old[field] ?? {})) errors.push(forbiddenField(field, frozen))
  }
  return errors
}

export const configMap: Kind = defineKind({
  kind: 'ConfigMap',
  apiVersion: 'v1',
  plural: 'configmaps',
  shortNames: ['cm'],
  runs: true,
  rules: configMapRules,
  updateRules: (object, old) => [...immutableRules(object, old, ['data', 'binaryData']), ...configMapRules(object)],
  columns: [nameColumn, { name: 'DATA', cell: dataCell }, ageColumn],
})

/** stringData is written over data, in base64. Source: Convert_v1_Secret_To_core_Secret */
const folded = (object: KubernetesObject): KubernetesObject => {
  const texts: Texts = object['stringData']
  if (texts === undefined || texts === null) return object
  const data: Record<string, string> = { ...object['data'] }
  for (const key of keysOf(texts)) data[key] = base64(texts[key] as string)
  return withField(withField(object, 'data', data), 'stringData', undefined)
}

const base64 = (text: string): string => {
  let binary = ''
  for (const byte of new TextEncoder().encode(text)) binary += String.fromCharCode(byte)
  return btoa(binary)
}

/** What secrets of these types must hold. */
const wantedKeys: ReadonlyMap<string, readonly string[]> = new Map([
  ['kubernetes.io/dockercfg', ['.dockercfg']],
  ['kubernetes.io/dockerconfigjson', ['.dockerconfigjson']],
  ['kubernetes.io/ssh-auth', ['ssh-privatekey']],
  ['kubernetes.io/tls', ['tls.crt', 'tls.key']],
])

const secretRules = (object: KubernetesObject): Errors => {
  const errors: Errors = []
  let bytes = 0
  for (const key of keysOf(object['data'])) {
    errors.push(...checked(`data[${key}]`, key, configMapKey))
    bytes += decodedLength(object['data'][key])
  }
  if (bytes > mostBytes) errors.push(tooLong('data', mostBytes))
  if (object['type'] === 'kubernetes.io/basic-auth' && object['data']?.username === undefined && object['data']?.password === undefined) {
    errors.push(required('data[username]'), required('data[password]'))
  }
  for (const key of wantedKeys.get(object['type']) ?? []) {
    if (object['data']?.[key] === undefined) errors.push(required(`data[${key}]`))
  }
  if (object['type'] === 'kubernetes.io/service-account-token' && !object.metadata.annotations?.['kubernetes.io/service-account.name']) {
    errors.push(required('metadata.annotations[kubernetes.io/service-account.name]'))
  }
  return errors
}

export const secret: Kind = defineKind({
  kind: 'Secret',
  apiVersion: 'v1',
  plural: 'secrets',
  runs: true,
  defaults: (object) => withAbsent(folded(object), { type: 'Opaque' }),
  rules: secretRules,
  updateRules: (object, old) => [
    ...wantsUnchanged('type', object['type'], old['type']),
    ...immutableRules(object, old, ['data']),
    ...secretRules(object),
  ],
  columns: [nameColumn, { name: 'TYPE', cell: (object) => object['type'] ?? '' }, { name: 'DATA', cell: dataCell }, ageColumn],
  fields: { type: (object) => object['type'] ?? '' },
})

export const serviceAccount: Kind = defineKind({
  kind: 'ServiceAccount',
  apiVersion: 'v1',
  plural: 'serviceaccounts',
  shortNames: ['sa'],
  runs: true,
})
