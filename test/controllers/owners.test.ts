import { describe, expect, it } from 'vitest'
import { countsOf, disruption, scaled } from '../../src/cluster/controllers/disruption.ts'
import { garbageCollector } from '../../src/cluster/controllers/garbage-collector.ts'
import { namespaceLifecycle } from '../../src/cluster/controllers/namespace.ts'
import { rootCertificate, serviceAccount } from '../../src/cluster/controllers/serviceaccount.ts'
import type { KubernetesObject, OwnerReference } from '../../src/cluster/objects/metadata.ts'
import { Bench } from './bench.ts'

const config = (name: string, owners: readonly KubernetesObject[] = [], more: Partial<OwnerReference> = {}): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: {
    name,
    namespace: 'default',
    ownerReferences: owners.map(({ apiVersion, kind, metadata }) => ({
      apiVersion,
      kind,
      name: metadata.name,
      uid: metadata.uid as string,
      blockOwnerDeletion: true,
      ...more,
    })),
  },
})

const controlPlane = (): Bench => {
  const bench = new Bench()
  bench.node('node-1')
  return bench.run(
    { name: 'disruption-controller', source: 'controllermanager', factory: disruption },
    { name: 'generic-garbage-collector', factory: garbageCollector },
    { name: 'namespace-controller', factory: namespaceLifecycle },
    { name: 'service-account-controller', factory: serviceAccount },
    { name: 'root-ca-cert-publisher', factory: rootCertificate },
  )
}

const make = (bench: Bench, name: string, owners: readonly KubernetesObject[] = []): KubernetesObject =>
  bench.must({ verb: 'create', object: config(name, owners) })

describe('the garbage collector', () => {
  it('deletes what an owner deleted in the background leaves, down to the last', () => {
    const bench = controlPlane()
    bench.at(1, () => {
      const a = make(bench, 'a')
      const b = make(bench, 'b', [a])
      make(bench, 'c', [b])
    })
    bench.at(2, () => bench.must({ verb: 'delete', kind: 'ConfigMap', namespace: 'default', name: 'a', propagation: 'Background' }))
    bench.until(3)
    expect(bench.linesWith('gone')).toEqual([
      '2 test delete gone ConfigMap/default/a',
      '2 generic-garbage-collector delete gone ConfigMap/default/b',
      '2 generic-garbage-collector delete gone ConfigMap/default/c',
    ])
  })

  it('lets an owner deleted in the foreground go after what blocks it, deepest first', () => {
    const bench = controlPlane()
    bench.at(1, () => {
      const a = make(bench, 'a')
      const b = make(bench, 'b', [a])
      make(bench, 'c', [b])
    })
    bench.at(2, () => bench.must({ verb: 'delete', kind: 'ConfigMap', namespace: 'default', name: 'a', propagation: 'Foreground' }))
    bench.until(3)
    expect(bench.linesWith('gone').map((line) => line.at(-1))).toEqual(['c', 'b', 'a'])
  })

  it('waits in the foreground for pods that end in their own time', () => {
    const bench = controlPlane()
    bench.at(1, () => {
      const a = make(bench, 'a')
      bench.pod('web-0', 'node-1', {
        meta: config('', [a]).metadata.ownerReferences === undefined ? {} : { ownerReferences: config('', [a]).metadata.ownerReferences },
      })
    })
    bench.at(2, () => bench.must({ verb: 'delete', kind: 'ConfigMap', namespace: 'default', name: 'a', propagation: 'Foreground' }))
    bench.until(20)
    expect(bench.get('Pod', 'web-0')?.metadata.deletionGracePeriodSeconds).toBe(30)
    expect(bench.get('ConfigMap', 'a')?.metadata.finalizers).toEqual(['foregroundDeletion'])
    bench.at(25, () => bench.must({ verb: 'delete', kind: 'Pod', namespace: 'default', name: 'web-0', gracePeriodSeconds: 0 })).until(26)
    expect(bench.get('ConfigMap', 'a')).toBeUndefined()
  })

  it('takes the reference off orphans', () => {
    const bench = controlPlane()
    bench.at(1, () => {
      const a = make(bench, 'a')
      make(bench, 'b', [a])
    })
    bench.at(2, () => bench.must({ verb: 'delete', kind: 'ConfigMap', namespace: 'default', name: 'a', propagation: 'Orphan' }))
    bench.until(3)
    expect(bench.get('ConfigMap', 'a')).toBeUndefined()
    expect(bench.get('ConfigMap', 'b')?.metadata.ownerReferences ?? []).toEqual([])
  })

  it('keeps what still has an owner, without the reference to the one that is gone', () => {
    const bench = controlPlane()
    bench.at(1, () => {
      const a = make(bench, 'a')
      const b = make(bench, 'b')
      make(bench, 'c', [a, b])
    })
    bench.at(2, () => bench.must({ verb: 'delete', kind: 'ConfigMap', namespace: 'default', name: 'a', propagation: 'Background' }))
    bench.until(3)
    expect(bench.get('ConfigMap', 'c')?.metadata.ownerReferences?.map(({ name }) => name)).toEqual(['b'])
  })

  it('deletes what is made for an owner that does not exist', () => {
    const bench = controlPlane()
    bench.at(1, () => {
      const ghost = { ...config('ghost'), metadata: { name: 'ghost', namespace: 'default', uid: '1234' } }
      make(bench, 'b', [ghost])
    })
    bench.until(2)
    expect(bench.get('ConfigMap', 'b')).toBeUndefined()
  })
})

describe('a namespace', () => {
  it('gets its service account and the certificate', () => {
    const bench = controlPlane()
    bench.at(1, () => bench.must({ verb: 'create', object: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'other' } } })).until(2)
    const { store } = bench.server
    expect(store.of('ServiceAccount').get('other', 'default')).toBeDefined()
    expect(store.of('ConfigMap').get('other', 'kube-root-ca.crt')).toBeDefined()
  })

  it('is emptied five seconds after its deletion, pods first, and goes when nothing is left', () => {
    const bench = controlPlane()
    const namespace = 'other'
    bench.at(1, () => bench.must({ verb: 'create', object: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } } }))
    bench.at(2, () => {
      const spec = { nodeName: 'node-1', containers: [{ name: 'app', image: 'nginx' }] }
      bench.must({ verb: 'create', object: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web-0', namespace }, spec } })
      const a = config('a')
      bench.must({ verb: 'create', object: { ...a, metadata: { ...a.metadata, namespace } } })
    })
    bench.at(10, () => bench.must({ verb: 'delete', kind: 'Namespace', name: namespace }))
    bench.at(16, () => bench.must({ verb: 'delete', kind: 'Pod', namespace, name: 'web-0', gracePeriodSeconds: 0 }))
    bench.until(60)
    expect(bench.linesWith('namespace-controller').map((line) => line.replace('namespace-controller ', ''))).toEqual([
      '15 delete Pod/other/web-0',
      '15 update status Namespace//other',
      expect.stringMatching(/^20 delete gone/),
      expect.stringMatching(/^20 delete gone/),
      expect.stringMatching(/^20 delete gone/),
      '20 update status Namespace//other',
      '20 update finalize gone Namespace//other',
    ])
  })
})

describe('a budget', () => {
  it('counts in per cent, rounded up', () => {
    expect(scaled('50%', 3)).toBe(2)
    expect(scaled('30%', 3)).toBe(1)
    expect(countsOf({ minAvailable: '70%' }, 3, 3)).toEqual({ expectedPods: 3, desiredHealthy: 3 })
    expect(countsOf({ maxUnavailable: '30%' }, 3, 3)).toEqual({ expectedPods: 3, desiredHealthy: 2 })
    expect(countsOf({ maxUnavailable: 5 }, 3, 3)).toEqual({ expectedPods: 3, desiredHealthy: 0 })
    expect(countsOf({ minAvailable: 2 }, 1, 3)).toEqual({ expectedPods: 1, desiredHealthy: 2 })
  })

  it('follows its pods, and an eviction uses it', () => {
    const bench = controlPlane()
    const budget = { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'web', namespace: 'default' } }
    bench.at(1, () =>
      bench.must({ verb: 'create', object: { ...budget, spec: { minAvailable: 1, selector: { matchLabels: { app: 'web' } } } } }),
    )
    bench.until(2)
    expect(bench.messages('PodDisruptionBudget/default/web')[0]).toBe('No matching pods found')
    bench.at(3, () => {
      bench.pod('web-0', 'node-1')
      bench.pod('web-1', 'node-1')
    })
    bench.until(4)
    expect(bench.get('PodDisruptionBudget', 'web')?.['status']).toMatchObject({
      disruptionsAllowed: 1,
      currentHealthy: 2,
      desiredHealthy: 1,
      expectedPods: 2,
    })
    bench.at(5, () => bench.must({ verb: 'evict', namespace: 'default', name: 'web-0' })).until(6)
    const status = bench.get('PodDisruptionBudget', 'web')?.['status']
    expect(status).toMatchObject({ disruptionsAllowed: 0, currentHealthy: 1 })
    expect(status.disruptedPods).toBeUndefined()
    expect(status.conditions[0]).toMatchObject({ type: 'DisruptionAllowed', status: 'False', reason: 'InsufficientPods' })
    const refused = bench.ask({ verb: 'evict', namespace: 'default', name: 'web-1' })
    expect(refused.ok ? undefined : refused.status.code).toBe(429)
  })
})
