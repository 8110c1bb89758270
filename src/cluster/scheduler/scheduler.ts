/**
 * The scheduler: one pod at a time it looks for a node, reserves it in its own memory and lets the binding run beside the next pod's search. It
 * keeps true: what it has decided counts (assumed pods, nominations, claims) before the API confirms it, and is taken back if it fails.
 * Source: scheduler.md 1, 2, 5 to 9; pkg/scheduler/{scheduler,schedule_one,eventhandlers}.go.
 *
 * Differs from Kubernetes: no extenders, no Permit plugins, no pod groups; failures are said in the order of section 5.7.
 */
import type { Micros } from '../../engine/clock.ts'
import type { Change } from '../client/controller.ts'
import type { Story } from '../client/story.ts'
import type { KubernetesObject } from '../objects/metadata.ts'
import type { Node } from '../objects/node.ts'
import { isFinishedPod } from '../objects/pod.ts'
import type { Gates } from '../objects/release.ts'
import { atLeast } from '../objects/release.ts'
import type { Verdict } from './attempt.ts'
import { Attempting } from './attempt.ts'
import { Workbench } from './batch.ts'
import type { Profile, Settings } from './configuration.ts'
import { nodeEvents, podEvents, storageEvent } from './events.ts'
import { Known, knownKinds } from './known.ts'
import { Nominator } from './nominator.ts'
import type { ClusterEvent, Plugin } from './plugin.ts'
import { PodInfo } from './pod-info.ts'
import type { QueuedPod } from './queue.ts'
import { SchedulingQueue } from './queue.ts'
import type { NodeInfo } from './snapshot.ts'
import { Snapshot } from './snapshot.ts'
import type { Failure } from './stories.ts'
import { bind, clearNominations, evictAll, sayDeleted, sayFailure, schedulerNameOf } from './stories.ts'

/** The kinds whose changes the scheduler hears, in the order in which it reads them at a start. */
export const schedulerKinds = [...knownKinds, 'Node', 'Pod'] as const

/** What the scheduler is given to live. */
export type SchedulerOptions = {
  readonly gates: Gates
  readonly settings: Settings
  readonly now: () => Micros
  /** Now, as the API writes it. */
  readonly time: () => string
  readonly play: <T>(story: Story<T>, ended: (result: T) => void) => void
  /** Calls `then` a little later: a pod whose evictions failed is tried again. */
  readonly again: (then: () => void) => void
  /** A draw in [0, 1) for a purpose; 0 where chance is switched off. */
  readonly chance: (purpose: string) => number
  /** How long it thinks about a pod; `then` is called when that has passed (at once for nothing). */
  readonly think: (pod: PodInfo, then: () => void) => void
  /** Whether the scores of each plugin are kept in verdicts. */
  readonly detailed?: boolean
}

/** One attempt, as told to whoever asked for it. */
export type Attempted = { readonly pod: PodInfo; readonly attempt: Attempting | undefined; readonly verdict: Verdict | undefined }

/** What comes before a binding, under way (PreBind). `fail` is what becomes of the pod once the binding is cancelled. */
type Binding = { cancelled: boolean; readonly fail: () => void }

const nodeNameOf = (pod: KubernetesObject): string => (pod['spec']?.nodeName as string | undefined) ?? ''
const keyOf = (pod: KubernetesObject): string => `${pod.metadata.namespace ?? ''}/${pod.metadata.name}`

export class Scheduler {
  readonly snapshot = new Snapshot()
  readonly known = new Known()
  readonly nominator = new Nominator()
  readonly queue: SchedulingQueue
  private readonly options: SchedulerOptions
  private readonly workbench = new Workbench()
  /** Pods as they were last seen, by uid; ended ones are not there. */
  private readonly seen = new Map<string, PodInfo>()
  /** Pods that are on a node in the scheduler's memory alone. */
  private readonly assumed = new Set<string>()
  private readonly bindings = new Map<string, Binding>()
  /** Pods whose victims are being evicted, with the last victim once it alone is left. */
  private readonly preempting = new Map<string, { last: PodInfo | undefined }>()
  /** Where the next search for nodes begins. */
  private startAt = 0

  constructor(options: SchedulerOptions) {
    this.options = options
    const { gates, settings } = options
    this.queue = new SchedulingQueue({
      now: options.now,
      initialBackoff: settings.initialBackoff,
      maxBackoff: settings.maxBackoff,
      popsFromBackoff: gates.on('SchedulerPopFromBackoffQ'),
      pluginsOf: (pod) => this.profileOf(pod)?.all ?? [],
      gate: (pod) => this.gateOf(pod),
      world: { snapshot: this.snapshot, known: this.known, gates },
    })
  }

  /** Whether a profile answers to the scheduler's name that a pod asks for. */
  serves(pod: KubernetesObject): boolean {
    return this.options.settings.profiles.has(schedulerNameOf(pod))
  }

  /** A change arrived. */
  take({ type, object, old }: Change): void {
    if (object.kind === 'Pod') return this.podChanged(object, type === 'DELETED')
    if (object.kind === 'Node') return this.nodeChanged(object as Node, type === 'DELETED')
    this.known.set(object, type === 'DELETED')
    if (object.kind === 'PersistentVolumeClaim') this.snapshot.touchClaim(keyOf(object))
    else if (object.kind === 'PersistentVolume') this.touchVolume(object)
    else if (object.kind === 'VolumeAttachment') this.snapshot.touchAttachments((object['spec']?.nodeName as string | undefined) ?? '')
    const event = storageEvent(type, object, old)
    if (event !== undefined) this.queue.happened(event)
  }

  /** Tries the next pod, if there is one; `ended` is called when the scheduler is free again. */
  attempt(ended: (attempted: Attempted) => void): boolean {
    const queued = this.queue.pop()
    if (queued === undefined) return false
    const pod = queued.info
    const profile = this.profileOf(pod)
    if (profile === undefined || this.assumed.has(pod.uid)) {
      this.queue.remove(pod.uid)
      ended({ pod, attempt: undefined, verdict: undefined })
      return true
    }
    if (pod.terminating) {
      this.queue.remove(pod.uid)
      this.options.play(sayDeleted(pod), () => ended({ pod, attempt: undefined, verdict: undefined }))
      return true
    }
    const { snapshot, known, nominator, startAt } = this
    const { gates, chance, time, detailed = false } = this.options
    const attempt = new Attempting({
      cycle: { pod, snapshot, known, gates },
      profile,
      nominator,
      startAt,
      chance: (purpose) => chance(`${purpose} ${pod.uid} ${queued.attempts}`),
      now: time(),
      workbench: this.workbench,
      detailed,
    })
    const verdict = attempt.run()
    const nodes = snapshot.nodes().length
    if (nodes > 0) this.startAt = (startAt + attempt.looked) % nodes
    this.options.think(pod, () => this.follow(queued, profile, attempt, verdict, () => ended({ pod, attempt, verdict })))
    return true
  }

  private follow(queued: QueuedPod, profile: Profile, attempt: Attempting, verdict: Verdict, ended: () => void): void {
    switch (verdict.kind) {
      case 'placed':
        return this.place(queued, profile, attempt, verdict.node, ended)
      case 'error':
        return this.fail(queued, new Set(), { message: verdict.message, reason: 'SchedulerError', nominated: '' }, ended)
      case 'unschedulable': {
        const { nominate, clears, message, rejectors } = verdict
        const nominated = nominate?.node ?? (clears ? '' : undefined)
        if (nominate === undefined) return this.fail(queued, rejectors, { message, reason: 'Unschedulable', nominated }, ended)
        const begin = this.preparePreemption(queued.info, nominate.node, nominate.victims)
        this.fail(queued, rejectors, { message, reason: 'Unschedulable', nominated }, ended)
        return begin()
      }
    }
  }

  /** Source: scheduler.md 5.6. */
  private place(queued: QueuedPod, profile: Profile, attempt: Attempting, node: NodeInfo, ended: () => void): void {
    const pod = queued.info
    const { cycle } = attempt
    this.snapshot.setPod(pod.boundTo(node.name), node.name)
    this.assumed.add(pod.uid)
    this.nominator.remove(pod.uid)
    for (const placed of profile.at.reserve) {
      const error = placed.plugin.reserve?.(cycle, node, attempt.stateOf(placed))
      if (error === undefined) continue
      this.takeBack(pod, profile, attempt, node)
      return this.fail(
        queued,
        new Set(),
        { message: `running Reserve plugin "${placed.plugin.name}": ${error}`, reason: 'SchedulerError', nominated: '' },
        ended,
      )
    }
    this.queue.done(queued)
    const before = profile.at.preBind
      .filter((placed) => placed.plugin.hasPreBind?.(cycle, node, attempt.stateOf(placed)) ?? true)
      .map((placed) => ({
        plugin: placed.plugin.name,
        story: () => (placed.plugin.preBind as NonNullable<Plugin['preBind']>)(cycle, node, attempt.stateOf(placed)),
      }))
    const fails = (message: string): void => {
      this.bindings.delete(pod.uid)
      this.takeBack(pod, profile, attempt, node)
      this.fail(queued, new Set(), { message, reason: 'SchedulerError', nominated: '' }, () => undefined)
    }
    const binding: Binding = {
      cancelled: false,
      fail: () => fails('running PreBind plugin "VolumeBinding": preempted by DefaultPreemption'),
    }
    if (before.length > 0) this.bindings.set(pod.uid, binding)
    const nominates = this.options.gates.on('NominatedNodeNameForExpectation')
    this.options.play(
      bind(
        pod,
        node.name,
        before,
        nominates,
        () => binding.cancelled,
        () => this.bindings.delete(pod.uid),
      ),
      (error) => {
        if (!binding.cancelled && error !== undefined) fails(error)
      },
    )
    ended()
  }

  /** A decision did not hold: what was reserved is free again. */
  private takeBack(pod: PodInfo, profile: Profile, attempt: Attempting, node: NodeInfo): void {
    for (const placed of [...profile.at.reserve].reverse()) placed.plugin.unreserve?.(attempt.cycle, node, attempt.stateOf(placed))
    if (!this.assumed.delete(pod.uid)) return
    const place = this.snapshot.placeOf(pod.uid)
    this.snapshot.removePod(pod.uid)
    if (place !== undefined) this.queue.happened({ name: 'Pod/Delete', object: place.pod.pod, pod: place.pod })
  }

  /** Source: scheduler.md 5.7. */
  private fail(queued: QueuedPod, rejectors: ReadonlySet<string>, failure: Failure, ended: () => void): void {
    const pod = queued.info
    const current = this.known.pods.get(pod.key)
    if (current !== undefined && current.metadata.uid !== pod.pod.metadata.uid) {
      this.queue.remove(pod.uid)
      return ended()
    }
    if (current === undefined || nodeNameOf(current) !== '') this.queue.remove(pod.uid)
    else {
      const info = this.seen.get(pod.uid) ?? pod
      this.queue.requeue(queued, info, rejectors)
      if (failure.nominated !== undefined) this.nominator.set(info, failure.nominated)
      else if (info.nominatedNode !== '') this.nominator.set(info, info.nominatedNode)
    }
    this.options.play(sayFailure(current ?? pod.pod, failure, this.options.time()), ended)
  }

  /** Room is to be made. What is done at once, and what begins when the failure has been said. Source: scheduler.md 9.6 to 9.8. */
  private preparePreemption(pod: PodInfo, node: string, victims: readonly PodInfo[]): () => void {
    const alive = victims.filter((victim) => !victim.terminating)
    if (alive.length === 0) return () => undefined
    const mark: { last: PodInfo | undefined } = { last: undefined }
    this.preempting.set(pod.uid, mark)
    const losers = this.nominator.on(node).filter((other) => other.priority < pod.priority && other.uid !== pod.uid)
    for (const loser of losers) this.nominator.remove(loser.uid)
    const schedulerName = schedulerNameOf(pod.pod)
    const cancels = this.options.gates.release.minor >= 36
    const { time, play, again } = this.options
    const { bindings, preempting } = this
    const cancelled: Binding[] = []
    // Asked at the moment of the eviction: the last victim's may be asked for by then, and cannot be cancelled any more.
    const cancel = (victim: PodInfo): boolean => {
      const binding = cancels ? bindings.get(victim.uid) : undefined
      if (binding === undefined) return false
      binding.cancelled = true
      cancelled.push(binding)
      return true
    }
    function* go(): Story<string | undefined> {
      yield* clearNominations(losers)
      const evictions = alive.map((victim) => ({
        victim,
        preemptor: pod,
        node,
        schedulerName,
        cancel: () => cancel(victim),
      }))
      return yield* evictAll(evictions, time(), (last) => {
        mark.last = last
      })
    }
    return () =>
      play(go(), (error) => {
        preempting.delete(pod.uid)
        // What they had reserved is free now, and the pod that waits for it is no longer held back.
        for (const binding of cancelled) binding.fail()
        if (error !== undefined) again(() => this.queue.activate(pod.uid))
      })
  }

  /** Which plugin keeps a pod out of the queue. Source: scheduler.md 2.2, 9.8. */
  private gateOf(pod: PodInfo): string | undefined {
    for (const { plugin } of this.profileOf(pod)?.at.preEnqueue ?? []) if (plugin.preEnqueue?.(pod) !== undefined) return plugin.name
    const mark = this.preempting.get(pod.uid)
    if (mark === undefined) return undefined
    if (mark.last === undefined) return 'DefaultPreemption'
    const seen = this.seen.get(mark.last.uid)
    return seen === undefined || seen.terminating ? undefined : 'DefaultPreemption'
  }

  private profileOf(pod: PodInfo): Profile | undefined {
    return this.options.settings.profiles.get(schedulerNameOf(pod.pod))
  }

  private podChanged(object: KubernetesObject, gone: boolean): void {
    const uid = object.metadata.uid ?? keyOf(object)
    const before = this.seen.get(uid)
    if (gone || isFinishedPod(object)) {
      if (before === undefined) return
      this.seen.delete(uid)
      if (this.known.pods.get(before.key)?.metadata.uid === object.metadata.uid) this.known.pods.delete(before.key)
      return this.podGone(gone ? new PodInfo(object) : before)
    }
    if (before?.pod === object) return
    this.known.pods.set(keyOf(object), object)
    const wasAssigned = before !== undefined && before.nodeName !== ''
    if (nodeNameOf(object) !== '') {
      if (wasAssigned) return this.assignedChanged(before, object)
      return this.podAssigned(object, before)
    }
    const pod = new PodInfo(object)
    this.seen.set(uid, pod)
    if (before === undefined) this.podCame(pod)
    else this.waitingChanged(pod, before)
  }

  private podCame(pod: PodInfo): void {
    if (this.profileOf(pod) === undefined) return
    if (this.queue.add(pod) && pod.nominatedNode !== '') this.nominator.set(pod, pod.nominatedNode)
  }

  /** A pod is on a node: bound by us, by somebody else, or from the beginning. */
  private podAssigned(object: KubernetesObject, before: PodInfo | undefined): void {
    const pod = this.settle(object)
    this.assumed.delete(pod.uid)
    this.queue.remove(pod.uid)
    this.nominator.remove(pod.uid)
    this.preempting.delete(pod.uid)
    this.queue.happened({ name: 'Pod/Add', object, pod })
    // Since 1.35 a binding is no end of a nomination, unless it leads elsewhere.
    if (before === undefined || before.nominatedNode === '') return
    if (atLeast(this.options.gates.release, 35) && before.nominatedNode === pod.nodeName) return
    this.queue.happened({ name: 'Pod/Delete', object: before.pod, pod: before }, before.priority)
  }

  /** Takes a pod on a node into the snapshot, without counting anew what is counted. */
  private settle(object: KubernetesObject): PodInfo {
    const node = nodeNameOf(object)
    const uid = object.metadata.uid ?? keyOf(object)
    const place = this.snapshot.placeOf(uid)
    if (place !== undefined && place.node === node && place.pod.refresh(object)) {
      this.seen.set(uid, place.pod)
      return place.pod
    }
    const pod = new PodInfo(object)
    this.snapshot.setPod(pod, node)
    this.seen.set(uid, pod)
    return pod
  }

  private assignedChanged(before: PodInfo, object: KubernetesObject): void {
    const pod = this.settle(object)
    // The same record: nothing changed that anybody listens to.
    if (pod === before) return
    for (const event of podEvents(pod, before)) if (event.name !== 'Pod/Update') this.queue.happened(event)
  }

  private waitingChanged(pod: PodInfo, before: PodInfo): void {
    if (this.profileOf(pod) === undefined) return
    if (this.assumed.has(pod.uid)) {
      if (pod.terminating) this.forgetAssumed(pod)
      return
    }
    const promised = this.nominator.nodeOf(pod.uid)
    const inMemory = before.nominatedNode === '' && pod.nominatedNode === '' ? promised : pod.nominatedNode
    if (inMemory !== '' || promised !== '') this.nominator.set(pod, inMemory)
    this.queue.update(pod, podEvents(pod, before))
    if (before.nominatedNode !== '' && before.nominatedNode !== pod.nominatedNode) {
      this.queue.happened({ name: 'Pod/Delete', object: before.pod, pod: before }, pod.priority)
    }
  }

  private forgetAssumed(pod: PodInfo): void {
    const place = this.snapshot.placeOf(pod.uid)
    this.assumed.delete(pod.uid)
    this.snapshot.removePod(pod.uid)
    if (place !== undefined) this.queue.happened({ name: 'Pod/Delete', object: place.pod.pod, pod: place.pod })
  }

  private podGone(pod: PodInfo): void {
    this.preempting.delete(pod.uid)
    if (pod.nodeName !== '') {
      this.snapshot.removePod(pod.uid)
      this.queue.remove(pod.uid)
      this.queue.happened({ name: 'Pod/Delete', object: pod.pod, pod })
      return
    }
    this.queue.remove(pod.uid)
    this.nominator.remove(pod.uid)
    if (this.assumed.has(pod.uid)) this.forgetAssumed(pod)
    else if (pod.nominatedNode !== '') this.queue.happened({ name: 'Pod/Delete', object: pod.pod, pod }, pod.priority)
  }

  private nodeChanged(object: Node, gone: boolean): void {
    const before = this.snapshot.node(object.metadata.name)?.node
    if (gone) {
      if (before === undefined) return
      this.queue.happened({ name: 'Node/Delete', object })
      this.snapshot.removeNode(object.metadata.name)
      return
    }
    if (before === object) return
    this.snapshot.setNode(object)
    const events: readonly ClusterEvent[] = before === undefined ? [{ name: 'Node/Add', object }] : nodeEvents(object, before)
    for (const event of events) this.queue.happened(event)
  }

  private touchVolume(volume: KubernetesObject): void {
    const claim = volume['spec']?.claimRef as { readonly namespace?: string; readonly name?: string } | undefined
    if (claim !== undefined) this.snapshot.touchClaim(`${claim.namespace ?? ''}/${claim.name ?? ''}`)
    for (const node of this.known.nodesWith(volume.metadata.name)) this.snapshot.touchAttachments(node)
  }
}
