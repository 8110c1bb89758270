/**
 * Which volume a claim binds to: asked by the binder of claims and, for a node, by the scheduler.
 * Source: scheduler.md 7.11; k8s.io/component-helpers/storage/volume (FindMatchingVolume, CheckNodeAffinity, GetBindVolumeToClaim).
 */
import type { KubernetesObject } from './metadata.ts'
import type { NodeSelector } from './node.ts'
import { matchesNodeSelector } from './node.ts'
import { bytesOf } from './quantity.ts'
import { matches } from './selector.ts'
import { classOf } from './volume.ts'

type Place = { readonly labels: Readonly<Record<string, string>> | undefined }

/** Annotations of claims and volumes that binder, scheduler and provisioner speak through. */
export const volumeAnnotations = {
  bindCompleted: 'pv.kubernetes.io/bind-completed',
  boundByController: 'pv.kubernetes.io/bound-by-controller',
  selectedNode: 'volume.kubernetes.io/selected-node',
  provisioner: 'volume.kubernetes.io/storage-provisioner',
  betaProvisioner: 'volume.beta.kubernetes.io/storage-provisioner',
  betaClass: 'volume.beta.kubernetes.io/storage-class',
  defaultClass: 'storageclass.kubernetes.io/is-default-class',
  provisionedBy: 'pv.kubernetes.io/provisioned-by',
} as const

/** What a claim asks for, in bytes. */
export const claimSize = (claim: KubernetesObject): number => bytesOf(claim['spec']?.resources?.requests?.storage)

/** How much a volume holds, in bytes. */
export const volumeSize = (volume: KubernetesObject): number => bytesOf(volume['spec']?.capacity?.storage)

/** Whether a claim and its volume have found each other for good. */
export const isFullyBound = (claim: KubernetesObject): boolean =>
  (claim['spec']?.volumeName ?? '') !== '' && claim.metadata.annotations?.[volumeAnnotations.bindCompleted] !== undefined

/** Whether a volume's claimRef names this claim (a claimRef without a uid names any claim of that name). */
export const isVolumeBoundToClaim = (volume: KubernetesObject, claim: KubernetesObject): boolean => {
  const reference = volume['spec']?.claimRef as { name?: string; namespace?: string; uid?: string } | undefined
  if (reference === undefined) return false
  if (reference.name !== claim.metadata.name || reference.namespace !== claim.metadata.namespace) return false
  return !reference.uid || reference.uid === claim.metadata.uid
}

/** Whether claims of the class are bound only when a pod that uses them has a node. */
export const waitsForConsumer = (storageClass: KubernetesObject | undefined): boolean =>
  storageClass?.['volumeBindingMode'] === 'WaitForFirstConsumer'

/** Why a volume that a claim names does not suit it; undefined: it does. Source: node-and-storage.md C1 (checkVolumeSatisfyClaim). */
export const mismatchOf = (volume: KubernetesObject, claim: KubernetesObject): string | undefined => {
  if (volumeSize(volume) < claimSize(claim)) return 'requested PV is too small'
  if (classOf(volume) !== classOf(claim)) return 'storageClassName does not match'
  if (attributesClassOf(volume) !== attributesClassOf(claim)) return 'volumeAttributesClassName does not match'
  if (volumeModeOf(volume) !== volumeModeOf(claim)) return 'incompatible volumeMode'
  if (!hasAccessModes(volume, claim)) return 'incompatible accessMode'
  return undefined
}

/** Whether a volume can be reached from a node. Only labels are asked: a term about the node's name meets none. Source: CheckNodeAffinity. */
export const reachesNode = (volume: KubernetesObject, place: Place): boolean => {
  const required = volume['spec']?.nodeAffinity?.required as NodeSelector | undefined
  return required === undefined || matchesNodeSelector(required, '', place.labels)
}

const volumeModeOf = (object: KubernetesObject): string => (object['spec']?.volumeMode as string | undefined) ?? 'Filesystem'
const attributesClassOf = (object: KubernetesObject): string => (object['spec']?.volumeAttributesClassName as string | undefined) ?? ''

const hasAccessModes = (volume: KubernetesObject, claim: KubernetesObject): boolean => {
  const offered = (volume['spec']?.accessModes ?? []) as readonly string[]
  return ((claim['spec']?.accessModes ?? []) as readonly string[]).every((mode) => offered.includes(mode))
}

/**
 * The volume that a claim gets: one that is meant for it, whatever else it is, if it suits in size and mode; else the smallest that suits (the
 * first of equal ones). `place`: on this node only. `delayed`: the class waits for a consumer, so without a node only
 * a volume that is meant for the claim counts. `taken`: volumes that are spoken for.
 */
export const findMatchingVolume = (
  claim: KubernetesObject,
  volumes: Iterable<KubernetesObject>,
  { place, taken, delayed = false }: { place?: Place; taken?: ReadonlySet<string>; delayed?: boolean } = {},
): KubernetesObject | undefined => {
  const wanted = claimSize(claim)
  const className = classOf(claim)
  let best: KubernetesObject | undefined
  let bestSize = 0
  for (const volume of volumes) {
    if (taken?.has(volume.metadata.name)) continue
    const isMeant = isVolumeBoundToClaim(volume, claim)
    if (volume['spec']?.claimRef !== undefined && !isMeant) continue
    const size = volumeSize(volume)
    if (size < wanted || volumeModeOf(volume) !== volumeModeOf(claim) || attributesClassOf(volume) !== attributesClassOf(claim)) continue
    if (volume.metadata.deletionTimestamp !== undefined) continue
    const reached = place === undefined || reachesNode(volume, place)
    if (isMeant) return reached ? volume : undefined
    if (place === undefined && delayed) continue
    if (volume['status']?.phase !== 'Available') continue
    if (claim['spec']?.selector !== undefined && !matches(volume.metadata.labels, claim['spec'].selector)) continue
    if (classOf(volume) !== className || !reached || !hasAccessModes(volume, claim)) continue
    if (best === undefined || size < bestSize) {
      best = volume
      bestSize = size
    }
  }
  return best
}

/** A volume with its claimRef set to a claim, as binder and scheduler write it; the same object if nothing changes. */
export const volumeForClaim = (volume: KubernetesObject, claim: KubernetesObject): KubernetesObject => {
  const reference = volume['spec']?.claimRef as { uid?: string } | undefined
  const isMeant = isVolumeBoundToClaim(volume, claim)
  if (isMeant && reference?.uid === claim.metadata.uid) return volume
  const claimRef = {
    kind: 'PersistentVolumeClaim',
    namespace: claim.metadata.namespace,
    name: claim.metadata.name,
    uid: claim.metadata.uid,
    apiVersion: 'v1',
    resourceVersion: claim.metadata.resourceVersion,
  }
  const annotations = isMeant
    ? volume.metadata.annotations
    : { ...volume.metadata.annotations, [volumeAnnotations.boundByController]: 'yes' }
  return {
    ...volume,
    metadata: annotations === undefined ? volume.metadata : { ...volume.metadata, annotations },
    spec: { ...volume['spec'], claimRef },
  }
}
