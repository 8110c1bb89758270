/**
 * Our own kubectl: an interpreter whose commands are stories (client/story.ts), so that those that block let virtual time go on.
 * It imitates kubectl of the simulated release: flags, texts, order of lines, exit codes.
 * Source: kubectl.md; kubectl 1.36.
 *
 * Differs from Kubernetes: files come from the terminal, nothing is asked over a network; klog lines are not printed.
 */

import { distance } from '../../text/mistake.ts'
import type { Story } from '../client/story.ts'
import type { Command } from './command.ts'
import { commands } from './commands.ts'
import { Failure, printFailure, refusal, usageRefusal } from './failure.ts'
import { findCommand, parseFlags } from './parse.ts'
import type { Session } from './session.ts'
import type { Terminal } from './terminal.ts'

export type { Terminal } from './terminal.ts'

/**
 * Plays one command line, without the leading `kubectl`. Returns its exit code. What it prints goes to the terminal as it is printed.
 * Never throws for what a user typed.
 */
export function* kubectl(words: readonly string[], terminal: Terminal): Story<number> {
  try {
    yield* play(words, terminal)
    return 0
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown
    const text = printFailure(thrown)
    if (text !== '') terminal.err(text)
    return thrown.code
  }
}

function* play(words: readonly string[], terminal: Terminal): Story<void> {
  const at = findCommand(words)
  const name = at < 0 ? undefined : words[at]
  if (name === undefined) {
    parseFlags(words, [], '')
    terminal.out(`kubectl controls the Kubernetes cluster manager.\n\nCommands:\n${commandList()}\n`)
    return
  }
  const command = commands.get(name)
  if (command === undefined) throw unknownCommand(name)
  const rest = [...words.slice(0, at), ...words.slice(at + 1)]
  yield* run(command, name, rest, terminal)
}

function* run(command: Command, name: string, words: readonly string[], terminal: Terminal): Story<void> {
  if (command.commands !== undefined) {
    const at = findCommand(words)
    const word = at < 0 ? undefined : (words[at] as string)
    const inner = word === undefined ? undefined : command.commands.get(word)
    if (word !== undefined && inner !== undefined) {
      return yield* run(inner, `${name} ${word}`, [...words.slice(0, at), ...words.slice(at + 1)], terminal)
    }
    const fallback = command.commands.get('')
    if (fallback !== undefined) return yield* run(fallback, name, words, terminal)
    parseFlags(words, [], name)
    if (word !== undefined) throw usageRefusal(`unknown command ${JSON.stringify(word)}`, name)
    terminal.out(
      `Usage:\n  kubectl ${name} SUBCOMMAND [options]\n\nSubcommands:\n${[...command.commands.keys()].map((key) => `  ${key}\n`).join('')}`,
    )
    return
  }
  const parsed = command.lenient === true ? parseFlags([], [], name) : parseFlags(words, command.flags, name)
  if (parsed.flags.is('help')) {
    terminal.out(
      `Usage:\n  kubectl ${name} [flags] [options]\n\nstsim's kubectl takes the flags of kubectl 1.${terminal.release.minor}: see https://kubernetes.io/docs/reference/kubectl/\n`,
    )
    return
  }
  const missing = (command.required ?? []).filter((flag) => !parsed.flags.has(flag))
  if (missing.length > 0) throw refusal(`required flag(s) ${missing.map((flag) => JSON.stringify(flag)).join(', ')} not set`)
  const session: Session = {
    ...parsed,
    terminal,
    command: name,
    namespace: parsed.flags.text('namespace') || terminal.namespace,
    enforced: (parsed.flags.text('namespace') ?? '') !== '',
    warned: new Set(),
  }
  const story = command.run(session)
  if (story !== undefined) yield* story
}

const commandList = (): string => [...commands.keys()].map((key) => `  ${key}`).join('\n')

/** cobra's suggestions: names at most two letters away, or that begin so. */
function unknownCommand(name: string): Failure {
  const near = [...commands.keys()].filter((key) => distance(name.toLowerCase(), key) <= 2 || key.startsWith(name.toLowerCase()))
  const hint = near.length === 0 ? '' : `\n\nDid you mean this?\n${near.map((key) => `\t${key}\n`).join('')}`
  return refusal(`unknown command ${JSON.stringify(name)} for "kubectl"${hint}`)
}
