/**
 * What of the pods' statuses reaches the API, and when: a changed status is sent at once; what could not be sent, and what
 * somebody else changed, is put right at the next tick of the reconcile. Source: node-and-storage.md A1 (status_manager.go).
 */
import { nextBeat } from '../../engine/rhythm.ts'
import type { Answer, Request } from '../apiserver/request.ts'
import { call, type Story } from '../client/story.ts'
import type { Condition, KubernetesObject } from '../objects/metadata.ts'
import type { Pod, PodStatus } from '../objects/pod.ts'
import type { NodeContext } from './node-context.ts'

/** One pod's status as this kubelet has it. */
type Entry = {
  pod: Pod
  status: PodStatus
  /** A write is under way. */
  writing: boolean
  /** The status changed while it was. */
  again: boolean
  /** Looked at again at the next reconcile. */
  dirty: boolean
  /** The last write did not arrive. */
  unsent: boolean
}

/** Whether two values of the API are equal, whatever the order of their keys; undefined and an absent key are one. */
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const one = a as Readonly<Record<string, unknown>>
  const other = b as Readonly<Record<string, unknown>>
  for (const key of Object.keys(one)) if (!same(one[key], other[key])) return false
  for (const key of Object.keys(other)) if (other[key] !== undefined && one[key] === undefined) return false
  return true
}

/**
 * The strategic merge patch that brings `old` to `mine`: top-level fields as wholes, conditions by type, addresses by ip.
 * Undefined if there is nothing to say. What others wrote (their conditions, nominatedNodeName, …) stays.
 */
export function statusPatch(old: PodStatus, mine: PodStatus): Readonly<Record<string, unknown>> | undefined {
  const patch: Record<string, unknown> = {}
  const conditions: Record<string, unknown>[] = []
  for (const condition of mine.conditions ?? []) {
    const before = old.conditions?.find((each) => each.type === condition.type)
    // The scheduler's own words on PodScheduled are its own; the kubelet adds the generation it has seen.
    const changed = conditionPatch(before, condition)
    if (changed !== undefined) conditions.push(changed)
  }
  if (conditions.length > 0) patch['conditions'] = conditions
  for (const field of ['hostIPs', 'podIPs'] as const) {
    const now = (mine as Addresses)[field]
    const then = (old as Addresses)[field]
    if (now === undefined || same(now, then)) continue
    patch[field] = [
      ...now,
      ...(then ?? []).filter(({ ip }) => !now.some((each) => each.ip === ip)).map(({ ip }) => ({ $patch: 'delete', ip })),
    ]
  }
  for (const field of [
    'phase',
    'reason',
    'message',
    'hostIP',
    'podIP',
    'startTime',
    'initContainerStatuses',
    'containerStatuses',
    'observedGeneration',
  ] as const) {
    if (same(mine[field], old[field])) continue
    patch[field] = mine[field] === undefined ? null : mine[field]
  }
  return Object.keys(patch).length === 0 ? undefined : patch
}

type Addresses = { readonly hostIPs?: readonly { ip: string }[]; readonly podIPs?: readonly { ip: string }[] }

function conditionPatch(before: Condition | undefined, condition: Condition): Record<string, unknown> | undefined {
  if (before === undefined) return { ...condition }
  const changed: Record<string, unknown> = {}
  for (const field of ['status', 'reason', 'message', 'observedGeneration'] as const) {
    if (before[field] !== condition[field]) changed[field] = condition[field] ?? null
  }
  if (Object.keys(changed).length === 0) return undefined
  if ('status' in changed) changed['lastTransitionTime'] = condition.lastTransitionTime ?? null
  return { type: condition.type, ...changed }
}

/** The statuses of one node's pods. */
export class StatusWriter {
  private readonly node: NodeContext
  private readonly entries = new Map<string, Entry>()
  private reconcile = false

  constructor(node: NodeContext) {
    this.node = node
  }

  /** The status as this kubelet last had it, sent or not; else what the API holds. */
  current(pod: Pod): PodStatus {
    return this.entries.get(pod.metadata.uid as string)?.status ?? pod.status ?? {}
  }

  /** This is the pod's status now; it is sent if it is news. */
  set(pod: Pod, status: PodStatus): void {
    const uid = pod.metadata.uid as string
    const entry = this.entries.get(uid)
    if (entry === undefined) {
      const made: Entry = { pod, status, writing: false, again: false, dirty: false, unsent: false }
      this.entries.set(uid, made)
      if (statusPatch(pod.status ?? {}, status) !== undefined) this.send(made)
      return
    }
    entry.pod = pod
    if (same(entry.status, status)) return
    entry.status = status
    this.send(entry)
  }

  /** The API shows the pod so: if that is not what this kubelet says, it says so again at the next reconcile. */
  seen(pod: Pod): void {
    const entry = this.entries.get(pod.metadata.uid as string)
    if (entry === undefined) return
    entry.pod = pod
    if (!entry.writing && statusPatch(pod.status ?? {}, entry.status) !== undefined) this.later(entry)
  }

  /** The pod is gone, or no business of this kubelet's any more. */
  forget(uid: string): void {
    this.entries.delete(uid)
  }

  /** Whether everything that was to be said of the pod has been said. */
  isSent(uid: string): boolean {
    const entry = this.entries.get(uid)
    return entry === undefined || !(entry.writing || entry.unsent)
  }

  private later(entry: Entry): void {
    entry.dirty = true
    if (this.reconcile) return
    this.reconcile = true
    const { component, rhythms } = this.node
    const now = component.now()
    component.process.atTurn(nextBeat(rhythms.podStatus, now, 'includes'), 'pod statuses', () => this.tick())
  }

  private tick(): void {
    this.reconcile = false
    for (const entry of [...this.entries.values()]) {
      if (!entry.dirty) continue
      entry.dirty = false
      this.send(entry)
    }
    // A tick that fell into a cut is not repeated before the next one.
    const dirty = [...this.entries.values()].find((entry) => entry.dirty)
    if (dirty !== undefined && !this.reconcile) {
      this.reconcile = true
      const { component, rhythms } = this.node
      component.process.atTurn(nextBeat(rhythms.podStatus, component.now(), 'strict'), 'pod statuses', () => this.tick())
    }
  }

  private send(entry: Entry): void {
    if (entry.writing) {
      entry.again = true
      return
    }
    if (!this.node.world.links.connected(this.node.node)) {
      entry.unsent = true
      this.laterThanNow(entry)
      return
    }
    entry.writing = true
    entry.again = false
    this.node.component.play(writeStatus(entry.pod, entry.status), (result) => {
      entry.writing = false
      entry.unsent = result === 'failed'
      if (result === 'gone') return
      if (result === 'failed') this.laterThanNow(entry)
      else if (entry.again) this.send(entry)
    })
  }

  private laterThanNow(entry: Entry): void {
    entry.dirty = true
    if (this.reconcile) return
    this.reconcile = true
    const { component, rhythms } = this.node
    component.process.atTurn(nextBeat(rhythms.podStatus, component.now(), 'strict'), 'pod statuses', () => this.tick())
  }
}

/** One write of a pod's status: read it, say what differs. */
function* writeStatus(pod: Pod, status: PodStatus): Story<'written' | 'gone' | 'failed'> {
  const { namespace, name, uid } = pod.metadata
  const current: Answer = yield* call({ verb: 'get', kind: 'Pod', namespace, name })
  if (!current.ok) return current.status.reason === 'NotFound' ? 'gone' : 'failed'
  if (current.object.metadata.uid !== uid) return 'gone'
  const patch = statusPatch((current.object['status'] ?? {}) as PodStatus, status)
  if (patch === undefined) return 'written'
  const request: Request = {
    verb: 'patch',
    kind: 'Pod',
    namespace,
    name,
    type: 'strategic',
    patch: { metadata: { uid }, status: patch },
    subresource: 'status',
  }
  const answer: Answer<KubernetesObject> = yield* call(request)
  if (answer.ok) return 'written'
  return answer.status.reason === 'NotFound' || answer.status.reason === 'Conflict' ? 'gone' : 'failed'
}
