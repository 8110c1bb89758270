/** `stsim explain FILE WHAT`: the chain of causes behind something, back to the user's own step. Source: contract section 2, explain. */
import type { Argv } from 'yargs'
import { keyOf } from '../cluster/objects/metadata.ts'
import { type Given, listOption, scenarioOptions, settings, wholeOption } from '../console/options.ts'
import { recordingOf } from '../console/replay.ts'
import { exits, Refusal } from '../console/voice.ts'
import { chainOf, happenings, newestAt, newestWrite } from '../observe/causes.ts'
import type { Recording } from '../observe/recording.ts'
import { lineOf } from '../report/index.ts'
import { kindCalled } from '../scenario/read.ts'
import { didYouMean } from '../text/mistake.ts'

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
  const { journal } = recording
  const words = listOption(given, 'what').flatMap((text) => text.split(/\s+/))
  for (const entry of chainOf(journal, entryOf(recording, words))) process.stdout.write(lineOf(journal, entry))
  process.exitCode = exits.held
}

/** The entry that is asked about. */
function entryOf(recording: Recording, words: readonly string[]): number {
  const [what = '', more] = words
  if (what === 'event')
    return numbered(
      recording.rows('events').map((row) => row[0] as number),
      more,
      'event',
    )
  if (what === 'expectation') {
    const { expectations } = recording.facts
    const found = numbered(
      expectations.map((_, index) => index + 1),
      more,
      'expectation',
    )
    return newestAt(recording.journal, expectations[found - 1]?.at ?? recording.ended)
  }
  const [kindText = '', ...rest] = what.split('/')
  const kind = kindCalled(kindText)
  if (kind === undefined || rest.length === 0 || rest.length > 2)
    throw new Refusal(`"${what}" is nothing that can be explained`, 'for example pod/web-1, pod/NAMESPACE/web-1, event 5')
  const name = rest.at(-1) as string
  const about = keyOf(kind.kind, kind.namespaced ? (rest.length === 2 ? rest[0] : 'default') : undefined, name)
  const fits = more === undefined ? () => true : happenings[more]
  if (fits === undefined)
    throw new Refusal(`"${more}" is nothing that happens to a ${kind.kind}`, didYouMean(more ?? '', Object.keys(happenings), 'one of'))
  const entry = newestWrite(recording.journal, about, fits)
  if (entry === 0) throw new Refusal(`${what}${more === undefined ? '' : ` ${more}`} did not happen in this run`)
  return entry
}

function numbered(entries: readonly number[], text: string | undefined, what: string): number {
  const entry = /^[1-9]\d*$/.test(text ?? '') ? entries[Number(text) - 1] : undefined
  if (entry === undefined) throw new Refusal(`there is no ${what} ${text ?? 'without a number'}`, `there are ${entries.length}`)
  return entry
}
