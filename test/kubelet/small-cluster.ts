/**
 * A cluster that is small enough for tests of one kubelet: a world, an API server, kubelets and the drivers' sidecars, and nobody
 * who schedules. What a controller would do, a test does by hand.
 */

import type { Answer, Request } from '../../src/cluster/apiserver/request.ts'
import { ApiServer } from '../../src/cluster/apiserver/server.ts'
import { type Application, programs } from '../../src/cluster/applications/application.ts'
import { cachesOf, componentOf, type Surroundings } from '../../src/cluster/client/component.ts'
import { ControlLoop } from '../../src/cluster/client/control-loop.ts'
import type { ControllerFactory } from '../../src/cluster/client/controller.ts'
import { csiControllers } from '../../src/cluster/csi/index.ts'
import { initialObjects } from '../../src/cluster/initial.ts'
import { kubelet } from '../../src/cluster/kubelet/kubelet.ts'
import type { KubernetesObject } from '../../src/cluster/objects/metadata.ts'
import { gatesOf, parseRelease } from '../../src/cluster/objects/release.ts'
import { Calendar } from '../../src/cluster/objects/time.ts'
import { type ClusterSpec, defaultCapacity } from '../../src/cluster/spec.ts'
import { seconds } from '../../src/engine/clock.ts'
import { Engine } from '../../src/engine/engine.ts'
import type { Process } from '../../src/engine/process.ts'
import { profiles } from '../../src/world/profiles.ts'
import { ranks } from '../../src/world/ranks.ts'
import type { ImageData } from '../../src/world/registry.ts'
import { World } from '../../src/world/world.ts'

export type SmallOptions = {
  readonly release?: string
  readonly nodes?: readonly string[]
  readonly applications?: readonly Application[]
  readonly images?: ReadonlyMap<string, ImageData>
  readonly kubelet?: Readonly<Record<string, unknown>>
  readonly profile?: string
}

export type SmallCluster = {
  readonly engine: Engine
  readonly world: World
  readonly server: ApiServer
  /** Asks the API server, as somebody at a terminal. */
  ask(request: Request): Answer
  get(kind: string, name: string): KubernetesObject | undefined
  /** At so many seconds, before machines and kubelets. */
  at(time: number, act: () => void): void
  run(until: number): void
  /** Instants, in seconds, of the Events of that reason about the object. */
  events(reason: string, name?: string): readonly number[]
  /** Instants of journal entries. */
  entries(what: string, about?: string): readonly number[]
  /** The instant at which `test` first holds, looked at after each write of the object. */
  when(kind: string, name: string, test: (object: KubernetesObject) => boolean): number | undefined
}

export const smallCluster = (options: SmallOptions = {}): SmallCluster => {
  const engine = new Engine({ seed: 1 })
  const profile = profiles.get(options.profile ?? 'reference')
  if (profile === undefined) throw new Error('no such profile')
  const nodes = options.nodes ?? ['node-1']
  const world: World = new World({
    engine,
    profile,
    images: options.images ?? new Map(),
    machines: nodes.map((name) => ({ name })),
    programs: programs({ engine, delays: () => world.delays, applications: options.applications ?? [] }),
  })
  const calendar = new Calendar('2026-01-01T00:00:00Z')
  const release = parseRelease(options.release ?? '1.36')
  if (release === undefined) throw new Error('no such release')
  const gates = gatesOf(release)
  const server = new ApiServer({
    engine,
    gates,
    time: () => calendar.textOf(engine.now),
    plus: (time, count) => calendar.plus(time, count),
    present: (object) => object,
  })
  const around: Surroundings = {
    engine,
    store: server.store,
    handle: (actor, request) => server.handle(actor, request),
    gates,
    calendar,
    delay: (step, thing) => world.delays.of(step, thing),
    exact: true,
    options: { kubelet: options.kubelet ?? {} },
    access: { refused: () => undefined },
  }
  const spec: ClusterSpec = {
    release: options.release ?? '1.36',
    profile: profile.name,
    start: '2026-01-01T00:00:00Z',
    nodes: nodes.map((name) => ({ name, capacity: defaultCapacity, labels: {}, taints: [] })),
    components: {},
    featureGates: {},
    latency: {},
    images: {},
    storageClasses: [],
    applications: [],
  }
  for (const object of initialObjects(spec, world, release, calendar.textOf(0))) {
    const answer = server.handle('test', { verb: 'create', object })
    if (!answer.ok) throw new Error(answer.status.message)
  }
  const live = (
    name: string,
    flagsOf: string,
    rank: number,
    factory: ControllerFactory,
    node?: string,
  ): [Process, ControlLoop, ReturnType<typeof cachesOf>] => {
    const process = engine.process(name, rank)
    const caches = cachesOf(around, process, node)
    const access =
      node === undefined
        ? around.access
        : {
            refused: () => (world.links.connected(node) ? undefined : { code: 0, reason: 'Unreachable', message: 'dial tcp: i/o timeout' }),
          }
    const { component, client } = componentOf(around, { actor: name, process, caches, flagsOf, access })
    const loop = new ControlLoop(component, caches, client, () => factory(component))
    loop.start()
    caches.start()
    return [process, loop, caches]
  }
  for (const [name, factory] of csiControllers(world)) live(name, name, ranks.machines, factory)
  for (const machine of world.machines.values()) {
    const [process, loop, caches] = live(
      `kubelet/${machine.name}`,
      'kubelet',
      ranks.kubelets,
      (component) => kubelet(component, machine, world),
      machine.name,
    )
    machine.listen((runs) => {
      if (!runs) return process.kill()
      process.revive()
      loop.restart()
      caches.start()
    })
    world.links.listen(() => {
      if (!world.links.connected(machine.name)) caches.cut()
      else caches.heal()
    })
  }
  const faults = engine.process('test', ranks.faults)
  const { journal } = engine
  const all = (test: (n: number) => boolean): readonly number[] => {
    const found: number[] = []
    for (let n = 1; n <= journal.length; n++) if (test(n)) found.push(journal.time(n) / 1_000_000)
    return found
  }
  return {
    engine,
    world,
    server,
    ask: (request) => server.handle('test', request),
    get: (kind, name) => {
      const answer = server.handle('test', {
        verb: 'get',
        kind,
        name,
        ...(['Node', 'PersistentVolume', 'VolumeAttachment'].includes(kind) ? {} : { namespace: 'default' }),
      })
      return answer.ok ? answer.object : undefined
    },
    at: (time, act) => {
      faults.at(seconds(time), 'test', act)
    },
    run: (until) => engine.run(seconds(until)),
    events: (reason, name) =>
      all((n) => {
        if (journal.what(n) !== 'event' || (name !== undefined && !journal.about(n).endsWith(`/${name}`))) return false
        return (journal.detail(n) as { reason: string }).reason === reason
      }),
    entries: (what, about) => all((n) => journal.what(n) === what && (about === undefined || journal.about(n) === about)),
    when: (kind, name, test) =>
      all((n) => {
        if (journal.what(n) !== 'write' || !journal.about(n).startsWith(`${kind}/`) || !journal.about(n).endsWith(`/${name}`)) return false
        const { type, object } = journal.detail(n) as { type: string; object: KubernetesObject }
        return type !== 'DELETED' && test(object)
      })[0],
  }
}

/** A pod that is bound from the start; `spec` is merged into its own. */
export const boundPod = (
  name: string,
  spec: Readonly<Record<string, unknown>> = {},
  container: Readonly<Record<string, unknown>> = {},
): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', labels: { app: name } },
  spec: { nodeName: 'node-1', containers: [{ name: 'app', image: 'registry.k8s.io/nginx-slim:0.8', ...container }], ...spec },
})

/** Whether a condition is True. */
export const isTrue = (object: KubernetesObject, type: string): boolean =>
  ((object['status']?.conditions ?? []) as readonly { type: string; status: string }[]).some(
    (each) => each.type === type && each.status === 'True',
  )
