/**
 * kubectl set image|env|resources|serviceaccount|selector: changes of a pod template. Nothing to change: no request, no output.
 * Source: kubectl.md 1, 6.1, 6.2; kubectl pkg/cmd/set, 1.36.
 */
import type { Story } from '../client/story.ts'
import type { KubernetesObject } from '../objects/metadata.ts'
import type { Container } from '../objects/pod.ts'
import { parseQuantity } from '../objects/quantity.ts'
import type { Command } from './command.ts'
import { strategicDifference } from './difference.ts'
import { Failure, type Fault, faultsOf, refusal, statusOf } from './failure.ts'
import { readPairs, splitPairs } from './label.ts'
import { dryRunFlag, type FlagText, fileFlags, printFlags, quietFlags, selectorFlag } from './parse.ts'
import { ask, dryRunOf, dryRunSuffix, printerOf, type Session } from './session.ts'
import { collectAll, type Found, planOf, type Wanted } from './targets.ts'

const common: readonly FlagText[] = [...fileFlags, ...printFlags, ...quietFlags, selectorFlag, dryRunFlag, 'all bool', 'local bool']

const setImage: Command = { flags: common, run: imageCommand }
const setEnv: Command = {
  flags: [
    ...common,
    'containers,c string',
    'from string',
    'prefix string',
    'env,e array',
    'keys strings',
    'list bool',
    'resolve bool',
    'overwrite bool',
  ],
  run: envCommand,
}
const setResources: Command = { flags: [...common, 'containers,c string', 'limits string', 'requests string'], run: resourcesCommand }
const setServiceAccount: Command = { flags: common, run: serviceAccountCommand }
const setSelector: Command = { flags: [...common, 'resource-version string'], run: selectorCommand }

export const set: Command = {
  commands: new Map<string, Command>([
    ['image', setImage],
    ['resources', setResources],
    ['selector', setSelector],
    ['serviceaccount', setServiceAccount],
    ['sa', setServiceAccount],
    ['env', setEnv],
  ]),
}

/** The objects that the line means, fetched. */
function* foundBy(session: Session, args: readonly string[]): Story<readonly Found[]> {
  const { flags } = session
  if (flags.is('local')) throw refusal('--local is not supported by stsim')
  const all = flags.is('all')
  const wanted: Wanted = { args, selector: flags.text('selector'), all, kindMeansAll: all, files: true, fetch: 'latest' }
  const plan = planOf(session, wanted)
  return yield* collectAll(session, plan, wanted)
}

/** Where the kinds have their pod's spec; undefined: they have none. */
function podSpecPath(object: KubernetesObject): readonly string[] | undefined {
  if (object.kind === 'Pod') return ['spec']
  if (object.kind === 'CronJob') return ['spec', 'jobTemplate', 'spec', 'template', 'spec']
  return object['spec']?.template?.spec === undefined ? undefined : ['spec', 'template', 'spec']
}

// biome-ignore lint/suspicious/noExplicitAny: a pod's spec as it comes
type Spec = Readonly<Record<string, any>>

const at = (object: unknown, path: readonly string[]): Spec => path.reduce<unknown>((value, step) => (value as Spec)[step], object) as Spec
const withAt = (object: Spec, path: readonly string[], value: unknown): Spec => {
  const [first, ...rest] = path
  return first === undefined ? (value as Spec) : { ...object, [first]: withAt(object[first] as Spec, rest, value) }
}

/** Changes the pod spec of every object, sends what differs, and says so. `failed` is what stands before the server's refusal. */
function* changeSpecs(
  session: Session,
  found: readonly Found[],
  words: { readonly done: string; readonly failed: string },
  change: (spec: Spec, target: Found) => Spec,
  before: readonly Fault[] = [],
): Story<void> {
  const dryRun = dryRunOf(session)
  const print = printerOf(session)
  const faults: Fault[] = [...before]
  for (const target of found) {
    const { kind, namespace, name, object } = target
    const path = podSpecPath(object)
    if (path === undefined) {
      faults.push({ text: `error: ${kind.plural}/${name} the object is not a pod or does not have a pod template: ${kind.kind}\n` })
      continue
    }
    let next: KubernetesObject
    try {
      next = withAt(object, path, change(at(object, path), target)) as KubernetesObject
    } catch (thrown) {
      for (const fault of faultsOf(thrown)) faults.push('text' in fault ? { text: `error: ${kind.plural}/${name} ${fault.text}\n` } : fault)
      continue
    }
    const patch = strategicDifference(kind.kind, object, next)
    if (Object.keys(patch).length === 0) continue
    if (dryRun === 'client') {
      print(kind, next, `${words.done}${dryRunSuffix(dryRun)}`)
      continue
    }
    try {
      const more = dryRun === 'server' ? { dryRun: true } : {}
      const answer = yield* ask(session, { verb: 'patch', kind: kind.kind, namespace, name, type: 'strategic', patch, ...more })
      print(kind, answer.object, `${words.done}${dryRunSuffix(dryRun)}`)
    } catch (thrown) {
      const status = statusOf(thrown)
      if (status === undefined) throw thrown
      faults.push({ text: `${words.failed}: ${status.message}` })
    }
  }
  if (faults.length > 0) throw new Failure(faults)
}

const noResources = 'one or more resources must be specified as <resource> <name> or <resource>/<name>'
const hasFiles = (session: Session): boolean => session.flags.has('filename') || session.flags.has('kustomize')

function* imageCommand(session: Session): Story<void> {
  dryRunOf(session)
  printerOf(session)
  const { resources, specs } = splitPairs(session.args, 'image')
  const images = readPairs(specs, 'image').adds
  const invalid = specs.filter((spec) => !spec.includes('='))
  if (invalid.length > 0) throw refusal(`invalid image format: ${invalid.join(', ')}`)
  const wrong: Fault[] = []
  if (session.flags.is('all') && session.flags.has('selector')) wrong.push({ text: 'cannot set --all and --selector at the same time' })
  if (resources.length < 1 && !hasFiles(session)) wrong.push({ text: noResources })
  if (images.size < 1) wrong.push({ text: 'at least one image update is required' })
  else if (images.size > 1 && images.has('*')) {
    wrong.push({ text: 'all containers are already specified by *, but saw more than one container_name=container_image pairs' })
  }
  if (wrong.length > 0 && resources.length < 1 && !hasFiles(session)) throw new Failure(wrong)
  const found = yield* foundBy(session, resources)
  if (wrong.length > 0) throw new Failure(wrong)
  const missing: Fault[] = []
  const apply = (containers: readonly Container[] | undefined): readonly Container[] | undefined =>
    containers?.map((container) => {
      const image = images.get(container.name) ?? images.get('*')
      return image === undefined ? container : { ...container, image }
    })
  for (const { object } of found) {
    const path = podSpecPath(object)
    if (path === undefined) continue
    const spec = at(object, path)
    const names = [
      ...((spec['containers'] ?? []) as readonly Container[]),
      ...((spec['initContainers'] ?? []) as readonly Container[]),
    ].map((each) => each.name)
    for (const name of images.keys())
      if (name !== '*' && !names.includes(name)) missing.push({ text: `error: unable to find container named ${JSON.stringify(name)}` })
  }
  yield* changeSpecs(
    session,
    found,
    { done: 'image updated', failed: 'failed to patch image update to pod template' },
    (spec) => ({
      ...spec,
      containers: apply(spec['containers']),
      ...(spec['initContainers'] === undefined ? {} : { initContainers: apply(spec['initContainers']) }),
    }),
    missing,
  )
}

// ------------------------------------------------------------------------------------------------------------------ env

type Variable = { readonly name: string; readonly value?: string; readonly valueFrom?: Spec }

const isEnvironment = (word: string): boolean => word === '-' || /^[^=/]+=/.test(word) || (word.endsWith('-') && !word.includes('/'))

function* envCommand(session: Session): Story<void> {
  const { flags, args, terminal } = session
  if (flags.is('all') && flags.has('selector')) throw refusal('cannot set --all and --selector at the same time')
  const first = args.findIndex(isEnvironment)
  const resources = first < 0 ? args : args.slice(0, first)
  const words = first < 0 ? [] : args.slice(first)
  if (words.some((word) => !isEnvironment(word)))
    throw refusal(`all resources must be specified before environment changes: ${args.join(' ')}`)
  dryRunOf(session)
  if (!hasFiles(session) && resources.length < 1) throw refusal(noResources)
  if (flags.is('list') && (flags.text('output') ?? '') !== '') throw refusal('--list and --output may not be specified together')
  if (flags.has('keys') && !flags.has('from')) throw refusal('when specifying --keys, a configmap or secret must be provided with --from')
  const { sets, removes } = readEnvironment([...flags.list('env'), ...words])
  const taken = flags.has('from') ? yield* variablesFrom(session, flags.text('from') ?? '') : []
  const prefix = flags.text('prefix') ?? ''
  const wanted = [...sets, ...taken].map((each) => ({ ...each, name: prefix + each.name }))
  const found = yield* foundBy(session, resources)
  const pattern = flags.text('containers') ?? '*'
  const chosen = globOf(pattern)
  const change = (spec: Spec, target: Found): Spec => {
    const all = [...((spec['containers'] ?? []) as readonly Container[]), ...((spec['initContainers'] ?? []) as readonly Container[])]
    if (!all.some((container) => chosen.test(container.name))) {
      terminal.err(`Warning: ${target.kind.kind}/${target.name} does not have any containers matching ${JSON.stringify(pattern)}\n`)
      return spec
    }
    const apply = (containers: readonly Container[] | undefined): readonly Container[] | undefined =>
      containers?.map((container) =>
        chosen.test(container.name) ? withEnvironment(session, target, container, wanted, removes) : container,
      )
    return {
      ...spec,
      containers: apply(spec['containers']),
      ...(spec['initContainers'] === undefined ? {} : { initContainers: apply(spec['initContainers']) }),
    }
  }
  if (flags.is('list')) {
    for (const target of found) {
      const path = podSpecPath(target.object)
      if (path !== undefined) change(at(target.object, path), target)
    }
    return
  }
  yield* changeSpecs(session, found, { done: 'env updated', failed: 'failed to patch env update to pod template' }, change)
}

/** A container pattern of `-c`: `*` stands for anything. */
const globOf = (pattern: string): RegExp => new RegExp(`^${pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replace(/\*/g, '.*')}$`)

function withEnvironment(
  session: Session,
  target: Found,
  container: Container,
  sets: readonly Variable[],
  removes: readonly string[],
): Container {
  const old = (container.env ?? []) as readonly Variable[]
  if (!session.flags.is('overwrite', true)) {
    for (const each of sets) {
      const before = old.find((one) => one.name === each.name)
      if (before !== undefined && before.value !== each.value)
        throw refusal(`'${each.name}' already has a value (${before.value ?? ''}), and --overwrite is false`)
    }
  }
  const kept = old.filter((each) => !removes.includes(each.name)).map((each) => sets.find((one) => one.name === each.name) ?? each)
  const env = [...kept, ...sets.filter((each) => !old.some((one) => one.name === each.name))]
  if (session.flags.is('list')) {
    session.terminal.out(`# ${target.kind.kind} ${target.name}, container ${container.name}\n`)
    for (const each of env)
      session.terminal.out(
        each.valueFrom === undefined ? `${each.name}=${each.value ?? ''}\n` : `# ${each.name} from ${referenceText(each.valueFrom)}\n`,
      )
  }
  if (env.length > 0) return { ...container, env: env as NonNullable<Container['env']> }
  const { env: _, ...rest } = container
  return rest
}

function referenceText(from: Spec): string {
  if (from['configMapKeyRef']) return `configmap ${from['configMapKeyRef'].name}, key ${from['configMapKeyRef'].key}`
  if (from['secretKeyRef']) return `secret ${from['secretKeyRef'].name}, key ${from['secretKeyRef'].key}`
  if (from['fieldRef']) return `field path ${from['fieldRef'].fieldPath}`
  if (from['resourceFieldRef'])
    return `resource field ${from['resourceFieldRef'].containerName ? `${from['resourceFieldRef'].containerName}/` : ''}${from['resourceFieldRef'].resource}`
  return 'invalid valueFrom'
}

function readEnvironment(words: readonly string[]): { readonly sets: readonly Variable[]; readonly removes: readonly string[] } {
  const sets: Variable[] = []
  const removes: string[] = []
  for (const word of words) {
    if (word === '-') throw refusal("when '-' is used, STDIN must be open")
    const equals = word.indexOf('=')
    if (equals > 0) {
      const variable = { name: word.slice(0, equals), value: word.slice(equals + 1) }
      const before = sets.findIndex((each) => each.name === variable.name)
      if (before < 0) sets.push(variable)
      else sets[before] = variable
    } else if (word.endsWith('-')) removes.push(word.slice(0, -1))
    else throw refusal(`unknown environment variable: ${word}`)
  }
  if (removes.some((name) => sets.some((each) => each.name === name)))
    throw refusal('can not both modify and remove the same environment variable in the same command')
  return { sets, removes }
}

function* variablesFrom(session: Session, from: string): Story<readonly Variable[]> {
  const variables: Variable[] = []
  const wanted: Wanted = { args: [from], fetch: 'latest' }
  const keys = session.flags.list('keys')
  for (const { object, name } of yield* collectAll(session, planOf(session, wanted), wanted)) {
    const field = object.kind === 'Secret' ? 'secretKeyRef' : object.kind === 'ConfigMap' ? 'configMapKeyRef' : undefined
    if (field === undefined) throw refusal('unsupported resource specified in --from')
    for (const key of Object.keys(object['data'] ?? {}).sort()) {
      if (keys.length > 0 && !keys.includes(key)) continue
      const variable = key.replace(/[^a-zA-Z0-9_]/g, '_').toUpperCase()
      if (variable !== key) session.terminal.err(`Warning: key ${key} transferred to ${variable}\n`)
      variables.push({ name: variable, valueFrom: { [field]: { key, name } } })
    }
  }
  return variables
}

// ------------------------------------------------------------------------------------------------------------ the others

function* resourcesCommand(session: Session): Story<void> {
  const { flags } = session
  const limits = amountsOf(flags.text('limits') ?? '')
  const requests = amountsOf(flags.text('requests') ?? '')
  if (limits === undefined && requests === undefined)
    throw refusal('you must specify an update to requests or limits (in the form of --requests/--limits)')
  const found = yield* foundBy(session, session.args)
  const chosen = globOf(flags.text('containers') ?? '*')
  const pattern = flags.text('containers') ?? '*'
  yield* changeSpecs(
    session,
    found,
    { done: 'resource requirements updated', failed: 'failed to patch resources update to pod template' },
    (spec) => {
      const containers = (spec['containers'] ?? []) as readonly Container[]
      if (!containers.some((container) => chosen.test(container.name))) throw refusal(`unable to find container named ${pattern}`)
      return {
        ...spec,
        containers: containers.map((container) => {
          if (!chosen.test(container.name)) return container
          const { limits: oldLimits, requests: oldRequests, ...rest } = container.resources ?? {}
          const nextLimits = laid(oldLimits, limits)
          const nextRequests = laid(oldRequests, requests)
          return {
            ...container,
            resources: {
              ...rest,
              ...(nextLimits === undefined ? {} : { limits: nextLimits }),
              ...(nextRequests === undefined ? {} : { requests: nextRequests }),
            },
          }
        }),
      }
    },
  )
}

/** Amounts laid over others; 0 takes one away. */
function laid(
  old: Readonly<Record<string, string>> | undefined,
  over: Readonly<Record<string, string>> | undefined,
): Readonly<Record<string, string>> | undefined {
  if (over === undefined) return old
  const next: Record<string, string> = { ...old, ...over }
  for (const [name, amount] of Object.entries(over)) if (amount === '0') delete next[name]
  return Object.keys(next).length === 0 ? undefined : next
}

function amountsOf(text: string): Readonly<Record<string, string>> | undefined {
  if (text === '') return undefined
  const amounts: Record<string, string> = {}
  for (const part of text.split(',')) {
    const [name = '', amount, ...more] = part.split('=')
    if (amount === undefined || more.length > 0) throw refusal(`invalid argument syntax ${part}, expected <resource>=<value>`)
    if (parseQuantity(amount) === undefined)
      throw refusal("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")
    amounts[name] = amount
  }
  return amounts
}

function* serviceAccountCommand(session: Session): Story<void> {
  if (session.args.length === 0) throw refusal('serviceaccount is required')
  const account = session.args.at(-1) as string
  const found = yield* foundBy(session, session.args.slice(0, -1))
  yield* changeSpecs(session, found, { done: 'serviceaccount updated', failed: 'failed to patch ServiceAccountName' }, (spec) => ({
    ...spec,
    serviceAccountName: account,
    ...(spec['serviceAccount'] === undefined ? {} : { serviceAccount: account }),
  }))
}

function* selectorCommand(session: Session): Story<void> {
  const expression = session.args.at(-1)
  if (expression === undefined) throw refusal(noResources)
  const selector: Record<string, string> = {}
  for (const part of expression.split(',')) {
    const [key = '', value, ...more] = part.split('=')
    if (value === undefined || more.length > 0) throw refusal(`invalid selector: ${JSON.stringify(expression)}`)
    selector[key] = value
  }
  const dryRun = dryRunOf(session)
  const print = printerOf(session)
  const found = yield* foundBy(session, session.args.slice(0, -1))
  for (const { kind, namespace, name, object } of found) {
    if (kind.kind !== 'Service') throw refusal('setting a selector is only supported for Services')
    const next = { ...object, spec: { ...object['spec'], selector } }
    const patch = strategicDifference(kind.kind, object, next)
    const more = dryRun === 'server' ? { dryRun: true } : {}
    const result =
      dryRun === 'client'
        ? next
        : (yield* ask(session, { verb: 'patch', kind: kind.kind, namespace, name, type: 'strategic', patch, ...more })).object
    print(kind, result, `selector updated${dryRunSuffix(dryRun)}`)
  }
}
