/** Mistakes in `cluster.components.kube-scheduler`, each with its place and the way out, by the scenario reader and the published schema. */
import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'
import { gatesOf } from '../../src/cluster/objects/release.ts'
import { pluginPoints, settingsOf } from '../../src/cluster/scheduler/configuration.ts'
import { defaultPlugins } from '../../src/cluster/scheduler/plugins/default.ts'
import { jsonSchema } from '../../src/scenario/published.ts'
import { readScenario } from '../../src/scenario/read.ts'
import { readYaml } from '../../src/text/yaml.ts'

const accepts = new Ajv({ allErrors: true, strict: false }).compile(jsonSchema())

const fileOf = (configuration: string, more = ''): string =>
  `apiVersion: stsim/v1\nkind: Scenario\ncluster:\n  ${more}components:\n    kube-scheduler:\n${configuration
    .split('\n')
    .map((line) => `      ${line}`)
    .join('\n')}\n`
const read = (configuration: string, more?: string) => readScenario(fileOf(configuration, more), { name: 's.yaml' })
/** The place is told by what is underlined. */
const told = (configuration: string, more?: string): string[] =>
  read(configuration, more).mistakes.map(({ excerpt, column, length, found, hint }) => {
    const underlined = excerpt.slice(column - 1, column - 1 + length)
    return `${underlined.length > 30 ? `${underlined.slice(0, 30)}…` : underlined} ^ ${found} | ${hint}`
  })
const isPublished = (configuration: string): boolean => accepts(readYaml(fileOf(configuration), 's.yaml').documents[0]?.value)

const everyPlugin = Object.keys(pluginPoints).join(', ')
const args = (plugin: string, text: string): string => `profiles: [{pluginConfig: [{name: ${plugin}, args: ${text}}]}]`
const plugins = (text: string): string => `profiles: [{plugins: ${text}}]`
const bare = (texts: readonly string[]): string[] => texts.map((text) => text.replace(/^.* \^ /, ''))

describe('a field that is wrong by itself', () => {
  it.each([
    // The files of the attack.
    [
      'percentageOfNodesToScor: 50',
      'percentageOfNodesToScor ^ "percentageOfNodesToScor" is not a field of kube-scheduler | did you mean "percentageOfNodesToScore"?',
    ],
    ['profiles: [{schedulerNam: x}]', 'schedulerNam ^ "schedulerNam" is not a field of profiles[0] | did you mean "schedulerName"?'],
    [plugins('{scor: {disabled: [{name: ImageLocality}]}}'), 'scor ^ "scor" is not a field of plugins | did you mean "score"?'],
    [
      plugins('{score: {enabled: [{name: NoSuchPlugin}]}}'),
      `NoSuchPlugin ^ "NoSuchPlugin" is not a scheduler plugin | one of: ${everyPlugin}`,
    ],
    [
      args('NodeResourcesFit', '{scoringStrategi: {}}'),
      'scoringStrategi ^ "scoringStrategi" is not a field of args | did you mean "scoringStrategy"?',
    ],
    [args('Nope', '{}'), `Nope ^ "Nope" is not a scheduler plugin | one of: ${everyPlugin}`],
    [
      args('NodeResourcesFit', '{scoringStrategy: {type: Mostly}}'),
      'Mostly ^ "Mostly" is not one of LeastAllocated, MostAllocated, RequestedToCapacityRatio | one of: LeastAllocated, MostAllocated, RequestedToCapacityRatio',
    ],
    [
      args('NodeResourcesFit', '{scoringStrategy: {type: MostAllocated, resources: [{name: cpu, weigth: 1}]}}'),
      'weigth ^ "weigth" is not a field of resources[0] | did you mean "weight"?',
    ],
    ['percentageOfNodesToScore: 150', '150 ^ 150 where a whole number from 0 to 100 was expected | '],
    ['podMaxBackoffSeconds: ten', 'ten ^ "ten" where a whole number from 1 on was expected | '],
    // The fields of the whole.
    ['apiVersion: kubescheduler.config.k8s.io/v1beta3', undefined],
    ['kind: KubeSchedulerConfig', undefined],
    ['podInitialBackoffSeconds: 0', '0 ^ 0 where a whole number from 1 on was expected | '],
    ['percentageOfNodesToScore: -1', '-1 ^ -1 where a whole number from 0 to 100 was expected | '],
    ['percentageOfNodesToScore: "50"', '"50" ^ "50" where a whole number from 0 to 100 was expected | '],
    ['parallelism: 0', '0 ^ 0 where a whole number from 1 on was expected | '],
    [
      'leaderElection: {leaseDuraton: 15s}',
      'leaseDuraton ^ "leaseDuraton" is not a field of leaderElection | did you mean "leaseDuration"?',
    ],
    ['leaderElection: {resourceLock: endpoints}', undefined],
    ['clientConnection: {qps: many}', 'many ^ "many" where a number was expected | '],
    ['enableProfiling: 1', '1 ^ 1 where true or false was expected | '],
    ['metricsBindAddress: 10251', '10251 ^ 10251 where text was expected | '],
    ['leader-elct: false', 'leader-elct ^ "leader-elct" is not a field of kube-scheduler | did you mean "leader-elect"?'],
    ['kube-api-qps: [5]', '[5] ^ a list where text, a number, true or false was expected | '],
    ['profiles: {}', '{} ^ a map where a list was expected | '],
    ['profiles:', 'profiles ^ "profiles" has no value | give it one, or leave it out'],
    // Profiles and their plugins.
    ['profiles: [{percentageOfNodesToScore: 101}]', '101 ^ 101 where a whole number from 0 to 100 was expected | '],
    [plugins('{score: {enabld: []}}'), 'enabld ^ "enabld" is not a field of score | did you mean "enabled"?'],
    [
      plugins('{score: {enabled: [{name: ImageLocality, wieght: 2}]}}'),
      'wieght ^ "wieght" is not a field of enabled[0] | did you mean "weight"?',
    ],
    [plugins('{score: {enabled: [{name: ImageLocality, weight: 1.5}]}}'), '1.5 ^ 1.5 where a whole number was expected | '],
    [plugins('{score: {enabled: [{weight: 2}]}}'), '{weight: 2} ^ enabled[0] needs "name" | for example name: NodeResourcesFit'],
    [plugins('{score: {enabled: [{name: "*"}]}}'), `"*" ^ "*" is not a scheduler plugin | one of: ${everyPlugin}`],
    [
      plugins('{score: {disabled: [{name: ImageLocalty}]}}'),
      'ImageLocalty ^ "ImageLocalty" is not a scheduler plugin | did you mean "ImageLocality"?',
    ],
    ['profiles: [{pluginConfig: [{args: {}}]}]', `{args: {}} ^ a scheduler plugin needs "name" | one of: ${everyPlugin}`],
    [
      'profiles: [{pluginConfig: [{name: NodeResourcesFit, arg: {}}]}]',
      'arg ^ "arg" is not a field of scheduler plugin NodeResourcesFit | did you mean "args"?',
    ],
    // Arguments of each plugin.
    [args('ImageLocality', '{a: 1}'), 'a ^ "a" is not a field of args | its fields are: apiVersion, kind'],
    [args('NodeAffinity', '{kind: NodeAffinity}'), undefined],
    [args('DefaultPreemption', '{minCandidateNodesPercentage: 101}'), '101 ^ 101 where a whole number from 0 to 100 was expected | '],
    [
      args('DefaultPreemption', '{minCandidateNodesAbsolut: 1}'),
      'minCandidateNodesAbsolut ^ "minCandidateNodesAbsolut" is not a field of args | did you mean "minCandidateNodesAbsolute"?',
    ],
    [args('InterPodAffinity', '{hardPodAffinityWeight: 101}'), '101 ^ 101 where a whole number from 0 to 100 was expected | '],
    [args('NodeAffinity', '{addedAffinty: {}}'), 'addedAffinty ^ "addedAffinty" is not a field of args | did you mean "addedAffinity"?'],
    [
      args('NodeResourcesBalancedAllocation', '{resources: [{name: cpu, weight: 2}]}'),
      '2 ^ 2 where a whole number from 0 to 1 was expected | ',
    ],
    [args('NodeResourcesFit', '{scoringStrategy: {}}'), '{} ^ scoringStrategy needs "type" | for example type: LeastAllocated'],
    [
      args('NodeResourcesFit', '{scoringStrategy: {type: MostAllocated, resources: [{name: cpu, weight: 101}]}}'),
      '101 ^ 101 where a whole number from 0 to 100 was expected | ',
    ],
    [args('PodTopologySpread', '{defaultingType: Lists}'), 'Lists ^ "Lists" is not one of System, List | did you mean "List"?'],
    [args('VolumeBinding', '{bindTimeoutSeconds: -1}'), '-1 ^ -1 where a whole number from 0 on was expected | '],
    [args('DynamicResources', '{filterTimeout: 10}'), '10 ^ 10 has no unit | say 10s for seconds, 10m for minutes'],
  ])('%s', (configuration, wanted) => {
    const mistakes = told(configuration)
    if (wanted === undefined) expect(mistakes).toHaveLength(1)
    else expect(mistakes).toEqual([wanted])
    expect(isPublished(configuration)).toBe(false)
  })

  it('is told with every other one, at its line and column', () => {
    const text = 'parallelism: 0\npercentageOfNodesToScor: 5\nprofiles:\n- schedulerNam: x\n  pluginConfig: [{name: Nope}]'
    expect(read(text).mistakes.map(({ line, column, length }) => `${line}:${column} ${length}`)).toEqual([
      '6:20 1',
      '7:7 23',
      '9:9 12',
      '10:31 4',
    ])
  })
})

const shape = (...points: readonly number[]): string => `[${points.map((at) => `{utilization: ${at}, score: 1}`).join(', ')}]`
const ratio = (...points: readonly number[]): string =>
  args('NodeResourcesFit', `{scoringStrategy: {type: RequestedToCapacityRatio, requestedToCapacityRatio: {shape: ${shape(...points)}}}}`)
const required = (terms: string): string =>
  args(
    'NodeAffinity',
    `{addedAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [${terms}]}]}}}`,
  )
const constraint = '{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: ScheduleAnyway}'

describe('fields that do not go together', () => {
  it.each([
    [
      'podInitialBackoffSeconds: 5\npodMaxBackoffSeconds: 4',
      '4 ^ 4 where "podInitialBackoffSeconds" is 5 | must be greater than or equal to PodInitialBackoffSeconds',
    ],
    [
      'podInitialBackoffSeconds: 11',
      '11 ^ 11 where "podMaxBackoffSeconds" is 10, its default | podMaxBackoffSeconds must be greater than or equal to PodInitialBackoffSeconds',
    ],
    [
      'leaderElection: {leaseDuration: 10s}',
      '10s ^ a lease of 10s and a deadline of 10s | LeaseDuration must be greater than RenewDeadline',
    ],
    ['leaderElection: {renewDeadline: 2s}', '2s ^ a deadline of 2s and a period of 2s | RenewDeadline must be greater than RetryPeriod'],
    ['profiles: [{schedulerName: a}, {schedulerName: a}]', 'a ^ two profiles are called a | give them different names'],
    ['profiles: [{schedulerName: a}, {}]', '{} ^ one of several profiles without "schedulerName" | only a single profile can do without'],
    [
      'profiles: [{schedulerName: a}, {schedulerName: b, plugins: {queueSort: {enabled: [{name: PrioritySort}]}}}]',
      '{enabled: [{name: PrioritySort… ^ another queueSort than that of the first profile | must be the same for all profiles',
    ],
    [
      plugins('{filter: {enabled: [{name: ImageLocality}]}}'),
      'ImageLocality ^ plugin "ImageLocality" does not extend filter | it extends score',
    ],
    [
      plugins('{score: {enabled: [{name: ImageLocality}, {name: ImageLocality}]}}'),
      'ImageLocality ^ plugin "ImageLocality" already registered as "score" | leave it out',
    ],
    [
      plugins('{queueSort: {disabled: [{name: "*"}]}}'),
      '{disabled: [{name: "*"}]} ^ only one queue sort plugin required for profile with scheduler name "default-scheduler", but got 0 | enable PrioritySort at queueSort',
    ],
    [
      plugins('{multiPoint: {disabled: [{name: DefaultBinder}]}}'),
      '{multiPoint: {disabled: [{name… ^ at least one bind plugin is needed for profile with scheduler name "default-scheduler" | enable DefaultBinder at bind',
    ],
    [
      'profiles: [{pluginConfig: [{name: NodeName}, {name: NodeName}]}]',
      'NodeName ^ arguments of NodeName twice | put them into one entry',
    ],
    [
      args('DefaultPreemption', '{minCandidateNodesPercentage: 0, minCandidateNodesAbsolute: 0}'),
      '0 ^ no node may be tried: both numbers are 0 | cannot be zero at the same time as minCandidateNodesAbsolute',
    ],
    [args('DynamicResources', '{bindingTimeout: 500ms}'), '500ms ^ a timeout of 500ms | must be at least 1 second'],
    [args('NodeResourcesBalancedAllocation', '{resources: [{name: cpu}, {name: cpu}]}'), 'cpu ^ resource cpu twice | leave one out'],
    [ratio(50, 50), '50 ^ 50 after 50 | values must be sorted in increasing order'],
    [
      args('NodeResourcesFit', '{scoringStrategy: {type: RequestedToCapacityRatio}}'),
      '{type: RequestedToCapacityRati… ^ type RequestedToCapacityRatio without "requestedToCapacityRatio" | must be specified when type is RequestedToCapacityRatio',
    ],
    [
      args('NodeResourcesFit', `{scoringStrategy: {type: MostAllocated, requestedToCapacityRatio: {shape: ${shape(0)}}}}`),
      'requestedToCapacityRatio ^ "requestedToCapacityRatio" beside type MostAllocated | must be nil when type is not RequestedToCapacityRatio',
    ],
    [
      args('PodTopologySpread', `{defaultConstraints: [${constraint}]}`),
      '[{maxSkew: 1, topologyKey: zon… ^ "defaultConstraints" with defaultingType System | say defaultingType: List, or leave them out',
    ],
    [
      args('PodTopologySpread', `{defaultingType: List, defaultConstraints: [${constraint}, ${constraint}]}`),
      '{maxSkew: 1, topologyKey: zone… ^ two constraints for {zone, ScheduleAnyway} | leave one out',
    ],
    [
      args('PodTopologySpread', `{defaultingType: List, defaultConstraints: [${constraint.replace('}', ', labelSelector: {}}')}]}`),
      'labelSelector ^ "labelSelector" in a default constraint | constraint must not define a selector, as they deduced for each pod',
    ],
    [
      args('VolumeBinding', `{shape: ${shape(0, 100)}}`),
      'shape ^ "shape" without the feature gate StorageCapacityScoring | unexpected field `shape`, remove it or turn on the feature gate StorageCapacityScoring',
    ],
  ])('%s', (configuration, wanted) => expect(told(configuration)).toEqual([wanted]))

  it.each([
    ['{key: a, operator: In}', "operator In with 0 values | for 'in', 'notin' operators, values set can't be empty"],
    ['{key: a, operator: Exists, values: [b]}', 'operator Exists with 1 values | values set must be empty for exists and does not exist'],
    ['{key: a, operator: Gt, values: ["1", "2"]}', "operator Gt with 2 values | for 'Gt', 'Lt' operators, exactly one value is required"],
    ['{key: a, operator: In, values: [b]}', undefined],
  ])('affinity: %s', (terms, wanted) => expect(bare(told(required(terms)))).toEqual(wanted === undefined ? [] : [wanted]))

  it('are told by the gates of the cluster', () => {
    expect(told(args('VolumeBinding', `{shape: ${shape(0, 100)}}`), 'release: "1.37"\n  ')).toEqual([])
    expect(bare(told(args('VolumeBinding', `{shape: ${shape(100, 0)}}`), 'featureGates: {StorageCapacityScoring: true}\n  '))).toEqual([
      '0 after 100 | values must be sorted in increasing order',
    ])
  })
})

describe('a right configuration', () => {
  it.each([
    [''],
    ['percentageOfNodesToScore: 0\npodInitialBackoffSeconds: 1\npodMaxBackoffSeconds: 1'],
    [
      'apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\nparallelism: 16\nleaderElection: {leaderElect: false, leaseDuration: 1s}\nclientConnection: {kubeconfig: "", qps: 50, burst: 100}\nhealthzBindAddress: 0.0.0.0:10251\nmetricsBindAddress: ""\nenableProfiling: true\nenableContentionProfiling: false',
    ],
    ['leader-elect: false\nkube-api-qps: 50\nv: 4'],
    ['profiles: [{plugins: {score: {disabled: [{name: "*"}], enabled: [{name: ImageLocality, weight: 3}]}}}]'],
    [
      plugins(
        '{multiPoint: {disabled: [{name: "*"}], enabled: [{name: NodeName}]}, queueSort: {enabled: [{name: PrioritySort}]}, bind: {enabled: [{name: DefaultBinder}]}}',
      ),
    ],
    ['profiles: [{schedulerName: a, percentageOfNodesToScore: 5}, {schedulerName: b}]'],
    [
      args(
        'NodeResourcesFit',
        '{apiVersion: kubescheduler.config.k8s.io/v1, kind: NodeResourcesFitArgs, ignoredResources: [example.com/a]}',
      ),
    ],
    [ratio(0, 50, 100)],
    [args('PodTopologySpread', `{defaultingType: List, defaultConstraints: [${constraint}]}`)],
    [args('DefaultPreemption', '{minCandidateNodesPercentage: 0, minCandidateNodesAbsolute: 1}')],
    [args('InterPodAffinity', '{hardPodAffinityWeight: 0, ignorePreferredTermsOfExistingPods: true}')],
    [args('VolumeBinding', '{bindTimeoutSeconds: 0}')],
    [args('DynamicResources', '{filterTimeout: 0s, bindingTimeout: 1s}')],
    [args('NodeName', '{}')],
  ])('%s', (configuration) => {
    const { scenario, unsupported } = read(configuration)
    expect(told(configuration)).toEqual([])
    expect(unsupported).toEqual([])
    expect(scenario).toBeDefined()
    expect(isPublished(configuration)).toBe(true)
  })

  it('is refused where it asks for what is not simulated', () => {
    const { mistakes, unsupported } = read(
      'extenders: [{urlPrefix: "http://x", filterVerb: filter}]\nfeature-gates: A=true\nconfig: /etc/x.yaml',
    )
    expect(mistakes).toEqual([])
    expect(unsupported.map(({ found }) => found)).toEqual([
      '"extenders" of kube-scheduler is not there yet',
      '"config" of kube-scheduler is not there yet',
      '"feature-gates" of kube-scheduler is not there yet',
    ])
  })
})

describe('plugins at single points', () => {
  const at = (filter: string, score: string, more = ''): string =>
    plugins(
      `{multiPoint: {disabled: [{name: "*"}]}, queueSort: {enabled: [{name: PrioritySort}]}, bind: {enabled: [{name: DefaultBinder}]}, filter: {enabled: [{name: ${filter}}]}, score: {enabled: [{name: ${score}}]}${more}}`,
    )
  it('are refused without what they need, instead of a run that breaks', () => {
    const both = at('NodeResourcesFit', 'NodeResourcesFit')
    expect(told(both)).toEqual([])
    expect(read(both).unsupported.map(({ found, hint }) => `${found} | ${hint}`)).toEqual([
      'plugin "NodeResourcesFit" at filter without preFilter is not there yet | enable it at preFilter, too',
      'plugin "NodeResourcesFit" at score without preScore is not there yet | enable it at preScore, too',
    ])
    const with_ = ', preFilter: {enabled: [{name: NodeResourcesFit}]}, preScore: {enabled: [{name: NodeResourcesFit}]}'
    expect(read(at('NodeResourcesFit', 'NodeResourcesFit', with_)).unsupported).toEqual([])
  })
  it('bring along what only ours do beforehand', () => {
    const { scenario, unsupported } = read(at('NodeName', 'ImageLocality'))
    expect(unsupported).toEqual([])
    const configuration = scenario?.cluster.components?.['kube-scheduler'] ?? {}
    const profile = settingsOf(configuration, gatesOf({ minor: 36, patch: 99 })).profiles.get('default-scheduler')
    expect([profile?.at.preFilter, profile?.at.preScore].map((placed) => placed?.map(({ plugin }) => plugin.name))).toEqual([
      ['NodeName'],
      ['ImageLocality'],
    ])
  })
})

it('the plugins that can be named are those that are there, at all their points', () => {
  const there = defaultPlugins(() => undefined, gatesOf({ minor: 36, patch: 99 }))
  expect(there.map(({ name }) => name).sort()).toEqual(Object.keys(pluginPoints).sort())
  const wrong = there.flatMap((plugin) => {
    const points: readonly string[] = pluginPoints[plugin.name as keyof typeof pluginPoints]
    const acts = ['preEnqueue', 'preFilter', 'filter', 'postFilter', 'preScore', 'score', 'reserve', 'preBind'].filter(
      (one) => one in plugin,
    )
    return acts.filter((point) => !points.includes(point)).map((point) => `${plugin.name} at ${point}`)
  })
  // Ours do once for a pod what Kubernetes' do for each node.
  expect(wrong).toEqual(['NodeName at preFilter', 'ImageLocality at preScore'])
})
