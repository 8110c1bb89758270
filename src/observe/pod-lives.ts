/**
 * The life of each pod object, from its creation in the API to its last container's end in truth. Source: contract section 6, pods.csv.
 */
import { controllerOf, isConditionTrue, type KubernetesObject } from '../cluster/objects/metadata.ts'
import { ordinalOf, podIndexLabel, revisionLabel } from '../cluster/objects/statefulset.ts'
import type { Micros } from '../engine/clock.ts'
import type { Journal } from '../engine/journal.ts'
import { aboutOf, eachEntry, type Write } from './entries.ts'

/** One pod object. Instants are the first of their kind (`stopped`: the last). */
export type PodLife = {
  readonly namespace: string
  readonly name: string
  readonly uid: string
  /** `statefulset/web`; empty without a controller. */
  readonly owner: string
  readonly ownerUid: string
  readonly ordinal: number | undefined
  readonly created: Micros
  /** The last state of the object. */
  object: KubernetesObject
  scheduled?: Micros
  /** When the last of its claims was bound, if that was after its creation. */
  bound?: Micros
  attached?: Micros
  mounted?: Micros
  sandbox?: Micros
  pulled?: Micros
  started?: Micros
  running?: Micros
  ready?: Micros
  deleting?: Micros
  stopped?: Micros | undefined
  removed?: Micros
}

type Following = {
  readonly life: PodLife
  /** Application containers that have started at least once. */
  readonly startedContainers: Set<string>
  /** Volumes (by PersistentVolume) that are not attached yet. */
  readonly unattached: Set<string>
}

const trueInstants = [
  'sandbox-made',
  'image-pulled',
  'container-started',
  'pod-stopped',
  'volume-mounted',
  'attached',
  'detached',
  'write',
] as const

/** All pods that ever were, by creation. */
export function podLives(journal: Journal): PodLife[] {
  const all = new Map<string, Following>()
  /** Claim (`namespace/name`) → volume. */
  const volumes = new Map<string, string>()
  /** Claim → when it was bound. */
  const boundAt = new Map<string, Micros>()
  /** Volume → nodes where it is attached. */
  const attachedTo = new Map<string, Set<string>>()
  /** Volume → pods that wait for it. */
  const waiting = new Map<string, Set<Following>>()

  const follow = (entry: number, write: Write): void => {
    const { object } = write
    const { metadata } = object
    const uid = metadata.uid ?? ''
    let following = all.get(uid)
    if (following === undefined) {
      const owner = controllerOf(object)
      following = {
        life: {
          namespace: metadata.namespace ?? '',
          name: metadata.name,
          uid,
          owner: owner === undefined ? '' : `${owner.kind.toLowerCase()}/${owner.name}`,
          ownerUid: owner?.uid ?? '',
          ordinal: ordinalFor(object, owner?.kind),
          created: journal.time(entry),
          object,
        },
        startedContainers: new Set(),
        unattached: new Set(),
      }
      all.set(uid, following)
    }
    const { life } = following
    const at = journal.time(entry)
    life.object = object
    if (write.type === 'DELETED') {
      life.removed ??= at
      return
    }
    if (life.scheduled === undefined && object['spec']?.nodeName) {
      life.scheduled = at
      expectVolumes(following, at)
    }
    if (life.running === undefined && object['status']?.phase === 'Running') life.running = at
    if (life.ready === undefined && isConditionTrue(object, 'Ready')) life.ready = at
    if (life.deleting === undefined && metadata.deletionTimestamp !== undefined) life.deleting = at
  }

  const expectVolumes = (following: Following, at: Micros): void => {
    const { life } = following
    const node = life.object['spec'].nodeName as string
    let known = 0
    for (const claim of claimsOf(life.object)) {
      const volume = volumes.get(`${life.namespace}/${claim}`)
      const bound = boundAt.get(`${life.namespace}/${claim}`)
      if (bound !== undefined && bound > life.created) life.bound = Math.max(bound, life.bound ?? 0)
      if (volume === undefined) continue
      if (attachedTo.get(volume)?.has(node)) known++
      else {
        following.unattached.add(volume)
        const pods = waiting.get(volume) ?? new Set()
        pods.add(following)
        waiting.set(volume, pods)
      }
    }
    if (known > 0 && following.unattached.size === 0) life.attached = at
  }

  const attached = (volume: string, node: string, at: Micros): void => {
    const nodes = attachedTo.get(volume) ?? new Set()
    nodes.add(node)
    attachedTo.set(volume, nodes)
    for (const following of waiting.get(volume) ?? []) {
      const { life, unattached } = following
      if (life.object['spec'].nodeName !== node) continue
      unattached.delete(volume)
      waiting.get(volume)?.delete(following)
      if (unattached.size === 0) life.attached ??= at
    }
  }

  eachEntry(journal, trueInstants, (entry, what) => {
    const at = journal.time(entry)
    if (what === 'write') {
      const write = journal.detail(entry) as Write
      if (write.object.kind === 'Pod') follow(entry, write)
      else if (write.object.kind === 'PersistentVolumeClaim') {
        const { metadata, spec } = write.object as KubernetesObject & { spec?: { volumeName?: string } }
        const claim = `${metadata.namespace}/${metadata.name}`
        if (spec?.volumeName) volumes.set(claim, spec.volumeName)
        if (write.type === 'ADDED') boundAt.delete(claim)
        else if (write.object['status']?.phase === 'Bound' && !boundAt.has(claim)) boundAt.set(claim, at)
      }
      return
    }
    if (what === 'attached' || what === 'detached') {
      const volume = aboutOf(journal.about(entry)).name
      const { node } = journal.detail(entry) as { node: string }
      if (what === 'attached') attached(volume, node, at)
      else attachedTo.get(volume)?.delete(node)
      return
    }
    const detail = journal.detail(entry) as { uid: string; container?: string; init?: boolean }
    const following = all.get(detail.uid)
    if (following === undefined) return
    const { life } = following
    switch (what) {
      case 'volume-mounted':
        if (life.sandbox === undefined) life.mounted = at
        break
      case 'sandbox-made':
        life.sandbox ??= at
        break
      case 'image-pulled':
        if (life.started === undefined) life.pulled = at
        break
      case 'container-started':
        life.stopped = undefined
        if (detail.init === true || life.started !== undefined) break
        following.startedContainers.add(detail.container ?? '')
        if (following.startedContainers.size >= (life.object['spec']?.containers?.length ?? 1)) {
          life.started = at
          // Images that were there already were present when the sandbox stood.
          if (life.sandbox !== undefined) life.pulled ??= life.sandbox
        }
        break
      case 'pod-stopped':
        life.stopped = at
        break
    }
  })
  return [...all.values()].map(({ life }) => life)
}

/** Names of the claims of a pod's volumes. */
export const claimsOf = (pod: KubernetesObject): string[] =>
  ((pod['spec']?.volumes ?? []) as { name: string; persistentVolumeClaim?: { claimName: string }; ephemeral?: unknown }[]).flatMap(
    (volume) =>
      volume.persistentVolumeClaim !== undefined
        ? [volume.persistentVolumeClaim.claimName]
        : volume.ephemeral !== undefined
          ? [`${pod.metadata.name}-${volume.name}`]
          : [],
  )

function ordinalFor(pod: KubernetesObject, ownerKind: string | undefined): number | undefined {
  const index = pod.metadata.labels?.[podIndexLabel]
  if (index !== undefined && /^\d+$/.test(index)) return Number(index)
  const ordinal = ownerKind === 'StatefulSet' ? ordinalOf(pod) : -1
  return ordinal < 0 ? undefined : ordinal
}

/** The revision (or template hash) that a pod carries. */
export const revisionOfPod = (pod: KubernetesObject): string =>
  pod.metadata.labels?.[revisionLabel] ?? pod.metadata.labels?.['pod-template-hash'] ?? ''

type ContainerStatus = {
  readonly name: string
  readonly restartCount?: number
  readonly ready?: boolean
  readonly state?: {
    readonly waiting?: { readonly reason?: string; readonly message?: string }
    readonly terminated?: { readonly reason?: string; readonly exitCode?: number }
  }
}

/** Restarts of all its containers, as the API counts them. */
export const restartsOf = (pod: KubernetesObject): number =>
  ((pod['status']?.containerStatuses ?? []) as readonly ContainerStatus[]).reduce((sum, one) => sum + (one.restartCount ?? 0), 0)

/** Why a pod is as it is, in one word: its own reason, or what a container waits for or ended with. */
export function reasonOf(pod: KubernetesObject): string {
  const status = pod['status'] ?? {}
  if (typeof status.reason === 'string' && status.reason !== '') return status.reason
  const containers = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])] as readonly ContainerStatus[]
  for (const { state } of containers) {
    const reason = state?.waiting?.reason ?? state?.terminated?.reason
    if (reason !== undefined && reason !== 'PodInitializing' && reason !== 'ContainerCreating' && reason !== 'Completed') return reason
  }
  const scheduled = ((status.conditions ?? []) as { type: string; status: string; reason?: string }[]).find(
    (one) => one.type === 'PodScheduled',
  )
  return scheduled?.status === 'False' ? (scheduled.reason ?? '') : ''
}
