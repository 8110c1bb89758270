/**
 * A node's heartbeat: the renewals of its lease, as a rhythm without events. Who asks computes the last renewal; only the
 * beginning and the end of the rhythm are told. Source: node-and-storage.md B1, B3; house.md 4 ("A rhythm is a value").
 *
 * Differs from Kubernetes: a renewal takes no resourceVersion.
 */
import { bug } from '../engine/bug.ts'
import type { Micros } from '../engine/clock.ts'
import type { Rhythm } from '../engine/rhythm.ts'

/** The last beat at or before `now`, or undefined before the first. */
const lastBeat = (beats: Rhythm, now: Micros): Micros | undefined => {
  const phase = beats.phase - Math.floor(beats.phase / beats.period) * beats.period
  return now < phase ? undefined : phase + Math.floor((now - phase) / beats.period) * beats.period
}

/** The renewals of one node's lease. */
export class Heartbeat {
  readonly node: string
  /** When the lease is renewed while the kubelet lives and reaches the API. */
  readonly beats: Rhythm
  /** Renewals at or after this moment count; undefined while it stands still. */
  private since: Micros | undefined
  /** The last renewal before `since`, or of all if it stands still. */
  private last: Micros | undefined
  private readonly listeners: ((beating: boolean) => void)[] = []

  constructor(node: string, beats: Rhythm) {
    this.node = node
    this.beats = beats
  }

  /** Whether it beats now. */
  get beating(): boolean {
    return this.since !== undefined
  }

  /** It begins to beat at `now`: with a renewal at once (a kubelet that starts), or at its next beat (a link that heals). */
  begin(now: Micros, renewsAtOnce: boolean): void {
    if (this.since !== undefined) return
    this.since = now
    if (renewsAtOnce) this.last = now
    for (const tell of this.listeners) tell(true)
  }

  /** It stops at `now`; a beat of that very instant does not come any more. */
  end(now: Micros): void {
    if (this.since === undefined) return
    this.last = this.lastRenewal(now - 1)
    this.since = undefined
    for (const tell of this.listeners) tell(false)
  }

  /** One renewal out of the rhythm. */
  renew(now: Micros): void {
    if (this.since !== undefined && now < this.since) bug('a renewal after the last', `one at ${now}`)
    this.last = now
  }

  /** When the lease was last renewed, as known at `now`; undefined if never. */
  lastRenewal(now: Micros): Micros | undefined {
    if (this.since === undefined) return this.last
    const beat = lastBeat(this.beats, now)
    if (beat === undefined || beat < this.since) return this.last
    return this.last === undefined || beat > this.last ? beat : this.last
  }

  /** Calls back at each beginning (true) and end (false). */
  listen(tell: (beating: boolean) => void): void {
    this.listeners.push(tell)
  }
}

/** The heartbeats of all nodes. */
export class Heartbeats {
  private readonly byNode = new Map<string, Heartbeat>()
  private readonly listeners: ((heartbeat: Heartbeat, beating: boolean) => void)[] = []

  /** The heartbeat of a node; undefined for a Node object without a machine. */
  of(node: string): Heartbeat | undefined {
    return this.byNode.get(node)
  }

  /** The heartbeat of a node, made when it is first asked for; it does not beat yet. */
  add(node: string, beats: Rhythm): Heartbeat {
    const there = this.byNode.get(node)
    if (there !== undefined) return there
    const heartbeat = new Heartbeat(node, beats)
    this.byNode.set(node, heartbeat)
    heartbeat.listen((beating) => {
      for (const tell of this.listeners) tell(heartbeat, beating)
    })
    return heartbeat
  }

  /** Calls back at each beginning and end of any of them. */
  listen(tell: (heartbeat: Heartbeat, beating: boolean) => void): void {
    this.listeners.push(tell)
  }
}
