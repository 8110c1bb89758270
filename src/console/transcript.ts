/** Plays a transcript, or what a person types, on a simulated cluster; the log goes to standard output. Source: contract section 2, shell. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Micros } from '../engine/clock.ts'
import { kindCalled } from '../scenario/read.ts'
import { readTranscript, Session } from '../scenario/transcript.ts'
import type { Simulation } from '../simulate.ts'
import { explanationOf } from './explanation.ts'
import { exits, Refusal, tellMistakes } from './voice.ts'

/** A session on a simulation. `folder`: where the files are that commands name. */
export function sessionOn(simulation: Simulation, folder: string, pace: Micros | undefined): Session {
  return new Session(simulation.stage, {
    kindCalled,
    random: simulation.scenario.cluster.profile !== 'reference',
    read: (path) => {
      try {
        return readFileSync(join(folder, path), 'utf8')
      } catch {
        return undefined
      }
    },
    list: (path) => {
      try {
        return readdirSync(join(folder, path)).sort()
      } catch {
        return undefined
      }
    },
    explain: (what) => {
      try {
        const { journal, now } = simulation.engine
        return { text: explanationOf({ journal, ended: now, quiet: false }, [], what.split(/\s+/)), exit: exits.held }
      } catch (error) {
        if (!(error instanceof Refusal)) throw error
        return { text: `explain: ${error.message}${error.hint === '' ? '' : `; ${error.hint}`}`, exit: exits.wrongInput }
      }
    },
    settle: (until, stop) => simulation.settle(until, stop),
    print: (text) => process.stdout.write(text),
    ...(pace === undefined ? {} : { pace }),
  })
}

/** Plays a whole transcript; the exit code. `file` is its name for mistakes. */
export function playTranscript(text: string, file: string, simulation: Simulation, folder: string, pace: Micros | undefined): number {
  const transcript = readTranscript(text, file)
  if (transcript.mistakes.length > 0) {
    tellMistakes(transcript.mistakes)
    return exits.wrongInput
  }
  const session = sessionOn(simulation, folder, pace)
  session.play(transcript)
  for (const { line, exit } of session.failures)
    process.stderr.write(`stsim: this command failed with exit code ${exit}, and no "# fails" stands above it: ${line}\n`)
  return session.failures.length === 0 ? exits.held : exits.broke
}
