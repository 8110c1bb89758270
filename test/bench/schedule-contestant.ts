/**
 * Places pods on nodes that are half full, without API and without time, and prints microseconds per pod.
 * Usage: schedule-contestant.ts plain|spread|anti-affinity|volumes NODES PODS
 */

import type { Answer, Request } from '../../src/cluster/apiserver/request.ts'
import { playAtOnce } from '../../src/cluster/client/at-once.ts'
import type { Change } from '../../src/cluster/client/controller.ts'
import type { KubernetesObject } from '../../src/cluster/objects/metadata.ts'
import { gatesOf } from '../../src/cluster/objects/release.ts'
import { settingsOf } from '../../src/cluster/scheduler/configuration.ts'
import { Scheduler } from '../../src/cluster/scheduler/scheduler.ts'

const [variant = 'plain', nodeCount = '5000', podCount = '5000'] = process.argv.slice(2)
const nodes = Number(nodeCount)
const pods = Number(podCount)
/** Pods that are there before, on each node: half of what fits. */
const before = 16
/** Pods of one set. */
const replicas = 100

const gates = gatesOf({ minor: 36, patch: 99 })
let revision = 0
const versioned = (object: KubernetesObject): KubernetesObject => ({
  ...object,
  metadata: { ...object.metadata, resourceVersion: String(++revision) },
})

const arrivals: Change[] = []
const stored = new Map<string, KubernetesObject>()
const keyOf = (object: KubernetesObject) => `${object.kind}/${object.metadata.namespace ?? ''}/${object.metadata.name}`
const write = (object: KubernetesObject): KubernetesObject => {
  const is = versioned(object)
  const old = stored.get(keyOf(is))
  stored.set(keyOf(is), is)
  arrivals.push({ type: old === undefined ? 'ADDED' : 'MODIFIED', object: is, old })
  return is
}

const handle = (request: Request): Answer => {
  if (request.verb === 'bind') {
    const pod = stored.get(`Pod/${request.namespace}/${request.name}`) as KubernetesObject
    return { ok: true, object: write({ ...pod, spec: { ...pod['spec'], nodeName: request.node } }) }
  }
  if (request.verb === 'patch') return { ok: true, object: stored.get(`Pod/${request.namespace}/${request.name}`) as KubernetesObject }
  if (request.verb === 'update' && request.object.kind === 'PersistentVolumeClaim') {
    const claim = write(request.object)
    provision(claim)
    return { ok: true, object: claim }
  }
  throw new Error(`not expected: ${request.verb}`)
}

/** The volume is there and bound before anybody looks again. */
const provision = (claim: KubernetesObject): void => {
  const { name, namespace } = claim.metadata
  write({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: `pv-${name}` },
    spec: {
      capacity: { storage: '1Gi' },
      storageClassName: 'disk',
      csi: { driver: 'disk.test', volumeHandle: `h-${name}` },
      claimRef: { name, namespace, uid: name },
    },
    status: { phase: 'Bound' },
  })
  write({
    ...claim,
    metadata: { ...claim.metadata, annotations: { ...claim.metadata.annotations, 'pv.kubernetes.io/bind-completed': 'yes' } },
    spec: { ...claim['spec'], volumeName: `pv-${name}` },
  })
  settle()
}

const scheduler = new Scheduler({
  gates,
  settings: settingsOf(undefined, gates),
  now: () => 0,
  time: () => '2026-01-01T00:00:00Z',
  chance: () => 0.5,
  think: (_pod, then) => then(),
  play: (story, ended) => ended(playAtOnce(story, { call: handle })),
})

const settle = (): void => {
  for (const change of arrivals.splice(0)) scheduler.take(change)
}

const set = (index: number): string => `set-${Math.floor(index / replicas)}`

const podOf = (index: number, node?: string): KubernetesObject => {
  const app = set(index)
  const selector = { matchLabels: { app } }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `p-${index}`,
      namespace: 'default',
      uid: `uid-${index}`,
      labels: { app, 'statefulset.kubernetes.io/pod-name': `p-${index}` },
    },
    spec: {
      schedulerName: 'default-scheduler',
      priority: 0,
      ...(node === undefined ? {} : { nodeName: node }),
      containers: [{ name: 'c', image: 'registry.k8s.io/pause:3.10', resources: { requests: { cpu: '500m', memory: '1Gi' } } }],
      ...(variant === 'spread'
        ? {
            topologySpreadConstraints: [
              { maxSkew: 1, topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'DoNotSchedule', labelSelector: selector },
              { maxSkew: 1, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'DoNotSchedule', labelSelector: selector },
            ],
          }
        : {}),
      ...(variant === 'anti-affinity'
        ? {
            affinity: {
              podAntiAffinity: {
                requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'kubernetes.io/hostname', labelSelector: selector }],
              },
            },
          }
        : {}),
      ...(variant === 'volumes' ? { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: `data-${index}` } }] } : {}),
    },
    status: { phase: 'Pending' },
  }
}

const claimOf = (index: number): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: `data-${index}`, namespace: 'default', uid: `data-${index}` },
  spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'disk', resources: { requests: { storage: '1Gi' } } },
  status: { phase: 'Pending' },
})

write({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name: 'disk' },
  provisioner: 'disk.test',
  volumeBindingMode: 'WaitForFirstConsumer',
})
for (let i = 0; i < nodes; i++) {
  const name = `node-${i}`
  const amounts = { cpu: '16', memory: '64Gi', pods: '110', 'ephemeral-storage': '100Gi' }
  write({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name, 'topology.kubernetes.io/zone': `zone-${i % 3}` } },
    spec: {},
    status: { capacity: amounts, allocatable: amounts },
  })
  if (variant === 'volumes') {
    write({
      apiVersion: 'storage.k8s.io/v1',
      kind: 'CSINode',
      metadata: { name },
      spec: { drivers: [{ name: 'disk.test', nodeID: name, allocatable: { count: 39 } }] },
    })
  }
}
let made = 0
for (let i = 0; i < nodes * before; i++, made++) {
  if (variant === 'volumes') provision(write(claimOf(made)))
  write(podOf(made, `node-${i % nodes}`))
}
settle()

const place = (count: number): number => {
  // The processor's time: other programs of a busy machine do not count.
  const from = process.cpuUsage()
  for (let i = 0; i < count; i++, made++) {
    if (variant === 'volumes') write(claimOf(made))
    write(podOf(made))
    settle()
    let placed = false
    scheduler.attempt(({ verdict }) => {
      placed = verdict?.kind === 'placed'
    })
    if (!placed) throw new Error(`pod ${made} found no node`)
    settle()
  }
  const { user, system } = process.cpuUsage(from)
  return (user + system) / count
}

place(Math.min(300, pods))
const parts = [place(Math.ceil(pods / 3)), place(Math.ceil(pods / 3)), place(Math.ceil(pods / 3))] as const
console.log(JSON.stringify({ cost: (parts[0] + parts[1] + parts[2]) / 3, growth: parts[2] / parts[0] }))
