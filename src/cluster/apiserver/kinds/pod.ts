/** Pods. Source: pkg/registry/core/pod/strategy.go, pkg/apis/core/validation (1.36); kubectl.md 3.5. */
import { withoutPodLevel } from '../../objects/fit.ts'
import type { KubernetesObject } from '../../objects/metadata.ts'
import { dnsSubdomain } from '../../objects/names.ts'
import { withLabelKeys } from '../defaults/label-keys.ts'
import { ownPodSpecDefaults } from '../defaults/pod-spec.ts'
import { inField, withField } from '../defaults/share.ts'
import type { Kind } from '../kind.ts'
import { validatePod, validatePodStatusUpdate, validatePodUpdate } from '../validate/pod.ts'
import { podWarnings } from '../validate/pod-warnings.ts'
import { shown } from './cells.ts'
import { ageColumn, defineKind, nameColumn } from './define.ts'
import { podCells } from './pod-cells.ts'
import { qosClass } from './qos.ts'

const restarts = (pod: KubernetesObject, age: (time: string | undefined) => string): string => {
  const cells = podCells(pod)
  return cells.restarts > 0 && cells.lastRestart !== undefined
    ? `${cells.restarts} (${age(cells.lastRestart)} ago)`
    : String(cells.restarts)
}

const readinessGates = (pod: KubernetesObject): string => {
  const gates: readonly { readonly conditionType: string }[] = pod['spec']?.readinessGates ?? []
  if (gates.length === 0) return '<none>'
  const conditions: readonly { readonly type: string; readonly status: string }[] = pod['status']?.conditions ?? []
  const met = gates.filter((gate) => conditions.find((condition) => condition.type === gate.conditionType)?.status === 'True')
  return `${met.length}/${gates.length}`
}

const firstAddress = (pod: KubernetesObject): string => pod['status']?.podIPs?.[0]?.ip ?? pod['status']?.podIP ?? ''

/** What a new pod begins with: Pending, and gated if it names gates. */
const firstStatus = (pod: KubernetesObject): KubernetesObject => {
  const gated = ((pod['spec']?.schedulingGates ?? []) as readonly unknown[]).length > 0
  return {
    phase: 'Pending',
    ...(gated
      ? { conditions: [{ type: 'PodScheduled', status: 'False', lastProbeTime: null, lastTransitionTime: null, ...gatedCondition }] }
      : {}),
    qosClass: qosClass(pod),
  } as unknown as KubernetesObject
}

const gatedCondition = { reason: 'SchedulingGated', message: 'Scheduling is blocked due to non-empty scheduling gates' }

export const pod: Kind = defineKind({
  kind: 'Pod',
  apiVersion: 'v1',
  plural: 'pods',
  shortNames: ['po'],
  categories: ['all'],
  runs: true,
  subresources: ['status', 'eviction', 'binding', 'ephemeralcontainers'],
  hasGeneration: true,
  names: dnsSubdomain,
  defaults: (object) => inField(object, 'spec', ownPodSpecDefaults),
  prepareCreate: (object, { gates }) => {
    const own = withLabelKeys(object, gates.on('MatchLabelKeysInPodTopologySpreadSelectorMerge'))
    return withField(gates.on('PodLevelResources') ? own : withoutPodLevel(own), 'status', firstStatus(object))
  },
  rules: validatePod,
  updateRules: validatePodUpdate,
  statusRules: validatePodStatusUpdate,
  warnings: (object, old) => podWarnings(object, old),
  columns: [
    nameColumn,
    { name: 'READY', cell: (object) => podCells(object).ready },
    { name: 'STATUS', cell: (object) => podCells(object).status },
    { name: 'RESTARTS', cell: restarts },
    ageColumn,
    { name: 'IP', wide: true, cell: (object) => shown(firstAddress(object), '<none>') },
    { name: 'NODE', wide: true, cell: (object) => shown(object['spec']?.nodeName, '<none>') },
    { name: 'NOMINATED NODE', wide: true, cell: (object) => shown(object['status']?.nominatedNodeName, '<none>') },
    { name: 'READINESS GATES', wide: true, cell: readinessGates },
  ],
  fields: {
    'spec.nodeName': (object) => object['spec']?.nodeName ?? '',
    'spec.restartPolicy': (object) => object['spec']?.restartPolicy ?? '',
    'spec.schedulerName': (object) => object['spec']?.schedulerName ?? '',
    'spec.serviceAccountName': (object) => object['spec']?.serviceAccountName ?? '',
    'spec.hostNetwork': (object) => String(object['spec']?.hostNetwork ?? false),
    'status.phase': (object) => object['status']?.phase ?? '',
    'status.podIP': (object) => firstAddress(object),
    'status.podIPs': (object) => firstAddress(object),
    'status.nominatedNodeName': (object) => object['status']?.nominatedNodeName ?? '',
  },
})
