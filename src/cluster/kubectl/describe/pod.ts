/** `describe pod`. Source: kubectl.md 7.3; kubectl pkg/describe/describe.go (describePod), 1.36. */
import { controllerOf, type KubernetesObject } from '../../objects/metadata.ts'
import type { Container, PodVolume } from '../../objects/pod.ts'
import { ageAt, longTime } from '../age.ts'
import { containerLines, spreadLines, tolerationLines, volumeLines } from './template.ts'
import { annotationLines, eventLines, labelLines, type Scene, Writer } from './writer.ts'

/** The text. */
export function describePod(pod: KubernetesObject, scene: Scene): string {
  const w = new Writer()
  const { metadata } = pod
  const spec = pod['spec'] ?? {}
  const status = pod['status'] ?? {}
  w.line(0, `Name:\t${metadata.name}`)
  w.line(0, `Namespace:\t${metadata.namespace}`)
  if (spec.priority !== undefined) w.line(0, `Priority:\t${spec.priority}`)
  if (spec.priorityClassName) w.line(0, `Priority Class Name:\t${spec.priorityClassName}`)
  if (spec.runtimeClassName) w.line(0, `Runtime Class Name:\t${spec.runtimeClassName}`)
  if (spec.serviceAccountName) w.line(0, `Service Account:\t${spec.serviceAccountName}`)
  w.line(0, `Node:\t${spec.nodeName ? `${spec.nodeName}/${status.hostIP ?? ''}` : '<none>'}`)
  if (status.startTime) w.line(0, `Start Time:\t${longTime(status.startTime)}`)
  labelLines(w, 'Labels', metadata.labels)
  annotationLines(w, 'Annotations', metadata.annotations)
  if (metadata.deletionTimestamp !== undefined && status.phase !== 'Failed' && status.phase !== 'Succeeded') {
    w.line(0, `Status:\tTerminating (lasts ${ageAt(scene.now, metadata.deletionTimestamp)})`)
    w.line(0, `Termination Grace Period:\t${metadata.deletionGracePeriodSeconds ?? 0}s`)
  } else w.line(0, `Status:\t${status.phase ?? ''}`)
  if (status.reason) w.line(0, `Reason:\t${status.reason}`)
  if (status.message) w.line(0, `Message:\t${status.message}`)
  w.line(0, `IP:\t${status.podIP ?? ''}`)
  const addresses = (status.podIPs ?? []) as readonly { readonly ip: string }[]
  w.line(0, addresses.length === 0 ? 'IPs:\t<none>' : 'IPs:')
  for (const { ip } of addresses) w.line(1, `IP:\t${ip}`)
  const controller = controllerOf(pod)
  if (controller !== undefined) w.line(0, `Controlled By:\t${controller.kind}/${controller.name}`)
  if (status.nominatedNodeName) w.line(0, `NominatedNodeName:\t${status.nominatedNodeName}`)
  const resolve = (path: string): string => fieldOf(pod, path)
  const init = (spec.initContainers ?? []) as readonly Container[]
  if (init.length > 0) containerLines(w, 'Init Containers', init, status.initContainerStatuses ?? [], '', resolve)
  containerLines(w, 'Containers', spec.containers ?? [], status.containerStatuses ?? [], '', resolve)
  const ephemeral = (spec.ephemeralContainers ?? []) as readonly Container[]
  if (ephemeral.length > 0) containerLines(w, 'Ephemeral Containers', ephemeral, status.ephemeralContainerStatuses ?? [], '', resolve)
  conditionLines(w, spec, status)
  volumeLines(w, (spec.volumes ?? []) as readonly PodVolume[], '')
  w.line(0, `QoS Class:\t${status.qosClass ?? 'BestEffort'}`)
  labelLines(w, 'Node-Selectors', spec.nodeSelector)
  tolerationLines(w, 'Tolerations', spec.tolerations ?? [])
  spreadLines(w, spec, '')
  eventLines(w, scene)
  return w.aligned()
}

type Loose = { readonly type: string; readonly status: string }

function conditionLines(
  w: Writer,
  spec: { readonly readinessGates?: readonly { readonly conditionType: string }[] },
  status: { readonly conditions?: readonly Loose[] },
): void {
  const conditions = status.conditions ?? []
  const gates = spec.readinessGates ?? []
  if (gates.length > 0) w.write(0, 'Readiness Gates:\n  Type\tStatus\n')
  for (const { conditionType } of gates)
    w.line(1, `${conditionType} \t${conditions.find((each) => each.type === conditionType)?.status ?? '<none>'} `)
  if (conditions.length > 0) w.write(0, 'Conditions:\n  Type\tStatus\n')
  for (const condition of conditions) w.line(1, `${condition.type} \t${condition.status} `)
}

/** What a `fieldRef` finds. */
function fieldOf(pod: KubernetesObject, path: string): string {
  const keyed = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(path)
  if (keyed !== null) return pod.metadata[keyed[1] as 'labels' | 'annotations']?.[keyed[2] as string] ?? ''
  let value: unknown = pod
  for (const step of path.split('.')) value = (value as Record<string, unknown> | undefined)?.[step]
  if (value !== undefined && value !== null && typeof value !== 'object') return String(value)
  return path === 'status.podIPs' ? ((value ?? []) as readonly { readonly ip: string }[]).map(({ ip }) => ip).join(',') : ''
}
