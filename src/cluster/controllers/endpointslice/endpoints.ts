/**
 * The older Endpoints object of each Service, which says the same as its slices in another form.
 * Source: node-and-storage.md D1; pkg/controller/endpoint/endpoints_controller.go (1.36).
 * Differs from Kubernetes: no cut at a thousand addresses.
 */
import { shared } from '../../apiserver/store.ts'
import type { Component, Controller, ControllerFactory } from '../../client/controller.ts'
import { call, done, failed, type Look } from '../../client/story.ts'
import { type KubernetesObject, namespacedName } from '../../objects/metadata.ts'
import { isReady } from '../../objects/pod.ts'
import {
  addressOf,
  headlessLabel,
  hostnameOf,
  isHeadless,
  isMember,
  Members,
  portsOf,
  publishesNotReady,
  selectorOf,
  targetPortOf,
  timedOf,
  triggerAnnotation,
} from './members.ts'

const managerLabel = 'endpoints.kubernetes.io/managed-by'

type Address = { readonly ip: string; readonly hostname?: string; readonly nodeName?: string; readonly targetRef: unknown }
type Subset = {
  readonly addresses?: readonly Address[]
  readonly notReadyAddresses?: readonly Address[]
  readonly ports?: readonly unknown[]
}

export const endpoints: ControllerFactory = (component: Component): Controller => {
  const services = component.see.of('Service')
  const there = component.see.of('Endpoints')
  const members = new Members(component)
  const written = new Map<string, KubernetesObject>()

  const best = (namespace: string | undefined, name: string): KubernetesObject | undefined => {
    const key = `${namespace}/${name}`
    const cached = there.get(namespace, name)
    const own = written.get(key)
    if (own === undefined) return cached
    if (cached !== undefined && Number(cached.metadata.resourceVersion) >= Number(own.metadata.resourceVersion)) {
      written.delete(key)
      return cached
    }
    return own
  }

  return {
    name: component.name,
    kinds: ['Service', 'Pod', 'Endpoints'],
    workers: 5,
    changed(change, queue) {
      const { type, object } = change
      switch (object.kind) {
        case 'Service':
          return queue.add(namespacedName(object))
        case 'Pod':
          return members.podChanged(change, queue)
        case 'Endpoints':
          if (type !== 'DELETED') return
          written.delete(namespacedName(object))
          queue.add(namespacedName(object))
      }
    },
    *look(key): Look {
      const [namespace, name = ''] = key.split('/')
      const service = services.get(namespace, name)
      if (service === undefined) {
        members.forget(key)
        if (best(namespace, name) === undefined) return done
        const answer = yield* call({ verb: 'delete', kind: 'Endpoints', namespace, name })
        return answer.ok || answer.status.reason === 'NotFound' ? done : failed(answer.status.message)
      }
      const selector = selectorOf(service)
      if (selector === undefined) return done
      const pods = members.podsOf(namespace as string, selector)
      const trigger = members.triggerTime(service, pods.map(timedOf))
      const old = best(namespace, name)
      const next = endpointsOf(service, pods, old, trigger)
      if (old !== undefined && sameContents(old, next)) return done
      const answer = yield* call(old === undefined ? { verb: 'create', object: next } : { verb: 'update', object: next })
      if (!answer.ok) return failed(answer.status.message)
      written.set(key, answer.object)
      return done
    },
  }
}

const sameContents = (a: KubernetesObject, b: KubernetesObject): boolean => {
  const [left, right] = [(a['subsets'] ?? []) as readonly Subset[], (b['subsets'] ?? []) as readonly Subset[]]
  return (
    left.length === right.length &&
    left.every((subset, i) => sameSubset(subset, right[i] as Subset)) &&
    shared(a.metadata.labels, b.metadata.labels) === a.metadata.labels
  )
}

const sameSubset = (a: Subset, b: Subset): boolean =>
  sameList(a.addresses, b.addresses) && sameList(a.notReadyAddresses, b.notReadyAddresses) && sameList(a.ports, b.ports)

/** Addresses are the same values as long as their pods are: mostly no more than that is looked at. */
const sameList = (a: readonly unknown[] = [], b: readonly unknown[] = []): boolean =>
  a.length === b.length && a.every((one, i) => one === b[i] || shared(one, b[i]) === one)

const endpointsOf = (
  service: KubernetesObject,
  pods: readonly KubernetesObject[],
  old: KubernetesObject | undefined,
  trigger: string | undefined,
): KubernetesObject => {
  const labels: Record<string, string> = { ...service.metadata.labels, [managerLabel]: 'endpoint-controller' }
  if (isHeadless(service)) labels[headlessLabel] = ''
  else delete labels[headlessLabel]
  const { [triggerAnnotation]: _, ...kept } = old?.metadata.annotations ?? {}
  const annotations = trigger === undefined ? kept : { ...kept, [triggerAnnotation]: trigger }
  const { annotations: __, ...metadata } = old?.metadata ?? { name: service.metadata.name, namespace: service.metadata.namespace as string }
  const subsets = subsetsOf(service, pods)
  return {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { ...metadata, labels, ...(Object.keys(annotations).length === 0 ? {} : { annotations }) },
    ...(subsets.length === 0 ? {} : { subsets }),
  }
}

/** What a pod adds to the subsets of a service; undefined: nothing. */
type Share = { readonly ports: readonly unknown[]; readonly key: string; readonly address: Address; readonly ready: boolean }

/** Made once for each version of a pod, and for the service as it was then. */
const shares = new WeakMap<KubernetesObject, { readonly service: KubernetesObject; readonly share: Share | undefined }>()

const shareOf = (service: KubernetesObject, pod: KubernetesObject): Share | undefined => {
  const known = shares.get(pod)
  if (known?.service === service) return known.share
  const share = newShare(service, pod)
  shares.set(pod, { service, share })
  return share
}

const newShare = (service: KubernetesObject, pod: KubernetesObject): Share | undefined => {
  const all = publishesNotReady(service)
  if (!isMember(pod, all)) return undefined
  const ports = portsOf(service).flatMap((port) => {
    const number = targetPortOf(pod, port)
    const { name, protocol = 'TCP', appProtocol } = port
    return number === undefined
      ? []
      : [{ ...(name === undefined ? {} : { name }), port: number, protocol, ...(appProtocol === undefined ? {} : { appProtocol }) }]
  })
  if (ports.length === 0 && portsOf(service).length > 0) return undefined
  const hostname = hostnameOf(pod, service)
  const nodeName = pod['spec']?.nodeName as string | undefined
  const { namespace, name, uid } = pod.metadata
  const address: Address = {
    ip: addressOf(pod),
    ...(hostname === undefined ? {} : { hostname }),
    ...(nodeName === undefined ? {} : { nodeName }),
    targetRef: { kind: 'Pod', namespace, name, uid },
  }
  return { ports, key: JSON.stringify(ports), address, ready: all || isReady(pod) }
}

/** Addresses with the same ports make a subset. Source: addEndpointSubset, RepackSubsets. */
const subsetsOf = (service: KubernetesObject, pods: readonly KubernetesObject[]): readonly Subset[] => {
  const groups = new Map<string, { ports: readonly unknown[]; ready: Address[]; notReady: Address[] }>()
  for (const pod of pods) {
    const share = shareOf(service, pod)
    if (share === undefined) continue
    const group = groups.get(share.key) ?? { ports: share.ports, ready: [], notReady: [] }
    groups.set(share.key, group)
    if (share.ready) group.ready.push(share.address)
    else group.notReady.push(share.address)
  }
  const byAddress = (a: Address, b: Address): number => (a.ip < b.ip ? -1 : a.ip > b.ip ? 1 : 0)
  return [...groups.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { ports, ready, notReady }]) => ({
      ...(ready.length === 0 ? {} : { addresses: ready.sort(byAddress) }),
      ...(notReady.length === 0 ? {} : { notReadyAddresses: notReady.sort(byAddress) }),
      ...(ports.length === 0 ? {} : { ports }),
    }))
}
