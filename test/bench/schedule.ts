/**
 * Pods placed on half-full nodes: what spread, anti-affinity and volumes cost over plain pods at 5,000 nodes (issue 7 wants 10,000 plain pods a
 * second and 2,000 of the others, so at most five times), what more nodes and more placed pods cost. Source: performance.md T13, T14; issue 7.
 */
import { compare, program } from './rounds.ts'

/** Microseconds of the processor per pod. */
const place = (variant: string, nodes: number, pods = 3_000) =>
  program(`${variant} on ${nodes.toLocaleString('en')}`, [
    '--import',
    'tsx',
    'test/bench/schedule-contestant.ts',
    variant,
    `${nodes}`,
    `${pods}`,
  ])

export function schedule(): void {
  const plain = place('plain', 5_000)
  compare(
    'schedule, us per pod',
    [
      place('spread', 5_000),
      place('anti-affinity', 5_000),
      place('volumes', 5_000),
      place('plain', 1_000),
      place('plain', 100, 600),
      plain,
    ],
    { 'spread on 5,000': 5, 'anti-affinity on 5,000': 5 },
    3,
  )
  const more = { ...place('plain', 5_000, 30_000), name: 'ten times the pods' }
  compare('schedule, growth', [more, plain], { 'ten times the pods': 1.2 }, 3)
}
