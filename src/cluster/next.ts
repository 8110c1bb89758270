/**
 * `next`: what will the controllers do with these objects, and why? One look of each, without running time (contract 7).
 *
 * The same looks as in a run play over an API server that stands still (apiserver/still.ts). Each look begins with the objects
 * as they were given and sees nothing of the others.
 */

import { type Micros, seconds } from '../engine/clock.ts'
import { Engine } from '../engine/engine.ts'
import { kindOf } from './apiserver/kinds/index.ts'
import { StillServer } from './apiserver/still.ts'
import { playAtOnce } from './client/at-once.ts'
import type { Component } from './client/controller.ts'
import { type Action, type FailingRule, Recording } from './client/recording.ts'
import { statefulset } from './controllers/statefulset/index.ts'
import { type KubernetesObject, namespacedName } from './objects/metadata.ts'
import { type Gates, gatesOf, parseRelease } from './objects/release.ts'
import { Calendar, parseEpoch, printEpoch } from './objects/time.ts'
import type { SchedulerConfiguration } from './scheduler/configuration.ts'
import { lookAtPods, type SchedulerDetail } from './scheduler/next.ts'
import { schedulerKinds } from './scheduler/scheduler.ts'

export type { Action, FailingRule } from './client/recording.ts'
export type { SchedulerDetail } from './scheduler/next.ts'

/** What one controller does about one object. */
export type Decision = {
  readonly component: string
  readonly object: { readonly kind: string; readonly namespace: string; readonly name: string }
  /** In the order of the calls. */
  readonly actions: readonly Action[]
  /** Why nothing (more) is done now. */
  readonly waits: string | null
  /** What the look ended with; it would be tried again. */
  readonly error: string | null
  /** Seconds. */
  readonly wakesAfter: number | null
  readonly detail?: SchedulerDetail
}

/** See contract 7. */
export type NextOptions = {
  /** `statefulset-controller`, `kube-scheduler`; without it all. */
  readonly controller?: string
  /** `1.36` (its last patch) or `1.35.2`; default 1.36. */
  readonly release?: string
  readonly featureGates?: Readonly<Record<string, boolean>>
  /** RFC 3339 text, a Date, or milliseconds since 1970; default the newest time found in the objects. */
  readonly now?: string | Date | number
  readonly failing?: readonly FailingRule[]
  readonly schedulerConfiguration?: unknown
}

/** The release that is looked at when none is named. */
const defaultRelease = '1.36'
/** What now is when no object has a time. */
const defaultNow = '2026-01-01T00:00:00Z'

/** The kinds that a look reads; objects of others change no answer. */
export const kindsLookedAt: ReadonlySet<string> = new Set([
  'StatefulSet',
  'Pod',
  'PersistentVolumeClaim',
  'ControllerRevision',
  ...schedulerKinds,
])

/**
 * The release and the switches that are looked with.
 * @throws TypeError when the release is not modelled.
 */
export const gatesOfNext = ({ release = defaultRelease, featureGates }: NextOptions): Gates => {
  const parsed = parseRelease(release)
  if (parsed === undefined) throw new TypeError(`release ${release} is not one of 1.33 to 1.37`)
  return gatesOf(parsed, featureGates)
}

/**
 * What the controllers would do. The objects are never changed.
 * The scheduler's configuration is taken as it is: src/next.ts looks at it first.
 * @throws TypeError when an option says what cannot be (a release that is not modelled, a time that is none, a controller that nobody is), or when
 *   one of the objects is none.
 */
export const next = (objects: readonly KubernetesObject[], options: NextOptions = {}): Decision[] => {
  const { controller } = options
  if (!asks(controller, 'statefulset-controller') && !asks(controller, 'kube-scheduler')) {
    throw new TypeError(`controller ${controller} is none of ${Object.keys(components).join(', ')}`)
  }
  const gates = gatesOfNext(options)
  const given = wholeObjects(objects, gates)
  const moment = momentOf(options.now, given)
  const scene: Scene = { gates, moment, failing: options.failing ?? [] }
  const decisions: Decision[] = []
  if (asks(controller, 'statefulset-controller')) decisions.push(...statefulSetLooks(given, scene))
  if (asks(controller, 'kube-scheduler')) decisions.push(...schedulerLooks(given, scene, options.schedulerConfiguration))
  return decisions
}

/** Those that can be asked, each with the names it answers to. */
const components = {
  'statefulset-controller': ['statefulset-controller', 'statefulset'],
  'kube-scheduler': ['kube-scheduler', 'scheduler', 'default-scheduler'],
} as const

const asks = (controller: string | undefined, name: keyof typeof components): boolean =>
  controller === undefined || controller === '' || (components[name] as readonly string[]).includes(controller)

type Moment = { readonly calendar: Calendar; readonly now: Micros; readonly time: string }
type Scene = { readonly gates: Gates; readonly moment: Moment; readonly failing: readonly FailingRule[] }

/** One look at each set, by namespace and name. */
const statefulSetLooks = (objects: readonly KubernetesObject[], scene: Scene): Decision[] => {
  const { gates, moment } = scene
  const { calendar } = moment
  const server = new StillServer(objects, { gates, time: moment.time, plus: (time, count) => calendar.plus(time, count) })
  const component: Component = {
    name: 'statefulset-controller',
    process: new Engine({ seed: 'next' }).process('statefulset-controller', 0),
    see: server.view,
    gates,
    option: () => undefined,
    now: () => moment.now,
    time: () => moment.time,
    timeOf: (at) => calendar.textOf(at),
    microsOf: (time) => calendar.microsOf(time),
    play: (story, ended) => {
      const result = playAtOnce(story, { call: (request) => server.handle(request) })
      ended?.(result)
    },
    rhythm: (_purpose, period, phase) => ({ period, phase }),
    jitter: () => 0,
    record: () => undefined,
  }
  return server.view
    .of('StatefulSet')
    .list()
    .map((set) => {
      const { look } = statefulset(component)
      const play = new Recording(server, scene.failing)
      const outcome = playAtOnce((look as NonNullable<typeof look>)(namespacedName(set)), play)
      server.rewind()
      const { namespace = '', name } = set.metadata
      return {
        component: component.name,
        object: { kind: set.kind, namespace, name },
        actions: play.actions,
        waits: outcome.waits,
        error: outcome.error,
        wakesAfter: outcome.wakesAfter === null ? null : outcome.wakesAfter / seconds(1),
      }
    })
}

/** One look at each pending pod, in the order of the scheduler's queue; each sees what the ones before it were given. */
const schedulerLooks = (objects: readonly KubernetesObject[], scene: Scene, configuration: unknown): Decision[] => {
  const { gates, moment, failing } = scene
  const { calendar } = moment
  const server = new StillServer(objects, { gates, time: moment.time, plus: (time, count) => calendar.plus(time, count) })
  const recordings = new Map<KubernetesObject, Recording>()
  const looks = lookAtPods(objects, {
    gates,
    time: moment.time,
    now: moment.now,
    microsOf: (time) => calendar.microsOf(time),
    configuration: configuration as SchedulerConfiguration | undefined,
    begin: (pod) => {
      const recording = new Recording(server, failing)
      recordings.set(pod, recording)
      return recording
    },
  })
  return looks.map(({ pod, waits, error, wakesAfter, detail }) => ({
    component: 'kube-scheduler',
    object: { kind: pod.kind, namespace: pod.metadata.namespace ?? '', name: pod.metadata.name },
    actions: recordings.get(pod)?.actions ?? [],
    waits,
    error,
    wakesAfter: wakesAfter === null ? null : wakesAfter / seconds(1),
    detail,
  }))
}

/** Lists taken apart; what a plain manifest lacks (namespace, uid, defaults) filled in on a copy. */
const wholeObjects = (objects: readonly KubernetesObject[], gates: Gates): readonly KubernetesObject[] => {
  const result: KubernetesObject[] = []
  for (const [index, object] of objects.entries()) {
    checkShape(object, index)
    const items = object['items'] as readonly KubernetesObject[] | undefined
    if (Array.isArray(items) && object.kind?.endsWith('List')) {
      const kind = object.kind.slice(0, -'List'.length)
      const named = items.map((item) => (item.kind === undefined ? { ...item, apiVersion: object.apiVersion, kind } : item))
      result.push(...wholeObjects(named, gates))
    } else result.push(whole(object, gates, result.length))
  }
  return result
}

/** Only what is not even an object of Kubernetes is refused here; whoever wants types checked reads with the command line. */
const checkShape = (object: unknown, index: number): void => {
  const isObject = typeof object === 'object' && object !== null && !Array.isArray(object)
  const { kind, metadata, items } = (isObject ? object : {}) as Readonly<Record<string, unknown>>
  const isList = typeof kind === 'string' && kind.endsWith('List') && Array.isArray(items)
  const name = typeof metadata === 'object' && metadata !== null ? (metadata as Readonly<Record<string, unknown>>)['name'] : undefined
  if (typeof kind === 'string' && (isList || (typeof name === 'string' && name !== ''))) return
  const found = isObject ? `an object ${typeof kind === 'string' ? `(${kind}) without metadata.name` : 'without kind'}` : String(object)
  throw new TypeError(`objects[${index}] is ${found}, not an object of Kubernetes`)
}

const whole = (object: KubernetesObject, gates: Gates, count: number): KubernetesObject => {
  const kind = kindOf(object.kind)
  const { uid, namespace } = object.metadata
  const isPlaced = kind?.namespaced === false || (namespace !== undefined && namespace !== '')
  if (uid !== undefined && isPlaced) return object
  const metadata = {
    ...object.metadata,
    ...(isPlaced ? {} : { namespace: 'default' }),
    ...(uid === undefined && kind?.hasGeneration === true && object.metadata.generation === undefined ? { generation: 1 } : {}),
    uid: uid ?? `eeeeeeee-0000-4000-8000-${String(count).padStart(12, '0')}`,
  }
  const placed = { ...object, metadata }
  if (uid !== undefined || kind === undefined) return placed
  // No server has seen it: what it would have filled in is filled in.
  return kind.defaults(placed, { gates, time: defaultNow, get: () => undefined })
}

/** Fields of objects that say when something happened. A deletionTimestamp may lie ahead; `time` is that of managedFields. */
const timeFields: ReadonlySet<string> = new Set([
  'creationTimestamp',
  'lastTransitionTime',
  'lastProbeTime',
  'lastHeartbeatTime',
  'lastUpdateTime',
  'startedAt',
  'finishedAt',
  'startTime',
  'timeAdded',
  'renewTime',
  'acquireTime',
  'eventTime',
  'firstTimestamp',
  'lastTimestamp',
  'time',
])

const newestIn = (value: unknown, newest: number): number => {
  if (typeof value !== 'object' || value === null) return newest
  let result = newest
  if (Array.isArray(value)) {
    for (const item of value) result = newestIn(item, result)
    return result
  }
  for (const field of Object.keys(value)) {
    const part = (value as Record<string, unknown>)[field]
    if (typeof part === 'object') result = newestIn(part, result)
    else if (typeof part === 'string' && timeFields.has(field)) result = Math.max(result, parseEpoch(part) ?? result)
  }
  return result
}

const momentOf = (now: NextOptions['now'], objects: readonly KubernetesObject[]): Moment => {
  const calendar = new Calendar(defaultNow)
  const epoch = epochOf(now, objects)
  if (epoch === undefined || Number.isNaN(epoch)) throw new TypeError(`now: ${String(now)} is not a time`)
  return { calendar, now: Math.round((epoch - calendar.epoch) * seconds(1)), time: printEpoch(Math.floor(epoch)) }
}

/** Seconds since 1970. */
const epochOf = (now: NextOptions['now'], objects: readonly KubernetesObject[]): number | undefined => {
  if (typeof now === 'string') return parseEpoch(now)
  if (typeof now === 'number') return now / 1000
  if (now !== undefined) return now.getTime() / 1000
  const newest = objects.reduce((found, object) => newestIn(object, found), Number.NEGATIVE_INFINITY)
  return Number.isFinite(newest) ? newest : parseEpoch(defaultNow)
}
