/** `describe statefulset`. Source: kubectl.md 7.2; kubectl pkg/describe/describe.go (describeStatefulSet), 1.36. */
import type { KubernetesObject } from '../../objects/metadata.ts'
import { printSelector } from '../../objects/selector.ts'
import { longTime } from '../age.ts'
import { templateLines } from './template.ts'
import { annotationLines, eventLines, goList, labelLines, type Scene, Writer } from './writer.ts'

/** How many of its pods are in which phase, in describe's words. */
export function phaseText(pods: readonly KubernetesObject[]): string {
  const count = (phase: string): number => pods.filter((pod) => (pod['status']?.phase ?? 'Pending') === phase).length
  return `${count('Running')} Running / ${count('Pending')} Waiting / ${count('Succeeded')} Succeeded / ${count('Failed')} Failed`
}

/** The text; `pods` are those that the set manages. */
export function describeStatefulSet(set: KubernetesObject, pods: readonly KubernetesObject[], scene: Scene): string {
  const w = new Writer()
  const spec = set['spec'] ?? {}
  w.line(0, `Name:\t${set.metadata.name}`)
  w.line(0, `Namespace:\t${set.metadata.namespace}`)
  w.line(0, `CreationTimestamp:\t${longTime(set.metadata.creationTimestamp ?? '')}`)
  w.line(0, `Selector:\t${printSelector(spec.selector)}`)
  labelLines(w, 'Labels', set.metadata.labels)
  annotationLines(w, 'Annotations', set.metadata.annotations)
  w.line(0, `Replicas:\t${spec.replicas ?? 1} desired | ${set['status']?.replicas ?? 0} total`)
  w.line(0, `Update Strategy:\t${spec.updateStrategy?.type ?? ''}`)
  const rolling = spec.updateStrategy?.rollingUpdate
  if (rolling?.partition !== undefined) {
    w.line(1, `Partition:\t${rolling.partition}`)
    if (rolling.maxUnavailable !== undefined) w.line(1, `MaxUnavailable:\t${rolling.maxUnavailable}`)
  }
  w.line(0, `Pods Status:\t${phaseText(pods)}`)
  templateLines(w, spec.template ?? {})
  claimLines(w, (spec.volumeClaimTemplates ?? []) as readonly KubernetesObject[])
  eventLines(w, scene)
  return w.aligned()
}

function claimLines(w: Writer, claims: readonly KubernetesObject[]): void {
  if (claims.length === 0) return w.line(0, 'Volume Claims:\t<none>')
  w.line(0, 'Volume Claims:')
  for (const { metadata, spec = {} } of claims as readonly (KubernetesObject & { readonly spec?: KubernetesObject['spec'] })[]) {
    w.line(1, `Name:\t${metadata.name}`)
    w.line(1, `StorageClass:\t${metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? spec.storageClassName ?? ''}`)
    labelLines(w, 'Labels', metadata.labels, '  ')
    labelLines(w, 'Annotations', metadata.annotations, '  ')
    w.line(1, `Capacity:\t${spec.resources?.requests?.storage ?? '<default>'}`)
    w.line(1, `Access Modes:\t${goList(spec.accessModes)}`)
  }
}
