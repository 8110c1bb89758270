/** `stsim help [scenario|faults|NAME]`: the reference of scenario files and faults, from the schemas that the reader uses. */
import { shippedNames } from '../console/input.ts'
import { Refusal } from '../console/voice.ts'
import type { FaultDefinition } from '../scenario/fault.ts'
import { faults } from '../scenario/faults/index.ts'
import { jsonSchema } from '../scenario/published.ts'
import { didYouMean } from '../text/mistake.ts'

type Json = { readonly [key: string]: unknown }

/** What `topic` is about; throws a Refusal if nobody knows. */
export function help(topic: string): void {
  if (topic === 'scenario') process.stdout.write(scenarioReference())
  else if (topic === 'faults') process.stdout.write(`${faults.map((fault) => `${fault.name.padEnd(22)} ${fault.does}`).join('\n')}\n`)
  else if (topic === 'scenarios') process.stdout.write(`${shippedNames().join('\n')}\n`)
  else {
    const fault = faults.find((one) => one.name === topic)
    if (fault === undefined)
      throw new Refusal(
        `there is no help on "${topic}"`,
        didYouMean(topic, ['scenario', 'scenarios', 'faults', ...faults.map((one) => one.name)]),
      )
    process.stdout.write(faultPage(fault))
  }
}

function faultPage(fault: FaultDefinition): string {
  const parameters = Object.keys(fault.parameters)
  return [
    `${fault.name}: ${fault.does}`,
    `  heals       ${fault.heals}`,
    `  target      ${fault.targets.length === 0 ? 'none' : fault.targets.join(', ')}${fault.everywhere === true ? ' (or none: everywhere)' : ''}`,
    `  parameters  ${parameters.length === 0 ? 'none but for:' : `${parameters.join(', ')}, for`}`,
    ...(fault.begin === undefined ? ['  not simulated yet'] : []),
    '',
  ].join('\n')
}

function scenarioReference(): string {
  const lines = ['Fields of a scenario file (apiVersion: stsim/v1, kind: Scenario). stsim schema prints them for editors.', '']
  const walk = (schema: Json, indent: string): void => {
    for (const [name, field] of Object.entries((schema['properties'] ?? {}) as Record<string, Json>)) {
      const inner = core(field)
      const without =
        field['default'] === undefined
          ? ''
          : ` [${typeof field['default'] === 'string' ? field['default'] : JSON.stringify(field['default'])}]`
      lines.push(
        `${indent}${`${name}:`.padEnd(Math.max(2, 26 - indent.length))} ${(field['description'] as string | undefined) ?? ''}${without}`.trimEnd(),
      )
      const list = core((inner['items'] ?? {}) as Json)
      if (indent.length < 6) walk(inner['properties'] === undefined ? list : inner, `${indent}  `)
    }
  }
  walk(jsonSchema(), '')
  return `${lines.join('\n')}\n`
}

/** The schema without the alternative "a parameter". */
const core = (schema: Json): Json => {
  const [first] = (schema['anyOf'] ?? []) as readonly Json[]
  return first !== undefined && schema['properties'] === undefined ? { ...schema, ...first } : schema
}
