/**
 * `${name}` in a scenario file, and `--set key=value`: what is put into the file's values before they are judged.
 * Source: contract sections 2 and 3.
 */
import { didYouMean } from '../text/mistake.ts'
import { type Path, readYaml } from '../text/yaml.ts'

type Map_ = Record<string, unknown>

/** What a parameter may be. */
export type Parameter = string | number | boolean

/** A `${name}` that stands for nothing. */
export type Unknown = { readonly path: Path; readonly name: string; readonly hint: string }

const isMap = (value: unknown): value is Map_ => typeof value === 'object' && value !== null && !Array.isArray(value)

const reference = /\$\{([A-Za-z_][A-Za-z0-9_-]*)\}/g
const whole = /^\$\{([A-Za-z_][A-Za-z0-9_-]*)\}$/

/** Fields whose text is somebody else's: there a `${name}` that is no parameter stays as it is. */
const foreign = new Set(['manifests', 'apply', 'kubectl', 'description', 'files', 'components'])

/**
 * The value with every `${name}` replaced that names a parameter. A text that is nothing but `${name}` takes the parameter's own type.
 * `each: {node: …}` of a step makes `${node}` stand for itself there.
 */
export function withParameters(
  value: unknown,
  parameters: ReadonlyMap<string, Parameter>,
): { readonly value: unknown; readonly unknown: readonly Unknown[] } {
  const unknown: Unknown[] = []
  const walk = (here: unknown, path: Path, lenient: boolean, own: readonly string[]): unknown => {
    if (typeof here === 'string') {
      const alone = whole.exec(here)?.[1]
      if (alone !== undefined && parameters.has(alone)) return parameters.get(alone)
      return here.replace(reference, (text, name: string) => {
        const parameter = parameters.get(name)
        if (parameter !== undefined) return String(parameter)
        if (!lenient && !own.includes(name))
          unknown.push({ path, name, hint: didYouMean(name, parameters.keys(), 'there are') || 'name it under parameters:' })
        return text
      })
    }
    if (Array.isArray(here)) return here.map((each, index) => walk(each, [...path, index], lenient, own))
    if (!isMap(here)) return here
    const each = isMap(here['each']) ? Object.keys(here['each']) : []
    return Object.fromEntries(
      Object.entries(here).map(([key, inner]) => [
        key,
        path.length === 0 && key === 'parameters' ? inner : walk(inner, [...path, key], lenient || foreign.has(key), [...own, ...each]),
      ]),
    )
  }
  return { value: walk(value, [], false, []), unknown }
}

/** One `--set`: the keys, the value, and the text as it was given. */
export type Setting = { readonly path: Path; readonly value: unknown; readonly text: string }

/**
 * Reads `cluster.nodes.0.count=5`. A dot that belongs to a key is written `\.`. The value is read as YAML; undefined: there is no `=`.
 */
export function readSetting(text: string): Setting | undefined {
  const at = text.indexOf('=')
  if (at <= 0) return undefined
  const path = text
    .slice(0, at)
    .split(/(?<!\\)\./)
    .map((key) => key.replaceAll('\\.', '.'))
    .map((key) => (/^\d+$/.test(key) ? Number(key) : key))
  const written = text.slice(at + 1)
  const [document] = readYaml(`value: ${written}`, '--set').documents
  const value = isMap(document?.value) && 'value' in document.value ? document.value['value'] : written
  return { path, value: value === null && written !== '' && written !== 'null' && written !== '~' ? written : value, text }
}

/** The value with what a setting says put in its place; lists grow by one at most. Undefined: the path leads nowhere. */
export function withSetting(value: unknown, { path, value: wanted }: Setting): unknown {
  const [key, ...rest] = path
  if (key === undefined) return wanted
  const inner = (old: unknown): unknown => withSetting(old, { path: rest, value: wanted, text: '' })
  if (Array.isArray(value)) {
    if (typeof key !== 'number' || key > value.length) return undefined
    return [...value.slice(0, key), inner(value[key]), ...value.slice(key + 1)]
  }
  if (value !== undefined && value !== null && !isMap(value)) return undefined
  return { ...(value as Map_ | undefined), [String(key)]: inner((value as Map_ | undefined)?.[String(key)]) }
}
