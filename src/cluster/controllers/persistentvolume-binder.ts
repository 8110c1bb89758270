/**
 * Binds claims to volumes: static ones that exist, or one that the external provisioner makes when this controller names it.
 *
 * It keeps true: of a bound pair the volume's claimRef and phase and the claim's volumeName and phase agree; each of the four writes can be
 * taken up again by the next look. A resync every 15 s repeats what still waits; it is an event only while something does.
 *
 * Source: node-and-storage.md C1; pkg/controller/volume/persistentvolume/{pv_controller,pv_controller_base}.go (1.36).
 * Differs from Kubernetes: in-tree deletion and recycling are not there (all volumes are an external provisioner's).
 */
import { parseDuration, seconds } from '../../engine/clock.ts'
import { ranks } from '../../world/ranks.ts'
import type { Answer, Request } from '../apiserver/request.ts'
import type { Component, Controller, ControllerFactory, Enqueue, Lister } from '../client/controller.ts'
import { announce, call, done, failed, type Look, type Outcome, type Story, waits } from '../client/story.ts'
import { Turn } from '../client/turn.ts'
import { type KubernetesObject, namespacedName, objectKey } from '../objects/metadata.ts'
import { claimNamesOf, isFinishedPod, isScheduled } from '../objects/pod.ts'
import { classOf } from '../objects/volume.ts'
import {
  findMatchingVolume,
  isVolumeBoundToClaim,
  mismatchOf,
  volumeAnnotations,
  volumeForClaim,
  waitsForConsumer,
} from '../objects/volume-matching.ts'

type Phase = 'Pending' | 'Bound' | 'Lost' | 'Available' | 'Released' | 'Failed'

const has = (object: KubernetesObject, annotation: string): boolean => object.metadata.annotations?.[annotation] !== undefined
const phaseOf = (object: KubernetesObject): Phase | undefined => object['status']?.phase as Phase | undefined
const volumeNameOf = (claim: KubernetesObject): string => (claim['spec']?.volumeName as string | undefined) ?? ''

const lost = 'Bound claim has lost its PersistentVolume. Data on the volume is lost!'

export const persistentVolumeBinder: ControllerFactory = (component: Component): Controller => {
  const claims = component.see.of('PersistentVolumeClaim')
  const volumes = component.see.of('PersistentVolume')
  const classes = component.see.of('StorageClass')
  const podsByClaim = component.see
    .of('Pod')
    .index('claims', (pod) => claimNamesOf(pod).map((claim) => `${pod.metadata.namespace}/${claim}`))
  /** Volumes by the claim that their claimRef names, and those without one by class. */
  const volumesByClaim = volumes.index('claimRef', (volume) => {
    const reference = volume['spec']?.claimRef
    return reference ? [`${reference.namespace}/${reference.name}`] : [`free ${classOf(volume)}`]
  })
  const pending = new Set<string>()
  /** What this controller wrote last, until the caches have it, as upstream keeps its own stores up to date (storeObjectUpdate). */
  const written = new Map<string, KubernetesObject>()
  let queue: Enqueue | undefined
  const resync = new Turn({
    process: component.process,
    rank: ranks.volumeResync,
    rhythm: component.rhythm('pv-resync', parseDuration(component.option('pvclaimbinder-sync-period') ?? '') ?? seconds(15), 0),
    mode: 'includes',
    label: 'resync of claims',
    act: () => {
      for (const key of [...pending].sort()) queue?.add(key)
      if (pending.size > 0) resync.want(component.now() + 1)
    },
  })

  const known = (lister: Lister, namespace: string | undefined, name: string): KubernetesObject | undefined => {
    const cached = lister.get(namespace, name)
    if (cached === undefined) return undefined
    const own = written.get(objectKey(cached))
    if (own === undefined) return cached
    if (own.metadata.uid === cached.metadata.uid && Number(own.metadata.resourceVersion) > Number(cached.metadata.resourceVersion))
      return own
    written.delete(objectKey(cached))
    return cached
  }

  function* write(request: Extract<Request, { verb: 'update' }>): Story<Answer> {
    const answer = yield* call(request)
    if (answer.ok) written.set(objectKey(answer.object), answer.object)
    return answer
  }

  const waitsOn = (key: string, open: boolean): void => {
    if (open) {
      pending.add(key)
      resync.want(component.now() + 1)
    } else pending.delete(key)
  }

  /** The names of the pods that use a claim and have no node. Source: findNonScheduledPodsByPVC. */
  const waitingPods = (claim: KubernetesObject): readonly string[] =>
    podsByClaim(namespacedName(claim))
      .filter((pod) => !isFinishedPod(pod) && !isScheduled(pod))
      .map((pod) => pod.metadata.name)
      .sort()

  return {
    name: component.name,
    kinds: ['PersistentVolumeClaim', 'PersistentVolume'],
    workers: 1,
    start(queued) {
      queue = queued
    },
    changed({ type, object, old }, queued) {
      if (type === 'DELETED') written.delete(objectKey(object))
      switch (object.kind) {
        case 'PersistentVolumeClaim':
          if (type !== 'DELETED') return queued.add(namespacedName(object))
          pending.delete(namespacedName(object))
          if (volumeNameOf(object) !== '') queued.add(volumeNameOf(object))
          return
        case 'PersistentVolume': {
          if (type !== 'DELETED') return queued.add(object.metadata.name)
          const reference = (object['spec']?.claimRef ?? old?.['spec']?.claimRef) as { namespace: string; name: string } | undefined
          if (reference) queued.add(`${reference.namespace}/${reference.name}`)
        }
      }
    },
    *look(key): Look {
      // A claim's key is `namespace/name`, a volume's its name.
      const [space = '', name] = key.split('/')
      if (name === undefined) {
        const volume = known(volumes, undefined, key)
        return volume === undefined ? done : yield* lookAtVolume(volume)
      }
      const claim = known(claims, space, name)
      if (claim === undefined) return done
      const outcome = has(claim, volumeAnnotations.bindCompleted) ? yield* lookAtBound(claim) : yield* lookAtUnbound(claim)
      waitsOn(key, outcome.waits !== null)
      return outcome
    },
  }

  function* lookAtUnbound(claim: KubernetesObject): Look {
    const name = volumeNameOf(claim)
    if (name !== '') return yield* lookAtChosen(claim, name)
    const storageClass = classes.get(undefined, classOf(claim))
    const delayed = waitsForConsumer(storageClass)
    const volume = candidate(claim, delayed)
    if (volume !== undefined) return yield* bind(volume, claim)
    if (yield* takesDefaultClass(claim)) return done
    if (delayed && !has(claim, volumeAnnotations.selectedNode)) return yield* waitsForPod(claim)
    if (classOf(claim) !== '') return yield* provision(claim, storageClass)
    const why = 'no persistent volumes available for this claim and no storage class is set'
    yield* announce(claim, 'Normal', 'FailedBinding', why)
    return waits(why)
  }

  function candidate(claim: KubernetesObject, delayed: boolean): KubernetesObject | undefined {
    const reserved = volumesByClaim(namespacedName(claim))
    const free = delayed ? [] : volumesByClaim(`free ${classOf(claim)}`)
    if (reserved.length + free.length === 0) return undefined
    const current = [...reserved, ...free].map((volume) => known(volumes, undefined, volume.metadata.name) ?? volume)
    return findMatchingVolume(claim, current, { delayed })
  }

  /** The claim asks for a volume by name. */
  function* lookAtChosen(claim: KubernetesObject, name: string): Look {
    const volume = known(volumes, undefined, name)
    if (volume === undefined) return waits(`volume "${name}" does not exist`)
    if (!volume['spec']?.claimRef) {
      const mismatch = mismatchOf(volume, claim)
      if (mismatch === undefined) return yield* bind(volume, claim)
      const why = `Cannot bind to requested volume "${name}": ${mismatch}`
      yield* announce(claim, 'Warning', 'VolumeMismatch', why)
      return waits(why)
    }
    if (isVolumeBoundToClaim(volume, claim)) return yield* bind(volume, claim)
    const why = `volume "${name}" already bound to a different claim.`
    if (has(claim, volumeAnnotations.boundByController))
      return failed(`invalid binding of claim "${namespacedName(claim)}" to volume "${name}"`)
    yield* announce(claim, 'Warning', 'FailedBinding', why)
    return waits(why)
  }

  /** A claim without a class gets the default one, also later. Source: assignDefaultStorageClass. */
  function* takesDefaultClass(claim: KubernetesObject): Story<boolean> {
    if (claim['spec']?.storageClassName !== undefined || has(claim, volumeAnnotations.betaClass)) return false
    const byDefault = defaultClass(classes.list())
    if (byDefault === undefined) return false
    const object = { ...claim, spec: { ...claim['spec'], storageClassName: byDefault.metadata.name } }
    return (yield* write({ verb: 'update', object })).ok
  }

  function* waitsForPod(claim: KubernetesObject): Look {
    const names = waitingPods(claim)
    const [reason, why] =
      names.length === 0
        ? ['WaitForFirstConsumer', 'waiting for first consumer to be created before binding']
        : names.length === 1
          ? ['WaitForPodScheduled', `waiting for pod ${names[0]} to be scheduled`]
          : ['WaitForPodScheduled', `waiting for pods ${names.join(',')} to be scheduled`]
    yield* announce(claim, 'Normal', reason as string, why as string)
    return waits(why as string)
  }

  /** Names the provisioner on the claim; it does the rest. Source: provisionClaim, provisionClaimOperationExternal. */
  function* provision(claim: KubernetesObject, storageClass: KubernetesObject | undefined): Look {
    if (storageClass === undefined) {
      const why = `storageclass.storage.k8s.io "${classOf(claim)}" not found`
      yield* announce(claim, 'Warning', 'ProvisioningFailed', why)
      return waits(why)
    }
    const provisioner = String(storageClass['provisioner'] ?? '')
    if (provisioner.startsWith('kubernetes.io/')) {
      const why = `no volume plugin matched name: ${provisioner}`
      yield* announce(claim, 'Warning', 'ProvisioningFailed', why)
      return waits(why)
    }
    let current = claim
    const annotations = claim.metadata.annotations ?? {}
    if (annotations[volumeAnnotations.provisioner] !== provisioner || annotations[volumeAnnotations.betaProvisioner] !== provisioner) {
      const marked = {
        ...annotations,
        [volumeAnnotations.betaProvisioner]: provisioner,
        [volumeAnnotations.provisioner]: provisioner,
      }
      const answer = yield* write({ verb: 'update', object: { ...claim, metadata: { ...claim.metadata, annotations: marked } } })
      if (!answer.ok) return failed(answer.status.message)
      current = answer.object
    }
    const why =
      `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the system administrator. ` +
      'If volume creation is delayed, please verify that the provisioner is running and correctly registered.'
    yield* announce(current, 'Normal', 'ExternalProvisioning', why)
    return waits(why)
  }

  /** The four writes of a binding, each left out where it is done. Source: bind. */
  function* bind(volume: KubernetesObject, claim: KubernetesObject): Look {
    const reserved = yield* reserve(volume, claim)
    if (typeof reserved === 'string') return failed(reserved)
    const bound = yield* setVolumePhase(reserved, 'Bound')
    if (typeof bound === 'string') return failed(bound)
    let current = claim
    const annotations = claim.metadata.annotations ?? {}
    const chosen = volumeNameOf(claim) !== ''
    const complete = annotations[volumeAnnotations.bindCompleted] !== undefined
    if (volumeNameOf(claim) !== volume.metadata.name || !complete) {
      const marked = {
        ...annotations,
        ...(chosen ? {} : { [volumeAnnotations.boundByController]: 'yes' }),
        [volumeAnnotations.bindCompleted]: 'yes',
      }
      const answer = yield* write({
        verb: 'update',
        object: {
          ...claim,
          metadata: { ...claim.metadata, annotations: marked },
          spec: { ...claim['spec'], volumeName: volume.metadata.name },
        },
      })
      if (!answer.ok) return failed(answer.status.message)
      current = answer.object
    }
    return yield* setClaimPhase(current, 'Bound', bound)
  }

  function* reserve(volume: KubernetesObject, claim: KubernetesObject): Story<KubernetesObject | string> {
    const object = volumeForClaim(volume, claim)
    if (object === volume) return volume
    const answer = yield* write({ verb: 'update', object })
    return answer.ok ? answer.object : answer.status.message
  }

  function* setVolumePhase(volume: KubernetesObject, phase: Phase): Story<KubernetesObject | string> {
    if (phaseOf(volume) === phase) return volume
    const status = { ...volume['status'], phase, lastPhaseTransitionTime: component.time() }
    const answer = yield* write({ verb: 'update', object: { ...volume, status }, subresource: 'status' })
    return answer.ok ? answer.object : answer.status.message
  }

  function* setClaimPhase(claim: KubernetesObject, phase: Phase, volume?: KubernetesObject): Look {
    const status: Record<string, unknown> = { ...claim['status'], phase }
    if (volume === undefined) {
      delete status['accessModes']
      delete status['capacity']
    } else {
      status['accessModes'] = volume['spec']?.accessModes
      // Later growth is the resizer's to tell (C11).
      if (phaseOf(claim) !== phase || status['capacity'] === undefined) status['capacity'] = volume['spec']?.capacity
    }
    if (phaseOf(claim) === phase && JSON.stringify(status) === JSON.stringify(claim['status'])) return done
    const answer = yield* write({ verb: 'update', object: { ...claim, status }, subresource: 'status' })
    return answer.ok ? done : failed(answer.status.message)
  }

  function* lookAtBound(claim: KubernetesObject): Look {
    const name = volumeNameOf(claim)
    if (name === '')
      return yield* lose(claim, 'ClaimLost', 'Bound claim has lost reference to PersistentVolume. Data on the volume is lost!')
    const volume = known(volumes, undefined, name)
    if (volume === undefined) return yield* lose(claim, 'ClaimLost', lost)
    const uid = volume['spec']?.claimRef?.uid as string | undefined
    if (!volume['spec']?.claimRef || uid === claim.metadata.uid) return yield* bind(volume, claim)
    return yield* lose(claim, 'ClaimMisbound', 'Two claims are bound to the same volume, this one is bound incorrectly')
  }

  function* lose(claim: KubernetesObject, reason: string, message: string): Look {
    if (phaseOf(claim) === 'Lost') return done
    const outcome: Outcome = yield* setClaimPhase(claim, 'Lost')
    if (outcome.error === null) yield* announce(claim, 'Warning', reason, message)
    return outcome
  }

  function* lookAtVolume(volume: KubernetesObject): Look {
    const reference = volume['spec']?.claimRef as { namespace: string; name: string; uid?: string } | undefined
    if (!reference?.uid) return yield* phased(volume, 'Available')
    const found = known(claims, reference.namespace, reference.name)
    const claim = found?.metadata.uid === reference.uid ? found : undefined
    if (claim === undefined) {
      const phase = phaseOf(volume)
      return phase === 'Released' || phase === 'Failed' ? done : yield* phased(volume, 'Released')
    }
    if (volumeNameOf(claim) === '') {
      // The next look at the claim binds it: a new volume is its provisioner's answer.
      queue?.add(namespacedName(claim))
      return done
    }
    if (volumeNameOf(claim) === volume.metadata.name) return yield* phased(volume, 'Bound')
    const dynamic = has(volume, volumeAnnotations.provisionedBy) && volume['spec']?.persistentVolumeReclaimPolicy === 'Delete'
    if (dynamic) {
      const phase = phaseOf(volume)
      return phase === 'Released' || phase === 'Failed' ? done : yield* phased(volume, 'Released')
    }
    return yield* unbind(volume)
  }

  function* phased(volume: KubernetesObject, phase: Phase): Look {
    const result = yield* setVolumePhase(volume, phase)
    return typeof result === 'string' ? failed(result) : done
  }

  /** The claim took another volume: what this controller reserved is free again. Source: unbindVolume. */
  function* unbind(volume: KubernetesObject): Look {
    const spec = { ...volume['spec'] }
    const annotations = { ...volume.metadata.annotations }
    if (has(volume, volumeAnnotations.boundByController)) {
      delete spec.claimRef
      delete annotations[volumeAnnotations.boundByController]
    } else
      spec.claimRef = {
        namespace: spec.claimRef.namespace,
        name: spec.claimRef.name,
        kind: spec.claimRef.kind,
        apiVersion: spec.claimRef.apiVersion,
      }
    const answer = yield* write({ verb: 'update', object: { ...volume, metadata: { ...volume.metadata, annotations }, spec } })
    if (!answer.ok) return failed(answer.status.message)
    return yield* phased(answer.object, 'Available')
  }
}

/** The newest of the classes that are marked as default; of equal ones the first by name. Source: GetDefaultClass. */
const defaultClass = (classes: readonly KubernetesObject[]): KubernetesObject | undefined => {
  const marked = classes.filter((storageClass) => storageClass.metadata.annotations?.[volumeAnnotations.defaultClass] === 'true')
  const born = (object: KubernetesObject): string => object.metadata.creationTimestamp ?? ''
  return [...marked].sort((a, b) => (born(a) === born(b) ? (a.metadata.name < b.metadata.name ? -1 : 1) : born(a) < born(b) ? 1 : -1))[0]
}
