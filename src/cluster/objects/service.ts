/** Services: their ports, and what the API server gives them. Source: k8s.io/api core/v1 (1.36); pkg/registry/core/service. */
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

/** Whether a name of the service leads to the pods themselves. */
export const isHeadless = (service: KubernetesObject): boolean => service['spec']?.clusterIP === 'None'

/** Whether the API server must still give the service an address of its own. */
export const wantsClusterIP = (service: KubernetesObject): boolean =>
  service['spec']?.type !== 'ExternalName' &&
  (service['spec']?.clusterIP ?? '') === '' &&
  ((service['spec']?.clusterIPs ?? []) as readonly string[]).length === 0

/** The service with an address. */
export const withClusterIP = <T extends KubernetesObject>(service: T, address: string): T => ({
  ...service,
  spec: { ...service['spec'], clusterIP: address, clusterIPs: [address] },
})

/** Whether its ports are opened on every node, so that they need a node port. */
export const wantsNodePorts = (service: KubernetesObject): boolean =>
  service['spec']?.type === 'NodePort' ||
  (service['spec']?.type === 'LoadBalancer' && service['spec']?.allocateLoadBalancerNodePorts !== false)
