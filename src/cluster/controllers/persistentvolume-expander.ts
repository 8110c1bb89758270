/**
 * Says that a claim which asks for more waits for its driver's resizer (csi/resizer.ts), which does the work.
 * Source: node-and-storage.md C11; pkg/controller/volume/expand/expand_controller.go (1.36).
 */
import type { Component, Controller, ControllerFactory } from '../client/controller.ts'
import { announce, done, type Look } from '../client/story.ts'
import { type KubernetesObject, namespacedName } from '../objects/metadata.ts'
import { compareQuantities } from '../objects/quantity.ts'

const requestOf = (claim: KubernetesObject): string => (claim['spec']?.resources?.requests?.storage as string | undefined) ?? '0'
const capacityOf = (claim: KubernetesObject): string | undefined => claim['status']?.capacity?.storage as string | undefined

const wantsMore = (claim: KubernetesObject): boolean => {
  const capacity = capacityOf(claim)
  return claim['status']?.phase === 'Bound' && capacity !== undefined && compareQuantities(requestOf(claim), capacity) > 0
}

export const persistentVolumeExpander: ControllerFactory = (component: Component): Controller => {
  const claims = component.see.of('PersistentVolumeClaim')
  const volumes = component.see.of('PersistentVolume')
  return {
    name: component.name,
    kinds: ['PersistentVolumeClaim'],
    workers: 1,
    changed({ type, object, old }, queue) {
      const grew = old === undefined || compareQuantities(requestOf(object), requestOf(old)) > 0
      if (type !== 'DELETED' && grew && wantsMore(object)) queue.add(namespacedName(object))
    },
    *look(key): Look {
      const [namespace, name = ''] = key.split('/')
      const claim = claims.get(namespace, name)
      if (claim === undefined || !wantsMore(claim)) return done
      const volume = volumes.get(undefined, claim['spec']?.volumeName)
      if (volume?.['spec']?.csi === undefined) return done
      yield* announce(claim, 'Normal', 'ExternalExpanding', 'waiting for an external controller to expand this PVC')
      return done
    },
  }
}
