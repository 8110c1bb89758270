/**
 * What is done to revisions, call by call. Source: statefulset.md 4.4, 4.7, 4.8; pkg/controller/history.
 */
import { milliseconds } from '../../../engine/clock.ts'
import { call, type Story, sleep } from '../../client/story.ts'
import { controllerOf, namespacedName } from '../../objects/metadata.ts'
import type { Gates } from '../../objects/release.ts'
import { type ControllerRevision, ownerReferenceTo, type StatefulSet } from '../../objects/statefulset.ts'
import { hashOf, storedText } from './data.ts'
import type { Trouble } from './pods.ts'
import { type Candidate, currentOf, revisionName, updateChoice } from './revisions.ts'

/** Both revisions of a pass, and how many names were taken by others. */
export type Revisions = { readonly current: ControllerRevision; readonly update: ControllerRevision; readonly collisionCount: number }

/** The patch that makes an owner of the set: it names the uid that is meant. Source: statefulset.md 3.4. */
export const adoptionPatch = (set: StatefulSet, uid: string | undefined): unknown => ({
  metadata: { ownerReferences: [ownerReferenceTo(set)], uid },
})

/** The patch that takes the set's reference away. */
export const releasePatch = (set: StatefulSet, uid: string | undefined): unknown => ({
  metadata: { ownerReferences: [{ $patch: 'delete', uid: set.metadata.uid }], uid },
})

/**
 * May the set adopt? It is read live: another uid or a deletion in the meantime forbids it. Answers why not.
 * Source: statefulset.md 3.4; controller_ref_manager.go.
 */
export function* whyNotAdopt(set: StatefulSet): Story<string | undefined> {
  const answer = yield* call({ verb: 'get', kind: 'StatefulSet', namespace: set.metadata.namespace, name: set.metadata.name })
  if (!answer.ok) return `can't recheck DeletionTimestamp: ${answer.status.message}`
  const { uid, deletionTimestamp } = answer.object.metadata
  if (uid !== set.metadata.uid) {
    const gone = `original StatefulSet ${namespacedName(set)} is gone: got uid ${uid ?? ''}, wanted ${set.metadata.uid ?? ''}`
    return `can't recheck DeletionTimestamp: ${gone}`
  }
  return deletionTimestamp === undefined ? undefined : `${namespacedName(set)} has just been deleted at ${goTime(deletionTimestamp)}`
}

/** A moment as Go prints it: `2026-01-01 00:00:00 +0000 UTC`. */
const goTime = (time: string): string => `${time.slice(0, 10)} ${time.slice(11, 19)} +0000 UTC`

/** Adopts the orphans among the revisions, one after the other; the first refusal ends it. Source: statefulset.md 4.7. */
export function* adoptRevisions(set: StatefulSet, listed: readonly ControllerRevision[]): Story<Trouble | undefined> {
  const orphans = listed.filter((revision) => controllerOf(revision) === undefined)
  if (orphans.length === 0) return undefined
  const why = yield* whyNotAdopt(set)
  if (why !== undefined) return { reason: '', text: `can't adopt ControllerRevisions: ${why}` }
  for (const { metadata } of orphans) {
    const patch = adoptionPatch(set, metadata.uid)
    const { namespace, name } = metadata
    const answer = yield* call({ verb: 'patch', kind: 'ControllerRevision', namespace, name, type: 'strategic', patch })
    if (!answer.ok) return { reason: answer.status.reason, text: answer.status.message }
  }
  return undefined
}

/** Finds, renumbers or makes the update revision. Source: statefulset.md 4.4, 4.5. */
export function* decideRevisions(set: StatefulSet, listed: readonly ControllerRevision[], gates: Gates): Story<Revisions | Trouble> {
  const collisionCount = set.status?.collisionCount ?? 0
  const choice = updateChoice(set, listed, collisionCount, gates)
  switch (choice.kind) {
    case 'keep':
      return { current: currentOf(set, listed, choice.revision), update: choice.revision, collisionCount }
    case 'renumber': {
      const update = yield* renumber(choice.revision, choice.number)
      return 'made' in update ? { current: currentOf(set, listed, update.made), update: update.made, collisionCount } : update
    }
    case 'create':
      return yield* create(set, listed, choice.candidate, collisionCount)
  }
}

/**
 * Upstream means to try four times on a conflict, but after the first one holds the empty object that came with the error,
 * so the second try fails in the client. Source: statefulset.md 4.4 step 3.
 */
function* renumber(revision: ControllerRevision, number: number): Story<{ readonly made: ControllerRevision } | Trouble> {
  const answer = yield* call<ControllerRevision>({ verb: 'update', object: { ...revision, revision: number } })
  if (answer.ok) return { made: answer.object }
  if (answer.status.reason !== 'Conflict') return { reason: answer.status.reason, text: answer.status.message }
  yield* sleep(milliseconds(10))
  return { reason: '', text: 'resource name may not be empty' }
}

/** A name that is taken by other data counts up; one that is taken by the same data is used as it is. Source: statefulset.md 4.4 step 5. */
function* create(
  set: StatefulSet,
  listed: readonly ControllerRevision[],
  { revision, text }: Candidate,
  before: number,
): Story<Revisions | Trouble> {
  for (let collisionCount = before; ; collisionCount++) {
    const name = revisionName(set, hashOf(text, collisionCount))
    // The label keeps the hash of the first try.
    const object = { ...revision, metadata: { ...revision.metadata, name } }
    const answer = yield* call<ControllerRevision>({ verb: 'create', object })
    if (answer.ok) return { current: currentOf(set, listed, answer.object), update: answer.object, collisionCount }
    if (answer.status.reason !== 'AlreadyExists') return { reason: answer.status.reason, text: answer.status.message }
    const there = yield* call<ControllerRevision>({ verb: 'get', kind: 'ControllerRevision', namespace: set.metadata.namespace, name })
    if (!there.ok) return { reason: there.status.reason, text: there.status.message }
    if (storedText(there.object.data) === text) {
      return { current: currentOf(set, listed, there.object), update: there.object, collisionCount }
    }
  }
}

/** Deletes what is too much of the history; the first refusal ends it. Source: statefulset.md 4.8. */
export function* truncate(surplus: readonly ControllerRevision[]): Story<Trouble | undefined> {
  for (const { metadata } of surplus) {
    const answer = yield* call({ verb: 'delete', kind: 'ControllerRevision', namespace: metadata.namespace, name: metadata.name })
    if (!answer.ok) return { reason: answer.status.reason, text: answer.status.message }
  }
  return undefined
}
