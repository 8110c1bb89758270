/**
 * kubectl apply, on the client's side: last-applied annotation and three-way strategic merge.
 * Source: kubectl.md 4.2, 6.1; kubectl pkg/cmd/apply (apply.go, patcher.go), 1.36.
 */
import { minutes, seconds } from '../../engine/clock.ts'
import type { FieldValidation } from '../apiserver/request.ts'
import { call, type Story, sleep } from '../client/story.ts'
import type { KubernetesObject } from '../objects/metadata.ts'
import type { Command } from './command.ts'
import { withoutVersion } from './create.ts'
import { propagationOf } from './delete.ts'
import { threeWayDifference } from './difference.ts'
import { Failure, type Fault, faultsOf, isNotFound, refusal, refused, usageRefusal, withSource } from './failure.ts'
import { appliedBefore, lastApplied, withLastApplied } from './last-applied.ts'
import { dryRunFlag, fileFlags, printFlags, quietFlags, selectorFlag, validateFlag } from './parse.ts'
import { printJson } from './print.ts'
import { ask, type DryRun, dryRunOf, dryRunSuffix, fetchObject, printerOf, type Session, validationOf, warn } from './session.ts'
import { collect, type Found, planOf, type Wanted } from './targets.ts'

export const apply: Command = {
  flags: [
    ...fileFlags,
    ...printFlags,
    ...quietFlags,
    selectorFlag,
    dryRunFlag,
    validateFlag,
    'all bool',
    'force bool',
    'cascade string=background',
    'grace-period int',
    'timeout duration',
    'wait bool',
    'overwrite bool',
    'prune bool',
    'prune-allowlist array',
    'applyset string',
    'openapi-patch bool',
    'server-side bool',
    'force-conflicts bool',
    'subresource string',
  ],
  run: applyObjects,
}

function* applyObjects(session: Session): Story<void> {
  const { flags, args } = session
  const dryRun = dryRunOf(session)
  if (!flags.has('filename') && !flags.has('kustomize')) throw refusal('must specify one of -f and -k')
  if (args.length > 0) throw usageRefusal(`Unexpected args: [${args.join(' ')}]`, 'apply')
  if (flags.is('server-side')) throw refusal('--server-side is not supported by stsim yet: apply without it merges on the client')
  if (flags.is('force-conflicts')) throw refusal('--force-conflicts only works with --server-side')
  if (flags.is('prune')) throw refusal('--prune is not supported by stsim yet')
  const validation = validationOf(session)
  const print = printerOf(session)
  const wanted: Wanted = { selector: flags.text('selector'), files: true, fetch: 'none', validates: validation !== 'Ignore' }
  const plan = planOf(session, wanted)
  // All files are read before the first object is applied.
  const collected = yield* collect(session, plan, wanted)
  const { found } = collected
  const faults: Fault[] = [...collected.faults]
  if (found.length === 0 && faults.length === 0) throw refusal('no objects passed to apply')
  for (const target of found) {
    try {
      const { object, operation } = yield* applyOne(session, target, dryRun, validation)
      print(target.kind, object, `${operation}${dryRunSuffix(dryRun)}`)
    } catch (thrown) {
      faults.push(...faultsOf(thrown))
    }
  }
  if (faults.length > 0) throw new Failure(faults)
}

type Applied = { readonly object: KubernetesObject; readonly operation: 'created' | 'unchanged' | 'configured' }

function* applyOne(session: Session, target: Found, dryRun: DryRun, validation: FieldValidation): Story<Applied> {
  const { kind, namespace, name, source } = target
  const { terminal } = session
  if (name === '' && (target.object.metadata.generateName ?? '') !== '') {
    throw refusal(`from ${target.object.metadata.generateName}: cannot use generate name with apply`)
  }
  const modified = withLastApplied(target.object)
  const more = dryRun === 'server' ? { dryRun: true } : {}
  let live: KubernetesObject
  try {
    live = yield* fetchObject(session, kind, namespace, name)
  } catch (thrown) {
    if (!isNotFound(thrown))
      throw withSource(`retrieving current configuration of:\n${describeTarget(target)}\nfrom server for:`, source, thrown)
    const object = withoutNulls(withoutVersion(modified)) as KubernetesObject
    if (dryRun === 'client') return { object, operation: 'created' }
    try {
      const answer = yield* ask(session, { verb: 'create', object, fieldValidation: validation, ...more })
      return { object: answer.object, operation: 'created' }
    } catch (failed) {
      throw withSource('creating', source, failed)
    }
  }
  if (live.metadata.annotations?.[lastApplied] === undefined) {
    terminal.err(
      `Warning: resource ${kind.plural}/${name} is missing the ${lastApplied} annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically.\n`,
    )
  }
  const { object, patch } = yield* patchLive(session, target, live, modified, dryRun, validation)
  if (object.metadata.deletionTimestamp !== undefined) {
    terminal.err(`Warning: Detected changes to resource ${name} which is currently being deleted.\n`)
  }
  return { object, operation: Object.keys(patch).length === 0 ? 'unchanged' : 'configured' }
}

type Patched = { readonly object: KubernetesObject; readonly patch: Readonly<Record<string, unknown>> }

/** A 409 is tried again up to five times with the live object; then `--force` may delete and create. */
function* patchLive(
  session: Session,
  target: Found,
  first: KubernetesObject,
  modified: KubernetesObject,
  dryRun: DryRun,
  validation: FieldValidation,
): Story<Patched> {
  const { kind, namespace, name, source } = target
  let live = first
  for (let tries = 0; ; tries += 1) {
    const patch = threeWayDifference(kind.kind, appliedBefore(live), modified, live)
    if (Object.keys(patch).length === 0 || dryRun === 'client') return { object: live, patch }
    const answer = yield* call({
      verb: 'patch',
      kind: kind.kind,
      namespace,
      name,
      type: 'strategic',
      patch,
      fieldValidation: validation,
      ...(dryRun === 'server' ? { dryRun: true } : {}),
    })
    if (answer.ok) {
      warn(session, answer.warnings)
      return { object: answer.object, patch }
    }
    const { reason } = answer.status
    if (reason === 'Conflict' && tries < 5) {
      if (tries > 0) yield* sleep(seconds(1))
      live = yield* fetchObject(session, kind, namespace, name)
      continue
    }
    if ((reason === 'Conflict' || reason === 'Invalid') && session.flags.is('force')) {
      return { object: yield* replaceByForce(session, target, modified), patch: { ...modified } }
    }
    const failure = withSource('patching', source, refused(answer.status))
    throw withSource(`applying patch:\n${printJson(patch, 0)}\nto:\n${describeTarget(target)}\nfor:`, source, failure)
  }
}

function* replaceByForce(session: Session, target: Found, modified: KubernetesObject): Story<KubernetesObject> {
  const { kind, namespace, name } = target
  const grace = session.flags.int('grace-period', -1)
  yield* ask(session, {
    verb: 'delete',
    kind: kind.kind,
    namespace,
    name,
    propagation: propagationOf(session),
    gracePeriodSeconds: Math.max(0, grace),
  })
  const end = session.terminal.now() + (session.flags.duration('timeout', 0) || minutes(60 * 24 * 7))
  for (;;) {
    const answer = yield* call({ verb: 'get', kind: kind.kind, namespace, name })
    if (!answer.ok && answer.status.reason === 'NotFound') break
    if (!answer.ok) throw refused(answer.status)
    if (session.terminal.now() + seconds(1) > end) throw refusal('timed out waiting for the condition')
    yield* sleep(seconds(1))
  }
  return (yield* ask(session, { verb: 'create', object: withoutVersion(modified) })).object
}

const describeTarget = ({ kind, namespace, name }: Found): string =>
  `Resource: ${JSON.stringify(`${kind.group === '' ? '' : kind.group}/${kind.version}, Resource=${kind.plural}`)}, GroupVersionKind: ${JSON.stringify(`${kind.group}/${kind.version}, Kind=${kind.kind}`)}\nName: ${JSON.stringify(name)}, Namespace: ${JSON.stringify(namespace ?? '')}`

/** Nulls in a manifest mean "not there". */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== null)
      .map(([key, inner]) => [key, withoutNulls(inner)]),
  )
}
