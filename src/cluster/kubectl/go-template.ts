/**
 * `-o go-template`: the part of Go's text/template that people write in kubectl lines. Source: Go's text/template; cli-runtime
 * pkg/printers/template.go, 1.36.
 * Differs from Kubernetes: no `define`, `template` and `block`; of an error only the cause is told.
 */
import { goText } from './go-text.ts'

/** A template that cannot be read or played. */
export class TemplateError extends Error {}

type Operand =
  | { readonly kind: 'literal'; readonly value: unknown }
  | { readonly kind: 'dot' }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'function'; readonly name: string }
  | { readonly kind: 'pipe'; readonly pipe: Pipe }
type Term = { readonly operand: Operand; readonly fields: readonly string[] }
/** Commands joined by `|`; each is a list of terms. */
type Pipe = readonly (readonly Term[])[]
type Action =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'print'; readonly pipe: Pipe }
  | { readonly kind: 'set'; readonly name: string; readonly declares: boolean; readonly pipe: Pipe }
  | { readonly kind: 'if' | 'with'; readonly pipe: Pipe; readonly body: readonly Action[]; readonly otherwise: readonly Action[] }
  | {
      readonly kind: 'range'
      readonly names: readonly string[]
      readonly pipe: Pipe
      readonly body: readonly Action[]
      readonly otherwise: readonly Action[]
    }
  | { readonly kind: 'break' | 'continue' }

/** A template, read. */
export type GoTemplate = readonly Action[]

type Piece = { readonly text?: string; readonly action?: string; readonly line: number }

/** Cuts a template into text and actions; `{{-` and `-}}` take the white space beside them. */
function cut(source: string): readonly Piece[] {
  const pieces: Piece[] = []
  let at = 0
  let trims = false
  const lineAt = (offset: number): number => source.slice(0, offset).split('\n').length
  while (at < source.length) {
    const open = source.indexOf('{{', at)
    let text = open < 0 ? source.slice(at) : source.slice(at, open)
    if (trims) text = text.replace(/^\s+/, '')
    const trimsBefore = open >= 0 && /^\{\{-\s/.test(source.slice(open))
    if (trimsBefore) text = text.replace(/\s+$/, '')
    if (text !== '') pieces.push({ text, line: lineAt(at) })
    if (open < 0) break
    const close = endOf(source, open + 2)
    if (close < 0) throw new TemplateError(`template: output:${lineAt(open)}: unclosed action`)
    let body = source.slice(open + 2, close)
    trims = /\s-$/.test(body)
    body = body.replace(/^-\s/, '').replace(/\s-$/, '').trim()
    if (!/^\/\*[\s\S]*\*\/$/.test(body)) pieces.push({ action: body, line: lineAt(open) })
    at = close + 2
  }
  return pieces
}

function endOf(source: string, from: number): number {
  let quote = ''
  for (let i = from; i < source.length; i += 1) {
    const c = source[i] as string
    if (quote !== '') {
      if (c === '\\' && quote === '"') i += 1
      else if (c === quote) quote = ''
    } else if (c === '"' || c === '`') quote = c
    else if (c === '}' && source[i + 1] === '}') return i
  }
  return -1
}

/** Reads a template. Throws TemplateError. */
export function parseGoTemplate(source: string): GoTemplate {
  const pieces = cut(source)
  let at = 0
  const fail = (text: string, line: number): never => {
    throw new TemplateError(`template: output:${line}: ${text}`)
  }
  const list = (inside: boolean): { readonly actions: readonly Action[]; readonly ended: string } => {
    const actions: Action[] = []
    while (at < pieces.length) {
      const piece = pieces[at++] as Piece
      if (piece.text !== undefined) {
        actions.push({ kind: 'text', text: piece.text })
        continue
      }
      const body = piece.action ?? ''
      const word = /^[a-z]+/.exec(body)?.[0] ?? ''
      if (word === 'end' || word === 'else') {
        if (!inside) fail(`unexpected {{${word}}}`, piece.line)
        return { actions, ended: body }
      }
      if (word === 'if' || word === 'with' || word === 'range') actions.push(block(word, body.slice(word.length), piece.line))
      else if ((word === 'break' || word === 'continue') && body === word) actions.push({ kind: word })
      else if (['define', 'template', 'block'].includes(word)) fail(`{{${word}}} is not supported by stsim`, piece.line)
      else {
        const setting = /^(\$\w+)\s*(:?=)\s*([\s\S]*)$/.exec(body)
        if (setting === null) actions.push({ kind: 'print', pipe: parsePipe(body, piece.line) })
        else
          actions.push({
            kind: 'set',
            name: setting[1] as string,
            declares: setting[2] === ':=',
            pipe: parsePipe(setting[3] as string, piece.line),
          })
      }
    }
    if (inside) fail('unexpected EOF', pieces.at(-1)?.line ?? 1)
    return { actions, ended: '' }
  }
  const block = (word: 'if' | 'with' | 'range', rest: string, line: number): Action => {
    const declared = word === 'range' ? /^\s*(\$\w+)(?:\s*,\s*(\$\w+))?\s*:?=\s*([\s\S]*)$/.exec(rest) : null
    const pipe = parsePipe(declared === null ? rest : (declared[3] as string), line)
    const first = list(true)
    let otherwise: readonly Action[] = []
    if (first.ended !== 'end') {
      const more = /^else\s+(if|with)\b([\s\S]*)$/.exec(first.ended)
      if (more !== null) otherwise = [block(more[1] as 'if' | 'with', more[2] as string, line)]
      else otherwise = list(true).actions
    }
    if (word !== 'range') return { kind: word, pipe, body: first.actions, otherwise }
    const names = declared === null ? [] : [declared[1] as string, ...(declared[2] === undefined ? [] : [declared[2]])]
    return { kind: 'range', names, pipe, body: first.actions, otherwise }
  }
  return list(false).actions
}

type Token = {
  readonly kind: 'field' | 'variable' | 'word' | 'literal' | 'sign'
  readonly text: string
  readonly value?: unknown
  readonly spaced: boolean
}

function tokens(text: string, line: number): readonly Token[] {
  const found: Token[] = []
  const form = /\s+|"(?:[^"\\]|\\.)*"|`[^`]*`|'(?:[^'\\]|\\.)'|\$\w*|\.[A-Za-z_]\w*|[A-Za-z_]\w*|-?\d+(?:\.\d+)?|[().|,]/gy
  let spaced = true
  while (form.lastIndex < text.length) {
    const start = form.lastIndex
    const match = form.exec(text)
    if (match === null) throw new TemplateError(`template: output:${line}: unexpected ${JSON.stringify(text[start])} in command`)
    const word = match[0]
    if (/^\s/.test(word)) {
      spaced = true
      continue
    }
    if (word.startsWith('"')) found.push({ kind: 'literal', text: word, value: unquoted(word, line), spaced })
    else if (word.startsWith('`')) found.push({ kind: 'literal', text: word, value: word.slice(1, -1), spaced })
    else if (/^-?\d/.test(word)) found.push({ kind: 'literal', text: word, value: Number(word), spaced })
    else if (word === 'true' || word === 'false') found.push({ kind: 'literal', text: word, value: word === 'true', spaced })
    else if (word === 'nil') found.push({ kind: 'literal', text: word, value: null, spaced })
    else if (word.startsWith('$')) found.push({ kind: 'variable', text: word, spaced })
    else if (/^\.\w/.test(word)) found.push({ kind: 'field', text: word.slice(1), spaced })
    else if (/^\w/.test(word)) found.push({ kind: 'word', text: word, spaced })
    else found.push({ kind: 'sign', text: word, spaced })
    spaced = false
  }
  return found
}

function unquoted(word: string, line: number): string {
  try {
    return JSON.parse(word) as string
  } catch {
    throw new TemplateError(`template: output:${line}: unterminated quoted string`)
  }
}

function parsePipe(text: string, line: number): Pipe {
  const all = tokens(text, line)
  let at = 0
  const fail = (what: string): never => {
    throw new TemplateError(`template: output:${line}: ${what}`)
  }
  const pipe = (): Pipe => {
    const commands: (readonly Term[])[] = [command()]
    while (all[at]?.text === '|' && all[at]?.kind === 'sign') {
      at += 1
      commands.push(command())
    }
    return commands
  }
  const command = (): readonly Term[] => {
    const terms: Term[] = []
    for (;;) {
      const token = all[at]
      if (token === undefined || (token.kind === 'sign' && (token.text === '|' || token.text === ')'))) break
      terms.push(term())
    }
    if (terms.length === 0) fail('missing value for command')
    return terms
  }
  const term = (): Term => {
    const token = all[at++] as Token
    let operand: Operand
    const fields: string[] = []
    if (token.kind === 'literal') operand = { kind: 'literal', value: token.value }
    else if (token.kind === 'variable') operand = { kind: 'variable', name: token.text }
    else if (token.kind === 'word') {
      if (!functions.has(token.text)) fail(`function ${JSON.stringify(token.text)} not defined`)
      operand = { kind: 'function', name: token.text }
    } else if (token.kind === 'field') {
      operand = { kind: 'dot' }
      fields.push(token.text)
    } else if (token.text === '.') operand = { kind: 'dot' }
    else if (token.text === '(') {
      const inner = pipe()
      if (all[at]?.text !== ')') fail('unclosed left paren')
      at += 1
      operand = { kind: 'pipe', pipe: inner }
    } else return fail(`unexpected ${JSON.stringify(token.text)} in operand`)
    while (all[at]?.kind === 'field' && all[at]?.spaced === false) fields.push((all[at++] as Token).text)
    return { operand, fields }
  }
  if (all.length === 0) fail('missing value for command')
  const result = pipe()
  if (at < all.length) fail(`unexpected ${JSON.stringify((all[at] as Token).text)} in command`)
  return result
}

// ------------------------------------------------------------------------------------------------------------- playing

type Scope = { readonly variables: Map<string, unknown>; readonly above: Scope | undefined }

const isTrue = (value: unknown): boolean =>
  Array.isArray(value) ? value.length > 0 : value !== null && typeof value === 'object' ? Object.keys(value).length > 0 : Boolean(value)

/** Leaves a loop. */
class Leave {
  readonly how: 'break' | 'continue'
  constructor(how: 'break' | 'continue') {
    this.how = how
  }
}

/** Plays a template on a value. Throws TemplateError. */
export function executeGoTemplate(template: GoTemplate, data: unknown): string {
  let out = ''
  const play = (actions: readonly Action[], dot: unknown, scope: Scope): void => {
    for (const action of actions) {
      switch (action.kind) {
        case 'text':
          out += action.text
          break
        case 'print': {
          const value = pipeValue(action.pipe, dot, scope)
          out += value === undefined || value === null ? '<no value>' : goText(value)
          break
        }
        case 'set': {
          const value = pipeValue(action.pipe, dot, scope)
          let owner: Scope | undefined = scope
          while (!action.declares && owner !== undefined && !owner.variables.has(action.name)) owner = owner.above
          ;(owner ?? scope).variables.set(action.name, value)
          break
        }
        case 'if':
          play(isTrue(pipeValue(action.pipe, dot, scope)) ? action.body : action.otherwise, dot, inner(scope))
          break
        case 'with': {
          const value = pipeValue(action.pipe, dot, scope)
          if (isTrue(value)) play(action.body, value, inner(scope))
          else play(action.otherwise, dot, inner(scope))
          break
        }
        case 'range':
          loop(action, dot, scope)
          break
        default:
          throw new Leave(action.kind)
      }
    }
  }
  const loop = (action: Extract<Action, { kind: 'range' }>, dot: unknown, scope: Scope): void => {
    const value = pipeValue(action.pipe, dot, scope)
    const entries: readonly (readonly [unknown, unknown])[] = Array.isArray(value)
      ? value.map((item, i) => [i, item] as const)
      : typeof value === 'number'
        ? Array.from({ length: value }, (_, i) => [i, i] as const)
        : value !== null && typeof value === 'object'
          ? Object.keys(value)
              .sort()
              .map((key) => [key, (value as Record<string, unknown>)[key]] as const)
          : []
    if (entries.length === 0) return play(action.otherwise, dot, inner(scope))
    for (const [key, item] of entries) {
      const here = inner(scope)
      const [first, second] = action.names
      if (second !== undefined) {
        here.variables.set(first as string, key)
        here.variables.set(second, item)
      } else if (first !== undefined) here.variables.set(first, item)
      try {
        play(action.body, item, here)
      } catch (thrown) {
        if (!(thrown instanceof Leave)) throw thrown
        if (thrown.how === 'break') return
      }
    }
  }
  play(template, data, { variables: new Map([['$', data]]), above: undefined })
  return out
}

const inner = (scope: Scope): Scope => ({ variables: new Map(), above: scope })

function pipeValue(pipe: Pipe, dot: unknown, scope: Scope): unknown {
  let value: unknown
  for (const [i, command] of pipe.entries()) value = commandValue(command, dot, scope, i > 0 ? [value] : [])
  return value
}

function commandValue(command: readonly Term[], dot: unknown, scope: Scope, piped: readonly unknown[]): unknown {
  const [first, ...rest] = command as readonly [Term, ...Term[]]
  if (first.operand.kind !== 'function') {
    if (rest.length + piped.length > 0)
      throw new TemplateError(`can't give argument to non-function ${JSON.stringify(first.fields.at(-1) ?? '')}`)
    return termValue(first, dot, scope)
  }
  const { name } = first.operand
  if (name === 'and' || name === 'or') {
    let last: unknown
    for (const term of [...rest.map((each) => () => termValue(each, dot, scope)), ...piped.map((each) => () => each)]) {
      last = term()
      if (isTrue(last) === (name === 'or')) return last
    }
    return last
  }
  const given = [...rest.map((term) => termValue(term, dot, scope)), ...piped]
  return (functions.get(name) as (values: readonly unknown[]) => unknown)(given)
}

function termValue(term: Term, dot: unknown, scope: Scope): unknown {
  const { operand, fields } = term
  let value: unknown
  switch (operand.kind) {
    case 'literal':
      value = operand.value
      break
    case 'dot':
      value = dot
      break
    case 'variable': {
      let owner: Scope | undefined = scope
      while (owner !== undefined && !owner.variables.has(operand.name)) owner = owner.above
      if (owner === undefined) throw new TemplateError(`undefined variable ${JSON.stringify(operand.name)}`)
      value = owner.variables.get(operand.name)
      break
    }
    case 'pipe':
      value = pipeValue(operand.pipe, dot, scope)
      break
    case 'function':
      value = commandValue([term], dot, scope, [])
      break
  }
  for (const field of fields) {
    if (value === undefined || value === null) return undefined
    if (typeof value !== 'object' || Array.isArray(value)) {
      throw new TemplateError(`can't evaluate field ${field} in type ${Array.isArray(value) ? '[]interface {}' : 'interface {}'}`)
    }
    value = (value as Record<string, unknown>)[field]
  }
  return value
}

const compare = (a: unknown, b: unknown): number => ((a as number) < (b as number) ? -1 : (a as number) > (b as number) ? 1 : 0)

const functions: ReadonlyMap<string, (values: readonly unknown[]) => unknown> = new Map<string, (values: readonly unknown[]) => unknown>([
  ['and', (values) => values.at(-1)],
  ['or', (values) => values.at(-1)],
  ['not', ([value]) => !isTrue(value)],
  ['eq', ([first, ...rest]) => rest.some((each) => each === first)],
  ['ne', ([a, b]) => a !== b],
  ['lt', ([a, b]) => compare(a, b) < 0],
  ['le', ([a, b]) => compare(a, b) <= 0],
  ['gt', ([a, b]) => compare(a, b) > 0],
  ['ge', ([a, b]) => compare(a, b) >= 0],
  ['len', ([value]) => (typeof value === 'string' || Array.isArray(value) ? value.length : Object.keys((value ?? {}) as object).length)],
  [
    'index',
    ([value, ...keys]) =>
      keys.reduce((here, key) => {
        if (Array.isArray(here) && ((key as number) < 0 || (key as number) >= here.length)) {
          throw new TemplateError(`error calling index: reflect: slice index out of range`)
        }
        return (here as Record<string, unknown> | undefined)?.[key as string]
      }, value),
  ],
  ['slice', ([value, from = 0, to]) => (value as string).slice(from as number, to as number | undefined)],
  ['print', (values) => values.map(goText).join(values.every((each) => typeof each === 'string') ? '' : ' ')],
  ['println', (values) => `${values.map(goText).join(' ')}\n`],
  ['printf', ([format, ...values]) => printf(String(format), values)],
  ['html', ([value]) => goText(value).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`)],
  ['js', ([value]) => JSON.stringify(goText(value)).slice(1, -1)],
  ['urlquery', ([value]) => encodeURIComponent(goText(value))],
  [
    'exists',
    ([value, ...keys]) => keys.reduce((here, key) => (here as Record<string, unknown> | undefined)?.[key as string], value) !== undefined,
  ],
  ['base64decode', ([value]) => decodeBase64(String(value))],
])

function printf(format: string, values: readonly unknown[]): string {
  let at = 0
  return format.replace(
    /%([-+ 0]*)(\d*)(?:\.(\d+))?([a-z%])/gi,
    (_, flags: string, width: string, precision: string | undefined, verb: string) => {
      if (verb === '%') return '%'
      if (at >= values.length) return `%!${verb}(MISSING)`
      const value = values[at++]
      const text =
        verb === 'q'
          ? JSON.stringify(goText(value))
          : precision !== undefined && typeof value === 'number'
            ? value.toFixed(Number(precision))
            : goText(value)
      return flags.includes('-') ? text.padEnd(Number(width)) : text.padStart(Number(width), flags.includes('0') ? '0' : ' ')
    },
  )
}

function decodeBase64(text: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
  const bits = [...text.replace(/=+$/, '')].map((letter) => alphabet.indexOf(letter).toString(2).padStart(6, '0')).join('')
  const bytes = (bits.match(/.{8}/g) ?? []).map((each) => Number.parseInt(each, 2))
  return new TextDecoder().decode(new Uint8Array(bytes))
}
