/**
 * What is done to pods and their claims, call by call, each with its Event. Source: statefulset.md 6.5 to 6.7, 11.3 to 11.5, 12;
 * stateful_pod_control.go.
 */
import { milliseconds } from '../../../engine/clock.ts'
import type { Answer } from '../../apiserver/request.ts'
import type { Lister } from '../../client/controller.ts'
import { announce, call, type Story, sleep } from '../../client/story.ts'
import { isTerminating, type KubernetesObject } from '../../objects/metadata.ts'
import type { Pod } from '../../objects/pod.ts'
import { atLeast, type Gates } from '../../objects/release.ts'
import { claimNameOf, ordinalOf, retentionOf, type StatefulSet } from '../../objects/statefulset.ts'
import { claimNames, hasStrangeController, isStale, newClaim, ownersAreRight, withRightOwners } from './claims.ts'
import { identityMatches, storageMatches, withIdentity, withStorage } from './identity.ts'

/** What a pass holds in its hands while it works on one set. */
export type Hands = {
  readonly set: StatefulSet
  readonly gates: Gates
  /** Caches. */
  readonly claims: Lister
  readonly pods: Lister<Pod>
  /** A draw in [0, 1) for the pauses between tries. */
  readonly jitter: () => number
  /** Told of each creation and update of a pod or claim, for the stale-cache guard. */
  readonly wrote: (kind: 'Pod' | 'PersistentVolumeClaim', object: KubernetesObject) => void
}

/** What went wrong; `reason` is the API's word, '' for what is the controller's own. */
export type Trouble = { readonly reason: string; readonly text: string }

/** Several troubles as one, as Go's aggregate prints them: equal texts once, several in square brackets. */
export const asOne = (troubles: readonly Trouble[]): Trouble | undefined => {
  const [first] = troubles
  if (first === undefined || troubles.length === 1) return first
  const texts = [...new Set(troubles.map((trouble) => trouble.text))]
  return { reason: '', text: texts.length === 1 ? first.text : `[${texts.join(', ')}]` }
}

const troubleOf = (answer: Answer): Trouble | undefined =>
  answer.ok ? undefined : { reason: answer.status.reason, text: answer.status.message }

type Verb = 'Create' | 'Update' | 'Delete'

/** The first word of a message: up to 1.34 in lower case. Source: statefulset.md 12. */
const spoken = (hands: Hands, verb: Verb): string => (atLeast(hands.gates.release, 35) ? verb : verb.toLowerCase())

function* tellOfPod(hands: Hands, verb: Verb, pod: Pod, trouble: Trouble | undefined): Story<void> {
  const { set } = hands
  const words = `${spoken(hands, verb)} Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name}`
  if (trouble === undefined) yield* announce(set, 'Normal', `Successful${verb}`, `${words} successful`)
  else yield* announce(set, 'Warning', `Failed${verb}`, `${words} failed error: ${trouble.text}`)
}

function* tellOfClaim(hands: Hands, claim: string, pod: Pod, trouble: Trouble | undefined): Story<void> {
  const { set } = hands
  const [verb, name] = [spoken(hands, 'Create'), pod.metadata.name]
  const inSet = `Pod ${name} in StatefulSet ${set.metadata.name}`
  if (trouble === undefined) yield* announce(set, 'Normal', 'SuccessfulCreate', `${verb} Claim ${claim} ${inSet} success`)
  else yield* announce(set, 'Warning', 'FailedCreate', `${verb} Claim ${claim} for ${inSet} failed error: ${trouble.text}`)
}

/** Make the claims that are missing. One that is going away, or cannot be made, is trouble. Source: statefulset.md 6.5 step 1. */
function* createClaims(hands: Hands, pod: Pod): Story<Trouble | undefined> {
  const { set } = hands
  const troubles: Trouble[] = []
  for (const template of set.spec.volumeClaimTemplates ?? []) {
    const name = claimNameOf(set, template, ordinalOf(pod))
    const there = hands.claims.get(set.metadata.namespace, name)
    if (there !== undefined) {
      if (isTerminating(there)) troubles.push({ reason: '', text: `pvc ${name} is being deleted` })
      continue
    }
    const answer = yield* call({ verb: 'create', object: newClaim(set, template, pod) })
    const trouble = troubleOf(answer)
    if (answer.ok) hands.wrote('PersistentVolumeClaim', answer.object)
    if (trouble !== undefined) troubles.push({ reason: '', text: `failed to create PVC ${name}: ${trouble.text}` })
    if (trouble?.reason !== 'AlreadyExists') yield* tellOfClaim(hands, name, pod, trouble)
  }
  return asOne(troubles)
}

/** Whether the owners of all its claims are right; a claim that is missing counts as right. Source: statefulset.md 6.3 step 7. */
export const claimsAreRight = (hands: Hands, pod: Pod): boolean =>
  claimNames(hands.set, pod).every((name) => {
    const claim = hands.claims.get(hands.set.metadata.namespace, name)
    return claim === undefined || ownersAreRight(claim, hands.set, pod)
  })

/** Whether mending the claims of a Pending pod would do and say nothing: all are there to stay, and no stranger controls one. */
export const claimsAreThere = (hands: Hands, pod: Pod): boolean =>
  claimNames(hands.set, pod).every((name) => {
    const claim = hands.claims.get(hands.set.metadata.namespace, name)
    return (
      claim !== undefined && !isTerminating(claim) && !hasStrangeController(claim, hands.set, pod) && ownersAreRight(claim, hands.set, pod)
    )
  })

/** Give the claims the owners that the policy asks for. Source: statefulset.md 11.5. */
export function* ownClaims(hands: Hands, pod: Pod): Story<Trouble | undefined> {
  const { set } = hands
  for (const name of claimNames(set, pod)) {
    const claim = hands.claims.get(set.metadata.namespace, name)
    if (claim === undefined) continue
    if (hasStrangeController(claim, set, pod)) {
      const message = `PersistentVolumeClaim ${name} has a conflicting OwnerReference that acts as a manging controller, the retention policy is ignored for this claim`
      yield* announce(set, 'Warning', 'ConflictingController', message)
    }
    if (ownersAreRight(claim, set, pod)) continue
    const answer = yield* call({ verb: 'update', object: withRightOwners(claim, set, pod) })
    if (answer.ok) hands.wrote('PersistentVolumeClaim', answer.object)
    else {
      const { reason, message } = answer.status
      return { reason, text: `could not update claim ${name} for delete policy ownerRefs: ${message}` }
    }
  }
  return undefined
}

/** Whether a claim still belongs to a former pod of this name and is about to go. Source: statefulset.md 11.4. */
export const staleClaimOf = (hands: Hands, pod: Pod): string | undefined => {
  if (retentionOf(hands.set).whenScaled !== 'Delete') return undefined
  return claimNames(hands.set, pod).find((name) => {
    const claim = hands.claims.get(hands.set.metadata.namespace, name)
    return claim !== undefined && isStale(claim, pod)
  })
}

/** Claims first, then the pod. Source: statefulset.md 6.5. */
export function* createPod(hands: Hands, pod: Pod): Story<Trouble | undefined> {
  const claims = yield* createClaims(hands, pod)
  if (claims !== undefined) {
    yield* tellOfPod(hands, 'Create', pod, claims)
    return claims
  }
  const answer = yield* call({ verb: 'create', object: pod })
  const trouble = troubleOf(answer)
  if (trouble?.reason === 'AlreadyExists') return trouble
  if (answer.ok) hands.wrote('Pod', answer.object)
  const owners = yield* ownClaims(hands, pod)
  if (owners !== undefined) {
    yield* tellOfPod(hands, 'Update', pod, owners)
    return owners
  }
  yield* tellOfPod(hands, 'Create', pod, trouble)
  return trouble
}

/** The claims of a Pending pod: made again if they are missing, and owned. Source: statefulset.md 11.3 (b). */
export function* mendClaims(hands: Hands, pod: Pod): Story<Trouble | undefined> {
  const missing = yield* createClaims(hands, pod)
  if (missing !== undefined) return missing
  const owners = yield* ownClaims(hands, pod)
  if (owners !== undefined) yield* tellOfPod(hands, 'Update', pod, owners)
  return owners
}

/** Pauses before the second to fourth try, plus up to a tenth. Source: statefulset.md 6.6; client-go retry.DefaultBackoff. */
const pauses = [10, 50, 250] as const

/** Identity, storage, owners of claims: what is off is put right. Source: statefulset.md 6.6. */
export function* updatePod(hands: Hands, pod: Pod): Story<Trouble | undefined> {
  let current = pod
  let wrote = false
  let trouble: Trouble | undefined
  for (let tries = 0; tries <= pauses.length; tries++) {
    trouble = undefined
    let isOff = false
    let onClaims: Trouble | undefined
    if (!identityMatches(hands.set, current)) {
      current = withIdentity(hands.set, current)
      isOff = true
    }
    if (!storageMatches(hands.set, current)) {
      current = withStorage(hands.set, current)
      isOff = true
      onClaims = yield* createClaims(hands, current)
    }
    if (onClaims === undefined && !claimsAreRight(hands, current)) {
      isOff = true
      onClaims = yield* ownClaims(hands, current)
    }
    if (onClaims !== undefined) {
      yield* tellOfPod(hands, 'Update', current, onClaims)
      trouble = onClaims
    } else {
      if (!isOff) break
      wrote = true
      const answer = yield* call({ verb: 'update', object: current })
      trouble = troubleOf(answer)
      if (answer.ok) {
        hands.wrote('Pod', answer.object)
        break
      }
    }
    if (trouble?.reason !== 'Conflict') break
    if (onClaims === undefined) current = hands.pods.get(hands.set.metadata.namespace, current.metadata.name) ?? current
    const pause = pauses[tries]
    if (pause === undefined) break
    yield* sleep(milliseconds(pause * (1 + hands.jitter() / 10)))
  }
  if (wrote) yield* tellOfPod(hands, 'Update', current, trouble)
  return trouble
}

/** Since 1.36 a pod that is gone already counts as deleted. Source: statefulset.md 6.7. */
export function* deletePod(hands: Hands, pod: Pod): Story<Trouble | undefined> {
  const answer = yield* call({ verb: 'delete', kind: 'Pod', namespace: pod.metadata.namespace, name: pod.metadata.name })
  const found = troubleOf(answer)
  const trouble = found?.reason === 'NotFound' && atLeast(hands.gates.release, 36) ? undefined : found
  yield* tellOfPod(hands, 'Delete', pod, trouble)
  return trouble
}
