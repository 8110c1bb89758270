/**
 * Strict decoding: what a client sends is read into the types of the API, or refused in the API server's words.
 * Source: kubectl.md 4.1, 8; cases Q-075 to Q-087.
 */
import type { KubernetesObject } from '../objects/metadata.ts'
import { badRequest } from './errors.ts'
import { typeOfKind } from './fields/lookup.ts'
import { type FieldMistake, readFields } from './fields/read.ts'
import type { FieldValidation, Status } from './request.ts'

/** What came of it: the object as the server keeps it with the texts of Warning headers, or a refusal. */
export type Decoded = { readonly object: KubernetesObject; readonly warnings: readonly string[] } | { readonly refused: Status }

/** A value as Go prints a map: `map[a:1 b:[x y]]`. */
const goText = (value: unknown): string => {
  if (value === null || value === undefined) return '<nil>'
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`
  if (typeof value !== 'object') return String(value)
  const map = value as Readonly<Record<string, unknown>>
  return `map[${Object.keys(map)
    .sort()
    .map((key) => `${key}:${goText(map[key])}`)
    .join(' ')}]`
}

/** 422 of a patch whose result cannot be read; it names no kind. */
const refusedPatch = (patch: unknown, text: string): Status => {
  const message = `Invalid value: ${JSON.stringify(goText(patch))}: ${text}`
  return {
    code: 422,
    reason: 'Invalid',
    message: ` "" is invalid: patch: ${message}`,
    details: { causes: [{ reason: 'FieldValueInvalid', message, field: 'patch' }] },
  }
}

/** autoscaling/v1 is served on the store of v2: its one target is a metric there. Source: kubectl.md 13 */
const asServed = (object: KubernetesObject): KubernetesObject => {
  if (object.apiVersion !== 'autoscaling/v1' || object.kind !== 'HorizontalPodAutoscaler') return object
  const { targetCPUUtilizationPercentage: target, ...spec } = (object['spec'] ?? {}) as Readonly<Record<string, unknown>>
  const metric = { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: target } } }
  return { ...object, apiVersion: 'autoscaling/v2', spec: { ...spec, ...(target === undefined ? {} : { metrics: [metric] }) } }
}

type Names = { readonly kind: string; readonly version: string }

const refusal = (kind: Names, text: string, patch: unknown): Status =>
  patch === undefined
    ? badRequest(`${kind.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}: ${text}`)
    : refusedPatch(patch, text)

const isUnknown = (mistake: FieldMistake): boolean => mistake.kind === 'unknown'

/**
 * Reads an object as `fieldValidation` asks: Strict refuses unknown fields, Warn names them in warnings, Ignore drops them in silence. A value
 * of a wrong type is refused in each of them; the first one is named. `patch` is given when the object is the result of one.
 */
export const decode = (kind: Names, object: KubernetesObject, validation: FieldValidation, patch?: unknown): Decoded => {
  const reading = readFields(typeOfKind(kind.kind), asServed(object))
  const wrong = reading.mistakes.find((mistake) => !isUnknown(mistake))
  if (wrong !== undefined) return { refused: refusal(kind, wrong.text, patch) }
  const unknown = reading.mistakes.filter(isUnknown).map((mistake) => mistake.text)
  if (unknown.length > 0 && validation === 'Strict')
    return { refused: refusal(kind, `strict decoding error: ${unknown.join(', ')}`, patch) }
  return { object: reading.value as KubernetesObject, warnings: validation === 'Warn' ? unknown : [] }
}
