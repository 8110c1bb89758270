/** How the command line speaks: mistakes, bugs, colours, exit codes. Source: contract section 2. */
import { styleText } from 'node:util'
import { Bug } from '../engine/bug.ts'
import { type Mistake, printMistake } from '../text/mistake.ts'

/** 0 everything held, 1 something broke, 2 the input is wrong, 3 the simulator is wrong. */
export const exits = { held: 0, broke: 1, wrongInput: 2, bug: 3 } as const

/** Something a person got wrong on the command line: said in one line and a hint, exit 2. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly hint: string

  constructor(message: string, hint = '') {
    super(message)
    this.hint = hint
  }
}

const isPlain = (stream: NodeJS.WriteStream): boolean =>
  !stream.isTTY || (process.env['NO_COLOR'] ?? '') !== '' || process.env['TERM'] === 'dumb'

/** Colours for standard output, if it wants them. */
export const paint = (style: 'good' | 'bad' | 'faint', text: string): string => {
  if (isPlain(process.stdout)) return text
  return styleText(style === 'good' ? 'green' : style === 'bad' ? 'red' : 'gray', text)
}

/** How many mistakes are shown. */
const most = 50

/** Prints mistakes to standard error, in their order. */
export function tellMistakes(mistakes: readonly Mistake[]): void {
  for (const mistake of mistakes.slice(0, most)) process.stderr.write(`${printMistake(mistake)}\n\n`)
  if (mistakes.length > most) process.stderr.write(`… and ${mistakes.length - most} more\n\n`)
  process.stderr.write(`${mistakes.length === 1 ? '1 mistake' : `${mistakes.length} mistakes`}; nothing was run, nothing was written\n`)
}

/** Prints what went wrong with a command and sets the exit code. `again`: the line that replays it. */
export function tellFailure(error: unknown, again: string): void {
  if (error instanceof Refusal) {
    process.stderr.write(`stsim: ${error.message}\n${error.hint === '' ? '' : `  ${error.hint}\n`}`)
    process.exitCode = exits.wrongInput
    return
  }
  const explained =
    error instanceof Bug ? error.explain() : `expected no exception; found ${error instanceof Error ? error.message : String(error)}`
  const cause = error instanceof Error ? ((error.cause instanceof Error ? error.cause.stack : error.stack) ?? '') : ''
  process.stderr.write(`stsim: this is a bug in stsim, not in your files\n  ${explained}\n  again: ${again}\n${cause}\n`)
  process.exitCode = exits.bug
}

/** A word as a shell takes it. */
export const quoted = (word: string): string => (/^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)

/** The line that runs this again, with what is given more. */
export const againLine = (more: readonly string[] = []): string =>
  ['npx stsim', ...[...process.argv.slice(2), ...more].map(quoted)].join(' ')
