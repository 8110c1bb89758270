import type { KubernetesObject } from '../../objects/metadata.ts'
import { type AdmissionPlugin, admitted } from './plugin.ts'

/** Marks the default StorageClass. */
const defaultAnnotation = 'storageclass.kubernetes.io/is-default-class'

const isDefault = (storageClass: KubernetesObject): boolean => storageClass.metadata.annotations?.[defaultAnnotation] === 'true'

/** Newest first, then by name, as the API server chooses among several defaults. */
const newest = (a: KubernetesObject, b: KubernetesObject): number => {
  const left = a.metadata.creationTimestamp ?? ''
  const right = b.metadata.creationTimestamp ?? ''
  if (left !== right) return left > right ? -1 : 1
  return a.metadata.name < b.metadata.name ? -1 : 1
}

/** A claim that names no class gets the default one. Source: node-and-storage.md C1; plugin/pkg/admission/storage/storageclass. */
export const defaultStorageClass: AdmissionPlugin = {
  name: 'DefaultStorageClass',
  kinds: ['PersistentVolumeClaim'],
  create: (claim, context) => {
    if (
      claim['spec']?.storageClassName !== undefined ||
      claim.metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] !== undefined
    ) {
      return admitted(claim)
    }
    const chosen = [...context.store.of('StorageClass').values()].filter(isDefault).sort(newest)[0]
    return admitted(chosen === undefined ? claim : { ...claim, spec: { ...claim['spec'], storageClassName: chosen.metadata.name } })
  },
}

const finalizerOf: Readonly<Record<string, string>> = {
  PersistentVolumeClaim: 'kubernetes.io/pvc-protection',
  PersistentVolume: 'kubernetes.io/pv-protection',
}

/** Claims and volumes are held while they are in use. Source: node-and-storage.md C9. */
export const storageObjectInUseProtection: AdmissionPlugin = {
  name: 'StorageObjectInUseProtection',
  kinds: ['PersistentVolumeClaim', 'PersistentVolume'],
  create: (object) => {
    const finalizer = finalizerOf[object.kind] as string
    const finalizers = object.metadata.finalizers ?? []
    return admitted(
      finalizers.includes(finalizer) ? object : { ...object, metadata: { ...object.metadata, finalizers: [...finalizers, finalizer] } },
    )
  },
}
