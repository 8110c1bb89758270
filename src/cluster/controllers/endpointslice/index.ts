/**
 * Says in EndpointSlices which pods a Service has, and how they are.
 *
 * It keeps true: an endpoint is ready if its pod is Ready and not going (or the Service publishes all); it is there while the pod has an
 * address and has not ended, terminating pods included.
 *
 * Source: node-and-storage.md D1; pkg/controller/endpointslice, staging endpointslice/{reconciler,utils}.go (1.36).
 * Differs from Kubernetes: IPv4 alone, no topology hints, no mirroring of Endpoints that people write. A sync in the same instant as the last
 * write knows that write; later ones that do not are a failure, as there (1 s).
 */
import { seconds } from '../../../engine/clock.ts'
import type { Component, Controller, ControllerFactory } from '../../client/controller.ts'
import { call, done, failed, type Look, waits } from '../../client/story.ts'
import { isTerminating, type KubernetesObject, namespacedName } from '../../objects/metadata.ts'
import { topologyLabels } from '../../objects/node.ts'
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
import { type Desired, desiredOf, type Endpoint, type Port, plan, type Slice } from './slices.ts'

export { endpoints } from './endpoints.ts'

const serviceLabel = 'kubernetes.io/service-name'
const managerLabel = 'endpointslice.kubernetes.io/managed-by'
const manager = 'endpointslice-controller.k8s.io'

export const endpointSlice: ControllerFactory = (component: Component): Controller => {
  const services = component.see.of('Service')
  const nodes = component.see.of('Node')
  const slices = component.see.of('EndpointSlice')
  const members = new Members(component)
  const most = Number(component.option('max-endpoints-per-slice') ?? 100)
  /** What was written last, by service and slice, until the caches have it. */
  const written = new Written()

  const shares = new WeakMap<
    KubernetesObject,
    {
      readonly service: KubernetesObject
      readonly placed: boolean
      readonly member: Desired
    }
  >()

  const versionOf = (object: KubernetesObject): number => Number(object.metadata.resourceVersion ?? 0)

  /** The slices of a service as they are best known; undefined if the caches are behind a write of an earlier instant. */
  const slicesOf = (namespace: string, name: string): readonly KubernetesObject[] | undefined => {
    const known = new Map<string, KubernetesObject>()
    for (const slice of slices.labelled(namespace, serviceLabel, name)) {
      if (slice.metadata.labels?.[managerLabel] === manager) known.set(namespacedName(slice), slice)
    }
    for (const [key, { object, at }] of written.of(`${namespace}/${name}`)) {
      const cached = known.get(key)
      if (cached !== undefined && versionOf(cached) >= versionOf(object)) written.delete(key)
      else if (at !== component.now()) return undefined
      else known.set(key, object)
    }
    return [...known.values()].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
  }

  const endpointOf = (pod: KubernetesObject, node: KubernetesObject | undefined, service: KubernetesObject): Endpoint => {
    const serving = isReady(pod)
    const terminating = isTerminating(pod)
    const hostname = hostnameOf(pod, service)
    const nodeName = pod['spec']?.nodeName as string | undefined
    const zone = node?.metadata.labels?.[topologyLabels.zone]
    const { namespace = '', name, uid = '' } = pod.metadata
    return {
      addresses: [addressOf(pod)],
      conditions: { ready: publishesNotReady(service) || (serving && !terminating), serving, terminating },
      ...(hostname === undefined ? {} : { hostname }),
      targetRef: { kind: 'Pod', namespace, name, uid },
      ...(nodeName === undefined ? {} : { nodeName }),
      ...(zone === undefined ? {} : { zone }),
    }
  }

  const portsIn = (pod: KubernetesObject, service: KubernetesObject): readonly Port[] =>
    portsOf(service).flatMap((port) => {
      const number = targetPortOf(pod, port)
      if (number === undefined) return []
      const { name = '', protocol = 'TCP', appProtocol } = port
      return [{ name, protocol, port: number, ...(appProtocol === undefined ? {} : { appProtocol }) }]
    })

  /** What a pod adds to the slices of a service, made once for each version of pod and service (a node's zone does not change). */
  const memberOf = (pod: KubernetesObject, node: KubernetesObject | undefined, service: KubernetesObject) => {
    const known = shares.get(pod)
    if (known?.service === service && known.placed === (node !== undefined)) return known.member
    const member = desiredOf(endpointOf(pod, node, service), portsIn(pod, service))
    shares.set(pod, { service, placed: node !== undefined, member })
    return member
  }

  function* sync(service: KubernetesObject, selector: Readonly<Record<string, string>>): Look {
    const { namespace = '', name } = service.metadata
    const existing = slicesOf(namespace, name)
    if (existing === undefined) return failed('EndpointSlice informer cache is out of date')
    const pods = members.podsOf(namespace, selector)
    const desired: Desired[] = []
    const astray: string[] = []
    for (const pod of pods) {
      if (!isMember(pod, true)) continue
      const node = nodes.get(undefined, (pod['spec']?.nodeName as string | undefined) ?? '')
      if (node === undefined && !publishesNotReady(service)) {
        astray.push(pod.metadata.name)
        continue
      }
      desired.push(memberOf(pod, node, service))
    }
    const trigger = members.triggerTime(service, pods.map(timedOf))
    const labels = labelsFor(service)
    const byName = new Map(existing.map((object) => [object.metadata.name, object]))
    const planned = plan(existing.map(sliceOf), desired, most, ({ name: of }) => same(byName.get(of ?? '')?.metadata.labels, labels))
    if (!isTerminating(service)) {
      for (const slice of planned.create) {
        const answer = yield* call({ verb: 'create', object: fresh(service, slice, labels, trigger) })
        if (!answer.ok) return failed(answer.status.message)
        written.set(namespacedName(service), answer.object, component.now())
      }
    }
    for (const slice of planned.update) {
      const old = byName.get(slice.name ?? '') as KubernetesObject
      const answer = yield* call({ verb: 'update', object: renewed(old, slice, labels, trigger) })
      if (!answer.ok) return failed(answer.status.message)
      written.set(namespacedName(service), answer.object, component.now())
    }
    for (const slice of planned.remove) {
      written.delete(`${namespace}/${slice.name}`)
      const answer = yield* call({ verb: 'delete', kind: 'EndpointSlice', namespace, name: slice.name ?? '' })
      if (!answer.ok && answer.status.reason !== 'NotFound') return failed(answer.status.message)
    }
    // The service is tried again until the pod is gone or its node is back.
    return astray.length === 0 ? done : failed(`skipping Pod ${astray[0]} for Service ${namespace}/${name}: Node not found`)
  }

  return {
    name: component.name,
    kinds: ['Service', 'Pod', 'EndpointSlice'],
    workers: 5,
    backOff: { first: seconds(1), most: seconds(1000) },
    changed(change, queue) {
      const { type, object } = change
      switch (object.kind) {
        case 'Service':
          return queue.add(namespacedName(object))
        case 'Pod':
          return members.podChanged(change, queue)
        case 'EndpointSlice': {
          const key = namespacedName(object)
          const own = written.get(key)
          if (type === 'DELETED') written.delete(key)
          const service = object.metadata.labels?.[serviceLabel]
          if (service === undefined || object.metadata.labels?.[managerLabel] !== manager) return
          // A change that somebody else made is corrected a second later.
          const foreign =
            type === 'DELETED' ? own !== undefined : type === 'MODIFIED' && own !== undefined && versionOf(object) > versionOf(own.object)
          if (foreign) queue.addAfter(`${object.metadata.namespace}/${service}`, seconds(1))
        }
      }
    },
    *look(key): Look {
      const [namespace, name = ''] = key.split('/')
      const service = services.get(namespace, name)
      if (service === undefined) {
        // Its slices go with their owner.
        members.forget(key)
        return done
      }
      const selector = selectorOf(service)
      return selector === undefined ? waits('the Service has no selector') : yield* sync(service, selector)
    },
  }
}

type WrittenSlice = { readonly object: KubernetesObject; readonly at: number }

const noneWritten: ReadonlyMap<string, WrittenSlice> = new Map()

/** Slices as they were written, found by their service: a look at one service costs nothing for the others. */
class Written {
  private readonly services = new Map<string, Map<string, WrittenSlice>>()
  /** The service of each slice when it was written: somebody may have changed its label since. */
  private readonly serviceOf = new Map<string, string>()

  /** Those of a service (`namespace/name`), by slice. */
  of(service: string): ReadonlyMap<string, WrittenSlice> {
    return this.services.get(service) ?? noneWritten
  }

  get(slice: string): WrittenSlice | undefined {
    return this.of(this.serviceOf.get(slice) ?? '').get(slice)
  }

  set(service: string, object: KubernetesObject, at: number): void {
    const slice = namespacedName(object)
    this.serviceOf.set(slice, service)
    const slices = this.services.get(service)
    if (slices === undefined) this.services.set(service, new Map([[slice, { object, at }]]))
    else slices.set(slice, { object, at })
  }

  delete(slice: string): void {
    const service = this.serviceOf.get(slice)
    if (service === undefined) return
    this.serviceOf.delete(slice)
    const slices = this.services.get(service)
    slices?.delete(slice)
    if (slices?.size === 0) this.services.delete(service)
  }
}

const sliceOf = (object: KubernetesObject): Slice => ({
  name: object.metadata.name,
  endpoints: (object['endpoints'] as readonly Endpoint[] | null | undefined) ?? [],
  ports: (object['ports'] as readonly Port[] | null | undefined) ?? [],
})

const labelsFor = (service: KubernetesObject): Readonly<Record<string, string>> => {
  const labels: Record<string, string> = {}
  for (const [key, value] of Object.entries(service.metadata.labels ?? {})) {
    if (key !== serviceLabel && key !== managerLabel && key !== headlessLabel) labels[key] = value
  }
  if (isHeadless(service)) labels[headlessLabel] = ''
  labels[serviceLabel] = service.metadata.name
  labels[managerLabel] = manager
  return labels
}

const same = (a: Readonly<Record<string, string>> | undefined, b: Readonly<Record<string, string>>): boolean => {
  const keys = Object.keys(b)
  return a !== undefined && Object.keys(a).length === keys.length && keys.every((key) => a[key] === b[key])
}

/** Empty lists are null, as the API shows them. */
const contents = ({ endpoints, ports }: Slice): { readonly endpoints: unknown; readonly ports: unknown } => ({
  endpoints: endpoints.length === 0 ? null : endpoints,
  ports: ports.length === 0 ? null : ports,
})

const fresh = (
  service: KubernetesObject,
  slice: Slice,
  labels: Readonly<Record<string, string>>,
  trigger: string | undefined,
): KubernetesObject => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: {
    name: '',
    generateName: `${service.metadata.name}-`,
    namespace: service.metadata.namespace as string,
    labels,
    ...(trigger === undefined ? {} : { annotations: { [triggerAnnotation]: trigger } }),
    ownerReferences: [
      {
        apiVersion: 'v1',
        kind: 'Service',
        name: service.metadata.name,
        uid: service.metadata.uid as string,
        controller: true,
        blockOwnerDeletion: true,
      },
    ],
  },
  addressType: 'IPv4',
  ...contents(slice),
})

const renewed = (
  old: KubernetesObject,
  slice: Slice,
  labels: Readonly<Record<string, string>>,
  trigger: string | undefined,
): KubernetesObject => {
  const { annotations: _, ...metadata } = old.metadata
  const { [triggerAnnotation]: __, ...kept } = old.metadata.annotations ?? {}
  const annotations = trigger === undefined ? kept : { ...kept, [triggerAnnotation]: trigger }
  return {
    ...old,
    metadata: { ...metadata, labels, ...(Object.keys(annotations).length === 0 ? {} : { annotations }) },
    ...contents(slice),
  }
}
