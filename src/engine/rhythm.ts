/**
 * Something that repeats, as a value: no event is made for a beat that changes nothing; whoever needs the next beat that
 * matters computes it. Beats are the moments t >= 0 with t - phase a multiple of period.
 */
import { bug } from './bug.ts'
import type { Micros } from './clock.ts'

/** A beat every `period`, shifted by `phase`; whole microseconds, period above 0. */
export type Rhythm = { readonly period: Micros; readonly phase: Micros }

/**
 * The first beat at or after `now` ('includes') or after `now` ('strict'); never below 0. A loop that *includes* acts at a
 * beat on everything written at or before it; a *strict* one on what was written before it alone.
 */
export const nextBeat = (rhythm: Rhythm, now: Micros, mode: 'includes' | 'strict'): Micros => {
  const { period } = rhythm
  if (!(period > 0)) bug('a rhythm with a period above 0', `a period of ${period}`)
  const phase = rhythm.phase - Math.floor(rhythm.phase / period) * period
  if (now < phase) return phase
  const beat = phase + Math.floor((now - phase) / period) * period
  return beat === now && mode === 'includes' ? beat : beat + period
}
