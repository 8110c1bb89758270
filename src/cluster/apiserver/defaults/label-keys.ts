/**
 * Label keys become part of selectors when a pod is created: the pod's own values of `matchLabelKeys` (and `mismatchLabelKeys`) are what others are
 * compared with. Source: scheduler.md 0.1, 7.13, 7.16; pkg/registry/core/pod/strategy.go (applyMatchLabelKeysAndMismatchLabelKeys).
 *
 * Differs from Kubernetes: this comes before admission, so labels that admission adds (zone and region of a pod that is created on a node) are not
 * among the pod's own.
 */
import type { KubernetesObject } from '../../objects/metadata.ts'
import type { Labels } from '../../objects/selector.ts'
import type { Fields } from './share.ts'

const requiredField = 'requiredDuringSchedulingIgnoredDuringExecution'
const preferredField = 'preferredDuringSchedulingIgnoredDuringExecution'

const expressionsOf = (keys: readonly string[] | undefined, operator: 'In' | 'NotIn', labels: Labels): readonly object[] =>
  (keys ?? []).flatMap((key) => (labels?.[key] === undefined ? [] : [{ key, operator, values: [labels[key]] }]))

const merged = (term: Fields, labels: Labels): Fields => {
  const selector = term['labelSelector'] as Fields | undefined
  if (selector === undefined) return term
  const more = [...expressionsOf(term['matchLabelKeys'], 'In', labels), ...expressionsOf(term['mismatchLabelKeys'], 'NotIn', labels)]
  if (more.length === 0) return term
  return { ...term, labelSelector: { ...selector, matchExpressions: [...(selector['matchExpressions'] ?? []), ...more] } }
}

const mergedAffinity = (affinity: Fields | undefined, labels: Labels): Fields | undefined => {
  if (affinity === undefined) return undefined
  const required = affinity[requiredField] as readonly Fields[] | undefined
  const preferred = affinity[preferredField] as readonly Fields[] | undefined
  return {
    ...affinity,
    ...(required === undefined ? {} : { [requiredField]: required.map((term) => merged(term, labels)) }),
    ...(preferred === undefined
      ? {}
      : { [preferredField]: preferred.map((one) => ({ ...one, podAffinityTerm: merged(one['podAffinityTerm'] ?? {}, labels) })) }),
  }
}

/** A new pod with its label keys merged into its selectors; topology spread constraints only from 1.34 on. */
export const withLabelKeys = (pod: KubernetesObject, mergesSpread: boolean): KubernetesObject => {
  const { affinity, topologySpreadConstraints: spread } = (pod['spec'] ?? {}) as Fields
  const { labels } = pod.metadata
  const asks = (term: Fields): boolean => term['matchLabelKeys'] !== undefined || term['mismatchLabelKeys'] !== undefined
  const terms = (one: Fields | undefined): readonly Fields[] => [
    ...((one?.[requiredField] ?? []) as readonly Fields[]),
    ...((one?.[preferredField] ?? []) as readonly Fields[]).map((weighted) => (weighted['podAffinityTerm'] ?? {}) as Fields),
  ]
  const inAffinity = [...terms(affinity?.podAffinity), ...terms(affinity?.podAntiAffinity)].some(asks)
  const inSpread = mergesSpread && ((spread ?? []) as readonly Fields[]).some(asks)
  if (!inAffinity && !inSpread) return pod
  const podAffinity = mergedAffinity(affinity?.podAffinity, labels)
  const podAntiAffinity = mergedAffinity(affinity?.podAntiAffinity, labels)
  return {
    ...pod,
    spec: {
      ...pod['spec'],
      ...(inAffinity
        ? {
            affinity: {
              ...affinity,
              ...(podAffinity === undefined ? {} : { podAffinity }),
              ...(podAntiAffinity === undefined ? {} : { podAntiAffinity }),
            },
          }
        : {}),
      ...(inSpread ? { topologySpreadConstraints: (spread as readonly Fields[]).map((one) => merged(one, labels)) } : {}),
    },
  }
}
