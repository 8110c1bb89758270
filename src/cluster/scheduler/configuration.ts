/**
 * KubeSchedulerConfiguration (v1): profiles with their plugins, weights and arguments, back-off and the share of nodes to score.
 * Source: scheduler.md 7.0 and 11; pkg/scheduler/apis/config/v1, framework/runtime (expandMultiPointPlugins).
 *
 * Differs from Kubernetes: extenders are not run (a scenario with some is refused); a score whose PreScore is off is prepared all the same (those of
 * TaintToleration, PodTopologySpread and InterPodAffinity end the cycle with an error there). Taken without effect, for nothing here depends on them:
 * parallelism, delayCacheUntilActive, clientConnection, leaderElection, enableProfiling, enableContentionProfiling, healthzBindAddress and
 * metricsBindAddress (the last two are of versions before v1); arguments of DynamicResources; queueSort, permit, bind and postBind, where the
 * only plugins are PrioritySort and DefaultBinder; the weights of NodeResourcesBalancedAllocation, which are all 1. Names of plugins are the
 * same in all releases; those of features that are off in all of them (GangScheduling) are unknown. A scenario is read more strictly than a
 * file (scenario/scheduler-rules.ts): under `disabled` and `pluginConfig` a name of no plugin is a mistake, which Kubernetes overlooks.
 */
import type { Gates } from '../objects/release.ts'
import type { Plugin } from './plugin.ts'
import { failure } from './plugin.ts'
import { defaultPlugins } from './plugins/default.ts'

type PluginRef = { readonly name: string; readonly weight?: number }
type PluginSet = { readonly enabled?: readonly PluginRef[]; readonly disabled?: readonly PluginRef[] }
type ConfiguredProfile = {
  readonly schedulerName?: string
  readonly percentageOfNodesToScore?: number
  readonly plugins?: Readonly<Record<string, PluginSet | undefined>>
  readonly pluginConfig?: readonly { readonly name: string; readonly args?: object }[]
}

/** As a file or a scenario gives it. */
export type SchedulerConfiguration = {
  readonly profiles?: readonly ConfiguredProfile[]
  readonly percentageOfNodesToScore?: number
  readonly podInitialBackoffSeconds?: number
  readonly podMaxBackoffSeconds?: number
  readonly [field: string]: unknown
}

/** The extension points that ask plugins, by their names in a configuration. */
export const points = ['preEnqueue', 'preFilter', 'filter', 'postFilter', 'preScore', 'score', 'reserve', 'preBind'] as const
export type Point = (typeof points)[number]

/**
 * The plugins of Kubernetes and the extension points that each has there, also those that have no rule here.
 * Source: pkg/scheduler/framework/plugins, the interfaces that each plugin declares.
 */
export const pluginPoints = {
  DefaultBinder: ['bind'],
  DefaultPreemption: ['preEnqueue', 'postFilter'],
  DynamicResources: ['preEnqueue', 'preFilter', 'filter', 'postFilter', 'score', 'reserve', 'preBind'],
  ImageLocality: ['score'],
  InterPodAffinity: ['preFilter', 'filter', 'preScore', 'score'],
  NodeAffinity: ['preFilter', 'filter', 'preScore', 'score'],
  NodeDeclaredFeatures: ['preFilter', 'filter'],
  NodeName: ['filter'],
  NodePorts: ['preFilter', 'filter'],
  NodeResourcesBalancedAllocation: ['preScore', 'score'],
  NodeResourcesFit: ['preFilter', 'filter', 'preScore', 'score'],
  NodeUnschedulable: ['filter'],
  NodeVolumeLimits: ['preFilter', 'filter'],
  PodTopologySpread: ['preFilter', 'filter', 'preScore', 'score'],
  PrioritySort: ['queueSort'],
  SchedulingGates: ['preEnqueue'],
  TaintToleration: ['filter', 'preScore', 'score'],
  VolumeBinding: ['preFilter', 'filter', 'preScore', 'score', 'reserve', 'preBind'],
  VolumeRestrictions: ['preFilter', 'filter'],
  VolumeZone: ['preFilter', 'filter'],
} as const satisfies Readonly<Record<string, readonly string[]>>

/** A plugin in its place: `index` finds its state in a cycle, `weight` its share of the score. */
export type Placed = { readonly plugin: Plugin; readonly index: number; readonly weight: number }

/** One scheduler name with its rules. */
export type Profile = {
  readonly schedulerName: string
  readonly percentageOfNodesToScore: number
  readonly all: readonly Plugin[]
  readonly at: Readonly<Record<Point, readonly Placed[]>>
}

/** What the scheduler goes by. */
export type Settings = {
  readonly profiles: ReadonlyMap<string, Profile>
  readonly initialBackoff: number
  readonly maxBackoff: number
}

/** The name of the scheduler that pods get without saying. */
export const defaultSchedulerName = 'default-scheduler'

const isDisabled = (set: PluginSet | undefined, name: string): boolean =>
  (set?.disabled ?? []).some((plugin) => plugin.name === '*' || plugin.name === name)

const preparations = [
  ['preFilter', 'filter'],
  ['preScore', 'score'],
] as const

/** Filters of Kubernetes that break without their PreFilter; the others do its work themselves. */
const needy: readonly string[] = [
  'InterPodAffinity',
  'NodePorts',
  'NodeResourcesFit',
  'PodTopologySpread',
  'VolumeBinding',
  'VolumeRestrictions',
]

/** A filter that finds nothing prepared. */
const unprepared = ({ name, preFilter: _, filterMany: __, ...plugin }: Plugin): Plugin => ({
  ...plugin,
  name,
  filter: () => failure(name === 'VolumeBinding' ? 'not found' : `error reading "PreFilter${name}" from cycleState: not found`),
})

const profileOf = (configured: ConfiguredProfile, global: number, gates: Gates, own: readonly Plugin[]): Profile => {
  const args = (name: string): object | undefined => configured.pluginConfig?.find((one) => one.name === name)?.args
  const plugins = configured.plugins ?? {}
  const multi = plugins['multiPoint']
  const known = [...defaultPlugins(args, gates), ...own]
  const byName = new Map(known.map((plugin) => [plugin.name, plugin]))
  const weights = new Map<string, number>()
  // Whoever names a plugin gives it a weight, if only by silence.
  for (const { name, weight } of multi?.enabled ?? []) weights.set(name, weight || 1)
  // MultiPoint: what is enabled there by name comes last in its own order, as in Kubernetes; the defaults stay unless they are disabled.
  const everywhere = known.filter(({ name }) => !isDisabled(multi, name))
  const again = (multi?.enabled ?? []).map(({ name }) => byName.get(name)).filter((plugin): plugin is Plugin => plugin !== undefined)
  for (const plugin of again) if (!everywhere.includes(plugin)) everywhere.push(plugin)
  const used: Plugin[] = []
  const indexOf = (plugin: Plugin): number => {
    const at = used.indexOf(plugin)
    return at >= 0 ? at : used.push(plugin) - 1
  }
  const at = {} as Record<Point, readonly Placed[]>
  for (const point of points) {
    const set = plugins[point]
    const named = set?.enabled ?? []
    const shared = everywhere.filter(({ name }) => !isDisabled(set, name))
    // In this order: what is in MultiPoint and named here again, what is only there, what is only here (disabled and enabled is only here).
    const overrides = named.filter(({ name }) => shared.some((plugin) => plugin.name === name))
    const more = named.filter((one) => !overrides.includes(one))
    const rest = shared.filter(({ name }) => !named.some((one) => one.name === name))
    const here = ({ name, weight }: PluginRef) => ({ plugin: byName.get(name), weight: weight || 1 })
    const all = [...overrides.map(here), ...rest.map((plugin) => ({ plugin, weight: weights.get(plugin.name) })), ...more.map(here)]
    at[point] = all
      .filter((one): one is { plugin: Plugin; weight: number | undefined } => one.plugin?.[point] !== undefined)
      .map(({ plugin, weight }) => ({ plugin, index: indexOf(plugin), weight: weight || plugin.weight || 1 }))
  }
  for (const [before, point] of preparations) {
    const missing = at[point].filter(({ plugin }) => plugin[before] !== undefined && !at[before].some((one) => one.plugin === plugin))
    const breaks = ({ plugin }: Placed): boolean => point === 'filter' && needy.includes(plugin.name)
    at[before] = [...at[before], ...missing.filter((placed) => !breaks(placed))]
    const broken = missing.filter(breaks)
    if (broken.length === 0) continue
    at[point] = at[point].map((placed) => (broken.includes(placed) ? { ...placed, plugin: unprepared(placed.plugin) } : placed))
  }
  return {
    schedulerName: configured.schedulerName ?? defaultSchedulerName,
    percentageOfNodesToScore: configured.percentageOfNodesToScore ?? global,
    all: used,
    at,
  }
}

/** The scheduler names that a configuration answers to. */
export const namesServed = (configuration: SchedulerConfiguration | undefined): readonly string[] =>
  profilesOf(configuration).map(({ schedulerName = defaultSchedulerName }) => schedulerName)

const profilesOf = (configuration: SchedulerConfiguration | undefined): readonly ConfiguredProfile[] =>
  configuration?.profiles?.length ? configuration.profiles : [{}]

/** What a configuration means. `own`: plugins beside Kubernetes' own, part of every profile that does not disable them. */
export const settingsOf = (configuration: SchedulerConfiguration | undefined, gates: Gates, own: readonly Plugin[] = []): Settings => {
  const profiles = profilesOf(configuration)
  const global = configuration?.percentageOfNodesToScore ?? 0
  return {
    profiles: new Map(profiles.map((one) => profileOf(one, global, gates, own)).map((profile) => [profile.schedulerName, profile])),
    initialBackoff: configuration?.podInitialBackoffSeconds ?? 1,
    maxBackoff: configuration?.podMaxBackoffSeconds ?? 10,
  }
}
