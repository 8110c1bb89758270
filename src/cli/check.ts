/** `stsim check FILE…`: reads scenarios and manifests without running them and prints every mistake. */
import type { Argv } from 'yargs'
import { readInput } from '../console/input.ts'
import { mistakesInManifests } from '../console/manifests.ts'
import { type Given, listOption, scenarioOptions, settings, wholeOption } from '../console/options.ts'
import { exits, tellMistakes } from '../console/voice.ts'
import { readTranscript } from '../scenario/transcript.ts'
import type { Mistake } from '../text/mistake.ts'

export const options = (yargs: Argv): Argv =>
  yargs
    .positional('files', { type: 'string', array: true, describe: 'Scenarios, manifests, folders, transcripts, or -' })
    .options(scenarioOptions)
    .example('stsim check scenario.yaml', 'every mistake at once, with its place')

export function check(given: Given): void {
  const nodes = wholeOption(given, 'nodes', 0)
  const set = settings(given)
  const mistakes: Mistake[] = []
  const words = listOption(given, 'files')
  for (const word of words) {
    const input = readInput([word], { set, ...(nodes === undefined ? {} : { nodes }) })
    const found = mistakesOf(input)
    mistakes.push(...found.mistakes)
    if (found.mistakes.length === 0) process.stdout.write(`${word}: nothing is wrong\n`)
    for (const note of found.notes) process.stdout.write(`  ${note}\n`)
  }
  if (mistakes.length > 0) {
    tellMistakes(mistakes)
    process.exitCode = exits.wrongInput
  } else process.exitCode = exits.held
}

function mistakesOf(input: ReturnType<typeof readInput>): { mistakes: readonly Mistake[]; notes: readonly string[] } {
  switch (input.kind) {
    case 'nothing':
      return { mistakes: input.mistakes, notes: [] }
    case 'transcript':
      return { mistakes: readTranscript(input.source.text, input.source.name).mistakes, notes: [] }
    default: {
      const { reading } = input
      const mistakes = reading.mistakes.length > 0 ? reading.mistakes : mistakesInManifests(reading)
      const later = reading.unsupported.map((one) => `line ${one.line}: ${one.found} (not simulated yet)`)
      return { mistakes, notes: [...reading.notes, ...later] }
    }
  }
}
