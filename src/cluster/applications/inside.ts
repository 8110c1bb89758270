/**
 * A container as the commands in it see it, and what all commands are made of. Source: issue 5, number 2.
 */
import type { Story } from '../client/story.ts'

/** The files that a container sees. Paths are absolute, without `.`, `..` and a final slash. */
export type Files = {
  readonly read: (path: string) => string | undefined
  /** Why it cannot be written (`Read-only file system`), or undefined. */
  readonly write: (path: string, text: string) => string | undefined
  readonly remove: (path: string) => boolean
  readonly makeFolder: (path: string) => string | undefined
  /** Names in a folder, sorted; undefined: it is none. */
  readonly list: (path: string) => readonly string[] | undefined
}

/** What an address answers over HTTP. `silence`: nobody answers; `refused`: nobody listens. */
export type Page = { readonly status: number; readonly text: string } | 'refused' | 'silence'

/** A container, as commands in it see it. */
export type Inside = {
  readonly hostname: string
  /** `web-0.nginx.default.svc.cluster.local`, or the hostname alone. */
  readonly fullName: string
  readonly address: string
  readonly environment: ReadonlyMap<string, string>
  readonly files: Files
  readonly workingFolder: string
  /** The name server's address, and whether it answers now. */
  readonly nameserver: { readonly address: string; readonly answers: () => boolean }
  /** Domains that are tried behind a short name, in order. */
  readonly search: readonly string[]
  /** Addresses of a complete name; undefined: no such name. */
  readonly lookup: (name: string) => readonly string[] | undefined
  readonly fetch: (address: string, port: number, path: string) => Page
  /** Now, as the API writes it. */
  readonly time: () => string
}

/** Where a command reads and writes. */
export type Streams = { readonly stdin: string; readonly out: (text: string) => void; readonly err: (text: string) => void }

/** The shell's own state. */
export type State = {
  readonly inside: Inside
  folder: string
  readonly variables: Map<string, string>
  status: number
  /** Rounds of loops that are left before the shell gives up. */
  rounds: number
}

/** `exit`: unwinds the scripts. */
export class Exit {
  readonly code: number
  constructor(code: number) {
    this.code = code
  }
}

/** A path made absolute and plain. */
export function pathOf(state: State, name: string): string {
  const parts: string[] = []
  for (const part of (name.startsWith('/') ? name : `${state.folder}/${name}`).split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return `/${parts.join('/')}`
}

/** One command: its arguments, and where it reads and writes. Returns its exit code. */
export type Command = (state: State, args: readonly string[], streams: Streams) => Story<number> | number

/** Single-letter flags joined, and the other words. */
export const flagsOf = (args: readonly string[]): { readonly flags: string; readonly rest: readonly string[] } => ({
  flags: args
    .filter((arg) => /^-[A-Za-z0-9]/.test(arg))
    .map((arg) => arg.slice(1))
    .join(''),
  rest: args.filter((arg) => !/^-[A-Za-z0-9]/.test(arg) && arg !== '--'),
})

/** The last part of a path. */
export const baseName = (path: string): string => path.split('/').at(-1) ?? path

/** `\\n` and its like as the signs that they stand for. */
export const unescaped = (text: string): string => {
  const named: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '\\': '\\', a: '\x07', b: '\b', e: '\x1b' }
  return text.replace(/\\([ntr\\abe])/g, (_, letter: string) => named[letter] as string)
}
