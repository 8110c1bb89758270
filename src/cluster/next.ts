/**
 * `next`: what will the controllers do with these objects, and why? One look of each, without running time (contract 7).
 *
 * The same looks as in a run play over an API server that stands still (apiserver/still.ts). Each look begins with the objects
 * as they were given and sees nothing of the others.
 */

import { type Micros, seconds } from '../engine/clock.ts'
import { Engine } from '../engine/engine.ts'
import * as errors from './apiserver/errors.ts'
import { kindOf } from './apiserver/kinds/index.ts'
import type { Answer, Request, Status } from './apiserver/request.ts'
import { StillServer } from './apiserver/still.ts'
import { playAtOnce } from './client/at-once.ts'
import type { Component } from './client/controller.ts'
import type { Announcement } from './client/story.ts'
import { statefulset } from './controllers/statefulset/index.ts'
import { type KubernetesObject, namespacedName } from './objects/metadata.ts'
import { type Gates, gatesOf, parseRelease } from './objects/release.ts'
import { Calendar, parseEpoch, printEpoch } from './objects/time.ts'
import type { SchedulerConfiguration } from './scheduler/configuration.ts'
import { lookAtPods, type SchedulerDetail } from './scheduler/next.ts'

/** An Event as it would be recorded. */
export type ActionEvent = { readonly type: string; readonly reason: string; readonly message: string }

export type { SchedulerDetail }

/** One call, with the Event that goes with it. */
export type Action = {
  readonly verb: 'create' | 'update' | 'patch' | 'delete' | 'update-status' | 'bind' | 'evict'
  /** As it is after the call; for delete, as it was; of a refused call, what was asked for. */
  readonly object: KubernetesObject
  /** The API's reason when the call failed. */
  readonly answer: 'ok' | (string & {})
  /** An Event that goes with no write comes alone, with verb `create` on the Event. */
  readonly event: ActionEvent | null
}

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

/** Calls that are to fail. `verb` as in an action; without `name` all of the kind; `times` without end if absent. */
export type FailingRule = {
  readonly verb: string
  readonly kind: string
  readonly name?: string
  readonly reason: string
  readonly times?: number
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

/**
 * What the controllers would do. The objects are never changed.
 * @throws TypeError when an option says what cannot be (a release that is not modelled, a time that is none).
 */
export const next = (objects: readonly KubernetesObject[], options: NextOptions = {}): Decision[] => {
  const release = parseRelease(options.release ?? defaultRelease)
  if (release === undefined) throw new TypeError(`release ${options.release} is not one of 1.33 to 1.37`)
  const gates = gatesOf(release, options.featureGates)
  const given = wholeObjects(objects, gates)
  const moment = momentOf(options.now, given)
  const scene: Scene = { gates, moment, failing: options.failing ?? [] }
  const decisions: Decision[] = []
  if (asks(options.controller, 'statefulset-controller')) decisions.push(...statefulSetLooks(given, scene))
  if (asks(options.controller, 'kube-scheduler')) decisions.push(...schedulerLooks(given, scene, options.schedulerConfiguration))
  return decisions
}

const asks = (controller: string | undefined, name: string): boolean =>
  controller === undefined || controller === '' || controller === name || `${controller}-controller` === name

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

type Writable<T> = { -readonly [K in keyof T]: T[K] }

/** Answers the calls of one look and writes them down. */
class Recording {
  readonly actions: Writable<Action>[] = []
  private readonly server: StillServer
  private readonly rules: { readonly rule: FailingRule; left: number }[]
  private events = 0

  constructor(server: StillServer, failing: readonly FailingRule[]) {
    this.server = server
    this.rules = failing.map((rule) => ({ rule, left: rule.times ?? Number.POSITIVE_INFINITY }))
  }

  readonly call = (request: Request): Answer => {
    const verb = verbOf(request)
    if (verb === undefined) return this.server.handle(request)
    const asked = this.server.wouldBe(request)
    const rule = this.rules.find(
      ({ rule: each, left }) =>
        left > 0 && each.verb === verb && each.kind === asked.kind && (each.name === undefined || each.name === asked.metadata.name),
    )
    if (rule !== undefined) rule.left--
    const answer: Answer = rule === undefined ? this.server.handle(request) : { ok: false, status: refusalOf(rule.rule, asked, verb) }
    const object = answer.ok && verb !== 'delete' ? answer.object : asked
    this.actions.push({ verb, object, answer: answer.ok ? 'ok' : answer.status.reason, event: null })
    // Whoever meets a conflict has time to hear of what he missed.
    if (!answer.ok && answer.status.reason === 'Conflict') this.server.catchUp()
    return answer
  }

  readonly sleep = (): void => this.server.catchUp()

  readonly event = ({ regarding, type, reason, message }: Announcement): void => {
    const event = { type, reason, message }
    const action = this.actions.findLast((each) => each.event === null && goesWith(each, event))
    if (action !== undefined) {
      action.event = event
      return
    }
    const { namespace = '', name, uid = '' } = regarding.metadata
    const object = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: `${name}.${String(++this.events).padStart(16, '0')}`, namespace },
      involvedObject: { apiVersion: regarding.apiVersion, kind: regarding.kind, name, namespace, uid },
      reason,
      message,
      type,
    }
    this.actions.push({ verb: 'create', object, answer: 'ok', event })
  }
}

const verbOf = (request: Request): Action['verb'] | undefined => {
  switch (request.verb) {
    case 'get':
    case 'list':
      return undefined
    case 'update':
      return request.subresource === 'status' ? 'update-status' : 'update'
    default:
      return request.verb
  }
}

/** Events of calls begin with what was done to what: `Create Pod web-0 in …`, `Create Claim data-web-0 …`. */
const goesWith = ({ verb, object, answer }: Action, event: ActionEvent): boolean => {
  const word = object.kind === 'Pod' ? 'Pod' : object.kind === 'PersistentVolumeClaim' ? 'Claim' : undefined
  if (word === undefined || !event.message.toLowerCase().startsWith(`${verb} ${word.toLowerCase()} ${object.metadata.name} `)) return false
  const isGone = answer === 'NotFound' && verb === 'delete'
  return isGone || (answer === 'ok') === event.reason.startsWith('Successful') || verb === 'update'
}

/** What a rule of `failing` is answered with, in the API's words. */
const refusalOf = (rule: FailingRule, object: KubernetesObject, verb: string): Status => {
  const kind = kindOf(object.kind) ?? { kind: object.kind, plural: `${object.kind.toLowerCase()}s`, group: '' }
  const { name, generateName } = object.metadata
  switch (rule.reason) {
    case 'NotFound':
      return errors.notFound(kind, name)
    case 'AlreadyExists': {
      const status = errors.alreadyExists(kind, name)
      const more = ', the server was not able to generate a unique name for the object'
      return generateName === undefined ? status : { ...status, message: status.message + more }
    }
    case 'Conflict':
      return errors.conflict(kind, name)
    case 'Forbidden':
      return errors.forbidden(kind, name, 'refused as asked for')
    case 'Invalid':
      return errors.invalid(kind, name, [{ reason: 'FieldValueInvalid', field: 'spec', message: 'Invalid value: refused as asked for' }])
    case 'InternalError':
      return errors.internalError('refused as asked for')
    case 'TooManyRequests':
      return errors.tooManyRequests('Too many requests, please try again later.')
    case 'ServiceUnavailable':
      return errors.serviceUnavailable('the server is currently unable to handle the request')
    case 'ServerTimeout':
      return errors.serverTimeout(kind, verb)
    case 'Timeout':
      return errors.timedOut('request did not complete within the allotted timeout')
    default:
      return { code: 500, reason: rule.reason, message: `${verb} ${errors.resourceName(kind)} "${name}": ${rule.reason}` }
  }
}

/** Lists taken apart; what a plain manifest lacks (namespace, uid, defaults) filled in on a copy. */
const wholeObjects = (objects: readonly KubernetesObject[], gates: Gates): readonly KubernetesObject[] => {
  const result: KubernetesObject[] = []
  for (const object of objects) {
    const items = object['items'] as readonly KubernetesObject[] | undefined
    if (Array.isArray(items) && object.kind?.endsWith('List')) {
      const kind = object.kind.slice(0, -'List'.length)
      const named = items.map((item) => (item.kind === undefined ? { ...item, apiVersion: object.apiVersion, kind } : item))
      result.push(...wholeObjects(named, gates))
    } else result.push(whole(object, gates, result.length))
  }
  return result
}

const whole = (object: KubernetesObject, gates: Gates, count: number): KubernetesObject => {
  const kind = kindOf(object.kind)
  const { uid, namespace } = object.metadata
  const isPlaced = kind?.namespaced === false || (namespace !== undefined && namespace !== '')
  if (uid !== undefined && isPlaced) return object
  const metadata = {
    ...object.metadata,
    ...(isPlaced ? {} : { namespace: 'default' }),
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
