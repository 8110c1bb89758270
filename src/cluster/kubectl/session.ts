/**
 * One command on its way: its words, its terminal, and what every verb does with the server. Source: kubectl.md 6 and 8.
 */
import type { Kind } from '../apiserver/kind.ts'
import { kindOf, namedKind } from '../apiserver/kinds/index.ts'
import type { Answer, FieldValidation, Request } from '../apiserver/request.ts'
import { call, type Story } from '../client/story.ts'
import type { KubernetesObject } from '../objects/metadata.ts'
import { refusal, refused } from './failure.ts'
import { executeGoTemplate, type GoTemplate, parseGoTemplate, TemplateError } from './go-template.ts'
import { executeJsonPath, JsonPathError, jsonPathValues, parseJsonPath } from './jsonpath.ts'
import type { Parsed } from './parse.ts'
import { printJson, printYaml } from './print.ts'
import type { Terminal } from './terminal.ts'

/** A command while it runs. */
export type Session = Parsed & {
  readonly terminal: Terminal
  /** The words of the command itself: `rollout status`. */
  readonly command: string
  readonly namespace: string
  /** Whether the namespace was given on the line. */
  readonly enforced: boolean
  /** Warnings that were printed. */
  readonly warned: Set<string>
}

/** Prints Warning headers, each text once in a command, as kubectl sets its writer (Deduplicate). */
export const warn = ({ terminal, warned }: Session, warnings: readonly string[] | undefined): void => {
  for (const warning of warnings ?? []) {
    if (warned.has(warning)) continue
    warned.add(warning)
    terminal.err(`Warning: ${warning}\n`)
  }
}

/** A request that must succeed: Warning headers go to standard error, a Status ends the command. */
export function* ask<T extends KubernetesObject = KubernetesObject>(
  session: Session,
  request: Request,
): Story<Extract<Answer<T>, { ok: true }>> {
  const answer = yield* call<T>(request)
  if (!answer.ok) throw refused(answer.status)
  warn(session, answer.warnings)
  return answer
}

/** The object, fresh from the server. */
export function* fetchObject(session: Session, kind: Kind, namespace: string | undefined, name: string): Story<KubernetesObject> {
  return (yield* ask(session, { verb: 'get', kind: kind.kind, namespace: kind.namespaced ? namespace : undefined, name })).object
}

/** The kind that is known to be served. */
export function servedKind(name: string): Kind {
  const kind = kindOf(name)
  if (kind === undefined) throw refusal(`the server doesn't have a resource type ${JSON.stringify(name.toLowerCase())}`)
  return kind
}

/**
 * The kind that a person means by `po`, `pods`, `Pods`, `statefulsets.apps`, `statefulsets.v1.apps`. Short names are matched as
 * written. In the order of discovery; the first wins.
 */
export const kindCalled = (text: string): Kind | undefined => namedKind(text)

/** As `kindCalled`, or kubectl's refusal. */
export function kindMeant(text: string): Kind {
  const kind = kindCalled(text)
  if (kind === undefined) throw refusal(`the server doesn't have a resource type ${JSON.stringify(text.split('.')[0])}`)
  return kind
}

/** `statefulset.apps`, `pod`: how lines of results name a kind. */
export const kindText = (kind: Kind): string => (kind.group === '' ? kind.kind.toLowerCase() : `${kind.kind.toLowerCase()}.${kind.group}`)

/** `statefulsets.apps`, `pods`: how the server names a resource. */
export const resourceText = (kind: Kind): string => (kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`)

/** `apps/v1, Resource=statefulsets`: how the client names one. */
export const versionedResource = (kind: Kind): string => `${kind.group === '' ? '' : kind.group}/${kind.version}, Resource=${kind.plural}`

/** What `--dry-run` asks for. */
export type DryRun = 'none' | 'client' | 'server'

/** Reads `--dry-run`. */
export function dryRunOf(session: Session): DryRun {
  const text = session.flags.text('dry-run')
  if (text === undefined || text === 'none' || /^(?:f|false|0)$/i.test(text)) return 'none'
  if (text === 'client' || text === 'unchanged' || /^(?:t|true|1)$/i.test(text)) return 'client'
  if (text === 'server') return 'server'
  throw refusal(`Invalid dry-run value (${text}). Must be "none", "server", or "client".`)
}

/** Reads `--validate`. */
export function validationOf(session: Session): FieldValidation {
  const text = session.flags.text('validate') ?? 'strict'
  switch (text.toLowerCase()) {
    case 'strict':
    case 'true':
    case 't':
    case '1':
      return 'Strict'
    case 'warn':
      return 'Warn'
    case 'ignore':
    case 'false':
    case 'f':
    case '0':
      return 'Ignore'
    default:
      throw refusal(`invalid - validate option ${JSON.stringify(text)}; must be one of: strict (or true), warn, ignore (or false)`)
  }
}

/** ` (dry run)` and its like. */
export const dryRunSuffix = (dryRun: DryRun): string => (dryRun === 'none' ? '' : dryRun === 'client' ? ' (dry run)' : ' (server dry run)')

/** Formats of `-o` for commands that print the one object they changed. */
const formats = [
  'go-template',
  'go-template-file',
  'json',
  'jsonpath',
  'jsonpath-as-json',
  'jsonpath-file',
  'kyaml',
  'name',
  'template',
  'templatefile',
  'yaml',
]

/** Formats of `-o` for get. Source: kubectl.md 6.2. */
export const listedFormats = [...formats, 'custom-columns', 'custom-columns-file', 'wide'].sort()

/** What `-o` says it cannot do. */
const unknownFormat = (output: string, allowed: readonly string[]): Error =>
  refusal(`unable to match a printer suitable for the output format ${JSON.stringify(output)}, allowed formats are: ${allowed.join(',')}`)

/** An object without what kubectl does not show unless asked. */
export function shown(object: KubernetesObject): KubernetesObject {
  if ((object.metadata as Record<string, unknown> | undefined)?.['managedFields'] === undefined) return object
  const { managedFields: _, ...metadata } = object.metadata as Record<string, unknown> & KubernetesObject['metadata']
  return { ...object, metadata }
}

/** `-o`; a `--template` alone is a go-template. */
export const outputOf = (session: Session): string =>
  session.flags.text('output') || ((session.flags.text('template') ?? '') === '' ? '' : 'go-template')

/** Says what was done to an object: one line, or the object in the form of `-o`. The printer is read once, before the work. */
export function printerOf(session: Session): (kind: Kind, object: KubernetesObject, operation: string) => void {
  const output = outputOf(session)
  let printed = 0
  if (output === '') return (kind, object, operation) => session.terminal.out(`${kindText(kind)}/${object.metadata.name} ${operation}\n`)
  if (output === 'name') return (kind, object) => session.terminal.out(`${kindText(kind)}/${object.metadata.name}\n`)
  const write = objectWriter(session, output, formats)
  return (_, object) => {
    if (output === 'yaml' && printed > 0) session.terminal.out('---\n')
    printed += 1
    session.terminal.out(write(shown(object)))
  }
}

/** Writes a value in the form of `-o yaml|json|jsonpath=…`. */
export function objectWriter(session: Session, output: string, allowed: readonly string[]): (value: unknown) => string {
  if (output === 'yaml' || output === 'kyaml') return (value) => printYaml(value)
  if (output === 'json') return (value) => `${printJson(value)}\n`
  const at = output.indexOf('=')
  const format = at < 0 ? output : output.slice(0, at)
  const argument = at < 0 ? (session.flags.text('template') ?? '') : output.slice(at + 1)
  if (format === 'go-template' || format === 'go-template-file' || format === 'template' || format === 'templatefile') {
    return goTemplateWriter(format.endsWith('file') ? fileOf(session, argument) : argument)
  }
  if (format === 'jsonpath' || format === 'jsonpath-as-json' || format === 'jsonpath-file') {
    return jsonPathWriter(format === 'jsonpath-file' ? fileOf(session, argument) : argument, format === 'jsonpath-as-json')
  }
  throw unknownFormat(output, allowed)
}

/** The text of a file that a format names. */
function fileOf(session: Session, path: string): string {
  const text = session.terminal.files(path)
  if (text === undefined) throw refusal(`error reading --template ${path}, open ${path}: no such file or directory\n`)
  return text
}

function goTemplateWriter(source: string): (value: unknown) => string {
  if (source === '') throw refusal('template format specified but no template given')
  let template: GoTemplate
  try {
    template = parseGoTemplate(source)
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error
    throw refusal(`error parsing template ${source}, ${error.message}`)
  }
  return (value) => {
    try {
      return executeGoTemplate(template, value)
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error
      throw refusal(`error executing template ${JSON.stringify(source)}: template: output:1: ${error.message}`)
    }
  }
}

function jsonPathWriter(template: string, asJson: boolean): (value: unknown) => string {
  if (template === '') throw refusal('template format specified but no template given')
  try {
    const path = parseJsonPath(template)
    return (value) => {
      try {
        if (asJson) return `${printJson(valuesOf(template, value))}\n`
        return executeJsonPath(path, value)
      } catch (error) {
        if (!(error instanceof JsonPathError)) throw error
        throw refusal(
          `error executing jsonpath ${JSON.stringify(template)}: Error executing template: ${error.message}. Printing more information for debugging the template:`,
        )
      }
    }
  } catch (error) {
    if (!(error instanceof JsonPathError)) throw error
    throw refusal(`error parsing jsonpath ${template}, ${error.message}`)
  }
}

const valuesOf = (template: string, value: unknown): readonly unknown[] => jsonPathValues(parseJsonPath(template), value)
