/** How full nodes are, as scores: shared by NodeResourcesFit and NodeResourcesBalancedAllocation. Source: scheduler.md 7.6, 7.7; noderesources/resource_allocation.go. */
import type { Amounts } from '../objects/fit.ts'
import type { Snapshot } from './snapshot.ts'

export type ResourceWeight = { readonly name: string; readonly weight?: number }

/** One configured resource, ready to be asked about. */
export type Resource = { readonly name: string; readonly weight: number }

export const usualResources: readonly Resource[] = [
  { name: 'cpu', weight: 1 },
  { name: 'memory', weight: 1 },
]

/** Configured resources with their weights; a weight that is missing or 0 is 1. */
export const resourcesOf = (configured: readonly ResourceWeight[] | undefined): readonly Resource[] =>
  configured === undefined || configured.length === 0
    ? usualResources
    : configured.map(({ name, weight }) => ({ name, weight: weight || 1 }))

/** An amount of a named resource. */
export const amountOf = (amounts: Amounts, name: string): number => {
  switch (name) {
    case 'cpu':
      return amounts.cpu
    case 'memory':
      return amounts.memory
    case 'ephemeral-storage':
      return amounts.storage
    default:
      return amounts.others.get(name) ?? 0
  }
}

/** What the node at an index could give of a resource. */
export const roomOf = (snapshot: Snapshot, index: number, name: string): number => {
  switch (name) {
    case 'cpu':
      return snapshot.cpu.room[index] as number
    case 'memory':
      return snapshot.memory.room[index] as number
    case 'ephemeral-storage':
      return snapshot.storage.room[index] as number
    default:
      return snapshot.others.get(name)?.room[index] ?? 0
  }
}

/** What the pods of a node ask for of a resource; `scored`: with what a missing request counts. */
export const usedOf = (snapshot: Snapshot, index: number, name: string, scored: boolean): number => {
  switch (name) {
    case 'cpu':
      return (scored ? snapshot.scoredCpu[index] : snapshot.cpu.used[index]) as number
    case 'memory':
      return (scored ? snapshot.scoredMemory[index] : snapshot.memory.used[index]) as number
    case 'ephemeral-storage':
      return snapshot.storage.used[index] as number
    default:
      return snapshot.others.get(name)?.used[index] ?? 0
  }
}

/** Whether a resource is one that only counts when the pod asks for it. */
export const isExtended = (name: string): boolean => name !== 'cpu' && name !== 'memory' && name !== 'ephemeral-storage'

/** One corner of a piecewise linear function: at so many percent, that score. */
export type Point = { readonly utilization: number; readonly score: number }

/** A piecewise linear function over the share in percent, in whole numbers as in Go. Source: helper.BuildBrokenLinearFunction. */
export const brokenLine =
  (shape: readonly Point[]) =>
  (share: number): number => {
    for (let i = 0; i < shape.length; i++) {
      const point = shape[i] as Point
      if (share > point.utilization) continue
      const before = shape[i - 1]
      if (before === undefined) return point.score
      const rise = (point.score - before.score) * (share - before.utilization)
      return before.score + Math.trunc(rise / (point.utilization - before.utilization))
    }
    return shape.at(-1)?.score ?? 0
  }
