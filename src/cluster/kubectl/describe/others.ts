/**
 * `describe` of the kinds with short describers, and of those without one. Source: kubectl.md 7.1, 7.5; kubectl pkg/describe/describe.go, 1.36.
 */
import type { KubernetesObject } from '../../objects/metadata.ts'
import { printSelector } from '../../objects/selector.ts'
import { annotationLines, boolText, eventLines, labelLines, labelText, type Scene, Writer } from './writer.ts'

type Describer = (object: KubernetesObject, scene: Scene) => string

const head = (object: KubernetesObject, namespaced = true): Writer => {
  const w = new Writer()
  w.line(0, `Name:\t${object.metadata.name}`)
  if (namespaced) w.line(0, `Namespace:\t${object.metadata.namespace ?? ''}`)
  return w
}

const budget: Describer = (object, scene) => {
  const w = head(object)
  const { minAvailable, maxUnavailable, selector } = object['spec'] ?? {}
  const { disruptionsAllowed = 0, currentHealthy = 0, desiredHealthy = 0, expectedPods = 0 } = object['status'] ?? {}
  if (minAvailable !== undefined) w.line(0, `Min available:\t${minAvailable}`)
  else if (maxUnavailable !== undefined) w.line(0, `Max unavailable:\t${maxUnavailable}`)
  w.line(0, `Selector:\t${selector === undefined ? '<unset>' : printSelector(selector)}`)
  w.line(0, 'Status:')
  w.line(2, `Allowed disruptions:\t${disruptionsAllowed}`)
  w.line(2, `Current:\t${currentHealthy}`)
  w.line(2, `Desired:\t${desiredHealthy}`)
  w.line(2, `Total:\t${expectedPods}`)
  eventLines(w, scene)
  return w.aligned()
}

const storageClass: Describer = (object, scene) => {
  const w = head(object, false)
  const annotations = object.metadata.annotations ?? {}
  const isDefault =
    annotations['storageclass.kubernetes.io/is-default-class'] === 'true' ||
    annotations['storageclass.beta.kubernetes.io/is-default-class'] === 'true'
  w.line(0, `IsDefaultClass:\t${isDefault ? 'Yes' : 'No'}`)
  w.line(0, `Annotations:\t${labelText(object.metadata.annotations)}`)
  w.line(0, `Provisioner:\t${object['provisioner'] ?? ''}`)
  w.line(0, `Parameters:\t${labelText(object['parameters'])}`)
  w.line(0, `AllowVolumeExpansion:\t${object['allowVolumeExpansion'] === undefined ? '<unset>' : boolText(object['allowVolumeExpansion'])}`)
  const options = (object['mountOptions'] ?? []) as readonly string[]
  w.line(0, `MountOptions:${options.length === 0 ? '\t<none>' : ''}`)
  for (const option of options) w.line(1, option)
  if (object['reclaimPolicy'] !== undefined) w.line(0, `ReclaimPolicy:\t${object['reclaimPolicy']}`)
  if (object['volumeBindingMode'] !== undefined) w.line(0, `VolumeBindingMode:\t${object['volumeBindingMode']}`)
  eventLines(w, scene)
  return w.aligned()
}

const configMap: Describer = (object, scene) => {
  const w = head(object)
  labelLines(w, 'Labels', object.metadata.labels)
  annotationLines(w, 'Annotations', object.metadata.annotations)
  w.write(0, '\nData\n====\n')
  const data = (object['data'] ?? {}) as Readonly<Record<string, string>>
  for (const key of Object.keys(data).sort()) w.write(0, `${key}:\n----\n${data[key]}\n\n`)
  w.write(0, '\nBinaryData\n====\n')
  const binary = (object['binaryData'] ?? {}) as Readonly<Record<string, string>>
  for (const key of Object.keys(binary).sort()) w.line(0, `${key}: ${byteLength(binary[key] ?? '')} bytes`)
  w.write(0, '\n')
  eventLines(w, scene)
  return w.aligned()
}

/** Bytes behind a text in base64. */
const byteLength = (base64: string): number =>
  Math.floor((base64.length * 3) / 4) - (base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0)

const secret: Describer = (object) => {
  const w = head(object)
  labelLines(w, 'Labels', object.metadata.labels)
  annotationLines(w, 'Annotations', object.metadata.annotations)
  w.write(0, `\nType:\t${object['type'] ?? ''}\n`)
  w.write(0, '\nData\n====\n')
  const data = (object['data'] ?? {}) as Readonly<Record<string, string>>
  for (const key of Object.keys(data).sort()) w.line(0, `${key}:\t${byteLength(data[key] ?? '')} bytes`)
  return w.aligned()
}

/** A namespace and the quotas in it. */
export const describeNamespace = (object: KubernetesObject, quotas: readonly KubernetesObject[]): string => {
  const w = head(object, false)
  labelLines(w, 'Labels', object.metadata.labels)
  annotationLines(w, 'Annotations', object.metadata.annotations)
  w.line(0, `Status:\t${object['status']?.phase ?? ''}`)
  w.line(0, quotas.length === 0 ? '\nNo resource quota.' : '\nResource Quotas')
  for (const each of quotas) {
    w.line(1, `Name:\t${each.metadata.name}`)
    quotaLines(w, 1, each, '---')
  }
  w.write(0, '\nNo LimitRange resource.\n')
  return w.aligned()
}

function quotaLines(w: Writer, level: number, quota: KubernetesObject, rule: string): void {
  const { hard = {}, used = {} } = (quota['status'] ?? {}) as {
    hard?: Readonly<Record<string, string>>
    used?: Readonly<Record<string, string>>
  }
  w.line(level, 'Resource\tUsed\tHard')
  w.line(level, `--------\t${rule}\t${rule}`)
  for (const resource of Object.keys(hard).sort()) w.line(level, `${resource}\t${used[resource] ?? 0}\t${hard[resource]}`)
}

const resourceQuota: Describer = (object) => {
  const w = head(object)
  quotaLines(w, 0, object, '----')
  return w.aligned()
}

// biome-ignore lint/suspicious/noExplicitAny: endpoints are shown as they come
type Loose = Readonly<Record<string, any>>

const endpointSlice: Describer = (object, scene) => {
  const w = head(object)
  labelLines(w, 'Labels', object.metadata.labels)
  annotationLines(w, 'Annotations', object.metadata.annotations)
  w.line(0, `AddressType:\t${object['addressType'] ?? ''}`)
  const ports = (object['ports'] ?? []) as readonly Loose[]
  if (ports.length === 0) w.line(0, 'Ports: <unset>')
  else {
    w.line(0, 'Ports:')
    w.line(1, 'Name\tPort\tProtocol')
    w.line(1, '----\t----\t--------')
    for (const port of ports) w.line(1, `${port['name'] || '<unset>'}\t${port['port'] ?? '<unset>'}\t${port['protocol'] ?? 'TCP'}`)
  }
  const endpoints = (object['endpoints'] ?? []) as readonly Loose[]
  w.line(0, endpoints.length === 0 ? 'Endpoints: <none>' : 'Endpoints:')
  for (const endpoint of endpoints) {
    w.line(1, `- Addresses:\t${(endpoint['addresses'] ?? []).join(', ') || '<none>'}`)
    w.line(2, 'Conditions:')
    w.line(3, `Ready:\t${endpoint['conditions']?.ready ?? '<unset>'}`)
    w.line(2, `Hostname:\t${endpoint['hostname'] ?? '<unset>'}`)
    if (endpoint['targetRef']) w.line(2, `TargetRef:\t${endpoint['targetRef'].kind}/${endpoint['targetRef'].name}`)
    w.line(2, `NodeName:\t${endpoint['nodeName'] ?? '<unset>'}`)
    w.line(2, `Zone:\t${endpoint['zone'] ?? '<unset>'}`)
  }
  eventLines(w, scene)
  return w.aligned()
}

const priorityClass: Describer = (object, scene) => {
  const w = head(object, false)
  w.line(0, `Value:\t${object['value'] ?? 0}`)
  w.line(0, `GlobalDefault:\t${object['globalDefault'] === true}`)
  w.line(0, `PreemptionPolicy:\t${object['preemptionPolicy'] ?? 'PreemptLowerPriority'}`)
  w.line(0, `Description:\t${object['description'] ?? ''}`)
  w.line(0, `Annotations:\t${labelText(object.metadata.annotations)}`)
  eventLines(w, scene)
  return w.aligned()
}

/** Short describers by Kind. */
export const otherDescribers: ReadonlyMap<string, Describer> = new Map([
  ['PodDisruptionBudget', budget],
  ['StorageClass', storageClass],
  ['ConfigMap', configMap],
  ['Secret', secret],
  ['ResourceQuota', resourceQuota],
  ['EndpointSlice', endpointSlice],
  ['PriorityClass', priorityClass],
])

/** An object whose kind has no describer: every field as it is. */
export const describeAnything: Describer = (object, scene) => {
  const w = head(object)
  labelLines(w, 'Labels', object.metadata.labels)
  annotationLines(w, 'Annotations', object.metadata.annotations)
  fieldLines(w, 0, object, '')
  eventLines(w, scene)
  return w.aligned()
}

const told = ['.metadata.managedFields', '.metadata.name', '.metadata.namespace', '.metadata.labels', '.metadata.annotations']

function fieldLines(w: Writer, level: number, content: Loose, path: string): void {
  for (const field of Object.keys(content).sort()) {
    const here = `${path}.${field}`
    const value = content[field]
    if (told.includes(here) || value === undefined) continue
    if (Array.isArray(value)) {
      w.line(level, `${labelOf(field)}:`)
      for (const child of value) {
        if (child !== null && typeof child === 'object') fieldLines(w, level + 1, child as Loose, here)
        else w.line(level + 1, String(child))
      }
    } else if (value !== null && typeof value === 'object') {
      w.line(level, `${labelOf(field)}:`)
      fieldLines(w, level + 1, value as Loose, here)
    } else w.line(level, `${labelOf(field)}:\t${value === null ? '<nil>' : value}`)
  }
}

/** `apiVersion` as `API Version`; a field with other signs stays as it is. */
function labelOf(field: string): string {
  if (!/^[A-Za-z-]+$/.test(field)) return field
  const parts = field.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+|-/g) ?? [field]
  return parts
    .map((part) =>
      ['API', 'URL', 'UID', 'GUID'].includes(part.toUpperCase())
        ? part.toUpperCase()
        : part === part.toLowerCase()
          ? part.slice(0, 1).toUpperCase() + part.slice(1)
          : part,
    )
    .join(' ')
}
