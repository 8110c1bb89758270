import { describe, expect, test } from 'vitest'
import { readScenario, simulate } from '../../src/index.ts'

/** What would mend a run of one pod that asks for a scheduler, under a configuration of the scheduler. */
const remediesOf = (pod: string, configuration: string): readonly string[] => {
  const text = `apiVersion: stsim/v1
kind: Scenario
name: x
duration: 1m
cluster: {profile: reference, components: {kube-scheduler: ${configuration}}}
manifests: [{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: c, image: i}], ${pod}}}]
`
  const { scenario, mistakes } = readScenario(text, { name: 'x.yaml', read: () => '' })
  expect(mistakes).toEqual([])
  return scenario === undefined ? [] : (simulate(scenario).facts.remedies ?? [])
}

describe('a pod that waits for a scheduler that nobody plays', () => {
  const remedy = 'a scheduler "mine": cluster.components.kube-scheduler.profiles with schedulerName, or pods that do not ask for it'
  test.each([
    ['schedulerName: mine', '{}', [remedy]],
    ['schedulerName: mine', '{profiles: []}', [remedy]],
    ['schedulerName: mine', '{profiles: [{schedulerName: mine}]}', []],
    ['nodeSelector: {a: b}', '{profiles: []}', ['nodes with the labels asked for: cluster.nodes with labels']],
    ['schedulerName: mine, nodeName: node-1', '{}', []],
  ])('%s under %s', (pod, configuration, expected) => {
    expect(remediesOf(pod, configuration)).toEqual(expected)
  })
})
