/** What wakes a pod and what does not, where the cases have no room for it. Source: scheduler.md 3.1, 3.3, 0.1. */
import { expect, test } from 'vitest'
import { node, pod, priorityClass, Stage } from './stage.ts'

const repels = (label: string) => ({
  affinity: {
    podAntiAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [
        { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: label } } },
      ],
    },
  },
})

test('a feature that a node declares wakes the pod that needs it; what is written about the pod does not', () => {
  const stage = new Stage()
  stage.create(node('n1'))
  const rules = [{ action: 'RestartAllContainers', exitCodes: { operator: 'In', values: [1] } }]
  const containers = [{ name: 'c', image: 'i', restartPolicy: 'Never', restartPolicyRules: rules }]
  stage.at(1, () => stage.create(pod('p', { spec: { containers } })))
  const patch = { status: { declaredFeatures: ['RestartAllContainersOnContainerExits'] } }
  stage.at(20, () => stage.ask({ verb: 'patch', kind: 'Node', name: 'n1', type: 'merge', subresource: 'status', patch }))
  stage.run(60)
  expect(stage.attempts('p')).toEqual([1, 20])
  expect(stage.placed('p')).toEqual({ at: 20, node: 'n1' })
})

/** `q` is promised the only node, where `victim` goes slowly; `p` may not be beside `q`, which goes at 20 s. */
const promised = (release: string): Stage => {
  const stage = new Stage({ release })
  stage.create(priorityClass('high', 100))
  stage.create(node('n1', { cpu: 2, labels: { 'kubernetes.io/hostname': 'n1' } }))
  stage.create(pod('victim', { cpu: 2, on: 'n1', grace: 600 }))
  stage.at(6, () => stage.create(pod('q', { cpu: 2, labels: { app: 'q' }, priorityClass: 'high' })))
  stage.at(7, () => stage.create(pod('p', { labels: { app: 'p' }, priorityClass: 'high', spec: repels('q') })))
  stage.at(20, () => stage.ask({ verb: 'delete', kind: 'Pod', namespace: 'default', name: 'q', gracePeriodSeconds: 0 }))
  stage.run(40)
  return stage
}

test('the end of a pod that was promised a node wakes those that may not be beside it, since 1.36', () => {
  expect(promised('1.36').attempts('p')).toEqual([7, 20])
  expect(promised('1.35').attempts('p')).toEqual([7])
})

test('the end of a pod that one of two terms repels wakes the other one since 1.37, of both before', () => {
  const attempts = (release: string): readonly number[] => {
    const stage = new Stage({ release })
    stage.create(node('n1', { labels: { 'kubernetes.io/hostname': 'n1' } }))
    stage.create(pod('a', { on: 'n1', labels: { app: 'a' } }))
    const terms = ['a', 'b'].flatMap((app) => repels(app).affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution)
    const spec = { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } } }
    stage.at(1, () => stage.create(pod('p', { spec })))
    stage.at(20, () => stage.ask({ verb: 'delete', kind: 'Pod', namespace: 'default', name: 'a', gracePeriodSeconds: 0 }))
    stage.run(40)
    return stage.attempts('p')
  }
  expect(attempts('1.37')).toEqual([1, 20])
  expect(attempts('1.36')).toEqual([1])
})

test('label keys become part of a selector when the pod is created, and stay readable after', () => {
  const stage = new Stage()
  stage.create(node('n1', { labels: { 'kubernetes.io/hostname': 'n1' } }))
  stage.create(pod('old', { on: 'n1', labels: { app: 'x', ver: '1', tenant: 't' } }))
  const term = { ...repels('x').affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0], matchLabelKeys: ['ver'] }
  const spread = {
    maxSkew: 1,
    topologyKey: 'kubernetes.io/hostname',
    whenUnsatisfiable: 'ScheduleAnyway',
    labelSelector: { matchLabels: { app: 'x' } },
    matchLabelKeys: ['ver', 'absent'],
  }
  const preferred = [{ weight: 1, podAffinityTerm: { ...term, matchLabelKeys: ['ver'], mismatchLabelKeys: ['tenant'] } }]
  const spec = {
    affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] }, podAffinity: preferredOf(preferred) },
    topologySpreadConstraints: [spread],
  }
  stage.create(pod('p', { labels: { app: 'x', ver: '2', tenant: 't' }, spec }))
  // A later write finds the merged selector beside the keys and has nothing against it.
  const label = { metadata: { labels: { more: 'yes' } } }
  stage.ask({ verb: 'patch', kind: 'Pod', namespace: 'default', name: 'p', type: 'merge', patch: label })
  stage.run(5)
  const is = stage.get('Pod', 'p')?.['spec']
  const version = { key: 'ver', operator: 'In', values: ['2'] }
  expect(is.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].labelSelector).toEqual({
    matchLabels: { app: 'x' },
    matchExpressions: [version],
  })
  expect(is.affinity.podAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].podAffinityTerm.labelSelector.matchExpressions).toEqual(
    [version, { key: 'tenant', operator: 'NotIn', values: ['t'] }],
  )
  expect(is.topologySpreadConstraints[0].labelSelector.matchExpressions).toEqual([version])
  expect(stage.placed('p')?.node).toBe('n1')
})

const preferredOf = (terms: readonly object[]) => ({ preferredDuringSchedulingIgnoredDuringExecution: terms })

test('a pod carries zone and region of its node, bound or created there, since 1.35', () => {
  const labels = { 'topology.kubernetes.io/zone': 'z1', 'topology.kubernetes.io/region': 'r1' }
  const stage = new Stage()
  stage.create(node('n1', { labels }))
  stage.create(pod('there', { on: 'n1', labels: { app: 'x' } }))
  stage.create(pod('bound', {}))
  stage.run(1)
  expect(stage.get('Pod', 'there')?.metadata.labels).toEqual({ app: 'x', ...labels })
  expect(stage.get('Pod', 'bound')?.metadata.labels).toEqual(labels)
  stage.create(pod('odd', { on: 'n1', labels: { 'topology.kubernetes.io/zone': 'elsewhere' } }))
  expect(stage.get('Pod', 'odd')?.metadata.labels).toEqual(labels)
  const older = new Stage({ release: '1.34' })
  older.create(node('n1', { labels }))
  older.create(pod('there', { on: 'n1' }))
  expect(older.get('Pod', 'there')?.metadata.labels).toBeUndefined()
})
