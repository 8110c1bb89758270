/**
 * The discrete-event kernel alone, `stsim/engine`: time, order, chance, death and record, with no word of what is simulated.
 *
 * A bank counter, one clerk, customers who come at random:
 *
 * ```ts
 * import { Engine, minutes, parseDistribution, printDuration, sample } from 'stsim/engine'
 *
 * const engine = new Engine({ seed: 7 })
 * const street = engine.process('street', 0)            // rank 0 acts before rank 1 in the same instant
 * const clerk = engine.process('clerk', 1)
 * const arrivals = engine.random('arrivals')            // same seed and name: same numbers, whatever else runs
 * const between = parseDistribution('exponential(3m)')! // or { kind: 'exponential', mean: minutes(3) }
 * const talk = parseDistribution('lognormal(2m, 9m)')!  // median, 99th percentile
 * const line: number[] = []
 * let busy = false
 *
 * const come = (customer: number): void => {
 *   line.push(engine.record('street', 'came', `customer ${customer}`, { inLine: line.length }))
 *   serve()
 *   street.after(sample(between, arrivals.next()), 'next customer', () => come(customer + 1))
 * }
 * const serve = (): void => {
 *   if (busy || line.length === 0) return
 *   const came = line.shift()!
 *   const who = engine.journal.about(came)
 *   busy = true
 *   engine.because(came, () => {                        // what is recorded and planned inside has this entry as its cause
 *     engine.record('clerk', 'began', who, { waited: printDuration(engine.now - engine.journal.time(came)) })
 *     clerk.after(sample(talk, engine.chance(who, 'talk')), 'ends', () => {   // one draw that belongs to this customer
 *       engine.record('clerk', 'served', who, null)
 *       busy = false
 *       serve()
 *     })
 *   })
 * }
 * street.after(sample(between, arrivals.next()), 'first customer', () => come(1))
 * engine.run(minutes(60))
 * for (let n = 1; n <= engine.journal.length; n++) console.log(printDuration(engine.journal.time(n)), engine.journal.at(n))
 * ```
 *
 * `clerk.kill()` would drop all that the clerk has planned; `clerk.revive()` lets it plan again. What repeats is a value
 * (`Rhythm`, `nextBeat`), not a chain of events. `digest(engine.journal)` is one hash of the whole run.
 */
export { Bug, bug } from './bug.ts'
export { farthest, hours, type Micros, milliseconds, minutes, parseDuration, printDuration, seconds } from './clock.ts'
export { digest, digestOfText, type Sha256 } from './digest.ts'
export { constant, type Distribution, parseDistribution, sample } from './distribution.ts'
export { Engine, type EngineOptions } from './engine.ts'
export { exp, ln, normalQuantile } from './exact.ts'
export { type Entry, Journal } from './journal.ts'
export type { Process } from './process.ts'
export type { Handle } from './queue.ts'
export type { Random } from './random.ts'
export { nextBeat, type Rhythm } from './rhythm.ts'
