/**
 * The handle of a container: started, it answers, is stopped, exits. What runs in it stands behind `Program`
 * (cluster/applications); what faults do to it is in the troubles of its pod's name. Source: contract 5 (faults on pods);
 * design/applications.md 1.
 */
import type { Micros } from '../engine/clock.ts'
import type { Process } from '../engine/process.ts'
import type { Handle } from '../engine/queue.ts'
import type { Troubles } from './troubles.ts'

/** Who asks: which probe. */
export type Question = 'startup' | 'liveness' | 'readiness'

/** What a process does when it is asked: nothing listens yet, it says yes or no, it never answers, or asking itself fails. */
export type Reply =
  | { readonly kind: 'yes' }
  | { readonly kind: 'no' }
  | { readonly kind: 'refused' }
  | { readonly kind: 'silence' }
  | { readonly kind: 'error'; readonly error: string }

/** What faults do to the containers of a pod's name; `container` limits it to one. */
export type PodTrouble =
  | { readonly kind: 'probe-fail'; readonly probe?: Question; readonly container?: string }
  | { readonly kind: 'probe-error'; readonly probe?: Question; readonly container?: string }
  | { readonly kind: 'hang'; readonly container?: string }
  | { readonly kind: 'ignore-sigterm'; readonly container?: string }
  /** A start takes `factor` times as long, or exactly `starts`. */
  | { readonly kind: 'slow-start'; readonly factor?: number; readonly starts?: Micros; readonly container?: string }

/** What is known of a container before it runs. */
export type ContainerFacts = {
  readonly namespace: string
  readonly pod: string
  readonly uid: string
  readonly node: string
  readonly name: string
  readonly kind: 'init' | 'sidecar' | 'app'
  readonly image: string
  readonly command: readonly string[]
  readonly labels: Readonly<Record<string, string>>
  /** `StatefulSet/web`; empty for a pod of nobody. */
  readonly owner: string
  /** How often it was started before. */
  readonly restarts: number
  readonly ip: string
}

/** What a command in a container ends with. */
export type ExecResult = { readonly exitCode: number; readonly output: string; readonly takes: Micros }

/** What runs in a container. Made at its start; its timers are set with `container.after`. */
export type Program = {
  /** How it answers that probe now, faults apart. */
  reply(question: Question): 'yes' | 'no' | 'refused'
  /** SIGTERM has come: after how long it exits, with which code; undefined: it goes on. */
  terminate(): { readonly after: Micros; readonly code: number } | undefined
  /** Runs a command in it (hooks, exec probes, kubectl exec). */
  exec(command: readonly string[]): ExecResult
}

/** How a program comes into being. */
export type ProgramFactory = (container: Container) => Program

/** Whether a container runs, or how it ended. `reason` is the runtime's word: Completed, Error, OOMKilled, Unknown. */
export type ContainerState =
  | { readonly kind: 'running'; readonly since: Micros }
  | { readonly kind: 'exited'; readonly since: Micros; readonly at: Micros; readonly exitCode: number; readonly reason: string }

/** A container that was started. */
export class Container {
  /** `containerd://…` */
  readonly id: string
  readonly facts: ContainerFacts
  readonly startedAt: Micros
  state: ContainerState
  private readonly process: Process
  private readonly troubles: Troubles<PodTrouble>
  private readonly onExit: (container: Container, asked: boolean) => void
  private readonly listeners: (() => void)[] = []
  private readonly timers: Handle[] = []
  private program: Program | undefined
  private terminating = false

  constructor(
    id: string,
    facts: ContainerFacts,
    process: Process,
    troubles: Troubles<PodTrouble>,
    onExit: (container: Container, asked: boolean) => void,
  ) {
    this.id = id
    this.facts = facts
    this.process = process
    this.troubles = troubles
    this.onExit = onExit
    this.startedAt = process.engine.now
    this.state = { kind: 'running', since: this.startedAt }
  }

  get isRunning(): boolean {
    return this.state.kind === 'running'
  }

  get now(): Micros {
    return this.process.engine.now
  }

  /** `Pod/default/web-0`, whose troubles it has. */
  get podKey(): string {
    return `Pod/${this.facts.namespace}/${this.facts.pod}`
  }

  /** The program begins. */
  begin(programs: ProgramFactory): void {
    this.program = programs(this)
  }

  /** Something of the program after so long, unless the container has ended by then. */
  after(delay: Micros, label: string, act: () => void): void {
    this.timers.push(
      this.process.after(delay, label, () => {
        if (this.isRunning) act()
      }),
    )
  }

  /** The troubles of that kind that it has. */
  trouble<K extends PodTrouble['kind']>(kind: K): Extract<PodTrouble, { kind: K }> | undefined {
    return this.troubles
      .of(this.podKey)
      .find((trouble) => trouble.kind === kind && (trouble.container === undefined || trouble.container === this.facts.name)) as
      | Extract<PodTrouble, { kind: K }>
      | undefined
  }

  /** How it answers a probe now. */
  ask(question: Question): Reply {
    if (!this.isRunning) return { kind: 'refused' }
    if (this.trouble('hang') !== undefined) return { kind: 'silence' }
    const mine = (kind: 'probe-fail' | 'probe-error') =>
      this.troubles
        .of(this.podKey)
        .some(
          (trouble) =>
            trouble.kind === kind &&
            (trouble.container === undefined || trouble.container === this.facts.name) &&
            (trouble.probe === undefined || trouble.probe === question),
        )
    if (mine('probe-error')) return { kind: 'error', error: 'rpc error: code = Unknown desc = failed to exec in container: timeout' }
    if (mine('probe-fail')) return { kind: 'no' }
    return { kind: this.program?.reply(question) ?? 'yes' }
  }

  /** Runs a command in it. */
  exec(command: readonly string[]): ExecResult {
    return this.program?.exec(command) ?? { exitCode: 0, output: '', takes: 0 }
  }

  /** SIGTERM now, SIGKILL after `grace`. A second call changes nothing: a stop in progress is not shortened (A1). */
  stop(grace: Micros): void {
    if (!this.isRunning || this.terminating) return
    this.terminating = true
    const end = this.trouble('ignore-sigterm') === undefined ? this.program?.terminate() : undefined
    if (end !== undefined && end.after <= grace) {
      const reason = end.code === 0 ? 'Completed' : 'Error'
      this.after(end.after, 'exits after SIGTERM', () => this.exit(end.code, reason, true))
    } else this.after(grace, 'is killed', () => this.exit(137, 'Error', true))
  }

  /** It ends now. `asked`: somebody wanted it to. */
  exit(exitCode: number, reason: string, asked: boolean): void {
    if (this.state.kind !== 'running') return
    this.state = { kind: 'exited', since: this.startedAt, at: this.now, exitCode, reason }
    for (const timer of this.timers) this.process.cancel(timer)
    this.timers.length = 0
    this.onExit(this, asked)
    this.changed()
  }

  /** Its answers may have changed: whoever asks periodically should think again. */
  changed(): void {
    for (const tell of [...this.listeners]) tell()
  }

  /** Calls back when its answers may have changed, and at its end; returns how to stop that. */
  listen(tell: () => void): () => void {
    this.listeners.push(tell)
    return () => {
      const at = this.listeners.indexOf(tell)
      if (at >= 0) this.listeners.splice(at, 1)
    }
  }
}
