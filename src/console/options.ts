/** What commands that run something share: options, how they are checked, and what of them goes into the scenario. */
import { Refusal } from './voice.ts'

/** Values as yargs gives them: an option that was given twice is a list. */
export type Given = Readonly<Record<string, unknown>>

/** One text; more than one is refused (yargs would make a list of it). */
export function textOption(given: Given, name: string): string | undefined {
  const value = given[name]
  if (value === undefined) return undefined
  if (Array.isArray(value)) throw new Refusal(`--${name} is given ${value.length} times`, `give it once: --${name} ${String(value.at(-1))}`)
  return String(value)
}

/** A whole number, at least `least`. */
export function wholeOption(given: Given, name: string, least: number): number | undefined {
  const text = textOption(given, name)
  if (text === undefined) return undefined
  if (!/^\d{1,9}$/.test(text) || Number(text) < least) throw new Refusal(`--${name} ${text} is not a whole number of at least ${least}`)
  return Number(text)
}

/** All texts of an option that may be repeated. */
export const listOption = (given: Given, name: string): readonly string[] =>
  given[name] === undefined ? [] : ([given[name]].flat() as unknown[]).map(String)

/** A seed: a whole number of at most 15 digits, or any text. */
export function seedOption(given: Given): string | undefined {
  const seed = textOption(given, 'seed')
  if (seed === undefined) return undefined
  if (seed.trim() === '') throw new Refusal('--seed needs a number or a text')
  if (/^\d{16,}$/.test(seed)) throw new Refusal(`--seed ${seed} has more digits than a number keeps`, 'use at most 15 digits, or a text')
  return seed
}

/** The options that stand for fields of the scenario, as `key=value`. */
export function settings(given: Given): readonly string[] {
  const seed = seedOption(given)
  const field = (name: string, path: string): string[] => {
    const value = textOption(given, name)
    return value === undefined ? [] : [`${path}=${value}`]
  }
  return [
    ...listOption(given, 'set'),
    ...(seed === undefined ? [] : [`seed=${JSON.stringify(seed)}`]),
    ...field('duration', 'duration'),
    ...field('profile', 'cluster.profile'),
    ...(textOption(given, 'release') === undefined ? [] : [`cluster.release=${JSON.stringify(textOption(given, 'release'))}`]),
  ]
}

/** Their descriptions, for yargs. */
export const scenarioOptions = {
  seed: { type: 'string', requiresArg: true, describe: 'All chance comes from it: a number or a text' },
  duration: { type: 'string', requiresArg: true, describe: 'The end of virtual time, for example 30m' },
  profile: { type: 'string', requiresArg: true, describe: 'Latencies and phases: kind-local, eks-ebs, reference, …' },
  release: { type: 'string', requiresArg: true, describe: 'Behaviour of that Kubernetes release, 1.33 to 1.37' },
  nodes: { type: 'string', requiresArg: true, describe: 'How many nodes, where the file names none' },
  set: {
    type: 'string',
    requiresArg: true,
    array: true,
    describe: 'Any field of the scenario: --set cluster.profile=eks-ebs (repeatable)',
  },
} as const
