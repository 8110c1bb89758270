/**
 * The subresource `scale`: a small object that stands for spec.replicas. Source: statefulset.md 13.4.
 */
import type { KubernetesObject } from '../objects/metadata.ts'
import { type LabelSelector, printSelector } from '../objects/selector.ts'
import type { Named } from './errors.ts'
import * as errors from './errors.ts'
import type { Kind } from './kind.ts'
import type { Status } from './request.ts'

/** How messages name it. */
export const scaleKind: Named = { kind: 'Scale', plural: 'scales', group: 'autoscaling' }

/** `autoscaling/v1 Scale` of an object. */
export const scaleOf = (object: KubernetesObject): KubernetesObject => {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata
  return {
    apiVersion: 'autoscaling/v1',
    kind: 'Scale',
    metadata: Object.fromEntries(
      Object.entries({ name, namespace, uid, resourceVersion, creationTimestamp }).filter(([, value]) => value !== undefined),
    ) as unknown as KubernetesObject['metadata'],
    spec: { replicas: object['spec']?.replicas ?? 0 },
    status: { replicas: object['status']?.replicas ?? 0, selector: selectorText(object['spec']?.selector) },
  }
}

/** The object with the replicas of a written Scale, or why not. */
export const scaledBy = (
  kind: Kind,
  old: KubernetesObject,
  scale: KubernetesObject,
): { readonly object: KubernetesObject } | { readonly refused: Status } => {
  const { name } = old.metadata
  const { uid, resourceVersion } = scale.metadata
  if (uid !== undefined && uid !== '' && uid !== old.metadata.uid)
    return { refused: errors.uidConflict(kind, name, uid, old.metadata.uid ?? '') }
  if (resourceVersion !== undefined && resourceVersion !== '' && resourceVersion !== old.metadata.resourceVersion) {
    return { refused: errors.conflict(kind, name) }
  }
  const replicas = (scale['spec']?.replicas as number | undefined) ?? 0
  if (replicas < 0) {
    const message = `Invalid value: ${replicas}: must be greater than or equal to 0`
    return { refused: errors.invalid(scaleKind, name, [{ reason: 'FieldValueInvalid', field: 'spec.replicas', message }]) }
  }
  return { object: { ...old, spec: { ...old['spec'], replicas } } }
}

/** A ReplicationController's selector is a plain map, the others' a label selector. */
const selectorText = (selector: LabelSelector | Readonly<Record<string, string>> | undefined): string => {
  if (selector === undefined) return ''
  const isLabelSelector = 'matchLabels' in selector || 'matchExpressions' in selector
  return printSelector(isLabelSelector ? (selector as LabelSelector) : { matchLabels: selector as Readonly<Record<string, string>> })
}
