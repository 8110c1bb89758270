/**
 * How a terminal reaches into containers: the pod of the API, the container of the world, its files (of the container, of its volumes, of the
 * API's config maps and secrets), names and addresses. What runs there is cluster/applications; kubectl asks for it here.
 *
 * It keeps true: what is written below a mount of a disk lives in the disk, below an emptyDir with the pod, elsewhere with the container.
 * Source: kubectl.md 8, 10; node-and-storage.md D; issue 5, number 2.
 * Differs from Kubernetes: a container listens on the ports that it declares (web servers on 80 in any case); a file of its document folder
 * answers, else its hostname; logs hold nothing, because nothing is known of what an image writes.
 */

import { seconds } from '../engine/clock.ts'
import type { Engine } from '../engine/engine.ts'
import type { Container as Running } from '../world/container.ts'
import { controlPlane } from '../world/links.ts'
import type { Machine } from '../world/machine.ts'
import type { World } from '../world/world.ts'
import { notInPath, runWords } from './applications/commands.ts'
import type { Files, Inside, Page } from './applications/inside.ts'
import type { View } from './client/controller.ts'
import { type Story, sleep } from './client/story.ts'
import { nameserverAddress } from './initial.ts'
import type { Connect, LogLine } from './kubectl/terminal.ts'
import type { KubernetesObject } from './objects/metadata.ts'
import type { Container, PodVolume } from './objects/pod.ts'

/** What the connection is made of. */
export type ConnectOptions = {
  readonly engine: Engine
  readonly world: World
  /** The objects as the API has them. */
  readonly see: View
  /** Now, as the API writes it. */
  readonly time: () => string
}

const zone = 'cluster.local'

/** The way into the containers of a cluster. */
export function connectTo(options: ConnectOptions): Connect {
  const containers = new Containers(options)
  return {
    exec: (pod, container, words, streams) => containers.exec(pod, container, words, streams),
    logs: (pod, container, previous) => containers.logs(pod, container, previous),
    leave: (pod, container, exitCode) => {
      containers.running(pod, container)?.exit(exitCode, exitCode === 0 ? 'Completed' : 'Error', false)
    },
  }
}

type Streams = Parameters<Connect['exec']>[3]

class Containers {
  private readonly options: ConnectOptions
  /** Files that die with their container. */
  private readonly roots = new WeakMap<Running, Map<string, string>>()
  /** Files of machines that pods mount as hostPath. */
  private readonly hosts = new Map<string, Map<string, string>>()
  private connections = 0

  constructor(options: ConnectOptions) {
    this.options = options
  }

  /** The container that runs in truth. */
  running(pod: KubernetesObject, container: string): Running | undefined {
    return this.options.world.container(pod.metadata.uid ?? '', container)
  }

  private machineOf(pod: KubernetesObject): Machine | undefined {
    return this.options.world.machines.get(pod['spec']?.nodeName ?? '')
  }

  *exec(
    pod: KubernetesObject,
    container: string,
    words: readonly string[],
    streams: Streams,
  ): Story<number | { readonly refused: string }> {
    const machine = this.machineOf(pod)
    const { world } = this.options
    if (machine === undefined || machine.state !== 'on' || !world.links.reaches(controlPlane, machine.name)) {
      yield* sleep(seconds(30))
      return { refused: `Error from server: error dialing backend: dial tcp ${pod['status']?.hostIP ?? ''}:10250: i/o timeout` }
    }
    if (!machine.runsKubelet) {
      return {
        refused: `Error from server: error dialing backend: dial tcp ${pod['status']?.hostIP ?? ''}:10250: connect: connection refused`,
      }
    }
    const running = this.running(pod, container)
    if (running === undefined) return { refused: `unable to upgrade connection: container not found (${JSON.stringify(container)})` }
    const code = yield* runWords(words, this.insideOf(pod, running), { stdin: streams.stdin ?? '', out: streams.out, err: streams.err })
    return code ?? { refused: notInPath(words[0] ?? '') }
  }

  logs(pod: KubernetesObject, container: string, previous: boolean): readonly LogLine[] | undefined {
    const known = this.machineOf(pod)?.runtime.container(pod.metadata.uid ?? '', container)
    if (known === undefined) return undefined
    return previous && known.facts.restarts === 0 ? undefined : []
  }

  private insideOf(pod: KubernetesObject, running: Running): Inside {
    const { world, time } = this.options
    const { namespace = 'default', name } = pod.metadata
    const spec = pod['spec'] ?? {}
    const hostname: string = spec.hostname || name
    const fullName = spec.subdomain ? `${hostname}.${spec.subdomain}.${namespace}.svc.${zone}` : hostname
    const container = containerOf(pod, running.facts.name)
    const files = this.filesOf(pod, running)
    return {
      hostname,
      fullName,
      address: running.facts.ip || (pod['status']?.podIP ?? ''),
      environment: this.environmentOf(pod, container, hostname),
      files,
      workingFolder: (container as { readonly workingDir?: string } | undefined)?.workingDir ?? '/',
      nameserver: { address: nameserverAddress, answers: () => world.nameserver.answering },
      search: [`${namespace}.svc.${zone}`, `svc.${zone}`, zone],
      lookup: (each) => world.nameserver.lookup(each),
      fetch: (address, port, path) => this.fetch(running.facts.node, address, port, path),
      time,
    }
  }

  // ------------------------------------------------------------------------------------------------------- environment

  private environmentOf(pod: KubernetesObject, container: Container | undefined, hostname: string): ReadonlyMap<string, string> {
    const environment = new Map([
      ['PATH', '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
      ['HOSTNAME', hostname],
      ['KUBERNETES_SERVICE_HOST', '10.96.0.1'],
      ['KUBERNETES_SERVICE_PORT', '443'],
      ['HOME', '/root'],
    ])
    const { namespace } = pod.metadata
    const { envFrom = [] } = (container ?? {}) as { readonly envFrom?: readonly Loose[] }
    for (const source of envFrom) {
      const prefix = source['prefix'] ?? ''
      const data = source['configMapRef']
        ? this.dataOf('ConfigMap', namespace, source['configMapRef'].name)
        : this.dataOf('Secret', namespace, source['secretRef']?.name)
      for (const key of Object.keys(data).sort()) environment.set(`${prefix}${key}`, data[key] as string)
    }
    for (const variable of (container?.env ?? []) as readonly Loose[]) {
      const value = this.valueOf(pod, container, variable)
      if (value !== undefined)
        environment.set(
          variable['name'],
          value.replace(/\$\(([A-Za-z_][A-Za-z0-9_]*)\)/g, (whole, name: string) => environment.get(name) ?? whole),
        )
    }
    return environment
  }

  private valueOf(pod: KubernetesObject, container: Container | undefined, variable: Loose): string | undefined {
    const from = variable['valueFrom'] as Loose | undefined
    if (from === undefined || from === null) return String(variable['value'] ?? '')
    const { namespace } = pod.metadata
    if (from['configMapKeyRef']) return this.dataOf('ConfigMap', namespace, from['configMapKeyRef'].name)[from['configMapKeyRef'].key]
    if (from['secretKeyRef']) return this.dataOf('Secret', namespace, from['secretKeyRef'].name)[from['secretKeyRef'].key]
    if (from['resourceFieldRef']) {
      const [list = '', ...name] = String(from['resourceFieldRef'].resource).split('.')
      return (container?.resources as Loose | undefined)?.[list]?.[name.join('.')] ?? '0'
    }
    return fieldOf(pod, from['fieldRef']?.fieldPath ?? '')
  }

  /** `data` of a config map, or of a secret as text. */
  private dataOf(kind: 'ConfigMap' | 'Secret', namespace: string | undefined, name: string | undefined): Readonly<Record<string, string>> {
    const object = name === undefined ? undefined : this.options.see.of(kind).get(namespace, name)
    const data = (object?.['data'] ?? {}) as Readonly<Record<string, string>>
    return kind === 'ConfigMap' ? data : Object.fromEntries(Object.entries(data).map(([key, value]) => [key, fromBase64(value)]))
  }

  // ------------------------------------------------------------------------------------------------------------- files

  private filesOf(pod: KubernetesObject, running: Running): Files {
    const container = containerOf(pod, running.facts.name)
    const places: Place[] = []
    for (const mount of container?.volumeMounts ?? []) {
      const volume = ((pod['spec']?.volumes ?? []) as readonly PodVolume[]).find((each) => each.name === mount.name)
      if (volume === undefined) continue
      const backing = this.backingOf(pod, running, volume)
      const path = trimmed(mount.mountPath)
      places.push({
        path,
        inner: trimmed(mount.subPath ?? ''),
        files: backing.files,
        readOnly: backing.readOnly || mount.readOnly === true,
      })
    }
    places.push({ path: '', inner: '', files: this.rootOf(pod, running), readOnly: false })
    places.sort((a, b) => b.path.length - a.path.length)
    return new MountedFiles(places)
  }

  private rootOf(pod: KubernetesObject, running: Running): Map<string, string> {
    const there = this.roots.get(running)
    if (there !== undefined) return there
    const { namespace = 'default', name } = pod.metadata
    const hostname: string = pod['spec']?.hostname || name
    const root = new Map([
      ['etc/hostname', `${hostname}\n`],
      ['etc/hosts', `127.0.0.1\tlocalhost\n${running.facts.ip}\t${hostname}\n`],
      ['etc/resolv.conf', `search ${namespace}.svc.${zone} svc.${zone} ${zone}\nnameserver ${nameserverAddress}\noptions ndots:5\n`],
    ])
    for (const folder of ['bin/', 'dev/', 'home/', 'proc/', 'root/', 'sys/', 'tmp/', 'usr/', 'var/']) root.set(folder, '')
    const folder = documentsOf(running.facts.image)
    if (folder !== undefined)
      root.set(
        `${folder}/index.html`,
        '<!DOCTYPE html>\n<html>\n<head>\n<title>Welcome to nginx!</title>\n</head>\n<body>\n<h1>Welcome to nginx!</h1>\n</body>\n</html>\n',
      )
    this.roots.set(running, root)
    return root
  }

  private backingOf(
    pod: KubernetesObject,
    running: Running,
    volume: PodVolume,
  ): { readonly files: Map<string, string>; readonly readOnly: boolean } {
    const { namespace } = pod.metadata
    const mount = this.options.world.machines.get(running.facts.node)?.runtime.mountsOf(running.facts.uid).get(volume.name)
    if (volume.configMap)
      return { files: chosen(this.dataOf('ConfigMap', namespace, volume.configMap.name), volume.configMap), readOnly: true }
    if (volume.secret) return { files: chosen(this.dataOf('Secret', namespace, volume.secret.secretName), volume.secret), readOnly: true }
    if (volume['projected']) return { files: this.projected(pod, volume['projected'].sources ?? []), readOnly: true }
    if (volume['downwardAPI']) return { files: downward(pod, volume['downwardAPI'].items ?? []), readOnly: true }
    if (volume['hostPath']) {
      const key = `${running.facts.node} ${volume['hostPath'].path}`
      const files = this.hosts.get(key) ?? new Map<string, string>()
      this.hosts.set(key, files)
      return { files, readOnly: false }
    }
    return { files: mount?.disk?.files ?? mount?.files ?? new Map<string, string>(), readOnly: false }
  }

  private projected(pod: KubernetesObject, sources: readonly Loose[]): Map<string, string> {
    const files = new Map<string, string>()
    const { namespace } = pod.metadata
    for (const source of sources) {
      if (source['serviceAccountToken']) files.set(source['serviceAccountToken'].path ?? 'token', 'stsim\n')
      if (source['configMap'])
        for (const [key, text] of chosen(this.dataOf('ConfigMap', namespace, source['configMap'].name), source['configMap']))
          files.set(key, text)
      if (source['secret'])
        for (const [key, text] of chosen(this.dataOf('Secret', namespace, source['secret'].name), source['secret'])) files.set(key, text)
      if (source['downwardAPI']) for (const [key, text] of downward(pod, source['downwardAPI'].items ?? [])) files.set(key, text)
    }
    return files
  }

  // ------------------------------------------------------------------------------------------------------------ network

  private fetch(from: string, address: string, port: number, path: string): Page {
    const pod = this.podAt(address)
    if (pod !== undefined) return this.page(from, pod, port, path)
    const service = [...this.options.see.of('Service').values()].find((each) => each['spec']?.clusterIP === address)
    if (service === undefined) return 'silence'
    const target = this.endpointOf(service, port)
    if (target === undefined) return 'refused'
    const behind = this.podAt(target.address)
    return behind === undefined ? 'silence' : this.page(from, behind, target.port, path)
  }

  private podAt(address: string): KubernetesObject | undefined {
    return [...this.options.see.of('Pod').values()].find((pod) => pod['status']?.podIP === address && pod['status']?.phase === 'Running')
  }

  /** One of the ready endpoints behind a port of a service, by chance. */
  private endpointOf(service: KubernetesObject, port: number): { readonly address: string; readonly port: number } | undefined {
    const { namespace = 'default', name } = service.metadata
    const declared = ((service['spec']?.ports ?? []) as readonly Loose[]).find((each) => each['port'] === port)
    if (declared === undefined) return undefined
    const slices = this.options.see.of('EndpointSlice').labelled(namespace, 'kubernetes.io/service-name', name)
    const targets = slices.flatMap((slice) => {
      const number = ((slice['ports'] ?? []) as readonly Loose[]).find((each) => (each['name'] ?? '') === (declared['name'] ?? ''))?.[
        'port'
      ] as number | undefined
      const ready = ((slice['endpoints'] ?? []) as readonly Loose[]).filter((each) => each['conditions']?.ready !== false)
      return number === undefined
        ? []
        : ready.flatMap((each) => ((each['addresses'] ?? []) as readonly string[]).map((address) => ({ address, port: number })))
    })
    if (targets.length === 0) return undefined
    const draw = this.options.engine.chance(`Service/${namespace}/${name}`, 'connection', this.connections++)
    return targets[Math.floor(draw * targets.length)]
  }

  private page(from: string, pod: KubernetesObject, port: number, path: string): Page {
    const { world } = this.options
    const machine = this.machineOf(pod)
    if (machine === undefined || machine.state !== 'on' || !world.links.reaches(from, machine.name)) return 'silence'
    const listening = ((pod['spec']?.containers ?? []) as readonly Container[]).find(
      (each) =>
        (each.ports ?? []).some((one) => one.containerPort === port) || (port === 80 && documentsOf(each.image ?? '') !== undefined),
    )
    const running = listening === undefined ? undefined : this.running(pod, listening.name)
    if (running === undefined || listening === undefined) return 'refused'
    const reply = running.ask('readiness')
    if (reply.kind === 'silence') return 'silence'
    if (reply.kind === 'refused') return 'refused'
    const folder = documentsOf(running.facts.image)
    if (folder === undefined) return { status: 200, text: `${pod['spec']?.hostname || pod.metadata.name}\n` }
    const name = path.replace(/[?#].*$/, '').replace(/\/$/, '/index.html')
    const text = this.filesOf(pod, running).read(`/${folder}${name}`)
    if (text !== undefined) return { status: 200, text }
    return path === '/' ? { status: 403, text: errorPage('403 Forbidden') } : { status: 404, text: errorPage('404 Not Found') }
  }
}

// biome-ignore lint/suspicious/noExplicitAny: parts of objects as they come
type Loose = Readonly<Record<string, any>>

const errorPage = (title: string): string =>
  `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n`

/** The document folder of the web servers that people try sets with. */
const documentsOf = (image: string): string | undefined =>
  /(?:^|\/)[^/]*nginx[^/]*$/.test(image)
    ? 'usr/share/nginx/html'
    : /(?:^|\/)httpd(?::|@|$)/.test(image)
      ? 'usr/local/apache2/htdocs'
      : undefined

const containerOf = (pod: KubernetesObject, name: string): Container | undefined =>
  [...((pod['spec']?.containers ?? []) as readonly Container[]), ...((pod['spec']?.initContainers ?? []) as readonly Container[])].find(
    (each) => each.name === name,
  )

const trimmed = (path: string): string => path.replace(/^\/+|\/+$/g, '')

/** What a volume of a config map or secret shows: all keys, or those that its items name. */
function chosen(data: Readonly<Record<string, string>>, source: Loose): Map<string, string> {
  const items = source['items'] as readonly { readonly key: string; readonly path: string }[] | undefined
  if (items === undefined)
    return new Map(
      Object.keys(data)
        .sort()
        .map((key) => [key, data[key] as string]),
    )
  return new Map(items.filter(({ key }) => data[key] !== undefined).map(({ key, path }) => [path, data[key] as string]))
}

const downward = (pod: KubernetesObject, items: readonly Loose[]): Map<string, string> =>
  new Map(items.map((item) => [item['path'] as string, fieldOf(pod, item['fieldRef']?.fieldPath ?? '')]))

/** What a `fieldRef` finds. */
function fieldOf(pod: KubernetesObject, path: string): string {
  const keyed = /^metadata\.(labels|annotations)(?:\['(.*)'\])?$/.exec(path)
  if (keyed !== null) {
    const map = pod.metadata[keyed[1] as 'labels' | 'annotations'] ?? {}
    if (keyed[2] !== undefined) return map[keyed[2]] ?? ''
    return Object.keys(map)
      .sort()
      .map((key) => `${key}=${JSON.stringify(map[key])}`)
      .join('\n')
  }
  let value: unknown = pod
  for (const step of path.split('.')) value = (value as Loose | undefined)?.[step]
  return value === undefined || value === null || typeof value === 'object' ? '' : String(value)
}

function fromBase64(text: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
  const bytes: number[] = []
  let bits = 0
  let held = 0
  for (const letter of text) {
    const value = alphabet.indexOf(letter)
    if (value < 0) continue
    held = (held << 6) | value
    bits += 6
    if (bits >= 8) {
      bits -= 8
      bytes.push((held >> bits) & 255)
      held &= (1 << bits) - 1
    }
  }
  return new TextDecoder().decode(new Uint8Array(bytes))
}

/** Where files come from below a path. Folders of their own are keys that end in a slash. */
type Place = { readonly path: string; readonly inner: string; readonly files: Map<string, string>; readonly readOnly: boolean }

class MountedFiles implements Files {
  private readonly places: readonly Place[]
  constructor(places: readonly Place[]) {
    this.places = places
  }

  /** The place that a path lies in, the innermost first, and the path there. */
  private at(path: string): { readonly place: Place; readonly key: string } {
    const full = trimmed(path)
    const place = this.places.find((each) => each.path === '' || full === each.path || full.startsWith(`${each.path}/`)) as Place
    const rest = trimmed(full.slice(place.path.length))
    return { place, key: [place.inner, rest].filter((part) => part !== '').join('/') }
  }

  read(path: string): string | undefined {
    const { place, key } = this.at(path)
    return place.files.get(key)
  }

  write(path: string, text: string): string | undefined {
    const { place, key } = this.at(path)
    if (place.readOnly) return 'Read-only file system'
    if (this.list(path) !== undefined) return 'Is a directory'
    const folder = trimmed(path).split('/').slice(0, -1).join('/')
    if (folder !== '' && this.list(`/${folder}`) === undefined) return 'nonexistent directory'
    place.files.set(key, text)
    return undefined
  }

  remove(path: string): boolean {
    const { place, key } = this.at(path)
    if (place.readOnly) return false
    return place.files.delete(key) || place.files.delete(`${key}/`)
  }

  makeFolder(path: string): string | undefined {
    const { place, key } = this.at(path)
    if (place.readOnly) return 'Read-only file system'
    if (place.files.has(key)) return 'File exists'
    place.files.set(`${key}/`, '')
    return undefined
  }

  list(path: string): readonly string[] | undefined {
    const full = trimmed(path)
    const { place, key } = this.at(path)
    const names = new Set<string>()
    let exists = full === '' || full === place.path
    const prefix = key === '' ? '' : `${key}/`
    for (const each of place.files.keys()) {
      if (!each.startsWith(prefix)) continue
      exists = true
      const name = each.slice(prefix.length).split('/')[0] as string
      if (name !== '') names.add(name)
    }
    for (const each of this.places) {
      if (each.path === '' || each.path === full || (full !== '' && !each.path.startsWith(`${full}/`))) continue
      exists = true
      names.add(each.path.slice(full === '' ? 0 : full.length + 1).split('/')[0] as string)
    }
    return exists ? [...names].sort() : undefined
  }
}
