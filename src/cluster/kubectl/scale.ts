/**
 * kubectl scale. Source: kubectl.md 1, 6.1, 6.2; statefulset.md 13.4; kubectl pkg/cmd/scale/scale.go, pkg/scale/scale.go, 1.36.
 */
import { minutes, seconds } from '../../engine/clock.ts'
import type { Kind } from '../apiserver/kind.ts'
import { call, type Story, sleep } from '../client/story.ts'
import type { KubernetesObject } from '../objects/metadata.ts'
import type { Command } from './command.ts'
import { Failure, refusal, refused, statusOf } from './failure.ts'
import { dryRunFlag, fileFlags, printFlags, quietFlags, selectorFlag } from './parse.ts'
import { ask, dryRunOf, dryRunSuffix, printerOf, type Session } from './session.ts'
import { collect, planOf, type Wanted } from './targets.ts'

export const scale: Command = {
  flags: [
    ...fileFlags,
    ...printFlags,
    ...quietFlags,
    selectorFlag,
    dryRunFlag,
    'all bool',
    'resource-version string',
    'current-replicas int',
    'replicas int',
    'timeout duration',
  ],
  required: ['replicas'],
  run: scaleObjects,
}

function* scaleObjects(session: Session): Story<void> {
  const { flags } = session
  const dryRun = dryRunOf(session)
  const print = printerOf(session)
  const replicas = flags.int('replicas', 0)
  const current = flags.int('current-replicas', -1)
  if (replicas < 0) throw refusal('The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0')
  if (current < -1) throw refusal('The --current-replicas must specify an integer of -1 or greater')
  const wanted: Wanted = {
    args: session.args,
    selector: flags.text('selector'),
    all: flags.is('all'),
    kindMeansAll: flags.is('all'),
    files: true,
    fetch: 'lazy',
  }
  const plan = planOf(session, wanted)
  const { found, faults: missing } = yield* collect(session, plan, wanted)
  if (flags.has('resource-version') && found.length > 1) throw refusal('cannot use --resource-version with multiple resources')
  if (found.length === 0) {
    if (missing.length > 0) throw new Failure(missing)
    throw refusal('no objects passed to scale')
  }
  for (const { kind, namespace, name, object } of found) {
    const scaled = (): KubernetesObject => ({ ...object, spec: { ...object['spec'], replicas } })
    if (dryRun !== 'client') yield* scaleOne(session, kind, namespace, name, replicas, dryRun === 'server')
    print(kind, scaled(), `scaled${dryRunSuffix(dryRun)}`)
  }
  if (missing.length > 0) throw new Failure(missing)
}

/** statefulset.md 13.4: a merge patch of the Scale; with a precondition a GET and a PUT, repeated every second for 5 minutes on conflict. */
function* scaleOne(
  session: Session,
  kind: Kind,
  namespace: string | undefined,
  name: string,
  replicas: number,
  dryRun: boolean,
): Story<void> {
  const { flags, terminal } = session
  if (!kind.subresources.includes('scale')) {
    throw refused({
      code: 404,
      reason: 'NotFound',
      message: 'the server could not find the requested resource',
      details: { name, kind: kind.plural },
    })
  }
  const end = terminal.now() + minutes(5)
  for (;;) {
    try {
      yield* scaleOnce(session, kind, namespace, name, replicas, dryRun)
      break
    } catch (thrown) {
      if (statusOf(thrown)?.reason !== 'Conflict') throw thrown
      if (terminal.now() + seconds(1) > end) throw refusal('timed out waiting for the condition')
      yield* sleep(seconds(1))
    }
  }
  const limit = flags.duration('timeout', 0)
  if (limit === 0 || dryRun) return
  const last = terminal.now() + limit
  while (terminal.now() + seconds(1) <= last) {
    yield* sleep(seconds(1))
    const answer = yield* call({ verb: 'get', kind: kind.kind, namespace, name })
    if (!answer.ok) throw refused(answer.status)
    const { metadata, spec, status } = answer.object as KubernetesObject
    if (status?.replicas === spec?.replicas && (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0)) return
  }
  throw refusal(`timed out waiting for ${JSON.stringify(name)} to be synced`)
}

function* scaleOnce(
  session: Session,
  kind: Kind,
  namespace: string | undefined,
  name: string,
  replicas: number,
  dryRun: boolean,
): Story<void> {
  const { flags } = session
  const current = flags.int('current-replicas', -1)
  const version = flags.text('resource-version') ?? ''
  const more = dryRun ? { dryRun: true } : {}
  if (current === -1 && version === '') {
    yield* ask(session, {
      verb: 'patch',
      kind: kind.kind,
      namespace,
      name,
      type: 'merge',
      subresource: 'scale',
      patch: { spec: { replicas } },
      ...more,
    })
    return
  }
  const { object } = yield* ask(session, { verb: 'get', kind: kind.kind, namespace, name, subresource: 'scale' })
  const now = object['spec']?.replicas ?? 0
  if (current !== -1 && now !== current) throw refusal(`Expected replicas to be ${current}, was ${now}`)
  if (version !== '' && object.metadata.resourceVersion !== version) {
    throw refusal(`Expected resource version to be ${version}, was ${object.metadata.resourceVersion}`)
  }
  const next = { ...object, spec: { ...object['spec'], replicas } }
  yield* ask(session, { verb: 'update', object: next, subresource: 'scale', ...more })
}
