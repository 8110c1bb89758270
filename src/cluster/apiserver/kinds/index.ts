/**
 * The kinds, in the order in which discovery names them: it decides the order of `get all`, of `api-resources` and who
 * wins a short name. Source: kubectl.md 2.2; the order of a kube-apiserver 1.36.
 */
import type { Kind } from '../kind.ts'
import { podDisruptionBudget } from './budget.ts'
import { claim } from './claim.ts'
import { controllerRevision } from './controller-revision.ts'
import { configMap, secret, serviceAccount } from './data.ts'
import { endpointSlice, endpoints } from './endpoints.ts'
import { event } from './event.ts'
import { lease } from './lease.ts'
import { namespace } from './namespace.ts'
import { node } from './node.ts'
import { pod } from './pod.ts'
import { priorityClass } from './priority-class.ts'
import { resourceQuota } from './quota.ts'
import { service } from './service.ts'
import { statefulSet } from './statefulset.ts'
import { csiDriver, csiNode, csiStorageCapacity, storageClass, volumeAttachment } from './storage.ts'
import { storedKinds } from './stored.ts'
import { volume } from './volume.ts'
import { deployment, replicaSet } from './workloads.ts'

const stored = (kind: string): Kind => storedKinds.get(kind) as Kind

/** All kinds. */
export const allKinds: readonly Kind[] = [
  configMap,
  endpoints,
  event,
  stored('LimitRange'),
  namespace,
  node,
  claim,
  volume,
  pod,
  stored('PodTemplate'),
  stored('ReplicationController'),
  resourceQuota,
  secret,
  serviceAccount,
  service,
  stored('APIService'),
  controllerRevision,
  stored('DaemonSet'),
  deployment,
  replicaSet,
  statefulSet,
  stored('HorizontalPodAutoscaler'),
  stored('CronJob'),
  stored('Job'),
  stored('Ingress'),
  stored('IngressClass'),
  stored('NetworkPolicy'),
  podDisruptionBudget,
  stored('ClusterRole'),
  stored('ClusterRoleBinding'),
  stored('Role'),
  stored('RoleBinding'),
  csiDriver,
  csiNode,
  csiStorageCapacity,
  storageClass,
  volumeAttachment,
  stored('VolumeAttributesClass'),
  stored('MutatingWebhookConfiguration'),
  stored('ValidatingWebhookConfiguration'),
  stored('CustomResourceDefinition'),
  priorityClass,
  lease,
  stored('RuntimeClass'),
  endpointSlice,
]

const byKind: ReadonlyMap<string, Kind> = new Map(allKinds.map((kind) => [kind.kind, kind]))
const byName: ReadonlyMap<string, Kind> = new Map(
  [...allKinds].reverse().flatMap((kind) => [kind.plural, kind.singular, ...kind.shortNames].map((name) => [name, kind] as const)),
)

/** The kind of that Kind: `StatefulSet`. */
export const kindOf = (kind: string): Kind | undefined => byKind.get(kind)

/** The kind that serves an apiVersion and Kind; undefined for removed versions (`apps/v1beta1`) and unknown kinds. */
export const servedKind = (apiVersion: string, kind: string): Kind | undefined => {
  const found = byKind.get(kind)
  // autoscaling/v1 is served on the same store. Source: kubectl.md 13
  const served = found?.apiVersion === apiVersion || (kind === 'HorizontalPodAutoscaler' && apiVersion === 'autoscaling/v1')
  return served ? found : undefined
}

/**
 * The kind that a word of a command line names, as kubectl reads it: plural, singular or short name, with a group or
 * `version.group` behind a dot (`statefulsets.apps`, `sts.v1.apps`). Plural and singular are read in any case, short names as they are written.
 * Source: kubectl.md 6.2
 */
export const namedKind = (word: string): Kind | undefined => {
  const dot = word.indexOf('.')
  const resource = dot < 0 ? word : word.slice(0, dot)
  const qualifier = dot < 0 ? '' : word.slice(dot + 1)
  const found = byName.get(resource) ?? lowered(resource)
  if (found === undefined || qualifier === '') return found
  // A short name with a group is read as well: `sts.apps`.
  const [version, ...group] = qualifier.split('.')
  const qualified = qualifier === found.group || (version === found.version && group.join('.') === found.group)
  return qualified ? found : allKinds.find((kind) => kind !== found && kind.plural === found.plural && kind.group === qualifier)
}

const lowered = (word: string): Kind | undefined => {
  const found = byName.get(word.toLowerCase())
  return found !== undefined && (found.plural === word.toLowerCase() || found.singular === word.toLowerCase()) ? found : undefined
}

/** The kinds of a category (`all`), in discovery order. */
export const kindsOfCategory = (category: string): readonly Kind[] => allKinds.filter((kind) => kind.categories.includes(category))
