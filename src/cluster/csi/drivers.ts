/**
 * What the sidecars of the drivers share. Sources: node-and-storage.md C2, C4; cases/golden/README.md (finalizers as the real ones write
 * them).
 */
import type { Micros } from '../../engine/clock.ts'

/** Label of a node's zone, to which zonal volumes hold. Differs from Kubernetes: drivers with a label of their own use this one too. */
export const zoneLabel = 'topology.kubernetes.io/zone'
/** Label of a node's name, to which local volumes hold. */
export const hostLabel = 'kubernetes.io/hostname'

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
