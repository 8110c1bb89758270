/**
 * The flags of a command line as kubectl takes them (spf13/pflag): long and short, with `=` or the next word, bundled, before or after the
 * arguments, until `--`. Source: kubectl.md 6.2; pflag's texts; cobra's "unknown command".
 */
import { type Micros, parseDuration } from '../../engine/clock.ts'
import { type Failure, refusal } from './failure.ts'

/**
 * One flag in writing: `name[,short] kind[=bare]`. Kinds: bool, string, int, duration, strings (split at commas), array. `bare` is
 * what the flag means without a value (then the next word is never its value).
 */
export type FlagText = string

type FlagKind = 'bool' | 'string' | 'int' | 'duration' | 'strings' | 'array'
type Flag = { readonly name: string; readonly short: string | undefined; readonly kind: FlagKind; readonly bare: string | undefined }

/** Flags that every command takes. */
export const globalFlags: readonly FlagText[] = [
  'namespace,n string',
  'context string',
  'cluster string',
  'user string',
  'kubeconfig string',
  'server,s string',
  'token string',
  'as string',
  'as-group array',
  'as-uid string',
  'as-user-extra array',
  'request-timeout string',
  'v,v int',
  'vmodule string',
  'warnings-as-errors bool',
  'match-server-version bool',
  'cache-dir string',
  'certificate-authority string',
  'client-certificate string',
  'client-key string',
  'insecure-skip-tls-verify bool',
  'tls-server-name string',
  'username string',
  'password string',
  'disable-compression bool',
  'kuberc string',
  'profile string',
  'profile-output string',
  'log-flush-frequency duration',
  'help,h bool',
]

/** Flags of commands that read files. */
export const fileFlags: readonly FlagText[] = ['filename,f strings', 'kustomize,k string', 'recursive,R bool']
/** Flags of commands that print objects. */
export const printFlags: readonly FlagText[] = [
  'output,o string',
  'template string',
  'allow-missing-template-keys bool',
  'show-managed-fields bool',
]
/** `-l`. */
export const selectorFlag: FlagText = 'selector,l string'
/** `--dry-run`. */
export const dryRunFlag: FlagText = 'dry-run string=unchanged'
/** `--validate`. */
export const validateFlag: FlagText = 'validate string=strict'
/** Flags that change nothing here. */
export const quietFlags: readonly FlagText[] = ['field-manager string', 'record bool=true']

/** The flags that were given. */
export class Flags {
  private readonly given = new Map<string, string[]>()

  /** Whether the flag was on the line. */
  has(name: string): boolean {
    return this.given.has(name)
  }
  /** The last value of a flag as text. */
  text(name: string): string | undefined {
    return this.given.get(name)?.at(-1)
  }
  /** All values of a flag that may be repeated. */
  list(name: string): readonly string[] {
    return this.given.get(name) ?? []
  }
  /** A flag of yes or no. */
  is(name: string, without = false): boolean {
    const text = this.text(name)
    return text === undefined ? without : /^(?:1|t|true)$/i.test(text)
  }
  /** A whole number. */
  int(name: string, without: number): number {
    const text = this.text(name)
    return text === undefined ? without : Number(text)
  }
  /** A duration. */
  duration(name: string, without: Micros): Micros {
    const text = this.text(name)
    if (text === undefined) return without
    return durationOf(text) ?? without
  }
  /** For `parseFlags` alone. */
  add(flag: { readonly name: string; readonly kind: string }, value: string): void {
    const values = this.given.get(flag.name) ?? []
    this.given.set(flag.name, flag.kind === 'strings' ? [...values, ...value.split(',')] : [...values, value])
  }
}

/** A duration of a flag: Go's form, negative ones too; `0` needs no unit. */
const durationOf = (text: string): Micros | undefined => {
  if (/^[-+]?0$/.test(text)) return 0
  if (text.startsWith('-')) {
    const value = parseDuration(text.slice(1))
    return value === undefined ? undefined : -value
  }
  return parseDuration(text.startsWith('+') ? text.slice(1) : text)
}

/** A command line taken apart. */
export type Parsed = {
  readonly flags: Flags
  readonly args: readonly string[]
  /** How many arguments stand before `--`; -1 without one. */
  readonly dash: number
}

const read = (text: FlagText): Flag => {
  const [names = '', rest = ''] = text.split(' ')
  const [name = '', short] = names.split(',')
  const [kind = '', bare] = rest.split('=')
  return { name, short, kind: kind as FlagKind, bare: bare ?? (kind === 'bool' ? 'true' : undefined) }
}

/** The flags of a command and the global ones, read. */
const flagsOf = (texts: readonly FlagText[]): readonly Flag[] => [...globalFlags, ...texts].map(read)

/** What the command is: the first word that is no flag (a global flag's value is skipped), and its place. */
export function findCommand(words: readonly string[], texts: readonly FlagText[] = []): number {
  const flags = flagsOf(texts)
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i] as string
    if (word === '--') return -1
    if (!word.startsWith('-') || word === '-') return i
    if (word.includes('=')) continue
    const flag = word.startsWith('--') ? flags.find((f) => f.name === word.slice(2)) : flags.find((f) => f.short === word.slice(1))
    if (flag !== undefined && flag.bare === undefined) i += 1
  }
  return -1
}

/**
 * Takes a command line apart. A flag that is not known, or whose value cannot be read, is a Failure with kubectl's text.
 */
export function parseFlags(words: readonly string[], texts: readonly FlagText[], command: string): Parsed {
  const known = flagsOf(texts)
  const flags = new Flags()
  const args: string[] = []
  const wrong = (text: string): Failure => refusal(`${text}\nSee 'kubectl ${command} --help' for usage.`)
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i] as string
    if (word === '--') {
      const dash = args.length
      return { flags, args: [...args, ...words.slice(i + 1)], dash }
    }
    if (!word.startsWith('-') || word === '-') {
      args.push(word)
      continue
    }
    if (word.startsWith('--')) {
      const at = word.indexOf('=')
      const name = at < 0 ? word.slice(2) : word.slice(2, at)
      if (name === '' || name.startsWith('-')) throw wrong(`bad flag syntax: ${word}`)
      const flag = known.find((f) => f.name === name && f.name !== f.short)
      if (flag === undefined) throw wrong(`unknown flag: --${name}`)
      if (at >= 0) set(flag, word.slice(at + 1))
      else if (flag.bare !== undefined) set(flag, flag.bare)
      else if (i + 1 < words.length) set(flag, words[++i] as string)
      else throw wrong(`flag needs an argument: --${name}`)
      continue
    }
    let letters = word.slice(1)
    while (letters !== '') {
      const letter = letters[0] as string
      const flag = known.find((f) => f.short === letter)
      if (flag === undefined) throw wrong(`unknown shorthand flag: '${letter}' in -${letters}`)
      const rest = letters.slice(1)
      if (rest.startsWith('=')) set(flag, rest.slice(1))
      else if (flag.bare !== undefined) {
        set(flag, flag.bare)
        letters = rest
        continue
      } else if (rest !== '') set(flag, rest)
      else if (i + 1 < words.length) set(flag, words[++i] as string)
      else throw wrong(`flag needs an argument: '${letter}' in -${letters}`)
      break
    }
  }
  return { flags, args, dash: -1 }

  function set(flag: Flag, value: string): void {
    const why = complaint(flag.kind, value)
    const shown =
      flag.short === undefined ? `--${flag.name}` : flag.short === flag.name ? `--${flag.name}` : `-${flag.short}, --${flag.name}`
    if (why !== undefined) throw wrong(`invalid argument ${JSON.stringify(value)} for ${JSON.stringify(shown)} flag: ${why}`)
    flags.add(flag, value)
  }
}

/** Why a value does not do, in the words of Go's strconv and time. */
function complaint(kind: FlagKind, value: string): string | undefined {
  switch (kind) {
    case 'bool':
      return /^(?:1|t|T|true|TRUE|True|0|f|F|false|FALSE|False)$/.test(value)
        ? undefined
        : `strconv.ParseBool: parsing ${JSON.stringify(value)}: invalid syntax`
    case 'int':
      if (!/^[-+]?(?:\d+|0x[0-9a-fA-F]+)$/.test(value)) return `strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`
      return Number.isSafeInteger(Number(value)) ? undefined : `strconv.ParseInt: parsing ${JSON.stringify(value)}: value out of range`
    case 'duration':
      if (durationOf(value) !== undefined) return undefined
      return /^[-+]?(?:\d+\.?\d*|\.\d+)$/.test(value)
        ? `time: missing unit in duration ${JSON.stringify(value)}`
        : `time: invalid duration ${JSON.stringify(value)}`
    default:
      return undefined
  }
}
