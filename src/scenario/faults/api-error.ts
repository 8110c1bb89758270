import * as v from 'valibot'
import { kindOf, namedKind } from '../../cluster/apiserver/kinds/index.ts'
import type { Request } from '../../cluster/apiserver/request.ts'
import type { FaultDefinition } from '../fault.ts'
import { field, text, whole, yes } from '../shapes.ts'

/** Matching requests are answered with an error. It heals: the next matching request is answered as usual. Source: contract 5. */
export const apiError: FaultDefinition = {
  name: 'api-error',
  does: 'Matching requests are answered with an error.',
  heals: 'The next matching request is answered as usual.',
  targets: [],
  parameters: {
    verb: field(v.picklist(['get', 'list', 'watch', 'create', 'update', 'patch', 'delete']), 'Only this verb.'),
    kind: field(text, 'Only this kind.'),
    name: field(text, 'Only this name.'),
    reason: field(text, 'The reason of the error.', { default: 'InternalError' }),
    count: field(whole(1), 'How many requests; without it, all.'),
    commits: field(yes, 'Whether the write is done although the answer is an error.', { default: false }),
  },
  without: ['commits'],
  begin: (_, parameters, { api }) => {
    const { verb, kind: named, name, count } = parameters as { verb?: string; kind?: string; name?: string; count?: number }
    const reason = typeof parameters['reason'] === 'string' ? parameters['reason'] : 'InternalError'
    const kind = named === undefined ? undefined : (namedKind(named) ?? kindOf(named))?.kind
    let left = count ?? Number.POSITIVE_INFINITY
    return api.begin((_, request) => {
      if (left <= 0 || (verb !== undefined && verb !== verbOf(request)) || (named !== undefined && kind !== kindNamed(request)))
        return undefined
      if (name !== undefined && name !== nameOf(request)) return undefined
      left--
      return {
        code: codes.get(reason) ?? 500,
        reason,
        message: texts.get(reason) ?? 'Internal error occurred: the fault api-error of this scenario',
      }
    })
  },
}

/** Codes of the reasons of metav1.Status. Source: apimachinery pkg/apis/meta/v1/types.go. */
const codes: ReadonlyMap<string, number> = new Map([
  ['BadRequest', 400],
  ['Unauthorized', 401],
  ['Forbidden', 403],
  ['NotFound', 404],
  ['MethodNotAllowed', 405],
  ['Conflict', 409],
  ['AlreadyExists', 409],
  ['Expired', 410],
  ['Gone', 410],
  ['RequestEntityTooLarge', 413],
  ['Invalid', 422],
  ['TooManyRequests', 429],
  ['InternalError', 500],
  ['ServiceUnavailable', 503],
  ['Timeout', 504],
  ['ServerTimeout', 500],
])

/** What the server says with them. */
const texts: ReadonlyMap<string, string> = new Map([
  ['ServiceUnavailable', 'the server is currently unable to handle the request'],
  ['TooManyRequests', 'the server has received too many requests and has asked us to try again later'],
  ['Timeout', 'Timeout: request did not complete within requested timeout - context deadline exceeded'],
])

const verbOf = ({ verb }: Request): string => (verb === 'evict' || verb === 'bind' ? 'create' : verb)

const kindNamed = (request: Request): string => {
  if ('object' in request) return request.object.kind
  return 'kind' in request ? request.kind : 'Pod'
}

const nameOf = (request: Request): string | undefined => {
  if ('object' in request) return request.object.metadata.name
  return 'name' in request ? request.name : undefined
}
