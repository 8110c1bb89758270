/** Ten times the pods: a Parallel set of 1,000 replicas over one of 100, on 100 nodes. Itself over itself. Source: performance.md T8; issue 4. */
import { compare, program } from './rounds.ts'
import { setOf } from './sets.ts'

export function cluster(): void {
  const size = (replicas: number) =>
    program(`${replicas} replicas`, ['test/bench/cluster-contestant.mjs', '100', setOf(replicas, 'Parallel'), setOf(20, 'Parallel')])
  compare('cluster, 100 nodes', [size(1_000), size(100)], { '1000 replicas': 16 })
}
