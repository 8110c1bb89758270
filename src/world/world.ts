/**
 * The physical side of a cluster: machines, links, disks, images, names, and how long things take. cluster.ts makes one; faults
 * act on it (scenario/faults); kubelets, drivers and the network live in it.
 */
import type { Engine } from '../engine/engine.ts'
import type { Container, PodTrouble, ProgramFactory } from './container.ts'
import { Delays, type LatencyOverrides } from './delays.ts'
import { Disks } from './disk.ts'
import { Heartbeats } from './heartbeat.ts'
import { Links } from './links.ts'
import { Machine, type MachineData } from './machine.ts'
import { Nameserver } from './nameserver.ts'
import type { ProfileData } from './profiles.ts'
import { type ImageData, Registry } from './registry.ts'
import { Troubles } from './troubles.ts'

/** What a world is made of. */
export type WorldOptions = {
  readonly engine: Engine
  readonly profile: ProfileData
  readonly latency?: LatencyOverrides
  readonly images?: ReadonlyMap<string, ImageData>
  readonly machines: readonly MachineData[]
  /** What runs in containers (cluster/applications). */
  readonly programs: ProgramFactory
}

/** The world of one run. */
export class World {
  readonly engine: Engine
  readonly profile: ProfileData
  readonly delays: Delays
  readonly registry: Registry
  readonly nameserver = new Nameserver()
  readonly links = new Links()
  readonly disks: Disks
  readonly heartbeats = new Heartbeats()
  /** By name, in the order of the scenario. */
  readonly machines: ReadonlyMap<string, Machine>
  /** What is wrong with pods: `Pod/default/web-0`. */
  readonly pods = new Troubles<PodTrouble>()
  readonly programs: ProgramFactory

  constructor(options: WorldOptions) {
    this.engine = options.engine
    this.profile = options.profile
    this.programs = options.programs
    this.delays = new Delays(options.engine, options.profile, options.latency)
    this.registry = new Registry(options.images ?? new Map(), options.profile.preloaded)
    this.disks = new Disks(options.engine, this.delays)
    const machines = new Map<string, Machine>()
    for (const data of options.machines) {
      const machine = new Machine(this, data, machines.size)
      machines.set(data.name, machine)
      machine.listen((runs) => {
        if (!runs) this.heartbeats.of(data.name)?.end(this.engine.now)
      })
    }
    this.machines = machines
    this.disks.isDead = (name) => {
      const machine = machines.get(name)
      return machine === undefined || machine.state !== 'on' || !this.links.connected(name)
    }
    // A trouble of a pod's name changes what its containers answer.
    this.pods.listen((name) => {
      for (const machine of machines.values()) for (const container of machine.runtime.containersOf(name)) container.changed()
    })
  }

  /** 64 hex digits that name an image's content: the same in every run. */
  digestOf(image: string): string {
    let text = ''
    let state = 2_166_136_261
    for (let at = 0; text.length < 64; at++) {
      for (const sign of `${image}#${at}`) state = Math.imul(state ^ (sign.codePointAt(0) as number), 16_777_619) >>> 0
      text += state.toString(16).padStart(8, '0')
    }
    return text
  }

  /** The running container of a pod, wherever it is: for exec, logs and crashes. Without `name` the pod's first app container. */
  container(uid: string, name?: string): Container | undefined {
    for (const machine of this.machines.values()) {
      const running = machine.runtime.runningOf(uid)
      const found = running.find((each) => (name === undefined ? each.facts.kind === 'app' : each.facts.name === name))
      if (found !== undefined) return found
    }
    return undefined
  }
}
