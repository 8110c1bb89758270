/**
 * Lengths of time that vary. A draw is the inverse of the distribution function at one uniform number, so one draw of chance
 * makes one length, and a luckier number never makes a longer one. Whole microseconds at once.
 * Source: contract section 1.
 */
import { farthest, type Micros, parseDuration } from './clock.ts'
import { exp, ln, normalQuantile } from './exact.ts'

/** A length of time that may vary; all lengths in microseconds. */
export type Distribution =
  | { readonly kind: 'constant'; readonly value: Micros }
  | { readonly kind: 'uniform'; readonly from: Micros; readonly to: Micros }
  | { readonly kind: 'exponential'; readonly mean: Micros }
  /** Cut at 0. */
  | { readonly kind: 'normal'; readonly mean: Micros; readonly deviation: Micros }
  /** By its median and its 99th percentile. */
  | { readonly kind: 'lognormal'; readonly p50: Micros; readonly p99: Micros }
  | { readonly kind: 'weibull'; readonly scale: Micros; readonly shape: number }
  /** Drawn with equal chance. */
  | { readonly kind: 'samples'; readonly values: readonly Micros[] }

/** Always the same length. */
export const constant = (value: Micros): Distribution => ({ kind: 'constant', value })

/** The 99th percentile of a standard normal. */
const z99 = 2.3263478740408408

/**
 * The length that belongs to a uniform draw `u` in [0, 1). Never below 0.
 */
export function sample(distribution: Distribution, u: number): Micros {
  switch (distribution.kind) {
    case 'constant':
      return distribution.value
    case 'uniform':
      return whole(distribution.from + u * (distribution.to - distribution.from))
    case 'exponential':
      return whole(-ln(1 - u) * distribution.mean)
    case 'normal':
      return distribution.deviation === 0 ? distribution.mean : whole(distribution.mean + normalQuantile(u) * distribution.deviation)
    case 'lognormal': {
      const { p50, p99 } = distribution
      if (p50 === p99) return p50
      return whole(p50 * exp((ln(p99 / p50) / z99) * normalQuantile(u)))
    }
    case 'weibull':
      return whole(distribution.scale * exp(ln(-ln(1 - u)) / distribution.shape))
    case 'samples':
      return distribution.values[Math.floor(u * distribution.values.length)] as Micros
  }
}

const whole = (micros: number): Micros => (micros > 0 ? Math.min(Math.round(micros), farthest) : 0)

/**
 * Reads `3s`, `uniform(1s, 3s)`, `exponential(5s)`, `normal(2s, 300ms)`, `lognormal(2s, 8s)`, `weibull(3s, 1.5)`,
 * `samples(1s, 2s, 4s)`. Undefined for anything else: a bare number, a negative length, a maximum below its minimum.
 */
export function parseDistribution(text: string): Distribution | undefined {
  const value = length(text)
  if (value !== undefined) return constant(value)
  const call = /^\s*([a-z]+)\s*\((.*)\)\s*$/.exec(text)
  if (call === null) return undefined
  const name = call[1] as string
  const parts = (call[2] as string).split(',')
  const lengths = parts.map(length)
  const [first, second] = lengths
  switch (name) {
    case 'uniform':
      return parts.length === 2 && first !== undefined && second !== undefined && first <= second
        ? { kind: 'uniform', from: first, to: second }
        : undefined
    case 'exponential':
      return parts.length === 1 && first !== undefined && first > 0 ? { kind: 'exponential', mean: first } : undefined
    case 'normal':
      return parts.length === 2 && first !== undefined && second !== undefined
        ? { kind: 'normal', mean: first, deviation: second }
        : undefined
    case 'lognormal':
      return parts.length === 2 && first !== undefined && second !== undefined && first > 0 && first <= second
        ? { kind: 'lognormal', p50: first, p99: second }
        : undefined
    case 'weibull': {
      const shape = parts[1] !== undefined && /^\s*\d+(\.\d+)?\s*$/.test(parts[1]) ? Number(parts[1]) : 0
      return parts.length === 2 && first !== undefined && first > 0 && shape > 0 ? { kind: 'weibull', scale: first, shape } : undefined
    }
    case 'samples':
      return lengths.every((each) => each !== undefined) ? { kind: 'samples', values: lengths } : undefined
    default:
      return undefined
  }
}

function length(text: string): Micros | undefined {
  const micros = parseDuration(text.trim())
  return micros !== undefined && micros >= 0 ? micros : undefined
}
