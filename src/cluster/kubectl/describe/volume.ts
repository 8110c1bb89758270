/** `describe pv`. Source: kubectl.md 7.5; kubectl pkg/describe/describe.go (describePersistentVolume), 1.36. */
import { accessModesText } from '../../apiserver/kinds/cells.ts'
import type { KubernetesObject } from '../../objects/metadata.ts'
import { ageAt } from '../age.ts'
import { attributeTexts } from './template.ts'
import { annotationLines, eventLines, goList, labelLines, listLines, type Scene, Writer } from './writer.ts'

/** The text. */
export function describeVolume(volume: KubernetesObject, scene: Scene): string {
  const w = new Writer()
  const { metadata } = volume
  const spec = volume['spec'] ?? {}
  const status = volume['status'] ?? {}
  w.line(0, `Name:\t${metadata.name}`)
  labelLines(w, 'Labels', metadata.labels)
  annotationLines(w, 'Annotations', metadata.annotations)
  w.line(0, `Finalizers:\t${goList(metadata.finalizers)}`)
  w.line(0, `StorageClass:\t${metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? spec.storageClassName ?? ''}`)
  const isGoing = metadata.deletionTimestamp !== undefined
  w.line(0, `Status:\t${isGoing ? `Terminating (lasts ${ageAt(scene.now, metadata.deletionTimestamp)})` : (status.phase ?? '')}`)
  w.line(0, `Claim:\t${spec.claimRef ? `${spec.claimRef.namespace}/${spec.claimRef.name}` : ''}`)
  w.line(0, `Reclaim Policy:\t${spec.persistentVolumeReclaimPolicy ?? ''}`)
  w.line(0, `Access Modes:\t${accessModesText(spec.accessModes)}`)
  if (spec.volumeMode !== undefined) w.line(0, `VolumeMode:\t${spec.volumeMode}`)
  w.line(0, `Capacity:\t${spec.capacity?.storage ?? '0'}`)
  affinityLines(w, spec.nodeAffinity)
  w.line(0, `Message:\t${status.message ?? ''}`)
  sourceLines(w, spec)
  eventLines(w, scene)
  return w.aligned()
}

type Term = {
  readonly matchExpressions?: readonly { readonly key: string; readonly operator: string; readonly values?: readonly string[] }[]
}

function affinityLines(w: Writer, affinity: { readonly required?: { readonly nodeSelectorTerms?: readonly Term[] } } | undefined): void {
  const required = affinity?.required
  if (required === undefined) return w.line(0, 'Node Affinity:\t<none>')
  w.line(0, 'Node Affinity:\t')
  const terms = required.nodeSelectorTerms ?? []
  w.line(1, `Required Terms:\t${terms.length === 0 ? '<none>' : ''}`)
  for (const [i, term] of terms.entries()) {
    const texts = (term.matchExpressions ?? []).map((each) => {
      const values = (each.values ?? []).length > 0 ? ` [${(each.values ?? []).join(', ')}]` : ''
      return `${each.key} ${each.operator.toLowerCase()}${values}`
    })
    w.write(2, `Term ${i}:\t`)
    if (texts.length === 0) w.line(0, '<none>')
    for (const [j, text] of texts.entries()) w.line(0, `${j === 0 ? '' : '    \t'}${text}`)
  }
}

// biome-ignore lint/suspicious/noExplicitAny: sources are shown as they come
function sourceLines(w: Writer, spec: Readonly<Record<string, any>>): void {
  w.line(0, 'Source:')
  const { csi, hostPath, local, nfs } = spec
  if (csi) {
    w.line(2, 'Type:\tCSI (a Container Storage Interface (CSI) volume source)')
    w.line(2, `Driver:\t${csi.driver ?? ''}`)
    w.line(2, `FSType:\t${csi.fsType ?? ''}`)
    w.line(2, `VolumeHandle:\t${csi.volumeHandle ?? ''}`)
    w.line(2, `ReadOnly:\t${csi.readOnly === true}`)
    listLines(w, '    VolumeAttributes', attributeTexts(csi.volumeAttributes))
  } else if (hostPath) {
    w.line(2, 'Type:\tHostPath (bare host directory volume)')
    w.line(2, `Path:\t${hostPath.path ?? ''}`)
    w.line(2, `HostPathType:\t${hostPath.type ?? '<none>'}`)
  } else if (local) {
    w.line(2, 'Type:\tLocalVolume (a persistent volume backed by local storage on a node)')
    w.line(2, `Path:\t${local.path ?? ''}`)
  } else if (nfs) {
    w.line(2, 'Type:\tNFS (an NFS mount that lasts the lifetime of a pod)')
    w.line(2, `Server:\t${nfs.server ?? ''}`)
    w.line(2, `Path:\t${nfs.path ?? ''}`)
    w.line(2, `ReadOnly:\t${nfs.readOnly === true}`)
  } else w.line(1, '<unknown>')
}
