/**
 * What a controller is: a value in a list (controllers/index.ts). The control loop gives it caches that trail the truth,
 * a queue of keys, and plays its looks.
 */
import type { Micros } from '../../engine/clock.ts'
import type { Process } from '../../engine/process.ts'
import type { Rhythm } from '../../engine/rhythm.ts'
import type { Change, View } from '../apiserver/collection.ts'
import type { Gates } from '../objects/release.ts'
import type { Look, Story } from './story.ts'

export type { Change, Lister, View } from '../apiserver/collection.ts'

/** What a component is given to live: its name, time, settings, eyes and hands. */
export type Component = {
  /** As it signs its writes and Events: `statefulset-controller`. */
  readonly name: string
  /** Its timers; when it dies none of them fires. */
  readonly process: Process
  readonly see: View
  /** Feature gates and release switches. */
  readonly gates: Gates
  /** Flags and configuration fields of the real component, by their real names, as text: `node-monitor-grace-period` → "50s". */
  option(name: string): string | undefined
  /** Now, in microseconds since the start, and as the API writes it (whole seconds). */
  now(): Micros
  time(): string
  /** A moment (microseconds since the start) as the API writes it; and back. */
  timeOf(at: Micros): string
  microsOf(time: string): Micros
  /**
   * Play a story with this component's client outside any queue; `ended` is called with what it returned. In the
   * profiles without latency it has ended when `play` returns.
   */
  play<T>(story: Story<T>, ended?: (result: T) => void): void
  /**
   * The phase of one of its loops: `reference` gives the phase named in cases/README.md 3 (`phase`), other profiles draw it
   * from the seed, once, for this component and purpose.
   */
  rhythm(purpose: string, period: Micros, phase: Micros): Rhythm
  /** A single draw in [0, 1) for this purpose, or 0 in profile `reference` ("all jitter is 0"). */
  jitter(purpose: string): number
  /** Write down something that happened in truth, for people and tables (see observe): never read back by the model. */
  record(what: string, about: string, detail: unknown): void
}

/** What a queue of keys takes. */
export type Enqueue = {
  /** Look at the key as soon as a worker is free. */
  add(key: string): void
  /** Not before so long has passed; the earliest of several wins. */
  addAfter(key: string, delay: Micros): void
}

/** A controller made of a queue and a look. */
export type Controller = {
  /** `statefulset-controller` */
  readonly name: string
  /** The kinds whose changes it is told, in this order of registration. */
  readonly kinds: readonly string[]
  /** Keys worked on side by side. */
  readonly workers: number
  /** Back-off of a failed key: first delay and cap. Default 5 ms doubling to 1000 s. */
  readonly backOff?: { readonly first: Micros; readonly most: Micros }
  /** Called once when the component (re)starts, after its caches are filled: indexes, loops. */
  start?(queue: Enqueue): void
  /** A change arrived in its caches: put keys into the queue. */
  changed(change: Change, queue: Enqueue): void
  /** One look at one key. Absent for controllers that act in their own loops. */
  look?(key: string): Look
}

/** How a controller comes into being. One line in controllers/index.ts. State lives in the closure and dies with the component. */
export type ControllerFactory = (component: Component) => Controller
