/**
 * What a revision holds, byte for byte as Kubernetes writes it, and the hash over it.
 *
 * The name of a revision is a hash over the JSON of the pod template, so the JSON must be Go's: keys sorted, no blanks, `<`, `>`
 * and `&` escaped, fields that Go leaves out left out and those that it always writes written.
 * Source: statefulset.md 4.2, 4.3; pkg/controller/history, encoding/json.
 */
import type { PodTemplate } from '../../objects/pod.ts'

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

const escapes: Readonly<Record<string, string>> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
}

const quoted = (text: string): string => JSON.stringify(text).replace(/[<>&\u2028\u2029]/g, (sign) => escapes[sign] as string)

/** JSON of a value as Go's encoder writes a map. */
export const goJson = (value: unknown): string => {
  if (typeof value === 'string') return quoted(value)
  if (Array.isArray(value)) return `[${value.map(goJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const fields = value as Readonly<Record<string, unknown>>
  const keys = Object.keys(fields).filter((key) => fields[key] !== undefined)
  return `{${keys
    .sort()
    .map((key) => `${quoted(key)}:${goJson(fields[key])}`)
    .join(',')}}`
}

/** Maps of text that Go leaves out when they are empty. Other empty objects stand for a pointer that is set. */
const mapsOfText: ReadonlySet<string> = new Set(['labels', 'annotations', 'nodeSelector', 'matchLabels', 'requests', 'limits', 'overhead'])

/** The value without what Go's types do not write: null, empty lists, empty maps of text. */
const trimmed = (value: unknown): Json | undefined => {
  if (value === null || value === undefined) return undefined
  if (Array.isArray(value)) return value.map((item) => trimmed(item) ?? null)
  if (typeof value !== 'object') return value as Json
  const result: Record<string, Json> = {}
  for (const [key, part] of Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const kept = trimmed(part)
    if (kept === undefined || (Array.isArray(kept) && kept.length === 0)) continue
    if (mapsOfText.has(key) && typeof kept === 'object' && Object.keys(kept as object).length === 0) continue
    result[key] = kept
  }
  return result
}

type Fields = Record<string, Json>

/** `metadata` of a template inside: 1.33 still wrote its creationTimestamp. */
const embeddedMeta = (meta: Json | undefined, writesNull: boolean): Fields => {
  const { creationTimestamp, ...rest } = (meta ?? {}) as Fields
  if (creationTimestamp !== undefined) return { ...rest, creationTimestamp }
  return writesNull ? { ...rest, creationTimestamp: null } : rest
}

/** Fields of containers and volumes that Go writes even when nobody set them. */
const spelled = (spec: Fields, writesNull: boolean): Fields => {
  const result = { ...spec }
  for (const list of ['containers', 'initContainers', 'ephemeralContainers']) {
    const containers = result[list] as readonly Fields[] | undefined
    if (containers !== undefined) result[list] = containers.map((container) => ({ ...container, resources: container['resources'] ?? {} }))
  }
  const volumes = result['volumes'] as readonly Fields[] | undefined
  if (volumes !== undefined) result['volumes'] = volumes.map((volume) => spelledVolume(volume, writesNull))
  return result
}

const spelledVolume = (volume: Fields, writesNull: boolean): Fields => {
  const ephemeral = volume['ephemeral'] as { volumeClaimTemplate?: Fields } | undefined
  const template = ephemeral?.volumeClaimTemplate
  if (template === undefined) return volume
  const spec = (template['spec'] ?? {}) as Fields
  return {
    ...volume,
    ephemeral: {
      ...ephemeral,
      volumeClaimTemplate: {
        ...template,
        metadata: embeddedMeta(template['metadata'], writesNull),
        spec: { ...spec, resources: spec['resources'] ?? {} },
      },
    },
  }
}

/** `data` of the revision of a template, and its bytes as text. `writesNull` for release 1.33. */
export type RevisionData = { readonly object: { readonly spec: { readonly template: Fields } }; readonly text: string }

const made = [new WeakMap<object, RevisionData>(), new WeakMap<object, RevisionData>()] as const

/** See `RevisionData`. Kept for each template object: versions of a set share it. */
export const dataOf = (template: PodTemplate, writesNull: boolean): RevisionData => {
  const known = made[writesNull ? 1 : 0].get(template)
  if (known !== undefined) return known
  const { metadata, spec, ...rest } = (trimmed(template) ?? {}) as Fields
  const object = {
    spec: {
      template: {
        $patch: 'replace',
        ...rest,
        metadata: embeddedMeta(metadata, writesNull),
        spec: spelled((spec ?? {}) as Fields, writesNull),
      },
    },
  }
  const result = { object, text: goJson(object) }
  made[writesNull ? 1 : 0].set(template, result)
  return result
}

const texts = new WeakMap<object, string>()

/** The bytes of stored data, as text. Nothing is left out of what is stored. */
export const storedText = (data: unknown): string => {
  if (typeof data !== 'object' || data === null) return goJson(data)
  let text = texts.get(data)
  if (text === undefined) {
    text = goJson(data)
    texts.set(data, text)
  }
  return text
}

/** The UTF-8 bytes of a sign outside ASCII. */
const bytesOf = (code: number): readonly number[] => {
  const tail = (shift: number): number => 0x80 | ((code >> shift) & 0x3f)
  if (code < 0x800) return [0xc0 | (code >> 6), tail(0)]
  if (code < 0x1_0000) return [0xe0 | (code >> 12), tail(6), tail(0)]
  return [0xf0 | (code >> 18), tail(12), tail(6), tail(0)]
}

/** 32-bit FNV-1 over the UTF-8 bytes of a text. Source: statefulset.md 4.3; Go hash/fnv New32. */
export const fnv1 = (text: string): number => {
  let hash = 2_166_136_261
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit < 0x80) {
      hash = Math.imul(hash, 16_777_619) ^ unit
      continue
    }
    const code = text.codePointAt(at) as number
    if (code > 0xffff) at++
    for (const byte of bytesOf(code)) hash = Math.imul(hash, 16_777_619) ^ byte
  }
  return hash >>> 0
}

/** Letters and digits that spell no bad words. Source: apimachinery util/rand. */
const alphabet = 'bcdfghjklmnpqrstvwxz2456789'

/** A text in which each byte is replaced by one of the alphabet: `733928534` becomes `c77f6d978`. */
export const safeEncoded = (text: string): string =>
  Array.from(text, (sign) => alphabet[(sign.codePointAt(0) as number) % alphabet.length]).join('')

/** The suffix of a revision's name. Without a collision count (null) nothing is added to the bytes. */
export const hashOf = (text: string, collisionCount: number | null): string => safeEncoded(String(fnv1(`${text}${collisionCount ?? ''}`)))
