/**
 * What a cluster is to be made of: `cluster:` of a scenario with everything filled in. Source: contract.md 3 and 4.
 */

/** One machine. */
export type NodeSpec = {
  readonly name: string
  readonly zone?: string
  readonly capacity: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
  readonly taints: readonly { readonly key: string; readonly value?: string; readonly effect: string }[]
  /** CSINode allocatable count of the profile's driver. */
  readonly volumeLimit?: number
}

/** An image of which something special is said. Sizes in bytes; `preloaded` absent: as the profile has it. */
export type ImageSpec = { readonly size?: number; readonly preloaded?: readonly string[] }

export type StorageClassSpec = {
  readonly name: string
  readonly like: string
  /** How much it can provision in all; absent: no limit. */
  readonly capacity?: string
}

export type ClusterSpec = {
  /** `1.36`, `1.35.2` */
  readonly release: string
  readonly profile: string
  /** What time 0 is called. */
  readonly start: string
  readonly nodes: readonly NodeSpec[]
  readonly components: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly featureGates: Readonly<Record<string, boolean>>
  /** Step of the profile → distribution. */
  readonly latency: Readonly<Record<string, string>>
  readonly images: Readonly<Record<string, ImageSpec>>
  readonly storageClasses: readonly StorageClassSpec[]
  /** What runs in the containers, as written (cluster/applications reads it). */
  readonly applications: readonly Readonly<Record<string, unknown>>[]
}

/** `capacity` where a node says nothing. Source: contract.md 3. */
export const defaultCapacity = Object.freeze({ cpu: '4', memory: '16Gi', pods: '110', 'ephemeral-storage': '100Gi' })
