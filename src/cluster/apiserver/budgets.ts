/** Which budgets have a say about a pod. Source: node-and-storage.md B12. */
import type { KubernetesObject } from '../objects/metadata.ts'
import { type LabelSelector, matches } from '../objects/selector.ts'
import type { View } from './collection.ts'

/** The PodDisruptionBudgets of the pod's namespace that select it, by name. An empty selector selects all, an absent one nothing. */
export const budgetsOf = (store: View, pod: KubernetesObject): readonly KubernetesObject[] =>
  store
    .of('PodDisruptionBudget')
    .list(pod.metadata.namespace)
    .filter((budget) => {
      const selector = budget['spec']?.selector as LabelSelector | undefined
      return matches(pod.metadata.labels, selector)
    })
