/**
 * What a competent person writes first: a loop over all nodes as objects, does the pod fit, which node scores best. No queue, no binding, no
 * plugins. Prints microseconds of the processor per pod. Usage: schedule-reference.mjs NODES. Source: performance.md 9, E.
 */
const [nodeCount = '5000'] = process.argv.slice(2)
const nodes = Array.from({ length: Number(nodeCount) }, (_, i) => ({
  name: `node-${i}`,
  labels: { zone: `zone-${i % 3}` },
  allocatable: { cpu: 16_000, memory: 64 * 2 ** 30, pods: 110 },
  requested: { cpu: 8_000, memory: 16 * 2 ** 30, pods: 16 },
}))

const fits = (node, pod) =>
  node.requested.pods + 1 <= node.allocatable.pods &&
  node.requested.cpu + pod.cpu <= node.allocatable.cpu &&
  node.requested.memory + pod.memory <= node.allocatable.memory

const score = (node, pod) => {
  const cpu = (node.requested.cpu + pod.cpu) / node.allocatable.cpu
  const memory = (node.requested.memory + pod.memory) / node.allocatable.memory
  const least = Math.floor(((1 - cpu) * 100 + (1 - memory) * 100) / 2)
  const balanced = Math.floor((1 - Math.abs(cpu - memory) / 2) * 100)
  return least + balanced
}

const place = (pod) => {
  const feasible = nodes.filter((node) => fits(node, pod))
  let best
  for (const node of feasible) {
    const total = score(node, pod)
    if (best === undefined || total > best.total) best = { node, total }
  }
  if (best === undefined) throw new Error(`pod ${pod.name} found no node`)
  const { requested } = best.node
  requested.cpu += pod.cpu
  requested.memory += pod.memory
  requested.pods++
  return best.node
}

const run = (count) => {
  const from = process.cpuUsage()
  for (let i = 0; i < count; i++) {
    const pod = { name: `p-${i}`, cpu: 500, memory: 2 ** 30 }
    const node = place(pod)
    // The nodes stay as full as they are.
    node.requested.cpu -= pod.cpu
    node.requested.memory -= pod.memory
    node.requested.pods--
  }
  const { user, system } = process.cpuUsage(from)
  return (user + system) / count
}

run(3_000)
console.log(JSON.stringify({ cost: run(4_000) }))
