/** A run to look at: of a scenario or manifests, or of the folder of an earlier run, which is run again. Source: contract section 2. */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Recording } from '../observe/recording.ts'
import { simulate } from '../simulate.ts'
import { version } from '../version.ts'
import { readInput } from './input.ts'
import { mistakesInManifests } from './manifests.ts'
import { nativeSha256 } from './native-sha256.ts'
import { Refusal, tellMistakes } from './voice.ts'

/** The recording; undefined when mistakes were told. Refusal: the folder is of another version, or its digest is another. */
export function recordingOf(word: string, options: { readonly set: readonly string[]; readonly nodes?: number }): Recording | undefined {
  const old = runIn(word)
  if (old !== undefined && old.version !== version)
    throw new Refusal(`${word} is a run of stsim ${old.version}, and this is ${version}`, 'its scenario can be run anew: stsim run')
  const input = readInput([old === undefined ? word : join(word, 'scenario.yaml')], options)
  if (input.kind === 'transcript') throw new Refusal(`${word} is a transcript`, 'play it: stsim shell')
  if (input.kind === 'nothing') {
    tellMistakes(input.mistakes)
    return undefined
  }
  const { reading } = input
  const wrong = [...reading.mistakes, ...reading.unsupported, ...(reading.mistakes.length > 0 ? [] : mistakesInManifests(reading))]
  if (wrong.length > 0 || reading.scenario === undefined) {
    tellMistakes(wrong)
    return undefined
  }
  const recording = simulate(reading.scenario, { sha256: nativeSha256 })
  if (old !== undefined && old.digest !== recording.digest)
    throw new Refusal(
      `${word} was another run: its digest is ${old.digest}, and ${recording.digest} now`,
      'its scenario.yaml was changed, or stsim was',
    )
  return recording
}

function runIn(word: string): { readonly version: string; readonly digest: string } | undefined {
  if (!existsSync(join(word, 'run.json')) || !statSync(word).isDirectory()) return undefined
  try {
    const { version, digest } = JSON.parse(readFileSync(join(word, 'run.json'), 'utf8')) as { version?: string; digest?: string }
    return typeof version === 'string' && typeof digest === 'string' ? { version, digest } : undefined
  } catch {
    return undefined
  }
}
