/** run.json: the run in one value. Source: contract section 6. */
import type { Micros } from '../engine/clock.ts'
import type { Recording } from '../observe/recording.ts'
import type { Verdict } from '../scenario/expectations.ts'
import { writeScenario } from '../scenario/scenario.ts'
import { version } from '../version.ts'

const secondsOf = (at: Micros | undefined): number | null => (at === undefined ? null : at / 1_000_000)

const verdict = ({ name, held, at, message }: Verdict): object => ({ name, held, at_s: secondsOf(at), message })

const numbered = (seed: string): string | number => (/^(0|[1-9]\d{0,14})$/.test(seed) ? Number(seed) : seed)

const scenarioTexts = new WeakMap<Recording, string>()

/** The scenario as it was run: with the seed of this run. */
export const scenarioText = (recording: Recording): string => {
  const text = scenarioTexts.get(recording) ?? writeScenario({ ...recording.scenario, seed: numbered(recording.seed) })
  scenarioTexts.set(recording, text)
  return text
}

export function runJson(recording: Recording): string {
  const { facts, scenario } = recording
  const steps = facts.steps.map(({ at, ended, line, exit, stdout, stderr }) => ({
    at_s: secondsOf(at),
    ended_s: secondsOf(ended),
    line,
    exit: exit ?? null,
    stdout,
    stderr,
  }))
  const value = {
    name: scenario.name,
    scenario: 'scenario.yaml',
    scenario_sha256: recording.sha256.of(scenarioText(recording)),
    seed: facts.seed,
    version,
    release: scenario.cluster.release,
    profile: scenario.cluster.profile,
    ended_s: secondsOf(recording.ended),
    ended: facts.endedBy === 'settled' ? 'settled' : 'duration',
    held: recording.held,
    digest: recording.digest,
    entries: recording.journal.length,
    steps,
    expectations: facts.expectations.map(verdict),
    invariants: facts.invariants.map(verdict),
    failures: facts.failures.map(({ at, message }) => ({ at_s: secondsOf(at), message })),
    assumed: facts.assumed ?? [],
    gaps: facts.gaps ?? [],
    remedies: facts.remedies ?? [],
    repeating: facts.repeating ?? [],
    reproduce: 'npx stsim run scenario.yaml',
  }
  return `${JSON.stringify(value, null, 2)}\n`
}
