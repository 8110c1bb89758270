/**
 * What a write changed, in few words: `spec.replicas 3 → 5`, `status`, `deletion begins (30s)`.
 */
import type { KubernetesObject } from '../cluster/objects/metadata.ts'
import type { Write } from './entries.ts'

/** How many changed fields are named before "…". */
const most = 4

/** The fields that are looked into one level deeper than `spec` and `status`. */
const deeper = ['metadata', 'spec', 'status']

/** What the write did, for a column or a line. */
export function describeWrite(write: Write): string {
  const { object, old } = write
  if (write.type === 'ADDED') return 'created'
  if (write.type === 'DELETED') return 'removed'
  if (old === undefined) return 'changed'
  if (write.subresource === 'binding') return `bound to ${object['spec']?.nodeName}`
  if (object.metadata.deletionTimestamp !== undefined && old.metadata.deletionTimestamp === undefined) {
    const grace = object.metadata.deletionGracePeriodSeconds
    return grace === undefined ? 'deletion begins' : `deletion begins (${grace}s)`
  }
  const changed = changes(old, object)
  if (changed.length === 0) return 'nothing but its version'
  return changed.length > most ? `${changed.slice(0, most).join(', ')}, …` : changed.join(', ')
}

function changes(old: KubernetesObject, object: KubernetesObject): string[] {
  const found: string[] = []
  for (const field of fieldsOf(old, object)) {
    const [before, after] = [old[field], object[field]]
    if (before === after || same(before, after)) continue
    if (!deeper.includes(field) || !isMap(before) || !isMap(after)) {
      found.push(shown(field, before, after))
      continue
    }
    for (const inner of fieldsOf(before, after)) {
      if (field === 'metadata' && inner === 'resourceVersion') continue
      if (inner === 'conditions') found.push(...conditionChanges(before[inner], after[inner]))
      else if (before[inner] !== after[inner] && !same(before[inner], after[inner]))
        found.push(shown(`${field}.${inner}`, before[inner], after[inner]))
    }
  }
  return found
}

function conditionChanges(before: unknown, after: unknown): string[] {
  const list = (value: unknown) => (Array.isArray(value) ? value : []) as { type: string; status: string }[]
  const old = new Map(list(before).map((one) => [one.type, one.status]))
  const now = list(after).filter((one) => old.get(one.type) !== one.status)
  const gone = [...old.keys()].filter((type) => !list(after).some((one) => one.type === type))
  if (now.length + gone.length === 0) return same(before, after) ? [] : ['status.conditions']
  return [...now.map((one) => `${one.type}=${one.status}`), ...gone.map((type) => `${type} gone`)]
}

const isMap = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

const fieldsOf = (a: object, b: object): string[] => [...new Set([...Object.keys(a), ...Object.keys(b)])].sort()

const isScalar = (value: unknown): boolean => ['string', 'number', 'boolean'].includes(typeof value)

function shown(name: string, before: unknown, after: unknown): string {
  const [old, now] = [isScalar(before), isScalar(after)]
  const short = (value: unknown) => String(value).length <= 40
  if (old && now && short(before) && short(after)) return `${name} ${before} → ${after}`
  if (before === undefined && now && short(after)) return `${name} = ${after}`
  if (after === undefined) return `${name} gone`
  return name
}

/** Whether two values say the same. */
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const [before, after] = [a as Record<string, unknown>, b as Record<string, unknown>]
  const keys = Object.keys(before)
  return keys.length === Object.keys(after).length && keys.every((key) => same(before[key], after[key]))
}
