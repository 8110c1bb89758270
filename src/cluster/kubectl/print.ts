/**
 * How kubectl writes: the tab writer of its tables, JSON and YAML of objects. Source: kubectl.md 3.2 and 7.1; Go's text/tabwriter and
 * encoding/json; the YAML emitter that kubectl carries (goyaml v2).
 */

/** Bytes of a text in UTF-8: kubectl pads by bytes. */
function utf8Length(text: string): number {
  let bytes = 0
  for (const char of text) {
    const code = char.codePointAt(0) as number
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
  }
  return bytes
}

/** How wide columns become: a cell's bytes plus padding, at least `minimum`. */
export type Tabs = { readonly minimum: number; readonly padding: number }

/** The writer of `get` tables. */
export const getTabs: Tabs = { minimum: 6, padding: 3 }
/** The writer of `describe`, `rollout history` and `events`. */
export const describeTabs: Tabs = { minimum: 0, padding: 2 }

/**
 * Lines whose cells end in tabs, aligned as Go's tabwriter does: a column is a block of consecutive lines that have a
 * tab-ended cell there; what follows the last tab of a line is not padded.
 */
export function alignTabs(text: string, tabs: Tabs): string {
  const lines = text.split('\n').map((line) => line.split('\t'))
  const widths: number[][] = lines.map(() => [])
  column(0, lines.length, 0)
  return lines
    .map((cells, row) =>
      cells
        .map((cell, i) => {
          const width = (widths[row] as number[])[i]
          return i === cells.length - 1 || width === undefined ? cell : cell + ' '.repeat(Math.max(0, width - utf8Length(cell)))
        })
        .join(''),
    )
    .join('\n')

  // Go: the cells of one column are those of consecutive lines with more than `depth` + 1 cells.
  function column(from: number, to: number, depth: number): void {
    for (let row = from; row < to; row += 1) {
      if ((lines[row] as string[]).length - 1 <= depth) continue
      let end = row
      let width = tabs.minimum
      while (end < to && (lines[end] as string[]).length - 1 > depth) {
        const cell = (lines[end] as string[])[depth] as string
        width = Math.max(width, utf8Length(cell) + tabs.padding)
        end += 1
      }
      for (let i = row; i < end; i += 1) (widths[i] as number[])[depth] = width
      column(row, end, depth + 1)
      row = end - 1
    }
  }
}

/**
 * A table that remembers how wide its columns were: the rows of a watch are never re-flowed.
 * Source: kubectl.md 3.2; liggitt/tabwriter, RememberedWidths.
 */
export class TableWriter {
  private widths: readonly number[] = []

  /** Rows printed together; each is a list of cells. Returns the text with final newlines. */
  print(rows: readonly (readonly string[])[]): string {
    if (rows.length === 0) return ''
    const columns = Math.max(...rows.map((row) => row.length))
    const widths: number[] = []
    for (let i = 0; i < columns - 1; i += 1) {
      const longest = Math.max(...rows.map((row) => (row.length - 1 > i ? utf8Length(row[i] ?? '') : 0)))
      widths.push(Math.max(getTabs.minimum, longest + getTabs.padding, this.widths[i] ?? 0))
    }
    this.widths = widths
    return rows
      .map(
        (row) =>
          `${row.map((cell, i) => (i === row.length - 1 ? cell : cell + ' '.repeat((widths[i] ?? 0) - utf8Length(cell)))).join('')}\n`,
      )
      .join('')
  }
}

// ------------------------------------------------------------------------------------------------------------------ JSON

const byBytes = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** JSON with sorted keys as Go's encoder writes it (`<`, `>` and `&` escaped); `indent` 0 gives one line. */
export function printJson(value: unknown, indent = 4): string {
  const write = (v: unknown, depth: number): string => {
    const [open, close, comma, colon] =
      indent === 0
        ? ['', '', ',', ':']
        : [`\n${' '.repeat(indent * (depth + 1))}`, `\n${' '.repeat(indent * depth)}`, `,\n${' '.repeat(indent * (depth + 1))}`, ': ']
    if (Array.isArray(v)) return v.length === 0 ? '[]' : `[${open}${v.map((x) => write(x, depth + 1)).join(comma)}${close}]`
    if (v !== null && typeof v === 'object') {
      const map = v as Record<string, unknown>
      const keys = Object.keys(map)
        .filter((key) => map[key] !== undefined)
        .sort(byBytes)
      if (keys.length === 0) return '{}'
      return `{${open}${keys.map((key) => `${quote(key)}${colon}${write(map[key], depth + 1)}`).join(comma)}${close}}`
    }
    return typeof v === 'string' ? quote(v) : v === undefined ? 'null' : String(v)
  }
  return write(value, 0)
}

const escapes: Readonly<Record<string, string>> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
}
const quote = (text: string): string => JSON.stringify(text).replace(/[<>&\u2028\u2029]/g, (char) => escapes[char] as string)

// ------------------------------------------------------------------------------------------------------------------ YAML

/** YAML as `-o yaml` prints it: keys in the emitter's natural order, lists not indented, long texts folded at 80. Ends in a newline. */
export function printYaml(value: unknown): string {
  return `${yamlNode(value, 0).replace(/^\n/, '')}\n`
}

/** A value behind `key:` or `-`: begins with a blank (scalar) or a newline (block). */
function yamlNode(value: unknown, indent: number): string {
  const pad = ' '.repeat(indent)
  if (Array.isArray(value)) {
    if (value.length === 0) return ' []'
    return value.map((item) => `\n${pad}-${inItem(item, indent)}`).join('')
  }
  if (value !== null && typeof value === 'object') {
    const map = value as Record<string, unknown>
    const keys = Object.keys(map)
      .filter((key) => map[key] !== undefined)
      .sort(naturally)
    if (keys.length === 0) return ' {}'
    return keys.map((key) => `\n${pad}${yamlKey(key)}:${underKey(map[key], indent, pad.length + key.length + 2)}`).join('')
  }
  return ` ${yamlScalar(value, indent, indent)}`
}

const isBlock = (value: unknown): boolean =>
  value !== null &&
  typeof value === 'object' &&
  (Array.isArray(value) ? value.length > 0 : Object.values(value).some((x) => x !== undefined))

const underKey = (value: unknown, indent: number, column: number): string => {
  if (!isBlock(value)) return value !== null && typeof value === 'object' ? yamlNode(value, 0) : ` ${yamlScalar(value, indent + 2, column)}`
  return yamlNode(value, Array.isArray(value) ? indent : indent + 2)
}

const inItem = (value: unknown, indent: number): string => {
  if (!isBlock(value))
    return value !== null && typeof value === 'object' ? yamlNode(value, 0) : ` ${yamlScalar(value, indent + 2, indent + 2)}`
  // the first line of a nested block stands behind the dash
  return ` ${yamlNode(value, indent + 2).slice(1 + indent + 2)}`
}

const yamlKey = (key: string): string => (key.includes('\n') ? doubleQuoted(key) : yamlScalar(key, 0, 0, true))

function yamlScalar(value: unknown, indent: number, column: number, isKey = false): string {
  if (value === null || value === undefined) return 'null'
  if (typeof value === 'number') return Math.abs(value) >= 1e21 || !Number.isInteger(value) ? floatText(value) : String(value)
  if (typeof value !== 'string') return String(value)
  if (value.includes('\n') && !isKey) {
    const literal = literalBlock(value, indent)
    return literal ?? fold(doubleQuoted(value), indent, column)
  }
  if (value === '') return '""'
  if (resolvesToOther(value)) return fold(doubleQuoted(value), indent, column)
  if (isPlain(value)) return isKey ? value : fold(value, indent, column)
  if (/^[\t\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]*$/u.test(value) && !/^ | $/.test(value) && !value.includes('\t')) {
    const single = `'${value.replace(/'/g, "''")}'`
    return isKey ? single : fold(single, indent, column)
  }
  if (/^ | $/.test(value) && !hasControls(value)) return `'${value.replace(/'/g, "''")}'`
  return fold(doubleQuoted(value), indent, column)
}

const floatText = (value: number): string => String(value).replace(/e([+-]?)(\d)$/, 'e$10$2')

/** Text that a YAML 1.1 reader would take for something else: null, booleans, numbers, moments, base-60 numbers. */
function resolvesToOther(text: string): boolean {
  if (/^(?:~|null|Null|NULL|<<|=)$/.test(text)) return true
  if (/^(?:y|Y|yes|Yes|YES|n|N|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/.test(text)) return true
  if (/^[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*)$/.test(text)) return true
  if (/^[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?$/.test(text)) return true
  if (/^[-+]?(?:\.inf|\.Inf|\.INF)$|^(?:\.nan|\.NaN|\.NAN)$/.test(text)) return true
  if (/^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/.test(text)) return true
  return /^\d{4}-\d{1,2}-\d{1,2}(?:(?:[Tt]|[ \t]+)\d{1,2}:\d{1,2}:\d{1,2}(?:\.\d+)?(?:[ \t]*(?:Z|[-+]\d{1,2}(?::\d{2})?))?)?$/.test(text)
}

function isPlain(text: string): boolean {
  if (/^[\s]|[\s]$/.test(text) || /[^\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]/u.test(text)) return false
  if (/^(?:---|\.\.\.)/.test(text)) return false
  if (/^[#,[\]{}&*!|>'"%@`]/.test(text)) return false
  if (/^[-?:](?:\s|$)/.test(text)) return false
  if (/^[?]/.test(text) && text.length === 1) return false
  return !/:(?:\s|$)|\s#/.test(text)
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const controls = /[\x00-\x1f]/
const hasControls = (text: string): boolean => controls.test(text)

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is escaped
const escaped = /[\\"\x00-\x1f\x7f\u0085\u00a0\u2028\u2029\ufeff]/g

const doubleQuoted = (text: string): string =>
  `"${text.replace(escaped, (char) => {
    const named: Readonly<Record<string, string>> = {
      '\\': '\\\\',
      '"': '\\"',
      '\n': '\\n',
      '\t': '\\t',
      '\r': '\\r',
      '\u0085': '\\N',
      '\u00a0': '\\_',
      '\u2028': '\\L',
      '\u2029': '\\P',
      '\0': '\\0',
      '\x1b': '\\e',
      '\b': '\\b',
      '\x07': '\\a',
      '\v': '\\v',
      '\f': '\\f',
    }
    return named[char] ?? `\\x${char.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`
  })}"`

/** `|` with the lines below it; undefined when the text cannot be written so. */
function literalBlock(text: string, indent: number): string | undefined {
  if (/[^\t\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]/u.test(text) || / \n| $/.test(text)) return undefined
  const hint = /^[ \n]/.test(text) ? '2' : ''
  const chomp = !text.endsWith('\n') ? '-' : /(?:^|\n)\n$/.test(text) ? '+' : ''
  const body = text.endsWith('\n') ? text.slice(0, -1) : text
  const pad = ' '.repeat(indent)
  return `|${hint}${chomp}\n${body
    .split('\n')
    .map((line) => (line === '' ? '' : pad + line))
    .join('\n')}`
}

/** Breaks a long flow scalar at single blanks once the line is past 80 columns, as the emitter does. */
function fold(text: string, indent: number, column: number): string {
  if (column + text.length <= 80) return text
  const isDouble = text.startsWith('"')
  let out = ''
  let at = column
  for (let i = 0; i < text.length; i += 1) {
    const char = text[i] as string
    const isSingleBlank = char === ' ' && text[i - 1] !== ' ' && text[i + 1] !== ' ' && i > 0 && i < text.length - 1
    if (isSingleBlank && at > 80 && !(isDouble && i === 1)) {
      out += `${isDouble ? '\\' : ''}\n${' '.repeat(indent)}${isDouble ? '\\ ' : ''}`
      at = indent
    } else {
      out += char
      at += 1
    }
  }
  return out
}

/** The order of keys in the emitter: letters by letter, runs of digits by number, letters after everything else. */
function naturally(a: string, b: string): number {
  const ar = [...a]
  const br = [...b]
  for (let i = 0; i < ar.length && i < br.length; i += 1) {
    const x = ar[i] as string
    const y = br[i] as string
    if (x === y) continue
    const xl = /\p{L}/u.test(x)
    const yl = /\p{L}/u.test(y)
    if (xl && yl) return x < y ? -1 : 1
    if (xl || yl) return yl ? -1 : 1
    const xn = digits(ar, i)
    const yn = digits(br, i)
    if (xn.value !== yn.value) return xn.value - yn.value
    if (xn.end !== yn.end) return xn.end - yn.end
    return x < y ? -1 : 1
  }
  return ar.length - br.length
}

const digits = (runes: readonly string[], from: number): { value: number; end: number } => {
  let end = from
  let value = 0
  while (end < runes.length && /\d/.test(runes[end] as string)) {
    value = value * 10 + Number(runes[end])
    end += 1
  }
  return { value, end }
}
