/**
 * One size of `bench cluster` in a process of its own: `cluster-contestant.ts REPLICAS NODES`. Prints milliseconds of the run alone.
 * It runs what is built, as users do: the loader of TypeScript gives names to all functions, and a third of the time is theirs then.
 */
import { setOf } from './sets.ts'

const built = (path: string): Promise<unknown> => import(new URL(`../../dist/${path}`, import.meta.url).href)
const { readScenario } = (await built('scenario/read.js')) as typeof import('../../src/scenario/read.ts')
const { simulate } = (await built('simulate.js')) as typeof import('../../src/simulate.ts')

const [replicas, nodes] = process.argv.slice(2).map(Number) as [number, number]
const text = `apiVersion: stsim/v1
kind: Scenario
name: cluster
duration: 2h
cluster: {nodes: [{count: ${nodes}}]}
manifests: [web.yaml]
`
const read = (count: number) => {
  const { scenario } = readScenario(text, { name: 'cluster.yaml', read: () => setOf(count, 'Parallel') })
  if (scenario === undefined) throw new Error('the benchmark has a scenario that cannot be read')
  return scenario
}
// The compiler is warm before the clock runs.
for (let n = 0; n < 3; n++) simulate(read(20))
const scenario = read(replicas)
// Time of the processor, not of the clock: others may use the machine.
const from = process.cpuUsage()
const recording = simulate(scenario)
const spent = process.cpuUsage(from)
const milliseconds = (spent.user + spent.system) / 1_000
const ready = recording.rows('pods').filter((row) => row[15] !== undefined).length
if (recording.rows('pods').length !== replicas) throw new Error(`${recording.rows('pods').length} pods instead of ${replicas}`)
console.error(
  `  ${replicas} replicas, ${nodes} nodes: ${recording.facts.events} events, ${recording.rows('changes').length} writes, ${recording.journal.length} entries, ${ready} ready, ${((milliseconds * 1000) / replicas).toFixed(0)} µs a pod`,
)
console.log(JSON.stringify({ cost: milliseconds }))
