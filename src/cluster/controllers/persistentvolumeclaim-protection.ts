/**
 * Lets a deleted claim go when no pod that a node has uses it any more.
 *
 * Source: node-and-storage.md C9; pkg/controller/volume/pvcprotection/pvc_protection_controller.go (1.36).
 */
import type { Component, Controller, ControllerFactory, Enqueue } from '../client/controller.ts'
import { call, done, failed, type Look, waits } from '../client/story.ts'
import { isTerminating, type KubernetesObject, namespacedName } from '../objects/metadata.ts'
import { claimNamesOf, isScheduled, type PodVolume } from '../objects/pod.ts'

const finalizer = 'kubernetes.io/pvc-protection'

/** The claims of a pod, those of its generic ephemeral volumes too. */
const claimsOf = (pod: KubernetesObject): readonly string[] => [
  ...claimNamesOf(pod),
  ...((pod['spec']?.volumes ?? []) as readonly PodVolume[]).flatMap((volume) =>
    volume.ephemeral === undefined ? [] : [`${pod.metadata.name}-${volume.name}`],
  ),
]

export const persistentVolumeClaimProtection: ControllerFactory = (component: Component): Controller => {
  const claims = component.see.of('PersistentVolumeClaim')
  const usersOf = component.see
    .of('Pod')
    .index('protected claims', (pod) => claimsOf(pod).map((claim) => `${pod.metadata.namespace}/${claim}`))

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
      if (type === 'DELETED' || old === undefined) {
        for (const claim of claimsOf(object)) consider(object.metadata.namespace as string, claim, queue)
      }
    },
    *look(key): Look {
      const [namespace = '', name = ''] = key.split('/')
      const claim = claims.get(namespace, name)
      if (claim === undefined || !isWanted(claim)) return done
      const before = claim.metadata.finalizers ?? []
      if (isTerminating(claim)) {
        const users = usersOf(key).filter(isScheduled)
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
