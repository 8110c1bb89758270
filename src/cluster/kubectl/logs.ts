/**
 * kubectl logs. Source: kubectl.md 1, 8, 10; kubectl pkg/cmd/logs, pkg/polymorphichelpers/logsforobject.go, 1.36.
 *
 * Differs from Kubernetes: containers write only what their commands print and what the model knows of them; `-f` follows until the container has ended.
 */
import { seconds } from '../../engine/clock.ts'
import { type Story, until } from '../client/story.ts'
import type { KubernetesObject } from '../objects/metadata.ts'
import type { Container } from '../objects/pod.ts'
import { parseEpoch } from '../objects/time.ts'
import type { Command } from './command.ts'
import { connectOf, containerCalled, containerMeant, podBehind, runningTimeout, wrongContainer } from './containers.ts'
import { oneObject } from './exec.ts'
import { isNotFound, refusal, refused, statusOf, usageRefusal } from './failure.ts'
import { selectorFlag } from './parse.ts'
import { type Session, servedKind } from './session.ts'
import { listObjects } from './targets.ts'
import type { LogLine } from './terminal.ts'

export const logs: Command = {
  flags: [
    selectorFlag,
    'all-pods bool',
    'all-containers bool',
    'follow,f bool',
    'timestamps bool',
    'limit-bytes int',
    'previous,p bool',
    'tail int',
    'ignore-errors bool',
    'since-time string',
    'since duration',
    'container,c string',
    'insecure-skip-tls-verify-backend bool',
    'pod-running-timeout duration',
    'max-log-requests int',
    'prefix bool',
  ],
  run: logsCommand,
}

const usage = "expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command"

function* logsCommand(session: Session): Story<void> {
  const { args, flags, terminal } = session
  const selector = flags.text('selector') ?? ''
  if (args.length === 0 && selector === '') throw usageRefusal(usage, 'logs')
  if (args.length > 2) throw usageRefusal(usage, 'logs')
  if (args.length === 1 && selector !== '') throw usageRefusal('only a selector (-l) or a POD name is allowed', 'logs')
  const limit = runningTimeout(session, seconds(20))
  const pods: KubernetesObject[] = []
  if (selector !== '') {
    pods.push(...(yield* listObjects(session, servedKind('Pod'), session.namespace, selector)))
    if (pods.length === 0) terminal.err(`No resources found in ${session.namespace} namespace.\n`)
  } else {
    let object: KubernetesObject
    try {
      object = yield* oneObject(session, [args[0] as string])
    } catch (thrown) {
      if (!isNotFound(thrown)) throw thrown
      throw refusal(`error from server (NotFound): ${statusOf(thrown)?.message} in namespace ${JSON.stringify(session.namespace)}`)
    }
    const { pod, count } = yield* podBehind(session, object, limit)
    if (count > 1) terminal.err(`Found ${count} pods, using pod/${pod.metadata.name}\n`)
    pods.push(pod)
  }
  if (flags.has('since-time') && flags.has('since')) throw refusal('at most one of `sinceTime` or `sinceSeconds` may be specified')
  const inline = args[1]
  if (flags.is('all-containers') && (inline ?? flags.text('container') ?? '') !== '') {
    throw refusal(`--all-containers=true should not be specified with container name ${inline ?? flags.text('container')}`)
  }
  if (flags.has('container') && inline !== undefined) throw refusal('only one of -c or an inline [CONTAINER] arg is allowed')
  const requests: { readonly pod: KubernetesObject; readonly container: string }[] = []
  for (const pod of pods) {
    if (flags.is('all-containers')) {
      const all = ['initContainers', 'containers', 'ephemeralContainers'].flatMap(
        (field) => (pod['spec']?.[field] ?? []) as readonly Container[],
      )
      requests.push(...all.map(({ name }) => ({ pod, container: name })))
    } else {
      if (inline !== undefined && containerCalled(pod, inline) === undefined) throw wrongContainer(pod, inline)
      requests.push({ pod, container: inline ?? containerMeant(session, pod) })
    }
  }
  const most = flags.int('max-log-requests', 5)
  if (flags.is('follow') && requests.length > most) {
    throw refusal(
      `you are attempting to follow ${requests.length} log streams, but maximum allowed concurrency is ${most}, use --max-log-requests to increase the limit`,
    )
  }
  for (const { pod, container } of requests) yield* printLog(session, pod, container, selector !== '')
}

function* printLog(session: Session, pod: KubernetesObject, container: string, selected: boolean): Story<void> {
  const { flags, terminal } = session
  // A pod without a node answers nothing. Source: kubectl.md 8.
  if (!pod['spec']?.nodeName) return
  const connect = connectOf(session)
  const previous = flags.is('previous')
  const lines = connect.logs(pod, container, previous)
  if (lines === undefined) throw refused({ code: 400, reason: 'BadRequest', message: whyNoLog(pod, container, previous) })
  const tail = flags.has('tail') ? flags.int('tail', -1) : selected ? 10 : -1
  const since = sinceOf(session)
  const kept = lines.filter((line) => since === undefined || (parseEpoch(line.time) ?? 0) >= since)
  const shown = tail >= 0 ? kept.slice(Math.max(0, kept.length - tail)) : kept
  const prefix = flags.is('prefix') || flags.is('all-pods') ? `[pod/${pod.metadata.name}/${container}] ` : ''
  const print = (line: LogLine): void =>
    terminal.out(`${prefix}${flags.is('timestamps') ? `${line.time.replace(/Z$/, '.000000000Z')} ` : ''}${line.text}\n`)
  const most = flags.int('limit-bytes', 0)
  let bytes = 0
  for (const line of shown) {
    bytes += line.text.length + 1
    if (most > 0 && bytes > most) return
    print(line)
  }
  if (!flags.is('follow')) return
  let printed = lines.length
  const lister = terminal.see.of('Pod')
  yield* until(['Pod'], () => {
    const now = connect.logs(pod, container, false) ?? []
    for (const line of now.slice(printed)) print(line)
    printed = Math.max(printed, now.length)
    const live = lister.get(pod.metadata.namespace, pod.metadata.name)
    return live === undefined || live.metadata.uid !== pod.metadata.uid || !isRunning(live, container) ? true : undefined
  })
}

type Status = { readonly name: string; readonly state?: { readonly waiting?: { readonly reason?: string }; readonly running?: unknown } }

const statusIn = (pod: KubernetesObject, container: string): Status | undefined =>
  ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses']
    .flatMap((field) => (pod['status']?.[field] ?? []) as readonly Status[])
    .find(({ name }) => name === container)

const isRunning = (pod: KubernetesObject, container: string): boolean => statusIn(pod, container)?.state?.running !== undefined

function whyNoLog(pod: KubernetesObject, container: string, previous: boolean): string {
  const about = `container ${JSON.stringify(container)} in pod ${JSON.stringify(pod.metadata.name)}`
  if (previous) return `previous terminated ${about} not found`
  return `${about} is waiting to start: ${statusIn(pod, container)?.state?.waiting?.reason ?? 'ContainerCreating'}`
}

function sinceOf(session: Session): number | undefined {
  const { flags, terminal } = session
  const time = flags.text('since-time')
  if (time !== undefined) {
    const epoch = parseEpoch(time)
    if (epoch === undefined)
      throw refusal(`parsing time ${JSON.stringify(time)} as "2006-01-02T15:04:05Z07:00": cannot parse ${JSON.stringify(time)} as "2006"`)
    return epoch
  }
  const length = flags.duration('since', 0)
  if (length < 0) throw refusal('--since must be greater than 0')
  return length === 0 ? undefined : (parseEpoch(terminal.time()) ?? 0) - Math.round(length / 1_000_000)
}
