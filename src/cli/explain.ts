/** `stsim explain FILE WHAT`: the chain of causes behind something, back to the user's own step. Source: contract section 2, explain. */
import type { Argv } from 'yargs'
import { explanationOf } from '../console/explanation.ts'
import { type Given, listOption, scenarioOptions, settings, wholeOption } from '../console/options.ts'
import { recordingOf } from '../console/replay.ts'
import { exits } from '../console/voice.ts'

export const options = (yargs: Argv): Argv =>
  yargs
    .positional('file', { type: 'string', describe: 'A scenario, manifests, or the folder of a run' })
    .positional('what', { type: 'string', array: true, describe: 'pod/web-1, "pod/web-1 ready", "event 5", "expectation 2"' })
    .options(scenarioOptions)
    .example('stsim explain scenario.yaml pod/web-1 ready', 'what made web-1 Ready')

export function explain(given: Given): void {
  const nodes = wholeOption(given, 'nodes', 0)
  const [file = ''] = listOption(given, 'file')
  const recording = recordingOf(file, { set: settings(given), ...(nodes === undefined ? {} : { nodes }) })
  if (recording === undefined) {
    process.exitCode = exits.wrongInput
    return
  }
  const words = listOption(given, 'what').flatMap((text) => text.split(/\s+/))
  process.stdout.write(
    explanationOf(
      recording,
      recording.facts.expectations.map((verdict) => verdict.at),
      words,
    ),
  )
  process.exitCode = exits.held
}
