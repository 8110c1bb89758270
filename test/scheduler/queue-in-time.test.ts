import { expect, test } from 'vitest'
import { node, pod, priorityClass, Stage } from './stage.ts'

test('a pod without a node to go to is tried again after 1, 2, 4, 8, 10 and 10 seconds, at whole seconds', () => {
  const stage = new Stage()
  stage.at(0.3, () => stage.create(pod('p')))
  stage.run(52)
  expect(stage.attempts('p')).toEqual([0.3, 2, 5, 10, 19, 30, 41, 52])
  expect(stage.told[0]?.message).toBe('no nodes available to schedule pods')
})

test('a node that comes does not end the back-off of an error', () => {
  const stage = new Stage()
  stage.at(0.3, () => stage.create(pod('p')))
  stage.at(3, () => stage.create(node('n1')))
  stage.run(20)
  expect(stage.attempts('p')).toEqual([0.3, 2, 5])
  expect(stage.placed('p')).toEqual({ at: 5, node: 'n1' })
})

test('an event that helps leads to an attempt at once in an idle queue', () => {
  const stage = new Stage()
  stage.create(node('n1', { cpu: 2 }))
  stage.create(pod('b', { cpu: 2, on: 'n1' }))
  stage.at(1, () => stage.create(pod('p', { cpu: 1 })))
  stage.at(1.4, () => stage.ask({ verb: 'delete', kind: 'Pod', namespace: 'default', name: 'b', gracePeriodSeconds: 0 }))
  stage.run(20)
  expect(stage.attempts('p')).toEqual([1, 1.4])
  expect(stage.placed('p')).toEqual({ at: 1.4, node: 'n1' })
})

test('a repeated failure with the same words costs an Event and no write', () => {
  const stage = new Stage()
  stage.at(0.3, () => stage.create(pod('p')))
  stage.run(11)
  const patches = stage.writes.filter(({ request }) => request.verb === 'patch')
  expect(stage.attempts('p')).toHaveLength(4)
  expect(patches).toHaveLength(1)
  expect(stage.get('Pod', 'p')?.['status'].conditions).toMatchObject([
    { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: 'no nodes available to schedule pods' },
  ])
})

test('a pod that nobody wakes is tried again by the flush after more than five minutes, at a multiple of 30 seconds', () => {
  const stage = new Stage()
  stage.create(node('n1'))
  const elsewhere = { spec: { nodeSelector: { absent: 'yes' } } }
  stage.at(1, () => stage.create(pod('early', elsewhere)))
  stage.at(30, () => stage.create(pod('on-the-beat', elsewhere)))
  stage.run(400)
  expect(stage.attempts('early')).toEqual([1, 330])
  expect(stage.attempts('on-the-beat')).toEqual([30, 360])
})

test('a gated pod is not tried and says nothing until its last gate is gone', () => {
  const stage = new Stage()
  stage.create(node('n1'))
  stage.at(1, () => stage.create(pod('p', { spec: { schedulingGates: [{ name: 'a.example/x' }] } })))
  stage.at(9, () => {
    stage.ask({ verb: 'patch', kind: 'Pod', namespace: 'default', name: 'p', type: 'merge', patch: { spec: { schedulingGates: null } } })
  })
  stage.run(30)
  expect(stage.attempts('p')).toEqual([9])
  expect(stage.placed('p')).toEqual({ at: 9, node: 'n1' })
})

test('a pod that preempts is nominated, waits until its victim is gone, and is bound there', () => {
  const stage = new Stage()
  for (const [name, value] of [
    ['low', 1],
    ['high', 100],
  ] as const)
    stage.create(priorityClass(name, value))
  stage.create(node('n1'))
  stage.create(pod('v', { cpu: 2, on: 'n1', priorityClass: 'low', labels: { app: 'v' } }))
  stage.at(10, () => stage.create(pod('p', { cpu: 4, priorityClass: 'high' })))
  stage.at(15, () => stage.ask({ verb: 'delete', kind: 'Pod', namespace: 'default', name: 'v', gracePeriodSeconds: 0 }))
  stage.run(10.5)
  expect(stage.get('Pod', 'p')?.['status'].nominatedNodeName).toBe('n1')
  expect(stage.get('Pod', 'v')?.metadata.deletionTimestamp).toBeDefined()
  stage.run(30)
  expect(stage.placed('p')).toEqual({ at: 15, node: 'n1' })
  expect(stage.told.map(({ at, name, reason }) => [at, name, reason])).toEqual([
    [10, 'p', 'FailedScheduling'],
    [10, 'v', 'Preempted'],
    [15, 'p', 'Scheduled'],
  ])
})

test('pods of lower priority keep off the room that a preemptor waits for, pods of higher priority take it', () => {
  const stage = new Stage()
  for (const [name, value] of [
    ['low', 1],
    ['mid', 50],
    ['high', 100],
    ['top', 200],
  ] as const)
    stage.create(priorityClass(name, value))
  stage.create(node('n1'))
  stage.create(pod('v', { cpu: 1, on: 'n1', priorityClass: 'low' }))
  stage.at(10, () => stage.create(pod('p', { cpu: 4, priorityClass: 'high' })))
  stage.at(10.05, () => stage.create(pod('m', { cpu: 1, priorityClass: 'mid' })))
  stage.at(10.06, () => stage.create(pod('s', { cpu: 4, priorityClass: 'top' })))
  stage.at(15, () => stage.ask({ verb: 'delete', kind: 'Pod', namespace: 'default', name: 'v', gracePeriodSeconds: 0 }))
  stage.run(40)
  expect(stage.placed('s')).toEqual({ at: 15, node: 'n1' })
  expect(stage.placed('p')).toBeUndefined()
  expect(stage.placed('m')).toBeUndefined()
  expect(stage.get('Pod', 'p')?.['status'].nominatedNodeName).toBeUndefined()
})

test('a pod of another scheduler is left alone', () => {
  const stage = new Stage()
  stage.create(node('n1'))
  stage.create(pod('p', { spec: { schedulerName: 'other' } }))
  stage.run(400)
  expect(stage.told).toEqual([])
  expect(stage.placed('p')).toBeUndefined()
})
