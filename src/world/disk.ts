/**
 * The storage back-end: volumes, where they are, which machines hold them, and what is wrong with them. A call answers after its
 * time; who asks again for what is under way or done gets the same answer (CSI calls are idempotent).
 * Sources: node-and-storage.md C2, C4, C7, F2; contract 5 (faults on claims, volumes, classes).
 */
import type { Micros } from '../engine/clock.ts'
import type { Engine } from '../engine/engine.ts'
import type { Process } from '../engine/process.ts'
import type { Delays } from './delays.ts'
import type { DriverData } from './profiles.ts'
import { ranks } from './ranks.ts'
import { Troubles } from './troubles.ts'

/**
 * What is wrong with storage; the name it is kept under is a key: `PersistentVolumeClaim/ns/name`, `PersistentVolume//name`,
 * `StorageClass//name`. `left` counts down the failures that are still to come; absent: until it heals.
 */
export type DiskTrouble =
  /** No answer at all. */
  | { readonly kind: 'provisioner-outage' }
  | { readonly kind: 'provision-fail'; readonly error: string; left?: number }
  | { readonly kind: 'attach-fail'; readonly error: string; readonly errorCode?: number; left?: number }
  | { readonly kind: 'detach-fail'; readonly error: string; left?: number }
  | { readonly kind: 'mount-fail'; readonly error: string; left?: number }
  | { readonly kind: 'unmount-fail'; readonly error: string; left?: number }
  | { readonly kind: 'slow'; readonly factor: number }

/** A volume in the back-end. */
export type Volume = {
  /** The PersistentVolume's name, by which it was asked for. */
  readonly name: string
  readonly handle: string
  readonly driver: DriverData
  bytes: number
  /** Keys under which its troubles are found. */
  readonly about: readonly string[]
  /** The machines it is attached to. */
  readonly attachedTo: Set<string>
  /** Whether it holds a file system. */
  formatted: boolean
  /** A machine that died with it and that the back-end cannot fence (ceph-rbd). */
  heldBy: string | undefined
  /** Its files, by path from its root. */
  readonly files: Map<string, string>
}

/** Whose luck a volume's steps are: the claim's, whose name stays the same from run to run. */
export const luckOf = (volume: Volume): string => volume.about[0] ?? `PersistentVolume//${volume.name}`

/** What a call of the back-end answers. */
export type DiskAnswer =
  | { readonly ok: true; readonly volume: Volume }
  | { readonly ok: false; readonly error: string; readonly code?: number }

/** All disks. */
export class Disks {
  readonly troubles = new Troubles<DiskTrouble>()
  private readonly engine: Engine
  private readonly process: Process
  private readonly delays: Delays
  private readonly volumes = new Map<string, Volume>()
  /** Calls under way: what they do → who waits. */
  private readonly running = new Map<string, ((answer: DiskAnswer) => void)[]>()
  private readonly growthListeners: ((volume: Volume) => void)[] = []
  private readonly busyUntil = new Map<string, Micros>()
  /** Set by the world: whether the machine runs and can be talked to. */
  isDead: (machine: string) => boolean = () => false

  constructor(engine: Engine, delays: Delays) {
    this.engine = engine
    this.delays = delays
    this.process = engine.process('storage', ranks.machines)
  }

  /** The volume of that PersistentVolume's name, if the back-end has it. */
  volume(name: string): Volume | undefined {
    return this.volumes.get(name)
  }

  /** The volumes that a dead machine still holds. */
  heldBy(machine: string): readonly Volume[] {
    return [...this.volumes.values()].filter((volume) => volume.heldBy === machine)
  }

  /** A volume that was there before (a PersistentVolume that a user wrote). */
  adopt(name: string, handle: string, driver: DriverData, about: readonly string[]): Volume {
    const there = this.volumes.get(name)
    if (there !== undefined) return there
    const volume: Volume = {
      name,
      handle,
      driver,
      bytes: 0,
      about,
      attachedTo: new Set(),
      formatted: true,
      heldBy: undefined,
      files: new Map(),
    }
    this.volumes.set(name, volume)
    return volume
  }

  /** CreateVolume. `about`: keys of the claim and the class. */
  provision(name: string, driver: DriverData, bytes: number, about: readonly string[], done: (answer: DiskAnswer) => void): void {
    const there = this.volumes.get(name)
    if (there !== undefined) return done({ ok: true, volume: there })
    const keys = [...about, `PersistentVolume//${name}`]
    const failure = this.fails('provision-fail', keys)
    if (failure !== undefined) return done({ ok: false, error: failure.error })
    this.call(`provision ${name}`, this.time('provision', keys[0] ?? name, keys, driver.provisionPoll), done, () => {
      const handle = `vol-${this.hex(name, 17)}`
      return { ok: true, volume: this.adoptNew({ name, handle, driver, bytes, about: keys }) }
    })
  }

  /** DeleteVolume. */
  remove(name: string, done: (answer: { readonly ok: true } | { readonly ok: false; readonly error: string }) => void): void {
    const volume = this.volumes.get(name)
    if (volume === undefined) return done({ ok: true })
    this.call(`remove ${name}`, this.time('delete-volume', luckOf(volume), volume.about), done, () => {
      this.volumes.delete(name)
      return { ok: true, volume }
    })
  }

  /** ControllerPublish. */
  attach(name: string, machine: string, done: (answer: DiskAnswer) => void): void {
    const volume = this.volumes.get(name)
    if (volume === undefined) return done({ ok: false, error: `rpc error: code = NotFound desc = volume ${name} not found` })
    if (volume.attachedTo.has(machine)) return done({ ok: true, volume })
    const failure = this.fails('attach-fail', volume.about)
    if (failure !== undefined)
      return done({ ok: false, error: failure.error, ...(failure.errorCode === undefined ? {} : { code: failure.errorCode }) })
    this.call(
      `attach ${name} ${machine}`,
      this.waitsFor(machine, volume.driver) + this.time('attach', luckOf(volume), volume.about),
      done,
      () => {
        volume.attachedTo.add(machine)
        return { ok: true, volume }
      },
    )
  }

  /** ControllerUnpublish. */
  detach(name: string, machine: string, done: (answer: DiskAnswer) => void): void {
    const volume = this.volumes.get(name)
    if (volume === undefined) return done({ ok: false, error: `rpc error: code = NotFound desc = volume ${name} not found` })
    if (!volume.attachedTo.has(machine)) return done({ ok: true, volume })
    const failure = this.fails('detach-fail', volume.about)
    if (failure !== undefined) return done({ ok: false, error: failure.error })
    this.call(
      `detach ${name} ${machine}`,
      this.waitsFor(machine, volume.driver) + this.time('detach', luckOf(volume), volume.about),
      done,
      () => {
        volume.attachedTo.delete(machine)
        if (!volume.driver.detachesFromDead && this.isDead(machine)) volume.heldBy = machine
        return { ok: true, volume }
      },
    )
  }

  /** ControllerExpand: at once. */
  expand(name: string, bytes: number): void {
    const volume = this.volumes.get(name)
    if (volume === undefined || volume.bytes >= bytes) return
    volume.bytes = bytes
    for (const tell of [...this.growthListeners]) tell(volume)
  }

  /** Calls back when a volume became larger. */
  listenGrowth(tell: (volume: Volume) => void): void {
    this.growthListeners.push(tell)
  }

  /** Whether a call of that kind fails now, for any of the keys; counts the failure. */
  fails<K extends 'provision-fail' | 'attach-fail' | 'detach-fail' | 'mount-fail' | 'unmount-fail'>(
    kind: K,
    keys: readonly string[],
  ): Extract<DiskTrouble, { kind: K }> | undefined {
    const trouble = this.troubles.find(kind, ...keys)
    const counted = trouble as { left?: number } | undefined
    if (counted?.left === undefined) return trouble
    if (counted.left <= 0) return undefined
    counted.left--
    return trouble
  }

  /** The length of a step for a volume, slowed by its troubles, and noticed at multiples of `poll`. */
  time(
    step: 'provision' | 'delete-volume' | 'attach' | 'detach' | 'mount' | 'mount-first' | 'unmount',
    thing: string,
    keys: readonly string[],
    poll?: Micros,
  ): Micros {
    const factor = this.troubles.find('slow', ...keys)?.factor ?? 1
    const length = Math.round(this.delays.of(step, thing) * factor)
    return poll === undefined ? length : Math.ceil(length / poll) * poll
  }

  private adoptNew(made: Pick<Volume, 'name' | 'handle' | 'driver' | 'bytes' | 'about'>): Volume {
    const volume: Volume = { ...made, attachedTo: new Set(), formatted: false, heldBy: undefined, files: new Map() }
    this.volumes.set(made.name, volume)
    return volume
  }

  /** How long a request waits for those before it on its machine. */
  private waitsFor(machine: string, driver: DriverData): Micros {
    const { perMachine } = driver
    const now = this.engine.now
    switch (perMachine.kind) {
      case 'parallel':
        return 0
      case 'serial': {
        const begin = Math.max(now, this.busyUntil.get(machine) ?? 0)
        this.busyUntil.set(machine, begin + perMachine.each)
        return begin - now
      }
      case 'batch': {
        const open = this.busyUntil.get(machine) ?? 0
        const begin = open > now ? open : now + perMachine.window
        this.busyUntil.set(machine, begin)
        return begin - now
      }
    }
  }

  private call(key: string, takes: Micros, done: (answer: DiskAnswer) => void, effect: () => DiskAnswer): void {
    const waiting = this.running.get(key)
    if (waiting !== undefined) {
      waiting.push(done)
      return
    }
    this.running.set(key, [done])
    this.process.after(takes, key, () => {
      const all = this.running.get(key) ?? []
      this.running.delete(key)
      const answer = effect()
      for (const tell of all) tell(answer)
    })
  }

  private hex(thing: string, digits: number): string {
    let text = ''
    for (let at = 0; text.length < digits; at++)
      text += Math.floor(this.engine.chance(thing, 'volume handle', at) * 4_294_967_296)
        .toString(16)
        .padStart(8, '0')
    return text.slice(0, digits)
  }
}
