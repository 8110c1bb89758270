/** A transcript, played as `stsim shell FILE` plays it. */
import { kindCalled, readScenario } from '../../src/scenario/read.ts'
import { readTranscript, Session } from '../../src/scenario/transcript.ts'
import { start } from '../../src/simulate.ts'

/** Plays it on three empty nodes. Returns what it printed, and the commands that failed. */
export function playTranscript(text: string, name: string): { readonly log: string; readonly failed: readonly string[] } {
  const { scenario } = readScenario('apiVersion: stsim/v1\nkind: Scenario\nduration: 1000h\n', { name: 'shell' })
  if (scenario === undefined) throw new Error('the scenario of the shell cannot be read')
  const simulation = start(scenario)
  const transcript = readTranscript(text, name)
  if (transcript.mistakes.length > 0) throw new Error(transcript.mistakes.map((mistake) => mistake.found).join('\n'))
  let log = ''
  const session = new Session(simulation.stage, {
    explain: (what) => ({ text: `why ${what}`, exit: 0 }),
    kindCalled,
    random: true,
    settle: (until, stop) => simulation.settle(until, stop),
    print: (each) => {
      log += each
    },
  })
  session.play(transcript)
  return { log, failed: session.failures.map((failure) => failure.line) }
}
