/** `stsim run FILE…`: runs a scenario, manifests or a transcript, prints what became of it and writes the folder of the run. */
import type { Argv } from 'yargs'
import { defaultFolder, refusal, writeFolder } from '../console/folder.ts'
import { readInput } from '../console/input.ts'
import { mistakesInManifests } from '../console/manifests.ts'
import { nativeSha256 } from '../console/native-sha256.ts'
import { type Given, listOption, scenarioOptions, settings, textOption, wholeOption } from '../console/options.ts'
import { playTranscript } from '../console/transcript.ts'
import { againLine, exits, paint, quoted, Refusal, tellMistakes } from '../console/voice.ts'
import { printDuration } from '../engine/clock.ts'
import { Recording } from '../observe/recording.ts'
import { filesOf, runJson, summary, timeline } from '../report/index.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { simulate, start } from '../simulate.ts'
import { type Mistake, mistakeOfFile } from '../text/mistake.ts'

/** The options of run, for yargs. */
export const options = (yargs: Argv): Argv =>
  yargs
    .positional('files', {
      type: 'string',
      array: true,
      describe: 'A scenario, manifests (files or folders), a transcript, or - for standard input',
    })
    .options(scenarioOptions)
    .options({
      out: { type: 'string', requiresArg: true, describe: 'Folder of the run; none writes nothing [default: reports/<name>/seed-<seed>]' },
      check: { type: 'boolean', describe: 'Run twice and compare' },
      output: { alias: 'o', type: 'string', array: true, requiresArg: true, describe: 'What is printed: text, timeline, json' },
      objects: { type: 'boolean', describe: 'Also write objects.jsonl: each version of each object' },
      quiet: { alias: 'q', type: 'boolean', describe: 'Print the verdict alone' },
    })
    .example('stsim run web.yaml', 'Kubernetes manifests on a default cluster of three nodes')
    .example('stsim run scenario.yaml --seed 7 -o timeline', 'what happened, line by line')
    .example('helm template r chart | stsim run -', 'from standard input')

const outputs = ['text', 'timeline', 'json']

export function run(given: Given): void {
  const wanted = listOption(given, 'output').flatMap((text) => text.split(','))
  const wrong = wanted.find((one) => !outputs.includes(one))
  if (wrong !== undefined) throw new Refusal(`-o ${wrong} is none of ${outputs.join(', ')}`)
  const nodes = wholeOption(given, 'nodes', 0)
  const set = settings(given)
  const input = readInput(listOption(given, 'files'), { set, ...(nodes === undefined ? {} : { nodes }) })
  if (input.kind === 'nothing') return refuse(input.mistakes)
  if (input.kind === 'transcript') {
    const { scenario: empty } = input.shell
    if (empty === undefined) return refuse(input.shell.mistakes)
    const simulation = start({ ...empty, duration: '87600h' })
    process.exitCode = playTranscript(input.source.text, input.source.name, simulation, input.source.folder, undefined)
    return
  }
  const { reading } = input
  const { scenario } = reading
  if (scenario === undefined || reading.mistakes.length > 0) return refuse(reading.mistakes)
  if (nodes !== undefined && input.kind === 'scenario' && namesNodes(input.source.text))
    return refuse([
      mistakeOfFile(input.source.name, '--nodes beside cluster.nodes', 'the file names its nodes: change them there, or with --set'),
    ])
  if (reading.unsupported.length > 0) return refuse(reading.unsupported)
  const out = textOption(given, 'out')
  const folder = out === 'none' ? undefined : (out ?? defaultFolder(scenario.name, String(scenario.seed)))
  const no = folder === undefined ? undefined : refusal(folder)
  if (no !== undefined) throw new Refusal(no)
  const recording = simulateWithProgress(scenario, given['quiet'] === true, () => mistakesInManifests(reading))
  if (recording instanceof Recording) finish(given, recording, folder, wanted, reading.notes)
  else refuse(recording)
}

function finish(given: Given, recording: Recording, folder: string | undefined, wanted: readonly string[], notes: readonly string[]): void {
  if (given['check'] === true) {
    const difference = firstDifference(recording, simulate(recording.scenario, { sha256: nativeSha256 }))
    if (difference !== undefined) {
      process.stderr.write(
        `stsim: two runs of one scenario and seed differ, which is a bug in stsim\n${difference}\n  again: ${againLine()}\n`,
      )
      process.exitCode = exits.bug
      return
    }
  }
  if (folder !== undefined) writeFolder(folder, filesOf(recording, { objects: given['objects'] === true }))
  const seedGiven = given['seed'] !== undefined
  const again = listOption(given, 'files').includes('-')
    ? `… | ${againLine(seedGiven ? [] : ['--seed', recording.seed])}`
    : againLine(seedGiven ? [] : ['--seed', recording.seed])
  const text = summary(recording, {
    again,
    notes,
    paint,
    ...(folder === undefined ? {} : { files: `${quoted(folder.replace(/\/+$/, ''))}/` }),
  })
  const parts = wanted.length === 0 ? ['text'] : wanted
  for (const part of parts) {
    if (part === 'timeline') for (const line of timeline(recording.journal)) process.stdout.write(line)
    else if (part === 'json') process.stdout.write(runJson(recording))
    else process.stdout.write(given['quiet'] === true ? `${text.split('\n')[0]}\n` : text)
    if (part !== parts.at(-1)) process.stdout.write('\n')
  }
  if (given['check'] === true && given['quiet'] !== true) process.stderr.write('checked: a second run gave the same\n')
  process.exitCode = recording.held ? exits.held : exits.broke
}

const refuse = (mistakes: Parameters<typeof tellMistakes>[0]): void => {
  tellMistakes(mistakes)
  process.exitCode = exits.wrongInput
}

/** Whether a scenario's own text names nodes (then --nodes has no say). */
const namesNodes = (text: string): boolean =>
  /^cluster\s*:[^\n]*(\n[ \t#][^\n]*|\n\s*)*?\n[ \t]+nodes\s*:/m.test(text) || /^cluster\s*:\s*\{[^\n]*nodes\s*:/m.test(text)

/** How many events between two looks at the clock, and how often progress is shown, in milliseconds. */
const eventsBetween = 1_024
const shownEvery = 100

/**
 * Runs to the end; on a terminal one line on standard error says how far it is. What the server refuses of the manifests is a mistake of the
 * file and no run: reading has told nearly all of it. For the rest a second cluster is asked (`mistakes`), which costs as much as the first:
 * only when something failed, or the run ended before all was done.
 */
function simulateWithProgress(scenario: Scenario, quiet: boolean, mistakes: () => readonly Mistake[]): Recording | readonly Mistake[] {
  const simulation = start(scenario, { sha256: nativeSha256 })
  const { player } = simulation
  const shows = process.stderr.isTTY === true && !quiet
  let last = Date.now()
  let shown = false
  let asked = false
  let found: readonly Mistake[] = []
  for (let events = 1; simulation.step(); events++) {
    if (!asked && player.failures.length > 0) {
      asked = true
      found = mistakes()
      if (found.length > 0) break
    }
    if (!shows || events % eventsBetween !== 0 || Date.now() - last < shownEvery) continue
    last = Date.now()
    shown = true
    process.stderr.write(
      `\r\x1b[K${scenario.name}: ${printDuration(Math.floor(simulation.engine.now / 1e6) * 1e6)} simulated, ${events} events`,
    )
  }
  if (shown) process.stderr.write('\r\x1b[K')
  if (!asked && player.pending) found = mistakes()
  return found.length > 0 ? found : simulation.run()
}

/** The first entry in which two runs differ, in words. */
function firstDifference(one: Recording, other: Recording): string | undefined {
  if (one.digest === other.digest) return undefined
  const most = Math.max(one.journal.length, other.journal.length)
  for (let entry = 1; entry <= most; entry++) {
    const [a, b] = [one, other].map(({ journal }) => (entry <= journal.length ? JSON.stringify(journal.at(entry)) : 'nothing'))
    if (a !== b) return `  entry ${entry}\n  first run:  ${a}\n  second run: ${b}`
  }
  return `  the digests: ${one.digest} and ${other.digest}`
}
