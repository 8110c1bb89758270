/**
 * Text in, a scenario out, or every mistake at once. No file is touched but through `read`.
 * Source: contract sections 2 (run), 3 and 7.
 */

import type { Kind } from '../cluster/apiserver/kind.ts'
import { allKinds, kindOf, namedKind } from '../cluster/apiserver/kinds/index.ts'
import type { KubernetesObject } from '../cluster/objects/metadata.ts'
import { type Gates, gatesOf, parseRelease } from '../cluster/objects/release.ts'
import { inFileOrder, type Mistake, mistakeOfFile } from '../text/mistake.ts'
import { splitWords } from '../text/words.ts'
import { type Document, type Path, readYaml } from '../text/yaml.ts'
import { inspect, type Unsupported } from './inspect.ts'
import { judge } from './judge.ts'
import { checkFields, checkObject, keysOf, Manifests } from './manifests.ts'
import { type Parameter, readSetting, type Setting, withParameters, withSetting } from './parameters.ts'
import type { Scenario } from './scenario.ts'
import { type ScenarioFile, scenarioFile } from './schema.ts'

/** How a scenario is read. */
export type ReadOptions = {
  /** The file's name as a person knows it: in mistakes, and without folder and ending the default name of the run. */
  readonly name: string
  /** The text of a file that the scenario names, relative to the scenario's folder; undefined (or an exception): there is none. */
  readonly read?: ((path: string) => string | undefined) | undefined
  /** The names in a folder, undefined if there is none. */
  readonly list?: ((path: string) => readonly string[] | undefined) | undefined
  /** `key=value` texts, later ones win: what `--set`, `--seed`, `--duration`, `--profile` and `--release` say. */
  readonly set?: readonly string[] | Readonly<Record<string, string>> | undefined
  /** How many nodes, where the file names none. */
  readonly nodes?: number | undefined
  /** The names of the invariants there are, to tell wrong ones under `invariants.off`. */
  readonly invariants?: readonly string[] | undefined
}

/** What a reading gives. With mistakes there is no scenario. */
export type ScenarioReading = {
  readonly scenario?: Scenario
  readonly mistakes: readonly Mistake[]
  /** What is accepted by the format but cannot be simulated yet: a run is refused with these lines, `check` tells them. */
  readonly unsupported: readonly Unsupported[]
  /** What a person should know and nothing is wrong with: one line each. */
  readonly notes: readonly string[]
  /**
   * A mistake about a field of a manifest, placed where it was written. `field` as Kubernetes writes it:
   * `spec.template.spec.containers[0].image`. Undefined: the object was made by us (a missing namespace).
   */
  readonly mistakeAt: (object: KubernetesObject, field: string, of: 'key' | 'value', found: string, hint: string) => Mistake | undefined
}

/** A kind by any of the names that kubectl takes, or its Kind. */
export const kindCalled = (text: string): Kind | undefined => namedKind(text) ?? kindOf(text)

/** What a text is, told by what is in it. Source: contract section 2, run. */
export function kindOfText(text: string): 'scenario' | 'transcript' | 'manifests' {
  if (/^\s*["']?apiVersion["']?\s*:\s*["']?stsim\//m.test(text) || /^\s*\{[\s\S]{0,400}"apiVersion"\s*:\s*"stsim\//.test(text))
    return 'scenario'
  if (/^kind\s*:\s*["']?Scenario["']?\s*$/m.test(text) && !/^apiVersion\s*:/m.test(text)) return 'scenario'
  return /^\$ /m.test(text) ? 'transcript' : 'manifests'
}

/** The default name of a run: the file's name without folder and ending. */
export function nameOf(file: string): string {
  const base = (file.split(/[\\/]/).at(-1) ?? '').replace(/\.(ya?ml|json|txt|stsim)$/i, '').toLowerCase()
  const name = base.replace(/[^a-z0-9.-]+/g, '-').replace(/^[-.]+|[-.]+$/g, '')
  return name === '' ? 'run' : name
}

const isMap = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

const folderOf = (file: string): string => (file.includes('/') ? file.slice(0, file.lastIndexOf('/') + 1) : '')

/** One file of a scenario, judged by itself. */
type Part = { readonly file: string; readonly document: Document; readonly value: ScenarioFile; readonly sound: boolean }

class Reader {
  readonly mistakes: Mistake[] = []
  readonly notes: string[] = []
  readonly files: string[] = []
  readonly settings: Setting[] = []
  private readonly options: ReadOptions

  constructor(options: ReadOptions) {
    this.options = options
    const { set = [] } = options
    const texts = Array.isArray(set) ? (set as readonly string[]) : Object.entries(set).map(([key, value]) => `${key}=${value}`)
    for (const text of texts) {
      const setting = readSetting(text)
      if (setting === undefined)
        this.mistakes.push(
          mistakeOfFile(`--set ${text}`, 'a setting without "="', 'write --set key=value, for example --set cluster.profile=eks-ebs'),
        )
      else this.settings.push(setting)
    }
  }

  text(path: string): string | undefined {
    try {
      return this.options.read?.(path)
    } catch {
      return undefined
    }
  }

  /** Words of a document that mean something else than most people think. */
  tellSurprises(document: Document): void {
    for (const { place, text, value } of document.surprises())
      this.notes.push(
        `${document.file}:${place.line}:${place.column}: ${text} is read as ${value}; put it into quotes if the word is meant`,
      )
  }

  /** The scenario document of a text, with settings and parameters put in, and judged. */
  part(text: string, file: string, settings: readonly Setting[], outer: ReadonlyMap<string, Parameter>): Part | undefined {
    this.files.push(file)
    const { documents, mistakes } = readYaml(text, file, { wordKeys: isOurs })
    this.mistakes.push(...mistakes)
    const [document, second] = documents
    if (document === undefined || mistakes.length > 0) return undefined
    if (second !== undefined)
      this.mistakes.push(
        second.mistake(
          [],
          'value',
          'a second document',
          'a scenario is one document: put its manifests into a file of their own and name it',
        ),
      )
    this.tellSurprises(document)
    let value = document.value
    for (const setting of settings) {
      const changed = withSetting(value, setting)
      if (changed === undefined)
        this.mistakes.push(
          this.settingMistake(
            setting,
            `"${setting.path.join('.')}" is no field of the scenario`,
            'stsim schema lists them; list entries count from 0',
          ),
        )
      else value = changed
    }
    const own = isMap(value) && isMap(value['parameters']) ? Object.entries(value['parameters']) : []
    const parameters = new Map<string, Parameter>([
      ...own.filter((pair): pair is [string, Parameter] => pair[1] !== null && typeof pair[1] !== 'object'),
      ...outer,
    ])
    const filled = withParameters(value, parameters)
    for (const { path, name, hint } of filled.unknown)
      this.mistakes.push(this.place(document, settings, path, 'value', `there is no parameter "${name}"`, hint))
    const findings = judge(scenarioFile, filled.value, [], 'a scenario')
    for (const { path, of, found, hint } of findings) this.mistakes.push(this.place(document, settings, path, of, found, hint))
    return { file, document, value: normal(filled.value) as ScenarioFile, sound: findings.length === 0 }
  }

  /** A mistake in the file, or in the setting that put the value there. */
  place(document: Document, settings: readonly Setting[], path: Path, of: 'key' | 'value', found: string, hint: string): Mistake {
    const setting = settings.findLast(
      (one) => one.path.length <= path.length && one.path.every((key, index) => String(key) === String(path[index])),
    )
    return setting === undefined ? document.mistake(path, of, found, hint) : this.settingMistake(setting, found, hint)
  }

  private settingMistake({ text }: Setting, found: string, hint: string): Mistake {
    return { file: '--set', line: 1, column: 1, length: text.length, found, hint, excerpt: text }
  }

  /** The parts that are included, the nearest first. */
  included(part: Part, parameters: ReadonlyMap<string, Parameter>, above: readonly string[]): Part[] {
    return (Array.isArray(part.value.include) ? part.value.include : []).flatMap((path, index): Part[] => {
      if (typeof path !== 'string') return []
      const file = `${folderOf(part.file)}${path}`
      const inFolder = `${folderOf(above.length === 0 ? '' : (above.at(-1) ?? ''))}${path}`
      if (above.includes(inFolder)) {
        this.mistakes.push(part.document.mistake(['include', index], 'value', `${path} includes itself`, 'leave it out'))
        return []
      }
      const text = this.text(inFolder)
      if (text === undefined) {
        this.mistakes.push(
          part.document.mistake(
            ['include', index],
            'value',
            `there is no file ${path}`,
            'file names are read from the folder of the scenario',
          ),
        )
        return []
      }
      const inner = this.part(text, file, [], parameters)
      return inner === undefined ? [] : [inner, ...this.included(inner, parameters, [...above, inFolder])]
    })
  }
}

/**
 * Keys of the scenario itself are words, `off` too; in objects of Kubernetes they are what Kubernetes reads.
 */
const isOurs = (path: Path): boolean => path[0] !== 'manifests' && !(path[0] === 'steps' && path[2] === 'apply')

/** A release that YAML took for a number becomes text; a seed of digits is a number. */
function normal(value: unknown): unknown {
  if (!isMap(value)) return value
  const { cluster, seed } = value
  const out = { ...value }
  if (isMap(cluster) && typeof cluster['release'] === 'number') out['cluster'] = { ...cluster, release: String(cluster['release']) }
  if (typeof seed === 'string' && /^(0|[1-9]\d{0,14})$/.test(seed)) out['seed'] = Number(seed)
  return out
}

/** Maps are merged deeply, what is above wins; lists and everything else replace. */
function over(below: unknown, above: unknown): unknown {
  if (!isMap(below) || !isMap(above)) return above ?? below
  return Object.fromEntries(
    [...new Set([...Object.keys(below), ...Object.keys(above)])].map((key) => [
      key,
      key in above ? over(below[key], above[key]) : below[key],
    ]),
  )
}

const none: readonly Unsupported[] = []

const nowhere = (): undefined => undefined

/** Reads a scenario file. Source: contract section 7. */
export function readScenario(text: string, options: ReadOptions): ScenarioReading {
  const reader = new Reader(options)
  const part = reader.part(text, options.name, reader.settings, new Map())
  if (part === undefined) return { mistakes: inFileOrder(reader.mistakes), unsupported: none, notes: [], mistakeAt: nowhere }
  const own = new Map<string, Parameter>(
    Object.entries(isMap(part.value.parameters) ? (part.value.parameters as Record<string, Parameter>) : {}),
  )
  const included = reader.included(part, own, [])
  const manifests = new Manifests()
  const listed: unknown[] = Array.isArray(part.value.manifests) ? part.value.manifests : []
  for (const [index, entry] of listed.entries()) takeManifest(reader, manifests, part, entry, index)
  const { objects, made } = manifests.withNamespaces()
  reader.mistakes.push(...manifests.mistakes, ...appliedMistakes(part))
  tellManifests(reader, manifests, made)
  const cluster = included.reduce<unknown>((below, one) => over(one.value.cluster, below), part.value.cluster) as ScenarioFile['cluster']
  const sound = part.sound && included.every((one) => one.sound)
  const scenario: Scenario = {
    name: part.value.name ?? nameOf(options.name),
    start: part.value.start ?? '2026-01-01T00:00:00Z',
    ...(part.value.description === undefined ? {} : { description: part.value.description }),
    seed: part.value.seed ?? 1,
    duration: part.value.duration ?? '1h',
    until: part.value.until ?? 'settled',
    cluster: {
      ...cluster,
      release: cluster?.release ?? '1.36',
      profile: cluster?.profile ?? 'kind-local',
      nodes: cluster?.nodes ?? [{ count: options.nodes ?? 3 }],
    },
    manifests: objects,
    applications: [...(part.value.applications ?? []), ...included.flatMap((one) => one.value.applications ?? [])],
    quorum: part.value.quorum ?? [],
    traffic: part.value.traffic ?? [],
    invariants: { off: part.value.invariants?.off ?? [] },
    steps: part.value.steps ?? [],
    expect: part.value.expect ?? [],
    files: {},
  }
  const unsupported: Unsupported[] = []
  const gates = gatesNamed(scenario.cluster)
  for (const [object, origin] of manifests.origins) reader.mistakes.push(...checkObject(object, origin, gates))
  if (sound) {
    const place = (path: Path, of: 'key' | 'value', found: string, hint: string): Mistake =>
      reader.place(part.document, reader.settings, path, of, found, hint)
    const within = (path: Path, at: number, length: number, found: string, hint: string): Mistake =>
      part.document.mistakeWithin(path, at, length, found, hint)
    const seen = inspect(scenario, {
      place,
      within,
      invariants: options.invariants,
      isCut: reader.settings.some(({ path: [key] }) => key === 'duration'),
      kindCalled,
      kindNames: allKinds.flatMap((one) => [one.singular, one.plural, ...one.shortNames]),
    })
    reader.mistakes.push(...seen.mistakes)
    reader.notes.push(...seen.notes)
    unsupported.push(...seen.unsupported)
  }
  const mistakes = inFileOrder(reader.mistakes, reader.files)
  const mistakeAt: ScenarioReading['mistakeAt'] = (object, field, of, found, hint) => {
    const origin = manifests.origins.get(object)
    return origin?.document.mistake([...origin.path, ...keysOf(field)], of, found, hint)
  }
  const given = { unsupported, notes: reader.notes, mistakeAt }
  if (mistakes.length > 0) return { mistakes, ...given }
  return { scenario: { ...scenario, files: namedFiles(scenario, part.value.files ?? {}, reader, options) }, mistakes, ...given }
}

/** The gates of a cluster; of a release that is not modelled, those of the default. */
const gatesNamed = ({ release, featureGates }: Scenario['cluster']): Gates =>
  gatesOf(parseRelease(release) ?? { minor: 36, patch: 99 }, featureGates ?? {})

/** What is wrong with the objects of `apply:` steps. They may be parts of objects that are there: only their fields are looked at. */
function appliedMistakes({ document, value }: Part): readonly Mistake[] {
  const applied = new Manifests()
  const steps: unknown[] = Array.isArray(value.steps) ? value.steps : []
  for (const [index, step] of steps.entries()) {
    const given = isMap(step) ? step['apply'] : undefined
    for (const [at, object] of [given ?? []].flat().entries())
      if (isMap(object)) applied.take(document, ['steps', index, 'apply', ...(Array.isArray(given) ? [at] : [])], object)
  }
  const fields = [...applied.origins].flatMap(([object, { path, ...origin }]) => {
    const step = steps[path[1] as number] as Record<string, unknown>
    return step['fails'] === true ? [] : checkFields(object, { path, ...origin })
  })
  return [...applied.mistakes, ...fields]
}

function takeManifest(reader: Reader, manifests: Manifests, part: Part, entry: unknown, index: number): void {
  if (isMap(entry)) {
    manifests.take(part.document, ['manifests', index], entry)
    return
  }
  if (typeof entry !== 'string') return
  const text = reader.text(entry)
  if (text === undefined) {
    reader.mistakes.push(
      reader.place(
        part.document,
        reader.settings,
        ['manifests', index],
        'value',
        `there is no file ${entry}`,
        'file names are read from the folder of the scenario',
      ),
    )
    return
  }
  takeFile(reader, manifests, text, `${folderOf(part.file)}${entry}`)
}

function takeFile(reader: Reader, manifests: Manifests, text: string, file: string): void {
  reader.files.push(file)
  const reading = readYaml(text, file)
  reader.mistakes.push(...reading.mistakes)
  for (const document of reading.documents) {
    if (document.value === null) continue
    reader.tellSurprises(document)
    manifests.take(document, [], document.value)
  }
}

function tellManifests(reader: Reader, manifests: Manifests, made: readonly string[]): void {
  if (manifests.dumped > 0)
    reader.notes.push(
      `${manifests.dumped === 1 ? '1 object' : `${manifests.dumped} objects`} came from a running cluster: taken without status, owners and server fields`,
    )
  if (made.length > 0) reader.notes.push(`made because nothing else does: ${made.map((name) => `namespace/${name}`).join(', ')}`)
}

/**
 * Plain manifests as a scenario: applied at 0 s to a default cluster and watched until settled. `files` in the order in which they are applied.
 * Source: contract section 2, run.
 */
export function readManifests(files: readonly { readonly name: string; readonly text: string }[], options: ReadOptions): ScenarioReading {
  const reader = new Reader(options)
  const manifests = new Manifests()
  for (const { name, text } of files) takeFile(reader, manifests, text, name)
  const { objects, made } = manifests.withNamespaces()
  reader.mistakes.push(...manifests.mistakes)
  if (objects.length === 0 && reader.mistakes.length === 0)
    reader.mistakes.push(mistakeOfFile(options.name, 'there is no manifest in it', 'a Kubernetes object has apiVersion, kind and metadata'))
  tellManifests(reader, manifests, made)
  const mistakeAt: ScenarioReading['mistakeAt'] = (object, field, of, found, hint) => {
    const origin = manifests.origins.get(object)
    return origin?.document.mistake([...origin.path, ...keysOf(field)], of, found, hint)
  }
  // What --set and its like say is judged as a scenario of its own.
  const shell = readScenario('apiVersion: stsim/v1\nkind: Scenario\n', { ...options, name: nameOf(options.name) })
  if (shell.scenario !== undefined) {
    const gates = gatesNamed(shell.scenario.cluster)
    for (const [object, origin] of manifests.origins) reader.mistakes.push(...checkObject(object, origin, gates))
  }
  const mistakes = inFileOrder([...reader.mistakes, ...shell.mistakes], reader.files)
  const notes = [...reader.notes, ...shell.notes]
  if (mistakes.length > 0 || shell.scenario === undefined) return { mistakes, unsupported: shell.unsupported, notes, mistakeAt }
  return { scenario: { ...shell.scenario, manifests: objects }, mistakes, unsupported: shell.unsupported, notes, mistakeAt }
}

/** Flags whose value is a file that kubectl reads. */
const fileFlags = new Map([
  ['-f', '--filename'],
  ['--filename', '--filename'],
  ['--patch-file', '--patch-file'],
  ['--from-file', '--from-file'],
  ['--from-env-file', '--from-env-file'],
])

/** The files that the commands of the steps name, so that the scenario needs no other. What is not there is kubectl's to complain of. */
function namedFiles(
  scenario: Scenario,
  given: Readonly<Record<string, string>>,
  reader: Reader,
  options: ReadOptions,
): Readonly<Record<string, string>> {
  const files = new Map<string, string>(Object.entries(given))
  const takePath = (path: string, depth: number): void => {
    if (files.has(path) || path === '-' || /^https?:/.test(path)) return
    const text = reader.text(path)
    if (text !== undefined) {
      files.set(path, text)
      return
    }
    for (const name of depth > 4 ? [] : (options.list?.(path) ?? [])) takePath(`${path.replace(/\/$/, '')}/${name}`, depth + 1)
  }
  for (const step of scenario.steps) {
    if (!('kubectl' in step) || step.kubectl === undefined) continue
    for (const line of [step.kubectl].flat()) for (const path of filesOfLine(line as string)) takePath(path, 0)
  }
  return Object.fromEntries([...files].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** The file names on a command line. */
export function filesOfLine(line: string): readonly string[] {
  const words = splitWords(line.replace(/\$\{[a-z]+\}/g, 'x')).words ?? []
  const paths: string[] = []
  words.forEach(({ text }, index) => {
    const [flag, value] =
      text.startsWith('--') && text.includes('=')
        ? [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)]
        : [text, undefined]
    const long = fileFlags.get(flag)
    if (long !== undefined) {
      const path = value ?? words[index + 1]?.text
      if (path === undefined) return
      if (long === '--filename') paths.push(...path.split(','))
      else paths.push(long === '--from-file' && path.includes('=') ? path.slice(path.indexOf('=') + 1) : path)
    } else if (/^-f[^-]/.test(text)) paths.push(...text.slice(2).replace(/^=/, '').split(','))
  })
  return paths
}
