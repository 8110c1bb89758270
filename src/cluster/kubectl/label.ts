/**
 * kubectl label and annotate. Source: kubectl.md 1, 6.1, 6.2; kubectl pkg/cmd/label, pkg/cmd/annotate, 1.36.
 */
import type { Story } from '../client/story.ts'
import type { KubernetesObject } from '../objects/metadata.ts'
import { labelValue } from '../objects/names.ts'
import type { Command } from './command.ts'
import { mergeDifference } from './difference.ts'
import { Failure, refusal } from './failure.ts'
import { dryRunFlag, type FlagText, fileFlags, printFlags, quietFlags, selectorFlag } from './parse.ts'
import { ask, dryRunOf, dryRunSuffix, printerOf, type Session } from './session.ts'
import { type Found, type Plan, planOf, visitPlan, type Wanted } from './targets.ts'

const flags: readonly FlagText[] = [
  ...fileFlags,
  ...printFlags,
  ...quietFlags,
  selectorFlag,
  dryRunFlag,
  'field-selector string',
  'all bool',
  'all-namespaces,A bool',
  'overwrite bool',
  'list bool',
  'local bool',
  'resource-version string',
]

export const label: Command = { flags, run: labelObjects }
export const annotate: Command = { flags, run: annotateObjects }

/** The words before the first `key=value` or `key-`, and those from there. */
export function splitPairs(
  args: readonly string[],
  pairs: string,
): { readonly resources: readonly string[]; readonly specs: readonly string[] } {
  const isPair = (word: string): boolean => (word.includes('=') && !word.startsWith('=')) || (word.endsWith('-') && word !== '-')
  const first = args.findIndex(isPair)
  if (first < 0) return { resources: args, specs: [] }
  const specs = args.slice(first)
  const odd = specs.find((word) => !isPair(word))
  if (odd !== undefined) throw refusal(`all resources must be specified before ${pairs} changes: ${odd}`)
  return { resources: args.slice(0, first), specs }
}

/** What label and annotate do with the words and flags that are the same for both. */
function prepare(
  session: Session,
  resources: readonly string[],
  changes: number,
  what: string,
): { readonly plan: Plan; readonly wanted: Wanted } {
  const { flags: given } = session
  const selector = given.text('selector')
  const fieldSelector = given.text('field-selector')
  const all = given.is('all')
  if (given.is('list') && (given.text('output') ?? '') !== '') throw refusal('--list and --output may not be specified together')
  if (all && (selector ?? '') !== '') throw refusal('cannot set --all and --selector at the same time')
  if (all && (fieldSelector ?? '') !== '') throw refusal('cannot set --all and --field-selector at the same time')
  if (given.is('local')) throw refusal('--local is not supported by stsim')
  if (resources.length < 1 && !given.has('filename') && !given.has('kustomize')) {
    throw refusal('one or more resources must be specified as <resource> <name> or <resource>/<name>')
  }
  if (changes === 0 && !given.is('list')) throw refusal(`at least one ${what} update is required`)
  const wanted: Wanted = {
    args: resources,
    selector,
    fieldSelector,
    all,
    allNamespaces: given.is('all-namespaces'),
    kindMeansAll: all,
    files: true,
    fetch: 'latest',
  }
  const plan = planOf(session, wanted)
  if (!plan.single && given.has('resource-version')) throw refusal('--resource-version may only be used with a single resource')
  return { plan, wanted }
}

function* labelObjects(session: Session): Story<void> {
  const { terminal } = session
  const dryRun = dryRunOf(session)
  const print = printerOf(session)
  const { resources, specs } = splitPairs(session.args, 'label')
  const { adds, removes } = readLabels(specs)
  const { plan, wanted } = prepare(session, resources, specs.length, 'label')
  yield* visitPlan(session, plan, wanted, function* (target) {
    const { kind, namespace, name, object } = target as Found
    const labels = object.metadata.labels ?? {}
    if (session.flags.is('list')) return listMap(session, plan.single, target as Found, labels, 'labels')
    if (dryRun !== 'client')
      for (const key of removes) if (labels[key] === undefined) terminal.out(`label ${JSON.stringify(key)} not found.\n`)
    if (!session.flags.is('overwrite')) {
      const faults = [...adds]
        .filter(([key, value]) => labels[key] !== undefined && labels[key] !== value)
        .map(([key]) => ({ text: `'${key}' already has a value (${labels[key]}), and --overwrite is false` }))
      if (faults.length > 0) throw new Failure(faults)
    }
    const added = [...adds].filter(([key, value]) => labels[key] !== value)
    const removed = removes.filter((key) => labels[key] !== undefined)
    const next = changed(labels, added, removed)
    const operation =
      added.length > 0 && removed.length > 0 ? 'modified' : added.length > 0 ? 'labeled' : removed.length > 0 ? 'unlabeled' : 'not labeled'
    let result: KubernetesObject = { ...object, metadata: { ...object.metadata, labels: next } }
    if (dryRun !== 'client' && added.length + removed.length > 0) {
      const patch = versioned(session, mergeDifference({ metadata: { labels } }, { metadata: { labels: next } }))
      const more = dryRun === 'server' ? { dryRun: true } : {}
      result = (yield* ask(session, { verb: 'patch', kind: kind.kind, namespace, name, type: 'merge', patch, ...more })).object
    }
    print(kind, result, `${operation}${dryRunSuffix(dryRun)}`)
  })
}

function* annotateObjects(session: Session): Story<void> {
  const dryRun = dryRunOf(session)
  const print = printerOf(session)
  const { resources, specs } = splitPairs(session.args, 'annotation')
  const { adds, removes } = readPairs(specs, 'annotation')
  const { plan, wanted } = prepare(session, resources, specs.length, 'annotation')
  const both = removes.filter((key) => adds.has(key))
  if (both.length > 0) throw refusal(`can not both modify and remove the following annotation(s) in the same command: ${both.join(', ')}`)
  yield* visitPlan(session, plan, wanted, function* (target) {
    const { kind, namespace, name, object } = target as Found
    const annotations = object.metadata.annotations ?? {}
    if (session.flags.is('list')) return listMap(session, plan.single, target as Found, annotations, 'annotations')
    const clashes = [...adds]
      .filter(([key, value]) => key !== 'kubernetes.io/change-cause' && annotations[key] !== undefined && annotations[key] !== value)
      .map(([key]) => `'${key}' already has a value (${annotations[key]})`)
    if (!session.flags.is('overwrite') && clashes.length > 0) {
      throw refusal(`--overwrite is false but found the following declared annotation(s): ${clashes.join('; ')}`)
    }
    const next = changed(annotations, [...adds], removes)
    let result: KubernetesObject = { ...object, metadata: { ...object.metadata, annotations: next } }
    if (dryRun !== 'client') {
      const patch = versioned(session, mergeDifference({ metadata: { annotations } }, { metadata: { annotations: next } }))
      const more = dryRun === 'server' ? { dryRun: true } : {}
      result = (yield* ask(session, { verb: 'patch', kind: kind.kind, namespace, name, type: 'merge', patch, ...more })).object
    }
    print(kind, result, `annotated${dryRunSuffix(dryRun)}`)
  })
}

const changed = (
  map: Readonly<Record<string, string>>,
  adds: readonly (readonly [string, string])[],
  removes: readonly string[],
): Readonly<Record<string, string>> => {
  const next: Record<string, string> = { ...map }
  for (const [key, value] of adds) next[key] = value
  for (const key of removes) delete next[key]
  return next
}

/** `--resource-version` locks the write. */
function versioned(session: Session, patch: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const version = session.flags.text('resource-version')
  return version === undefined ? patch : { ...patch, metadata: { ...(patch['metadata'] as object | undefined), resourceVersion: version } }
}

function listMap(session: Session, single: boolean, target: Found, map: Readonly<Record<string, string>>, what: string): void {
  const { kind, name } = target
  if (!single) session.terminal.out(`Listing ${what} for ${kind.kind}.${kind.group}/${name}:\n`)
  for (const key of Object.keys(map).sort()) session.terminal.out(`${single ? '' : ' '}${key}=${map[key]}\n`)
}

function readLabels(specs: readonly string[]): { readonly adds: ReadonlyMap<string, string>; readonly removes: readonly string[] } {
  const adds = new Map<string, string>()
  const removes: string[] = []
  for (const spec of specs) {
    if (spec.includes('=')) {
      const [key = '', value = '', ...more] = spec.split('=')
      if (more.length > 0) throw refusal(`invalid label spec: ${spec}`)
      const wrong = labelValue(value)
      if (wrong.length > 0) throw refusal(`invalid label value: ${JSON.stringify(spec)}: ${wrong.join(';')}`)
      adds.set(key, value)
    } else if (spec.endsWith('-')) removes.push(spec.slice(0, -1))
    else throw refusal(`unknown label spec: ${spec}`)
  }
  if (removes.some((key) => adds.has(key))) throw refusal('can not both modify and remove a label in the same command')
  return { adds, removes }
}

/** `key=value` and `key-` words. Source: cmdutil.ParsePairs. */
export function readPairs(
  specs: readonly string[],
  what: string,
): { readonly adds: ReadonlyMap<string, string>; readonly removes: readonly string[] } {
  const adds = new Map<string, string>()
  const removes: string[] = []
  const invalid: string[] = []
  for (const spec of specs) {
    const at = spec.indexOf('=')
    if (at > 0) adds.set(spec.slice(0, at), spec.slice(at + 1))
    else if (spec.endsWith('-') && spec !== '-') removes.push(spec.slice(0, -1))
    else invalid.push(spec)
  }
  if (invalid.length > 0) throw refusal(`invalid ${what} format: ${invalid.join(', ')}`)
  return { adds, removes }
}
