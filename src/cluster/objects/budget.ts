/** Disruption budgets. Source: k8s.io/api policy/v1 (1.36); node-and-storage.md B12. */
import type { Condition, KubernetesObject, Time } from './metadata.ts'
import { type LabelSelector, matches } from './selector.ts'

/** `PodDisruptionBudget` */
export type PodDisruptionBudget = KubernetesObject & {
  readonly spec: {
    readonly minAvailable?: number | string
    readonly maxUnavailable?: number | string
    readonly selector?: LabelSelector
    readonly unhealthyPodEvictionPolicy?: 'IfHealthyBudget' | 'AlwaysAllow'
  }
  readonly status?: {
    readonly observedGeneration?: number
    readonly disruptedPods?: Readonly<Record<string, Time>>
    readonly disruptionsAllowed: number
    readonly currentHealthy: number
    readonly desiredHealthy: number
    readonly expectedPods: number
    readonly conditions?: readonly Condition[]
  }
}

/** Whether a budget speaks of a pod: same namespace, and its selector selects it (an empty one selects all, an absent one none). */
export const covers = (budget: PodDisruptionBudget, pod: KubernetesObject): boolean =>
  budget.metadata.namespace === pod.metadata.namespace && matches(pod.metadata.labels, budget.spec.selector)

/** A number, or a percentage of `total` rounded up. Source: intstr.GetScaledValueFromIntOrPercent */
export const scaledUp = (value: number | string, total: number): number =>
  typeof value === 'number' ? value : Math.ceil((Number.parseInt(value, 10) * total) / 100)

/** A number, or a percentage of `total` rounded down. */
export const scaledDown = (value: number | string, total: number): number =>
  typeof value === 'number' ? value : Math.floor((Number.parseInt(value, 10) * total) / 100)
