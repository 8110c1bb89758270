/**
 * Claims and volumes: bound ones must reach the node, those that wait for a consumer must find a volume or be provisioned there; the choice is
 * written before the pod is bound, and waited for. Source: scheduler.md 7.11; volumebinding/volume_binding.go, binder.go.
 */
import { seconds } from '../../../engine/clock.ts'
import type { Story } from '../../client/story.ts'
import { call, sleep } from '../../client/story.ts'
import type { KubernetesObject } from '../../objects/metadata.ts'
import { isControlledBy } from '../../objects/metadata.ts'
import { bytesOf } from '../../objects/quantity.ts'
import { matches } from '../../objects/selector.ts'
import { classOf } from '../../objects/volume.ts'
import {
  claimSize,
  findMatchingVolume,
  isFullyBound,
  reachesNode,
  volumeAnnotations,
  volumeForClaim,
} from '../../objects/volume-matching.ts'
import type { Known } from '../known.ts'
import type { Cycle, Plugin, PreFilterAnswer, Refusal } from '../plugin.ts'
import { always, failure, go, skip, unresolvable } from '../plugin.ts'
import type { PodInfo } from '../pod-info.ts'
import type { NodeInfo } from '../snapshot.ts'
import type { ClassCapacity } from '../storage-score.ts'
import { storageScore } from '../storage-score.ts'

export type VolumeBindingArgs = {
  readonly bindTimeoutSeconds?: number | undefined
  readonly shape?: readonly { readonly utilization: number; readonly score: number }[] | undefined
}

const texts = {
  affinity: "node(s) didn't match PersistentVolume's node affinity",
  bind: "node(s) didn't find available persistent volumes to bind",
  space: 'node(s) did not have enough free storage',
  missing: 'node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)',
} as const

/** What a pod gets on one node. */
type Choice = {
  /** Volumes that exist: claim and volume, the volume as it will be written. */
  readonly bindings: readonly { readonly claim: KubernetesObject; readonly volume: KubernetesObject }[]
  /** Claims that are provisioned there. */
  readonly provisions: readonly KubernetesObject[]
  /** For the score, in bytes: what the volumes hold that are bound, and what is promised for the claims that are provisioned. */
  readonly capacities: readonly ClassCapacity[]
  readonly promised: readonly ClassCapacity[]
}

type State = {
  readonly bound: readonly KubernetesObject[]
  readonly delayed: readonly KubernetesObject[]
  readonly choices: Map<NodeInfo, Choice>
  /** What the pod gets wherever it goes, if the node makes no difference. */
  readonly everywhere: Choice | undefined
  /** The volumes that each claim could get, wherever. */
  readonly volumes: Map<KubernetesObject, readonly KubernetesObject[]>
  /** What was taken in the scheduler's own memory. */
  reserved: readonly KubernetesObject[]
}

const noChoice: Choice = { bindings: [], provisions: [], capacities: [], promised: [] }

const refuse = (text: string) => ({ kind: 'refuse', refusal: unresolvable(text) }) as const

const preFilter = ({ pod, known }: Cycle): PreFilterAnswer<State> => {
  if (pod.claims.length === 0) return skip
  const claims: KubernetesObject[] = []
  for (const { name, ephemeral } of pod.claims) {
    const claim = known.claim(pod.namespace, name)
    if (claim === undefined) {
      return refuse(
        ephemeral
          ? `waiting for ephemeral volume controller to create the persistentvolumeclaim "${name}"`
          : `persistentvolumeclaim "${name}" not found`,
      )
    }
    if (ephemeral && !isControlledBy(claim, pod.pod)) {
      return refuse(`PVC ${pod.namespace}/${name} was not created for pod ${pod.key} (pod is not owner)`)
    }
    if (claim['status']?.phase === 'Lost') {
      return refuse(`persistentvolumeclaim "${name}" bound to non-existent persistentvolume "${claim['spec']?.volumeName ?? ''}"`)
    }
    if (claim.metadata.deletionTimestamp !== undefined) return refuse(`persistentvolumeclaim "${name}" is being deleted`)
    claims.push(claim)
  }
  const bound = claims.filter(isFullyBound)
  const rest = claims.filter((claim) => !isFullyBound(claim))
  const delayed = rest.filter(
    (claim) =>
      (claim['spec']?.volumeName ?? '') === '' &&
      known.get('StorageClass', classOf(claim))?.['volumeBindingMode'] === 'WaitForFirstConsumer',
  )
  if (delayed.length < rest.length) return refuse('pod has unbound immediate PersistentVolumeClaims')
  return go({ bound, delayed, choices: new Map(), everywhere: choiceEverywhere(known, delayed), volumes: new Map(), reserved: [] })
}

/**
 * Claims that are provisioned alike on every node: no volume there could serve them, no topology is asked for, no capacity is told, and no node was
 * chosen before. Most claims are of this sort, and nodes are many.
 */
const choiceEverywhere = (known: Known, delayed: readonly KubernetesObject[]): Choice | undefined => {
  if (delayed.length === 0) return undefined
  for (const claim of delayed) {
    const className = classOf(claim)
    const storageClass = known.get('StorageClass', className)
    const provisioner = (storageClass?.['provisioner'] as string | undefined) ?? ''
    if (provisioner === '' || provisioner === 'kubernetes.io/no-provisioner') return undefined
    if (claim.metadata.annotations?.[volumeAnnotations.selectedNode] !== undefined) return undefined
    if ((storageClass?.['allowedTopologies'] ?? []).length > 0 || known.get('CSIDriver', provisioner)?.['spec']?.storageCapacity === true)
      return undefined
    if (known.volumesFor(claim, className).length > 0) return undefined
  }
  return { bindings: [], provisions: [...delayed].sort(bySize), capacities: [], promised: [] }
}

type TopologyTerm = { readonly matchLabelExpressions?: readonly { readonly key: string; readonly values: readonly string[] }[] }

const isAllowed = (storageClass: KubernetesObject, labels: Readonly<Record<string, string>>): boolean => {
  const terms = (storageClass['allowedTopologies'] ?? []) as readonly TopologyTerm[]
  if (terms.length === 0) return true
  return terms.some((term) => {
    const expressions = term.matchLabelExpressions ?? []
    return (
      expressions.length > 0 && expressions.every(({ key, values }) => labels[key] !== undefined && values.includes(labels[key] as string))
    )
  })
}

const isEnough = (capacity: KubernetesObject, size: number): boolean => {
  const limit = (capacity['maximumVolumeSize'] ?? capacity['capacity']) as string | undefined
  return limit !== undefined && bytesOf(limit) >= size
}

/** The object that promises enough room for a claim at a node; `true` where the driver promises nothing. */
const roomFor = (known: Known, driver: string, className: string, size: number, node: NodeInfo): KubernetesObject | boolean => {
  if (size === 0 || known.get('CSIDriver', driver)?.['spec']?.storageCapacity !== true) return true
  for (const capacity of known.capacities(className)) {
    if (isEnough(capacity, size) && matches(node.labels, capacity['nodeTopology'])) return capacity
  }
  return false
}

type Provisioning = {
  readonly ok: boolean
  readonly enough: boolean
  readonly capacities: readonly ClassCapacity[]
  readonly error?: string
}

const canProvision = (known: Known, claims: readonly KubernetesObject[], node: NodeInfo): Provisioning => {
  const capacities: ClassCapacity[] = []
  for (const claim of claims) {
    const className = classOf(claim)
    const name = `${claim.metadata.namespace}/${claim.metadata.name}`
    if (className === '') return { ok: false, enough: true, capacities, error: `no class for claim "${name}"` }
    const storageClass = known.get('StorageClass', className)
    if (storageClass === undefined) return { ok: false, enough: true, capacities, error: `failed to find storage class "${className}"` }
    const provisioner = (storageClass['provisioner'] as string | undefined) ?? ''
    if (provisioner === '' || provisioner === 'kubernetes.io/no-provisioner') return { ok: false, enough: true, capacities }
    if (!isAllowed(storageClass, node.labels)) return { ok: false, enough: true, capacities }
    const size = claimSize(claim)
    const room = roomFor(known, provisioner, className, size, node)
    if (room === false) return { ok: true, enough: false, capacities }
    if (room !== true) capacities.push({ className, requested: size, capacity: bytesOf(room['capacity']) })
  }
  return { ok: true, enough: true, capacities }
}

const bySize = (a: KubernetesObject, b: KubernetesObject): number => claimSize(a) - claimSize(b)

/** Claims that take volumes which exist, and those that are left. */
const matchVolumes = (
  volumesFor: (claim: KubernetesObject) => readonly KubernetesObject[],
  claims: readonly KubernetesObject[],
  node: NodeInfo,
) => {
  const taken = new Set<string>()
  const bindings: { claim: KubernetesObject; volume: KubernetesObject }[] = []
  const left: KubernetesObject[] = []
  const capacities: ClassCapacity[] = []
  for (const claim of [...claims].sort(bySize)) {
    const className = classOf(claim)
    const volume = findMatchingVolume(claim, volumesFor(claim), { place: node, taken, delayed: true })
    if (volume === undefined) {
      left.push(claim)
      continue
    }
    taken.add(volume.metadata.name)
    bindings.push({ claim, volume })
    capacities.push({ className, requested: claimSize(claim), capacity: bytesOf(volume['spec']?.capacity?.storage) })
  }
  return { bindings, left, capacities }
}

const volumesFor = (known: Known, state: State, claim: KubernetesObject): readonly KubernetesObject[] => {
  let volumes = state.volumes.get(claim)
  if (volumes === undefined) {
    volumes = known.volumesFor(claim, classOf(claim))
    state.volumes.set(claim, volumes)
  }
  return volumes
}

/** What the pod gets on a node that passed. */
const choiceOn = (state: State | undefined, node: NodeInfo): Choice | undefined => state?.choices.get(node) ?? state?.everywhere

const filter = ({ known }: Cycle, node: NodeInfo, state: State): Refusal | undefined => {
  if (state.everywhere !== undefined && state.bound.length === 0) return undefined
  let reached = true
  let found = true
  for (const claim of state.bound) {
    const volume = known.volume((claim['spec']?.volumeName as string | undefined) ?? '')
    if (volume === undefined) {
      found = false
      break
    }
    if (!reachesNode(volume, node)) {
      reached = false
      break
    }
  }
  let bindable = true
  let enough = true
  let choice = noChoice
  const chosen: KubernetesObject[] = []
  const open: KubernetesObject[] = []
  for (const claim of state.delayed) {
    const selected = claim.metadata.annotations?.[volumeAnnotations.selectedNode]
    if (selected === undefined) open.push(claim)
    else if (selected === node.name) chosen.push(claim)
    else bindable = false
  }
  if (state.everywhere === undefined && bindable && state.delayed.length > 0) {
    const { bindings, left, capacities } = matchVolumes((claim) => volumesFor(known, state, claim), open, node)
    const provisions = [...chosen, ...left]
    choice = { bindings, provisions, capacities, promised: [] }
    if (provisions.length > 0) {
      const provisioning = canProvision(known, provisions, node)
      if (provisioning.error !== undefined) return failure(provisioning.error)
      bindable = provisioning.ok
      enough = provisioning.enough
      choice = { bindings, provisions, capacities, promised: provisioning.capacities }
    }
  }
  if (reached && bindable && enough && found) {
    if (state.delayed.length > 0 && state.everywhere === undefined) state.choices.set(node, choice)
    return undefined
  }
  const reasons: string[] = []
  if (!reached) reasons.push(texts.affinity)
  if (!bindable) reasons.push(texts.bind)
  if (!enough) reasons.push(texts.space)
  if (!found) reasons.push(texts.missing)
  return unresolvable(...reasons)
}

const withSelectedNode = (claim: KubernetesObject, node: string): KubernetesObject => ({
  ...claim,
  metadata: { ...claim.metadata, annotations: { ...claim.metadata.annotations, [volumeAnnotations.selectedNode]: node } },
})

const isSelected = (claim: KubernetesObject, node: string): boolean => claim.metadata.annotations?.[volumeAnnotations.selectedNode] === node

/** Why a check of the written claims and volumes fails for good; '' if they are bound; undefined: not yet. Source: binder.go checkBindings. */
const checkBindings = (
  known: Known,
  pod: PodInfo,
  nodeName: string,
  nodeOf: () => NodeInfo | undefined,
  volumes: readonly KubernetesObject[],
  claims: readonly KubernetesObject[],
): string | undefined => {
  const node = nodeOf()
  if (node === undefined) return `failed to get node "${nodeName}": node "${nodeName}" not found`
  if (!known.pods.has(pod.key)) return `pod does not exist any more: pod "${pod.name}" not found`
  const suits = (volume: KubernetesObject): string | undefined =>
    reachesNode(volume, node)
      ? undefined
      : `pv "${volume.metadata.name}" node affinity doesn't match node "${nodeName}": no matching NodeSelectorTerms`
  const isNewer = (written: KubernetesObject, seen: KubernetesObject): boolean =>
    Number(written.metadata.resourceVersion ?? 0) > Number(seen.metadata.resourceVersion ?? 0)
  for (const written of volumes) {
    const reference = written['spec'].claimRef as { namespace: string; name: string }
    const volume = known.confirmed('PersistentVolume', written.metadata.name)
    if (volume === undefined) return `failed to check binding: could not find volume "${written.metadata.name}"`
    const claim = known.confirmed('PersistentVolumeClaim', reference.name, reference.namespace)
    if (claim === undefined)
      return `failed to check binding: could not find v1.PersistentVolumeClaim "${reference.namespace}/${reference.name}"`
    if (isNewer(written, volume)) return undefined
    const wrong = suits(volume)
    if (wrong !== undefined) return wrong
    if (!volume['spec']?.claimRef?.uid) return `ClaimRef got reset for pv "${volume.metadata.name}"`
    if (!isFullyBound(claim)) return undefined
  }
  for (const written of claims) {
    const { name, namespace } = written.metadata
    const claim = known.confirmed('PersistentVolumeClaim', name, namespace)
    if (claim === undefined) return `failed to check provisioning pvc: could not find v1.PersistentVolumeClaim "${namespace}/${name}"`
    if (isNewer(written, claim)) return undefined
    if (claim.metadata.annotations === undefined) return `selectedNode annotation reset for PVC "${name}"`
    if (!isSelected(claim, nodeName)) return `provisioning failed for PVC "${name}"`
    const volumeName = (claim['spec']?.volumeName as string | undefined) ?? ''
    if (volumeName !== '') {
      const volume = known.confirmed('PersistentVolume', volumeName)
      if (volume === undefined) return undefined
      const wrong = suits(volume)
      if (wrong !== undefined) return wrong
    }
    if (!isFullyBound(claim)) return undefined
  }
  return ''
}

/** Time between two looks at the claims. Source: binder.go, BindPodVolumes polls every second, the first time after one. */
const pollEvery = seconds(1)

export const volumeBinding = (args: VolumeBindingArgs = {}): Plugin<State, State> => {
  const most = args.bindTimeoutSeconds ?? 600

  function* preBind({ pod, known, snapshot }: Cycle, node: NodeInfo, state: State | undefined): Story<string | undefined> {
    const choice = choiceOn(state, node)
    if (choice === undefined) return undefined
    const volumes: KubernetesObject[] = []
    for (const { claim, volume } of choice.bindings) {
      const wanted = volumeForClaim(volume, claim)
      if (wanted === volume) {
        volumes.push(volume)
        continue
      }
      const answer = yield* call({ verb: 'update', object: wanted })
      if (!answer.ok) return answer.status.message
      volumes.push(answer.object)
    }
    const claims: KubernetesObject[] = []
    for (const claim of choice.provisions) {
      if (isSelected(claim, node.name)) {
        claims.push(claim)
        continue
      }
      const answer = yield* call({ verb: 'update', object: withSelectedNode(claim, node.name) })
      if (!answer.ok) return answer.status.message
      claims.push(answer.object)
    }
    for (let waited = 0; waited < most; waited++) {
      yield* sleep(pollEvery)
      const wrong = checkBindings(known, pod, node.name, () => snapshot.node(node.name), volumes, claims)
      if (wrong === '') return undefined
      if (wrong !== undefined) return `binding volumes: ${wrong}`
    }
    return 'binding volumes: context deadline exceeded'
  }

  const isNamed = (pod: PodInfo, object: KubernetesObject): boolean =>
    pod.namespace === object.metadata.namespace && pod.claims.some(({ name }) => name === object.metadata.name)

  return {
    name: 'VolumeBinding',
    weight: 1,
    preFilter,
    filter,
    preScore: ({ gates }, _nodes, state) => {
      if (!gates.on('StorageCapacityScoring')) return skip
      return state === undefined ? { kind: 'same', score: 0 } : go(state)
    },
    score: (_cycle, node, state) => {
      const { bindings, capacities, promised } = state.choices.get(node) ?? noChoice
      // Volumes that exist count alone, where there are some.
      return bindings.length > 0 ? storageScore(capacities, false, args.shape) : storageScore(promised, true, args.shape)
    },
    reserve: ({ known }, node, state) => {
      const choice = choiceOn(state, node)
      if (state === undefined || choice === undefined) return undefined
      const volumes = choice.bindings.map(({ claim, volume }) => volumeForClaim(volume, claim))
      const claims = choice.provisions.map((claim) => withSelectedNode(claim, node.name))
      for (const object of [...volumes, ...claims]) known.assume(object)
      state.reserved = [...volumes, ...claims]
      return undefined
    },
    unreserve: ({ known }, _node, state) => {
      for (const object of state?.reserved ?? []) known.forget(object)
      if (state !== undefined) state.reserved = []
    },
    hasPreBind: (_cycle, node, state) => choiceOn(state, node) !== undefined,
    preBind,
    retryOn: {
      'PersistentVolumeClaim/Add': (pod, { object }) => isNamed(pod, object),
      'PersistentVolumeClaim/Update': (pod, { object }) => isNamed(pod, object),
      'PersistentVolume/Add': always,
      'PersistentVolume/Update': always,
      'Node/Add': always,
      'Node/UpdateLabel': always,
      'StorageClass/Add': always,
      'StorageClass/Update': (_pod, { object, old }) =>
        JSON.stringify(object['allowedTopologies'] ?? []) !== JSON.stringify(old?.['allowedTopologies'] ?? []),
      'CSINode/Add': always,
      'CSINode/Update': (_pod, { object, old }) => migrated(object) !== migrated(old),
      'CSIStorageCapacity/Add': always,
      'CSIStorageCapacity/Update': (_pod, { object, old }) => bytesOf(limitOf(object)) > bytesOf(limitOf(old)),
      'CSIDriver/Update': (pod, { object, old }) =>
        old?.['spec']?.storageCapacity === true &&
        object['spec']?.storageCapacity !== true &&
        ((pod.pod['spec']?.volumes ?? []) as readonly { csi?: { driver?: string } }[]).some(
          ({ csi }) => csi?.driver === object.metadata.name,
        ),
    },
  }
}

const migrated = (csiNode: KubernetesObject | undefined): string =>
  csiNode?.metadata.annotations?.['storage.alpha.kubernetes.io/migrated-plugins'] ?? ''
const limitOf = (capacity: KubernetesObject | undefined): string | undefined => capacity?.['maximumVolumeSize'] ?? capacity?.['capacity']
