/**
 * What a pod asks of a node, and whether a node has it: asked by the scheduler, and again by the kubelet when it admits.
 * Source: scheduler.md 6.1 and 7.6; k8s.io/component-helpers/resource, pkg/scheduler/framework/plugins/noderesources.
 */
import type { KubernetesObject } from './metadata.ts'
import { bytesOf, milliOf } from './quantity.ts'

/** Quantities of `requests`, `limits` or `allocatable`, as the API writes them. */
type Quantities = Readonly<Record<string, string | number>> | undefined

/** Amounts of resources: cpu in thousandths, memory and storage in bytes, everything else in units; all rounded up. */
export type Amounts = {
  readonly cpu: number
  readonly memory: number
  readonly storage: number
  /** Extended resources and huge pages by name; a name with 0 was asked for with 0. */
  readonly others: ReadonlyMap<string, number>
}

/** What a pod of which nothing is known asks for when nodes are scored: a container without a request counts that much. */
export const assumedRequest = { cpu: 100, memory: 200 * 1024 * 1024 } as const

const nothing: ReadonlyMap<string, number> = new Map()

/** Whether a resource is Kubernetes' own: named without a domain, or with one of its. Source: v1helper.IsNativeResource. */
export const isNativeResource = (name: string): boolean => !name.includes('/') || name.includes('kubernetes.io/')

/** Nothing at all. */
export const noAmounts: Amounts = { cpu: 0, memory: 0, storage: 0, others: nothing }

class Sum {
  cpu = 0
  memory = 0
  storage = 0
  others: Map<string, number> | undefined = undefined

  add(quantities: Quantities): this {
    if (quantities === undefined) return this
    for (const name of Object.keys(quantities)) {
      const quantity = quantities[name]
      if (quantity === undefined) continue
      if (name === 'cpu') this.cpu += milliOf(quantity)
      else if (name === 'memory') this.memory += bytesOf(quantity)
      else if (name === 'ephemeral-storage') this.storage += bytesOf(quantity)
      else if (name !== 'pods') this.other(name, bytesOf(quantity))
    }
    return this
  }

  private other(name: string, amount: number): void {
    if (this.others === undefined) this.others = new Map()
    this.others.set(name, (this.others.get(name) ?? 0) + amount)
  }

  plus(sum: Sum): this {
    this.cpu += sum.cpu
    this.memory += sum.memory
    this.storage += sum.storage
    if (sum.others !== undefined) for (const [name, amount] of sum.others) this.other(name, amount)
    return this
  }

  /** The larger one, resource by resource. */
  atLeast(sum: Sum): this {
    if (sum.cpu > this.cpu) this.cpu = sum.cpu
    if (sum.memory > this.memory) this.memory = sum.memory
    if (sum.storage > this.storage) this.storage = sum.storage
    if (sum.others !== undefined) {
      if (this.others === undefined) this.others = new Map()
      for (const [name, amount] of sum.others) if (amount > (this.others.get(name) ?? -1)) this.others.set(name, amount)
    }
    return this
  }
}

type Container = {
  readonly name: string
  readonly image?: string
  readonly restartPolicy?: string
  readonly resources?: { readonly requests?: Quantities }
}
type ContainerStatus = {
  readonly name: string
  readonly allocatedResources?: Quantities
  readonly resources?: { readonly requests?: Quantities }
}

/** How requests are to be read. */
export type Reading = {
  /** A container without a request for cpu or memory counts `assumedRequest`: for scores. */
  readonly assumed?: boolean
  /** Leave requests at pod level out (the incoming pod in the score of NodeResourcesFit). */
  readonly withoutPodLevel?: boolean
  /** Count what the kubelet has allocated and what runs, if that is more than the spec: pods on a node (in-place resize). */
  readonly withStatus?: boolean
}

const podLevel = ['cpu', 'memory']
const isPodLevel = (name: string): boolean => podLevel.includes(name) || name.startsWith('hugepages-')

/**
 * What a pod asks for: containers and sidecars together, or the largest moment of its start if that is more, plus overhead; requests at
 * pod level take the place of that sum. Source: scheduler.md 6.1.
 */
export const requestsOf = (pod: KubernetesObject, reading: Reading = {}): Amounts => {
  const spec = pod['spec'] ?? {}
  const atPodLevel = reading.withoutPodLevel === true ? undefined : (spec.resources?.requests as Quantities)
  const statuses = reading.withStatus === true ? statusesOf(pod) : undefined
  const infeasible = statuses !== undefined && isResizeInfeasible(pod)
  const requestOf = (container: Container): Sum => {
    const own = container.resources?.requests
    const given = statuses?.get(container.name)
    const sources =
      given?.resources === undefined ? [own] : [...(infeasible ? [] : [own]), given.allocatedResources, given.resources.requests]
    const sum = new Sum().add(sources[0])
    for (let i = 1; i < sources.length; i++) sum.atLeast(new Sum().add(sources[i]))
    if (reading.assumed !== true) return sum
    // What no source names is assumed; a resource named at pod level is not assumed for the containers.
    const isNamed = (name: string): boolean => sources.some((source) => source?.[name] !== undefined) || atPodLevel?.[name] !== undefined
    if (!isNamed('cpu')) sum.cpu += assumedRequest.cpu
    if (!isNamed('memory')) sum.memory += assumedRequest.memory
    return sum
  }
  const all = new Sum()
  for (const container of (spec.containers ?? []) as readonly Container[]) all.plus(requestOf(container))
  const sidecars = new Sum()
  const most = new Sum()
  for (const container of (spec.initContainers ?? []) as readonly Container[]) {
    const own = requestOf(container)
    if (container.restartPolicy === 'Always') {
      all.plus(own)
      sidecars.plus(own)
      most.atLeast(sidecars)
    } else most.atLeast(own.plus(sidecars))
  }
  all.atLeast(most)
  if (atPodLevel !== undefined) {
    for (const name of Object.keys(atPodLevel)) {
      const quantity = atPodLevel[name]
      if (quantity === undefined || !isPodLevel(name)) continue
      if (name === 'cpu') all.cpu = milliOf(quantity)
      else if (name === 'memory') all.memory = bytesOf(quantity)
      else {
        if (all.others === undefined) all.others = new Map()
        all.others.set(name, bytesOf(quantity))
      }
    }
  }
  all.add(spec.overhead as Quantities)
  return { cpu: all.cpu, memory: all.memory, storage: all.storage, others: all.others ?? nothing }
}

/** The pod as a server without the gate PodLevelResources stores it: what is said at pod level is dropped. Source: scheduler.md 0.1. */
export const withoutPodLevel = (pod: KubernetesObject): KubernetesObject => {
  if (pod['spec']?.resources === undefined) return pod
  const { resources: _, ...spec } = pod['spec']
  return { ...pod, spec }
}

const statusesOf = (pod: KubernetesObject): ReadonlyMap<string, ContainerStatus> | undefined => {
  const lists = [pod['status']?.containerStatuses, pod['status']?.initContainerStatuses] as (readonly ContainerStatus[] | undefined)[]
  let found: Map<string, ContainerStatus> | undefined
  for (const list of lists) {
    for (const status of list ?? []) {
      if (status.resources === undefined) continue
      if (found === undefined) found = new Map()
      found.set(status.name, status)
    }
  }
  return found
}

const isResizeInfeasible = (pod: KubernetesObject): boolean =>
  ((pod['status']?.conditions ?? []) as readonly { type: string; reason?: string }[]).some(
    (condition) => condition.type === 'PodResizePending' && condition.reason === 'Infeasible',
  )

/** What a node can give: its allocatable, and how many pods. */
export type Room = Amounts & { readonly pods: number }

/** The allocatable amounts of a node. cpu in thousandths, rounded up. */
export const allocatableOf = (node: KubernetesObject): Room => {
  const quantities = node['status']?.allocatable as Quantities
  const sum = new Sum().add(quantities)
  const pods = quantities?.['pods']
  return {
    cpu: sum.cpu,
    memory: sum.memory,
    storage: sum.storage,
    others: sum.others ?? nothing,
    pods: pods === undefined ? 0 : bytesOf(pods),
  }
}

/** One resource that does not suffice. */
export type Shortage = {
  /** `pods`, `cpu`, `memory`, `ephemeral-storage` or the name of an extended resource. */
  readonly resource: string
  /** `Too many pods` or `Insufficient <resource>`. */
  readonly reason: string
  readonly requested: number
  readonly used: number
  readonly capacity: number
  /** Whether even the empty node has too little. */
  readonly hopeless: boolean
}

/**
 * All resources of a node that do not suffice for a pod, in the order in which the scheduler names them; extended ones by name.
 * `used` counts the pods that are there. Source: scheduler.md 7.6 (fitsRequest).
 */
export const shortagesOf = (
  asked: Amounts,
  room: Room,
  used: Amounts & { readonly pods: number },
  isIgnored: (resource: string) => boolean = () => false,
): readonly Shortage[] => {
  const found: Shortage[] = []
  const check = (resource: string, requested: number, inUse: number, capacity: number): void => {
    if (requested > 0 && requested > capacity - inUse) {
      const reason = `Insufficient ${resource}`
      found.push({ resource, reason, requested, used: inUse, capacity, hopeless: requested > capacity })
    }
  }
  if (used.pods + 1 > room.pods) {
    found.push({ resource: 'pods', reason: 'Too many pods', requested: 1, used: used.pods, capacity: room.pods, hopeless: false })
  }
  check('cpu', asked.cpu, used.cpu, room.cpu)
  check('memory', asked.memory, used.memory, room.memory)
  check('ephemeral-storage', asked.storage, used.storage, room.storage)
  if (asked.others.size > 0) {
    for (const resource of [...asked.others.keys()].sort()) {
      if (isIgnored(resource)) continue
      check(resource, asked.others.get(resource) ?? 0, used.others.get(resource) ?? 0, room.others.get(resource) ?? 0)
    }
  }
  return found
}

/** A port of the host that a container takes. */
export type HostPort = { readonly protocol: string; readonly port: number; readonly ip: string }

const anyAddress = '0.0.0.0'

/** The host ports of a pod: of its containers and sidecars. */
export const hostPortsOf = (pod: KubernetesObject): readonly HostPort[] => {
  const found: HostPort[] = []
  const take = (container: { readonly ports?: readonly { hostPort?: number; protocol?: string; hostIP?: string }[] }): void => {
    for (const port of container.ports ?? []) {
      if (port.hostPort) found.push({ protocol: port.protocol || 'TCP', port: port.hostPort, ip: port.hostIP || anyAddress })
    }
  }
  const spec = pod['spec'] ?? {}
  for (const container of spec.containers ?? []) take(container)
  for (const container of spec.initContainers ?? []) if (container.restartPolicy === 'Always') take(container)
  return found
}

/** Whether two host ports exclude each other: same protocol and port, and the same address or any. */
export const portsConflict = (a: HostPort, b: HostPort): boolean =>
  a.port === b.port && a.protocol === b.protocol && (a.ip === b.ip || a.ip === anyAddress || b.ip === anyAddress)
