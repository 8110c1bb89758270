/**
 * Patches out of objects: what kubectl sends so that the live object becomes what the person wrote.
 * Source: kubectl.md 4.2, 4.3; apimachinery util/strategicpatch/patch.go (CreateThreeWayMergePatch, diffMaps, diffLists), 1.36.
 */
import { isAtomicMap, listRule } from '../objects/patch/merge-keys.ts'

type Map = Readonly<Record<string, unknown>>

/** Which half of a difference is wanted: what was added and changed, what was deleted, or both. */
type Half = { readonly deletions: boolean; readonly changes: boolean }

/** Where a list stands: the kind of the object, and the names of the fields above it (list positions left out). */
type Place = { readonly kind: string; readonly path: readonly string[] }

const isMap = (value: unknown): value is Map => value !== null && typeof value === 'object' && !Array.isArray(value)

/** A strategic merge patch that turns `from` into `to`. */
export const strategicDifference = (kind: string, from: unknown, to: unknown): Map =>
  diffMaps({ kind, path: [] }, from as Map, to as Map, { deletions: true, changes: true })

/**
 * The patch of apply: fields that were applied before and are no longer written are deleted, fields that differ from the live object
 * are set, fields that only the live object has are kept. `{}` means that nothing is to be done.
 */
export function threeWayDifference(kind: string, original: unknown, modified: unknown, current: unknown): Map {
  const place = { kind, path: [] }
  const delta = diffMaps(place, current as Map, modified as Map, { deletions: false, changes: true })
  const deletions = diffMaps(place, (original ?? {}) as Map, modified as Map, { deletions: true, changes: false })
  return joinMaps(place, deletions, delta)
}

/** A JSON merge patch (RFC 7386) that turns `from` into `to`. */
export function mergeDifference(from: unknown, to: unknown): Map {
  const patch: Record<string, unknown> = {}
  const a = (isMap(from) ? from : {}) as Map
  const b = (isMap(to) ? to : {}) as Map
  for (const key of keysOf(a)) if (b[key] === undefined) patch[key] = null
  for (const key of keysOf(b)) {
    if (isMap(a[key]) && isMap(b[key])) {
      const inner = mergeDifference(a[key], b[key])
      if (keysOf(inner).length > 0) patch[key] = inner
    } else if (!isSame(a[key], b[key])) patch[key] = b[key]
  }
  return patch
}

const keysOf = (map: Map): string[] =>
  Object.keys(map)
    .filter((key) => map[key] !== undefined)
    .sort()

/** Whether two values are the same, the order of keys aside. */
export function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((x, i) => isSame(x, b[i]))
  }
  if (!isMap(a) || !isMap(b)) return false
  const keys = keysOf(a)
  return keys.length === keysOf(b).length && keys.every((key) => isSame(a[key], b[key]))
}

const under = (place: Place, key: string): Place => ({ kind: place.kind, path: [...place.path, key] })

function diffMaps(place: Place, from: Map, to: Map, half: Half): Map {
  const patch: Record<string, unknown> = {}
  for (const key of keysOf(from)) {
    const a = from[key]
    const b = to[key]
    if (b === undefined) {
      if (half.deletions) patch[key] = null
    } else if (isMap(a) && isMap(b)) diffInnerMap(under(place, key), key, a, b, half, patch)
    else if (Array.isArray(a) && Array.isArray(b)) diffList(under(place, key), key, a, b, half, patch)
    else if (half.changes && !isSame(a, b)) patch[key] = b
  }
  if (half.changes) for (const key of keysOf(to)) if (from[key] === undefined) patch[key] = to[key]
  return patch
}

function diffInnerMap(place: Place, key: string, from: Map, to: Map, half: Half, patch: Record<string, unknown>): void {
  if (isAtomicMap(place.kind, place.path)) {
    if (half.changes && !isSame(from, to)) patch[key] = { ...to, $patch: 'replace' }
    return
  }
  const inner = diffMaps(place, from, to, half)
  if (keysOf(inner).length > 0) patch[key] = inner
}

function diffList(
  place: Place,
  key: string,
  from: readonly unknown[],
  to: readonly unknown[],
  half: Half,
  patch: Record<string, unknown>,
): void {
  const rule = listRule(place.kind, place.path)
  if (rule === 'set') {
    const added = to.filter((item) => !from.some((each) => isSame(each, item)))
    const gone = from.filter((item) => !to.some((each) => isSame(each, item)))
    if (half.changes && added.length > 0) patch[key] = added
    if (half.deletions && gone.length > 0) patch[`$deleteFromPrimitiveList/${key}`] = gone
    const moved = from.length !== to.length || from.some((item, i) => !isSame(item, to[i]))
    const touched = (half.changes && (added.length > 0 || moved)) || (half.deletions && gone.length > 0)
    if (touched && to.length > 0) patch[`$setElementOrder/${key}`] = to
    return
  }
  if (rule === 'replace') {
    if (half.changes && !isSame(from, to)) patch[key] = to
    return
  }
  const name = rule.key
  const items = diffItems(place, name, rule.retain === true, from as readonly Map[], to as readonly Map[], half)
  const sameOrder = from.length === to.length && from.every((item, i) => isSame((item as Map)[name], (to[i] as Map)[name]))
  const touched = (half.changes && (items.length > 0 || !sameOrder)) || (half.deletions && items.length > 0)
  if (items.length > 0) patch[key] = items
  if (touched && to.length > 0) patch[`$setElementOrder/${key}`] = to.map((item) => ({ [name]: (item as Map)[name] }))
}

function diffItems(place: Place, name: string, retain: boolean, from: readonly Map[], to: readonly Map[], half: Half): readonly Map[] {
  const patches: Map[] = []
  for (const item of to) {
    const old = from.find((each) => isSame(each[name], item[name]))
    if (old === undefined) {
      if (half.changes) patches.push(item)
      continue
    }
    const inner = diffMaps(place, old, item, half)
    if (keysOf(inner).length === 0) continue
    // retainKeys: only what the new item has stays, so that another kind of volume drops the old one
    patches.push({ ...inner, ...(retain ? { $retainKeys: keysOf(item) } : {}), [name]: item[name] })
  }
  if (half.deletions) {
    for (const old of from) if (!to.some((each) => isSame(each[name], old[name]))) patches.push({ $patch: 'delete', [name]: old[name] })
  }
  return patches
}

/** Two patches as one; the second one's word counts where both speak. */
function joinMaps(place: Place, first: Map, second: Map): Map {
  const joined: Record<string, unknown> = { ...first }
  for (const key of keysOf(second)) {
    const a = first[key]
    const b = second[key]
    const here = under(place, key)
    if (isMap(a) && isMap(b)) joined[key] = joinMaps(here, a, b)
    else if (Array.isArray(a) && Array.isArray(b) && !key.startsWith('$'))
      joined[key] = joinLists(here, a as readonly Map[], b as readonly Map[])
    else joined[key] = b
  }
  return joined
}

function joinLists(place: Place, first: readonly Map[], second: readonly Map[]): readonly Map[] {
  const rule = listRule(place.kind, place.path)
  if (typeof rule === 'string') return second
  const name = rule.key
  const changed = first.map((item) => {
    const other = second.find((each) => isSame(each[name], item[name]))
    return other === undefined ? item : joinMaps(place, item, other)
  })
  return [...second.filter((item) => !first.some((each) => isSame(each[name], item[name]))), ...changed]
}
