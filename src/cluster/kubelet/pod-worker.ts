/**
 * The worker of one pod: sync → terminating → terminated, one way. One run at a time; while it is busy, changes collapse into
 * one more run; between runs it waits until the runtime's cache is newer than the end of the last one.
 * Source: node-and-storage.md A1, A3, A10 (pod_workers.go, kubelet.go SyncPod, SyncTerminatingPod, SyncTerminatedPod).
 */
import { type Micros, milliseconds, seconds } from '../../engine/clock.ts'
import type { Handle } from '../../engine/queue.ts'
import { nextBeat } from '../../engine/rhythm.ts'
import type { Question } from '../../world/container.ts'
import { nothingThere, type PodView } from '../../world/runtime.ts'
import { call, type Story } from '../client/story.ts'
import type { Container, Pod, PodStatus } from '../objects/pod.ts'
import { type CrashBackOff, killPod, type SyncEnd, type Syncing, syncContainers } from './containers.ts'
import type { Images } from './images.ts'
import type { NodeContext } from './node-context.ts'
import { type ProbedPod, Probes, type Verdict } from './probes.ts'
import { type Ending, finalStatus, type StartFailure, statusOf, withContainer } from './status.ts'
import type { StatusWriter } from './status-writer.ts'
import { begin, moment, type Task, wait } from './task.ts'
import { unmountLimit, unmountPoll, type Volumes, type VolumesEnd } from './volumes.ts'

/** What the workers of a node share. */
export type Shared = {
  readonly node: NodeContext
  readonly images: Images
  readonly volumes: Volumes
  readonly crashes: CrashBackOff
  readonly statuses: StatusWriter
  /** The worker has nothing left to do: nothing of the pod is on the machine. */
  readonly ended: (worker: PodWorker) => void
}

/** Where a pod's life stands. */
export type Stage =
  | { readonly kind: 'sync' }
  /** It must end; `grace` is the shortest that is known. */
  | { readonly kind: 'terminating'; readonly grace: Micros; readonly ending: Ending | undefined }
  | { readonly kind: 'terminated'; readonly since: Micros; readonly ending: Ending | undefined }
  /** Nothing of it is left on the machine. */
  | { readonly kind: 'finished' }

/** Requeues of A1. */
const resync = seconds(60)
const errorDelay = seconds(10)
/** Looks at a runtime that is in error. */
const firstRuntimeLook = milliseconds(100)
const lastRuntimeLook = seconds(5)

/** One pod's worker. */
export class PodWorker implements ProbedPod {
  readonly uid: string
  pod: Pod
  stage: Stage = { kind: 'sync' }
  /** What the last relist showed. */
  private seen: PodView
  private readonly shared: Shared
  private readonly node: NodeContext
  readonly probes: Probes
  private readonly failures = new Map<string, StartFailure>()
  /** Something happened that wants a run. */
  private pending = true
  /** Called when it does while the worker sleeps. */
  private wakeUp: (() => void) | undefined
  /** Cancels the part of a running sync that a deletion cuts short. */
  private interrupt: (() => void) | undefined
  /** The end of the last run; undefined before the first. */
  private lastEnd: Micros | undefined
  /** An on-demand relist made the cache this fresh, this moment included. */
  private freshAt = -1
  private requeue: Handle = -1
  private deadline: Handle = -1
  /** The end of the back-off that the last run met, and how many runs have met it. */
  private lastBackOff: Micros | undefined
  private looks = 0
  private relistPlanned = false
  private changedAt = -1
  /** The object is gone from the API. */
  private removed = false
  private deleted = false
  /** When the last of its volumes was unmounted after its end. */
  private unmounted: Micros | undefined
  private readonly releaseListeners: (() => void)[] = []
  /** How to stop the whole life: only for a worker that was told to vanish. */
  private drop: () => void = () => undefined
  /** Whether this kubelet found the pod's containers when it started. */
  private readonly inherited: boolean

  constructor(shared: Shared, pod: Pod) {
    this.shared = shared
    this.node = shared.node
    this.pod = pod
    this.uid = pod.metadata.uid as string
    this.seen = this.node.machine.runtime.view(this.uid)
    this.inherited = this.seen !== nothingThere
    this.probes = new Probes(this.node, this)
  }

  /** The life begins. */
  begin(): void {
    this.drop = begin(this.life(), () => undefined)
  }

  get status(): PodStatus {
    return this.shared.statuses.current(this.pod)
  }

  get isTerminating(): boolean {
    return this.stage.kind !== 'sync'
  }

  /** The API shows the pod so. */
  update(pod: Pod): void {
    const old = this.pod
    this.pod = pod
    if (this.removed) return
    this.shared.statuses.seen(pod)
    if (pod.metadata.deletionTimestamp !== undefined) this.terminate(graceOf(pod), undefined)
    else if (old.spec !== pod.spec) this.wake()
    else if ((pod.spec.readinessGates ?? []).length > 0 && old.status !== pod.status) this.wake()
    if (this.stage.kind === 'finished' && !this.deleted && pod.metadata.deletionTimestamp !== undefined) this.deleteObject()
  }

  /** The object is gone from the API: whatever still runs is killed with the grace that is known. */
  remove(pod: Pod): void {
    this.removed = true
    this.pod = pod
    this.shared.statuses.forget(this.uid)
    this.terminate(graceOf(pod), undefined)
    if (this.stage.kind === 'finished') this.shared.ended(this)
  }

  /** The pod must end: it is being deleted, or the kubelet wants it (`ending`). */
  terminate(grace: Micros, ending: Ending | undefined): void {
    if (this.stage.kind === 'terminating') {
      this.stage = { kind: 'terminating', grace: Math.min(this.stage.grace, grace), ending: this.stage.ending ?? ending }
      return
    }
    if (this.stage.kind !== 'sync') return
    this.stage = { kind: 'terminating', grace, ending }
    this.interrupt?.()
    this.wake()
  }

  /** Calls back when its containers are stopped and its volumes unmounted; at once if they are. */
  whenReleased(tell: () => void): void {
    if (this.stage.kind === 'finished' || this.unmounted !== undefined) tell()
    else this.releaseListeners.push(tell)
  }

  /** Something that wants a run: a relist, a verdict of a probe, a change of the pod. */
  wake(): void {
    this.pending = true
    const { wakeUp } = this
    this.wakeUp = undefined
    wakeUp?.()
  }

  /** Something of the pod changed in truth: the next relist will see it. */
  changedInTruth(): void {
    this.changedAt = this.now
    this.planRelist()
  }

  /** Drops the worker where it stands (its kubelet dies with the machine otherwise). */
  vanish(): void {
    this.drop()
    this.probes.stop()
  }

  verdictChanged(container: Container, probe: Question, id: string, verdict: Verdict): void {
    const { statuses, node } = this.shared
    const now = node.component.time()
    const status = this.status
    const mine = [...(status.containerStatuses ?? []), ...(status.initContainerStatuses ?? [])].find((each) => each.name === container.name)
    if (mine?.containerID === id) {
      if (probe === 'readiness') {
        const ready = verdict === 'success' && mine.started === true
        if (mine.ready !== ready) statuses.set(this.pod, withContainer(this.pod, status, container.name, { ready }, now))
      } else if (probe === 'startup') {
        const started = verdict === 'success'
        if (mine.started !== started) statuses.set(this.pod, withContainer(this.pod, status, container.name, { started }, now))
      }
    }
    // Liveness syncs the pod only when it fails (rule 4 of A9: its first value does not).
    if (probe !== 'liveness' || verdict === 'failure') this.wake()
  }

  private get now(): Micros {
    return this.node.component.now()
  }

  private *life(): Task<void> {
    while (this.stage.kind === 'sync') {
      yield* this.untilPending()
      yield* this.untilRuntime()
      yield* this.untilFresh()
      if (this.stage.kind !== 'sync') break
      this.pending = false
      this.node.component.process.cancel(this.requeue)
      const end = yield* this.sync()
      this.lastEnd = this.now
      if (this.stage.kind === 'sync') this.planRequeue(end)
    }
    this.node.component.process.cancel(this.requeue)
    yield* this.untilRuntime()
    yield* this.untilFresh()
    yield* this.syncTerminating()
    yield* this.syncTerminated()
  }

  /** Sleeps until there is something to do. */
  private *untilPending(): Task<void> {
    if (this.pending) return
    yield* wait<undefined>((resume) => {
      this.wakeUp = () => resume(undefined)
      return () => {
        this.wakeUp = undefined
      }
    })
  }

  /** While the runtime is in error the kubelet's loop does nothing; it looks again after 0.1 s, doubling to 5 s (A1). */
  private *untilRuntime(): Task<void> {
    const { machine, component } = this.node
    const since = machine.runtimeDownSince
    if (since === undefined) return
    yield* wait<undefined>((resume) => {
      const unlisten = machine.troubles.listen(
        this.node.mineOf((name: string) => {
          if (name !== machine.name || machine.runtimeDownSince !== undefined) return
          unlisten()
          resume(undefined)
        }),
      )
      return unlisten
    })
    let look = since
    let delay = firstRuntimeLook
    while (look < this.now) {
      look += delay
      delay = Math.min(delay * 2, lastRuntimeLook)
    }
    yield* moment(component.process, look, 'runtime is back')
    this.changedInTruth()
  }

  /** The freshness gate (A1): the cache must be newer than the end of the previous run. */
  private *untilFresh(): Task<void> {
    const { lastEnd } = this
    if (lastEnd === undefined || this.freshAt >= lastEnd) return
    const tick = nextBeat(this.node.rhythms.relist, lastEnd, 'strict')
    if (tick < this.now) return
    yield* moment(this.node.component.process, tick, 'cache is fresh')
    this.relist(tick)
  }

  /** One sync (A3). */
  private *sync(): Task<SyncEnd & { readonly error: boolean }> {
    const { volumes, node } = this.shared
    const view = this.seen
    const status = this.publish(view)
    const nothing = { actions: 0, failed: false, backOffUntil: undefined }
    if (status.phase === 'Failed' || status.phase === 'Succeeded') {
      this.terminate(graceOf(this.pod), undefined)
      return { ...nothing, error: false }
    }
    const { pod } = this
    if (this.isPastDeadline(status)) return { ...nothing, error: false }
    const end = yield* this.volumesOf(volumes, pod)
    if (end.kind === 'cancelled') {
      // Nothing was begun, so nothing is waited for: the ending starts at once (cases/README.md 5).
      this.freshAt = this.now
      return { ...nothing, error: true }
    }
    if (end.kind === 'failed') {
      if (end.event !== undefined) node.tell(pod, 'Warning', 'FailedMount', end.event)
      return { ...nothing, error: true }
    }
    this.probes.add((container, question) => this.known(container, question))
    const syncing: Syncing = {
      node,
      images: this.shared.images,
      probes: this.probes,
      crashes: this.shared.crashes,
      failures: this.failures,
      sandboxMade: () => this.sandboxMade(),
    }
    const result = yield* syncContainers(syncing, pod, view)
    if (result.actions > 0 && !result.failed && node.component.gates.on('PLEGOnDemandRelist')) this.relistNow()
    return { ...result, error: result.failed }
  }

  /** spec.activeDeadlineSeconds counts from status.startTime; past it the pod is Failed. Source: A4; active_deadline.go. */
  private isPastDeadline(status: PodStatus): boolean {
    const { component } = this.node
    const length = this.pod.spec.activeDeadlineSeconds
    if (length === undefined || status.startTime === undefined) return false
    const end = component.microsOf(status.startTime) + seconds(length)
    if (this.now < end) {
      component.process.cancel(this.deadline)
      this.deadline = component.process.atTurn(nextBeat(this.node.rhythms.sync, end, 'includes'), 'active deadline', () => this.wake())
      return false
    }
    const message = 'Pod was active on the node longer than the specified deadline'
    this.node.tell(this.pod, 'Normal', 'DeadlineExceeded', message)
    this.terminate(graceOf(this.pod), { reason: 'DeadlineExceeded', message })
    return true
  }

  /** The wait for volumes, which a deletion cuts short. */
  private *volumesOf(volumes: Volumes, pod: Pod): Task<VolumesEnd> {
    return yield* wait<VolumesEnd>((resume) => {
      let giveUp: () => void = () => undefined
      this.interrupt = () => {
        giveUp()
        this.interrupt = undefined
        resume({ kind: 'cancelled' })
      }
      giveUp = volumes.wait(pod)((end) => {
        this.interrupt = undefined
        resume(end)
      })
      return giveUp
    })
  }

  /** What is to be believed of a container that ran before this kubelet (A11). */
  private known(container: Container, question: Question): { readonly id: string; readonly verdict: Verdict } | undefined {
    if (!this.inherited || this.node.startedAt === 0) return undefined
    const { last } = { last: this.node.machine.runtime.container(this.uid, container.name) }
    if (last === undefined || !last.isRunning || last.startedAt >= this.node.startedAt) return undefined
    const status = (this.pod.status?.containerStatuses ?? []).find((each) => each.name === container.name)
    if (question === 'startup') return status?.started ? { id: last.id, verdict: 'success' } : undefined
    if (question === 'liveness') return { id: last.id, verdict: 'success' }
    const keeps =
      !this.node.component.gates.on('ChangeContainerStatusOnKubeletRestart') && this.node.startedAt - last.startedAt > seconds(10)
    return keeps && status?.ready ? { id: last.id, verdict: 'success' } : undefined
  }

  /** Computes the status and says it. Every computation asks the readiness of what is not ready (A9 rule 10). */
  private publish(view: PodView, stopped = false): PodStatus {
    const { node, statuses } = this.shared
    const { component, machine } = node
    const ending = this.stage.kind === 'terminating' || this.stage.kind === 'terminated' ? this.stage.ending : undefined
    const status = statusOf({
      pod: this.pod,
      view,
      old: this.status,
      failures: this.failures,
      isStarted: (container, id) => this.probes.isStarted(container, id),
      isReady: (container, id) => this.readyBeforeProbes(container, id),
      stopped,
      ending,
      hostAddress: machine.address,
      imageId: (image) => imageIdOf(node, image),
      time: (at) => component.timeOf(at),
      now: component.time(),
      tracksGeneration: component.gates.on('PodObservedGenerationTracking'),
    })
    const held = stopped || this.isIdle(status) ? status : withoutEnd(status, this.status)
    if (!this.removed) statuses.set(this.pod, held)
    if (!stopped) this.probes.statusComputed(held)
    return status
  }

  /** Between a kubelet's start and the making of its probe workers a container that it found keeps what the API says (1.35). */
  private readyBeforeProbes(container: Container, id: string): boolean {
    if (this.probes.isReady(container, id)) return true
    return container.readinessProbe !== undefined && this.lastEnd === undefined && this.known(container, 'readiness')?.id === id
  }

  /** Whether no container can still run, so that a final phase may be told. */
  private isIdle(status: PodStatus): boolean {
    if (status.phase !== 'Failed' && status.phase !== 'Succeeded') return true
    return this.node.machine.runtime.runningOf(this.uid).length === 0 && this.stage.kind === 'terminated'
  }

  private sandboxMade(): void {
    if (!this.node.component.gates.on('PodReadyToStartContainersEarly')) return
    const { statuses, node } = this.shared
    const now = node.component.time()
    const status = this.status
    const conditions = (status.conditions ?? []).map((condition) =>
      condition.type === 'PodReadyToStartContainers' && condition.status !== 'True'
        ? { ...condition, status: 'True' as const, lastTransitionTime: now }
        : condition,
    )
    statuses.set(this.pod, { ...status, conditions })
  }

  /** What a relist at `tick` shows; a change of the tick's own instant waits for the next one. */
  private relist(tick: Micros): void {
    const view = this.node.machine.runtime.view(this.uid, tick)
    const changed = !sameView(view, this.seen)
    this.seen = view
    if (this.changedAt >= tick) this.planRelist()
    if (changed) this.wake()
  }

  /** The relist of this one pod at the end of a sync that did something (1.36). */
  private relistNow(): void {
    this.freshAt = this.now
    this.changedAt = -1
    this.seen = this.node.machine.runtime.view(this.uid)
    this.pending = true
  }

  private planRelist(): void {
    if (this.relistPlanned) return
    this.relistPlanned = true
    const tick = nextBeat(this.node.rhythms.relist, this.now, 'strict')
    this.node.component.process.atTurn(tick, 'relist', () => {
      this.relistPlanned = false
      // A runtime that does not answer lists nothing; what it missed is seen when it is back.
      if (this.changedAt >= 0 && this.node.machine.runtimeDownSince === undefined) this.relist(tick)
    })
  }

  /** When this pod is looked at again if nothing happens (A1). */
  private planRequeue(end: SyncEnd & { readonly error: boolean }): void {
    const { node } = this
    const { component, rhythms } = node
    // A resync of a pod that is Ready finds nothing to do and asks no probe: it is no event.
    if (!end.error && isStatusReady(this.status)) return
    const since135 = component.gates.release.minor >= 35
    let delay = resync
    let label = 'requeued'
    this.looks = end.backOffUntil === undefined || end.backOffUntil !== this.lastBackOff ? 1 : this.looks + 1
    this.lastBackOff = end.backOffUntil
    if (end.error) {
      delay = errorDelay
      if (end.backOffUntil !== undefined) {
        // Looks into one back-off are told apart, so that a run counts as settled only after whole rounds.
        label = `requeued in back-off, look ${this.looks}`
        if (since135) delay = Math.max(0, Math.min(end.backOffUntil - this.now, resync))
      }
    }
    const due = this.now + node.stretch(delay, 0.5, `requeue ${this.uid}`)
    this.requeue = component.process.atTurn(nextBeat(rhythms.sync, due, 'includes'), label, () => this.wake())
  }

  /** The containers are stopped; the last thing that is said of them is that they ended. */
  private *syncTerminating(): Task<void> {
    const { node, volumes } = this.shared
    const { machine } = node
    if (this.stage.kind !== 'terminating') return
    this.publish(this.seen)
    this.probes.stopLiveness()
    const ran = machine.runtime.runningOf(this.uid).length > 0
    yield* killPod(node, this.pod, Math.max(this.stage.grace, seconds(1)))
    this.probes.stop()
    machine.runtime.stopSandbox(this.uid)
    if (ran) node.component.record('pod-stopped', `Pod/${this.pod.metadata.namespace}/${this.pod.metadata.name}`, { uid: this.uid })
    const { ending } = this.stage
    this.stage = { kind: 'terminated', since: this.now, ending }
    this.seen = machine.runtime.view(this.uid)
    // Differs from Kubernetes: a pod in which nothing ever ran is told to have Failed here, not up to a second later with its last
    // write (cases/README.md 5: at the end of the last container the final status is published).
    const status = this.publish(this.seen, true)
    if (!this.removed && status.phase !== 'Succeeded' && status.phase !== 'Failed') {
      this.shared.statuses.set(this.pod, finalStatus(this.pod, this.status, node.component.time()))
    }
    volumes.release(this.uid, (at) => {
      this.unmounted = at
      for (const tell of this.releaseListeners.splice(0)) tell()
    })
  }

  /** Volumes are waited for, then the object goes. */
  private *syncTerminated(): Task<void> {
    const { component, rhythms } = this.shared.node
    if (this.stage.kind !== 'terminated') return
    const relist = nextBeat(rhythms.relist, this.stage.since, 'strict')
    yield* moment(component.process, relist, 'cache is fresh')
    if (this.unmounted === undefined) {
      yield* wait<undefined>((resume) => {
        this.releaseListeners.push(() => resume(undefined))
        return () => undefined
      })
    }
    yield* this.untilLook(relist, this.unmounted ?? relist)
    this.stage = { kind: 'finished' }
    this.node.machine.runtime.forget(this.uid)
    this.shared.volumes.forget(this.uid)
    if (this.removed) this.shared.ended(this)
    else if (this.pod.metadata.deletionTimestamp !== undefined) this.deleteObject()
  }

  /** The first look at or after `done`: every 0.3 s from `first`, 2 min 3 s long, then again after the error's requeue. */
  private *untilLook(first: Micros, done: Micros): Task<void> {
    const { component, rhythms } = this.node
    let from = first
    while (done - from > unmountLimit) from = nextBeat(rhythms.sync, from + unmountLimit + errorDelay, 'includes')
    const look = done <= from ? from : from + Math.ceil((done - from) / unmountPoll) * unmountPoll
    if (look > this.now) yield* moment(component.process, look, 'volumes are unmounted')
  }

  /** DELETE with grace 0, once everything has been said. A lost one is repeated at the status reconcile. */
  private deleteObject(): void {
    const { node } = this.shared
    const { component } = node
    if (!node.world.links.connected(node.node) || !this.shared.statuses.isSent(this.uid)) {
      component.process.atTurn(nextBeat(node.rhythms.podStatus, this.now, 'strict'), 'delete again', () => {
        if (!this.removed && !this.deleted) this.deleteObject()
      })
      return
    }
    this.deleted = true
    component.play(removal(this.pod), (ok) => {
      if (ok || this.removed) return
      this.deleted = false
      component.process.atTurn(nextBeat(node.rhythms.podStatus, this.now, 'strict'), 'delete again', () => {
        if (!this.removed && !this.deleted) this.deleteObject()
      })
    })
  }
}

/** The last request of a pod's life. */
function* removal(pod: Pod): Story<boolean> {
  const { namespace, name, uid } = pod.metadata
  const answer = yield* call({ verb: 'delete', kind: 'Pod', namespace, name, gracePeriodSeconds: 0, preconditions: { uid: uid as string } })
  return answer.ok || answer.status.reason === 'NotFound' || answer.status.reason === 'Conflict'
}

/** The grace that a deletion gives, at least a second (A10 step 1). */
export const graceOf = (pod: Pod): Micros =>
  seconds(Math.max(1, pod.metadata.deletionGracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30))

/** A final phase is not told while a container may still run: the old one stands (A1). */
const withoutEnd = (status: PodStatus, old: PodStatus): PodStatus => {
  const { reason: _reason, message: _message, ...rest } = status
  return {
    ...rest,
    phase: old.phase ?? 'Pending',
    ...(old.reason === undefined ? {} : { reason: old.reason }),
    ...(old.message === undefined ? {} : { message: old.message }),
  }
}

const sameView = (a: PodView, b: PodView): boolean =>
  a.sandbox?.id === b.sandbox?.id &&
  a.sandbox?.ready === b.sandbox?.ready &&
  a.containers.length === b.containers.length &&
  a.containers.every((each, at) => {
    const other = b.containers[at]
    return other !== undefined && each.container === other.container && each.state.kind === other.state.kind
  })

/** `registry.k8s.io/nginx-slim@sha256:…`: the same for the same image, in every run. */
function imageIdOf(node: NodeContext, image: string): string {
  const slash = image.lastIndexOf('/')
  const colon = image.indexOf(':', slash + 1)
  const name = image.includes('@') ? image.slice(0, image.indexOf('@')) : colon < 0 ? image : image.slice(0, colon)
  return `${name}@sha256:${node.world.digestOf(image)}`
}

const isStatusReady = (status: PodStatus): boolean =>
  status.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') === true
