/**
 * Puts a component together: its eyes (caches), its hands (client), its voice (recorder) and its time. Several controllers may share
 * one pair of eyes, as those of kube-controller-manager do.
 */
import type { Micros } from '../../engine/clock.ts'
import type { Engine } from '../../engine/engine.ts'
import type { Process } from '../../engine/process.ts'
import type { Answer, Request } from '../apiserver/request.ts'
import type { Store } from '../apiserver/store.ts'
import type { Gates } from '../objects/release.ts'
import type { Calendar } from '../objects/time.ts'
import { type Access, Client, type RateLimit } from './client.ts'
import type { Component } from './controller.ts'
import { Caches } from './informer.ts'
import { Recorder } from './recorder.ts'

/** What all components of one cluster share. */
export type Surroundings = {
  readonly engine: Engine
  readonly store: Store
  readonly handle: (actor: string, request: Request) => Answer
  readonly gates: Gates
  readonly calendar: Calendar
  /** A sample of a step of the profile: `api`, `watch`. `thing` says whose luck it is. */
  readonly delay: (step: 'api' | 'watch', thing: string) => Micros
  /** Profiles `reference` and `instant`: no jitter, fixed phases, recorders and rate limits that hold nothing back. */
  readonly exact: boolean
  /** Flags and configuration of the real components: component → flag → value. */
  readonly options: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly access: Access
}

export type ComponentSpec = {
  /** How it is called in the journal's `who` and signs its writes. */
  readonly actor: string
  /** Source of its Events, where it has another name. */
  readonly source?: { readonly component: string; readonly host?: string }
  readonly process: Process
  readonly caches: Caches
  /** The real component whose flags are meant: `kube-controller-manager`. */
  readonly flagsOf: string
  readonly limit?: RateLimit
  /** Its way to the API server, if it is not the control plane's own. */
  readonly access?: Access
}

/** A flag as text; a field that is an object as its JSON. */
const optionText = (value: unknown): string | undefined =>
  value === undefined ? undefined : typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value)

/** Caches of a component (or of several that share them). */
export const cachesOf = (around: Surroundings, process: Process, node?: string): Caches =>
  new Caches({
    store: around.store,
    process,
    delay: () => around.delay('watch', process.name),
    ...(node === undefined ? {} : { node }),
  })

/** A component and its client. */
export const componentOf = (around: Surroundings, spec: ComponentSpec): { readonly component: Component; readonly client: Client } => {
  const { engine, calendar, gates, exact } = around
  const { actor, process, caches } = spec
  const time = () => calendar.textOf(engine.now)
  const source = spec.source ?? { component: actor }
  const recorder = new Recorder({ engine, store: around.store, source, time, correlates: !exact })
  const client = new Client({
    actor,
    process,
    handle: around.handle,
    delay: () => around.delay('api', actor),
    access: spec.access ?? around.access,
    limit: exact ? undefined : spec.limit,
    announce: (event) => recorder.record(event),
    watch: (kinds, changed) => watchAll(around.store, process, kinds, changed),
  })
  const drawn = new Map<string, number>()
  const flags = around.options[spec.flagsOf] ?? {}
  const component: Component = {
    name: actor,
    process,
    see: caches,
    gates,
    option: (name) => optionText(flags[name]),
    now: () => engine.now,
    time,
    timeOf: (at) => calendar.textOf(at),
    microsOf: (text) => calendar.microsOf(text),
    play: (story, ended) => client.play(story, ended),
    rhythm: (purpose, period, phase) => ({
      period,
      phase: exact ? phase : Math.floor(engine.chance(process.name, `phase ${purpose}`) * period),
    }),
    jitter: (purpose) => {
      if (exact) return 0
      const count = drawn.get(purpose) ?? 0
      drawn.set(purpose, count + 1)
      return engine.chance(process.name, `jitter ${purpose}`, count)
    },
    record: (what, about, detail) => engine.record(actor, what, about, detail),
  }
  return { component, client }
}

/** Calls `changed` once after each instant's changes of the kinds; answers how to stop. */
export const watchAll = (store: Store, process: Process, kinds: readonly string[], changed: () => void): (() => void) => {
  let planned = false
  let stopped = false
  const see = () => {
    if (planned || stopped) return
    planned = true
    process.after(0, 'sees a change', () => {
      planned = false
      if (!stopped) changed()
    })
  }
  const stops = kinds.map((kind) => store.watch(kind, see))
  return () => {
    stopped = true
    for (const stop of stops) stop()
  }
}
