/**
 * Reads an object as Go's decoder reads JSON into the types of the API: unknown fields are named, values of wrong types refused, quantities
 * made canonical, and what Go would not write again (null, empty lists and maps, zero values of plain fields) is left out.
 *
 * All mistakes are found, each with its place and the API server's words; keys are walked sorted, as in the JSON that kubectl sends.
 * Source: kubectl.md 4.1, 8; sigs.k8s.io/json (Kubernetes' decoder); cases Q-075, Q-077, Q-079.
 */
import { nearest } from '../../../text/mistake.ts'
import { printQuantity, readQuantity } from '../../objects/quantity.ts'
import { type FieldTypes, fieldsOfType } from './lookup.ts'

/** One thing that the decoder would not take. */
export type FieldMistake = {
  readonly kind: 'unknown' | 'type'
  /** Keys and indexes from the object to the field. */
  readonly path: readonly (string | number)[]
  /** The API server's words: `unknown field "spec.replicsa"`, `json: cannot unmarshal string into …`. */
  readonly text: string
  /** The field that was probably meant. */
  readonly nearest?: string
}

/** An object as the server would keep it, and what was wrong. An unknown or mistyped field is left out. */
export type FieldReading = { readonly value: unknown; readonly mistakes: readonly FieldMistake[] }

/** Texts that say something even when they are empty: pointers in Go, or fields that are always written. */
const keptEmpty = new Set([
  'PersistentVolumeClaimSpec.storageClassName',
  'PersistentVolumeClaimSpec.volumeAttributesClassName',
  'StatefulSetSpec.serviceName',
  'HostPathVolumeSource.type',
  'DiscoveryEndpointPort.name',
  'EndpointPort.name',
  'GRPCAction.service',
  'IngressSpec.ingressClassName',
  'PodSpec.runtimeClassName',
  'CoreEvent.reportingComponent',
  'CoreEvent.reportingInstance',
  'CSIVolumeSource.fsType',
  'PolicyRule.apiGroups',
  'PersistentVolumeSpec.storageClassName',
])

/** Numbers that are unset when they are 0: plain fields that Go leaves out. */
const unsetZero = new Set([
  'Probe.initialDelaySeconds',
  'Probe.timeoutSeconds',
  'Probe.periodSeconds',
  'Probe.successThreshold',
  'Probe.failureThreshold',
  'ContainerPort.hostPort',
  'ServicePort.nodePort',
  'ServiceSpec.healthCheckNodePort',
  'StatefulSetSpec.minReadySeconds',
  'DeploymentSpec.minReadySeconds',
  'ReplicaSetSpec.minReadySeconds',
  'DaemonSetSpec.minReadySeconds',
  'ObjectMeta.generation',
])

/** Booleans that are unset when they are false. */
const unsetFalse = new Set([
  'Container.stdin',
  'Container.stdinOnce',
  'Container.tty',
  'PodSpec.hostNetwork',
  'PodSpec.hostPID',
  'PodSpec.hostIPC',
  'VolumeMount.readOnly',
  'PersistentVolumeClaimVolumeSource.readOnly',
  'NFSVolumeSource.readOnly',
  'ServiceSpec.publishNotReadyAddresses',
  'NodeSpec.unschedulable',
  'PriorityClass.globalDefault',
  'DeploymentSpec.paused',
])

/** Lists that are written even when they are empty. */
const keptLists = new Set(['CSINodeSpec.drivers', 'EndpointSlice.endpoints', 'PodSpec.containers', 'Role.rules', 'ClusterRole.rules'])

/** Named text types of Go, for the end of a message. Fields that are not here are plain text. */
const goTypes: ReadonlyMap<string, string> = new Map([
  ['PodSpec.restartPolicy', 'v1.RestartPolicy'],
  ['PodSpec.dnsPolicy', 'v1.DNSPolicy'],
  ['PodSpec.preemptionPolicy', 'v1.PreemptionPolicy'],
  ['Container.imagePullPolicy', 'v1.PullPolicy'],
  ['Container.terminationMessagePolicy', 'v1.TerminationMessagePolicy'],
  ['Container.restartPolicy', 'v1.ContainerRestartPolicy'],
  ['ContainerPort.protocol', 'v1.Protocol'],
  ['ServicePort.protocol', 'v1.Protocol'],
  ['ServiceSpec.type', 'v1.ServiceType'],
  ['ServiceSpec.sessionAffinity', 'v1.ServiceAffinity'],
  ['StatefulSetSpec.podManagementPolicy', 'v1.PodManagementPolicyType'],
  ['StatefulSetUpdateStrategy.type', 'v1.StatefulSetUpdateStrategyType'],
  ['DeploymentStrategy.type', 'v1.DeploymentStrategyType'],
  ['PersistentVolumeClaimSpec.accessModes', 'v1.PersistentVolumeAccessMode'],
  ['PersistentVolumeSpec.accessModes', 'v1.PersistentVolumeAccessMode'],
  ['PersistentVolumeClaimSpec.volumeMode', 'v1.PersistentVolumeMode'],
  ['Taint.effect', 'v1.TaintEffect'],
  ['Toleration.effect', 'v1.TaintEffect'],
  ['Toleration.operator', 'v1.TolerationOperator'],
  ['HTTPGetAction.scheme', 'v1.URIScheme'],
  ['ObjectMeta.uid', 'types.UID'],
  ['OwnerReference.uid', 'types.UID'],
])

/** Prefixes that the table's names have where Go's packages keep types of one name apart. */
const packagePrefix = /^(Core|Discovery|Rbac|Storage|Admissionregistration|Apiextensions|Apiregistration|Flowcontrol)(?=[A-Z])/

const goName = (type: string): string => (type === 'StorageClass' ? type : type.replace(packagePrefix, ''))

const goTypeOf = (type: string, owner: string, field: string): string => {
  if (type.startsWith('[]')) return `[]${goTypeOf(type.slice(2), owner, field)}`
  if (type.startsWith('{}')) return type === '{}quantity' ? 'v1.ResourceList' : `map[string]${goTypeOf(type.slice(2), owner, field)}`
  switch (type) {
    case 'int32':
    case 'int64':
    case 'bool':
      return type
    case 'double':
      return 'float64'
    case 'bytes':
      return '[]uint8'
    case 'string':
    case 'time':
    case 'microtime':
      return goTypes.get(`${owner}.${field}`) ?? 'string'
    case 'intstr':
      return 'int32'
    default:
      return `v1.${goName(type)}`
  }
}

const jsonKind = (value: unknown): string => {
  if (Array.isArray(value)) return 'array'
  switch (typeof value) {
    case 'string':
      return 'string'
    case 'number':
    case 'bigint':
      return 'number'
    case 'boolean':
      return 'bool'
    default:
      return 'object'
  }
}

/** Where the reader stands: the struct and field that an error names, and the way there. */
type Spot = {
  readonly owner: string
  readonly field: string
  /** Field names alone: what Go's message names. */
  readonly names: readonly string[]
  readonly path: readonly (string | number)[]
}

/** What stands for "not there": the field is left out. */
const nothing = Symbol('nothing')

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const pathText = (path: readonly (string | number)[]): string =>
  path.reduce<string>((text, part) => (typeof part === 'number' ? `${text}[${part}]` : text === '' ? part : `${text}.${part}`), '')

class Reader {
  readonly mistakes: FieldMistake[] = []

  private wrong(spot: Spot, value: string, goType: string): typeof nothing {
    const text = `json: cannot unmarshal ${value} into Go struct field ${goName(spot.owner)}.${spot.names.join('.')} of type ${goType}`
    this.mistakes.push({ kind: 'type', path: spot.path, text })
    return nothing
  }

  private bad(spot: Spot, text: string): typeof nothing {
    this.mistakes.push({ kind: 'type', path: spot.path, text })
    return nothing
  }

  struct(
    type: string,
    fields: FieldTypes,
    value: Readonly<Record<string, unknown>>,
    at: Pick<Spot, 'names' | 'path'>,
  ): Readonly<Record<string, unknown>> {
    const result: Record<string, unknown> = {}
    let same = true
    for (const key of Object.keys(value).sort()) {
      const expected = fields.get(key)
      const path = [...at.path, key]
      if (expected === undefined) {
        if (value[key] === undefined) continue
        const meant = nearest(key, fields.keys())
        const text = `unknown field ${JSON.stringify(pathText(path))}`
        this.mistakes.push(meant === undefined ? { kind: 'unknown', path, text } : { kind: 'unknown', path, text, nearest: meant })
        same = false
        continue
      }
      const read = this.value(expected, value[key], { owner: type, field: key, names: [...at.names, key], path })
      if (read === nothing) same = false
      else {
        if (read !== value[key]) same = false
        result[key] = read
      }
    }
    return same ? value : result
  }

  value(type: string, value: unknown, spot: Spot): unknown {
    if (value === null || value === undefined) return nothing
    if (type.startsWith('[]')) return this.list(type, value, spot)
    if (type.startsWith('{}')) return this.map(type, value, spot)
    switch (type) {
      case 'any':
        return value
      case 'string':
        if (typeof value !== 'string') return this.wrong(spot, jsonKind(value), goTypeOf(type, spot.owner, spot.field))
        return value === '' && !keptEmpty.has(`${spot.owner}.${spot.field}`) ? nothing : value
      case 'bool':
        if (typeof value !== 'boolean') return this.wrong(spot, jsonKind(value), 'bool')
        return !value && unsetFalse.has(`${spot.owner}.${spot.field}`) ? nothing : value
      case 'int32':
      case 'int64':
        return this.integer(type, value, spot)
      case 'double':
        return typeof value === 'number' ? value : this.wrong(spot, jsonKind(value), 'float64')
      case 'intstr':
        if (typeof value === 'string') return value
        return this.integer('int32', value, spot)
      case 'quantity':
        return this.quantity(value, spot)
      case 'time':
      case 'microtime':
        return this.time(value, spot)
      case 'bytes':
        return this.bytes(value, spot)
      default: {
        const fields = fieldsOfType(type)
        if (!isMap(value)) return this.wrong(spot, jsonKind(value), goTypeOf(type, spot.owner, spot.field))
        return this.struct(type, fields as FieldTypes, value, spot)
      }
    }
  }

  private integer(type: 'int32' | 'int64', value: unknown, spot: Spot): unknown {
    if (typeof value === 'bigint') return this.wrong(spot, `number ${value}`, type)
    if (typeof value !== 'number') return this.wrong(spot, jsonKind(value), type)
    const most = type === 'int32' ? 2_147_483_647 : Number.MAX_SAFE_INTEGER
    if (!Number.isInteger(value) || value > most || value < -most - 1) return this.wrong(spot, `number ${value}`, type)
    return value === 0 && unsetZero.has(`${spot.owner}.${spot.field}`) ? nothing : value
  }

  private quantity(value: unknown, spot: Spot): unknown {
    const read = readQuantity(typeof value === 'string' ? value.trim() : JSON.stringify(value))
    return 'error' in read ? this.bad(spot, read.error) : printQuantity(read)
  }

  private time(value: unknown, spot: Spot): unknown {
    if (typeof value !== 'string') return this.wrong(spot, jsonKind(value), 'string')
    if (value === '') return nothing
    if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(value)) return value
    return this.bad(
      spot,
      `parsing time ${JSON.stringify(value)} as "2006-01-02T15:04:05Z07:00": cannot parse ${JSON.stringify(value)} as "2006"`,
    )
  }

  private bytes(value: unknown, spot: Spot): unknown {
    if (typeof value !== 'string') return this.wrong(spot, jsonKind(value), '[]uint8')
    const text = value.replace(/[\r\n]/g, '')
    const end = /[^A-Za-z0-9+/=]/.exec(text)?.index ?? (text.length % 4 === 0 ? -1 : text.length - (text.length % 4))
    return end < 0 ? value : this.bad(spot, `illegal base64 data at input byte ${end}`)
  }

  private list(type: string, value: unknown, spot: Spot): unknown {
    if (!Array.isArray(value)) return this.wrong(spot, jsonKind(value), goTypeOf(type, spot.owner, spot.field))
    if (value.length === 0) return keptLists.has(`${spot.owner}.${spot.field}`) ? value : nothing
    const element = type.slice(2)
    let same = true
    const result: unknown[] = []
    for (const [at, one] of value.entries()) {
      const here = { ...spot, path: [...spot.path, at] }
      // An empty text is an element like others: a command may hold it.
      const read = one === '' && element === 'string' ? one : this.value(element, one, here)
      if (read === nothing) {
        same = false
        if (one === null) result.push(isStruct(element) ? {} : '')
      } else {
        if (read !== one) same = false
        result.push(read)
      }
    }
    return same ? value : result
  }

  private map(type: string, value: unknown, spot: Spot): unknown {
    if (!isMap(value)) return this.wrong(spot, jsonKind(value), goTypeOf(type, spot.owner, spot.field))
    const keys = Object.keys(value).sort()
    if (keys.length === 0) return nothing
    const element = type.slice(2)
    let same = true
    const result: Record<string, unknown> = {}
    for (const key of keys) {
      const one = value[key]
      const read =
        (one === '' || one === null) && element === 'string' ? '' : this.value(element, one, { ...spot, path: [...spot.path, key] })
      if (read !== one) same = false
      if (read !== nothing) result[key] = read
    }
    return same ? value : result
  }
}

const isStruct = (type: string): boolean => fieldsOfType(type) !== undefined

/** Reads an object of a type of the table. */
export const readFields = (type: string, value: unknown): FieldReading => {
  const fields = fieldsOfType(type)
  if (fields === undefined || !isMap(value)) return { value, mistakes: [] }
  const reader = new Reader()
  const read = reader.struct(type, fields, value, { names: [], path: [] })
  return { value: read, mistakes: reader.mistakes }
}
