import { describe, expect, it } from 'vitest'
import { nodeLifecycle, scheduleTaints, zoneState } from '../../src/cluster/controllers/node-lifecycle.ts'
import { podGarbageCollector } from '../../src/cluster/controllers/pod-garbage-collector.ts'
import { stay, taintEviction } from '../../src/cluster/controllers/taint-eviction.ts'
import { Bench } from './bench.ts'

const controlPlane = (names: readonly string[], options: Readonly<Record<string, unknown>> = {}): Bench => {
  const bench = new Bench(options)
  for (const name of names) bench.node(name, { 'topology.kubernetes.io/zone': 'zone-a' })
  return bench.run(
    { name: 'node-controller', source: 'taint-eviction-controller', factory: taintEviction },
    { name: 'node-controller', factory: nodeLifecycle(bench.heartbeats) },
    { name: 'pod-garbage-collector', factory: podGarbageCollector },
  )
}

describe('a node that dies at 100 s', () => {
  const bench = controlPlane(['node-1', 'node-2', 'node-3'])
  bench.at(1, () => bench.pod('web-0', 'node-1'))
  bench.at(1, () => bench.pod('web-1', 'node-2'))
  bench.at(100, () => bench.silence('node-1'))
  bench.until(600)

  it('costs nothing before it is found out', () => {
    const between = bench.lines(1.1).filter((line) => Number(line.split(' ')[0]) < 145)
    expect(between).toEqual([])
  })

  it('is found out at the tick 50 s after the one that saw its last lease, and is written about in the order of the real controller', () => {
    expect(bench.lines(145).slice(0, 6)).toEqual([
      '145 node-controller update status Node//node-1',
      '145 node-controller ! NodeNotReady Node//node-1',
      '145 node-controller update status Pod/default/web-0',
      '145 node-controller ! NodeNotReady Pod/default/web-0',
      '145 node-controller patch Node//node-1',
      '145.1 node-controller patch Node//node-1',
    ])
    expect(bench.taints('node-1')).toEqual(['unreachable:NoSchedule', 'unreachable:NoExecute'])
  })

  it('loses its pods 300 s after the taint was seen', () => {
    expect(bench.lines(200)).toEqual([
      '445.1 taint-eviction-controller ! TaintManagerEviction Pod/default/web-0',
      '445.1 node-controller patch status Pod/default/web-0',
      '445.1 node-controller delete Pod/default/web-0',
    ])
    const pod = bench.get('Pod', 'web-0')
    expect(pod?.metadata.deletionTimestamp).toBe('2026-01-01T00:07:55Z')
    expect(pod?.['status'].conditions).toContainEqual(
      expect.objectContaining({ type: 'DisruptionTarget', reason: 'DeletionByTaintManager' }),
    )
    expect(pod?.['status'].conditions).toContainEqual(expect.objectContaining({ type: 'Ready', status: 'False' }))
  })
})

describe('a silence', () => {
  it('of 25 s is not seen', () => {
    const bench = controlPlane(['node-1', 'node-2'])
    bench.at(100, () => bench.silence('node-1'))
    bench.at(125, () => bench.heartbeats.of('node-1')?.begin(bench.engine.now, false))
    bench.until(300)
    expect(bench.lines(0.1)).toEqual([])
  })

  it('is found out 50 s after the tick before the start when it begins before the first lease', () => {
    const bench = controlPlane(['node-1', 'node-2'])
    bench.at(1, () => bench.silence('node-1'))
    bench.until(300)
    expect(bench.lines(0.1)[0]).toBe('45 node-controller update status Node//node-1')
  })

  it('that ends brings the node back: NoSchedule at once, NoExecute at the next tick, and no eviction', () => {
    const bench = controlPlane(['node-1', 'node-2'])
    bench.at(1, () => bench.pod('web-0', 'node-1'))
    bench.at(100, () => bench.silence('node-1'))
    bench.at(202, () => {
      bench.heartbeats.of('node-1')?.begin(bench.engine.now, true)
      bench.report('node-1', 'True')
    })
    bench.until(600)
    expect(bench.lines(202)).toEqual([
      '202 test update status Node//node-1',
      '202 node-controller patch Node//node-1',
      '205 node-controller patch Node//node-1',
      '205 taint-eviction-controller ! TaintManagerEviction Pod/default/web-0',
    ])
    expect(bench.messages('Pod/default/web-0')).toEqual(['Node is not ready', 'Cancelling deletion of Pod default/web-0'])
  })

  it('after a kubelet that said not ready swaps the taint and keeps the first deadline', () => {
    const bench = controlPlane(['node-1', 'node-2'])
    bench.at(1, () => bench.pod('web-0', 'node-1'))
    bench.at(133, () => bench.report('node-1', 'False'))
    bench.at(200, () => bench.silence('node-1'))
    bench.until(600)
    expect(bench.lines(133).map((line) => line.split(' ')[0])).toEqual(
      ['133', '133', '135.1', '245', '245', '245', '245', '245', '435.1', '435.1', '435.1'].sort(),
    )
    expect([...bench.taints('node-1')].sort()).toEqual(['unreachable:NoExecute', 'unreachable:NoSchedule'])
    expect(bench.get('Pod', 'web-0')?.metadata.deletionTimestamp).toBe('2026-01-01T00:07:45Z')
  })
})

describe('several nodes of a zone', () => {
  const noExecute = (bench: Bench): number => bench.linesWith('patch Node//', 145.05).length

  it('are tainted one in ten seconds', () => {
    const bench = controlPlane(['a', 'b', 'c', 'd', 'e', 'f'])
    for (const name of ['b', 'c']) bench.at(100, () => bench.silence(name))
    bench.until(154)
    expect(noExecute(bench)).toBe(1)
    bench.until(155.1)
    expect(noExecute(bench)).toBe(2)
  })

  it('are not tainted at all when more than half of a small zone is gone', () => {
    const bench = controlPlane(['a', 'b', 'c', 'd'])
    for (const name of ['b', 'c', 'd']) bench.at(100, () => bench.silence(name))
    bench.until(3000)
    expect(noExecute(bench)).toBe(0)
    expect(bench.taints('d')).toEqual(['unreachable:NoSchedule'])
  })

  it('are tainted one in a hundred seconds in a large zone', () => {
    const names = [...Array(100).keys()].map((n) => `node-${String(n).padStart(3, '0')}`)
    const bench = controlPlane(names)
    for (const name of names.slice(40)) bench.at(100, () => bench.silence(name))
    bench.until(240)
    expect(noExecute(bench)).toBe(1)
    bench.until(1100)
    expect(noExecute(bench)).toBe(10)
  })

  it('are left alone when everything is dark', () => {
    const bench = controlPlane(['a', 'b', 'c'])
    for (const name of ['a', 'b', 'c']) bench.at(100, () => bench.silence(name))
    bench.until(3000)
    expect(noExecute(bench)).toBe(0)
  })
})

describe('a node object', () => {
  it('that never reports is unknown after 60 s', () => {
    const bench = controlPlane(['node-1'])
    bench.at(100, () => bench.must({ verb: 'create', object: { apiVersion: 'v1', kind: 'Node', metadata: { name: 'ghost' } } }))
    bench.until(159.9)
    expect(bench.get('Node', 'ghost')?.['status']?.conditions ?? []).toEqual([])
    bench.until(160)
    expect(bench.get('Node', 'ghost')?.['status'].conditions).toContainEqual(
      expect.objectContaining({
        type: 'Ready',
        status: 'Unknown',
        reason: 'NodeStatusNeverUpdated',
        message: 'Kubelet never posted node status.',
      }),
    )
  })

  it('that is deleted loses its pods after the quarantine, at a tick of the collector', () => {
    const bench = controlPlane(['node-1', 'node-2'])
    bench.at(1, () => bench.pod('web-0', 'node-1'))
    bench.at(505, () => bench.must({ verb: 'delete', kind: 'Node', name: 'node-1' }))
    bench.until(700)
    expect(bench.linesWith('pod-garbage-collector')).toEqual([
      '560 pod-garbage-collector patch status Pod/default/web-0',
      '560 pod-garbage-collector delete Pod/default/web-0',
      '560 pod-garbage-collector delete gone Pod/default/web-0',
    ])
  })

  it('that is cordoned is tainted at once, and freed at once', () => {
    const bench = controlPlane(['node-1'])
    const cordon = (unschedulable: boolean) =>
      bench.must({ verb: 'patch', kind: 'Node', name: 'node-1', type: 'merge', patch: { spec: { unschedulable } } })
    bench.at(10, () => cordon(true)).until(11)
    expect(bench.taints('node-1')).toEqual(['unschedulable:NoSchedule'])
    bench.at(20, () => cordon(false)).until(21)
    expect(bench.taints('node-1')).toEqual([])
  })
})

describe('the out-of-service taint', () => {
  it('evicts at once what has a deadline, and lets the collector remove it', () => {
    const bench = controlPlane(['node-1', 'node-2'])
    bench.at(1, () => bench.pod('web-0', 'node-1'))
    bench.at(100, () => bench.silence('node-1'))
    bench.at(205, () => {
      const taints = [
        ...(bench.get('Node', 'node-1')?.['spec'].taints ?? []),
        { key: 'node.kubernetes.io/out-of-service', value: 'nodeshutdown', effect: 'NoExecute' },
      ]
      bench.must({ verb: 'patch', kind: 'Node', name: 'node-1', type: 'merge', patch: { spec: { taints } } })
    })
    bench.until(300)
    expect(bench.messages('Pod/default/web-0').slice(1)).toEqual([
      'Cancelling deletion of Pod default/web-0',
      'Marking for deletion Pod default/web-0',
    ])
    expect(bench.linesWith('gone', 200)).toEqual(['220 pod-garbage-collector delete gone Pod/default/web-0'])
  })
})

describe('a new leader', () => {
  it('starts the five minutes again', () => {
    const bench = controlPlane(['node-1', 'node-2'])
    bench.at(1, () => bench.pod('web-0', 'node-1'))
    bench.at(100, () => bench.silence('node-1'))
    bench.at(418, () => bench.restart())
    bench.until(800)
    expect(bench.linesWith(' delete ')).toEqual(['718 node-controller delete Pod/default/web-0'])
  })
})

describe('the questions', () => {
  it('how long a pod may stay', () => {
    const taint = { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' } as const
    expect(stay([taint], [])).toBe('now')
    expect(stay([taint], [{ operator: 'Exists' }])).toBe('forever')
    expect(stay([taint], [{ key: taint.key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 }])).toBe(300_000_000)
    expect(stay([taint], [{ key: taint.key, operator: 'Exists', tolerationSeconds: -1 }])).toBe(0)
  })

  it('how a zone is', () => {
    expect(zoneState(0, 3, 0.55)).toBe('Normal')
    expect(zoneState(2, 1, 0.55)).toBe('Normal')
    expect(zoneState(3, 1, 0.55)).toBe('Partial')
    expect(zoneState(3, 0, 0.55)).toBe('Full')
  })

  it('which NoSchedule taints a node should have', () => {
    const conditions = [
      { type: 'Ready', status: 'Unknown' },
      { type: 'DiskPressure', status: 'True' },
    ]
    const taints = [
      { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' },
      { key: 'dedicated', effect: 'NoSchedule' },
    ]
    const { add, remove } = scheduleTaints({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'n' },
      spec: { taints },
      status: { conditions },
    })
    expect(add.map(({ key }) => key)).toEqual(['node.kubernetes.io/unreachable', 'node.kubernetes.io/disk-pressure'])
    expect(remove.map(({ key }) => key)).toEqual(['node.kubernetes.io/not-ready'])
  })
})
