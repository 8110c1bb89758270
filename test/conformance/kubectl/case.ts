/** A case as a scenario, played on the whole simulator. */
import { parseDuration, seconds } from '../../../src/engine/clock.ts'
import { readScenario } from '../../../src/scenario/read.ts'
import { simulate } from '../../../src/simulate.ts'
import { faultsOf, type Loose } from './judge.ts'

const isMap = (value: unknown): value is Loose => value !== null && typeof value === 'object' && !Array.isArray(value)
const clone = <T>(value: T): T => (value === undefined ? value : (JSON.parse(JSON.stringify(value)) as T))

/** Maps deeply, `null` drops, lists of named things by name, `{$replace: x}` replaces. */
function merge(base: unknown, over: unknown): unknown {
  if (isMap(over) && '$replace' in over) return clone(over['$replace'])
  if (isMap(base) && isMap(over)) {
    const out: Loose = { ...base }
    for (const [key, value] of Object.entries(over)) {
      if (value === null) delete out[key]
      else out[key] = merge(base[key], value)
    }
    return out
  }
  const named = (list: unknown): list is Loose[] =>
    Array.isArray(list) && list.every((each) => isMap(each) && typeof each['name'] === 'string')
  if (named(base) && named(over) && over.length > 0) {
    const out = base.map(clone)
    for (const item of over) {
      const at = out.findIndex((each) => each['name'] === item['name'])
      if (at >= 0) out[at] = merge(out[at], item) as Loose
      else out.push(clone(item))
    }
    return out
  }
  return isMap(over) ? merge({}, over) : clone(over)
}

/** `{$base: name, …}` is that base with the rest merged into it. */
function based(value: unknown, bases: Loose): unknown {
  if (Array.isArray(value)) return value.map((each) => based(each, bases))
  if (!isMap(value)) return value
  const { $base, ...rest } = value
  const inside = Object.fromEntries(Object.entries(rest).map(([key, each]) => [key, based(each, bases)]))
  return $base === undefined ? inside : merge(clone(bases[$base]), inside)
}

const at = (text: string | undefined, without: number): number => (text === undefined ? without : (parseDuration(text) ?? 0))

type Timed = Loose & { readonly when: number }

function timed(one: Loose, without: readonly string[]): readonly Timed[] {
  let next = at(one['first'], seconds(60))
  const every = at(one['every'], seconds(30))
  return ((one['steps'] ?? []) as Loose[])
    .map((step) => {
      const when = at(step['at'], next)
      next = when + at(step['wait'], every)
      return { ...step, when }
    })
    .filter((step: Loose) => !((step['needs'] ?? []) as string[]).some((each) => without.includes(each)))
}

const textOf = (content: unknown): string =>
  typeof content === 'string' ? content : (Array.isArray(content) ? content : [content]).map((each) => JSON.stringify(each)).join('\n---\n')

/** Plays a case. Returns what is wrong, one line each. */
export function play(
  one: Loose,
  given: { readonly fixtures: Loose; readonly bases: Loose },
  without: readonly string[],
): readonly string[] {
  const fixture = clone(given.fixtures[one['fixture']]) ?? {}
  const scenario = merge(based(fixture, given.bases), based(one['with'] ?? {}, given.bases)) as Loose
  const files = based({ ...fixture['files'], ...one['files'] }, given.bases) as Loose
  delete scenario['files']
  const steps = timed(one, without)
  const inOrder = steps.map((step, i) => ({ step, i })).sort((a, b) => a.step.when - b.step.when || a.i - b.i)
  if (isMap(scenario['manifests'])) scenario['manifests'] = Object.values(scenario['manifests']).filter(Boolean)
  const text = JSON.stringify({
    apiVersion: 'stsim/v1',
    kind: 'Scenario',
    name: String(one['id']).toLowerCase(),
    duration: '3h',
    ...scenario,
    cluster: { profile: 'reference', ...scenario['cluster'] },
    steps: inOrder.map(({ step }) => ({
      at: `${step.when / 1_000_000}s`,
      ...(step['do'] ?? { kubectl: step['run'], ...((step['exit'] ?? 0) === 0 ? {} : { fails: true }) }),
    })),
  })
  const names = Object.keys(files)
  const reading = readScenario(text, {
    name: 'case.json',
    read: (path) => (path in files ? textOf(files[path]) : undefined),
    list: (path) => {
      const inside = names.filter((name) => name.startsWith(`${path}/`)).map((name) => name.slice(path.length + 1))
      return inside.length === 0 ? undefined : inside.sort()
    },
  })
  if (reading.scenario === undefined) return reading.mistakes.map((mistake) => `${mistake.file}: ${mistake.found}`)
  const { steps: rows } = simulate(reading.scenario).facts
  return inOrder.flatMap(({ step }, i) => {
    const row = rows[i]
    if (step['run'] === undefined) return []
    if (row === undefined) return [`$ ${step['run']}: was not typed`]
    return faultsOf(step, {
      stdout: row.stdout,
      stderr: row.stderr,
      exit: row.exit,
      ended: row.ended === undefined ? undefined : row.ended / 1_000_000,
    })
  })
}
