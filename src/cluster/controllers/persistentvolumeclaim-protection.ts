/**
 * Lets a deleted claim go when no pod that a node has uses it any more.
 *
 * Source: node-and-storage.md C9; pkg/controller/volume/pvcprotection/pvc_protection_controller.go (1.36).
 */
import type { Component, Controller, ControllerFactory, Enqueue } from '../client/controller.ts'
import { call, done, failed, type Look, waits } from '../client/story.ts'
import { isControlledBy, isTerminating, type KubernetesObject, namespacedName } from '../objects/metadata.ts'
import { claimNameOf, claimNamesOf, isScheduled, type PodVolume } from '../objects/pod.ts'

const finalizer = 'kubernetes.io/pvc-protection'

/** A pod of which nothing runs any more, and which only its finalizers hold. */
const isShutDown = ({ metadata }: KubernetesObject): boolean =>
  metadata.deletionTimestamp !== undefined && metadata.deletionGracePeriodSeconds === 0

/** Whether a pod on a node needs the claim. One made for an ephemeral volume goes before its pod, and is only needed by its own. */
const uses = (pod: KubernetesObject, claim: KubernetesObject): boolean =>
  isScheduled(pod) &&
  ((pod['spec']?.volumes ?? []) as readonly PodVolume[]).some(
    (volume) =>
      claimNameOf(pod, volume) === claim.metadata.name &&
      (volume.ephemeral === undefined || (!isShutDown(pod) && isControlledBy(claim, pod))),
  )

export const persistentVolumeClaimProtection: ControllerFactory = (component: Component): Controller => {
  const claims = component.see.of('PersistentVolumeClaim')
  const usersOf = component.see
    .of('Pod')
    .index('protected claims', (pod) => claimNamesOf(pod).map((claim) => `${pod.metadata.namespace}/${claim}`))

  const isWanted = (claim: KubernetesObject): boolean => isTerminating(claim) === (claim.metadata.finalizers ?? []).includes(finalizer)

  const consider = (namespace: string, name: string, queue: Enqueue): void => {
    const claim = claims.get(namespace, name)
    if (claim !== undefined && isWanted(claim)) queue.add(namespacedName(claim))
  }

  return {
    name: component.name,
    kinds: ['PersistentVolumeClaim', 'Pod'],
    workers: 1,
    changed({ type, object, old }, queue) {
      if (object.kind === 'PersistentVolumeClaim') {
        if (type !== 'DELETED' && isWanted(object)) queue.add(namespacedName(object))
        return
      }
      // A pod that goes frees its claims; one that was not given to a node never held them.
      if (type === 'DELETED' || old === undefined || isShutDown(object)) {
        for (const claim of claimNamesOf(object)) consider(object.metadata.namespace as string, claim, queue)
      }
    },
    *look(key): Look {
      const [namespace = '', name = ''] = key.split('/')
      const claim = claims.get(namespace, name)
      if (claim === undefined || !isWanted(claim)) return done
      const before = claim.metadata.finalizers ?? []
      if (isTerminating(claim)) {
        const users = usersOf(key).filter((pod) => uses(pod, claim))
        if (users.length > 0)
          return waits(
            `used by pod ${users
              .map((pod) => pod.metadata.name)
              .sort()
              .join(', ')}`,
          )
      }
      const finalizers = isTerminating(claim) ? before.filter((each) => each !== finalizer) : [...before, finalizer]
      const answer = yield* call({ verb: 'update', object: { ...claim, metadata: { ...claim.metadata, finalizers } } })
      return answer.ok || answer.status.reason === 'NotFound' ? done : failed(answer.status.message)
    },
  }
}
