/**
 * Refusals of the API server, as data: `metav1.Status` with the exact texts of Kubernetes. They are part of the model,
 * not our bugs. How kubectl prints them is kubectl's business.
 *
 * Source: kubectl.md 8; apimachinery's api/errors (what each constructor says and how it fills `details`).
 */
import type { FieldError } from './kind.ts'
import type { Status } from './request.ts'

/** What a refusal says of the kind it is about: enough of `Kind` to name it. */
export type Named = { readonly kind: string; readonly plural: string; readonly group: string }

type Cause = { readonly reason?: string; readonly message: string; readonly field?: string }

/** `statefulsets.apps`, `pods`: how messages name a resource. */
export const resourceName = (kind: Named): string => (kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`)

/** `StatefulSet.apps`, `Pod`: how messages name a kind. */
const kindName = (kind: Named): string => (kind.group === '' ? kind.kind : `${kind.kind}.${kind.group}`)

const detailsOf = (kind: Named, name: string, more: { readonly uid?: string; readonly causes?: readonly Cause[] } = {}) => ({
  name,
  ...(kind.group === '' ? {} : { group: kind.group }),
  kind: kind.plural,
  ...more,
})

/** 404: `statefulsets.apps "nope" not found`. */
export const notFound = (kind: Named, name: string): Status => ({
  code: 404,
  reason: 'NotFound',
  message: `${resourceName(kind)} "${name}" not found`,
  details: detailsOf(kind, name),
})

/** 409: `services "nginx" already exists`. */
export const alreadyExists = (kind: Named, name: string): Status => ({
  code: 409,
  reason: 'AlreadyExists',
  message: `${resourceName(kind)} "${name}" already exists`,
  details: detailsOf(kind, name),
})

/** What a write with an old resourceVersion is told. */
const modifiedText = 'the object has been modified; please apply your changes to the latest version and try again'

/** 409: `Operation cannot be fulfilled on statefulsets.apps "web": …`. Without `why` it is the stale resourceVersion. */
export const conflict = (kind: Named, name: string, why: string = modifiedText): Status => ({
  code: 409,
  reason: 'Conflict',
  message: `Operation cannot be fulfilled on ${resourceName(kind)} "${name}": ${why}`,
  details: detailsOf(kind, name),
})

/** 409 of a write whose object has another uid than the stored one. Source: kubectl.md 8. */
export const uidConflict = (kind: Named, name: string, asked: string, found: string): Status =>
  conflict(kind, name, `Precondition failed: UID in precondition: ${asked}, UID in object meta: ${found}`)

/** 409 of a DELETE whose uid precondition does not hold; it names the Kind, not the resource. Source: kubectl.md 8. */
export const deleteUidConflict = (kind: Named, name: string, asked: string, found: string): Status => ({
  code: 409,
  reason: 'Conflict',
  message:
    `Operation cannot be fulfilled on ${kindName(kind)} "${name}": the UID in the precondition (${asked}) does not match the UID in record (${found}). ` +
    'The object might have been deleted and then recreated',
  details: { name, ...(kind.group === '' ? {} : { group: kind.group }), kind: kind.kind },
})

/** 409 of a DELETE whose resourceVersion precondition does not hold. */
export const deleteVersionConflict = (kind: Named, name: string, asked: string, found: string): Status => ({
  code: 409,
  reason: 'Conflict',
  message:
    `Operation cannot be fulfilled on ${kindName(kind)} "${name}": the ResourceVersion in the precondition (${asked}) does not match the ResourceVersion in record (${found}). ` +
    'The object might have been modified',
  details: { name, ...(kind.group === '' ? {} : { group: kind.group }), kind: kind.kind },
})

/**
 * 422: what validation found. One error stands alone, several in square brackets; equal texts are named once, but every
 * error is a cause. Source: statefulset.md 2.1.
 */
export const invalid = (kind: Named, name: string, errors: readonly FieldError[]): Status => {
  const lines = [...new Set(errors.map((error) => `${error.field}: ${error.message}`))]
  const text = lines.length === 1 ? lines[0] : `[${lines.join(', ')}]`
  return {
    code: 422,
    reason: 'Invalid',
    message: `${kindName(kind)} "${name}" is invalid: ${text}`,
    details: {
      name,
      ...(kind.group === '' ? {} : { group: kind.group }),
      kind: kind.kind,
      causes: errors.map((error) => ({ reason: error.reason, message: error.message, field: error.field })),
    },
  }
}

/** 422 without causes: a JSON patch that cannot be applied. Source: kubectl.md 8. */
export const unprocessable = (message = 'the server rejected our request due to an error in our request'): Status => ({
  code: 422,
  reason: 'Invalid',
  message,
})

/** 400. */
export const badRequest = (message: string): Status => ({ code: 400, reason: 'BadRequest', message })

/** 403 of an admission plugin: `pods "solo" is forbidden: …`. Without a name: `pods is forbidden: …`. */
export const forbidden = (kind: Named, name: string, why: string): Status => ({
  code: 403,
  reason: 'Forbidden',
  message: name === '' ? `${resourceName(kind)} is forbidden: ${why}` : `${resourceName(kind)} "${name}" is forbidden: ${why}`,
  details: detailsOf(kind, name),
})

/** 429: an eviction that the budget does not allow, or a server that is too busy. `retryAfter` in seconds. */
export const tooManyRequests = (message: string, causes: readonly Cause[] = [], retryAfter?: number): Status => ({
  code: 429,
  reason: 'TooManyRequests',
  message,
  ...(causes.length === 0 && retryAfter === undefined
    ? {}
    : { details: { ...(causes.length === 0 ? {} : { causes }), ...(retryAfter === undefined ? {} : { retryAfterSeconds: retryAfter }) } }),
})

/** 410: a watch or list from a revision that the server has forgotten. */
const expired = (message: string): Status => ({ code: 410, reason: 'Expired', message })

/** 410 of a watch: `too old resource version: 7 (1046)`. */
export const tooOld = (asked: string, oldest: string): Status => expired(`too old resource version: ${asked} (${oldest})`)

/** 405: the kind has no such verb. */
export const methodNotAllowed = (kind: Named, verb: string): Status => ({
  code: 405,
  reason: 'MethodNotAllowed',
  message: `${verb} is not supported on resources of kind "${resourceName(kind)}"`,
  details: { ...(kind.group === '' ? {} : { group: kind.group }), kind: kind.plural },
})

/** 500. */
export const internalError = (message: string): Status => ({
  code: 500,
  reason: 'InternalError',
  message: `Internal error occurred: ${message}`,
  details: { causes: [{ message }] },
})

/** 503: the server is there and cannot serve. */
export const serviceUnavailable = (message: string): Status => ({ code: 503, reason: 'ServiceUnavailable', message })

/** 500 with reason ServerTimeout: the server could not finish now. `retryAfter` in seconds. */
export const serverTimeout = (kind: Named, verb: string, retryAfter = 0): Status => ({
  code: 500,
  reason: 'ServerTimeout',
  message: `The ${verb} operation against ${resourceName(kind)} could not be completed at this time, please try again.`,
  details: { name: verb, ...(kind.group === '' ? {} : { group: kind.group }), kind: kind.plural, retryAfterSeconds: retryAfter },
})

/** 504: the request took too long. */
export const timedOut = (message: string): Status => ({ code: 504, reason: 'Timeout', message: `Timeout: ${message}` })

/** What a request for a kind or version gets that is not served. Source: kubectl.md 8, "plain-text 404" (kubectl's generic text). */
export const notServed = (): Status => ({ code: 404, reason: 'NotFound', message: 'the server could not find the requested resource' })
