/** What the snapshot keeps as pods and nodes come, change and go equals what a count from scratch finds, after every change. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { KubernetesObject } from '../../src/cluster/objects/metadata.ts'
import type { Node } from '../../src/cluster/objects/node.ts'
import { affinityQuestion, type DomainCounts, type Question, spreadQuestion } from '../../src/cluster/scheduler/counts.ts'
import { matcherOf } from '../../src/cluster/scheduler/matcher.ts'
import { PodInfo } from '../../src/cluster/scheduler/pod-info.ts'
import { type NodeInfo, Snapshot } from '../../src/cluster/scheduler/snapshot.ts'

type Step =
  | { readonly kind: 'node'; readonly node: number; readonly zone: number; readonly tainted: boolean; readonly cpu: number }
  | { readonly kind: 'no-node'; readonly node: number }
  | {
      readonly kind: 'pod'
      readonly pod: number
      readonly node: number
      readonly app: number
      readonly cpu: number
      readonly terminating: boolean
      readonly repels: boolean
    }
  | { readonly kind: 'no-pod'; readonly pod: number }

const nodes = 6
const pods = 12
const small = (most: number) => fc.integer({ min: 0, max: most })
const steps = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('node' as const),
        node: small(nodes - 1),
        zone: small(3),
        tainted: fc.boolean(),
        cpu: small(8),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('no-node' as const), node: small(nodes - 1) }) },
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('pod' as const),
        pod: small(pods - 1),
        node: small(nodes - 1),
        app: small(2),
        cpu: small(4),
        terminating: fc.boolean(),
        repels: fc.boolean(),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('no-pod' as const), pod: small(pods - 1) }) },
  ),
  { maxLength: 60 },
)

const zoneKey = 'topology.kubernetes.io/zone'

const nodeOf = (step: Extract<Step, { kind: 'node' }>): Node => {
  const name = `n${step.node}`
  const amounts = { cpu: String(step.cpu), memory: '8Gi', pods: '110', 'example.com/dev': String(step.zone) }
  return {
    apiVersion: 'v1',
    kind: 'Node',
    // Zone 0 is none.
    metadata: { name, labels: { 'kubernetes.io/hostname': name, ...(step.zone === 0 ? {} : { [zoneKey]: `z${step.zone}` }) } },
    spec: step.tainted ? { taints: [{ key: 'k', effect: 'NoSchedule' }] } : {},
    status: { allocatable: amounts },
  }
}

const podOf = (step: Extract<Step, { kind: 'pod' }>): KubernetesObject => {
  const term = { topologyKey: zoneKey, labelSelector: { matchLabels: { app: `a${step.app}` } } }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `p${step.pod}`,
      namespace: step.pod % 3 === 0 ? 'other' : 'default',
      uid: `u${step.pod}`,
      labels: { app: `a${step.app}`, tier: 'x' },
      ...(step.terminating ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
    },
    spec: {
      nodeName: `n${step.node}`,
      priority: (step.cpu + step.pod) % 3,
      containers: [
        {
          name: 'c',
          resources: { requests: { cpu: String(step.cpu), 'example.com/dev': '1' } },
          ports: [{ containerPort: 80, hostPort: 8000 + step.pod }],
        },
      ],
      volumes: [{ name: 'v', persistentVolumeClaim: { claimName: `c${step.pod % 4}` } }],
      ...(step.repels ? { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } } } : {}),
    },
  }
}

const app = matcherOf({ matchLabels: { app: 'a1' } })
const tier = matcherOf({ matchExpressions: [{ key: 'tier', operator: 'Exists' }] })
const term = new PodInfo(podOf({ kind: 'pod', pod: 1, node: 0, app: 1, cpu: 0, terminating: false, repels: true })).requiredAntiAffinity
const questions: readonly Question[] = [
  spreadQuestion('default', app),
  spreadQuestion('other', tier),
  affinityQuestion(term, [undefined]),
  affinityQuestion(term, [['default']]),
]
const untainted = { text: 'untainted', admits: (node: NodeInfo) => node.hardTaints.length === 0 }

/** The least counts as they are kept, which must be what a look at each node finds. */
const leastOf = (inNodes: readonly NodeInfo[], domainOf: Int32Array, counts: DomainCounts): object => {
  const perDomain = new Map<number, number>()
  for (const { index } of inNodes) if (domainOf[index]! >= 0) perDomain.set(domainOf[index]!, counts.at(index))
  const least = (without: number): number => Math.min(...[...perDomain].filter(([domain]) => domain !== without).map(([, count]) => count))
  expect(counts.least).toBe(least(-1))
  const beside = [...perDomain.keys()].map((domain) => counts.leastBeside(domain))
  expect(beside).toEqual([...perDomain.keys()].map(least))
  return { least: counts.least }
}

/** Every count of a snapshot, in words. */
const countsOf = (snapshot: Snapshot): unknown => {
  const { tallies } = snapshot
  const topologies = [
    tallies.topology(zoneKey),
    tallies.topology(zoneKey, ['kubernetes.io/hostname'], untainted),
    tallies.topology('kubernetes.io/hostname'),
  ]
  const inNodes = [...snapshot.nodes()].sort((a, b) => (a.name < b.name ? -1 : 1))
  const perQuestion = questions.map((question) => {
    const tally = tallies.tally(question)
    return {
      total: tally.total,
      nodes: inNodes.map((node) => tally.perNode[node.index]),
      domains: topologies.map((topology) => {
        const counts = tally.in(topology as never)
        return {
          total: counts.total,
          nodes: inNodes.map((node) => [topology.domainOf[node.index]! >= 0, counts.at(node.index)]),
          ...leastOf(inNodes, topology.domainOf, counts),
        }
      }),
    }
  })
  const repelling = [0, 1, 2].map((which) => {
    const counts: number[] = []
    const seeker = new PodInfo(podOf({ kind: 'pod', pod: 1, node: 0, app: which, cpu: 0, terminating: false, repels: false }))
    tallies.eachCarrier('antiAffinity', seeker, ({ term: carried, tally }) => {
      if (carried.selector.matches(seeker.labels)) counts.push(tally.total)
    })
    return counts.filter((count) => count > 0).sort()
  })
  return {
    perQuestion,
    repelling,
    sizes: topologies.map((topology) => topology.size),
    amounts: inNodes.map(({ index, pods: there, ports }) => ({
      cpu: [snapshot.cpu.room[index], snapshot.cpu.used[index]],
      memory: snapshot.scoredMemory[index],
      count: snapshot.count.used[index],
      dev: [snapshot.others.get('example.com/dev')?.room[index] ?? 0, snapshot.others.get('example.com/dev')?.used[index] ?? 0],
      pods: [...there.keys()].sort(),
      ports: [...ports.keys()].sort(),
    })),
    claims: [...snapshot.claimUsers].map(([key, users]) => [key, [...users].map(([node, uses]) => `${node.name}:${uses}`).sort()]).sort(),
  }
}

/** The same cluster, put together at once. */
const fromScratch = (there: ReadonlyMap<number, Node>, on: ReadonlyMap<number, KubernetesObject>): Snapshot => {
  const snapshot = new Snapshot()
  for (const node of there.values()) snapshot.setNode(node)
  for (const pod of on.values()) snapshot.setPod(new PodInfo(pod), pod['spec'].nodeName)
  return snapshot
}

test('counts that are kept equal counts from scratch after every change', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const snapshot = new Snapshot()
      const there = new Map<number, Node>()
      const on = new Map<number, KubernetesObject>()
      countsOf(snapshot)
      for (const step of all as readonly Step[]) {
        switch (step.kind) {
          case 'node': {
            const node = nodeOf(step)
            there.set(step.node, node)
            snapshot.setNode(node)
            break
          }
          case 'no-node':
            there.delete(step.node)
            snapshot.removeNode(`n${step.node}`)
            break
          case 'pod': {
            const pod = podOf(step)
            on.set(step.pod, pod)
            snapshot.setPod(new PodInfo(pod), pod['spec'].nodeName)
            break
          }
          case 'no-pod':
            on.delete(step.pod)
            snapshot.removePod(`u${step.pod}`)
            break
        }
        expect(countsOf(snapshot)).toEqual(countsOf(fromScratch(there, on)))
        for (const node of snapshot.nodes()) {
          const priorities = [...node.pods.values()].map(({ priority }) => priority)
          expect(snapshot.lowestPriority[node.index]).toBe(Math.min(...priorities))
        }
      }
    }),
    { numRuns: 60 },
  )
})

test('a thought about a node leaves nothing behind', () => {
  fc.assert(
    fc.property(steps, fc.array(small(pods - 1), { maxLength: 6 }), (all, thoughts) => {
      const there = new Map<number, Node>()
      const on = new Map<number, KubernetesObject>()
      for (const step of all as readonly Step[]) {
        if (step.kind === 'node') there.set(step.node, nodeOf(step))
        if (step.kind === 'pod') on.set(step.pod, podOf(step))
      }
      const snapshot = fromScratch(there, on)
      const before = countsOf(snapshot)
      for (const node of snapshot.nodes()) {
        const thought = snapshot.think(node)
        for (const pod of [...node.pods.values()]) thought.remove(pod)
        for (const pod of thoughts)
          thought.add(new PodInfo(podOf({ kind: 'pod', pod, node: 0, app: 1, cpu: 3, terminating: false, repels: true })))
        thought.end()
      }
      expect(countsOf(snapshot)).toEqual(before)
    }),
    { numRuns: 60 },
  )
})
