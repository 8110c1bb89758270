/**
 * `pods/binding`: a pod gets its node. Source: scheduler.md, "bind"; pkg/registry/core/pod/storage as its answers show.
 */
import type { KubernetesObject } from '../objects/metadata.ts'
import type { Gates } from '../objects/release.ts'
import { withTopologyOf } from './admission/topology-labels.ts'
import type { View } from './collection.ts'
import type { Request, Status } from './request.ts'

const refusal = (pod: KubernetesObject, why: string): { readonly refused: Status } => ({
  refused: {
    code: 409,
    reason: 'Conflict',
    message: `Operation cannot be fulfilled on pods/binding ${JSON.stringify(pod.metadata.name)}: ${why}`,
    details: { name: pod.metadata.name, kind: 'pods/binding' },
  },
})

/** The pod on its node, or why not. */
export const bound = (
  pod: KubernetesObject,
  request: Extract<Request, { verb: 'bind' }>,
  time: string,
  store: View,
  gates: Gates,
): { readonly object: KubernetesObject } | { readonly refused: Status } => {
  const { name } = pod.metadata
  if (request.uid !== undefined && request.uid !== pod.metadata.uid) {
    return refusal(pod, `Precondition failed: UID in precondition: ${request.uid}, UID in object meta: ${pod.metadata.uid}`)
  }
  if (pod.metadata.deletionTimestamp !== undefined) return refusal(pod, `pod ${name} is being deleted, cannot be assigned to a host`)
  const node = (pod['spec'].nodeName as string | undefined) ?? ''
  if (node !== '') return refusal(pod, `pod ${name} is already assigned to node ${JSON.stringify(node)}`)
  if (pod['spec'].schedulingGates?.length > 0) return refusal(pod, `pod ${name} has non-empty .spec.schedulingGates`)
  const { nominatedNodeName: _, ...status } = pod['status'] ?? {}
  const conditions = ((status.conditions ?? []) as readonly { readonly type: string }[]).filter((each) => each.type !== 'PodScheduled')
  const scheduled = { type: 'PodScheduled', status: 'True', lastProbeTime: null, lastTransitionTime: time }
  return {
    object: {
      ...(gates.on('PodTopologyLabelsAdmission') ? withTopologyOf(pod, request.node, store) : pod),
      spec: { ...pod['spec'], nodeName: request.node },
      status: { ...status, conditions: [...conditions, scheduled] },
    },
  }
}
