/**
 * Kinds that are stored and shown, and that nothing here acts on. Their metadata is checked as everywhere; their spec only
 * for unknown fields and wrong types (decode.ts), and given the defaults of workloads.
 * Differs from Kubernetes: no validation of their own.
 */
import type { KubernetesObject } from '../../objects/metadata.ts'
import { pathSegment } from '../../objects/names.ts'
import { podTemplateDefaults } from '../defaults/pod-spec.ts'
import { type Fields, inEach, inField, withAbsent } from '../defaults/share.ts'
import type { Column, Kind } from '../kind.ts'
import { count, joined, labelsText, selectorColumn, shown, templateColumns } from './cells.ts'
import { ageColumn, type Definition, defineKind, nameColumn } from './define.ts'

const at = (name: string, read: (object: KubernetesObject) => unknown, none = ''): Column => ({
  name,
  cell: (object) => shown(read(object), none),
})
const counted = (name: string, read: (object: KubernetesObject) => number | undefined): Column => ({
  name,
  cell: (object) => count(read(object)),
})

/** Defaults of a spec with a pod template. */
const workload =
  (defaults: (spec: Fields) => Fields): Kind['defaults'] =>
  (object) =>
    inField(withAbsent(object, { spec: {} }), 'spec', (spec) => inField(defaults(spec), 'template', podTemplateDefaults))

const rolling = (field: 'strategy' | 'updateStrategy', values: Fields) => (spec: Fields) =>
  inField(withAbsent(spec, { [field]: {} }), field, (strategy) => {
    const result = withAbsent(strategy, { type: 'RollingUpdate' })
    return result['type'] === 'RollingUpdate'
      ? inField(withAbsent(result, { rollingUpdate: {} }), 'rollingUpdate', (rollingUpdate) => withAbsent(rollingUpdate, values))
      : result
  })

const cluster = { namespaced: false } as const

const definitions: readonly Definition[] = [
  {
    kind: 'ReplicationController',
    apiVersion: 'v1',
    plural: 'replicationcontrollers',
    shortNames: ['rc'],
    categories: ['all'],
    subresources: ['status', 'scale'],
    hasGeneration: true,
    defaults: (object) => {
      const labels = object['spec']?.template?.metadata?.labels
      const labelled = inField(object, 'metadata', (meta) => withAbsent(meta, labels === undefined ? {} : { labels }))
      return workload((spec) => withAbsent(spec, { replicas: 1, selector: labels }))(labelled, undefined as never)
    },
    columns: [
      nameColumn,
      counted('DESIRED', (o) => o['spec']?.replicas),
      counted('CURRENT', (o) => o['status']?.replicas),
      counted('READY', (o) => o['status']?.readyReplicas),
      ageColumn,
      ...templateColumns,
      { name: 'SELECTOR', wide: true, cell: (o) => labelsText(o['spec']?.selector) },
    ],
  },
  {
    kind: 'PodTemplate',
    apiVersion: 'v1',
    plural: 'podtemplates',
    columns: [
      nameColumn,
      at('CONTAINERS', (o) => ((o['template']?.spec?.containers ?? []) as readonly Fields[]).map((c) => c['name']).join(',')),
      at('IMAGES', (o) => ((o['template']?.spec?.containers ?? []) as readonly Fields[]).map((c) => c['image']).join(',')),
      { name: 'POD LABELS', cell: (o) => labelsText(o['template']?.metadata?.labels) },
    ],
  },
  {
    kind: 'DaemonSet',
    apiVersion: 'apps/v1',
    plural: 'daemonsets',
    shortNames: ['ds'],
    categories: ['all'],
    subresources: ['status'],
    hasGeneration: true,
    defaults: workload((spec) =>
      rolling('updateStrategy', { maxUnavailable: 1, maxSurge: 0 })(withAbsent(spec, { revisionHistoryLimit: 10 })),
    ),
    prepareCreate: (object) => ({
      ...object,
      status: { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 },
    }),
    columns: [
      nameColumn,
      counted('DESIRED', (o) => o['status']?.desiredNumberScheduled),
      counted('CURRENT', (o) => o['status']?.currentNumberScheduled),
      counted('READY', (o) => o['status']?.numberReady),
      counted('UP-TO-DATE', (o) => o['status']?.updatedNumberScheduled),
      counted('AVAILABLE', (o) => o['status']?.numberAvailable),
      { name: 'NODE SELECTOR', cell: (o) => labelsText(o['spec']?.template?.spec?.nodeSelector) },
      ageColumn,
      ...templateColumns,
      selectorColumn,
    ],
  },
  {
    kind: 'Job',
    apiVersion: 'batch/v1',
    plural: 'jobs',
    categories: ['all'],
    subresources: ['status'],
    hasGeneration: true,
    defaults: workload((spec) =>
      withAbsent(spec, {
        ...(spec['completions'] === undefined && spec['parallelism'] === undefined ? { completions: 1 } : {}),
        parallelism: 1,
        backoffLimit: spec['backoffLimitPerIndex'] === undefined ? 6 : 2_147_483_647,
        completionMode: 'NonIndexed',
        suspend: false,
        podReplacementPolicy: spec['podFailurePolicy'] === undefined ? 'TerminatingOrFailed' : 'Failed',
        manualSelector: false,
      }),
    ),
    columns: [
      nameColumn,
      { name: 'STATUS', cell: (o) => jobStatus(o) },
      { name: 'COMPLETIONS', cell: (o) => jobCompletions(o) },
      { name: 'DURATION', cell: (o, age) => (o['status']?.startTime && !o['status']?.completionTime ? age(o['status'].startTime) : '') },
      ageColumn,
      ...templateColumns,
      selectorColumn,
    ],
  },
  {
    kind: 'CronJob',
    apiVersion: 'batch/v1',
    plural: 'cronjobs',
    shortNames: ['cj'],
    categories: ['all'],
    subresources: ['status'],
    hasGeneration: true,
    defaults: (object) =>
      inField(object, 'spec', (spec) =>
        inField(
          withAbsent(spec, { concurrencyPolicy: 'Allow', suspend: false, successfulJobsHistoryLimit: 3, failedJobsHistoryLimit: 1 }),
          'jobTemplate',
          (template) => inField(template, 'spec', (job) => inField(job, 'template', podTemplateDefaults)),
        ),
      ),
    columns: [
      nameColumn,
      at('SCHEDULE', (o) => o['spec']?.schedule),
      at('TIMEZONE', (o) => o['spec']?.timeZone, '<none>'),
      { name: 'SUSPEND', cell: (o) => (o['spec']?.suspend === true ? 'True' : 'False') },
      counted('ACTIVE', (o) => (o['status']?.active ?? []).length),
      { name: 'LAST SCHEDULE', cell: (o, age) => (o['status']?.lastScheduleTime ? age(o['status'].lastScheduleTime) : '<none>') },
      ageColumn,
      ...templateColumns,
      { name: 'SELECTOR', wide: true, cell: () => '<none>' },
    ],
  },
  {
    kind: 'HorizontalPodAutoscaler',
    apiVersion: 'autoscaling/v2',
    plural: 'horizontalpodautoscalers',
    shortNames: ['hpa'],
    categories: ['all'],
    subresources: ['status'],
    defaults: (object) =>
      inField(object, 'spec', (spec) =>
        withAbsent(spec, {
          minReplicas: 1,
          metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } }],
        }),
      ),
    columns: [
      nameColumn,
      at('REFERENCE', (o) => `${o['spec']?.scaleTargetRef?.kind ?? ''}/${o['spec']?.scaleTargetRef?.name ?? ''}`),
      { name: 'TARGETS', cell: (o) => targetsText(o) },
      at('MINPODS', (o) => o['spec']?.minReplicas, '<unset>'),
      counted('MAXPODS', (o) => o['spec']?.maxReplicas),
      counted('REPLICAS', (o) => o['status']?.currentReplicas),
      ageColumn,
    ],
  },
  {
    kind: 'Ingress',
    apiVersion: 'networking.k8s.io/v1',
    plural: 'ingresses',
    shortNames: ['ing'],
    subresources: ['status'],
    hasGeneration: true,
    columns: [
      nameColumn,
      at('CLASS', (o) => o['spec']?.ingressClassName, '<none>'),
      {
        name: 'HOSTS',
        cell: (o) =>
          joined(
            ((o['spec']?.rules ?? []) as readonly Fields[]).map((rule) => rule['host'] ?? '').filter((host) => host !== ''),
            '*',
          ),
      },
      at('ADDRESS', () => ''),
      { name: 'PORTS', cell: (o) => ((o['spec']?.tls ?? []).length > 0 ? '80, 443' : '80') },
      ageColumn,
    ],
  },
  { kind: 'IngressClass', apiVersion: 'networking.k8s.io/v1', plural: 'ingressclasses', ...cluster, hasGeneration: true },
  {
    kind: 'NetworkPolicy',
    apiVersion: 'networking.k8s.io/v1',
    plural: 'networkpolicies',
    shortNames: ['netpol'],
    hasGeneration: true,
    defaults: (object) =>
      inField(object, 'spec', (spec) =>
        withAbsent(spec, { policyTypes: (spec['egress'] ?? []).length > 0 ? ['Ingress', 'Egress'] : ['Ingress'] }),
      ),
    columns: [nameColumn, { name: 'POD-SELECTOR', cell: (o) => labelsText(o['spec']?.podSelector?.matchLabels) }, ageColumn],
  },
  {
    kind: 'Role',
    apiVersion: 'rbac.authorization.k8s.io/v1',
    plural: 'roles',
    names: pathSegment,
    createsOnUpdate: true,
    columns: [nameColumn, at('CREATED AT', (o) => o.metadata.creationTimestamp)],
  },
  {
    kind: 'RoleBinding',
    apiVersion: 'rbac.authorization.k8s.io/v1',
    plural: 'rolebindings',
    names: pathSegment,
    createsOnUpdate: true,
    defaults: (object) => bindingDefaults(object),
    columns: [nameColumn, at('ROLE', (o) => `${o['roleRef']?.kind ?? ''}/${o['roleRef']?.name ?? ''}`), ageColumn],
  },
  {
    kind: 'ClusterRole',
    apiVersion: 'rbac.authorization.k8s.io/v1',
    plural: 'clusterroles',
    ...cluster,
    names: pathSegment,
    createsOnUpdate: true,
    columns: [nameColumn, at('CREATED AT', (o) => o.metadata.creationTimestamp)],
  },
  {
    kind: 'ClusterRoleBinding',
    apiVersion: 'rbac.authorization.k8s.io/v1',
    plural: 'clusterrolebindings',
    ...cluster,
    names: pathSegment,
    createsOnUpdate: true,
    defaults: (object) => bindingDefaults(object),
    columns: [nameColumn, at('ROLE', (o) => `${o['roleRef']?.kind ?? ''}/${o['roleRef']?.name ?? ''}`), ageColumn],
  },
  {
    kind: 'CustomResourceDefinition',
    apiVersion: 'apiextensions.k8s.io/v1',
    plural: 'customresourcedefinitions',
    shortNames: ['crd', 'crds'],
    categories: ['api-extensions'],
    ...cluster,
    subresources: ['status'],
    hasGeneration: true,
    columns: [nameColumn, at('CREATED AT', (o) => o.metadata.creationTimestamp)],
  },
  {
    kind: 'MutatingWebhookConfiguration',
    apiVersion: 'admissionregistration.k8s.io/v1',
    plural: 'mutatingwebhookconfigurations',
    categories: ['api-extensions'],
    ...cluster,
    hasGeneration: true,
    columns: [nameColumn, counted('WEBHOOKS', (o) => (o['webhooks'] ?? []).length), ageColumn],
  },
  {
    kind: 'ValidatingWebhookConfiguration',
    apiVersion: 'admissionregistration.k8s.io/v1',
    plural: 'validatingwebhookconfigurations',
    categories: ['api-extensions'],
    ...cluster,
    hasGeneration: true,
    columns: [nameColumn, counted('WEBHOOKS', (o) => (o['webhooks'] ?? []).length), ageColumn],
  },
  {
    kind: 'APIService',
    apiVersion: 'apiregistration.k8s.io/v1',
    plural: 'apiservices',
    categories: ['api-extensions'],
    ...cluster,
    subresources: ['status'],
  },
  {
    kind: 'RuntimeClass',
    apiVersion: 'node.k8s.io/v1',
    plural: 'runtimeclasses',
    ...cluster,
    createsOnUpdate: true,
    columns: [nameColumn, at('HANDLER', (o) => o['handler']), ageColumn],
  },
  {
    kind: 'VolumeAttributesClass',
    apiVersion: 'storage.k8s.io/v1',
    plural: 'volumeattributesclasses',
    shortNames: ['vac'],
    ...cluster,
    columns: [nameColumn, at('DRIVERNAME', (o) => o['driverName']), ageColumn],
  },
  {
    kind: 'LimitRange',
    apiVersion: 'v1',
    plural: 'limitranges',
    shortNames: ['limits'],
    createsOnUpdate: true,
    columns: [nameColumn, at('CREATED AT', (o) => o.metadata.creationTimestamp)],
  },
]

const jobStatus = (job: KubernetesObject): string => {
  const conditions: readonly { readonly type: string; readonly status: string }[] = job['status']?.conditions ?? []
  const holds = (type: string) => conditions.some((condition) => condition.type === type && condition.status === 'True')
  if (holds('Complete')) return 'Complete'
  if (holds('Failed')) return 'Failed'
  if (job.metadata.deletionTimestamp !== undefined) return 'Terminating'
  if (holds('Suspended')) return 'Suspended'
  return holds('FailureTarget') ? 'FailureTarget' : 'Running'
}

const jobCompletions = (job: KubernetesObject): string => {
  const done = count(job['status']?.succeeded)
  if (job['spec']?.completions !== undefined) return `${done}/${job['spec'].completions}`
  const parallel: number = job['spec']?.parallelism ?? 0
  return parallel > 1 ? `${done}/1 of ${parallel}` : `${done}/1`
}

const targetsText = (autoscaler: KubernetesObject): string => {
  const texts = ((autoscaler['spec']?.metrics ?? []) as readonly Fields[]).map((metric) => {
    const source: Fields = metric['resource'] ?? metric['containerResource'] ?? {}
    const target: Fields = source['target'] ?? {}
    const wanted =
      target['averageUtilization'] === undefined ? shown(target['averageValue'] ?? target['value']) : `${target['averageUtilization']}%`
    return metric['type'] === 'Resource' ? `${source['name']}: <unknown>/${wanted}` : `<unknown>/${wanted}`
  })
  return texts.length > 2 ? `${texts.slice(0, 2).join(', ')} + ${texts.length - 2} more...` : joined(texts)
}

const rbac = 'rbac.authorization.k8s.io'

const bindingDefaults = (object: KubernetesObject): KubernetesObject => {
  const referred = inField(object, 'roleRef', (ref) => withAbsent(ref, { apiGroup: rbac }))
  return inEach(referred, 'subjects', (subject) =>
    subject['kind'] === 'ServiceAccount' ? subject : withAbsent(subject, { apiGroup: rbac }),
  )
}

/** Stored-only kinds, by Kind. */
export const storedKinds: ReadonlyMap<string, Kind> = new Map(definitions.map((definition) => [definition.kind, defineKind(definition)]))
