/**
 * kubectl create -f. Source: kubectl.md 1, 4.1, 6.1; kubectl pkg/cmd/create/create.go, 1.36.
 */
import type { Story } from '../client/story.ts'
import type { KubernetesObject } from '../objects/metadata.ts'
import { refusal, usageRefusal, withSource } from './failure.ts'
import { withLastApplied } from './last-applied.ts'
import { dryRunFlag, type FlagText, fileFlags, printFlags, quietFlags, selectorFlag, validateFlag } from './parse.ts'
import { ask, dryRunOf, dryRunSuffix, printerOf, type Session, validationOf } from './session.ts'
import { type Found, planOf, visitPlan, type Wanted } from './targets.ts'

export const createFlags: readonly FlagText[] = [
  ...fileFlags,
  ...printFlags,
  ...quietFlags,
  selectorFlag,
  dryRunFlag,
  validateFlag,
  'save-config bool',
  'edit bool',
  'raw string',
  'windows-line-endings bool',
]

/** `create -f`. */
export function* createFromFiles(session: Session): Story<void> {
  const { flags, args } = session
  if (!flags.has('filename') && !flags.has('kustomize')) throw refusal('must specify one of -f and -k')
  if (args.length > 0) throw usageRefusal(`Unexpected args: [${args.join(' ')}]`, 'create')
  if (flags.is('edit')) throw refusal('--edit is not supported by stsim: nobody is there to edit')
  if (flags.has('raw')) throw refusal('--raw is not supported by stsim')
  const dryRun = dryRunOf(session)
  const validation = validationOf(session)
  const print = printerOf(session)
  const wanted: Wanted = { selector: flags.text('selector'), files: true, fetch: 'none', validates: validation !== 'Ignore' }
  const plan = planOf(session, wanted)
  const count = yield* visitPlan(session, plan, wanted, function* (target) {
    const { kind, source } = target as Found
    let object: KubernetesObject = (target as Found).object
    if (flags.is('save-config')) object = withLastApplied(object)
    if (dryRun !== 'client') {
      try {
        const more = dryRun === 'server' ? { dryRun: true } : {}
        object = (yield* ask(session, { verb: 'create', object: withoutVersion(object), fieldValidation: validation, ...more })).object
      } catch (thrown) {
        throw withSource('creating', source, thrown)
      }
    }
    print(kind, object, `created${dryRunSuffix(dryRun)}`)
  })
  if (count === 0) throw refusal('no objects passed to create')
}

/** A new object has no resourceVersion. Source: cli-runtime pkg/resource/helper.go, Create. */
export function withoutVersion(object: KubernetesObject): KubernetesObject {
  if (object.metadata.resourceVersion === undefined) return object
  const { resourceVersion: _, ...metadata } = object.metadata
  return { ...object, metadata }
}
