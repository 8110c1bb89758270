/**
 * Pods placed per second on half-full nodes: plain ones, with topology spread, with anti-affinity, with volumes, members of sets, and such that fit
 * nowhere, beside the first loop that one would write over all nodes; and whether a pod costs more when more pods are there. Issue 7 wants 10,000
 * plain pods a second and 2,000 with spread or anti-affinity at 5,000 nodes; Kubernetes' own gates there are 270, and 48 with volumes.
 * Source: performance.md T13, T14, E; issue 7.
 */
import type { Contestant } from './rounds.ts'
import { compare, program } from './rounds.ts'

const variants = ['plain', 'spread', 'anti-affinity', 'volumes', 'members', 'unschedulable'] as const

/** Microseconds of the processor per pod. */
const place = (variant: string, nodes: number, podsPerNode = 16, name = `${variant} on ${nodes.toLocaleString('en')}`): Contestant =>
  program(name, ['test/bench/schedule-contestant.mjs', variant, `${nodes}`, `${podsPerNode}`])

export function schedule(): void {
  const wanted: Readonly<Record<string, number>> = { plain: 10_000, spread: 2_000, 'anti-affinity': 2_000 }
  for (const nodes of [100, 1_000, 5_000]) {
    const loop = program(`a loop over ${nodes.toLocaleString('en')}`, ['test/bench/schedule-reference.mjs', `${nodes}`])
    const costs = compare('schedule, us per pod', [...variants.map((variant) => place(variant, nodes)), loop], {}, 3)
    for (const variant of variants) {
      const cost = costs.get(`${variant} on ${nodes.toLocaleString('en')}`) as number
      const goal = wanted[variant]
      const judged = nodes < 5_000 || goal === undefined ? '' : `  wanted ${goal}`
      console.log(`${''.padEnd(22)} ${`${variant} on ${nodes.toLocaleString('en')}`.padEnd(38)} ${(1e6 / cost).toFixed(0)} pods/s${judged}`)
    }
  }
  const few = place('plain', 5_000, 2, '10,000 pods')
  const many = place('plain', 5_000, 22, '110,000 pods')
  compare('schedule, growth', [many, few], { '110,000 pods': 1.2 }, 3)
}
