/**
 * JSON patch (RFC 6902) through a well-kept library. The document is not changed.
 */
import jsonPatchLibrary, { type Operation } from 'fast-json-patch'

/** The changed document, or that the operations cannot be applied (a failed `test`, a path that is not there, no list of operations). */
export const jsonPatch = (document: unknown, operations: unknown): { readonly document: unknown } | { readonly error: string } => {
  if (!Array.isArray(operations)) return { error: 'a JSON patch is a list of operations' }
  try {
    const { newDocument } = jsonPatchLibrary.applyPatch(structuredCloneOf(document), operations as Operation[], true, true)
    return { document: newDocument }
  } catch (error) {
    return { error: error instanceof Error ? (error.message.split('\n')[0] as string) : String(error) }
  }
}

/** The library writes into what it is given: it gets a copy, since stored objects are frozen. */
const structuredCloneOf = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
