/**
 * kubectl patch. Source: kubectl.md 1, 4.3, 4.5, 6.1; kubectl pkg/cmd/patch/patch.go, 1.36.
 */
import { readYaml } from '../../text/yaml.ts'
import type { PatchType, Subresource } from '../apiserver/request.ts'
import type { Story } from '../client/story.ts'
import type { Command } from './command.ts'
import { isSame } from './difference.ts'
import { refusal } from './failure.ts'
import { dryRunFlag, fileFlags, printFlags, quietFlags } from './parse.ts'
import { ask, dryRunOf, printerOf, type Session } from './session.ts'
import { planOf, visitPlan, type Wanted } from './targets.ts'

export const patch: Command = {
  flags: [
    ...fileFlags,
    ...printFlags,
    ...quietFlags,
    dryRunFlag,
    'patch,p string',
    'patch-file string',
    'type string',
    'local bool',
    'subresource string',
  ],
  run: patchObjects,
}

const types: readonly PatchType[] = ['json', 'merge', 'strategic']

/** Subresources that kubectl's `--subresource` takes. */
const subresources = ['status', 'scale', 'resize']

function* patchObjects(session: Session): Story<void> {
  const { flags, terminal } = session
  const dryRun = dryRunOf(session)
  const text = flags.text('patch') ?? ''
  const file = flags.text('patch-file') ?? ''
  if (text !== '' && file !== '') throw refusal('cannot specify --patch and --patch-file together')
  if (text === '' && file === '') throw refusal('must specify --patch or --patch-file containing the contents of the patch')
  if (flags.is('local')) throw refusal('--local is not supported by stsim')
  const asked = flags.text('type') ?? 'strategic'
  const type = types.find((each) => each === asked.toLowerCase())
  if (type === undefined) throw refusal(`--type must be one of [${types.join(' ')}], not ${JSON.stringify(asked)}`)
  const subresource = flags.text('subresource')
  if (subresource !== undefined && subresource !== '' && !subresources.includes(subresource)) {
    throw refusal(`invalid subresource value: ${JSON.stringify(subresource)}. Must be one of [${subresources.join(' ')}]`)
  }
  const source = file === '' ? text : terminal.files(file)
  if (source === undefined) throw refusal(`unable to read patch file: open ${file}: no such file or directory`)
  const body = readPatch(source)
  const print = printerOf(session)
  const wanted: Wanted = { args: session.args, files: true, fetch: 'lazy' }
  const plan = planOf(session, wanted)
  const count = yield* visitPlan(session, plan, wanted, function* ({ kind, namespace, name, object }) {
    const sent = subresource === 'status' || subresource === 'scale' || subresource === 'resize' ? (subresource as Subresource) : undefined
    const before =
      sent === 'scale' ? (yield* ask(session, { verb: 'get', kind: kind.kind, namespace, name, subresource: 'scale' })).object : object
    const answer = yield* ask(session, {
      verb: 'patch',
      kind: kind.kind,
      namespace,
      name,
      type,
      patch: body,
      fieldValidation: 'Warn',
      ...(sent === undefined ? {} : { subresource: sent }),
      ...(dryRun === 'none' ? {} : { dryRun: true }),
    })
    const changed = !isSame(before, answer.object)
    const shownKind = sent === 'scale' ? { ...kind, kind: 'Scale', group: 'autoscaling' } : kind
    print(shownKind, answer.object, changed ? 'patched' : 'patched (no change)')
  })
  if (count === 0) throw refusal('no objects passed to patch')
}

/** A patch as written on the line: JSON or YAML. */
function readPatch(text: string): unknown {
  const { documents, mistakes } = readYaml(text, 'the patch', { doubles: 'last' })
  const [mistake] = mistakes
  if (mistake !== undefined)
    throw refusal(`unable to parse ${JSON.stringify(text)}: yaml: ${mistake.line > 0 ? `line ${mistake.line}: ` : ''}${mistake.found}`)
  return documents[0]?.value
}
