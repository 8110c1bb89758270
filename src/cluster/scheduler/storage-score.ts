/** Likes nodes with more free storage (StorageCapacityScoring, on from 1.37). Source: scheduler.md 7.11; volumebinding/scorer.go. */
import { brokenLine } from './resource-score.ts'

/** No use scores 100, full use 0. */
const usualShape = [
  { utilization: 0, score: 10 },
  { utilization: 100, score: 0 },
]

/** What is asked for of a class, and what there is of it, in bytes. */
export type ClassCapacity = { readonly className: string; readonly requested: number; readonly capacity: number }

/**
 * The mean over the classes of a pod's claims of the score of the share of the capacity that is asked for. `isShared`: each capacity is that of
 * the whole class, so that claims of one class share it; else each claim has its own.
 */
export const storageScore = (
  capacities: readonly ClassCapacity[],
  isShared: boolean,
  shape: readonly { readonly utilization: number; readonly score: number }[] = usualShape,
): number => {
  if (capacities.length === 0) return 0
  const line = brokenLine(shape.map(({ utilization, score }) => ({ utilization, score: score * 10 })))
  const classes = new Map<string, { requested: number; capacity: number }>()
  for (const { className, requested, capacity } of capacities) {
    const sum = classes.get(className) ?? { requested: 0, capacity: 0 }
    classes.set(className, { requested: sum.requested + requested, capacity: isShared ? capacity : sum.capacity + capacity })
  }
  let total = 0
  for (const { requested, capacity } of classes.values()) {
    total += capacity === 0 || requested > capacity ? line(100) : line(Math.floor((requested * 100) / capacity))
  }
  return Math.round(total / classes.size)
}
