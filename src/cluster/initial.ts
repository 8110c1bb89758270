/**
 * What a cluster holds at time 0, before anybody creates anything: namespaces with their accounts, nodes that have long been Ready,
 * storage drivers and classes, priority classes. Source: cases/README.md 7; contract.md 4; the recordings' `initial`.
 */
import type { DriverData, ProfileData } from '../world/profiles.ts'
import type { World } from '../world/world.ts'
import type { KubernetesObject, Time } from './objects/metadata.ts'
import { type Release, versionText } from './objects/release.ts'
import type { ClusterSpec, NodeSpec } from './spec.ts'

const meta = (name: string, more: object = {}) => ({ name, ...more })

/** Namespaces that every cluster has. */
export const systemNamespaces = ['default', 'kube-node-lease', 'kube-public', 'kube-system'] as const

const namespace = (name: string): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: meta(name, { labels: { 'kubernetes.io/metadata.name': name } }),
  spec: { finalizers: ['kubernetes'] },
  status: { phase: 'Active' },
})

/** What the service account controllers put into a namespace. */
const accounts = (name: string): readonly KubernetesObject[] => [
  { apiVersion: 'v1', kind: 'ServiceAccount', metadata: meta('default', { namespace: name }) },
  {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: meta('kube-root-ca.crt', {
      namespace: name,
      annotations: {
        'kubernetes.io/description':
          'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.',
      },
    }),
    data: { 'ca.crt': '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n' },
  },
]

const priorityClass = (name: string, value: number, description: string): KubernetesObject => ({
  apiVersion: 'scheduling.k8s.io/v1',
  kind: 'PriorityClass',
  metadata: meta(name, { generation: 1 }),
  value,
  description,
  preemptionPolicy: 'PreemptLowerPriority',
})

const service = (
  name: string,
  space: string,
  ip: string,
  ports: readonly object[],
  selector: object | undefined,
  labels: object,
): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: meta(name, { namespace: space, labels }),
  spec: {
    clusterIP: ip,
    clusterIPs: [ip],
    internalTrafficPolicy: 'Cluster',
    ipFamilies: ['IPv4'],
    ipFamilyPolicy: 'SingleStack',
    ports,
    ...(selector === undefined ? {} : { selector }),
    sessionAffinity: 'None',
    type: 'ClusterIP',
  },
  status: { loadBalancer: {} },
})

/** The address of the cluster's name server, as kubeadm gives it. */
export const nameserverAddress = '10.96.0.10'

const services: readonly KubernetesObject[] = [
  service('kubernetes', 'default', '10.96.0.1', [{ name: 'https', port: 443, protocol: 'TCP', targetPort: 6443 }], undefined, {
    component: 'apiserver',
    provider: 'kubernetes',
  }),
]

const condition = (type: string, status: string, reason: string, message: string, time: Time) => ({
  type,
  status,
  lastHeartbeatTime: time,
  lastTransitionTime: time,
  reason,
  message,
})

const node = (spec: NodeSpec, address: string, bootId: string, version: string, time: Time): KubernetesObject => {
  const zone = spec.zone === undefined ? {} : { 'topology.kubernetes.io/zone': spec.zone }
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: meta(spec.name, {
      labels: {
        'beta.kubernetes.io/arch': 'amd64',
        'beta.kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
        'kubernetes.io/hostname': spec.name,
        'kubernetes.io/os': 'linux',
        ...zone,
        ...spec.labels,
      },
      annotations: { 'node.alpha.kubernetes.io/ttl': '0', 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' },
    }),
    // No podCIDR: the recordings' controller manager allocates none.
    spec: spec.taints.length === 0 ? {} : { taints: spec.taints },
    status: {
      capacity: spec.capacity,
      allocatable: spec.capacity,
      conditions: [
        condition('MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available', time),
        condition('DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure', time),
        condition('PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available', time),
        condition('Ready', 'True', 'KubeletReady', 'kubelet is posting ready status', time),
      ],
      addresses: [
        { type: 'InternalIP', address },
        { type: 'Hostname', address: spec.name },
      ],
      daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
      nodeInfo: {
        machineID: bootId.slice(0, 8),
        systemUUID: bootId,
        bootID: bootId,
        kernelVersion: '6.12.0-stsim',
        osImage: 'stsim',
        containerRuntimeVersion: 'containerd://2.1.0',
        kubeletVersion: version,
        operatingSystem: 'linux',
        architecture: 'amd64',
      },
    },
  }
}

const lease = (name: string): KubernetesObject => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: meta(name, { namespace: 'kube-node-lease', ownerReferences: [] }),
  spec: { holderIdentity: name, leaseDurationSeconds: 40 },
})

const topologyKeys = (driver: DriverData): readonly string[] | null =>
  driver.holds === 'zone' ? ['topology.kubernetes.io/zone'] : driver.holds === 'node' ? ['kubernetes.io/hostname'] : null

const csiNode = (spec: NodeSpec, drivers: readonly DriverData[]): KubernetesObject => ({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'CSINode',
  metadata: meta(spec.name),
  spec: {
    drivers: drivers
      .filter((driver) => driver.csi)
      .map((driver) => ({
        name: driver.name,
        nodeID: spec.name,
        topologyKeys: topologyKeys(driver),
        ...(spec.volumeLimit === undefined || !driver.attachable ? {} : { allocatable: { count: spec.volumeLimit } }),
      })),
  },
})

const csiDriver = (driver: DriverData): KubernetesObject => ({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'CSIDriver',
  metadata: meta(driver.name),
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
})

/** The StorageClasses of the profile and of `storageClasses:`; the profile's first is the default. */
const classes = (profile: ProfileData, spec: ClusterSpec): readonly KubernetesObject[] => {
  const own = profile.classes.map((each, i) => ({ data: each, name: each.name, isDefault: i === 0 }))
  const more = spec.storageClasses.flatMap(({ name, like }) => {
    const data = like === 'default' ? profile.classes[0] : profile.classes.find((each) => each.name === like)
    return data === undefined ? [] : [{ data, name, isDefault: false }]
  })
  return [...own, ...more].map(({ data, name, isDefault }) => ({
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: meta(name, isDefault ? { annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } } : {}),
    provisioner: data.driver,
    ...(data.parameters === undefined ? {} : { parameters: data.parameters }),
    reclaimPolicy: 'Delete',
    allowVolumeExpansion: true,
    volumeBindingMode: data.binding,
  }))
}

/** See the head of the file. In the order in which they are stored. */
export const initialObjects = (spec: ClusterSpec, world: World, release: Release, time: Time): readonly KubernetesObject[] => {
  const version = versionText(release)
  const { profile } = world
  return [
    ...systemNamespaces.map(namespace),
    ...systemNamespaces.flatMap(accounts),
    priorityClass(
      'system-cluster-critical',
      2_000_000_000,
      'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
    ),
    priorityClass('system-node-critical', 2_000_001_000, 'Used for system critical pods that must not be moved from their current node.'),
    ...services,
    ...profile.drivers.filter((driver) => driver.csi).map(csiDriver),
    ...classes(profile, spec),
    ...spec.nodes.flatMap((each) => {
      const machine = world.machines.get(each.name)
      return [node(each, machine?.address ?? '', machine?.bootId ?? '', version, time), csiNode(each, profile.drivers), lease(each.name)]
    }),
  ]
}
