/**
 * What a scenario can say: one schema for each object of the file. Reader (judge.ts), TypeScript types, `stsim schema` and the reference
 * in scenarios/README.md come from here.
 * Source: contract section 3; design/applications.md 1 and 2; design/libraries.md 2.2.
 *
 * Alternatives are chosen by one key (a step has one verb, a fault one name), never by trying: `choices` says by which.
 */
import * as v from 'valibot'
import { faults } from './faults/index.ts'
import { pluginConfig, pluginConfigs, schedulerConfiguration } from './scheduler-configuration.ts'
import {
  condition,
  distribution,
  duration,
  field,
  meant,
  must,
  name,
  object,
  positive,
  quantity,
  scalar,
  text,
  texts,
  whole,
  yes,
} from './shapes.ts'

type Any = v.GenericSchema

/** How the schema of one alternative is found: by which key is there, or by the text under a key (`lists` says where all texts are found). */
export type Choice =
  | { readonly by: 'key'; readonly what: string; readonly schemas: ReadonlyMap<string, Any> }
  | { readonly by: 'text'; readonly key: string; readonly what: string; readonly lists: string; readonly schemas: ReadonlyMap<string, Any> }

/** For each schema that stands for alternatives: how to choose. */
export const choices = new Map<Any, Choice>()

// ------------------------------------------------------------------------------------------------ cluster

/** Profiles of latencies and phases. Source: contract section 4. */
const profiles = ['instant', 'reference', 'kind-local', 'eks-ebs', 'gke-pd', 'aks-disk', 'ceph-rbd'] as const

/** Steps of the model whose duration a scenario may set. Source: contract section 4, cases/README.md 2. */
export const latencySteps = [
  ...['sandbox', 'start', 'stop', 'provision', 'delete-volume', 'attach', 'detach', 'mount', 'mount-first', 'unmount'],
  ...['boot', 'halt', 'hand-over', 'api', 'watch', 'schedule', 'replace', 'reboot'],
] as const

/** Parts of the control plane and of nodes that can be configured or fail. Source: contract section 5. */
export const components = [
  ...['kube-apiserver', 'etcd', 'kube-controller-manager', 'kube-scheduler', 'kubelet', 'cloud-controller-manager'],
  ...['csi-provisioner', 'csi-attacher', 'csi-resizer', 'coredns', 'kube-proxy'],
] as const

const nodeGroup = meant(
  v.strictObject({
    count: field(whole(), 'How many machines.', { default: 1 }),
    name: field(name, 'Prefix of their names (node: node-1, node-2, …); with count 1 the whole name.', { default: 'node' }),
    zone: field(name, 'The zone of all of them.', { examples: ['zone-a'] }),
    zones: field(v.pipe(v.array(name), v.minLength(1)), 'Zones, dealt in turn.', { examples: [['zone-a', 'zone-b', 'zone-c']] }),
    capacity: field(v.record(v.string(), quantity), 'What a machine has.', {
      default: { cpu: '4', memory: '16Gi', pods: '110', 'ephemeral-storage': '100Gi' },
    }),
    labels: field(texts, 'Labels of the nodes.', { examples: [{ disk: 'ssd' }] }),
    taints: field(
      v.array(
        meant(v.pipe(v.string(), v.regex(/^[^=:\s]+(=[^=:\s]*)?:(NoSchedule|PreferNoSchedule|NoExecute)$/)), {
          expects: 'a taint',
          hint: 'write it as key=value:NoSchedule (or PreferNoSchedule, NoExecute)',
        }),
      ),
      'Taints of the nodes.',
      { examples: [['dedicated=db:NoSchedule']] },
    ),
    volumeLimit: field(whole(), 'How many volumes of a driver can be attached (CSINode allocatable); default: no limit.'),
  }),
  { description: 'A group of like machines.', exclusive: [['zone', 'zones']] },
)

const image = v.strictObject({
  size: field(quantity, 'Its size.', { default: '100Mi' }),
  preloaded: field(v.array(name), 'The nodes that hold it; default: every node in profiles instant and reference, none in the others.'),
})

const storageClass = v.strictObject({
  name: must(name, 'Its name.'),
  like: field(text, 'A class of the profile that it behaves like; `default` is the first of them.', { default: 'default' }),
  capacity: field(quantity, 'How much its back-end holds in all; default: no limit.', { examples: ['10Gi'] }),
})

// A bare 1.36 is a number in YAML; the reader makes it text.
const release = meant(v.union([v.pipe(v.string(), v.regex(/^1\.3[3-7](\.\d+)?$/)), v.picklist([1.33, 1.34, 1.35, 1.36, 1.37])]), {
  expects: 'a release of Kubernetes from 1.33 to 1.37',
  hint: 'write it as "1.36" (its last patch) or "1.36.2"',
}) as unknown as v.GenericSchema<string>

choices.set(pluginConfig, {
  by: 'text',
  key: 'name',
  what: 'a scheduler plugin',
  lists: `one of: ${[...pluginConfigs.keys()].join(', ')}`,
  schemas: pluginConfigs,
})
const flags = v.record(v.string(), v.unknown())
/** Of kube-scheduler every field is known; of the others any is taken. */
const schemaOf = (component: string): v.GenericSchema<Record<string, unknown>> =>
  component === 'kube-scheduler' ? schedulerConfiguration : flags

const cluster = v.strictObject({
  release: field(release, 'Behaviour of that Kubernetes release.', { default: '1.36' }),
  profile: field(v.picklist(profiles), 'Latencies, phases and storage classes.', { default: 'kind-local' }),
  nodes: field(v.array(nodeGroup), 'The machines; an empty list is a cluster without any.', { default: [{ count: 3 }] }),
  components: field(
    v.strictObject(
      Object.fromEntries(components.map((one) => [one, v.exactOptional(v.nullable(schemaOf(one)))])) as Record<
        (typeof components)[number],
        v.ExactOptionalSchema<v.NullableSchema<v.GenericSchema<Record<string, unknown>>, undefined>, undefined>
      >,
    ),
    'Flags and configuration fields of the real components, under their real names.',
    { examples: [{ 'kube-controller-manager': { 'node-monitor-grace-period': '50s' }, kubelet: { shutdownGracePeriod: '60s' } }] },
  ),
  featureGates: field(v.record(v.string(), yes), 'Feature gates, over the defaults of the release.', {
    examples: [{ MaxUnavailableStatefulSet: true }],
  }),
  latency: field(
    v.strictObject({
      ...(Object.fromEntries(latencySteps.map((step) => [step, v.exactOptional(distribution)])) as Record<
        (typeof latencySteps)[number],
        v.ExactOptionalSchema<typeof distribution, undefined>
      >),
      pull: v.exactOptional(quantity),
    }),
    'Single steps of the profile, otherwise; `pull` is a rate (bytes a second).',
    { examples: [{ attach: 'lognormal(2s, 8s)' }] },
  ),
  images: field(v.record(v.string(), image), 'Images of which something special is to be said.', {
    examples: [{ 'registry.k8s.io/nginx-slim:0.8': { size: '60Mi', preloaded: ['node-1'] } }],
  }),
  storageClasses: field(v.array(storageClass), 'Storage classes beside those of the profile and of the manifests.'),
})

// ------------------------------------------------------------------------------------------------ applications

const rate = meant(v.union([v.pipe(v.number(), v.minValue(0)), duration]), { expects: 'a number (seconds for each second of downtime)' })

const applicationKeys = {
  starts: field(distribution, 'Process start until it can answer, after a clean end.', { default: '0s' }),
  startsUnclean: field(distribution, 'The same after SIGKILL, OOM or a power cut.', { default: 'as starts' }),
  join: field(
    v.strictObject({
      peers: field(whole(), 'How many other members must be reachable.', { default: 1 }),
      by: field(v.picklist(['dns', 'ip', 'none']), 'How they are found.', { default: 'dns' }),
      retry: field(distribution, 'Time between two attempts.', { default: '1s' }),
      giveUp: field(duration, 'It exits with code 1 after so long; default: it waits for ever.'),
    }),
    'Whom it must reach before it becomes a member; default: nobody.',
  ),
  formAlone: field(v.picklist(['first', 'majority', 'init']), 'Who may create a new cluster: ordinal 0, any majority, or an `init` step.', {
    default: 'majority',
  }),
  catchUp: field(
    v.strictObject({
      base: field(distribution, 'Time that it takes in any case.', { default: '0s' }),
      perDownSecond: field(rate, 'Seconds for each second it was down.', { default: 0 }),
      afterDown: field(duration, 'When it was down for longer, it copies everything.'),
      full: field(distribution, 'How long copying everything takes.'),
    }),
    'How long it takes until its data is current.',
  ),
  readyWhen: field(v.picklist(['booted', 'joined', 'synced']), "From when the readiness probe's endpoint answers.", { default: 'booted' }),
  liveWhen: field(v.picklist(['started', 'booted']), "From when the liveness probe's endpoint answers.", { default: 'started' }),
  flap: field(
    v.strictObject({ after: must(distribution, 'When, after the start.'), for: must(distribution, 'How long.') }),
    'An unready spell after each start.',
  ),
  exits: field(
    v.strictObject({ after: must(distribution, 'When, after the start.'), code: field(whole(), 'Exit code.', { default: 0 }) }),
    'It ends by itself.',
  ),
  stops: field(
    meant(v.union([v.literal('never'), distribution]), { expects: 'a duration, a distribution, or never' }),
    'Time from SIGTERM to its end; `never` makes it ignore SIGTERM.',
    {
      default: "the profile's `stop`",
    },
  ),
  handover: field(distribution, 'A graceful hand-over of leadership before it stops.', { default: '0s' }),
  leader: field(
    v.strictObject({
      detect: field(distribution, 'Until the loss of the leader is noticed.', { default: '0s' }),
      elect: field(distribution, 'Until another one leads.', { default: '0s' }),
      pick: field(v.picklist(['lowest', 'random', 'synced']), 'Which one.', { default: 'lowest' }),
    }),
    'How a leader is found; default: there is none.',
  ),
  lease: field(
    v.strictObject({
      by: field(v.picklist(['api']), 'Where the lease lives.', { default: 'api' }),
      ttl: must(duration, 'How long it holds.'),
      renew: must(duration, 'How often it is renewed.'),
    }),
    'Leadership by a lease in the API server.',
  ),
}

/** Ready-made applications. Source: design/applications.md 5. */
const applicationProfiles = [
  ...['zookeeper', 'etcd', 'kafka', 'cassandra', 'mongodb', 'patroni', 'redis-sentinel', 'rabbitmq', 'elasticsearch', 'cockroachdb'],
] as const

const application = v.strictObject({
  pods: must(text, 'Whose pods: `statefulset/web`, `deployment/api`, `pod/one`, or a label selector.', {
    examples: ['statefulset/web', 'app=nginx'],
  }),
  container: field(text, 'Which container; default: every one.'),
  profile: field(v.picklist(applicationProfiles), 'A ready-made application; keys beside it win.'),
  ...applicationKeys,
})

const quorum = v.strictObject({
  name: must(text, 'Its name, for `quorum(…)` in conditions.'),
  of: must(v.pipe(v.array(text), v.minLength(1)), 'The sets whose pods are its members.', { examples: [['statefulset/db']] }),
  size: field(whole(1), 'Configured number of members; default: replicas at the start.'),
  need: field(
    meant(
      v.union([
        v.literal('majority'),
        v.pipe(v.number(), v.integer(), v.minValue(1)),
        v.strictObject({
          replication: v.pipe(v.number(), v.integer(), v.minValue(1)),
          need: v.pipe(v.number(), v.integer(), v.minValue(1)),
        }),
      ]),
      {
        expects: 'majority, a number, or {replication: 3, need: 2}',
      },
    ),
    'How many must be connected.',
    { default: 'majority' },
  ),
  counts: field(v.picklist(['synced', 'joined']), 'Which members count.', { default: 'synced' }),
})

const traffic = v.strictObject({
  name: must(text, 'Its name, for `traffic(…)` in conditions.'),
  to: must(text, 'Where the requests go.', { examples: ['service/web'] }),
  rate: must(positive, 'Requests a second.'),
})

// ------------------------------------------------------------------------------------------------ steps

const timing = {
  at: field(distribution, 'When, from the start.', { examples: ['5m'] }),
  after: field(distribution, 'How long after the step above has ended.', { examples: ['30s'] }),
  when: field(condition, 'As soon as this holds, watched from the end of the step above.', {
    examples: ["statefulset('web').status.readyReplicas == 5"],
  }),
  within: field(duration, 'How long `when` may take; then the step fails. Default: to the end of the run.'),
  each: field(
    meant(v.strictObject({ node: v.exactOptional(text), pod: v.exactOptional(text) }), { oneOf: ['node', 'pod'] }),
    // biome-ignore lint/suspicious/noTemplateCurlyInString: that is how a scenario writes it
    'Do it for each thing whose name fits, one after the other; `${node}` stands for its name.',
    { examples: [{ node: 'node-*' }] },
  ),
}
const timed = { exclusive: [['at', 'after', 'when']], needs: { within: 'when' } }

const kubectlStep = meant(
  v.strictObject({
    ...timing,
    kubectl: must(
      meant(v.union([text, v.pipe(v.array(text), v.minLength(1))]), { expects: 'a command line, or a list of them' }),
      'What is typed, with or without the word kubectl.',
      {
        examples: ['scale statefulset web --replicas=5'],
      },
    ),
    fails: field(yes, 'Whether a command is expected to exit non-zero.', { default: false }),
  }),
  timed,
)
const applyStep = meant(
  v.strictObject({
    ...timing,
    apply: must(
      meant(v.union([object, v.pipe(v.array(object), v.minLength(1))]), { expects: 'an object, or a list of them' }),
      'Objects, written here, as `kubectl apply` does.',
    ),
    fails: field(yes, 'Whether it is expected to fail.', { default: false }),
  }),
  timed,
)
const initStep = meant(v.strictObject({ ...timing, init: must(text, 'The quorum whose application forms its cluster now.') }), timed)
const upgradeStep = meant(
  v.strictObject({
    ...timing,
    'upgrade-nodes': must(
      v.strictObject({
        surge: field(whole(), 'New machines before old ones go.', { default: 1 }),
        release: field(text, 'Their release.'),
      }),
      'Replace every machine, one after the other.',
    ),
  }),
  timed,
)

const target = {
  target: field(text, 'At what: `kind/name`, `zone/NAME`, `component/NAME`, or a label selector with `mode`.', {
    examples: ['node/node-2'],
  }),
  namespace: field(name, 'The namespace of the target.', { default: 'default' }),
  mode: field(v.picklist(['one', 'all', 'fixed', 'percent']), 'How many of those that a selector finds.', { default: 'all' }),
  value: field(positive, 'The number for `fixed` and `percent`.'),
  for: field(distribution, 'How long; then it heals. Default: to the end of the run.'),
}

/** A fault as a step names it; the parameters of each are in faults/<name>.ts. */
export type FaultStep = v.InferOutput<v.ObjectSchema<typeof timing & typeof target, undefined>> & {
  fault: string
  [parameter: string]: unknown
}

const faultSteps = new Map<string, Any>(
  faults.map((one) => [
    one.name,
    meant(
      v.strictObject({
        ...timing,
        fault: meant(v.literal(one.name), { description: `${one.does} ${one.heals}` }),
        ...(one.targets.length === 0 ? { for: target.for } : target),
        ...one.parameters,
      }),
      timed,
    ) as Any,
  ]),
)
const faultStep = v.union([...faultSteps.values()]) as unknown as v.GenericSchema<FaultStep>
choices.set(faultStep, { by: 'text', key: 'fault', what: 'a fault', lists: 'stsim help faults lists them', schemas: faultSteps })

/** The schema of a step with that fault. */
export const faultStepOf = (fault: string): v.GenericSchema => faultSteps.get(fault) as v.GenericSchema

const step = v.union([kubectlStep, faultStep, applyStep, initStep, upgradeStep])
choices.set(step, {
  by: 'key',
  what: 'a step',
  schemas: new Map<string, Any>([
    ['kubectl', kubectlStep],
    ['fault', faultStep],
    ['apply', applyStep],
    ['init', initStep],
    ['upgrade-nodes', upgradeStep],
  ]),
})

// ------------------------------------------------------------------------------------------------ expectations

const named = { name: field(text, 'What it is called in reports.') }
const window = {
  from: field(duration, 'Judged from then on.', { default: '0s' }),
  to: field(duration, 'Judged until then; default: the end of the run.'),
}
const limit = meant(v.union([duration, v.number()]), { expects: 'a duration or a number' })

const always = v.strictObject({ ...named, always: must(condition, 'Holds at every moment.'), ...window })
const never = v.strictObject({ ...named, never: must(condition, 'Holds at no moment.'), ...window })
const eventually = v.strictObject({
  ...named,
  eventually: must(condition, 'Holds at some moment.'),
  from: window.from,
  within: field(duration, 'At the latest so long after `from`; default: the end of the run.'),
})
const finally_ = v.strictObject({ ...named, finally: must(condition, 'Holds at the end of the run.') })
const that = v.strictObject({
  ...named,
  that: must(condition, 'Holds at that moment, after everything that happens then.'),
  at: must(duration, 'The moment.'),
})
const event = v.strictObject({
  ...named,
  event: must(
    v.strictObject({
      reason: field(text, 'Its reason.', { examples: ['FailedAttachVolume'] }),
      object: field(text, 'What it is about.', { examples: ['pod/web-0'] }),
      namespace: field(name, 'The namespace of the object; default: any.'),
      type: field(v.picklist(['Normal', 'Warning']), 'Its type.'),
      message: field(text, 'Its message; `*` stands for anything.', { examples: ['*Multi-Attach error*'] }),
      source: field(text, 'The component that recorded it.'),
    }),
    'An Event that is seen at least once.',
  ),
  from: window.from,
  within: eventually.entries.within,
})
const measure = meant(
  v.strictObject({
    ...named,
    measure: must(condition, 'What is measured at the end: a duration or a number.', { examples: ["rollout('web').duration"] }),
    below: field(limit, 'It must be below this.'),
    above: field(limit, 'It must be above this.'),
  }),
  { needs: {}, oneOf: [] },
)

const expectation = v.union([always, never, eventually, finally_, that, event, measure])
choices.set(expectation, {
  by: 'key',
  what: 'an expectation',
  schemas: new Map<string, Any>([
    ['always', always],
    ['never', never],
    ['eventually', eventually],
    ['finally', finally_],
    ['that', that],
    ['event', event],
    ['measure', measure],
  ]),
})

// ------------------------------------------------------------------------------------------------ the whole

/** The whole file. */
export const scenarioFile = v.strictObject({
  apiVersion: must(v.literal('stsim/v1'), 'The version of this format.'),
  kind: must(v.literal('Scenario'), 'What this file is.'),
  name: field(name, "The name of the run; default: the file's name."),
  start: field(
    meant(v.pipe(v.string(), v.regex(/^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/)), {
      expects: 'a moment',
      hint: 'write it as 2026-01-01T00:00:00Z',
    }),
    'What time 0 is called.',
    { default: '2026-01-01T00:00:00Z' },
  ),
  description: field(v.string(), 'What the scenario shows.'),
  seed: field(meant(v.union([v.number(), text]), { expects: 'a number or text' }), 'All chance comes from it.', { default: 1 }),
  duration: field(duration, 'The end of virtual time.', { default: '1h' }),
  until: field(v.picklist(['settled', 'end']), 'When the run ends: as soon as nothing moves any more, or at its duration.', {
    default: 'settled',
  }),
  parameters: field(
    v.record(v.string(), scalar),
    // biome-ignore lint/suspicious/noTemplateCurlyInString: that is how a scenario writes it
    'Values that `${name}` stands for, anywhere below.',
    { examples: [{ replicas: 3 }] },
  ),
  include: field(v.array(text), 'Scenarios whose cluster and applications are taken over, under those of this one.', {
    examples: [['cluster.yaml']],
  }),
  cluster: field(cluster, 'The cluster.'),
  manifests: field(
    v.array(meant(v.union([text, object]), { expects: 'a file name or an object' })),
    'Kubernetes manifests, created in order at 0 s: file names, or objects written here.',
    { examples: [['web.yaml']] },
  ),
  applications: field(v.array(application), 'What runs in the containers; the first that fits a pod is taken.'),
  quorum: field(v.array(quorum), 'Truths about an application, over any number of sets.'),
  traffic: field(v.array(traffic), 'Requests, counted but not simulated one by one.'),
  invariants: field(v.strictObject({ off: field(v.array(text), 'Truths that are not judged.') }), 'Truths that are judged in every run.'),
  steps: field(v.array(step), 'What is done, in order.'),
  expect: field(v.array(expectation), 'What must hold.'),
  files: field(
    texts,
    'Files that the commands of the steps name, by name. Written into the scenario.yaml of a run, so that it needs no other file.',
  ),
})

/** A scenario as its file says it. */
export type ScenarioFile = v.InferOutput<typeof scenarioFile>
/** `cluster:` of a scenario. */
export type ClusterSection = NonNullable<ScenarioFile['cluster']>
/** One group of `cluster.nodes`. */
export type NodeGroup = NonNullable<ClusterSection['nodes']>[number]
/** One entry of `steps`. */
export type Step = NonNullable<ScenarioFile['steps']>[number]
/** One entry of `expect`. */
export type Expectation = NonNullable<ScenarioFile['expect']>[number]
