/**
 * What is wrong with a KubeSchedulerConfiguration whose every field is right by itself: names given twice, limits above each other, plugins
 * at points that they do not have. And what is not simulated. The ways out are Kubernetes' own texts.
 * Source: pkg/scheduler/apis/config/validation (validation.go, validation_pluginargs.go) and framework/runtime/framework.go (NewFramework).
 *
 * Differs from Kubernetes: names in ignoredResources and ignoredResourceGroups, the addresses and matchFields are not looked at more closely;
 * a timeout of DynamicResources is taken whatever gates are on.
 */
import type { Gates } from '../cluster/objects/release.ts'
import { pluginPoints } from '../cluster/scheduler/configuration.ts'
import { parseDuration } from '../engine/clock.ts'
import type { Path } from '../text/yaml.ts'
import { type Finding, judge } from './judge.ts'
import { extensionPoints, schedulerConfiguration } from './scheduler-configuration.ts'

type Named = { readonly name: string }
type PluginSet = { readonly enabled?: readonly Named[]; readonly disabled?: readonly Named[] }
type Plugins = Readonly<Record<string, PluginSet | undefined>>
type Args = Readonly<Record<string, unknown>>
type Config = { readonly name: string; readonly args?: Args }
type Profile = { readonly schedulerName?: string; readonly plugins?: Plugins; readonly pluginConfig?: readonly Config[] }
type Configuration = {
  readonly profiles?: readonly Profile[]
  readonly podInitialBackoffSeconds?: number
  readonly podMaxBackoffSeconds?: number
  readonly leaderElection?: Readonly<Record<'leaseDuration' | 'renewDeadline' | 'retryPeriod', string | undefined>> & {
    readonly leaderElect?: boolean
  }
}

const wrong = (path: Path, found: string, hint: string): Finding => ({ path, of: 'value', found, hint })

/** What `of` says of an entry that an earlier one says as well. */
const repeated = <T>(entries: readonly T[], of: (entry: T) => string): readonly { readonly entry: T; readonly index: number }[] =>
  entries
    .map((entry, index) => ({ entry, index }))
    .filter(({ entry, index }) => entries.findIndex((other) => of(other) === of(entry)) < index)

/** The mistakes of a configuration of the right shape, at paths inside it. */
export function schedulerMistakes(given: Readonly<Record<string, unknown>>, gates: Gates): readonly Finding[] {
  const configuration = given as Configuration
  const { profiles = [] } = configuration
  return [
    ...backoffMistakes(configuration),
    ...electionMistakes(configuration.leaderElection ?? ({} as NonNullable<Configuration['leaderElection']>)),
    ...nameMistakes(profiles),
    ...profiles.flatMap(({ plugins = {}, pluginConfig = [], schedulerName = 'default-scheduler' }, index) => [
      ...pluginMistakes(plugins, ['profiles', index, 'plugins'], schedulerName),
      ...configMistakes(pluginConfig, ['profiles', index, 'pluginConfig'], gates),
    ]),
  ]
}

/**
 * Everything wrong with a configuration that comes alone, as a file or from a program: its shape, or if that is right what it says; and what of it
 * is not simulated.
 */
export function judgeSchedulerConfiguration(given: unknown, gates: Gates): readonly Finding[] {
  const shape = judge(schedulerConfiguration, given, [], 'a KubeSchedulerConfiguration')
  if (shape.length > 0) return shape
  const configuration = given as Readonly<Record<string, unknown>>
  return [...schedulerMistakes(configuration, gates), ...schedulerGaps(configuration)]
}

function backoffMistakes({ podInitialBackoffSeconds: first = 1, podMaxBackoffSeconds: most }: Configuration): Finding[] {
  if ((most ?? 10) >= first) return []
  const hint = 'must be greater than or equal to PodInitialBackoffSeconds'
  return most === undefined
    ? [wrong(['podInitialBackoffSeconds'], `${first} where "podMaxBackoffSeconds" is 10, its default`, `podMaxBackoffSeconds ${hint}`)]
    : [wrong(['podMaxBackoffSeconds'], `${most} where "podInitialBackoffSeconds" is ${first}`, hint)]
}

function electionMistakes(election: NonNullable<Configuration['leaderElection']>): Finding[] {
  if (election.leaderElect === false) return []
  const { leaseDuration = '15s', renewDeadline = '10s', retryPeriod = '2s' } = election
  const [lease, deadline, period] = [leaseDuration, renewDeadline, retryPeriod].map((text) => parseDuration(text) ?? 0) as [
    number,
    number,
    number,
  ]
  return [
    ...(lease > deadline
      ? []
      : [
          wrong(
            ['leaderElection', 'leaseDuration'],
            `a lease of ${leaseDuration} and a deadline of ${renewDeadline}`,
            'LeaseDuration must be greater than RenewDeadline',
          ),
        ]),
    ...(deadline > period
      ? []
      : [
          wrong(
            ['leaderElection', 'renewDeadline'],
            `a deadline of ${renewDeadline} and a period of ${retryPeriod}`,
            'RenewDeadline must be greater than RetryPeriod',
          ),
        ]),
  ]
}

function nameMistakes(profiles: readonly Profile[]): Finding[] {
  const nameless = profiles.flatMap(({ schedulerName }, index) =>
    profiles.length > 1 && schedulerName === undefined
      ? [wrong(['profiles', index], 'one of several profiles without "schedulerName"', 'only a single profile can do without')]
      : [],
  )
  const named = profiles.map(({ schedulerName }, index) => schedulerName ?? `nameless ${index}`)
  const twice = repeated(named, (name) => name).flatMap(({ entry, index }) =>
    profiles[index]?.schedulerName === undefined
      ? []
      : [wrong(['profiles', index, 'schedulerName'], `two profiles are called ${entry}`, 'give them different names')],
  )
  const sorts = profiles.map(({ plugins }) => JSON.stringify(plugins?.['queueSort'] ?? {}))
  const unlike = sorts.flatMap((sort, index) =>
    sort === sorts[0]
      ? []
      : [
          wrong(
            ['profiles', index, 'plugins', 'queueSort'],
            'another queueSort than that of the first profile',
            'must be the same for all profiles',
          ),
        ],
  )
  return [...nameless, ...twice, ...unlike]
}

function pluginMistakes(plugins: Plugins, path: Path, scheduler: string): Finding[] {
  const found: Finding[] = []
  for (const point of extensionPoints) {
    const enabled = plugins[point]?.enabled ?? []
    enabled.forEach(({ name }, index) => {
      const has: readonly string[] = pluginPoints[name as keyof typeof pluginPoints]
      if (point !== 'multiPoint' && !has.includes(point))
        found.push(
          wrong([...path, point, 'enabled', index, 'name'], `plugin "${name}" does not extend ${point}`, `it extends ${has.join(', ')}`),
        )
    })
    for (const { entry, index } of repeated(enabled, ({ name }) => name))
      found.push(
        wrong([...path, point, 'enabled', index, 'name'], `plugin "${entry.name}" already registered as "${point}"`, 'leave it out'),
      )
  }
  if (!runs(plugins, 'queueSort', 'PrioritySort'))
    found.push(
      wrong(
        [...path, 'queueSort'],
        `only one queue sort plugin required for profile with scheduler name "${scheduler}", but got 0`,
        'enable PrioritySort at queueSort',
      ),
    )
  if (!runs(plugins, 'bind', 'DefaultBinder'))
    found.push(
      wrong(
        [...path, 'bind'],
        `at least one bind plugin is needed for profile with scheduler name "${scheduler}"`,
        'enable DefaultBinder at bind',
      ),
    )
  return found
}

/** Whether a default plugin is asked at a point: what is said there goes before what is said for all points. */
function runs(plugins: Plugins, point: string, name: string): boolean {
  const names = (set: PluginSet | undefined, side: 'enabled' | 'disabled'): boolean =>
    (set?.[side] ?? []).some((one) => one.name === name || (side === 'disabled' && one.name === '*'))
  const multi = plugins['multiPoint']
  if (names(plugins[point], 'enabled')) return true
  return !names(plugins[point], 'disabled') && (names(multi, 'enabled') || !names(multi, 'disabled'))
}

function configMistakes(configs: readonly Config[], path: Path, gates: Gates): Finding[] {
  return [
    ...repeated(configs, ({ name }) => name).map(({ entry, index }) =>
      wrong([...path, index, 'name'], `arguments of ${entry.name} twice`, 'put them into one entry'),
    ),
    ...configs.flatMap(({ name, args = {} }, index) => argsRules[name]?.(args, [...path, index, 'args'], gates) ?? []),
  ]
}

type Rule = (args: Args, path: Path, gates: Gates) => Finding[]

const argsRules: Readonly<Record<string, Rule>> = {
  DefaultPreemption: ({ minCandidateNodesPercentage: percentage, minCandidateNodesAbsolute: absolute }, path) =>
    percentage === 0 && absolute === 0
      ? [
          wrong(
            [...path, 'minCandidateNodesPercentage'],
            'no node may be tried: both numbers are 0',
            'cannot be zero at the same time as minCandidateNodesAbsolute',
          ),
        ]
      : [],
  DynamicResources: ({ bindingTimeout }, path) =>
    typeof bindingTimeout === 'string' && (parseDuration(bindingTimeout) ?? 0) < 1_000_000
      ? [wrong([...path, 'bindingTimeout'], `a timeout of ${bindingTimeout}`, 'must be at least 1 second')]
      : [],
  NodeAffinity: ({ addedAffinity }, path) => affinityMistakes(addedAffinity as Affinity | undefined, [...path, 'addedAffinity']),
  NodeResourcesBalancedAllocation: ({ resources = [] }, path) =>
    repeated(resources as readonly Named[], ({ name }) => name).map(({ entry, index }) =>
      wrong([...path, 'resources', index, 'name'], `resource ${entry.name} twice`, 'leave one out'),
    ),
  NodeResourcesFit: ({ scoringStrategy }, path) => strategyMistakes(scoringStrategy as Strategy | undefined, [...path, 'scoringStrategy']),
  PodTopologySpread: spreadMistakes,
  VolumeBinding: ({ shape }, path, gates) => {
    if (shape === undefined) return []
    return gates.on('StorageCapacityScoring')
      ? shapeMistakes(shape as readonly Point[], [...path, 'shape'])
      : [
          {
            ...wrong(
              [...path, 'shape'],
              '"shape" without the feature gate StorageCapacityScoring',
              'unexpected field `shape`, remove it or turn on the feature gate StorageCapacityScoring',
            ),
            of: 'key',
          },
        ]
  },
}

type Requirement = { readonly operator: string; readonly values?: readonly string[] }
type Term = { readonly matchExpressions?: readonly Requirement[]; readonly matchFields?: readonly Requirement[] }
type Affinity = {
  readonly requiredDuringSchedulingIgnoredDuringExecution?: { readonly nodeSelectorTerms?: readonly Term[] }
  readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly { readonly preference: Term }[]
}

function affinityMistakes(affinity: Affinity | undefined, path: Path): Finding[] {
  const required = 'requiredDuringSchedulingIgnoredDuringExecution'
  const preferred = 'preferredDuringSchedulingIgnoredDuringExecution'
  const terms: { readonly term: Term; readonly at: Path }[] = [
    ...(affinity?.[required]?.nodeSelectorTerms ?? []).map((term, index) => ({
      term,
      at: [...path, required, 'nodeSelectorTerms', index],
    })),
    ...(affinity?.[preferred] ?? []).map(({ preference }, index) => ({ term: preference, at: [...path, preferred, index, 'preference'] })),
  ]
  return terms.flatMap(({ term, at }) =>
    (term.matchExpressions ?? []).flatMap(({ operator, values = [] }, index) => {
      const asks = valuesOf[operator]
      const found = `operator ${operator} with ${values.length} values`
      return asks === undefined || asks.fit(values.length) ? [] : [wrong([...at, 'matchExpressions', index], found, asks.text)]
    }),
  )
}

const some = { fit: (count: number) => count > 0, text: "for 'in', 'notin' operators, values set can't be empty" }
const none = { fit: (count: number) => count === 0, text: 'values set must be empty for exists and does not exist' }
const one = { fit: (count: number) => count === 1, text: "for 'Gt', 'Lt' operators, exactly one value is required" }
const valuesOf: Readonly<Record<string, { fit(count: number): boolean; readonly text: string }>> = {
  ...{ In: some, NotIn: some, Exists: none, DoesNotExist: none, Gt: one, Lt: one },
}

type Point = { readonly utilization: number }
type Strategy = { readonly type: string; readonly requestedToCapacityRatio?: { readonly shape: readonly Point[] } }

function strategyMistakes(strategy: Strategy | undefined, path: Path): Finding[] {
  if (strategy === undefined) return []
  const { type, requestedToCapacityRatio: ratio } = strategy
  const wanted = type === 'RequestedToCapacityRatio'
  if (ratio === undefined)
    return wanted
      ? [wrong(path, `type ${type} without "requestedToCapacityRatio"`, 'must be specified when type is RequestedToCapacityRatio')]
      : []
  const at: Path = [...path, 'requestedToCapacityRatio']
  if (!wanted)
    return [
      {
        ...wrong(at, `"requestedToCapacityRatio" beside type ${type}`, 'must be nil when type is not RequestedToCapacityRatio'),
        of: 'key',
      },
    ]
  return shapeMistakes(ratio.shape, [...at, 'shape'])
}

function shapeMistakes(shape: readonly Point[], path: Path): Finding[] {
  const index = shape.findIndex(({ utilization }, i) => i > 0 && (shape[i - 1] as Point).utilization >= utilization)
  if (index < 0) return []
  const found = `${shape[index]?.utilization} after ${shape[index - 1]?.utilization}`
  return [wrong([...path, index, 'utilization'], found, 'values must be sorted in increasing order')]
}

type Constraint = { readonly topologyKey: string; readonly whenUnsatisfiable: string; readonly labelSelector?: object }

function spreadMistakes(args: Args, path: Path): Finding[] {
  const constraints = (args['defaultConstraints'] ?? []) as readonly Constraint[]
  const at: Path = [...path, 'defaultConstraints']
  const type = args['defaultingType'] ?? 'System'
  return [
    ...(type === 'System' && constraints.length > 0
      ? [wrong(at, '"defaultConstraints" with defaultingType System', 'say defaultingType: List, or leave them out')]
      : []),
    ...constraints.flatMap(({ labelSelector }, index): Finding[] =>
      labelSelector === undefined
        ? []
        : [
            {
              ...wrong(
                [...at, index, 'labelSelector'],
                '"labelSelector" in a default constraint',
                'constraint must not define a selector, as they deduced for each pod',
              ),
              of: 'key',
            },
          ],
    ),
    ...repeated(constraints, ({ topologyKey, whenUnsatisfiable }) => `${topologyKey}, ${whenUnsatisfiable}`).map(({ entry, index }) =>
      wrong([...at, index], `two constraints for {${entry.topologyKey}, ${entry.whenUnsatisfiable}}`, 'leave one out'),
    ),
  ]
}

const gaps: Readonly<Record<string, string>> = {
  extenders: 'leave them out: all is decided by plugins',
  config: 'write the fields of the file here',
  'feature-gates': 'say it under cluster.featureGates',
  'pod-max-in-unschedulable-pods-duration': 'it is always 5m',
}

/** What would change what the scheduler does, and is not simulated. */
export const schedulerGaps = (given: Readonly<Record<string, unknown>>): readonly Finding[] => [
  ...Object.entries(gaps)
    .filter(([key]) => key in given)
    .map(([key, hint]): Finding => ({ path: [key], of: 'key', found: `"${key}" of kube-scheduler is not there yet`, hint })),
  ...((given as Configuration).profiles ?? []).flatMap(({ plugins = {} }, index) => halfPlugins(plugins, ['profiles', index, 'plugins'])),
]

/** Plugins that are asked without having been asked before: some of Kubernetes' then fail each attempt, others do without; ours need it. */
const halfPlugins = (plugins: Plugins, path: Path): readonly Finding[] =>
  [['preFilter', 'filter'] as const, ['preScore', 'score'] as const].flatMap(([before, point]) =>
    Object.entries(pluginPoints)
      .filter(([, has]: readonly [string, readonly string[]]) => has.includes(before) && has.includes(point))
      .filter(([name]) => runs(plugins, point, name) && !runs(plugins, before, name))
      .map(([name]) =>
        wrong([...path, point], `plugin "${name}" at ${point} without ${before} is not there yet`, `enable it at ${before}, too`),
      ),
  )
