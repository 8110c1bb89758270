/**
 * Claims of a set's pods: what they are made of, and whom the retention policy wants as their owner.
 * Source: statefulset.md 11; stateful_set_utils.go (isClaimOwnerUpToDate, updateClaimOwnerRefForSetAndPod, hasStaleOwnerRef).
 */
import type { KubernetesObject, OwnerReference } from '../../objects/metadata.ts'
import type { Pod } from '../../objects/pod.ts'
import {
  type ClaimTemplate,
  claimNameOf,
  isInWindow,
  ordinalOf,
  ownerReferenceTo,
  retentionOf,
  type StatefulSet,
} from '../../objects/statefulset.ts'
import { fitOf } from './facts.ts'

/** The names of a pod's claims, in the order of the templates. */
export const claimNames = (set: StatefulSet, pod: Pod): readonly string[] => fitOf(set, pod).claims

/** The claim that a template makes for a pod. It has no owner when it is made. Source: statefulset.md 11.1. */
export const newClaim = (set: StatefulSet, template: ClaimTemplate, pod: Pod): KubernetesObject => {
  const { matchLabels } = set.spec.selector
  const labels = { ...template.metadata.labels, ...matchLabels }
  const { status: _, ...rest } = template as ClaimTemplate & { readonly status?: unknown }
  const { creationTimestamp: __, labels: ___, ...meta } = template.metadata
  return {
    ...rest,
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      ...meta,
      name: claimNameOf(set, template, ordinalOf(pod)),
      namespace: set.metadata.namespace ?? '',
      ...(Object.keys(labels).length === 0 ? {} : { labels }),
    },
  }
}

const nobody: readonly OwnerReference[] = []
const ownersOf = (claim: KubernetesObject): readonly OwnerReference[] => claim.metadata.ownerReferences ?? nobody

/** Whether a reference names the object: API version, kind and name; the uid may be another's. */
const names = (owner: OwnerReference, object: KubernetesObject): boolean =>
  owner.apiVersion === object.apiVersion && owner.kind === object.kind && owner.name === object.metadata.name

const hasOwner = (claim: KubernetesObject, object: KubernetesObject): boolean =>
  ownersOf(claim).some((owner) => owner.uid === object.metadata.uid)

/** A former object of that name owns it: the first reference that names it has another uid. */
export const isStale = (claim: KubernetesObject, object: KubernetesObject): boolean => {
  const owner = ownersOf(claim).find((each) => names(each, object))
  return owner !== undefined && owner.uid !== (object.metadata.uid ?? '')
}

const isRetained = (set: StatefulSet): boolean => {
  const { whenDeleted, whenScaled } = retentionOf(set)
  return whenDeleted === 'Retain' && whenScaled === 'Retain'
}

/**
 * Somebody else controls the claim, or a former set or pod of the name does: the policy is ignored, and people are told.
 * Source: statefulset.md 11.5 rules 1 and 2.
 */
export const hasStrangeController = (claim: KubernetesObject, set: StatefulSet, pod: Pod): boolean => {
  if (isRetained(set)) return false
  return ownersOf(claim).some((owner) => {
    if (names(owner, set)) return owner.uid !== set.metadata.uid
    if (names(owner, pod)) return owner.uid !== (pod.metadata.uid ?? '')
    return owner.controller === true
  })
}

/** Ours, but not as controller. */
const isOwnedPlainly = (claim: KubernetesObject, set: StatefulSet, pod: Pod): boolean =>
  ownersOf(claim).some((owner) => (owner.uid === set.metadata.uid || owner.uid === pod.metadata.uid) && owner.controller !== true)

/** Who should own a claim: the set, its pod, or neither. Source: statefulset.md 11.5, the table. */
export const wantedOwner = (set: StatefulSet, pod: Pod): 'set' | 'pod' | 'none' => {
  const { whenDeleted, whenScaled } = retentionOf(set)
  if (whenScaled === 'Delete' && !isInWindow(set, ordinalOf(pod))) return 'pod'
  return whenDeleted === 'Delete' ? 'set' : 'none'
}

/** Whether the owners of a claim are what the policy asks for. Source: statefulset.md 11.5. */
export const ownersAreRight = (claim: KubernetesObject, set: StatefulSet, pod: Pod): boolean => {
  if (ownersOf(claim).length === 0 && isRetained(set)) return true
  if (isStale(claim, set) || isStale(claim, pod)) return true
  const ofSet = hasOwner(claim, set)
  const ofPod = hasOwner(claim, pod)
  if (hasStrangeController(claim, set, pod)) return !(ofSet || ofPod)
  if (isOwnedPlainly(claim, set, pod)) return false
  const { whenDeleted, whenScaled } = retentionOf(set)
  const wanted = wantedOwner(set, pod)
  // With whenDeleted Retain alone the set is not asked about inside the window but for being absent; all rows come to this:
  if (whenDeleted === 'Retain' && whenScaled === 'Retain') return !(ofSet || ofPod)
  return ofSet === (wanted === 'set') && ofPod === (wanted === 'pod')
}

const podReferenceTo = (pod: Pod): OwnerReference => ({
  apiVersion: 'v1',
  kind: 'Pod',
  name: pod.metadata.name,
  uid: pod.metadata.uid ?? '',
  controller: true,
  blockOwnerDeletion: true,
})

/** The claim with the owners that the policy asks for. Source: statefulset.md 11.5, "Repair". */
export const withRightOwners = (claim: KubernetesObject, set: StatefulSet, pod: Pod): KubernetesObject => {
  const others = ownersOf(claim).filter((owner) => !names(owner, set) && !names(owner, pod))
  const wanted = hasStrangeController(claim, set, pod) ? 'none' : wantedOwner(set, pod)
  const owners = wanted === 'none' ? others : [...others, wanted === 'set' ? ownerReferenceTo(set) : podReferenceTo(pod)]
  const { ownerReferences: _, ...metadata } = claim.metadata
  return { ...claim, metadata: owners.length === 0 ? metadata : { ...metadata, ownerReferences: owners } }
}
