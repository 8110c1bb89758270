/**
 * An object after a PATCH, or why the patch cannot be applied. Source: kubectl.md 4.3, 8 ("JSON patch that cannot be applied").
 */
import type { KubernetesObject } from '../objects/metadata.ts'
import { jsonPatch } from '../objects/patch/json.ts'
import { mergePatch } from '../objects/patch/merge.ts'
import { strategicMerge } from '../objects/patch/strategic.ts'
import * as errors from './errors.ts'
import type { Request, Status } from './request.ts'

const notAPatch = (found: unknown): string =>
  `json: cannot unmarshal ${found === null ? 'null' : typeof found === 'boolean' ? 'bool' : typeof found} into Go value of type jsonpatch.Patch`

/** See the head of the file. */
export const patched = (
  kind: { readonly kind: string },
  object: KubernetesObject,
  request: Extract<Request, { verb: 'patch' }>,
): { readonly object: KubernetesObject } | { readonly refused: Status } => {
  switch (request.type) {
    case 'json': {
      // What is no list of operations is refused before anything is applied.
      if (!Array.isArray(request.patch)) return { refused: errors.badRequest(notAPatch(request.patch)) }
      const result = jsonPatch(object, request.patch)
      return 'error' in result ? { refused: errors.unprocessable() } : { object: result.document as KubernetesObject }
    }
    case 'merge':
      return { object: mergePatch(object, request.patch) as KubernetesObject }
    case 'strategic':
      try {
        return { object: strategicMerge(kind.kind, object, request.patch) as KubernetesObject }
      } catch (error) {
        return { refused: errors.badRequest(error instanceof TypeError ? error.message : String(error)) }
      }
  }
}
