/** Judges an answer of kubectl against a case: texts with holes, tables by cells, JSON by paths. The notation is that of README.md here. */

// biome-ignore lint/suspicious/noExplicitAny: cases are data
export type Loose = Record<string, any>

/** What a line of a case answered. */
export type Answer = {
  readonly stdout: string
  readonly stderr: string
  readonly exit: number | undefined
  readonly ended: number | undefined
}

const isMap = (value: unknown): value is Loose => value !== null && typeof value === 'object' && !Array.isArray(value)
const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

const holes: Readonly<Record<string, string>> = {
  age: '(?:<unknown>|\\d+s|\\d+m(?:\\d+s)?|\\d+h(?:\\d+m)?|\\d+d(?:\\d+h)?|\\d+y(?:\\d+d)?)',
  uid: '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}',
  rv: '\\d+',
  hash: '[bcdfghjklmnpqrstvwxz2456789]{5,10}',
  ip: '\\d+\\.\\d+\\.\\d+\\.\\d+',
  number: '\\d+',
  date: '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \\d\\d [A-Z][a-z]{2} 2026 \\d\\d:\\d\\d:\\d\\d \\+0000',
  time: '2026-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(?:\\.\\d+)?Z',
  sp: ' ',
  end: '',
  '*': '[^\\n]*',
  '**': '[\\s\\S]*',
}
const hole = /<<(?:\/((?:(?!\/>>).)*)\/|([a-z]+|\*{1,2}))>>/g
const limp = /<<(?:age|number|rv|hash|ip|\*|\/)/

/** A text with holes as a regular expression; two and more blanks behind a hole stretch. */
function source(text: string): string {
  let out = ''
  let from = 0
  for (const match of text.matchAll(hole)) {
    out += escaped(text.slice(from, match.index))
    out += `(?:${match[1] ?? holes[match[2] as string]})`
    from = match.index + match[0].length
    const blanks = /^ {2,}/.exec(text.slice(from))
    if (blanks !== null) {
      out += ' +'
      from += blanks[0].length
    }
  }
  return out + escaped(text.slice(from))
}

function whole(text: string): RegExp {
  const full = text === '' || text.endsWith('\n') || text.endsWith('<<end>>') ? text : `${text}\n`
  const lines = full.split('\n').map((line, i, all) => {
    const next = all[i + 1]
    const stretches = next !== undefined && / {2,}/.test(line) && limp.test(next) && !limp.test(line) && line === line.toUpperCase()
    return stretches ? source(line).replace(/ {2,}/g, ' +') : source(line)
  })
  return new RegExp(`^${lines.join('\\n')}$`)
}

const wholeLine = (text: string): RegExp => new RegExp(`^${source(text)}$`)

/** Whether a value looks like a pattern: text with holes, a number, null (empty), {not}, {min, max}, {length}, a list (any), a map (each key). */
function looks(pattern: unknown, value: unknown): boolean {
  if (Array.isArray(pattern)) return pattern.some((each) => looks(each, value))
  if (pattern === null) return value === undefined || value === null || value === ''
  if (isMap(pattern)) {
    if ('not' in pattern) return !looks(pattern['not'], value)
    if ('length' in pattern) return Array.isArray(value) && value.length === pattern['length']
    if ('min' in pattern || 'max' in pattern) {
      return (
        value !== '' &&
        value !== undefined &&
        value !== null &&
        Number(value) >= (pattern['min'] ?? -Infinity) &&
        Number(value) <= (pattern['max'] ?? Infinity)
      )
    }
    return isMap(value) && Object.entries(pattern).every(([key, each]) => looks(each, value[key]))
  }
  if (value === undefined || value === null) return false
  return wholeLine(String(pattern)).test(typeof value === 'object' ? JSON.stringify(value) : String(value))
}

function cells(text: string): string[][] {
  const lines = text.replace(/\n$/, '').split('\n')
  const starts = [...(lines[0] as string).matchAll(/\S+(?: \S+)*/g)].map((match) => match.index)
  return lines.map((line) => starts.map((at, i) => line.slice(at, starts[i + 1]).trim()))
}

function pick(object: unknown, path: string): unknown {
  let here = object
  for (const [, name, quoted, index, pairs] of path.matchAll(/\.?([A-Za-z0-9_$-]+)|\["([^"]+)"\]|\[(\d+)\]|\[([^\]]+)\]/g)) {
    if (here === undefined || here === null) return undefined
    if (pairs !== undefined) {
      const wanted = pairs.split(',').map((pair) => pair.split('=') as [string, string])
      here = Array.isArray(here) ? here.find((each) => wanted.every(([key, value]) => String(each?.[key]) === value)) : undefined
    } else here = (here as Loose)[name ?? quoted ?? (index as string)]
  }
  return here
}

/** The first of the lines that is not there behind the one before it. */
function missing(wanted: readonly string[], text: string): string | undefined {
  const lines = text.split('\n')
  let at = 0
  for (const one of wanted) {
    const test = wholeLine(one)
    while (at < lines.length && !test.test(lines[at] as string) && !test.test((lines[at] as string).trim())) at += 1
    if (at >= lines.length) return one
    at += 1
  }
  return undefined
}

function sameInAnyOrder(wanted: string, text: string): boolean {
  const left = text.split('\n')
  for (const line of wanted.split('\n')) {
    const at = left.findIndex((each) => wholeLine(line).test(each))
    if (at < 0) return false
    left.splice(at, 1)
  }
  return left.every((line) => line === '')
}

/** What is wrong with an answer, one line each. */
export function faultsOf(step: Loose, answer: Answer): readonly string[] {
  const wrong: string[] = []
  const say = (what: string, wanted: unknown, found: unknown): void => {
    wrong.push(`$ ${step['run']}: ${what}: wanted ${JSON.stringify(wanted)}, found ${JSON.stringify(found)}`)
  }
  const exit = step['exit'] ?? 0
  if (exit !== 'any' && answer.exit !== exit) say('exit code', exit, `${answer.exit} ${answer.stderr}`)
  for (const [key, text] of [
    ['out', answer.stdout],
    ['err', answer.stderr],
  ] as const) {
    const wanted = step[key] as string | undefined
    if (wanted !== undefined && !(step['anyOrder'] === true ? sameInAnyOrder(wanted, text) : whole(wanted).test(text)))
      say(key, wanted, text)
    const gone = missing([step[`${key}Has`] ?? []].flat() as string[], text)
    if (gone !== undefined) say(`${key}Has`, gone, text)
    for (const one of [step[`${key}All`] ?? []].flat() as string[]) {
      if (!text.split('\n').some((line) => wholeLine(one).test(line) || wholeLine(one).test(line.trim()))) say(`${key}All`, one, text)
    }
    for (const one of [step[`${key}Lacks`] ?? []].flat() as string[]) if (new RegExp(source(one)).test(text)) say(`${key}Lacks`, one, text)
  }
  if (step['table'] !== undefined) {
    const rows = cells(answer.stdout)
    const table = step['table'] as unknown[][]
    const fits =
      rows.length === table.length &&
      table.every((row, i) => row.length === rows[i]?.length && row.every((each, j) => each === '<<*>>' || looks(each, rows[i]?.[j])))
    if (!fits) say('table', table, answer.stdout)
  }
  if (step['json'] !== undefined) {
    const object = JSON.parse(answer.stdout) as unknown
    for (const [path, pattern] of Object.entries(step['json'] as Loose)) {
      const value = path === '.' ? object : pick(object, path)
      if (!looks(pattern, value)) say(path, pattern, value)
    }
  }
  if (step['ended'] !== undefined && Math.abs((answer.ended ?? Infinity) - step['ended']) > (step['tolerance'] ?? 0.5))
    say('end', step['ended'], answer.ended)
  return wrong
}
