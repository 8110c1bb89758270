/**
 * Nodes, and the questions that others ask about them: does a pod tolerate a taint, does a node suit a selector, where is it.
 * Source: scheduler.md 6.2 and 6.3; k8s.io/component-helpers (scheduling/corev1, node/topology).
 */
import type { Condition, KubernetesObject, ObjectMeta } from './metadata.ts'
import { isConditionTrue } from './metadata.ts'

/** What a taint does to pods that do not tolerate it. */
export type TaintEffect = 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute'

/** One entry of `spec.taints`. */
export type Taint = { readonly key: string; readonly value?: string; readonly effect: TaintEffect; readonly timeAdded?: string }

/** One entry of a pod's `spec.tolerations`. `Lt` and `Gt` need the gate TaintTolerationComparisonOperators. */
export type Toleration = {
  readonly key?: string
  readonly operator?: 'Exists' | 'Equal' | 'Lt' | 'Gt' | ''
  readonly value?: string
  readonly effect?: TaintEffect | ''
  readonly tolerationSeconds?: number
}

/** An image that a node reports to hold. */
export type NodeImage = { readonly names?: readonly string[]; readonly sizeBytes?: number }

/** A Node object. */
export type Node = KubernetesObject & {
  readonly kind: 'Node'
  readonly metadata: ObjectMeta
  readonly spec?: {
    readonly unschedulable?: boolean
    readonly taints?: readonly Taint[]
    readonly providerID?: string
    readonly podCIDR?: string
  }
  readonly status?: {
    readonly capacity?: Readonly<Record<string, string>>
    readonly allocatable?: Readonly<Record<string, string>>
    readonly conditions?: readonly Condition[]
    readonly addresses?: readonly { readonly type: string; readonly address: string }[]
    readonly images?: readonly NodeImage[]
    readonly volumesInUse?: readonly string[]
    readonly volumesAttached?: readonly { readonly name: string; readonly devicePath: string }[]
  }
}

/** Taints that Kubernetes itself sets. */
export const taintKeys = {
  notReady: 'node.kubernetes.io/not-ready',
  unreachable: 'node.kubernetes.io/unreachable',
  unschedulable: 'node.kubernetes.io/unschedulable',
  memoryPressure: 'node.kubernetes.io/memory-pressure',
  diskPressure: 'node.kubernetes.io/disk-pressure',
  pidPressure: 'node.kubernetes.io/pid-pressure',
  outOfService: 'node.kubernetes.io/out-of-service',
  shutdown: 'node.cloudprovider.kubernetes.io/shutdown',
} as const

/** Labels that say where a node is. The beta forms are read first by the scheduler's node tree. */
export const topologyLabels = {
  hostname: 'kubernetes.io/hostname',
  zone: 'topology.kubernetes.io/zone',
  region: 'topology.kubernetes.io/region',
  betaZone: 'failure-domain.beta.kubernetes.io/zone',
  betaRegion: 'failure-domain.beta.kubernetes.io/region',
} as const

/** Whether the node's condition Ready is True. */
export const isNodeReady = (node: KubernetesObject): boolean => isConditionTrue(node, 'Ready')

/** Whether the node is cordoned. */
export const isCordoned = (node: KubernetesObject): boolean => node['spec']?.unschedulable === true

/** The taints of a node, in their order. */
export const taintsOf = (node: KubernetesObject): readonly Taint[] => (node['spec']?.taints as readonly Taint[] | undefined) ?? []

/** The tolerations of a pod. */
export const tolerationsOf = (pod: KubernetesObject): readonly Toleration[] =>
  (pod['spec']?.tolerations as readonly Toleration[] | undefined) ?? []

/** Whether two taints are the same one: key and effect (the value is no part of a taint's identity). */
export const isSameTaint = (a: Taint, b: Taint): boolean => a.key === b.key && a.effect === b.effect

const wholeNumber = /^(0|[1-9][0-9]*|-[1-9][0-9]*)$/

/**
 * Whether one toleration covers one taint. `compares` is the gate TaintTolerationComparisonOperators: without it `Lt` and `Gt` cover nothing.
 * Source: scheduler.md 6.3.
 */
export const tolerates = (toleration: Toleration, taint: Taint, compares = false): boolean => {
  if (toleration.effect && toleration.effect !== taint.effect) return false
  if (toleration.key && toleration.key !== taint.key) return false
  switch (toleration.operator ?? '') {
    case '':
    case 'Equal':
      return (toleration.value ?? '') === (taint.value ?? '')
    case 'Exists':
      return true
    case 'Lt':
    case 'Gt': {
      const wanted = toleration.value ?? ''
      const found = taint.value ?? ''
      if (!compares || !wholeNumber.test(wanted) || !wholeNumber.test(found)) return false
      return toleration.operator === 'Lt' ? Number(found) < Number(wanted) : Number(found) > Number(wanted)
    }
    default:
      return false
  }
}

/** Whether any of the tolerations covers the taint. */
export const isTolerated = (tolerations: readonly Toleration[], taint: Taint, compares = false): boolean =>
  tolerations.some((toleration) => tolerates(toleration, taint, compares))

/** The first taint, in list order, that keeps the pod away (NoSchedule or NoExecute and not tolerated), if there is one. */
export const untoleratedTaint = (
  taints: readonly Taint[],
  tolerations: readonly Toleration[],
  compares = false,
  effects: readonly TaintEffect[] = ['NoSchedule', 'NoExecute'],
): Taint | undefined => taints.find((taint) => effects.includes(taint.effect) && !isTolerated(tolerations, taint, compares))

/** One requirement of a node selector term. */
export type NodeRequirement = {
  readonly key: string
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt'
  readonly values?: readonly string[]
}

/** One term of a node selector: all its requirements must hold; a term without any matches nothing. */
export type NodeSelectorTerm = { readonly matchExpressions?: readonly NodeRequirement[]; readonly matchFields?: readonly NodeRequirement[] }

/** `requiredDuringScheduling…` of a node affinity, and a volume's `nodeAffinity.required`. */
export type NodeSelector = { readonly nodeSelectorTerms?: readonly NodeSelectorTerm[] }

type Labels = Readonly<Record<string, string>> | undefined

const integer = /^[+-]?\d+$/

const requirementHolds = (requirement: NodeRequirement, found: string | undefined): boolean => {
  const values = requirement.values ?? []
  switch (requirement.operator) {
    case 'In':
      return found !== undefined && values.includes(found)
    case 'NotIn':
      return found === undefined || !values.includes(found)
    case 'Exists':
      return found !== undefined
    case 'DoesNotExist':
      return found === undefined
    case 'Gt':
    case 'Lt': {
      const bound = values[0] ?? ''
      if (found === undefined || values.length !== 1 || !integer.test(found) || !integer.test(bound)) return false
      return requirement.operator === 'Gt' ? Number(found) > Number(bound) : Number(found) < Number(bound)
    }
    default:
      return false
  }
}

/** Whether a term of a node selector matches a node of that name and with these labels. Source: scheduler.md 6.2. */
export const matchesTerm = (term: NodeSelectorTerm, name: string, labels: Labels): boolean => {
  const expressions = term.matchExpressions ?? []
  const fields = term.matchFields ?? []
  if (expressions.length === 0 && fields.length === 0) return false
  return (
    expressions.every((requirement) => requirementHolds(requirement, labels?.[requirement.key])) &&
    fields.every(
      (requirement) =>
        requirement.key === 'metadata.name' &&
        (requirement.operator === 'In' || requirement.operator === 'NotIn') &&
        requirement.values?.length === 1 &&
        requirementHolds(requirement, name),
    )
  )
}

/** Whether a node selector matches a node: any term is enough, none matches nothing. */
export const matchesNodeSelector = (selector: NodeSelector, name: string, labels: Labels): boolean =>
  (selector.nodeSelectorTerms ?? []).some((term) => matchesTerm(term, name, labels))

/** The required node affinity of a pod, if it has one. */
export const requiredNodeAffinity = (pod: KubernetesObject): NodeSelector | undefined =>
  pod['spec']?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution

/** Whether a pod's nodeSelector and required node affinity admit a node. */
export const suitsNode = (pod: KubernetesObject, name: string, labels: Labels): boolean => {
  const wanted = pod['spec']?.nodeSelector as Labels
  if (wanted !== undefined) for (const key of Object.keys(wanted)) if (labels?.[key] !== wanted[key]) return false
  const required = requiredNodeAffinity(pod)
  return required === undefined || matchesNodeSelector(required, name, labels)
}

/**
 * The zone of a node as the scheduler's node list knows it: region and zone, the beta labels first; '' for a node with neither.
 * Source: scheduler.md 4; component-helpers/node/topology GetZoneKey.
 */
export const zoneKeyOf = (node: KubernetesObject): string => {
  const labels = node.metadata.labels
  if (labels === undefined) return ''
  const zone = labels[topologyLabels.betaZone] ?? labels[topologyLabels.zone] ?? ''
  const region = labels[topologyLabels.betaRegion] ?? labels[topologyLabels.region] ?? ''
  return zone === '' && region === '' ? '' : `${region}:\u0000:${zone}`
}
