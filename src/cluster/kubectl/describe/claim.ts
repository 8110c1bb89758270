/** `describe pvc`. Source: kubectl.md 7.4; kubectl pkg/describe/describe.go (describePersistentVolumeClaim), 1.36. */

import { accessModesText } from '../../apiserver/kinds/cells.ts'
import type { KubernetesObject } from '../../objects/metadata.ts'
import { ageAt, longTime } from '../age.ts'
import { annotationLines, eventLines, goList, labelLines, listLines, type Scene, Writer } from './writer.ts'

type Volume = { readonly persistentVolumeClaim?: { readonly claimName?: string } }

/** The text; `pods` are all pods of the claim's namespace. */
export function describeClaim(claim: KubernetesObject, pods: readonly KubernetesObject[], scene: Scene): string {
  const w = new Writer()
  const { metadata } = claim
  const spec = claim['spec'] ?? {}
  const status = claim['status'] ?? {}
  w.line(0, `Name:\t${metadata.name}`)
  w.line(0, `Namespace:\t${metadata.namespace}`)
  w.line(0, `StorageClass:\t${metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? spec.storageClassName ?? ''}`)
  const isGoing = metadata.deletionTimestamp !== undefined
  w.line(0, `Status:\t${isGoing ? `Terminating (lasts ${ageAt(scene.now, metadata.deletionTimestamp)})` : (status.phase ?? '')}`)
  w.line(0, `Volume:\t${spec.volumeName ?? ''}`)
  labelLines(w, 'Labels', metadata.labels)
  annotationLines(w, 'Annotations', metadata.annotations)
  w.line(0, `Finalizers:\t${goList(metadata.finalizers)}`)
  const isBound = (spec.volumeName ?? '') !== ''
  w.line(0, `Capacity:\t${isBound ? (status.capacity?.storage ?? '0') : ''}`)
  w.line(0, `Access Modes:\t${isBound ? accessModesText(status.accessModes) : ''}`)
  if (spec.volumeMode !== undefined) w.line(0, `VolumeMode:\t${spec.volumeMode}`)
  if (spec.dataSource) {
    w.line(0, 'DataSource:')
    if (spec.dataSource.apiGroup !== undefined) w.line(1, `APIGroup:\t${spec.dataSource.apiGroup}`)
    w.line(1, `Kind:\t${spec.dataSource.kind}`)
    w.line(1, `Name:\t${spec.dataSource.name}`)
  }
  const users = pods.filter((pod) =>
    ((pod['spec']?.volumes ?? []) as readonly Volume[]).some((volume) => volume.persistentVolumeClaim?.claimName === metadata.name),
  )
  const owners = (metadata.ownerReferences ?? []).filter((owner) => owner.kind === 'Pod').map((owner) => owner.uid)
  const more = pods.filter((pod) => owners.includes(pod.metadata.uid ?? '') && !users.includes(pod))
  listLines(w, 'Used By', [...users, ...more].map((pod) => pod.metadata.name).sort())
  conditionLines(w, status.conditions ?? [])
  eventLines(w, scene)
  return w.aligned()
}

type Loose = {
  readonly type: string
  readonly status: string
  readonly reason?: string
  readonly message?: string
  readonly lastProbeTime?: string | null
  readonly lastTransitionTime?: string | null
}

/** Go's zero time, which is what an absent time is. */
const zeroTime = 'Mon, 01 Jan 0001 00:00:00 +0000'
const moment = (time: string | null | undefined): string => (time === null || time === undefined ? zeroTime : longTime(time))

function conditionLines(w: Writer, conditions: readonly Loose[]): void {
  if (conditions.length === 0) return
  w.line(0, 'Conditions:')
  w.line(1, 'Type\tStatus\tLastProbeTime\tLastTransitionTime\tReason\tMessage')
  w.line(1, '----\t------\t-----------------\t------------------\t------\t-------')
  for (const c of conditions) {
    w.line(
      1,
      `${c.type} \t${c.status} \t${moment(c.lastProbeTime)} \t${moment(c.lastTransitionTime)} \t${c.reason ?? ''} \t${c.message ?? ''}`,
    )
  }
}
