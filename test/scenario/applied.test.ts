import { describe, expect, it } from 'vitest'
import { readScenario } from '../../src/scenario/read.ts'
import { simulate } from '../../src/simulate.ts'

const head = 'apiVersion: stsim/v1\nkind: Scenario\n'
const told = (text: string): string[] =>
  readScenario(`${head}${text}`, { name: 'a.yaml' }).mistakes.map((mistake) => `${mistake.line}:${mistake.column} ${mistake.found}`)

describe('objects of a step', () => {
  it.each([
    ['steps: [{at: 1m, apply: {kind: Foo}}]', ['3:25 apiVersion not set']],
    ['steps: [{at: 1m, apply: [{apiVersion: v1, kind: Pod}]}]', ['3:26 a Pod without a name']],
    [
      'steps: [{at: 1m, apply: [{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containrs: []}}]}]',
      ['3:82 unknown field "spec.containrs"'],
    ],
    ['steps: [{at: 1m, fails: true, apply: [{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containrs: []}}]}]', []],
    // A part of an object that is there.
    ['steps: [{at: 1m, apply: {apiVersion: apps/v1, kind: StatefulSet, metadata: {name: web}, spec: {replicas: 5}}}]', []],
    ['start: 2026-13-01T00:00:00Z', ['3:8 "2026-13-01T00:00:00Z" where a moment was expected']],
  ])('%s', (text, wanted) => expect(told(text)).toEqual(wanted))
})

describe('a run', () => {
  it('has not settled while pods of a deleted node are in the quarantine of their collector', () => {
    const { scenario } = readScenario(
      `${head}cluster: {profile: reference}
manifests:
- {apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: c, image: a}]}}
steps: [{at: 1m, kubectl: delete node node-1 node-2 node-3}]
`,
      { name: 'a.yaml' },
    )
    const recording = simulate(scenario as NonNullable<typeof scenario>)
    expect(recording.quiet).toBe(true)
    expect([...recording.objectsAt(recording.ended).keys()].filter((key) => key.startsWith('Pod/'))).toEqual([])
    expect(recording.ended).toBeGreaterThanOrEqual(100_000_000)
  })
})
