/**
 * Real fields that change nothing here. A manifest may say them; the summary then says once for each feature that it was not
 * looked at, so that nothing is ignored in silence.
 */
import type { KubernetesObject } from '../../objects/metadata.ts'
import { kindOf } from '../kinds/index.ts'
import { type FieldTypes, fieldsOfType, typeOfKind } from './lookup.ts'

/** Something that an object asks for and that is not modelled. */
export type Gap = {
  /** Where it stands: `spec.template.spec.hostNetwork`. */
  readonly field: string
  /** What it is, in words: `security contexts are not enforced`. */
  readonly text: string
}

/** Values that ask for nothing, beside what is absent. */
type Unless = (value: unknown) => boolean

type Rule = { readonly text: string; readonly unless?: Unless }

const empty: Unless = (value) => typeof value === 'object' && value !== null && Object.keys(value).length === 0
const is =
  (...values: readonly unknown[]): Unless =>
  (value) =>
    values.includes(value)

const security = { text: 'security contexts are not enforced', unless: empty }
const oldVolumes = { text: 'volumes of this kind are taken for a directory that is there at once' }
const hostNamespaces = { text: "pods are not let into their node's namespaces", unless: is(false) }

/** Fields by type. */
const rules: Readonly<Record<string, Rule>> = {
  'PodSpec.securityContext': security,
  'Container.securityContext': security,
  'PodSpec.hostNetwork': { text: 'a pod on the host network gets an address of its own', unless: is(false) },
  'PodSpec.hostPID': hostNamespaces,
  'PodSpec.hostIPC': hostNamespaces,
  'PodSpec.hostUsers': hostNamespaces,
  'PodSpec.shareProcessNamespace': { text: 'containers do not share processes', unless: is(false) },
  'PodSpec.dnsConfig': { text: "a pod's own DNS settings are not read" },
  'PodSpec.dnsPolicy': { text: 'every pod asks the DNS of the cluster', unless: is('ClusterFirst', 'ClusterFirstWithHostNet') },
  'PodSpec.hostAliases': { text: 'host aliases are not read' },
  'PodSpec.imagePullSecrets': { text: 'images are pulled without asking for a secret' },
  'PodSpec.runtimeClassName': { text: 'every container runs in the same runtime' },
  'PodSpec.resourceClaims': { text: 'devices (dynamic resource allocation) are not allocated' },
  'PodSpec.setHostnameAsFQDN': { text: 'the host name of a pod is its name', unless: is(false) },
  'PodSpec.hostnameOverride': { text: 'the host name of a pod is its name' },
  'PodSpec.ephemeralContainers': { text: 'ephemeral containers do not run' },
  'Container.restartPolicyRules': { text: 'restart rules by exit code are not read' },
  'Container.resizePolicy': { text: 'containers are not resized in place' },
  'Container.volumeDevices': { text: 'block devices are handed over like directories' },
  'Container.stdin': { text: 'containers read nothing from their standard input', unless: is(false) },
  'ResourceRequirements.claims': { text: 'devices (dynamic resource allocation) are not allocated' },
  'Lifecycle.stopSignal': { text: 'containers are stopped with SIGTERM' },
  'VolumeMount.mountPropagation': { text: 'mounts inside mounts are not passed on', unless: is('None') },
  'EmptyDirVolumeSource.sizeLimit': { text: 'an emptyDir never fills' },
  'EmptyDirVolumeSource.medium': { text: 'an emptyDir takes no memory', unless: is('') },
  'Volume.gitRepo': oldVolumes,
  'Volume.nfs': oldVolumes,
  'Volume.iscsi': oldVolumes,
  'Volume.cephfs': oldVolumes,
  'Volume.rbd': oldVolumes,
  'Volume.glusterfs': oldVolumes,
  'Volume.fc': oldVolumes,
  'Volume.flexVolume': oldVolumes,
  'Volume.azureFile': oldVolumes,
  'Volume.azureDisk': oldVolumes,
  'Volume.awsElasticBlockStore': oldVolumes,
  'Volume.gcePersistentDisk': oldVolumes,
  'Volume.cinder': oldVolumes,
  'Volume.vsphereVolume': oldVolumes,
  'Volume.portworxVolume': oldVolumes,
  'Volume.csi': oldVolumes,
  'Volume.image': { text: 'images are not mounted as volumes' },
  'ServiceSpec.sessionAffinity': { text: 'requests of one client do not stick to one pod', unless: is('None') },
  'ServiceSpec.externalIPs': { text: 'nothing reaches a service from outside' },
  'ServiceSpec.trafficDistribution': { text: 'requests are spread over all endpoints alike' },
  'ServiceSpec.internalTrafficPolicy': { text: 'requests are spread over all endpoints alike', unless: is('Cluster') },
  'ServiceSpec.externalTrafficPolicy': { text: 'nothing reaches a service from outside', unless: is('Cluster') },
  'PersistentVolumeClaimSpec.dataSource': { text: 'a new volume begins empty' },
  'PersistentVolumeClaimSpec.dataSourceRef': { text: 'a new volume begins empty' },
  'PersistentVolumeClaimSpec.volumeAttributesClassName': { text: 'volumes have no attributes' },
  'StorageClass.parameters': { text: 'parameters of a storage class are not read' },
  'StorageClass.mountOptions': { text: 'mount options are not read' },
  'PersistentVolumeSpec.mountOptions': { text: 'mount options are not read' },
}

/** Services that want somebody outside to do something. */
const serviceTypes: Readonly<Record<string, string>> = {
  LoadBalancer: 'load balancers are not made: the external address stays <pending>',
}

const gapsOf = (type: string, fields: FieldTypes, value: Readonly<Record<string, unknown>>, path: string): readonly Gap[] =>
  Object.keys(value)
    .sort()
    .flatMap((key) => {
      const field = path === '' ? key : `${path}.${key}`
      const one = value[key]
      if (one === undefined || one === null) return []
      const rule = rules[`${type}.${key}`]
      if (rule !== undefined) return rule.unless?.(one) === true ? [] : [{ field, text: rule.text }]
      if (type === 'ServiceSpec' && key === 'type') {
        const text = serviceTypes[String(one)]
        return text === undefined ? [] : [{ field, text }]
      }
      const below = fields.get(key)
      return below === undefined ? [] : inside(below, one, field)
    })

const inside = (type: string, value: unknown, path: string): readonly Gap[] => {
  if (type.startsWith('[]') && Array.isArray(value)) return value.flatMap((one, at) => inside(type.slice(2), one, `${path}[${at}]`))
  const fields = fieldsOfType(type)
  if (fields === undefined || typeof value !== 'object' || value === null) return []
  return gapsOf(type, fields, value as Readonly<Record<string, unknown>>, path)
}

/** What an object asks for that is not modelled. Ask it of what a person wrote: defaults ask for nothing. */
export const notModelled = (object: KubernetesObject): readonly Gap[] => {
  const kind = kindOf(object.kind)
  if (kind !== undefined && !kind.runs) return [{ field: 'kind', text: `${kind.plural} are stored and shown, and do nothing` }]
  const type = typeOfKind(object.kind)
  const fields = fieldsOfType(type)
  return fields === undefined ? [] : gapsOf(type, fields, object, '')
}

/** One line for each feature, with the objects that ask for it: `security contexts are not enforced (statefulset/zk)`. */
export const notModelledLines = (objects: readonly KubernetesObject[]): readonly string[] => {
  const askers = new Map<string, Set<string>>()
  for (const object of objects) {
    for (const gap of notModelled(object)) {
      const known = askers.get(gap.text)
      if (known === undefined) askers.set(gap.text, new Set([nameOf(object)]))
      else known.add(nameOf(object))
    }
  }
  return [...askers].map(([text, keys]) => {
    const [first, ...others] = [...keys]
    return `${text} (${first}${others.length === 0 ? '' : ` and ${others.length} more`})`
  })
}

const nameOf = ({ kind, metadata }: KubernetesObject): string => `${kind.toLowerCase()}/${metadata.name}`
