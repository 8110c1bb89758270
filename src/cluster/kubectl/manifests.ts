/**
 * Reading of `-f`: files, folders, standard input; documents of a stream in their order; lists taken apart.
 * Source: kubectl.md 4.1, 4.2; cli-runtime pkg/resource (builder.go, visitor.go, mapper.go), 1.36.
 */
import { readYaml } from '../../text/yaml.ts'
import type { Kind } from '../apiserver/kind.ts'
import { servedKind } from '../apiserver/kinds/index.ts'
import type { KubernetesObject } from '../objects/metadata.ts'
import { Failure, type Fault, refusal } from './failure.ts'
import type { Session } from './session.ts'

/** A document of a file: an object with its kind, or why it cannot be taken. */
export type Manifest =
  | { readonly object: KubernetesObject; readonly kind: Kind; readonly source: string }
  | { readonly fault: Fault; readonly source: string }

const extensions = ['.json', '.yaml', '.yml']

/** A file to be read: its name as kubectl's messages show it, and its text. */
type Source = { readonly name: string; readonly text: string }

/** The files behind `-f`, or a Failure that names every path that is not there. */
export function sourcesOf(session: Session): { readonly sources: readonly Source[]; readonly isFolder: boolean } {
  const { flags, terminal } = session
  if (flags.has('kustomize')) {
    if (flags.list('filename').length > 0) throw refusal('only one of -f or -k can be specified')
    throw refusal('-k is not supported by stsim: kubectl kustomize DIR | kubectl apply -f - does it')
  }
  const sources: Source[] = []
  const faults: Fault[] = []
  let isFolder = false
  for (const path of flags.list('filename')) {
    if (path === '-') {
      sources.push({ name: 'STDIN', text: terminal.stdin ?? '' })
      continue
    }
    if (/^https?:\/\//.test(path)) {
      faults.push({ text: `unable to read URL ${JSON.stringify(path)}: stsim does not reach the network; save it as a file` })
      continue
    }
    const text = terminal.files(path)
    if (text !== undefined) {
      sources.push({ name: path, text })
      continue
    }
    const inside = filesIn(session, path, flags.is('recursive'))
    if (inside === undefined) faults.push({ text: `the path ${JSON.stringify(path)} does not exist` })
    else if (inside.length === 0) faults.push({ text: `error reading [${path}]: recognized file extensions are [${extensions.join(' ')}]` })
    else {
      if (inside.length > 1) isFolder = true
      sources.push(...inside)
    }
  }
  if (faults.length > 0) throw new Failure(faults)
  return { sources, isFolder }
}

function filesIn(session: Session, path: string, deep: boolean): Source[] | undefined {
  const names = session.terminal.folder?.(path)
  if (names === undefined) return undefined
  return names.flatMap((name) => {
    const full = `${path.replace(/\/$/, '')}/${name}`
    const text = session.terminal.files(full)
    if (text === undefined) return deep ? (filesIn(session, full, deep) ?? []) : []
    return extensions.some((extension) => name.endsWith(extension)) ? [{ name: full, text }] : []
  })
}

/**
 * The documents of a text in their order, lists (`kind: List`) taken apart. What is wrong with a document stands in its place; nothing
 * that follows broken YAML is read. `validates` false skips kubectl's own look at kind and apiVersion (--validate=false).
 */
export function decodeManifests(text: string, source: string, validates = true): readonly Manifest[] {
  if (/^\s*$/.test(text)) return []
  const reading = readYaml(text, source, { doubles: 'last' })
  const manifests: Manifest[] = []
  for (const document of reading.documents) {
    if (document.value === null || document.value === undefined) continue
    manifests.push(...manifestsOf(document.value, source, validates))
  }
  const [mistake] = reading.mistakes.filter((each) => each.line > 0 || !/nothing but comments|is empty/.test(each.found))
  if (mistake !== undefined) {
    const place = mistake.line > 0 ? `line ${mistake.line}: ` : ''
    manifests.push({ fault: { text: `error parsing ${source}: error converting YAML to JSON: yaml: ${place}${mistake.found}` }, source })
  }
  return manifests
}

const isMap = (value: unknown): value is Record<string, unknown> => value !== null && typeof value === 'object' && !Array.isArray(value)

function manifestsOf(value: unknown, source: string, validates: boolean): readonly Manifest[] {
  const wrong = (text: string): readonly Manifest[] => [{ fault: { text }, source }]
  const hint = 'if you choose to ignore these errors, turn validation off with --validate=false'
  const invalid = (text: string): readonly Manifest[] =>
    wrong(`error validating ${JSON.stringify(source)}: error validating data: ${text}; ${hint}`)
  if (!isMap(value))
    return validates
      ? invalid('invalid object to validate')
      : wrong(
          `unable to decode ${JSON.stringify(source)}: couldn't get version/kind; json parse error: json: cannot unmarshal ${jsonType(value)} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`,
        )
  const missing = [...(hasText(value['apiVersion']) ? [] : ['apiVersion not set']), ...(hasText(value['kind']) ? [] : ['kind not set'])]
  if (missing.length > 0) {
    if (validates) return invalid(missing.length === 1 ? (missing[0] as string) : `[${missing.join(', ')}]`)
    return wrong(`unable to decode ${JSON.stringify(source)}: Object 'Kind' is missing in '${JSON.stringify(value)}'`)
  }
  if (/List$/.test(value['kind'] as string) && Array.isArray(value['items'])) {
    return value['items'].flatMap((item) => (isMap(item) ? manifestsOf(withType(item, value), source, validates) : []))
  }
  const object = value as unknown as KubernetesObject
  const kind = servedKind(object.apiVersion, object.kind)
  if (kind === undefined) {
    const { name = '', namespace = '' } = isMap(object.metadata) ? object.metadata : ({} as { name?: string; namespace?: string })
    return wrong(
      `resource mapping not found for name: ${JSON.stringify(name)} namespace: ${JSON.stringify(namespace)} from ${JSON.stringify(source)}: no matches for kind ${JSON.stringify(object.kind)} in version ${JSON.stringify(object.apiVersion)}\nensure CRDs are installed first`,
    )
  }
  return [{ object: isMap(object.metadata) ? object : { ...object, metadata: { name: '' } }, kind, source }]
}

/** Items of a PodList need not say what they are. */
const withType = (item: Record<string, unknown>, list: Record<string, unknown>): Record<string, unknown> =>
  list['kind'] === 'List' || hasText(item['kind'])
    ? item
    : { apiVersion: list['apiVersion'], kind: (list['kind'] as string).slice(0, -4), ...item }

const hasText = (value: unknown): boolean => typeof value === 'string' && value !== ''
const jsonType = (value: unknown): string =>
  Array.isArray(value) ? 'array' : typeof value === 'string' ? 'string' : typeof value === 'number' ? 'number' : 'bool'
