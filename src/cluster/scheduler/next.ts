/**
 * One look at each pending pod of given objects: where it would go, why not elsewhere, who would have to go. Pods are taken in the order of the
 * queue, each sees what the ones before it were given. Source: contract.md 7.
 *
 * What takes time is not waited for: a pod whose claims have to be bound first gets its choice written, and waits.
 */
import type { Micros } from '../../engine/clock.ts'
import type { AtOnce } from '../client/at-once.ts'
import type { Change } from '../client/controller.ts'
import type { Effect, Story } from '../client/story.ts'
import { withoutPodLevel } from '../objects/fit.ts'
import type { KubernetesObject } from '../objects/metadata.ts'
import { isFinishedPod } from '../objects/pod.ts'
import type { Gates } from '../objects/release.ts'
import type { Attempting, Verdict } from './attempt.ts'
import type { SchedulerConfiguration } from './configuration.ts'
import { settingsOf } from './configuration.ts'
import type { Plugin } from './plugin.ts'
import type { PodInfo } from './pod-info.ts'
import type { QueuedPod } from './queue.ts'
import { Scheduler, schedulerKinds } from './scheduler.ts'
import { schedulerNameOf } from './stories.ts'

/** Why the scheduler decided as it did. Scores are weighted. */
export type SchedulerDetail = {
  readonly node: string | null
  readonly nominated: string | null
  readonly feasible: readonly string[]
  readonly rejected: Readonly<Record<string, readonly string[]>>
  readonly scores: Readonly<Record<string, { readonly total: number; readonly plugins: Readonly<Record<string, number>> }>>
  readonly victims: readonly string[]
  readonly message: string | null
}

/** What the scheduler does about one pod. */
export type PodLook = {
  readonly pod: KubernetesObject
  readonly waits: string | null
  readonly error: string | null
  /** Microseconds. */
  readonly wakesAfter: Micros | null
  readonly detail: SchedulerDetail
}

export type LookOptions = {
  readonly gates: Gates
  /** Now, as the API writes it. */
  readonly time: string
  /** A moment of the API in microseconds. */
  readonly microsOf: (time: string) => Micros
  readonly now: Micros
  readonly configuration?: SchedulerConfiguration | undefined
  /** Plugins beside Kubernetes' own. */
  readonly plugins?: readonly Plugin[]
  /** A look at this pod begins: who answers its calls. */
  readonly begin: (pod: KubernetesObject) => AtOnce
}

const byName = (a: KubernetesObject, b: KubernetesObject): number => {
  const x = `${a.metadata.namespace ?? ''}/${a.metadata.name}`
  const y = `${b.metadata.namespace ?? ''}/${b.metadata.name}`
  return x < y ? -1 : x > y ? 1 : 0
}

const created = (pod: KubernetesObject): string => pod.metadata.creationTimestamp ?? ''

/** A story that meets a sleep ends there: the rest needs time. */
const playUntilSleep = <T>(
  story: Story<T>,
  hands: AtOnce,
): { readonly done: true; readonly value: T } | { readonly done: false; readonly after: Micros } => {
  for (let step = story.next(); ; ) {
    if (step.done === true) return { done: true, value: step.value }
    const effect: Effect = step.value
    if (effect.effect === 'sleep') return { done: false, after: effect.for }
    step = story.next(answerTo(effect, hands))
  }
}

const answerTo = (effect: Exclude<Effect, { effect: 'sleep' }>, hands: AtOnce): unknown => {
  switch (effect.effect) {
    case 'call':
      return hands.call(effect.request)
    case 'event':
      return hands.event?.(effect)
    case 'together':
      return effect.stories.map((story) => {
        const played = playUntilSleep(story, hands)
        return played.done ? played.value : undefined
      })
    case 'until':
      return effect.test()
  }
}

/** The looks, in the order in which the pods leave the queue; gated pods last. */
export const lookAtPods = (objects: readonly KubernetesObject[], options: LookOptions): readonly PodLook[] => {
  const { gates, time, configuration, begin } = options
  let now = options.now
  let hands: AtOnce | undefined
  let sleeps: Micros | null = null
  let failed: string | null = null
  const scheduler = new Scheduler({
    gates,
    settings: settingsOf(configuration, gates, options.plugins),
    now: () => now,
    time: () => time,
    chance: () => 0,
    think: (_pod, then) => then(),
    again: () => undefined,
    detailed: true,
    play: (story, ended) => {
      if (hands === undefined) return
      const played = playUntilSleep(story, hands)
      if (!played.done) {
        sleeps = played.after
        return
      }
      if (typeof played.value === 'string') failed = played.value
      ended(played.value)
    },
  })
  const pods: KubernetesObject[] = []
  for (const kind of schedulerKinds) {
    const all = objects.filter((object) => object.kind === kind)
    if (kind === 'Pod') pods.push(...(gates.on('PodLevelResources') ? all : all.map(withoutPodLevel)))
    // Nodes come in the order of the dump: kubectl gives them by name.
    else for (const object of kind === 'Node' ? all : all.sort(byName)) scheduler.take({ type: 'ADDED', object, old: undefined })
  }
  for (const pod of pods) if (pod['spec']?.nodeName) scheduler.take({ type: 'ADDED', object: pod, old: undefined })
  // Each enters the queue when it was created.
  const pending = pods
    .filter((pod) => !pod['spec']?.nodeName && !isFinishedPod(pod))
    .sort((a, b) => (created(a) < created(b) ? -1 : created(a) > created(b) ? 1 : 0))
  for (const pod of pending) {
    now = created(pod) === '' ? options.now : options.microsOf(created(pod))
    scheduler.take({ type: 'ADDED', object: pod, old: undefined })
  }
  now = options.now
  const looks: PodLook[] = []
  for (const pod of pending) if (!scheduler.serves(pod)) looks.push(foreignLook(pod))
  for (const { info, gatedBy } of [...scheduler.queue.waiting()]) if (gatedBy !== undefined) looks.push(gatedLook(info, gatedBy))
  const tried = new Set<string>()
  const heard: Change[] = []
  for (let next = peek(scheduler, tried); next !== undefined; next = peek(scheduler, tried)) {
    tried.add(next.uid)
    hands = listening(begin(next.pod), next.pod, heard)
    sleeps = null
    failed = null
    scheduler.attempt(({ pod, attempt, verdict }) => looks.push(lookOf(pod, attempt, verdict)))
    for (const change of heard.splice(0)) scheduler.take(change)
    const look = looks.at(-1)
    if (look === undefined) continue
    if (sleeps !== null) looks[looks.length - 1] = { ...look, waits: 'the claims of the pod are not bound yet', wakesAfter: sleeps }
    else if (failed !== null) {
      const detail = look.detail.node === null ? look.detail : { ...look.detail, message: failed }
      looks[looks.length - 1] = { ...look, error: failed, detail }
    }
  }
  return looks
}

/** What a look does to other pods (it evicts them) is what the next one sees. */
const listening = (hands: AtOnce, pod: KubernetesObject, heard: Change[]): AtOnce => ({
  ...hands,
  call: (request) => {
    const answer = hands.call(request)
    if (!answer.ok || answer.object.kind !== 'Pod' || answer.object.metadata.uid === pod.metadata.uid) return answer
    const { object } = answer
    const { deletionGracePeriodSeconds: grace = 0, finalizers = [] } = object.metadata
    const isGone = request.verb === 'delete' && grace === 0 && finalizers.length === 0
    heard.push({ type: isGone ? 'DELETED' : 'MODIFIED', object, old: undefined })
    return answer
  },
})

/** The next pod to be tried that was not tried yet: what has failed is not tried a second time. */
const peek = ({ queue }: Scheduler, tried: ReadonlySet<string>): PodInfo | undefined => {
  for (let head: QueuedPod | undefined = queue.head; head !== undefined; head = queue.head) {
    if (!tried.has(head.info.uid)) return head.info
    queue.remove(head.info.uid)
  }
  return undefined
}

const noDetail: SchedulerDetail = { node: null, nominated: null, feasible: [], rejected: {}, scores: {}, victims: [], message: null }

const gatedLook = (pod: PodInfo, plugin: string): PodLook => ({
  pod: pod.pod,
  waits: plugin === 'SchedulingGates' ? 'Scheduling is blocked due to non-empty scheduling gates' : `held back by ${plugin}`,
  error: null,
  wakesAfter: null,
  detail: noDetail,
})

const foreignLook = (pod: KubernetesObject): PodLook => ({
  pod,
  waits: `the pod asks for the scheduler ${JSON.stringify(schedulerNameOf(pod))}, which is none of those here`,
  error: null,
  wakesAfter: null,
  detail: noDetail,
})

const record = <T>(entries: readonly (readonly [string, T])[]): Record<string, T> => Object.fromEntries(entries)

const rejectedBy = (attempt: Attempting): Record<string, readonly string[]> => {
  if (attempt.diagnosis.preFilter !== undefined) return {}
  const entries: (readonly [string, readonly string[]])[] = []
  for (const node of attempt.cycle.snapshot.nodes()) {
    const refusal = attempt.refusalOf(node)
    if (refusal !== undefined && refusal.code !== 'Error') entries.push([node.name, refusal.reasons])
  }
  return record(entries)
}

const lookOf = (pod: PodInfo, attempt: Attempting | undefined, verdict: Verdict | undefined): PodLook => {
  const base = { pod: pod.pod, waits: null, error: null, wakesAfter: null }
  if (attempt === undefined || verdict === undefined) {
    return { ...base, waits: pod.terminating ? 'the pod is being deleted' : null, detail: noDetail }
  }
  switch (verdict.kind) {
    case 'error':
      return { ...base, error: verdict.message, detail: { ...noDetail, message: verdict.message } }
    case 'unschedulable':
      return {
        ...base,
        waits: verdict.nominate === undefined ? 'no node can take the pod now' : `room is made on node ${verdict.nominate.node}`,
        detail: {
          ...noDetail,
          nominated: verdict.nominate?.node ?? null,
          rejected: rejectedBy(attempt),
          victims: (verdict.nominate?.victims ?? []).map(({ key }) => key),
          message: verdict.message,
        },
      }
    case 'placed': {
      const feasible = new Set(verdict.feasible.map(({ name }) => name))
      const rejected = Object.entries(rejectedBy(attempt)).filter(([name]) => !feasible.has(name))
      return {
        ...base,
        detail: {
          ...noDetail,
          node: verdict.node.name,
          feasible: verdict.feasible.map(({ name }) => name),
          rejected: record(rejected),
          scores: record(verdict.scores.map(({ node, total, plugins }) => [node.name, { total, plugins: record(plugins) }])),
        },
      }
    }
  }
}
