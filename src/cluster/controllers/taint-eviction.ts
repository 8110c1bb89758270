/**
 * Deletes pods from nodes whose NoExecute taints they do not tolerate, when their time is over.
 *
 * It keeps true: a deadline belongs to a name, begins when the taint is processed here, is not moved by other bounded taints, and ends
 * with the taints or with the pod. Deadlines are in memory: after a restart the whole time begins again.
 *
 * Source: node-and-storage.md B6; pkg/controller/tainteviction/{taint_eviction,timed_workers}.go (1.36).
 */
import { type Micros, milliseconds, seconds } from '../../engine/clock.ts'
import type { Change, Component, Controller, ControllerFactory } from '../client/controller.ts'
import { announce, call, type Story, sleep } from '../client/story.ts'
import { type Condition, type KubernetesObject, namespacedName } from '../objects/metadata.ts'
import { type Taint, type Toleration, taintsOf, tolerates, tolerationsOf } from '../objects/node.ts'

/** How long a pod may stay: `now`, `forever`, or so many microseconds. Source: processPodOnNode, getMinTolerationTime. */
export const stay = (taints: readonly Taint[], tolerations: readonly Toleration[]): 'now' | 'forever' | Micros => {
  let least: number | undefined
  for (const taint of taints) {
    const used = tolerations.find((toleration) => tolerates(toleration, taint))
    if (used === undefined) return 'now'
    if (used.tolerationSeconds !== undefined) least = Math.min(least ?? used.tolerationSeconds, used.tolerationSeconds)
  }
  return least === undefined ? 'forever' : seconds(Math.max(0, least))
}

/** A deadline; `done` stays after the deletion, so that the same taints do not bring a second one. */
type Deadline = { readonly kind: 'waits'; readonly handle: number } | { readonly kind: 'done' }

const noExecute = (node: KubernetesObject): readonly Taint[] => taintsOf(node).filter((taint) => taint.effect === 'NoExecute')
const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)
const nodeOf = (pod: KubernetesObject): string => (pod['spec']?.nodeName as string | undefined) ?? ''

export const taintEviction: ControllerFactory = (component: Component): Controller => {
  const pods = component.see.of('Pod')
  const tainted = new Map<string, readonly Taint[]>()
  const deadlines = new Map<string, Deadline>()

  /** Forgets the deadline; says so if one was running. */
  const cancel = (key: string): void => {
    const deadline = deadlines.get(key)
    if (deadline === undefined) return
    deadlines.delete(key)
    if (deadline.kind === 'done') return
    component.process.cancel(deadline.handle)
    component.play(said(key, `Cancelling deletion of Pod ${key}`))
  }

  const mark = (key: string, at: Micros): void => {
    if (deadlines.has(key)) return
    const now = component.now()
    if (at <= now) {
      deadlines.set(key, { kind: 'done' })
      component.play(evict(key), (ok) => {
        if (!ok && deadlines.get(key)?.kind === 'done') deadlines.delete(key)
      })
      return
    }
    const handle = component.process.at(at, `eviction of ${key}`, () => {
      deadlines.delete(key)
      mark(key, at)
    })
    deadlines.set(key, { kind: 'waits', handle })
  }

  const processPod = (pod: KubernetesObject, taints: readonly Taint[]): void => {
    const key = namespacedName(pod)
    if (taints.length === 0) return cancel(key)
    const now = component.now()
    const allowed = stay(taints, tolerationsOf(pod))
    if (allowed === 'now') {
      cancel(key)
      return mark(key, now)
    }
    if (allowed === 'forever') return cancel(key)
    // An existing deadline is not moved.
    mark(key, now + allowed)
  }

  const nodeChanged = ({ type, object }: Change): void => {
    const name = object.metadata.name
    // B6: the deletion of a node cancels nothing.
    if (type === 'DELETED') {
      tainted.delete(name)
      return
    }
    const taints = noExecute(object)
    const before = tainted.get(name) ?? []
    if (same(taints, before)) return
    if (taints.length === 0) tainted.delete(name)
    else tainted.set(name, taints)
    for (const pod of sorted(pods.onNode(name))) processPod(pod, taints)
  }

  const podChanged = ({ type, object, old }: Change): void => {
    if (type === 'DELETED') return cancel(namespacedName(object))
    const node = nodeOf(object)
    if (node === '') return
    if (old !== undefined && nodeOf(old) === node && (old === object || same(tolerationsOf(old), tolerationsOf(object)))) return
    const taints = tainted.get(node)
    if (taints !== undefined) processPod(object, taints)
  }

  return {
    name: component.name,
    kinds: ['Node', 'Pod'],
    workers: 8,
    changed(change) {
      if (change.object.kind === 'Node') nodeChanged(change)
      else podChanged(change)
    },
  }

  function* said(key: string, message: string): Story<void> {
    const [namespace = '', name = ''] = key.split('/')
    const pod: KubernetesObject = pods.get(namespace, name) ?? { apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name } }
    yield* announce(pod, 'Normal', 'TaintManagerEviction', message)
  }

  /** B6: the event, the condition, a plain DELETE; five tries 10 ms apart. */
  function* evict(key: string): Story<boolean> {
    yield* said(key, `Marking for deletion Pod ${key}`)
    const [namespace = '', name = ''] = key.split('/')
    for (let attempt = 0; attempt < 5; attempt++) {
      if (attempt > 0) yield* sleep(milliseconds(10))
      const found = yield* call<KubernetesObject>({ verb: 'get', kind: 'Pod', namespace, name })
      if (!found.ok) continue
      const conditions = disrupted(found.object, component.time())
      if (conditions !== undefined) {
        const patched = yield* call({
          verb: 'patch',
          kind: 'Pod',
          namespace,
          name,
          type: 'strategic',
          patch: { metadata: { uid: found.object.metadata.uid }, status: { conditions } },
          subresource: 'status',
        })
        if (!patched.ok) continue
      }
      const deleted = yield* call({ verb: 'delete', kind: 'Pod', namespace, name })
      if (deleted.ok) return true
    }
    return false
  }
}

/** The condition to patch in, or undefined where it is there already. */
const disrupted = (pod: KubernetesObject, time: string): readonly Condition[] | undefined => {
  const before = (pod['status']?.conditions as readonly Condition[] | undefined)?.find((condition) => condition.type === 'DisruptionTarget')
  const reason = 'DeletionByTaintManager'
  const message = 'Taint manager: deleting due to NoExecute taint'
  if (before?.status === 'True' && before.reason === reason && before.message === message) return undefined
  const generation = pod.metadata.generation
  return [
    {
      type: 'DisruptionTarget',
      status: 'True',
      reason,
      message,
      lastTransitionTime: before?.status === 'True' ? (before.lastTransitionTime ?? time) : time,
      ...(generation === undefined ? {} : { observedGeneration: generation }),
    },
  ]
}

const sorted = (pods: readonly KubernetesObject[]): readonly KubernetesObject[] =>
  [...pods].sort((a, b) => (namespacedName(a) < namespacedName(b) ? -1 : 1))
