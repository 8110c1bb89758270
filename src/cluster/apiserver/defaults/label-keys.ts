/**
 * Label keys become part of selectors when a pod is created: the pod's own values of `matchLabelKeys` (and `mismatchLabelKeys`) are what others are
 * compared with. Source: scheduler.md 0.1, 7.13, 7.16; pkg/registry/core/pod/strategy.go (applyMatchLabelKeysAndMismatchLabelKeys).
 *
 * Differs from Kubernetes: this comes before admission, so labels that admission adds (zone and region of a pod that is created on a node) are not
 * among the pod's own.
 */
import type { KubernetesObject } from '../../objects/metadata.ts'
import type { Labels } from '../../objects/selector.ts'
import { type Fields, inEach, inField } from './share.ts'

const requiredField = 'requiredDuringSchedulingIgnoredDuringExecution'
const preferredField = 'preferredDuringSchedulingIgnoredDuringExecution'

const expressionsOf = (keys: readonly string[] | undefined, operator: 'In' | 'NotIn', labels: Labels): readonly object[] =>
  (keys ?? []).flatMap((key) => (labels?.[key] === undefined ? [] : [{ key, operator, values: [labels[key]] }]))

const merged =
  (labels: Labels) =>
  (term: Fields): Fields =>
    inField(term, 'labelSelector', (selector) => {
      const more = [...expressionsOf(term['matchLabelKeys'], 'In', labels), ...expressionsOf(term['mismatchLabelKeys'], 'NotIn', labels)]
      return more.length === 0 ? selector : { ...selector, matchExpressions: [...(selector['matchExpressions'] ?? []), ...more] }
    })

/** A new pod with its label keys merged into its selectors; topology spread constraints only from 1.34 on. */
export const withLabelKeys = (pod: KubernetesObject, mergesSpread: boolean): KubernetesObject => {
  const merge = merged(pod.metadata.labels)
  const inTerms = (affinity: Fields): Fields =>
    inEach(inEach(affinity, requiredField, merge), preferredField, (weighted) => inField(weighted, 'podAffinityTerm', merge))
  return inField(pod, 'spec', (spec) => {
    const inAffinity = inField(spec, 'affinity', (affinity) =>
      inField(inField(affinity, 'podAffinity', inTerms), 'podAntiAffinity', inTerms),
    )
    return mergesSpread ? inEach(inAffinity, 'topologySpreadConstraints', merge) : inAffinity
  })
}
