/**
 * JSON merge patch (RFC 7386): maps merge key by key, null removes, everything else replaces. Branches that the patch does not
 * name stay identical.
 */

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** `target` with `patch` laid over it. Neither is changed. */
export const mergePatch = (target: unknown, patch: unknown): unknown => {
  if (!isMap(patch)) return patch
  const result: Record<string, unknown> = isMap(target) ? { ...target } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key]
    else result[key] = mergePatch(result[key], value)
  }
  return result
}
