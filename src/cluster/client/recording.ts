/**
 * Answers the calls of one look at once, lets those fail that are to fail, and writes them down, each with its Event.
 * Source: contract 7; README of the cases ("An action on an Event is no call, it only carries its event").
 */
import * as errors from '../apiserver/errors.ts'
import { kindOf } from '../apiserver/kinds/index.ts'
import type { Answer, Request, Status } from '../apiserver/request.ts'
import type { StillServer } from '../apiserver/still.ts'
import type { KubernetesObject } from '../objects/metadata.ts'
import type { AtOnce } from './at-once.ts'
import type { Announcement } from './story.ts'

/** An Event as it would be recorded. */
export type ActionEvent = { readonly type: string; readonly reason: string; readonly message: string }

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

/** Calls that are to fail. `verb` as in an action; without `name` all of the kind; `times` without end if absent. */
export type FailingRule = {
  readonly verb: string
  readonly kind: string
  readonly name?: string
  readonly reason: string
  readonly times?: number
}

type Writable<T> = { -readonly [K in keyof T]: T[K] }

/** Answers the calls of one look and writes them down. */
export class Recording implements AtOnce {
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

/** Events of calls begin with what was done to what: `Create Pod web-0 in …`, `Create Claim data-web-0 …`; the scheduler's have their reasons. */
const goesWith = ({ verb, object, answer }: Action, event: ActionEvent): boolean => {
  if (event.reason === 'Scheduled') return verb === 'bind'
  if (event.reason === 'Preempted') return verb === 'delete'
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
