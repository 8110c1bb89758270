/** `describe node`. Source: kubectl.md 7.5; kubectl pkg/describe/describe.go (describeNode, describeNodeResource), 1.36. */
import type { KubernetesObject } from '../../objects/metadata.ts'
import type { Taint } from '../../objects/node.ts'
import { addQuantities, bytesOf, compareQuantities, milliOf } from '../../objects/quantity.ts'
import { ageAt, longTime } from '../age.ts'
import { annotationLines, eventLines, labelLines, listLines, type Scene, Writer } from './writer.ts'

type Amounts = Readonly<Record<string, string>>

/** The text; `pods` are those on the node that have not ended, `lease` is its lease or why there is none. */
export function describeNode(
  node: KubernetesObject,
  pods: readonly KubernetesObject[],
  lease: KubernetesObject | string,
  scene: Scene,
): string {
  const w = new Writer()
  const { metadata } = node
  const spec = node['spec'] ?? {}
  const status = node['status'] ?? {}
  w.line(0, `Name:\t${metadata.name}`)
  w.line(0, `Roles:\t${rolesOf(node).join(',') || '<none>'}`)
  labelLines(w, 'Labels', metadata.labels)
  annotationLines(w, 'Annotations', metadata.annotations)
  w.line(0, `CreationTimestamp:\t${longTime(metadata.creationTimestamp ?? '')}`)
  listLines(w, 'Taints', taintTexts(spec.taints ?? []))
  w.line(0, `Unschedulable:\t${spec.unschedulable === true}`)
  leaseLines(w, lease)
  const conditions = status.conditions ?? []
  if (conditions.length > 0) {
    w.write(0, 'Conditions:\n  Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage\n')
    w.line(1, '----\t------\t-----------------\t------------------\t------\t-------')
  }
  for (const c of conditions) {
    w.line(
      1,
      `${c.type} \t${c.status} \t${longTime(c.lastHeartbeatTime ?? '')} \t${longTime(c.lastTransitionTime ?? '')} \t${c.reason ?? ''} \t${c.message ?? ''}`,
    )
  }
  w.line(0, 'Addresses:')
  for (const { type, address } of status.addresses ?? []) w.line(1, `${type}:\t${address}`)
  amountLines(w, 'Capacity', status.capacity)
  amountLines(w, 'Allocatable', status.allocatable)
  systemLines(w, status.nodeInfo ?? {})
  if (spec.podCIDR) w.line(0, `PodCIDR:\t${spec.podCIDR}`)
  if ((spec.podCIDRs ?? []).length > 0) w.line(0, `PodCIDRs:\t${spec.podCIDRs.join(',')}`)
  if (spec.providerID) w.line(0, `ProviderID:\t${spec.providerID}`)
  podLines(w, pods, status.allocatable ?? status.capacity ?? {}, scene)
  eventLines(w, scene)
  return w.aligned()
}

const rolePrefix = 'node-role.kubernetes.io/'

function rolesOf(node: KubernetesObject): readonly string[] {
  const labels = node.metadata.labels ?? {}
  const roles = Object.keys(labels).flatMap((key) => {
    if (key.startsWith(rolePrefix)) return key.length > rolePrefix.length ? [key.slice(rolePrefix.length)] : []
    return key === 'kubernetes.io/role' && labels[key] !== '' ? [labels[key] as string] : []
  })
  return [...new Set(roles)].sort()
}

/** `key=value:Effect`, by effect, then key. */
function taintTexts(taints: readonly Taint[]): readonly string[] {
  const place = (taint: Taint): string => `${taint.effect},${taint.key}`
  return [...taints]
    .sort((a, b) => (place(a) < place(b) ? -1 : place(a) > place(b) ? 1 : 0))
    .map(({ key, value, effect }) => `${key}${value ? `=${value}` : ''}:${effect}`)
}

function leaseLines(w: Writer, lease: KubernetesObject | string): void {
  if (typeof lease === 'string') return w.line(0, `Lease:\tFailed to get lease: ${lease}`)
  const { holderIdentity, acquireTime, renewTime } = lease['spec'] ?? {}
  w.line(0, 'Lease:')
  w.line(1, `HolderIdentity:\t${holderIdentity ?? '<unset>'}`)
  w.line(1, `AcquireTime:\t${acquireTime ? longTime(acquireTime) : '<unset>'}`)
  w.line(1, `RenewTime:\t${renewTime ? longTime(renewTime) : '<unset>'}`)
}

function amountLines(w: Writer, title: string, amounts: Amounts | undefined): void {
  const names = Object.keys(amounts ?? {}).sort()
  if (names.length > 0) w.line(0, `${title}:`)
  for (const name of names) w.line(1, `${name}:\t${amounts?.[name]}`)
}

function systemLines(w: Writer, info: Readonly<Record<string, string>>): void {
  const rows: readonly (readonly [string, string])[] = [
    ['Machine ID', 'machineID'],
    ['System UUID', 'systemUUID'],
    ['Boot ID', 'bootID'],
    ['Kernel Version', 'kernelVersion'],
    ['OS Image', 'osImage'],
    ['Operating System', 'operatingSystem'],
    ['Architecture', 'architecture'],
    ['Container Runtime Version', 'containerRuntimeVersion'],
    ['Kubelet Version', 'kubeletVersion'],
  ]
  w.line(0, 'System Info:')
  for (const [title, field] of rows) w.line(1, `${title}:\t${info[field] ?? ''}`)
}

const largest = (a: string, b: string): string => (compareQuantities(a, b) >= 0 ? a : b)

/** Requests or limits of a pod: containers and sidecars summed, the largest of the init containers at least, overhead on top. */
function podAmount(pod: KubernetesObject, what: 'requests' | 'limits', name: string): string {
  const spec = pod['spec'] ?? {}
  type One = { readonly restartPolicy?: string; readonly resources?: Readonly<Record<string, Amounts>> }
  const of = (container: One): string => container.resources?.[what]?.[name] ?? '0'
  let sum = '0'
  for (const container of (spec.containers ?? []) as readonly One[]) sum = addQuantities(sum, of(container))
  let sidecars = '0'
  let initial = '0'
  for (const container of (spec.initContainers ?? []) as readonly One[]) {
    if (container.restartPolicy === 'Always') {
      sum = addQuantities(sum, of(container))
      sidecars = addQuantities(sidecars, of(container))
      initial = largest(initial, sidecars)
    } else initial = largest(initial, addQuantities(sidecars, of(container)))
  }
  const total = largest(sum, initial)
  const overhead = spec.overhead?.[name]
  return overhead !== undefined && (what === 'requests' || compareQuantities(total, '0') > 0) ? addQuantities(total, overhead) : total
}

const measure = (name: string, amount: string): number => (name === 'cpu' ? milliOf(amount) : bytesOf(amount))

/** `100m (2%)`, truncated, against what can be allocated. */
function share(name: string, amount: string, allocatable: Amounts): string {
  const whole = measure(name, allocatable[name] ?? '0')
  return `${amount} (${whole === 0 ? 0 : Math.trunc((measure(name, amount) / whole) * 100)}%)`
}

function podLines(w: Writer, pods: readonly KubernetesObject[], allocatable: Amounts, scene: Scene): void {
  w.line(0, `Non-terminated Pods:\t(${pods.length} in total)`)
  w.line(1, 'Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge')
  w.line(1, '---------\t----\t\t------------\t----------\t---------------\t-------------\t---')
  for (const pod of pods) {
    const cells = (['cpu', 'memory'] as const).flatMap((name) =>
      (['requests', 'limits'] as const).map((what) => share(name, podAmount(pod, what, name), allocatable)),
    )
    w.line(1, `${pod.metadata.namespace}\t${pod.metadata.name}\t\t${cells.join('\t')}\t${ageAt(scene.now, pod.metadata.creationTimestamp)}`)
  }
  w.write(0, 'Allocated resources:\n  (Total limits may be over 100 percent, i.e., overcommitted.)\n')
  w.line(1, 'Resource\tRequests\tLimits')
  w.line(1, '--------\t--------\t------')
  const total = (what: 'requests' | 'limits', name: string): string =>
    pods.reduce((sum, pod) => addQuantities(sum, podAmount(pod, what, name)), '0')
  const line = (name: string): void =>
    w.line(1, `${name}\t${share(name, total('requests', name), allocatable)}\t${share(name, total('limits', name), allocatable)}`)
  for (const name of ['cpu', 'memory', 'ephemeral-storage']) line(name)
  const others = Object.keys(allocatable)
    .filter((name) => !['cpu', 'memory', 'ephemeral-storage', 'pods'].includes(name))
    .sort()
  for (const name of others.filter((each) => each.startsWith('hugepages-'))) line(name)
  for (const name of others.filter((each) => !each.startsWith('hugepages-')))
    w.line(1, `${name}\t${total('requests', name)}\t${total('limits', name)}`)
}
