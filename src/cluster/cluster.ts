/**
 * Builds a cluster out of its parts: world, API server, controllers, scheduler, kubelets, drivers, network. One of the few files that
 * know all rooms. Nothing here decides anything about Kubernetes: it says who is there, who shares whose eyes, and who is told first.
 *
 * Source: house.md 1 and 2; cases/README.md 4 and 7; contract.md 3 (cluster, components).
 */
import { bug } from '../engine/bug.ts'
import type { Micros } from '../engine/clock.ts'
import { parseDistribution } from '../engine/distribution.ts'
import type { Engine } from '../engine/engine.ts'
import type { Process } from '../engine/process.ts'
import type { LatencyOverrides } from '../world/delays.ts'
import { controlPlane } from '../world/links.ts'
import type { Machine } from '../world/machine.ts'
import { profiles, type Step } from '../world/profiles.ts'
import { ranks } from '../world/ranks.ts'
import { World } from '../world/world.ts'
import type { Request, Status } from './apiserver/request.ts'
import { ApiServer } from './apiserver/server.ts'
import type { Store } from './apiserver/store.ts'
import { programs } from './applications/application.ts'
import { readApplication } from './applications/read.ts'
import type { Access } from './client/client.ts'
import { Client } from './client/client.ts'
import { cachesOf, componentOf, type Surroundings, watchAll } from './client/component.ts'
import { ControlLoop } from './client/control-loop.ts'
import type { ControllerFactory } from './client/controller.ts'
import type { Caches } from './client/informer.ts'
import type { Story } from './client/story.ts'
import { controllersOf } from './controllers/index.ts'
import { csiControllers } from './csi/index.ts'
import { initialObjects } from './initial.ts'
import { kubelet } from './kubelet/kubelet.ts'
import { clusterDns } from './network/dns.ts'
import { type Gates, gatesOf, parseRelease, type Release } from './objects/release.ts'
import { Calendar } from './objects/time.ts'
import { scheduler } from './scheduler/index.ts'
import type { ClusterSpec } from './spec.ts'

/** Rate limits of the components' clients. Source: statefulset.md 3.1 (`--kube-api-qps`, `--kube-api-burst`). */
const controllerLimit = { perSecond: 20, burst: 30 }
const schedulerLimit = { perSecond: 50, burst: 100 }

/** A component that can die and come back. */
export type Running = {
  readonly name: string
  /** It ends where it stands. */
  crash(): void
  /** It begins anew with nothing remembered. */
  restart(): void
  /** It sees nothing more, until `heal`. */
  readonly caches: Caches
}

export class Cluster {
  readonly engine: Engine
  readonly spec: ClusterSpec
  readonly release: Release
  readonly gates: Gates
  readonly calendar: Calendar
  readonly world: World
  readonly server: ApiServer
  readonly store: Store
  /** By the names of contract.md 5: `kube-controller-manager`, a controller's own name, `kube-scheduler`, `csi-provisioner`, … */
  readonly components = new Map<string, Running>()
  /** Why the API server does not answer now; a fault sets it. */
  apiTrouble: ((actor: string, request: Request) => Status | undefined) | undefined
  private readonly around: Surroundings

  constructor(spec: ClusterSpec, engine: Engine) {
    this.engine = engine
    this.spec = spec
    this.release = parseRelease(spec.release) ?? { minor: 36, patch: 99 }
    this.gates = gatesOf(this.release, spec.featureGates)
    this.calendar = new Calendar(spec.start)
    this.world = worldOf(spec, engine)
    this.server = new ApiServer({
      engine,
      gates: this.gates,
      time: () => this.calendar.textOf(engine.now),
      plus: (time, seconds) => this.calendar.plus(time, seconds),
      option: (name) => {
        const value = (spec.components['kube-apiserver'] as Readonly<Record<string, unknown>> | undefined)?.[name]
        return value === undefined ? undefined : String(value)
      },
      present: (object) => this.presented(object),
    })
    this.store = this.server.store
    const exact = spec.profile === 'reference' || spec.profile === 'instant'
    this.around = {
      engine,
      store: this.store,
      handle: (actor, request) => this.server.handle(actor, request),
      gates: this.gates,
      calendar: this.calendar,
      delay: (step, thing) => this.world.delays.of(step, thing),
      exact,
      options: spec.components,
      access: { refused: (actor, request) => this.apiTrouble?.(actor, request) },
    }
    for (const object of initialObjects(spec, this.world, this.release, this.calendar.textOf(0)))
      this.server.handle('stsim', { verb: 'create', object })
    this.build()
  }

  /** Types a story into a terminal: what kubectl asks for. `ended` gets its result. */
  play<T>(story: Story<T>, process: Process, ended: (result: T) => void): void {
    this.userClient(process).play(story, ended)
  }

  private userClient(process: Process): Client {
    const { engine, store } = this
    return new Client({
      actor: 'kubectl',
      process,
      handle: this.around.handle,
      delay: () => this.around.delay('api', 'kubectl'),
      access: this.around.access,
      announce: () => undefined,
      watch: (kinds, changed) => watchAll(store, engine.process('kubectl watches', process.rank), kinds, changed),
    })
  }

  /** Heartbeats are values: who reads a lease sees when it was last renewed. */
  private presented(object: Parameters<NonNullable<ConstructorParameters<typeof ApiServer>[0]['present']>>[0]): typeof object {
    if (object.kind !== 'Lease' || object.metadata.namespace !== 'kube-node-lease') return object
    const renewed = this.world.heartbeats.of(object.metadata.name)?.lastRenewal(this.engine.now)
    const renewTime = renewed === undefined ? {} : { renewTime: `${this.calendar.textOf(renewed).slice(0, -1)}.${micros(renewed)}Z` }
    return { ...object, spec: { ...object['spec'], ...renewTime } }
  }

  private build(): void {
    // Of one write, what cancels or removes hears first (cases/README.md 4): the controllers' list has that order.
    this.controllerManager()
    for (const [name, factory] of csiControllers(this.world)) this.alone(name, factory, ranks.machines)
    this.alone('kube-scheduler', scheduler(this.world.delays), ranks.scheduler, { source: 'default-scheduler', limit: schedulerLimit })
    this.alone('coredns', clusterDns(this.world.nameserver), ranks.observers)
    for (const machine of this.world.machines.values()) this.kubeletOf(machine)
  }

  /** The controllers of kube-controller-manager: one process, one pair of eyes, a client each. */
  private controllerManager(): void {
    const program = 'kube-controller-manager'
    const process = this.engine.process(program, ranks.nodeMonitor)
    const caches = cachesOf(this.around, process)
    const loops: ControlLoop[] = []
    for (const { name, source, factory } of controllersOf(this.world, this.spec.components)) {
      const { component, client } = componentOf(this.around, {
        actor: name,
        source: { component: source ?? name },
        process,
        caches,
        flagsOf: program,
        limit: controllerLimit,
      })
      loops.push(new ControlLoop(component, caches, client, () => factory(component)))
    }
    this.run(program, process, caches, loops)
  }

  /** A component of its own process. */
  private alone(
    name: string,
    factory: ControllerFactory,
    rank: number,
    more: { readonly source?: string; readonly limit?: typeof schedulerLimit } = {},
  ): void {
    const process = this.engine.process(name, rank)
    const caches = cachesOf(this.around, process)
    const { component, client } = componentOf(this.around, {
      actor: name,
      ...(more.source === undefined ? {} : { source: { component: more.source } }),
      ...(more.limit === undefined ? {} : { limit: more.limit }),
      process,
      caches,
      flagsOf: name,
    })
    this.run(name, process, caches, [new ControlLoop(component, caches, client, () => factory(component))])
  }

  private run(name: string, process: Process, caches: Caches, loops: readonly ControlLoop[]): void {
    for (const loop of loops) loop.start()
    caches.start()
    this.components.set(name, {
      name,
      caches,
      crash: () => process.kill(),
      restart: () => {
        process.revive()
        for (const loop of loops) loop.restart()
        caches.start()
      },
    })
  }

  /** A kubelet lives as long as its machine runs one; each life is a new process. */
  private kubeletOf(machine: Machine): void {
    const { engine, world } = this
    const { links } = world
    const name = `kubelet/${machine.name}`
    const process = engine.process(name, ranks.kubelets)
    const caches = cachesOf(this.around, process, machine.name)
    const access: Access = {
      refused: (actor, request) => (links.connected(machine.name) ? this.around.access.refused(actor, request) : unreachable),
    }
    const { component, client } = componentOf(this.around, {
      actor: name,
      source: { component: 'kubelet', host: machine.name },
      process,
      caches,
      flagsOf: 'kubelet',
      access,
    })
    const loop = new ControlLoop(component, caches, client, () => kubelet(component, machine, world))
    loop.start()
    caches.start()
    this.components.set(name, {
      name,
      caches,
      crash: () => machine.stopKubelet(),
      restart: () => undefined,
    })
    machine.listen((runs) => {
      if (!runs) return process.kill()
      process.revive()
      loop.restart()
      caches.start()
    })
    links.listen(({ from, to, reaches }) => {
      if (from !== machine.name && to !== machine.name) return
      if (from !== controlPlane && to !== controlPlane) return
      if (!process.alive) return
      if (!reaches) caches.cut()
      else if (links.connected(machine.name)) caches.heal()
    })
  }
}

/** What a request meets that does not arrive. */
const unreachable: Status = { code: 0, reason: 'Unreachable', message: 'dial tcp: i/o timeout' }

const micros = (at: Micros): string => String(at - Math.floor(at / 1_000_000) * 1_000_000).padStart(6, '0')

const worldOf = (spec: ClusterSpec, engine: Engine): World => {
  const steps: Partial<Record<Step, NonNullable<ReturnType<typeof parseDistribution>>>> = {}
  let pull: LatencyOverrides['pull']
  for (const [step, text] of Object.entries(spec.latency)) {
    if (step === 'pull') pull = { kind: 'constant', value: Number(text) }
    else {
      const distribution = parseDistribution(text)
      if (distribution !== undefined) steps[step as Step] = distribution
    }
  }
  const profile = profiles.get(spec.profile)
  if (profile === undefined) return bug(`a profile called ${spec.profile}`, 'none')
  const world: World = new World({
    engine,
    profile,
    latency: { steps, ...(pull === undefined ? {} : { pull }) },
    images: new Map(Object.entries(spec.images)),
    machines: spec.nodes.map(({ name, zone }) => ({ name, zone })),
    programs: programs({ engine, delays: () => world.delays, applications: spec.applications.map(readApplication) }),
  })
  return world
}
