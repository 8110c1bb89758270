import { describe, expect, test } from 'vitest'
import { Bug, digest, Engine, farthest, Journal, seconds } from '../../src/engine/index.ts'

describe('the engine', () => {
  test('orders equal times by rank, then by planning', () => {
    const engine = new Engine({ seed: 1 })
    const [late, early] = [engine.process('late', 5), engine.process('early', 2)]
    const seen: string[] = []
    late.at(10, 'x', () => seen.push('late'))
    early.at(10, 'x', () => seen.push('early 1'))
    early.at(10, 'x', () => seen.push('early 2'))
    engine.run(10)
    expect(seen).toEqual(['early 1', 'early 2', 'late'])
    expect(engine.now).toBe(10)
  })

  test('lets what an event causes in no time keep its rank and come before the next rank', () => {
    const engine = new Engine({ seed: 1 })
    const [first, second, last] = [engine.process('first', 1), engine.process('second', 4), engine.process('last', 9)]
    const seen: string[] = []
    second.at(5, 'x', () => seen.push(`second ${engine.rank}`))
    first.at(5, 'x', () => {
      last.after(0, 'x', () => seen.push(`caused ${engine.rank}`))
      last.after(1, 'x', () => seen.push(`later ${engine.rank}`))
    })
    engine.run(100)
    expect(seen).toEqual(['caused 1', 'second 4', 'later 9'])
    expect(engine.rank).toBe(-1)
  })

  test('drops what a dead process had planned; revived it has nothing planned', () => {
    const engine = new Engine({ seed: 1 })
    const mortal = engine.process('mortal', 3)
    const seen: string[] = []
    mortal.at(5, 'x', () => seen.push('before'))
    mortal.at(20, 'x', () => seen.push('never'))
    engine.run(10)
    mortal.kill()
    mortal.after(1, 'x', () => seen.push('never either'))
    expect(engine.nextTime()).toBe(Number.POSITIVE_INFINITY)
    mortal.revive()
    mortal.after(1, 'x', () => seen.push('new life'))
    engine.run(100)
    expect(seen).toEqual(['before', 'new life'])
  })

  test('a process that kills itself in its own event stays dead', () => {
    const engine = new Engine({ seed: 1 })
    const mortal = engine.process('mortal', 3)
    mortal.at(5, 'x', () => {
      mortal.after(1, 'y', () => expect.unreachable())
      mortal.kill()
    })
    engine.run(100)
    expect(mortal.alive).toBe(false)
    expect(engine.pending).toBe(0)
  })

  test('hands causes from entry to what it brings', () => {
    const engine = new Engine({ seed: 1 })
    const process = engine.process('p', 1)
    process.at(1, 'begin', () => {
      const root = engine.record('p', 'begins', 'x', null)
      engine.because(root, () => process.after(5, 'go on', () => engine.record('p', 'goes on', 'x', null)))
      process.after(6, 'apart', () => engine.record('p', 'apart', 'x', null))
    })
    engine.run(100)
    const { journal } = engine
    expect([1, 2, 3].map((n) => [journal.what(n), journal.time(n), journal.cause(n)])).toEqual([
      ['begins', 1, 0],
      ['goes on', 6, 1],
      ['apart', 7, 0],
    ])
    expect(engine.cause).toBe(0)
  })

  test('halts after the running event and can go on', () => {
    const engine = new Engine({ seed: 1 })
    const process = engine.process('p', 1)
    const seen: number[] = []
    for (const at of [1, 2, 3]) {
      process.at(at, 'x', () => {
        seen.push(at)
        if (at === 2) engine.halt()
      })
    }
    engine.run(10)
    expect([engine.now, ...seen]).toEqual([2, 1, 2])
    engine.run(10)
    expect([engine.now, ...seen]).toEqual([10, 1, 2, 3])
  })

  test('says of a bug when and in which event it was found', () => {
    const engine = new Engine({ seed: 1 })
    engine.process('clerk', 1).at(seconds(90), 'serve', () => {
      throw new TypeError('no customer')
    })
    try {
      engine.run(seconds(100))
      expect.unreachable()
    } catch (error) {
      expect(error).toBeInstanceOf(Bug)
      expect((error as Bug).explain()).toBe('expected no exception; found no customer at 1m30s in "clerk: serve"')
    }
  })

  test('refuses the past and fractions of a microsecond, and never does what is beyond the end of time', () => {
    const engine = new Engine({ seed: 1 })
    const process = engine.process('p', 1)
    engine.run(10)
    expect(() => process.at(9, 'x', () => undefined)).toThrow('not to be planned before 10µs')
    expect(() => process.at(Number.NaN, 'x', () => undefined)).toThrow(Bug)
    expect(() => process.at(10.5, 'x', () => undefined)).toThrow('whole microseconds')
    process.at(farthest + 1, 'x', () => undefined)
    expect(engine.pending).toBe(0)
  })

  test('gives the same name the same numbers, whatever else is drawn', () => {
    const [a, b] = [new Engine({ seed: 7 }), new Engine({ seed: '7' })]
    b.random('other').next()
    b.random('another').below(3)
    expect([a.random('x').next(), a.random('x').next()]).toEqual([b.random('x').next(), b.random('x').next()])
    expect(a.chance('pod', 'start', 3)).toBe(b.chance('pod', 'start', 3))
    expect(new Engine({ seed: 8 }).chance('pod', 'start', 3)).not.toBe(a.chance('pod', 'start', 3))
  })
})

describe('the journal', () => {
  test('keeps entries over many chunks and tells its listeners', () => {
    const journal = new Journal()
    let heard = 0
    journal.listen(() => heard++)
    for (let n = 1; n <= 140_000; n++) journal.add(n * 3, n - 1, `who ${n % 5}`, 'what', `about ${n % 3}`, n)
    expect([journal.length, heard]).toEqual([140_000, 140_000])
    expect(journal.at(131_073)).toEqual({
      entry: 131_073,
      time: 393_219,
      cause: 131_072,
      who: 'who 3',
      what: 'what',
      about: 'about 0',
      detail: 131_073,
    })
    expect(() => journal.time(140_001)).toThrow('an entry between 1 and 140000')
    expect(() => journal.time(0)).toThrow(Bug)
  })
})

describe('the digest', () => {
  const journalOf = (...details: unknown[]): Journal => {
    const journal = new Journal()
    for (const [n, detail] of details.entries()) journal.add(n, 0, 'who', 'what', 'about', detail)
    return journal
  }

  test('is a SHA-256 of what the entries say', () => {
    expect(digest(new Journal())).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
    expect(digest(journalOf({ a: 1 }))).toMatch(/^[0-9a-f]{64}$/)
    expect(digest(journalOf({ a: 1 }))).not.toBe(digest(journalOf({ a: 2 })))
  })

  test('depends neither on the order of fields nor on what was frozen or shared nor on absent fields', () => {
    const shared = Object.freeze({ long: 'x'.repeat(100), list: Object.freeze([1, 2, 3]) })
    const frozen = digest(journalOf(Object.freeze({ one: shared, two: shared }), shared))
    const again = digest(
      journalOf(Object.freeze({ two: Object.freeze({ ...shared }), one: shared }), Object.freeze({ list: shared.list, long: shared.long })),
    )
    expect(again).toBe(frozen)
    expect(digest(journalOf({ a: undefined, b: 1 }))).toBe(digest(journalOf({ b: 1 })))
  })

  test('sees a change in any part of an entry', () => {
    const base: [number, number, string, string, string, unknown] = [1, 0, 'who', 'what', 'about', { x: [1] }]
    const others: (typeof base)[] = [
      [2, 0, 'who', 'what', 'about', { x: [1] }],
      [1, 0, 'whom', 'what', 'about', { x: [1] }],
      [1, 0, 'who', 'whats', 'about', { x: [1] }],
      [1, 0, 'who', 'what', 'about it', { x: [1] }],
      [1, 0, 'who', 'what', 'about', { x: ['1'] }],
      [1, 0, 'who', 'what', 'about', { x: [1, null] }],
    ]
    const digests = [base, ...others].map((entry) => {
      const journal = new Journal()
      journal.add(...entry)
      return digest(journal)
    })
    expect(new Set(digests).size).toBe(digests.length)
  })
})
