/**
 * The runtime part of a sync: sandbox, kills, init containers, then application containers one after the other; crash back-off;
 * hooks; and how all of them are stopped. Source: node-and-storage.md A3, A7, A8, A10; kuberuntime_manager.go,
 * kuberuntime_container.go (1.36).
 *
 * Differs from Kubernetes: ephemeral containers, restart rules of single containers and RestartAllContainers are not modelled.
 */
import { type Micros, printDuration, seconds } from '../../engine/clock.ts'
import type { Container as Running } from '../../world/container.ts'
import type { ContainerView, PodView } from '../../world/runtime.ts'
import { controllerOf } from '../objects/metadata.ts'
import { type Container, type Handler, isSidecar, type Pod } from '../objects/pod.ts'
import type { Images } from './images.ts'
import type { NodeContext } from './node-context.ts'
import type { Probes } from './probes.ts'
import { latestOf, restartsAfter, type StartFailure } from './status.ts'
import { answerOf, pause, type Task, together } from './task.ts'

/** SIGTERM is never followed by SIGKILL sooner (A10). */
const leastGrace = seconds(2)
/** An entry of the crash back-off is forgotten after so long (A8). */
const forgottenAfter = seconds(600)

/** How a sync's runtime part ended. */
export type SyncEnd = {
  /** How much was done: sandboxes made, containers started or killed. */
  readonly actions: number
  /** Whether something failed: the sync is tried again sooner. */
  readonly failed: boolean
  /** The earliest end of a crash back-off, if a container is in one. */
  readonly backOffUntil: Micros | undefined
}

/** What the runtime part needs of a pod's worker. */
export type Syncing = {
  readonly node: NodeContext
  readonly images: Images
  readonly probes: Probes
  readonly crashes: CrashBackOff
  /** By container: why it could not be started, for the next status. */
  readonly failures: Map<string, StartFailure>
  /** The sandbox is there: PodReadyToStartContainers is published (1.36, alone). */
  sandboxMade(): void
}

/** The crash back-off of a node's containers. Key: pod uid, container, image. */
export class CrashBackOff {
  private readonly node: NodeContext
  private readonly entries = new Map<string, { delay: Micros; updated: Micros }>()
  /** The longest wait that each container has had. */
  private readonly longest = new Map<string, Micros>()

  constructor(node: NodeContext) {
    this.node = node
  }

  /**
   * Whether a container whose latest dead instance ended at `ended` must wait; else the step is spent. The length that is left
   * counts from that end. Source: A8, doBackOff.
   */
  blocks(pod: Pod, container: Container, ended: Micros): { readonly delay: Micros; readonly until: Micros } | undefined {
    const key = `${pod.metadata.uid} ${container.name} ${container.image}`
    const now = this.node.component.now()
    const { firstCrashBackOff, maxCrashBackOff } = this.node.settings
    this.sweep(now)
    const entry = this.entries.get(key)
    const young = entry !== undefined && ended - entry.updated <= forgottenAfter
    if (young && now - ended < entry.delay) return { delay: entry.delay, until: ended + entry.delay }
    if (young) this.outlived(pod, container, key, entry.delay)
    this.entries.set(key, { delay: young ? Math.min(entry.delay * 2, maxCrashBackOff) : firstCrashBackOff, updated: now })
    return undefined
  }

  /** A back-off that is longer than any before is over: this loop does not repeat itself yet. */
  private outlived(pod: Pod, container: Container, key: string, delay: Micros): void {
    if (delay <= (this.longest.get(key) ?? 0)) return
    this.longest.set(key, delay)
    const { namespace, name, uid } = pod.metadata
    this.node.component.record('back-off', `Pod/${namespace}/${name}`, { uid, container: container.name, delay })
  }

  /** Housekeeping (every 2 s) drops what is older than 600 s; looked at when somebody asks. */
  private sweep(now: Micros): void {
    const { period, phase } = this.node.rhythms.housekeeping
    const beat = phase + Math.floor((now - phase) / period) * period
    for (const [key, entry] of [...this.entries]) if (beat - entry.updated > forgottenAfter) this.entries.delete(key)
  }
}

/** What a sync found to be done. */
type Plan = {
  readonly newSandbox: boolean
  readonly kills: readonly {
    readonly view: ContainerView
    readonly container: Container
    readonly message: string
    readonly grace: Micros | undefined
  }[]
  readonly starts: readonly Container[]
}

/** Whether the pod's containers have all had their run, so that no new sandbox is needed. */
const isOver = (pod: Pod, view: PodView): boolean =>
  pod.spec.containers.every((container) => {
    const { last } = latestOf(view, container.name)
    return last?.state.kind === 'exited' && !restartsAfter(pod, container, last.state.exitCode)
  })

/** The next init container, if one must be started now; and whether application containers may start. */
function initPlan(pod: Pod, view: PodView, probes: Probes): { readonly start: Container | undefined; readonly done: boolean } {
  const specs = pod.spec.initContainers ?? []
  const anyApp = pod.spec.containers.some((container) => latestOf(view, container.name).last !== undefined)
  for (const container of specs) {
    const { last } = latestOf(view, container.name)
    if (isSidecar(container)) {
      if (last === undefined || last.state.kind === 'exited') return { start: container, done: anyApp }
      if (!probes.isStarted(container, last.container.id) && !anyApp) return { start: undefined, done: false }
      continue
    }
    if (anyApp) continue
    if (last === undefined) return { start: container, done: false }
    if (last.state.kind === 'running') return { start: undefined, done: false }
    if (last.state.exitCode !== 0) return { start: restartsAfter(pod, container, last.state.exitCode) ? container : undefined, done: false }
  }
  return { start: undefined, done: true }
}

/** What is to be done. Source: computePodActions. */
function planOf(pod: Pod, view: PodView, probes: Probes): Plan {
  if (view.sandbox === undefined || !view.sandbox.ready) {
    if (view.sandbox !== undefined && isOver(pod, view)) return { newSandbox: false, kills: [], starts: [] }
    const first = pod.spec.initContainers?.[0]
    // All init containers run again in a new sandbox.
    const starts =
      first !== undefined
        ? [first]
        : pod.spec.containers.filter((container) => {
            const { last } = latestOf(view, container.name)
            return !(pod.spec.restartPolicy === 'OnFailure' && last?.state.kind === 'exited' && last.state.exitCode === 0)
          })
    return { newSandbox: true, kills: [], starts }
  }
  const init = initPlan(pod, view, probes)
  const kills: Plan['kills'][number][] = []
  const starts: Container[] = init.start === undefined ? [] : [init.start]
  const containers = [...(pod.spec.initContainers ?? []).filter(isSidecar), ...pod.spec.containers]
  for (const container of containers) {
    const { last } = latestOf(view, container.name)
    const sidecar = isSidecar(container)
    if (last === undefined || last.state.kind === 'exited') {
      if (sidecar || !init.done) continue
      if (last === undefined || (last.state.kind === 'exited' && restartsAfter(pod, container, last.state.exitCode))) starts.push(container)
      continue
    }
    const condemned = probes.condemns(container, last.container.id)
    const again = sidecar || (pod.spec.restartPolicy ?? 'Always') !== 'Never'
    const image = container.image ?? ''
    if (last.container.facts.image !== image) {
      const message = `${sidecar ? 'Init container' : 'Container'} ${container.name} definition changed`
      kills.push({ view: last, container, message: again && !sidecar ? `${message}, will be restarted` : message, grace: undefined })
    } else if (condemned !== undefined) {
      const probe = condemned === 'liveness' ? container.livenessProbe : container.startupProbe
      const grace = probe?.terminationGracePeriodSeconds
      const message = sidecar
        ? `Init container ${container.name} failed ${condemned} probe`
        : `Container ${container.name} failed ${condemned} probe${again ? ', will be restarted' : ''}`
      kills.push({ view: last, container, message, grace: grace === undefined ? undefined : seconds(grace) })
    } else continue
    if (again && (sidecar ? init.start === undefined : init.done)) starts.push(container)
  }
  return { newSandbox: false, kills, starts }
}

/** The runtime part of one sync, with what the last relist showed. */
export function* syncContainers(my: Syncing, pod: Pod, view: PodView): Task<SyncEnd> {
  const { node } = my
  const plan = planOf(pod, view, my.probes)
  let actions = 0
  if (plan.newSandbox) {
    if (view.sandbox !== undefined) {
      node.tell(pod, 'Normal', 'SandboxChanged', 'Pod sandbox changed, it will be killed and re-created.')
      node.machine.runtime.stopSandbox(pod.metadata.uid as string)
    }
    const error = yield* answerOf<string | undefined>((done) =>
      node.machine.runtime.makeSandbox(node.component.process, factsOf(pod), done),
    )
    if (error !== undefined) {
      node.tell(pod, 'Warning', 'FailedCreatePodSandBox', `Failed to create pod sandbox: ${error}`)
      return { actions, failed: true, backOffUntil: undefined }
    }
    actions += 1
    my.sandboxMade()
  }
  if (plan.kills.length > 0) {
    yield* together(
      plan.kills.map(({ view: each, message, grace, container }) => kill(my.node, pod, container, each.container, message, grace)),
    )
    actions += plan.kills.length
  }
  let failed = false
  let backOffUntil: Micros | undefined
  for (const container of plan.starts) {
    const end = yield* startContainer(my, pod, container, view)
    if (end.kind === 'started') {
      actions += 1
      my.failures.delete(container.name)
      continue
    }
    failed = true
    my.failures.set(container.name, end.failure)
    if (end.kind === 'back-off') backOffUntil = Math.min(backOffUntil ?? end.until, end.until)
    // An init container that failed holds the rest.
    if ((pod.spec.initContainers ?? []).some((each) => each.name === container.name)) break
  }
  return { actions, failed, backOffUntil }
}

type StartEnd =
  | { readonly kind: 'started' }
  | { readonly kind: 'failed'; readonly failure: StartFailure }
  | { readonly kind: 'back-off'; readonly failure: StartFailure; readonly until: Micros }

/** Back-off check → image → create → start → postStart. */
function* startContainer(my: Syncing, pod: Pod, container: Container, view: PodView): Task<StartEnd> {
  const { node } = my
  const { gates } = node.component
  const { last } = latestOf(view, container.name)
  const uid = pod.metadata.uid as string
  // The latest dead instance in the status that this sync began with: one that this very sync killed is not in it.
  const dead = view.containers
    .filter((each) => each.container.facts.name === container.name)
    .findLast((each) => each.state.kind === 'exited')
  if (dead !== undefined && dead.state.kind === 'exited') {
    const blocked = my.crashes.blocks(pod, container, dead.state.at)
    if (blocked !== undefined) {
      const about = `${container.name} in pod ${pod.metadata.name}_${pod.metadata.namespace}(${uid})`
      node.tell(pod, 'Warning', 'BackOff', `Back-off restarting failed container ${about}`)
      const message = `back-off ${printDuration(blocked.delay)} restarting failed container=${container.name} pod=${pod.metadata.name}_${pod.metadata.namespace}(${uid})`
      return { kind: 'back-off', failure: { reason: 'CrashLoopBackOff', message }, until: blocked.until }
    }
  }
  const missing = yield* my.images.ensure(pod, container)
  if (missing !== undefined) {
    node.tell(pod, 'Warning', 'Failed', `Error: ${missing.reason}`)
    return { kind: 'failed', failure: missing }
  }
  const sidecar = isSidecar(container)
  const initial = (pod.spec.initContainers ?? []).some((each) => each.name === container.name)
  const owner = controllerOf(pod)
  const started = yield* answerOf<Running>((done) =>
    node.machine.runtime.start(
      node.component.process,
      {
        ...factsOf(pod),
        pod: pod.metadata.name,
        node: node.node,
        name: container.name,
        kind: initial ? (sidecar ? 'sidecar' : 'init') : 'app',
        image: container.image ?? '',
        command: [...(container.command ?? []), ...(container.args ?? [])],
        labels: pod.metadata.labels ?? {},
        owner: owner === undefined ? '' : `${owner.kind}/${owner.name}`,
        restarts: last === undefined ? 0 : last.container.facts.restarts + 1,
        ip: node.machine.runtime.addressOf(uid) ?? '',
      },
      done,
    ),
  )
  const { minor } = gates.release
  node.tell(pod, 'Normal', 'Created', minor >= 35 ? 'Container created' : `Created container: ${container.name}`)
  node.tell(pod, 'Normal', 'Started', minor >= 35 ? 'Container started' : `Started container ${container.name}`)
  const hook = container.lifecycle?.postStart
  if (hook === undefined) return { kind: 'started' }
  const well = yield* runHook(node, started, hook)
  if (well) return { kind: 'started' }
  const message = 'PostStartHook failed'
  node.tell(pod, 'Warning', 'FailedPostStartHook', message)
  yield* kill(node, pod, container, started, 'FailedPostStartHook', undefined)
  node.tell(pod, 'Warning', 'Failed', 'Error: PostStartHookError')
  return { kind: 'failed', failure: { reason: 'PostStartHookError', message } }
}

const factsOf = (pod: Pod) => ({ uid: pod.metadata.uid as string, namespace: pod.metadata.namespace ?? '', name: pod.metadata.name })

/** Runs a hook; whether it ended well. */
function* runHook(node: NodeContext, running: Running, hook: Handler): Task<boolean> {
  if (hook.sleep !== undefined) {
    yield* pause(node.component.process, seconds(hook.sleep.seconds), 'hook sleeps')
    return true
  }
  if (hook.exec !== undefined) {
    const { exitCode, takes } = running.exec(hook.exec.command ?? [])
    if (takes > 0) yield* pause(node.component.process, takes, 'hook runs')
    return exitCode === 0
  }
  const reply = running.ask('readiness')
  return reply.kind === 'yes' || reply.kind === 'no'
}

/** Stops one container: its preStop hook, SIGTERM, SIGKILL, all inside the grace period. Source: A10 step 2, killContainer. */
function* kill(
  node: NodeContext,
  pod: Pod,
  container: Container,
  running: Running,
  message: string,
  ownGrace: Micros | undefined,
  waitsFirst?: Task<void>,
): Task<void> {
  const whole = ownGrace ?? seconds(pod.metadata.deletionGracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30)
  const began = node.component.now()
  node.tell(pod, 'Normal', 'Killing', message)
  const hook = container.lifecycle?.preStop
  let grace = whole
  if (hook !== undefined && running.isRunning && whole > 0) {
    yield* preStop(node, pod, running, hook, whole)
    // The hook's duration counts in whole seconds.
    grace -= Math.floor((node.component.now() - began) / seconds(1)) * seconds(1)
  }
  if (waitsFirst !== undefined) {
    yield* waitsFirst
    grace = whole - (node.component.now() - began)
  }
  if (!running.isRunning) return
  yield* stopped(node, running, Math.max(grace, leastGrace))
}

/** Runs a preStop hook, at most for the grace period; it is not stopped then, only no longer waited for. */
function* preStop(node: NodeContext, pod: Pod, running: Running, hook: Handler, most: Micros): Task<void> {
  const { process } = node.component
  if (hook.sleep !== undefined) return yield* pause(process, Math.min(seconds(hook.sleep.seconds), most), 'preStop sleeps')
  if (hook.exec !== undefined) {
    const { exitCode, takes } = running.exec(hook.exec.command ?? [])
    yield* pause(process, Math.min(takes, most), 'preStop runs')
    if (exitCode !== 0 && takes <= most) node.tell(pod, 'Warning', 'FailedPreStopHook', 'PreStopHook failed')
    return
  }
  const reply = running.ask('readiness')
  if (reply.kind === 'refused') node.tell(pod, 'Warning', 'FailedPreStopHook', 'PreStopHook failed')
}

/** SIGTERM, and the end of the container. */
function* stopped(node: NodeContext, running: Running, grace: Micros): Task<void> {
  yield (resume: (value: undefined) => void) => {
    const unlisten = running.listen(
      node.mine(() => {
        if (running.isRunning) return
        unlisten()
        resume(undefined)
      }),
    )
    running.stop(grace)
    return unlisten
  }
}

/** Stops all containers of a pod side by side; sidecars get their SIGTERM when the others are gone, in reverse order. Source: A7, A10. */
export function* killPod(node: NodeContext, pod: Pod, grace: Micros): Task<void> {
  const running = node.machine.runtime.runningOf(pod.metadata.uid as string)
  const specs = [...(pod.spec.initContainers ?? []), ...pod.spec.containers]
  const specOf = (each: Running): Container => specs.find((container) => container.name === each.facts.name) ?? { name: each.facts.name }
  const sidecars = (pod.spec.initContainers ?? []).filter(isSidecar).map((container) => container.name)
  const order = (each: Running): number => sidecars.indexOf(each.facts.name)
  yield* together(
    running.map((each) => {
      const later = order(each) < 0 ? [] : running.filter((other) => order(other) < 0 || order(other) > order(each))
      return kill(
        node,
        pod,
        specOf(each),
        each,
        `Stopping container ${each.facts.name}`,
        grace,
        later.length === 0 ? undefined : endOf(node, later),
      )
    }),
  )
}

/** Waits for the end of all of them. */
function* endOf(node: NodeContext, all: readonly Running[]): Task<void> {
  for (const each of all) {
    if (!each.isRunning) continue
    yield (resume: (value: undefined) => void) => {
      const unlisten = each.listen(
        node.mine(() => {
          if (each.isRunning) return
          unlisten()
          resume(undefined)
        }),
      )
      return unlisten
    }
  }
}
