/**
 * Events for humans: identical ones are counted up on one object; similar ones are combined and too many dropped, as
 * clients do.
 *
 * Source: statefulset.md 12, "Recorder" (client-go tools/record: aggregation from the tenth different message of one type and
 * reason with gaps of at most ten minutes; 25 events in a burst for each object and type, then one per five minutes).
 */
import { type Micros, minutes } from '../../engine/clock.ts'
import type { Engine } from '../../engine/engine.ts'
import type { Store } from '../apiserver/store.ts'
import { type KubernetesObject, objectKey } from '../objects/metadata.ts'
import type { Announcement } from './story.ts'

/** What a journal entry `event` says. */
export type EventDetail = {
  readonly type: string
  readonly reason: string
  readonly message: string
  readonly count: number
  readonly object: KubernetesObject
}

export type RecorderOptions = {
  readonly engine: Engine
  readonly store: Store
  /** `statefulset-controller`, `kubelet`; with the node for kubelets. */
  readonly source: { readonly component: string; readonly host?: string }
  readonly time: () => string
  /** Whether similar events are combined and too many dropped; profile `reference` does neither (cases/README.md 1). */
  readonly correlates: boolean
}

const similarLimit = 10
const similarGap = minutes(10)
const burst = 25
const refill = minutes(5)
/** Of so many objects and reasons a recorder remembers what it has said; then it forgets the one it spoke of the longest ago. Source: events_cache.go. */
const mostRemembered = 4096

/** Puts an entry last, and drops the first if there are too many. */
const remember = <V>(entries: Map<string, V>, key: string, value: V): void => {
  entries.delete(key)
  entries.set(key, value)
  if (entries.size > mostRemembered) entries.delete(entries.keys().next().value as string)
}

/** Messages of one sort, and when the last one came. Mostly there is one: a set is made for the second. */
type Similar = { messages: string | Set<string>; last: Micros }

export class Recorder {
  private readonly options: RecorderOptions
  private readonly similar = new Map<string, Similar>()
  private readonly tokens = new Map<string, { left: number; at: Micros }>()

  constructor(options: RecorderOptions) {
    this.options = options
  }

  record(event: Announcement): void {
    const { correlates } = this.options
    const message = correlates ? this.combined(event) : event.message
    if (correlates && !this.allowed(event)) return
    this.store(event, message)
  }

  private combined(event: Announcement): string {
    const { now } = this.options.engine
    const key = [objectKey(event.regarding), event.regarding.metadata.uid, event.type, event.reason].join(' ')
    const known = this.similar.get(key)
    const group: Similar = known === undefined || now - known.last > similarGap ? { messages: event.message, last: now } : known
    if (typeof group.messages !== 'string') group.messages.add(event.message)
    else if (group.messages !== event.message) group.messages = new Set([group.messages, event.message])
    group.last = now
    remember(this.similar, key, group)
    const isMany = typeof group.messages !== 'string' && group.messages.size >= similarLimit
    return isMany ? `(combined from similar events): ${event.message}` : event.message
  }

  private allowed(event: Announcement): boolean {
    const { now } = this.options.engine
    const key = [objectKey(event.regarding), event.regarding.metadata.uid, event.type].join(' ')
    const bucket = this.tokens.get(key) ?? { left: burst, at: now }
    const gained = (now - bucket.at) / refill
    const left = Math.min(burst, bucket.left + gained)
    remember(this.tokens, key, { left: left < 1 ? left : left - 1, at: now })
    return left >= 1
  }

  private store(event: Announcement, message: string): void {
    const { engine, store } = this.options
    const source = event.source === undefined ? this.options.source : { ...this.options.source, component: event.source }
    const { regarding, type, reason } = event
    const { metadata } = regarding
    const time = this.options.time()
    const namespace = metadata.namespace ?? 'default'
    const identity = [source.component, source.host, objectKey(regarding), metadata.uid, event.fieldPath, type, reason, message].join(' ')
    const name = `${metadata.name}.${hex(engine.chance(identity, 'event', 0))}${hex(engine.chance(identity, 'event', 1))}`
    const known = store.of('Event').get(namespace, name)
    const count = ((known?.['count'] as number | undefined) ?? 0) + 1
    const object: KubernetesObject = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: {
        name,
        namespace,
        uid: `${hex(engine.chance(identity, 'event', 2))}-event`,
        creationTimestamp: known?.metadata.creationTimestamp ?? time,
      },
      involvedObject: {
        kind: regarding.kind,
        ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
        name: metadata.name,
        ...(metadata.uid === undefined ? {} : { uid: metadata.uid }),
        apiVersion: regarding.apiVersion,
        ...(metadata.resourceVersion === undefined ? {} : { resourceVersion: metadata.resourceVersion }),
        ...(event.fieldPath === undefined ? {} : { fieldPath: event.fieldPath }),
      },
      reason,
      message,
      source,
      firstTimestamp: known?.['firstTimestamp'] ?? time,
      lastTimestamp: time,
      count,
      type,
      eventTime: null,
      ...(event.action === undefined ? {} : { action: event.action }),
      reportingComponent: source.component,
      reportingInstance: source.host ?? '',
    }
    const detail: EventDetail = { type, reason, message, count, object }
    const entry = engine.record(source.component, 'event', objectKey(regarding), detail)
    engine.because(entry, () => store.put(object, { actor: source.component, verb: count === 1 ? 'create' : 'patch' }))
  }
}

const hex = (draw: number): string =>
  Math.floor(draw * 0x100000000)
    .toString(16)
    .padStart(8, '0')
