/**
 * Which pods a Service has, what of them makes a difference, and since when: what EndpointSlices and the older Endpoints share.
 * Source: node-and-storage.md D1; endpointslice/util/{controller_utils,trigger_time_tracker}.go (1.36).
 */
import type { Change, Component, Enqueue, Lister } from '../../client/controller.ts'
import { conditionOf, isTerminating, type KubernetesObject, namespacedName } from '../../objects/metadata.ts'
import { type Container, isFinishedPod, isReady } from '../../objects/pod.ts'
import { matchesMap } from '../../objects/selector.ts'

/** The annotation that says since when what an object says was true. */
export const triggerAnnotation = 'endpoints.kubernetes.io/last-change-trigger-time'
/** The label of objects of a Service without an address of its own. */
export const headlessLabel = 'service.kubernetes.io/headless'

type Labels = Readonly<Record<string, string>> | undefined

/** One port of a Service. */
export type ServicePort = {
  readonly name?: string
  readonly protocol?: string
  readonly port: number
  readonly targetPort?: number | string
  readonly appProtocol?: string
}

/** The selector of a Service that is served by pods; undefined for others. */
export const selectorOf = (service: KubernetesObject): Readonly<Record<string, string>> | undefined => {
  const selector = service['spec']?.selector as Labels
  if (service['spec']?.type === 'ExternalName') return undefined
  return selector === undefined || selector === null || Object.keys(selector).length === 0 ? undefined : selector
}

export const portsOf = (service: KubernetesObject): readonly ServicePort[] =>
  (service['spec']?.ports as readonly ServicePort[] | undefined) ?? []
export const isHeadless = (service: KubernetesObject): boolean => service['spec']?.clusterIP === 'None' || !service['spec']?.clusterIP
export const publishesNotReady = (service: KubernetesObject): boolean => service['spec']?.publishNotReadyAddresses === true
export const addressOf = (pod: KubernetesObject): string => (pod['status']?.podIP as string | undefined) ?? ''

/** Whether a pod is an endpoint at all. Source: ShouldPodBeInEndpoints. */
export const isMember = (pod: KubernetesObject, terminatingToo: boolean): boolean =>
  !isFinishedPod(pod) && addressOf(pod) !== '' && (terminatingToo || !isTerminating(pod))

/** The name a member has in DNS, if it has one. Source: ShouldSetHostname. */
export const hostnameOf = (pod: KubernetesObject, service: KubernetesObject): string | undefined => {
  const hostname = pod['spec']?.hostname as string | undefined
  return hostname && pod['spec']?.subdomain === service.metadata.name ? hostname : undefined
}

/** The number of the port in the pod, or undefined for a name that no container has. Source: FindPort. */
export const targetPortOf = (pod: KubernetesObject, port: ServicePort): number | undefined => {
  const target = port.targetPort ?? port.port
  if (typeof target === 'number') return target
  const protocol = port.protocol ?? 'TCP'
  const containers = [...((pod['spec']?.containers ?? []) as readonly Container[])]
  for (const container of (pod['spec']?.initContainers ?? []) as readonly Container[])
    if (container.restartPolicy === 'Always') containers.push(container)
  for (const container of containers) {
    for (const each of container.ports ?? []) if (each.name === target && (each.protocol ?? 'TCP') === protocol) return each.containerPort
  }
  return undefined
}

/** A pod and since when its Ready condition is as it is. */
export type Timed = { readonly name: string; readonly time: string | undefined }

const times = new WeakMap<KubernetesObject, Timed>()

/** Made once for each version of a pod. */
export const timedOf = (pod: KubernetesObject): Timed => {
  let timed = times.get(pod)
  if (timed === undefined) {
    timed = { name: pod.metadata.name, time: conditionOf(pod, 'Ready')?.lastTransitionTime ?? undefined }
    times.set(pod, timed)
  }
  return timed
}

/** Services and their pods, found by labels. */
export class Members {
  private readonly pods: Lister
  private readonly services: Lister
  private readonly bySelector: (key: string) => readonly KubernetesObject[]
  /** Per service: the newest birth and readiness that were told of. */
  private readonly told = new Map<string, { service: string | undefined; readonly pods: Map<string, string> }>()

  constructor(component: Component) {
    this.pods = component.see.of('Pod')
    this.services = component.see.of('Service')
    this.bySelector = this.services.index('first of the selector', (service) => {
      const selector = selectorOf(service)
      if (selector === undefined) return []
      const first = Object.keys(selector).sort()[0] as string
      return [`${service.metadata.namespace} ${first}=${selector[first]}`]
    })
  }

  /** The pods that a selector names, in the order in which they came. */
  podsOf(namespace: string, selector: Readonly<Record<string, string>>): readonly KubernetesObject[] {
    const keys = Object.keys(selector).sort()
    const first = keys[0] as string
    const found = this.pods.labelled(namespace, first, selector[first] as string)
    return keys.length === 1 ? found : found.filter((pod) => matchesMap(pod.metadata.labels, selector))
  }

  private servicesOf(namespace: string | undefined, labels: Labels): readonly KubernetesObject[] {
    if (labels === undefined) return []
    return Object.keys(labels)
      .sort()
      .flatMap((key) => this.bySelector(`${namespace} ${key}=${labels[key]}`))
      .filter((service) => matchesMap(labels, selectorOf(service)))
  }

  /** The Services that a change of a pod concerns go into the queue. */
  podChanged({ type, object, old }: Change, queue: Enqueue): void {
    const { namespace, labels } = object.metadata
    if (type !== 'MODIFIED' || old === undefined) {
      for (const service of this.servicesOf(namespace, labels)) queue.add(namespacedName(service))
      return
    }
    // The same request removes it: what comes next says all.
    if (object.metadata.deletionGracePeriodSeconds === 0 && (object.metadata.finalizers ?? []).length === 0) return
    const relabelled = old.metadata.labels !== labels && !sameLabels(old.metadata.labels, labels)
    if (!relabelled && !isOther(old, object)) return
    for (const service of this.servicesOf(namespace, labels)) queue.add(namespacedName(service))
    if (relabelled) for (const service of this.servicesOf(namespace, old.metadata.labels)) queue.add(namespacedName(service))
  }

  /** Since when what is told now is true; undefined when nothing newer than the last time is told. `pods`: each with the time of its Ready condition. */
  triggerTime(service: KubernetesObject, pods: readonly Timed[]): string | undefined {
    const key = namespacedName(service)
    const before = this.told.get(key)
    const times = before?.pods ?? new Map<string, string>()
    let least: string | undefined
    let count = 0
    for (const { name, time } of pods) {
      if (time === undefined) continue
      count += 1
      const told = times.get(name)
      if (told === time) continue
      if ((told === undefined || time > told) && (least === undefined || time < least)) least = time
      times.set(name, time)
    }
    if (times.size > count) {
      const there = new Set(pods.flatMap(({ name, time }) => (time === undefined ? [] : [name])))
      for (const name of [...times.keys()]) if (!there.has(name)) times.delete(name)
    }
    const born = service.metadata.creationTimestamp ?? ''
    if ((before?.service === undefined || born > before.service) && (least === undefined || born < least)) least = born
    this.told.set(key, { service: born, pods: times })
    return least
  }

  forget(key: string): void {
    this.told.delete(key)
  }
}

const sameLabels = (a: Labels, b: Labels): boolean => {
  const left = Object.keys(a ?? {})
  return left.length === Object.keys(b ?? {}).length && left.every((key) => a?.[key] === b?.[key])
}

/** Whether a pod differs in what an endpoint says of it. Source: podEndpointsChanged. */
const isOther = (old: KubernetesObject, pod: KubernetesObject): boolean =>
  old.metadata.deletionTimestamp !== pod.metadata.deletionTimestamp ||
  isReady(old) !== isReady(pod) ||
  isMember(old, true) !== isMember(pod, true) ||
  addressOf(old) !== addressOf(pod) ||
  old['spec']?.nodeName !== pod['spec']?.nodeName ||
  old['spec']?.hostname !== pod['spec']?.hostname
