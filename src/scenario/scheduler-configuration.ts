/**
 * `cluster.components.kube-scheduler`: KubeSchedulerConfiguration as a schema, field by field, with the arguments of every plugin, and the
 * flags of the program. What one field says about another is in scheduler-rules.ts; what the fields do, in cluster/scheduler/configuration.ts.
 * Source: kube-scheduler/config/v1 (types.go, types_pluginargs.go) and its defaults; pkg/scheduler/apis/config/validation; `kube-scheduler --help`.
 *
 * Differs from Kubernetes: a field that is written without a value is a mistake, as everywhere in a scenario; `scoringStrategy` needs its type
 * in both. Flags are taken with any value, and do nothing.
 */
import * as v from 'valibot'
import { pluginPoints } from '../cluster/scheduler/configuration.ts'
import { duration, field, meant, must, scalar, text, whole, wholeBetween, yes } from './shapes.ts'

type Any = v.GenericSchema

const version = v.literal('kubescheduler.config.k8s.io/v1')
const mostOfInt32 = 2_147_483_647
const int32 = meant(v.pipe(v.number(), v.integer(), v.minValue(-mostOfInt32 - 1), v.maxValue(mostOfInt32)), { expects: 'a whole number' })
const count = wholeBetween(0, mostOfInt32)
const percentage = wholeBetween(0, 100)
/** May be empty, too. */
const plain = meant(v.string(), { expects: 'text' })
const texts = v.array(text)

// ------------------------------------------------------------------------------------------------ arguments of plugins

// 0 is as if it were left out: 1.
const resourcesUpTo = (most: number) =>
  v.array(
    v.strictObject({
      name: must(text, 'Which resource.', { examples: ['cpu'] }),
      weight: field(wholeBetween(0, most), 'How much it counts.', { default: 1 }),
    }),
  )

const shape = v.pipe(
  v.array(
    v.strictObject({
      utilization: must(percentage, 'How full, in percent.', { examples: [50] }),
      score: must(wholeBetween(0, 10), 'What that is worth.', { examples: [10] }),
    }),
  ),
  v.minLength(1),
)

const nodeTerm = v.strictObject({
  matchExpressions: v.exactOptional(v.array(requirement())),
  matchFields: v.exactOptional(v.array(requirement())),
})

function requirement() {
  return v.strictObject({
    key: must(text, 'A label, or metadata.name.', { examples: ['disk'] }),
    operator: must(v.picklist(['In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt']), 'How it is compared.', { examples: ['In'] }),
    values: v.exactOptional(v.array(plain)),
  })
}

/** The arguments that plugins take; the others take none. */
const argsOf: { readonly [plugin: string]: Readonly<Record<string, Any>> } = {
  DefaultPreemption: {
    minCandidateNodesPercentage: field(percentage, 'How many nodes are tried, in percent.', { default: 10 }),
    minCandidateNodesAbsolute: field(count, 'How many nodes are tried at least.', { default: 100 }),
  },
  DynamicResources: {
    filterTimeout: field(duration, 'How long one node may be looked at.', { default: '10s' }),
    bindingTimeout: field(duration, 'How long devices may take to be ready.', { default: '10m' }),
  },
  InterPodAffinity: {
    hardPodAffinityWeight: field(percentage, 'What the required affinity of others counts.', { default: 1 }),
    ignorePreferredTermsOfExistingPods: field(yes, 'Whether what others prefer is overlooked.', { default: false }),
  },
  NodeAffinity: {
    addedAffinity: field(
      v.strictObject({
        requiredDuringSchedulingIgnoredDuringExecution: v.exactOptional(
          v.strictObject({ nodeSelectorTerms: v.exactOptional(v.array(nodeTerm)) }),
        ),
        preferredDuringSchedulingIgnoredDuringExecution: v.exactOptional(
          v.array(
            v.strictObject({
              weight: must(int32, 'How much it counts.', { examples: [1] }),
              preference: must(nodeTerm, 'Which nodes.'),
            }),
          ),
        ),
      }),
      'Affinity that every pod gets beside its own.',
    ),
  },
  NodeResourcesBalancedAllocation: { resources: field(resourcesUpTo(1), 'What is to be balanced.') },
  NodeResourcesFit: {
    ignoredResources: field(texts, 'Resources that need not fit.'),
    ignoredResourceGroups: field(texts, 'The same by what stands before the slash.'),
    scoringStrategy: field(
      v.strictObject({
        type: must(v.picklist(['LeastAllocated', 'MostAllocated', 'RequestedToCapacityRatio']), 'Which nodes are liked.', {
          examples: ['LeastAllocated'],
        }),
        resources: field(resourcesUpTo(100), 'What counts.'),
        requestedToCapacityRatio: field(v.strictObject({ shape: must(shape, 'Points of the function.') }), 'For that type.'),
      }),
      'How free nodes are scored.',
    ),
  },
  PodTopologySpread: {
    defaultConstraints: field(
      v.array(
        v.strictObject({
          maxSkew: must(whole(1), 'How uneven it may be.', { examples: [1] }),
          topologyKey: must(text, 'The label of the domains.', { examples: ['topology.kubernetes.io/zone'] }),
          whenUnsatisfiable: must(v.picklist(['DoNotSchedule', 'ScheduleAnyway']), 'What if it cannot be.', {
            examples: ['ScheduleAnyway'],
          }),
          minDomains: v.exactOptional(whole(1)),
          nodeAffinityPolicy: v.exactOptional(v.picklist(['Honor', 'Ignore'])),
          nodeTaintsPolicy: v.exactOptional(v.picklist(['Honor', 'Ignore'])),
          matchLabelKeys: v.exactOptional(texts),
          labelSelector: v.exactOptional(v.record(v.string(), v.unknown())),
        }),
      ),
      'For pods without constraints of their own.',
    ),
    defaultingType: field(v.picklist(['System', 'List']), 'Whether the built-in constraints hold or these.', { default: 'System' }),
  },
  VolumeBinding: {
    bindTimeoutSeconds: field(whole(), 'How long volumes may take to be bound.', { default: 600 }),
    shape: field(shape, 'What how full a class is, is worth.'),
  },
}

const names = Object.keys(pluginPoints)

/** An entry of `pluginConfig`, by the plugin that it names. */
export const pluginConfigs: ReadonlyMap<string, Any> = new Map(
  names.map((name) => [
    name,
    v.strictObject({
      name: v.literal(name),
      args: v.exactOptional(
        v.strictObject({ apiVersion: v.exactOptional(version), kind: v.exactOptional(v.literal(`${name}Args`)), ...argsOf[name] }),
      ),
    }) as Any,
  ]),
)

/** Any entry of `pluginConfig`. */
export const pluginConfig = v.union([...pluginConfigs.values()]) as Any

// ------------------------------------------------------------------------------------------------ profiles

const pluginCalled = (names: readonly string[]) =>
  v.strictObject({
    name: must(meant(v.picklist(names), { expects: 'a scheduler plugin' }), 'Which plugin.', { examples: ['NodeResourcesFit'] }),
    weight: field(int32, 'How much its score counts.', { default: 1 }),
  })
const pluginSet = v.strictObject({
  enabled: field(v.array(pluginCalled(names)), 'Plugins in addition, or with another weight.'),
  disabled: field(v.array(pluginCalled([...names, '*'])), 'Plugins that are not asked; `*` stands for all.'),
})

/** The extension points of a profile. */
export const extensionPoints = [
  ...['preEnqueue', 'queueSort', 'preFilter', 'filter', 'postFilter', 'preScore', 'score', 'reserve', 'permit', 'preBind', 'bind'],
  ...['postBind', 'multiPoint'],
] as const

const profile = v.strictObject({
  schedulerName: field(text, 'Which pods it is for; a single profile can leave it out.', { default: 'default-scheduler' }),
  percentageOfNodesToScore: field(percentage, 'Over the one for all profiles.'),
  plugins: field(
    v.strictObject(Object.fromEntries(extensionPoints.map((point) => [point, v.exactOptional(pluginSet)]))),
    'Who is asked, by extension point.',
  ),
  pluginConfig: field(v.array(pluginConfig), 'Arguments of plugins.'),
})

const extender = v.strictObject({
  ...Object.fromEntries(
    ['urlPrefix', 'filterVerb', 'preemptVerb', 'prioritizeVerb', 'bindVerb'].map((name) => [name, v.exactOptional(plain)]),
  ),
  weight: v.exactOptional(int32),
  enableHTTPS: v.exactOptional(yes),
  tlsConfig: v.exactOptional(v.record(v.string(), scalar)),
  httpTimeout: v.exactOptional(duration),
  nodeCacheCapable: v.exactOptional(yes),
  managedResources: v.exactOptional(v.array(v.strictObject({ name: text, ignoredByScheduler: v.exactOptional(yes) }))),
  ignorable: v.exactOptional(yes),
})

// ------------------------------------------------------------------------------------------------ the whole

/** Source: `kube-scheduler --help`, 1.36. */
const flags = [
  ...['allow-metric-labels', 'allow-metric-labels-manifest', 'authentication-kubeconfig', 'authentication-skip-lookup'],
  ...['authentication-token-webhook-cache-ttl', 'authentication-tolerate-lookup-failure', 'authorization-always-allow-paths'],
  ...['authorization-kubeconfig', 'authorization-webhook-cache-authorized-ttl', 'authorization-webhook-cache-unauthorized-ttl'],
  ...['bind-address', 'cert-dir', 'client-ca-file', 'config', 'contention-profiling', 'disable-http2-serving', 'disabled-metrics'],
  ...['emulated-version', 'emulation-forward-compatible', 'feature-gates', 'http2-max-streams-per-connection', 'kube-api-burst'],
  ...['kube-api-content-type', 'kube-api-qps', 'kubeconfig', 'leader-elect', 'leader-elect-lease-duration', 'leader-elect-renew-deadline'],
  ...['leader-elect-resource-lock', 'leader-elect-resource-name', 'leader-elect-resource-namespace', 'leader-elect-retry-period'],
  ...['log-flush-frequency', 'log-json-info-buffer-size', 'log-json-split-stream', 'log-text-info-buffer-size', 'log-text-split-stream'],
  ...['logging-format', 'master', 'min-compatibility-version', 'permit-address-sharing', 'permit-port-sharing'],
  ...['pod-max-in-unschedulable-pods-duration', 'profiling', 'requestheader-allowed-names', 'requestheader-client-ca-file'],
  ...['requestheader-extra-headers-prefix', 'requestheader-group-headers', 'requestheader-uid-headers', 'requestheader-username-headers'],
  ...['secure-port', 'show-hidden-metrics-for-version', 'tls-cert-file', 'tls-cipher-suites', 'tls-min-version', 'tls-private-key-file'],
  ...['tls-sni-cert-key', 'v', 'vmodule', 'write-config-to'],
]

/** KubeSchedulerConfiguration. */
export const schedulerConfiguration = meant(
  v.strictObject({
    apiVersion: field(version, 'The version of the configuration.'),
    kind: field(v.literal('KubeSchedulerConfiguration'), 'What it is.'),
    parallelism: field(whole(1), 'Without effect here.', { default: 16 }),
    delayCacheUntilActive: field(yes, 'Without effect here.', { default: false }),
    leaderElection: field(
      v.strictObject({
        leaderElect: v.exactOptional(yes),
        leaseDuration: v.exactOptional(duration),
        renewDeadline: v.exactOptional(duration),
        retryPeriod: v.exactOptional(duration),
        resourceLock: v.exactOptional(v.literal('leases')),
        resourceName: v.exactOptional(text),
        resourceNamespace: v.exactOptional(text),
      }),
      'Without effect here.',
    ),
    clientConnection: field(
      v.strictObject({
        kubeconfig: v.exactOptional(plain),
        acceptContentTypes: v.exactOptional(plain),
        contentType: v.exactOptional(plain),
        qps: v.exactOptional(v.number()),
        burst: v.exactOptional(whole()),
      }),
      'Without effect here.',
    ),
    healthzBindAddress: field(plain, 'Without effect here.'),
    metricsBindAddress: field(plain, 'Without effect here.'),
    enableProfiling: field(yes, 'Without effect here.', { default: true }),
    enableContentionProfiling: field(yes, 'Without effect here.', { default: true }),
    percentageOfNodesToScore: field(percentage, 'How many nodes that can do are looked for; 0: it depends on how many there are.', {
      default: 0,
    }),
    podInitialBackoffSeconds: field(whole(1), 'How long a pod waits after its first failed attempt.', { default: 1 }),
    podMaxBackoffSeconds: field(whole(1), 'How long it waits at most.', { default: 10 }),
    profiles: field(v.array(profile), 'Rules, by the name of the scheduler that pods ask for.'),
    extenders: field(v.array(extender), 'Not there yet.'),
  }),
  { others: flags },
)
