/**
 * The parts of `describe` that pods and pod templates share. Source: kubectl.md 7.2, 7.3; kubectl pkg/describe/describe.go, 1.36.
 */

import type { Toleration } from '../../objects/node.ts'
import type { Container, PodSpec, PodVolume, Probe } from '../../objects/pod.ts'
import { printSelector } from '../../objects/selector.ts'
import { longTime } from '../age.ts'
import { annotationLines, boolText, goList, labelLines, listLines, Writer } from './writer.ts'

/** `metadata` and `spec` of a template, as loosely as objects come. */
export type Template = {
  readonly metadata?: { readonly labels?: Readonly<Record<string, string>>; readonly annotations?: Readonly<Record<string, string>> }
  readonly spec?: PodSpec
}

/** `Pod Template:` and what is below it. */
export function templateLines(w: Writer, template: Template): void {
  const spec = (template.spec ?? {}) as PodSpec & Loose
  w.line(0, 'Pod Template:')
  labelLines(w, 'Labels', template.metadata?.labels, '  ')
  const { annotations } = template.metadata ?? {}
  if (Object.keys(annotations ?? {}).length > 0) annotationLines(w, '  Annotations', annotations)
  if (spec.serviceAccountName) w.line(1, `Service Account:\t${spec.serviceAccountName}`)
  if ((spec.initContainers ?? []).length > 0) containerLines(w, 'Init Containers', spec.initContainers ?? [], undefined, '  ')
  containerLines(w, 'Containers', spec.containers ?? [], undefined, '  ')
  volumeLines(w, spec.volumes ?? [], '  ')
  spreadLines(w, spec, '  ')
  if (spec.priorityClassName) w.line(1, `Priority Class Name:\t${spec.priorityClassName}`)
  labelLines(w, 'Node-Selectors', spec['nodeSelector'], '  ')
  tolerationLines(w, '  Tolerations', spec.tolerations ?? [])
}

/** A template alone, with its tabs: what `rollout history --revision` and `undo --dry-run=client` print. */
export function templateText(template: Template): string {
  const w = new Writer()
  templateLines(w, template)
  return w.raw()
}

// biome-ignore lint/suspicious/noExplicitAny: fields that are shown and not modelled
type Loose = { readonly [field: string]: any }

/** How `fieldRef` and its like are answered in a pod; absent in a template. */
export type Resolve = (fieldPath: string) => string

/** Containers with their state. */
export function containerLines(
  w: Writer,
  title: string,
  containers: readonly Container[],
  statuses: readonly Loose[] | undefined,
  space: string,
  resolve?: Resolve,
): void {
  w.line(0, `${space}${title}:${containers.length === 0 ? ' <none>' : ''}`)
  for (const container of containers) {
    const status = statuses?.find((each) => each['name'] === container.name)
    w.line(1, `${space === '' ? '' : ' '}${container.name}:`)
    if (status !== undefined) w.line(2, `Container ID:\t${status['containerID'] ?? ''}`)
    w.line(2, `Image:\t${container.image ?? ''}`)
    if (status !== undefined) w.line(2, `Image ID:\t${status['imageID'] ?? ''}`)
    portLine(w, 'Port', container, (port) => port.containerPort)
    portLine(w, 'Host Port', container, (port) => port.hostPort ?? 0)
    wordLines(w, 'Command', container.command)
    wordLines(w, 'Args', container.args)
    if (status !== undefined) stateLines(w, status)
    resourceLines(w, container)
    if (container.livenessProbe !== undefined) w.line(2, `Liveness:\t${probeText(container.livenessProbe)}`)
    if (container.readinessProbe !== undefined) w.line(2, `Readiness:\t${probeText(container.readinessProbe)}`)
    if (container.startupProbe !== undefined) w.line(2, `Startup:\t${probeText(container.startupProbe)}`)
    environmentLines(w, container, resolve)
    mountLines(w, container)
  }
}

function portLine(
  w: Writer,
  title: string,
  container: Container,
  number: (port: { containerPort: number; hostPort?: number }) => number,
): void {
  const ports = container.ports ?? []
  const text = ports.map((port) => `${number(port)}/${port.protocol ?? 'TCP'}${port.name ? ` (${port.name})` : ''}`).join(', ')
  w.line(2, ports.length > 1 ? `${title}s:\t${text}` : `${title}:\t${text === '' ? '<none>' : text}`)
}

function wordLines(w: Writer, title: string, words: readonly string[] | undefined): void {
  if (words === undefined || words.length === 0) return
  w.line(2, `${title}:`)
  for (const word of words) for (const part of word.split('\n')) w.line(3, part)
}

function stateLines(w: Writer, status: Loose): void {
  stateOf(w, 'State', status['state'] ?? {})
  if (status['lastState']?.terminated !== undefined) stateOf(w, 'Last State', status['lastState'])
  w.line(2, `Ready:\t${boolText(status['ready'])}`)
  w.line(2, `Restart Count:\t${status['restartCount'] ?? 0}`)
}

function stateOf(w: Writer, title: string, state: Loose): void {
  const { running, waiting, terminated } = state
  if (running) {
    w.line(2, `${title}:\tRunning`)
    w.line(3, `Started:\t${longTime(running.startedAt ?? '')}`)
  } else if (terminated) {
    w.line(2, `${title}:\tTerminated`)
    if (terminated.reason) w.line(3, `Reason:\t${terminated.reason}`)
    if (terminated.message) w.line(3, `Message:\t${terminated.message}`)
    w.line(3, `Exit Code:\t${terminated.exitCode ?? 0}`)
    if (terminated.signal > 0) w.line(3, `Signal:\t${terminated.signal}`)
    w.line(3, `Started:\t${longTime(terminated.startedAt ?? '')}`)
    w.line(3, `Finished:\t${longTime(terminated.finishedAt ?? '')}`)
  } else {
    w.line(2, `${title}:\tWaiting`)
    if (waiting?.reason) w.line(3, `Reason:\t${waiting.reason}`)
  }
}

function resourceLines(w: Writer, container: Container): void {
  for (const [title, map] of [
    ['Limits', container.resources?.limits],
    ['Requests', container.resources?.requests],
  ] as const) {
    const names = Object.keys(map ?? {}).sort()
    if (names.length > 0) w.line(2, `${title}:`)
    for (const name of names) w.line(3, `${name}:\t${map?.[name]}`)
  }
}

/** `http-get http://:80/ delay=0s …`. Until 1.36 the last two numbers are `#success` and `#failure`. */
export function probeText(probe: Probe): string {
  const attributes = `delay=${probe.initialDelaySeconds ?? 0}s timeout=${probe.timeoutSeconds ?? 0}s period=${probe.periodSeconds ?? 0}s #success=${probe.successThreshold ?? 0} #failure=${probe.failureThreshold ?? 0}`
  if (probe.exec !== undefined) return `exec ${goList(probe.exec.command)} ${attributes}`
  if (probe.httpGet !== undefined) {
    const { scheme = 'HTTP', host = '', port, path = '' } = probe.httpGet
    return `http-get ${scheme.toLowerCase()}://${host}:${port}${path === '' || path.startsWith('/') ? path : `/${path}`} ${attributes}`
  }
  if (probe.tcpSocket !== undefined) return `tcp-socket ${probe.tcpSocket.host ?? ''}:${probe.tcpSocket.port} ${attributes}`
  if (probe.grpc !== undefined) return `grpc <pod>:${probe.grpc.port} ${probe.grpc.service ?? ''} ${attributes}`
  return `unknown ${attributes}`
}

function environmentLines(w: Writer, container: Container, resolve: Resolve | undefined): void {
  const { envFrom = [] } = container as Container & { readonly envFrom?: readonly Loose[] }
  if (envFrom.length > 0) w.line(2, 'Environment Variables from:')
  for (const source of envFrom) {
    const kind = source['configMapRef'] !== undefined ? 'ConfigMap' : 'Secret'
    const ref = (source['configMapRef'] ?? source['secretRef'] ?? {}) as Loose
    const prefix = source['prefix'] ? ` with prefix '${source['prefix']}'` : ''
    w.line(3, `${ref['name'] ?? ''}\t${kind}${prefix}\tOptional: ${ref['optional'] === true}`)
  }
  const variables = (container.env ?? []) as readonly Loose[]
  w.line(2, `Environment:${variables.length === 0 ? '\t<none>' : ''}`)
  for (const variable of variables) {
    const name = variable['name'] as string
    const from = variable['valueFrom'] as Loose | undefined
    if (from === undefined || from === null) {
      const [first = '', ...rest] = String(variable['value'] ?? '').split('\n')
      w.line(3, `${name}:\t${first}`)
      for (const part of rest) w.line(3, `\t${part}`)
    } else if (from['fieldRef']) {
      const { apiVersion = 'v1', fieldPath } = from['fieldRef']
      w.line(3, `${name}:\t${resolve?.(fieldPath) ?? ''} (${apiVersion}:${fieldPath})`)
    } else if (from['resourceFieldRef']) {
      w.line(3, `${name}:\t${resourceValue(container, from['resourceFieldRef'].resource)} (${from['resourceFieldRef'].resource})`)
    } else if (from['secretKeyRef']) {
      const { key, name: secret, optional } = from['secretKeyRef']
      w.line(3, `${name}:\t<set to the key '${key}' in secret '${secret}'>\tOptional: ${optional === true}`)
    } else if (from['configMapKeyRef']) {
      const { key, name: map, optional } = from['configMapKeyRef']
      w.line(3, `${name}:\t<set to the key '${key}' of config map '${map}'>\tOptional: ${optional === true}`)
    }
  }
}

function resourceValue(container: Container, resource: string): string {
  const [list = '', ...name] = resource.split('.')
  const map = (container.resources as Loose | undefined)?.[list] as Readonly<Record<string, string>> | undefined
  const value = map?.[name.join('.')] ?? '0'
  return value === '0' && (resource === 'limits.cpu' || resource === 'limits.memory') ? 'node allocatable' : value
}

function mountLines(w: Writer, container: Container): void {
  const mounts = [...(container.volumeMounts ?? [])].sort((a, b) => (a.mountPath < b.mountPath ? -1 : a.mountPath > b.mountPath ? 1 : 0))
  const none = mounts.length === 0 ? '\t<none>' : ''
  w.line(2, `Mounts:${none}`)
  for (const mount of mounts) {
    const subPath = mount.subPath ? `,path=${JSON.stringify(mount.subPath)}` : ''
    w.line(3, `${mount.mountPath} from ${mount.name} (${mount.readOnly === true ? 'ro' : 'rw'}${subPath})`)
  }
  const devices = container.volumeDevices ?? []
  if (devices.length === 0) return
  w.line(2, `Devices:${none}`)
  for (const device of [...devices].sort((a, b) => (a.devicePath < b.devicePath ? -1 : 1)))
    w.line(3, `${device.devicePath} from ${device.name}`)
}

/** Volumes with their sources. */
export function volumeLines(w: Writer, volumes: readonly PodVolume[], space: string): void {
  if (volumes.length === 0) return w.line(0, `${space}Volumes:\t<none>`)
  w.line(0, `${space}Volumes:`)
  for (const volume of volumes) {
    w.line(1, `${space === '' ? '' : ' '}${volume.name}:`)
    sourceLines(w, volume)
  }
}

function sourceLines(w: Writer, volume: PodVolume): void {
  const type = (text: string): void => w.line(2, `Type:\t${text}`)
  const {
    emptyDir,
    secret,
    configMap,
    persistentVolumeClaim: claim,
    ephemeral,
    hostPath,
    downwardAPI,
    projected,
    csi,
    nfs,
  } = volume as PodVolume & Loose
  if (hostPath) {
    type('HostPath (bare host directory volume)')
    w.line(2, `Path:\t${hostPath.path ?? ''}`)
    w.line(2, `HostPathType:\t${hostPath.type ?? '<none>'}`)
  } else if (emptyDir) {
    type("EmptyDir (a temporary directory that shares a pod's lifetime)")
    w.line(2, `Medium:\t${(emptyDir as Loose)['medium'] ?? ''}`)
    w.line(2, `SizeLimit:\t${(emptyDir as Loose)['sizeLimit'] ?? '<unset>'}`)
  } else if (secret) {
    type('Secret (a volume populated by a Secret)')
    w.line(2, `SecretName:\t${secret.secretName ?? ''}`)
    w.line(2, `Optional:\t${secret.optional === true}`)
  } else if (configMap) {
    type('ConfigMap (a volume populated by a ConfigMap)')
    w.line(2, `Name:\t${configMap.name ?? ''}`)
    w.line(2, `Optional:\t${configMap.optional === true}`)
  } else if (nfs) {
    type('NFS (an NFS mount that lasts the lifetime of a pod)')
    w.line(2, `Server:\t${nfs.server ?? ''}`)
    w.line(2, `Path:\t${nfs.path ?? ''}`)
    w.line(2, `ReadOnly:\t${nfs.readOnly === true}`)
  } else if (claim) {
    type('PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)')
    w.line(2, `ClaimName:\t${claim.claimName}`)
    w.line(2, `ReadOnly:\t${claim.readOnly === true}`)
  } else if (ephemeral) {
    type('EphemeralVolume (an inline specification for a volume that gets created and deleted with the pod)')
    const { spec = {}, metadata = {} } = (ephemeral.volumeClaimTemplate ?? {}) as Loose
    w.line(2, `StorageClass:\t${spec.storageClassName ?? ''}`)
    w.line(2, `Volume:\t${spec.volumeName ?? ''}`)
    labelLines(w, 'Labels', metadata.labels, '    ')
    annotationLines(w, '    Annotations', metadata.annotations)
    w.line(2, 'Capacity:\t')
    w.line(2, 'Access Modes:\t')
    if (spec.volumeMode) w.line(2, `VolumeMode:\t${spec.volumeMode}`)
  } else if (downwardAPI) {
    type('DownwardAPI (a volume populated by information about the pod)')
    w.line(2, 'Items:')
    for (const item of downwardAPI.items ?? []) w.line(3, `${item.fieldRef?.fieldPath ?? item.resourceFieldRef?.resource} -> ${item.path}`)
  } else if (projected) {
    type('Projected (a volume that contains injected data from multiple sources)')
    for (const source of projected.sources ?? []) projectedLines(w, source)
  } else if (csi) {
    type('CSI (a Container Storage Interface (CSI) volume source)')
    w.line(2, `Driver:\t${csi.driver ?? ''}`)
    w.line(2, `FSType:\t${csi.fsType ?? ''}`)
    w.line(2, `ReadOnly:\t${csi.readOnly === true}`)
    listLines(w, '    VolumeAttributes', attributeTexts(csi.volumeAttributes))
  } else w.line(1, '<unknown>')
}

function projectedLines(w: Writer, source: Loose): void {
  if (source['secret']) {
    w.line(2, `SecretName:\t${source['secret'].name ?? ''}`)
    w.line(2, `Optional:\t${source['secret'].optional === true}`)
  } else if (source['downwardAPI']) w.line(2, 'DownwardAPI:\ttrue')
  else if (source['configMap']) {
    w.line(2, `ConfigMapName:\t${source['configMap'].name ?? ''}`)
    w.line(2, `Optional:\t${source['configMap'].optional === true}`)
  } else if (source['serviceAccountToken']) w.line(2, `TokenExpirationSeconds:\t${source['serviceAccountToken'].expirationSeconds ?? 0}`)
}

/** `      k=v` lines of volume attributes. */
export const attributeTexts = (attributes: Readonly<Record<string, string>> | undefined): readonly string[] =>
  Object.keys(attributes ?? {})
    .sort()
    .map((key) => `    ${key}=${attributes?.[key]}`)

/** Topology spread constraints, by key. */
export function spreadLines(w: Writer, spec: Loose, space: string): void {
  const constraints = [...((spec['topologySpreadConstraints'] ?? []) as readonly Loose[])]
  if (constraints.length === 0) return
  constraints.sort((a, b) => (a['topologyKey'] < b['topologyKey'] ? -1 : a['topologyKey'] > b['topologyKey'] ? 1 : 0))
  listLines(
    w,
    `${space}Topology Spread Constraints`,
    constraints.map((each) => {
      const selector = each['labelSelector'] === undefined ? '' : ` for selector ${printSelector(each['labelSelector'])}`
      return `${each['topologyKey']}:${each['whenUnsatisfiable']} when max skew ${each['maxSkew']} is exceeded${selector}`
    }),
  )
}

/** Tolerations, by key. */
export function tolerationLines(w: Writer, title: string, tolerations: readonly Toleration[]): void {
  const byKey = [...tolerations].sort((a, b) => ((a.key ?? '') < (b.key ?? '') ? -1 : (a.key ?? '') > (b.key ?? '') ? 1 : 0))
  listLines(
    w,
    title,
    byKey.map(({ key = '', value = '', effect = '', operator, tolerationSeconds }) => {
      const head = `${key}${value === '' ? '' : `=${value}`}${effect ? `:${effect}` : ''}`
      const exists = operator === 'Exists' && value === '' ? (head === '' ? 'op=Exists' : ' op=Exists') : ''
      return `${head}${exists}${tolerationSeconds === undefined ? '' : ` for ${tolerationSeconds}s`}`
    }),
  )
}
