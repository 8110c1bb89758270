/**
 * Probes: a worker for each container and kind of probe, whose attempts are at `worker creation + k · period`. A beat becomes an
 * event only if the attempt would change or tell something; the others are arithmetic.
 * Source: node-and-storage.md A9 (prober/worker.go, prober_manager.go, prober.go).
 */
import { type Micros, seconds } from '../../engine/clock.ts'
import type { Handle } from '../../engine/queue.ts'
import type { Question, Reply, Container as Running } from '../../world/container.ts'
import type { Container, ContainerStatus, Pod, PodStatus, Probe } from '../objects/pod.ts'
import { isSidecar } from '../objects/pod.ts'
import type { NodeContext } from './node-context.ts'
import { restartPolicyOf } from './status.ts'

/** What a probe found of a container: nothing yet, or the verdict that was published. */
export type Verdict = 'success' | 'failure' | 'unknown'

/** What a probe worker needs of its pod's worker. */
export type ProbedPod = {
  readonly pod: Pod
  /** The status as the kubelet last computed it. */
  readonly status: PodStatus
  readonly isTerminating: boolean
  /** A verdict was published that differs from the one before. */
  verdictChanged(container: Container, probe: Question, id: string, verdict: Verdict): void
}

const fieldOf = { startup: 'startupProbe', liveness: 'livenessProbe', readiness: 'readinessProbe' } as const
const nameOf = { startup: 'Startup', liveness: 'Liveness', readiness: 'Readiness' } as const
const initialOf = { startup: 'unknown', liveness: 'success', readiness: 'failure' } as const

/** The worker of one probe of one container. */
class ProbeWorker {
  readonly container: Container
  readonly question: Question
  private readonly node: NodeContext
  private readonly owner: ProbedPod
  private readonly probe: Probe
  private readonly period: Micros
  /** The ticker's start: ticks are base + k · period, k ≥ 1. */
  private base: Micros
  private lastAttempt: Micros
  private id = ''
  private published: Verdict | undefined
  private onHold = false
  private last: 'success' | 'failure' | undefined
  private run = 0
  private failures = 0
  private busy = false
  private triggered = false
  private ended = false
  private handle: Handle = -1
  private planned = Number.POSITIVE_INFINITY
  private running: Running | undefined
  private unlisten: (() => void) | undefined

  constructor(node: NodeContext, owner: ProbedPod, container: Container, question: Question, probe: Probe) {
    this.node = node
    this.owner = owner
    this.container = container
    this.question = question
    this.probe = probe
    this.period = seconds(probe.periodSeconds ?? 10)
    this.base = this.now
    this.lastAttempt = -1
  }

  /** What it last published for that container, if it is the one it knows. */
  verdict(id: string): Verdict | undefined {
    return id === this.id ? this.published : undefined
  }

  /** The first attempt: at once, or, if the kubelet has just started, somewhere in the first period (restart smoothing). */
  begin(initial: { readonly id: string; readonly verdict: Verdict } | undefined): void {
    if (initial !== undefined) {
      this.id = initial.id
      this.published = initial.verdict
    }
    const young = this.node.startedAt > 0 && this.now - this.node.startedAt < this.period
    const wait = young
      ? Math.floor(this.period * this.node.component.jitter(`probe ${this.owner.pod.metadata.uid} ${this.container.name} ${this.question}`))
      : 0
    if (wait === 0) return this.attempt()
    this.base = this.now + wait
    this.planAt(this.base)
  }

  /** Readiness: an attempt now, which restarts the ticker; one is kept while an attempt runs. */
  trigger(): void {
    if (this.ended) return
    if (this.busy) {
      this.triggered = true
      return
    }
    // The worker still sleeps its first random wait.
    if (this.lastAttempt < 0 && this.base > this.now) {
      this.triggered = true
      return
    }
    this.base = this.now
    this.attempt()
  }

  /** No more attempts. */
  end(): void {
    this.ended = true
    this.unplan()
    this.unlisten?.()
  }

  /** The next tick at which an attempt matters is planned, if there is one. */
  reconsider(): void {
    if (this.ended || this.busy) return
    if (this.lastAttempt < 0 && this.base > this.now) return
    const from = this.mattersFrom()
    if (from === undefined) this.unplan()
    else this.planAt(this.tickFrom(Math.max(from, this.now)))
  }

  private get now(): Micros {
    return this.node.component.now()
  }

  private get status(): ContainerStatus | undefined {
    const { containerStatuses, initContainerStatuses } = this.owner.status
    return [...(containerStatuses ?? []), ...(initContainerStatuses ?? [])].find((each) => each.name === this.container.name)
  }

  private tickFrom(from: Micros): Micros {
    const count = Math.max(1, Math.ceil((from - this.base) / this.period))
    const tick = this.base + count * this.period
    return tick > this.lastAttempt ? tick : tick + this.period
  }

  /** The moment from which an attempt would change or tell something; undefined: not before something else happens. */
  private mattersFrom(): Micros | undefined {
    const status = this.status
    const id = status?.containerID ?? ''
    if (status === undefined || id === '') return undefined
    if (id !== this.id) return this.now
    if (this.onHold) return undefined
    if (status.state?.running === undefined) return this.published === 'failure' ? undefined : this.now
    if (this.question === 'startup' ? status.started === true : status.started !== true) return undefined
    const running = this.find(id)
    if (running === undefined) return undefined
    const due = running.startedAt + seconds(this.probe.initialDelaySeconds ?? 0)
    const steady =
      this.last === 'success' &&
      this.run >= (this.probe.successThreshold ?? 1) &&
      this.published === 'success' &&
      running.ask(this.question).kind === 'yes'
    return steady ? undefined : due
  }

  private find(id: string): Running | undefined {
    if (this.running?.id === id) return this.running
    const found = this.node.machine.runtime.container(this.owner.pod.metadata.uid as string, this.container.name)
    if (found?.id !== id) return undefined
    this.unlisten?.()
    this.unlisten = found.listen(this.node.mine(() => this.reconsider()))
    this.running = found
    return found
  }

  private planAt(time: Micros): void {
    if (this.planned === time) return
    this.unplan()
    this.planned = time
    this.handle = this.node.component.process.atTurn(time, `${this.question} probe`, () => {
      this.planned = Number.POSITIVE_INFINITY
      if (this.lastAttempt < 0) this.base = this.now
      this.attempt()
    })
  }

  private unplan(): void {
    if (this.planned === Number.POSITIVE_INFINITY) return
    this.planned = Number.POSITIVE_INFINITY
    this.node.component.process.cancel(this.handle)
  }

  /** One attempt. Source: doProbe. */
  private attempt(): void {
    this.lastAttempt = this.now
    this.unplan()
    const asked = this.prepare()
    if (asked === undefined) return this.reconsider()
    if (asked.kind === 'silence') {
      this.busy = true
      this.node.component.process.after(seconds(this.probe.timeoutSeconds ?? 1), `${this.question} probe times out`, () => {
        this.busy = false
        if (!this.ended) this.conclude(asked)
      })
      return
    }
    this.conclude(asked)
  }

  /** Rules 3 to 6: what the container answers, or undefined if this attempt does nothing. */
  private prepare(): Reply | undefined {
    const status = this.status
    const id = status?.containerID ?? ''
    if (status === undefined || id === '') return undefined
    if (id !== this.id) {
      this.id = id
      this.published = undefined
      this.onHold = false
      this.publish(initialOf[this.question])
    }
    if (this.onHold || this.ended) return undefined
    const { pod } = this.owner
    if (status.state?.running === undefined) {
      this.publish('failure')
      const policy = restartPolicyOf(pod, this.container)
      if (status.state?.terminated !== undefined && policy === 'Never') this.end()
      return undefined
    }
    if (
      pod.metadata.deletionTimestamp !== undefined &&
      this.question !== 'readiness' &&
      this.owner.isTerminating &&
      !isSidecar(this.container)
    ) {
      this.publish('success')
      this.end()
      return undefined
    }
    const running = this.find(id)
    if (running === undefined || this.now - running.startedAt < seconds(this.probe.initialDelaySeconds ?? 0)) return undefined
    if (this.question === 'startup' ? status.started === true : status.started !== true) return undefined
    return this.handlerReply(running)
  }

  private handlerReply(running: Running): Reply {
    const command = this.probe.exec?.command
    const reply = running.ask(this.question)
    if (command === undefined || reply.kind !== 'yes') return reply
    const { exitCode, takes } = running.exec(command)
    if (takes > seconds(this.probe.timeoutSeconds ?? 1)) return { kind: 'silence' }
    return exitCode === 0 ? reply : { kind: 'no' }
  }

  /** Rules 7 to 9. */
  private conclude(reply: Reply): void {
    if (reply.kind === 'error') {
      this.tell(`${nameOf[this.question]} probe errored and resulted in unknown state: ${reply.error}`)
      return this.goOn()
    }
    const result = reply.kind === 'yes' ? 'success' : 'failure'
    if (result === 'failure') {
      this.failures += 1
      this.tell(`${nameOf[this.question]} probe failed: ${this.output(reply)}`)
    } else this.failures = 0
    if (this.last === result) this.run += 1
    else {
      this.last = result
      this.run = 1
    }
    const threshold = result === 'failure' ? (this.probe.failureThreshold ?? 3) : (this.probe.successThreshold ?? 1)
    if (this.run >= threshold) {
      if ((this.question === 'liveness' && result === 'failure') || this.question === 'startup') {
        this.onHold = true
        this.run = 0
      }
      this.publish(result)
      if (this.onHold) this.failures = 0
    }
    this.goOn()
  }

  private goOn(): void {
    if (this.ended) return
    if (this.triggered) {
      this.triggered = false
      this.base = this.now
      // The kept trigger is answered in this instant.
      return this.attempt()
    }
    this.reconsider()
  }

  private publish(verdict: Verdict): void {
    if (this.published === verdict) return
    const first = this.published === undefined
    this.published = verdict
    const { pod } = this.owner
    if (verdict !== 'unknown' && !(first && verdict === initialOf[this.question])) {
      this.node.component.record('probe', `Pod/${pod.metadata.namespace}/${pod.metadata.name}`, {
        uid: pod.metadata.uid,
        container: this.container.name,
        probe: this.question,
        result: verdict,
        failures: this.failures,
      })
    }
    this.owner.verdictChanged(this.container, this.question, this.id, verdict)
  }

  private tell(message: string): void {
    this.node.tell(this.owner.pod, 'Warning', 'Unhealthy', message)
  }

  /** What the handler prints. */
  private output(reply: Reply): string {
    const { probe } = this
    const ip = this.owner.status.podIP ?? ''
    const limit = `${probe.timeoutSeconds ?? 1}s`
    if (probe.httpGet !== undefined) {
      const scheme = (probe.httpGet.scheme ?? 'HTTP').toLowerCase()
      const host = `${probe.httpGet.host ?? ip}:${this.port(probe.httpGet.port)}`
      const path = probe.httpGet.path ?? '/'
      const url = `${scheme}://${host}${path.startsWith('/') ? path : `/${path}`}`
      if (reply.kind === 'refused') return `Get "${url}": dial tcp ${host}: connect: connection refused`
      if (reply.kind === 'silence') return `Get "${url}": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`
      return 'HTTP probe failed with statuscode: 503'
    }
    if (probe.tcpSocket !== undefined) {
      const host = `${probe.tcpSocket.host ?? ip}:${this.port(probe.tcpSocket.port)}`
      return reply.kind === 'silence' ? `dial tcp ${host}: i/o timeout` : `dial tcp ${host}: connect: connection refused`
    }
    if (probe.grpc !== undefined) {
      if (reply.kind === 'no') return 'service unhealthy (responded with "NOT_SERVING")'
      return `timeout: failed to connect service "${ip}:${probe.grpc.port}" within ${limit}: context deadline exceeded`
    }
    return reply.kind === 'silence' ? `command timed out: "${(probe.exec?.command ?? []).join(' ')}" timed out after ${limit}` : ''
  }

  private port(port: number | string): number | string {
    if (typeof port === 'number') return port
    return this.container.ports?.find((each) => each.name === port)?.containerPort ?? port
  }
}

/** The probe workers of one pod. */
export class Probes {
  private readonly node: NodeContext
  private readonly owner: ProbedPod
  private workers: ProbeWorker[] = []
  private made = false

  constructor(node: NodeContext, owner: ProbedPod) {
    this.node = node
    this.owner = owner
  }

  /** Makes the workers, once. `known`: containers that ran before this kubelet, and what is to be believed of them. */
  add(known: (container: Container, question: Question) => { readonly id: string; readonly verdict: Verdict } | undefined): void {
    if (this.made) return
    this.made = true
    const { pod } = this.owner
    const containers = [...(pod.spec.initContainers ?? []).filter(isSidecar), ...pod.spec.containers]
    for (const container of containers) {
      for (const question of ['startup', 'readiness', 'liveness'] as const) {
        const probe = container[fieldOf[question]]
        if (probe !== undefined) this.workers.push(new ProbeWorker(this.node, this.owner, container, question, probe))
      }
    }
    for (const worker of [...this.workers]) worker.begin(known(worker.container, worker.question))
  }

  /** Whether the container counts as started: it has no startup probe, or that one has said yes. */
  isStarted(container: Container, id: string): boolean {
    if (container.startupProbe === undefined) return true
    return this.worker(container.name, 'startup')?.verdict(id) === 'success'
  }

  /** Whether a started container counts as ready. Source: UpdatePodStatus: without a worker it always does. */
  isReady(container: Container, id: string): boolean {
    if (container.readinessProbe === undefined || !this.made) return container.readinessProbe === undefined
    return this.worker(container.name, 'readiness')?.verdict(id) === 'success'
  }

  /** Whether a probe has condemned that container. */
  condemns(container: Container, id: string): 'liveness' | 'startup' | undefined {
    if (this.worker(container.name, 'liveness')?.verdict(id) === 'failure') return 'liveness'
    return this.worker(container.name, 'startup')?.verdict(id) === 'failure' ? 'startup' : undefined
  }

  /** A status was computed: readiness of started containers that are not ready is asked at once (rule 10). */
  statusComputed(status: PodStatus): void {
    for (const each of [...(status.containerStatuses ?? []), ...(status.initContainerStatuses ?? [])]) {
      if (each.started === true && !each.ready) this.worker(each.name, 'readiness')?.trigger()
    }
    for (const worker of [...this.workers]) worker.reconsider()
  }

  /** The pod enters terminating: liveness and startup of app containers end. */
  stopLiveness(): void {
    for (const worker of this.workers) if (worker.question !== 'readiness' && !isSidecar(worker.container)) worker.end()
  }

  /** All end. */
  stop(): void {
    for (const worker of this.workers) worker.end()
    this.workers = []
  }

  private worker(container: string, question: Question): ProbeWorker | undefined {
    return this.workers.find((worker) => worker.container.name === container && worker.question === question)
  }
}
