/**
 * Empties a namespace that is being deleted, pods first, and lets it go.
 *
 * Source: node-and-storage.md E; pkg/controller/namespace/{namespace_controller,deletion/namespaced_resources_deleter}.go (1.36).
 * Differs from Kubernetes: kinds of which the caches hold nothing are not asked for.
 */
import { milliseconds, seconds } from '../../engine/clock.ts'
import { allKinds } from '../apiserver/kinds/index.ts'
import type { Component, Controller, ControllerFactory } from '../client/controller.ts'
import { call, done, failed, type Look, type Story, waits } from '../client/story.ts'
import { type Condition, isTerminating, type KubernetesObject } from '../objects/metadata.ts'
import { isFinishedPod } from '../objects/pod.ts'

/** E: a namespace is looked at so long after each of its changes. */
const gracePeriod = seconds(5)
/** How long things with a finalizer are given, in seconds. Source: finalizerEstimateSeconds. */
const finalizerEstimate = 15

/** What is left of one kind after its deletion was asked for. */
type Remains = {
  readonly estimate: number
  readonly left: number
  readonly finalizers: ReadonlyMap<string, number>
  readonly error: string | null
}

const contents = allKinds.filter(({ namespaced }) => namespaced)
const podKind = contents.find(({ kind }) => kind === 'Pod') as (typeof contents)[number]

export const namespaceLifecycle: ControllerFactory = (component: Component): Controller => {
  /** Deletes all of one kind and counts what is left. Source: deleteAllContentForGroupVersionResource. */
  function* empty(kind: string, namespace: KubernetesObject): Story<Remains> {
    const space = namespace.metadata.name
    const nothing: Remains = { estimate: 0, left: 0, finalizers: new Map(), error: null }
    if (component.see.of(kind).list(space).length === 0) return nothing
    const before = yield* listed(kind, space)
    const estimate = kind === 'Pod' ? estimateOf(before, namespace) : 0
    for (const object of before) {
      const { name } = object.metadata
      const answer = yield* call({ verb: 'delete', kind, namespace: space, name, propagation: 'Background' })
      if (!answer.ok && answer.status.reason !== 'NotFound') return { ...nothing, left: before.length, error: answer.status.message }
    }
    const after = yield* listed(kind, space)
    if (after.length === 0) return nothing
    const finalizers = new Map<string, number>()
    for (const object of after) {
      for (const finalizer of object.metadata.finalizers ?? []) finalizers.set(finalizer, (finalizers.get(finalizer) ?? 0) + 1)
    }
    const remains = { left: after.length, finalizers, error: null }
    if (estimate > 0) return { ...remains, estimate }
    if (finalizers.size > 0) return { ...remains, estimate: finalizerEstimate }
    return { ...remains, estimate, error: `unexpected items still remain in namespace: ${space} for gvr: ${kind}` }
  }

  function* listed(kind: string, namespace: string): Story<readonly KubernetesObject[]> {
    const answer = yield* call({ verb: 'list', kind, namespace })
    return answer.ok ? (answer.items ?? []) : []
  }

  /** The longest grace of the pods that live, in seconds; 0 once so long has passed. */
  const estimateOf = (pods: readonly KubernetesObject[], namespace: KubernetesObject): number => {
    let longest = 0
    for (const pod of pods)
      if (!isFinishedPod(pod)) longest = Math.max(longest, (pod['spec']?.terminationGracePeriodSeconds as number | undefined) ?? 0)
    const passed = component.now() - component.microsOf(namespace.metadata.deletionTimestamp as string)
    return passed >= seconds(longest) ? 0 : longest
  }

  function* look(namespace: KubernetesObject): Look {
    const totals = new Map<string, Remains>()
    const pods = yield* empty('Pod', namespace)
    if (pods.left > 0) totals.set(titleOf(podKind), pods)
    // OrderedNamespaceDeletion: everything else only when no pod is left.
    const ordered = component.gates.on('OrderedNamespaceDeletion')
    if (!ordered || (pods.left === 0 && pods.error === null)) {
      for (const kind of contents) {
        if (kind.kind === 'Pod') continue
        const remains = yield* empty(kind.kind, namespace)
        if (remains.left > 0) totals.set(titleOf(kind), remains)
      }
    }
    const next = withConditions(namespace, totals, component.time())
    if (next !== namespace) {
      const answer = yield* call({ verb: 'update', object: next, subresource: 'status' })
      if (!answer.ok && answer.status.reason !== 'NotFound') return failed(answer.status.message)
    }
    let estimate = 0
    for (const remains of totals.values()) {
      if (remains.error !== null) return failed(remains.error)
      estimate = Math.max(estimate, remains.estimate)
    }
    if (estimate > 0) return waits([...totals.keys()].map((title) => `${title} remain`).join(', '), seconds(Math.floor(estimate / 2) + 1))
    const finalizers = ((namespace['spec']?.finalizers ?? []) as readonly string[]).filter((each) => each !== 'kubernetes')
    const { resourceVersion: _, ...metadata } = namespace.metadata
    const answer = yield* call({
      verb: 'update',
      object: { ...namespace, metadata, spec: { ...namespace['spec'], finalizers } },
      subresource: 'finalize',
    })
    return answer.ok || answer.status.reason === 'NotFound' ? done : failed(answer.status.message)
  }

  return {
    name: component.name,
    kinds: ['Namespace'],
    workers: 10,
    backOff: { first: milliseconds(5), most: seconds(60) },
    changed({ type, object }, queue) {
      if (type !== 'DELETED' && isTerminating(object)) queue.addAfter(object.metadata.name, gracePeriod)
    },
    *look(name): Look {
      const answer = yield* call<KubernetesObject>({ verb: 'get', kind: 'Namespace', name })
      if (!answer.ok) return answer.status.reason === 'NotFound' ? done : failed(answer.status.message)
      return isTerminating(answer.object) ? yield* look(answer.object) : done
    },
  }
}

/** `pods.`, `statefulsets.apps`: a resource and its group. */
const titleOf = (kind: (typeof contents)[number]): string => `${kind.plural}.${kind.group}`

/** The five conditions of a namespace that is being deleted. Source: status_condition_utils.go. */
const withConditions = (namespace: KubernetesObject, totals: ReadonlyMap<string, Remains>, time: string): KubernetesObject => {
  const remaining = [...totals.entries()].map(([title, { left }]) => `${title} has ${left} resource instances`).sort()
  const finalizers = new Map<string, number>()
  for (const remains of totals.values()) for (const [name, n] of remains.finalizers) finalizers.set(name, (finalizers.get(name) ?? 0) + n)
  const held = [...finalizers.entries()].map(([name, n]) => `${name} in ${n} resource instances`).sort()
  const errors = [...totals.values()].flatMap(({ error }) => (error === null ? [] : [error]))
  const wanted: readonly Condition[] = [
    condition('NamespaceDeletionDiscoveryFailure', false, 'ResourcesDiscovered', 'All resources successfully discovered', time),
    condition(
      'NamespaceDeletionGroupVersionParsingFailure',
      false,
      'ParsedGroupVersions',
      'All legacy kube types successfully parsed',
      time,
    ),
    errors.length === 0
      ? condition(
          'NamespaceDeletionContentFailure',
          false,
          'ContentDeleted',
          'All content successfully deleted, may be waiting on finalization',
          time,
        )
      : condition(
          'NamespaceDeletionContentFailure',
          true,
          'ContentDeletionFailed',
          `Failed to delete all resource types, ${errors.length} remaining: ${errors.join(', ')}`,
          time,
        ),
    remaining.length === 0
      ? condition('NamespaceContentRemaining', false, 'ContentRemoved', 'All content successfully removed', time)
      : condition('NamespaceContentRemaining', true, 'SomeResourcesRemain', `Some resources are remaining: ${remaining.join(', ')}`, time),
    held.length === 0
      ? condition('NamespaceFinalizersRemaining', false, 'ContentHasNoFinalizers', 'All content-preserving finalizers finished', time)
      : condition(
          'NamespaceFinalizersRemaining',
          true,
          'SomeFinalizersRemain',
          `Some content in the namespace has finalizers remaining: ${held.join(', ')}`,
          time,
        ),
  ]
  const before = (namespace['status']?.conditions ?? []) as readonly Condition[]
  const same = wanted.every((each) =>
    before.some(
      ({ type, status, reason, message }) =>
        type === each.type && status === each.status && reason === each.reason && message === each.message,
    ),
  )
  if (same) return namespace
  const conditions = wanted.map((each) => {
    const old = before.find(({ type }) => type === each.type)
    return old?.status === each.status ? { ...each, lastTransitionTime: old.lastTransitionTime ?? time } : each
  })
  return { ...namespace, status: { ...namespace['status'], conditions } }
}

const condition = (type: string, holds: boolean, reason: string, message: string, time: string): Condition => ({
  type,
  status: holds ? 'True' : 'False',
  lastTransitionTime: time,
  reason,
  message,
})
