import { isConditionTrue } from '../../objects/metadata.ts'
import { type AdmissionPlugin, admitted } from './plugin.ts'

const notReady = Object.freeze({ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' })

/**
 * A new node is tainted until it is known to be Ready. Source: node-and-storage.md B1, plugin/pkg/admission/nodetaint.
 * Differs from Kubernetes: a node that is created with condition Ready True (the machines that stand at time 0) gets no taint;
 * there it would be taken off before anybody looks.
 */
export const taintNodesByCondition: AdmissionPlugin = {
  name: 'TaintNodesByCondition',
  kinds: ['Node'],
  create: (node) => {
    if (isConditionTrue(node, 'Ready')) return admitted(node)
    const taints = (node['spec']?.taints ?? []) as readonly { readonly key: string; readonly effect: string }[]
    const there = taints.some((taint) => taint.key === notReady.key && taint.effect === notReady.effect)
    return admitted(there ? node : { ...node, spec: { ...node['spec'], taints: [...taints, notReady] } })
  },
}
