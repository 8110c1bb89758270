/** Storage as the API shows it. Which claim fits which volume is asked in volume-matching.ts. */
import type { KubernetesObject } from './metadata.ts'

/** The name of the class of a claim or a volume, '' for none. The old annotation still counts (GetPersistentVolumeClaimClass). */
export const classOf = (object: KubernetesObject): string =>
  object.metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? (object['spec']?.storageClassName as string | undefined) ?? ''
