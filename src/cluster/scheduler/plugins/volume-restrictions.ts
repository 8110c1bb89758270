/**
 * Disks that exclude each other, and claims that one pod alone may use (ReadWriteOncePod). ReadWriteOnce is not checked: that is a matter of
 * nodes, and attaching decides it. Source: scheduler.md 7.9; volumerestrictions/volume_restrictions.go.
 */
import type { KubernetesObject } from '../../objects/metadata.ts'
import type { Cycle, Plugin } from '../plugin.ts'
import { always, skip, unresolvable, unschedulable } from '../plugin.ts'
import type { PodInfo } from '../pod-info.ts'

const inUse = unschedulable(
  'node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod',
)
const conflict = unschedulable('node(s) had no available disk')

type Disk = {
  readonly gcePersistentDisk?: { readonly pdName: string; readonly readOnly?: boolean }
  readonly awsElasticBlockStore?: { readonly volumeID: string }
  readonly iscsi?: { readonly iqn: string; readonly readOnly?: boolean }
  readonly rbd?: { readonly monitors?: readonly string[]; readonly pool?: string; readonly image: string; readonly readOnly?: boolean }
}

const disksOf = (pod: KubernetesObject): readonly Disk[] =>
  ((pod['spec']?.volumes ?? []) as readonly Disk[]).filter(
    (volume) => volume.gcePersistentDisk ?? volume.awsElasticBlockStore ?? volume.iscsi ?? volume.rbd,
  )

const excludes = (a: Disk, b: Disk): boolean => {
  if (a.gcePersistentDisk && b.gcePersistentDisk) {
    return a.gcePersistentDisk.pdName === b.gcePersistentDisk.pdName && !(a.gcePersistentDisk.readOnly && b.gcePersistentDisk.readOnly)
  }
  if (a.awsElasticBlockStore && b.awsElasticBlockStore) return a.awsElasticBlockStore.volumeID === b.awsElasticBlockStore.volumeID
  if (a.iscsi && b.iscsi) return a.iscsi.iqn === b.iscsi.iqn && !(a.iscsi.readOnly && b.iscsi.readOnly)
  if (a.rbd && b.rbd) {
    const monitors = b.rbd.monitors ?? []
    const shared = (a.rbd.monitors ?? []).some((monitor) => monitors.includes(monitor))
    const same = shared && (a.rbd.pool ?? 'rbd') === (b.rbd.pool ?? 'rbd') && a.rbd.image === b.rbd.image
    return same && !(a.rbd.readOnly && b.rbd.readOnly)
  }
  return false
}

const conflicts = (disks: readonly Disk[], other: PodInfo): boolean => {
  const there = disksOf(other.pod)
  return there.length > 0 && disks.some((disk) => there.some((used) => excludes(disk, used)))
}

type State = {
  readonly disks: readonly Disk[]
  /** Names of the pod's claims that one pod alone may use. */
  readonly exclusive: ReadonlySet<string>
  /** Of these, how many are in use by others, in thought too. */
  users: number
}

/** Users are taken off by claim name, whatever their namespace, as in Kubernetes. */
const usesOf = (pod: PodInfo, exclusive: ReadonlySet<string>): number =>
  pod.claims.filter(({ name, ephemeral }) => !ephemeral && exclusive.has(name)).length

const preFilter = ({ pod, snapshot, known }: Cycle) => {
  const exclusive = new Set<string>()
  let users = 0
  for (const { name, ephemeral } of pod.claims) {
    if (ephemeral) continue
    const claim = known.claim(pod.namespace, name)
    if (claim === undefined) {
      return { kind: 'refuse', refusal: unresolvable(`persistentvolumeclaim "${name}" not found`) } as const
    }
    if (!((claim['spec']?.accessModes ?? []) as readonly string[]).includes('ReadWriteOncePod')) continue
    exclusive.add(name)
    if (snapshot.claimUsers.has(`${pod.namespace}/${name}`)) users++
  }
  const disks = disksOf(pod.pod)
  if (disks.length === 0 && users === 0) return skip
  return { kind: 'go', state: { disks, exclusive, users } satisfies State as State } as const
}

export const volumeRestrictions: Plugin<State, never> = {
  name: 'VolumeRestrictions',
  preFilter,
  addPod: (_cycle, _node, pod, state) => {
    state.users += usesOf(pod, state.exclusive)
  },
  removePod: (_cycle, _node, pod, state) => {
    state.users -= usesOf(pod, state.exclusive)
  },
  filter: (_cycle, node, { disks, users }) => {
    if (disks.length > 0) for (const pod of node.pods.values()) if (conflicts(disks, pod)) return conflict
    return users > 0 ? inUse : undefined
  },
  retryOn: {
    'Pod/Delete': (pod, event) => {
      if (event.pod === undefined || event.pod.namespace !== pod.namespace) return false
      const names = new Set(event.pod.claims.map(({ name }) => name))
      return conflicts(disksOf(pod.pod), event.pod) || pod.claims.some(({ name }) => names.has(name))
    },
    'Node/Add': always,
    'PersistentVolumeClaim/Add': (pod, { object }) =>
      object.metadata.namespace === pod.namespace && pod.claims.some(({ name }) => name === object.metadata.name),
  },
}
