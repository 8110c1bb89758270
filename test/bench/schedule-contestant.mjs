/**
 * Places pods on nodes, without API and without time, and prints microseconds of the processor per pod. JavaScript that runs what is built, as
 * users do (see cluster-contestant.mjs). Usage: schedule-contestant.mjs plain|spread|anti-affinity|volumes|members|unschedulable NODES [PODS_PER_NODE]
 *
 * `members` are pods of a StatefulSet: the constraints that the scheduler takes for those without their own. `unschedulable` ones fit nowhere, and
 * there is nobody whom they could preempt.
 */
import { playAtOnce } from '../../dist/cluster/client/at-once.js'
import { gatesOf } from '../../dist/cluster/objects/release.js'
import { settingsOf } from '../../dist/cluster/scheduler/configuration.js'
import { Scheduler } from '../../dist/cluster/scheduler/scheduler.js'

const [variant = 'plain', nodeCount = '5000', podsPerNode = '16'] = process.argv.slice(2)
const nodes = Number(nodeCount)
/** Pods that are there before, on each node. 32 fit. */
const before = Number(podsPerNode)
/** Pods of one set. */
const replicas = 100
/** Whether pods ask for more than half a node. */
const isTooMuch = variant === 'unschedulable'
/** Pods that are placed before the clock runs: then the compiler is done. */
const warm = isTooMuch ? 500 : 8_000
/** Pods that are placed and measured, and how many at most before they go again, so that the nodes stay as full as they are. */
const measured = isTooMuch ? 500 : 4_000
const stretch = Math.min(2_000, nodes * 8)

const gates = gatesOf({ minor: 36, patch: 99 })
let revision = 0
const arrivals = []
const stored = new Map()
const keyOf = (object) => `${object.kind}/${object.metadata.namespace ?? ''}/${object.metadata.name}`
const write = (object) => {
  const is = { ...object, metadata: { ...object.metadata, resourceVersion: String(++revision) } }
  const old = stored.get(keyOf(is))
  stored.set(keyOf(is), is)
  arrivals.push({ type: old === undefined ? 'ADDED' : 'MODIFIED', object: is, old })
  return is
}
const remove = (object) => {
  const old = stored.get(keyOf(object))
  stored.delete(keyOf(object))
  arrivals.push({ type: 'DELETED', object: old, old })
}

const handle = (request) => {
  if (request.verb === 'bind') {
    const pod = stored.get(`Pod/${request.namespace}/${request.name}`)
    return { ok: true, object: write({ ...pod, spec: { ...pod.spec, nodeName: request.node } }) }
  }
  if (request.verb === 'patch') return { ok: true, object: stored.get(`Pod/${request.namespace}/${request.name}`) }
  if (request.verb === 'update' && request.object.kind === 'PersistentVolumeClaim') {
    const claim = write(request.object)
    provision(claim)
    return { ok: true, object: claim }
  }
  throw new Error(`not expected: ${request.verb}`)
}

const volumeOf = (claim) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name: `pv-${claim.metadata.name}` },
  spec: {
    capacity: { storage: '1Gi' },
    storageClassName: 'disk',
    csi: { driver: 'disk.test', volumeHandle: `h-${claim.metadata.name}` },
    claimRef: { name: claim.metadata.name, namespace: claim.metadata.namespace, uid: claim.metadata.name },
  },
  status: { phase: 'Bound' },
})

/** The volume is there and bound before anybody looks again. */
const provision = (claim) => {
  write(volumeOf(claim))
  write({
    ...claim,
    metadata: { ...claim.metadata, annotations: { ...claim.metadata.annotations, 'pv.kubernetes.io/bind-completed': 'yes' } },
    spec: { ...claim.spec, volumeName: `pv-${claim.metadata.name}` },
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
  again: (then) => then(),
  play: (story, ended) => ended(playAtOnce(story, { call: handle })),
})

const settle = () => {
  for (const change of arrivals.splice(0)) scheduler.take(change)
}

const setOf = (index) => `set-${Math.floor(index / replicas)}`

const podOf = (index, node) => {
  const app = setOf(index)
  const labelSelector = { matchLabels: { app } }
  const constraint = (topologyKey) => ({ maxSkew: 1, topologyKey, whenUnsatisfiable: 'DoNotSchedule', labelSelector })
  const isMember = variant === 'members'
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `p-${index}`,
      namespace: 'default',
      uid: `uid-${index}`,
      labels: { app, 'statefulset.kubernetes.io/pod-name': `p-${index}` },
      ...(isMember ? { ownerReferences: [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name: app, uid: app, controller: true }] } : {}),
    },
    spec: {
      schedulerName: 'default-scheduler',
      priority: 0,
      ...(node === undefined ? {} : { nodeName: node }),
      containers: [
        {
          name: 'c',
          image: 'registry.k8s.io/pause:3.10',
          resources: { requests: { cpu: isTooMuch && node === undefined ? '9' : '500m', memory: '1Gi' } },
        },
      ],
      ...(variant === 'spread'
        ? { topologySpreadConstraints: [constraint('topology.kubernetes.io/zone'), constraint('kubernetes.io/hostname')] }
        : {}),
      ...(variant === 'anti-affinity'
        ? {
            affinity: {
              podAntiAffinity: {
                requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'kubernetes.io/hostname', labelSelector }],
              },
            },
          }
        : {}),
      ...(variant === 'volumes' ? { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: `data-${index}` } }] } : {}),
    },
    status: { phase: 'Pending' },
  }
}

const claimOf = (index) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: `data-${index}`, namespace: 'default', uid: `data-${index}` },
  spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'disk', resources: { requests: { storage: '1Gi' } } },
  status: { phase: 'Pending' },
})

/** The set that a pod is a member of, before its first pod. */
const announceSet = (index) => {
  if (variant !== 'members' || index % replicas !== 0) return
  const name = setOf(index)
  const selector = { matchLabels: { app: name } }
  write({ apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name, namespace: 'default', uid: name }, spec: { selector } })
}

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
  announceSet(made)
  if (variant === 'volumes') provision(write(claimOf(made)))
  write(podOf(made, `node-${i % nodes}`))
}
settle()

const place = (count) => {
  // The processor's time: other programs of a busy machine do not count.
  const from = process.cpuUsage()
  for (let i = 0; i < count; i++, made++) {
    announceSet(made)
    if (variant === 'volumes') write(claimOf(made))
    write(podOf(made))
    settle()
    let placed = false
    scheduler.attempt(({ verdict }) => {
      placed = verdict?.kind === 'placed'
    })
    if (placed === isTooMuch) throw new Error(`pod ${made} ${placed ? 'found a' : 'found no'} node`)
    settle()
  }
  const { user, system } = process.cpuUsage(from)
  return user + system
}

/** What was placed goes again, with its claims and volumes. */
const clear = (from) => {
  for (let i = from; i < made; i++) {
    remove(podOf(i))
    if (variant !== 'volumes') continue
    const claim = claimOf(i)
    remove(volumeOf(claim))
    remove(claim)
  }
  settle()
}

const run = (count) => {
  let spent = 0
  for (let left = count; left > 0; left -= stretch) {
    const from = made
    spent += place(Math.min(left, stretch))
    clear(from)
  }
  return spent / count
}

run(warm)
console.log(JSON.stringify({ cost: run(measured) }))
