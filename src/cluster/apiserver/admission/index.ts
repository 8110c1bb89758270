/** The admission plugins that are on, in the order in which kube-apiserver asks them. */
import { defaultTolerationSeconds } from './default-toleration-seconds.ts'
import type { AdmissionPlugin } from './plugin.ts'
import { priority } from './priority.ts'
import { serviceAccount } from './service-account.ts'
import { serviceAddress } from './service-address.ts'
import { defaultStorageClass, storageObjectInUseProtection } from './storage.ts'
import { taintNodesByCondition } from './taint-nodes.ts'
import { podTopologyLabels } from './topology-labels.ts'

export const admissionPlugins: readonly AdmissionPlugin[] = [
  serviceAccount,
  taintNodesByCondition,
  podTopologyLabels,
  priority,
  defaultTolerationSeconds,
  defaultStorageClass,
  storageObjectInUseProtection,
  serviceAddress,
]
