/** How a kind is written down: what most kinds share is filled in here, what differs stands in the kind's file. */
import type { KubernetesObject } from '../../objects/metadata.ts'
import { dnsSubdomain, type TextRule } from '../../objects/names.ts'
import type { Column, FieldError, Kind, KindContext } from '../kind.ts'
import { validateMetadata, validateMetadataUpdate } from '../validate/metadata.ts'

type Rules = (object: KubernetesObject, context: KindContext) => readonly FieldError[]
type UpdateRules = (object: KubernetesObject, old: KubernetesObject, context: KindContext) => readonly FieldError[]

/** What a kind's file says. */
export type Definition = Partial<Omit<Kind, 'validate' | 'validateUpdate' | 'validateStatus' | 'columns'>> & {
  readonly kind: string
  /** `v1`, `apps/v1` */
  readonly apiVersion: string
  readonly plural: string
  /** Without them NAME and AGE are shown. */
  readonly columns?: readonly Column[]
  /** What names may look like; most are host names. */
  readonly names?: TextRule
  /** Whether generateName is held against the rule for names, too. */
  readonly namesPrefix?: boolean
  /** Rules beside those of the metadata, on create. */
  readonly rules?: Rules
  /** Rules beside those of the metadata, on update; without it those of create hold for the new object. */
  readonly updateRules?: UpdateRules
  readonly statusRules?: UpdateRules
}

/** A column that shows the name. */
export const nameColumn: Column = { name: 'NAME', cell: (object) => object.metadata.name }

/** A column that shows how long ago the object was made. */
export const ageColumn: Column = { name: 'AGE', cell: (object, age) => age(object.metadata.creationTimestamp) }

const unchanged = (object: KubernetesObject): KubernetesObject => object

/** A kind from its definition. */
export const defineKind = (definition: Definition): Kind => {
  const { columns, names = dnsSubdomain, namesPrefix = true, rules, updateRules, statusRules, ...said } = definition
  const slash = definition.apiVersion.indexOf('/')
  const namespaced = definition.namespaced ?? true
  return {
    group: slash < 0 ? '' : definition.apiVersion.slice(0, slash),
    version: definition.apiVersion.slice(slash + 1),
    singular: definition.kind.toLowerCase(),
    shortNames: [],
    categories: [],
    runs: false,
    subresources: [],
    hasGeneration: false,
    defaults: unchanged,
    fields: {},
    ...said,
    namespaced,
    columns: columns ?? [nameColumn, ageColumn],
    validate: (object, context) => [
      ...validateMetadata(object.metadata, namespaced, names, 'metadata', namesPrefix),
      ...(rules?.(object, context) ?? []),
    ],
    validateUpdate: (object, old, context) => [
      ...validateMetadataUpdate(object.metadata, old.metadata),
      ...(updateRules?.(object, old, context) ?? rules?.(object, context) ?? []),
    ],
    validateStatus: (object, old, context) => [
      ...(statusRules?.(object, old, context) ?? []),
      ...validateMetadataUpdate(object.metadata, old.metadata),
    ],
  }
}
