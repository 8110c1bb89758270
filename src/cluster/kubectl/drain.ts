/**
 * kubectl drain: cordon, look at the pods, evict all of them side by side, wait until they are gone.
 * Source: kubectl.md 6.4; node-and-storage.md B12; kubectl pkg/drain (drain.go, filters.go), 1.36.
 *
 * Differs from Kubernetes: lines of pods that are evicted side by side come in the order of the list, where the original's order is chance.
 */
import { type Micros, printDuration, seconds } from '../../engine/clock.ts'
import { call, type Story, sleep, together } from '../client/story.ts'
import { controllerOf, type KubernetesObject } from '../objects/metadata.ts'
import { parseLabelSelector } from '../objects/selector.ts'
import { parseEpoch } from '../objects/time.ts'
import type { Command } from './command.ts'
import { cordonNodes, nodesMeant } from './cordon.ts'
import { Failure, type Fault, faultsOf, refusal, textOf } from './failure.ts'
import { dryRunFlag, selectorFlag } from './parse.ts'
import { dryRunOf, dryRunSuffix, type Session, servedKind } from './session.ts'
import { listObjects } from './targets.ts'

export const drain: Command = {
  flags: [
    selectorFlag,
    dryRunFlag,
    'force bool',
    'ignore-daemonsets bool',
    'delete-emptydir-data bool',
    'grace-period int',
    'timeout duration',
    'pod-selector string',
    'disable-eviction bool',
    'skip-wait-for-delete-timeout int',
    'chunk-size int',
  ],
  run: drainNodes,
}

function* drainNodes(session: Session): Story<void> {
  const { flags, terminal } = session
  const dryRun = dryRunOf(session)
  if ('error' in parseLabelSelector(flags.text('pod-selector') ?? ''))
    throw refusal('--pod-selector=<pod_selector> must be a valid label selector')
  const nodes = yield* nodesMeant(session, 'drain NODE')
  yield* cordonNodes(session, nodes, true, dryRun)
  const remaining: string[] = []
  const fatal: Fault[] = []
  for (const node of nodes) {
    const { name } = node.metadata
    const errors = yield* drainOne(session, name)
    if (errors.length === 0) {
      terminal.out(`node/${name} drained${dryRunSuffix(dryRun)}\n`)
      continue
    }
    const text = aggregate(errors)
    terminal.err(`error: unable to drain node ${JSON.stringify(name)} due to error: ${text}, continuing command...\n`)
    fatal.push({ text, bare: true })
    remaining.push(name)
  }
  if (fatal.length === 0) return
  terminal.err(`There are pending nodes to be drained:\n${remaining.map((name) => ` ${name}\n`).join('')}`)
  throw new Failure(fatal)
}

/** Several errors as Go's aggregate prints them. */
const aggregate = (errors: readonly string[]): string =>
  errors.length === 1 ? (errors[0] as string) : `[${[...new Set(errors)].join(', ')}]`

type Verdict = { readonly go: boolean; readonly kind: 'okay' | 'skip' | 'warning' | 'error'; readonly text: string }
const okay: Verdict = { go: true, kind: 'okay', text: '' }

type Judged = { readonly pod: KubernetesObject; readonly verdict: Verdict }

const fullName = (pod: KubernetesObject): string => `${pod.metadata.namespace}/${pod.metadata.name}`

/** Drains one node. Returns what went wrong. */
function* drainOne(session: Session, node: string): Story<readonly string[]> {
  const { terminal } = session
  const dryRun = dryRunOf(session)
  const judged = yield* judgePods(session, node)
  if ('errors' in judged) return judged.errors
  const warnings = grouped(judged.pods, 'warning')
  if (warnings.length > 0) terminal.err(`Warning: ${warnings.join('; ')}\n`)
  const pods = judged.pods.filter(({ verdict }) => verdict.go).map(({ pod }) => pod)
  if (dryRun === 'client') {
    for (const pod of pods) terminal.out(`evicting pod ${fullName(pod)} (dry run)\n`)
    return []
  }
  if (pods.length === 0) return []
  const limit = session.flags.duration('timeout', 0)
  const end = limit === 0 ? undefined : terminal.now() + limit
  const errors = session.flags.is('disable-eviction')
    ? yield* deletePods(session, pods, end)
    : (yield* together(pods.map((pod) => evict(session, pod, limit, end)))).filter((text): text is string => text !== undefined)
  if (errors.length === 0) return []
  const pending = yield* judgePods(session, node)
  const left = 'errors' in pending ? [] : pending.pods.filter(({ verdict }) => verdict.go)
  if (left.length > 0) {
    terminal.err(`There are pending pods in node ${JSON.stringify(node)} when an error occurred: ${aggregate(errors)}\n`)
    for (const { pod } of left) terminal.err(`pod/${pod.metadata.name}\n`)
  }
  if ('errors' in pending) terminal.err(`Following errors occurred while getting the list of pods to delete:\n${aggregate(pending.errors)}`)
  return errors
}

/** The pods of a node, each with what the filters say. */
function* judgePods(session: Session, node: string): Story<{ readonly pods: readonly Judged[] } | { readonly errors: readonly string[] }> {
  const pods: Judged[] = []
  try {
    const listed = yield* listObjects(
      session,
      servedKind('Pod'),
      undefined,
      session.flags.text('pod-selector') ?? '',
      `spec.nodeName=${node}`,
    )
    for (const pod of listed) pods.push({ pod, verdict: yield* judge(session, pod) })
  } catch (thrown) {
    return { errors: faultsOf(thrown).map((fault) => ('status' in fault ? fault.status.message : textOf(fault))) }
  }
  const errors = grouped(pods, 'error').map((text) => `cannot delete ${text}`)
  return errors.length > 0 ? { errors } : { pods }
}

/** `text: ns/a, ns/b` for each text of that kind, in the order in which they first appear. */
function grouped(pods: readonly Judged[], kind: Verdict['kind']): readonly string[] {
  const texts = new Map<string, string[]>()
  for (const { pod, verdict } of pods) {
    if (verdict.kind !== kind) continue
    texts.set(verdict.text, [...(texts.get(verdict.text) ?? []), fullName(pod)])
  }
  return [...texts].map(([text, names]) => `${text}: ${names.join(', ')}`)
}

/** The filters in their order; the walk stops at the first that holds the pod back, else the last one's word counts. */
function* judge(session: Session, pod: KubernetesObject): Story<Verdict> {
  const { flags } = session
  if (isSkipped(session, pod)) return { go: false, kind: 'skip', text: '' }
  const isFinished = pod['status']?.phase === 'Succeeded' || pod['status']?.phase === 'Failed'
  const controller = controllerOf(pod)
  if (controller?.kind === 'DaemonSet' && !isFinished) {
    const answer = yield* call({ verb: 'get', kind: 'DaemonSet', namespace: pod.metadata.namespace, name: controller.name })
    if (answer.ok) {
      if (!flags.is('ignore-daemonsets'))
        return { go: false, kind: 'error', text: 'DaemonSet-managed Pods (use --ignore-daemonsets to ignore)' }
      return { go: false, kind: 'warning', text: 'ignoring DaemonSet-managed Pods' }
    }
    if (answer.status.reason !== 'NotFound' || !flags.is('force')) return { go: false, kind: 'error', text: answer.status.message }
  }
  if (pod.metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined) return { go: false, kind: 'skip', text: '' }
  const volumes = (pod['spec']?.volumes ?? []) as readonly { readonly emptyDir?: unknown }[]
  const isLocal = volumes.some((volume) => volume.emptyDir !== undefined && volume.emptyDir !== null)
  if (isLocal && !isFinished && !flags.is('delete-emptydir-data')) {
    return { go: false, kind: 'error', text: 'Pods with local storage (use --delete-emptydir-data to override)' }
  }
  if (isFinished || controller !== undefined) return okay
  if (flags.is('force')) return { go: true, kind: 'warning', text: 'deleting Pods that declare no controller' }
  return { go: false, kind: 'error', text: 'Pods that declare no controller (use --force to override)' }
}

function isSkipped(session: Session, pod: KubernetesObject): boolean {
  const limit = session.flags.int('skip-wait-for-delete-timeout', 0)
  const { deletionTimestamp } = pod.metadata
  if (limit <= 0 || deletionTimestamp === undefined) return false
  return Math.trunc((parseEpoch(session.terminal.time()) ?? 0) - (parseEpoch(deletionTimestamp) ?? 0)) > limit
}

const graceOf = (session: Session): { readonly gracePeriodSeconds?: number } => {
  const grace = session.flags.int('grace-period', -1)
  return grace < 0 ? {} : { gracePeriodSeconds: grace }
}

/** Evicts a pod, again every 5 s while a budget forbids it, and waits until it is gone. Returns what went wrong. */
function* evict(session: Session, first: KubernetesObject, limit: Micros, end: Micros | undefined): Story<string | undefined> {
  const { terminal } = session
  const server = dryRunOf(session) === 'server'
  const namespace = first.metadata.namespace ?? ''
  const { name } = first.metadata
  const about = `pods/${JSON.stringify(name)} -n ${JSON.stringify(namespace)}`
  let pod = first
  for (;;) {
    terminal.out(`evicting pod ${fullName(pod)}${server ? ' (server dry run)' : ''}\n`)
    if (end !== undefined && terminal.now() >= end) return `error when evicting ${about}: global timeout reached: ${printDuration(limit)}`
    const answer = yield* call({ verb: 'evict', namespace, name, ...graceOf(session), ...(server ? { dryRun: true } : {}) })
    if (answer.ok) break
    const { status } = answer
    if (status.reason === 'NotFound') return undefined
    const isSpaceEnding =
      status.reason === 'Forbidden' && (status.details?.causes ?? []).some((cause) => cause.reason === 'NamespaceTerminating')
    if (isSpaceEnding && pod.metadata.deletionTimestamp !== undefined) break
    if (status.reason === 'TooManyRequests') {
      terminal.err(`error when evicting ${about} (will retry after 5s): ${status.message}\n`)
    } else if (isSpaceEnding) {
      terminal.err(
        `error when evicting pod ${JSON.stringify(name)} from terminating namespace ${JSON.stringify(namespace)} (will retry after 5s): ${status.message}\n`,
      )
    } else return `error when evicting ${about}: ${status.message}`
    yield* sleep(seconds(5))
    const fresh = yield* call({ verb: 'get', kind: 'Pod', namespace, name })
    if (fresh.ok) pod = fresh.object
  }
  if (server) return undefined
  const failed = yield* waitForPods(session, [pod], end, 'evict')
  return failed === undefined
    ? undefined
    : `error when waiting for pod ${JSON.stringify(name)} in namespace ${JSON.stringify(namespace)} to terminate: ${failed}`
}

function* deletePods(session: Session, pods: readonly KubernetesObject[], end: Micros | undefined): Story<readonly string[]> {
  const server = dryRunOf(session) === 'server'
  for (const pod of pods) {
    const { name, namespace } = pod.metadata
    const answer = yield* call({ verb: 'delete', kind: 'Pod', namespace, name, ...graceOf(session), ...(server ? { dryRun: true } : {}) })
    if (!answer.ok && answer.status.reason !== 'NotFound') return [answer.status.message]
  }
  if (server) return []
  const failed = yield* waitForPods(session, pods, end, 'delete')
  return failed === undefined ? [] : [failed]
}

/** Polls at once and every second until each pod is gone or another pod has its name; says so for each. */
function* waitForPods(
  session: Session,
  all: readonly KubernetesObject[],
  end: Micros | undefined,
  how: 'evict' | 'delete',
): Story<string | undefined> {
  const { terminal } = session
  const done = how === 'evict' ? 'evicted' : 'deleted'
  let pods = all
  for (;;) {
    const pending: KubernetesObject[] = []
    for (const pod of pods) {
      const { name, namespace, uid } = pod.metadata
      const answer = yield* call({ verb: 'get', kind: 'Pod', namespace, name })
      if (answer.ok ? answer.object.metadata.uid !== uid : answer.status.reason === 'NotFound') {
        terminal.out(`pod/${name} ${done}\n`)
      } else if (!answer.ok) {
        terminal.out(`pod/${name} ${how === 'evict' ? 'eviction' : 'deletion'} failed\n`)
        return answer.status.message
      } else if (isSkipped(session, answer.object)) {
        const limit = session.flags.int('skip-wait-for-delete-timeout', 0)
        terminal.out(`pod ${JSON.stringify(name)} has DeletionTimestamp older than ${limit} seconds, skipping\n`)
      } else pending.push(pod)
    }
    pods = pending
    if (pods.length === 0) return undefined
    if (end !== undefined && terminal.now() + seconds(1) > end) {
      yield* sleep(Math.max(0, end - terminal.now()))
      return 'context deadline exceeded'
    }
    yield* sleep(seconds(1))
  }
}
