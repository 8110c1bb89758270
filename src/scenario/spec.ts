/**
 * `cluster:` of a scenario with everything filled in. Source: contract.md 3.
 */
import { bytesOf } from '../cluster/objects/quantity.ts'
import { type ClusterSpec, defaultCapacity, type ImageSpec, type NodeSpec } from '../cluster/spec.ts'
import type { Scenario } from './scenario.ts'
import type { NodeGroup } from './schema.ts'

/** `key=value:Effect` or `key:Effect`. */
const readTaint = (text: string): { readonly key: string; readonly value?: string; readonly effect: string } => {
  const colon = text.lastIndexOf(':')
  const [key, value] = text.slice(0, colon).split('=') as [string, string | undefined]
  return { key, ...(value === undefined ? {} : { value }), effect: text.slice(colon + 1) }
}

/** The machines of the groups: node-1, node-2, …; a group of one that has a name is called by it. Names go on from group to group. */
export const machinesOf = (groups: readonly NodeGroup[]): readonly NodeSpec[] => {
  const counts = new Map<string, number>()
  return groups.flatMap((group) => {
    const count = group.count ?? 1
    const prefix = group.name ?? 'node'
    return Array.from({ length: count }, (_, i): NodeSpec => {
      const before = counts.get(prefix) ?? 0
      counts.set(prefix, before + 1)
      const zone = group.zone ?? group.zones?.[i % group.zones.length]
      return {
        name: count === 1 && group.name !== undefined ? group.name : `${prefix}-${before + 1}`,
        ...(zone === undefined ? {} : { zone }),
        capacity: { ...defaultCapacity, ...texts(group.capacity ?? {}) },
        labels: texts(group.labels ?? {}),
        taints: (group.taints ?? []).map(readTaint),
        ...(group.volumeLimit === undefined ? {} : { volumeLimit: group.volumeLimit }),
      }
    })
  })
}

const texts = (map: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(map).map(([key, value]) => [key, String(value)]))

/** What the scenario's cluster is made of. */
export const clusterSpecOf = (scenario: Pick<Scenario, 'start' | 'cluster' | 'applications'>): ClusterSpec => {
  const { cluster } = scenario
  const images = Object.entries(cluster.images ?? {}).map(([name, image]): [string, ImageSpec] => [
    name,
    {
      ...(image.size === undefined ? {} : { size: bytesOf(image.size) }),
      ...(image.preloaded === undefined ? {} : { preloaded: image.preloaded }),
    },
  ])
  return {
    release: String(cluster.release),
    profile: cluster.profile,
    start: scenario.start,
    nodes: machinesOf(cluster.nodes),
    components: Object.fromEntries(Object.entries(cluster.components ?? {}).map(([name, flags]) => [name, flags ?? {}])),
    featureGates: cluster.featureGates ?? {},
    latency: texts(cluster.latency ?? {}),
    images: Object.fromEntries(images),
    storageClasses: (cluster.storageClasses ?? []).map((each) => ({
      name: each.name,
      like: each.like ?? 'default',
      ...(each.capacity === undefined ? {} : { capacity: String(each.capacity) }),
    })),
    applications: scenario.applications as readonly Readonly<Record<string, unknown>>[],
  }
}
