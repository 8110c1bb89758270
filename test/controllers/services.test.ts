import { describe, expect, it } from 'vitest'
import { endpointSlice, endpoints } from '../../src/cluster/controllers/endpointslice/index.ts'
import { desiredOf, type Endpoint, type Port, plan, type Slice } from '../../src/cluster/controllers/endpointslice/slices.ts'
import { answersOf, clusterDns } from '../../src/cluster/network/dns.ts'
import type { KubernetesObject } from '../../src/cluster/objects/metadata.ts'
import { Nameserver } from '../../src/world/nameserver.ts'
import { Bench } from './bench.ts'

const service = (more: object = {}): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'default', labels: { app: 'web' } },
  spec: { clusterIP: 'None', selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 'http' }], ...more },
})

const controlPlane = (): Bench & { names: Nameserver } => {
  const bench = new Bench()
  const names = new Nameserver()
  bench.node('node-1', { 'topology.kubernetes.io/zone': 'zone-a' })
  bench.run(
    { name: 'endpointslice-controller', factory: endpointSlice },
    { name: 'endpoint-controller', factory: endpoints },
    { name: 'coredns', factory: clusterDns(names) },
  )
  return Object.assign(bench, { names })
}

const member = (bench: Bench, name: string): KubernetesObject => bench.pod(name, 'node-1', { spec: { hostname: name, subdomain: 'web' } })
const setReady = (bench: Bench, name: string, ready: boolean): void => {
  const conditions = [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: bench.calendar.textOf(bench.engine.now) }]
  bench.must({
    verb: 'patch',
    kind: 'Pod',
    namespace: 'default',
    name,
    type: 'merge',
    patch: { status: { conditions } },
    subresource: 'status',
  })
}
const slicesOf = (bench: Bench): readonly KubernetesObject[] => bench.server.store.of('EndpointSlice').list('default')
const endpointsIn = (bench: Bench): readonly Endpoint[] =>
  slicesOf(bench).flatMap((slice) => (slice['endpoints'] ?? []) as readonly Endpoint[])

describe('the slices of a Service', () => {
  it('begin with an empty one that is filled later', () => {
    const bench = controlPlane()
    bench.at(1, () => bench.must({ verb: 'create', object: service() })).until(2)
    const [empty] = slicesOf(bench)
    expect(empty?.['endpoints']).toBeNull()
    expect(empty?.metadata).toMatchObject({
      generateName: 'web-',
      labels: {
        app: 'web',
        'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
        'kubernetes.io/service-name': 'web',
        'service.kubernetes.io/headless': '',
      },
      annotations: { 'endpoints.kubernetes.io/last-change-trigger-time': '2026-01-01T00:00:01Z' },
    })
    bench.at(5, () => member(bench, 'web-0')).until(6)
    expect(slicesOf(bench)).toHaveLength(1)
    expect(slicesOf(bench)[0]?.metadata.name).toBe(empty?.metadata.name)
    expect(slicesOf(bench)[0]?.['ports']).toEqual([{ name: 'http', protocol: 'TCP', port: 80 }])
    expect(endpointsIn(bench)).toEqual([
      expect.objectContaining({
        conditions: { ready: true, serving: true, terminating: false },
        hostname: 'web-0',
        nodeName: 'node-1',
        zone: 'zone-a',
      }),
    ])
  })

  it('are made again when somebody gave one away to another Service and deleted it', () => {
    const bench = controlPlane()
    bench.at(1, () => bench.must({ verb: 'create', object: service() }))
    bench.at(2, () => member(bench, 'web-0')).until(3)
    const name = slicesOf(bench)[0]?.metadata.name as string
    const patch = { metadata: { labels: { 'kubernetes.io/service-name': 'other' } } }
    bench.at(10, () => bench.must({ verb: 'patch', kind: 'EndpointSlice', namespace: 'default', name, type: 'merge', patch }))
    bench.at(20, () => bench.must({ verb: 'delete', kind: 'EndpointSlice', namespace: 'default', name }))
    bench.at(30, () => member(bench, 'web-1')).until(60)
    expect(endpointsIn(bench).map(({ hostname }) => hostname)).toEqual(['web-0', 'web-1'])
  })

  it('tell what becomes of a pod: not ready, terminating, gone', () => {
    const bench = controlPlane()
    bench.at(1, () => bench.must({ verb: 'create', object: service() }))
    bench.at(2, () => member(bench, 'web-0'))
    bench.at(10, () => setReady(bench, 'web-0', false)).until(11)
    expect(endpointsIn(bench)[0]?.conditions).toEqual({ ready: false, serving: false, terminating: false })
    bench.at(20, () => setReady(bench, 'web-0', true)).until(21)
    bench.at(30, () => bench.must({ verb: 'delete', kind: 'Pod', namespace: 'default', name: 'web-0' })).until(31)
    expect(endpointsIn(bench)[0]?.conditions).toEqual({ ready: false, serving: true, terminating: true })
    expect(slicesOf(bench)[0]?.metadata.annotations).toBeUndefined()
    bench.at(40, () => bench.must({ verb: 'delete', kind: 'Pod', namespace: 'default', name: 'web-0', gracePeriodSeconds: 0 })).until(41)
    expect(slicesOf(bench)).toHaveLength(1)
    expect(endpointsIn(bench)).toEqual([])
  })

  it('are not written when nothing of an endpoint changes', () => {
    const bench = controlPlane()
    bench.at(1, () => bench.must({ verb: 'create', object: service() }))
    bench.at(2, () => member(bench, 'web-0'))
    bench.at(10, () => {
      const status = { containerStatuses: [{ name: 'app', ready: true, restartCount: 1, state: {} }] }
      bench.must({
        verb: 'patch',
        kind: 'Pod',
        namespace: 'default',
        name: 'web-0',
        type: 'merge',
        patch: { status },
        subresource: 'status',
      })
    })
    bench.until(20)
    expect(bench.linesWith('endpoint', 10)).toEqual([])
  })

  it('hold a hundred endpoints each', () => {
    const bench = controlPlane()
    bench.at(1, () => bench.must({ verb: 'create', object: service() }))
    bench.at(2, () => {
      for (let n = 0; n < 120; n++) member(bench, `web-${n}`)
    })
    bench.until(5)
    expect(
      slicesOf(bench)
        .map((slice) => slice['endpoints'].length)
        .sort(),
    ).toEqual([100, 20])
  })

  it('publish what is not ready where the Service says so', () => {
    const bench = controlPlane()
    bench.at(1, () => bench.must({ verb: 'create', object: service({ publishNotReadyAddresses: true }) }))
    bench.at(2, () => member(bench, 'web-0'))
    bench.at(10, () => setReady(bench, 'web-0', false)).until(11)
    expect(endpointsIn(bench)[0]?.conditions).toEqual({ ready: true, serving: false, terminating: false })
    expect(bench.names.lookup('web-0.web.default.svc.cluster.local')).toHaveLength(1)
  })
})

describe('the plan of slices', () => {
  const ports: readonly Port[] = [{ name: 'http', protocol: 'TCP', port: 80 }]
  const endpoint = (n: number): Endpoint => ({
    addresses: [`10.0.0.${n}`],
    conditions: { ready: true, serving: true, terminating: false },
    targetRef: { kind: 'Pod', namespace: 'default', name: `p-${n}`, uid: `u-${n}` },
  })
  const wanted = (...ns: number[]) => ns.map((n) => desiredOf(endpoint(n), ports))
  const slice = (name: string, ...ns: number[]): Slice => ({ name, endpoints: ns.map(endpoint), ports })

  it('touches nothing that is right', () => {
    expect(plan([slice('a', 1, 2)], wanted(1, 2), 3, () => true)).toEqual({ create: [], update: [], remove: [] })
  })

  it('fills the slice that is written anyway before another', () => {
    const { update, create, remove } = plan([slice('a', 1, 2), slice('b', 3)], wanted(1, 3, 4), 3, () => true)
    expect(update).toEqual([slice('a', 1, 4)])
    expect([create, remove]).toEqual([[], []])
  })

  it('fills the fullest slice that has room for all, else makes a new one', () => {
    expect(plan([slice('a', 1), slice('b', 2, 3)], wanted(1, 2, 3, 4), 3, () => true).update).toEqual([slice('b', 2, 3, 4)])
    expect(plan([slice('a', 1, 2, 3)], wanted(1, 2, 3, 4), 3, () => true).create).toEqual([{ ...slice('a', 4), name: undefined }])
  })

  it('removes what is empty, but for the last', () => {
    expect(plan([slice('a', 1), slice('b', 2)], wanted(1), 3, () => true).remove).toEqual([slice('b', 2)])
    expect(plan([slice('a', 1)], [], 3, () => true).update).toEqual([{ name: 'a', endpoints: [], ports: [] }])
    expect(plan([{ name: 'a', endpoints: [], ports: [] }], [], 3, () => true)).toEqual({ create: [], update: [], remove: [] })
  })
})

describe('the older Endpoints', () => {
  it('leave out terminating pods and list those that are not ready apart', () => {
    const bench = controlPlane()
    bench.at(1, () => bench.must({ verb: 'create', object: service() }))
    bench.at(2, () => {
      member(bench, 'web-0')
      member(bench, 'web-1')
    })
    bench.at(10, () => setReady(bench, 'web-0', false)).until(11)
    const [subset] = bench.get('Endpoints', 'web')?.['subsets'] ?? []
    expect(subset.addresses.map(({ hostname }: { hostname: string }) => hostname)).toEqual(['web-1'])
    expect(subset.notReadyAddresses.map(({ hostname }: { hostname: string }) => hostname)).toEqual(['web-0'])
    bench.at(20, () => bench.must({ verb: 'delete', kind: 'Pod', namespace: 'default', name: 'web-0' })).until(21)
    expect(bench.get('Endpoints', 'web')?.['subsets'][0].notReadyAddresses).toBeUndefined()
    bench.at(30, () => bench.must({ verb: 'delete', kind: 'Service', namespace: 'default', name: 'web' })).until(31)
    expect(bench.get('Endpoints', 'web')).toBeUndefined()
  })
})

describe('the names', () => {
  it('of a pod come with Ready and go with it, and with its deletion', () => {
    const bench = controlPlane()
    const name = 'web-0.web.default.svc.cluster.local'
    bench.at(1, () => bench.must({ verb: 'create', object: service() }))
    bench.at(2, () => member(bench, 'web-0'))
    bench.at(10, () => setReady(bench, 'web-0', false))
    bench.at(20, () => setReady(bench, 'web-0', true))
    bench.at(30, () => bench.must({ verb: 'delete', kind: 'Pod', namespace: 'default', name: 'web-0' }))
    bench.until(40)
    expect(bench.linesWith(`dns ${name}`).map((line) => line.split(' ')[0])).toEqual(['2', '10', '20', '30'])
    expect(bench.names.lookup(name)).toBeUndefined()
  })

  it('of a Service with an address are that address, whatever its pods do', () => {
    const answers = answersOf(service({ clusterIP: '10.96.0.7' }), [])
    expect([...answers]).toEqual([['web.default.svc.cluster.local', ['10.96.0.7']]])
  })

  it('of an endpoint without a hostname are its address with dashes', () => {
    const slice = {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 's' },
      endpoints: [{ addresses: ['10.0.0.1'] }],
    }
    expect([...answersOf(service(), [slice]).keys()].sort()).toEqual([
      '10-0-0-1.web.default.svc.cluster.local',
      'web.default.svc.cluster.local',
    ])
  })
})
