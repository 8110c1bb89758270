import { describe, expect, it } from 'vitest'
import { deployment } from '../../src/cluster/controllers/deployment/index.ts'
import { findNew, limitsOf, newReplicas } from '../../src/cluster/controllers/deployment/numbers.ts'
import { byWorth, replicaSet } from '../../src/cluster/controllers/replicaset.ts'
import { resourceQuota } from '../../src/cluster/controllers/resourcequota.ts'
import type { KubernetesObject } from '../../src/cluster/objects/metadata.ts'
import { Bench } from './bench.ts'

const api = (image = 'nginx:1', more: object = {}): KubernetesObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'api', namespace: 'default' },
  spec: {
    replicas: 3,
    selector: { matchLabels: { app: 'api' } },
    template: { metadata: { labels: { app: 'api' } }, spec: { containers: [{ name: 'app', image }] } },
    ...more,
  },
})

const controlPlane = (): Bench => {
  const bench = new Bench()
  bench.node('node-1')
  return bench.run(
    { name: 'replicaset-controller', factory: replicaSet },
    { name: 'deployment-controller', factory: deployment },
    { name: 'resourcequota-controller', factory: resourceQuota },
  )
}

const podsOf = (bench: Bench): readonly KubernetesObject[] => bench.server.store.of('Pod').list('default')
const sizes = (bench: Bench): readonly number[] =>
  bench.server.store
    .of('ReplicaSet')
    .list('default')
    .map((set) => set['spec'].replicas)

/** Every pod that is not ready becomes so; every one that goes is gone. */
const live = (bench: Bench): void => {
  const time = bench.calendar.textOf(bench.engine.now)
  for (const pod of podsOf(bench)) {
    const { name } = pod.metadata
    if (pod.metadata.deletionTimestamp !== undefined)
      bench.ask({ verb: 'delete', kind: 'Pod', namespace: 'default', name, gracePeriodSeconds: 0 })
    else if (pod['status'].phase !== 'Running') {
      const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: time }]
      bench.must({ verb: 'update', object: { ...pod, status: { ...pod['status'], phase: 'Running', conditions } }, subresource: 'status' })
    }
  }
}

describe('a Deployment', () => {
  it('makes a set, and the set makes the pods', () => {
    const bench = controlPlane()
    bench.at(1, () => bench.must({ verb: 'create', object: api() })).until(2)
    expect(podsOf(bench)).toHaveLength(3)
    expect(bench.messages('Deployment/default/api')[0]).toMatch(/^Scaled up replica set api-[a-z0-9]+ from 0 to 3$/)
    bench.at(3, () => live(bench)).until(4)
    const status = bench.get('Deployment', 'api')?.['status']
    expect(status).toMatchObject({ replicas: 3, readyReplicas: 3, availableReplicas: 3, updatedReplicas: 3, observedGeneration: 1 })
    expect(status.conditions).toContainEqual(expect.objectContaining({ type: 'Progressing', reason: 'NewReplicaSetAvailable' }))
  })

  it('rolls one by one within its limits, and is complete at the end', () => {
    const bench = controlPlane()
    bench.at(1, () => bench.must({ verb: 'create', object: api() }))
    bench.at(2, () => live(bench))
    bench.at(10, () =>
      bench.must({ verb: 'patch', kind: 'Deployment', namespace: 'default', name: 'api', type: 'merge', patch: api('nginx:2') }),
    )
    bench.until(10.5)
    expect([...sizes(bench)].sort()).toEqual([1, 3])
    let most = 0
    for (let second = 11; second < 30; second++) {
      bench.at(second, () => live(bench)).until(second + 0.5)
      most = Math.max(most, podsOf(bench).filter((pod) => pod.metadata.deletionTimestamp === undefined).length)
    }
    expect(most).toBe(4)
    expect([...sizes(bench)].sort()).toEqual([0, 3])
    expect(bench.get('Deployment', 'api')?.metadata.annotations?.['deployment.kubernetes.io/revision']).toBe('2')
    expect(bench.get('Deployment', 'api')?.['status']).toMatchObject({ updatedReplicas: 3, availableReplicas: 3, replicas: 3 })
  })

  it('is late when nothing gets better for its deadline', () => {
    const bench = controlPlane()
    bench.at(1, () => bench.must({ verb: 'create', object: api('nginx:1', { progressDeadlineSeconds: 60 }) })).until(200)
    expect(bench.get('Deployment', 'api')?.['status'].conditions).toContainEqual(
      expect.objectContaining({ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' }),
    )
  })

  it('replaces a pod as soon as it is marked', () => {
    const bench = controlPlane()
    bench.at(1, () => bench.must({ verb: 'create', object: api() }))
    bench.at(2, () => live(bench))
    bench.at(3, () => {
      const [pod] = podsOf(bench)
      bench.must({ verb: 'bind', namespace: 'default', name: pod?.metadata.name ?? '', node: 'node-1' })
      bench.must({ verb: 'delete', kind: 'Pod', namespace: 'default', name: pod?.metadata.name ?? '' })
    })
    bench.until(4)
    expect(podsOf(bench)).toHaveLength(4)
  })
})

describe('the numbers of a Deployment', () => {
  const rolling = (maxSurge: unknown, maxUnavailable: unknown, replicas = 10) =>
    api('nginx', { replicas, strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } } })

  it('surge is rounded up, unavailable down, and both are never 0', () => {
    expect(limitsOf(rolling('25%', '25%'))).toEqual({ surge: 3, unavailable: 2 })
    expect(limitsOf(rolling(0, '5%'))).toEqual({ surge: 0, unavailable: 1 })
    expect(limitsOf(rolling(1, 20))).toEqual({ surge: 1, unavailable: 10 })
  })

  it('a new set grows by what the surge leaves', () => {
    const old = { ...api(), spec: { replicas: 10 } }
    expect(newReplicas(rolling(3, 0), [old], 0)).toBe(3)
    expect(newReplicas(rolling(0, 1), [old], 0)).toBe(0)
  })

  it('the new set is the one with the same template, whatever its hash', () => {
    const { template } = api()['spec']
    const set = (image: string): KubernetesObject => ({
      ...api(),
      kind: 'ReplicaSet',
      spec: {
        template: {
          metadata: { labels: { ...template.metadata.labels, 'pod-template-hash': image } },
          spec: { containers: [{ image, name: 'app' }] },
        },
      },
    })
    const [other, same] = [set('nginx:2'), set('nginx:1')]
    expect(findNew(api(), [other, same])).toBe(same)
  })
})

describe('the pods that go first', () => {
  const pod = (name: string, spec: object, status: object, meta: object = {}): KubernetesObject => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, ...meta },
    spec,
    status,
  })
  const ready = (since: string) => ({ phase: 'Running', conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: since }] })

  it('are those without a node, then those that do not run, are not ready, are cheap, crowded, young', () => {
    const on = { nodeName: 'n' }
    const ordered = [
      pod('unscheduled', {}, { phase: 'Pending' }),
      pod('pending', on, { phase: 'Pending' }),
      pod('unready', on, { phase: 'Running' }),
      pod('cheap', on, ready('1'), { annotations: { 'controller.kubernetes.io/pod-deletion-cost': '-5' } }),
      pod('crowded', { nodeName: 'm' }, ready('1')),
      pod('young', on, ready('2')),
      pod('old', on, ready('1')),
    ]
    const rank = (each: KubernetesObject) => (each['spec'].nodeName === 'm' ? 2 : 1)
    expect(
      [...ordered]
        .reverse()
        .sort(byWorth(rank))
        .map(({ metadata }) => metadata.name),
    ).toEqual(ordered.map(({ metadata }) => metadata.name))
  })
})

describe('a quota', () => {
  it('counts what is there, and again when something goes', () => {
    const bench = controlPlane()
    const quota = {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'pods', namespace: 'default' },
      spec: { hard: { pods: '2' } },
    }
    bench.at(1, () => bench.must({ verb: 'create', object: quota })).until(2)
    expect(bench.get('ResourceQuota', 'pods')?.['status']).toEqual({ hard: { pods: '2' }, used: { pods: '0' } })
    bench.at(3, () => bench.pod('a', 'node-1'))
    bench.at(4, () => bench.must({ verb: 'delete', kind: 'Pod', namespace: 'default', name: 'a', gracePeriodSeconds: 0 })).until(5)
    expect(bench.get('ResourceQuota', 'pods')?.['status'].used).toEqual({ pods: '0' })
  })
})
