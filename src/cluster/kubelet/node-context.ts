/**
 * What the parts of one node's kubelet share: its machine, its component, its rhythms and its settings.
 * Sources: node-and-storage.md A13; cases/README.md 3 (phases of profile reference).
 */
import { type Micros, milliseconds, parseDuration, seconds } from '../../engine/clock.ts'
import type { Rhythm } from '../../engine/rhythm.ts'
import type { Machine } from '../../world/machine.ts'
import type { World } from '../../world/world.ts'
import type { Component } from '../client/controller.ts'
import { announce } from '../client/story.ts'
import type { KubernetesObject } from '../objects/metadata.ts'

/** The rhythms of a kubelet. */
type Rhythms = {
  /** Lease renewals. */
  readonly lease: Rhythm
  /** Node status, with volumesInUse. */
  readonly nodeStatus: Rhythm
  /** Reconcile of all pod statuses. */
  readonly podStatus: Rhythm
  /** Check of the runtime. */
  readonly runtime: Rhythm
  /** Eviction manager. */
  readonly eviction: Rhythm
  /** Sync ticker: requeued pods. */
  readonly sync: Rhythm
  readonly housekeeping: Rhythm
  /** PLEG relist. */
  readonly relist: Rhythm
  /** Desired state, unmounts and mounts of volumes. */
  readonly volumes: Rhythm
}

/** Fields of the kubelet's configuration that the model reads. */
type Settings = {
  readonly maxCrashBackOff: Micros
  readonly firstCrashBackOff: Micros
  readonly serialPulls: boolean
  readonly shutdownGrace: Micros
  readonly shutdownGraceCritical: Micros
}

/** What a kubelet's parts share. */
export type NodeContext = {
  readonly node: string
  readonly component: Component
  readonly machine: Machine
  readonly world: World
  readonly rhythms: Rhythms
  readonly settings: Settings
  /** When this kubelet started. */
  readonly startedAt: Micros
  /** Records an Event about an object. */
  tell(regarding: KubernetesObject, type: 'Normal' | 'Warning', reason: string, message: string): void
  /** `act`, but not after this kubelet has died: for what the world calls back. */
  mine(act: () => void): () => void
  /** The same for what is called back with something. */
  mineOf<T>(act: (value: T) => void): (value: T) => void
  /** `J(length, factor)` of A1: only ever longer; exact in profile reference. */
  stretch(length: Micros, factor: number, purpose: string): Micros
}

/** Reads what a component's options say; a duration that cannot be read is as if it were not there. */
const durationOption = (component: Component, ...names: readonly string[]): Micros | undefined => {
  for (const name of names) {
    const text = component.option(name)
    const value = text === undefined ? undefined : parseDuration(text)
    if (value !== undefined) return value
  }
  return undefined
}

/** `crashLoopBackOff: {maxContainerRestartPeriod: 30s}`, given dotted or as the text of an object. */
const restartPeriod = (component: Component): Micros | undefined => {
  const dotted = durationOption(component, 'crashLoopBackOff.maxContainerRestartPeriod')
  if (dotted !== undefined) return dotted
  const whole = /maxContainerRestartPeriod["']?\s*:\s*["']?([^"'},\s]+)/.exec(component.option('crashLoopBackOff') ?? '')
  return whole === null ? undefined : parseDuration(whole[1] as string)
}

const settingsOf = (component: Component): Settings => {
  // A8: 300 s; KubeletCrashLoopBackOffMax lets a node lower it, and the first step with it.
  const own = component.gates.on('KubeletCrashLoopBackOffMax') ? restartPeriod(component) : undefined
  const maxCrashBackOff = own ?? seconds(300)
  const parallel = component.option('maxParallelImagePulls')
  const serialize = component.option('serializeImagePulls')
  return {
    maxCrashBackOff,
    firstCrashBackOff: Math.min(seconds(10), maxCrashBackOff),
    serialPulls: serialize === undefined ? parallel === undefined || Number(parallel) < 2 : serialize !== 'false',
    shutdownGrace: durationOption(component, 'shutdownGracePeriod') ?? 0,
    shutdownGraceCritical: durationOption(component, 'shutdownGracePeriodCriticalPods') ?? 0,
  }
}

/** What the parts of the kubelet of `machine` share. */
export const nodeContext = (component: Component, machine: Machine, world: World): NodeContext => {
  const rhythm = (purpose: string, period: Micros, phase: Micros): Rhythm => component.rhythm(purpose, period, phase)
  const counts = new Map<string, number>()
  const { process } = component
  // The context is made while the process lives this life, or before its first one.
  const { incarnation } = process
  const lives = (): boolean => process.alive && process.incarnation === incarnation
  return {
    node: machine.name,
    component,
    machine,
    world,
    rhythms: {
      lease: rhythm('lease', seconds(10), seconds(3)),
      nodeStatus: rhythm('node-status', seconds(10), seconds(3)),
      podStatus: rhythm('pod-status', seconds(10), seconds(3)),
      runtime: rhythm('runtime', seconds(5), seconds(1)),
      eviction: rhythm('eviction', seconds(10), seconds(2.5)),
      sync: rhythm('sync', seconds(1), 0),
      housekeeping: rhythm('housekeeping', seconds(2), 0),
      relist: rhythm('relist', seconds(1), 0),
      volumes: rhythm('volumes', milliseconds(100), 0),
    },
    settings: settingsOf(component),
    startedAt: component.now(),
    tell(regarding, type, reason, message) {
      component.play(announce(regarding, type, reason, message))
    },
    mine: (act) => () => {
      if (lives()) act()
    },
    mineOf: (act) => (value) => {
      if (lives()) act(value)
    },
    stretch(length, factor, purpose) {
      const count = counts.get(purpose) ?? 0
      counts.set(purpose, count + 1)
      return Math.round(length * (1 + factor * component.jitter(`${purpose} ${count}`)))
    },
  }
}
