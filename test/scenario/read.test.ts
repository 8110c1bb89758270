import { readdirSync, readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'
import { jsonSchema } from '../../src/scenario/published.ts'
import { kindOfText, nameOf, readManifests, readScenario } from '../../src/scenario/read.ts'
import { writeScenario } from '../../src/scenario/scenario.ts'
import { readYaml } from '../../src/text/yaml.ts'

const here = new URL('.', import.meta.url)
const scenarios = new URL('../../scenarios/', here)
const textOf = (url: URL): string => readFileSync(url, 'utf8')
const read = (text: string, files: Record<string, string> = {}, more: object = {}) =>
  readScenario(text, { name: 'a.yaml', read: (path) => files[path], ...more })
const told = (text: string, files: Record<string, string> = {}, more: object = {}): string[] =>
  read(text, files, more).mistakes.map((mistake) => `${mistake.line}:${mistake.column} ${mistake.found}`)
const head = 'apiVersion: stsim/v1\nkind: Scenario\n'

const ajv = new Ajv({ allErrors: true, strict: false })
const accepts = ajv.compile(jsonSchema())

describe('files with mistakes', () => {
  for (const file of readdirSync(new URL('bad/', here))) {
    const text = textOf(new URL(`bad/${file}`, here))
    const wanted = text
      .split('\n')
      .filter((line) => line.startsWith('#! '))
      .map((line) => line.slice(3))
    it(`${file}: every mistake is told with its place`, () => expect(told(text)).toEqual(wanted))
    it(`${file}: the published schema says no as well`, () => expect(accepts(readYaml(text, file).documents[0]?.value)).toBe(false))
  }
})

describe('files of the course', () => {
  const files = readdirSync(scenarios).filter(
    (file) => file.endsWith('.yaml') && kindOfText(textOf(new URL(file, scenarios))) === 'scenario',
  )
  it.each(files)('%s is read, by us and by the published schema', (file) => {
    const text = textOf(new URL(file, scenarios))
    const reading = readScenario(text, { name: file, read: (path) => textOf(new URL(path, scenarios)) })
    expect(reading.mistakes).toEqual([])
    expect(reading.unsupported).toEqual([])
    expect(accepts(readYaml(text, file).documents[0]?.value)).toBe(true)
  })
  it.each(files)('%s begins with what to watch, what you learn and what is not modelled', (file) => {
    const [watch, learn, not] = textOf(new URL(file, scenarios)).split('\n')
    expect([watch, learn, not].map((line) => line?.split(':')[0])).toEqual(['# Watch', '# Learn', '# Not modelled'])
  })
})

const whole = `${head}
name: whole
start: 2026-03-01T00:00:00Z
description: everything at once
seed: "7"
duration: 2h
until: end
parameters: {replicas: 3, who: web}
cluster:
  release: 1.36
  profile: eks-ebs
  nodes:
  - {count: 2, name: db, zones: [zone-a, zone-b], capacity: {cpu: 8, memory: 32Gi}, labels: {disk: ssd}, taints: ["dedicated=db:NoSchedule"], volumeLimit: 25}
  - {name: extra, zone: zone-c}
  components:
    kube-controller-manager: {node-monitor-grace-period: 50s}
    kubelet: {serializeImagePulls: false, crashLoopBackOff: {maxContainerRestartPeriod: 30s}}
  featureGates: {MaxUnavailableStatefulSet: true}
  latency: {attach: "lognormal(2s, 8s)", pull: 50Mi}
  images: {"registry.k8s.io/nginx-slim:0.8": {size: 60Mi, preloaded: [db-1]}}
  storageClasses: [{name: fast, like: default, capacity: 10Gi}]
manifests:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: settings, namespace: shop}, data: {count: "n=\${replicas}"}}
applications:
- {pods: statefulset/web, container: nginx, starts: "lognormal(3s, 9s)", stops: never, exits: {after: 10m, code: 1}}
- {pods: app=db, profile: zookeeper}
steps:
- {at: 5m, kubectl: "scale statefulset \${who} --replicas=\${replicas}"}
- {when: "statefulset('web').status.readyReplicas == 5", within: 10m, kubectl: [delete pod web-0, kubectl get pods]}
- {after: "uniform(10s, 30s)", fault: node-power-loss, target: node/db-2, for: 10m}
- {after: 5m, each: {node: "db-*"}, kubectl: "drain \${node} --ignore-daemonsets"}
- {at: 6m, fault: probe-fail, target: app=web, mode: fixed, value: 2, probe: readiness}
- {at: 7m, fault: image-missing, image: "nginx:broken"}
- {at: 8m, apply: {apiVersion: v1, kind: ConfigMap, metadata: {name: b}}}
expect:
- {name: two answer, always: statefulset('web').status.readyReplicas >= 2, from: 3m}
- {eventually: "isReady(pod('web-0')) && pod('web-0').spec.nodeName != 'db-2'", from: 5m, within: 15m}
- {at: 145s, that: "!isReady(node('db-2'))"}
- {never: size(pods('app=nginx')) > 5}
- {finally: statefulset('web').status.currentRevision == statefulset('web').status.updateRevision}
- {event: {reason: FailedAttachVolume, object: pod/web-0, message: "*Multi-Attach error*"}}
invariants: {off: [budget-kept]}
`

describe('a scenario', () => {
  it('with everything in it is read', () => {
    const { scenario, mistakes } = read(whole)
    expect(mistakes).toEqual([])
    expect(scenario).toMatchObject({ name: 'whole', seed: 7, duration: '2h', until: 'end' })
    expect(scenario?.cluster.release).toBe('1.36')
    expect(scenario?.steps[0]).toMatchObject({ kubectl: 'scale statefulset web --replicas=3' })
    // biome-ignore lint/suspicious/noTemplateCurlyInString: as a scenario writes it
    expect(scenario?.steps[3]).toMatchObject({ kubectl: 'drain ${node} --ignore-daemonsets' })
    expect(scenario?.manifests.map((object) => `${object.kind}/${object.metadata.name}`)).toEqual(['Namespace/shop', 'ConfigMap/settings'])
    expect(scenario?.manifests[1]?.['data']).toEqual({ count: 'n=3' })
  })

  it('has the defaults of the contract', () => {
    expect(read(head).scenario).toEqual({
      name: 'a',
      start: '2026-01-01T00:00:00Z',
      seed: 1,
      duration: '1h',
      until: 'settled',
      cluster: { release: '1.36', profile: 'kind-local', nodes: [{ count: 3 }] },
      manifests: [],
      applications: [],
      quorum: [],
      traffic: [],
      invariants: { off: [] },
      steps: [],
      expect: [],
      files: {},
    })
  })

  it('is written as one file that is read back as the same', () => {
    const { scenario } = read(whole)
    const written = writeScenario(scenario as NonNullable<typeof scenario>)
    const again = read(written)
    expect(again.mistakes).toEqual([])
    expect(again.scenario).toEqual(scenario)
    expect(writeScenario(again.scenario as NonNullable<typeof scenario>)).toBe(written)
  })

  it('does not change with a comment', () => {
    expect(read(`# a comment\n${whole.replace('until: end', 'until: end # to the last second')}`).scenario).toEqual(read(whole).scenario)
  })

  it('takes settings over what it says, and tells their mistakes where they were given', () => {
    const { scenario } = read(whole, {}, { set: ['parameters.replicas=5', 'seed=abc', 'cluster.nodes.0.count=4', 'steps.0.at=9m'] })
    expect(scenario).toMatchObject({ seed: 'abc', cluster: { nodes: [{ count: 4 }, {}] } })
    expect(scenario?.steps[0]).toMatchObject({ at: '9m', kubectl: 'scale statefulset web --replicas=5' })
    const [mistake] = read(head, {}, { set: { duration: 'never' } }).mistakes
    expect(mistake).toMatchObject({ file: '--set', excerpt: 'duration=never', found: '"never" where a duration was expected' })
    expect(told(head, {}, { set: ['nonsense'] })).toEqual(['0:0 a setting without "="'])
    expect(told(head, {}, { set: ['cluster.profil=reference'] })).toEqual(['1:1 "profil" is not a field of cluster'])
  })

  it('takes a number of nodes only where the file names none', () => {
    expect(read(head, {}, { nodes: 5 }).scenario?.cluster.nodes).toEqual([{ count: 5 }])
    expect(read(`${head}cluster: {nodes: []}\n`, {}, { nodes: 5 }).scenario?.cluster.nodes).toEqual([])
  })

  it('includes cluster and applications of another one, under its own', () => {
    const files = {
      'cluster.yaml': `${head}include: [base.yaml]\ncluster: {profile: eks-ebs, featureGates: {A: true, B: false}}\napplications: [{pods: app=b}]\n`,
      'base.yaml': `${head}cluster: {nodes: [{count: 7}], release: "1.34"}\n`,
    }
    const { scenario, mistakes } = read(
      `${head}include: [cluster.yaml]\ncluster: {featureGates: {B: true}}\napplications: [{pods: app=a}]\n`,
      files,
    )
    expect(mistakes).toEqual([])
    expect(scenario?.cluster).toMatchObject({
      profile: 'eks-ebs',
      release: '1.34',
      nodes: [{ count: 7 }],
      featureGates: { A: true, B: true },
    })
    expect(scenario?.applications.map((one) => one.pods)).toEqual(['app=a', 'app=b'])
  })

  it('tells mistakes of an included file in that file', () => {
    const { mistakes } = read(`${head}include: [c.yaml, gone.yaml]\n`, { 'c.yaml': `${head}cluster: {profil: x}\n` })
    expect(mistakes.map((one) => `${one.file}:${one.line} ${one.found}`)).toEqual([
      'a.yaml:3 there is no file gone.yaml',
      'c.yaml:3 "profil" is not a field of cluster',
    ])
  })

  it('carries the files that its commands name', () => {
    const files = { 'web.yaml': 'kind: x\n', 'patch.json': '{}' }
    const { scenario } = read(
      `${head}steps: [{kubectl: apply -f web.yaml}, {kubectl: patch sts web --patch-file=patch.json}, {kubectl: create -f gone.yaml, fails: true}]\n`,
      files,
    )
    expect(scenario?.files).toEqual({ 'patch.json': '{}', 'web.yaml': 'kind: x\n' })
  })
})

describe('what a scenario names must be there', () => {
  it.each([
    ['steps: [{fault: node-power-loss, target: node/node-9}]', 'there is no node "node-9"'],
    ['steps: [{fault: node-power-loss, target: zone/zone-a}]', 'there is no zone "zone-a"'],
    ['steps: [{fault: node-power-loss, target: pod/web-0}]', 'fault node-power-loss cannot be aimed at a pod'],
    ['steps: [{fault: node-power-loss, target: nod/node-1}]', 'there is no kind "nod"'],
    ['steps: [{fault: node-power-loss}]', 'fault node-power-loss needs a target'],
    ['steps: [{fault: node-power-loss, target: node-1}]', '"node-1" is not a target'],
    ['steps: [{fault: node-power-loss, target: node/node-1, mode: one}]', 'a mode without a selector'],
    ['steps: [{fault: node-power-loss, target: disk=ssd, mode: fixed}]', 'mode fixed without "value"'],
    ['steps: [{fault: container-crash, target: pod/web-0, for: 5s}]', 'fault container-crash ends by itself'],
    ['steps: [{fault: crash, target: component/kube-schedler}]', 'there is no component "kube-schedler"'],
    ['steps: [{kubectl: get pods | wc -l}]', 'a pipe in a command'],
    [
      'steps: [{when: "statefulset(\'web\').status.readyReplicas ==", kubectl: get pods}]',
      'a condition that cannot be read: unexpected token: EOF',
    ],
    ['expect: [{finally: "isReady(node(\'node-9\'))"}]', 'there is no node "node-9"'],
    ['expect: [{finally: "podd(\'web-0\') == null"}]', 'there is no function "podd"'],
    ['expect: [{finally: "statefulset(\'web\').status"}]', undefined],
    ['expect: [{finally: "size(pods(\'app=web\'))"}]', 'a condition that is no yes or no (int)'],
    ['cluster: {images: {nginx: {preloaded: [node-9]}}}', 'there is no node "node-9"'],
    ['cluster: {nodes: [{name: a}, {name: a}]}', 'two nodes are called a'],
    ['manifests: [gone.yaml]', 'there is no file gone.yaml'],
    ['steps: [{each: {node: "x-*"}, kubectl: get pods}]', 'no node is called like "x-*"'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: as a scenario writes it
    ['name: ${nobody}\nparameters: {somebody: 1}', 'there is no parameter "nobody"'],
  ])('%s', (text, wanted) => expect(told(`${head}${text}\n`)[0]?.replace(/^\d+:\d+ /, '')).toBe(wanted))

  it('and a pipe is told at its place', () => {
    expect(told(`${head}steps:\n- kubectl: get pods | wc -l\n`)).toEqual(['4:21 a pipe in a command'])
  })

  it('what cannot be simulated yet is told, and is no mistake', () => {
    const { mistakes, unsupported } = read(
      `${head}quorum: [{name: q, of: [statefulset/db]}]\nsteps: [{init: q}, {fault: pause, target: component/kube-scheduler}]\n`,
    )
    expect(mistakes).toEqual([])
    expect(unsupported.map((one) => one.found)).toContain('fault pause is not there yet')
    expect(unsupported.map((one) => one.found)).toContain('steps with "init" are not there yet')
  })
})

describe('plain manifests', () => {
  const one = (text: string) => readManifests([{ name: 'web.yaml', text }], { name: 'web.yaml' })
  const service = 'apiVersion: v1\nkind: Service\nmetadata: {name: nginx}\nspec:\n  ports:\n  - {port: 80}\n'

  it('become a scenario of their own', () => {
    const { scenario } = one(`${service}---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n`)
    expect(scenario).toMatchObject({ name: 'web', cluster: { nodes: [{ count: 3 }] } })
    expect(scenario?.manifests.map((object) => object.kind)).toEqual(['Service', 'ConfigMap'])
  })

  it('from a cluster lose status, owners and server fields, and lists are taken apart', () => {
    const { scenario, notes } = one(`apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: ConfigMap
  metadata: {name: nginx, uid: abc, resourceVersion: "12", creationTimestamp: 2026-01-01T00:00:00Z, labels: {app: a}, ownerReferences: []}
  status: {any: thing}
`)
    expect(scenario?.manifests).toEqual([{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'nginx', labels: { app: 'a' } } }])
    expect(notes).toEqual(['1 object came from a running cluster: taken without status, owners and server fields'])
  })

  it('get the namespaces that nobody makes, and a line that says so', () => {
    const { scenario, notes } = one('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: nginx, namespace: shop}\n')
    expect(scenario?.manifests.map((object) => object.kind)).toEqual(['Namespace', 'ConfigMap'])
    expect(notes).toEqual(['made because nothing else does: namespace/shop'])
  })

  it.each([
    [
      'apiVersion: apps/v1beta1\nkind: StatefulSet\nmetadata: {name: web}\n',
      '1:13 no matches for kind "StatefulSet" in version "apps/v1beta1"',
    ],
    ['apiVersion: apps/v1\nkind: StatefulSett\nmetadata: {name: web}\n', '2:7 no matches for kind "StatefulSett" in version "apps/v1"'],
    ['kind: Service\nmetadata: {name: web}\n', '1:1 apiVersion not set'],
    ['apiVersion: v1\nkind: Service\nmetadata: {}\n', '3:11 a Service without a name'],
    ['apiVersion: v1\nkind: Service\nmetadata: {name: 5}\n', '3:18 5 as the name of a Service'],
    ['- a\n- b\n', '1:1 a list where a Kubernetes object was expected'],
    ['hello\n', '1:1 "hello" where a Kubernetes object was expected'],
  ])('%j', (text, wanted) => expect(one(text).mistakes.map((m) => `${m.line}:${m.column} ${m.found}`)).toEqual([wanted]))

  it('are held against the API server before the run, all mistakes at once', () => {
    const set = (spec: string) =>
      one(
        `apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: web}\nspec:\n${spec}  selector: {matchLabels: {app: a}}\n  template:\n    metadata: {labels: {app: a}}\n    spec: {containers: [{name: c, image: i}]}\n`,
      ).mistakes.map((m) => `${m.line}:${m.column} ${m.found} | ${m.hint}`)
    expect(set('  replicsa: 3\n  podManagementPolcy: Parallel\n')).toEqual([
      '5:3 unknown field "spec.replicsa" | did you mean "replicas"?',
      '6:3 unknown field "spec.podManagementPolcy" | did you mean "podManagementPolicy"?',
    ])
    expect(set('  replicas: many\n')).toEqual([
      '5:13 json: cannot unmarshal string into Go struct field StatefulSetSpec.spec.replicas of type int32 | ',
    ])
    expect(set('  replicas: -1\n  podManagementPolicy: Sometimes\n').map((text) => text.replace(/: .*$/, ''))).toEqual([
      '5:13 spec.replicas',
      '6:24 spec.podManagementPolicy',
    ])
  })

  it('keep the places of their fields', () => {
    const { scenario, mistakeAt } = one(service)
    const [object] = scenario?.manifests ?? []
    expect(object && mistakeAt(object, 'spec.ports[0].port', 'value', 'x', '')).toMatchObject({
      file: 'web.yaml',
      line: 6,
      column: 12,
      length: 2,
    })
  })
})

describe('what a file is', () => {
  it.each([
    [`# c\n${head}`, 'scenario'],
    ['{"apiVersion": "stsim/v1", "kind": "Scenario"}', 'scenario'],
    ['kind: Scenario\n', 'scenario'],
    ['apiVersion: v1\nkind: Service\n', 'manifests'],
    ['notes\n$ kubectl get pods\n', 'transcript'],
    ['apiVersion: v1\nkind: ConfigMap\ndata:\n  a: |\n    $ x\n', 'manifests'],
  ])('%j', (text, kind) => expect(kindOfText(text)).toBe(kind))
  it.each([
    ['scenarios/10-web.yaml', '10-web'],
    ['-', 'run'],
    ['My File.yml', 'my-file'],
    ['../web.scenario.json', 'web.scenario'],
  ])('%s is called %s', (file, name) => expect(nameOf(file)).toBe(name))
})
