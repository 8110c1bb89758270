import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Owner, Queue, type Taken } from '../../src/engine/queue.ts'

const owner = (): Owner => ({ incarnation: 0, pending: 0 })
const taken = (): Taken<Owner> => ({ key: 0, owner: owner(), label: '', act: () => undefined, cause: 0 })

/** Everything still to happen, in order, as labels. */
function drain(queue: Queue<Owner>): string[] {
  const into = taken()
  const labels: string[] = []
  while (queue.take(into)) labels.push(into.label)
  return labels
}

describe('the queue', () => {
  test('gives the earliest first, and what was planned first among equals', () => {
    const queue = new Queue<Owner>()
    const who = owner()
    for (const [label, key] of [
      ['c', 30],
      ['a', 10],
      ['b1', 20],
      ['b2', 20],
      ['a2', 10],
    ] as const)
      queue.plan(key, who, label, () => undefined, 0)
    expect(drain(queue)).toEqual(['a', 'a2', 'b1', 'b2', 'c'])
  })

  test('forgets what was cancelled, and a stale handle is harmless', () => {
    const queue = new Queue<Owner>()
    const who = owner()
    const first = queue.plan(1, who, 'first', () => undefined, 0)
    queue.plan(2, who, 'second', () => undefined, 0)
    expect(queue.cancel(first)).toBe(true)
    expect(queue.cancel(first)).toBe(false)
    // The slot is used again: the old handle must not cancel its new content.
    queue.plan(3, who, 'third', () => undefined, 0)
    expect(queue.cancel(first)).toBe(false)
    expect(queue.size).toBe(2)
    expect(drain(queue)).toEqual(['second', 'third'])
  })

  test('drops everything of an owner that died, and nothing of its next life', () => {
    const queue = new Queue<Owner>()
    const [mortal, other] = [owner(), owner()]
    const handle = queue.plan(1, mortal, 'dead', () => undefined, 0)
    queue.plan(1, other, 'other', () => undefined, 0)
    queue.drop(mortal)
    queue.plan(2, mortal, 'alive again', () => undefined, 0)
    expect(queue.cancel(handle)).toBe(true)
    expect(queue.size).toBe(2)
    expect(drain(queue)).toEqual(['other', 'alive again'])
  })

  test('does what a sorted list would do, whatever is planned, cancelled, dropped and taken', () => {
    const command = fc.oneof(
      { weight: 6, arbitrary: fc.record({ do: fc.constant('plan' as const), key: fc.nat(50), who: fc.nat(2) }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('cancel' as const), which: fc.nat(1_000) }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('take' as const) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('drop' as const), who: fc.nat(2) }) },
    )
    fc.assert(
      fc.property(fc.array(command, { maxLength: 1_500, size: 'max' }), (commands) => {
        const queue = new Queue<Owner>()
        const owners = [owner(), owner(), owner()]
        const handles: number[] = []
        let list: { key: number; order: number; who: number; handle: number }[] = []
        let floor = 0
        let order = 0
        const into = taken()
        for (const each of commands) {
          if (each.do === 'plan') {
            const key = floor + each.key
            const handle = queue.plan(key, owners[each.who] as Owner, `${order}`, () => undefined, 0)
            handles.push(handle)
            list.push({ key, order: order++, who: each.who, handle })
          } else if (each.do === 'cancel' && handles.length > 0) {
            const handle = handles[each.which % handles.length] as number
            queue.cancel(handle)
            list = list.filter((one) => one.handle !== handle)
          } else if (each.do === 'drop') {
            queue.drop(owners[each.who] as Owner)
            list = list.filter((one) => one.who !== each.who)
          } else if (each.do === 'take') {
            list.sort((a, b) => a.key - b.key || a.order - b.order)
            const expected = list.shift()
            expect(queue.nextKey()).toBe(expected?.key ?? Number.POSITIVE_INFINITY)
            expect(queue.take(into) ? into.label : undefined).toBe(expected === undefined ? undefined : `${expected.order}`)
            if (expected !== undefined) floor = expected.key
          }
          expect(queue.size).toBe(list.length)
        }
        list.sort((a, b) => a.key - b.key || a.order - b.order)
        expect(drain(queue)).toEqual(list.map((one) => `${one.order}`))
      }),
      { seed: 1, numRuns: 60 },
    )
  })

  test('sweeps out the dead when most are', () => {
    const queue = new Queue<Owner>()
    const who = owner()
    const handles = Array.from({ length: 5_000 }, (_, n) => queue.plan((n * 7919) % 5_000, who, `${n}`, () => undefined, 0))
    for (const [n, handle] of handles.entries()) if (n % 10 !== 0) queue.cancel(handle)
    const expected = handles.flatMap((_, n) => (n % 10 === 0 ? [n] : [])).sort((a, b) => ((a * 7919) % 5_000) - ((b * 7919) % 5_000))
    expect(drain(queue)).toEqual(expected.map(String))
  })
})
