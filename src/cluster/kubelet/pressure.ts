/**
 * Node-pressure eviction: while the machine is short of something, one pod after the other goes.
 * Source: node-and-storage.md A12 (pkg/kubelet/eviction); cases/README.md 3 (the manager's ticks).
 *
 * Differs from Kubernetes: a fault says that a resource is short, nothing is measured; so quantities in texts are the thresholds'
 * own, reclaiming images frees nothing, and pods are ranked by quality of service, priority and age instead of by use. Pids evict nobody
 * who has room to give.
 */
import { type Micros, minutes, seconds } from '../../engine/clock.ts'
import { nextBeat } from '../../engine/rhythm.ts'
import type { Pod } from '../objects/pod.ts'
import { isBestEffort } from './admission.ts'
import type { NodeStatus } from './heartbeat.ts'
import type { NodeContext } from './node-context.ts'
import type { PodWorker } from './pod-worker.ts'

/** A pressure stays so long after it was last seen (evictionPressureTransitionPeriod). */
const transition = minutes(5)
/** The next round after an eviction waits so long for the pod to be cleaned up. */
const cleanup = seconds(30)
/** Pods of this priority and above are critical and stay. */
const critical = 2_000_000_000

/** What is said of each resource. */
const words = {
  disk: {
    type: 'DiskPressure',
    resource: 'ephemeral-storage',
    reason: 'KubeletHasDiskPressure',
    message: 'kubelet has disk pressure',
    threshold: '10Gi',
    available: '9Gi',
  },
  memory: {
    type: 'MemoryPressure',
    resource: 'memory',
    reason: 'KubeletHasInsufficientMemory',
    message: 'kubelet has insufficient memory available',
    threshold: '100Mi',
    available: '90Mi',
  },
  pid: {
    type: 'PIDPressure',
    resource: 'pids',
    reason: 'KubeletHasInsufficientPID',
    message: 'kubelet has insufficient PID available',
    threshold: '1k',
    available: '900',
  },
} as const

/** Pods that may go, the first to go first. */
const victims = (pods: readonly Pod[]): readonly Pod[] =>
  pods
    .filter((pod) => (pod.spec.priority ?? 0) < critical)
    .map((pod, at) => ({ pod, at }))
    .sort((a, b) => {
      const quality = Number(isBestEffort(b.pod)) - Number(isBestEffort(a.pod))
      return quality || (a.pod.spec.priority ?? 0) - (b.pod.spec.priority ?? 0) || b.at - a.at
    })
    .map(({ pod }) => pod)

/** The eviction manager of a node. */
export class EvictionManager {
  private readonly node: NodeContext
  private readonly status: NodeStatus
  private readonly workers: () => readonly PodWorker[]
  private planned = false
  /** By condition: when it was last seen. */
  private readonly lastSeen = new Map<string, Micros>()

  constructor(node: NodeContext, status: NodeStatus, workers: () => readonly PodWorker[]) {
    this.node = node
    this.status = status
    this.workers = workers
  }

  /** The kubelet starts. */
  begin(): void {
    const { machine, node } = this.node
    const look = this.node.mine(() => this.planTick('includes'))
    const end = this.node.mine(() => {
      // It was last seen at the tick before its end.
      const { component, rhythms } = this.node
      const last = nextBeat(rhythms.eviction, component.now(), 'includes') - rhythms.eviction.period
      for (const type of this.lastSeen.keys()) this.lastSeen.set(type, Math.max(last, this.lastSeen.get(type) ?? last))
      this.planTick('includes')
    })
    machine.troubles.listen((name, trouble, began) => {
      if (name === node && trouble.kind === 'pressure') (began ? look : end)()
    })
    if (this.pressures().length > 0) look()
  }

  private pressures(): readonly (keyof typeof words)[] {
    return this.node.machine.troubles.of(this.node.node).flatMap((trouble) => (trouble.kind === 'pressure' ? [trouble.resource] : []))
  }

  private planTick(mode: 'includes' | 'strict'): void {
    if (this.planned) return
    this.planned = true
    const { component, rhythms } = this.node
    component.process.atTurn(nextBeat(rhythms.eviction, component.now(), mode), 'eviction manager', () => {
      this.planned = false
      this.round()
    })
  }

  /** One round: conditions, then one pod. */
  private round(): void {
    const { component } = this.node
    const now = component.now()
    const pressures = this.pressures()
    for (const resource of pressures) {
      const { type, reason, message } = words[resource]
      this.lastSeen.set(type, now)
      if (this.status.pressure.has(type)) continue
      this.status.pressure.set(type, { reason, message })
      this.status.changed()
    }
    for (const [type, seen] of [...this.lastSeen]) {
      if (now - seen < transition) continue
      this.lastSeen.delete(type)
      this.status.pressure.delete(type)
      this.status.changed()
    }
    const evicted = pressures.length > 0 ? this.evictFor(pressures[0] as keyof typeof words) : undefined
    if (evicted === undefined) {
      // While the pressure lasts and nobody can go, a beat changes nothing but the moment at which it was last seen.
      if (pressures.length === 0 && this.lastSeen.size > 0) this.planWhenOver()
      return
    }
    // The next round follows when the pod is cleaned up, looked for once a second, else after the usual time.
    const since = now
    const again = this.node.mine(() => this.round())
    let over = false
    const limit = component.process.after(cleanup, 'cleanup of an evicted pod', () => {
      over = true
      this.planTick('strict')
    })
    evicted.whenReleased(() => {
      if (over) return
      component.process.cancel(limit)
      const polls = Math.max(1, Math.ceil((component.now() - since) / seconds(1)))
      component.process.atTurn(since + polls * seconds(1), 'eviction manager', again)
    })
  }

  private candidates(): readonly PodWorker[] {
    const living = this.workers().filter((worker) => !worker.isTerminating)
    return victims(living.map((worker) => worker.pod)).flatMap((pod) => living.filter((worker) => worker.pod === pod))
  }

  /** The first tick at which a pressure that is gone has been gone long enough. */
  private planWhenOver(): void {
    const { component, rhythms } = this.node
    const first = Math.min(...this.lastSeen.values())
    component.process.atTurn(
      nextBeat(rhythms.eviction, first + transition, 'includes'),
      'pressure is over',
      this.node.mine(() => this.round()),
    )
  }

  private evictFor(resource: keyof typeof words): PodWorker | undefined {
    const object = this.node.component.see.of('Node').get(undefined, this.node.node)
    const { resource: name, threshold, available } = words[resource]
    if (object !== undefined) this.node.tell(object, 'Warning', 'EvictionThresholdMet', `Attempting to reclaim ${name}`)
    const victim = this.candidates()[0]
    if (victim === undefined) return undefined
    const message = `The node was low on resource: ${name}. Threshold quantity: ${threshold}, available: ${available}. `
    this.node.tell(victim.pod, 'Warning', 'Evicted', message)
    victim.terminate(seconds(1), { reason: 'Evicted', message, disruption: message })
    return victim
  }
}
