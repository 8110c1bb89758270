/**
 * kubectl replace. Source: kubectl.md 1, 6.1; kubectl pkg/cmd/replace/replace.go, 1.36.
 */
import { hours, seconds } from '../../engine/clock.ts'
import { call, type Story, sleep } from '../client/story.ts'
import type { KubernetesObject } from '../objects/metadata.ts'
import type { Command } from './command.ts'
import { withoutVersion } from './create.ts'
import { propagationOf } from './delete.ts'
import { refusal, refused, usageRefusal, withSource } from './failure.ts'
import { lastApplied, withLastApplied } from './last-applied.ts'
import { dryRunFlag, fileFlags, printFlags, quietFlags, validateFlag } from './parse.ts'
import { ask, dryRunOf, dryRunSuffix, printerOf, type Session, validationOf } from './session.ts'
import { type Found, planOf, visitPlan, type Wanted } from './targets.ts'

export const replace: Command = {
  flags: [
    ...fileFlags,
    ...printFlags,
    ...quietFlags,
    dryRunFlag,
    validateFlag,
    'save-config bool',
    'force bool',
    'cascade string=background',
    'grace-period int',
    'timeout duration',
    'wait bool',
    'raw string',
    'subresource string',
  ],
  run: replaceCommand,
}

function* replaceCommand(session: Session): Story<void> {
  const { flags, args } = session
  const dryRun = dryRunOf(session)
  if (flags.has('raw')) throw refusal('--raw is not supported by stsim')
  const force = flags.is('force')
  const grace = flags.int('grace-period', -1)
  if (grace >= 0 && !force) throw refusal('--grace-period must have --force specified')
  if (flags.duration('timeout', 0) !== 0 && !force) throw refusal('--timeout must have --force specified')
  if (!flags.has('filename') && !flags.has('kustomize')) throw refusal('must specify one of -f and -k')
  if (args.length > 0) throw usageRefusal(`Unexpected args: [${args.join(' ')}]`, 'replace')
  const validation = validationOf(session)
  const print = printerOf(session)
  const wanted: Wanted = { files: true, fetch: 'none', validates: validation !== 'Ignore' }
  const plan = planOf(session, wanted)
  const more = dryRun === 'server' ? { dryRun: true } : {}
  if (force) yield* deleteFirst(session, plan, wanted, grace)
  yield* visitPlan(session, plan, wanted, function* (target) {
    const { kind, namespace, name, source } = target as Found
    let object: KubernetesObject = (target as Found).object
    if (flags.is('save-config') || object.metadata.annotations?.[lastApplied] !== undefined) object = withLastApplied(object)
    if (dryRun === 'client') {
      print(kind, object, `replaced${dryRunSuffix(dryRun)}`)
      return
    }
    try {
      if (force) {
        object = (yield* ask(session, { verb: 'create', object: withoutVersion(object), fieldValidation: validation, ...more })).object
      } else {
        const live = yield* call({ verb: 'get', kind: kind.kind, namespace, name })
        const version = object.metadata.resourceVersion ?? (live.ok ? live.object.metadata.resourceVersion : undefined)
        const sent = version === undefined ? object : { ...object, metadata: { ...object.metadata, resourceVersion: version } }
        object = (yield* ask(session, { verb: 'update', object: sent, fieldValidation: validation, ...more })).object
      }
    } catch (thrown) {
      throw withSource('replacing', source, thrown)
    }
    print(kind, object, `replaced${dryRunSuffix(dryRun)}`)
  })
}

/** `--force`: everything is deleted first, and waited for. */
function* deleteFirst(session: Session, plan: ReturnType<typeof planOf>, wanted: Wanted, grace: number): Story<void> {
  const { terminal, flags } = session
  const gone: Found[] = []
  yield* visitPlan(session, plan, { ...wanted, ignoreMissing: true }, function* (target) {
    const { kind, namespace, name } = target as Found
    const gracePeriod = grace >= 0 ? { gracePeriodSeconds: grace } : {}
    yield* ask(session, { verb: 'delete', kind: kind.kind, namespace, name, propagation: propagationOf(session), ...gracePeriod })
    const what = kind.group === '' ? kind.kind.toLowerCase() : `${kind.kind.toLowerCase()}.${kind.group}`
    const from = namespace === undefined || terminal.release.minor < 34 ? '' : ` from ${namespace} namespace`
    terminal.out(`${what} "${name}" ${grace === 0 ? 'force deleted' : 'deleted'}${from}\n`)
    gone.push(target as Found)
  })
  const end = terminal.now() + (flags.duration('timeout', 0) || hours(168))
  for (const { kind, namespace, name } of gone) {
    for (;;) {
      const answer = yield* call({ verb: 'get', kind: kind.kind, namespace, name })
      if (!answer.ok && answer.status.reason === 'NotFound') break
      if (!answer.ok) throw refused(answer.status)
      if (terminal.now() + seconds(1) > end) throw refusal('timed out waiting for the condition')
      yield* sleep(seconds(1))
    }
  }
}
