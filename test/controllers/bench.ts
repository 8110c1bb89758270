/**
 * A control plane of one or a few controllers without latency: a real API server, real caches and queues, and the controllers under test.
 * Machines are told by hand.
 */

import { kindOf } from '../../src/cluster/apiserver/kinds/index.ts'
import type { Answer, Request } from '../../src/cluster/apiserver/request.ts'
import { ApiServer } from '../../src/cluster/apiserver/server.ts'
import { cachesOf, componentOf, type Surroundings } from '../../src/cluster/client/component.ts'
import { ControlLoop } from '../../src/cluster/client/control-loop.ts'
import type { ControllerFactory } from '../../src/cluster/client/controller.ts'
import type { KubernetesObject } from '../../src/cluster/objects/metadata.ts'
import { gatesOf } from '../../src/cluster/objects/release.ts'
import { Calendar } from '../../src/cluster/objects/time.ts'
import { type Micros, seconds } from '../../src/engine/clock.ts'
import { Engine } from '../../src/engine/engine.ts'
import type { Process } from '../../src/engine/process.ts'
import { Heartbeats } from '../../src/world/heartbeat.ts'
import { ranks } from '../../src/world/ranks.ts'

const start = '2026-01-01T00:00:00Z'

export class Bench {
  readonly engine = new Engine({ seed: 1 })
  readonly heartbeats = new Heartbeats()
  readonly calendar = new Calendar(start)
  readonly server: ApiServer
  private readonly around: Surroundings
  private readonly steps: Process
  private readonly loops: ControlLoop[] = []
  private readonly process: Process
  private readonly caches

  constructor(options: Readonly<Record<string, unknown>> = {}) {
    const { engine, calendar } = this
    const gates = gatesOf({ minor: 36, patch: 99 })
    this.server = new ApiServer({
      engine,
      gates,
      time: () => calendar.textOf(engine.now),
      plus: (time, more) => calendar.plus(time, more),
    })
    this.around = {
      engine,
      store: this.server.store,
      handle: (actor, request) => this.server.handle(actor, request),
      gates,
      calendar,
      delay: () => 0,
      exact: true,
      options: { 'kube-controller-manager': options },
      access: { refused: () => undefined },
    }
    this.steps = engine.process('steps', ranks.steps)
    this.process = engine.process('kube-controller-manager', ranks.nodeMonitor)
    this.caches = cachesOf(this.around, this.process)
    for (const name of ['default', 'kube-system']) {
      this.ask({ verb: 'create', object: { apiVersion: 'v1', kind: 'Namespace', metadata: { name } } })
      this.ask({ verb: 'create', object: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: name } } })
    }
  }

  /** The controllers come to life; what exists then is told them. */
  run(...controllers: readonly { readonly name: string; readonly source?: string; readonly factory: ControllerFactory }[]): this {
    for (const { name, source, factory } of controllers) {
      const { component, client } = componentOf(this.around, {
        actor: name,
        source: { component: source ?? name },
        process: this.process,
        caches: this.caches,
        flagsOf: 'kube-controller-manager',
      })
      this.loops.push(new ControlLoop(component, this.caches, client, () => factory(component)))
    }
    for (const loop of this.loops) loop.start()
    this.caches.start()
    return this
  }

  /** The component ends and begins anew. */
  restart(): void {
    this.process.kill()
    this.process.revive()
    for (const loop of this.loops) loop.restart()
    this.caches.start()
  }

  /** Asks the server now. */
  ask(request: Request, actor = 'test'): Answer {
    return this.server.handle(actor, request)
  }

  /** The answer must be a success. */
  must(request: Request): KubernetesObject {
    const answer = this.ask(request)
    if (!answer.ok) throw new Error(answer.status.message)
    return answer.object
  }

  /** Something happens at a moment, in seconds. */
  at(second: number, act: () => void, rank: number = ranks.steps): this {
    this.steps.atTurn(seconds(second), 'test', act, rank)
    return this
  }

  /** Time goes on up to and including that second. */
  until(second: number): this {
    this.engine.run(seconds(second))
    return this
  }

  get(kind: string, name: string): KubernetesObject | undefined {
    return this.server.store.of(kind).get(kindOf(kind)?.namespaced === true ? 'default' : undefined, name)
  }

  /** A node with a machine that renews its lease at 3 mod 10, Ready since before the start. */
  node(name: string, labels: Readonly<Record<string, string>> = {}): void {
    this.heartbeats.add(name, { period: seconds(10), phase: seconds(3) }).begin(0, false)
    this.must({ verb: 'create', object: node(name, labels) })
  }

  /** The machine behind a node is no longer heard of. */
  silence(name: string): void {
    this.heartbeats.of(name)?.end(this.engine.now)
  }

  /** What the kubelet of a node says of Ready. */
  report(name: string, ready: 'True' | 'False'): void {
    const there = this.get('Node', name) as KubernetesObject
    const conditions = (there['status'].conditions as { type: string }[]).map((condition) =>
      condition.type === 'Ready' ? { ...condition, status: ready, lastHeartbeatTime: this.calendar.textOf(this.engine.now) } : condition,
    )
    this.must({ verb: 'update', object: { ...there, status: { ...there['status'], conditions } }, subresource: 'status' })
  }

  /** A pod on a node, Running and Ready. */
  pod(
    name: string,
    nodeName: string,
    more: {
      readonly labels?: Readonly<Record<string, string>>
      readonly spec?: object
      readonly meta?: object
      readonly status?: object
    } = {},
  ): KubernetesObject {
    const made = this.must({
      verb: 'create',
      object: {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace: 'default', labels: more.labels ?? { app: 'web' }, ...more.meta },
        spec: { nodeName, containers: [{ name: 'app', image: 'nginx', ports: [{ name: 'http', containerPort: 80 }] }], ...more.spec },
      },
    })
    const time = this.calendar.textOf(this.engine.now)
    const status = {
      ...made['status'],
      phase: 'Running',
      podIP: `10.244.0.${this.server.store.revision % 250}`,
      conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: time }],
      containerStatuses: [{ name: 'app', ready: true, restartCount: 0, state: { running: { startedAt: time } } }],
      ...more.status,
    }
    return this.must({ verb: 'update', object: { ...made, status }, subresource: 'status' })
  }

  /** The journal in one line each: `145 node-controller update status Node//node-1`. Events: `145 node-controller ! NodeNotReady Node//node-1`. */
  lines(from = 0): readonly string[] {
    const { journal } = this.engine
    const lines: string[] = []
    for (let n = 1; n <= journal.length; n++) {
      const time = journal.time(n)
      if (time < seconds(from)) continue
      const detail = journal.detail(n) as { verb?: string; subresource?: string; reason?: string; type?: string; object?: KubernetesObject }
      const what = journal.what(n)
      if (what === 'waits' || detail.object?.kind === 'Event') {
        if (what !== 'event') continue
      }
      const words =
        what === 'write'
          ? [detail.verb, detail.subresource, detail.type === 'DELETED' ? 'gone' : undefined].filter((word) => word !== undefined).join(' ')
          : what === 'event'
            ? `! ${detail.reason}`
            : what
      lines.push(`${print(time)} ${journal.who(n)} ${words} ${journal.about(n)}`)
    }
    return lines
  }

  /** Those lines that hold a text. */
  linesWith(text: string, from = 0): readonly string[] {
    return this.lines(from).filter((line) => line.includes(text))
  }

  /** The texts of the Events about an object. */
  messages(about: string): readonly string[] {
    const { journal } = this.engine
    const messages: string[] = []
    for (let n = 1; n <= journal.length; n++) {
      if (journal.what(n) === 'event' && journal.about(n) === about) messages.push((journal.detail(n) as { message: string }).message)
    }
    return messages
  }

  taints(name: string): readonly string[] {
    const taints = (this.get('Node', name)?.['spec']?.taints ?? []) as readonly { key: string; effect: string }[]
    return taints.map(({ key, effect }) => `${key.replace('node.kubernetes.io/', '')}:${effect}`)
  }
}

const print = (at: Micros): string => String(at / 1_000_000)

const node = (name: string, labels: Readonly<Record<string, string>>): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels },
  spec: {},
  status: {
    conditions: ['MemoryPressure', 'DiskPressure', 'PIDPressure', 'Ready'].map((type) => ({
      type,
      status: type === 'Ready' ? 'True' : 'False',
      lastHeartbeatTime: start,
      lastTransitionTime: start,
    })),
  },
})
