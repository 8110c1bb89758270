/**
 * What a kubelet says of its node: the lease as a rhythm without events, and the node's status, written at a tick of its own only
 * if something changed. Source: node-and-storage.md B1, C5, A11 (kubelet_node_status.go, nodestatus/setters.go).
 *
 * Differs from Kubernetes: heartbeat times inside conditions are those of the last write, and the forced report every 5 min
 * is not made.
 */
import type { Micros } from '../../engine/clock.ts'
import { nextBeat } from '../../engine/rhythm.ts'
import type { Heartbeat } from '../../world/heartbeat.ts'
import { runtimeSilence } from '../../world/machine.ts'
import { call, type Story } from '../client/story.ts'
import type { Condition, KubernetesObject } from '../objects/metadata.ts'
import type { NodeContext } from './node-context.ts'
import { same } from './status-writer.ts'
import type { Volumes } from './volumes.ts'

/** The node's own word on itself. */
export class NodeStatus {
  private readonly node: NodeContext
  private readonly volumes: () => Volumes
  readonly heartbeat: Heartbeat
  private planned: Micros | undefined
  /** The first post of a kubelet leaves volumesInUse as it was (cases/README.md 6). */
  private postsVolumes = true
  /** The machine is going down. */
  shuttingDown = false
  /** Conditions of pressure that are set, by type, with what they say. */
  readonly pressure = new Map<string, { readonly reason: string; readonly message: string }>()

  constructor(node: NodeContext, volumes: () => Volumes) {
    this.node = node
    this.volumes = volumes
    this.heartbeat = node.world.heartbeats.add(node.node, node.rhythms.lease)
  }

  /** The kubelet starts: lease and status at once. */
  begin(): void {
    const { node, world, component, machine } = this.node
    if (world.links.connected(node)) this.heartbeat.begin(component.now(), true)
    const follow = this.node.mine(() => this.linkChanged())
    world.links.listen(follow)
    const look = this.node.mine(() => this.changed())
    machine.troubles.listen((name, trouble) => {
      if (name === node && trouble.kind === 'runtime-down') this.runtimeChanged(look)
    })
    if (component.now() > 0) {
      this.postsVolumes = false
      this.post()
      this.postsVolumes = true
      this.changed()
    }
  }

  /** Something of the status changed: it is written at the next tick. */
  changed(): void {
    this.planAt(nextBeat(this.node.rhythms.nodeStatus, this.node.component.now(), 'includes'))
  }

  /** The status is written now (an orderly shutdown does not wait). */
  post(): void {
    const { node, component, world } = this.node
    if (!world.links.connected(node)) {
      this.planAt(nextBeat(this.node.rhythms.nodeStatus, component.now(), 'strict'))
      return
    }
    const object = component.see.of('Node').get(undefined, node)
    if (object === undefined) return
    const inUse = this.volumes().inUse()
    const withVolumes = this.postsVolumes
    const patch = this.patchOf(object, inUse)
    const done = (ok: boolean): void => {
      if (!ok) this.planAt(nextBeat(this.node.rhythms.nodeStatus, component.now(), 'strict'))
      else if (withVolumes) this.volumes().wasReported(inUse)
    }
    if (patch === undefined) return done(true)
    component.play(write(node, patch), (ok) => {
      if (ok) this.tellTransitions(object, patch)
      done(ok)
    })
  }

  private planAt(beat: Micros): void {
    if (this.planned !== undefined && this.planned <= beat) return
    this.planned = beat
    this.node.component.process.atTurn(beat, 'node status', () => {
      if (this.planned !== beat) return
      this.planned = undefined
      this.post()
    })
  }

  private linkChanged(): void {
    const { node, world, component, machine } = this.node
    const connected = world.links.connected(node)
    if (!connected) this.heartbeat.end(component.now())
    else if (machine.runsKubelet) {
      this.heartbeat.begin(component.now(), false)
      this.changed()
    }
  }

  /** The runtime's word is asked for every 5 s; 30 s without a good one, and the node is not ready. */
  private runtimeChanged(look: () => void): void {
    const since = this.node.machine.runtimeDownSince
    const { component } = this.node
    if (since === undefined) return look()
    component.process.atTurn(lastCheck(this.node, since) + runtimeSilence, 'runtime is down', look)
  }

  /** What differs from the Node object, as a patch of its status. */
  private patchOf(object: KubernetesObject, inUse: readonly string[]): Readonly<Record<string, unknown>> | undefined {
    const { component, machine } = this.node
    const now = component.time()
    const conditions = this.conditions().flatMap((condition) => {
      const old = (object['status']?.conditions as readonly Condition[] | undefined)?.find((each) => each.type === condition.type)
      if (old?.status === condition.status && old.reason === condition.reason && old.message === condition.message) return []
      return [{ ...condition, lastHeartbeatTime: now, ...(old?.status === condition.status ? {} : { lastTransitionTime: now }) }]
    })
    const patch: Record<string, unknown> = {}
    if (conditions.length > 0) patch['conditions'] = conditions
    if (this.postsVolumes) {
      const old = (object['status']?.volumesInUse as readonly string[] | undefined) ?? []
      if (!same(old, inUse)) patch['volumesInUse'] = inUse.length === 0 ? null : inUse
    }
    if (object['status']?.nodeInfo !== undefined && object['status'].nodeInfo.bootID !== machine.bootId) {
      patch['nodeInfo'] = { bootID: machine.bootId }
    }
    return Object.keys(patch).length === 0 ? undefined : patch
  }

  private conditions(): readonly Condition[] {
    return nodeConditions({
      pressure: this.pressure,
      notReady: this.notReady(),
    })
  }

  /** Why the node is not ready, in the kubelet's words; empty: it is. */
  private notReady(): readonly string[] {
    const errors: string[] = []
    const since = this.node.machine.runtimeDownSince
    if (since !== undefined && this.node.component.now() - lastCheck(this.node, since) >= runtimeSilence)
      errors.push('container runtime is down')
    if (this.shuttingDown) errors.push('node is shutting down')
    return errors
  }

  private tellTransitions(old: KubernetesObject, patch: Readonly<Record<string, unknown>>): void {
    const { node } = this.node
    for (const condition of (patch['conditions'] ?? []) as readonly Condition[]) {
      const before = (old['status']?.conditions as readonly Condition[] | undefined)?.find((each) => each.type === condition.type)
      if (before?.status === condition.status) continue
      const word = eventOf(condition)
      if (word !== undefined) this.node.tell(old, 'Normal', word, `Node ${node} status is now: ${word}`)
    }
    if (patch['nodeInfo'] !== undefined) {
      this.node.tell(old, 'Warning', 'Rebooted', `Node ${node} has been rebooted, boot id: ${this.node.machine.bootId}`)
    }
  }
}

/** The last good look at the runtime before it went silent; a look of that very instant fails. */
const lastCheck = (node: NodeContext, since: Micros): Micros => {
  const next = nextBeat(node.rhythms.runtime, since, 'includes')
  return Math.max(node.startedAt, next - node.rhythms.runtime.period)
}

const eventOf = (condition: Condition): string | undefined => {
  const on = condition.status === 'True'
  switch (condition.type) {
    case 'Ready':
      return on ? 'NodeReady' : 'NodeNotReady'
    case 'MemoryPressure':
      return on ? 'NodeHasInsufficientMemory' : 'NodeHasSufficientMemory'
    case 'DiskPressure':
      return on ? 'NodeHasDiskPressure' : 'NodeHasNoDiskPressure'
    case 'PIDPressure':
      return on ? 'NodeHasInsufficientPID' : 'NodeHasSufficientPID'
    default:
      return undefined
  }
}

/** The four conditions that a kubelet writes. */
function nodeConditions(state: {
  readonly pressure: ReadonlyMap<string, { readonly reason: string; readonly message: string }>
  readonly notReady: readonly string[]
}): readonly Condition[] {
  const pressure = (type: string, reason: string, message: string): Condition => {
    const set = state.pressure.get(type)
    return set === undefined
      ? { type, status: 'False', reason, message }
      : { type, status: 'True', reason: set.reason, message: set.message }
  }
  return [
    pressure('MemoryPressure', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'),
    pressure('DiskPressure', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
    pressure('PIDPressure', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
    state.notReady.length === 0
      ? { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' }
      : { type: 'Ready', status: 'False', reason: 'KubeletNotReady', message: joined(state.notReady) },
  ]
}

const joined = (errors: readonly string[]): string => (errors.length === 1 ? (errors[0] as string) : `[${errors.join(', ')}]`)

function* write(node: string, status: Readonly<Record<string, unknown>>): Story<boolean> {
  const answer = yield* call({ verb: 'patch', kind: 'Node', name: node, type: 'strategic', patch: { status }, subresource: 'status' })
  return answer.ok
}
