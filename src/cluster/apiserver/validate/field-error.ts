/**
 * What is wrong with a field, in the words of the API machinery's `field.Error`.
 * Source: apimachinery util/validation/field/errors.go (1.36: values that are neither text nor number are printed as JSON).
 * Differs from Kubernetes: 1.33 printed such values as Go structs; we print JSON in every release.
 */
import type { FieldError } from '../kind.ts'

/** Errors as they are found, in order. */
export type Errors = FieldError[]

/** A value as Go's `%q` of plain text or `json.Marshal` prints it. */
const printed = (value: unknown): string =>
  JSON.stringify(value ?? null)
    .replaceAll('<', '\\u003c')
    .replaceAll('>', '\\u003e')
    .replaceAll('&', '\\u0026')

const quoted = (value: unknown): string => (typeof value === 'string' ? JSON.stringify(value) : printed(value))

const withDetail = (text: string, detail: string): string => (detail === '' ? text : `${text}: ${detail}`)

/** `Required value` */
export const required = (field: string, detail = ''): FieldError => ({
  reason: 'FieldValueRequired',
  field,
  message: withDetail('Required value', detail),
})

/** `Invalid value: -1: must be …` */
export const invalidValue = (field: string, value: unknown, detail: string): FieldError => ({
  reason: 'FieldValueInvalid',
  field,
  message: withDetail(`Invalid value: ${quoted(value)}`, detail),
})

/** `Unsupported value: "x": supported values: "A", "B"`; the values in the order given. */
export const notSupported = (field: string, value: unknown, supported: readonly string[]): FieldError => ({
  reason: 'FieldValueNotSupported',
  field,
  message: withDetail(
    `Unsupported value: ${quoted(value)}`,
    supported.length === 0 ? '' : `supported values: ${supported.map((one) => JSON.stringify(one)).join(', ')}`,
  ),
})

/** `Forbidden: …` */
export const forbiddenField = (field: string, detail: string): FieldError => ({
  reason: 'FieldValueForbidden',
  field,
  message: withDetail('Forbidden', detail),
})

/** `Duplicate value: "x"` */
export const duplicate = (field: string, value: unknown): FieldError => ({
  reason: 'FieldValueDuplicate',
  field,
  message: `Duplicate value: ${quoted(value)}`,
})

/** `Not found: "x"` */
export const missing = (field: string, value: unknown): FieldError => ({
  reason: 'FieldValueNotFound',
  field,
  message: `Not found: ${quoted(value)}`,
})

/** `Too long: may not be more than 63 bytes` */
export const tooLong = (field: string, most: number): FieldError => ({
  reason: 'FieldValueTooLong',
  field,
  message: most < 0 ? 'Too long: value is too long' : `Too long: may not be more than ${most} ${most === 1 ? 'byte' : 'bytes'}`,
})

/** `Too many: 9: must have at most 8 items` */
export const tooMany = (field: string, found: number, most: number): FieldError => ({
  reason: 'FieldValueTooMany',
  field,
  message: `Too many: ${found}: must have at most ${most} ${most === 1 ? 'item' : 'items'}`,
})

/** The text for a number below zero. */
export const notNegative = 'must be greater than or equal to 0'

/** The text for a number that is not above zero. */
export const positive = 'must be greater than 0'

/** The text for a field that may not change. */
export const immutable = 'field is immutable'

/** An error unless the number (absent counts as 0) is at least 0. */
export const wantsNotNegative = (field: string, value: number | undefined): FieldError[] =>
  (value ?? 0) < 0 ? [invalidValue(field, value, notNegative)] : []

/** An error unless the two are the same value. */
export const wantsUnchanged = (field: string, value: unknown, old: unknown): FieldError[] =>
  JSON.stringify(value ?? null) === JSON.stringify(old ?? null) ? [] : [invalidValue(field, value ?? null, immutable)]
