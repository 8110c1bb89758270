import { describe, expect, test } from 'vitest'
import { hostPortsOf, portsConflict, requestsOf, shortagesOf } from '../../src/cluster/objects/fit.ts'
import { matchesNodeSelector, type Taint, type Toleration, tolerates, untoleratedTaint, zoneKeyOf } from '../../src/cluster/objects/node.ts'

const pod = (spec: object, status = {}) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec, status })
const asks = (requests: object, more = {}) => ({ name: 'c', resources: { requests }, ...more })

describe('a toleration', () => {
  const taint: Taint = { key: 'k', value: 'v', effect: 'NoSchedule' }
  const table: readonly (readonly [string, Toleration, boolean])[] = [
    ['of the same key, value and effect covers a taint', { key: 'k', operator: 'Equal', value: 'v', effect: 'NoSchedule' }, true],
    ['without an operator means Equal', { key: 'k', value: 'v' }, true],
    ['of another value does not', { key: 'k', operator: 'Equal', value: 'w' }, false],
    ['that asks for existence takes any value', { key: 'k', operator: 'Exists' }, true],
    ['without key and with Exists covers everything', { operator: 'Exists' }, true],
    ['of another effect does not', { key: 'k', operator: 'Exists', effect: 'NoExecute' }, false],
    ['that compares covers nothing while its gate is off', { key: 'k', operator: 'Gt', value: '1' }, false],
  ]
  for (const [words, toleration, covered] of table) test(words, () => expect(tolerates(toleration, taint)).toBe(covered))

  test('compares whole numbers when its gate is on', () => {
    const level: Taint = { key: 'level', value: '950', effect: 'NoSchedule' }
    expect(tolerates({ key: 'level', operator: 'Gt', value: '800' }, level, true)).toBe(true)
    expect(tolerates({ key: 'level', operator: 'Lt', value: '800' }, level, true)).toBe(false)
    expect(tolerates({ key: 'level', operator: 'Gt', value: 'many' }, level, true)).toBe(false)
  })

  test('the default ones for a lost node do not admit a node that also carries the NoSchedule form', () => {
    const lost: readonly Taint[] = [
      { key: 'node.kubernetes.io/unreachable', effect: 'NoSchedule' },
      { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' },
    ]
    const tolerations: readonly Toleration[] = [
      { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 },
    ]
    expect(untoleratedTaint(lost, tolerations)?.effect).toBe('NoSchedule')
  })
})

describe('a node selector', () => {
  const labels = { zone: 'a', cores: '8' }
  const one = (key: string, operator: string, values?: string[]) =>
    ({ nodeSelectorTerms: [{ matchExpressions: [{ key, operator, values }] }] }) as never
  test('matches what is absent with NotIn and DoesNotExist', () => {
    expect(matchesNodeSelector(one('x', 'NotIn', ['a']), 'n', labels)).toBe(true)
    expect(matchesNodeSelector(one('x', 'DoesNotExist'), 'n', labels)).toBe(true)
  })
  test('compares numbers with Gt and Lt', () => {
    expect(matchesNodeSelector(one('cores', 'Gt', ['7']), 'n', labels)).toBe(true)
    expect(matchesNodeSelector(one('cores', 'Lt', ['8']), 'n', labels)).toBe(false)
    expect(matchesNodeSelector(one('zone', 'Gt', ['1']), 'n', labels)).toBe(false)
  })
  test('matches nothing with an empty term, and a name by its field', () => {
    expect(matchesNodeSelector({ nodeSelectorTerms: [{}] }, 'n', labels)).toBe(false)
    expect(
      matchesNodeSelector({ nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n'] }] }] }, 'n', labels),
    ).toBe(true)
  })
})

test('the zone of a node is read from the beta labels first', () => {
  const node = (labels: object) => ({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n', labels: labels as Record<string, string> } })
  expect(zoneKeyOf(node({}))).toBe('')
  expect(zoneKeyOf(node({ 'topology.kubernetes.io/zone': 'z1', 'failure-domain.beta.kubernetes.io/zone': 'z2' }))).toBe(
    zoneKeyOf(node({ 'failure-domain.beta.kubernetes.io/zone': 'z2' })),
  )
})

describe('what a pod asks for', () => {
  test('is the sum of its containers, or its largest init container if that is more', () => {
    expect(
      requestsOf(pod({ containers: [asks({ cpu: '1' }), asks({ cpu: '500m' })], initContainers: [asks({ cpu: '3', memory: '1Gi' })] })),
    ).toMatchObject({
      cpu: 3000,
      memory: 1024 * 1024 * 1024,
    })
  })
  test('counts sidecars with the containers, and with the init containers after them', () => {
    const sidecar = asks({ cpu: '1500m' }, { restartPolicy: 'Always' })
    expect(requestsOf(pod({ containers: [asks({ cpu: '1' })], initContainers: [sidecar, asks({ cpu: '2' })] })).cpu).toBe(3500)
    expect(requestsOf(pod({ containers: [asks({ cpu: '1' })], initContainers: [asks({ cpu: '2' }), sidecar] })).cpu).toBe(2500)
  })
  test('is replaced by requests at pod level, resource by resource, and grows by the overhead', () => {
    const spec = { containers: [asks({ cpu: '1', memory: '1Gi' })], resources: { requests: { cpu: '4' } }, overhead: { cpu: '100m' } }
    expect(requestsOf(pod(spec))).toMatchObject({ cpu: 4100, memory: 1024 * 1024 * 1024 })
  })
  test('is assumed for scores where nothing is said; an explicit 0 stays 0', () => {
    expect(requestsOf(pod({ containers: [asks({})] }), { assumed: true })).toMatchObject({ cpu: 100, memory: 209_715_200 })
    expect(requestsOf(pod({ containers: [asks({ cpu: '0', memory: '0' })] }), { assumed: true })).toMatchObject({ cpu: 0, memory: 0 })
  })
  test('is what the kubelet has given it, if that is more', () => {
    const status = { containerStatuses: [{ name: 'c', allocatedResources: { cpu: '2' }, resources: { requests: { cpu: '3' } } }] }
    expect(requestsOf(pod({ containers: [asks({ cpu: '1' })] }, status), { withStatus: true }).cpu).toBe(3000)
    expect(requestsOf(pod({ containers: [asks({ cpu: '1' })] }, status)).cpu).toBe(1000)
  })
})

test('all resources that do not suffice are named, the extended ones by name; one that even the empty node lacks is hopeless', () => {
  const asked = {
    cpu: 5000,
    memory: 2,
    storage: 0,
    others: new Map([
      ['z.example/b', 1],
      ['a.example/a', 2],
    ]),
  }
  const room = { cpu: 4000, memory: 3, storage: 0, pods: 1, others: new Map([['a.example/a', 2]]) }
  const used = { cpu: 0, memory: 2, storage: 0, pods: 1, others: new Map([['a.example/a', 1]]) }
  expect(shortagesOf(asked, room, used).map(({ reason, hopeless }) => [reason, hopeless])).toEqual([
    ['Too many pods', false],
    ['Insufficient cpu', true],
    ['Insufficient memory', false],
    ['Insufficient a.example/a', false],
    ['Insufficient z.example/b', true],
  ])
})

test('host ports exclude each other by protocol, port and address; sidecars have them too', () => {
  const [port] = hostPortsOf(pod({ containers: [], initContainers: [{ name: 's', restartPolicy: 'Always', ports: [{ hostPort: 80 }] }] }))
  expect(port).toEqual({ protocol: 'TCP', port: 80, ip: '0.0.0.0' })
  expect(portsConflict(port as never, { protocol: 'TCP', port: 80, ip: '127.0.0.1' })).toBe(true)
  expect(portsConflict(port as never, { protocol: 'UDP', port: 80, ip: '0.0.0.0' })).toBe(false)
})
