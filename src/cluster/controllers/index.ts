/**
 * The controllers. Of one write they are told in this order: what cancels or removes comes before what creates (cases/README.md 4).
 */
import type { World } from '../../world/world.ts'
import type { ControllerFactory } from '../client/controller.ts'
import { cloudNodeLifecycle } from './cloud-node-lifecycle.ts'
import { deployment } from './deployment/index.ts'
import { disruption } from './disruption.ts'
import { endpointSlice, endpoints } from './endpointslice/index.ts'
import { ephemeralVolume } from './ephemeral-volume.ts'
import { garbageCollector } from './garbage-collector.ts'
import { namespaceLifecycle } from './namespace.ts'
import { nodeLifecycle } from './node-lifecycle.ts'
import { persistentVolumeAttachDetach } from './persistentvolume-attach-detach/index.ts'
import { persistentVolumeBinder } from './persistentvolume-binder.ts'
import { persistentVolumeExpander } from './persistentvolume-expander.ts'
import { persistentVolumeProtection } from './persistentvolume-protection.ts'
import { persistentVolumeClaimProtection } from './persistentvolumeclaim-protection.ts'
import { podGarbageCollector } from './pod-garbage-collector.ts'
import { replicaSet } from './replicaset.ts'
import { resourceQuota } from './resourcequota.ts'
import { rootCertificate, serviceAccount } from './serviceaccount.ts'
import { statefulset } from './statefulset/index.ts'
import { taintEviction } from './taint-eviction.ts'

/** One controller of the list. */
export type ControllerEntry = {
  /** How its client signs: the journal's `who`. */
  readonly name: string
  /** The source of its Events, where it has another name. */
  readonly source?: string
  readonly factory: ControllerFactory
}

/**
 * All controllers that run, given the world that a few of them look at (leases, instances) and the components that the scenario
 * names: nothing speaks with a cloud unless `cloud-controller-manager` is among them.
 */
export const controllersOf = (world: World, components: Readonly<Record<string, unknown>>): readonly ControllerEntry[] => [
  { name: 'node-controller', source: 'taint-eviction-controller', factory: taintEviction },
  { name: 'attachdetach-controller', factory: persistentVolumeAttachDetach },
  { name: 'node-controller', factory: nodeLifecycle(world.heartbeats) },
  ...(components['cloud-controller-manager'] === undefined
    ? []
    : [{ name: 'cloud-node-lifecycle-controller', factory: cloudNodeLifecycle(world.machines) }]),
  { name: 'pod-garbage-collector', factory: podGarbageCollector },
  { name: 'endpointslice-controller', source: 'endpoint-slice-controller', factory: endpointSlice },
  { name: 'endpoint-controller', factory: endpoints },
  { name: 'disruption-controller', source: 'controllermanager', factory: disruption },
  { name: 'generic-garbage-collector', source: 'garbage-collector-controller', factory: garbageCollector },
  { name: 'namespace-controller', factory: namespaceLifecycle },
  { name: 'pvc-protection-controller', factory: persistentVolumeClaimProtection },
  { name: 'pv-protection-controller', factory: persistentVolumeProtection },
  { name: 'persistent-volume-binder', source: 'persistentvolume-controller', factory: persistentVolumeBinder },
  { name: 'expand-controller', source: 'volume_expand', factory: persistentVolumeExpander },
  { name: 'resourcequota-controller', factory: resourceQuota },
  { name: 'service-account-controller', factory: serviceAccount },
  { name: 'root-ca-cert-publisher', factory: rootCertificate },
  // After the quotas: a claim that is made again finds the deleted one no longer counted.
  { name: 'ephemeral-volume-controller', source: 'ephemeral_volume', factory: ephemeralVolume },
  { name: 'replicaset-controller', factory: replicaSet },
  { name: 'deployment-controller', factory: deployment },
  { name: 'statefulset-controller', factory: statefulset },
]
