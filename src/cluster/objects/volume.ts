/**
 * Storage as the API shows it: claims, volumes, classes, attachments, and what CSI drivers say of themselves.
 * Which claim fits which volume is asked in volume-matching.ts.
 * Source: k8s.io/api core/v1 and storage/v1 (1.36).
 */
import type { KubernetesObject, Time } from './metadata.ts'
import type { NodeSelector } from './node.ts'
import type { LabelSelector } from './selector.ts'

/** Who may use a volume, and how many of them. Source: node-and-storage.md C8 */
export type AccessMode = 'ReadWriteOnce' | 'ReadOnlyMany' | 'ReadWriteMany' | 'ReadWriteOncePod'

/** What a claim asks for. */
export type ClaimSpec = {
  readonly accessModes?: readonly AccessMode[]
  readonly resources?: { readonly requests?: Readonly<Record<string, string>>; readonly limits?: Readonly<Record<string, string>> }
  /** Absent: the default class (filled in by admission); '': no class. */
  readonly storageClassName?: string
  readonly volumeMode?: 'Filesystem' | 'Block'
  readonly volumeName?: string
  readonly selector?: LabelSelector
  readonly volumeAttributesClassName?: string
}

/** `PersistentVolumeClaim` */
export type Claim = KubernetesObject & {
  readonly spec: ClaimSpec
  readonly status?: {
    readonly phase?: 'Pending' | 'Bound' | 'Lost'
    readonly accessModes?: readonly AccessMode[]
    readonly capacity?: Readonly<Record<string, string>>
  }
}

/** `PersistentVolume` */
export type Volume = KubernetesObject & {
  readonly spec: {
    readonly capacity?: Readonly<Record<string, string>>
    readonly accessModes?: readonly AccessMode[]
    readonly claimRef?: { readonly namespace?: string; readonly name?: string; readonly uid?: string }
    readonly persistentVolumeReclaimPolicy?: 'Delete' | 'Retain' | 'Recycle'
    readonly storageClassName?: string
    readonly volumeMode?: 'Filesystem' | 'Block'
    readonly nodeAffinity?: { readonly required?: NodeSelector }
    readonly csi?: { readonly driver: string; readonly volumeHandle: string; readonly fsType?: string }
  }
  readonly status?: { readonly phase?: 'Pending' | 'Available' | 'Bound' | 'Released' | 'Failed'; readonly reason?: string; readonly message?: string }
}

/** `StorageClass` */
export type StorageClass = KubernetesObject & {
  readonly provisioner: string
  readonly reclaimPolicy?: 'Delete' | 'Retain'
  readonly volumeBindingMode?: 'Immediate' | 'WaitForFirstConsumer'
  readonly allowVolumeExpansion?: boolean
  readonly parameters?: Readonly<Record<string, string>>
}

/** `VolumeAttachment` */
export type VolumeAttachment = KubernetesObject & {
  readonly spec: { readonly attacher: string; readonly nodeName: string; readonly source: { readonly persistentVolumeName?: string } }
  readonly status?: {
    readonly attached?: boolean
    readonly attachError?: { readonly message?: string; readonly time?: Time }
    readonly detachError?: { readonly message?: string; readonly time?: Time }
  }
}

/** `CSINode` */
export type CSINode = KubernetesObject & {
  readonly spec: {
    readonly drivers: readonly {
      readonly name: string
      readonly nodeID: string
      readonly topologyKeys?: readonly string[] | null
      readonly allocatable?: { readonly count?: number }
    }[]
  }
}

/** `CSIDriver` */
export type CSIDriver = KubernetesObject & { readonly spec: { readonly attachRequired?: boolean; readonly nodeAllocatableUpdatePeriodSeconds?: number } }


/** The name of the class of a claim or a volume, '' for none. The old annotation still counts (GetPersistentVolumeClaimClass). */
export const classOf = (object: KubernetesObject): string =>
  object.metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? (object['spec']?.storageClassName as string | undefined) ?? ''
