/** Events for humans. Source: k8s.io/api core/v1 (1.36). */
import type { KubernetesObject, Time } from './metadata.ts'

/** What an Event, an owner or a volume points at. */
export type ObjectReference = {
  readonly apiVersion?: string
  readonly kind?: string
  readonly namespace?: string
  readonly name?: string
  readonly uid?: string
  readonly resourceVersion?: string
  readonly fieldPath?: string
}

/** `Event` of the core group. */
export type Event = KubernetesObject & {
  readonly involvedObject: ObjectReference
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly message: string
  readonly source?: { readonly component?: string; readonly host?: string }
  readonly firstTimestamp?: Time | null
  readonly lastTimestamp?: Time | null
  readonly eventTime?: Time | null
  readonly count?: number
  readonly action?: string
  readonly reportingComponent?: string
  readonly reportingInstance?: string
}

/** A reference to an object as Events carry it. */
export const referenceTo = (object: KubernetesObject): ObjectReference => ({
  kind: object.kind,
  ...(object.metadata.namespace === undefined ? {} : { namespace: object.metadata.namespace }),
  name: object.metadata.name,
  ...(object.metadata.uid === undefined ? {} : { uid: object.metadata.uid }),
  apiVersion: object.apiVersion,
  ...(object.metadata.resourceVersion === undefined ? {} : { resourceVersion: object.metadata.resourceVersion }),
})
