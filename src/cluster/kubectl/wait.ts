/**
 * kubectl wait. Source: kubectl.md 1, 6.2; kubectl pkg/cmd/wait, 1.36.
 */
import { hours, type Micros, milliseconds, seconds } from '../../engine/clock.ts'
import { type Story, sleep, until } from '../client/story.ts'
import type { KubernetesObject } from '../objects/metadata.ts'
import type { Command } from './command.ts'
import { waitUntilGone } from './delete.ts'
import { isNotFound, refusal, refused } from './failure.ts'
import { type JsonPath, JsonPathError, jsonPathText, jsonPathValues, parseJsonPath, relaxedPath, relaxedPathRefusal } from './jsonpath.ts'
import { fileFlags, printFlags, selectorFlag } from './parse.ts'
import { fetchObject, printerOf, resourceText, type Session } from './session.ts'
import { planOf, type Target, visitPlan, type Wanted, wantedOf } from './targets.ts'

export const wait: Command = {
  flags: [
    ...fileFlags,
    ...printFlags,
    selectorFlag,
    'field-selector string',
    'all bool',
    'all-namespaces,A bool',
    'local bool',
    'for array',
    'timeout duration',
  ],
  run: waitForObjects,
}

/** What is waited for. */
type Goal =
  | { readonly kind: 'delete' }
  | { readonly kind: 'create' }
  | { readonly kind: 'state'; readonly isMet: (object: KubernetesObject) => boolean }

/** How long "a week" is, which is how long kubectl waits when told to wait for ever. */
const week = hours(168)

function* waitForObjects(session: Session): Story<void> {
  const { flags, terminal } = session
  const print = printerOf(session)
  const goals = flags.list('for').map(goalOf)
  if (goals.length === 0) throw refusal('unrecognized condition: []')
  const asked = flags.duration('timeout', seconds(30))
  const limit = asked < 0 ? week : asked
  const end = terminal.now() + limit
  const deletes = goals.some((goal) => goal.kind === 'delete')
  const wanted: Wanted = { args: session.args, files: true, fetch: 'latest', ignoreMissing: deletes, ...wantedOf(session) }
  const plan = planOf(session, wanted)

  // Source: wait.go: creation is polled for, every half second, before anything else.
  if (goals.some((goal) => goal.kind === 'create')) {
    for (;;) {
      let count = 0
      try {
        yield* visitPlan(session, plan, { ...wanted, ignoreMissing: false }, () => {
          count += 1
          return undefined
        })
      } catch (thrown) {
        if (!isNotFound(thrown)) throw thrown
      }
      if (count > 0) break
      if (terminal.now() + milliseconds(500) > end) {
        yield* sleep(Math.max(0, end - terminal.now()))
        throw refusal('timed out waiting for the condition')
      }
      yield* sleep(milliseconds(500))
    }
  }
  const count = yield* visitPlan(session, plan, wanted, function* (target) {
    for (const goal of goals) {
      const object = yield* reach(session, target, goal, limit, end)
      print(target.kind, object, 'condition met')
    }
  })
  if (count === 0 && !deletes) throw refusal('no matching resources found')
}

function* reach(session: Session, target: Target, goal: Goal, limit: Micros, end: Micros): Story<KubernetesObject> {
  const { kind, namespace, name } = target
  const object = target.object as KubernetesObject
  const { terminal } = session
  if (goal.kind === 'create') return object
  if (goal.kind === 'delete') {
    let live: KubernetesObject
    try {
      live = yield* fetchObject(session, kind, namespace, name)
    } catch (thrown) {
      if (isNotFound(thrown)) return object
      throw thrown
    }
    if (limit === 0) throw refusal(`condition not met for ${kind.plural}/${name}`)
    yield* waitUntilGone(session, [{ target, uid: undefined }], Math.max(0, end - terminal.now()))
    return live
  }
  if (limit === 0) {
    const live = yield* fetchObject(session, kind, namespace, name)
    if (goal.isMet(live)) return live
    throw refusal(`condition not met for ${kind.plural}/${name}`)
  }
  const lister = terminal.see.of(kind.kind)
  let seen = false
  const test = (): KubernetesObject | 'gone' | { readonly wrong: unknown } | undefined => {
    const live = lister.get(namespace, name)
    // Source: condition.go: an object that is not there when the wait begins ends it; one that goes later is waited for until the end.
    if (live === undefined) return seen ? undefined : 'gone'
    seen = true
    try {
      return goal.isMet(live) ? live : undefined
    } catch (thrown) {
      return { wrong: thrown }
    }
  }
  const result = yield* until([kind.kind], test, Math.max(0, end - terminal.now()))
  if (result === undefined) throw refusal(`timed out waiting for the condition on ${kind.plural}/${name}`)
  if (result === 'gone') {
    throw refused({ code: 404, reason: 'NotFound', message: `${resourceText(kind)} ${JSON.stringify(name)} not found` })
  }
  if ('wrong' in result) throw result['wrong']
  return result
}

function goalOf(text: string): Goal {
  const lower = text.toLowerCase()
  if (lower === 'delete') return { kind: 'delete' }
  if (lower === 'create') return { kind: 'create' }
  if (text.startsWith('condition=')) {
    const rest = text.slice('condition='.length)
    const at = rest.indexOf('=')
    const name = (at < 0 ? rest : rest.slice(0, at)).toLowerCase()
    const value = (at < 0 ? 'true' : rest.slice(at + 1)).toLowerCase()
    return { kind: 'state', isMet: (object) => hasCondition(object, name, value) }
  }
  if (text.startsWith('jsonpath=')) return jsonPathGoal(text.slice('jsonpath='.length))
  throw refusal(`unrecognized condition: ${JSON.stringify(text)}`)
}

type LooseCondition = { readonly type?: string; readonly status?: string; readonly observedGeneration?: number }

/** A condition counts when what wrote it has seen the newest spec. */
function hasCondition(object: KubernetesObject, name: string, value: string): boolean {
  const conditions = (object['status']?.conditions ?? []) as readonly LooseCondition[]
  for (const condition of conditions) {
    if (condition.type?.toLowerCase() !== name || condition.status === undefined) continue
    const observed = condition.observedGeneration ?? (object['status']?.observedGeneration as number | undefined)
    if (object.metadata.generation !== undefined && observed !== undefined && observed < object.metadata.generation) return false
    return condition.status.toLowerCase() === value
  }
  return false
}

function jsonPathGoal(input: string): Goal {
  const parts = splitAtSingleEquals(input)
  if (parts.length > 2) {
    throw refusal("jsonpath wait format must be --for=jsonpath='{.status.readyReplicas}'=3 or --for=jsonpath='{.status.readyReplicas}'")
  }
  const expression = relaxedPath(parts[0] ?? '')
  if (expression === undefined) throw refusal(relaxedPathRefusal)
  const value = parts[1]?.replace(/^['"]+|['"]+$/g, '')
  if (value === '') throw refusal("jsonpath wait has to have a value after equal sign, like --for=jsonpath='{.status.readyReplicas}'=3")
  if (expression === '') throw refusal('jsonpath expression cannot be empty')
  let path: JsonPath
  try {
    path = parseJsonPath(expression)
  } catch (error) {
    if (error instanceof JsonPathError) throw refusal(error.message)
    throw error
  }
  return {
    kind: 'state',
    isMet: (object) => {
      const values = valuesOf(path, object)
      if (values.length === 0) return false
      if (values.length > 1) throw refusal('given jsonpath expression matches more than one value')
      if (value === undefined) return true
      if (values[0] !== null && typeof values[0] === 'object')
        throw refusal('jsonpath leads to a nested object or list which is not supported')
      return jsonPathText(values[0]).trim() === value.trim()
    },
  }
}

function valuesOf(path: JsonPath, object: KubernetesObject): readonly unknown[] {
  try {
    return jsonPathValues(path, object)
  } catch (error) {
    if (error instanceof JsonPathError) throw refusal(error.message)
    throw error
  }
}

/** `a==b=c` has one place to split: a doubled sign belongs to the expression. */
function splitAtSingleEquals(text: string): readonly string[] {
  const parts: string[] = []
  let part = ''
  for (let i = 0; i < text.length; i += 1) {
    if (text[i] !== '=') part += text[i]
    else if (text[i + 1] === '=') {
      part += '=='
      i += 1
    } else {
      parts.push(part)
      part = ''
    }
  }
  return [...parts, part]
}
