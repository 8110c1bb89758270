/**
 * What a command is about: names, `kind/name`, selectors, all, files. The rules and refusals are those of kubectl's resource builder.
 * Source: cli-runtime pkg/resource/builder.go, 1.36; kubectl.md 6.2.
 */
import type { Kind } from '../apiserver/kind.ts'
import { kindsOfCategory } from '../apiserver/kinds/index.ts'
import type { Story } from '../client/story.ts'
import type { KubernetesObject } from '../objects/metadata.ts'
import { meetsAll, parseLabelSelector, type Requirement } from '../objects/selector.ts'
import { Failure, type Fault, faultsOf, isMissing, refusal } from './failure.ts'
import { decodeManifests, sourcesOf } from './manifests.ts'
import { ask, fetchObject, kindMeant, type Session, versionedResource } from './session.ts'

/** One object that a command is about. */
export type Target = {
  readonly kind: Kind
  readonly namespace: string | undefined
  readonly name: string
  /** The object: from the file, from the list, or from the server, as `fetch` says. */
  readonly object: KubernetesObject | undefined
  /** The file it comes from. */
  readonly source: string | undefined
}

/** A target whose object is there. */
export type Found = Target & { readonly object: KubernetesObject }

/** What to look for. */
export type Wanted = {
  readonly args?: readonly string[] | undefined
  readonly selector?: string | undefined
  readonly fieldSelector?: string | undefined
  readonly all?: boolean | undefined
  readonly allNamespaces?: boolean | undefined
  /** A kind alone means all of it. */
  readonly kindMeansAll?: boolean
  /** Whether `-f` is read. */
  readonly files?: boolean
  /** `none`: names are not looked up; `lazy`: what comes from no file or list is got; `latest`: everything is got. */
  readonly fetch: 'none' | 'lazy' | 'latest'
  readonly ignoreMissing?: boolean
  readonly oneKind?: boolean
  /** false: kubectl does not look at kind and apiVersion itself. */
  readonly validates?: boolean
}

/** One source of targets: a list that a selector asks for, or one thing. */
export type Source =
  | { readonly from: 'selector'; readonly kind: Kind; readonly namespace: string | undefined }
  | { readonly from: 'name'; readonly kind: Kind; readonly namespace: string | undefined; readonly name: string }
  | { readonly from: 'file'; readonly kind: Kind; readonly object: KubernetesObject; readonly source: string }
  | { readonly from: 'fault'; readonly fault: Fault }

/** What was understood: the sources, and whether they mean one single thing. */
export type Plan = { readonly sources: readonly Source[]; readonly single: boolean; readonly labels: string; readonly fields: string }

/** The words `all`, `pods,svc` as single kinds' names. */
const expand = (argument: string): readonly string[] => {
  const names = argument.split(',').flatMap((name) => {
    const members = kindsOfCategory(name)
    return members.length === 0 ? [name] : members.map((kind) => (kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`))
  })
  return [...new Set(names)]
}

const slashRefusal =
  "there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'"

/** Understands the words. Throws the builder's refusals. */
export function planOf(session: Session, wanted: Wanted): Plan {
  const faults: Fault[] = []
  const files = wanted.files === true && (session.flags.has('filename') || session.flags.has('kustomize'))
  const read = files ? attempt(() => sourcesOf(session), faults) : undefined
  const labels = (wanted.selector ?? '').trim()
  const fields = (wanted.fieldSelector ?? '').trim()
  if (wanted.all === true && (labels !== '' || fields !== ''))
    faults.push({ text: "setting 'all' parameter but found a non empty selector. " })

  let args = wanted.args ?? []
  const types = args.length >= 2 ? [...new Set((args[0] as string).split(','))] : []
  if (types.length > 1) args = types.flatMap((type) => args.slice(1).map((name) => `${type}/${name}`))
  const slashes = args.filter((arg) => arg.includes('/')).length
  const tuples: { readonly resource: string; readonly name: string }[] = []
  let resources: readonly string[] = []
  let names: readonly string[] = []
  let bySelector = wanted.all === true || labels !== '' || fields !== ''
  if (slashes > 0 && slashes !== args.length) faults.push({ text: slashRefusal })
  else if (slashes > 0) {
    for (const arg of args) {
      const parts = arg.split('/')
      if (parts.length !== 2) faults.push({ text: 'arguments in resource/name form may not have more than one slash' })
      else if (parts.some((part) => part === '') || (parts[0] as string).includes(',')) {
        faults.push({ text: 'arguments in resource/name form must have a single resource and name' })
      } else tuples.push({ resource: parts[0] as string, name: parts[1] as string })
      if (faults.length > 0) break
    }
  } else if (args.length > 0) {
    resources = expand(args[0] as string)
    names = args.slice(1)
    if (args.length === 1 && wanted.kindMeansAll === true) bySelector = true
  }
  if (faults.length > 0) throw new Failure(faults)

  const namespace = wanted.allNamespaces === true ? undefined : session.namespace
  const plan = (sources: readonly Source[], single: boolean): Plan => ({ sources, single, labels, fields })
  const named = (kind: Kind, name: string): Source => {
    if (kind.namespaced && namespace === undefined) throw refusal('a resource cannot be retrieved by name across all namespaces')
    return { from: 'name', kind, namespace: kind.namespaced ? namespace : undefined, name }
  }

  if (read !== undefined) {
    if (resources.length > 0)
      throw refusal('when paths, URLs, or stdin is provided as input, you may not specify resource arguments as well')
    if (tuples.length > 0) throw refusal('resource/name arguments cannot be provided when a path is specified')
    const sources: Source[] = []
    const requirements = labelRequirements(labels)
    for (const { name, text } of read.sources) {
      for (const manifest of decodeManifests(text, name, wanted.validates !== false)) {
        if ('fault' in manifest) sources.push({ from: 'fault', fault: manifest.fault })
        else if (meetsAll(requirements, manifest.object.metadata.labels)) sources.push({ from: 'file', ...manifest })
      }
    }
    return plan(sources, !read.isFolder && read.sources.length === 1 && session.flags.text('filename') !== '-' && sources.length === 1)
  }
  if (bySelector) {
    if (names.length > 0) throw refusal('name cannot be provided when a selector is specified')
    if (tuples.length > 0) throw refusal('selectors and the all flag cannot be used when passing resource/name arguments')
    if (resources.length === 0) throw refusal('at least one resource must be specified to use a selector')
    const meant = [...new Set(resources.map(kindMeant))]
    if (wanted.oneKind === true && resources.length > 1) throw refusal('you may only specify a single resource type')
    return plan(
      meant.map((kind) => ({ from: 'selector', kind, namespace: kind.namespaced ? namespace : undefined })),
      false,
    )
  }
  if (tuples.length > 0) {
    const meant = tuples.map((tuple) => kindMeant(tuple.resource))
    if (wanted.oneKind === true && new Set(meant).size > 1) throw refusal('you may only specify a single resource type')
    return plan(
      tuples.map((tuple, i) => named(meant[i] as Kind, tuple.name)),
      tuples.length === 1,
    )
  }
  if (names.length > 0) {
    if (resources.length > 1) throw refusal('you must specify only one resource')
    const kind = kindMeant(resources[0] as string)
    return plan(
      names.map((name) => named(kind, name)),
      names.length === 1,
    )
  }
  if (resources.length > 0) {
    for (const resource of resources) kindMeant(resource)
    throw refusal('resource(s) were provided, but no name was specified')
  }
  throw refusal(missingResource)
}

/** `-l` read by the client, which filters what files hold. */
function labelRequirements(text: string): readonly Requirement[] {
  const read = parseLabelSelector(text)
  if ('error' in read) throw refusal(`the provided selector ${JSON.stringify(text)} is not valid: ${read.error}`)
  return read
}

const missingResource = `You must provide one or more resources by argument or filename.
Example resource specifications include:
   '-f rsrc.yaml'
   '--filename=rsrc.json'
   '<resource> <name>'
   '<resource>'`

function attempt<T>(act: () => T, faults: Fault[]): T | undefined {
  try {
    return act()
  } catch (thrown) {
    faults.push(...faultsOf(thrown))
    return undefined
  }
}

/** The client's half of a refused list. Source: kubectl.md 8, "bad request". */
export function listFailure(thrown: unknown, kind: Kind, labels: string, fields: string): unknown {
  if (!(thrown instanceof Failure)) return thrown
  return new Failure(
    thrown.faults.map((fault) => {
      if (!('status' in fault)) return fault
      const { reason, message } = fault.status
      if (reason !== 'BadRequest' && reason !== 'NotFound') return fault
      const head =
        labels === '' && fields === '' && reason === 'NotFound'
          ? `Unable to list ${JSON.stringify(versionedResource(kind))}: `
          : `Unable to find ${JSON.stringify(versionedResource(kind))} that match label selector ${JSON.stringify(labels)}, field selector ${JSON.stringify(fields)}: `
      return { status: { ...fault.status, message: head + message } }
    }),
  )
}

/** All objects of a kind that selectors choose, in the server's order. */
export function* listObjects(
  session: Session,
  kind: Kind,
  namespace: string | undefined,
  labels = '',
  fields = '',
): Story<readonly KubernetesObject[]> {
  try {
    const answer = yield* ask(session, {
      verb: 'list',
      kind: kind.kind,
      namespace: kind.namespaced ? namespace : undefined,
      ...(labels === '' ? {} : { labelSelector: labels }),
      ...(fields === '' ? {} : { fieldSelector: fields }),
    })
    return answer.items ?? []
  } catch (thrown) {
    throw listFailure(thrown, kind, labels, fields)
  }
}

/**
 * Does `each` for every target in turn. A target that fails does not stop the rest; all that went wrong is thrown at the end. Returns how
 * many there were.
 */
export function* visit(session: Session, wanted: Wanted, each: (target: Target) => Story<void> | undefined): Story<number> {
  const plan = planOf(session, wanted)
  return yield* visitPlan(session, plan, wanted, each)
}

/** `visit` of a plan that is already made. */
export function* visitPlan(session: Session, plan: Plan, wanted: Wanted, each: (target: Target) => Story<void> | undefined): Story<number> {
  const faults: Fault[] = []
  let count = 0
  for (const source of plan.sources) {
    try {
      const targets = yield* targetsOf(session, plan, source, wanted)
      for (const target of targets) {
        try {
          count += 1
          const story = each(target)
          if (story !== undefined) yield* story
        } catch (thrown) {
          faults.push(...faultsOf(thrown))
        }
      }
    } catch (thrown) {
      faults.push(...faultsOf(thrown))
    }
  }
  const kept = wanted.ignoreMissing === true ? faults.filter((fault) => !isMissing(fault)) : faults
  if (kept.length > 0) throw new Failure(kept)
  return count
}

/** Every target with its object, and what went wrong with the others. */
export function* collect(
  session: Session,
  plan: Plan,
  wanted: Wanted,
): Story<{ readonly found: readonly Found[]; readonly faults: readonly Fault[] }> {
  const found: Found[] = []
  try {
    yield* visitPlan(session, plan, wanted, (target) => {
      found.push(target as Found)
      return undefined
    })
    return { found, faults: [] }
  } catch (thrown) {
    return { found, faults: faultsOf(thrown) }
  }
}

/** As `collect`, but what went wrong ends the command. */
export function* collectAll(session: Session, plan: Plan, wanted: Wanted): Story<readonly Found[]> {
  const { found, faults } = yield* collect(session, plan, wanted)
  if (faults.length > 0) throw new Failure(faults)
  return found
}

function* targetsOf(session: Session, plan: Plan, source: Source, wanted: Wanted): Story<readonly Target[]> {
  switch (source.from) {
    case 'fault':
      throw new Failure([source.fault])
    case 'selector': {
      const objects = yield* listObjects(session, source.kind, source.namespace, plan.labels, plan.fields)
      return objects.map((object) => ({
        kind: source.kind,
        namespace: object.metadata.namespace,
        name: object.metadata.name,
        object,
        source: undefined,
      }))
    }
    case 'name': {
      const { kind, namespace, name } = source
      const object = wanted.fetch === 'none' ? undefined : yield* fetchObject(session, kind, namespace, name)
      return [{ kind, namespace, name, object, source: undefined }]
    }
    case 'file': {
      const { kind } = source
      const given = source.object.metadata.namespace
      if (kind.namespaced && session.enforced && given !== undefined && given !== '' && given !== session.namespace) {
        throw refusal(
          `the namespace from the provided object ${JSON.stringify(given)} does not match the namespace ${JSON.stringify(session.namespace)}. You must pass '--namespace=${given}' to perform this operation.`,
        )
      }
      const namespace = kind.namespaced ? (given ?? '') || session.namespace : undefined
      const { namespace: _, ...metadata } = source.object.metadata
      const object: KubernetesObject = { ...source.object, metadata: namespace === undefined ? metadata : { ...metadata, namespace } }
      const name = object.metadata.name ?? ''
      const latest = wanted.fetch === 'latest' ? yield* fetchObject(session, kind, namespace, name) : object
      return [{ kind, namespace, name, object: latest, source: source.source }]
    }
  }
}

/** The selectors and switches of a line as `Wanted`. */
export const wantedOf = (session: Session): Pick<Wanted, 'selector' | 'fieldSelector' | 'all' | 'allNamespaces'> => ({
  selector: session.flags.text('selector'),
  fieldSelector: session.flags.text('field-selector'),
  all: session.flags.is('all'),
  allNamespaces: session.flags.is('all-namespaces'),
})
