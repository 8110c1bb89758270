/**
 * Makes the claims of generic ephemeral volumes: `<pod>-<volume>`, as the volume's template says, owned by the pod.
 *
 * It keeps true: a pod that is not going has a claim of its own for each such volume; one that somebody deletes is made again. A claim of that name
 * that is not the pod's is never touched: it is complained of, and the pod waits until it is away. That the claim goes with its pod is the garbage
 * collector's.
 *
 * Source: pkg/controller/volume/ephemeral/controller.go, component-helpers/storage/ephemeral/ephemeral.go (1.36).
 */
import type { Component, Controller, ControllerFactory, Enqueue } from '../client/controller.ts'
import { announce, call, done, failed, type Look, type Story } from '../client/story.ts'
import { isControlledBy, isTerminating, type KubernetesObject, namespacedName } from '../objects/metadata.ts'
import { claimNameOf, type PodVolume } from '../objects/pod.ts'

const ephemeralVolumesOf = (pod: KubernetesObject): readonly PodVolume[] =>
  ((pod['spec']?.volumes ?? []) as readonly PodVolume[]).filter(({ ephemeral }) => ephemeral !== undefined)

export const ephemeralVolume: ControllerFactory = (component: Component): Controller => {
  const pods = component.see.of('Pod')
  const claims = component.see.of('PersistentVolumeClaim')
  const usersOf = pods.index('ephemeral claims', (pod) =>
    ephemeralVolumesOf(pod).map((volume) => `${pod.metadata.namespace}/${claimNameOf(pod, volume)}`),
  )

  const consider = (pod: KubernetesObject, queue: Enqueue): void => {
    if (!isTerminating(pod) && ephemeralVolumesOf(pod).length > 0) queue.add(namespacedName(pod))
  }

  /** What hinders the pod from having the claim of a volume; undefined when it has it. */
  function* provide(pod: KubernetesObject, volume: PodVolume): Story<string | undefined> {
    const { namespace = '' } = pod.metadata
    const name = claimNameOf(pod, volume) as string
    const there = claims.get(namespace, name)
    if (there !== undefined) {
      return isControlledBy(there, pod)
        ? undefined
        : `PVC ${namespace}/${name} was not created for pod ${namespacedName(pod)} (pod is not owner)`
    }
    const answer = yield* call({ verb: 'create', object: newClaim(pod, volume) })
    return answer.ok ? undefined : `create PVC ${name}: ${answer.status.message}`
  }

  return {
    name: component.name,
    kinds: ['Pod', 'PersistentVolumeClaim'],
    workers: 5, // --concurrent-ephemeralvolume-syncs
    changed({ type, object }, queue) {
      // A pod's volumes never change: only new pods and deleted claims matter.
      if (object.kind === 'Pod') {
        if (type === 'ADDED') consider(object, queue)
      } else if (type === 'DELETED') {
        for (const pod of usersOf(namespacedName(object))) consider(pod, queue)
      }
    },
    *look(key): Look {
      const [namespace, name = ''] = key.split('/')
      const pod = pods.get(namespace, name)
      if (pod === undefined || isTerminating(pod)) return done
      for (const volume of ephemeralVolumesOf(pod)) {
        const hindrance = yield* provide(pod, volume)
        if (hindrance === undefined) continue
        const why = `ephemeral volume ${volume.name}: ${hindrance}`
        yield* announce(pod, 'Warning', 'FailedBinding', why)
        return failed(`pod ${key}, ${why}`)
      }
      return done
    },
  }
}

/** The claim of one volume: labels, annotations and spec of the template, nothing else of it. */
const newClaim = (pod: KubernetesObject, volume: PodVolume): KubernetesObject => {
  const { metadata: { labels, annotations } = {}, spec } = volume.ephemeral?.volumeClaimTemplate ?? { spec: {} }
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: claimNameOf(pod, volume) as string,
      namespace: pod.metadata.namespace as string,
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
      ownerReferences: [
        {
          apiVersion: 'v1',
          kind: 'Pod',
          name: pod.metadata.name,
          uid: pod.metadata.uid as string,
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec,
  }
}
