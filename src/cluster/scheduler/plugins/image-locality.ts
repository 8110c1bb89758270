/** Likes nodes that hold the pod's images. Source: scheduler.md 7.8; imagelocality/image_locality.go. */
import type { KubernetesObject } from '../../objects/metadata.ts'
import { atLeast } from '../../objects/release.ts'
import type { Cycle, Plugin } from '../plugin.ts'
import { go } from '../plugin.ts'
import type { NodeInfo } from '../snapshot.ts'

const mebibyte = 1024 * 1024
const least = 23 * mebibyte
const mostPerContainer = 1000 * mebibyte

/** Without a tag after the last slash it is the latest. */
const normalized = (image: string): string => (image.lastIndexOf(':') <= image.lastIndexOf('/') ? `${image}:latest` : image)

type Wanted = { readonly names: readonly string[]; readonly containers: number }

const wantedBy = ({ pod, gates }: Cycle): Wanted => {
  const spec = pod.pod['spec'] ?? {}
  const containers = [...(spec.initContainers ?? []), ...(spec.containers ?? [])] as readonly KubernetesObject[]
  const names = containers.map((container) => normalized((container['image'] as string | undefined) ?? ''))
  if (atLeast(gates.release, 36)) {
    for (const volume of spec.volumes ?? []) if (volume.image?.reference) names.push(normalized(volume.image.reference))
  }
  return { names, containers: containers.length }
}

export const imageLocality: Plugin<never, Wanted> = {
  name: 'ImageLocality',
  weight: 1,
  preScore: (cycle) => {
    const wanted = wantedBy(cycle)
    // What no node lists helps none.
    return wanted.names.some((name) => cycle.snapshot.images.has(name)) ? go(wanted) : { kind: 'same', score: 0 }
  },
  score: (cycle, node, wanted) => scoreOf(cycle, node, wanted),
}

const scoreOf = ({ snapshot }: Cycle, node: NodeInfo, { names, containers }: Wanted): number => {
  if (node.images.size === 0) return 0
  const total = snapshot.nodes().length
  let sum = 0
  for (const name of names) {
    if (!node.images.has(name)) continue
    const image = snapshot.images.get(name)
    if (image !== undefined) sum += Math.trunc(image.size * (image.nodes / total))
  }
  const most = mostPerContainer * containers
  const clamped = Math.min(Math.max(sum, least), most)
  return Math.floor((100 * (clamped - least)) / (most - least))
}
