/**
 * The small words of a scenario file: durations, quantities, names. Each is a valibot schema that carries its meaning for
 * people (`expects`), so that reader, types, `stsim schema` and the reference have one source.
 * Source: contract sections 1 and 3; design/libraries.md 2.2.
 */
import * as v from 'valibot'

/** What a schema can say about itself beside its shape; it is all in the JSON Schema's reach. */
export type Meaning = {
  /** What the field is for, one sentence. */
  readonly description?: string
  /** What holds when the field is absent, as a person would write it. */
  readonly default?: unknown
  readonly examples?: readonly unknown[]
  /** What kind of text is wanted, for mistakes: `a duration`. */
  readonly expects?: string
  /** What would do when something else is found. */
  readonly hint?: string
  /** Of an object: at most one of each list may be given. */
  readonly exclusive?: readonly (readonly string[])[]
  /** Of an object: the first field asks for the second. */
  readonly needs?: Readonly<Record<string, string>>
  /** Of an object: exactly one of these must be given. */
  readonly oneOf?: readonly string[]
  /** Of an object: further names, under which any text, number or truth is taken as it is. */
  readonly others?: readonly string[]
}

type Any = v.GenericSchema

/** The meaning that was given to a schema with `meant` (the outermost wins, field by field). */
export function meaningOf(schema: Any): Meaning {
  const pipe = (schema as { pipe?: readonly { kind: string; type: string; metadata?: Meaning; pipe?: unknown }[] }).pipe
  if (pipe === undefined) return 'wrapped' in schema ? meaningOf((schema as { wrapped: Any }).wrapped) : {}
  let meaning: Meaning = {}
  for (const [index, item] of pipe.entries()) {
    if (index === 0 && item.pipe !== undefined) meaning = meaningOf(item as unknown as Any)
    if (item.kind === 'metadata' && item.type === 'metadata') meaning = { ...meaning, ...item.metadata }
  }
  return meaning
}

/** The schema with its meaning. */
export const meant = <S extends Any>(schema: S, meaning: Meaning) => v.pipe(schema, v.metadata(meaning as Record<string, unknown>))

/** A field that may be left out. */
export const field = <S extends Any>(
  schema: S,
  description: string,
  rest: { readonly default?: unknown; readonly examples?: readonly unknown[] } = {},
) => v.exactOptional(meant(schema, { description, ...rest }))

/** A field that must be there. */
export const must = <S extends Any>(schema: S, description: string, rest: { readonly examples?: readonly unknown[] } = {}) =>
  meant(schema, { description, ...rest })

const length = '(?:0|(?:(?:\\d+(?:\\.\\d*)?|\\.\\d+)(?:ns|us|µs|μs|ms|s|m|h))+)'
const list = `\\s*${length}\\s*`

/** `90s`, `1h2m`, `250ms`: a length of time, as Kubernetes writes it. */
export const duration = meant(v.pipe(v.string(), v.regex(new RegExp(`^${length}$`))), {
  expects: 'a duration',
  hint: 'write it with its unit: 90s, 1h2m, 250ms',
})

/** A duration, or a distribution of durations (contract section 1). */
export const distribution = meant(
  v.pipe(
    v.string(),
    v.regex(
      new RegExp(
        `^(?:${length}|\\s*(?:uniform|normal|lognormal)\\s*\\(${list},${list}\\)\\s*|\\s*exponential\\s*\\(${list}\\)\\s*|\\s*weibull\\s*\\(${list},\\s*\\d+(?:\\.\\d+)?\\s*\\)\\s*|\\s*samples\\s*\\(${list}(?:,${list})*\\)\\s*)$`,
      ),
    ),
  ),
  {
    expects: 'a duration or a distribution of durations',
    hint: 'write it as 3s, uniform(1s, 3s), exponential(5s), normal(2s, 300ms), lognormal(2s, 8s), weibull(3s, 1.5) or samples(1s, 2s, 4s)',
  },
)

/** `500m`, `16Gi`, 4: an amount, as Kubernetes writes it. */
export const quantity = meant(
  v.union([v.pipe(v.string(), v.regex(/^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$/)), v.number()]),
  { expects: 'a quantity', hint: 'write it as Kubernetes does: "4", 500m, 16Gi' },
)

/** Text that is not empty. */
export const text = meant(v.pipe(v.string(), v.minLength(1)), { expects: 'text' })

/** A name of an object, a machine, a zone. */
export const name = meant(v.pipe(v.string(), v.regex(/^[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?$/)), {
  expects: 'a name',
  hint: 'lower case letters, digits, "-" and "."; it begins and ends with a letter or digit',
})

/** A whole number from `least` on. */
export const whole = (least = 0) =>
  meant(v.pipe(v.number(), v.integer(), v.minValue(least)), { expects: `a whole number from ${least} on` })

/** A whole number in a range, both ends in it. */
export const wholeBetween = (least: number, most: number) =>
  meant(v.pipe(v.number(), v.integer(), v.minValue(least), v.maxValue(most)), { expects: `a whole number from ${least} to ${most}` })

/** A number above 0. */
export const positive = meant(v.pipe(v.number(), v.minValue(0)), { expects: 'a number, not below 0' })

/** true or false. */
export const yes = meant(v.boolean(), { expects: 'true or false' })

/** A condition in CEL. */
export const condition = meant(v.pipe(v.string(), v.minLength(1)), {
  expects: 'a condition in CEL',
  hint: `write one like statefulset('web').status.readyReplicas == 3`,
})

/** Anything without parts. */
export const scalar = meant(v.union([v.string(), v.number(), v.boolean()]), { expects: 'text, a number, true or false' })

/** Texts by name. */
export const texts = meant(v.record(v.string(), v.string()), { expects: 'a map of texts' })

/** An object of the API, as in a manifest. */
export const object = meant(v.record(v.string(), v.unknown()), { expects: 'an object with apiVersion and kind' })
