/** `stsim next -f FILE`: what would the controllers and the scheduler do with these objects, and why? Nothing is run. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Argv } from 'yargs'
import { fieldsOfType, typeOfKind } from '../cluster/apiserver/fields/lookup.ts'
import { type FieldMistake, readFields } from '../cluster/apiserver/fields/read.ts'
import type { FieldError, KindContext } from '../cluster/apiserver/kind.ts'
import { kindOf, servedKind } from '../cluster/apiserver/kinds/index.ts'
import { gatesOfNext, kindsLookedAt, type NextOptions, next } from '../cluster/next.ts'
import type { KubernetesObject } from '../cluster/objects/metadata.ts'
import type { Gates } from '../cluster/objects/release.ts'
import { nextText } from '../console/next-text.ts'
import { type Given, listOption, textOption } from '../console/options.ts'
import { exits, Refusal, tellMistakes } from '../console/voice.ts'
import { idleGatesNote } from '../scenario/inspect.ts'
import { inDefaultNamespace, keysOf } from '../scenario/manifests.ts'
import { judgeSchedulerConfiguration } from '../scenario/scheduler-rules.ts'
import { type Mistake, mistakeOfFile } from '../text/mistake.ts'
import { type Document, type Path, readYaml } from '../text/yaml.ts'

export const options = (yargs: Argv): Argv =>
  yargs
    .options({
      filename: {
        alias: 'f',
        type: 'string',
        array: true,
        requiresArg: true,
        demandOption: true,
        describe: 'Objects as kubectl get -o yaml (or json) prints them: files, folders, or - for standard input',
      },
      controller: { type: 'string', requiresArg: true, describe: 'Only this one: statefulset-controller, kube-scheduler' },
      release: { type: 'string', requiresArg: true, describe: 'Behaviour of that Kubernetes release, 1.33 to 1.37 [default: 1.36]' },
      'feature-gates': {
        type: 'string',
        array: true,
        requiresArg: true,
        describe: 'Switches over those of the release: Name=true,Other=false',
      },
      'scheduler-config': {
        type: 'string',
        requiresArg: true,
        describe: 'The scheduler with this KubeSchedulerConfiguration (a file): profiles, plugins, weights',
      },
      now: { type: 'string', requiresArg: true, describe: 'What time it is, RFC 3339 [default: the newest time in the objects]' },
      output: { alias: 'o', type: 'string', requiresArg: true, describe: 'text, or json: the decisions' },
    })
    .example('kubectl get sts,pods,pvc,controllerrevisions -o yaml | stsim next -f -', 'what will happen next, and why')
    .example('kubectl get nodes,pods,pv,pvc,sc -A -o yaml | stsim next -f - --controller kube-scheduler', 'why pods are Pending')

/** Prints what `next` answers. */
export function nextCommand(given: Given): void {
  const output = textOption(given, 'output') ?? 'text'
  if (output !== 'text' && output !== 'json') throw new Refusal(`-o ${output} is none of text, json`)
  const asked = optionsOf(given)
  const gates = orRefused(() => gatesOfNext(asked))
  const configured = configurationOf(textOption(given, 'scheduler-config'), gates)
  const how = configured.value === undefined ? asked : { ...asked, schedulerConfiguration: configured.value }
  const dump = new Dump(gates)
  dump.mistakes.push(...configured.mistakes)
  for (const file of listOption(given, 'filename').flatMap(filesOf)) dump.read(file)
  const idle = idleGatesNote(Object.keys(asked.featureGates ?? {}))
  for (const note of [...(idle === undefined ? [] : [idle]), ...dump.notes()]) process.stderr.write(`note: ${note}\n`)
  if (dump.mistakes.length > 0) {
    tellMistakes(dump.mistakes)
    process.exitCode = exits.wrongInput
    return
  }
  const decisions = orRefused(() => next(dump.objects, how))
  process.stdout.write(output === 'json' ? `${JSON.stringify(decisions, null, 2)}\n` : nextText(decisions, dump.objects))
  process.exitCode = exits.held
}

/** The scheduler's configuration in a file, or what is wrong with it. */
const configurationOf = (file: string | undefined, gates: Gates): { readonly value: unknown; readonly mistakes: readonly Mistake[] } => {
  if (file === undefined) return { value: undefined, mistakes: [] }
  const text = textOf(file)
  if (typeof text !== 'string') return { value: undefined, mistakes: [text] }
  const { documents, mistakes } = readYaml(text, file)
  const document = documents.find(({ value }) => value !== null && value !== undefined)
  if (mistakes.length > 0 || document === undefined) {
    const empty = mistakeOfFile(file, 'it holds no KubeSchedulerConfiguration', '')
    return { value: undefined, mistakes: mistakes.length > 0 ? mistakes : [empty] }
  }
  const wrong = judgeSchedulerConfiguration(document.value, gates)
  return { value: document.value, mistakes: wrong.map(({ path, of, found, hint }) => document.mistake(path, of, found, hint)) }
}

/** What is wrong with an option is the user's mistake. */
const orRefused = <T>(ask: () => T): T => {
  try {
    return ask()
  } catch (error) {
    if (error instanceof TypeError && /^(release|now|controller)\b/.test(error.message)) throw new Refusal(error.message)
    throw error
  }
}

const optionsOf = (given: Given): NextOptions => {
  const text = (name: 'controller' | 'release' | 'now'): { readonly [key: string]: string } => {
    const value = textOption(given, name)
    return value === undefined ? {} : { [name]: value }
  }
  const gates = listOption(given, 'feature-gates').flatMap((list) => list.split(','))
  return { ...text('controller'), ...text('release'), ...text('now'), ...(gates.length === 0 ? {} : { featureGates: gatesOf(gates) }) }
}

const gatesOf = (words: readonly string[]): Record<string, boolean> =>
  Object.fromEntries(
    words.map((word) => {
      const [name = '', value] = word.split('=')
      if (name === '' || (value !== 'true' && value !== 'false'))
        throw new Refusal(`--feature-gates ${word} is not Name=true or Name=false`)
      return [name, value === 'true']
    }),
  )

const isFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * The objects of all files, lists taken apart, and what a server that stored them would not hold.
 *
 * They are handed on as they stand, with fields that are not known here: these may come from another release, and a template without them would
 * be another revision.
 */
class Dump {
  readonly objects: KubernetesObject[] = []
  readonly mistakes: Mistake[] = []
  private readonly context: KindContext
  /** How many objects there are of kinds that nobody looks at: `Job (batch/v1)`. */
  private readonly passedOver = new Map<string, number>()
  /** In how many places each unknown field stands. */
  private readonly unknown = new Map<string, number>()

  constructor(gates: Gates) {
    this.context = { gates, time: '2026-01-01T00:00:00Z', get: () => undefined }
  }

  read(file: string): void {
    const text = textOf(file)
    if (typeof text !== 'string') {
      this.mistakes.push(text)
      return
    }
    const reading = readYaml(text, file === '-' ? 'standard input' : file, { doubles: 'last' })
    this.mistakes.push(...reading.mistakes)
    for (const document of reading.documents) this.takeAll(document)
  }

  /** What is not in the answer, and why. */
  notes(): readonly string[] {
    const notes: string[] = []
    if (this.passedOver.size > 0) {
      const kinds = [...this.passedOver].map(([kind, count]) => `${count} ${kind}`)
      notes.push(`not looked at, because neither the statefulset-controller nor the scheduler reads them: ${kinds.join(', ')}`)
    }
    if (this.unknown.size > 0) {
      const fields = [...this.unknown].map(([field, count]) => (count === 1 ? field : `${field} (${count} times)`))
      const more = fields.length > mostFields ? ` and ${fields.length - mostFields} more` : ''
      notes.push(`fields that are not known here are not looked at: ${fields.slice(0, mostFields).join(', ')}${more}`)
    }
    return notes
  }

  private takeAll(document: Document): void {
    const { value } = document
    if (value === null || value === undefined) return
    if (isFields(value) && String(value['kind']).endsWith('List') && Array.isArray(value['items'])) {
      const listed = String(value['kind']).replace(/List$/, '')
      for (const [i, item] of (value['items'] as unknown[]).entries()) {
        // Items of a PodList need not say what they are; those of a List do.
        const isTyped = listed === '' || !isFields(item) || (item['kind'] !== undefined && item['apiVersion'] !== undefined)
        this.take(document, ['items', i], isTyped ? item : { apiVersion: value['apiVersion'], kind: listed, ...item })
      }
    } else this.take(document, [], value)
  }

  private take(document: Document, path: Path, value: unknown): void {
    const { kind, metadata, apiVersion } = isFields(value) ? value : {}
    if (!isFields(value) || typeof kind !== 'string' || !isFields(metadata) || typeof metadata['name'] !== 'string') {
      const hint = 'it needs kind and metadata.name, as kubectl get -o yaml prints them'
      this.mistakes.push(document.mistake(path, 'value', 'this is no Kubernetes object', hint))
      return
    }
    const version = apiVersion ?? kindOf(kind)?.apiVersion ?? 'v1'
    const object = (version === apiVersion ? value : { ...value, apiVersion: version }) as unknown as KubernetesObject
    const isServed = typeof version === 'string' && servedKind(version, kind) !== undefined
    if (isServed && kindsLookedAt.has(kind)) {
      this.mistakes.push(...this.wrongWith(object).map((wrong) => placed(wrong, document, path)))
      this.objects.push(hasNull(object) ? (readFields(typeOfKind(kind), object).value as KubernetesObject) : object)
      return
    }
    add(this.passedOver, `${kind} (${version})`)
    // Others have kinds of these names, too: the StatefulSet of apps.kruise.io is none of ours.
    if (!kindsLookedAt.has(kind)) this.objects.push(object)
  }

  /** Values of wrong types; if there are none, what validation says. */
  private wrongWith(object: KubernetesObject): readonly (FieldMistake | FieldError)[] {
    const type = typeOfKind(object.kind)
    if (isPlain(type, object) && this.errorsOf(object).length === 0) return []
    const { value, mistakes } = readFields(type, object)
    const unknown = mistakes.filter((mistake) => mistake.kind === 'unknown')
    for (const { path, nearest } of unknown) {
      const meant = nearest === undefined ? '' : ` (did you mean "${nearest}"?)`
      add(this.unknown, `${object.kind} ${fieldOf(path).replace(/\[\d+\]/g, '[]')}${meant}`)
    }
    if (mistakes.length > unknown.length) return mistakes.filter((mistake) => mistake.kind === 'type')
    const errors = this.errorsOf(value as KubernetesObject)
    if (unknown.length === 0) return errors
    // What is unknown may be what is missed: a volume of a kind that came later. A volume that is wrong is not there for those who name it.
    const holders = new Set(unknown.map(({ path }) => fieldOf(path.slice(0, -1))))
    return errors.filter(({ reason, field }) => reason !== 'FieldValueNotFound' && !(reason === 'FieldValueRequired' && holders.has(field)))
  }

  /** What the server would refuse to create; of an object that it has stored, what it would refuse to store again. */
  private errorsOf(object: KubernetesObject): readonly FieldError[] {
    const kind = kindOf(object.kind)
    if (kind === undefined) return []
    const isStored = object.metadata.uid !== undefined
    if (isStored && isBound(object)) return []
    const whole = kind.defaults(inDefaultNamespace(object), this.context, isStored ? object : undefined)
    const errors = kind.validate(whole, this.context)
    if (errors.length === 0 || !isStored) return errors
    // A copy, because a spec that is the same one is not looked at.
    const again = { ...whole, ...(isFields(whole['spec']) ? { spec: { ...whole['spec'] } } : {}) }
    return kind.validateUpdate(again, whole, this.context).length === 0 ? [] : errors
  }
}

/** Nothing is made of the spec of a pod that is on a node already, and there are many: it is taken as the server let it through. */
const isBound = ({ kind, spec }: KubernetesObject): boolean =>
  kind === 'Pod' && (spec?.nodeName ?? '') !== '' && (spec?.containers ?? []).length > 0

/**
 * Whether a value is so plain that readFields would find nothing wrong. Dumps are large and nearly all of them is plain; no is said too often
 * rather than too seldom.
 */
const isPlain = (type: string, value: unknown): boolean => {
  switch (type) {
    case 'any':
      return value !== null
    case 'string':
      return typeof value === 'string' && value !== ''
    case 'bool':
      return typeof value === 'boolean'
    case 'int32':
    case 'int64':
      return typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 2 ** 31
    case 'time':
      return typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value)
    case 'quantity':
      return typeof value === 'string' && /^[1-9]\d{0,2}([mkMG]|[KMG]i)?$/.test(value)
  }
  if (type.startsWith('[]')) {
    const element = type.slice(2)
    return Array.isArray(value) && value.length > 0 && value.every((one) => isPlain(element, one))
  }
  if (!isFields(value)) return false
  if (type.startsWith('{}')) {
    const element = type.slice(2)
    const values = Object.values(value)
    return values.length > 0 && values.every((one) => isPlain(element, one))
  }
  const fields = fieldsOfType(type)
  if (fields === undefined) return false
  for (const key of Object.keys(value)) {
    const expected = fields.get(key)
    if (expected === undefined || !isPlain(expected, value[key])) return false
  }
  return true
}

/** Whether something is null that a server would have left out; of the metadata of a template it prints `creationTimestamp: null`. */
const hasNull = (value: unknown): boolean => {
  if (value === null) return true
  if (typeof value !== 'object') return false
  if (Array.isArray(value)) return value.some(hasNull)
  for (const key of Object.keys(value)) {
    const part = (value as Readonly<Record<string, unknown>>)[key]
    if (typeof part === 'object' && !(part === null && key === 'creationTimestamp') && hasNull(part)) return true
  }
  return false
}

/** Unknown fields that are named. */
const mostFields = 10

const add = (counts: Map<string, number>, key: string): void => void counts.set(key, (counts.get(key) ?? 0) + 1)

/** As Kubernetes writes it: `spec.containers[0].image` */
const fieldOf = (path: Path): string => path.map((key, at) => (typeof key === 'number' ? `[${key}]` : at === 0 ? key : `.${key}`)).join('')

const placed = (wrong: FieldMistake | FieldError, document: Document, path: Path): Mistake =>
  'text' in wrong
    ? document.mistake([...path, ...wrong.path], 'value', wrong.text, '')
    : document.mistake([...path, ...keysOf(wrong.field)], 'value', `${wrong.field}: ${wrong.message}`, '')

const objectFile = /\.(ya?ml|json)$/i

const filesOf = (word: string): readonly string[] => {
  if (word === '-') return [word]
  try {
    if (!statSync(word).isDirectory()) return [word]
    return readdirSync(word)
      .filter((name) => objectFile.test(name))
      .sort()
      .map((name) => join(word, name))
  } catch {
    return [word]
  }
}

const textOf = (file: string): string | Mistake => {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8')
  } catch (error) {
    return mistakeOfFile(file, `it cannot be read (${(error as NodeJS.ErrnoException).code ?? 'error'})`, '')
  }
}
