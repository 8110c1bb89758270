/**
 * The one deletion that asks the budget first. Source: node-and-storage.md B12, "Eviction".
 */
import { isConditionTrue, type KubernetesObject } from '../objects/metadata.ts'
import type { Status } from './request.ts'

/** What the budgets say to the eviction of a pod. */
export type Verdict =
  /** Delete it; no budget is used. */
  | { readonly kind: 'delete' }
  /** Delete it, after `budget` (with one disruption less and the pod noted) has been stored. */
  | { readonly kind: 'use'; readonly budget: KubernetesObject }
  | { readonly kind: 'refuse'; readonly status: Status }

const tooMany = (cause: string | undefined, retryAfterSeconds?: number): Verdict => ({
  kind: 'refuse',
  status: {
    code: 429,
    reason: 'TooManyRequests',
    message: "Cannot evict pod as it would violate the pod's disruption budget.",
    details: {
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
      ...(cause === undefined ? {} : { causes: [{ reason: 'DisruptionBudget', message: cause }] }),
    },
  },
})

/** Whether no budget has a say: nothing runs, or it is going anyway. */
const isPastBudgets = (pod: KubernetesObject): boolean => {
  const phase = pod['status']?.phase
  return pod.metadata.deletionTimestamp !== undefined || phase === 'Pending' || phase === 'Succeeded' || phase === 'Failed'
}

/** The verdict on one pod, given the budgets of its namespace that match it. `time` is now. */
export const evictionOf = (pod: KubernetesObject, budgets: readonly KubernetesObject[], time: string): Verdict => {
  if (isPastBudgets(pod)) return { kind: 'delete' }
  if (budgets.length > 1) {
    return {
      kind: 'refuse',
      status: {
        code: 500,
        reason: 'InternalError',
        message: 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
      },
    }
  }
  const budget = budgets[0]
  if (budget === undefined) return { kind: 'delete' }
  const status = (budget['status'] ?? {}) as BudgetStatus
  if (!isConditionTrue(pod, 'Ready')) {
    if (budget['spec']?.unhealthyPodEvictionPolicy === 'AlwaysAllow') return { kind: 'delete' }
    const desired = status.desiredHealthy ?? 0
    if ((status.currentHealthy ?? 0) >= desired && desired > 0) return { kind: 'delete' }
  }
  const name = budget.metadata.name
  if ((status.observedGeneration ?? 0) < (budget.metadata.generation ?? 0)) {
    return tooMany(`The disruption budget ${name} is still being processed by the server.`, 10)
  }
  const allowed = status.disruptionsAllowed ?? 0
  if (allowed <= 0) return tooMany(whyNone(name, budget, status))
  return {
    kind: 'use',
    budget: {
      ...budget,
      status: {
        ...status,
        disruptionsAllowed: allowed - 1,
        disruptedPods: { ...status.disruptedPods, [pod.metadata.name]: time },
        ...(allowed - 1 === 0 ? { conditions: noneLeft(budget, time) } : {}),
      },
    },
  }
}

type BudgetStatus = {
  readonly observedGeneration?: number
  readonly disruptionsAllowed?: number
  readonly currentHealthy?: number
  readonly desiredHealthy?: number
  readonly disruptedPods?: Readonly<Record<string, string>>
  readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason?: string; readonly message?: string }[]
}

const whyNone = (name: string, budget: KubernetesObject, status: BudgetStatus): string => {
  const current = status.currentHealthy ?? 0
  const desired = status.desiredHealthy ?? 0
  if (current <= desired) return `The disruption budget ${name} needs ${desired} healthy pods and has ${current} currently`
  const condition = status.conditions?.find((each) => each.type === 'DisruptionAllowed')
  return condition?.status === 'False'
    ? `The disruption budget ${budget.metadata.name} does not allow evicting pods currently (${condition.reason ?? ''}): ${condition.message ?? ''}`
    : `The disruption budget ${name} needs ${desired} healthy pods and has ${current} currently`
}

/** The budget's condition once the last disruption is used (pkg/controller/disruption, UpdateDisruptionAllowedCondition). */
const noneLeft = (budget: KubernetesObject, time: string): readonly unknown[] => {
  const before = (budget['status']?.conditions ?? []) as readonly { readonly type: string; readonly status: string }[]
  return before.map((condition) =>
    condition.type === 'DisruptionAllowed' && condition.status !== 'False'
      ? {
          ...condition,
          status: 'False',
          reason: 'InsufficientPods',
          lastTransitionTime: time,
          observedGeneration: budget.metadata.generation,
        }
      : condition,
  )
}
