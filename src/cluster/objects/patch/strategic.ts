/**
 * Kubernetes' strategic merge patch: maps merge key by key; lists merge by the key that their type names, or are replaced as a whole.
 *
 * Source: kubectl.md 4.3 (the table of keys, the directives); apimachinery's strategicpatch as described there. Custom resources have
 * no strategic merge (the API server refuses it with 415).
 */

import { isAtomicMap, type ListRule, listRule } from './merge-keys.ts'

type Map = Readonly<Record<string, unknown>>

const isMap = (value: unknown): value is Map => typeof value === 'object' && value !== null && !Array.isArray(value)

const orderPrefix = '$setElementOrder/'
const deletePrefix = '$deleteFromPrimitiveList/'

/** `target` with `patch` laid over it. Neither is changed. Throws a TypeError where the patch cannot be read. */
export const strategicMerge = (kind: string, target: unknown, patch: unknown): unknown => {
  if (!isMap(patch)) throw new TypeError('a strategic merge patch is a map')
  return mergeMaps(kind, [], isMap(target) ? target : {}, patch)
}

const mergeMaps = (kind: string, path: readonly string[], target: Map, patch: Map): Map => {
  if (patch['$patch'] === 'replace') return withoutDirectives(patch) as Map
  if (patch['$patch'] === 'delete') return {}
  const result: Record<string, unknown> = { ...target }
  const retained = patch['$retainKeys']
  if (Array.isArray(retained)) for (const key of Object.keys(result)) if (!retained.includes(key)) delete result[key]
  for (const [key, value] of Object.entries(patch)) {
    if (key === '$patch' || key === '$retainKeys' || key.startsWith(orderPrefix)) continue
    if (key.startsWith(deletePrefix)) {
      const field = key.slice(deletePrefix.length)
      const before = result[field]
      if (Array.isArray(before) && Array.isArray(value)) result[field] = before.filter((element) => !value.includes(element))
    } else if (value === null) delete result[key]
    else result[key] = mergeValue(kind, [...path, key], result[key], value, patch[orderPrefix + key])
  }
  // An order alone sorts a list that the patch does not touch otherwise.
  for (const [key, order] of Object.entries(patch)) {
    if (!key.startsWith(orderPrefix)) continue
    const field = key.slice(orderPrefix.length)
    const list = result[field]
    if (!(field in patch) && Array.isArray(list) && Array.isArray(order))
      result[field] = ordered(list, list, order, listRule(kind, [...path, field]))
  }
  return result
}

const mergeValue = (kind: string, path: readonly string[], before: unknown, value: unknown, order: unknown): unknown => {
  if (isMap(value)) {
    if (!isMap(before) || isAtomicMap(kind, path)) return withoutDirectives(value)
    return mergeMaps(kind, path, before, value)
  }
  if (!Array.isArray(value)) return value
  const rule = listRule(kind, path)
  if (rule === 'replace') return withoutDirectives(value)
  const old = Array.isArray(before) ? before : []
  const merged = rule === 'set' ? mergeSets(old, value) : mergeLists(kind, path, old, value, rule.key)
  return Array.isArray(order) ? ordered(merged, old, order, rule) : merged
}

const mergeSets = (before: readonly unknown[], value: readonly unknown[]): unknown[] => [...new Set([...before, ...value])]

const mergeLists = (
  kind: string,
  path: readonly string[],
  before: readonly unknown[],
  value: readonly unknown[],
  key: string,
): unknown[] => {
  if (value.some((element) => isMap(element) && element['$patch'] === 'replace' && element[key] === undefined)) {
    return withoutDirectives(
      value.filter((element) => !(isMap(element) && element['$patch'] === 'replace' && element[key] === undefined)),
    ) as unknown[]
  }
  let result = [...before]
  for (const element of value) {
    if (!isMap(element)) {
      result.push(element)
      continue
    }
    const name = element[key]
    if (name === undefined) throw new TypeError(`map: ${JSON.stringify(element)} does not contain declared merge key: ${key}`)
    const at = result.findIndex((each) => isMap(each) && each[key] === name)
    if (element['$patch'] === 'delete') result = result.filter((each) => !(isMap(each) && each[key] === name))
    else if (at < 0) result.push(withoutDirectives(element))
    else if (element['$patch'] === 'replace') result[at] = withoutDirectives(element)
    else result[at] = mergeMaps(kind, path, result[at] as Map, element)
  }
  return result
}

/**
 * The elements that the patch's order names, in that order; the others stay where they were beside them: an element of the old list goes
 * in front of a named one if it stood in front of it.
 */
const ordered = (list: readonly unknown[], before: readonly unknown[], order: readonly unknown[], rule: ListRule): unknown[] => {
  const nameOf = (element: unknown): unknown => (typeof rule === 'object' && isMap(element) ? element[rule.key] : element)
  const wanted = order.map(nameOf)
  const place = new Map(before.map((element, i) => [nameOf(element), i]))
  const named = list
    .filter((element) => wanted.includes(nameOf(element)))
    .sort((a, b) => wanted.indexOf(nameOf(a)) - wanted.indexOf(nameOf(b)))
  const others = list.filter((element) => !wanted.includes(nameOf(element)))
  const result: unknown[] = []
  let next = 0
  for (const element of named) {
    const at = place.get(nameOf(element))
    while (next < others.length && at !== undefined && (place.get(nameOf(others[next])) ?? Number.POSITIVE_INFINITY) < at)
      result.push(others[next++])
    result.push(element)
  }
  return [...result, ...others.slice(next)]
}

/** A value of a patch that meets nothing: without its directives and its nulls. */
const withoutDirectives = (value: unknown): unknown => {
  if (Array.isArray(value)) {
    return value.filter((element) => !(isMap(element) && element['$patch'] === 'delete')).map(withoutDirectives)
  }
  if (!isMap(value)) return value
  const result: Record<string, unknown> = {}
  for (const [key, part] of Object.entries(value)) {
    if (part === null || key === '$patch' || key === '$retainKeys' || key.startsWith(orderPrefix) || key.startsWith(deletePrefix)) continue
    result[key] = withoutDirectives(part)
  }
  return result
}
