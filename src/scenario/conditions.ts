/**
 * Conditions in CEL over the API as it is at a moment: `statefulset('web').status.readyReplicas == 3`. A condition is read once, says
 * which kinds it looks at (so that it is judged only when one of them changed), and is then judged after every such change.
 *
 * What is absent makes a condition false: a set that is not there yet, a status field that is not written yet. A name or field
 * that cannot exist is a mistake of the file.
 * Source: contract section 3; the CEL specification; design/libraries.md 5.
 */
import { Environment, EvaluationError, type ParseError, type ParseResult, type TypeError as TypingError } from '@marcbachmann/cel-js'
import { isTerminating, type KubernetesObject } from '../cluster/objects/metadata.ts'
import { meetsAll, parseLabelSelector, type Requirement } from '../cluster/objects/selector.ts'
import type { Micros } from '../engine/clock.ts'
import { didYouMean } from '../text/mistake.ts'

/** The API at a moment, as conditions see it. */
export type Objects = {
  get(kind: string, namespace: string | undefined, name: string): KubernetesObject | undefined
  /** All objects of a kind, by namespace and name. */
  list(kind: string): Iterable<KubernetesObject>
  /** Time since the start. */
  readonly now: Micros
  /** Truths about applications, rollouts and traffic, told by their names; numbers, texts, booleans, and lengths of time as `{ micros }`. */
  truth?(of: Truth, name: string): Readonly<Record<string, unknown>> | undefined
}

/** What is no object of the API but can be asked. */
type Truth = 'quorum' | 'rollout' | 'traffic'

/** A kind as conditions name it. */
export type NamedKind = { readonly kind: string; readonly namespaced: boolean }

/** What exists, to tell names and fields that cannot. All of it is optional: what is not given is not held against a condition. */
export type Vocabulary = {
  /** `pod`, `po`, `pods`, `Pod` → Pod; undefined: there is no such kind. */
  readonly kindCalled: (text: string) => NamedKind | undefined
  /** All names of kinds, for "did you mean". */
  readonly kindNames: readonly string[]
  /** The names that `quorum(…)` and `traffic(…)` may take. */
  readonly quorums?: readonly string[]
  readonly traffics?: readonly string[]
  /** The machines there are; a Node of another name can come by a manifest alone. */
  readonly nodes?: readonly string[]
  /** The type of a field of a type, both as Kubernetes calls them; the type of a kind's objects is the kind. */
  readonly fields?: FieldTypes
}

/** What is known of the fields of objects. A type is text like `Pod`, `[]Container`, `{}string` (a map), `string`, `any`. */
export type FieldTypes = {
  /** The type of a field, `any` where everything goes, undefined if there is no such field. */
  field(type: string, name: string): string | undefined
  /** The names of its fields, for "did you mean". */
  names(type: string): readonly string[]
}

/** What is wrong with a condition: offset and length in its text. */
type ConditionRefusal = { readonly at: number; readonly length: number; readonly found: string; readonly hint: string }

/** A condition that was read. */
export type Condition = {
  readonly source: string
  /** Kinds whose changes can change it; `*`: all. */
  readonly kinds: ReadonlySet<string>
  readonly truths: ReadonlySet<Truth>
  /** Whether it looks at `now`, so that it changes with time alone. */
  readonly readsTime: boolean
  /** Whether it holds. Absent things make it false. */
  holds(objects: Objects): boolean
  /** What it comes to, for measures: a number or a length of time; undefined: something is absent. */
  measure(objects: Objects): number | { readonly micros: Micros } | undefined
}

/** A reading: the condition, or everything wrong with it. */
export type ConditionReading =
  | { readonly condition: Condition; readonly refusals?: undefined }
  | { readonly condition?: undefined; readonly refusals: readonly ConditionRefusal[] }

// ------------------------------------------------------------------------------------------------ values

type Length = { readonly seconds: bigint; readonly nanos: number }
type LengthClass = new (seconds: bigint, nanos: number) => Length

/** Made when it is first asked for: most runs have no conditions, and the library's start costs as much as a small run. */
const lazily = <T>(make: () => T): (() => T) => {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

// The library does not export the class of its durations; a duration of its own gives it.
const lengthClass = lazily(() => (new Environment().evaluate("duration('0s')") as object).constructor as LengthClass)

const lengthOf = (micros: Micros): Length => {
  const seconds = Math.floor(micros / 1_000_000)
  return new (lengthClass())(BigInt(seconds), (micros - seconds * 1_000_000) * 1000)
}

const views = new WeakMap<object, unknown>()

/** A value as CEL sees it: whole numbers are ints. Objects of the API are immutable, so each is translated once. */
function view(value: unknown): unknown {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value
  if (typeof value !== 'object' || value === null) return value
  const known = views.get(value)
  if (known !== undefined) return known
  const made = Array.isArray(value) ? value.map(view) : viewOfMap(value as Record<string, unknown>)
  views.set(value, made)
  return made
}

function viewOfMap(map: Record<string, unknown>): unknown {
  if (typeof map['micros'] === 'number' && Object.keys(map).length === 1) return lengthOf(map['micros'])
  const out: Record<string, unknown> = {}
  for (const key of Object.keys(map)) {
    const value = map[key]
    if (value !== undefined) out[key] = view(value)
  }
  return out
}

type View = {
  readonly metadata?: { readonly deletionTimestamp?: string }
  readonly kind?: string
  readonly spec?: Record<string, unknown>
  readonly status?: Record<string, unknown>
}

/** A pod or node that is Ready; a set or deployment all of whose replicas are; of other kinds, the condition Ready. */
function isReadyView(object: unknown): boolean {
  if (typeof object !== 'object' || object === null) return false
  const { kind, spec, status } = object as View
  if (kind === 'StatefulSet' || kind === 'Deployment' || kind === 'ReplicaSet')
    return (status?.['readyReplicas'] ?? 0n) === (spec?.['replicas'] ?? 1n)
  const conditions = status?.['conditions'] as readonly { type: string; status: string }[] | undefined
  return conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ?? false
}

// ------------------------------------------------------------------------------------------------ names

/** Functions that give one object of a kind. */
const byName: ReadonlyMap<string, NamedKind> = new Map([
  ['pod', { kind: 'Pod', namespaced: true }],
  ['statefulset', { kind: 'StatefulSet', namespaced: true }],
  ['node', { kind: 'Node', namespaced: false }],
  ['pvc', { kind: 'PersistentVolumeClaim', namespaced: true }],
  ['pv', { kind: 'PersistentVolume', namespaced: false }],
  ['service', { kind: 'Service', namespaced: true }],
  ['pdb', { kind: 'PodDisruptionBudget', namespaced: true }],
])
const truths: readonly Truth[] = ['quorum', 'rollout', 'traffic']

/** All functions of conditions beside CEL's own, for "did you mean" and the reference. */
const conditionFunctions: readonly string[] = [...byName.keys(), 'get', 'pods', 'list', ...truths, 'isReady', 'isTerminating', 'exists']
const celFunctions = ['size', 'has', 'int', 'uint', 'double', 'string', 'bool', 'bytes', 'duration', 'timestamp', 'type', 'dyn']

/** What truths tell. Source: design/applications.md 2; contract sections 3 and 6. */
const truthFields: Readonly<Record<Truth, readonly string[]>> = {
  quorum: [
    'members',
    'hasQuorum',
    'leader',
    'writable',
    'copies',
    'twins',
    'unwritable',
    'longestUnwritable',
    'withoutQuorum',
    'longestWithoutQuorum',
  ],
  rollout: [
    'kind',
    'name',
    'change',
    'status',
    'began',
    'finished',
    'duration',
    'pods',
    'blockedBy',
    'fromRevision',
    'toRevision',
    'generation',
  ],
  traffic: ['sent', 'answered', 'lost', 'errors', 'unanswered', 'longestOutage', 'rate'],
}

const selectors = new Map<string, readonly Requirement[]>()

function requirementsOf(text: string): readonly Requirement[] {
  const known = selectors.get(text)
  if (known !== undefined) return known
  const read = parseLabelSelector(text)
  const requirements = 'error' in read ? [] : read
  selectors.set(text, requirements)
  return requirements
}

/** `name` or `namespace/name`. */
function placed(kind: NamedKind, text: string): readonly [namespace: string | undefined, name: string] {
  if (!kind.namespaced) return [undefined, text]
  const slash = text.indexOf('/')
  return slash < 0 ? ['default', text] : [text.slice(0, slash), text.slice(slash + 1)]
}

// ------------------------------------------------------------------------------------------------ the language

/** What the running evaluation looks at. Evaluations never overlap: nothing is asynchronous below `study`. */
let looking: Objects | undefined
let calls: Vocabulary | undefined

const objects = (): Objects => looking as Objects

function* selected(kind: string, selector: string, namespace?: string): Iterable<unknown> {
  const requirements = requirementsOf(selector)
  for (const object of objects().list(kind)) {
    if (namespace !== undefined && object.metadata.namespace !== namespace) continue
    if (meetsAll(requirements, object.metadata.labels)) yield view(object)
  }
}

const language = lazily((): Environment => {
  const environment = new Environment({ homogeneousAggregateLiterals: false })
  const one = (kind: NamedKind, name: string): unknown => view(objects().get(kind.kind, ...placed(kind, name)) ?? null)
  for (const [name, kind] of byName) environment.registerFunction(`${name}(string): dyn`, (text: string) => one(kind, text))
  const called = (text: string): NamedKind | undefined => calls?.kindCalled(text)
  environment.registerFunction('get(string, string): dyn', (text: string, name: string) => {
    const kind = called(text)
    return kind === undefined ? null : one(kind, name)
  })
  environment.registerFunction('pods(string): list<dyn>', (selector: string) => [...selected('Pod', selector)])
  environment.registerFunction('pods(string, string): list<dyn>', (selector: string, namespace: string) => [
    ...selected('Pod', selector, namespace),
  ])
  environment.registerFunction('list(string): list<dyn>', (text: string) => [...selected(called(text)?.kind ?? '', '')])
  environment.registerFunction('list(string, string): list<dyn>', (text: string, selector: string) => [
    ...selected(called(text)?.kind ?? '', selector),
  ])
  for (const truth of truths)
    environment.registerFunction(`${truth}(string): dyn`, (name: string) => view(objects().truth?.(truth, name) ?? null))
  environment.registerFunction('isReady(dyn): bool', isReadyView)
  environment.registerFunction(
    'isTerminating(dyn): bool',
    (object: unknown) => typeof object === 'object' && object !== null && isTerminating(object as KubernetesObject),
  )
  environment.registerFunction('exists(dyn): bool', (object: unknown) => object !== null)
  // What `has(…)` of a call becomes: the library takes it of variables alone.
  environment.registerFunction(
    '__has(dyn, string): bool',
    (object: unknown, field: string) => typeof object === 'object' && object !== null && Object.hasOwn(object, field),
  )
  environment.registerVariable('now', 'google.protobuf.Duration')
  return environment
})

/** Errors of an evaluation that mean "not there": everything else is told as what it is. */
function evaluate(run: ParseResult, world: Objects, vocabulary: Vocabulary): unknown {
  const before = [looking, calls] as const
  looking = world
  calls = vocabulary
  try {
    return run({ now: lengthOf(world.now) }) as unknown
  } catch (error) {
    // A missing key, an index beyond the end, an operator met by null: something is absent.
    if (error instanceof EvaluationError || (error as Error)?.name === 'EvaluationError') return undefined
    throw error
  } finally {
    ;[looking, calls] = before
  }
}

// ------------------------------------------------------------------------------------------------ reading

type Node = {
  readonly op: string
  readonly args: unknown
  readonly range: { readonly start: number; readonly end: number }
  setMeta(key: 'alternate', node: Node): void
}

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && 'op' in value && 'args' in value

const childrenOf = (node: Node): Node[] => {
  const found: Node[] = []
  const take = (value: unknown): void => {
    if (isNode(value)) found.push(value)
    else if (Array.isArray(value)) value.forEach(take)
  }
  take(node.args)
  return found
}

const call = (node: Node): readonly [name: string, args: readonly Node[]] | undefined =>
  node.op === 'call' ? [(node.args as unknown[])[0] as string, (node.args as unknown[])[1] as Node[]] : undefined

const textOf = (node: Node | undefined): string | undefined =>
  node?.op === 'value' && typeof node.args === 'string' ? node.args : undefined

/**
 * `has(pod('web-0').spec.x)`: the library takes `has` of variables alone, so that it becomes a call of ours, hung beside the node as
 * the library hangs the expansion of its own macros.
 */
function allowHas(node: Node): void {
  const called = call(node)
  const field = called?.[1][0]
  if (called?.[0] === 'has' && field?.op === '.') {
    const [object, name] = field.args as [Node, string]
    const ours = language().parse(`__has(0, ${JSON.stringify(name)})`).ast as unknown as Node
    const args = (ours.args as [string, Node[]])[1]
    args[0] = object
    node.setMeta('alternate', ours)
  }
  for (const child of childrenOf(node)) allowHas(child)
}

/** Reads one condition; `wants` says what it must come to. */
export function readCondition(source: string, vocabulary: Vocabulary, wants: 'bool' | 'measure' = 'bool'): ConditionReading {
  let parsed: ParseResult
  try {
    parsed = language().parse(source)
  } catch (error) {
    return { refusals: [syntaxRefusal(error as ParseError, source)] }
  }
  const ast = parsed.ast as unknown as Node
  const reader = new Reader(vocabulary)
  reader.read(ast, new Map())
  if (reader.refusals.length > 0) return { refusals: reader.refusals }
  allowHas(ast)
  const check = parsed.check()
  if (!check.valid) return { refusals: [typeRefusal(check.error as TypingError, source)] }
  const fits = wants === 'bool' ? ['bool', 'dyn'] : ['int', 'uint', 'double', 'google.protobuf.Duration', 'dyn']
  if (!fits.includes(check.type ?? '')) {
    const [found, hint] =
      wants === 'bool'
        ? [`a condition that is no yes or no (${check.type})`, 'compare it with something: … == 3']
        : [`a measure that is no number and no duration (${check.type})`, "measure something like rollout('web').duration"]
    return { refusals: [{ at: 0, length: source.length, found, hint }] }
  }
  return {
    condition: {
      source,
      kinds: reader.kinds,
      truths: reader.truths,
      readsTime: reader.readsTime,
      holds: (world) => evaluate(parsed, world, vocabulary) === true,
      measure: (world) => {
        const value = evaluate(parsed, world, vocabulary)
        if (typeof value === 'bigint') return Number(value)
        if (typeof value === 'number') return value
        return value instanceof lengthClass() ? { micros: Number(value.seconds) * 1_000_000 + Math.round(value.nanos / 1000) } : undefined
      },
    },
  }
}

function syntaxRefusal(error: ParseError, source: string): ConditionRefusal {
  const range = error.range ?? { start: 0, end: source.length }
  return {
    at: range.start,
    length: Math.max(1, range.end - range.start),
    found: `a condition that cannot be read: ${lower(error.summary ?? error.message)}`,
    hint: 'conditions are CEL: names in quotes, == to compare, && and || to join',
  }
}

function typeRefusal(error: TypingError, source: string): ConditionRefusal {
  const range = error.range ?? { start: 0, end: source.length }
  return {
    at: range.start,
    length: Math.max(1, range.end - range.start),
    found: `a condition that cannot hold: ${lower(error.summary ?? error.message)}`,
    hint: '',
  }
}

const lower = (text: string): string => text.slice(0, 1).toLowerCase() + text.slice(1)

/** Walks an expression: which kinds it looks at, and which names and fields cannot exist. */
class Reader {
  readonly kinds = new Set<string>()
  readonly truths = new Set<Truth>()
  readonly refusals: ConditionRefusal[] = []
  readsTime = false
  private readonly vocabulary: Vocabulary

  constructor(vocabulary: Vocabulary) {
    this.vocabulary = vocabulary
  }

  /** The type of the node, `any` where it is not known. */
  read(node: Node, variables: ReadonlyMap<string, string>): string {
    switch (node.op) {
      case 'id':
        return this.readName(node, variables)
      case '.':
        return this.readField(node, variables)
      case '[]': {
        const [object, index] = node.args as [Node, Node]
        const type = this.read(object, variables)
        this.read(index, variables)
        return elementOf(type)
      }
      case 'call':
        return this.readCall(node, variables)
      case 'rcall':
        return this.readMethod(node, variables)
      default:
        for (const child of childrenOf(node)) this.read(child, variables)
        return 'any'
    }
  }

  private refuse(node: Node, found: string, hint: string): void {
    this.refusals.push({ at: node.range.start, length: node.range.end - node.range.start, found, hint })
  }

  private readName(node: Node, variables: ReadonlyMap<string, string>): string {
    const name = node.args as string
    if (name === 'now') this.readsTime = true
    else if (variables.has(name)) return variables.get(name) as string
    else if (!['int', 'uint', 'double', 'string', 'bool', 'bytes', 'list', 'map', 'type', 'cel', 'dyn', 'optional'].includes(name))
      this.refuse(node, `there is nothing called "${name}"`, `names are put into quotes: '${name}'`)
    return 'any'
  }

  private readField(node: Node, variables: ReadonlyMap<string, string>): string {
    const [object, name] = node.args as [Node, string]
    const type = this.read(object, variables)
    const known = this.fieldsOf(type)
    if (known === undefined) return 'any'
    const field = known.field(type, name)
    if (field !== undefined) return field
    const at = node.range.end - name.length
    this.refusals.push({
      at,
      length: name.length,
      found: `"${name}" is not a field of ${plain(type)}`,
      hint: didYouMean(name, known.names(type), 'its fields are'),
    })
    return 'any'
  }

  private fieldsOf(type: string): FieldTypes | undefined {
    if (type.startsWith('truth ')) {
      const names = truthFields[type.slice(6) as Truth]
      return { field: (_, name) => (names.includes(name) ? 'any' : undefined), names: () => names }
    }
    return type === 'any' ? undefined : this.vocabulary.fields
  }

  private readCall(node: Node, variables: ReadonlyMap<string, string>): string {
    const [name, args] = call(node) as readonly [string, readonly Node[]]
    const first = textOf(args[0])
    for (const arg of args) if (textOf(arg) === undefined) this.read(arg, variables)
    const kind = byName.get(name)
    if (kind !== undefined) {
      this.kinds.add(kind.kind)
      if (this.takesText(node, name, args, 1)) this.checkName(args[0] as Node, kind, first)
      return kind.kind
    }
    switch (name) {
      case 'pods':
        this.kinds.add('Pod')
        if (this.takesText(node, name, args, 1)) this.checkSelector(args[0] as Node, first)
        return '[]Pod'
      case 'get':
      case 'list': {
        this.takesText(node, name, args, 1)
        const named = first === undefined ? undefined : this.vocabulary.kindCalled(first)
        if (first !== undefined && named === undefined)
          this.refuse(args[0] as Node, `there is no kind "${first}"`, didYouMean(first, this.vocabulary.kindNames))
        this.kinds.add(named?.kind ?? '*')
        if (name === 'list' && args[1] !== undefined) this.checkSelector(args[1], textOf(args[1]))
        else if (name === 'get' && named !== undefined && args[1] !== undefined) this.checkName(args[1], named, textOf(args[1]))
        return named === undefined ? 'any' : name === 'list' ? `[]${named.kind}` : named.kind
      }
      case 'quorum':
      case 'rollout':
      case 'traffic': {
        this.truths.add(name)
        const names = name === 'quorum' ? this.vocabulary.quorums : name === 'traffic' ? this.vocabulary.traffics : undefined
        if (this.takesText(node, name, args, 1) && first !== undefined && names !== undefined && !names.includes(first))
          this.refuse(
            args[0] as Node,
            `there is no ${name} "${first}" in this scenario`,
            names.length === 0 ? `describe it under ${name}:` : didYouMean(first, names),
          )
        return `truth ${name}`
      }
      case 'isReady':
      case 'isTerminating':
      case 'exists':
        if (args.length !== 1 || first !== undefined) this.refuse(node, `${name} takes one object`, `for example ${name}(pod('web-0'))`)
        return 'any'
      default:
        if (!celFunctions.includes(name) && !name.startsWith('__'))
          this.refuse(node, `there is no function "${name}"`, didYouMean(name, [...conditionFunctions, ...celFunctions], 'there are'))
        return 'any'
    }
  }

  private takesText(node: Node, name: string, args: readonly Node[], least: number): boolean {
    const value = args[0]?.op === 'value' && typeof args[0].args !== 'string'
    if (args.length >= least && args.length <= 2 && !value) return true
    this.refuse(node, `${name} takes a text`, `for example ${name}('${name === 'pods' ? 'app=web' : 'web'}')`)
    return false
  }

  private checkName(node: Node, kind: NamedKind, text: string | undefined): void {
    if (text === undefined) return
    if (kind.kind === 'Node' && this.vocabulary.nodes !== undefined && !this.vocabulary.nodes.includes(text))
      this.refuse(node, `there is no node "${text}"`, didYouMean(text, this.vocabulary.nodes, 'there are'))
    else if (!/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?(\/[a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$/.test(text))
      this.refuse(
        node,
        `"${text}" cannot be the name of a ${kind.kind}`,
        kind.namespaced ? 'write name or namespace/name' : 'lower case letters, digits, "-" and "."',
      )
  }

  private checkSelector(node: Node, text: string | undefined): void {
    if (text === undefined) return
    const read = parseLabelSelector(text)
    if ('error' in read) this.refuse(node, `"${text}" is not a selector: ${read.error}`, "write it as kubectl's -l takes it: 'app=web'")
  }

  private readMethod(node: Node, variables: ReadonlyMap<string, string>): string {
    const [name, receiver, args] = node.args as [string, Node, Node[]]
    const type = this.read(receiver, variables)
    const variable =
      args[0]?.op === 'id' && ['all', 'exists', 'exists_one', 'map', 'filter'].includes(name) ? (args[0].args as string) : undefined
    if (variable === undefined) {
      for (const arg of args) this.read(arg, variables)
      return 'any'
    }
    const inner = new Map(variables).set(variable, type.startsWith('{}') ? 'any' : elementOf(type))
    for (const arg of args.slice(1)) this.read(arg, inner)
    return name === 'filter' ? type : 'any'
  }
}

const elementOf = (type: string): string => (type.startsWith('[]') || type.startsWith('{}') ? type.slice(2) : 'any')

const plain = (type: string): string => (type.startsWith('[]') ? `a list of ${type.slice(2)}` : type.replace(/^truth /, 'a '))
