/**
 * Lets a deleted volume go when it is not bound. Source: node-and-storage.md C9; pkg/controller/volume/pvprotection (1.36).
 */
import type { Component, Controller, ControllerFactory } from '../client/controller.ts'
import { call, done, failed, type Look, waits } from '../client/story.ts'
import { isTerminating, type KubernetesObject } from '../objects/metadata.ts'

const finalizer = 'kubernetes.io/pv-protection'

export const persistentVolumeProtection: ControllerFactory = (component: Component): Controller => {
  const volumes = component.see.of('PersistentVolume')
  const isWanted = (volume: KubernetesObject): boolean => isTerminating(volume) === (volume.metadata.finalizers ?? []).includes(finalizer)
  return {
    name: component.name,
    kinds: ['PersistentVolume'],
    workers: 1,
    changed({ type, object }, queue) {
      if (type !== 'DELETED' && isWanted(object)) queue.add(object.metadata.name)
    },
    *look(name): Look {
      const volume = volumes.get(undefined, name)
      if (volume === undefined || !isWanted(volume)) return done
      if (isTerminating(volume) && volume['status']?.phase === 'Bound') return waits('the volume is bound')
      const before = volume.metadata.finalizers ?? []
      const finalizers = isTerminating(volume) ? before.filter((each) => each !== finalizer) : [...before, finalizer]
      const answer = yield* call({ verb: 'update', object: { ...volume, metadata: { ...volume.metadata, finalizers } } })
      return answer.ok || answer.status.reason === 'NotFound' ? done : failed(answer.status.message)
    },
  }
}
