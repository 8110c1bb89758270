/**
 * YAML as Kubernetes reads it, with places kept: a path of keys gives the line and column of a key or a value.
 *
 * Kubernetes reads with its fork of Go's YAML v2: `yes`, `no`, `on`, `off`, `y`, `n` are booleans (as keys they become "true" and
 * "false"), `0755` is 493, `0o17` is 15, `1_000` is 1000, `1:30` and dates stay text, `<<` merges, and a stream is split at lines
 * that begin with `---` before anything is parsed, so that one broken document does not spoil the others.
 * Source: design notes, libraries.md 2.1; k8s.io/apimachinery/pkg/util/yaml; sigs.k8s.io/yaml.
 * Differs from Kubernetes: a whole number above 2^53 is refused, because it could not be kept exactly.
 */
import {
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  type Document as Parsed,
  parseDocument,
  stringify,
  visit,
} from 'yaml'
import type { Mistake, Place } from './mistake.ts'
import { mistakeOfFile } from './mistake.ts'

/** Keys and positions from the top of a document down to something in it. */
export type Path = readonly (string | number)[]

/** One document of a stream. */
export type Document = {
  /** Plain values: objects, arrays, text, numbers, booleans, null. */
  readonly value: unknown
  readonly file: string
  /** The line (from 1) on which the document begins. */
  readonly line: number
  /** Where the key or the value at the path stands; of a path that is not there, the nearest thing above it. */
  place(path: Path, of: 'key' | 'value'): Place
  /** A mistake about what stands at the path. */
  mistake(path: Path, of: 'key' | 'value', found: string, hint: string): Mistake
  /** A mistake inside the text at the path: `at` and `length` count in the value's characters. */
  mistakeWithin(path: Path, at: number, length: number, found: string, hint: string): Mistake
  /** Unquoted words that mean something else than most people think: `no` (false), `1_0` (10). File modes (`0755`) are none. */
  surprises(): readonly { readonly place: Place; readonly text: string; readonly value: unknown; readonly path: Path }[]
}

/** What a text held: all documents that could be read, and everything wrong with the others. */
export type Reading = { readonly documents: readonly Document[]; readonly mistakes: readonly Mistake[] }

/** Characters beyond which YAML is refused (JSON may be larger: dumps of whole clusters are JSON). */
const mostYaml = 16 * 1024 * 1024
const mostJson = 512 * 1024 * 1024

// What Helm and its like put between braces. Prometheus' `{{ $labels.x }}` in a ConfigMap is not one of them.
const template =
  /\{\{-?\s*(\.(Values|Release|Chart|Capabilities|Files|Template)\b|(include|define|template|toYaml|tpl|if|else|range|with|end|default|printf|quote|nindent|indent|required|lookup)\b|\/\*)/

/** What is answered to a file with template braces. */
export const templateHint = 'this is a template, not yet a manifest: helm template RELEASE CHART | stsim run -'

const options = {
  version: '1.1',
  prettyErrors: false,
  intAsBigInt: true,
  uniqueKeys: true,
  keepSourceTokens: false,
  logLevel: 'silent',
  customTags: (tags: readonly unknown[]) => [
    ...tags.filter((tag) => {
      const { tag: name, format } = tag as { tag?: string; format?: string }
      return format !== 'TIME' && name !== 'tag:yaml.org,2002:timestamp' && name !== 'tag:yaml.org,2002:binary'
    }),
    {
      identify: () => false,
      default: true,
      tag: 'tag:yaml.org,2002:int',
      test: /^[-+]?0o[0-7_]+$/,
      resolve: (text: string) => {
        const number = BigInt(text.replace(/[-+_]/g, ''))
        return text.startsWith('-') ? -number : number
      },
    },
  ],
}

// The library's messages, and what would do.
const syntaxHints: Readonly<Record<string, string>> = {
  BAD_INDENT: 'items of one map or list begin in the same column',
  TAB_AS_INDENT: 'YAML is indented with blanks: replace the tab',
  DUPLICATE_KEY: 'keep one of them',
  BLOCK_AS_IMPLICIT_KEY: 'a text that holds ": " is put into quotes',
  MISSING_CHAR: 'a quote, bracket or comma is missing before this',
  MULTILINE_IMPLICIT_KEY: 'a colon is missing after the key, or the text needs quotes',
  UNEXPECTED_TOKEN: 'the text may need quotes',
  BAD_ALIAS: 'an anchor (&name) must come before its alias (*name); a text that begins with * is put into quotes',
}

/** The lines of a text as offsets, for places. */
class Lines {
  readonly text: string
  private readonly starts: number[] = [0]

  constructor(text: string) {
    this.text = text
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.starts.push(at + 1)
  }

  place(from: number, to: number): Place {
    let low = 0
    let high = this.starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((this.starts[middle] as number) <= from) low = middle
      else high = middle - 1
    }
    const start = this.starts[low] as number
    const end = this.endOf(low)
    return { line: low + 1, column: from - start + 1, length: Math.max(0, Math.min(to, end) - from) }
  }

  /** The offset at which line `index` ends, line break aside. */
  private endOf(index: number): number {
    const next = this.starts[index + 1]
    const end = next === undefined ? this.text.length : next - 1
    return this.text[end - 1] === '\r' ? end - 1 : end
  }

  excerpt(line: number): string {
    return this.text.slice(this.starts[line - 1] ?? 0, this.endOf(line - 1))
  }
}

type Chunk = { readonly text: string; readonly at: number }

/** The documents of a stream: split at lines that begin with `---`. What follows `--- ` on that line belongs to the document. */
function split(text: string): Chunk[] {
  const chunks: Chunk[] = []
  const separator = /^---.*$/gm
  let from = 0
  for (let found = separator.exec(text); found !== null; found = separator.exec(text)) {
    chunks.push({ text: text.slice(from, found.index), at: from })
    from = /^---\s+[^\s#]/.test(found[0]) ? found.index + 3 : found.index + found[0].length
  }
  chunks.push({ text: text.slice(from), at: from })
  return chunks
}

const isBlank = (text: string): boolean => text.split('\n').every((line) => /^\s*(#.*|%.*|\.\.\.\s*)?\r?$/.test(line))

type Fault = { readonly from: number; readonly to: number; readonly found: string; readonly hint: string }

class YamlDocument implements Document {
  readonly value: unknown
  readonly file: string
  readonly line: number
  private readonly parse: () => Parsed
  private readonly lines: () => Lines
  private readonly at: number
  private parsed: Parsed | undefined

  constructor(file: string, value: unknown, at: number, line: number, lines: () => Lines, parse: () => Parsed) {
    this.file = file
    this.value = value
    this.at = at
    this.line = line
    this.lines = lines
    this.parse = parse
  }

  private tree(): Parsed {
    this.parsed ??= this.parse()
    return this.parsed
  }

  place(path: Path, of: 'key' | 'value'): Place {
    const [from, to] = this.range(path, of)
    return this.lines().place(this.at + from, this.at + to)
  }

  mistake(path: Path, of: 'key' | 'value', found: string, hint: string): Mistake {
    return this.told(this.place(path, of), found, hint)
  }

  mistakeWithin(path: Path, at: number, length: number, found: string, hint: string): Mistake {
    const [from, to] = this.range(path, 'value')
    const node = nodeAt(this.tree(), path)
    // A plain scalar stands there as it reads; a quoted or folded one is only found when its text stands there unchanged.
    const source = this.source(from, to)
    const shift = isScalar(node) && typeof node.value === 'string' ? source.indexOf(node.value) : -1
    if (shift < 0) return this.mistake(path, 'value', found, hint)
    return this.told(this.lines().place(this.at + from + shift + at, this.at + from + shift + at + Math.max(1, length)), found, hint)
  }

  surprises(): readonly { place: Place; text: string; value: unknown; path: Path }[] {
    const list: { place: Place; text: string; value: unknown; path: Path }[] = []
    visit(this.tree(), {
      Scalar: (key, node, above) => {
        if (node.type !== 'PLAIN' || !node.range) return
        const text = this.source(node.range[0], node.range[1])
        const plain = typeof node.value === 'boolean' ? /^(true|false|True|False|TRUE|FALSE)$/.test(text) : true
        const changed = (typeof node.value === 'bigint' || typeof node.value === 'number') && text.includes('_')
        if (plain && !changed) return
        list.push({
          place: this.lines().place(this.at + node.range[0], this.at + node.range[1]),
          text,
          value: plainNumber(node.value),
          path: pathOf(key, above),
        })
      },
    })
    return list
  }

  private source(from: number, to: number): string {
    return this.lines().text.slice(this.at + from, this.at + to)
  }

  private told(place: Place, found: string, hint: string): Mistake {
    return { file: this.file, ...place, found, hint, excerpt: this.lines().excerpt(place.line) }
  }

  private range(path: Path, of: 'key' | 'value'): readonly [number, number] {
    let here: unknown = this.tree().contents
    let key: readonly [number, number] | undefined
    for (const [depth, step] of path.entries()) {
      const node = resolve(here, this.tree())
      const pair = pairOf(node, String(step), this.tree())
      const item = isSeq(node) ? node.items[Number(step)] : undefined
      if (pair === undefined && item === undefined) break
      key = pair === undefined ? undefined : rangeOf(pair.key)
      if (of === 'key' && depth === path.length - 1 && key !== undefined) return key
      here = pair === undefined ? item : pair.value
    }
    // Of a map or list only the beginning is underlined, of a value that is empty its key.
    const node = resolve(here, this.tree())
    const first = isMap(node) && !node.flow ? rangeOf((node.items[0] as Pair | undefined)?.key) : undefined
    const value = first ?? rangeOf(here)
    return value !== undefined && value[1] > value[0] ? value : (key ?? [0, 0])
  }
}

const resolve = (node: unknown, document: Parsed): unknown => (isAlias(node) ? node.resolve(document) : node)

const rangeOf = (node: unknown): readonly [number, number] | undefined =>
  isNode(node) && node.range ? [node.range[0], node.range[1]] : undefined

const keyText = (key: unknown): string => (isScalar(key) ? String(key.value ?? '') : String(key))

/** The pair of that key, also where it was merged in by `<<`. */
function pairOf(map: unknown, key: string, document: Parsed): Pair | undefined {
  if (!isMap(map)) return undefined
  const own = map.items.find((pair) => keyText(pair.key) === key) as Pair | undefined
  if (own !== undefined) return own
  for (const pair of map.items) {
    if (keyText(pair.key) !== '<<' && String(keyText(pair.key)) !== 'Symbol(<<)') continue
    const value = resolve(pair.value, document)
    for (const one of isSeq(value) ? value.items : [value]) {
      const found = pairOf(resolve(one, document), key, document)
      if (found !== undefined) return found
    }
  }
  return undefined
}

function nodeAt(document: Parsed, path: Path): unknown {
  let here = resolve(document.contents, document)
  for (const step of path) {
    if (isMap(here)) here = resolve(pairOf(here, String(step), document)?.value, document)
    else if (isSeq(here)) here = resolve(here.items[Number(step)], document)
    else return undefined
  }
  return here
}

/** The path of a node that `visit` met. */
function pathOf(key: unknown, above: readonly unknown[]): Path {
  const path: (string | number)[] = []
  for (const [index, node] of above.entries()) {
    if (isPair(node)) path.push(keyText(node.key))
    else if (isSeq(node)) {
      const next = above[index + 1]
      const at = node.items.indexOf(next as never)
      path.push(at >= 0 ? at : Number(key))
    }
  }
  return path
}

/** Whole numbers come as bigint (so that none is rounded unseen); what fits becomes a number. */
const plainNumber = (value: unknown): unknown =>
  typeof value === 'bigint' && value <= BigInt(Number.MAX_SAFE_INTEGER) && value >= BigInt(Number.MIN_SAFE_INTEGER) ? Number(value) : value

type How = { readonly uniqueKeys?: boolean; readonly wordKeys?: ((path: Path) => boolean) | undefined }

/** The library's message in words of a person who does not know how YAML is built. */
function saidPlainly(message: string, word: string, double: boolean): string {
  if (double) return `the key ${word.startsWith('"') ? word : `"${word}"`} is there twice`
  const open = /^Flow (sequence|map).*end with an? ([\]}])/.exec(message)
  if (open !== null) return `a ${open[1] === 'map' ? 'map' : 'list'} is never closed with "${open[2]}"`
  return message.replace(/ at line \d+.*$/s, '').replace(/\.$/, '')
}

function parseChunk(text: string, { uniqueKeys = true, wordKeys }: How = {}): { parsed: Parsed; faults: Fault[] } {
  const parsed = parseDocument(text, { ...options, uniqueKeys, lineCounter: new LineCounter() } as never) as Parsed
  const faults: Fault[] = []
  // Where the syntax broke, what follows is guessed: only the first such error is told. Double keys stand for themselves.
  let broken = false
  for (const error of parsed.errors) {
    if (/call stack/.test(error.message)) throw new RangeError(error.message)
    const double = error.code === 'DUPLICATE_KEY'
    if (broken && !double) continue
    broken ||= !double
    const [from] = error.pos
    const word = /^[^\s:,\]}]+/.exec(text.slice(from))?.[0] ?? ''
    faults.push({
      from,
      to: Math.max(error.pos[1], from + (double ? word.length : 1)),
      found: saidPlainly(error.message, word, double),
      hint: (/end with an? [\]}]/.test(error.message) ? syntaxHints['MISSING_CHAR'] : syntaxHints[error.code]) ?? '',
    })
  }
  if (faults.length > 0) return { parsed, faults }
  visit(parsed, {
    Scalar: (_, node) => {
      const value = plainNumber(node.value)
      if (typeof value === 'bigint') {
        const [from, to] = node.range ?? [0, 1]
        faults.push({ from, to, found: `${value} is too large to be kept exactly`, hint: 'put it into quotes, if text will do' })
      } else node.value = value
    },
    Pair: (at, pair, above) => {
      const { key } = pair
      // `off` as a key, where keys are words.
      if (wordKeys !== undefined && isScalar(key) && typeof key.value === 'boolean' && wordKeys(pathOf(at, above)))
        key.value = key.source ?? key.value
      if (!isMap(key) && !isSeq(key)) return
      const [from, to] = rangeOf(pair.key) ?? [0, 1]
      faults.push({ from, to, found: 'a map or list as a key', hint: 'a text that begins with "{" or "[" is put into quotes' })
    },
  })
  return { parsed, faults }
}

/** Why a document could not be turned into values. */
function unreadableDocument(error: unknown): readonly [found: string, hint: string] {
  if (!(error instanceof Error)) return ['a document that cannot be read', '']
  if (error instanceof RangeError) return ['a document nested too deeply to be read', 'no Kubernetes object is nested like that']
  const unresolved = /^Unresolved alias.*: (.*)$/.exec(error.message)
  if (unresolved !== null) return [`an alias without its anchor: *${unresolved[1]}`, syntaxHints['BAD_ALIAS'] ?? '']
  return ['aliases that multiply without end (an alias bomb)', 'write the values out']
}

/** Whether a document is (a part of) a template: braces where the YAML broke, or Helm's own names in a value. */
const looksLikeTemplate = (text: string, broken: boolean): boolean =>
  template.test(text) && (broken || /^(?!\s*#)[^|>\n]*\{\{-?\s*\.(Values|Release|Chart)\b/m.test(text))

/** A text cannot be read at all: empty, binary, too large. */
function unreadable(text: string, file: string): Mistake | undefined {
  if (text.length === 0 || isBlankStart(text))
    return mistakeOfFile(file, 'the file is empty', 'a scenario or Kubernetes manifests were expected')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  const odd = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffd]/.exec(text.slice(0, 1 << 20))
  if (odd !== null)
    return mistakeOfFile(file, 'this is not text (binary, or not UTF-8)', 'a scenario or Kubernetes manifests in UTF-8 were expected')
  return undefined
}

/** Nothing but white space (looked at only in short texts: a long one is told by what it holds). */
const isBlankStart = (text: string): boolean => text.length < 1 << 16 && text.trim() === ''

/** How a stream is read. */
export type ReadingOptions = {
  /** `last`: the last of a key given twice counts, as for kubectl; else it is a mistake. */
  readonly doubles?: 'last'
  /** Whether the keys of the map at that path are words even if they read `on`, `off`, `yes`, `no`, `y` or `n`. */
  readonly wordKeys?: (path: Path) => boolean
}

/**
 * Read a stream of documents. Comment-only documents are skipped, as kubectl does. Nothing is thrown: whatever is wrong is a
 * mistake, and the documents that could be read are there.
 */
export function readYaml(source: string, file: string, how: ReadingOptions = {}): Reading {
  const given: How = { uniqueKeys: how.doubles !== 'last', wordKeys: how.wordKeys }
  const text = source.startsWith('\ufeff') ? source.slice(1) : source
  const wrong = unreadable(text, file)
  if (wrong !== undefined) return { documents: [], mistakes: [wrong] }
  let kept: Lines | undefined
  const lines = (): Lines => {
    kept ??= new Lines(text)
    return kept
  }
  const json = readJson(text, file, lines, given)
  if (json !== undefined) return json
  if (text.length > mostYaml) {
    const megabytes = Math.round(text.length / (1024 * 1024))
    return {
      documents: [],
      mistakes: [
        mistakeOfFile(file, `the file is too large (${megabytes} MB of YAML)`, 'split it, or give it as JSON (kubectl get -o json)'),
      ],
    }
  }
  const documents: Document[] = []
  const mistakes: Mistake[] = []
  for (const chunk of split(text)) {
    if (isBlank(chunk.text)) continue
    const told = (from: number, to: number, found: string, hint: string): void => {
      const place = lines().place(chunk.at + from, chunk.at + to)
      mistakes.push({ file, ...place, found, hint, excerpt: lines().excerpt(place.line) })
    }
    const first = /\S/.exec(chunk.text.replace(/^\s*#.*$/gm, (comment) => ' '.repeat(comment.length)))?.index ?? 0
    try {
      const { parsed, faults } = parseChunk(chunk.text, given)
      if (looksLikeTemplate(chunk.text, faults.length > 0)) {
        const at = template.exec(chunk.text)?.index ?? 0
        told(at, at + 2, 'template braces', templateHint)
        continue
      }
      for (const fault of faults) told(fault.from, fault.to, fault.found, fault.hint)
      if (faults.length > 0) continue
      const value = parsed.toJS({ maxAliasCount: 200 }) as unknown
      documents.push(new YamlDocument(file, value, chunk.at, lines().place(chunk.at + first, chunk.at + first).line, lines, () => parsed))
    } catch (error) {
      const [found, hint] = unreadableDocument(error)
      told(first, first + 1, found, hint)
    }
  }
  if (documents.length === 0 && mistakes.length === 0)
    mistakes.push(mistakeOfFile(file, 'the file holds nothing but comments', 'a scenario or Kubernetes manifests were expected'))
  return { documents, mistakes }
}

/** Deeper than any object; what comes after may call itself so often. */
const mostDepth = 500

/** Where a JSON text is nested more than `most` deep; -1: nowhere. */
function deeperThan(most: number, text: string): number {
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const c = text.charCodeAt(at)
    if (c === 34) for (at += 1; text.charCodeAt(at) !== 34; at++) at += text.charCodeAt(at) === 92 ? 1 : 0
    else if (c === 123 || c === 91) depth += 1
    else if (c === 125 || c === 93) depth -= 1
    if (depth > most) return at
  }
  return -1
}

/** JSON is read as JSON: faster, and dumps of whole clusters are large. Places are looked up only when something is wrong. */
function readJson(text: string, file: string, lines: () => Lines, given: How): Reading | undefined {
  if (!/^\s*[{[]/.test(text.slice(0, 200)) || text.length > mostJson) return undefined
  let value: unknown
  try {
    value = JSON.parse(text) as unknown
  } catch {
    return undefined
  }
  const tooDeep = deeperThan(mostDepth, text)
  if (tooDeep >= 0) {
    const [found, hint] = unreadableDocument(new RangeError())
    const place = lines().place(tooDeep, tooDeep + 1)
    return { documents: [], mistakes: [{ file, ...place, found, hint, excerpt: lines().excerpt(place.line) }] }
  }
  // Keys given twice are errors; JSON.parse keeps the last in silence. Only a text of moderate size is searched for them.
  if (given.uniqueKeys && text.length < 1 << 20) {
    const { faults } = parseChunk(text)
    if (faults.some((fault) => fault.hint === syntaxHints['DUPLICATE_KEY'])) return undefined
  }
  const parse = (): Parsed => parseChunk(text, given).parsed
  return { documents: [new YamlDocument(file, value, 0, lines().place(text.search(/\S/), 0).line, lines, parse)], mistakes: [] }
}

/** One document or mistakes: for files that hold one thing (scenarios). */
export function readOne(source: string, file: string): { readonly document?: Document; readonly mistakes: readonly Mistake[] } {
  const { documents, mistakes } = readYaml(source, file)
  const [document, second] = documents
  if (second !== undefined)
    return { mistakes: [...mistakes, second.mistake([], 'value', 'a second document', 'this file holds one document only')] }
  return document === undefined ? { mistakes } : { document, mistakes }
}

/** Write a plain value as YAML that both dialects (1.1 and 1.2) read the same: words like `yes` and `0755` are quoted. */
export function writeYaml(value: unknown): string {
  return stringify(value, { version: '1.1', aliasDuplicateObjects: false, lineWidth: 0, customTags: options.customTags } as never)
}
