/**
 * One size of `bench cluster` in a process of its own: `cluster-contestant.mjs NODES MANIFEST SMALL_MANIFEST`. Prints milliseconds of the
 * processor for the run alone. It is JavaScript and runs what is built, as users do: a loader of TypeScript gives names to all functions
 * as they are made, and a good part of the time is its then.
 */
import { readScenario } from '../../dist/scenario/read.js'
import { simulate } from '../../dist/simulate.js'

const [nodes, manifest, small] = process.argv.slice(2)
const text = `apiVersion: stsim/v1
kind: Scenario
name: cluster
duration: 2h
cluster: {nodes: [{count: ${nodes}}]}
manifests: [web.yaml]
`
const read = (web) => {
  const { scenario } = readScenario(text, { name: 'cluster.yaml', read: () => web })
  if (scenario === undefined) throw new Error('the benchmark has a scenario that cannot be read')
  return scenario
}
// The compiler is warm before the clock runs.
for (let n = 0; n < 3; n++) simulate(read(small))
const scenario = read(manifest)
// Time of the processor, not of the clock: others may use the machine.
const from = process.cpuUsage()
const recording = simulate(scenario)
const spent = process.cpuUsage(from)
const milliseconds = (spent.user + spent.system) / 1_000
const pods = recording.rows('pods')
const ready = pods.filter((row) => row[15] !== undefined).length
console.error(
  `  ${pods.length} replicas, ${nodes} nodes: ${recording.facts.events} events, ${recording.rows('changes').length} writes, ${recording.journal.length} entries, ${ready} ready, ${((milliseconds * 1000) / pods.length).toFixed(0)} µs a pod`,
)
if (ready !== pods.length) throw new Error(`${ready} of ${pods.length} pods are ready`)
console.log(JSON.stringify({ cost: milliseconds }))
