import { describe, expect, test } from 'vitest'
import { kindOf } from '../../src/cluster/apiserver/kinds/index.ts'
import { podCells } from '../../src/cluster/apiserver/kinds/pod-cells.ts'
import { agesAt, humanAge, tableOf } from '../../src/cluster/apiserver/tables.ts'
import type { KubernetesObject } from '../../src/cluster/objects/metadata.ts'
import { type Fields, laid, setWith, stored } from './taken.ts'

test.each([
  [-2, '<invalid>'],
  [-0.5, '0s'],
  [90.9, '90s'],
  [119, '119s'],
  [120, '2m'],
  [160, '2m40s'],
  [599, '9m59s'],
  [600, '10m'],
  [179 * 60 + 59, '179m'],
  [180 * 60, '3h'],
  [185 * 60, '3h5m'],
  [8 * 3600 - 1, '7h59m'],
  [8 * 3600, '8h'],
  [48 * 3600 - 1, '47h'],
  [48 * 3600, '2d'],
  [49 * 3600, '2d1h'],
  [192 * 3600, '8d'],
  [730 * 86400 - 1, '729d'],
  [730 * 86400, '2y'],
  [733 * 86400, '2y3d'],
  [8 * 365 * 86400, '8y'],
])('%d seconds are %s', (seconds, text) => {
  expect(humanAge(seconds)).toBe(text)
})

const age = agesAt(600, (time) => Number(time))

/** Header and rows of objects of one kind, all made 600 s ago. */
const table = (objects: readonly KubernetesObject[], wide = false): readonly (readonly string[])[] => {
  const kind = kindOf((objects[0] as KubernetesObject).kind)
  if (kind === undefined) throw new Error('it is a kind')
  const { header, rows } = tableOf(kind, objects, age, wide)
  return [header, ...rows]
}

const object = (apiVersion: string, kind: string, more: Fields): KubernetesObject =>
  laid({ apiVersion, kind, metadata: { name: 'x', namespace: 'default', creationTimestamp: '0' } }, more) as KubernetesObject

// Columns and cells as a real API server 1.36.2 answers them (kubectl.md 3.4; cases ).
describe('a table of', () => {
  test('sets', () => {
    const set = laid(stored(setWith()), { metadata: { creationTimestamp: '0' }, status: { readyReplicas: 1 } }) as KubernetesObject
    expect(table([set])).toEqual([
      ['NAME', 'READY', 'AGE'],
      ['web', '1/2', '10m'],
    ])
    expect(table([set], true)).toEqual([
      ['NAME', 'READY', 'AGE', 'CONTAINERS', 'IMAGES'],
      ['web', '1/2', '10m', 'nginx', 'nginx-slim:0.8'],
    ])
  })

  test('services', () => {
    const headless = object('v1', 'Service', {
      spec: {
        type: 'ClusterIP',
        clusterIP: 'None',
        clusterIPs: ['None'],
        ports: [{ port: 80, protocol: 'TCP' }],
        selector: { app: 'nginx' },
      },
    })
    const balanced = object('v1', 'Service', {
      spec: {
        type: 'LoadBalancer',
        clusterIPs: ['10.96.0.7'],
        ports: [
          { port: 80, nodePort: 30080, protocol: 'TCP' },
          { port: 53, protocol: 'UDP' },
        ],
      },
    })
    const named = object('v1', 'Service', { spec: { type: 'ExternalName', externalName: 'db.example.com' } })
    const far = laid(balanced, { status: { loadBalancer: { ingress: [{ hostname: 'a-long-name.example.com' }] } } }) as KubernetesObject
    expect(table([headless, balanced, named, far], true)).toEqual([
      ['NAME', 'TYPE', 'CLUSTER-IP', 'EXTERNAL-IP', 'PORT(S)', 'AGE', 'SELECTOR'],
      ['x', 'ClusterIP', 'None', '<none>', '80/TCP', '10m', 'app=nginx'],
      ['x', 'LoadBalancer', '10.96.0.7', '<pending>', '80:30080/TCP,53/UDP', '10m', '<none>'],
      ['x', 'ExternalName', '<none>', 'db.example.com', '<none>', '10m', '<none>'],
      ['x', 'LoadBalancer', '10.96.0.7', 'a-long-name.example.com', '80:30080/TCP,53/UDP', '10m', '<none>'],
    ])
    expect(table([far])[1]?.[3]).toBe('a-long-name.e...')
  })

  test('claims, bound, waiting and going', () => {
    const bound = object('v1', 'PersistentVolumeClaim', {
      spec: { volumeName: 'pvc-1', storageClassName: 'disk', volumeMode: 'Filesystem' },
      status: { phase: 'Bound', capacity: { storage: '1Gi' }, accessModes: ['ReadWriteMany', 'ReadWriteOnce'] },
    })
    const waiting = object('v1', 'PersistentVolumeClaim', { spec: { accessModes: ['ReadWriteOnce'] }, status: { phase: 'Pending' } })
    const going = laid(bound, { metadata: { deletionTimestamp: '1' } }) as KubernetesObject
    expect(table([bound, waiting, going], true)).toEqual([
      ['NAME', 'STATUS', 'VOLUME', 'CAPACITY', 'ACCESS MODES', 'STORAGECLASS', 'VOLUMEATTRIBUTESCLASS', 'AGE', 'VOLUMEMODE'],
      ['x', 'Bound', 'pvc-1', '1Gi', 'RWO,RWX', 'disk', '<unset>', '10m', 'Filesystem'],
      ['x', 'Pending', '', '', '', '', '<unset>', '10m', '<unset>'],
      ['x', 'Terminating', 'pvc-1', '1Gi', 'RWO,RWX', 'disk', '<unset>', '10m', 'Filesystem'],
    ])
  })

  test('nodes', () => {
    const ready = (status: string) => ({ status: { conditions: [{ type: 'Ready', status }], nodeInfo: { kubeletVersion: 'v1.36.2' } } })
    const leader = object('v1', 'Node', {
      metadata: { labels: { 'node-role.kubernetes.io/control-plane': '', 'kubernetes.io/role': 'a' } },
      spec: { unschedulable: true },
      ...ready('True'),
    })
    expect(table([leader, object('v1', 'Node', ready('Unknown')), object('v1', 'Node', {})])).toEqual([
      ['NAME', 'STATUS', 'ROLES', 'AGE', 'VERSION'],
      ['x', 'Ready,SchedulingDisabled', 'a,control-plane', '10m', 'v1.36.2'],
      ['x', 'NotReady', '<none>', '10m', 'v1.36.2'],
      ['x', 'Unknown', '<none>', '10m', ''],
    ])
  })

  test('events', () => {
    const event = object('v1', 'Event', {
      involvedObject: { kind: 'Pod', name: 'web-0' },
      type: 'Normal',
      reason: 'Pulled',
      message: ' done\n',
      lastTimestamp: '570',
      firstTimestamp: '0',
      count: 3,
      source: { component: 'kubelet', host: 'node-1' },
    })
    expect(table([event])).toEqual([
      ['LAST SEEN', 'TYPE', 'REASON', 'OBJECT', 'MESSAGE'],
      ['30s', 'Normal', 'Pulled', 'pod/web-0', 'done'],
    ])
    expect(table([event], true)[1]).toEqual(['30s', 'Normal', 'Pulled', 'pod/web-0', '', 'kubelet, node-1', 'done', '10m', '3', 'x'])
  })

  test('the rest', () => {
    const owner = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'web', uid: 'u', controller: true }
    const slice = object('discovery.k8s.io/v1', 'EndpointSlice', {
      addressType: 'IPv4',
      ports: [{ port: 80 }],
      endpoints: [1, 2, 3, 4].map((n) => ({ addresses: [`10.0.0.${n}`] })),
    })
    const rows = [
      object('storage.k8s.io/v1', 'StorageClass', {
        metadata: { annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
        provisioner: 'p',
        reclaimPolicy: 'Delete',
        volumeBindingMode: 'Immediate',
      }),
      object('apps/v1', 'ControllerRevision', { metadata: { ownerReferences: [owner] }, revision: 2 }),
      slice,
      laid(slice, { endpoints: null, ports: null }) as KubernetesObject,
      object('policy/v1', 'PodDisruptionBudget', { spec: { minAvailable: '50%' }, status: { disruptionsAllowed: 1 } }),
      object('v1', 'Secret', { type: 'Opaque', data: { a: '', b: '' } }),
      object('coordination.k8s.io/v1', 'Lease', { spec: { holderIdentity: 'node-1' } }),
    ].map((one) => table([one])[1])
    expect(rows).toEqual([
      ['x (default)', 'p', 'Delete', 'Immediate', 'false', '10m'],
      ['x', 'statefulset.apps/web', '2', '10m'],
      ['x', 'IPv4', '80', '10.0.0.1,10.0.0.2,10.0.0.3 + 1 more...', '10m'],
      ['x', 'IPv4', '<unset>', '<unset>', '10m'],
      ['x', '50%', 'N/A', '1', '10m'],
      ['x', 'Opaque', '2', '10m'],
      ['x', 'node-1', '10m'],
    ])
  })
})

describe('the status word of a pod', () => {
  const running = { ready: true, started: true, restartCount: 0, state: { running: {} } }
  const waiting = (reason: string) => ({ ready: false, restartCount: 0, state: { waiting: { reason } } })
  const ended = (exitCode: number, reason?: string) => ({
    ready: false,
    restartCount: 0,
    state: { terminated: { exitCode, ...(reason === undefined ? {} : { reason }) } },
  })
  const ready = [{ type: 'Ready', status: 'True' }]

  const cells = (
    containers: readonly Fields[],
    more: { readonly init?: readonly (readonly [Fields, Fields])[]; readonly status?: Fields; readonly meta?: Fields } = {},
  ) =>
    podCells(
      object('v1', 'Pod', {
        metadata: more.meta ?? {},
        spec: {
          containers: containers.map((_one, at) => ({ name: `c${at}` })),
          initContainers: (more.init ?? []).map(([spec], at) => ({ name: `i${at}`, ...spec })),
        },
        status: {
          phase: 'Running',
          containerStatuses: containers.map((status, at) => ({ name: `c${at}`, ...status })),
          initContainerStatuses: (more.init ?? []).map(([, status], at) => ({ name: `i${at}`, ...status })),
          ...more.status,
        },
      }),
    )
  const word = (...args: Parameters<typeof cells>) => [cells(...args).ready, cells(...args).status]

  test.each<[string, Parameters<typeof cells>, readonly string[]]>([
    ['it runs', [[running, running]], ['2/2', 'Running']],
    ['nothing is known yet', [[], { status: { phase: 'Pending' } }], ['0/0', 'Pending']],
    [
      'its gates are closed',
      [[], { status: { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }] } }],
      ['0/0', 'SchedulingGated'],
    ],
    ['the first container waits', [[waiting('CrashLoopBackOff'), running]], ['1/2', 'CrashLoopBackOff']],
    ['it ended well', [[ended(0, 'Completed')], { status: { phase: 'Succeeded' } }], ['0/1', 'Completed']],
    ['it ended badly', [[ended(2, 'Error')], { status: { phase: 'Failed' } }], ['0/1', 'Error']],
    ['one ended well and one runs', [[ended(0, 'Completed'), running], { status: { conditions: ready } }], ['1/2', 'Running']],
    ['one ended well and the pod is not ready', [[ended(0, 'Completed'), running]], ['1/2', 'NotReady']],
    ['one ended well and one badly', [[ended(0, 'Completed'), ended(1, 'Error')]], ['0/2', 'Error']],
    ['there is no reason', [[ended(3)]], ['0/1', 'ExitCode:3']],
    ['the pod has a reason', [[], { status: { phase: 'Failed', reason: 'Evicted' } }], ['0/0', 'Evicted']],
    ['it goes', [[running], { meta: { deletionTimestamp: '1' } }], ['1/1', 'Terminating']],
    [
      'it goes and has ended',
      [[ended(0, 'Completed')], { meta: { deletionTimestamp: '1' }, status: { phase: 'Succeeded' } }],
      ['0/1', 'Completed'],
    ],
    ['its node is lost', [[running], { meta: { deletionTimestamp: '1' }, status: { reason: 'NodeLost' } }], ['1/1', 'Unknown']],
    [
      'the second init container runs',
      [
        [waiting('PodInitializing')],
        {
          init: [
            [{}, ended(0, 'Completed')],
            [{}, { ...running, ready: false }],
          ],
          status: { phase: 'Pending' },
        },
      ],
      ['0/1', 'Init:1/2'],
    ],
    [
      'an init container crashes',
      [[waiting('PodInitializing')], { init: [[{}, waiting('CrashLoopBackOff')]], status: { phase: 'Pending' } }],
      ['0/1', 'Init:CrashLoopBackOff'],
    ],
    [
      'an init container failed',
      [[waiting('PodInitializing')], { init: [[{}, ended(1)]], status: { phase: 'Pending' } }],
      ['0/1', 'Init:ExitCode:1'],
    ],
    ['a sidecar runs beside', [[running], { init: [[{ restartPolicy: 'Always' }, running]] }], ['2/2', 'Running']],
  ])('when %s', (_when, args, expected) => {
    expect(word(...args)).toEqual(expected)
  })

  test('restarts are counted with the time of the last', () => {
    const crashed = (count: number, at: string) => ({
      ...running,
      restartCount: count,
      lastState: { terminated: { exitCode: 1, finishedAt: at } },
    })
    const { restarts, lastRestart } = cells([crashed(2, '500'), crashed(1, '560')])
    expect([restarts, lastRestart]).toEqual([3, '560'])
  })
})
