import { expect, test } from 'vitest'
import type { KubernetesObject } from '../../src/cluster/objects/metadata.ts'
import { node, pod, Stage } from './stage.ts'

const storageClass = (name: string, provisioner = 'disk.test'): KubernetesObject => ({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name },
  provisioner,
  volumeBindingMode: 'WaitForFirstConsumer',
})

const claim = (name: string, className: string): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name, namespace: 'default' },
  spec: { accessModes: ['ReadWriteOnce'], storageClassName: className, resources: { requests: { storage: '1Gi' } } },
})

const volume = (name: string, className: string, on: string): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name },
  spec: {
    accessModes: ['ReadWriteOnce'],
    capacity: { storage: '2Gi' },
    storageClassName: className,
    persistentVolumeReclaimPolicy: 'Retain',
    local: { path: '/mnt' },
    nodeAffinity: {
      required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [on] }] }] },
    },
  },
  status: { phase: 'Available' },
})

const selectedNode = (stage: Stage): string | undefined =>
  stage.get('PersistentVolumeClaim', 'data')?.metadata.annotations?.['volume.kubernetes.io/selected-node']

/** The volume controller's last words. */
const complete = (stage: Stage, volumeName: string): void => {
  stage.ask({
    verb: 'patch',
    kind: 'PersistentVolumeClaim',
    namespace: 'default',
    name: 'data',
    type: 'merge',
    patch: { metadata: { annotations: { 'pv.kubernetes.io/bind-completed': 'yes' } }, spec: { volumeName } },
  })
}

const settled = (options = {}): Stage => {
  const stage = new Stage(options)
  stage.create(node('n1', { labels: { 'kubernetes.io/hostname': 'n1' } }))
  stage.create(node('n2', { labels: { 'kubernetes.io/hostname': 'n2' } }))
  return stage
}

test('a claim that waits for a consumer gets its node at once; the pod is bound at the first look, each second, that finds the claim bound', () => {
  const stage = settled()
  stage.create(storageClass('disk'))
  stage.create(claim('data', 'disk'))
  stage.at(1.5, () => stage.create(pod('web', { claims: ['data'] })))
  stage.run(1.5)
  expect(selectedNode(stage)).toBe('n1')
  expect(stage.get('Pod', 'web')?.['status'].nominatedNodeName).toBe('n1')
  stage.at(3.6, () => {
    stage.create(volume('pv-1', 'disk', 'n1'))
    complete(stage, 'pv-1')
  })
  stage.run(20)
  expect(stage.placed('web')).toEqual({ at: 4.5, node: 'n1' })
  expect(stage.get('Pod', 'web')?.['status'].nominatedNodeName).toBeUndefined()
  expect(stage.attempts('web')).toEqual([4.5])
})

test('a local volume that fits is claimed before the pod is bound', () => {
  const stage = settled()
  stage.create(storageClass('local', 'kubernetes.io/no-provisioner'))
  stage.create(claim('data', 'local'))
  stage.create(volume('pv-2', 'local', 'n2'))
  stage.ask({
    verb: 'patch',
    kind: 'PersistentVolume',
    name: 'pv-2',
    type: 'merge',
    subresource: 'status',
    patch: { status: { phase: 'Available' } },
  })
  stage.at(1, () => stage.create(pod('web', { claims: ['data'] })))
  stage.run(1)
  expect(stage.get('PersistentVolume', 'pv-2', '')?.['spec'].claimRef).toMatchObject({ namespace: 'default', name: 'data' })
  stage.at(1.2, () => complete(stage, 'pv-2'))
  stage.run(5)
  expect(stage.placed('web')).toEqual({ at: 2, node: 'n2' })
})

test('a provisioner that gives up sends the pod back to the queue of errors', () => {
  const stage = settled()
  stage.create(storageClass('disk'))
  stage.create(claim('data', 'disk'))
  stage.at(1.5, () => stage.create(pod('web', { claims: ['data'] })))
  stage.at(2, () => {
    const annotations = { 'volume.kubernetes.io/selected-node': null, 'example.com/kept': 'yes' }
    stage.ask({
      verb: 'patch',
      kind: 'PersistentVolumeClaim',
      namespace: 'default',
      name: 'data',
      type: 'merge',
      patch: { metadata: { annotations } },
    })
  })
  stage.run(3.4)
  const message = 'running PreBind plugin "VolumeBinding": binding volumes: provisioning failed for PVC "data"'
  expect(stage.told.map(({ at, reason, message: text }) => [at, reason, text])).toEqual([[2.5, 'FailedScheduling', message]])
  expect(stage.get('Pod', 'web')?.['status']).toMatchObject({ conditions: [{ type: 'PodScheduled', reason: 'SchedulerError', message }] })
  expect(stage.get('Pod', 'web')?.['status'].nominatedNodeName).toBeUndefined()
  expect(selectedNode(stage)).toBeUndefined()
  stage.run(4)
  expect(selectedNode(stage)).toBe('n1')
})

test('the wait for a claim ends after 600 seconds; the claim keeps its node', () => {
  const stage = settled()
  stage.create(storageClass('disk'))
  stage.create(claim('data', 'disk'))
  stage.create(pod('web', { claims: ['data'] }))
  stage.run(600.5)
  expect(stage.told).toMatchObject([
    {
      at: 600,
      name: 'web',
      reason: 'FailedScheduling',
      message: 'running PreBind plugin "VolumeBinding": binding volumes: context deadline exceeded',
    },
  ])
  expect(selectedNode(stage)).toBe('n1')
})

test('an immediate claim keeps its pod waiting until the claim is bound, and its change wakes the pod', () => {
  const stage = settled()
  stage.create({ ...storageClass('now'), volumeBindingMode: 'Immediate' })
  stage.create(claim('data', 'now'))
  stage.at(1, () => stage.create(pod('web', { claims: ['data'] })))
  stage.at(3, () => {
    stage.create(volume('pv-1', 'now', 'n2'))
    complete(stage, 'pv-1')
  })
  stage.run(10)
  expect(stage.told[0]?.message).toBe('0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found')
  expect(stage.placed('web')).toEqual({ at: 3, node: 'n2' })
})

test('a write that meets a conflict fails the binding, and the next try comes after the back-off', () => {
  const stage = settled({ latency: 0.01 })
  stage.create(storageClass('disk'))
  stage.create(claim('data', 'disk'))
  stage.at(1, () => stage.create(pod('web', { claims: ['data'] })))
  stage.at(1.025, () => {
    stage.ask({
      verb: 'patch',
      kind: 'PersistentVolumeClaim',
      namespace: 'default',
      name: 'data',
      type: 'merge',
      patch: { metadata: { labels: { a: 'b' } } },
    })
  })
  stage.run(4)
  expect(stage.told[0]?.message).toMatch(
    /^running PreBind plugin "VolumeBinding": Operation cannot be fulfilled on persistentvolumeclaims "data": the object has been modified/,
  )
  expect(selectedNode(stage)).toBe('n1')
})

test('two pods that share a new ReadWriteOncePod claim: the second waits for the first to go', () => {
  const stage = settled()
  stage.create({ ...storageClass('now'), volumeBindingMode: 'Immediate' })
  stage.create({ ...claim('data', 'now'), spec: { ...claim('data', 'now')['spec'], accessModes: ['ReadWriteOncePod'] } })
  stage.create({ ...volume('pv-1', 'now', 'n1'), spec: { ...volume('pv-1', 'now', 'n1')['spec'], accessModes: ['ReadWriteOncePod'] } })
  complete(stage, 'pv-1')
  stage.at(1, () => stage.create(pod('a', { claims: ['data'] })))
  stage.at(2, () => stage.create(pod('b', { claims: ['data'] })))
  stage.at(7, () => stage.ask({ verb: 'delete', kind: 'Pod', namespace: 'default', name: 'a', gracePeriodSeconds: 0 }))
  stage.run(20)
  expect(stage.placed('a')).toEqual({ at: 1, node: 'n1' })
  expect(stage.placed('b')).toEqual({ at: 7, node: 'n1' })
})

test('the binding of a pod that was promised its node wakes nobody since 1.35', () => {
  const attempts = (release: string, promise: boolean): readonly number[] => {
    const stage = new Stage({ release, gates: { NominatedNodeNameForExpectation: promise } })
    stage.create(node('n1', { labels: { 'kubernetes.io/hostname': 'n1' } }))
    stage.create(storageClass('disk'))
    stage.create(claim('data', 'disk'))
    stage.at(1, () => stage.create(pod('a', { cpu: 3, claims: ['data'] })))
    stage.at(1.5, () => stage.create(pod('w', { cpu: 3 })))
    stage.at(2.5, () => {
      stage.create({ ...volume('pv', 'disk', 'n1'), status: { phase: 'Bound' } })
      complete(stage, 'pv')
    })
    stage.run(20)
    expect(stage.placed('a')?.at).toBe(3)
    return stage.attempts('w')
  }
  expect(attempts('1.35', true)).toEqual([1.5])
  expect(attempts('1.34', true)).toEqual([1.5, 3])
  expect(attempts('1.34', false)).toEqual([1.5])
})

const disk = (name: string, claimName?: string): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name },
  spec: {
    accessModes: ['ReadWriteOnce'],
    capacity: { storage: '1Gi' },
    csi: { driver: 'disk.test', volumeHandle: name },
    ...(claimName === undefined ? {} : { claimRef: { namespace: 'default', name: claimName } }),
  },
})
const boundClaim = (name: string, volumeName: string): KubernetesObject => ({
  ...claim(name, ''),
  metadata: { name, namespace: 'default', annotations: { 'pv.kubernetes.io/bind-completed': 'yes' } },
  spec: { ...claim(name, '')['spec'], volumeName },
})
const attachment = (volumeName: string): KubernetesObject => ({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'VolumeAttachment',
  metadata: { name: `a-${volumeName}` },
  spec: { attacher: 'disk.test', nodeName: 'n1', source: { persistentVolumeName: volumeName } },
})
const bindLater = { metadata: { annotations: { 'pv.kubernetes.io/bind-completed': 'yes' } }, spec: { volumeName: 'x' } }

test.each<[string, (stage: Stage) => void, (stage: Stage) => void]>([
  ['something is attached', (stage) => void stage.create(disk('x')), (stage) => void stage.create(attachment('x'))],
  ['the volume of an attachment comes', (stage) => void stage.create(attachment('x')), (stage) => void stage.create(disk('x'))],
  [
    'the claim of a pod there gets its volume',
    (stage) => {
      stage.create(disk('x', 'c'))
      stage.create(claim('c', ''))
      stage.create(pod('there', { on: 'n1', claims: ['c'] }))
    },
    (stage) =>
      void stage.ask({ verb: 'patch', kind: 'PersistentVolumeClaim', namespace: 'default', name: 'c', type: 'merge', patch: bindLater }),
  ],
  [
    'the volume of a claim of a pod there comes',
    (stage) => {
      stage.create(boundClaim('c', 'x'))
      stage.create(pod('there', { on: 'n1', claims: ['c'] }))
    },
    (stage) => void stage.create(disk('x', 'c')),
  ],
])('a node takes one volume less as soon as %s', (_what, before, change) => {
  const stage = new Stage()
  stage.create(node('n1', { labels: { 'kubernetes.io/hostname': 'n1' } }))
  const drivers = [{ name: 'disk.test', nodeID: 'n1', topologyKeys: null, allocatable: { count: 1 } }]
  stage.create({ apiVersion: 'storage.k8s.io/v1', kind: 'CSINode', metadata: { name: 'n1' }, spec: { drivers } })
  for (const name of ['one', 'two']) {
    stage.create(disk(name, name))
    stage.create(boundClaim(name, name))
  }
  before(stage)
  // Two are too many anyway: but the node is looked at.
  stage.at(1, () => stage.create(pod('both', { claims: ['one', 'two'] })))
  stage.at(2, () => change(stage))
  stage.at(3, () => stage.create(pod('single', { claims: ['one'] })))
  stage.run(4)
  const said = (name: string): string | undefined => stage.told.findLast((row) => row.name === name)?.message
  expect(said('both')).toContain('node(s) exceed max volume count')
  expect(said('single')).toContain('node(s) exceed max volume count')
})
