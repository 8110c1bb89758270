/**
 * Chance has a name: the same seed and name give the same numbers, whatever else runs. Two variants of a model so meet the
 * same luck wherever they do the same (common random numbers).
 *
 * Streams that live are seedrandom's alea, the name first and the seed last; neighbouring names are sound with it (not so with
 * xor128, xorwow, xorshift7: performance.md 3). Single draws of single things are hashed and keep nothing.
 */
import alea from 'seedrandom/lib/alea.js'

/** A living stream of numbers. */
export type Random = {
  /** The next number, in [0, 1). 32 bits; 0 can come. */
  next(): number
  /** The next whole number in 0 … n-1. */
  below(n: number): number
}

/** The stream of that name under that seed. Costs 2 µs and half a kilobyte: for what lives, not for one draw. */
export const stream = (seed: string, name: string): Random => {
  const next = alea(`${name}\n${seed}`)
  return { next, below: (n) => Math.floor(next() * n) }
}

/** Where a hash begins: two lanes of 32 bits, with the seed stirred in. */
export type Hashing = { readonly high: number; readonly low: number }

/** The start for all single draws under a seed. */
export const hashing = (seed: string): Hashing => {
  let high = 0xdeadbeef
  let low = 0x41c6ce57
  for (let at = 0; at < seed.length; at++) {
    const code = seed.charCodeAt(at)
    high = Math.imul(high ^ code, 0x9e3779b1)
    low = Math.imul(low ^ code, 0x5f356495)
  }
  return { high: scrambled(high ^ (low >>> 7)), low: scrambled(low ^ (high >>> 9)) }
}

/**
 * One draw in [0, 1), 53 bits, that depends on the seed, the thing, the purpose and the count and on nothing else.
 * A hash after cyrb53 with the finalizer of MurmurHash3; neighbours' draws are independent (test/engine/random.test.ts).
 */
export const draw = (start: Hashing, thing: string, purpose: string, count: number): number => {
  let high = start.high
  let low = start.low
  for (let at = 0; at < thing.length; at++) {
    const code = thing.charCodeAt(at)
    high = Math.imul(high ^ code, 0x9e3779b1)
    low = Math.imul(low ^ code, 0x5f356495)
  }
  high = Math.imul(high ^ 0x1ffff, 0x85ebca77)
  low = Math.imul(low ^ 0x2ffff, 0xc2b2ae3d)
  for (let at = 0; at < purpose.length; at++) {
    const code = purpose.charCodeAt(at)
    high = Math.imul(high ^ code, 0x9e3779b1)
    low = Math.imul(low ^ code, 0x5f356495)
  }
  high = Math.imul(high ^ count, 0x27d4eb2f)
  low = Math.imul(low ^ count ^ Math.floor(count / 4_294_967_296), 0x165667b1)
  const a = scrambled(high ^ (low >>> 13))
  const b = scrambled(low ^ a)
  return ((a >>> 5) * 67_108_864 + (b >>> 6)) / 9_007_199_254_740_992
}

/** The finalizer of MurmurHash3: every bit of the input reaches every bit of the result. */
const scrambled = (bits: number): number => {
  let h = bits ^ (bits >>> 16)
  h = Math.imul(h, 0x85ebca6b)
  h ^= h >>> 13
  h = Math.imul(h, 0xc2b2ae35)
  return h ^ (h >>> 16)
}
