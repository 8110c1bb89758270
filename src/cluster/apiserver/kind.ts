/**
 * What the API server knows about one kind: a value in a list (kinds/index.ts). The server's verbs (server.ts) are the same for
 * all kinds and ask here for what differs. Source: kubectl.md 4 and 8; the registries' strategies upstream.
 */
import type { KubernetesObject } from '../objects/metadata.ts'
import type { Gates } from '../objects/release.ts'

/** One thing wrong with a field, as `field.Error` of the API machinery; `text` is the whole line: `spec.replicas: Invalid value: -1: must be …`. */
export type FieldError = {
  /** FieldValueRequired, FieldValueInvalid, FieldValueNotSupported, FieldValueForbidden, FieldValueDuplicate, FieldValueTooLong, … */
  readonly reason: string
  readonly field: string
  /** What follows `field: ` in a message: `Invalid value: -1: must be greater than or equal to 0`. */
  readonly message: string
}

/** What a kind's rules may look at beside the object. */
export type KindContext = {
  readonly gates: Gates
  /** Now, as the API writes it. */
  readonly time: string
  /** An object as stored, for rules that look at others (admission mostly). */
  readonly get: (kind: string, namespace: string | undefined, name: string) => KubernetesObject | undefined
}

/** One column of `kubectl get`; `wide` ones are shown with `-o wide` alone. */
export type Column = {
  readonly name: string
  readonly wide?: boolean
  /** The cell, given the object and now (microseconds since 1970 are not used: `age` prints an age from an API time). */
  readonly cell: (object: KubernetesObject, age: (time: string | undefined) => string, wide?: boolean) => string
}

export type Kind = {
  readonly kind: string
  /** `v1`, `apps/v1` */
  readonly apiVersion: string
  /** `` for the core group */
  readonly group: string
  readonly version: string
  readonly plural: string
  readonly singular: string
  readonly shortNames: readonly string[]
  readonly categories: readonly string[]
  readonly namespaced: boolean
  /** Whether anything here acts on it; the others are stored and shown, and said not to run. */
  readonly runs: boolean
  readonly subresources: readonly ('status' | 'scale' | 'eviction' | 'binding' | 'ephemeralcontainers')[]
  /** Whether a change of `spec` counts up metadata.generation. */
  readonly hasGeneration: boolean
  /** Whether PUT of a name that is not there creates it (leases, endpoints, …). */
  readonly createsOnUpdate?: boolean
  /** Fill in the defaults of the release (also drops fields whose gate is off, given the old object). Pure; shares what it does not change. */
  readonly defaults: (object: KubernetesObject, context: KindContext, old?: KubernetesObject) => KubernetesObject
  /** After defaults, on create: what the strategy clears or sets (status, …; generation 1 is set by the server). */
  readonly prepareCreate?: (object: KubernetesObject, context: KindContext) => KubernetesObject
  /** On update of the main resource: what is kept of the old object (status for those with a status subresource is kept by the server). */
  readonly prepareUpdate?: (object: KubernetesObject, old: KubernetesObject, context: KindContext) => KubernetesObject
  readonly validate: (object: KubernetesObject, context: KindContext) => readonly FieldError[]
  readonly validateUpdate: (object: KubernetesObject, old: KubernetesObject, context: KindContext) => readonly FieldError[]
  readonly validateStatus?: (object: KubernetesObject, old: KubernetesObject, context: KindContext) => readonly FieldError[]
  /** Texts of Warning headers. */
  readonly warnings?: (object: KubernetesObject, old: KubernetesObject | undefined, context: KindContext) => readonly string[]
  /** The Warning header of every request to it, also of a read. Source: k8s.io/apiserver pkg/endpoints/deprecation. */
  readonly deprecated?: string
  readonly columns: readonly Column[]
  /** Field labels that field selectors may name beside metadata.name and metadata.namespace, with how to read them. */
  readonly fields: Readonly<Record<string, (object: KubernetesObject) => string>>
}
