/**
 * What kubectl says to a command line before it looks at the cluster: a command or a flag that it does not have. So a run need not begin.
 * Source: cluster/kubectl/index.ts, the same walk without playing.
 */
import type { Command } from '../cluster/kubectl/command.ts'
import { commands } from '../cluster/kubectl/commands.ts'
import { Failure } from '../cluster/kubectl/failure.ts'
import { findCommand, parseFlags } from '../cluster/kubectl/parse.ts'
import { didYouMean, nearest } from '../text/mistake.ts'

/** Why kubectl does not take the line; `word`: how the word begins that it complains of. */
type Refusal = { readonly found: string; readonly hint: string; readonly word?: string }

/** kubectl's refusal of a line (with or without the word kubectl) whatever is in the cluster; undefined: it would begin. */
export function kubectlRefusal(line: readonly string[]): Refusal | undefined {
  const words = line[0] === 'kubectl' ? line.slice(1) : line
  return refusalIn(words, commands, '')
}

function refusalIn(words: readonly string[], known: ReadonlyMap<string, Command>, above: string): Refusal | undefined {
  const at = findCommand(words)
  const word = at < 0 ? undefined : (words[at] as string)
  const command = word === undefined ? undefined : known.get(word)
  if (command !== undefined && word !== undefined) {
    const name = above === '' ? word : `${above} ${word}`
    const rest = [...words.slice(0, at), ...words.slice(at + 1)]
    return command.commands === undefined ? flagRefusal(rest, command, name) : refusalIn(rest, command.commands, name)
  }
  const fallback = known.get('')
  if (fallback?.commands === undefined && fallback !== undefined) return flagRefusal(words, fallback, above)
  if (word === undefined) return flagRefusal(words, { flags: [] }, above)
  return {
    found: above === '' ? `unknown command ${JSON.stringify(word)} for "kubectl"` : `unknown command ${JSON.stringify(word)} of ${above}`,
    hint: didYouMean(word, known.keys()) || 'kubectl --help lists them; a step that shows a refusal says fails: true',
    word,
  }
}

function flagRefusal(
  words: readonly string[],
  { flags, lenient }: { readonly flags: readonly string[]; readonly lenient?: boolean },
  name: string,
): Refusal | undefined {
  if (lenient === true) return undefined
  try {
    parseFlags(words, flags, name)
    return undefined
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown
    const found = thrown.message.split('\n')[0] as string
    const flag = /^unknown flag: (--[^\s]+)$/.exec(found)?.[1]
    const longs = flags.map((text) => `--${text.split(/[, ]/)[0]}`)
    const near = flag === undefined ? undefined : nearest(flag, longs)
    const hint = near === undefined ? `kubectl ${name} refuses it; a step that shows a refusal says fails: true` : `did you mean "${near}"?`
    return { found, hint, ...(flag === undefined ? {} : { word: flag }) }
  }
}
