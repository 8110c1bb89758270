/**
 * Rules about metadata and label selectors, the same for all kinds.
 * Source: apimachinery api/validation/objectmeta.go and apis/meta/v1/validation (1.36). Go walks maps in random order; we walk by key.
 */
import type { ObjectMeta, OwnerReference } from '../../objects/metadata.ts'
import { asPrefix, byteLength, dnsLabel, labelValue, qualifiedName, type TextRule } from '../../objects/names.ts'
import type { LabelSelector } from '../../objects/selector.ts'
import type { FieldError } from '../kind.ts'
import { type Errors, forbiddenField, immutable, invalidValue, required, tooLong, wantsNotNegative } from './field-error.ts'

const mostAnnotationBytes = 256 * 1024

/** The entries of a map of texts, by key. */
export const sortedEntries = <T>(map: Readonly<Record<string, T>> | undefined): readonly (readonly [string, T])[] =>
  map === undefined
    ? []
    : Object.keys(map)
        .sort()
        .map((key) => [key, map[key] as T] as const)

/** An error for each thing that a rule finds. */
export const checked = (field: string, value: string, rule: TextRule): FieldError[] =>
  rule(value).map((text) => invalidValue(field, value, text))

/** Label keys and values; all errors name the field of the map. */
export const validateLabels = (labels: Readonly<Record<string, string>> | undefined, field: string): Errors =>
  sortedEntries(labels).flatMap(([key, value]) => [...checked(field, key, qualifiedName), ...checked(field, value, labelValue)])

/** Annotation keys, and the size of all of them. */
export const validateAnnotations = (annotations: Readonly<Record<string, string>> | undefined, field: string): Errors => {
  const entries = sortedEntries(annotations)
  const errors = entries.flatMap(([key]) => qualifiedName(key.toLowerCase()).map((text) => invalidValue(field, key, text)))
  const letters = entries.reduce((sum, [key, value]) => sum + key.length + String(value).length, 0)
  if (letters * 3 <= mostAnnotationBytes) return errors
  const bytes = entries.reduce((sum, [key, value]) => sum + byteLength(key) + byteLength(String(value)), 0)
  return bytes > mostAnnotationBytes ? [...errors, tooLong(field, mostAnnotationBytes)] : errors
}

const validateOwners = (owners: readonly OwnerReference[], field: string): Errors => {
  const errors: Errors = []
  let first: string | undefined
  for (const owner of owners) {
    if ((owner.apiVersion ?? '') === '')
      errors.push(invalidValue(`${field}.apiVersion`, owner.apiVersion ?? '', 'version must not be empty'))
    for (const part of ['kind', 'name', 'uid'] as const) {
      if ((owner[part] ?? '') === '') errors.push(invalidValue(`${field}.${part}`, owner[part] ?? '', 'must not be empty'))
    }
    if (owner.apiVersion === 'v1' && owner.kind === 'Event') {
      errors.push(invalidValue(field, owner, '/v1, Kind=Event is disallowed from being an owner'))
    }
    if (owner.controller !== true) continue
    const name = `${owner.kind}/${owner.name}`
    if (first === undefined) first = name
    else {
      const text = `Only one reference can have Controller set to true. Found "true" in references for ${first} and ${name}`
      errors.push(invalidValue(field, owners, text))
    }
  }
  return errors
}

const validateFinalizers = (finalizers: readonly string[], field: string): Errors => {
  const errors = finalizers.flatMap((finalizer) => checked(field, finalizer, qualifiedName))
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion')) {
    errors.push(invalidValue(field, finalizers, 'finalizer orphan and foregroundDeletion cannot be both set'))
  }
  return errors
}

const validateCommon = (meta: ObjectMeta, field: string): Errors => [
  ...validateLabels(meta.labels, `${field}.labels`),
  ...validateAnnotations(meta.annotations, `${field}.annotations`),
  ...validateOwners(meta.ownerReferences ?? [], `${field}.ownerReferences`),
]

/**
 * Metadata of a new object. `name` is the kind's rule for names; with `namesPrefix` the generateName is held against it
 * too (StatefulSets and a few others check the finished name alone).
 */
export const validateMetadata = (meta: ObjectMeta, namespaced: boolean, name: TextRule, field = 'metadata', namesPrefix = true): Errors => {
  const errors: Errors = []
  if (namesPrefix && (meta.generateName ?? '') !== '')
    errors.push(...checked(`${field}.generateName`, meta.generateName as string, asPrefix(name)))
  if ((meta.name ?? '') === '') errors.push(required(`${field}.name`, 'name or generateName is required'))
  else errors.push(...checked(`${field}.name`, meta.name, name))
  if (namespaced) {
    if ((meta.namespace ?? '') === '') errors.push(required(`${field}.namespace`))
    else errors.push(...checked(`${field}.namespace`, meta.namespace as string, dnsLabel))
  } else if ((meta.namespace ?? '') !== '') errors.push(forbiddenField(`${field}.namespace`, 'not allowed on this type'))
  return [
    ...errors,
    ...wantsNotNegative(`${field}.generation`, meta.generation),
    ...validateCommon(meta, field),
    ...validateFinalizers(meta.finalizers ?? [], `${field}.finalizers`),
  ]
}

/** Metadata blocks that have passed: most writes change something else. */
const known = new WeakSet<object>()

/** Metadata of a changed object against the stored one. The server has seen to resourceVersion. */
export const validateMetadataUpdate = (meta: ObjectMeta, old: ObjectMeta, field = 'metadata'): Errors => {
  const errors: Errors = []
  if (old.deletionTimestamp !== undefined) {
    const before = new Set(old.finalizers ?? [])
    const added = [...new Set(meta.finalizers ?? [])].filter((finalizer) => !before.has(finalizer)).sort()
    if (added.length > 0) {
      const list = added.map((finalizer) => JSON.stringify(finalizer)).join(', ')
      const text = `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`
      errors.push(forbiddenField(`${field}.finalizers`, text))
    }
  }
  if ((meta.generation ?? 0) < (old.generation ?? 0))
    errors.push(invalidValue(`${field}.generation`, meta.generation, 'must not be decremented'))
  for (const part of ['name', 'namespace', 'uid', 'creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds'] as const) {
    if (meta[part] !== old[part]) errors.push(invalidValue(`${field}.${part}`, meta[part] ?? null, immutable))
  }
  if (!known.has(meta)) {
    const common = validateCommon(meta, field)
    if (common.length === 0) known.add(meta)
    errors.push(...common)
  }
  return errors
}

/** Rules about a label selector. */
export const validateSelector = (selector: LabelSelector | undefined, field: string): Errors => {
  if (selector === undefined) return []
  const errors = validateLabels(selector.matchLabels, `${field}.matchLabels`)
  for (const [at, expression] of (selector.matchExpressions ?? []).entries()) {
    const here = `${field}.matchExpressions[${at}]`
    const values = expression.values ?? []
    switch (expression.operator) {
      case 'In':
      case 'NotIn':
        if (values.length === 0) errors.push(required(`${here}.values`, "must be specified when `operator` is 'In' or 'NotIn'"))
        break
      case 'Exists':
      case 'DoesNotExist':
        if (values.length > 0)
          errors.push(forbiddenField(`${here}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"))
        break
      default:
        errors.push(invalidValue(`${here}.operator`, expression.operator ?? '', 'not a valid selector operator'))
    }
    errors.push(...checked(`${here}.key`, expression.key ?? '', qualifiedName))
    for (const [which, value] of values.entries()) errors.push(...checked(`${here}.values[${which}]`, value, labelValue))
  }
  return errors
}

/** Whether a selector selects by anything. */
export const isEmptySelector = (selector: LabelSelector): boolean =>
  Object.keys(selector.matchLabels ?? {}).length === 0 && (selector.matchExpressions ?? []).length === 0
