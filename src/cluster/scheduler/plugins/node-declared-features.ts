/**
 * Nodes say which features their kubelet has (status.declaredFeatures); pods that need one go nowhere else. From 1.36.
 * Source: scheduler.md 0.1 (NodeDeclaredFeatures), 7.0. Concerns pods with a RestartAllContainers rule, or hostNetwork without host users.
 */

import type { Plugin } from '../plugin.ts'
import { always, go, skip, unresolvable } from '../plugin.ts'
import type { PodInfo } from '../pod-info.ts'

const refusal = unresolvable("node(s) didn't match Pod's required features")

type Rules = { readonly restartPolicyRules?: readonly { readonly action?: string }[] }

const needsOf = (pod: PodInfo): readonly string[] => {
  const spec = pod.pod['spec'] ?? {}
  const needs: string[] = []
  const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? [])] as readonly Rules[]
  if (containers.some(({ restartPolicyRules }) => restartPolicyRules?.some(({ action }) => action === 'RestartAllContainers'))) {
    needs.push('RestartAllContainersOnContainerExits')
  }
  if (spec.hostNetwork === true && spec.hostUsers === false) needs.push('UserNamespacesHostNetworkSupport')
  return needs
}

export const nodeDeclaredFeatures: Plugin<readonly string[], never> = {
  name: 'NodeDeclaredFeatures',
  preFilter: ({ pod }) => {
    const needs = needsOf(pod)
    return needs.length === 0 ? skip : go(needs)
  },
  filter: (_cycle, node, needs) => {
    const has = (node.node.status as { declaredFeatures?: readonly string[] } | undefined)?.declaredFeatures ?? []
    return needs.every((need) => has.includes(need)) ? undefined : refusal
  },
  retryOn: {
    'Node/Add': always,
    'Node/UpdateDeclaredFeature': always,
    'Pod/Update': (pod, { pod: is, oldPod: was }) =>
      is !== undefined && is.uid === pod.uid && was !== undefined && needsOf(is).join() !== needsOf(was).join(),
  },
}
