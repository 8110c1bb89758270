/**
 * kubectl's dialect of JSONPath: text around braces, `{range}…{end}`, escaped dots, `['a','b']`, filters.
 * Source: client-go util/jsonpath (parser.go, jsonpath.go), 1.36; libraries.md 2.6.
 */
import { numberText } from './go-text.ts'
import { printJson } from './print.ts'

/** A template that cannot be read, or not be played on this object; `message` is the parser's text. */
export class JsonPathError extends Error {}

type Bound = { readonly value: number; readonly known: boolean; readonly derived: boolean }
type Step =
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'wildcard' }
  | { readonly kind: 'recursive' }
  | { readonly kind: 'root' }
  | { readonly kind: 'slice'; readonly from: Bound; readonly to: Bound; readonly step: Bound }
  | { readonly kind: 'filter'; readonly left: Path; readonly operator: string; readonly right: Path | undefined }
  | { readonly kind: 'union'; readonly paths: readonly Path[] }
  | { readonly kind: 'value'; readonly value: string | number | boolean }
type Path = readonly Step[]
type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'path'; readonly path: Path }
  | { readonly kind: 'range'; readonly path: Path; readonly body: Part[] }

/** A template, read. */
export type JsonPath = readonly Part[]

/** Reads a template. Throws JsonPathError. */
export function parseJsonPath(text: string): JsonPath {
  const root: Part[] = []
  const stack: Part[][] = [root]
  let i = 0
  while (i < text.length) {
    const open = text.indexOf('{', i)
    const plain = open < 0 ? text.slice(i) : text.slice(i, open)
    if (plain !== '') (stack.at(-1) as Part[]).push({ kind: 'text', text: plain })
    if (open < 0) break
    const close = endOfAction(text, open + 1)
    action(text.slice(open + 1, close))
    i = close + 1
  }
  return root

  function action(body: string): void {
    const word = /^\s*(range|end)(?![A-Za-z0-9_])/.exec(body)
    const here = stack.at(-1) as Part[]
    if (word?.[1] === 'range') {
      const part: Part = { kind: 'range', path: parsePath(body.slice(word[0].length)), body: [] }
      here.push(part)
      stack.push(part.body)
    } else if (word?.[1] === 'end') {
      if (stack.length === 1) throw new JsonPathError('not in range, nothing to end')
      stack.pop()
    } else here.push({ kind: 'path', path: parsePath(body) })
  }
}

function endOfAction(text: string, from: number): number {
  let quote = ''
  for (let i = from; i < text.length; i += 1) {
    const c = text[i] as string
    if (quote !== '') {
      if (c === '\\') i += 1
      else if (c === quote) quote = ''
    } else if (c === '"' || c === "'") quote = c
    else if (c === '}') return i
  }
  throw new JsonPathError(quote === '' ? 'unclosed action' : 'unterminated quoted string')
}

const isTerminator = (c: string | undefined): boolean => c === undefined || /[\s.,[\]$@{}]/.test(c)

/** One path: `.a['b.c'][0:2]..d`, a quoted text, a number. */
function parsePath(text: string): Path {
  const steps: Step[] = []
  let i = 0
  while (i < text.length) {
    const c = text[i] as string
    if (/\s/.test(c) || c === '@') i += 1
    else if (c === '$') {
      steps.push({ kind: 'root' })
      i += 1
    } else if (c === '[') {
      const end = endOfBracket(text, i + 1)
      steps.push(...parseBracket(text.slice(i + 1, end)))
      i = end + 1
    } else if (c === '"' || c === "'") {
      const end = endOfQuote(text, i)
      steps.push({ kind: 'value', value: unquote(text.slice(i, end)) })
      i = end
    } else if (c === '.') {
      if (text[i + 1] === '.') {
        steps.push({ kind: 'recursive' })
        i += 1
        if (text[i + 1] === '[') i += 1
        continue
      }
      i += 1
      let name = ''
      while (!isTerminator(text[i])) {
        if (text[i] === '\\') i += 1
        name += text[i] ?? ''
        i += 1
      }
      if (name === '*') steps.push({ kind: 'wildcard' })
      else if (name !== '') steps.push({ kind: 'field', name })
    } else if (/[-+\d]/.test(c)) {
      const number = /^[-+]?[\d.]+/.exec(text.slice(i))?.[0] ?? c
      if (!/^[-+]?\d+(?:\.\d+)?$/.test(number)) throw new JsonPathError(`cannot parse number ${number}`)
      steps.push({ kind: 'value', value: Number(number) })
      i += number.length
    } else if (/[A-Za-z_]/.test(c)) {
      const word = /^\w+/.exec(text.slice(i))?.[0] ?? c
      if (word !== 'true' && word !== 'false') throw new JsonPathError(`unrecognized identifier ${word}`)
      steps.push({ kind: 'value', value: word === 'true' })
      i += word.length
    } else
      throw new JsonPathError(
        `unrecognized character in action: U+${(c.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, '0')} '${c}'`,
      )
  }
  return steps
}

function endOfQuote(text: string, from: number): number {
  for (let i = from + 1; i < text.length; i += 1) {
    if (text[i] === '\\') i += 1
    else if (text[i] === text[from]) return i + 1
  }
  throw new JsonPathError('unterminated quoted string')
}

function endOfBracket(text: string, from: number): number {
  let depth = 1
  for (let i = from; i < text.length; i += 1) {
    const c = text[i]
    if (c === '"' || c === "'") i = endOfQuote(text, i) - 1
    else if (c === '[') depth += 1
    else if (c === ']') {
      depth -= 1
      if (depth === 0) return i
    }
  }
  throw new JsonPathError('unterminated array')
}

const unquote = (quoted: string): string => {
  const named: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '\\': '\\', '"': '"', "'": "'" }
  return quoted.slice(1, -1).replace(/\\(.)/g, (_, c: string) => named[c] ?? `\\${c}`)
}

function parseBracket(text: string): readonly Step[] {
  const inside = text.trim()
  if (inside === '*') return [{ kind: 'wildcard' }]
  if (inside.startsWith('?(')) {
    if (!inside.endsWith(')')) throw new JsonPathError('unterminated filter')
    return [parseFilter(inside.slice(2, -1))]
  }
  const key = /^'([^']*)'$/.exec(inside)
  if (key !== null) return parsePath(`.${key[1]}`)
  const slice = /^(-?\d*)(:(-?\d*))?(:(-?\d*))?$/.exec(inside)
  if (slice !== null && inside !== '') {
    const from = bound(slice[1])
    if (slice[2] === undefined) {
      return [{ kind: 'slice', from, to: { value: from.value + 1, known: true, derived: true }, step: bound('') }]
    }
    return [{ kind: 'slice', from, to: bound(slice[3]), step: bound(slice[5]) }]
  }
  const parts = inside.split(',')
  if (parts.length > 1) return [{ kind: 'union', paths: parts.map((part) => parsePath(`[${part.trim()}]`)) }]
  throw new JsonPathError(`invalid array index ${inside}`)
}

const bound = (text: string | undefined): Bound =>
  text === undefined || text === '' ? { value: 0, known: false, derived: false } : { value: Number(text), known: true, derived: false }

function parseFilter(text: string): Step {
  let at = -1
  let operator = 'exists'
  for (let i = 0; i < text.length && at < 0; i += 1) {
    const c = text[i] as string
    if (c === '"' || c === "'") i = endOfQuote(text, i) - 1
    else if (/[=<>!]/.test(c)) {
      const two = text.slice(i, i + 2)
      operator = /^(?:==|!=|<=|>=)$/.test(two) ? two : c
      at = i
    }
  }
  if (at < 0) return { kind: 'filter', left: parsePath(text), operator, right: undefined }
  if (!['==', '!=', '<=', '>=', '<', '>'].includes(operator))
    throw new JsonPathError(`unrecognized filter operator ${text.slice(at, at + 2)}`)
  return { kind: 'filter', left: parsePath(text.slice(0, at)), operator, right: parsePath(text.slice(at + operator.length)) }
}

// ------------------------------------------------------------------------------------------------------------ playing

const isMap = (value: unknown): value is Record<string, unknown> => value !== null && typeof value === 'object' && !Array.isArray(value)
const sortedKeys = (map: Record<string, unknown>): string[] => Object.keys(map).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))

function walk(path: Path, input: readonly unknown[], root: unknown): readonly unknown[] {
  let current = input
  for (const step of path) current = take(step, current, root)
  return current
}

function take(step: Step, current: readonly unknown[], root: unknown): readonly unknown[] {
  switch (step.kind) {
    case 'value':
      return [step.value]
    case 'root':
      return [root]
    case 'field':
      return current.flatMap((value) => (isMap(value) && value[step.name] !== undefined ? [value[step.name]] : []))
    case 'wildcard':
      return current.flatMap((value) => (Array.isArray(value) ? value : isMap(value) ? sortedKeys(value).map((key) => value[key]) : []))
    case 'recursive':
      return current.flatMap(descend)
    case 'union':
      return step.paths.flatMap((path) => walk(path, current, root))
    case 'slice':
      return current.flatMap((value) => cut(step, value))
    case 'filter':
      return current.flatMap((value) => {
        if (value === null || value === undefined) return []
        if (!Array.isArray(value)) throw new JsonPathError(`${typeName(value)} is not array or slice and cannot be filtered`)
        return value.filter((item) => passes(step, item, root))
      })
  }
}

const descend = (value: unknown): unknown[] => {
  const inner = Array.isArray(value) ? value : isMap(value) ? sortedKeys(value).map((key) => value[key]) : []
  return [value, ...inner.flatMap(descend)]
}

const typeName = (value: unknown): string =>
  isMap(value)
    ? 'map[string]interface {}'
    : typeof value === 'string'
      ? 'string'
      : typeof value === 'boolean'
        ? 'bool'
        : Number.isInteger(value)
          ? 'int64'
          : 'float64'

function cut(step: Extract<Step, { kind: 'slice' }>, value: unknown): readonly unknown[] {
  if (value === null || value === undefined) return []
  if (!Array.isArray(value)) throw new JsonPathError(`${typeName(value)} is not array or slice`)
  const length = value.length
  let from = step.from.known ? step.from.value : 0
  if (from < 0) from += length
  let to = step.to.known ? step.to.value : length
  if (to < 0 || (to === 0 && step.to.derived)) to += length
  if (from === to) return []
  if (from >= length || from < 0) throw new JsonPathError(`array index out of bounds: index ${from}, length ${length}`)
  if (to > length || to < 0) throw new JsonPathError(`array index out of bounds: index ${to - 1}, length ${length}`)
  if (from > to) throw new JsonPathError(`starting index ${from} is greater than ending index ${to}`)
  const by = step.step.known ? step.step.value : 1
  if (by <= 0) throw new JsonPathError('step must be > 0')
  return value.slice(from, to).filter((_, i) => i % by === 0)
}

function passes(step: Extract<Step, { kind: 'filter' }>, item: unknown, root: unknown): boolean {
  const left = walk(step.left, [item], root)
  if (step.right === undefined) return left.length > 0
  if (left.length === 0) return false
  if (left.length > 1) throw new JsonPathError('can only compare one element at a time')
  const right = walk(step.right, [item], root)
  if (right.length === 0) return false
  if (right.length > 1) throw new JsonPathError('can only compare one element at a time')
  const a = left[0] as string | number | boolean
  const b = right[0] as string | number | boolean
  if (typeof a !== typeof b) throw new JsonPathError('incompatible types for comparison')
  switch (step.operator) {
    case '==':
      return a === b
    case '!=':
      return a !== b
    case '<':
      return a < b
    case '>':
      return a > b
    case '<=':
      return a <= b
    default:
      return a >= b
  }
}

/** A value as the printer writes it: text as it is, lists and maps as JSON in one line. */
export const jsonPathText = (value: unknown): string =>
  value === null ? 'null' : typeof value === 'object' ? printJson(value, 0) : typeof value === 'number' ? numberText(value) : String(value)

/** Plays a template on an object. Throws JsonPathError (an index that is not there). */
export function executeJsonPath(template: JsonPath, data: unknown): string {
  const play = (parts: readonly Part[], current: unknown): string =>
    parts
      .map((part) => {
        if (part.kind === 'text') return part.text
        const results = walk(part.path, [current], data)
        return part.kind === 'path' ? results.map(jsonPathText).join(' ') : results.map((item) => play(part.body, item)).join('')
      })
      .join('')
  return play(template, data)
}

/** All values that the paths of a template find, in order. */
export function jsonPathValues(template: JsonPath, data: unknown): readonly unknown[] {
  const play = (parts: readonly Part[], current: unknown): readonly unknown[] =>
    parts.flatMap((part) => {
      if (part.kind === 'text') return []
      const results = walk(part.path, [current], data)
      return part.kind === 'path' ? results : results.flatMap((item) => play(part.body, item))
    })
  return play(template, data)
}

/** A path without braces or its first dot as one with them (`spec.x`, `.spec.x`, `{.spec.x}`); undefined if it is none. */
export function relaxedPath(text: string): string | undefined {
  if (text === '') return ''
  const match = /^\{\.?([^{}]+)\}$|^\.?([^{}]+)$/.exec(text)
  if (match === null) return undefined
  return `{.${match[1] ?? match[2]}}`
}

/** What kubectl says of a path that `relaxedPath` does not take. */
export const relaxedPathRefusal =
  "unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'"
