/** `next()` as programs call it, about pods: what one look does is what the next one sees; bad input is told. */
import { expect, test } from 'vitest'
import { next } from '../../src/index.ts'
import { node, pod } from './stage.ts'

const pending = (name: string, cpu: number) => ({
  ...pod(name, { cpu, spec: { priority: 100 } }),
  metadata: { name, namespace: 'default', uid: name, creationTimestamp: '2026-01-01T00:00:00Z' },
  status: { phase: 'Pending' },
})
const running = (name: string, cpu: number, grace: number) => ({
  ...pod(name, { cpu, on: 'n1', grace, spec: { priority: 0 } }),
  metadata: { name, namespace: 'default', uid: name },
  status: { phase: 'Running' },
})

test.each([30, 0])('a second preemptor finds the victims of the first one going (grace %i)', (grace) => {
  const decisions = next([node('n1'), running('v1', 1, grace), running('v2', 3, grace), pending('p1', 1), pending('p2', 3)])
  const deleted = decisions.map(({ actions }) => actions.filter(({ verb }) => verb === 'delete').map(({ object }) => object.metadata.name))
  expect(deleted).toEqual([['v2'], ['v1']])
})

test('a victim that somebody else has removed is no Event', () => {
  const dump = [node('n1'), running('v', 4, 30), pending('p', 4)]
  for (const verb of ['patch', 'delete']) {
    const [look] = next(dump, { failing: [{ verb, kind: 'Pod', name: 'v', reason: 'NotFound' }] })
    const told = look?.actions.filter(({ event }) => event?.reason === 'Preempted')
    expect(told).toEqual([])
    expect(look?.actions.some((action) => action.verb === 'delete')).toBe(verb === 'delete')
  }
})

test('an eviction that fails is an error of the look', () => {
  const failing = [{ verb: 'delete', kind: 'Pod', name: 'v', reason: 'InternalError' }]
  const [look] = next([node('n1'), running('v', 4, 30), pending('p', 4)], { failing })
  expect(look?.error).toMatch(/Internal error/)
  expect(look?.detail?.nominated).toBe('n1')
})

test('what is no object, and a configuration with mistakes, are told as such', () => {
  const wrong = (objects: unknown, options?: object) => () => next(objects as never, options)
  expect(wrong([null])).toThrow(new TypeError('objects[0] is null, not an object of Kubernetes'))
  expect(wrong([node('n1'), {}])).toThrow('objects[1] is an object without kind, not an object of Kubernetes')
  expect(wrong([{ kind: 'Pod' }])).toThrow('objects[0] is an object (Pod) without metadata.name, not an object of Kubernetes')
  expect(wrong([], { schedulerConfiguration: { profiles: 'x' } })).toThrow('schedulerConfiguration.profiles: "x" where a list was expected')
  const disabled = { profiles: [{ plugins: { filter: { disabled: [{ name: 'NodePort' }] } } }] }
  expect(wrong([], { schedulerConfiguration: disabled })).toThrow(
    /disabled\.0\.name: "NodePort" is not a scheduler plugin; did you mean "NodePorts"\?/,
  )
})

test('an ended pod that never had a node is not looked at', () => {
  expect(next([node('n1'), { ...pending('p', 1), status: { phase: 'Failed' } }])).toEqual([])
})
