/**
 * The reference of the scenario format, made from the schemas: `stsim help scenario`, `stsim help faults`, `stsim help NAME`, and the tables of
 * scenarios/README.md.
 */
import type * as v from 'valibot'
import type { FaultDefinition } from './fault.ts'
import { faultNamed, faults } from './faults/index.ts'
import { choices, scenarioFile } from './schema.ts'
import { meaningOf } from './shapes.ts'

type Any = v.GenericSchema

/** One field of an object of the file. */
type FieldText = {
  readonly name: string
  readonly required: boolean
  readonly description: string
  readonly default: string
  readonly example: string
}

/** One object of the file: `cluster.nodes[]` and its fields. */
export type ObjectText = { readonly name: string; readonly fields: readonly FieldText[] }

const written = (value: unknown): string => {
  if (value === undefined) return ''
  if (typeof value !== 'object' || value === null) return String(value)
  if (Array.isArray(value)) return `[${value.map(written).join(', ')}]`
  return `{${Object.entries(value)
    .map(([key, inner]) => `${key}: ${written(inner)}`)
    .join(', ')}}`
}

const bare = (schema: Any): Any => {
  if (schema.type === 'exact_optional' || schema.type === 'nullable') return bare((schema as unknown as { wrapped: Any }).wrapped)
  const first = (schema as { pipe?: readonly Any[] }).pipe?.[0]
  return first === undefined || first === schema ? schema : bare(first)
}

const fieldText = (name: string, schema: Any): FieldText => {
  const { description = '', default: without, examples } = meaningOf(schema)
  return { name, required: schema.type !== 'exact_optional', description, default: written(without), example: written(examples?.[0]) }
}

/** All objects of the file, the outermost first; steps and expectations one by one, faults left to their own table. */
export function objectsOfFormat(): readonly ObjectText[] {
  const found: ObjectText[] = []
  const walk = (name: string, given: Any): void => {
    const schema = bare(given)
    const choice = choices.get(schema)
    if (choice !== undefined) {
      if (choice.by === 'key') for (const [key, one] of choice.schemas) if (key !== 'fault') walk(`${name} with ${key}`, one)
      return
    }
    if (schema.type === 'array') walk(`${name}[]`, (schema as unknown as { item: Any }).item)
    else if (schema.type === 'record') walk(`${name}.NAME`, (schema as unknown as { value: Any }).value)
    else if (schema.type === 'union') for (const option of (schema as unknown as { options: readonly Any[] }).options) walk(name, option)
    else if (schema.type === 'strict_object') {
      const entries = Object.entries((schema as unknown as { entries: Record<string, Any> }).entries)
      found.push({ name: name === '' ? 'scenario' : name, fields: entries.map(([key, one]) => fieldText(key, one)) })
      for (const [key, one] of entries) walk(name === '' ? key : `${name}.${key}`, one)
    }
  }
  walk('', scenarioFile)
  const seen = new Set<string>()
  return found.filter(
    ({ name }) => (seen.has(name) ? false : seen.add(name)) && name !== 'cluster.latency' && !name.startsWith('cluster.components'),
  )
}

const cell = (text: string): string => text.replaceAll('|', '\\|')
const code = (text: string): string => (text === '' ? '' : `\`${cell(text)}\``)

/** The tables of scenarios/README.md: one for each object of the format. */
export function fieldTables(): string {
  return objectsOfFormat()
    .map(({ name, fields }) => {
      const rows = fields.map(
        (field) =>
          `| ${code(field.name)}${field.required ? ' *' : ''} | ${cell(field.description)} | ${code(field.default)} | ${code(field.example)} |`,
      )
      return [`### ${name}`, '', '| field | meaning | default | example |', '|---|---|---|---|', ...rows].join('\n')
    })
    .join('\n\n')
}

const targetText = (fault: FaultDefinition): string =>
  fault.targets.length === 0 ? 'none' : `${fault.targets.join(', ')}${fault.everywhere === true ? ' (or none: everywhere)' : ''}`

/** The table of faults of scenarios/README.md. */
export function faultTable(): string {
  const rows = faults.map((fault) => {
    const parameters = Object.entries(fault.parameters).map(([key, schema]) => fieldText(key, schema))
    const told = parameters.map(
      (one) =>
        `${code(`${one.name}:`)}${one.required ? ' *' : ''} ${cell(one.description)}${one.default === '' ? '' : ` Default ${code(one.default)}.`}`,
    )
    return `| ${code(fault.name)}${fault.begin === undefined ? ' (not there yet)' : ''} | ${targetText(fault)} | ${cell(fault.does)} | ${cell(fault.heals)} | ${told.join('<br>')} |`
  })
  return ['| fault | target | what it does | how it ends | parameters |', '|---|---|---|---|---|', ...rows].join('\n')
}

const plainFields = (fields: readonly FieldText[]): string[] => {
  const width = Math.max(...fields.map((field) => field.name.length)) + 2
  return fields.map((field) => {
    const more = [
      ...(field.required ? ['required'] : []),
      ...(field.default === '' ? [] : [`default ${field.default}`]),
      ...(field.example === '' ? [] : [`for example ${field.example}`]),
    ]
    return `  ${field.name.padEnd(width)}${field.description}${more.length === 0 ? '' : ` (${more.join('; ')})`}`
  })
}

/** `stsim help TOPIC`: `scenario`, `faults`, an object of the format (`cluster.nodes`), or a fault. Undefined: there is nothing about it. */
export function helpText(topic: string): string | undefined {
  const objects = objectsOfFormat()
  if (topic === 'scenario') {
    const [first] = objects
    return [
      'A scenario is a YAML document. Its fields:',
      '',
      ...plainFields(first?.fields ?? []),
      '',
      'More: stsim help NAME, where NAME is one of',
      ...objects.slice(1).map(({ name }) => `  ${name}`),
      '',
    ].join('\n')
  }
  if (topic === 'faults') {
    const width = Math.max(...faults.map((fault) => fault.name.length)) + 2
    return [
      'Faults of steps (fault: NAME) and of the shell (fault NAME TARGET [key=value …]):',
      '',
      ...faults.map((fault) => `  ${fault.name.padEnd(width)}${fault.does}${fault.begin === undefined ? ' (not there yet)' : ''}`),
      '',
      'More: stsim help NAME',
      '',
    ].join('\n')
  }
  const fault = faultNamed(topic)
  if (fault !== undefined) {
    const parameters = Object.entries(fault.parameters).map(([key, schema]) => fieldText(key, schema))
    return [
      `fault: ${fault.name}${fault.begin === undefined ? ' (not there yet)' : ''}`,
      `  ${fault.does}`,
      `  How it ends: ${fault.heals}`,
      `  Target: ${targetText(fault)}`,
      ...(parameters.length === 0 ? [] : ['  Parameters:', ...plainFields(parameters).map((line) => `  ${line}`)]),
      '',
    ].join('\n')
  }
  const plain = topic.replace(/\[\]$/, '')
  const named = objects.filter(
    ({ name }) => name === topic || name.replace(/\[\]$/, '') === plain || name.replace(/\[\]/g, '').startsWith(`${plain} with `),
  )
  return named.length === 0 ? undefined : named.flatMap(({ name, fields }) => [`${name}:`, ...plainFields(fields), '']).join('\n')
}
