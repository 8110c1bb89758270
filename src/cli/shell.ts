/** `stsim shell [FILE]`: a terminal on a simulated cluster; with a transcript it plays it. Source: contract section 2, shell. */
import { createInterface } from 'node:readline'
import type { Argv } from 'yargs'
import { emptyScenario, type Input, readInput } from '../console/input.ts'
import { mistakesInManifests } from '../console/manifests.ts'
import { type Given, listOption, scenarioOptions, settings, textOption, wholeOption } from '../console/options.ts'
import { playTranscript, sessionOn } from '../console/transcript.ts'
import { exits, Refusal, tellMistakes } from '../console/voice.ts'
import { type Micros, parseDuration } from '../engine/clock.ts'
import { readScenario, type ScenarioReading } from '../scenario/read.ts'
import { type Simulation, start } from '../simulate.ts'

export const options = (yargs: Argv): Argv =>
  yargs
    .positional('file', { type: 'string', describe: 'A transcript to play; or a scenario or manifests to open' })
    .options(scenarioOptions)
    .options({
      at: { type: 'string', requiresArg: true, describe: 'Open at that moment of the run, for example 145s' },
      pace: { type: 'string', requiresArg: true, describe: 'Pause after each command of a transcript, instead of settling' },
    })
    .example('stsim shell', 'kubectl on an empty cluster of three nodes')
    .example('stsim shell notes.txt', 'play a transcript: lines that begin with "$ " are commands')

export function shell(given: Given): void {
  const nodes = wholeOption(given, 'nodes', 0)
  const more = { set: settings(given), ...(nodes === undefined ? {} : { nodes }) }
  const pace = durationOption(given, 'pace')
  const at = durationOption(given, 'at')
  const [file] = listOption(given, 'file')
  if (file === undefined) return open(readScenario(emptyScenario, { ...more, name: 'shell' }), '.', at, pace)
  const input = readInput([file], more)
  if (input.kind === 'nothing') return refuse(input.mistakes)
  if (input.kind === 'transcript') return play(input, pace)
  const wrong = input.reading.mistakes.length > 0 ? input.reading.mistakes : mistakesInManifests(input.reading)
  if (wrong.length > 0) return refuse(wrong)
  open(input.reading, input.kind === 'scenario' ? input.source.folder : (input.sources[0]?.folder ?? '.'), at, pace)
}

function durationOption(given: Given, name: string): Micros | undefined {
  const text = textOption(given, name)
  const micros = text === undefined ? undefined : parseDuration(text)
  if (text !== undefined && (micros === undefined || micros < 0))
    throw new Refusal(`--${name} ${text} is not a duration`, 'write it as 30s or 5m')
  return micros
}

const refuse = (mistakes: Parameters<typeof tellMistakes>[0]): void => {
  tellMistakes(mistakes)
  process.exitCode = exits.wrongInput
}

/** A session has no end of its own. */
const opened = (reading: ScenarioReading): Simulation | undefined =>
  reading.scenario === undefined ? undefined : start({ ...reading.scenario, duration: '87600h' })

function play(input: Extract<Input, { kind: 'transcript' }>, pace: Micros | undefined): void {
  const simulation = opened(input.shell)
  if (simulation === undefined) return refuse(input.shell.mistakes)
  process.exitCode = playTranscript(input.source.text, input.source.name, simulation, input.source.folder, pace)
}

function open(reading: ScenarioReading, folder: string, at: Micros | undefined, pace: Micros | undefined): void {
  const simulation = opened(reading)
  if (simulation === undefined) return refuse(reading.mistakes)
  simulation.engine.run(at ?? 0)
  const session = sessionOn(simulation, folder, pace)
  const lines = createInterface({ input: process.stdin, output: process.stdout, terminal: process.stdin.isTTY === true, prompt: '$ ' })
  lines.prompt()
  lines.on('line', (line) => {
    if (process.stdin.isTTY !== true) process.stdout.write(`${line}\n`)
    session.run(line.trim().replace(/^\$ /, ''))
    if (session.over) lines.close()
    else lines.prompt()
  })
  lines.on('close', () => {
    process.exitCode = exits.held
  })
}
