/**
 * Random scenarios: whatever is done to a small cluster, some things are true. The scenarios come from fixed seeds; one that fails is to be
 * shrunk by hand and kept as a story.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readScenario, start } from '../../src/index.ts'

type Act = { readonly after: number; readonly line: string }

const nodes = ['node-1', 'node-2', 'node-3']
const pods = ['web-0', 'web-1', 'web-2']

const node = fc.constantFrom(...nodes)
const pod = fc.constantFrom(...pods)
const length = fc.integer({ min: 5, max: 400 })

const act: fc.Arbitrary<string> = fc.oneof(
  fc
    .tuple(fc.constantFrom('node-power-loss', 'node-partition', 'kubelet-stop', 'node-reboot'), node, length)
    .map(([fault, target, seconds]) =>
      fault === 'node-reboot' ? `fault: ${fault}, target: node/${target}` : `fault: ${fault}, target: node/${target}, for: ${seconds}s`,
    ),
  fc.tuple(pod, length).map(([target, seconds]) => `fault: probe-fail, target: pod/${target}, for: ${seconds}s`),
  pod.map((target) => `fault: container-crash, target: pod/${target}`),
  fc.integer({ min: 0, max: 4 }).map((replicas) => `kubectl: "scale statefulset web --replicas=${replicas}"`),
  pod.map((name) => `kubectl: "delete pod ${name} --ignore-not-found --wait=false"`),
  pod.map((name) => `kubectl: "delete pod ${name} --ignore-not-found --force --grace-period=0 --wait=false"`),
  fc.constantFrom('a', 'b', 'c').map((tag) => `kubectl: "set image statefulset/web app=nginx:${tag}"`),
  node.map((name) => `kubectl: "cordon ${name}"`),
  node.map((name) => `kubectl: "uncordon ${name}"`),
)

const scenarioText = (acts: readonly Act[], policy: string, profile: string, seed: number): string => `
apiVersion: stsim/v1
kind: Scenario
name: random
seed: ${seed}
duration: 2h
cluster: {profile: ${profile}, nodes: [{count: 3}]}
manifests:
- {apiVersion: v1, kind: Service, metadata: {name: web}, spec: {clusterIP: None, selector: {app: web}, ports: [{port: 80}]}}
- apiVersion: apps/v1
  kind: StatefulSet
  metadata: {name: web}
  spec:
    serviceName: web
    replicas: 3
    podManagementPolicy: ${policy}
    selector: {matchLabels: {app: web}}
    template:
      metadata: {labels: {app: web}}
      spec:
        containers: [{name: app, image: "nginx:a", readinessProbe: {httpGet: {path: /, port: 80}, periodSeconds: 5}, volumeMounts: [{name: data, mountPath: /data}]}]
    volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}]
steps:
${acts.map(({ after, line }) => `- {after: ${after}s, ${line}}`).join('\n')}
`

const run = (text: string) => {
  const { scenario, mistakes } = readScenario(text, { name: 'random' })
  expect(mistakes).toEqual([])
  if (scenario === undefined) throw new Error('no scenario')
  const simulation = start(scenario)
  return { simulation, recording: simulation.run() }
}

const arbitrary = fc.record({
  acts: fc.array(fc.record({ after: fc.integer({ min: 1, max: 300 }), line: act }), { minLength: 1, maxLength: 6 }),
  policy: fc.constantFrom('OrderedReady', 'Parallel'),
  profile: fc.constantFrom('reference', 'eks-ebs', 'kind-local'),
  seed: fc.integer({ min: 1, max: 1000 }),
})

test('the same scenario and seed give the same digest, caches end as the store, and no two pods share a name or a running volume', () => {
  fc.assert(
    fc.property(arbitrary, ({ acts, policy, profile, seed }) => {
      const text = scenarioText(acts, policy, profile, seed)
      const { simulation, recording } = run(text)
      expect(run(text).recording.digest).toBe(recording.digest)
      const { cluster } = simulation
      if (recording.quiet) {
        const { caches } = cluster.components.get('kube-controller-manager') ?? {}
        for (const kind of ['Pod', 'StatefulSet', 'PersistentVolumeClaim', 'Node']) {
          expect(caches?.of(kind).list()).toEqual(cluster.store.of(kind).list())
        }
      }
      // Of one name there is one object at a time: each life has ended before the next begins.
      const ended = new Map<string, number>()
      for (const life of recording.records('pods')) {
        const name = String(life['name'])
        const created = Number(life['created_s'])
        expect(ended.get(name) ?? 0).toBeLessThanOrEqual(created)
        ended.set(name, life['removed_s'] === undefined || life['removed_s'] === '' ? Number.POSITIVE_INFINITY : Number(life['removed_s']))
      }
      // A volume of one node is never attached to two machines at once, in truth.
      for (const { about, what, detail } of recording.entries()) {
        if (what !== 'attached') continue
        const volume = cluster.world.disks.volume(about.split('/')[2] as string)
        expect(volume === undefined || volume.attachedTo.size <= 1, `${about} ${JSON.stringify(detail)}`).toBe(true)
      }
    }),
    { seed: 20261125, numRuns: 15 },
  )
}, 200_000)
