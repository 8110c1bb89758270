/**
 * The language of the small shell inside containers: quotes, variables, `$(…)`, `;`, `&&`, `||`, pipes, redirections, `if`, `for`, `while`.
 * Source: POSIX.1-2017, Shell Command Language, as far as people use it in `sh -c`.
 * Differs from Kubernetes: no globs, no arithmetic, no functions, no background jobs; each is refused as a syntax error.
 */

/** A piece of a word. */
export type Piece =
  | { readonly kind: 'text'; readonly text: string; readonly quoted: boolean }
  | { readonly kind: 'variable'; readonly name: string; readonly without: string | undefined; readonly quoted: boolean }
  | { readonly kind: 'output'; readonly script: Script; readonly quoted: boolean }

/** A word before it is expanded. */
export type ScriptWord = readonly Piece[]

/** Where a stream goes. */
export type Redirection = {
  /** 0, 1 or 2; `both` is `&>`. */
  readonly stream: 0 | 1 | 2 | 'both'
  readonly how: 'read' | 'write' | 'append' | 'join'
  readonly target: ScriptWord
}

/** One command. */
export type Node =
  | {
      readonly kind: 'simple'
      readonly settings: readonly { readonly name: string; readonly value: ScriptWord }[]
      readonly words: readonly ScriptWord[]
      readonly redirections: readonly Redirection[]
    }
  | { readonly kind: 'group'; readonly body: Script; readonly redirections: readonly Redirection[] }
  | {
      readonly kind: 'if'
      readonly branches: readonly { readonly test: Script; readonly body: Script }[]
      readonly otherwise: Script | undefined
    }
  | { readonly kind: 'for'; readonly name: string; readonly words: readonly ScriptWord[]; readonly body: Script }
  | { readonly kind: 'while'; readonly until: boolean; readonly test: Script; readonly body: Script }

/** Commands joined by pipes; `not` turns its end around. */
export type Pipeline = { readonly not: boolean; readonly commands: readonly Node[] }

/** Pipelines in a row; `when` says after which end of the one before it is played. */
export type Script = readonly { readonly when: 'always' | 'success' | 'failure'; readonly pipeline: Pipeline }[]

/** What cannot be read. `message` is what the shell says. */
export class ScriptError extends Error {}

type Token =
  | { readonly kind: 'word'; readonly word: ScriptWord; readonly plain: string | undefined }
  | { readonly kind: 'sign'; readonly sign: string }

/** Reads a script. Throws ScriptError. */
export function parseScript(text: string): Script {
  const tokens = tokensOf(text)
  const reader = new Reader(tokens)
  const script = reader.list([])
  if (!reader.done) throw new ScriptError(`syntax error: unexpected ${reader.found}`)
  return script
}

const signs = ['&&', '||', ';;', '>>', '>&', '<<', '&>', ';', '|', '&', '<', '>', '(', ')', '\n']

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = []
  let i = 0
  while (i < text.length) {
    const c = text[i] as string
    if (c === ' ' || c === '\t' || c === '\r') i += 1
    else if (c === '\\' && text[i + 1] === '\n') i += 2
    else if (c === '#' && (i === 0 || /[\s;&|(]/.test(text[i - 1] as string))) while (i < text.length && text[i] !== '\n') i += 1
    else if (/[0-2]/.test(c) && /[<>]/.test(text[i + 1] ?? '') && (i === 0 || /[\s;&|(]/.test(text[i - 1] as string))) {
      tokens.push({ kind: 'sign', sign: `#${c}` })
      i += 1
    } else {
      const sign = signs.find((each) => text.startsWith(each, i))
      if (sign !== undefined) {
        tokens.push({ kind: 'sign', sign })
        i += sign.length
      } else {
        const { word, end, plain } = wordAt(text, i)
        tokens.push({ kind: 'word', word, plain })
        i = end
      }
    }
  }
  return tokens
}

function wordAt(text: string, from: number): { readonly word: ScriptWord; readonly end: number; readonly plain: string | undefined } {
  const pieces: Piece[] = []
  let plain: string | undefined = ''
  const put = (literal: string, quoted: boolean): void => {
    pieces.push({ kind: 'text', text: literal, quoted })
    plain = quoted || plain === undefined ? undefined : plain + literal
  }
  let i = from
  while (i < text.length && !/[\s;&|<>()]/.test(text[i] as string)) {
    const c = text[i] as string
    if (c === "'") {
      const close = text.indexOf("'", i + 1)
      if (close < 0) throw new ScriptError('syntax error: unterminated quoted string')
      put(text.slice(i + 1, close), true)
      i = close + 1
    } else if (c === '"') {
      i += 1
      put('', true)
      while (i < text.length && text[i] !== '"') {
        if (text[i] === '\\' && /[$`"\\\n]/.test(text[i + 1] ?? '')) {
          if (text[i + 1] !== '\n') put(text[i + 1] as string, true)
          i += 2
        } else if (text[i] === '$' || text[i] === '`') {
          const { piece, end } = replacementAt(text, i, true)
          pieces.push(piece)
          i = end
        } else {
          put(text[i] as string, true)
          i += 1
        }
      }
      if (i >= text.length) throw new ScriptError('syntax error: unterminated quoted string')
      i += 1
    } else if (c === '\\') {
      put(text[i + 1] ?? '', true)
      i += 2
    } else if (c === '$' || c === '`') {
      const { piece, end } = replacementAt(text, i, false)
      pieces.push(piece)
      plain = undefined
      i = end
    } else {
      put(c, false)
      i += 1
    }
  }
  return { word: pieces, end: i, plain }
}

function replacementAt(text: string, from: number, quoted: boolean): { readonly piece: Piece; readonly end: number } {
  if (text[from] === '`') {
    const close = text.indexOf('`', from + 1)
    if (close < 0) throw new ScriptError('syntax error: unterminated quoted string')
    return { piece: { kind: 'output', script: parseScript(text.slice(from + 1, close)), quoted }, end: close + 1 }
  }
  if (text.startsWith('$((', from)) throw new ScriptError('syntax error: arithmetic is not supported')
  if (text[from + 1] === '(') {
    const close = matchingParenthesis(text, from + 1)
    return { piece: { kind: 'output', script: parseScript(text.slice(from + 2, close)), quoted }, end: close + 1 }
  }
  const braced = /^\$\{([A-Za-z_][A-Za-z0-9_]*|[0-9?#@*$!])(?::?-([^}]*))?\}/.exec(text.slice(from))
  if (braced !== null) {
    return { piece: { kind: 'variable', name: braced[1] as string, without: braced[2], quoted }, end: from + braced[0].length }
  }
  const plain = /^\$([A-Za-z_][A-Za-z0-9_]*|[0-9?#@*$!])/.exec(text.slice(from))
  if (plain !== null)
    return { piece: { kind: 'variable', name: plain[1] as string, without: undefined, quoted }, end: from + plain[0].length }
  if (text.startsWith('${', from)) throw new ScriptError('syntax error: bad substitution')
  return { piece: { kind: 'text', text: '$', quoted }, end: from + 1 }
}

function matchingParenthesis(text: string, open: number): number {
  let depth = 0
  let quote = ''
  for (let i = open; i < text.length; i += 1) {
    const c = text[i] as string
    if (quote !== '') {
      if (c === '\\' && quote === '"') i += 1
      else if (c === quote) quote = ''
    } else if (c === "'" || c === '"') quote = c
    else if (c === '(') depth += 1
    else if (c === ')') {
      depth -= 1
      if (depth === 0) return i
    }
  }
  throw new ScriptError('syntax error: unexpected end of file (expecting ")")')
}

/** Words that mean something where a command begins. */
const reserved = [
  'if',
  'then',
  'elif',
  'else',
  'fi',
  'for',
  'while',
  'until',
  'do',
  'done',
  'in',
  '{',
  '}',
  '!',
  'case',
  'esac',
  'function',
]

class Reader {
  private readonly tokens: readonly Token[]
  private at = 0
  constructor(tokens: readonly Token[]) {
    this.tokens = tokens
  }

  get done(): boolean {
    return this.at >= this.tokens.length
  }
  get found(): string {
    const token = this.tokens[this.at]
    if (token === undefined) return 'end of file'
    if (token.kind === 'sign') return token.sign === '\n' ? 'newline' : `"${token.sign}"`
    return `"${token.plain ?? 'word'}"`
  }
  private sign(): string | undefined {
    const token = this.tokens[this.at]
    return token?.kind === 'sign' ? token.sign : undefined
  }
  private keyword(): string | undefined {
    const token = this.tokens[this.at]
    return token?.kind === 'word' && token.plain !== undefined && reserved.includes(token.plain) ? token.plain : undefined
  }
  private expect(word: string): void {
    if (this.keyword() !== word) throw new ScriptError(`syntax error: unexpected ${this.found} (expecting "${word}")`)
    this.at += 1
  }
  private skipNewlines(): void {
    while (this.sign() === '\n' || this.sign() === ';') this.at += 1
  }

  /** Commands until one of the words (or `)`) that end them. */
  list(ends: readonly string[]): Script {
    const script: { when: 'always' | 'success' | 'failure'; pipeline: Pipeline }[] = []
    let when: 'always' | 'success' | 'failure' = 'always'
    for (;;) {
      while (this.sign() === '\n' || (this.sign() === ';' && script.length > 0)) this.at += 1
      if (this.done || this.sign() === ')' || ends.includes(this.keyword() ?? '')) break
      script.push({ when, pipeline: this.pipeline() })
      const sign = this.sign()
      if (sign === '&&' || sign === '||') {
        this.at += 1
        when = sign === '&&' ? 'success' : 'failure'
        while (this.sign() === '\n') this.at += 1
        if (this.done) throw new ScriptError('syntax error: unexpected end of file')
      } else if (sign === ';' || sign === '\n' || sign === undefined || sign === ')') when = 'always'
      else throw new ScriptError(`syntax error: unexpected ${this.found}`)
    }
    return script
  }

  private pipeline(): Pipeline {
    let not = false
    while (this.keyword() === '!') {
      not = !not
      this.at += 1
    }
    const commands = [this.command()]
    while (this.sign() === '|') {
      this.at += 1
      while (this.sign() === '\n') this.at += 1
      commands.push(this.command())
    }
    return { not, commands }
  }

  private command(): Node {
    const keyword = this.keyword()
    if (this.sign() === '(' || keyword === '{') {
      this.at += 1
      const body = this.list(keyword === '{' ? ['}'] : [])
      if (keyword === '{') this.expect('}')
      else if (this.sign() === ')') this.at += 1
      else throw new ScriptError(`syntax error: unexpected ${this.found} (expecting ")")`)
      return { kind: 'group', body, redirections: this.redirections() }
    }
    if (keyword === 'if') return this.branch()
    if (keyword === 'for') return this.loopOver()
    if (keyword === 'while' || keyword === 'until') {
      this.at += 1
      const test = this.list(['do'])
      return { kind: 'while', until: keyword === 'until', test, body: this.body() }
    }
    if (keyword !== undefined && keyword !== 'in') throw new ScriptError(`syntax error: unexpected "${keyword}"`)
    return this.simple()
  }

  private body(): Script {
    this.skipNewlines()
    this.expect('do')
    const body = this.list(['done'])
    this.expect('done')
    return body
  }

  private branch(): Node {
    this.at += 1
    const branches: { test: Script; body: Script }[] = []
    let otherwise: Script | undefined
    let test = this.list(['then'])
    this.expect('then')
    for (;;) {
      branches.push({ test, body: this.list(['elif', 'else', 'fi']) })
      if (this.keyword() === 'elif') {
        this.at += 1
        test = this.list(['then'])
        this.expect('then')
        continue
      }
      if (this.keyword() === 'else') {
        this.at += 1
        otherwise = this.list(['fi'])
      }
      this.expect('fi')
      return { kind: 'if', branches, otherwise }
    }
  }

  private loopOver(): Node {
    this.at += 1
    const token = this.tokens[this.at]
    if (token?.kind !== 'word' || token.plain === undefined) throw new ScriptError('syntax error: bad for loop variable')
    this.at += 1
    const words: ScriptWord[] = []
    if (this.keyword() === 'in') {
      this.at += 1
      for (let each = this.tokens[this.at]; each?.kind === 'word'; each = this.tokens[this.at]) {
        words.push(each.word)
        this.at += 1
      }
    }
    this.skipNewlines()
    return { kind: 'for', name: token.plain, words, body: this.body() }
  }

  private redirections(): readonly Redirection[] {
    const list: Redirection[] = []
    for (;;) {
      const one = this.redirection()
      if (one === undefined) return list
      list.push(one)
    }
  }

  private redirection(): Redirection | undefined {
    let sign = this.sign()
    let stream: Redirection['stream'] | undefined
    if (sign?.startsWith('#') === true) {
      stream = Number(sign.slice(1)) as 0 | 1 | 2
      this.at += 1
      sign = this.sign()
    }
    if (sign === undefined || !['<', '>', '>>', '>&', '&>'].includes(sign)) {
      if (sign === '<<') throw new ScriptError('syntax error: here-documents are not supported')
      return undefined
    }
    this.at += 1
    const token = this.tokens[this.at]
    if (token?.kind !== 'word') throw new ScriptError(`syntax error: unexpected ${this.found}`)
    this.at += 1
    if (sign === '&>') return { stream: 'both', how: 'write', target: token.word }
    const how = sign === '<' ? 'read' : sign === '>' ? 'write' : sign === '>>' ? 'append' : 'join'
    return { stream: stream ?? (sign === '<' ? 0 : 1), how, target: token.word }
  }

  private simple(): Node {
    const settings: { name: string; value: ScriptWord }[] = []
    const words: ScriptWord[] = []
    const redirections: Redirection[] = []
    for (;;) {
      const one = this.redirection()
      if (one !== undefined) {
        redirections.push(one)
        continue
      }
      const token = this.tokens[this.at]
      if (token?.kind !== 'word') break
      this.at += 1
      const setting = words.length === 0 ? settingOf(token.word) : undefined
      if (setting === undefined) words.push(token.word)
      else settings.push(setting)
    }
    if (words.length === 0 && settings.length === 0 && redirections.length === 0)
      throw new ScriptError(`syntax error: unexpected ${this.found}`)
    return { kind: 'simple', settings, words, redirections }
  }
}

/** `NAME=value` in front of a command. */
function settingOf(word: ScriptWord): { readonly name: string; readonly value: ScriptWord } | undefined {
  let name = ''
  for (const [i, piece] of word.entries()) {
    if (piece.kind !== 'text' || piece.quoted) return undefined
    const at = piece.text.indexOf('=')
    if (at < 0) {
      name += piece.text
      continue
    }
    name += piece.text.slice(0, at)
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return undefined
    const rest: Piece = { kind: 'text', text: piece.text.slice(at + 1), quoted: false }
    return { name, value: [...(rest.text === '' ? [] : [rest]), ...word.slice(i + 1)] }
  }
  return undefined
}
