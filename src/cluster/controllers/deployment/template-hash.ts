/**
 * The hash of a pod template that names a ReplicaSet.
 * Source: pkg/controller/controller_utils.go ComputeHash; apimachinery util/rand SafeEncodeString.
 * Differs from Kubernetes: it hashes the template's JSON (there: a dump of Go structs), so the letters are others.
 */

/** 32-bit FNV-1a over the UTF-8 bytes of a text. */
const fnv1a = (text: string): number => {
  let hash = 0x811c9dc5
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  return hash
}

/** Letters and digits that spell no bad words. */
const alphabet = 'bcdfghjklmnpqrstvwxz2456789'

/** The hash of a template, after so many collisions. */
export const templateHash = (template: unknown, collisionCount: number | undefined): string => {
  const text = JSON.stringify(template, (_key, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each) ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1))) : each,
  )
  const sum = String(fnv1a(`${text}${collisionCount ?? ''}`))
  return Array.from(sum, (digit) => alphabet[digit.charCodeAt(0) % alphabet.length]).join('')
}
