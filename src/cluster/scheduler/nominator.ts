/** Which pods are promised room on which node. Source: scheduler.md 2.1, 5.4-6; pkg/scheduler/backend/queue/nominator.go. */
import type { PodInfo } from './pod-info.ts'

const none: readonly PodInfo[] = []

export class Nominator {
  private readonly byNode = new Map<string, Map<string, PodInfo>>()
  private readonly nodes = new Map<string, string>()

  /** Promises a node to a pod, instead of any other; '' only takes the promise back. */
  set(pod: PodInfo, node: string): void {
    this.remove(pod.uid)
    if (node === '') return
    this.nodes.set(pod.uid, node)
    const pods = this.byNode.get(node)
    if (pods === undefined) this.byNode.set(node, new Map([[pod.uid, pod]]))
    else pods.set(pod.uid, pod)
  }

  remove(uid: string): void {
    const node = this.nodes.get(uid)
    if (node === undefined) return
    this.nodes.delete(uid)
    const pods = this.byNode.get(node)
    pods?.delete(uid)
    if (pods?.size === 0) this.byNode.delete(node)
  }

  nodeOf(uid: string): string {
    return this.nodes.get(uid) ?? ''
  }

  /** Pods that are promised room on a node, in the order of the promises. */
  on(node: string): readonly PodInfo[] {
    const pods = this.byNode.get(node)
    return pods === undefined ? none : [...pods.values()]
  }

  /** The names of nodes that are promised to somebody. */
  promised(): Iterable<string> {
    return this.byNode.keys()
  }

  get isEmpty(): boolean {
    return this.nodes.size === 0
  }
}
