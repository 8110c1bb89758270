/**
 * kubectl delete. Source: kubectl.md 1, 6.1, 6.2; kubectl pkg/cmd/delete/delete.go, 1.36.
 */
import type { Micros } from '../../engine/clock.ts'
import type { Propagation } from '../apiserver/request.ts'
import { type Story, until } from '../client/story.ts'
import type { Command } from './command.ts'
import { refusal, withSource } from './failure.ts'
import { dryRunFlag, fileFlags, selectorFlag } from './parse.ts'
import { ask, dryRunOf, dryRunSuffix, kindText, type Session } from './session.ts'
import { planOf, type Target, visitPlan, type Wanted, wantedOf } from './targets.ts'

export const deleteCommand: Command = {
  flags: [
    ...fileFlags,
    selectorFlag,
    dryRunFlag,
    'field-selector string',
    'all bool',
    'all-namespaces,A bool',
    'force bool',
    'cascade string=background',
    'now bool',
    'grace-period int',
    'timeout duration',
    'wait bool',
    'ignore-not-found bool',
    'output,o string',
    'raw string',
    'interactive,i bool',
  ],
  run: deleteObjects,
}

/** Reads `--cascade`. */
export function propagationOf(session: Session): Propagation {
  const text = session.flags.text('cascade') ?? 'background'
  switch (text) {
    case 'background':
      return 'Background'
    case 'foreground':
      return 'Foreground'
    case 'orphan':
      return 'Orphan'
    case 'true':
      session.terminal.err('warning: --cascade=true is deprecated (boolean value) and can be replaced with --cascade=background.\n')
      return 'Background'
    case 'false':
      session.terminal.err('warning: --cascade=false is deprecated (boolean value) and can be replaced with --cascade=orphan.\n')
      return 'Orphan'
    default:
      throw refusal(`invalid cascade value (${text}). Must be "background", "foreground", or "orphan"`)
  }
}

type Deleted = { readonly target: Target; readonly uid: string | undefined }

function* deleteObjects(session: Session): Story<void> {
  const { flags, terminal } = session
  if (flags.has('raw')) throw refusal('--raw is not supported by stsim')
  if (flags.is('interactive')) throw refusal('--interactive is not supported by stsim: nobody is there to answer')
  const propagation = propagationOf(session)
  const selects = flags.is('all') || flags.has('selector') || flags.has('field-selector')
  const ignoreMissing = flags.is('ignore-not-found', selects)
  let grace = flags.int('grace-period', -1)
  const force = flags.is('force')
  if (flags.is('now')) {
    if (grace !== -1) throw refusal('--now and --grace-period cannot be specified together')
    grace = 1
  }
  // Source: delete.go: a grace of 0 without --force means 1.
  if (grace === 0 && !force) grace = 1
  if (force && grace < 0) grace = 0
  const dryRun = dryRunOf(session)
  const output = flags.text('output') ?? ''
  const deleted: Deleted[] = []
  const wanted: Wanted = { args: session.args, files: true, fetch: 'none', ignoreMissing, ...wantedOf(session) }

  // The words are understood before the flags are judged: the order of kubectl's Complete and Validate.
  const plan = planOf(session, wanted)
  if (output !== '' && output !== 'name') throw refusal(`unexpected -o output mode: ${output}. We only support '-o name'`)
  if (grace === 0 && force) {
    terminal.err(
      'Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.\n',
    )
  } else if (grace > 0 && force) throw refusal('--force and --grace-period greater than 0 cannot be specified together')
  let warnScope = session.enforced && !flags.is('all-namespaces')
  const count = yield* visitPlan(session, plan, wanted, function* (target) {
    if (warnScope && !target.kind.namespaced) {
      terminal.err('Warning: deleting cluster-scoped resources, not scoped to the provided namespace\n')
      warnScope = false
    }
    if (dryRun !== 'client') {
      try {
        const answer = yield* ask(session, {
          verb: 'delete',
          kind: target.kind.kind,
          namespace: target.namespace,
          name: target.name,
          propagation,
          ...(grace >= 0 ? { gracePeriodSeconds: grace } : {}),
          ...(dryRun === 'server' ? { dryRun: true } : {}),
        })
        deleted.push({ target, uid: answer.object.metadata.uid })
      } catch (thrown) {
        throw withSource('deleting', target.source, thrown)
      }
    }
    const what = kindText(target.kind)
    const from = target.namespace === undefined || session.terminal.release.minor < 34 ? '' : ` from ${target.namespace} namespace`
    terminal.out(
      output === 'name'
        ? `${what}/${target.name}\n`
        : `${what} "${target.name}" ${grace === 0 ? 'force deleted' : 'deleted'}${from}${dryRunSuffix(dryRun)}\n`,
    )
  })
  if (count === 0) {
    terminal.out('No resources found\n')
    return
  }
  if (!flags.is('wait', true) || dryRun !== 'none') return
  const limit = flags.duration('timeout', 0)
  yield* waitUntilGone(session, deleted, limit === 0 ? undefined : limit)
}

/** Waits for objects to be gone, one after the other; another object of the same name counts as gone. `limit` is for all of them. */
export function* waitUntilGone(session: Session, deleted: readonly Deleted[], limit: Micros | undefined): Story<void> {
  const end = limit === undefined ? undefined : session.terminal.now() + limit
  for (const { target, uid } of deleted) {
    const { kind, namespace, name } = target
    const lister = session.terminal.see.of(kind.kind)
    const isGone = (): true | undefined => {
      const object = lister.get(namespace, name)
      return object === undefined || (uid !== undefined && object.metadata.uid !== uid) ? true : undefined
    }
    const left = end === undefined ? undefined : Math.max(0, end - session.terminal.now())
    const gone = yield* until([kind.kind], isGone, left)
    if (gone === undefined) throw refusal(`timed out waiting for the condition on ${kind.plural}/${name}`)
  }
}
