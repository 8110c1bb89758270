import { expect, test } from 'vitest'
import type { KubernetesObject } from '../../src/cluster/objects/metadata.ts'
import { node, pod, priorityClass, Stage, type StageOptions } from './stage.ts'

const staged = (options: StageOptions = {}): Stage => {
  const stage = new Stage(options)
  for (const [name, value] of [
    ['low', 1],
    ['mid', 50],
    ['high', 100],
  ] as const)
    stage.create(priorityClass(name, value))
  stage.create(node('n1'))
  return stage
}

const gone = (stage: Stage, name: string): void => {
  stage.ask({ verb: 'delete', kind: 'Pod', namespace: 'default', name, gracePeriodSeconds: 0 })
}

const deletions = (stage: Stage): readonly (readonly [number, string])[] =>
  stage.writes
    .filter(({ by, request }) => by === 'kube-scheduler' && request.verb === 'delete')
    .map(({ at, request }) => [at, (request as { name: string }).name])

test('all victims but the last go side by side, the last after them; each gets its condition and its Event first and after', () => {
  const stage = staged({ latency: 0.1 })
  for (const name of ['a', 'b', 'c']) stage.create(pod(name, { cpu: 1, on: 'n1', priorityClass: 'low' }))
  stage.at(1, () => stage.create(pod('p', { cpu: 4, priorityClass: 'high' })))
  stage.run(5)
  const [first, second, last] = deletions(stage)
  expect(first?.[0]).toBe(second?.[0])
  expect(last?.[0]).toBeGreaterThan(first?.[0] as number)
  expect(
    stage.told
      .filter(({ reason }) => reason === 'Preempted')
      .map(({ name }) => name)
      .sort(),
  ).toEqual(['a', 'b', 'c'])
  expect(stage.get('Pod', 'a')?.['status'].conditions).toContainEqual(
    expect.objectContaining({
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'PreemptionByScheduler',
      message: 'default-scheduler: preempting to accommodate a higher priority pod',
    }),
  )
})

test('a pod whose victims are still being evicted is not tried, whatever happens meanwhile', () => {
  const stage = staged({ latency: 0.5 })
  for (const name of ['a', 'b']) stage.create(pod(name, { cpu: 2, on: 'n1', priorityClass: 'low' }))
  stage.create(pod('other', { on: 'n1' }))
  stage.at(1, () => stage.create(pod('p', { cpu: 4, priorityClass: 'high' })))
  // The Pod/Delete that NodeResourcesFit would try it for comes while victim b has not been asked to go.
  stage.at(2.2, () => gone(stage, 'other'))
  stage.run(3)
  expect(stage.told.filter(({ name, reason }) => name === 'p' && reason === 'FailedScheduling')).toHaveLength(1)
  stage.at(6, () => gone(stage, 'a'))
  stage.at(7, () => gone(stage, 'b'))
  stage.run(12)
  expect(stage.placed('p')?.node).toBe('n1')
  expect(stage.placed('p')?.at).toBeGreaterThan(7)
})

test('pods of lower priority that were promised the node lose the promise', () => {
  const stage = staged()
  stage.create(pod('v', { cpu: 2, on: 'n1', priorityClass: 'low' }))
  stage.create(pod('w', { cpu: 2, on: 'n1', priorityClass: 'low' }))
  stage.at(1, () => stage.create(pod('m', { cpu: 2, priorityClass: 'mid' })))
  stage.at(2, () => stage.create(pod('p', { cpu: 4, priorityClass: 'high' })))
  stage.run(3)
  expect(stage.get('Pod', 'm')?.['status'].nominatedNodeName).toBeUndefined()
  expect(stage.get('Pod', 'p')?.['status'].nominatedNodeName).toBe('n1')
})

test('a budget is a preference: a node without violations is taken, but where all break one a pod goes all the same', () => {
  const budget: KubernetesObject = {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'keep', namespace: 'default' },
    spec: { minAvailable: 1, selector: { matchLabels: { app: 'db' } } },
  }
  const stage = staged()
  stage.create(budget)
  stage.create(pod('db', { cpu: 4, on: 'n1', priorityClass: 'low', labels: { app: 'db' } }))
  stage.at(1, () => stage.create(pod('p', { cpu: 4, priorityClass: 'high' })))
  stage.run(2)
  expect(deletions(stage)).toEqual([[1, 'db']])
})

/** A claim that waits for its first consumer. */
const withClaim = (stage: Stage): void => {
  stage.create({
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'disk' },
    provisioner: 'disk.test',
    volumeBindingMode: 'WaitForFirstConsumer',
  })
  stage.create({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data', namespace: 'default' },
    spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'disk', resources: { requests: { storage: '1Gi' } } },
  })
}

test('a victim that is only being bound is not deleted: its binding is cancelled and it queues again', () => {
  const stage = staged()
  withClaim(stage)
  stage.at(1, () => stage.create(pod('v', { cpu: 4, priorityClass: 'low', claims: ['data'] })))
  stage.at(2.5, () => stage.create(pod('p', { cpu: 4, priorityClass: 'high' })))
  stage.run(60)
  expect(deletions(stage)).toEqual([])
  expect(stage.told.filter(({ reason }) => reason === 'Preempted')[0]?.message).toMatch(
    /^Preempted by pod .+ on node n1 \(in kube-scheduler memory\)\.$/,
  )
  expect(stage.told.find(({ name, reason }) => name === 'v' && reason === 'FailedScheduling')?.message).toBe(
    'running PreBind plugin "VolumeBinding": preempted by DefaultPreemption',
  )
  expect(stage.placed('p')?.node).toBe('n1')
  expect(stage.placed('v')).toBeUndefined()
})

test('a victim whose binding is asked for already is bound, and deleted like any other', () => {
  const played = (arrival: number | undefined, others: readonly string[] = []): Stage => {
    const stage = staged({ latency: 0.2 })
    withClaim(stage)
    for (const name of others) stage.create(pod(name, { cpu: 1, on: 'n1', priorityClass: 'mid' }))
    stage.at(1, () => stage.create(pod('v', { cpu: 4 - others.length, priorityClass: 'low', claims: ['data'] })))
    stage.at(1.8, () => {
      stage.create({
        apiVersion: 'v1',
        kind: 'PersistentVolume',
        metadata: { name: 'pv' },
        spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, storageClassName: 'disk', hostPath: { path: '/mnt' } },
      })
      const patch = { metadata: { annotations: { 'pv.kubernetes.io/bind-completed': 'yes' } }, spec: { volumeName: 'pv' } }
      stage.ask({ verb: 'patch', kind: 'PersistentVolumeClaim', namespace: 'default', name: 'data', type: 'merge', patch })
    })
    if (arrival !== undefined) stage.at(arrival, () => stage.create(pod('p', { cpu: 4, priorityClass: 'high' })))
    stage.run(30)
    return stage
  }
  const bound = played(undefined).placed('v')?.at as number
  // The scheduler hears of the pod 0.2 s after it was created, and 0.1 s before the server binds the victim.
  const stage = played(bound - 0.3)
  expect(stage.placed('v')?.at).toBe(bound)
  expect(deletions(stage).map(([, name]) => name)).toEqual(['v'])
  expect(stage.told.find(({ reason }) => reason === 'Preempted')?.message).not.toContain('in kube-scheduler memory')
  // A little earlier the binding was not asked for yet, and is cancelled.
  const earlier = played(bound - 0.6)
  expect(earlier.placed('v')).toBeUndefined()
  expect(deletions(earlier)).toEqual([])
  // Beside others it is the last to go: its binding may be asked for while they are evicted.
  const beside = played(bound - 0.6, ['u'])
  expect(beside.placed('v')?.at).toBe(bound)
  expect(
    deletions(beside)
      .map(([, name]) => name)
      .sort(),
  ).toEqual(['u', 'v'])
  expect(beside.told.filter(({ message }) => message.includes('in kube-scheduler memory'))).toEqual([])
})
