import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  exp,
  hours,
  ln,
  milliseconds,
  minutes,
  nextBeat,
  normalQuantile,
  parseDistribution,
  parseDuration,
  printDuration,
  sample,
  seconds,
} from '../../src/engine/index.ts'
import { draw, hashing, stream } from '../../src/engine/random.ts'

describe('durations', () => {
  test.each([
    ['90s', 90_000_000],
    ['1h2m', 3_720_000_000],
    ['250ms', 250_000],
    ['1.5s', 1_500_000],
    ['1h2m3.5s', 3_723_500_000],
    ['100us', 100],
    ['1µs', 1],
    ['.5s', 500_000],
    ['1.s', 1_000_000],
    ['-1s', -1_000_000],
    ['+2m', 120_000_000],
    ['0', 0],
    ['0s', 0],
    ['1500ns', 2],
  ])('%s is read as Go reads it', (text, micros) => expect(parseDuration(text)).toBe(micros))

  test.each(['60', '', 's', '1 s', '1d', '1h-2m', 'abc', '1s ', '1e3s', '-', '1.5', '.s'])('"%s" is none', (text) =>
    expect(parseDuration(text)).toBeUndefined(),
  )

  test.each([
    [0, '0s'],
    [1, '1µs'],
    [1_500, '1.5ms'],
    [250_000, '250ms'],
    [1_500_000, '1.5s'],
    [90_000_000, '1m30s'],
    [3_600_000_000, '1h0m0s'],
    [3_723_000_001, '1h2m3.000001s'],
    [-90_000_000, '-1m30s'],
  ])('%i µs is printed as Go prints it: %s', (micros, text) => expect(printDuration(micros)).toBe(text))

  test('what is printed is read back', () =>
    fc.assert(
      fc.property(fc.integer({ min: -1e14, max: 1e14 }), (micros) => {
        expect(parseDuration(printDuration(micros))).toBe(micros)
      }),
      { seed: 1 },
    ))

  test('units are whole microseconds', () => {
    expect([milliseconds(1.5), seconds(0.1), minutes(2), hours(1), seconds(0.000_000_4)]).toEqual([
      1_500, 100_000, 120_000_000, 3_600_000_000, 0,
    ])
  })
})

describe('a rhythm', () => {
  const ten = { period: 10, phase: 3 }
  test.each([
    [0, 3, 3],
    [3, 3, 13],
    [4, 13, 13],
    [13, 13, 23],
    [-50, 3, 3],
  ])('at %i beats next at %i when it includes, at %i when it is strict', (now, includes, strict) => {
    expect(nextBeat(ten, now, 'includes')).toBe(includes)
    expect(nextBeat(ten, now, 'strict')).toBe(strict)
  })

  test('has no beat below 0, whatever its phase', () => {
    expect(nextBeat({ period: 10, phase: -7 }, 0, 'includes')).toBe(3)
    expect(nextBeat({ period: 10, phase: 23 }, 0, 'includes')).toBe(3)
    expect(() => nextBeat({ period: 0, phase: 0 }, 0, 'includes')).toThrow('a period of 0')
  })
})

describe('exact functions', () => {
  test('agree with the reference to the last place or the one before', () =>
    fc.assert(
      fc.property(fc.double({ min: 1e-300, max: 1e300, noNaN: true }), fc.double({ min: -700, max: 700, noNaN: true }), (x, y) => {
        expect(Math.abs(ln(x) - Math.log(x))).toBeLessThanOrEqual(Math.abs(Math.log(x)) * 2 ** -51)
        expect(Math.abs(exp(y) - Math.exp(y))).toBeLessThanOrEqual(Math.exp(y) * 2 ** -51)
      }),
      { seed: 1, numRuns: 2_000 },
    ))

  test('have these bits on every engine', () => {
    expect([ln(3), ln(1), ln(5e-324), ln(1e300), ln(1.0000001)]).toEqual([
      1.0986122886681096, 0, -744.4400719213812, 690.7755278982137, 9.999999505838704e-8,
    ])
    expect([exp(-1), exp(0), exp(10.5), exp(-744.5), exp(709.5), exp(0.2)]).toEqual([
      0.36787944117144233, 1, 36315.502674246636, 5e-324, 1.3549863193146328e308, 1.2214027581601699,
    ])
    expect([ln(0), ln(-1), exp(710), exp(-746)]).toEqual([-Infinity, NaN, Infinity, 0])
  })

  test('the normal quantile agrees with published values', () => {
    const pairs = [
      [0.5, 0],
      [0.001, -3.090232306167813],
      [0.3, -0.5244005127080407],
      [0.99, 2.3263478740408408],
      [1e-10, -6.361340902404056],
      [1e-15, -7.941345326170995],
      [0.975, 1.9599639845400536],
    ] as const
    for (const [u, z] of pairs) expect(normalQuantile(u)).toBeCloseTo(z, 12)
    expect([normalQuantile(0), normalQuantile(1)]).toEqual([-Infinity, Infinity])
  })
})

describe('distributions', () => {
  test.each([
    ['3s', 0.9, 3_000_000],
    ['uniform(1s, 3s)', 0.25, 1_500_000],
    ['exponential(5s)', 0.5, 3_465_736],
    ['exponential(5s)', 0, 0],
    ['normal(2s, 300ms)', 0.5, 2_000_000],
    ['normal(2s, 10s)', 0.01, 0],
    ['normal(2s, 0s)', 0, 2_000_000],
    ['lognormal(2s, 8s)', 0.5, 2_000_000],
    ['lognormal(2s, 8s)', 0.99, 8_000_000],
    ['lognormal(2s, 8s)', 0, 0],
    ['lognormal(2s,2s)', 0.7, 2_000_000],
    ['weibull(3s, 1.5)', 0.5, 2_349_659],
    ['weibull(3s, 1.5)', 0, 0],
    ['samples(1s, 2s, 4s)', 0.34, 2_000_000],
    ['samples(1s, 2s, 4s)', 0.999, 4_000_000],
  ])('%s at %d', (text, u, micros) => {
    const distribution = parseDistribution(text)
    expect(distribution && sample(distribution, u)).toBe(micros)
  })

  test.each([
    '3',
    '-3s',
    'uniform(3s, 1s)',
    'uniform(1s)',
    'exponential(0s)',
    'lognormal(8s, 2s)',
    'lognormal(0s, 2s)',
    'weibull(3s, 0)',
    'weibull(3s, 2s)',
    'samples()',
    'pareto(1s, 2s)',
    'uniform(1s, 3s',
    '',
  ])('"%s" is none', (text) => expect(parseDistribution(text)).toBeUndefined())

  test('a larger draw never makes a shorter length', () => {
    for (const text of ['uniform(1s, 3s)', 'exponential(5s)', 'normal(2s, 3s)', 'lognormal(2s, 8s)', 'weibull(3s, 0.7)']) {
      const distribution = parseDistribution(text)!
      let before = 0
      for (let n = 0; n < 1_000; n++) {
        const now = sample(distribution, n / 1_000)
        expect(now).toBeGreaterThanOrEqual(before)
        before = now
      }
    }
  })
})

describe('chance', () => {
  const count = 100_000
  const cells = 1_000

  /** How far, in standard errors, draws, differences of neighbours and their correlation are from what chance would do. */
  function scores(next: (n: number) => number): number[] {
    const draws = new Array<number>(cells).fill(0)
    const steps = new Array<number>(cells).fill(0)
    let together = 0
    let before = 0
    for (let n = 0; n < count; n++) {
      const now = next(n)
      draws[Math.floor(now * cells)]!++
      if (n > 0) {
        steps[Math.floor((now < before ? now - before + 1 : now - before) * cells)]!++
        together += (now - 0.5) * (before - 0.5)
      }
      before = now
    }
    const chi = (counts: number[]): number =>
      (counts.reduce((sum, found) => sum + (found - count / cells) ** 2 / (count / cells), 0) - cells) / Math.sqrt(2 * cells)
    return [chi(draws), chi(steps), (together * 12) / Math.sqrt(count)]
  }

  const start = hashing('1')
  test.each<[string, (n: number) => number]>([
    ['single draws of neighbouring things', (n) => draw(start, `kubelet/node-${n}/x`, 'start', 0)],
    ['single draws of neighbouring purposes', (n) => draw(start, 'pod', `step ${n}`, 0)],
    ['single draws of neighbouring counts', (n) => draw(start, 'pod', 'start', n)],
    ['single draws under neighbouring seeds', (n) => draw(hashing(`${n}`), 'pod', 'start', 0)],
    ['first draws of neighbouring streams', (n) => stream('1', `kubelet/node-${n}/start`).next()],
  ])('%s are independent', (_, next) => {
    for (const score of scores(next)) expect(Math.abs(score)).toBeLessThan(4.5)
  })

  test('is the same everywhere and for ever', () => {
    expect([draw(start, 'kubelet/node-1', 'sandbox', 0), draw(start, '', '', 4_294_967_296)]).toEqual([
      0.8584482180537829, 0.5845656630251573,
    ])
    const random = stream('7', 'arrivals')
    expect([random.next(), random.next(), random.below(1_000)]).toEqual([0.5898968451656401, 0.24897048226557672, 328])
  })
})
