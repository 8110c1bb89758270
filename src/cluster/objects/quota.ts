/**
 * What an object counts against a ResourceQuota: asked by admission before it is created, and by the quota controller.
 * Source: pkg/quota/v1/evaluator/core as its messages and the recordings show; Kubernetes documentation, "Resource Quotas".
 */
import type { KubernetesObject } from './metadata.ts'
import { addQuantities, compareQuantities } from './quantity.ts'

/** Resource name of a quota (`pods`, `requests.cpu`, `count/configmaps`) → quantity. */
export type Usage = Readonly<Record<string, string>>

/** Kinds that are counted by their plural alone, beside `count/…`. */
const counted: Readonly<Record<string, string>> = {
  Service: 'services',
  Secret: 'secrets',
  ConfigMap: 'configmaps',
  PersistentVolumeClaim: 'persistentvolumeclaims',
  ReplicationController: 'replicationcontrollers',
  ResourceQuota: 'resourcequotas',
}

/** `count/<plural>.<group>` of kinds outside the core group. */
const countedByGroup: Readonly<Record<string, string>> = {
  StatefulSet: 'count/statefulsets.apps',
  Deployment: 'count/deployments.apps',
  ReplicaSet: 'count/replicasets.apps',
}

type Container = { readonly resources?: { readonly requests?: Usage; readonly limits?: Usage } }

/** What one object uses; a pod that has ended uses nothing. */
export const usageOf = (object: KubernetesObject): Usage => {
  if (object.kind === 'Pod') return podUsage(object)
  const plural = counted[object.kind]
  if (plural !== undefined)
    return { [plural]: '1', [`count/${plural}`]: '1', ...(object.kind === 'PersistentVolumeClaim' ? claimUsage(object) : {}) }
  const count = countedByGroup[object.kind]
  return count === undefined ? {} : { [count]: '1' }
}

const claimUsage = (claim: KubernetesObject): Usage => {
  const storage = claim['spec']?.resources?.requests?.storage as string | undefined
  const name = claim['spec']?.storageClassName as string | undefined
  if (storage === undefined) return {}
  const prefix = `${name}.storageclass.storage.k8s.io`
  const ofClass = name === undefined ? {} : { [`${prefix}/requests.storage`]: storage, [`${prefix}/persistentvolumeclaims`]: '1' }
  return { 'requests.storage': storage, ...ofClass }
}

const podUsage = (pod: KubernetesObject): Usage => {
  const phase = pod['status']?.phase
  if (phase === 'Failed' || phase === 'Succeeded') return {}
  const used: Record<string, string> = { pods: '1', 'count/pods': '1' }
  const containers = (pod['spec']?.containers ?? []) as readonly Container[]
  for (const resource of ['cpu', 'memory', 'ephemeral-storage']) {
    const requests = sum(containers.map((container) => container.resources?.requests?.[resource]))
    const limits = sum(containers.map((container) => container.resources?.limits?.[resource]))
    if (requests !== undefined) used[`requests.${resource}`] = requests
    if (requests !== undefined) used[resource] = requests
    if (limits !== undefined) used[`limits.${resource}`] = limits
  }
  return used
}

const sum = (amounts: readonly (string | undefined)[]): string | undefined =>
  amounts.reduce<string | undefined>((total, amount) => (amount === undefined ? total : addQuantities(total ?? '0', amount)), undefined)

/** Compute resources that every container must name where a quota limits them; `cpu` and `memory` stand for requests. */
const mustBeNamed = ['cpu', 'limits.cpu', 'limits.memory', 'memory', 'requests.cpu', 'requests.memory'] as const

type Named = { readonly name: string } & Container

const names = (container: Named, resource: string): boolean => {
  const side = resource.startsWith('limits.') ? container.resources?.limits : container.resources?.requests
  return side?.[resource.replace(/^(requests|limits)\./, '')] !== undefined
}

/**
 * What is missing in a pod that a quota looks at: `must specify requests.cpu for: app`; undefined when nothing is.
 * Source: pkg/quota/v1/evaluator/core/pods.go (1.36), Constraints
 */
export const unspecified = (pod: KubernetesObject, hard: Usage): string | undefined => {
  if (pod['spec']?.resources !== undefined) return undefined
  const containers = [...(pod['spec']?.containers ?? []), ...(pod['spec']?.initContainers ?? [])] as readonly Named[]
  const lines = mustBeNamed
    .filter((resource) => hard[resource] !== undefined)
    .map((resource) => ({
      resource,
      without: containers.filter((container) => !names(container, resource)).map((container) => container.name),
    }))
    .filter(({ without }) => without.length > 0)
    .map(({ resource, without }) => `${resource} for: ${[...new Set(without)].sort().join(',')}`)
  return lines.length === 0 ? undefined : `must specify ${lines.join('; ')}`
}

/** What the objects use in all of the resources that a quota limits; those of which nothing is used are 0. */
export const totalOf = (objects: Iterable<KubernetesObject>, limited: readonly string[]): Usage => {
  const total: Record<string, string> = {}
  for (const resource of limited) total[resource] = '0'
  for (const object of objects) {
    const used = usageOf(object)
    for (const resource of limited) {
      const amount = used[resource]
      if (amount !== undefined) total[resource] = addQuantities(total[resource] as string, amount)
    }
  }
  return total
}

/** The resources, in order of name, of which `used` and `asked` together exceed `hard`. */
export const exceeded = (hard: Usage, used: Usage, asked: Usage): readonly string[] =>
  Object.keys(asked)
    .filter((resource) => hard[resource] !== undefined)
    .filter((resource) => compareQuantities(addQuantities(used[resource] ?? '0', asked[resource] as string), hard[resource] as string) > 0)
    .sort()
