/** What the scheduler does in time about calls that fail, also about the second failure, which writes nothing. Source: scheduler.md 2.5, 2.8, 9.8. */
import { expect, test } from 'vitest'
import { node, pod, priorityClass, Stage } from './stage.ts'

test('a binding that fails again and again is tried again after each back-off, although nothing is written', () => {
  const stage = new Stage({ latency: 0.01, fails: ({ verb }, at) => verb === 'bind' && at < 60 })
  stage.create(node('n1'))
  stage.at(1, () => stage.create(pod('p')))
  stage.run(100)
  const tries = stage.writes.filter(({ request }) => request.verb === 'bind').map(({ at }) => Math.floor(at))
  expect(tries).toEqual([1, 3, 6, 11, 20, 31, 42, 53, 64])
  expect(stage.placed('p')?.node).toBe('n1')
})

test('a preemptor whose evictions fail tries again until they do not, in a cluster without latency too', () => {
  const stage = new Stage({ fails: ({ verb }, at) => verb === 'delete' && at < 3 })
  stage.create(priorityClass('high', 100))
  stage.create(node('n1'))
  stage.create(pod('v', { cpu: 4, on: 'n1' }))
  stage.at(1, () => stage.create(pod('p', { cpu: 4, priorityClass: 'high' })))
  stage.run(10)
  const deletions = stage.writes.filter(({ by, request }) => by === 'kube-scheduler' && request.verb === 'delete').map(({ at }) => at)
  expect(deletions.length).toBeLessThan(30)
  expect(deletions.at(-1)).toBeCloseTo(3, 1)
  expect(stage.get('Pod', 'v')?.metadata.deletionTimestamp).toBeDefined()
})

test('a victim that is gone before its eviction gets no Event', () => {
  const stage = new Stage({ latency: 0.1 })
  stage.create(priorityClass('high', 100))
  stage.create(node('n1'))
  stage.create(pod('v', { cpu: 4, on: 'n1' }))
  stage.at(1, () => stage.create(pod('p', { cpu: 4, priorityClass: 'high' })))
  stage.at(1.25, () => stage.ask({ verb: 'delete', kind: 'Pod', namespace: 'default', name: 'v', gracePeriodSeconds: 0 }))
  stage.run(10)
  const asked = stage.writes.filter(
    ({ by, request, answer }) => by === 'kube-scheduler' && 'name' in request && request.name === 'v' && !answer.ok,
  )
  expect(asked).toHaveLength(1)
  expect(stage.told.filter(({ reason }) => reason === 'Preempted')).toEqual([])
  expect(stage.placed('p')?.node).toBe('n1')
})
