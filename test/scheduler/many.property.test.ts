/** What plugins answer for many nodes at once (`filterMany`, `scoreMany`) is what they answer for each, whatever happened to the nodes before. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { KubernetesObject } from '../../src/cluster/objects/metadata.ts'
import type { Node } from '../../src/cluster/objects/node.ts'
import { gatesOf } from '../../src/cluster/objects/release.ts'
import { NodeBatch } from '../../src/cluster/scheduler/batch.ts'
import { Known } from '../../src/cluster/scheduler/known.ts'
import type { Cycle, Refusal } from '../../src/cluster/scheduler/plugin.ts'
import { defaultPlugins } from '../../src/cluster/scheduler/plugins/default.ts'
import { PodInfo } from '../../src/cluster/scheduler/pod-info.ts'
import { Snapshot } from '../../src/cluster/scheduler/snapshot.ts'

const zone = 'topology.kubernetes.io/zone'
const hostname = 'kubernetes.io/hostname'
const small = (most: number) => fc.integer({ min: 0, max: most })

const nodeArbitrary = fc.record({
  name: small(4),
  zone: small(2),
  taint: fc.constantFrom(undefined, 'NoSchedule', 'PreferNoSchedule'),
  cordoned: fc.boolean(),
  cpu: small(3),
  dev: small(2),
  image: fc.boolean(),
  limit: small(2),
})
const podArbitrary = fc.record({
  name: small(9),
  node: small(4),
  app: small(1),
  cpu: small(2),
  memory: small(2),
  storage: small(1),
  dev: small(1),
  port: fc.boolean(),
  tolerates: fc.boolean(),
  repels: fc.boolean(),
  attracts: fc.boolean(),
  prefers: fc.boolean(),
  spreads: fc.boolean(),
  claim: small(3),
  selects: fc.boolean(),
  owned: fc.boolean(),
})
type N = typeof nodeArbitrary extends fc.Arbitrary<infer T> ? T : never
type P = typeof podArbitrary extends fc.Arbitrary<infer T> ? T : never

const nodeOf = (n: N): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: `n${n.name}`, labels: { [hostname]: `n${n.name}`, ...(n.zone === 0 ? {} : { [zone]: `z${n.zone}` }) } },
  spec: {
    ...(n.taint === undefined ? {} : { taints: [{ key: 'k', effect: n.taint }] }),
    ...(n.cordoned ? { unschedulable: true } : {}),
  },
  status: {
    allocatable: { cpu: `${n.cpu}`, memory: '2Gi', 'ephemeral-storage': '1Gi', pods: '3', 'example.com/dev': `${n.dev}` },
    images: n.image ? [{ names: ['i:1'], sizeBytes: 300_000_000 }] : [],
  },
})

/** Pods of a set get the constraints that the scheduler has for those without their own. */
const owners = ({ owned, app }: P): object => {
  const name = `set${app}`
  return owned ? { ownerReferences: [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name, uid: name, controller: true }] } : {}
}

const sets: readonly KubernetesObject[] = [0, 1].map((app) => ({
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { name: `set${app}`, namespace: 'default', uid: `set${app}` },
  spec: { selector: { matchLabels: { app: `a${app}` } } },
}))

const podOf = (p: P, on: boolean): KubernetesObject => {
  const labelSelector = { matchLabels: { app: `a${p.app}` } }
  const term = { topologyKey: zone, labelSelector }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `p${p.name}`,
      namespace: 'default',
      uid: `u${p.name}${on ? '' : '-new'}`,
      labels: { app: `a${p.app}` },
      ...owners(p),
    },
    spec: {
      ...(on ? { nodeName: `n${p.node}` } : {}),
      ...(p.tolerates ? { tolerations: [{ key: 'k', operator: 'Exists' }] } : {}),
      ...(p.selects ? { nodeSelector: { [zone]: 'z1' } } : {}),
      containers: [
        {
          name: 'c',
          image: 'i:1',
          resources: {
            requests: {
              ...(p.cpu === 0 ? {} : { cpu: `${p.cpu * 400}m` }),
              ...(p.memory === 0 ? {} : { memory: `${p.memory * 500}Mi` }),
              ...(p.storage === 0 ? {} : { 'ephemeral-storage': '400Mi' }),
              ...(p.dev === 0 ? {} : { 'example.com/dev': '1' }),
            },
          },
          ports: p.port ? [{ containerPort: 80, hostPort: 8000 }] : [],
        },
      ],
      volumes: p.claim === 0 ? [] : [{ name: 'v', persistentVolumeClaim: { claimName: `c${p.claim}` } }],
      affinity: {
        podAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: p.attracts ? [term] : [],
          preferredDuringSchedulingIgnoredDuringExecution: p.prefers ? [{ weight: 7, podAffinityTerm: term }] : [],
        },
        podAntiAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: p.repels ? [{ ...term, topologyKey: hostname }] : [],
        },
      },
      topologySpreadConstraints: p.spreads
        ? [
            { maxSkew: 1, topologyKey: zone, whenUnsatisfiable: 'DoNotSchedule', labelSelector },
            { maxSkew: 1, topologyKey: hostname, whenUnsatisfiable: 'ScheduleAnyway', labelSelector },
            { maxSkew: 2, topologyKey: zone, whenUnsatisfiable: 'ScheduleAnyway', labelSelector },
          ]
        : [],
    },
  }
}

const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('node' as const), node: nodeArbitrary }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('no-node' as const), name: small(4) }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('pod' as const), pod: podArbitrary }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('no-pod' as const), name: small(9) }) },
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant('attached' as const), name: fc.constantFrom(1, 2), node: small(4), gone: fc.boolean() }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('thought' as const), node: small(4), pod: podArbitrary }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('look' as const), pod: podArbitrary }) },
  ),
  { maxLength: 40 },
)

/** Asked after every step, so that what is remembered of a shape of pods is used. */
const usual: P = {
  ...{ name: 0, node: 0, app: 0, cpu: 1, memory: 1, storage: 0, dev: 0, port: false, tolerates: false, repels: false, attracts: false },
  ...{ prefers: false, spreads: false, claim: 0, selects: false, owned: false },
}
const probes: readonly P[] = [
  usual,
  { ...usual, cpu: 0, storage: 1, dev: 1, tolerates: true },
  { ...usual, spreads: true, repels: true },
  { ...usual, claim: 1, attracts: true },
  { ...usual, claim: 3 },
  { ...usual, owned: true },
]

const gates = gatesOf({ minor: 36, patch: 99 })

const claims: readonly KubernetesObject[] = [1, 2, 3].flatMap((n) => [
  {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: `v${n}` },
    spec: {
      csi: { driver: n === 3 ? 'other.test' : 'disk.test', volumeHandle: `h${n}` },
      claimRef: { namespace: 'default', name: `c${n}` },
    },
  },
  {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: `c${n}`, namespace: 'default', annotations: { 'pv.kubernetes.io/bind-completed': 'yes' } },
    spec: { volumeName: `v${n}`, accessModes: ['ReadWriteOnce'] },
    status: { phase: 'Bound' },
  },
])

const csiNodeOf = (n: N): KubernetesObject => ({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'CSINode',
  metadata: { name: `n${n.name}` },
  spec: { drivers: n.limit === 0 ? [] : [{ name: 'disk.test', allocatable: { count: n.limit - 1 } }] },
})

/** Asks every plugin both ways about all nodes. */
const look = (cycle: Cycle, plugins: ReturnType<typeof defaultPlugins>): void => {
  const nodes = cycle.snapshot.nodes()
  // One by one it is asked of plugins that remember nothing.
  const fresh = defaultPlugins(() => undefined, gates)
  for (const [which, plugin] of plugins.entries()) {
    const alone = fresh[which] as typeof plugin
    const before = plugin.preFilter?.(cycle)
    if (before?.kind === 'refuse') continue
    const state = before?.kind === 'go' ? before.state : undefined
    const batch = new NodeBatch()
    batch.take(nodes, 0, nodes.length)
    if (plugin.filterMany !== undefined && before?.kind !== 'skip') {
      const single = nodes.map((node) => alone.filter?.(cycle, node, state))
      const many = new Map<string, Refusal>()
      plugin.filterMany(cycle, batch, state)
      batch.sweep((node, refusal) => many.set(node.name, refusal))
      const isThere = (i: number): boolean => single[i] === undefined
      expect(
        nodes.map(({ name }) => many.get(name)),
        plugin.name,
      ).toEqual(single)
      expect(batch.nodes.slice(0, batch.size), plugin.name).toEqual(nodes.filter((_node, i) => isThere(i)))
      expect([...batch.indexes.subarray(0, batch.size)]).toEqual(batch.nodes.slice(0, batch.size).map(({ index }) => index))
      batch.take(nodes, 0, nodes.length)
    }
    const prepared = plugin.preScore?.(cycle, nodes, state)
    if (plugin.scoreMany === undefined || prepared?.kind !== 'go') continue
    const scores = new Float64Array(nodes.length)
    plugin.scoreMany(cycle, batch, scores, prepared.state)
    expect([...scores], plugin.name).toEqual(nodes.map((node) => alone.score?.(cycle, node, prepared.state)))
  }
}

test('many at once and one by one are the same', () => {
  const asked = new Set<string>()
  fc.assert(
    fc.property(steps, (all) => {
      const snapshot = new Snapshot()
      const known = new Known()
      const plugins = defaultPlugins(() => undefined, gates)
      for (const plugin of plugins) if (plugin.filterMany !== undefined || plugin.scoreMany !== undefined) asked.add(plugin.name)
      for (const object of [...claims, ...sets]) known.set(object)
      for (const step of all) {
        switch (step.kind) {
          case 'node':
            snapshot.setNode(nodeOf(step.node))
            known.set(csiNodeOf(step.node))
            break
          case 'no-node':
            snapshot.removeNode(`n${step.name}`)
            break
          case 'pod':
            snapshot.setPod(new PodInfo(podOf(step.pod, true)), `n${step.pod.node}`)
            break
          case 'no-pod':
            snapshot.removePod(`u${step.name}`)
            break
          case 'attached': {
            const attachment = {
              apiVersion: 'storage.k8s.io/v1',
              kind: 'VolumeAttachment',
              metadata: { name: `a${step.name}-${step.node}` },
              spec: { nodeName: `n${step.node}`, source: { persistentVolumeName: `v${step.name}` } },
            }
            known.set(attachment, step.gone)
            snapshot.touchAttachments(`n${step.node}`)
            break
          }
          case 'thought': {
            const node = snapshot.node(`n${step.node}`)
            if (node === undefined) break
            const thought = snapshot.think(node)
            for (const pod of [...node.pods.values()].slice(1)) thought.remove(pod)
            thought.add(new PodInfo({ ...podOf(step.pod, true), metadata: { ...podOf(step.pod, true).metadata, uid: 'thought' } }))
            // What is learnt meanwhile holds no longer than the thought.
            for (const probe of probes) look({ pod: new PodInfo(podOf(probe, false)), snapshot, known, gates }, plugins)
            thought.end()
            break
          }
          case 'look':
            look({ pod: new PodInfo(podOf(step.pod, false)), snapshot, known, gates }, plugins)
            break
        }
        for (const probe of probes) look({ pod: new PodInfo(podOf(probe, false)), snapshot, known, gates }, plugins)
      }
    }),
    { numRuns: 200, seed: 7 },
  )
  expect([...asked].sort()).toEqual([
    'InterPodAffinity',
    'NodeResourcesBalancedAllocation',
    'NodeResourcesFit',
    'NodeUnschedulable',
    'NodeVolumeLimits',
    'PodTopologySpread',
    'TaintToleration',
  ])
})
