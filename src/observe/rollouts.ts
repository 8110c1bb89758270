/**
 * Changes of sets, from the spec that asked for them to their end: created, updated, scaled, restarted, deleted. What has not ended when
 * the run does is `unfinished`, or `stuck` when nothing was left to happen that could end it; `stuck` is dated back to the instant
 * from which the set waited for the pod that holds it up (kubernetes/kubernetes#67250 is the famous case).
 * Source: contract section 6, rollouts.csv; statefulset.md 9.4.
 */
import { controllerOf, type KubernetesObject } from '../cluster/objects/metadata.ts'
import { ordinalOf, replicasOf, revisionOf, type StatefulSet, type StatefulSetSpec, startOf } from '../cluster/objects/statefulset.ts'
import type { Micros } from '../engine/clock.ts'
import type { Journal } from '../engine/journal.ts'
import { same } from './change.ts'
import { eachEntry, type Write } from './entries.ts'
import { reasonOf } from './pod-lives.ts'
import type { Observed } from './table.ts'

export type Change = 'create' | 'update' | 'scale-up' | 'scale-down' | 'delete' | 'restart'

/** One change of one set. */
export type Rollout = {
  readonly namespace: string
  readonly name: string
  readonly kind: string
  readonly generation: number
  readonly change: Change
  readonly fromRevision: string
  toRevision: string
  readonly began: Micros
  /** When it was complete or superseded; of a stuck one the instant from which it was. */
  finished?: Micros
  /** How many pods it concerns. */
  readonly pods: number
  status: 'complete' | 'superseded' | 'unfinished' | 'stuck'
  blockedBy: string
}

/** Which changes end because a new one of the set took their place. */
const supersedes: Readonly<Record<Change, readonly Change[]>> = {
  create: [],
  update: ['create', 'update', 'restart'],
  restart: ['create', 'update', 'restart'],
  'scale-up': ['create', 'scale-up', 'scale-down'],
  'scale-down': ['create', 'scale-up', 'scale-down'],
  delete: ['create', 'update', 'restart', 'scale-up', 'scale-down'],
}

type Following = {
  set: StatefulSet
  gone: boolean
  readonly open: Rollout[]
  readonly pods: Map<string, { object: KubernetesObject; readonly created: Micros }>
  /** What the controller said it waits for, the pod in it, and since when it is that pod. */
  waits?: { readonly why: string; readonly pod: string; readonly since: Micros } | undefined
}

/** Follows a journal entry by entry. */
export class Rollouts {
  private readonly journal: Journal
  private readonly all: Rollout[] = []
  private readonly byUid = new Map<string, Following>()
  private readonly byAbout = new Map<string, Following>()
  private readonly newest = new Map<string, Rollout>()
  private healed: Micros = 0

  constructor(journal: Journal) {
    this.journal = journal
  }

  /** The newest change of a set, as it stands. */
  latest(namespace: string, name: string): Rollout | undefined {
    return this.newest.get(`${namespace}/${name}`)
  }

  /** Takes in one entry. */
  see(entry: number): void {
    const { journal } = this
    const what = journal.what(entry)
    const at = journal.time(entry)
    if (what === 'write') {
      const write = journal.detail(entry) as Write
      if (write.object.kind === 'StatefulSet') this.seeSet(write, journal.about(entry), at)
      else if (write.object.kind === 'Pod') this.seePod(write, at)
    } else if (what === 'waits') {
      const following = this.byAbout.get(journal.about(entry))
      if (following !== undefined) this.seeWait(following, (journal.detail(entry) as { why: string | null }).why, at)
    } else if (what === 'fault-healed') this.healed = at
  }

  /** All changes, told to their end. */
  finish(observed: Observed): readonly Rollout[] {
    for (const following of this.byUid.values()) {
      for (const rollout of following.open) {
        const held = blockage(following, rollout)
        rollout.blockedBy = held.words
        if (!observed.quiet || held.byHand) continue
        rollout.status = 'stuck'
        rollout.finished = Math.max(rollout.began, held.since, this.healed)
      }
    }
    return this.all
  }

  private seeSet(write: Write, about: string, at: Micros): void {
    const set = write.object as StatefulSet
    const uid = set.metadata.uid ?? ''
    const known = this.byUid.get(uid)
    if (known === undefined) {
      const following: Following = { set, gone: false, open: [], pods: new Map() }
      this.byUid.set(uid, following)
      this.byAbout.set(about, following)
      this.begin(following, 'create', at, replicasOf(set))
      this.settle(following, at)
      return
    }
    const old = known.set
    known.set = set
    if (write.type === 'DELETED') {
      known.gone = true
      if (this.byAbout.get(about) === known) this.byAbout.delete(about)
    }
    const isDeletion = write.type === 'DELETED' || set.metadata.deletionTimestamp !== undefined
    if (isDeletion) {
      if (!known.open.some((one) => one.change === 'delete')) this.begin(known, 'delete', at, known.pods.size)
    } else if (set.spec !== old.spec) for (const { change, pods } of changesOf(old, set)) this.begin(known, change, at, pods)
    this.settle(known, at)
  }

  private seePod(write: Write, at: Micros): void {
    const { object } = write
    const uid = object.metadata.uid ?? ''
    const owner = controllerOf(object)?.uid
    const before = write.old === undefined ? undefined : controllerOf(write.old)?.uid
    if (before !== undefined && before !== owner) this.leave(before, uid, at)
    const following = owner === undefined ? undefined : this.byUid.get(owner)
    if (following === undefined) return
    if (write.type === 'DELETED') this.leave(owner as string, uid, at)
    else {
      const pod = following.pods.get(uid)
      if (pod === undefined) following.pods.set(uid, { object, created: at })
      else pod.object = object
    }
  }

  private leave(owner: string, uid: string, at: Micros): void {
    const following = this.byUid.get(owner)
    if (following?.pods.delete(uid) === true) this.settle(following, at)
  }

  private seeWait(following: Following, why: string | null, at: Micros): void {
    if (why === null) {
      following.waits = undefined
      return
    }
    const pod = podIn(why, following.set.metadata.name)
    const since = following.waits !== undefined && following.waits.pod === pod ? following.waits.since : at
    following.waits = { why, pod, since }
  }

  private begin(following: Following, change: Change, at: Micros, pods: number): void {
    const { set } = following
    for (const one of [...following.open]) {
      if (!supersedes[change].includes(one.change)) continue
      one.status = 'superseded'
      one.finished = at
      following.open.splice(following.open.indexOf(one), 1)
    }
    const revision = set.status?.updateRevision ?? ''
    const rollout: Rollout = {
      namespace: set.metadata.namespace ?? '',
      name: set.metadata.name,
      kind: set.kind,
      generation: set.metadata.generation ?? 0,
      change,
      fromRevision: change === 'create' ? '' : revision,
      toRevision: change === 'scale-up' || change === 'scale-down' ? revision : '',
      began: at,
      pods,
      status: 'unfinished',
      blockedBy: '',
    }
    following.open.push(rollout)
    this.all.push(rollout)
    this.newest.set(`${rollout.namespace}/${rollout.name}`, rollout)
  }

  /** Ends what is complete. */
  private settle(following: Following, at: Micros): void {
    const { set } = following
    const observed = set.status?.observedGeneration ?? 0
    for (const rollout of [...following.open]) {
      const seen = observed >= rollout.generation
      if (seen && rollout.toRevision === '' && rollout.change !== 'delete') rollout.toRevision = set.status?.updateRevision ?? ''
      const complete =
        rollout.change === 'delete' ? following.gone && following.pods.size === 0 : seen && isComplete(rollout.change, following)
      if (!complete) continue
      rollout.status = 'complete'
      rollout.finished = at
      following.open.splice(following.open.indexOf(rollout), 1)
    }
  }
}

/** All changes of all sets of a finished run. */
export function rolloutsOf(observed: Observed): readonly Rollout[] {
  const rollouts = new Rollouts(observed.journal)
  eachEntry(observed.journal, ['write', 'waits', 'fault-healed'], (entry) => rollouts.see(entry))
  return rollouts.finish(observed)
}

/** What a new spec asks for. */
function changesOf(old: StatefulSet, set: StatefulSet): { change: Change; pods: number }[] {
  const found: { change: Change; pods: number }[] = []
  const [before, after] = [replicasOf(old), replicasOf(set)]
  const partitionMoved = partitionOf(set.spec) < partitionOf(old.spec)
  if (!same(old.spec.template, set.spec.template))
    found.push({ change: isRestart(old.spec, set.spec) ? 'restart' : 'update', pods: updatedPods(set) })
  else if (partitionMoved && set.status?.currentRevision !== set.status?.updateRevision)
    found.push({ change: 'update', pods: updatedPods(set) })
  else if (startOf(set) !== startOf(old))
    found.push({ change: 'update', pods: ordinalsOf(set).filter((ordinal) => !ordinalsOf(old).includes(ordinal)).length })
  if (after !== before) found.push({ change: after > before ? 'scale-up' : 'scale-down', pods: Math.abs(after - before) })
  return found
}

const ordinalsOf = (set: StatefulSet): readonly number[] => Array.from({ length: replicasOf(set) }, (_, i) => startOf(set) + i)
const partitionOf = (spec: StatefulSetSpec): number => spec.updateStrategy?.rollingUpdate?.partition ?? 0
const updatedPods = (set: StatefulSet): number => Math.max(0, replicasOf(set) - partitionOf(set.spec))

const restartedAt = 'kubectl.kubernetes.io/restartedAt'

/** Whether `kubectl rollout restart` is all that the template shows. */
function isRestart(old: StatefulSetSpec, now: StatefulSetSpec): boolean {
  const without = (spec: StatefulSetSpec): unknown => {
    const { annotations, ...metadata } = (spec.template.metadata ?? {}) as { annotations?: Record<string, string> }
    const { [restartedAt]: _, ...others } = annotations ?? {}
    return { ...spec.template, metadata: { ...metadata, annotations: others } }
  }
  return now.template.metadata?.annotations?.[restartedAt] !== undefined && same(without(old), without(now))
}

function isComplete(change: Change, { set, pods }: Following): boolean {
  const wanted = replicasOf(set)
  const status = set.status ?? {}
  const good = (set.spec.minReadySeconds ?? 0) > 0 ? (status.availableReplicas ?? 0) : (status.readyReplicas ?? 0)
  if ((status.replicas ?? 0) !== wanted) return false
  if (change === 'scale-down') return true
  if (good < wanted) return false
  if (change === 'create' || change === 'scale-up') return true
  // The counts are also right while pods of the old ordinals stand for those of the new ones.
  const first = startOf(set)
  const outside = [...pods.values()].some(({ object }) => ordinalOf(object) < first || ordinalOf(object) >= first + wanted)
  return !outside && (status.updatedReplicas ?? 0) >= updatedPods(set)
}

type Blockage = {
  readonly words: string
  readonly since: Micros
  /** It is not stuck: the user asked for it to wait for a person. */
  readonly byHand: boolean
}

/** What the set waits for, in words that tell a person what to do. */
function blockage(following: Following, rollout: Rollout): Blockage {
  const { set, waits } = following
  if ((rollout.change === 'update' || rollout.change === 'restart') && set.spec.updateStrategy?.type === 'OnDelete')
    return { words: 'pods of the old revision are replaced when somebody deletes them (OnDelete)', since: rollout.began, byHand: true }
  const pods = [...following.pods.values()].sort((a, b) => ordinalOf(a.object) - ordinalOf(b.object))
  const pod =
    pods.find(({ object }) => object.metadata.name === waits?.pod) ??
    pods.find(({ object }) => object.metadata.deletionTimestamp !== undefined) ??
    pods.find(({ object }) => !ready(object))
  if (pod === undefined) return { words: waits?.why ?? '', since: waits?.since ?? rollout.began, byHand: false }
  const since = waits?.pod === pod.object.metadata.name ? Math.max(waits.since, pod.created) : pod.created
  return { words: waitingFor(pod.object, set), since, byHand: false }
}

const ready = (pod: KubernetesObject): boolean =>
  ((pod['status']?.conditions ?? []) as { type: string; status: string }[]).some((one) => one.type === 'Ready' && one.status === 'True')

function waitingFor(pod: KubernetesObject, set: StatefulSet): string {
  const { name, namespace, deletionTimestamp } = pod.metadata
  const place = namespace === undefined || namespace === 'default' ? '' : ` -n ${namespace}`
  if (deletionTimestamp !== undefined) {
    if ((pod.metadata.finalizers ?? []).length > 0)
      return `${name} is Terminating until its finalizer ${pod.metadata.finalizers?.join(', ')} is removed`
    const node = pod['spec']?.nodeName
    return `${name} is Terminating and ${node ? `the kubelet of ${node}` : 'no kubelet'} does not confirm its end: when its machine is certainly off, kubectl delete pod ${name}${place} --force --grace-period=0`
  }
  const reason = reasonOf(pod)
  const state = reason === '' ? '' : ` (${reason})`
  if (!pod['spec']?.nodeName) {
    const scheduled = ((pod['status']?.conditions ?? []) as { type: string; message?: string }[]).find((one) => one.type === 'PodScheduled')
    return `${name} has no node${scheduled?.message ? `: ${scheduled.message}` : ''}`
  }
  const [mine, wanted] = [revisionOf(pod), set.status?.updateRevision ?? '']
  const mend = `kubectl delete pod ${name}${place}`
  if (mine !== '' && wanted !== '' && mine !== wanted)
    return `${name} is not Ready${state} at revision ${mine}, and the controller waits for it before it takes up ${wanted}: delete it by hand, ${mend}`
  return `${name} is not Ready${state}: mend its cause; if that is the template, correct it and then delete the pod by hand, ${mend}`
}

/** The pod of the set that a text names. */
function podIn(why: string, set: string): string {
  for (const word of why.split(/[\s,;:()"']+/)) if (word.startsWith(`${set}-`) && /^\d+$/.test(word.slice(set.length + 1))) return word
  return ''
}
