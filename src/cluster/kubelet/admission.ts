/**
 * Whether a node takes a pod that was bound to it; asked again for every pod when the kubelet restarts.
 * Source: node-and-storage.md A2 (HandlePodAdditions, lifecycle/predicate.go).
 */
import type { Component } from '../client/controller.ts'
import { type Amounts, allocatableOf, hostPortsOf, noAmounts, portsConflict, requestsOf, shortagesOf } from '../objects/fit.ts'
import type { KubernetesObject } from '../objects/metadata.ts'
import { suitsNode, taintsOf, tolerationsOf, untoleratedTaint } from '../objects/node.ts'
import type { Pod } from '../objects/pod.ts'

/** Why a pod is refused: the reason of its status and Event, and the refusal's text. */
export type Refusal = { readonly reason: string; readonly text: string }

/** What the node knows when it decides. */
export type Admission = {
  readonly component: Component
  /** The pods that it has taken and that are not ending. */
  readonly others: readonly Pod[]
  readonly node: KubernetesObject | undefined
  readonly status: {
    readonly shuttingDown: boolean
    readonly pressure: ReadonlyMap<string, unknown>
  }
}

/** The refusal, in the order of the kubelet's checks; undefined: the pod is taken. */
export function refusalOf(pod: Pod, admission: Admission): Refusal | undefined {
  const { node, status, others } = admission
  const pressed = [...status.pressure.keys()].filter((type) => type !== 'PIDPressure')
  const refusing = pressed.filter((type) => type !== 'MemoryPressure' || isBestEffort(pod))
  if (refusing.length > 0 && (pod.spec.priority ?? 0) < 2_000_000_000) {
    return { reason: 'Evicted', text: `The node had condition: [${pressed.join(', ')}]. ` }
  }
  if (node !== undefined) {
    const short = shortagesOf(requestsOf(pod), allocatableOf(node), usedBy(others))[0]
    if (short !== undefined) {
      const { resource, requested, used, capacity } = short
      const text = `Node didn't have enough resource: ${resource}, requested: ${requested}, used: ${used}, capacity: ${capacity}`
      return { reason: `OutOf${resource}`, text }
    }
    if (!suitsNode(pod, node.metadata.name, node.metadata.labels))
      return { reason: 'NodeAffinity', text: "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector" }
    const taken = others.flatMap(hostPortsOf)
    if (hostPortsOf(pod).some((port) => taken.some((other) => portsConflict(port, other)))) {
      return { reason: 'NodePorts', text: "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports" }
    }
    if (untoleratedTaint(taintsOf(node), tolerationsOf(pod), false, ['NoExecute']) !== undefined) {
      return { reason: 'TaintToleration', text: "Predicate TaintToleration failed: node(s) had taints that the pod didn't tolerate" }
    }
  }
  if (status.shuttingDown) return { reason: 'NodeShutdown', text: 'Pod was rejected as the node is shutting down.' }
  return undefined
}

function usedBy(pods: readonly Pod[]): Amounts & { readonly pods: number } {
  let { cpu, memory, storage } = noAmounts
  const more = new Map<string, number>()
  for (const pod of pods) {
    const asked = requestsOf(pod)
    cpu += asked.cpu
    memory += asked.memory
    storage += asked.storage
    for (const [name, amount] of asked.others) more.set(name, (more.get(name) ?? 0) + amount)
  }
  return { cpu, memory, storage, others: more, pods: pods.length }
}

/** Whether no container asks for, or is limited in, cpu or memory. */
export const isBestEffort = (pod: Pod): boolean =>
  [...(pod.spec.initContainers ?? []), ...pod.spec.containers].every(
    ({ resources }) =>
      resources?.requests?.['cpu'] === undefined &&
      resources?.requests?.['memory'] === undefined &&
      resources?.limits?.['cpu'] === undefined &&
      resources?.limits?.['memory'] === undefined,
  )
