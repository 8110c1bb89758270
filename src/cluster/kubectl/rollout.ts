/**
 * kubectl rollout status, history, undo, restart, pause, resume.
 * Source: kubectl.md 6.1 to 6.3; statefulset.md 13; kubectl pkg/cmd/rollout, pkg/polymorphichelpers, 1.36.
 *
 * Differs from Kubernetes: changes of one instant are seen together, so `status` prints one line for them.
 */
import type { Kind } from '../apiserver/kind.ts'
import { type Story, until } from '../client/story.ts'
import { isControlledBy, type KubernetesObject } from '../objects/metadata.ts'
import { strategicMerge } from '../objects/patch/strategic.ts'
import { printRequirements, requirementsOf } from '../objects/selector.ts'
import type { Command } from './command.ts'
import { templateText } from './describe/template.ts'
import { isSame } from './difference.ts'
import { Failure, type Fault, faultsOf, refusal, statusOf } from './failure.ts'
import { lastApplied } from './last-applied.ts'
import { dryRunFlag, type FlagText, fileFlags, printFlags, quietFlags, selectorFlag } from './parse.ts'
import { alignTabs, describeTabs } from './print.ts'
import { ask, dryRunOf, dryRunSuffix, printerOf, resourceText, type Session, servedKind } from './session.ts'
import { collect, type Found, listObjects, planOf, visitPlan, type Wanted } from './targets.ts'

const common: readonly FlagText[] = [...fileFlags, ...printFlags, selectorFlag]

const status: Command = { flags: [...fileFlags, selectorFlag, 'watch,w bool', 'revision int', 'timeout duration'], run: statusCommand }
const history: Command = { flags: [...common, 'revision int'], run: historyCommand }
const undo: Command = { flags: [...common, dryRunFlag, 'to-revision int'], run: undoCommand }
const restart: Command = { flags: [...common, ...quietFlags], run: restartCommand }
const pause: Command = { flags: [...common, ...quietFlags], run: (session) => pauseCommand(session, true) }
const resume: Command = { flags: [...common, ...quietFlags], run: (session) => pauseCommand(session, false) }

export const rollout: Command = {
  commands: new Map<string, Command>([
    ['history', history],
    ['pause', pause],
    ['resume', resume],
    ['undo', undo],
    ['status', status],
    ['restart', restart],
  ]),
}

/** What the line is about; a kind alone means all of it. */
function wantedBy(session: Session): Wanted {
  const { flags, args } = session
  if (args.length === 0 && !flags.has('filename') && !flags.has('kustomize')) throw refusal('required resource not specified')
  return { args, selector: flags.text('selector'), kindMeansAll: true, files: true, fetch: 'latest' }
}

// --------------------------------------------------------------------------------------------------------------- status

type Progress = { readonly text: string; readonly done: boolean }
const going = (text: string): Progress => ({ text: `${text}\n`, done: false })
const done = (text: string): Progress => ({ text: `${text}\n`, done: true })

function* statusCommand(session: Session): Story<void> {
  const { flags, terminal } = session
  const wanted = wantedBy(session)
  const revision = flags.int('revision', 0)
  if (revision < 0) throw refusal(`revision must be a positive integer: ${revision}`)
  const plan = planOf(session, wanted)
  let found = 0
  yield* visitPlan(session, plan, wanted, function* (target) {
    found += 1
    const { kind, namespace, name } = target
    const viewer = viewers.get(kind.kind)
    if (viewer === undefined) throw refusal(`no status viewer has been implemented for ${kind.kind}`)
    const lister = terminal.see.of(kind.kind)
    let seen: KubernetesObject | undefined
    const test = (): 'done' | 'deleted' | { readonly thrown: unknown } | undefined => {
      const object = lister.get(namespace, name)
      if (object === undefined || (seen !== undefined && seen.metadata.uid !== object.metadata.uid))
        return seen === undefined ? undefined : 'deleted'
      if (object.metadata.resourceVersion === seen?.metadata.resourceVersion) return undefined
      seen = object
      try {
        const progress = viewer(object, revision)
        terminal.out(progress.text)
        return progress.done || !flags.is('watch', true) ? 'done' : undefined
      } catch (thrown) {
        return { thrown }
      }
    }
    const limit = flags.duration('timeout', 0)
    const result = yield* until([kind.kind], test, limit > 0 ? limit : undefined)
    if (result === undefined) throw refusal('timed out waiting for the condition')
    if (result === 'deleted') throw refusal('object has been deleted')
    if (typeof result === 'object') throw result.thrown
  })
  if (found === 0) terminal.err(`No resources found in ${session.namespace} namespace.\n`)
}

/** statefulset.md 13.1: the first that fits. */
function setProgress(set: KubernetesObject): Progress {
  const spec = set['spec'] ?? {}
  const {
    observedGeneration = 0,
    readyReplicas = 0,
    updatedReplicas = 0,
    currentReplicas = 0,
    updateRevision = '',
    currentRevision = '',
  } = set['status'] ?? {}
  const replicas = spec.replicas as number
  if (spec.updateStrategy?.type !== 'RollingUpdate') throw refusal('rollout status is only available for RollingUpdate strategy type')
  if (observedGeneration === 0 || (set.metadata.generation ?? 0) > observedGeneration)
    return going('Waiting for statefulset spec update to be observed...')
  if (readyReplicas < replicas) return going(`Waiting for ${replicas - readyReplicas} pods to be ready...`)
  const rolling = spec.updateStrategy.rollingUpdate
  if (rolling !== undefined && rolling !== null) {
    const wanted = replicas - (rolling.partition ?? 0)
    if (rolling.partition !== undefined && updatedReplicas < wanted) {
      return going(`Waiting for partitioned roll out to finish: ${updatedReplicas} out of ${wanted} new pods have been updated...`)
    }
    return done(`partitioned roll out complete: ${updatedReplicas} new pods have been updated...`)
  }
  if (updateRevision !== currentRevision) {
    return going(`waiting for statefulset rolling update to complete ${updatedReplicas} pods at revision ${updateRevision}...`)
  }
  return done(`statefulset rolling update complete ${currentReplicas} pods at revision ${currentRevision}...`)
}

const revisionKey = 'deployment.kubernetes.io/revision'

function deploymentProgress(object: KubernetesObject, revision: number): Progress {
  const { name, generation = 0, annotations } = object.metadata
  const { observedGeneration = 0, updatedReplicas = 0, replicas: now = 0, availableReplicas = 0, conditions = [] } = object['status'] ?? {}
  const running = Number(annotations?.[revisionKey] ?? 0)
  if (revision > 0 && revision !== running)
    throw refusal(`desired revision (${revision}) is different from the running revision (${running})`)
  if (generation > observedGeneration) return going('Waiting for deployment spec update to be observed...')
  const progressing = (conditions as readonly { readonly type: string; readonly reason?: string }[]).find(
    (each) => each.type === 'Progressing',
  )
  if (progressing?.reason === 'ProgressDeadlineExceeded') throw refusal(`deployment ${JSON.stringify(name)} exceeded its progress deadline`)
  const wanted = object['spec']?.replicas as number
  const head = `Waiting for deployment ${JSON.stringify(name)} rollout to finish: `
  if (updatedReplicas < wanted) return going(`${head}${updatedReplicas} out of ${wanted} new replicas have been updated...`)
  if (now > updatedReplicas) return going(`${head}${now - updatedReplicas} old replicas are pending termination...`)
  if (availableReplicas < updatedReplicas)
    return going(`${head}${availableReplicas} of ${updatedReplicas} updated replicas are available...`)
  return done(`deployment ${JSON.stringify(name)} successfully rolled out`)
}

function daemonProgress(object: KubernetesObject): Progress {
  const { name, generation = 0 } = object.metadata
  if (object['spec']?.updateStrategy?.type !== 'RollingUpdate')
    throw refusal('rollout status is only available for RollingUpdate strategy type')
  const { observedGeneration = 0, updatedNumberScheduled = 0, desiredNumberScheduled = 0, numberAvailable = 0 } = object['status'] ?? {}
  if (generation > observedGeneration) return going('Waiting for daemon set spec update to be observed...')
  const head = `Waiting for daemon set ${JSON.stringify(name)} rollout to finish: `
  if (updatedNumberScheduled < desiredNumberScheduled)
    return going(`${head}${updatedNumberScheduled} out of ${desiredNumberScheduled} new pods have been updated...`)
  if (numberAvailable < desiredNumberScheduled)
    return going(`${head}${numberAvailable} of ${desiredNumberScheduled} updated pods are available...`)
  return done(`daemon set ${JSON.stringify(name)} successfully rolled out`)
}

const viewers: ReadonlyMap<string, (object: KubernetesObject, revision: number) => Progress> = new Map([
  ['StatefulSet', setProgress],
  ['Deployment', deploymentProgress],
  ['DaemonSet', daemonProgress],
])

// ------------------------------------------------------------------------------------------------------ history and undo

/** One entry of a history: its number, what it looked like, and why. */
type Revision = { readonly number: number; readonly object: KubernetesObject; readonly cause: string | undefined }

const changeCause = 'kubernetes.io/change-cause'

/** The revisions of a set (or daemon set), or the replica sets of a deployment, by number. */
function* revisionsOf(session: Session, kind: Kind, object: KubernetesObject): Story<readonly Revision[]> {
  const { namespace } = object.metadata
  const selector = printRequirements(requirementsOf(object['spec']?.selector ?? {}) ?? [])
  const source = kind.kind === 'Deployment' ? 'ReplicaSet' : 'ControllerRevision'
  const objects = yield* listObjects(session, servedKind(source), namespace, selector)
  return objects
    .filter((each) => isControlledBy(each, object))
    .map((each) => ({
      number: source === 'ReplicaSet' ? Number(each.metadata.annotations?.[revisionKey] ?? 0) : (each['revision'] as number),
      object: each,
      cause: each.metadata.annotations?.[changeCause],
    }))
    .sort((a, b) => a.number - b.number)
}

/** The pod template of a revision. */
function templateOf(kind: Kind, object: KubernetesObject, revision: Revision): object {
  if (kind.kind === 'Deployment') return revision.object['spec'].template
  return (strategicMerge(kind.kind, object, revision.object['data']) as KubernetesObject)['spec'].template
}

const withHistory = ['StatefulSet', 'DaemonSet', 'Deployment']

const kindWithGroup = (kind: Kind): string => (kind.group === '' ? kind.kind : `${kind.kind}.${kind.group}`)

function* historyCommand(session: Session): Story<void> {
  const { flags } = session
  const wanted = wantedBy(session)
  const number = flags.int('revision', 0)
  if (number < 0) throw refusal(`revision must be a positive integer: ${number}`)
  const print = printerOf(session)
  const hasOutput = (flags.text('output') ?? '') !== ''
  const plan = planOf(session, wanted)
  yield* visitPlan(session, plan, wanted, function* (target) {
    const { kind, object } = target as Found
    if (!withHistory.includes(kind.kind)) throw refusal(`no history viewer has been implemented for ${JSON.stringify(kindWithGroup(kind))}`)
    const revisions = yield* revisionsOf(session, kind, object)
    const one = revisions.find((each) => each.number === number)
    if (number > 0 && one === undefined && (revisions.length > 0 || hasOutput)) throw refusal('unable to find the specified revision')
    if (hasOutput) {
      for (const each of one === undefined ? revisions : [one]) {
        const { spec } = object as KubernetesObject & { readonly spec: object }
        print(kind, { ...object, spec: { ...spec, template: templateOf(kind, object, each) } }, '')
      }
      return
    }
    const head = number > 0 ? `with revision #${number}` : ''
    print(kind, object, `${head}\n${historyText(kind, object, revisions, one)}`)
  })
}

function historyText(kind: Kind, object: KubernetesObject, revisions: readonly Revision[], one: Revision | undefined): string {
  if (revisions.length === 0) return 'No rollout history found.'
  if (one !== undefined) return templateText(templateOf(kind, object, one))
  return alignTabs(
    `REVISION\tCHANGE-CAUSE\n${revisions.map(({ number, cause }) => `${number}\t${cause || '<none>'}\n`).join('')}`,
    describeTabs,
  )
}

function* undoCommand(session: Session): Story<void> {
  const { flags, terminal } = session
  const dryRun = dryRunOf(session)
  const wanted = wantedBy(session)
  const print = printerOf(session)
  const number = flags.int('to-revision', 0)
  const plan = planOf(session, wanted)
  yield* visitPlan(session, plan, wanted, function* (target) {
    const { kind, object, namespace, name } = target as Found
    if (object.metadata.annotations?.[lastApplied] !== undefined && terminal.release.minor >= 36) {
      terminal.err(
        `Warning: resource ${kind.plural}/${name} was previously managed with 'kubectl apply'. Rolling back will not update the ${lastApplied} annotation, which may cause unexpected behavior on future 'kubectl apply' operations. Consider using 'kubectl apply' with your previous configuration file instead.\n`,
      )
    }
    if (!withHistory.includes(kind.kind)) throw refusal(`no rollbacker has been implemented for ${JSON.stringify(kindWithGroup(kind))}`)
    if (number < 0) throw refusal(`unable to find specified revision ${number} in history`)
    const revisions = yield* revisionsOf(session, kind, object)
    if (number === 0 && revisions.length <= 1) {
      throw refusal(
        kind.kind === 'Deployment' ? `no rollout history found for deployment ${JSON.stringify(name)}` : 'no last revision to roll back to',
      )
    }
    const to = number === 0 ? revisions.at(-2) : revisions.find((each) => each.number === number)
    if (to === undefined) throw refusal(`unable to find specified revision ${number} in history`)
    const template = templateOf(kind, object, to)
    if (dryRun === 'client') {
      print(kind, object, `${kind.kind === 'Deployment' ? '' : 'will roll back to '}${templateText(template)}${dryRunSuffix(dryRun)}`)
      return
    }
    if (matches(kind, object, to, template)) {
      print(kind, object, `skipped rollback (current template already matches revision ${number})${dryRunSuffix(dryRun)}`)
      return
    }
    const { type, patch } = restoring(kind, object, to, template)
    try {
      yield* ask(session, {
        verb: 'patch',
        kind: kind.kind,
        namespace,
        name,
        type,
        patch,
        ...(dryRun === 'server' ? { dryRun: true } : {}),
      })
    } catch (thrown) {
      const answer = statusOf(thrown)
      if (answer === undefined) throw thrown
      throw refusal(`failed restoring revision ${number}: ${answer.message}`)
    }
    print(kind, object, `rolled back${dryRunSuffix(dryRun)}`)
  })
}

const hashLabel = 'pod-template-hash'

function withoutHash(template: object): object {
  const { metadata = {}, ...rest } = template as { readonly metadata?: { readonly labels?: Readonly<Record<string, string>> } }
  const { [hashLabel]: _, ...labels } = metadata.labels ?? {}
  return { ...rest, metadata: { ...metadata, labels } }
}

const matches = (kind: Kind, object: KubernetesObject, to: Revision, template: object): boolean =>
  kind.kind === 'Deployment'
    ? isSame(withoutHash(template), withoutHash(object['spec'].template))
    : isSame(to.object['data'], { spec: { template: { ...object['spec'].template, $patch: 'replace' } } })

function restoring(
  kind: Kind,
  object: KubernetesObject,
  to: Revision,
  template: object,
): { readonly type: 'json' | 'strategic'; readonly patch: unknown } {
  if (kind.kind !== 'Deployment') return { type: 'strategic', patch: to.object['data'] }
  const kept = Object.entries(object.metadata.annotations ?? {}).filter(
    ([key]) => key === lastApplied || key.startsWith('deployment.kubernetes.io/'),
  )
  const taken = Object.entries(to.object.metadata.annotations ?? {}).filter(
    ([key]) => key !== lastApplied && !key.startsWith('deployment.kubernetes.io/'),
  )
  return {
    type: 'json',
    patch: [
      { op: 'replace', path: '/spec/template', value: withoutHash(template) },
      {
        op: object.metadata.annotations === undefined ? 'add' : 'replace',
        path: '/metadata/annotations',
        value: Object.fromEntries([...kept, ...taken]),
      },
    ],
  }
}

// ------------------------------------------------------------------------------------------------- restart, pause, resume

/** What all three share: the objects, one patch each, what is said, and what went wrong at the end. */
function* patchEach(
  session: Session,
  patchOf: (object: KubernetesObject) => Readonly<Record<string, unknown>>,
  words: { readonly done: string; readonly empty: (name: string) => string },
): Story<void> {
  const wanted = wantedBy(session)
  const print = printerOf(session)
  const plan = planOf(session, wanted)
  const collected = yield* collect(session, plan, wanted)
  const { found } = collected
  const faults: Fault[] = [...collected.faults]
  if (found.length === 0 && faults.length === 0) {
    session.terminal.err(`No resources found in ${session.namespace} namespace.\n`)
    return
  }
  for (const { kind, object, namespace, name } of found) {
    try {
      const patch = patchOf(object)
      if (Object.keys(patch).length === 0) {
        faults.push({ text: words.empty(name) })
        continue
      }
      const answer = yield* ask(session, { verb: 'patch', kind: kind.kind, namespace, name, type: 'strategic', patch })
      print(kind, answer.object, words.done)
    } catch (thrown) {
      for (const fault of faultsOf(thrown)) {
        faults.push({
          text:
            'status' in fault
              ? `failed to patch: ${fault.status.message}`
              : `error: ${resourceText(kind)} ${JSON.stringify(name)} ${fault.text}`,
        })
      }
    }
  }
  if (faults.length > 0) throw new Failure(faults)
}

const restartedAt = 'kubectl.kubernetes.io/restartedAt'

function* restartCommand(session: Session): Story<void> {
  const now = session.terminal.time()
  yield* patchEach(
    session,
    (object) => {
      if (!withHistory.includes(object.kind)) throw refusal('restarting is not supported')
      if (object['spec'].paused === true) throw refusal("can't restart paused deployment (run rollout resume first)")
      if (object['spec'].template?.metadata?.annotations?.[restartedAt] === now) return {}
      return { spec: { template: { metadata: { annotations: { [restartedAt]: now } } } } }
    },
    {
      done: 'restarted',
      empty: (name) =>
        `failed to create patch for ${name}: if restart has already been triggered within the past second, please wait before attempting to trigger another`,
    },
  )
}

function* pauseCommand(session: Session, paused: boolean): Story<void> {
  const verb = paused ? 'pausing' : 'resuming'
  yield* patchEach(
    session,
    (object) => {
      if (object.kind !== 'Deployment') throw refusal(`${verb} is not supported`)
      if ((object['spec'].paused === true) === paused) throw refusal(paused ? 'is already paused' : 'is not paused')
      return { spec: { paused: paused ? true : null } }
    },
    { done: paused ? 'paused' : 'resumed', empty: () => '' },
  )
}
