/** A node must lie in the zone and region that the labels of a bound volume name. Source: scheduler.md 7.12; volumezone/volume_zone.go. */
import { topologyLabels } from '../../objects/node.ts'
import { classOf } from '../../objects/volume.ts'
import type { Cycle, Plugin } from '../plugin.ts'
import { always, failure, go, skip, unresolvable } from '../plugin.ts'

const refusal = unresolvable('node(s) had no available volume zone')
const keys = [topologyLabels.betaZone, topologyLabels.betaRegion, topologyLabels.zone, topologyLabels.region]
const gaOf: Readonly<Record<string, string>> = {
  [topologyLabels.betaZone]: topologyLabels.zone,
  [topologyLabels.betaRegion]: topologyLabels.region,
}

type Wish = { readonly key: string; readonly values: ReadonlySet<string> }

const refuse = (text: string) => ({ kind: 'refuse', refusal: unresolvable(text) }) as const

const wishesOf = ({ pod, known }: Cycle) => {
  const wishes: Wish[] = []
  for (const { name, ephemeral } of pod.claims) {
    if (ephemeral) continue
    const claim = known.claim(pod.namespace, name)
    if (claim === undefined) return refuse(`persistentvolumeclaim "${name}" not found`)
    const volumeName = (claim['spec']?.volumeName as string | undefined) ?? ''
    if (volumeName === '') {
      const className = classOf(claim)
      if (className === '') return refuse('PersistentVolumeClaim had no pv name and storageClass name')
      const storageClass = known.get('StorageClass', className)
      if (storageClass === undefined) return refuse(`storageclass.storage.k8s.io "${className}" not found`)
      const mode = storageClass['volumeBindingMode'] as string | undefined
      if (mode === undefined)
        return { kind: 'refuse', refusal: failure(`VolumeBindingMode not set for StorageClass "${className}"`) } as const
      if (mode === 'WaitForFirstConsumer') continue
      return refuse('PersistentVolume had no name')
    }
    const volume = known.volume(volumeName)
    if (volume === undefined) return refuse(`persistentvolume "${volumeName}" not found`)
    for (const key of keys) {
      const value = volume.metadata.labels?.[key]
      const zones = value?.split('__').map((zone) => zone.trim()) ?? []
      // A label with an empty zone says nothing.
      if (zones.length > 0 && !zones.includes('')) wishes.push({ key, values: new Set(zones) })
    }
  }
  return wishes.length === 0 ? skip : go(wishes as readonly Wish[])
}

export const volumeZone: Plugin<readonly Wish[], never> = {
  name: 'VolumeZone',
  preFilter: (cycle) => (cycle.pod.claims.length === 0 ? skip : wishesOf(cycle)),
  filter: (_cycle, node, wishes) => {
    // A cluster of one zone need not label its nodes.
    if (!keys.some((key) => node.labels[key] !== undefined)) return undefined
    for (const { key, values } of wishes) {
      const value = node.labels[key] ?? node.labels[gaOf[key] ?? '']
      if (value === undefined || !values.has(value)) return refusal
    }
    return undefined
  },
  retryOn: {
    'StorageClass/Add': (_pod, { object }) => object['volumeBindingMode'] === 'WaitForFirstConsumer',
    'Node/Add': always,
    'Node/UpdateLabel': always,
    'PersistentVolumeClaim/Add': (pod, { object }) =>
      pod.namespace === object.metadata.namespace && pod.claims.some(({ name }) => name === object.metadata.name),
    'PersistentVolumeClaim/Update': (pod, { object }) =>
      pod.namespace === object.metadata.namespace && pod.claims.some(({ name }) => name === object.metadata.name),
    'PersistentVolume/Add': always,
    'PersistentVolume/Update': (_pod, { object, old }) => keys.some((key) => object.metadata.labels?.[key] !== old?.metadata.labels?.[key]),
  },
}
