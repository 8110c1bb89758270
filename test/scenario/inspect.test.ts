/** What a scenario says that could never act: each is a mistake with its place and a way out, and what does act is none. */
import { describe, expect, it } from 'vitest'
import { readScenario } from '../../src/scenario/read.ts'
import { simulate } from '../../src/simulate.ts'

const head = 'apiVersion: stsim/v1\nkind: Scenario\nduration: 10m\n'
const read = (text: string) => readScenario(`${head}${text}\n`, { name: 'a.yaml' })
/** Line and column, what the caret is under, what was found, what would do. */
const told = (text: string): string[][] =>
  read(text).mistakes.map(({ line, column, length, excerpt, found, hint }) => [
    `${line}:${column}`,
    excerpt.slice(column - 1, column - 1 + length),
    found,
    hint,
  ])
const controllers = (flags: string): string => `cluster: {components: {kube-controller-manager: {${flags}}}}`
const kubelet = (fields: string): string => `cluster: {components: {kubelet: {${fields}}}}`

describe('a mistake with its place', () => {
  it.each([
    [
      'cluster: {storageClasses: [{name: fast, like: standrd}]}',
      ['4:47', 'standrd', 'profile kind-local has no storage class "standrd"', 'did you mean "standard"?'],
    ],
    [
      'cluster: {storageClasses: [{name: fast, like: nope}]}',
      ['4:47', 'nope', 'profile kind-local has no storage class "nope"', 'there are: default, standard'],
    ],
    ['invariants: {off: [nope]}', ['4:20', 'nope', 'there is no invariant "nope"', 'there are: budget-kept']],
    ['invariants: {off: [budget-kep]}', ['4:20', 'budget-kep', 'there is no invariant "budget-kep"', 'did you mean "budget-kept"?']],
    [
      "applications: [{pods: 'app in ('}]",
      [
        '4:23',
        "'app in ('",
        `"app in (" is not a selector: unable to parse requirement: found '', expected: ',', ')' or identifier`,
        `write it as kubectl's -l takes it: app=web`,
      ],
    ],
    ['applications: [{pods: statefulst/web}]', ['4:23', 'statefulst/web', 'there is no kind "statefulst"', 'did you mean "statefulset"?']],
    [
      'applications: [{pods: service/web}]',
      [
        '4:23',
        'service/web',
        'a Service has no pods of its own',
        'it takes pod, statefulset, deployment, replicaset, daemonset, job, replicationcontroller, or a label selector',
      ],
    ],
    ['applications: [{pods: ds/web}]', ['4:23', 'ds/web', '"ds" is not read here', 'write daemonset/web']],
    [
      'expect: [{event: {}}]',
      ['4:18', '{}', 'an event that says nothing: any Event would do', 'it needs one of: reason, object, namespace, type, message, source'],
    ],
    [
      'expect: [{always: "true", from: 5m, to: 3m}]',
      ['4:41', '3m', '"to: 3m" comes before "from: 5m": nothing is ever looked at', 'write a moment after 5m'],
    ],
    [
      'expect: [{never: "false", from: 5m, to: 3m}]',
      ['4:41', '3m', '"to: 3m" comes before "from: 5m": nothing is ever looked at', 'write a moment after 5m'],
    ],
    [
      'expect: [{that: "true", at: 20m}]',
      ['4:29', '20m', '"at: 20m" comes after the end of the run (10m): it is never looked at', 'make "duration" longer, or look earlier'],
    ],
    [
      'expect: [{never: "true", from: 11m}]',
      ['4:32', '11m', '"from: 11m" comes after the end of the run (10m): it is never looked at', 'make "duration" longer, or look earlier'],
    ],
    [
      controllers('node-monitor-grace-perid: 50s'),
      [
        '4:50',
        'node-monitor-grace-perid',
        '"node-monitor-grace-perid" is not a flag of kube-controller-manager',
        'did you mean "node-monitor-grace-period"?',
      ],
    ],
    [
      controllers('nodeMonitorGracePeriod: 50s'),
      [
        '4:50',
        'nodeMonitorGracePeriod',
        '"nodeMonitorGracePeriod" is not a flag of kube-controller-manager',
        'did you mean "node-monitor-grace-period"?',
      ],
    ],
    [
      controllers('node-monitor-grace-period: 50'),
      [
        '4:77',
        '50',
        'invalid argument "50" for "--node-monitor-grace-period" flag: time: missing unit in duration "50"',
        'say 50s for seconds, 50m for minutes',
      ],
    ],
    [
      controllers('node-monitor-grace-period: soon'),
      [
        '4:77',
        'soon',
        'invalid argument "soon" for "--node-monitor-grace-period" flag: time: invalid duration "soon"',
        'write it with its unit: 90s, 1h2m, 250ms',
      ],
    ],
    [
      controllers('concurrent-statefulset-syncs: many'),
      [
        '4:80',
        'many',
        'invalid argument "many" for "--concurrent-statefulset-syncs" flag: strconv.ParseInt: parsing "many": invalid syntax',
        'write a whole number',
      ],
    ],
    [
      controllers('node-eviction-rate: fast'),
      [
        '4:70',
        'fast',
        'invalid argument "fast" for "--node-eviction-rate" flag: strconv.ParseFloat: parsing "fast": invalid syntax',
        'write a number: 0.1',
      ],
    ],
    [
      controllers('disable-force-detach-on-timeout: "yes"'),
      [
        '4:83',
        '"yes"',
        'invalid argument "yes" for "--disable-force-detach-on-timeout" flag: strconv.ParseBool: parsing "yes": invalid syntax',
        'write true or false',
      ],
    ],
    [
      kubelet('shutdownGracePeriod: 60'),
      ['4:55', '60', 'json: cannot unmarshal number into Go value of type string', 'say 60s for seconds, 60m for minutes'],
    ],
    [kubelet('shutdownGracePeriod: "60"'), ['4:55', '"60"', 'time: missing unit in duration "60"', 'say 60s for seconds, 60m for minutes']],
    [
      kubelet('serializeImagePull: false'),
      ['4:34', 'serializeImagePull', '"serializeImagePull" is not a field of KubeletConfiguration', 'did you mean "serializeImagePulls"?'],
    ],
    [
      kubelet('crashLoopBackOff: {maxContainerRestartPeriods: 30s}'),
      [
        '4:53',
        'maxContainerRestartPeriods',
        '"crashLoopBackOff.maxContainerRestartPeriods" is not a field of KubeletConfiguration',
        'did you mean "crashLoopBackOff.maxContainerRestartPeriod"?',
      ],
    ],
    ['steps: [{kubectl: scal sts web}]', ['4:19', 'scal', 'unknown command "scal" for "kubectl"', 'did you mean "scale"?']],
    [
      'steps: [{kubectl: [get pods, kubectl frobnicate it]}]',
      [
        '4:38',
        'frobnicate',
        'unknown command "frobnicate" for "kubectl"',
        'kubectl --help lists them; a step that shows a refusal says fails: true',
      ],
    ],
    ['steps: [{kubectl: rollout statu sts/web}]', ['4:27', 'statu', 'unknown command "statu" of rollout', 'did you mean "status"?']],
    [
      'steps: [{kubectl: get pods --frob}]',
      ['4:28', '--frob', 'unknown flag: --frob', 'kubectl get refuses it; a step that shows a refusal says fails: true'],
    ],
    ['steps: [{kubectl: "scale sts web --replica=3"}]', ['4:34', '--replica=3', 'unknown flag: --replica', 'did you mean "--replicas"?']],
  ])('%s', (text, wanted) => expect(told(text)).toEqual([wanted]))
})

describe('no mistake', () => {
  it.each([
    'cluster: {storageClasses: [{name: fast}, {name: slow, like: default}, {name: other, like: standard}]}',
    'cluster: {profile: reference, storageClasses: [{name: fast, like: zonal}]}',
    'invariants: {off: [budget-kept]}',
    'applications: [{pods: sts/web}, {pods: "app=web,tier!=db"}, {pods: deployment/a}, {pods: pod/a}, {pods: "!old"}]',
    'expect: [{event: {type: Warning}}, {always: "true", from: 3m, to: 3m}, {always: "true", from: 3m, to: 20m}, {that: "true", at: 10m}]',
    controllers(
      'node-monitor-grace-period: 1m30s, node-startup-grace-period: 0, node-eviction-rate: 0.5, disable-force-detach-on-timeout: true',
    ),
    kubelet(
      'serializeImagePulls: false, maxParallelImagePulls: 4, shutdownGracePeriod: 60s, crashLoopBackOff: {maxContainerRestartPeriod: 30s}',
    ),
    'cluster: {components: {kube-apiserver: {default-unreachable-toleration-seconds: 30}, cloud-controller-manager: {}, kubelet: null}}',
    'steps: [{kubectl: frobnicate, fails: true}, {kubectl: [get pods --frob], fails: true}]',
    'steps: [{kubectl: "-n shop get pods -owide --sort-by=.metadata.name"}, {kubectl: create configmap a --from-literal=a=b}]',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: as a scenario writes it
    'steps: [{each: {node: "node-*"}, kubectl: "drain ${node} --ignore-daemonsets"}, {kubectl: exec web-0 -- ls --frob}]',
  ])('%s', (text) => {
    const { mistakes, unsupported, notes } = read(text)
    expect([mistakes, unsupported, notes]).toEqual([[], [], []])
  })
})

describe('what changes nothing is told', () => {
  it('flags that are not modelled, however near to others', () => {
    const { mistakes, notes } = read(
      'cluster: {components: {kube-controller-manager: {concurrent-replicaset-syncs: 9, v: 4}, kubelet: {maxPods: 50, shutdownGracePeriodByPodPriority: []}}}',
    )
    expect(mistakes).toEqual([])
    expect(notes).toEqual([
      'not modelled, so that it changes nothing: concurrent-replicaset-syncs of kube-controller-manager, v of kube-controller-manager',
      'not modelled, so that it changes nothing: maxPods of kubelet, shutdownGracePeriodByPodPriority of kubelet',
    ])
  })

  it('steps after the end', () => {
    expect(read('steps: [{at: 20m, kubectl: get pods}]').notes).toEqual([
      'step 1 at 20m comes after the end of the run (10m): it never happens',
    ])
  })

  it('what comes after an end that the command line gave', () => {
    const { mistakes, notes } = readScenario(`${head}expect: [{that: "true", at: 9m}]\n`, { name: 'a.yaml', set: ['duration=5m'] })
    expect(mistakes).toEqual([])
    expect(notes).toEqual(['expectation 1: "at: 9m" comes after the end of the run (5m): it is never looked at'])
  })
})

describe('the pods of an application', () => {
  it('are chosen as a selector chooses', () => {
    const pod = (app: string) =>
      `{apiVersion: v1, kind: Pod, metadata: {name: ${app}, labels: {app: ${app}}}, spec: {restartPolicy: Never, containers: [{name: c, image: a}]}}`
    const { scenario } = read(
      `manifests: [${['web', 'db', 'other'].map(pod).join(', ')}]\napplications: [{pods: 'app in (web, db), !old', exits: {after: 5s, code: 0}}]`,
    )
    const recording = simulate(scenario as NonNullable<typeof scenario>)
    const phases = ['web', 'db', 'other'].map((name) => recording.objectsAt(recording.ended).get(`Pod/default/${name}`)?.['status'].phase)
    expect(phases).toEqual(['Succeeded', 'Succeeded', 'Running'])
  })
})
