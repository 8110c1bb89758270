/**
 * What every object of the API carries, and the pure questions about it.
 *
 * Objects are API-shaped plain values, frozen once they are stored; a new version shares what did not change.
 * Source: Kubernetes API conventions, "Metadata".
 */

/** Text of a moment as the API writes it, whole seconds: `2026-01-01T00:00:00Z`. */
export type Time = string

/** One owner of an object, as in `metadata.ownerReferences`. */
export type OwnerReference = {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  readonly uid: string
  readonly controller?: boolean
  readonly blockOwnerDeletion?: boolean
}

/** `metadata` of any object. */
export type ObjectMeta = {
  readonly name: string
  readonly generateName?: string
  readonly namespace?: string
  readonly uid?: string
  readonly resourceVersion?: string
  readonly generation?: number
  readonly creationTimestamp?: Time
  readonly deletionTimestamp?: Time
  readonly deletionGracePeriodSeconds?: number
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly ownerReferences?: readonly OwnerReference[]
  readonly finalizers?: readonly string[]
}

/** Any object of the API. Kinds that we model narrow it: `Pod`, `StatefulSet`, … */
export type KubernetesObject = {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: ObjectMeta
  // biome-ignore lint/suspicious/noExplicitAny: the rest depends on the kind
  readonly [field: string]: any
}

/** A condition of `status.conditions`. */
export type Condition = {
  readonly type: string
  readonly status: 'True' | 'False' | 'Unknown'
  readonly reason?: string
  readonly message?: string
  readonly lastTransitionTime?: Time | null
  readonly lastProbeTime?: Time | null
  readonly lastHeartbeatTime?: Time | null
  readonly observedGeneration?: number
}

/**
 * The one text that names an object in caches, queues and the journal: `Pod/default/web-0`, `Node//node-1`.
 */
export const keyOf = (kind: string, namespace: string | undefined, name: string): string => `${kind}/${namespace ?? ''}/${name}`

/** `keyOf` of an object. */
export const objectKey = (object: KubernetesObject): string => keyOf(object.kind, object.metadata.namespace, object.metadata.name)

/** `namespace/name`, or the name alone for what lives in no namespace: the key of work queues and Go's messages. */
export const namespacedName = (object: KubernetesObject): string =>
  object.metadata.namespace ? `${object.metadata.namespace}/${object.metadata.name}` : object.metadata.name

/** Whether deletion has begun. */
export const isTerminating = (object: KubernetesObject): boolean => object.metadata.deletionTimestamp !== undefined

/** The owner that manages the object (`controller: true`), if there is one. */
export const controllerOf = (object: KubernetesObject): OwnerReference | undefined =>
  object.metadata.ownerReferences?.find((owner) => owner.controller === true)

/** Whether `owner` (by uid) manages the object. */
export const isControlledBy = (object: KubernetesObject, owner: KubernetesObject): boolean =>
  controllerOf(object)?.uid === owner.metadata.uid && owner.metadata.uid !== undefined

/** The condition of that type, if it is there. */
export const conditionOf = (object: KubernetesObject, type: string): Condition | undefined => {
  const conditions = object['status']?.conditions as readonly Condition[] | undefined
  if (conditions !== undefined) for (const condition of conditions) if (condition.type === type) return condition
  return undefined
}

/** Whether the condition of that type is True. */
export const isConditionTrue = (object: KubernetesObject, type: string): boolean => conditionOf(object, type)?.status === 'True'
