// Writes src/cluster/apiserver/fields/table.ts out of the generated models of @kubernetes/client-node 2.0.1 (Kubernetes 1.36), read as
// text. For developers only, and only when the release of the table changes:
//
//   npm pack @kubernetes/client-node@2.0.1 && tar xzf kubernetes-client-node-2.0.1.tgz
//   node test/fields/generate.mjs package/dist/gen/models src/cluster/apiserver/fields/table.ts
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const [models, out] = process.argv.slice(2)
const roots = `CoreV1Event V1APIService V1ClusterRole V1ClusterRoleBinding V1ConfigMap V1ControllerRevision V1CronJob V1CSIDriver V1CSINode
V1CSIStorageCapacity V1CustomResourceDefinition V1DaemonSet V1Deployment V1Endpoints V1EndpointSlice V1Ingress V1IngressClass V1Job V1Lease V1LimitRange
V1MutatingWebhookConfiguration V1Namespace V1NetworkPolicy V1Node V1PersistentVolume V1PersistentVolumeClaim V1Pod V1PodDisruptionBudget V1PodTemplate
V1PriorityClass V1ReplicaSet V1ReplicationController V1ResourceQuota V1Role V1RoleBinding V1RuntimeClass V1Scale V1Secret V1Service V1ServiceAccount
V1StatefulSet V1StorageClass V1ValidatingWebhookConfiguration V1VolumeAttachment V1VolumeAttributesClass V2HorizontalPodAutoscaler`.split(
  /\s+/,
)

// What the models call text and is a quantity. Source: Kubernetes API reference.
const quantities = new Set(
  `ContainerStatus.allocatedResources CSIStorageCapacity.capacity CSIStorageCapacity.maximumVolumeSize EmptyDirVolumeSource.sizeLimit
  LimitRangeItem.default LimitRangeItem.defaultRequest LimitRangeItem.max LimitRangeItem.maxLimitRequestRatio LimitRangeItem.min
  MetricTarget.averageValue MetricTarget.value MetricValueStatus.averageValue MetricValueStatus.value NodeStatus.allocatable NodeStatus.capacity
  Overhead.podFixed PersistentVolumeClaimStatus.allocatedResources PersistentVolumeClaimStatus.capacity PersistentVolumeSpec.capacity
  PodSpec.overhead PodStatus.allocatedResources ResourceFieldSelector.divisor ResourceQuotaSpec.hard ResourceQuotaStatus.hard
  ResourceQuotaStatus.used ResourceRequirements.limits ResourceRequirements.requests VolumeResourceRequirements.limits
  VolumeResourceRequirements.requests`.split(/\s+/),
)

const shortName = (name) => name.replace(/V\d+((alpha|beta)\d+)?/, '')
const files = new Set(readdirSync(models))
const attributesOf = (name) => {
  const text = readFileSync(join(models, `${name}.js`), 'utf8')
  return JSON.parse(/attributeTypeMap = (\[[\s\S]*?\n\]|\[\]);/.exec(text)[1])
}

const types = new Map()
const waiting = [...roots]
const typeText = (owner, field, type, format) => {
  const list = /^Array<(.*)>$/.exec(type)
  if (list) return `[]${typeText(owner, field, list[1], format)}`
  const map = /^\{ \[key: string\]: (.*); \}$/.exec(type)
  if (map) return `{}${typeText(owner, field, map[1], format)}`
  if (quantities.has(`${shortName(owner)}.${field}`)) return 'quantity'
  if (type === 'IntOrString') return 'intstr'
  if (type === 'V1MicroTime') return 'microtime'
  if (type === 'Date') return format === 'date-time' ? 'time' : 'string'
  if (type === 'string')
    return format === 'byte' ? 'bytes' : format === 'date-time' ? 'time' : format === 'int-or-string' ? 'intstr' : 'string'
  if (type === 'number') return format === 'int32' || format === 'int64' ? format : 'double'
  if (type === 'boolean') return 'bool'
  if (type === 'any' || type === 'object') return 'any'
  if (!files.has(`${type}.js`)) throw new Error(`${owner}.${field}: what is ${type}?`)
  waiting.push(type)
  return shortName(type)
}
for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
  const short = shortName(name)
  const known = types.get(short)
  if (known !== undefined) {
    if (known.name !== name) throw new Error(`${known.name} and ${name} are both ${short}`)
    continue
  }
  const entry = { name, fields: [] }
  types.set(short, entry)
  entry.fields = attributesOf(name).map(({ baseName, type, format }) => `${baseName}:${typeText(name, baseName, type, format)}`)
}

const lines = [...types].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, { fields }]) => [name, ...fields].join(' '))
writeFileSync(
  out,
  `/**
 * The fields of the API of Kubernetes 1.36: one type a line, each field with its type. \`[]T\` is a list, \`{}T\` a map.
 *
 * Origin: the generated models of @kubernetes/client-node 2.0.1 (https://github.com/kubernetes-client/javascript), which come from
 * Kubernetes' OpenAPI document of release 1.36. Copyright The Kubernetes Authors, Apache License 2.0. Written by
 * test/fields/generate.mjs: do not edit.
 */
export const fieldTable = \`
${lines.join('\n')}
\`
`,
)
console.log(`${types.size} types, ${lines.join('\n').length} characters`)
