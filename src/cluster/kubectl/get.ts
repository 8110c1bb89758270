/**
 * kubectl get. Source: kubectl.md 1, 3, 6; kubectl pkg/cmd/get/get.go, sorter.go, 1.36.
 */
import type { Kind } from '../apiserver/kind.ts'
import { fieldsOf, selected } from '../apiserver/select.ts'
import { type Story, until } from '../client/story.ts'
import type { KubernetesObject } from '../objects/metadata.ts'
import { compareQuantities, parseQuantity } from '../objects/quantity.ts'
import { customColumns, customColumnsFile } from './columns.ts'
import type { Command } from './command.ts'
import { Failure, type Fault, refusal, usageRefusal } from './failure.ts'
import { JsonPathError, jsonPathValues, parseJsonPath, relaxedPath } from './jsonpath.ts'
import { fileFlags, printFlags, selectorFlag } from './parse.ts'
import { TableWriter } from './print.ts'
import { kindText, listedFormats, objectWriter, outputOf, type Session, shown } from './session.ts'
import { headerOf, rowOf, type TableStyle } from './table.ts'
import { collect, collectAll, type Found, listObjects, type Plan, planOf, type Wanted } from './targets.ts'

export const get: Command = {
  flags: [
    ...fileFlags,
    ...printFlags,
    selectorFlag,
    'field-selector string',
    'all-namespaces,A bool',
    'watch,w bool',
    'watch-only bool',
    'output-watch-events bool',
    'ignore-not-found bool',
    'no-headers bool',
    'show-labels bool',
    'show-kind bool',
    'sort-by string',
    'label-columns,L strings',
    'chunk-size int',
    'server-print bool',
    'subresource string',
    'raw string',
  ],
  run: getObjects,
}

function* getObjects(session: Session): Story<void> {
  const { flags, terminal } = session
  if (flags.has('raw')) throw refusal('--raw is not supported by stsim')
  const output = outputOf(session)
  const watches = flags.is('watch') || flags.is('watch-only')
  if (!watches && session.args.length === 0 && !flags.has('filename') && !flags.has('kustomize')) {
    terminal.err(
      'You must specify the type of resource to get. Use "kubectl api-resources" for a complete list of supported resources.\n\n',
    )
    throw usageRefusal(
      'Required resource not specified.\nUse "kubectl explain <resource>" for a detailed description of that resource (e.g. kubectl explain pods).',
      'get',
    )
  }
  const human = output === '' || output === 'wide'
  if (flags.is('show-labels') && !human) throw refusal(`--show-labels option cannot be used with ${output} printer`)
  if (flags.is('output-watch-events') && !watches)
    throw refusal('--output-watch-events option can only be used with --watch or --watch-only')
  const ignoreMissing = flags.is('ignore-not-found')
  const wanted: Wanted = {
    args: session.args,
    selector: flags.text('selector'),
    fieldSelector: flags.text('field-selector'),
    allNamespaces: flags.is('all-namespaces'),
    kindMeansAll: true,
    files: true,
    fetch: 'latest',
    ignoreMissing,
    oneKind: watches,
  }
  const plan = planOf(session, wanted)
  if (watches) return yield* watch(session, plan)
  // The form of -o is read before anything is asked; what is wrong with it is told after what is wrong with the objects.
  const collected = yield* collect(session, plan, wanted)
  const { found } = collected
  const faults: Fault[] = [...collected.faults]
  if (human) printTables(session, plan, found, faults)
  else printValue(session, plan, found, faults, output)
  if (faults.length > 0) throw new Failure(faults)
}

/** `-o` of get, as a printer of one value. */
function writerOf(session: Session, output: string): (value: unknown) => string {
  const at = output.indexOf('=')
  const format = at < 0 ? output : output.slice(0, at)
  const argument = at < 0 ? (session.flags.text('template') ?? '') : output.slice(at + 1)
  if (format === 'custom-columns') return customColumns(argument, !session.flags.is('no-headers'))
  if (format === 'custom-columns-file') {
    const text = session.terminal.files(argument)
    if (text === undefined) throw refusal(`error reading template ${argument}, open ${argument}: no such file or directory\n`)
    return customColumnsFile(text)
  }
  return objectWriter(session, output, listedFormats)
}

function printValue(session: Session, plan: Plan, found: readonly Found[], faults: readonly Fault[], output: string): void {
  if (faults.length > 0 && plan.single) return
  if (found.length === 0 && session.flags.is('ignore-not-found')) return
  const sorted = sortFound(session, found)
  if (output === 'name') {
    for (const { kind, name } of sorted) session.terminal.out(`${kindText(kind)}/${name}\n`)
    return
  }
  const write = writerOf(session, output)
  const objects = sorted.map(({ object }) => (session.flags.is('show-managed-fields') ? object : shown(object)))
  const only = plan.single && objects.length === 1 ? objects[0] : undefined
  session.terminal.out(write(only ?? { apiVersion: 'v1', items: objects, kind: 'List', metadata: { resourceVersion: '' } }))
}

const styleOf = (session: Session, kind: Kind, withKind: boolean): TableStyle => ({
  wide: session.flags.text('output') === 'wide',
  headers: !session.flags.is('no-headers'),
  withNamespace: session.flags.is('all-namespaces') && kind.namespaced,
  withKind: withKind || session.flags.is('show-kind'),
  showLabels: session.flags.is('show-labels'),
  columnLabels: session.flags.list('label-columns'),
})

function printTables(session: Session, plan: Plan, found: readonly Found[], faults: readonly Fault[]): void {
  const { flags, terminal } = session
  const kinds = plan.sources.flatMap((source) => ('kind' in source ? [source.kind] : []))
  const withKind = new Set(kinds).size > 1
  const sorted = sortFound(session, found)
  let printed = false
  for (let i = 0; i < sorted.length; ) {
    const { kind } = sorted[i] as Found
    const group: Found[] = []
    while (i < sorted.length && (sorted[i] as Found).kind === kind) {
      group.push(sorted[i] as Found)
      i += 1
    }
    const style = styleOf(session, kind, withKind)
    const rows = group.map(({ object }) => rowOf(kind, object, style, terminal.time()))
    if (printed && style.headers) terminal.out('\n')
    terminal.out(new TableWriter().print(style.headers ? [headerOf(kind, style), ...rows] : rows))
    printed = true
  }
  if (printed || flags.is('ignore-not-found') || faults.length > 0) return
  const allNamespaced = !flags.is('all-namespaces') && kinds.every((kind) => kind.namespaced)
  terminal.err(allNamespaced ? `No resources found in ${session.namespace} namespace.\n` : 'No resources found\n')
}

/** `--sort-by`: by one field; what does not have it comes first; equal ones keep the server's order. */
function sortFound(session: Session, found: readonly Found[]): readonly Found[] {
  const field = session.flags.text('sort-by') ?? ''
  if (field === '' || found.length < 1) return found
  const expression = relaxedPath(field) ?? field
  try {
    const path = parseJsonPath(expression)
    const keyed = found.map((each) => ({ each, key: jsonPathValues(path, each.object)[0] }))
    if (keyed.every(({ key }) => key === undefined)) {
      throw refusal(`couldn't find any field with path ${JSON.stringify(expression)} in the list of objects`)
    }
    return [...keyed].sort((a, b) => compareKeys(a.key, b.key)).map(({ each }) => each)
  } catch (error) {
    if (error instanceof JsonPathError) throw refusal(`sorting error: ${error.message}`)
    throw error
  }
}

function compareKeys(a: unknown, b: unknown): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? -1 : 1
  if (typeof a === 'number' && typeof b === 'number') return a - b
  if (typeof a === 'string' && typeof b === 'string') {
    if (parseQuantity(a) !== undefined && parseQuantity(b) !== undefined) return compareQuantities(a, b)
    return a < b ? -1 : a > b ? 1 : 0
  }
  return 0
}

// ------------------------------------------------------------------------------------------------------------- watching

type Frame = { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: KubernetesObject }

/**
 * `get -w`: the table, then a row for each change, in the widths that the columns had. Ends with the run.
 * Source: kubectl.md 2.5, 3.2.
 */
function* watch(session: Session, plan: Plan): Story<void> {
  const { flags, terminal } = session
  const wanted: Wanted = { fetch: 'latest', ignoreMissing: flags.is('ignore-not-found') }
  const [source] = plan.sources
  if (source === undefined || plan.sources.length > 1) throw refusal('you may only specify a single resource type')
  if (source.from === 'fault') throw new Failure([source.fault])
  const { kind } = source
  const found = yield* collectAll(session, plan, wanted)
  const output = outputOf(session)
  const human = output === '' || output === 'wide'
  const style = styleOf(session, kind, false)
  const writer = new TableWriter()
  const write = human ? undefined : output === 'name' ? undefined : writerOf(session, output)
  let headed = !style.headers
  const events = flags.is('output-watch-events')
  const print = (frames: readonly Frame[]): void => {
    if (frames.length === 0) return
    if (human) {
      const rows = frames.map(({ type, object }) => [...(events ? [type] : []), ...rowOf(kind, object, style, terminal.time())])
      const head = headed ? [] : [[...(events ? ['EVENT'] : []), ...headerOf(kind, style)]]
      headed = true
      terminal.out(writer.print([...head, ...rows]))
    } else {
      for (const { type, object } of frames) {
        if (write === undefined) terminal.out(`${kindText(kind)}/${object.metadata.name}\n`)
        else terminal.out(write(events ? { object: shown(object), type } : shown(object)))
        if (output === 'yaml') terminal.out('---\n')
      }
    }
  }
  // What a field or label selector chooses is asked of the server; the watch filters by the same means.
  const chosen = yield* selection(session, plan, kind)
  const known = new Map<string, KubernetesObject>()
  for (const object of chosen()) known.set(keyOf(object), object)
  if (!flags.is('watch-only')) print(found.map(({ object }) => ({ type: 'ADDED', object })))
  const frames: Frame[] = []
  const compare = (): true | undefined => {
    const now = new Map<string, KubernetesObject>()
    for (const object of chosen()) now.set(keyOf(object), object)
    for (const [key, old] of known) {
      const object = now.get(key)
      if (object === undefined || object.metadata.uid !== old.metadata.uid) {
        frames.push({ type: 'DELETED', object: old })
        known.delete(key)
      }
    }
    for (const [key, object] of now) {
      const old = known.get(key)
      if (old === object) continue
      if (old === undefined) frames.push({ type: 'ADDED', object })
      else if (old.metadata.resourceVersion !== object.metadata.resourceVersion) frames.push({ type: 'MODIFIED', object })
      known.set(key, object)
    }
    if (frames.length === 0) return undefined
    print(frames.splice(0))
    return undefined
  }
  yield* until([kind.kind], compare)
}

const keyOf = (object: KubernetesObject): string => `${object.metadata.namespace ?? ''}/${object.metadata.name}`

/** The objects that the watch is about, as they are at any moment. */
function* selection(session: Session, plan: Plan, kind: Kind): Story<() => readonly KubernetesObject[]> {
  const lister = session.terminal.see.of(kind.kind)
  const [source] = plan.sources
  if (source?.from === 'name') {
    return () => {
      const object = lister.get(source.namespace, source.name)
      return object === undefined ? [] : [object]
    }
  }
  if (source?.from === 'file') {
    const namespace = kind.namespaced ? (source.object.metadata.namespace ?? session.namespace) : undefined
    return () => {
      const object = lister.get(namespace, source.object.metadata.name)
      return object === undefined ? [] : [object]
    }
  }
  const namespace = source?.from === 'selector' ? source.namespace : undefined
  // asked once, so that a selector the server cannot read is refused
  yield* listObjects(session, kind, namespace, plan.labels, plan.fields)
  const fields = fieldsOf(kind, plan.fields)
  return () => {
    const all = lister.list(namespace)
    const chosen = 'refused' in fields ? undefined : selected(all, kind, plan.labels, fields)
    return chosen === undefined || 'refused' in chosen ? all : chosen.items
  }
}
