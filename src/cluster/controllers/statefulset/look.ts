/**
 * One look of the StatefulSet controller at one set: who belongs to it, which revisions, then at most a few steps towards what
 * the spec asks for, the status, and the history.
 *
 * Keeps true: an ordered set makes or deletes at most one pod a look, upwards behind available pods, downwards from the top;
 * no two pods of one name ever.
 * Source: statefulset.md 3.3 to 3.5, 6 to 10; stateful_set.go, stateful_set_control.go.
 */
import { type Micros, milliseconds, seconds } from '../../../engine/clock.ts'
import type { Component, Lister } from '../../client/controller.ts'
import { announce, call, done, failed, type Look, type Outcome, type Story, sleep, together } from '../../client/story.ts'
import { type Condition, isTerminating, namespacedName } from '../../objects/metadata.ts'
import { isCreated, isFailed, isPending, isRunningAndReady, isSucceeded, type Pod, readySince } from '../../objects/pod.ts'
import { atLeast } from '../../objects/release.ts'
import { requirementsOf } from '../../objects/selector.ts'
import { type ControllerRevision, isMonotonic, replicasOf, type StatefulSet } from '../../objects/statefulset.ts'
import type { Guard } from './consistency.ts'
import { factsOf, fitOf } from './facts.ts'
import { adoptionPatch, adoptRevisions, decideRevisions, type Revisions, releasePatch, truncate, whyNotAdopt } from './history.ts'
import { identityMatches, isMadeAtCurrent, newPod, storageMatches } from './identity.ts'
import { isClaimed, membershipOf } from './members.ts'
import {
  asOne,
  claimsAreRight,
  claimsAreThere,
  createPod,
  deletePod,
  type Hands,
  mendClaims,
  ownClaims,
  staleClaimOf,
  type Trouble,
  updatePod,
} from './pods.ts'
import { byNumber, isListed, surplusOf } from './revisions.ts'
import { firstUnavailable, isAvailableTo, isUnavailable, type Judgement, type Sorted, sorted } from './sort.ts'
import { asStored, completed, countsOf, isWorthWriting, type NewStatus } from './status.ts'
import { formerPods, replacementOf } from './update.ts'
import { lacks, waitsFor } from './words.ts'

/** What a look needs beside the set. */
export type Surroundings = { readonly component: Component; readonly guard: Guard }

/** Source: statefulset.md 3.3. `key` is `namespace/name`. */
export function* look(key: string, { component, guard }: Surroundings): Look {
  const { gates, see } = component
  const [namespace, name] = key.split('/') as [string, string]
  const set = see.of<StatefulSet>('StatefulSet').get(namespace, name)
  const behind = gates.on('StaleControllerConsistencyStatefulSet') ? guard.behind(key, set?.metadata.uid, see) : undefined
  if (behind !== undefined) return failed(behind)
  if (set === undefined) {
    guard.forget(key)
    return done
  }
  // A selector that cannot be read (or is not there, in a dump made by hand) is not tried again.
  if (set.spec?.selector === undefined || requirementsOf(set.spec.selector) === null) return done
  const revisions = see.of<ControllerRevision>('ControllerRevision')
  const adopted = yield* adoptRevisions(set, listedOf(set, revisions))
  if (adopted !== undefined) return failed(adopted.text)
  const claimed = yield* claimPods(set, component, guard, key)
  if (!('pods' in claimed)) return failed(claimed.text)
  const hands: Hands = {
    set,
    gates,
    claims: see.of('PersistentVolumeClaim'),
    pods: see.of<Pod>('Pod'),
    jitter: () => component.jitter('retry'),
    wrote: (kind, object) => guard.wrote(key, set.metadata.uid, kind, object),
  }
  return yield* pass(hands, component, listedOf(set, revisions), claimed.pods, guard, key)
}

/** The revisions of the set, oldest number first. Source: statefulset.md 4.1. */
const listedOf = (set: StatefulSet, revisions: Lister<ControllerRevision>): readonly ControllerRevision[] => {
  const { uid, namespace } = set.metadata
  const candidates = [...(uid === undefined ? [] : revisions.ownedBy(uid)), ...revisions.orphans(namespace ?? '')]
  return [...new Set(candidates)].filter((revision) => isListed(revision, set)).sort(byNumber)
}

/** Adopts and releases. The answer holds the pods that are the set's, in the order of their names. Source: statefulset.md 3.4. */
function* claimPods(set: StatefulSet, component: Component, guard: Guard, key: string): Story<{ readonly pods: readonly Pod[] } | Trouble> {
  const lister = component.see.of<Pod>('Pod')
  const { uid, namespace } = set.metadata
  const owned = uid === undefined ? [] : lister.ownedBy(uid)
  const orphans = lister.orphans(namespace ?? '')
  const candidates = orphans.length === 0 ? owned : [...new Set([...owned, ...orphans])]
  // Nothing to adopt or to release, as mostly: who comes first makes no difference then.
  if (candidates.every((pod) => isClaimed(set, pod))) return { pods: candidates }
  const troubles: Trouble[] = []
  const pods: Pod[] = []
  let recheck: { readonly why: string | undefined } | undefined
  for (const pod of [...candidates].sort(byPodName)) {
    const { name, uid: podUid } = pod.metadata
    const request = { verb: 'patch', kind: 'Pod', namespace, name, type: 'strategic' } as const
    switch (membershipOf(set, pod)) {
      case 'leave':
        break
      case 'claim':
        pods.push(pod)
        break
      case 'release': {
        const answer = yield* call({ ...request, patch: releasePatch(set, podUid) })
        // A pod that is gone, or no longer ours, is released all the same.
        const isHarmless = !answer.ok && (answer.status.reason === 'NotFound' || answer.status.reason === 'Invalid')
        if (!answer.ok && !isHarmless) troubles.push({ reason: answer.status.reason, text: answer.status.message })
        break
      }
      case 'adopt': {
        recheck ??= { why: yield* whyNotAdopt(set) }
        if (recheck.why !== undefined) {
          troubles.push({ reason: '', text: `can't adopt Pod ${namespacedName(pod)} (${podUid ?? ''}): ${recheck.why}` })
          break
        }
        const answer = yield* call({ ...request, patch: adoptionPatch(set, podUid) })
        if (answer.ok) {
          guard.wrote(key, uid, 'Pod', answer.object)
          pods.push(pod)
        } else if (answer.status.reason !== 'NotFound') troubles.push({ reason: answer.status.reason, text: answer.status.message })
        break
      }
    }
  }
  return asOne(troubles) ?? { pods }
}

const byPodName = (a: Pod, b: Pod): number => (a.metadata.name < b.metadata.name ? -1 : a.metadata.name > b.metadata.name ? 1 : 0)

/** Revisions, work, status, history. Source: statefulset.md 6.1, 6.8, 7.3; UpdateStatefulSet, performUpdate. */
function* pass(
  hands: Hands,
  component: Component,
  listed: readonly ControllerRevision[],
  pods: readonly Pod[],
  guard: Guard,
  key: string,
): Look {
  const { set, gates } = hands
  const judgement: Judgement = {
    now: component.now(),
    release: gates.release,
    minReadySeconds: set.spec.minReadySeconds ?? 0,
    microsOf: (time) => component.microsOf(time),
  }
  const revisions = yield* decideRevisions(set, listed, gates)
  if ('text' in revisions) {
    const history = yield* truncate(surplusOf(set, listed, [], pods))
    return failed((asOne(history === undefined ? [revisions] : [revisions, history]) as Trouble).text)
  }
  const worked = yield* work(hands, revisions, judgement, pods, component.time())
  const status = completed(set, worked.status, gates)
  const unwritten = yield* writeStatus(hands, component, guard, key, status)
  const history = yield* truncate(surplusOf(set, listed, [revisions.current, revisions.update], pods))
  const trouble = asOne([worked.trouble ?? unwritten, history].filter((each) => each !== undefined))
  if (trouble !== undefined) return failed(trouble.text)
  return { waits: worked.waits, error: null, wakesAfter: wakesAfter(set, status, pods, judgement, component.now()) }
}

/** What the phases came to. */
type Worked = { readonly status: NewStatus; readonly waits: string | null; readonly trouble?: Trouble | undefined }

/** One item of a phase: `stop` ends an ordered pass here. */
type Step = { readonly stop: boolean; readonly waits?: string | undefined; readonly trouble?: Trouble | undefined }

const goOn: Step = { stop: false }

/** The most pods that are worked on side by side. Source: statefulset.md 6.2. */
const mostAtOnce = 500

/** Ordered: one by one until one says stop. Parallel: all of them in batches of 1, 2, 4 …; only trouble ends it. Source: statefulset.md 6.2. */
function* forAll(
  pods: readonly Pod[],
  monotonic: boolean,
  step: (pod: Pod) => Story<Step>,
  isRight: (pod: Pod) => boolean = () => false,
): Story<Step> {
  if (monotonic) {
    for (const pod of pods) {
      if (isRight(pod)) continue
      const result = yield* step(pod)
      if (result.stop || result.trouble !== undefined) return { ...result, stop: true }
    }
    return goOn
  }
  let waits: string | undefined
  for (let from = 0, size = 1; from < pods.length; from += size, size = Math.min(2 * size, mostAtOnce)) {
    // What is right takes its place in the batch and costs no story of its own.
    const wrong = pods.slice(from, from + size).filter((pod) => !isRight(pod))
    if (wrong.length === 0) continue
    const results = yield* together(wrong.map(step))
    const trouble = results.find((result) => result.trouble !== undefined)?.trouble
    waits ??= results.find((result) => result.waits !== undefined)?.waits
    if (trouble !== undefined) return { stop: true, trouble }
  }
  return { stop: false, waits }
}

/** Source: statefulset.md 6. */
function* work(hands: Hands, revisions: Revisions, judgement: Judgement, pods: readonly Pod[], time: string): Story<Worked> {
  const { set, gates } = hands
  const monotonic = isMonotonic(set)
  const [current, update] = [revisions.current.metadata.name, revisions.update.metadata.name]
  const statusOf = (counted: readonly Pod[]): NewStatus => ({
    ...countsOf(counted, current, update, judgement),
    observedGeneration: set.metadata.generation ?? 0,
    currentRevision: current,
    updateRevision: update,
    collisionCount: revisions.collisionCount,
    // Up to 1.36 a condition that somebody else wrote is lost here (1.3).
    conditions: atLeast(gates.release, 37) ? set.status?.conditions : undefined,
  })
  if (isTerminating(set)) {
    return { status: statusOf(pods), waits: `${set.metadata.name} is being deleted; its pods are the garbage collector's now` }
  }
  const places = sorted(set, pods, (ordinal) => newPod(set, ordinal, isMadeAtCurrent(set, ordinal) ? revisions.current : revisions.update))
  const { replicas, condemned } = places
  const status = statusOf([...replicas, ...condemned])
  const recreated = yield* recreate(hands, places, status, judgement, time)
  if (recreated.ended) return recreated.worked
  const before = recreated.worked.status
  const first = firstUnavailable(places, judgement)

  const made = yield* forAll(
    replicas,
    monotonic,
    (pod) => replica(hands, pod, monotonic, judgement, update),
    (pod) => isInOrder(hands, pod, monotonic, judgement),
  )
  if (made.stop) return { status: before, waits: made.waits ?? null, trouble: made.trouble }
  const armed = yield* forAll(condemned, monotonic, (pod) => arm(hands, pod))
  if (armed.stop) return { status: before, waits: null, trouble: armed.trouble }
  const ended = yield* forAll(condemned, monotonic, (pod) => condemn(hands, pod, monotonic, pod === first, judgement, update))
  if (ended.stop) return { status: before, waits: ended.waits ?? null, trouble: ended.trouble }

  const replaced = yield* replace(hands, replicas, before, judgement, update)
  const unfinished = lacks(monotonic ? [] : replicas.filter((pod) => isUnavailable(judgement, pod)), judgement)
  return { ...replaced, waits: replaced.waits ?? made.waits ?? ended.waits ?? unfinished }
}

/** Whether phase A finds nothing to do for a pod and nothing to wait for: most pods, most of the time. */
const isInOrder = (hands: Hands, pod: Pod, monotonic: boolean, judgement: Judgement): boolean => {
  const { created, ended, terminating, running, ready, pending } = factsOf(pod)
  if (!created || ended) return false
  if (monotonic && (terminating || !running || !ready || !isAvailableTo(judgement, pod))) return false
  if (pending && !claimsAreThere(hands, pod)) return false
  const { identity, storage } = fitOf(hands.set, pod)
  return identity && storage && claimsAreRight(hands, pod)
}

/** Phase A. Source: statefulset.md 6.3. */
function* replica(hands: Hands, pod: Pod, monotonic: boolean, judgement: Judgement, update: string): Story<Step> {
  const { name } = pod.metadata
  if (isFailed(pod) || isSucceeded(pod)) {
    const phase = isFailed(pod) ? 'Failed' : 'Succeeded'
    if (isTerminating(pod)) return { stop: true, waits: waitsFor(pod, judgement, update) }
    const trouble = yield* deletePod(hands, pod)
    return { stop: true, trouble, waits: `${name} was ${phase} and is deleted; it is made again when it is gone` }
  }
  if (!isCreated(pod)) {
    const stale = staleClaimOf(hands, pod)
    if (stale !== undefined) {
      const why = `${name} is not made while its claim ${stale} still belongs to a former pod of that name and is about to be collected`
      return { stop: true, waits: `${why}; only an event of a pod or of the set wakes it then` }
    }
    const trouble = yield* createPod(hands, pod)
    if (trouble !== undefined) return { stop: true, trouble }
    if (monotonic) return { stop: true, waits: `${name} has just been created; nothing more is done until it is ready` }
  }
  if (isPending(pod)) {
    const trouble = yield* mendClaims(hands, pod)
    if (trouble !== undefined) return { stop: true, trouble }
  }
  if (monotonic && (isTerminating(pod) || !isRunningAndReady(pod) || !isAvailableTo(judgement, pod))) {
    return { stop: true, waits: waitsFor(pod, judgement, update) }
  }
  if (identityMatches(hands.set, pod) && storageMatches(hands.set, pod) && claimsAreRight(hands, pod)) return goOn
  const trouble = yield* updatePod(hands, pod)
  return trouble === undefined ? goOn : { stop: true, trouble }
}

/** Phase B: the claims of condemned pods get their owners before any of them goes. Source: statefulset.md 6.4. */
function* arm(hands: Hands, pod: Pod): Story<Step> {
  if (claimsAreRight(hands, pod)) return goOn
  const trouble = yield* ownClaims(hands, pod)
  return trouble === undefined ? goOn : { stop: true, trouble }
}

/** Phase C. Source: statefulset.md 6.4. */
function* condemn(hands: Hands, pod: Pod, monotonic: boolean, isFirst: boolean, judgement: Judgement, update: string): Story<Step> {
  if (isTerminating(pod)) return { stop: true, waits: waitsFor(pod, judgement, update) }
  if (monotonic && !isFirst && (!isRunningAndReady(pod) || !isAvailableTo(judgement, pod))) {
    const others = 'two or more pods that are to go are not available, and only the lowest of them may go so'
    return { stop: true, waits: `${waitsFor(pod, judgement, update)} (${others})` }
  }
  const trouble = yield* deletePod(hands, pod)
  return { stop: true, trouble, waits: `${pod.metadata.name} is deleted; the next follows when it is gone` }
}

/** Phase D. Source: statefulset.md 9. */
function* replace(hands: Hands, replicas: readonly Pod[], status: NewStatus, judgement: Judgement, update: string): Story<Worked> {
  const { victims, blocked, budget } = replacementOf(hands.set, replicas, update, judgement, hands.gates)
  let { currentReplicas } = status
  for (const pod of victims) {
    const trouble = yield* deletePod(hands, pod)
    // Up to 1.35 a pod that is gone already is an error elsewhere, but not here (6.7).
    if (trouble !== undefined && trouble.reason !== 'NotFound') return { status: { ...status, currentReplicas }, waits: null, trouble }
    currentReplicas--
  }
  const left = { ...status, currentReplicas }
  const names = victims.map((pod) => pod.metadata.name).join(', ')
  if (victims.length > 0)
    return { status: left, waits: `${names} ${victims.length === 1 ? 'is' : 'are'} deleted to be made again at ${update}` }
  const [first] = blocked
  if (first === undefined) return { status: left, waits: null }
  const counted = budget === undefined ? '' : ` (${blocked.length} of at most ${budget} unavailable)`
  return { status: left, waits: `${waitsFor(first, judgement, update)}${counted}` }
}

type Recreated = { readonly ended: boolean; readonly worked: Worked }

/**
 * Recreate (1.37, alpha): all old pods go before a new one comes. Source: statefulset.md 10; names of the condition and the
 * event are those of KEP 3541, not confirmed in code.
 */
function* recreate(hands: Hands, { replicas, condemned }: Sorted, status: NewStatus, judgement: Judgement, time: string): Story<Recreated> {
  const { set, gates } = hands
  if (set.spec.updateStrategy?.type !== 'Recreate') return { ended: false, worked: { status, waits: null } }
  if (!gates.on('StatefulSetRecreateStrategy')) {
    const text = 'update strategy type "Recreate" needs the feature gate StatefulSetRecreateStrategy, which is off'
    return { ended: true, worked: { status, waits: null, trouble: { reason: '', text } } }
  }
  const former = formerPods([...replicas, ...condemned], status.updateRevision)
  const [first] = former
  if (first === undefined) {
    const isComplete = [status.updatedReplicas, status.readyReplicas, status.replicas].every((count) => count === replicasOf(set))
    return { ended: false, worked: { status: isComplete ? withProgress(status, 'False', 'RecreateComplete', time) : status, waits: null } }
  }
  const standing = former.filter((pod) => !isTerminating(pod))
  const began = status.conditions?.some((condition) => condition.type === 'Progressing' && condition.reason === 'RecreateInProgress')
  if (standing.length > 0 && began !== true) yield* announce(set, 'Normal', 'RecreateStarted', 'Deleting all pods for Recreate update')
  const step = yield* forAll(standing, false, function* (pod): Story<Step> {
    return { stop: false, trouble: yield* deletePod(hands, pod) }
  })
  const waits =
    standing.length > 0
      ? `all pods of old revisions are deleted before any new one is made`
      : waitsFor(first, judgement, status.updateRevision)
  return { ended: true, worked: { status: withProgress(status, 'True', 'RecreateInProgress', time), waits, trouble: step.trouble } }
}

const withProgress = (status: NewStatus, value: 'True' | 'False', reason: string, time: string): NewStatus => {
  const conditions = status.conditions ?? []
  const old = conditions.find((condition) => condition.type === 'Progressing')
  if (old?.reason === reason || (old === undefined && value === 'False')) return status
  const condition: Condition = { type: 'Progressing', status: value, reason, lastTransitionTime: time }
  return { ...status, conditions: [...conditions.filter((each) => each.type !== 'Progressing'), condition] }
}

/** Tries to write a status, and their pause. Source: statefulset.md 7.2; client-go retry.DefaultRetry. */
const statusTries = 5
const statusPause = milliseconds(10)

/** Source: statefulset.md 7.2. */
function* writeStatus(hands: Hands, component: Component, guard: Guard, key: string, status: NewStatus): Story<Trouble | undefined> {
  if (!isWorthWriting(hands.set, status)) return undefined
  let set = hands.set
  for (let tries = 1; ; tries++) {
    const object = { ...set, status: asStored(status) }
    const answer = yield* call({ verb: 'update', subresource: 'status', object })
    if (answer.ok) {
      guard.wrote(key, set.metadata.uid, 'StatefulSet', answer.object)
      return undefined
    }
    const trouble = { reason: answer.status.reason, text: answer.status.message }
    set = component.see.of<StatefulSet>('StatefulSet').get(set.metadata.namespace, set.metadata.name) ?? set
    if (trouble.reason !== 'Conflict' || tries === statusTries) return trouble
    yield* sleep(Math.round(statusPause * (1 + hands.jitter() / 10)))
  }
}

/** When to look again although nothing changes. Source: statefulset.md 3.5. */
const wakesAfter = (
  set: StatefulSet,
  status: NewStatus,
  pods: readonly Pod[],
  judgement: Judgement,
  now: Micros,
): Outcome['wakesAfter'] => {
  const { minReadySeconds } = judgement
  if (minReadySeconds === 0) return null
  if (!atLeast(judgement.release, 35, 1)) return status.availableReplicas === replicasOf(set) ? null : seconds(minReadySeconds)
  if (status.readyReplicas === status.availableReplicas) return null
  let next: Micros | undefined
  for (const pod of pods) {
    const since = readySince(pod)
    if (since === undefined || isAvailableTo(judgement, pod)) continue
    const at = judgement.microsOf(since) + seconds(minReadySeconds)
    if (next === undefined || at < next) next = at
  }
  return next === undefined ? seconds(minReadySeconds) : Math.max(0, next - now)
}
