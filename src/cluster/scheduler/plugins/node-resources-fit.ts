/**
 * Does the pod fit, and how full would the node be. Source: scheduler.md 6.1, 7.6; noderesources/fit.go, least_allocated.go, most_allocated.go,
 * requested_to_capacity_ratio.go.
 *
 * Differs from Kubernetes: resource claims through a DeviceClass (DRAExtendedResource) are not modelled, so an extended resource that a node
 * does not have is refused here.
 */
import type { Amounts } from '../../objects/fit.ts'
import { allocatableOf, isNativeResource, noAmounts, requestsOf, shortagesOf } from '../../objects/fit.ts'
import type { KubernetesObject } from '../../objects/metadata.ts'
import type { ClusterEvent, Plugin, Refusal } from '../plugin.ts'
import { go, unresolvable, unschedulable } from '../plugin.ts'
import { PodInfo } from '../pod-info.ts'
import type { Point, Resource, ResourceWeight } from '../resource-score.ts'
import { amountOf, brokenLine, isExtended, resourcesOf, roomOf, usedOf } from '../resource-score.ts'
import { ScoreMemo } from '../score-memo.ts'
import type { Snapshot } from '../snapshot.ts'

export type NodeResourcesFitArgs = {
  readonly ignoredResources?: readonly string[] | undefined
  readonly ignoredResourceGroups?: readonly string[] | undefined
  readonly scoringStrategy?:
    | {
        readonly type?: 'LeastAllocated' | 'MostAllocated' | 'RequestedToCapacityRatio' | undefined
        readonly resources?: readonly ResourceWeight[] | undefined
        readonly requestedToCapacityRatio?: { readonly shape?: readonly Point[] | undefined } | undefined
      }
    | undefined
}

/** How one resource scores: what would be requested, of what there is. */
type Scorer = (requested: number, room: number) => number

const leastAllocated: Scorer = (requested, room) => (requested > room ? 0 : Math.floor(((room - requested) * 100) / room))
const mostAllocated: Scorer = (requested, room) => Math.floor((Math.min(requested, room) * 100) / room)

const ratioScorer = (shape: readonly Point[]): Scorer => {
  // Scores of a shape are 0 to 10.
  const line = brokenLine(shape.map(({ utilization, score }) => ({ utilization, score: score * 10 })))
  return (requested, room) => (room === 0 || requested > room ? line(100) : line(Math.floor((requested * 100) / room)))
}

/** Mean over the configured resources. Source: least_allocated.go, requested_to_capacity_ratio.go. */
const strategyOf = (args: NodeResourcesFitArgs) => {
  const strategy = args.scoringStrategy
  const resources = resourcesOf(strategy?.resources)
  const isRatio = strategy?.type === 'RequestedToCapacityRatio'
  const scorer = isRatio
    ? ratioScorer(strategy?.requestedToCapacityRatio?.shape ?? [])
    : strategy?.type === 'MostAllocated'
      ? mostAllocated
      : leastAllocated
  return { resources, scorer, isRatio }
}

/** What the score counts for the incoming pod: its containers and overhead, without pod level. Source: scheduler.md 6.1, last paragraph. */
type ScoreState = { readonly asked: Amounts }

export const nodeResourcesFit = (args: NodeResourcesFitArgs = {}): Plugin<Amounts, ScoreState> => {
  const { resources, scorer, isRatio } = strategyOf(args)
  const memo = new ScoreMemo()
  const ignored = new Set(args.ignoredResources ?? [])
  const groups = new Set(args.ignoredResourceGroups ?? [])
  // Only extended resources can be ignored.
  const isIgnored = (name: string): boolean =>
    !isNativeResource(name) && (ignored.has(name) || (groups.size > 0 && groups.has(name.slice(0, name.indexOf('/')))))

  const scoreOf = (snapshot: Snapshot, index: number, asked: Amounts): number => {
    let sum = 0
    let weights = 0
    for (const { name, weight } of resources as readonly Resource[]) {
      const own = amountOf(asked, name)
      if (isExtended(name) && own === 0) continue
      const room = roomOf(snapshot, index, name)
      if (room === 0) continue
      const score = scorer(usedOf(snapshot, index, name, true) + own, room)
      if (isRatio && score <= 0) continue
      sum += score * weight
      weights += weight
    }
    if (weights === 0) return 0
    return isRatio ? Math.round(sum / weights) : Math.floor(sum / weights)
  }

  return {
    name: 'NodeResourcesFit',
    weight: 1,
    preFilter: ({ pod }) => go(pod.requests),
    filter: ({ snapshot }, node, asked) =>
      fitsPlainly(snapshot, node.index, asked) ? undefined : refusalOf(snapshot, node.index, asked, isIgnored),
    filterMany: ({ snapshot }, batch, asked) => {
      const { cpu, memory, count } = snapshot
      // Pods that ask for cpu and memory alone, or less, are the many.
      const isUsual = asked.others.size === 0 && asked.storage === 0 && asked.cpu > 0 && asked.memory > 0
      for (let i = 0; i < batch.size; i++) {
        const index = batch.indexes[i] as number
        const fits = isUsual
          ? (count.used[index] as number) < (count.room[index] as number) &&
            asked.cpu <= (cpu.room[index] as number) - (cpu.used[index] as number) &&
            asked.memory <= (memory.room[index] as number) - (memory.used[index] as number)
          : fitsPlainly(snapshot, index, asked)
        if (fits) continue
        const refusal = refusalOf(snapshot, index, asked, isIgnored)
        if (refusal !== undefined) batch.refuse(i, refusal)
      }
    },
    preScore: ({ pod }) => go({ asked: requestsOf(pod.pod, { assumed: true, withoutPodLevel: true }) }),
    score: ({ snapshot }, node, { asked }) => scoreOf(snapshot, node.index, asked),
    scoreMany: ({ snapshot }, batch, scores, { asked }) =>
      memo.fill(batch, scores, snapshot, asked, (index) => scoreOf(snapshot, index, asked)),
    retryOn: {
      'Pod/Delete': (_pod, event) => event.pod !== undefined && (event.pod.nodeName !== '' || event.pod.nominatedNode !== ''),
      'Pod/UpdateScaleDown': (pod, event) => event.pod?.uid === pod.uid || freesWhatIsAsked(pod, event),
      'Node/Add': (pod, event) => fitsEmpty(pod.requests, event.object),
      'Node/UpdateAllocatable': (pod, event) =>
        fitsEmpty(pod.requests, event.object) && (event.old === undefined || grewForPod(pod.requests, event.object, event.old)),
    },
  }
}

/** Whether a pod that asks for nothing rare fits: what most nodes answer. */
const fitsPlainly = ({ cpu, memory, storage, count }: Snapshot, index: number, asked: Amounts): boolean =>
  asked.others.size === 0 &&
  (count.used[index] as number) + 1 <= (count.room[index] as number) &&
  (asked.cpu === 0 || asked.cpu <= (cpu.room[index] as number) - (cpu.used[index] as number)) &&
  (asked.memory === 0 || asked.memory <= (memory.room[index] as number) - (memory.used[index] as number)) &&
  (asked.storage === 0 || asked.storage <= (storage.room[index] as number) - (storage.used[index] as number))

/** Refusals for want of cpu, memory, storage or places for pods, by what is wanting: many nodes give the same one. */
const usualRefusals: (Refusal | undefined)[] = []

const usualRefusal = ({ cpu, memory, storage, count }: Snapshot, index: number, asked: Amounts): Refusal | undefined => {
  let wanting = 0
  const check = (bit: number, wanted: number, { room, used }: Snapshot['cpu']): void => {
    if (wanted === 0 || wanted <= (room[index] as number) - (used[index] as number)) return
    wanting |= wanted > (room[index] as number) ? bit | hopelessBit : bit
  }
  if ((count.used[index] as number) + 1 > (count.room[index] as number)) wanting |= 1
  check(2, asked.cpu, cpu)
  check(4, asked.memory, memory)
  check(8, asked.storage, storage)
  if (wanting === 0) return undefined
  usualRefusals[wanting] ??= (wanting & hopelessBit ? unresolvable : unschedulable)(
    ...usualReasons.filter((_, i) => (wanting & (1 << i)) !== 0),
  )
  return usualRefusals[wanting]
}

const hopelessBit = 16
const usualReasons = ['Too many pods', 'Insufficient cpu', 'Insufficient memory', 'Insufficient ephemeral-storage']

const refusalOf = (snapshot: Snapshot, index: number, asked: Amounts, isIgnored: (name: string) => boolean): Refusal | undefined => {
  if (asked.others.size === 0) return usualRefusal(snapshot, index, asked)
  const others = (which: 'room' | 'used'): ReadonlyMap<string, number> =>
    new Map([...snapshot.others].map(([name, amounts]) => [name, amounts[which][index] as number]))
  const room = {
    cpu: snapshot.cpu.room[index] as number,
    memory: snapshot.memory.room[index] as number,
    storage: snapshot.storage.room[index] as number,
    pods: snapshot.count.room[index] as number,
    others: others('room'),
  }
  const used = {
    cpu: snapshot.cpu.used[index] as number,
    memory: snapshot.memory.used[index] as number,
    storage: snapshot.storage.used[index] as number,
    pods: snapshot.count.used[index] as number,
    others: others('used'),
  }
  const shortages = shortagesOf(asked, room, used, isIgnored)
  if (shortages.length === 0) return undefined
  const reasons = shortages.map(({ reason }) => reason)
  return shortages.some(({ hopeless }) => hopeless) ? unresolvable(...reasons) : unschedulable(...reasons)
}

const fitsEmpty = (asked: Amounts, node: KubernetesObject): boolean =>
  shortagesOf(asked, allocatableOf(node), { ...noAmounts, pods: 0 }).length === 0

const grewForPod = (asked: Amounts, node: KubernetesObject, old: KubernetesObject): boolean => {
  const is = allocatableOf(node)
  const was = allocatableOf(old)
  if (is.pods > was.pods) return true
  if (asked.cpu > 0 && is.cpu > was.cpu) return true
  if (asked.memory > 0 && is.memory > was.memory) return true
  if (asked.storage > 0 && is.storage > was.storage) return true
  for (const [name, amount] of asked.others) if (amount > 0 && (is.others.get(name) ?? 0) > (was.others.get(name) ?? 0)) return true
  return false
}

const freesWhatIsAsked = (pod: PodInfo, event: ClusterEvent): boolean => {
  if (event.pod === undefined || event.old === undefined || event.pod.nodeName === '') return false
  const is = event.pod.requests
  const was = event.oldPod?.requests ?? new PodInfo(event.old).requests
  const asked = pod.requests
  if (asked.cpu > 0 && is.cpu < was.cpu) return true
  if (asked.memory > 0 && is.memory < was.memory) return true
  if (asked.storage > 0 && is.storage < was.storage) return true
  for (const [name, amount] of asked.others) if (amount > 0 && (is.others.get(name) ?? 0) < (was.others.get(name) ?? 0)) return true
  return false
}
