import { expect, test } from 'vitest'
import { WorkQueue } from '../../src/cluster/client/work-queue.ts'
import { milliseconds, seconds } from '../../src/engine/clock.ts'
import { Engine } from '../../src/engine/engine.ts'

const queueOf = () => {
  const engine = new Engine({ seed: 1 })
  const process = engine.process('test', 5)
  return { engine, process, queue: new WorkQueue(process, () => undefined) }
}

test('a key that waits already is taken once', () => {
  const { queue } = queueOf()
  queue.add('a')
  queue.add('b')
  queue.add('a')
  expect([queue.take(), queue.take(), queue.take()]).toEqual(['a', 'b', undefined])
})

test('a key added while it is worked on runs again, and never twice at once', () => {
  const { queue } = queueOf()
  queue.add('a')
  queue.take()
  queue.add('a')
  expect(queue.take()).toBeUndefined()
  queue.done('a')
  expect(queue.take()).toBe('a')
})

test('of several delayed additions the earliest wins, and an immediate one does not cancel it', () => {
  const { engine, queue } = queueOf()
  queue.addAfter('a', seconds(5))
  queue.addAfter('a', seconds(3))
  queue.addAfter('a', seconds(9))
  queue.add('a')
  expect(queue.take()).toBe('a')
  queue.done('a')
  engine.run(seconds(2))
  expect(queue.take()).toBeUndefined()
  engine.run(seconds(3))
  expect(queue.take()).toBe('a')
  queue.done('a')
  engine.run(seconds(20))
  expect(queue.take()).toBeUndefined()
})

test('a failing key comes back after 5 ms, doubling to 1000 s, and a success forgets that', () => {
  const { engine, queue } = queueOf()
  const delays = Array.from({ length: 20 }, () => {
    const delay = queue.addRateLimited('a')
    engine.run(engine.now + delay)
    queue.take()
    queue.done('a')
    return delay
  })
  expect(delays.slice(0, 4)).toEqual([5, 10, 20, 40].map(milliseconds))
  expect(delays.slice(-2)).toEqual([seconds(1000), seconds(1000)])
  queue.forget('a')
  expect(queue.addRateLimited('a')).toBe(milliseconds(5))
})

test('what a dead process planned never comes', () => {
  const { engine, process, queue } = queueOf()
  queue.addAfter('a', seconds(1))
  process.kill()
  engine.run(seconds(5))
  expect(queue.take()).toBeUndefined()
})
