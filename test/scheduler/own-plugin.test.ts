import { expect, test } from 'vitest'
import { always, type Plugin, unresolvable } from '../../src/cluster/scheduler/plugin.ts'
import { node, pod, Stage } from './stage.ts'

/** The example of plugin.ts. */
const rackAware: Plugin = {
  name: 'RackAware',
  weight: 2,
  filter: (_cycle, at) => (at.labels['rack'] === undefined ? unresolvable('node(s) had no rack') : undefined),
  score: (_cycle, at) => 100 - Math.min(100, at.pods.size),
  retryOn: { 'Node/Add': always, 'Node/UpdateLabel': always },
}

test('a plugin of one’s own refuses nodes in its own words, and is asked again when what it waits for happens', () => {
  const stage = new Stage({ plugins: [rackAware] })
  stage.create(node('n1'))
  stage.at(1, () => stage.create(pod('p')))
  stage.at(5, () => stage.ask({ verb: 'patch', kind: 'Node', name: 'n1', type: 'merge', patch: { metadata: { labels: { rack: 'r1' } } } }))
  stage.run(10)
  expect(stage.told[0]?.message).toMatch(/^0\/1 nodes are available: 1 node\(s\) had no rack\. /)
  expect(stage.placed('p')).toEqual({ at: 5, node: 'n1' })
})

test('its score counts with its weight', () => {
  const stage = new Stage({ plugins: [{ ...rackAware, score: (_cycle, at) => (at.name === 'n3' ? 100 : 0) }] })
  for (const name of ['n1', 'n2', 'n3']) stage.create(node(name, { labels: { rack: name } }))
  stage.create(pod('p'))
  stage.run(1)
  expect(stage.placed('p')?.node).toBe('n3')
})

test('a profile switches plugins off, and gives others a weight', () => {
  const profiles = [
    {
      schedulerName: 'default-scheduler',
      plugins: {
        filter: { disabled: [{ name: 'TaintToleration' }] },
        score: { disabled: [{ name: '*' }], enabled: [{ name: 'NodeResourcesFit', weight: 5 }] },
      },
      pluginConfig: [
        { name: 'NodeResourcesFit', args: { scoringStrategy: { type: 'MostAllocated', resources: [{ name: 'cpu', weight: 1 }] } } },
      ],
    },
  ]
  const stage = new Stage({ components: { profiles } })
  stage.create(node('n1'))
  stage.create(node('n2', { taints: [{ key: 'k', value: 'v', effect: 'NoSchedule' }] }))
  stage.create(pod('there', { cpu: 2, on: 'n2' }))
  stage.create(pod('p', { cpu: 1 }))
  stage.run(1)
  expect(stage.placed('p')?.node).toBe('n2')
})

test('two profiles serve two scheduler names', () => {
  const stage = new Stage({ components: { profiles: [{ schedulerName: 'default-scheduler' }, { schedulerName: 'second' }] } })
  stage.create(node('n1'))
  stage.create(pod('p', { spec: { schedulerName: 'second' } }))
  stage.create(pod('q', { spec: { schedulerName: 'third' } }))
  stage.run(1)
  expect(stage.placed('p')?.node).toBe('n1')
  expect(stage.placed('q')).toBeUndefined()
  expect(stage.told.map(({ source }) => source)).toEqual(['second'])
})

/** What filters refuse first, by the order in which a profile has them. */
const firstRefusal = (plugins: object): string | undefined => {
  const stage = new Stage({ components: { profiles: [{ schedulerName: 'default-scheduler', plugins }] } })
  stage.create(node('n1', { cpu: 1, taints: [{ key: 'k', effect: 'NoSchedule' }] }))
  stage.create(pod('p', { cpu: 2 }))
  stage.run(1)
  return stage.told[0]?.message.replace(/^0\/1 nodes are available: 1 (.*?)\. .*$/, '$1')
}

test('plugins that a point names come before the others, but last if the point or MultiPoint disables them', () => {
  const fit = [{ name: 'NodeResourcesFit' }]
  expect(firstRefusal({})).toBe('node(s) had untolerated taint(s)')
  expect(firstRefusal({ filter: { enabled: fit } })).toBe('Insufficient cpu')
  expect(firstRefusal({ filter: { enabled: fit, disabled: fit } })).toBe('node(s) had untolerated taint(s)')
  expect(firstRefusal({ multiPoint: { disabled: fit }, preFilter: { enabled: fit }, filter: { enabled: fit } })).toBe(
    'node(s) had untolerated taint(s)',
  )
})

test('a filter without its PreFilter breaks, where it does in Kubernetes', () => {
  const firstWords = (name: string, spec: object = {}): string | undefined => {
    const profiles = [{ plugins: { multiPoint: { disabled: [{ name }] }, filter: { enabled: [{ name }] } } }]
    const stage = new Stage({ components: { profiles } })
    stage.create(node('n1', { labels: { disk: 'slow' } }))
    stage.create(pod('p', { spec }))
    stage.run(1)
    return stage.told[0]?.message.replace(/^0\/1 nodes are available: 1 (.*?)\. .*$/, '$1')
  }
  const mismatch = "node(s) didn't match Pod's node affinity/selector"
  expect(firstWords('NodeAffinity', { nodeSelector: { disk: 'fast' } })).toBe(mismatch)
  const broken = 'running "NodePorts" filter plugin: error reading "PreFilterNodePorts" from cycleState: not found'
  expect(firstWords('NodePorts')).toBe(broken)
})
