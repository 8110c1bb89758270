/**
 * Keeps as many pods as a ReplicaSet wants.
 *
 * Source: pkg/controller/replicaset/{replica_set,replica_set_utils}.go, pkg/controller/controller_utils.go (1.36); the recordings 29 and 35.
 * Differs from Kubernetes: of several pods that rank alike the first by name goes (there: by uid, or any); expectations do not expire.
 */
import { hours, type Micros, milliseconds, seconds } from '../../engine/clock.ts'
import type { Change, Component, Controller, ControllerFactory, Enqueue } from '../client/controller.ts'
import { announce, call, done, failed, type Look, type Story, together } from '../client/story.ts'
import { type Condition, conditionOf, controllerOf, isTerminating, type KubernetesObject, namespacedName } from '../objects/metadata.ts'
import { isAvailable, isFinishedPod, isReady, isScheduled, phaseOf, readySince, restartsOf } from '../objects/pod.ts'
import { type LabelSelector, matches } from '../objects/selector.ts'

/** At most so many pods are made or deleted in one look. Source: BurstReplicas. */
const burst = 500

type ReplicaSet = KubernetesObject
type Spec = {
  readonly replicas?: number
  readonly minReadySeconds?: number
  readonly selector: LabelSelector
  readonly template: { readonly metadata?: KubernetesObject['metadata']; readonly spec: object }
}

const specOf = (set: ReplicaSet): Spec => set['spec'] as Spec

/** What was asked for and has not come back by watch yet. */
type Expected = { creations: number; readonly deletions: Set<string> }

/** Which pods go first: those that matter least. Source: ActivePodsWithRanks. */
export const byWorth =
  (rank: (pod: KubernetesObject) => number) =>
  (a: KubernetesObject, b: KubernetesObject): number => {
    const phases = ['Pending', 'Unknown', 'Running']
    const cost = (pod: KubernetesObject): number => Number(pod.metadata.annotations?.['controller.kubernetes.io/pod-deletion-cost'] ?? 0)
    const steps = [
      Number(isScheduled(a)) - Number(isScheduled(b)),
      phases.indexOf(phaseOf(a)) - phases.indexOf(phaseOf(b)),
      Number(isReady(a)) - Number(isReady(b)),
      cost(a) - cost(b),
      rank(b) - rank(a),
      isReady(a) && isReady(b) ? later(readySince(a), readySince(b)) : 0,
      restartsOf(b) - restartsOf(a),
      later(a.metadata.creationTimestamp, b.metadata.creationTimestamp),
    ]
    return steps.find((step) => step !== 0) ?? (a.metadata.name < b.metadata.name ? -1 : 1)
  }

/** The later of two moments comes first. */
const later = (a: string | undefined, b: string | undefined): number => (a === b ? 0 : (a ?? '') > (b ?? '') ? -1 : 1)

export const replicaSet: ControllerFactory = (component: Component): Controller => {
  const sets = component.see.of('ReplicaSet')
  const pods = component.see.of('Pod')
  const expected = new Map<string, Expected>()

  const expectationsOf = (key: string): Expected => {
    const there = expected.get(key) ?? { creations: 0, deletions: new Set<string>() }
    expected.set(key, there)
    return there
  }

  const ownerOf = (pod: KubernetesObject): ReplicaSet | undefined => {
    const owner = controllerOf(pod)
    if (owner?.kind !== 'ReplicaSet') return undefined
    const set = sets.get(pod.metadata.namespace, owner.name)
    return set?.metadata.uid === owner.uid ? set : undefined
  }

  const podChanged = ({ type, object, old }: Change, queue: Enqueue): void => {
    const owner = ownerOf(object)
    const before = old === undefined ? undefined : ownerOf(old)
    if (before !== undefined && before !== owner) queue.add(namespacedName(before))
    if (owner === undefined) {
      if (type === 'DELETED' || controllerOf(object) !== undefined) return
      const space = object.metadata.namespace
      for (const set of sets.list(space)) if (matches(object.metadata.labels, specOf(set).selector)) queue.add(namespacedName(set))
      return
    }
    const key = namespacedName(owner)
    const pending = expectationsOf(key)
    if (type === 'ADDED' && !isTerminating(object)) pending.creations = Math.max(0, pending.creations - 1)
    if (type === 'DELETED' || isTerminating(object)) pending.deletions.delete(object.metadata.uid ?? '')
    queue.add(key)
    const wait = specOf(owner).minReadySeconds ?? 0
    if (wait > 0 && isReady(object) && (old === undefined || !isReady(old))) queue.addAfter(key, seconds(wait + 1))
  }

  /** The pods of a set, those that it takes over included. Source: claimPods. */
  function* claim(set: ReplicaSet): Story<readonly KubernetesObject[]> {
    const { selector } = specOf(set)
    const owned: KubernetesObject[] = []
    for (const pod of pods.ownedBy(set.metadata.uid ?? '')) {
      if (controllerOf(pod)?.uid !== set.metadata.uid) continue
      if (matches(pod.metadata.labels, selector)) owned.push(pod)
      else if (!isTerminating(set)) yield* reown(pod, [])
    }
    if (!isTerminating(set)) {
      for (const pod of pods.orphans(set.metadata.namespace ?? '')) {
        if (isTerminating(pod) || isFinishedPod(pod) || !matches(pod.metadata.labels, selector)) continue
        const taken = yield* reown(pod, [ownerReference(set)])
        if (taken !== undefined) owned.push(taken)
      }
    }
    return owned.sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
  }

  function* reown(pod: KubernetesObject, ownerReferences: readonly object[]): Story<KubernetesObject | undefined> {
    const { namespace, name, uid } = pod.metadata
    const patch = { metadata: { uid, ownerReferences: ownerReferences.length === 0 ? null : ownerReferences } }
    const answer = yield* call({ verb: 'patch', kind: 'Pod', namespace, name, type: 'merge', patch })
    return answer.ok ? answer.object : undefined
  }

  function* createPod(set: ReplicaSet, pending: Expected): Story<string | null> {
    const answer = yield* call({ verb: 'create', object: podOf(set) })
    if (answer.ok) {
      yield* announce(set, 'Normal', 'SuccessfulCreate', `Created pod: ${answer.object.metadata.name}`)
      return null
    }
    pending.creations = Math.max(0, pending.creations - 1)
    yield* announce(set, 'Warning', 'FailedCreate', `Error creating: ${answer.status.message}`)
    return answer.status.message
  }

  /** One, then two, then four: the first failure stops the rest. Source: slowStartBatch. */
  function* create(set: ReplicaSet, count: number, pending: Expected): Story<string | null> {
    pending.creations += count
    let left = count
    for (let batch = 1; left > 0; batch = Math.min(2 * batch, left)) {
      const size = Math.min(batch, left)
      const results = yield* together([...Array(size)].map(() => createPod(set, pending)))
      left -= size
      const error = results.find((result) => result !== null)
      if (error !== undefined && error !== null) {
        pending.creations = Math.max(0, pending.creations - left)
        return error
      }
    }
    return null
  }

  function* deletePod(set: ReplicaSet, pod: KubernetesObject, pending: Expected): Story<string | null> {
    const { namespace, name, uid = '' } = pod.metadata
    const answer = yield* call({ verb: 'delete', kind: 'Pod', namespace, name })
    if (answer.ok) {
      yield* announce(set, 'Normal', 'SuccessfulDelete', `Deleted pod: ${name}`)
      return null
    }
    pending.deletions.delete(uid)
    if (answer.status.reason === 'NotFound') return null
    yield* announce(set, 'Warning', 'FailedDelete', `Error deleting: ${answer.status.message}`)
    return answer.status.message
  }

  function* manage(set: ReplicaSet, active: readonly KubernetesObject[], pending: Expected): Story<string | null> {
    const wanted = specOf(set).replicas ?? 1
    if (active.length < wanted) return yield* create(set, Math.min(burst, wanted - active.length), pending)
    if (active.length === wanted) return null
    const perNode = new Map<string, number>()
    for (const pod of active) perNode.set(pod['spec']?.nodeName, (perNode.get(pod['spec']?.nodeName) ?? 0) + 1)
    const chosen = [...active]
      .sort(byWorth((pod) => perNode.get(pod['spec']?.nodeName) ?? 0))
      .slice(0, Math.min(burst, active.length - wanted))
    for (const pod of chosen) pending.deletions.add(pod.metadata.uid ?? '')
    const results = yield* together(chosen.map((pod) => deletePod(set, pod, pending)))
    return results.find((result) => result !== null) ?? null
  }

  function* sync(set: ReplicaSet): Look {
    const key = namespacedName(set)
    const pending = expectationsOf(key)
    const satisfied = pending.creations === 0 && pending.deletions.size === 0
    const claimed = yield* claim(set)
    const active = claimed.filter((pod) => !isTerminating(pod) && !isFinishedPod(pod))
    const terminating = claimed.filter((pod) => isTerminating(pod) && !isFinishedPod(pod))
    const error = satisfied && !isTerminating(set) ? yield* manage(set, active, pending) : null
    const status = statusOf(set, active, terminating.length, error)
    if (status !== set['status']) {
      const answer = yield* call({ verb: 'update', object: { ...set, status }, subresource: 'status' })
      if (!answer.ok && answer.status.reason !== 'NotFound') return failed(answer.status.message)
    }
    if (error !== null) return failed(error)
    const wakesAfter = nextAvailability(set, active)
    return { ...done, wakesAfter }
  }

  /** When the next pod will have been Ready for long enough. */
  const nextAvailability = (set: ReplicaSet, active: readonly KubernetesObject[]): Micros | null => {
    const wait = specOf(set).minReadySeconds ?? 0
    if (wait === 0) return null
    let least = hours(24 * 365)
    for (const pod of active) {
      const since = readySince(pod)
      if (since === undefined) continue
      const due = component.microsOf(since) + seconds(wait) - component.now()
      if (due > 0) least = Math.min(least, due + milliseconds(1))
    }
    return least === hours(24 * 365) ? null : least
  }

  /** Source: calculateStatus. The same object where nothing changed. */
  const statusOf = (set: ReplicaSet, active: readonly KubernetesObject[], terminating: number, error: string | null): unknown => {
    const { minReadySeconds = 0, template, replicas = 1 } = specOf(set)
    const before = (set['status'] ?? {}) as Record<string, unknown>
    const labels = template.metadata?.labels ?? {}
    const labelled = active.filter((pod) => Object.entries(labels).every(([key, value]) => pod.metadata.labels?.[key] === value)).length
    const ready = active.filter(isReady).length
    const available = active.filter((pod) =>
      isAvailable(pod, minReadySeconds, component.now(), component.gates.release, component.microsOf),
    ).length
    const conditions = conditionsOf(set, active.length < replicas ? 'FailedCreate' : 'FailedDelete', error)
    const next: Record<string, unknown> = {
      replicas: active.length,
      ...(labelled === 0 ? {} : { fullyLabeledReplicas: labelled }),
      ...(ready === 0 ? {} : { readyReplicas: ready }),
      ...(available === 0 ? {} : { availableReplicas: available }),
      ...(component.gates.on('DeploymentReplicaSetTerminatingReplicas') ? { terminatingReplicas: terminating } : {}),
      observedGeneration: set.metadata.generation,
      ...(conditions.length === 0 ? {} : { conditions }),
    }
    const keys = new Set([...Object.keys(before), ...Object.keys(next)])
    return [...keys].every((key) => JSON.stringify(before[key]) === JSON.stringify(next[key])) ? set['status'] : next
  }

  const conditionsOf = (set: ReplicaSet, reason: string, error: string | null): readonly Condition[] => {
    const before = (set['status']?.conditions ?? []) as readonly Condition[]
    const others = before.filter(({ type }) => type !== 'ReplicaFailure')
    if (error === null) return others
    const there = conditionOf(set, 'ReplicaFailure')
    if (there !== undefined) return before
    return [...others, { type: 'ReplicaFailure', status: 'True', lastTransitionTime: component.time(), reason, message: error }]
  }

  return {
    name: component.name,
    kinds: ['ReplicaSet', 'Pod'],
    workers: 5,
    changed(change, queue) {
      const { type, object } = change
      if (object.kind === 'Pod') return podChanged(change, queue)
      if (type === 'DELETED') expected.delete(namespacedName(object))
      else queue.add(namespacedName(object))
    },
    *look(key): Look {
      const [namespace, name = ''] = key.split('/')
      const set = sets.get(namespace, name)
      return set === undefined ? done : yield* sync(set)
    },
  }
}

const ownerReference = (set: ReplicaSet) => ({
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  name: set.metadata.name,
  uid: set.metadata.uid ?? '',
  controller: true,
  blockOwnerDeletion: true,
})

/** Source: GetPodFromTemplate. */
const podOf = (set: ReplicaSet): KubernetesObject => {
  const { template } = specOf(set)
  const { labels, annotations, finalizers } = template.metadata ?? {}
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: '',
      generateName: `${set.metadata.name}-`,
      namespace: set.metadata.namespace as string,
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
      ...(finalizers === undefined ? {} : { finalizers }),
      ownerReferences: [ownerReference(set)],
    },
    spec: template.spec,
  }
}
