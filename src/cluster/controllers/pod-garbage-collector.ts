/**
 * Force-deletes pods that nobody else can end: on nodes that are out of service or gone, never scheduled and terminating, or too many
 * that have ended. Every 20 s; a tick is an event only while such a pod may exist.
 *
 * Source: node-and-storage.md B8, B9; pkg/controller/podgc/gc_controller.go (1.36).
 */
import { type Micros, seconds } from '../../engine/clock.ts'
import { ranks } from '../../world/ranks.ts'
import type { Component, Controller, ControllerFactory } from '../client/controller.ts'
import { call, type Story } from '../client/story.ts'
import { Turn } from '../client/turn.ts'
import { type Condition, isConditionTrue, isTerminating, type KubernetesObject, namespacedName } from '../objects/metadata.ts'
import { taintKeys, taintsOf } from '../objects/node.ts'
import { isFinishedPod } from '../objects/pod.ts'

const quarantine = seconds(40)

const nodeOf = (pod: KubernetesObject): string => (pod['spec']?.nodeName as string | undefined) ?? ''
const byAge = (a: KubernetesObject, b: KubernetesObject): number => {
  const left = `${a.metadata.creationTimestamp} ${namespacedName(a)}`
  const right = `${b.metadata.creationTimestamp} ${namespacedName(b)}`
  return left < right ? -1 : left > right ? 1 : 0
}
const isEvicted = (pod: KubernetesObject): boolean => pod['status']?.reason === 'Evicted'

export const podGarbageCollector: ControllerFactory = (component: Component): Controller => {
  const nodes = component.see.of('Node')
  const pods = component.see.of('Pod')
  /** `--terminated-pod-gc-threshold` */
  const threshold = Number(component.option('terminated-pod-gc-threshold') ?? 12_500)
  /** Nodes that are missing, and when their quarantine is over. */
  const missing = new Map<string, Micros>()
  const finished = new Set<string>()
  /** Names of missing nodes that pods name, as far as changes told. */
  const suspects = new Set<string>()
  let unscheduled = false

  const turn = new Turn({
    process: component.process,
    rank: ranks.podGarbage,
    rhythm: component.rhythm('pod-gc', seconds(20), 0),
    mode: 'includes',
    label: 'pod garbage collector',
    act: () => component.play(collect()),
  })

  const isOut = (node: KubernetesObject): boolean =>
    !isConditionTrue(node, 'Ready') && taintsOf(node).some((taint) => taint.key === taintKeys.outOfService)

  function* collect(): Story<void> {
    const now = component.now()
    yield* collectFinished()
    yield* collectOutOfService()
    yield* collectOrphans(now)
    if (unscheduled) {
      unscheduled = false
      for (const pod of inOrder(pods.onNode('').filter(isTerminating))) yield* force(pod)
    }
  }

  function* collectFinished(): Story<void> {
    if (threshold <= 0 || finished.size <= threshold) return
    const ended = [...pods.values()].filter(isFinishedPod).sort((a, b) => Number(isEvicted(b)) - Number(isEvicted(a)) || byAge(a, b))
    for (const pod of ended.slice(0, ended.length - threshold)) yield* force(pod)
  }

  function* collectOutOfService(): Story<void> {
    for (const node of nodes.list()) {
      if (!isOut(node)) continue
      for (const pod of inOrder(pods.onNode(node.metadata.name).filter(isTerminating))) yield* force(pod)
    }
  }

  function* collectOrphans(now: Micros): Story<void> {
    for (const name of [...suspects].sort()) {
      if (nodes.get(undefined, name) !== undefined || pods.onNode(name).length === 0) {
        suspects.delete(name)
        continue
      }
      if (!missing.has(name)) missing.set(name, now + quarantine)
    }
    for (const [name, until] of [...missing.entries()].sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (now < until) continue
      missing.delete(name)
      if (nodes.get(undefined, name) !== undefined) continue
      const found = yield* call({ verb: 'get', kind: 'Node', name })
      if (found.ok || found.status.reason !== 'NotFound') continue
      const condition: Condition = {
        type: 'DisruptionTarget',
        status: 'True',
        reason: 'DeletionByPodGC',
        message: 'PodGC: node no longer exists',
        lastTransitionTime: component.time(),
      }
      for (const pod of inOrder(pods.onNode(name))) yield* force(pod, condition)
    }
    // While pods name a node that is missing: nothing comes of a tick before a quarantine is over.
    if (suspects.size > 0) turn.want(missing.size > 0 ? Math.min(...missing.values()) : now + 1)
  }

  /** B8: the phase becomes Failed, and the pod goes without grace. */
  function* force(pod: KubernetesObject, condition?: Condition): Story<void> {
    const { namespace, name, uid, generation } = pod.metadata
    if (!isFinishedPod(pod)) {
      const observed = generation === undefined ? {} : { observedGeneration: generation }
      const answer = yield* call({
        verb: 'patch',
        kind: 'Pod',
        namespace,
        name,
        type: 'strategic',
        patch: {
          metadata: { uid },
          status: { phase: 'Failed', ...observed, ...(condition === undefined ? {} : { conditions: [{ ...condition, ...observed }] }) },
        },
        subresource: 'status',
      })
      if (!answer.ok) return turn.want(component.now() + 1)
    }
    const answer = yield* call({ verb: 'delete', kind: 'Pod', namespace, name, gracePeriodSeconds: 0 })
    if (!answer.ok && answer.status.reason !== 'NotFound') turn.want(component.now() + 1)
  }

  return {
    name: component.name,
    kinds: ['Node', 'Pod'],
    workers: 1,
    changed({ type, object, old }) {
      if (object.kind === 'Node') {
        const { name } = object.metadata
        if (type === 'DELETED') {
          if (pods.onNode(name).length === 0) return
          suspects.add(name)
          turn.want()
        } else if (isOut(object) && !(old !== undefined && isOut(old)) && pods.onNode(name).some(isTerminating)) turn.want()
        return
      }
      const key = namespacedName(object)
      if (type === 'DELETED') {
        finished.delete(key)
        return
      }
      if (isFinishedPod(object)) {
        finished.add(key)
        if (threshold > 0 && finished.size > threshold) turn.want()
      }
      const node = nodeOf(object)
      if (node === '') {
        if (!isTerminating(object)) return
        unscheduled = true
        return turn.want()
      }
      const machine = nodes.get(undefined, node)
      if (machine === undefined) {
        if (suspects.has(node)) return
        suspects.add(node)
        turn.want()
      } else if (isTerminating(object) && (old === undefined || !isTerminating(old)) && isOut(machine)) turn.want()
    },
  }
}

const inOrder = (pods: readonly KubernetesObject[]): readonly KubernetesObject[] =>
  [...pods].sort((a, b) => (namespacedName(a) < namespacedName(b) ? -1 : 1))
