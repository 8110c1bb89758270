/**
 * What a profile's storage puts into the API: classes, drivers, and what each node offers of them; and what the sidecars share.
 * Sources: cases/README.md 7; cases/golden/README.md ("initial"); node-and-storage.md C2, C4, F2.
 */
import type { Micros } from '../../engine/clock.ts'
import type { DriverData, ProfileData } from '../../world/profiles.ts'
import type { KubernetesObject } from '../objects/metadata.ts'

/** The annotation that makes a class the default. */
export const defaultClassAnnotation = 'storageclass.kubernetes.io/is-default-class'

/** Label of a node's zone, to which zonal volumes hold. Differs from Kubernetes: drivers with a label of their own use this one too. */
export const zoneLabel = 'topology.kubernetes.io/zone'
/** Label of a node's name, to which local volumes hold. */
export const hostLabel = 'kubernetes.io/hostname'

/** The StorageClasses of a profile; the first is the default. */
export const storageClassesOf = (profile: ProfileData): readonly KubernetesObject[] =>
  profile.classes.map((data, at) => ({
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: data.name, ...(at === 0 ? { annotations: { [defaultClassAnnotation]: 'true' } } : {}) },
    provisioner: data.driver,
    ...(data.parameters === undefined ? {} : { parameters: data.parameters }),
    reclaimPolicy: 'Delete',
    volumeBindingMode: data.binding,
    allowVolumeExpansion: true,
  }))

/** The CSIDriver objects of a profile. */
export const csiDriversOf = (profile: ProfileData): readonly KubernetesObject[] =>
  profile.drivers
    .filter((driver) => driver.csi)
    .map((driver) => ({
      apiVersion: 'storage.k8s.io/v1',
      kind: 'CSIDriver',
      metadata: { name: driver.name },
      spec: {
        attachRequired: driver.attachable,
        podInfoOnMount: false,
        volumeLifecycleModes: ['Persistent'],
        storageCapacity: false,
        fsGroupPolicy: 'ReadWriteOnceWithFSType',
        requiresRepublish: false,
        seLinuxMount: false,
        ...(driver.nodeAllocatableUpdatePeriodSeconds === undefined
          ? {}
          : { nodeAllocatableUpdatePeriodSeconds: driver.nodeAllocatableUpdatePeriodSeconds }),
      },
    }))

/** The labels by which a driver tells where a volume can be reached; null: everywhere. */
export const topologyKeysOf = (driver: DriverData): readonly string[] | null =>
  driver.holds === 'nothing' ? null : [driver.holds === 'zone' ? zoneLabel : hostLabel]

/** The CSINode of a node. `volumeLimit`: how many attachable volumes it takes. */
export const csiNodeOf = (profile: ProfileData, node: string, nodeUid: string | undefined, volumeLimit?: number): KubernetesObject => ({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'CSINode',
  metadata: {
    name: node,
    ...(nodeUid === undefined ? {} : { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: node, uid: nodeUid }] }),
  },
  spec: {
    drivers: profile.drivers
      .filter((driver) => driver.csi)
      .map((driver) => ({
        name: driver.name,
        nodeID: node,
        topologyKeys: topologyKeysOf(driver),
        ...(volumeLimit !== undefined && driver.attachable ? { allocatable: { count: volumeLimit } } : {}),
      })),
  },
})

/** `external-attacher/disk-csi-stsim-dev`: the attacher's finalizer. */
export const attacherFinalizer = (driver: string): string => `external-attacher/${driver.replaceAll('.', '-').replaceAll('/', '-')}`

/** The provisioner's finalizer. */
export const provisionerFinalizer = 'external-provisioner.volume.kubernetes.io/finalizer'

/** A back-off per thing: first, doubling, at most. */
export class Retries {
  private readonly first: Micros
  private readonly most: Micros
  private readonly delays = new Map<string, Micros>()

  constructor(first: Micros, most: Micros) {
    this.first = first
    this.most = most
  }

  /** How long the thing waits after this failure. */
  next(thing: string): Micros {
    const delay = this.delays.get(thing) ?? this.first
    this.delays.set(thing, Math.min(delay * 2, this.most))
    return delay
  }

  /** It went well. */
  forget(thing: string): void {
    this.delays.delete(thing)
  }
}
