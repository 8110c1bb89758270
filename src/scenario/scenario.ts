/**
 * A scenario that was read: one value that needs no other file. Everything the file may leave out is filled in; includes are merged,
 * parameters put in, manifests are objects.
 */
import type { KubernetesObject } from '../cluster/objects/metadata.ts'
import { writeYaml } from '../text/yaml.ts'
import type { ClusterSection, Expectation, ScenarioFile, Step } from './schema.ts'

/** What a run is made from. Durations stay texts, as they were written. */
export type Scenario = {
  readonly name: string
  readonly start: string
  readonly description?: string
  readonly seed: number | string
  readonly duration: string
  readonly until: 'settled' | 'end'
  readonly cluster: ClusterSection & {
    readonly release: string
    readonly profile: NonNullable<ClusterSection['profile']>
    readonly nodes: NonNullable<ClusterSection['nodes']>
  }
  readonly manifests: readonly KubernetesObject[]
  readonly applications: NonNullable<ScenarioFile['applications']>
  readonly quorum: NonNullable<ScenarioFile['quorum']>
  readonly traffic: NonNullable<ScenarioFile['traffic']>
  readonly invariants: { readonly off: readonly string[] }
  readonly steps: readonly Step[]
  readonly expect: readonly Expectation[]
  /** Files that commands name, by name. */
  readonly files: Readonly<Record<string, string>>
}

const isEmpty = (value: unknown): boolean => typeof value === 'object' && value !== null && Object.keys(value).length === 0

/**
 * The scenario as a file that needs no other: running it gives the same digest. Comments, key order of the original and
 * spelling of durations do not change it beyond what was written.
 */
export function writeScenario(scenario: Scenario): string {
  const { off } = scenario.invariants
  const fields: [string, unknown][] = [
    ['apiVersion', 'stsim/v1'],
    ['kind', 'Scenario'],
    ['name', scenario.name],
    ['start', scenario.start],
    ['description', scenario.description],
    ['seed', scenario.seed],
    ['duration', scenario.duration],
    ['until', scenario.until],
    ['cluster', scenario.cluster],
    ['manifests', scenario.manifests],
    ['applications', scenario.applications],
    ['quorum', scenario.quorum],
    ['traffic', scenario.traffic],
    ['invariants', off.length === 0 ? {} : { off }],
    ['steps', scenario.steps],
    ['expect', scenario.expect],
    ['files', scenario.files],
  ]
  return writeYaml(Object.fromEntries(fields.filter(([, value]) => value !== undefined && !isEmpty(value))))
}
