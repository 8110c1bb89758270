/**
 * A plugin of the scheduler: a rule as a value. Each extension point is a function that may be there; `plugins/default.ts` lists the rules
 * of the default profile in their order. Source: scheduler.md 5 and 7; pkg/scheduler/framework/interface.go.
 *
 * A plugin of your own needs nothing but such a value, and to be handed to the scheduler:
 *
 * ```ts
 * // Nodes without a rack are refused; racks that hold little else are liked best.
 * const rackAware: Plugin = {
 *   name: 'RackAware',
 *   weight: 2,
 *   filter: (_cycle, node) => (node.labels['rack'] === undefined ? unresolvable('node(s) had no rack') : undefined),
 *   score: (_cycle, node) => 100 - Math.min(100, node.pods.size),
 *   retryOn: { 'Node/Add': always, 'Node/UpdateLabel': always },
 * }
 * const ours = schedulerWith({ plugins: [rackAware] })
 * ```
 *
 * What it refuses shows in FailedScheduling as `3 node(s) had no rack`; `retryOn` says which events make another attempt worth while (without
 * it the pod waits for the flush after five minutes). See test/scheduler/own-plugin.test.ts.
 */
import type { Story } from '../client/story.ts'
import type { KubernetesObject } from '../objects/metadata.ts'
import type { Gates } from '../objects/release.ts'
import type { NodeBatch } from './batch.ts'
import type { Known } from './known.ts'
import type { PodInfo } from './pod-info.ts'
import type { NodeInfo, Snapshot, Thought } from './snapshot.ts'

/** A no. `Unschedulable`: removing pods from the node could help; `UnschedulableAndUnresolvable`: nothing on the node would; `Error`: the cycle ends. */
export type Refusal = {
  readonly code: 'Unschedulable' | 'UnschedulableAndUnresolvable' | 'Error'
  readonly reasons: readonly string[]
}

/** Refuses a node; evicting pods of lower priority from it could help. */
export const unschedulable = (...reasons: string[]): Refusal => ({ code: 'Unschedulable', reasons })
/** Refuses a node; no eviction would help. */
export const unresolvable = (...reasons: string[]): Refusal => ({ code: 'UnschedulableAndUnresolvable', reasons })
/** Ends the cycle with an error; the pod is tried again after a back-off. */
export const failure = (message: string): Refusal => ({ code: 'Error', reasons: [message] })

/** What one attempt to place one pod looks at. */
export type Cycle = {
  readonly pod: PodInfo
  readonly snapshot: Snapshot
  readonly known: Known
  readonly gates: Gates
}

/** What a plugin says before nodes are looked at. */
export type PreFilterAnswer<F> =
  /** Nothing to filter for this pod: `filter`, `addPod` and `removePod` are not called in this cycle. */
  | { readonly kind: 'skip' }
  /** No node can do. */
  | { readonly kind: 'refuse'; readonly refusal: Refusal }
  /** Go on, with this state; `nodes`: only these (by name) can do. */
  | { readonly kind: 'go'; readonly state: F; readonly nodes?: ReadonlySet<string> }

export type PreScoreAnswer<S> =
  | { readonly kind: 'skip' }
  /** Every node has this score (0 to 100): none is asked. */
  | { readonly kind: 'same'; readonly score: number }
  | { readonly kind: 'go'; readonly state: S }

export const skip = { kind: 'skip' } as const
export const go = <T>(state: T): { readonly kind: 'go'; readonly state: T } => ({ kind: 'go', state })

/** What can happen in the cluster that may help a refused pod. Source: scheduler.md 3.1. */
export type EventName =
  | 'Pod/Add'
  | 'Pod/Delete'
  | 'Pod/Update'
  | 'Pod/UpdateLabel'
  | 'Pod/UpdateScaleDown'
  | 'Pod/UpdateToleration'
  | 'Pod/UpdateSchedulingGatesEliminated'
  | 'Node/Add'
  | 'Node/Delete'
  | 'Node/UpdateTaint'
  | 'Node/UpdateAllocatable'
  | 'Node/UpdateLabel'
  | 'Node/UpdateCondition'
  | 'Node/UpdateAnnotation'
  | 'Node/UpdateDeclaredFeature'
  | `${'PersistentVolume' | 'PersistentVolumeClaim' | 'StorageClass' | 'CSINode' | 'CSIDriver' | 'CSIStorageCapacity' | 'VolumeAttachment'}/${'Add' | 'Update' | 'Delete'}`

export type ClusterEvent = {
  readonly name: EventName
  /** The object as it is now; for Delete as it was last. */
  readonly object: KubernetesObject
  readonly old?: KubernetesObject | undefined
  /** The pod of a pod event, read. */
  readonly pod?: PodInfo
  readonly oldPod?: PodInfo | undefined
}

/** Whether an event makes another attempt worth while for a pod that this plugin refused. */
export type Hint = (pod: PodInfo, event: ClusterEvent, cycle: Omit<Cycle, 'pod'>) => boolean

export const always: Hint = () => true

/** What `postFilter` found out. */
export type PostFilterAnswer =
  /** Room will be made on a node. */
  | { readonly kind: 'nominate'; readonly node: string; readonly victims: readonly PodInfo[]; readonly message: string }
  /** Nothing helps; `clears` says whether an earlier nomination is given up. */
  | { readonly kind: 'nothing'; readonly message: string; readonly clears: boolean }
  | { readonly kind: 'error'; readonly message: string }

/** Why no node did: what post-filters look at. */
export type Diagnosis = {
  /** The refusal of each node that was looked at, with the plugin that gave it. */
  readonly refused: ReadonlyMap<NodeInfo, { readonly refusal: Refusal; readonly plugin: string }>
  /** What nodes count as that were left out before any was looked at. */
  absent: Refusal | undefined
  /** The refusal before any node was looked at. */
  preFilter: { readonly refusal: Refusal; readonly plugin: string } | undefined
  /** Plugins that refused (rejectors of the queue). */
  readonly rejectors: Set<string>
}

/** What a post-filter may use of the running cycle. */
export type Attempt = {
  readonly cycle: Cycle
  readonly diagnosis: Diagnosis
  /** Why a node was refused, also without being looked at; undefined for one that was neither looked at nor left out. */
  refusalOf(node: NodeInfo): Refusal | undefined
  /** All filters at one node, with the pods that are nominated to it. */
  filter(node: NodeInfo): { readonly refusal: Refusal; readonly plugin: string } | undefined
  /** Pods put on the node or taken off it in thought; the plugins are told. `end` takes everything back. */
  think(node: NodeInfo): Thought
  /** One draw in [0, 1), 0 where chance is switched off. */
  readonly chance: number
  /** What a pod that has not started counts as: now, as the API writes it. */
  readonly now: string
}

// The state that a plugin carries from one point to the next is its own affair.
// biome-ignore lint/suspicious/noExplicitAny: see above
export type Plugin<F = any, S = any> = {
  readonly name: string
  /** The weight of its score; 1 if nothing is said. */
  readonly weight?: number
  /** Why a pod may not enter the queue yet; undefined lets it in. */
  preEnqueue?(pod: PodInfo): string | undefined
  preFilter?(cycle: Cycle): PreFilterAnswer<F>
  /** A refusal of the node, or undefined. Called for many nodes: no work that `preFilter` could have done. */
  filter?(cycle: Cycle, node: NodeInfo, state: F): Refusal | undefined
  /** `filter` for each node of a batch, quicker: `batch.refuse` takes what `filter` would answer. May be missing. */
  filterMany?(cycle: Cycle, batch: NodeBatch, state: F): void
  /** A pod is put on the node, or taken off it, in thought: keep the difference in the state. What is added is removed again and the other way round. */
  addPod?(cycle: Cycle, node: NodeInfo, pod: PodInfo, state: F): void
  removePod?(cycle: Cycle, node: NodeInfo, pod: PodInfo, state: F): void
  postFilter?(attempt: Attempt): PostFilterAnswer
  preScore?(cycle: Cycle, nodes: readonly NodeInfo[], filterState: F | undefined): PreScoreAnswer<S>
  /** 0 to 100 without `normalize`, else anything that it makes 0 to 100. */
  score?(cycle: Cycle, node: NodeInfo, state: S): number
  /** `score` for each node of a batch, quicker. May be missing. */
  scoreMany?(cycle: Cycle, batch: NodeBatch, scores: Float64Array, state: S): void
  normalize?(cycle: Cycle, nodes: readonly NodeInfo[], scores: Float64Array, state: S): void
  /** Takes what the pod needs on the chosen node, in the scheduler's own memory; a text is an error. */
  reserve?(cycle: Cycle, node: NodeInfo, state: F | undefined): string | undefined
  unreserve?(cycle: Cycle, node: NodeInfo, state: F | undefined): void
  /** Whether `preBind` has something to do (then the nomination is written first, since 1.35). */
  hasPreBind?(cycle: Cycle, node: NodeInfo, state: F | undefined): boolean
  /** Told beside the scheduling of other pods; returns an error or undefined. */
  preBind?(cycle: Cycle, node: NodeInfo, state: F | undefined): Story<string | undefined>
  readonly retryOn?: Readonly<Partial<Record<EventName, Hint>>>
}
