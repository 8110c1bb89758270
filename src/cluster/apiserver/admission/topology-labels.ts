import type { KubernetesObject } from '../../objects/metadata.ts'
import { topologyLabels } from '../../objects/node.ts'
import type { View } from '../collection.ts'
import { type AdmissionPlugin, admitted } from './plugin.ts'

const copied = [topologyLabels.zone, topologyLabels.region] as const

/** A pod with the zone and the region of its node among its labels. Source: scheduler.md 5.6; plugin/pkg/admission/podtopologylabels. */
export const withTopologyOf = (pod: KubernetesObject, nodeName: string, store: View): KubernetesObject => {
  const node = store.of('Node').get(undefined, nodeName)
  const found = copied.flatMap((label) => {
    const value = node?.metadata.labels?.[label]
    return value === undefined ? [] : [[label, value] as const]
  })
  if (found.length === 0) return pod
  return { ...pod, metadata: { ...pod.metadata, labels: { ...pod.metadata.labels, ...Object.fromEntries(found) } } }
}

/** On since 1.35, for pods that come with a node; for the others the binding does it. */
export const podTopologyLabels: AdmissionPlugin = {
  name: 'PodTopologyLabels',
  kinds: ['Pod'],
  create: (pod, { gate, store }) => {
    const node = (pod['spec']?.nodeName as string | undefined) ?? ''
    return admitted(node === '' || !gate('PodTopologyLabelsAdmission') ? pod : withTopologyOf(pod, node, store))
  },
}
