/**
 * Rolls a Deployment from one ReplicaSet to the next.
 *
 * Source: pkg/controller/deployment/{deployment_controller,sync,rolling,recreate,progress}.go and util (1.36); recordings 29 and 35.
 * Differs from Kubernetes: what is left over when a change of size is shared among several sets goes to the largest of them.
 */
import { seconds } from '../../../engine/clock.ts'
import type { Answer } from '../../apiserver/request.ts'
import type { Component, Controller, ControllerFactory, Enqueue } from '../../client/controller.ts'
import { announce, call, done, failed, type Look, type Outcome, type Story } from '../../client/story.ts'
import { controllerOf, isTerminating, type KubernetesObject, namespacedName } from '../../objects/metadata.ts'
import { isFinishedPod } from '../../objects/pod.ts'
import { type LabelSelector, matches } from '../../objects/selector.ts'
import {
  availableOf,
  byAge,
  type Deployment,
  type DeploymentCondition,
  type DeploymentStatus,
  desiredAnnotation,
  findNew,
  hashLabel,
  historyAnnotation,
  isComplete,
  isOwnedBy,
  isProgressing,
  isRolling,
  limitsOf,
  maxAnnotation,
  newReplicas,
  type ReplicaSet,
  replicasOf,
  revisionAnnotation,
  revisionOf,
  sumOf,
  sumOfReplicas,
  withCondition,
} from './numbers.ts'
import { templateHash } from './template-hash.ts'

/** Annotations that a set does not take over. Source: annotationsToSkip. */
const ownAnnotations: ReadonlySet<string> = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  revisionAnnotation,
  historyAnnotation,
  desiredAnnotation,
  maxAnnotation,
  'deprecated.deployment.rollback.to',
])

/** A look ends with the server's words; the queue tries again. */
class Refused extends Error {}

const must = (answer: Answer): KubernetesObject => {
  if (answer.ok) return answer.object
  throw new Refused(answer.status.message)
}

const statusOf = (deployment: Deployment): DeploymentStatus => (deployment['status'] ?? {}) as DeploymentStatus
const hasDeadline = (deployment: Deployment): boolean => {
  const limit = deployment['spec']?.progressDeadlineSeconds as number | undefined
  return limit !== undefined && limit !== 2_147_483_647
}
const isPaused = (deployment: Deployment): boolean => deployment['spec']?.paused === true
const isActive = (set: ReplicaSet): boolean => replicasOf(set) > 0
const progressing = (deployment: Deployment): DeploymentCondition | undefined =>
  statusOf(deployment).conditions?.find(({ type }) => type === 'Progressing')

/** What a look works with: the Deployment and its sets, as its own writes change them. */
type State = { deployment: Deployment; newSet: ReplicaSet | undefined; oldSets: readonly ReplicaSet[] }

export const deployment: ControllerFactory = (component: Component): Controller => {
  const deployments = component.see.of('Deployment')
  const sets = component.see.of('ReplicaSet')
  const pods = component.see.of('Pod')

  const condition = (type: string, status: 'True' | 'False' | 'Unknown', reason: string, message: string): DeploymentCondition => ({
    type,
    status,
    lastUpdateTime: component.time(),
    lastTransitionTime: component.time(),
    reason,
    message,
  })

  // ---- Sets

  function* setsOf(deployment: Deployment): Story<readonly ReplicaSet[]> {
    const selector = deployment['spec'].selector as LabelSelector
    const owned = [...sets.ownedBy(deployment.metadata.uid ?? '')].filter((set) => isOwnedBy(deployment, set))
    if (isTerminating(deployment)) return owned.sort(byAge)
    for (const set of sets.orphans(deployment.metadata.namespace ?? '')) {
      if (isTerminating(set) || !matches(set.metadata.labels, selector)) continue
      const { namespace, name, uid } = set.metadata
      const patch = { metadata: { uid, ownerReferences: [ownerReference(deployment)] } }
      const answer = yield* call({ verb: 'patch', kind: 'ReplicaSet', namespace, name, type: 'merge', patch })
      if (answer.ok) owned.push(answer.object)
    }
    return owned.sort(byAge)
  }

  /** Source: getAllReplicaSetsAndSyncRevision, getNewReplicaSet. */
  function* gather(deployment: Deployment, all: readonly ReplicaSet[], creates: boolean): Story<State> {
    const found = findNew(deployment, all)
    const oldSets = all.filter((set) => set !== found)
    const revision = Math.max(0, ...oldSets.map(revisionOf)) + 1
    if (found !== undefined) return yield* renew(deployment, found, oldSets, revision)
    if (!creates) return { deployment, newSet: undefined, oldSets }
    return yield* create(deployment, oldSets, revision)
  }

  function* renew(deployment: Deployment, found: ReplicaSet, oldSets: readonly ReplicaSet[], revision: number): Story<State> {
    const annotations = annotationsFor(deployment, found, revision)
    const minReadySeconds = deployment['spec'].minReadySeconds as number | undefined
    if (annotations !== found.metadata.annotations || (found['spec'].minReadySeconds ?? 0) !== (minReadySeconds ?? 0)) {
      const object = {
        ...found,
        metadata: { ...found.metadata, ...(annotations === undefined ? {} : { annotations }) },
        spec: { ...found['spec'], ...(minReadySeconds === undefined ? {} : { minReadySeconds }) },
      }
      const newSet = must(yield* call({ verb: 'update', object }))
      return { deployment, newSet, oldSets }
    }
    const marked = withRevision(deployment, revisionOf(found))
    const news =
      hasDeadline(deployment) && progressing(deployment) === undefined
        ? condition('Progressing', 'True', 'FoundNewReplicaSet', `Found new replica set "${found.metadata.name}"`)
        : undefined
    yield* writeRevision(deployment, marked, news)
    return { deployment, newSet: found, oldSets }
  }

  function* create(deployment: Deployment, oldSets: readonly ReplicaSet[], revision: number): Story<State> {
    const hash = templateHash(deployment['spec'].template, statusOf(deployment).collisionCount, component.gates.release.minor)
    const fresh = replicaSetOf(deployment, hash, revision, newReplicas(deployment, oldSets, 0))
    const answer = yield* call({ verb: 'create', object: fresh })
    if (!answer.ok && answer.status.reason === 'AlreadyExists') {
      const there = sets.get(deployment.metadata.namespace, fresh.metadata.name)
      if (there !== undefined && isOwnedBy(deployment, there)) return { deployment, newSet: there, oldSets }
      const status = { ...statusOf(deployment), collisionCount: (statusOf(deployment).collisionCount ?? 0) + 1 }
      yield* call({ verb: 'update', object: { ...deployment, status }, subresource: 'status' })
      throw new Refused(answer.status.message)
    }
    if (!answer.ok) {
      const words = `Failed to create new replica set "${fresh.metadata.name}": ${answer.status.message}`
      yield* announce(deployment, 'Warning', 'ReplicaSetCreateError', words)
      throw new Refused(answer.status.message)
    }
    const count = replicasOf(fresh)
    if (count > 0) {
      yield* announce(deployment, 'Normal', 'ScalingReplicaSet', `Scaled up replica set ${fresh.metadata.name} from 0 to ${count}`)
    }
    const news = hasDeadline(deployment)
      ? condition('Progressing', 'True', 'NewReplicaSetCreated', `Created new replica set "${fresh.metadata.name}"`)
      : undefined
    yield* writeRevision(deployment, withRevision(deployment, revision), news)
    return { deployment, newSet: answer.object, oldSets }
  }

  /** The revision and a condition go together, through the status. What is written is not looked at again in this look, as upstream. */
  function* writeRevision(before: Deployment, marked: Deployment, news: DeploymentCondition | undefined): Story<void> {
    if (marked === before && news === undefined) return
    const conditions = news === undefined ? statusOf(before).conditions : withCondition(statusOf(before).conditions ?? [], news)
    const object = { ...marked, status: { ...statusOf(before), ...(conditions === undefined ? {} : { conditions }) } }
    must(yield* call({ verb: 'update', object, subresource: 'status' }))
  }

  const replicaSetOf = (deployment: Deployment, hash: string, revision: number, replicas: number): ReplicaSet => {
    const { template, selector, minReadySeconds } = deployment['spec']
    const labels = { ...template.metadata?.labels, [hashLabel]: hash }
    const name = `${deployment.metadata.name}-${hash}`
    const kept = Object.entries(deployment.metadata.annotations ?? {}).filter(([key]) => !ownAnnotations.has(key))
    const most = replicasOf(deployment) + limitsOf(deployment).surge
    return {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: {
        name,
        namespace: deployment.metadata.namespace as string,
        labels,
        annotations: {
          ...Object.fromEntries(kept),
          [desiredAnnotation]: String(replicasOf(deployment)),
          [maxAnnotation]: String(most),
          [revisionAnnotation]: String(revision),
        },
        ownerReferences: [ownerReference(deployment)],
      },
      spec: {
        replicas,
        ...(minReadySeconds === undefined ? {} : { minReadySeconds }),
        selector: { ...selector, matchLabels: { ...selector.matchLabels, [hashLabel]: hash } },
        template: { ...template, metadata: { ...template.metadata, labels } },
      },
    }
  }

  /** Source: SetNewReplicaSetAnnotations for a set that exists. The same object where nothing changes. */
  const annotationsFor = (deployment: Deployment, set: ReplicaSet, revision: number): Readonly<Record<string, string>> | undefined => {
    const before = set.metadata.annotations ?? {}
    const next: Record<string, string> = { ...before }
    for (const [key, value] of Object.entries(deployment.metadata.annotations ?? {})) if (!ownAnnotations.has(key)) next[key] = value
    const old = revisionOf(set)
    if (old < revision) {
      next[revisionAnnotation] = String(revision)
      if (before[revisionAnnotation] !== undefined) {
        const history = (before[historyAnnotation] ?? '').split(',').filter((each) => each !== '')
        next[historyAnnotation] = [...history, String(old)].join(',')
      }
    }
    const same = Object.keys(next).length === Object.keys(before).length && Object.keys(next).every((key) => next[key] === before[key])
    return same ? set.metadata.annotations : next
  }

  const withRevision = (deployment: Deployment, revision: number): Deployment =>
    deployment.metadata.annotations?.[revisionAnnotation] === String(revision)
      ? deployment
      : {
          ...deployment,
          metadata: { ...deployment.metadata, annotations: { ...deployment.metadata.annotations, [revisionAnnotation]: String(revision) } },
        }

  // ---- Sizes

  /** Source: scaleReplicaSetAndRecordEvent, scaleReplicaSet. Whether the set's size changed; the set as it is then. */
  function* scale(set: ReplicaSet, to: number, deployment: Deployment): Story<{ readonly set: ReplicaSet; readonly changed: boolean }> {
    const from = replicasOf(set)
    const desired = String(replicasOf(deployment))
    const most = String(replicasOf(deployment) + limitsOf(deployment).surge)
    const annotations = set.metadata.annotations ?? {}
    const marked = annotations[desiredAnnotation] === desired && annotations[maxAnnotation] === most
    if (from === to && marked) return { set, changed: false }
    const object = {
      ...set,
      metadata: { ...set.metadata, annotations: { ...annotations, [desiredAnnotation]: desired, [maxAnnotation]: most } },
      spec: { ...set['spec'], replicas: to },
    }
    const written = must(yield* call({ verb: 'update', object }))
    if (from !== to) {
      const words = `Scaled ${to > from ? 'up' : 'down'} replica set ${set.metadata.name} from ${from} to ${to}`
      yield* announce(deployment, 'Normal', 'ScalingReplicaSet', words)
    }
    return { set: written, changed: from !== to }
  }

  const replaced = (list: readonly ReplicaSet[], set: ReplicaSet): readonly ReplicaSet[] =>
    list.map((each) => (each.metadata.uid === set.metadata.uid ? set : each))

  function* scaleOld(state: State, set: ReplicaSet, to: number): Story<void> {
    const result = yield* scale(set, to, state.deployment)
    state.oldSets = replaced(state.oldSets, result.set)
  }

  /** Source: reconcileNewReplicaSet. */
  function* growNew(state: State): Story<boolean> {
    const { newSet, deployment } = state
    if (newSet === undefined || replicasOf(newSet) === replicasOf(deployment)) return false
    const wanted =
      replicasOf(newSet) > replicasOf(deployment) ? replicasOf(deployment) : newReplicas(deployment, allOf(state), replicasOf(newSet))
    if (wanted === replicasOf(newSet)) return false
    const result = yield* scale(newSet, wanted, deployment)
    state.newSet = result.set
    return result.changed
  }

  const allOf = (state: State): readonly ReplicaSet[] => (state.newSet === undefined ? state.oldSets : [...state.oldSets, state.newSet])

  /** Source: reconcileOldReplicaSets. */
  function* shrinkOld(state: State): Story<boolean> {
    const { deployment, newSet } = state
    const active = state.oldSets.filter(isActive)
    if (sumOfReplicas(active) === 0) return false
    const least = replicasOf(deployment) - limitsOf(deployment).unavailable
    const missing = newSet === undefined ? 0 : replicasOf(newSet) - availableOf(newSet)
    let spare = sumOfReplicas(allOf(state)) - least - missing
    if (spare <= 0) return false
    let gone = 0
    // Those that are not healthy go first.
    for (const set of [...active].sort(byAge)) {
      const unhealthy = Math.min(spare - gone, replicasOf(set) - availableOf(set))
      if (unhealthy <= 0) continue
      yield* scaleOld(state, set, replicasOf(set) - unhealthy)
      gone += unhealthy
    }
    spare = sumOf(allOf(state), 'availableReplicas') - least
    let more = 0
    for (const set of state.oldSets.filter(isActive).sort(byAge)) {
      const count = Math.min(spare - more, replicasOf(set))
      if (count <= 0) break
      yield* scaleOld(state, set, replicasOf(set) - count)
      more += count
    }
    return gone + more > 0
  }

  /** Source: scale: a change of size while nothing, or several sets, roll. */
  function* resize(state: State): Story<void> {
    const { deployment } = state
    const active = allOf(state).filter(isActive)
    const only = active.length === 1 ? active[0] : active.length === 0 ? (state.newSet ?? [...state.oldSets].sort(byAge).at(-1)) : undefined
    if (only !== undefined) {
      if (replicasOf(only) !== replicasOf(deployment)) yield* scaleAny(state, only, replicasOf(deployment))
      return
    }
    const { newSet } = state
    const saturated =
      newSet !== undefined && replicasOf(newSet) === replicasOf(deployment) && availableOf(newSet) === replicasOf(deployment)
    if (saturated) {
      for (const set of state.oldSets.filter(isActive)) yield* scaleOld(state, set, 0)
      return
    }
    if (!isRolling(deployment)) return
    const total = sumOfReplicas(active)
    const allowed = replicasOf(deployment) > 0 ? replicasOf(deployment) + limitsOf(deployment).surge : 0
    let left = allowed - total
    const ordered = [...active].sort((a, b) => replicasOf(b) - replicasOf(a) || (left > 0 ? -byAge(a, b) : byAge(a, b)))
    const sizes = new Map<ReplicaSet, number>()
    for (const set of ordered) {
      const before = Number(set.metadata.annotations?.[maxAnnotation] ?? total)
      const share = Math.round((replicasOf(set) * allowed) / Math.max(1, before)) - replicasOf(set)
      const taken = left > 0 ? Math.min(share, left) : Math.max(share, left)
      sizes.set(set, replicasOf(set) + taken)
      left -= taken
    }
    const largest = ordered[0]
    if (largest !== undefined && left !== 0) sizes.set(largest, Math.max(0, (sizes.get(largest) ?? 0) + left))
    for (const [set, size] of sizes) yield* scaleAny(state, set, size)
  }

  function* scaleAny(state: State, set: ReplicaSet, to: number): Story<void> {
    if (set.metadata.uid === state.newSet?.metadata.uid) state.newSet = (yield* scale(set, to, state.deployment)).set
    else yield* scaleOld(state, set, to)
  }

  // ---- Roll-outs

  function* roll(state: State): Story<Outcome> {
    if ((yield* growNew(state)) || (yield* shrinkOld(state))) return yield* report(state)
    if (isComplete(state.deployment, statusOf(state.deployment))) yield* cleanUp(state)
    return yield* report(state)
  }

  /** Source: rolloutRecreate: all of the old go before the first of the new comes. */
  function* recreate(deployment: Deployment, all: readonly ReplicaSet[]): Story<Outcome> {
    const before = yield* gather(deployment, all, false)
    const active = before.oldSets.filter(isActive)
    for (const set of active) yield* scaleOld(before, set, 0)
    if (active.length > 0) return yield* report(before)
    const old = before.oldSets.some((set) => pods.ownedBy(set.metadata.uid ?? '').some((pod) => !isFinishedPod(pod)))
    if (old) return yield* report(before)
    const state = before.newSet === undefined ? yield* gather(deployment, all, true) : before
    yield* growNew(state)
    if (isComplete(deployment, statusOf(deployment))) yield* cleanUp(state)
    return yield* report(state)
  }

  /** Source: cleanupDeployment. */
  function* cleanUp(state: State): Story<void> {
    const limit = state.deployment['spec'].revisionHistoryLimit as number | undefined
    if (limit === undefined) return
    const candidates = state.oldSets.filter((set) => !isTerminating(set)).sort((a, b) => revisionOf(a) - revisionOf(b) || byAge(a, b))
    for (const set of candidates.slice(0, Math.max(0, candidates.length - limit))) {
      const busy =
        replicasOf(set) !== 0 ||
        (set['status']?.replicas ?? 0) !== 0 ||
        (set['status']?.observedGeneration ?? 0) < (set.metadata.generation ?? 0)
      if (!busy) yield* call({ verb: 'delete', kind: 'ReplicaSet', namespace: set.metadata.namespace, name: set.metadata.name })
    }
  }

  // ---- Status

  /** Source: calculateStatus. */
  const counted = (state: State): DeploymentStatus => {
    const { deployment, newSet } = state
    const all = allOf(state)
    const available = sumOf(all, 'availableReplicas')
    const unavailable = Math.max(0, sumOfReplicas(all) - available)
    const enough = available >= replicasOf(deployment) - limitsOf(deployment).unavailable
    const conditions = withCondition(
      statusOf(deployment).conditions ?? [],
      enough
        ? condition('Available', 'True', 'MinimumReplicasAvailable', 'Deployment has minimum availability.')
        : condition('Available', 'False', 'MinimumReplicasUnavailable', 'Deployment does not have minimum availability.'),
    )
    const { collisionCount } = statusOf(deployment)
    return {
      observedGeneration: deployment.metadata.generation ?? 0,
      ...some('replicas', sumOf(all, 'replicas')),
      ...some('updatedReplicas', newSet === undefined ? 0 : sumOf([newSet], 'replicas')),
      ...some('readyReplicas', sumOf(all, 'readyReplicas')),
      ...some('availableReplicas', available),
      ...some('unavailableReplicas', unavailable),
      ...terminating(all),
      conditions,
      ...(collisionCount === undefined ? {} : { collisionCount }),
    }
  }

  const terminating = (all: readonly ReplicaSet[]): { readonly terminatingReplicas?: number } => {
    if (!component.gates.on('DeploymentReplicaSetTerminatingReplicas')) return {}
    const looked = all.filter((set) => (set['status']?.observedGeneration ?? 0) > 0)
    if (looked.some((set) => set['status']?.terminatingReplicas === undefined)) return {}
    return { terminatingReplicas: sumOf(looked, 'terminatingReplicas') }
  }

  /** Source: syncRolloutStatus. */
  function* report(state: State): Story<Outcome> {
    const { deployment, newSet } = state
    let status = counted(state)
    const current = progressing(deployment)
    const settled = (status.replicas ?? 0) === (status.updatedReplicas ?? 0) && current?.reason === 'NewReplicaSetAvailable'
    const title = newSet === undefined ? `Deployment "${deployment.metadata.name}"` : `ReplicaSet "${newSet.metadata.name}"`
    const conditions = status.conditions ?? []
    if (!hasDeadline(deployment)) status = { ...status, conditions: conditions.filter(({ type }) => type !== 'Progressing') }
    else if (!settled) {
      if (isComplete(deployment, status)) {
        const next = condition('Progressing', 'True', 'NewReplicaSetAvailable', `${title} has successfully progressed.`)
        status = { ...status, conditions: withCondition(conditions, next) }
      } else if (isProgressing(statusOf(deployment), status)) {
        const next = condition('Progressing', 'True', 'ReplicaSetUpdated', `${title} is progressing.`)
        const moved = current?.status === 'True' ? { ...next, lastTransitionTime: current.lastTransitionTime } : next
        status = { ...status, conditions: [...conditions.filter(({ type }) => type !== 'Progressing'), moved] }
      } else if (isLate(deployment)) {
        const next = condition('Progressing', 'False', 'ProgressDeadlineExceeded', `${title} has timed out progressing.`)
        status = { ...status, conditions: withCondition(conditions, next) }
      }
    }
    status = withFailure(status, allOf(state))
    return yield* write(deployment, status)
  }

  const withFailure = (status: DeploymentStatus, all: readonly ReplicaSet[]): DeploymentStatus => {
    const conditions = status.conditions ?? []
    const failure = all
      .flatMap(
        (set) =>
          (set['status']?.conditions ?? []) as readonly { readonly type: string; readonly reason: string; readonly message: string }[],
      )
      .find(({ type }) => type === 'ReplicaFailure')
    if (failure === undefined) return { ...status, conditions: conditions.filter(({ type }) => type !== 'ReplicaFailure') }
    return { ...status, conditions: withCondition(conditions, condition('ReplicaFailure', 'True', failure.reason, failure.message)) }
  }

  function* write(deployment: Deployment, status: DeploymentStatus): Story<Outcome> {
    const before = statusOf(deployment) as Record<string, unknown>
    const after = status as Record<string, unknown>
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])]
    if (!keys.every((key) => sameText(before[key], after[key]))) {
      must(yield* call({ verb: 'update', object: { ...deployment, status }, subresource: 'status' }))
    }
    return { ...done, wakesAfter: untilLate(deployment, status) }
  }

  const sameText = (a: unknown, b: unknown): boolean => {
    const inOrder = (value: unknown): unknown =>
      Array.isArray(value) ? [...value].sort((x: { type: string }, y: { type: string }) => (x.type < y.type ? -1 : 1)) : value
    return JSON.stringify(inOrder(a)) === JSON.stringify(inOrder(b))
  }

  const isLate = (deployment: Deployment): boolean => {
    const current = progressing(deployment)
    if (current === undefined || current.reason === 'NewReplicaSetAvailable') return false
    if (current.reason === 'ProgressDeadlineExceeded') return true
    return component.microsOf(current.lastUpdateTime) + seconds(deployment['spec'].progressDeadlineSeconds as number) < component.now()
  }

  /** When a roll-out that stands still is late. Source: requeueStuckDeployment. */
  const untilLate = (deployment: Deployment, status: DeploymentStatus): number | null => {
    const current = status.conditions?.find(({ type }) => type === 'Progressing')
    if (!hasDeadline(deployment) || current === undefined || isComplete(deployment, status)) return null
    if (current.reason === 'NewReplicaSetAvailable' || current.reason === 'ProgressDeadlineExceeded') return null
    const due = component.microsOf(current.lastUpdateTime) + seconds(deployment['spec'].progressDeadlineSeconds as number) + seconds(1)
    return Math.max(seconds(1), due - component.now())
  }

  // ---- One look

  function* sync(deployment: Deployment): Story<Outcome> {
    const all = yield* setsOf(deployment)
    if (isTerminating(deployment)) return yield* write(deployment, counted(yield* gather(deployment, all, false)))
    yield* notePause(deployment)
    const scaling = all.some(
      (set) =>
        isActive(set) &&
        set.metadata.annotations?.[desiredAnnotation] !== undefined &&
        Number(set.metadata.annotations[desiredAnnotation]) !== replicasOf(deployment),
    )
    if (isPaused(deployment) || scaling) {
      const state = yield* gather(deployment, all, false)
      yield* resize(state)
      if (isPaused(deployment)) yield* cleanUp(state)
      return yield* write(deployment, counted(state))
    }
    return isRolling(deployment) ? yield* roll(yield* gather(deployment, all, true)) : yield* recreate(deployment, all)
  }

  /** Source: checkPausedConditions. */
  function* notePause(deployment: Deployment): Story<void> {
    if (!hasDeadline(deployment)) return
    const current = progressing(deployment)
    if (current?.reason === 'ProgressDeadlineExceeded') return
    const noted = current?.reason === 'DeploymentPaused'
    if (isPaused(deployment) === noted) return
    const next = isPaused(deployment)
      ? condition('Progressing', 'Unknown', 'DeploymentPaused', 'Deployment is paused')
      : condition('Progressing', 'Unknown', 'DeploymentResumed', 'Deployment is resumed')
    const status = { ...statusOf(deployment), conditions: withCondition(statusOf(deployment).conditions ?? [], next) }
    must(yield* call({ verb: 'update', object: { ...deployment, status }, subresource: 'status' }))
  }

  const ownerOf = (set: ReplicaSet): Deployment | undefined => {
    const owner = controllerOf(set)
    if (owner?.kind !== 'Deployment') return undefined
    const found = deployments.get(set.metadata.namespace, owner.name)
    return found?.metadata.uid === owner.uid ? found : undefined
  }

  const setChanged = (type: string, set: ReplicaSet, queue: Enqueue): void => {
    const owner = ownerOf(set)
    if (owner !== undefined) return queue.add(namespacedName(owner))
    if (type === 'DELETED' || controllerOf(set) !== undefined) return
    for (const each of deployments.list(set.metadata.namespace)) {
      if (matches(set.metadata.labels, each['spec'].selector as LabelSelector)) queue.add(namespacedName(each))
    }
  }

  return {
    name: component.name,
    kinds: ['Deployment', 'ReplicaSet', 'Pod'],
    workers: 5,
    changed({ type, object }, queue) {
      switch (object.kind) {
        case 'Deployment':
          if (type !== 'DELETED') queue.add(namespacedName(object))
          return
        case 'ReplicaSet':
          return setChanged(type, object, queue)
        case 'Pod': {
          // Only Recreate waits for pods.
          if (type !== 'DELETED') return
          const set = controllerOf(object)
          const found = set?.kind === 'ReplicaSet' ? sets.get(object.metadata.namespace, set.name) : undefined
          const owner = found === undefined ? undefined : ownerOf(found)
          if (owner !== undefined && !isRolling(owner)) queue.add(namespacedName(owner))
        }
      }
    },
    *look(key): Look {
      const [namespace, name = ''] = key.split('/')
      const found = deployments.get(namespace, name)
      if (found === undefined) return done
      try {
        return yield* sync(found)
      } catch (error) {
        if (error instanceof Refused) return failed(error.message)
        throw error
      }
    },
  }
}

const some = <K extends string>(key: K, value: number): Partial<Record<K, number>> =>
  value === 0 ? {} : ({ [key]: value } as Record<K, number>)

const ownerReference = (deployment: Deployment) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  name: deployment.metadata.name,
  uid: deployment.metadata.uid ?? '',
  controller: true,
  blockOwnerDeletion: true,
})
