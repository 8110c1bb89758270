/**
 * What can be asked of the API server, and what it answers. Plain data: a request takes no time by itself; clients add
 * the network's. Source: Kubernetes API reference, "Operations"; ../semantics of `metav1.Status`.
 */
import type { KubernetesObject } from '../objects/metadata.ts'

/** How a patch is to be read: RFC 6902, RFC 7386, or Kubernetes' strategic merge. */
export type PatchType = 'json' | 'merge' | 'strategic'

/** What is done with the dependents of a deleted object. */
export type Propagation = 'Background' | 'Foreground' | 'Orphan'

/** A subresource of an object that has a verb of its own. */
export type Subresource = 'status' | 'scale' | 'eviction' | 'binding' | 'ephemeralcontainers' | 'resize' | 'finalize'

/** How unknown and duplicate fields are met, `fieldValidation` of the API. */
export type FieldValidation = 'Strict' | 'Warn' | 'Ignore'

/** One request. Kinds are named by their Kind: `Pod`, `StatefulSet`. */
export type Request =
  | {
      readonly verb: 'get'
      readonly kind: string
      readonly namespace?: string | undefined
      readonly name: string
      readonly subresource?: 'scale'
    }
  | {
      readonly verb: 'list'
      readonly kind: string
      /** Absent: all namespaces. */
      readonly namespace?: string | undefined
      readonly labelSelector?: string | undefined
      readonly fieldSelector?: string | undefined
    }
  | { readonly verb: 'create'; readonly object: KubernetesObject; readonly dryRun?: boolean; readonly fieldValidation?: FieldValidation }
  | {
      readonly verb: 'update'
      readonly object: KubernetesObject
      readonly subresource?: Subresource
      readonly dryRun?: boolean
      readonly fieldValidation?: FieldValidation
    }
  | {
      readonly verb: 'patch'
      readonly kind: string
      readonly namespace?: string | undefined
      readonly name: string
      readonly type: PatchType
      readonly patch: unknown
      readonly subresource?: Subresource
      readonly dryRun?: boolean
      readonly fieldValidation?: FieldValidation
    }
  | {
      readonly verb: 'delete'
      readonly kind: string
      readonly namespace?: string | undefined
      readonly name: string
      readonly gracePeriodSeconds?: number
      readonly propagation?: Propagation
      readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string }
      readonly dryRun?: boolean
    }
  /** `pods/eviction`: deletion that asks the budgets first. */
  | {
      readonly verb: 'evict'
      readonly namespace: string
      readonly name: string
      readonly gracePeriodSeconds?: number
      readonly dryRun?: boolean
    }
  /** `pods/binding`: what the scheduler does with a pod. */
  | { readonly verb: 'bind'; readonly namespace: string; readonly name: string; readonly uid?: string; readonly node: string }

/** `metav1.Status` of a refusal. `reason` is the API's word: NotFound, AlreadyExists, Conflict, Invalid, TooManyRequests, … */
export type Status = {
  readonly code: number
  readonly reason: string
  readonly message: string
  readonly details?: {
    readonly name?: string
    readonly group?: string
    readonly kind?: string
    readonly uid?: string
    readonly retryAfterSeconds?: number
    readonly causes?: readonly { readonly reason?: string; readonly message: string; readonly field?: string }[]
  }
}

/** What the server answers. A list answers `items`; everything else the object as stored (for delete: as it was, or as it now terminates). */
export type Answer<T extends KubernetesObject = KubernetesObject> =
  | {
      readonly ok: true
      readonly object: T
      readonly items?: readonly T[]
      /** Texts of Warning headers. */
      readonly warnings?: readonly string[]
    }
  | { readonly ok: false; readonly status: Status }
