/**
 * What a person names on the command line: files, folders, `-`, scenarios that ship with the package. Read whole and told apart before
 * anything runs; what cannot be read is a mistake like any other.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { kindOfText, type ReadOptions, readManifests, readScenario, type ScenarioReading } from '../scenario/read.ts'
import { didYouMean, type Mistake, mistakeOfFile } from '../text/mistake.ts'
import { templateHint } from '../text/yaml.ts'

/** A text and where it comes from. */
export type Source = {
  /** As the person named it. */
  readonly name: string
  readonly text: string
  /** Where the files that it names are. */
  readonly folder: string
}

/** What was read: a scenario (or what becomes one), a transcript, or mistakes. */
export type Input =
  | { readonly kind: 'scenario'; readonly source: Source; readonly reading: ScenarioReading }
  | { readonly kind: 'manifests'; readonly sources: readonly Source[]; readonly reading: ScenarioReading }
  | { readonly kind: 'transcript'; readonly source: Source; readonly shell: ScenarioReading }
  | { readonly kind: 'nothing'; readonly mistakes: readonly Mistake[] }

/** Larger files are no scenarios. */
const mostBytes = 16 * 1024 * 1024

/** The scenarios that ship with the package. */
const shipped = fileURLToPath(new URL('../../scenarios/', import.meta.url))

const manifestFile = /\.(ya?ml|json)$/i

/** The text of a file, or what is wrong with it. `name` as the person wrote it. */
function textOf(name: string, path: string | 0): string | Mistake {
  let bytes: Buffer
  try {
    const size = path === 0 ? 0 : statSync(path).size
    if (size > mostBytes)
      return mistakeOfFile(name, `a file of ${Math.round(size / 1_048_576)} MiB`, 'files of up to 16 MiB are read; was it meant?')
    bytes = readFileSync(path)
  } catch (error) {
    return mistakeOfFile(name, `it cannot be read (${(error as NodeJS.ErrnoException).code ?? 'error'})`, '')
  }
  if (bytes.length > mostBytes)
    return mistakeOfFile(name, `${Math.round(bytes.length / 1_048_576)} MiB of text`, 'up to 16 MiB are read; was it meant?')
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    if (text.includes('\0')) return mistakeOfFile(name, 'this is no text', 'a scenario or a manifest is YAML or JSON in UTF-8')
    if (text.trim() === '') return mistakeOfFile(name, 'there is nothing in it', 'a scenario begins with apiVersion: stsim/v1')
    return text
  } catch {
    return mistakeOfFile(name, 'this is no text', 'a scenario or a manifest is YAML or JSON in UTF-8')
  }
}

/** The sources behind one word of the command line. */
function sourcesOf(word: string): Source[] | Mistake[] {
  if (word === '-') return one(word, 0, '.')
  let stat: ReturnType<typeof statSync> | undefined
  try {
    stat = statSync(word)
  } catch {
    const found = shippedScenario(word)
    return found === undefined ? [missing(word)] : one(word, found, shipped)
  }
  if (!stat?.isDirectory()) return one(word, word, dirname(word))
  const names = readdirSync(word)
    .filter((name) => manifestFile.test(name))
    .sort()
  if (names.length === 0) return [mistakeOfFile(word, 'a folder without manifests', 'files that end with .yaml, .yml or .json are read')]
  const parts = names.map((name) => one(join(word, name), join(word, name), word))
  const wrong = parts.flatMap((part) => part.filter(isMistake))
  return wrong.length > 0 ? wrong : (parts.flat() as Source[])
}

function one(name: string, path: string | 0, folder: string): Source[] | Mistake[] {
  const text = textOf(name, path)
  return typeof text === 'string' ? [{ name, text, folder }] : [text]
}

const isMistake = (value: Source | Mistake): value is Mistake => 'found' in value

/** `10-web`, `web`, with or without `.yaml`. */
function shippedScenario(word: string): string | undefined {
  if (word.includes('/')) return undefined
  const wanted = word.replace(/\.ya?ml$/, '')
  const found = shippedNames().find((name) => name === wanted || name.replace(/^\d+-/, '') === wanted)
  return found === undefined ? undefined : join(shipped, `${found}.yaml`)
}

/** The names of the scenarios that ship with the package. */
export function shippedNames(): string[] {
  try {
    return readdirSync(shipped)
      .filter((name) => name.endsWith('.yaml'))
      .map((name) => name.slice(0, -5))
      .sort()
  } catch {
    return []
  }
}

function missing(word: string): Mistake {
  let near: string[] = []
  try {
    near = readdirSync(dirname(word) === '' ? '.' : dirname(word)).map((name) => join(dirname(word), name))
  } catch {
    // There is no such folder either.
  }
  const names = [...near.map((name) => name.replace(/^\.\//, '')), ...shippedNames()]
  return mistakeOfFile(word, 'there is no such file, and no scenario of that name', didYouMean(word, names, 'there are'))
}

/** Reads everything that is named, told apart by what is in it. Source: contract section 2, run. */
export function readInput(words: readonly string[], options: Omit<ReadOptions, 'name' | 'read' | 'list'>): Input {
  const parts = words.map(sourcesOf)
  const mistakes = parts.flatMap((part) => (part as (Source | Mistake)[]).filter(isMistake))
  if (mistakes.length > 0) return { kind: 'nothing', mistakes }
  const sources = parts.flat() as Source[]
  const [first] = sources
  if (first === undefined)
    return { kind: 'nothing', mistakes: [mistakeOfFile('stsim', 'no file was named', 'for example: stsim run web.yaml')] }
  const reader = { ...options, name: first.name, read: readerIn(first.folder), list: listerIn(first.folder) }
  const special = sources.filter((source) => kindOfText(source.text) !== 'manifests')
  if (special.length > 0 && sources.length > 1) {
    const what = special[0] as Source
    const kind = kindOfText(what.text) === 'scenario' ? 'a scenario' : 'a transcript'
    return {
      kind: 'nothing',
      mistakes: [mistakeOfFile(what.name, `${kind} beside other files`, 'run it alone; a scenario names its manifests itself')],
    }
  }
  if (kindOfText(first.text) === 'scenario') return { kind: 'scenario', source: first, reading: readScenario(first.text, reader) }
  if (kindOfText(first.text) === 'transcript')
    return { kind: 'transcript', source: first, shell: readScenario(emptyScenario, { ...reader, name: basename(first.name) }) }
  const template = sources.find((source) => /\{\{.*\}\}/.test(source.text) && isTemplate(source.text))
  if (template !== undefined) return { kind: 'nothing', mistakes: [templateMistake(template)] }
  return { kind: 'manifests', sources, reading: readManifests(sources, { ...reader, name: nameFor(words) }) }
}

/** A cluster without anything in it. */
export const emptyScenario = 'apiVersion: stsim/v1\nkind: Scenario\n'

const nameFor = (words: readonly string[]): string =>
  basename(words[0] === '-' ? 'stdin' : ((words[0] as string).replace(/\/+$/, '') as string))

/** Braces of Helm outside of quotes and comments. */
const isTemplate = (text: string): boolean =>
  /^[^#'"\n]*\{\{-?\s*(\.|if\b|include\b|range\b|with\b|end\b|template\b|define\b|toYaml\b|tpl\b)/m.test(text)

function templateMistake(source: Source): Mistake {
  const lines = source.text.split('\n')
  const at = lines.findIndex((line) => /\{\{/.test(line))
  const excerpt = lines[at] ?? ''
  const column = excerpt.indexOf('{{') + 1
  const length = Math.max(2, (excerpt.indexOf('}}') + 2 || excerpt.length) - column + 1)
  return { file: source.name, line: at + 1, column, length, excerpt, found: 'template braces', hint: templateHint }
}

/** Reads what a scenario names, relative to its folder. */
const readerIn =
  (folder: string) =>
  (path: string): string | undefined => {
    const text = textOf(path, join(folder, path))
    return typeof text === 'string' ? text : undefined
  }

const listerIn =
  (folder: string) =>
  (path: string): readonly string[] | undefined => {
    try {
      return readdirSync(join(folder, path))
        .filter((name) => manifestFile.test(name))
        .sort()
    } catch {
      return undefined
    }
  }
