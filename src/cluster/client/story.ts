/**
 * A look is a story of calls: a generator that yields what it wants done and gets the answer back. Three drivers play
 * the same story: the control loop (answers after the network's time), `next()` (at once), a test (from a table).
 * See src/README.md, "The shapes that repeat".
 */
import type { Micros } from '../../engine/clock.ts'
import type { Answer, Request } from '../apiserver/request.ts'
import type { KubernetesObject } from '../objects/metadata.ts'

/** An Event for humans, to be recorded about `regarding` (source: the component that plays the story). */
export type Announcement = {
  readonly effect: 'event'
  readonly regarding: KubernetesObject
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly message: string
  /** `action` of events.k8s.io, where the source sets one (the scheduler). */
  readonly action?: string
  /** Who says it, where a component speaks under several names (the scheduler's profiles). */
  readonly source?: string
  /** `involvedObject.fieldPath`: `spec.containers{nginx}`. */
  readonly fieldPath?: string
}

/** What a story can ask for. */
export type Effect =
  /** One request to the API server. */
  | { readonly effect: 'call'; readonly request: Request }
  | Announcement
  /** Do nothing for so long. */
  | { readonly effect: 'sleep'; readonly for: Micros }
  /** Several stories side by side; the answer is the list of what they returned, in their order. */
  | { readonly effect: 'together'; readonly stories: readonly Story<unknown>[] }
  /**
   * Go on at the first moment, from now on, at which `test()` returns something other than undefined; it is asked
   * now and after each change of a watched kind (`kinds`). `within` bounds it: then the answer is undefined.
   */
  | { readonly effect: 'until'; readonly kinds: readonly string[]; readonly test: () => unknown; readonly within?: Micros }

/** A story that ends in a `T`. */
// biome-ignore lint/suspicious/noExplicitAny: what comes back depends on the effect; the helpers below give it its type
export type Story<T> = Generator<Effect, T, any>

/** Why nothing (more) is done now, in words a tired person understands; null: there is nothing to do. */
export type Outcome = {
  readonly waits: string | null
  /** What the look ended with; it is tried again with back-off. */
  readonly error: string | null
  /** Look again after so long, even if nothing changes. */
  readonly wakesAfter: Micros | null
}

/** One look of a controller at one object. */
export type Look = Story<Outcome>

export const done: Outcome = { waits: null, error: null, wakesAfter: null }
export const waits = (why: string, wakesAfter: Micros | null = null): Outcome => ({ waits: why, error: null, wakesAfter })
export const failed = (error: string): Outcome => ({ waits: null, error, wakesAfter: null })

/** Ask the API server: `const answer = yield* call({ verb: 'create', object: pod })`. */
export function* call<T extends KubernetesObject = KubernetesObject>(request: Request): Generator<Effect, Answer<T>, Answer<T>> {
  return yield { effect: 'call', request }
}

/** Record an Event. Recording never fails and takes the story no time. */
export function* announce(
  regarding: KubernetesObject,
  type: 'Normal' | 'Warning',
  reason: string,
  message: string,
  more: Pick<Announcement, 'action' | 'source'> = {},
): Generator<Effect, void, void> {
  yield { effect: 'event', regarding, type, reason, message, ...more }
}

/** Let time pass. */
export function* sleep(duration: Micros): Generator<Effect, void, void> {
  yield { effect: 'sleep', for: duration }
}

/** Run stories side by side and wait for all. */
export function* together<T>(stories: readonly Story<T>[]): Generator<Effect, T[], T[]> {
  return yield { effect: 'together', stories }
}

/** Wait until `test` gives something (see Effect 'until'). */
export function* until<T>(
  kinds: readonly string[],
  test: () => T | undefined,
  within?: Micros,
): Generator<Effect, T | undefined, T | undefined> {
  return yield within === undefined ? { effect: 'until', kinds, test } : { effect: 'until', kinds, test, within }
}
