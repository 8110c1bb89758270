/**
 * What a fault is: a value in a list (faults/index.ts). It has a name, targets, parameters, and what it does to the world; `begin` gives
 * back how it heals.
 * Source: contract section 5.
 */
import type * as v from 'valibot'
import { type Micros, seconds } from '../engine/clock.ts'
import type { Container, Question } from '../world/container.ts'
import type { Machine } from '../world/machine.ts'
import type { World } from '../world/world.ts'
import type { ApiTroubles } from './api-troubles.ts'
import type { ControlPlane } from './stage.ts'

/** What a fault can be aimed at. */
export type TargetKind = 'node' | 'zone' | 'pod' | 'persistentvolumeclaim' | 'persistentvolume' | 'storageclass' | 'component'

/** One thing a fault is aimed at, once selectors and zones are resolved. `kind` '' has no name: a registry for all, the API, DNS. */
export type Target = { readonly kind: Exclude<TargetKind, 'zone'> | ''; readonly namespace: string; readonly name: string }

/** The parameters of a fault as the step gave them; lengths of time are drawn, in microseconds. */
export type Parameters = Readonly<Record<string, unknown>>

/** How a fault ends. */
export type Heal = () => void

/** What faults act on. */
export type FaultWorld = {
  readonly world: World
  readonly controlPlane: ControlPlane
  readonly api: ApiTroubles
  /** Something later, at the rank of faults. */
  after(delay: Micros, label: string, act: () => void): void
}

/** A kind of fault. */
export type FaultDefinition = {
  readonly name: string
  /** What it does, for people: a sentence. */
  readonly does: string
  /** How it ends, for people: a sentence. */
  readonly heals: string
  /** What it can be aimed at; empty: it takes no target. */
  readonly targets: readonly TargetKind[]
  /** Whether it may do without its target (then it is everywhere). */
  readonly everywhere?: boolean
  /** Whether it is over as soon as it has happened, so that it takes no `for`. */
  readonly instant?: boolean
  /** Its parameters beside target, mode, value, namespace and for. */
  readonly parameters: Readonly<Record<string, v.GenericSchema>>
  /** Of a fault of components: those it can act on; absent: all. */
  readonly components?: readonly string[]
  /** Parameters that cannot be simulated yet. */
  readonly without?: readonly string[]
  /**
   * What it does when it begins; gives back how it heals, or nothing if it never does. Absent: the simulator cannot do it yet, and says
   * so before the run.
   */
  readonly begin?: (target: Target, parameters: Parameters, on: FaultWorld) => Heal | undefined
}

/** The machine that is meant. */
export const machineOf = (target: Target, { world }: FaultWorld): Machine => {
  const machine = world.machines.get(target.name)
  if (machine === undefined) throw new Error(`a machine called ${target.name}`)
  return machine
}

/** `Pod/default/web-0`: under which key the world keeps what is wrong with a pod's name. */
export const podKeyOf = (target: Target): string => `Pod/${target.namespace}/${target.name}`

/** A parameter that is a text, if it was given; as an object to be spread. */
export const textParameter = <K extends string>(parameters: Parameters, key: K): { readonly [P in K]?: string } => {
  const value = parameters[key]
  return (typeof value === 'string' ? { [key]: value } : {}) as { readonly [P in K]?: string }
}

/** A parameter that is a number, if it was given; as an object to be spread. */
export const numberParameter = <K extends string>(parameters: Parameters, key: K): { readonly [P in K]?: number } => {
  const value = parameters[key]
  return (typeof value === 'number' ? { [key]: value } : {}) as { readonly [P in K]?: number }
}

/** Which probe is meant; nothing: all three. */
export const probeParameter = (parameters: Parameters): { readonly probe?: Question } => {
  const { probe } = parameters
  return probe === 'readiness' || probe === 'liveness' || probe === 'startup' ? { probe } : {}
}

/** The nodes that a registry fault is limited to; nothing: all. */
export const nodesOf = (target: Target): { readonly nodes?: readonly string[] } => (target.kind === 'node' ? { nodes: [target.name] } : {})

/** Under which key the back-end keeps what is wrong with storage. */
export const storageKeyOf = (target: Target): string => {
  switch (target.kind) {
    case 'persistentvolumeclaim':
      return `PersistentVolumeClaim/${target.namespace}/${target.name}`
    case 'persistentvolume':
      return `PersistentVolume//${target.name}`
    default:
      return `StorageClass//${target.name}`
  }
}

/** The running containers of the pod's name, or the one that is named. */
export const containersOf = (target: Target, parameters: Parameters, { world }: FaultWorld): readonly Container[] => {
  const wanted = parameters['container']
  return [...world.machines.values()]
    .filter((machine) => machine.state === 'on')
    .flatMap((machine) => machine.runtime.containersOf(podKeyOf(target)))
    .filter((container) => container.isRunning && (wanted === undefined ? container.facts.kind === 'app' : container.facts.name === wanted))
}

/** Components that hold a lease: who loses the API server for long loses it, and the next one begins with nothing remembered. */
export const leaders = ['kube-controller-manager', 'kube-scheduler', 'csi-provisioner', 'csi-attacher', 'csi-resizer'] as const

/** Nobody reaches the API server; returns how that ends. Source: cases/README.md 6: ten seconds of it cost every leader its lease. */
export function loseApi({ api, controlPlane, world }: FaultWorld): Heal {
  const began = world.engine.now
  const mend = api.begin(() => ({ code: 0, reason: 'Unreachable', message: 'dial tcp 10.0.0.1:443: connect: connection refused' }))
  const links = [...world.machines.keys()].map((name) => world.links.partition(name))
  const parts = [...controlPlane.components.values()].filter((part) => !part.name.startsWith('kubelet/'))
  for (const part of parts) part.caches.cut()
  return () => {
    mend()
    const lost = world.engine.now - began >= seconds(10)
    for (const part of parts) part.caches.heal()
    for (const part of parts) {
      if (!lost || !(leaders as readonly string[]).includes(part.name)) continue
      part.crash()
      part.restart()
    }
    for (const heal of links) heal()
  }
}
