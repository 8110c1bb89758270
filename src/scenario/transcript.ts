/**
 * Sessions of a terminal, as people write them down: commands after `$ `, what is typed into a container after `/ # `, old output between
 * them, YAML that becomes the file of the next `-f`. Source: contract section 2, shell.
 */

import type { Story } from '../cluster/client/story.ts'
import { kubectl } from '../cluster/kubectl/index.ts'
import type { Connect } from '../cluster/kubectl/terminal.ts'
import type { KubernetesObject } from '../cluster/objects/metadata.ts'
import { hours, type Micros, parseDuration, printDuration } from '../engine/clock.ts'
import { didYouMean, type Mistake, mistakeOfFile } from '../text/mistake.ts'
import { commandsOf } from '../text/shell-line.ts'
import { splitWords } from '../text/words.ts'
import { readYaml } from '../text/yaml.ts'
import type { NamedKind } from './conditions.ts'
import { faultNamed, faults } from './faults/index.ts'
import { judge } from './judge.ts'
import { filesOf, type StepRow, terminalOn } from './player.ts'
import { filesOfLine } from './read.ts'
import { type FaultStep, faultStepOf } from './schema.ts'
import type { Stage } from './stage.ts'
import { faultLine, TroubleMaker } from './trouble.ts'

/** One command of a transcript. */
type TranscriptCommand = {
  /** As typed, without the `$ `. */
  readonly line: string
  /** Where it stands, from 1. */
  readonly at: number
  /** Whether a comment above says that it fails. */
  readonly fails: boolean
  /** What is typed into the container that it opens. */
  readonly typed: readonly string[]
  /** Files that are there from now on, beside those of the folder. */
  readonly files: Readonly<Record<string, string>>
}

/** A transcript that was read. */
export type Transcript = { readonly commands: readonly TranscriptCommand[]; readonly mistakes: readonly Mistake[] }

/** Reads a transcript. Everything that is no command, no typed line and no file is old output or prose, and is skipped. */
export function readTranscript(text: string, file: string): Transcript {
  const commands: { line: string; at: number; fails: boolean; typed: string[]; files: Record<string, string> }[] = []
  const mistakes: Mistake[] = []
  let written: { readonly lines: string[]; readonly at: number } | undefined
  let fails = false
  text.split('\n').forEach((raw, index) => {
    const line = raw.replace(/\r$/, '')
    const command = /^\$ (.*)$/.exec(line)
    if (command !== null) {
      const typed = (command[1] as string).trim()
      const files: Record<string, string> = {}
      if (written !== undefined) {
        const [name] = filesOfLine(typed)
        if (name === undefined)
          mistakes.push({
            file,
            line: written.at,
            column: 1,
            length: (written.lines[0] as string).length,
            excerpt: written.lines[0] as string,
            found: 'a YAML document that no command reads',
            hint: 'the next command must name it: -f NAME',
          })
        else files[name] = `${written.lines.join('\n').trimEnd()}\n`
      }
      written = undefined
      commands.push({ line: typed, at: index + 1, fails, typed: [], files })
      fails = false
    } else if (written !== undefined) written.lines.push(line)
    else if (/^\/ # ?/.test(line)) commands.at(-1)?.typed.push(line.replace(/^\/ # ?/, '').trim())
    else if (/^#\s*fails\s*$/.test(line)) fails = true
    else if (/^(apiVersion\s*:|---)/.test(line)) written = { lines: [line], at: index + 1 }
  })
  if (commands.length === 0)
    mistakes.push(mistakeOfFile(file, 'there is no command in it', 'commands stand behind "$ " at the beginning of a line'))
  return { commands: commands.map((one) => ({ ...one, typed: one.typed.filter((line) => line !== '' && line !== 'exit') })), mistakes }
}

/** What a session needs beside its stage. */
export type SessionOptions = {
  readonly kindCalled: (text: string) => NamedKind | undefined
  /** Whether choices among several targets of a fault draw. */
  readonly random: boolean
  /** Files of the folder; files of the transcript come on top. */
  readonly read?: ((path: string) => string | undefined) | undefined
  readonly list?: ((path: string) => readonly string[] | undefined) | undefined
  /** Lets time go on until nothing moves any more, at most to the moment `until`, and no longer than until `stop` says so (asked after each event). */
  readonly settle: (until: Micros, stop?: () => boolean) => void
  /** Answers `explain WHAT`, or says why not. */
  readonly explain: (what: string) => { readonly text: string; readonly exit: number }
  readonly print: (text: string) => void
  /** Length of the pause after each command instead of settling. */
  readonly pace?: Micros | undefined
}

/** How long a transcript waits for a cluster to settle after a command. */
const patience = hours(1)

const verbs = ['kubectl', 'sleep', 'settle', 'now', 'fault', 'explain', 'exit', 'help']

/** A terminal on a simulated cluster: lines in, a log out. */
export class Session {
  readonly rows: StepRow[] = []
  /** Commands that failed and were not expected to. */
  readonly failures: { readonly line: string; readonly at: Micros; readonly exit: number }[] = []
  over = false
  private readonly stage: Stage
  private readonly options: SessionOptions
  private readonly troubles: TroubleMaker
  private written: Readonly<Record<string, string>> = {}

  constructor(stage: Stage, options: SessionOptions) {
    this.stage = stage
    this.options = options
    this.troubles = new TroubleMaker(stage, options.kindCalled, options.random)
  }

  /** Whether the end of a fault is still to come. */
  get pending(): boolean {
    return this.troubles.pending > 0
  }

  /** Plays a whole transcript. */
  play(transcript: Transcript): void {
    for (const command of transcript.commands) {
      if (this.over) return
      this.written = { ...this.written, ...command.files }
      this.options.print(`$ ${command.line}\n`)
      const exit = this.run(command.line, command.typed)
      if (exit !== 0 && !command.fails) this.failures.push({ line: command.line, at: this.stage.engine.now, exit })
      if (!/^(sleep|settle|now|explain|exit)\b/.test(command.line)) this.pause()
    }
  }

  /** Lets time go on as after a command of a transcript. */
  pause(): void {
    const { engine } = this.stage
    if (this.options.pace !== undefined) engine.run(engine.now + this.options.pace)
    else this.options.settle(engine.now + patience)
  }

  /** One line as typed, also several commands and `for` loops; the exit code of the last command that ran. Output is printed. */
  run(line: string, typed: readonly string[] = []): number {
    const commands = commandsOf(line)
    let exit = 0
    for (const [i, { text, onlyIfGood }] of commands.entries())
      if (!this.over && (exit === 0 || !onlyIfGood)) exit = this.single(text, i === commands.length - 1 ? typed : [])
    return exit
  }

  private single(line: string, typed: readonly string[]): number {
    const { words: read, refusal } = splitWords(line)
    if (refusal !== undefined) {
      this.options.print(`${line}\n${' '.repeat(refusal.at)}${'^'.repeat(Math.max(1, refusal.length))} ${refusal.found}: ${refusal.hint}\n`)
      return 2
    }
    const [verb, ...words] = read.map((word) => word.text)
    const { engine } = this.stage
    const say = (text: string, exit = 0): number => {
      this.options.print(text.endsWith('\n') || text === '' ? text : `${text}\n`)
      return exit
    }
    switch (verb) {
      case undefined:
        return 0
      case 'kubectl':
        return this.kubectl(line, words, typed)
      case 'sleep': {
        const length =
          parseDuration(words[0] ?? '') ?? (/^\d+(\.\d+)?$/.test(words[0] ?? '') ? Math.round(Number(words[0]) * 1_000_000) : undefined)
        if (length === undefined) return say(`sleep: "${words[0] ?? ''}" is not a duration: write it as 30s or 5m`, 2)
        engine.run(engine.now + length)
        return 0
      }
      case 'settle':
        this.options.settle(engine.now + patience)
        return 0
      case 'now':
        return say(`${printDuration(engine.now)} (${this.stage.time()})`)
      case 'fault':
        return this.fault(words)
      case 'explain': {
        const { text, exit } = this.options.explain(words.join(' '))
        return say(text, exit)
      }
      case 'exit':
        this.over = true
        return 0
      case 'help':
        return say(`kubectl …, sleep 30s, settle (run on until nothing moves), now, fault NAME TARGET [key=value …], explain WHAT, exit`)
      default:
        return say(`${verb}: there is no such command here; ${didYouMean(verb, verbs, 'there are')}`, 127)
    }
  }

  private row(line: string): StepRow {
    const row: StepRow = { at: this.stage.engine.now, ended: undefined, line, exit: undefined, stdout: '', stderr: '', printed: '' }
    this.rows.push(row)
    return row
  }

  private kubectl(line: string, words: readonly string[], typed: readonly string[]): number {
    const { engine } = this.stage
    const row = this.row(line)
    const own = filesOf(this.written)
    const files = {
      files: (path: string) => own.files(path) ?? this.options.read?.(path),
      folder: (path: string) => own.folder?.(path) ?? this.options.list?.(path),
    }
    const kept = terminalOn(this.stage, files, row)
    // A watch that was left goes on unseen.
    let left = false
    const shown =
      (keep: (text: string) => void) =>
      (text: string): void => {
        if (left) return
        keep(text)
        this.options.print(text)
      }
    const terminal = { ...kept, out: shown(kept.out), err: shown(kept.err) }
    const lines = [...typed]
    const connect = this.stage.connect
    const reaching = connect === undefined ? undefined : { ...connect, typed: typing(connect, lines, terminal.out, terminal.err) }
    const entry = engine.record('scenario', 'step', `line ${this.rows.length}`, { line })
    let ended = false
    engine.because(entry, () =>
      this.stage.play(kubectl(words, { ...terminal, connect: reaching }), (exit) => {
        ended = true
        row.exit = exit
        row.ended = engine.now
      }),
    )
    // A command that blocks lets time go on; one that would watch for ever is left when nothing moves any more.
    if (!ended) this.options.settle(engine.now + patience, () => ended)
    left = true
    engine.record('scenario', 'step-ended', `line ${this.rows.length}`, { line, exit: row.exit ?? null })
    return row.exit ?? 0
  }

  private fault(words: readonly string[]): number {
    const read = readFaultLine(words)
    if (typeof read === 'string') {
      this.options.print(`${read}\n`)
      return 2
    }
    const row = this.row(faultLine(read))
    const entry = this.stage.engine.record('scenario', 'step', `line ${this.rows.length}`, { line: row.line })
    let hit: ReturnType<TroubleMaker['begin']> = []
    this.stage.engine.because(entry, () => {
      hit = this.troubles.begin(read, 'scenario')
    })
    row.ended = this.stage.engine.now
    row.exit = typeof hit === 'string' ? 2 : 0
    if (typeof hit === 'string') this.options.print(`${hit}\n`)
    else if (hit.length === 0) this.options.print('nothing was hit\n')
    return row.exit
  }
}

/** Types the lines into the shell of a container; its exit code is that of the last line. */
function typing(
  connect: Connect,
  lines: readonly string[],
  out: (text: string) => void,
  err: (text: string) => void,
): NonNullable<Connect['typed']> {
  return function* (pod: KubernetesObject, container: string): Story<number> {
    let exit = 0
    for (const line of lines) {
      out(`/ # ${line}\n`)
      const answer = yield* connect.exec(pod, container, ['sh', '-c', line], { stdin: undefined, out, err })
      if (typeof answer === 'number') exit = answer
      else {
        err(`${answer.refused}\n`)
        return 1
      }
    }
    return exit
  }
}

/** Reads `node-power-loss node/node-2 for=10m`; a text says what is wrong. */
export function readFaultLine(words: readonly string[]): FaultStep | string {
  const [name, ...rest] = words
  const fault = faultNamed(name ?? '')
  if (fault === undefined)
    return name === undefined
      ? 'fault: which one? stsim help faults lists them'
      : `there is no fault "${name}"; ${
          didYouMean(
            name,
            faults.map((one) => one.name),
          ) || 'stsim help faults lists them'
        }`
  const step: Record<string, unknown> = { fault: fault.name }
  for (const word of rest) {
    const pair = /^([a-z]+)=(.*)$/.exec(word)
    const known =
      pair !== null &&
      (['for', 'mode', 'value', 'namespace', 'target'].includes(pair[1] as string) || (pair[1] as string) in fault.parameters)
    if (pair !== null && known) {
      const [document] = readYaml(`value: ${pair[2]}`, 'fault').documents
      step[pair[1] as string] = (document?.value as { value?: unknown } | undefined)?.value ?? pair[2]
    } else if (step['target'] === undefined) step['target'] = word
    else
      return `"${word}" is not a parameter of fault ${fault.name}; it takes ${['for', ...Object.keys(fault.parameters)].map((key) => `${key}=…`).join(', ')}`
  }
  const [finding] = judge(faultStepOf(fault.name), step, [], `fault ${fault.name}`)
  if (finding !== undefined) return `${finding.found}${finding.hint === '' ? '' : `; ${finding.hint}`}`
  if (fault.targets.length > 0 && fault.everywhere !== true && step['target'] === undefined)
    return `fault ${fault.name} needs a target: ${fault.targets[0]}/NAME`
  return step as unknown as FaultStep
}
