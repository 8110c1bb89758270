/** Leases: who leads, and which node's kubelet is alive. Source: k8s.io/api coordination/v1; node-and-storage.md B1, B14. */
import type { KubernetesObject, Time } from './metadata.ts'

/** `Lease` */
export type Lease = KubernetesObject & {
  readonly spec: {
    readonly holderIdentity?: string
    readonly leaseDurationSeconds?: number
    readonly leaseTransitions?: number
    /** Microseconds: `2026-01-01T00:00:03.000000Z`. */
    readonly acquireTime?: Time
    readonly renewTime?: Time
  }
}

/** Where the leases of nodes live, each named as its node. */
export const nodeLeaseNamespace = 'kube-node-lease'
