/**
 * The small shell inside containers, for `kubectl exec`, `run -it` and transcripts: what people type to look around and to leave a file.
 * It runs as a story, so that `sleep` lets time go on.
 *
 * Source: issue 5, number 2; busybox' texts (nslookup, wget, ash); node-and-storage.md D (names).
 * Differs from Kubernetes: an image has these commands whatever is in it; what an image answers over HTTP is a file of its document folder,
 * or its hostname; numbers are not computed and patterns are not expanded.
 */
import type { Story } from '../client/story.ts'
import { fileCommands } from './file-commands.ts'
import { baseName, type Command, Exit, type Inside, pathOf, type State, type Streams } from './inside.ts'
import { networkCommands } from './network-commands.ts'
import { type Node, type Pipeline, parseScript, type Redirection, type Script, ScriptError, type ScriptWord } from './script.ts'

const mostRounds = 100_000

/** What a program that the container does not have is answered, by the runtime. */
export const notInPath = (name: string): string =>
  `Internal error occurred: error executing command in container: failed to exec in container: failed to start exec: OCI runtime exec failed: exec failed: unable to start container process: exec: ${JSON.stringify(name)}: executable file not found in $PATH`

/** Runs words as `exec` does, without a shell around them. undefined: there is no such program. */
export function* runWords(words: readonly string[], inside: Inside, streams: Streams): Story<number | undefined> {
  const [first = ''] = words
  if (!commands.has(baseName(first)) && !shells.includes(baseName(first))) return undefined
  const state: State = { inside, folder: inside.workingFolder, variables: new Map(inside.environment), status: 0, rounds: mostRounds }
  try {
    return yield* runCommand(state, words, streams)
  } catch (thrown) {
    if (thrown instanceof Exit) return thrown.code
    throw thrown
  }
}

const shells = ['sh', 'bash', 'ash', 'dash']

function* runCommand(state: State, words: readonly string[], streams: Streams): Story<number> {
  const [path = '', ...args] = words
  const name = baseName(path)
  if (shells.includes(name)) return yield* runShell(state, args, streams)
  const command = commands.get(name)
  if (command === undefined) {
    streams.err(`sh: ${path}: not found\n`)
    return 127
  }
  const ended = command(state, args, streams)
  return typeof ended === 'number' ? ended : yield* ended
}

/** `sh -c SCRIPT`; without it the lines of standard input. */
function* runShell(state: State, args: readonly string[], streams: Streams): Story<number> {
  const flags = args.findIndex((arg) => /^-[a-z]*c[a-z]*$/.test(arg))
  const text = flags >= 0 ? args[flags + 1] : streams.stdin
  if (text === undefined) {
    streams.err('sh: -c requires an argument\n')
    return 2
  }
  const inner: State = { ...state, variables: new Map(state.variables) }
  for (const [i, value] of args.slice(flags + 2).entries()) inner.variables.set(String(i), value)
  try {
    return yield* runScript(inner, parseScript(text), streams)
  } catch (thrown) {
    if (thrown instanceof Exit) return thrown.code
    if (!(thrown instanceof ScriptError)) throw thrown
    streams.err(`sh: ${thrown.message}\n`)
    return 2
  }
}

function* runScript(state: State, script: Script, streams: Streams): Story<number> {
  for (const { when, pipeline } of script) {
    if (when === 'success' && state.status !== 0) continue
    if (when === 'failure' && state.status === 0) continue
    state.status = yield* runPipeline(state, pipeline, streams)
  }
  return state.status
}

function* runPipeline(state: State, pipeline: Pipeline, streams: Streams): Story<number> {
  let stdin = streams.stdin
  let status = 0
  for (const [i, node] of pipeline.commands.entries()) {
    const last = i === pipeline.commands.length - 1
    let piped = ''
    const out = last
      ? streams.out
      : (text: string): void => {
          piped += text
        }
    status = yield* runNode(state, node, { stdin, out, err: streams.err })
    stdin = piped
  }
  return pipeline.not ? (status === 0 ? 1 : 0) : status
}

function* runNode(state: State, node: Node, streams: Streams): Story<number> {
  switch (node.kind) {
    case 'simple':
      return yield* runSimple(state, node, streams)
    case 'group': {
      const redirected = yield* redirect(state, node.redirections, streams)
      if (redirected === undefined) return 1
      return yield* runScript(state, node.body, redirected)
    }
    case 'if':
      for (const { test, body } of node.branches) {
        if ((yield* runScript(state, test, streams)) === 0) return yield* body0(state, body, streams)
      }
      return node.otherwise === undefined ? 0 : yield* body0(state, node.otherwise, streams)
    case 'for': {
      const values: string[] = []
      for (const word of node.words) values.push(...(yield* expand(state, word, streams)))
      let status = 0
      for (const value of values) {
        state.variables.set(node.name, value)
        status = yield* body0(state, node.body, streams)
      }
      return status
    }
    case 'while': {
      let status = 0
      for (;;) {
        const test = yield* body0(state, node.test, streams)
        if ((test === 0) === node.until) return status
        state.rounds -= 1
        if (state.rounds < 0) {
          streams.err(`sh: a loop was stopped after ${mostRounds} rounds\n`)
          throw new Exit(1)
        }
        status = yield* body0(state, node.body, streams)
      }
    }
  }
}

/** A list inside another begins as if all were well. */
function* body0(state: State, script: Script, streams: Streams): Story<number> {
  state.status = 0
  return yield* runScript(state, script, streams)
}

function* runSimple(state: State, node: Extract<Node, { kind: 'simple' }>, streams: Streams): Story<number> {
  const words: string[] = []
  for (const word of node.words) words.push(...(yield* expand(state, word, streams)))
  const redirected = yield* redirect(state, node.redirections, streams)
  if (redirected === undefined) return 1
  const settings: (readonly [string, string])[] = []
  for (const { name, value } of node.settings) settings.push([name, (yield* expand(state, value, streams, false)).join(' ')])
  if (words.length === 0) {
    for (const [name, value] of settings) state.variables.set(name, value)
    return 0
  }
  const before = settings.map(([name]) => [name, state.variables.get(name)] as const)
  for (const [name, value] of settings) state.variables.set(name, value)
  const status = yield* runCommand(state, words, redirected)
  for (const [name, value] of before) {
    if (value === undefined) state.variables.delete(name)
    else state.variables.set(name, value)
  }
  return status
}

/** A word as the words that it becomes; `splits` false keeps it one. */
function* expand(state: State, word: ScriptWord, streams: Streams, splits = true): Story<readonly string[]> {
  const words: string[] = []
  let current: string | undefined
  for (const piece of word) {
    if (piece.kind === 'text') {
      current = (current ?? '') + piece.text
      continue
    }
    let text: string
    if (piece.kind === 'variable') text = variable(state, piece.name) ?? piece.without ?? ''
    else {
      let output = ''
      yield* body0({ ...state }, piece.script, {
        stdin: '',
        out: (each) => {
          output += each
        },
        err: streams.err,
      })
      text = output.replace(/\n+$/, '')
    }
    if (piece.quoted || !splits) {
      current = (current ?? '') + text
      continue
    }
    const parts = text.split(/[ \t\n]+/)
    for (const [i, part] of parts.entries()) {
      if (i > 0) {
        if (current !== undefined) words.push(current)
        current = undefined
      }
      if (part !== '') current = (current ?? '') + part
    }
  }
  if (current !== undefined) words.push(current)
  return words
}

function variable(state: State, name: string): string | undefined {
  if (name === '?') return String(state.status)
  if (name === '$') return '7'
  if (name === '#') return '0'
  return state.variables.get(name)
}

function* redirect(state: State, redirections: readonly Redirection[], streams: Streams): Story<Streams | undefined> {
  let { stdin, out, err } = streams
  for (const { stream, how, target } of redirections) {
    const name = (yield* expand(state, target, streams)).join(' ')
    if (how === 'join') {
      if (name === '1') err = out
      else if (name === '2') out = err
      continue
    }
    const path = pathOf(state, name)
    if (how === 'read') {
      const text = state.inside.files.read(path)
      if (text === undefined) {
        streams.err(`sh: can't open ${name}: no such file\n`)
        return undefined
      }
      stdin = text
      continue
    }
    let write: (text: string) => void = () => undefined
    if (path !== '/dev/null') {
      const start = how === 'append' ? (state.inside.files.read(path) ?? '') : ''
      const wrong = state.inside.files.write(path, start)
      if (wrong !== undefined) {
        streams.err(`sh: can't create ${name}: ${wrong}\n`)
        return undefined
      }
      write = (text) => {
        state.inside.files.write(path, (state.inside.files.read(path) ?? '') + text)
      }
    }
    if (path === '/dev/stdout') write = streams.out
    if (path === '/dev/stderr') write = streams.err
    if (stream === 1 || stream === 'both') out = write
    if (stream === 2 || stream === 'both') err = write
  }
  return { stdin, out, err }
}

const env: Command = function* (state, args, streams): Story<number> {
  const first = args.findIndex((arg) => !/^[A-Za-z_][A-Za-z0-9_]*=/.test(arg))
  if (first >= 0) {
    const inner: State = { ...state, variables: new Map(state.variables) }
    for (const arg of args.slice(0, first)) inner.variables.set(arg.slice(0, arg.indexOf('=')), arg.slice(arg.indexOf('=') + 1))
    return yield* runCommand(inner, args.slice(first), streams)
  }
  for (const [name, value] of state.variables) if (/^[A-Za-z_]/.test(name)) streams.out(`${name}=${value}\n`)
  return 0
}

const commands: ReadonlyMap<string, Command> = new Map<string, Command>([...fileCommands, ...networkCommands, ['env', env]])
