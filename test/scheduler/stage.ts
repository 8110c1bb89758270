/** An API server and a scheduler, nothing else: pods are bound and stay as they are. For tests of what the scheduler does in time. */

import { internalError } from '../../src/cluster/apiserver/errors.ts'
import type { Answer, Request } from '../../src/cluster/apiserver/request.ts'
import { ApiServer } from '../../src/cluster/apiserver/server.ts'
import { cachesOf, componentOf, type Surroundings } from '../../src/cluster/client/component.ts'
import { ControlLoop } from '../../src/cluster/client/control-loop.ts'
import type { KubernetesObject } from '../../src/cluster/objects/metadata.ts'
import { gatesOf, parseRelease } from '../../src/cluster/objects/release.ts'
import { Calendar } from '../../src/cluster/objects/time.ts'
import { schedulerWith } from '../../src/cluster/scheduler/index.ts'
import type { Plugin } from '../../src/cluster/scheduler/plugin.ts'
import { seconds } from '../../src/engine/clock.ts'
import { Engine } from '../../src/engine/engine.ts'

/** A row of what happened to a pod: seconds, reason and message of an Event. */
export type Told = {
  readonly at: number
  readonly name: string
  readonly reason: string
  readonly message: string
  readonly source: string
}

export type StageOptions = {
  readonly release?: string
  readonly gates?: Readonly<Record<string, boolean>>
  /** Fields of KubeSchedulerConfiguration. */
  readonly components?: Readonly<Record<string, unknown>>
  readonly plugins?: readonly Plugin[]
  /** Seconds that a request and a watch take. */
  readonly latency?: number
  /** Requests of the scheduler that fail at that time (in seconds). */
  readonly fails?: (request: Request, at: number) => boolean
}

export class Stage {
  readonly engine = new Engine({ seed: 'stage' })
  readonly told: Told[] = []
  readonly writes: { readonly at: number; readonly by: string; readonly request: Request; readonly answer: Answer }[] = []
  readonly bindings: { readonly at: number; readonly name: string; readonly node: string }[] = []
  readonly server: ApiServer
  private readonly steps
  private readonly fails: NonNullable<StageOptions['fails']>

  constructor(options: StageOptions = {}) {
    const { engine } = this
    this.fails = options.fails ?? (() => false)
    const release = parseRelease(options.release ?? '1.36')
    if (release === undefined) throw new Error(`no release ${options.release}`)
    const gates = gatesOf(release, options.gates)
    const calendar = new Calendar('2026-01-01T00:00:00Z')
    this.server = new ApiServer({
      engine,
      gates,
      time: () => calendar.textOf(engine.now),
      plus: (time, count) => calendar.plus(time, count),
    })
    const around: Surroundings = {
      engine,
      store: this.server.store,
      handle: (actor, request) => this.handle(actor, request),
      gates,
      calendar,
      delay: () => seconds(options.latency ?? 0),
      exact: true,
      options: { 'kube-scheduler': options.components ?? {} },
      access: { refused: () => undefined },
    }
    const process = engine.process('kube-scheduler', 10)
    const caches = cachesOf(around, process)
    const { component, client } = componentOf(around, {
      actor: 'kube-scheduler',
      source: { component: 'default-scheduler' },
      process,
      caches,
      flagsOf: 'kube-scheduler',
    })
    const loop = new ControlLoop(component, caches, client, () => schedulerWith({ plugins: options.plugins ?? [] })(component))
    this.steps = engine.process('steps', 1)
    for (const name of ['default', 'kube-system']) this.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
    this.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: 'default' } })
    loop.start()
    caches.start()
    engine.journal.listen((entry) => {
      if (engine.journal.what(entry) !== 'event') return
      const { reason, message, object } = engine.journal.detail(entry) as { reason: string; message: string; object: KubernetesObject }
      const at = engine.journal.time(entry) / seconds(1)
      this.told.push({ at, name: object['involvedObject'].name, reason, message, source: object['source'].component })
    })
  }

  handle(actor: string, request: Request): Answer {
    const at = this.engine.now / seconds(1)
    const isRefused = actor === 'kube-scheduler' && this.fails(request, at)
    const answer: Answer = isRefused ? { ok: false, status: internalError('refused') } : this.server.handle(actor, request)
    this.writes.push({ at, by: actor, request, answer })
    if (request.verb === 'bind' && answer.ok) this.bindings.push({ at, name: request.name, node: request.node })
    return answer
  }

  /** Asks as a user; a refusal is a mistake of the test. */
  ask(request: Request): KubernetesObject {
    const answer = this.handle('user', request)
    if (!answer.ok) throw new Error(`${JSON.stringify(request).slice(0, 300)}: ${answer.status.message}`)
    return answer.object
  }

  create(object: KubernetesObject): KubernetesObject {
    return this.ask({ verb: 'create', object })
  }

  /** At so many seconds. */
  at(time: number, act: () => void): void {
    this.steps.at(seconds(time), 'step', act)
  }

  run(until: number): void {
    this.engine.run(seconds(until))
  }

  get(kind: string, name: string, namespace: string | undefined = 'default'): KubernetesObject | undefined {
    return this.server.store.of(kind).get(namespace, name)
  }

  /** When a pod was tried, in seconds. */
  attempts(name: string): readonly number[] {
    const times = this.told.filter((row) => row.name === name && (row.reason === 'FailedScheduling' || row.reason === 'Scheduled'))
    return [...new Set(times.map(({ at }) => at))]
  }

  /** When and where it was bound. */
  placed(name: string): { readonly at: number; readonly node: string } | undefined {
    const found = this.bindings.find((one) => one.name === name)
    return found === undefined ? undefined : { at: found.at, node: found.node }
  }
}

type Amounts = Readonly<Record<string, string | number>>

const strings = (amounts: Amounts): Record<string, string> =>
  Object.fromEntries(Object.entries(amounts).map(([name, amount]) => [name, String(amount)]))

export type NodeOptions = {
  readonly cpu?: string | number
  readonly memory?: string
  readonly pods?: number
  readonly labels?: Readonly<Record<string, string>>
  readonly taints?: readonly object[]
  readonly cordoned?: boolean
}

/** A node as the kubelet registers it. */
export const node = (
  name: string,
  { cpu = 4, memory = '8Gi', pods = 110, labels, taints, cordoned }: NodeOptions = {},
): KubernetesObject => {
  const amounts = strings({ cpu, memory, pods, 'ephemeral-storage': '100Gi' })
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, ...(labels === undefined ? {} : { labels }) },
    spec: { ...(taints === undefined ? {} : { taints }), ...(cordoned === true ? { unschedulable: true } : {}) },
    status: { capacity: amounts, allocatable: amounts, conditions: [{ type: 'Ready', status: 'True' }] },
  }
}

export type PodOptions = {
  readonly cpu?: string | number
  readonly on?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly claims?: readonly string[]
  readonly priorityClass?: string
  readonly grace?: number
  readonly spec?: object
}

export const pod = (name: string, { cpu, on, labels, claims, priorityClass, grace = 30, spec }: PodOptions = {}): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', ...(labels === undefined ? {} : { labels }) },
  spec: {
    containers: [
      { name: 'c', image: 'registry.k8s.io/pause:3.10', ...(cpu === undefined ? {} : { resources: { requests: { cpu: String(cpu) } } }) },
    ],
    terminationGracePeriodSeconds: grace,
    ...(on === undefined ? {} : { nodeName: on }),
    ...(priorityClass === undefined ? {} : { priorityClassName: priorityClass }),
    ...(claims === undefined
      ? {}
      : { volumes: claims.map((claimName, i) => ({ name: `claim-${i}`, persistentVolumeClaim: { claimName } })) }),
    ...spec,
  },
})

export const priorityClass = (name: string, value: number): KubernetesObject => ({
  apiVersion: 'scheduling.k8s.io/v1',
  kind: 'PriorityClass',
  metadata: { name },
  value,
})
