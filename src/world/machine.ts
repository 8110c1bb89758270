/**
 * A computer in a zone: on, off, frozen. It runs containers (runtime.ts) and a kubelet, which cluster.ts starts and stops as
 * the machine says (`listen`). Sources: contract 5 (faults on nodes); cases/README.md 2 (`boot`), 6.
 *
 * Differs from Kubernetes: the kubelet of a frozen machine wakes as one that was restarted; its containers go on where they were.
 */
import { type Micros, seconds } from '../engine/clock.ts'
import type { Process } from '../engine/process.ts'
import { ranks } from './ranks.ts'
import { Runtime } from './runtime.ts'
import { Troubles } from './troubles.ts'
import type { World } from './world.ts'

/** What is wrong with a machine; kept under the machine's name. */
export type MachineTrouble =
  | { readonly kind: 'runtime-down'; readonly since: Micros }
  | { readonly kind: 'sandbox-fail' }
  | { readonly kind: 'pressure'; readonly resource: 'disk' | 'memory' | 'pid'; readonly since: Micros }

/** What a machine is, from the scenario. */
export type MachineData = { readonly name: string; readonly zone?: string | undefined }

/** Whether the machine runs. */
export type MachineState = 'on' | 'off' | 'booting' | 'frozen'

/** What the cloud says of the instance. */
export type InstanceState = 'running' | 'stopped' | 'terminated'

/** A machine. */
export class Machine {
  readonly name: string
  readonly zone: string | undefined
  /** Its place among all machines, from 0: part of its addresses. */
  readonly index: number
  /** What happens on it without the kubelet: containers, mounts, pulls. */
  readonly process: Process
  readonly runtime: Runtime
  readonly troubles = new Troubles<MachineTrouble>()
  state: MachineState = 'on'
  private instanceState: InstanceState = 'running'
  private readonly instanceListeners: (() => void)[] = []
  /** Counted up at each boot; names the boot id. */
  boots = 1
  private readonly world: World
  private kubeletStops = 0
  private readonly listeners: ((runs: boolean, why: string) => void)[] = []
  private readonly shutdownListeners: ((halts: Micros) => void)[] = []
  private frozen: (() => void)[] = []
  private told = true

  constructor(world: World, data: MachineData, index: number) {
    this.world = world
    this.name = data.name
    this.zone = data.zone
    this.index = index
    this.process = world.engine.process(`machine/${data.name}`, ranks.machines)
    this.runtime = new Runtime(this, world)
  }

  /** Whether a kubelet should run on it now. */
  get runsKubelet(): boolean {
    return this.state === 'on' && this.kubeletStops === 0
  }

  /** What the cloud says of the instance. */
  get instance(): InstanceState {
    return this.instanceState
  }

  set instance(state: InstanceState) {
    if (state === this.instanceState) return
    this.instanceState = state
    for (const tell of this.instanceListeners) tell()
  }

  /** Calls back when the cloud says something else of the instance. */
  listenToCloud(tell: () => void): void {
    this.instanceListeners.push(tell)
  }

  /** A text that changes with each boot, as /proc/sys/kernel/random/boot_id does. */
  get bootId(): string {
    const draw = (at: number): string =>
      Math.floor(this.world.engine.chance(`Node//${this.name}`, `boot id ${this.boots}`, at) * 4_294_967_296)
        .toString(16)
        .padStart(8, '0')
    const text = draw(0) + draw(1) + draw(2) + draw(3)
    return `${text.slice(0, 8)}-${text.slice(8, 12)}-${text.slice(12, 16)}-${text.slice(16, 20)}-${text.slice(20, 32)}`
  }

  /** The address of the node: InternalIP. */
  get address(): string {
    return `10.0.${Math.floor((this.index + 1) / 254)}.${((this.index + 1) % 254) + (this.index + 1 < 254 ? 0 : 1)}`
  }

  /** The power goes: everything on it ends at once. */
  powerOff(why: string): void {
    if (this.state === 'off') return
    this.state = 'off'
    this.frozen = []
    this.process.kill()
    this.runtime.die()
    this.world.engine.record(`machine/${this.name}`, 'machine-off', `Node//${this.name}`, { why })
    this.tell(why)
  }

  /** Power is there again: it boots, after `boot` if given, else as long as the profile says. */
  powerOn(why: string, boot?: Micros): void {
    if (this.state !== 'off') return
    this.state = 'booting'
    this.process.revive()
    const takes = boot ?? this.world.delays.of('boot', `Node//${this.name}`)
    const up = (): void => {
      this.state = 'on'
      this.boots += 1
      this.world.engine.record(`machine/${this.name}`, 'machine-on', `Node//${this.name}`, { why })
      for (const volume of this.world.disks.heldBy(this.name)) volume.heldBy = undefined
      this.tell(why)
    }
    // A boot that takes no time is over in the instant of the fault's end, before what machines do in it.
    if (takes === 0) up()
    else this.process.after(takes, 'boot', up)
  }

  /** Reset: everything on it ends, and it boots. */
  reboot(why: string, boot?: Micros): void {
    this.powerOff(why)
    this.powerOn(why, boot ?? this.world.delays.of('reboot', `Node//${this.name}`))
  }

  /** Nothing happens on it any more, but it does not end. */
  freeze(): void {
    if (this.state !== 'on') return
    this.state = 'frozen'
    this.tell('frozen')
  }

  /** It goes on. */
  thaw(): void {
    if (this.state !== 'frozen') return
    this.state = 'on'
    const held = this.frozen
    this.frozen = []
    for (const act of held) act()
    this.tell('thawed')
  }

  /** Its kubelet is stopped; returns how it is started again. Containers go on. */
  stopKubelet(): () => void {
    this.kubeletStops += 1
    this.tell('kubelet stopped')
    return () => {
      this.kubeletStops -= 1
      this.tell('kubelet started')
    }
  }

  /** An orderly shutdown begins: the kubelet's shutdown manager is told; who holds no inhibitor loses the power after `halts`. */
  shutdown(halts: Micros | undefined): void {
    const takes = halts ?? this.world.delays.of('halt', `Node//${this.name}`)
    if (this.shutdownListeners.length === 0 || !this.runsKubelet) this.halt(takes)
    else for (const tell of this.shutdownListeners) tell(takes)
  }

  /** The inhibitor is released: power off after so long. */
  halt(takes: Micros): void {
    this.process.after(takes, 'halts', () => this.powerOff('halted'))
  }

  /** Calls back when a kubelet should start (true) or has ended with what it ran on (false). */
  listen(tell: (runs: boolean, why: string) => void): void {
    this.listeners.push(tell)
  }

  /** The kubelet of now holds an inhibitor and wants to know of shutdowns. */
  inhibit(tell: ((halts: Micros) => void) | undefined): void {
    this.shutdownListeners.length = 0
    if (tell !== undefined) this.shutdownListeners.push(tell)
  }

  /** Something on the machine after so long; while it is frozen it waits for the thaw. */
  after(takes: Micros, label: string, act: () => void): void {
    this.process.after(takes, label, () => {
      if (this.state === 'frozen') this.frozen.push(act)
      else act()
    })
  }

  /** The moment since which the runtime does not answer, or undefined. */
  get runtimeDownSince(): Micros | undefined {
    return this.troubles.find('runtime-down', this.name)?.since
  }

  private tell(why: string): void {
    const runs = this.runsKubelet
    if (runs === this.told) return
    this.told = runs
    for (const tell of this.listeners) tell(runs, why)
  }
}

/** How long a runtime may be silent before the kubelet says so (A13). */
export const runtimeSilence = seconds(30)
