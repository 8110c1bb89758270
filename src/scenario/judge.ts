/**
 * Whether a value is what a schema wants, and if not, everything that is wrong with it, in words. The schemas are valibot's; the walk
 * and the wording are ours: alternatives are chosen by their key, all unknown fields are told with the nearest known one.
 * Source: design/libraries.md 2.2.
 */
import * as v from 'valibot'
import { parseDistribution } from '../engine/distribution.ts'
import { didYouMean, nearest } from '../text/mistake.ts'
import type { Path } from '../text/yaml.ts'
import { type Choice, choices } from './schema.ts'
import { distribution, duration, meaningOf, scalar } from './shapes.ts'

type Any = v.GenericSchema

/** One thing that is wrong, at a path of keys. */
export type Finding = { readonly path: Path; readonly of: 'key' | 'value'; readonly found: string; readonly hint: string }

/** How a value reads in a sentence: `60`, `"60"`, `a list`, `nothing`. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a map'
  const text = JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 57)}…"` : text
}

const isMap = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

/** The schema without what was piped onto it. */
function bare(schema: Any): Any {
  const pipe = (schema as { pipe?: readonly Any[] }).pipe
  const first = pipe?.[0]
  return first === undefined || first === schema ? schema : bare(first)
}

/** All layers of a schema, outermost first: where a choice may have been registered. */
function layers(schema: Any): Any[] {
  const first = (schema as { pipe?: readonly Any[] }).pipe?.[0]
  return first === undefined || first === schema ? [schema] : [schema, ...layers(first)]
}

const choiceOf = (schema: Any): Choice | undefined =>
  layers(schema)
    .map((layer) => choices.get(layer))
    .find((choice) => choice !== undefined)

const isA = (schema: Any, which: Any): boolean => layers(schema).includes(which)

/** Everything wrong with the value, in no promised order. `what` names the object in sentences: `a scenario`. */
export function judge(schema: Any, value: unknown, path: Path, what: string): Finding[] {
  const choice = choiceOf(schema)
  if (choice !== undefined) return chosen(choice, value, path)
  const shape = bare(schema)
  switch (shape.type) {
    case 'strict_object':
      return judgeObject(schema, shape as unknown as { entries: Record<string, Any> }, value, path, what)
    case 'array': {
      if (!Array.isArray(value)) return [wrongType(schema, value, path, 'a list')]
      const { item } = shape as unknown as { item: Any }
      const inner = value.flatMap((one, index) => judge(item, one, [...path, index], `${what}[${index}]`))
      return inner.length > 0 ? inner : leaf(schema, value, path)
    }
    case 'record': {
      if (!isMap(value)) return [wrongType(schema, value, path, 'a map')]
      const { value: item } = shape as unknown as { value: Any }
      return Object.keys(value).flatMap((key) => judge(item, value[key], [...path, key], key))
    }
    case 'nullable':
      return value === null ? [] : judge((shape as unknown as { wrapped: Any }).wrapped, value, path, what)
    case 'union':
      return judgeUnion(schema, shape as unknown as { options: readonly Any[] }, value, path, what)
    default:
      return leaf(schema, value, path)
  }
}

/** The alternatives of a union that hold no object are tried as a whole; an object or list among them is chosen by its type. */
function judgeUnion(schema: Any, union: { readonly options: readonly Any[] }, value: unknown, path: Path, what: string): Finding[] {
  const wanted = Array.isArray(value) ? ['array'] : isMap(value) ? ['strict_object', 'record'] : []
  const inner = union.options.find((option) => wanted.includes(bare(option).type))
  return inner === undefined ? leaf(schema, value, path) : judge(inner, value, path, what)
}

function chosen(choice: Choice, value: unknown, path: Path): Finding[] {
  if (!isMap(value))
    return [{ path, of: 'value', found: `${shown(value)} where ${choice.what} was expected`, hint: 'write it as a map of fields' }]
  const names = [...choice.schemas.keys()]
  if (choice.by === 'text') {
    const name = value[choice.key]
    if (name === undefined) return [{ path, of: 'value', found: `${choice.what} needs "${choice.key}"`, hint: choice.lists }]
    const schema = typeof name === 'string' ? choice.schemas.get(name) : undefined
    if (schema !== undefined) return judge(schema, value, path, `${choice.what.replace(/^an? /, '')} ${name}`)
    const near = typeof name === 'string' ? nearest(name, names) : undefined
    const hint = near === undefined ? choice.lists : `did you mean "${near}"?`
    return [{ path: [...path, choice.key], of: 'value', found: `${shown(name)} is not ${choice.what}`, hint }]
  }
  const there = names.filter((name) => name in value)
  const [first, second] = there
  if (first === undefined) {
    // A misspelt verb is an unknown field whose neighbour is one of the verbs.
    for (const key of Object.keys(value)) {
      const near = nearest(key, names)
      if (near !== undefined && distanceIsSmall(key, near))
        return [{ path: [...path, key], of: 'key', found: `"${key}" is not a field of ${choice.what}`, hint: `did you mean "${near}"?` }]
    }
    return [{ path, of: 'value', found: `${choice.what} that says nothing`, hint: `it needs one of: ${names.join(', ')}` }]
  }
  if (second !== undefined)
    return [{ path: [...path, second], of: 'key', found: `${choice.what} with both "${first}" and "${second}"`, hint: 'make two of it' }]
  return judge(choice.schemas.get(first) as Any, value, path, choice.what)
}

const distanceIsSmall = (a: string, b: string): boolean => Math.abs(a.length - b.length) <= 2

function judgeObject(schema: Any, object: { readonly entries: Record<string, Any> }, value: unknown, path: Path, what: string): Finding[] {
  if (!isMap(value)) return [wrongType(schema, value, path, 'a map of fields')]
  const findings: Finding[] = []
  const { others = [] } = meaningOf(schema)
  const fields = Object.keys(object.entries)
  const known = [...fields, ...others]
  const missing = fields.filter((key) => !(key in value) && object.entries[key]?.type !== 'exact_optional')
  for (const key of Object.keys(value)) {
    const entry = object.entries[key] ?? (others.includes(key) ? scalar : undefined)
    if (entry === undefined)
      findings.push({
        path: [...path, key],
        of: 'key',
        found: `"${key}" is not a field of ${what}`,
        hint: unknownField(key, known, fields),
      })
    else if (value[key] === null && bare(unwrapped(entry)).type !== 'nullable')
      findings.push({ path: [...path, key], of: 'key', found: `"${key}" has no value`, hint: `give it one, or leave it out` })
    else findings.push(...judge(unwrapped(entry), value[key], [...path, key], key))
  }
  for (const key of missing) {
    const meaning = meaningOf(object.entries[key] as Any)
    const example = meaning.examples?.[0]
    findings.push({
      path,
      of: 'value',
      found: `${what} needs "${key}"`,
      hint:
        example === undefined
          ? (meaning.description ?? '')
          : `for example ${key}: ${typeof example === 'string' ? example : JSON.stringify(example)}`,
    })
  }
  const meaning = meaningOf(schema)
  for (const group of meaning.exclusive ?? []) {
    const [first, second] = group.filter((key) => key in value)
    if (first !== undefined && second !== undefined)
      findings.push({
        path: [...path, second],
        of: 'key',
        found: `"${second}" beside "${first}"`,
        hint: `only one of ${group.join(', ')} can be given`,
      })
  }
  for (const [key, other] of Object.entries(meaning.needs ?? {}))
    if (key in value && !(other in value))
      findings.push({ path: [...path, key], of: 'key', found: `"${key}" without "${other}"`, hint: `it says how long "${other}" may take` })
  if (meaning.oneOf !== undefined && meaning.oneOf.length > 0) {
    const there = meaning.oneOf.filter((key) => key in value)
    if (there.length !== 1)
      findings.push({
        path,
        of: 'value',
        found: there.length === 0 ? `${what} that says nothing` : `both ${there.join(' and ')}`,
        hint: `it needs exactly one of: ${meaning.oneOf.join(', ')}`,
      })
  }
  return findings
}

const unknownField = (key: string, known: readonly string[], fields: readonly string[]): string =>
  didYouMean(key, nearest(key, known) === undefined ? fields : known, 'its fields are')

const unwrapped = (schema: Any): Any => (schema.type === 'exact_optional' ? (schema as unknown as { wrapped: Any }).wrapped : schema)

function wrongType(schema: Any, value: unknown, path: Path, wanted: string): Finding {
  const meaning = meaningOf(schema)
  return {
    path,
    of: 'value',
    found: `${shown(value)} where ${meaning.expects ?? wanted} was expected`,
    hint: meaning.hint ?? hintFor(meaning),
  }
}

const hintFor = (meaning: { readonly examples?: readonly unknown[] }): string => {
  const example = meaning.examples?.[0]
  return example === undefined ? '' : `for example ${typeof example === 'string' ? example : JSON.stringify(example)}`
}

/** A value without parts: what the schema says, and if it says no, why. */
function leaf(schema: Any, value: unknown, path: Path): Finding[] {
  const result = v.safeParse(schema, value)
  if (result.success) {
    if (isA(schema, distribution) && typeof value === 'string' && parseDistribution(value) === undefined) {
      const meaning = meaningOf(distribution)
      return [
        {
          path,
          of: 'value',
          found: `${shown(value)} is not ${meaning.expects}`,
          hint: 'the numbers do not fit: a maximum below its minimum, or a zero',
        },
      ]
    }
    return []
  }
  const meaning = meaningOf(schema)
  const issue = result.issues[0]
  if (issue.type === 'picklist') {
    const options = (bare(schema) as unknown as { options: readonly unknown[] }).options.map(String)
    return [
      {
        path,
        of: 'value',
        found: `${shown(value)} is not ${meaning.expects ?? `one of ${options.join(', ')}`}`,
        hint: typeof value === 'string' ? didYouMean(value, options) : '',
      },
    ]
  }
  if (issue.type === 'literal')
    return [
      {
        path,
        of: 'value',
        found: `${shown(value)} where ${issue.expected ?? ''} was expected`,
        hint: `write ${String((bare(schema) as unknown as { literal: unknown }).literal)}`,
      },
    ]
  const lengths = isA(schema, duration) || isA(schema, distribution)
  if (lengths && typeof value === 'number')
    return [{ path, of: 'value', found: `${value} has no unit`, hint: `say ${value}s for seconds, ${value}m for minutes` }]
  if (lengths && typeof value === 'string' && /^\d+(\.\d+)?$/.test(value))
    return [{ path, of: 'value', found: `${shown(value)} has no unit`, hint: `say ${value}s for seconds, ${value}m for minutes` }]
  const wanted = meaning.expects ?? plainWords[issue.type] ?? issue.expected ?? 'something else'
  const hint =
    meaning.hint ??
    (typeof value === 'boolean' && /text/.test(wanted) ? 'put it into quotes if the word itself is meant' : hintFor(meaning))
  return [{ path, of: 'value', found: `${shown(value)} where ${wanted} was expected`, hint }]
}

const plainWords: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  record: 'a map',
  min_length: 'something that is not empty',
  integer: 'a whole number',
}
