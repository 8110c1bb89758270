/** Services, and the slices that say who stands behind them. Source: k8s.io/api core/v1, discovery/v1 (1.36); node-and-storage.md D. */
import type { KubernetesObject } from './metadata.ts'

/** A port of a service. */
export type ServicePort = {
  readonly name?: string
  readonly protocol?: 'TCP' | 'UDP' | 'SCTP'
  readonly port: number
  /** A number, or the name of a port of the pods' containers. */
  readonly targetPort?: number | string
  readonly nodePort?: number
}

/** `Service` */
export type Service = KubernetesObject & {
  readonly spec: {
    readonly type?: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName'
    /** `None` for a headless service; absent until one is allocated. */
    readonly clusterIP?: string
    readonly clusterIPs?: readonly string[]
    readonly selector?: Readonly<Record<string, string>>
    readonly ports?: readonly ServicePort[]
    readonly publishNotReadyAddresses?: boolean
    readonly externalName?: string
  }
}

/** One endpoint of a slice. */
export type Endpoint = {
  readonly addresses: readonly string[]
  readonly conditions?: { readonly ready?: boolean; readonly serving?: boolean; readonly terminating?: boolean }
  readonly hostname?: string
  readonly nodeName?: string
  readonly zone?: string
  readonly targetRef?: { readonly kind?: string; readonly namespace?: string; readonly name?: string; readonly uid?: string }
}

/** `EndpointSlice` */
export type EndpointSlice = KubernetesObject & {
  readonly addressType: 'IPv4' | 'IPv6' | 'FQDN'
  readonly endpoints: readonly Endpoint[] | null
  readonly ports?: readonly { readonly name?: string; readonly protocol?: string; readonly port?: number }[] | null
}

/** Whether a name of the service leads to the pods themselves. */
export const isHeadless = (service: KubernetesObject): boolean => service['spec']?.clusterIP === 'None'

/** Whether the API server must still give the service an address of its own. */
export const wantsClusterIP = (service: KubernetesObject): boolean =>
  service['spec']?.type !== 'ExternalName' && (service['spec']?.clusterIP ?? '') === '' && ((service['spec']?.clusterIPs ?? []) as readonly string[]).length === 0

/** The service with an address. */
export const withClusterIP = <T extends KubernetesObject>(service: T, address: string): T => ({
  ...service,
  spec: { ...service['spec'], clusterIP: address, clusterIPs: [address] },
})

/** Whether its ports are opened on every node, so that they need a node port. */
export const wantsNodePorts = (service: KubernetesObject): boolean =>
  service['spec']?.type === 'NodePort' || (service['spec']?.type === 'LoadBalancer' && service['spec']?.allocateLoadBalancerNodePorts !== false)
