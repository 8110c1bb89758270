/**
 * `stsim schema`: the format of scenario files as a JSON Schema, for editors and other programs; made from the schemas that the
 * reader uses.
 */
import { toJsonSchema } from '@valibot/to-json-schema'
import { scenarioFile } from './schema.ts'
import type { Meaning } from './shapes.ts'

type Json = { [key: string]: unknown }

// A parameter may stand for a value that is no text: "${replicas}".
const parameter = { type: 'string', pattern: '\\$\\{[A-Za-z_][A-Za-z0-9_]*\\}' }

/** Says in JSON Schema's own words what our metadata means, and lets a parameter stand where a value is wanted. */
function rewritten(schema: unknown, top = false): unknown {
  if (Array.isArray(schema)) return schema.map((each) => rewritten(each))
  if (typeof schema !== 'object' || schema === null) return schema
  const { expects: _, hint: __, exclusive, needs, oneOf, others, ...rest } = schema as Json & Meaning
  const out: Json = {}
  for (const [key, value] of Object.entries(rest)) {
    if (key === 'properties') out[key] = Object.fromEntries(Object.entries(value as Json).map(([name, each]) => [name, rewritten(each)]))
    else if (['items', 'additionalProperties', 'anyOf', 'allOf'].includes(key)) out[key] = rewritten(value)
    else if (key !== 'propertyNames') out[key] = value
  }
  const groups = (exclusive as readonly (readonly string[])[] | undefined) ?? []
  const pairs = groups.flatMap((group) => group.flatMap((a, i) => group.slice(i + 1).map((b) => ({ required: [a, b] }))))
  if (pairs.length > 0) out['not'] = { anyOf: pairs }
  if (needs !== undefined && Object.keys(needs).length > 0)
    out['dependencies'] = Object.fromEntries(Object.entries(needs).map(([key, other]) => [key, [other]]))
  if (others !== undefined)
    out['patternProperties'] = { [`^(${(others as readonly string[]).join('|')})$`]: { type: ['string', 'number', 'boolean'] } }
  if (oneOf !== undefined && oneOf.length > 0) out['oneOf'] = oneOf.map((key) => ({ required: [key] }))
  const scalar =
    out['type'] === 'number' ||
    out['type'] === 'integer' ||
    out['type'] === 'boolean' ||
    out['pattern'] !== undefined ||
    out['enum'] !== undefined
  if (!scalar || top || out['const'] !== undefined) return out
  const { description, default: without, examples, ...constraint } = out
  const long =
    (typeof out['pattern'] === 'string' && out['pattern'].length > 100) || (Array.isArray(out['enum']) && out['enum'].length > 15)
  const named = long ? { $ref: `#/definitions/${shared(constraint)}` } : constraint
  return { ...defined({ description, default: without, examples }), anyOf: [named, parameter] }
}

const defined = (object: Json): Json => Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined))

/** What is long and used often is written once: durations and distributions. */
const definitions = new Map<string, { readonly name: string; readonly schema: Json }>()

function shared(constraint: Json): string {
  const text = JSON.stringify(constraint)
  const known = definitions.get(text)
  if (known !== undefined) return known.name
  const name = text.includes('uniform') ? 'distribution' : text.includes('never') ? 'stops' : `text${definitions.size}`
  definitions.set(text, { name, schema: constraint })
  return name
}

/** The JSON Schema (draft-07) of scenario files. */
export function jsonSchema(): Json {
  const made = toJsonSchema(scenarioFile, { errorMode: 'ignore' }) as unknown as Json
  const { $schema: _, ...rest } = made
  const whole = rewritten(rest, true) as Json
  const parts = Object.fromEntries([...definitions.values()].map(({ name, schema }) => [name, schema]))
  return { $schema: 'http://json-schema.org/draft-07/schema#', title: 'Scenario', ...whole, definitions: parts }
}
