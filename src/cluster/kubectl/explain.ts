/**
 * kubectl explain. Source: kubectl.md 6.2; kubectl pkg/explain/v2 (plaintext.tmpl), 1.36.
 *
 * Differs from Kubernetes: the table of fields has no descriptions, so they are `<no description>`; fields that must be there are marked
 * in the types of workloads alone.
 */
import { fieldsOfType, typeOfKind } from '../apiserver/fields/lookup.ts'
import type { Command } from './command.ts'
import { Failure, refusal } from './failure.ts'
import { kindCalled, type Session } from './session.ts'

export const explain: Command = { flags: ['recursive bool', 'api-version string', 'output,o string'], run: explainCommand }

/** Fields that must be there, by type. Source: required lists of the OpenAPI document of 1.36. */
const required: Readonly<Record<string, readonly string[]>> = {
  StatefulSetSpec: ['selector', 'template'],
  DeploymentSpec: ['selector', 'template'],
  DaemonSetSpec: ['selector', 'template'],
  ReplicaSetSpec: ['selector'],
  PodSpec: ['containers'],
  Container: ['name'],
  ContainerPort: ['containerPort'],
  EnvVar: ['name'],
  VolumeMount: ['mountPath', 'name'],
  Volume: ['name'],
  ServicePort: ['port'],
  StorageClass: ['provisioner'],
}

const plain: Readonly<Record<string, string>> = {
  int32: 'integer',
  int64: 'integer',
  bool: 'boolean',
  string: 'string',
  bytes: 'string',
  time: 'string',
  quantity: 'Quantity',
  double: 'number',
}

/** `[]Container` as explain writes it. */
function typeText(type: string): string {
  if (type.startsWith('[]')) return `[]${typeText(type.slice(2))}`
  if (type.startsWith('{}')) return `map[string]${typeText(type.slice(2))}`
  return plain[type] ?? (fieldsOfType(type) === undefined ? 'Object' : type)
}

const bare = (type: string): string => type.replace(/^(?:\[\]|\{\})+/, '')

function explainCommand(session: Session): undefined {
  const { args, terminal, flags } = session
  const [word, ...more] = args
  if (word === undefined)
    throw refusal(
      'You must specify the type of resource to explain. Use "kubectl api-resources" for a complete list of supported resources.\n',
    )
  if (more.length > 0) throw refusal('We accept only this format: explain RESOURCE\n')
  const [resource = '', ...path] = word.split('.')
  const kind = kindCalled(resource)
  if (kind === undefined) throw new Failure([{ text: `the server doesn't have a resource type ${JSON.stringify(resource)}`, bare: true }])
  terminal.out(`${kind.group === '' ? '' : `GROUP:      ${kind.group}\n`}KIND:       ${kind.kind}\nVERSION:    ${kind.version}\n\n`)
  let type = typeOfKind(kind.kind)
  for (const [i, step] of path.entries()) {
    const found = fieldsOfType(bare(type))?.get(step)
    if (found === undefined) throw refusal(`field ${JSON.stringify(path.at(-1))} does not exist`)
    type = found
    if (i === path.length - 1) terminal.out(`FIELD: ${step} <${typeText(type)}>\n\n\n`)
  }
  terminal.out('DESCRIPTION:\n    <empty>\n')
  const fields = fieldsOfType(bare(type))
  if (fields !== undefined) terminal.out(`FIELDS:\n${fieldLines(bare(type), 1, flags.is('recursive'), [])}`)
  terminal.out('\n')
}

function fieldLines(type: string, level: number, recursive: boolean, above: readonly string[]): string {
  const pad = '  '.repeat(level)
  let text = ''
  for (const [name, fieldType] of fieldsOfType(type) ?? []) {
    text += `${pad}${name}\t<${typeText(fieldType)}>${required[type]?.includes(name) === true ? ' -required-' : ''}\n`
    const inner = bare(fieldType)
    if (!recursive) text += `${pad}  <no description>\n\n`
    else if (!above.includes(inner) && fieldsOfType(inner) !== undefined) text += fieldLines(inner, level + 1, true, [...above, type])
  }
  return text
}
