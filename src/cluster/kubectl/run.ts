/**
 * kubectl run. Source: kubectl.md 1, 6.1, 10; kubectl pkg/cmd/run/run.go, pkg/generate/versioned/run.go, 1.36.
 */
import { type Micros, minutes } from '../../engine/clock.ts'
import { type Story, until } from '../client/story.ts'
import type { KubernetesObject } from '../objects/metadata.ts'
import type { Command } from './command.ts'
import { connectOf, runningTimeout } from './containers.ts'
import { propagationOf } from './delete.ts'
import { attachHints } from './exec.ts'
import { Failure, refusal, usageRefusal } from './failure.ts'
import { withLastApplied } from './last-applied.ts'
import { dryRunFlag, printFlags, quietFlags } from './parse.ts'
import { ask, dryRunOf, dryRunSuffix, printerOf, type Session, servedKind } from './session.ts'

export const run: Command = {
  flags: [
    ...printFlags,
    ...quietFlags,
    dryRunFlag,
    'annotations array',
    'image string',
    'image-pull-policy string',
    'rm bool',
    'env array',
    'port string',
    'labels,l string',
    'stdin,i bool',
    'tty,t bool',
    'attach bool',
    'leave-stdin-open bool',
    'restart string',
    'command bool',
    'expose bool',
    'quiet,q bool',
    'privileged bool',
    'detach-keys string',
    'pod-running-timeout duration',
    'save-config bool',
    'overrides string',
    'override-type string',
    'cascade string=background',
    'force bool',
    'grace-period int',
    'timeout duration',
    'wait bool',
  ],
  required: ['image'],
  run: runCommand,
}

const imageForm =
  /^(?:[a-zA-Z0-9.-]+(?::[0-9]+)?\/)?[a-z0-9]+(?:(?:[._]|__|[-]+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|[-]+)[a-z0-9]+)*)*(?::[\w][\w.-]{0,127})?(?:@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?$/

function* runCommand(session: Session): Story<void> {
  const { flags, args, dash } = session
  const usage = (text: string): Failure => usageRefusal(text, 'run')
  const dryRun = dryRunOf(session)
  const print = printerOf(session)
  const attaches = flags.has('attach') ? flags.is('attach') : flags.is('stdin')
  const [name, ...words] = args
  if (name === undefined || dash === 0) throw usage('NAME is required for run')
  const limit = runningTimeout(session)
  const image = flags.text('image') ?? ''
  if (image === '') throw refusal('--image is required')
  if (!imageForm.test(image)) throw refusal(`Invalid image name ${JSON.stringify(image)}: invalid reference format`)
  if (flags.is('tty') && !flags.is('stdin')) throw usage('-i/--stdin is required for containers with -t/--tty=true')
  if (flags.is('expose') && (flags.text('port') ?? '') === '') throw usage('--port must be set when exposing a service')
  const restart = flags.text('restart') ?? 'Always'
  if (!['Always', 'OnFailure', 'Never'].includes(restart)) throw usage(`invalid restart policy: ${restart}`)
  const remove = flags.is('rm')
  if (!attaches && remove) throw usage('--rm should only be used for attached containers')
  if (attaches && dryRun !== 'none') {
    throw usage("--dry-run=[server|client] can't be used with attached containers options (--attach, --stdin, or --tty)")
  }
  const policy = flags.text('image-pull-policy') ?? ''
  if (!['', 'Always', 'IfNotPresent', 'Never'].includes(policy)) throw usage(`invalid image pull policy: ${policy}`)
  if (flags.has('overrides')) throw refusal('--overrides is not supported by stsim')
  const made = podOf(session, name, words, image, restart, policy)
  const kind = servedKind('Pod')
  let pod = made
  if (dryRun !== 'client') {
    const sent = flags.is('save-config') ? withLastApplied(namespaced(made, session.namespace)) : namespaced(made, session.namespace)
    pod = (yield* ask(session, { verb: 'create', object: sent, fieldValidation: 'Warn', ...(dryRun === 'server' ? { dryRun: true } : {}) }))
      .object
  } else if (session.enforced) pod = namespaced(made, session.namespace)
  if (flags.is('expose')) yield* exposePod(session, made, print, dryRun !== 'client', dryRun === 'server')
  if (!attaches) {
    print(kind, pod, `created${dryRunSuffix(dryRun)}`)
    return
  }
  let failure: unknown
  try {
    yield* attachTo(session, pod, restart, limit)
  } catch (thrown) {
    failure = thrown
  }
  if (remove) yield* removePod(session, pod)
  if (failure !== undefined) throw failure
}

const namespaced = (object: KubernetesObject, namespace: string): KubernetesObject => ({
  ...object,
  metadata: { ...object.metadata, namespace },
})

/** The pod as the generator makes it; empty blocks are printed in dry runs. */
function podOf(session: Session, name: string, words: readonly string[], image: string, restart: string, policy: string): KubernetesObject {
  const { flags } = session
  const labels = flags.has('labels') ? pairsOf(flags.text('labels') ?? '') : { run: name }
  const annotations = flags.list('annotations').map((each) => each.split('='))
  const env = flags.list('env').map((each) => {
    const at = each.indexOf('=')
    if (at <= 0 || !/^[-._a-zA-Z][-._a-zA-Z0-9]*$/.test(each.slice(0, at))) throw refusal(`invalid env: ${each}`)
    return { name: each.slice(0, at), value: each.slice(at + 1) }
  })
  const port = flags.text('port')
  if (port !== undefined && !/^\d+$/.test(port)) throw refusal(`strconv.Atoi: parsing ${JSON.stringify(port)}: invalid syntax`)
  const isTerminal = flags.is('stdin')
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      labels,
      ...(annotations.length === 0
        ? {}
        : { annotations: Object.fromEntries(annotations.map(([key = '', ...value]) => [key, value.join('=')])) }),
    },
    spec: {
      containers: [
        {
          name,
          image,
          ...(words.length === 0 ? {} : flags.is('command') ? { command: words } : { args: words }),
          ...(env.length === 0 ? {} : { env }),
          ...(port === undefined ? {} : { ports: [{ containerPort: Number(port) }] }),
          ...(policy === '' ? {} : { imagePullPolicy: policy }),
          ...(isTerminal ? { stdin: true, ...(flags.is('leave-stdin-open') ? {} : { stdinOnce: true }) } : {}),
          ...(flags.is('tty') ? { tty: true } : {}),
          ...(flags.is('privileged') ? { securityContext: { privileged: true } } : {}),
          resources: {},
        },
      ],
      dnsPolicy: 'ClusterFirst',
      restartPolicy: restart,
    },
    status: {},
  }
}

function pairsOf(text: string): Readonly<Record<string, string>> {
  const pairs: Record<string, string> = {}
  for (const part of text.split(',')) {
    const [key = '', value, ...more] = part.split('=')
    if (value === undefined || more.length > 0) throw refusal(`unexpected label spec: ${part}`)
    if (key === '') throw refusal('unexpected empty label key')
    pairs[key] = value
  }
  return pairs
}

function* exposePod(
  session: Session,
  pod: KubernetesObject,
  print: ReturnType<typeof printerOf>,
  sends: boolean,
  isDry: boolean,
): Story<void> {
  const port = Number(session.flags.text('port'))
  const service: KubernetesObject = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: pod.metadata.name },
    spec: { ports: [{ port, protocol: 'TCP', targetPort: port }], selector: pod.metadata.labels ?? {} },
    status: { loadBalancer: {} },
  }
  const more = isDry ? { dryRun: true } : {}
  const object = sends ? (yield* ask(session, { verb: 'create', object: namespaced(service, session.namespace), ...more })).object : service
  print(servedKind('Service'), object, `created${dryRunSuffix(dryRunOf(session))}`)
}

const phaseOf = (pod: KubernetesObject): string => pod['status']?.phase ?? 'Pending'
const hasEnded = (pod: KubernetesObject): boolean => phaseOf(pod) === 'Succeeded' || phaseOf(pod) === 'Failed'
const isReady = (pod: KubernetesObject): boolean =>
  phaseOf(pod) === 'Running' &&
  ((pod['status']?.conditions ?? []) as readonly { readonly type: string; readonly status: string }[]).some(
    (each) => each.type === 'Ready' && each.status === 'True',
  )

/** Waits until the pod looks as wanted; its deletion ends the wait. */
function* waitForPod(
  session: Session,
  pod: KubernetesObject,
  limit: Micros,
  isMet: (pod: KubernetesObject) => boolean,
): Story<KubernetesObject> {
  const { namespace, name, uid } = pod.metadata
  const lister = session.terminal.see.of('Pod')
  const found = yield* until(
    ['Pod'],
    () => {
      const live = lister.get(namespace, name)
      if (live === undefined || live.metadata.uid !== uid) return 'gone' as const
      return isMet(live) ? live : undefined
    },
    limit,
  )
  if (found === undefined) throw refusal('timed out waiting for the condition')
  if (found === 'gone') throw new Failure([{ status: { code: 404, reason: 'NotFound', message: 'pods "" not found' } }])
  return found
}

function* attachTo(session: Session, pod: KubernetesObject, restart: string, limit: Micros): Story<void> {
  const { flags, terminal } = session
  const connect = connectOf(session)
  const container = pod['spec'].containers[0].name as string
  const live = yield* waitForPod(session, pod, limit, (each) => isReady(each) || hasEnded(each))
  if (hasEnded(live)) {
    for (const line of connect.logs(live, container, false) ?? []) terminal.out(`${line.text}\n`)
  } else {
    for (const line of connect.logs(live, container, false) ?? []) terminal.out(`${line.text}\n`)
    if (!flags.is('quiet')) terminal.err(attachHints)
    const code = yield* inside(session, live, container)
    // The shell that was left was the container's main process.
    if (flags.is('stdin')) connect.leave(live, container, code)
    if (flags.is('tty') && restart === 'Always' && !flags.is('quiet')) {
      terminal.out(
        `Session ended, resume using 'kubectl attach ${live.metadata.name} -c ${container} -n ${live.metadata.namespace} -i -t' command when the pod is running\n`,
      )
    }
  }
  if (flags.is('leave-stdin-open') || restart === 'Always') return
  const ended = yield* waitForPod(
    session,
    pod,
    limit === 0 ? minutes(1) : limit,
    restart === 'OnFailure' ? (each) => phaseOf(each) === 'Succeeded' : hasEnded,
  )
  if (phaseOf(ended) === 'Succeeded') return
  const terminated = ended['status']?.containerStatuses?.[0]?.state?.terminated
  const where = `${ended.metadata.namespace}/${ended.metadata.name}`
  if (!terminated || terminated.exitCode === 0) throw refusal(`pod ${where} failed with unknown exit code`)
  throw new Failure(
    [{ text: `pod ${where} terminated (${terminated.reason ?? ''})\n${terminated.message ?? ''}`, bare: true }],
    terminated.exitCode,
  )
}

/** What is typed into the container's main process. */
function* inside(session: Session, pod: KubernetesObject, container: string): Story<number> {
  const connect = connectOf(session)
  const words = [...(pod['spec'].containers[0].command ?? []), ...(pod['spec'].containers[0].args ?? [])] as readonly string[]
  if (connect.typed !== undefined && session.flags.is('tty')) return yield* connect.typed(pod, container, words)
  return 0
}

/** `--rm`: deletes without waiting, and says so. */
function* removePod(session: Session, pod: KubernetesObject): Story<void> {
  const { namespace, name } = pod.metadata
  try {
    yield* ask(session, { verb: 'delete', kind: 'Pod', namespace, name, propagation: propagationOf(session) })
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown
    return
  }
  if (!session.flags.is('quiet')) {
    session.terminal.out(`pod "${name}" deleted${session.terminal.release.minor < 34 ? '' : ` from ${namespace} namespace`}\n`)
  }
}
