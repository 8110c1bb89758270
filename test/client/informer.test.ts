import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Store } from '../../src/cluster/apiserver/store.ts'
import type { Change } from '../../src/cluster/client/controller.ts'
import { Caches } from '../../src/cluster/client/informer.ts'
import type { KubernetesObject } from '../../src/cluster/objects/metadata.ts'
import { milliseconds, seconds } from '../../src/engine/clock.ts'
import { Engine } from '../../src/engine/engine.ts'

const by = { actor: 'test', verb: 'update' }

const pod = (name: string, node: string, uid = name): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', uid, labels: { app: name } },
  spec: { nodeName: node },
})

const world = (delay: number, node?: string) => {
  const engine = new Engine({ seed: 1 })
  const store = new Store(engine)
  const process = engine.process('watcher', 5)
  const caches = new Caches({ store, process, delay: () => delay, ...(node === undefined ? {} : { node }) })
  const told: string[] = []
  caches.listen('Pod', ({ type, object }: Change) => told.push(`${type} ${object.metadata.name}`))
  caches.start()
  return { engine, store, process, caches, told }
}

test('a cache trails the truth by the delay of its watch', () => {
  const { engine, store, caches, told } = world(milliseconds(5))
  store.put(pod('a', 'node-1'), by)
  expect(caches.of('Pod').get('default', 'a')).toBeUndefined()
  engine.run(milliseconds(5))
  expect(caches.of('Pod').get('default', 'a')).toBeDefined()
  expect(told).toEqual(['ADDED a'])
})

test('a kubelet hears of the pods of its node alone: they are added when they come and deleted when they leave', () => {
  const { engine, store, told } = world(0, 'node-1')
  store.put(pod('a', ''), by)
  store.put(pod('b', 'node-2'), by)
  store.put(pod('a', 'node-1'), by)
  const last = store.of('Pod').get('default', 'a')
  if (last !== undefined) store.remove(last, by)
  engine.run(seconds(1))
  expect(told).toEqual(['ADDED a', 'DELETED a'])
})

test('what was missed while cut off is learnt when the connection heals, a successor as another object', () => {
  const { engine, store, caches, told } = world(0)
  store.put(pod('a', 'node-1'), by)
  store.put(pod('b', 'node-1'), by)
  engine.run(seconds(1))
  caches.cut()
  const old = store.of('Pod').get('default', 'a')
  if (old !== undefined) store.remove(old, by)
  store.put(pod('a', 'node-2', 'successor'), by)
  store.put(pod('c', 'node-1'), by)
  engine.run(seconds(2))
  expect(told).toEqual(['ADDED a', 'ADDED b'])
  caches.heal()
  expect(told.slice(2)).toEqual(['DELETED a', 'ADDED a', 'ADDED c'])
})

test('once quiet, each cache and its indexes equal the store, whatever happened', () => {
  const step = fc.record({ name: fc.constantFrom('a', 'b', 'c', 'd'), node: fc.constantFrom('', 'node-1', 'node-2'), gone: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.integer({ min: 0, max: 3 }), (steps, delay) => {
      const { engine, store, caches } = world(delay)
      caches.of('Pod').onNode('node-1')
      caches.of('Pod').labelled('default', 'app', 'a')
      for (const { name, node, gone } of steps) {
        const there = store.of('Pod').get('default', name)
        if (gone && there !== undefined) store.remove(there, by)
        else store.put(pod(name, node), by)
        engine.run(engine.now + 1)
      }
      engine.run(engine.now + 100)
      expect(caches.of('Pod').list()).toEqual(store.of('Pod').list())
      for (const node of ['', 'node-1', 'node-2']) {
        const wanted = store
          .of('Pod')
          .list()
          .filter((each) => each['spec'].nodeName === node)
        expect([...caches.of('Pod').onNode(node)].sort((x, y) => (x.metadata.name < y.metadata.name ? -1 : 1))).toEqual(wanted)
      }
      expect(caches.of('Pod').labelled('default', 'app', 'a')).toEqual(
        store
          .of('Pod')
          .list()
          .filter((each) => each.metadata.name === 'a'),
      )
    }),
    { seed: 20260101, numRuns: 200 },
  )
})
