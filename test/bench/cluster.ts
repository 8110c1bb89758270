/** Ten times the pods: a Parallel set of 1,000 replicas over one of 100, on 100 nodes. Itself over itself. Source: performance.md T8; issue 4. */
import { compare, program } from './rounds.ts'

export function cluster(): void {
  const size = (replicas: number) =>
    program(`${replicas} replicas`, ['--import', 'tsx', 'test/bench/cluster-contestant.ts', `${replicas}`, '100'])
  compare('cluster, 100 nodes', [size(1_000), size(100)], { '1000 replicas': 16 })
}
