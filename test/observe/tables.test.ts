import { describe, expect, test } from 'vitest'
import { tables } from '../../src/observe/tables/index.ts'
import { node, pod, Story, set } from './story.ts'

/** The columns that the contract promises, in this order; more may follow. */
const promised = {
  changes: 'entry, cause, at_s, actor, verb, kind, namespace, name, uid, resource_version, what',
  events: 'entry, cause, at_s, source, type, reason, kind, namespace, name, count, message',
  pods: 'namespace, name, uid, owner, ordinal, revision, node, created_s, scheduled_s, attached_s, mounted_s, sandbox_s, pulled_s, started_s, running_s, ready_s, deleting_s, stopped_s, removed_s, restarts, phase, reason',
  rollouts:
    'namespace, name, kind, generation, change, from_revision, to_revision, began_s, finished_s, duration_s, pods, status, blocked_by',
  replicas: 'at_s, namespace, name, desired, replicas, ready, available, current, updated',
  nodes: 'at_s, node, zone, ready, taints, schedulable, pods, cpu_requested_m, memory_requested_bytes, volumes_attached',
  volumes: 'namespace, claim, volume, class, zone, requested_s, provisioned_s, bound_s, first_attached_s, released_s, removed_s, capacity',
  attachments: 'volume, node, requested_s, attached_s, detach_requested_s, detached_s, forced, detach_began_s',
  restarts: 'at_s, namespace, pod, container, restarts, exit_code, reason, node',
  probes: 'at_s, namespace, pod, container, probe, result, failures',
  dns: 'at_s, name, addresses',
  metrics: 'name, labels, value, unit',
}

describe('the tables of a run', () => {
  test('have the columns of the contract', () => {
    expect(Object.fromEntries(tables.map(({ name, columns }) => [name, columns.join(', ')]))).toEqual(promised)
  })

  test('have a header and nothing else when nothing happened', () => {
    for (const { name } of tables) if (name !== 'metrics') expect(new Story().table(name)).toEqual([])
  })
})

describe('changes', () => {
  test('say what each write did', () => {
    const story = new Story()
    const step = story.tell(1, 'scenario', 'step', 'step 1', { line: 'scale' })
    story.write(1, 'kubectl', set({ replicas: 3 }), { cause: step })
    story.write(2, 'kubectl', set({ replicas: 5, generation: 2 }), { verb: 'patch', subresource: 'scale' })
    story.write(3, 'kube-scheduler', pod('web-0'), {})
    story.write(4, 'kube-scheduler', pod('web-0', { node: 'node-1' }), { verb: 'bind', subresource: 'binding' })
    story.write(5, 'kubelet/node-1', pod('web-0', { node: 'node-1', phase: 'Running', ready: true }), {
      verb: 'patch',
      subresource: 'status',
    })
    story.write(6, 'kubectl', pod('web-0', { node: 'node-1', phase: 'Running', ready: true, deleting: true }), { verb: 'delete' })
    story.remove(36, 'kubelet/node-1', 'Pod', 'web-0')
    const rows = story.table('changes')
    expect(rows.map(({ entry, cause, at_s, actor, what }) => [entry, cause, at_s, actor, what])).toEqual([
      [2, 1, 1, 'kubectl', 'created'],
      [3, 0, 2, 'kubectl', 'metadata.generation 1 → 2, spec.replicas 3 → 5'],
      [4, 0, 3, 'kube-scheduler', 'created'],
      [5, 0, 4, 'kube-scheduler', 'bound to node-1'],
      [6, 0, 5, 'kubelet/node-1', 'Ready=True, status.phase Pending → Running'],
      [7, 0, 6, 'kubectl', 'deletion begins (30s)'],
      [8, 0, 36, 'kubelet/node-1', 'removed'],
    ])
    expect(rows[1]).toMatchObject({
      verb: 'patch',
      kind: 'StatefulSet',
      namespace: 'default',
      name: 'web',
      uid: 'set',
      resource_version: '2',
    })
  })
})

describe('pods', () => {
  test('one row tells a whole life', () => {
    const story = new Story()
    const claim = (phase: string, volume?: string) => ({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'data-web-0', namespace: 'default', uid: 'claim' },
      spec: volume === undefined ? {} : { volumeName: volume },
      status: { phase },
    })
    const at = 'Pod/default/web-0'
    const one = { uid: 'uid-web-0' }
    const claims = ['data-web-0']
    story.write(0.5, 'statefulset-controller', claim('Pending'))
    story.write(1, 'statefulset-controller', pod('web-0', { claims }))
    story.write(3, 'persistent-volume-binder', claim('Bound', 'pv-1'))
    story.write(3.5, 'kube-scheduler', pod('web-0', { claims, node: 'node-1' }))
    story.tell(5, 'csi-attacher', 'attached', 'PersistentVolume//pv-1', { node: 'node-1', forced: false })
    story.tell(6, 'kubelet/node-1', 'volume-mounted', at, { ...one, volume: 'token' })
    story.tell(7, 'kubelet/node-1', 'volume-mounted', at, { ...one, volume: 'pv-1', claim: 'data-web-0' })
    story.tell(7.5, 'kubelet/node-1', 'sandbox-made', at, { ...one, ip: '10.0.0.1' })
    story.tell(9, 'kubelet/node-1', 'image-pulled', at, { ...one, container: 'app', image: 'app:1', took: 1 })
    story.tell(9.2, 'kubelet/node-1', 'container-started', at, { ...one, container: 'init', init: true, restarts: 0 })
    story.tell(9.5, 'kubelet/node-1', 'container-started', at, { ...one, container: 'app', init: false, restarts: 0 })
    story.write(9.6, 'kubelet/node-1', pod('web-0', { claims, node: 'node-1', phase: 'Running' }))
    story.write(10, 'kubelet/node-1', pod('web-0', { claims, node: 'node-1', phase: 'Running', ready: true }))
    story.write(20, 'kubectl', pod('web-0', { claims, node: 'node-1', phase: 'Running', ready: true, deleting: true, restarts: 2 }))
    story.remove(21, 'kubectl', 'Pod', 'web-0')
    story.tell(25, 'kubelet/node-1', 'pod-stopped', at, one)
    expect(story.table('pods')).toEqual([
      {
        namespace: 'default',
        name: 'web-0',
        uid: 'uid-web-0',
        owner: 'statefulset/web',
        ordinal: 0,
        revision: 'web-a',
        node: 'node-1',
        created_s: 1,
        scheduled_s: 3.5,
        attached_s: 5,
        mounted_s: 7,
        sandbox_s: 7.5,
        pulled_s: 9,
        started_s: 9.5,
        running_s: 9.6,
        ready_s: 10,
        deleting_s: 20,
        stopped_s: 25,
        removed_s: 21,
        restarts: 2,
        phase: 'Running',
        reason: '',
      },
    ])
  })

  test('a replacement is a row of its own, and what never came is empty', () => {
    const story = new Story()
    story.write(1, 'c', pod('web-0', { uid: 'a' }))
    story.remove(2, 'c', 'Pod', 'web-0')
    story.write(3, 'c', pod('web-0', { uid: 'b', waiting: 'ImagePullBackOff', node: 'node-1' }))
    const rows = story.table('pods')
    expect(rows.map(({ uid, created_s, ready_s, removed_s, reason }) => [uid, created_s, ready_s, removed_s, reason])).toEqual([
      ['a', 1, undefined, 2, ''],
      ['b', 3, undefined, undefined, 'ImagePullBackOff'],
    ])
  })

  test('a volume that is attached already counts from the binding of the pod', () => {
    const story = new Story()
    const claim = {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'c', namespace: 'default' },
      spec: { volumeName: 'pv-1' },
    }
    story.write(0, 'c', claim)
    story.tell(1, 'csi-attacher', 'attached', 'PersistentVolume//pv-1', { node: 'node-1' })
    story.write(2, 'c', pod('web-0', { claims: ['c'] }))
    story.write(3, 'c', pod('web-0', { claims: ['c'], node: 'node-1' }))
    expect(story.table('pods')[0]).toMatchObject({ attached_s: 3 })
  })
})

describe('nodes', () => {
  test('have a row when something that is shown changed, and none for a heartbeat', () => {
    const story = new Story()
    story.write(0, 'kubelet', node('node-1', 'True'))
    const beat = node('node-1', 'True')
    beat['status'].conditions[0].lastHeartbeatTime = '2026-01-01T00:05:00Z'
    story.write(1, 'kubelet', beat)
    story.write(2, 'c', pod('web-0'))
    story.write(3, 'c', pod('web-0', { node: 'node-1' }))
    story.tell(4, 'csi-attacher', 'attached', 'PersistentVolume//pv-1', { node: 'node-1' })
    story.write(50, 'node-controller', node('node-1', 'Unknown', [{ key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' }]))
    story.write(51, 'kubectl', {
      ...node('node-1', 'Unknown'),
      spec: { unschedulable: true, taints: [{ key: 'a', value: 'b', effect: 'NoSchedule' }] },
    })
    story.remove(60, 'c', 'Pod', 'web-0')
    story.tell(61, 'csi-attacher', 'detached', 'PersistentVolume//pv-1', { node: 'node-1', forced: true })
    expect(story.table('nodes').map((row) => Object.values(row))).toEqual([
      [0, 'node-1', 'zone-a', 'True', '', true, 0, 0, 0, 0],
      [3, 'node-1', 'zone-a', 'True', '', true, 1, 500, 1_073_741_824, 0],
      [4, 'node-1', 'zone-a', 'True', '', true, 1, 500, 1_073_741_824, 1],
      [50, 'node-1', 'zone-a', 'Unknown', 'node.kubernetes.io/unreachable:NoExecute', true, 1, 500, 1_073_741_824, 1],
      [51, 'node-1', 'zone-a', 'Unknown', 'a=b:NoSchedule', false, 1, 500, 1_073_741_824, 1],
      [60, 'node-1', 'zone-a', 'Unknown', 'a=b:NoSchedule', false, 0, 0, 0, 1],
      [61, 'node-1', 'zone-a', 'Unknown', 'a=b:NoSchedule', false, 0, 0, 0, 0],
    ])
  })

  test('count a finished pod no longer', () => {
    const story = new Story()
    story.write(0, 'kubelet', node('node-1', 'True'))
    story.write(1, 'c', pod('job', { node: 'node-1' }))
    story.write(2, 'c', pod('job', { node: 'node-1', phase: 'Succeeded' }))
    expect(story.table('nodes').map(({ at_s, pods }) => [at_s, pods])).toEqual([
      [0, 0],
      [1, 1],
      [2, 0],
    ])
  })
})

describe('volumes and attachments', () => {
  test('tell a claim from its request to its end, and the volume of it', () => {
    const story = new Story()
    const claim = (more: object) => ({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'data', namespace: 'default', uid: 'u' },
      spec: { storageClassName: 'disk', resources: { requests: { storage: '5Gi' } } },
      ...more,
    })
    const volume = (phase: string) => ({
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: 'pv-1' },
      spec: {
        capacity: { storage: '5Gi' },
        nodeAffinity: {
          required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'topology.kubernetes.io/zone', values: ['zone-b'] }] }] },
        },
      },
      status: { phase },
    })
    story.write(1, 'c', claim({}))
    story.tell(3, 'csi-provisioner', 'provisioned', 'PersistentVolume//pv-1', { claim: 'default/data' })
    story.write(3, 'csi-provisioner', volume('Available'))
    const bound = { storageClassName: 'disk', volumeName: 'pv-1' }
    story.write(4, 'c', claim({ spec: bound, status: { phase: 'Bound', capacity: { storage: '5Gi' } } }))
    story.tell(6, 'csi-attacher', 'attached', 'PersistentVolume//pv-1', { node: 'node-1' })
    story.tell(9, 'csi-attacher', 'attached', 'PersistentVolume//pv-1', { node: 'node-2' })
    story.remove(10, 'c', 'PersistentVolumeClaim', 'data')
    story.write(11, 'c', volume('Released'))
    expect(story.table('volumes').map((row) => Object.values(row))).toEqual([
      ['default', 'data', 'pv-1', 'disk', 'zone-b', 1, 3, 4, 6, 11, 10, '5Gi'],
    ])
  })

  test('an attachment that is wanted again before its detach began goes on', () => {
    const story = new Story()
    const at = (time: number, what: string, more: object = {}) =>
      story.tell(time, 'x', what, 'PersistentVolume//pv-1', { node: 'node-1', ...more })
    at(1, 'attach-requested')
    at(3, 'attached', { forced: false })
    at(10, 'detach-requested')
    at(11, 'attach-requested')
    at(20, 'detach-requested')
    at(380, 'detach-began', { forced: true })
    at(382, 'detached', { forced: true })
    at(400, 'attach-requested')
    expect(story.table('attachments')).toEqual([
      {
        volume: 'pv-1',
        node: 'node-1',
        requested_s: 1,
        attached_s: 3,
        detach_requested_s: 20,
        detached_s: 382,
        forced: true,
        detach_began_s: 380,
      },
      { volume: 'pv-1', node: 'node-1', requested_s: 400, forced: false },
    ])
  })
})

describe('what happens in containers and names', () => {
  test('is told as it was recorded', () => {
    const story = new Story()
    const event = { type: 'Warning', reason: 'BackOff', message: 'Back-off, "x"', count: 3, object: { metadata: {} } }
    story.tell(1, 'kubelet', 'event', 'Pod/default/web-0', event, 0)
    const exited = { uid: 'u', container: 'app', exitCode: 137, reason: 'OOMKilled', restarts: 1, asked: false }
    story.tell(2, 'kubelet/node-1', 'container-exited', 'Pod/default/web-0', exited)
    story.tell(3, 'kubelet/node-1', 'probe', 'Pod/default/web-0', {
      uid: 'u',
      container: 'app',
      probe: 'readiness',
      result: 'failure',
      failures: 3,
    })
    story.tell(4, 'coredns', 'dns', 'web-0.web.default.svc.cluster.local', { addresses: ['10.0.0.1', '10.0.0.2'] })
    story.tell(5, 'coredns', 'dns', 'web-0.web.default.svc.cluster.local', { addresses: [] })
    expect(Object.values(story.table('events')[0] ?? {})).toEqual([
      1,
      0,
      1,
      'kubelet',
      'Warning',
      'BackOff',
      'Pod',
      'default',
      'web-0',
      3,
      'Back-off, "x"',
    ])
    expect(Object.values(story.table('restarts')[0] ?? {})).toEqual([2, 'default', 'web-0', 'app', 1, 137, 'OOMKilled', 'node-1'])
    expect(Object.values(story.table('probes')[0] ?? {})).toEqual([3, 'default', 'web-0', 'app', 'readiness', 'failure', 3])
    expect(story.table('dns').map((row) => Object.values(row))).toEqual([
      [4, 'web-0.web.default.svc.cluster.local', '10.0.0.1 10.0.0.2'],
      [5, 'web-0.web.default.svc.cluster.local', ''],
    ])
  })
})

describe('replicas and metrics', () => {
  test('a row when a count changed; unavailable is what a set lacks after it once was complete', () => {
    const story = new Story()
    story.write(0, 'kubectl', set())
    story.write(10, 'c', set({ counts: [3, 3] }))
    story.write(11, 'c', set({ counts: [3, 3] }))
    story.write(100, 'c', set({ counts: [3, 2] }))
    story.write(160, 'c', set({ counts: [3, 3] }))
    story.write(200, 'c', set({ counts: [3, 2] }))
    story.write(220, 'c', set({ counts: [3, 3] }))
    // Scaling up is no lack.
    story.write(300, 'kubectl', set({ replicas: 4, generation: 2, observed: 1, counts: [3, 3] }))
    story.write(320, 'c', set({ replicas: 4, generation: 2, counts: [4, 4] }))
    expect(story.table('replicas').map(({ at_s, desired, ready }) => [at_s, desired, ready])).toEqual([
      [0, 3, 0],
      [10, 3, 3],
      [100, 3, 2],
      [160, 3, 3],
      [200, 3, 2],
      [220, 3, 3],
      [300, 4, 3],
      [320, 4, 4],
    ])
    const metrics = new Map(story.table('metrics', 400).map((row) => [`${row['name']}{${row['labels']}}`, row['value']]))
    expect(metrics.get('unavailable_seconds{set=web}')).toBe(80)
    expect(metrics.get('longest_unavailable_seconds{set=web}')).toBe(60)
    expect(metrics.get('rollout_seconds{set=web;change=create}')).toBe(10)
    expect(metrics.get('rollout_seconds{set=web;change=scale-up}')).toBe(20)
    expect(metrics.get('ended_seconds{}')).toBe(400)
    expect(metrics.get('writes{}')).toBe(9)
  })
})
