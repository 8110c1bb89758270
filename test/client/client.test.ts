import { expect, test } from 'vitest'
import type { Answer, Request } from '../../src/cluster/apiserver/request.ts'
import { Client } from '../../src/cluster/client/client.ts'
import { call, type Story, sleep, together, until } from '../../src/cluster/client/story.ts'
import { milliseconds, seconds } from '../../src/engine/clock.ts'
import { Engine } from '../../src/engine/engine.ts'

const clientOf = (options: { readonly delay?: number; readonly limit?: { perSecond: number; burst: number } } = {}) => {
  const engine = new Engine({ seed: 1 })
  const process = engine.process('test', 5)
  const asked: { readonly at: number; readonly name: string }[] = []
  const watchers: (() => void)[] = []
  const client = new Client({
    actor: 'test',
    process,
    handle: (_, request: Request): Answer => {
      const name = 'name' in request ? request.name : ''
      asked.push({ at: engine.now, name })
      return { ok: true, object: { apiVersion: 'v1', kind: 'Pod', metadata: { name } } }
    },
    delay: () => options.delay ?? 0,
    limit: options.limit,
    announce: () => undefined,
    watch: (_, changed) => {
      watchers.push(changed)
      return () => watchers.splice(watchers.indexOf(changed), 1)
    },
  })
  return { engine, process, client, asked, watchers }
}

function* get(name: string): Story<string> {
  const answer = yield* call({ verb: 'get', kind: 'Pod', name })
  return answer.ok ? answer.object.metadata.name : 'refused'
}

test('without latency a story has ended when play returns', () => {
  const { client } = clientOf()
  const ended: string[] = []
  client.play(get('a'), (name) => ended.push(name))
  expect(ended).toEqual(['a'])
})

test('each call takes the time of the network, stories side by side share it', () => {
  const { engine, client, asked } = clientOf({ delay: milliseconds(10) })
  const ended: unknown[] = []
  function* story(): Story<readonly string[]> {
    yield* get('first')
    return yield* together([get('left'), get('right')])
  }
  client.play(story(), (names) => ended.push(names))
  expect(ended).toEqual([])
  engine.run(seconds(1))
  expect(ended).toEqual([['left', 'right']])
  expect(asked).toEqual([
    { at: milliseconds(10), name: 'first' },
    { at: milliseconds(20), name: 'left' },
    { at: milliseconds(20), name: 'right' },
  ])
})

test('a story whose process dies is dropped', () => {
  const { engine, process, client } = clientOf({ delay: milliseconds(10) })
  let ended = false
  client.play(get('a'), () => {
    ended = true
  })
  process.kill()
  engine.run(seconds(1))
  expect(ended).toBe(false)
})

test('a client with 20 requests a second and a burst of 30 holds the 31st back by 50 ms', () => {
  const { engine, client, asked } = clientOf({ limit: { perSecond: 20, burst: 30 } })
  for (let i = 0; i < 32; i++) client.play(get(`pod-${i}`))
  engine.run(seconds(1))
  expect(asked.map(({ at }) => at).slice(28)).toEqual([0, 0, milliseconds(50), milliseconds(100)])
})

test('until answers at the first change that fits, or with undefined when its time is over', () => {
  const { engine, client, watchers } = clientOf()
  let value: string | undefined
  const ended: unknown[] = []
  client.play(
    until(['Pod'], () => value),
    (found) => ended.push(found),
  )
  client.play(
    until(['Pod'], () => value, seconds(3)),
    (found) => ended.push(found),
  )
  for (const changed of [...watchers]) changed()
  engine.run(seconds(4))
  expect(ended).toEqual([undefined])
  value = 'there'
  for (const changed of [...watchers]) changed()
  expect(ended).toEqual([undefined, 'there'])
  expect(watchers).toEqual([])
})

test('sleep lets the time pass', () => {
  const { engine, client } = clientOf()
  let at = -1
  function* story(): Story<void> {
    yield* sleep(seconds(7))
  }
  client.play(story(), () => {
    at = engine.now
  })
  engine.run(seconds(10))
  expect(at).toBe(seconds(7))
})
