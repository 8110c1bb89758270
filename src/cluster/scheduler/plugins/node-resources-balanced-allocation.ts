/**
 * Likes nodes whose resources are used evenly. Source: scheduler.md 7.7; noderesources/balanced_allocation.go. Since 1.36 it asks whether the
 * pod makes the balance better or worse (PR 135573).
 */
import type { Amounts } from '../../objects/fit.ts'
import { atLeast } from '../../objects/release.ts'
import type { Plugin } from '../plugin.ts'
import { go, skip } from '../plugin.ts'
import type { Resource, ResourceWeight } from '../resource-score.ts'
import { amountOf, isExtended, resourcesOf, roomOf, usedOf } from '../resource-score.ts'
import { ScoreMemo } from '../score-memo.ts'
import type { Snapshot } from '../snapshot.ts'

export type BalancedAllocationArgs = { readonly resources?: readonly ResourceWeight[] | undefined }

const balanceOf = (shares: readonly number[]): number => {
  let deviation = 0
  if (shares.length === 2) deviation = Math.abs((shares[0] as number) - (shares[1] as number)) / 2
  else if (shares.length > 2) {
    let sum = 0
    for (const share of shares) sum += share
    const mean = sum / shares.length
    let squares = 0
    for (const share of shares) squares += (share - mean) * (share - mean)
    deviation = Math.sqrt(squares / shares.length)
  }
  return Math.trunc((1 - deviation) * 100)
}

const balance = (snapshot: Snapshot, index: number, resources: readonly Resource[], asked: Amounts, counts: number): number => {
  const shares: number[] = []
  for (const { name } of resources) {
    const own = amountOf(asked, name)
    if (isExtended(name) && own === 0) continue
    const room = roomOf(snapshot, index, name)
    if (room === 0) continue
    shares.push(Math.min(1, (usedOf(snapshot, index, name, false) + counts * own) / room))
  }
  return balanceOf(shares)
}

/** Since 1.36: what the pod would make of the balance. */
const compared = (before: number, after: number): number => 50 + Math.trunc((50 + after - before) / 2)

export const nodeResourcesBalancedAllocation = (args: BalancedAllocationArgs = {}): Plugin<never, Amounts> => {
  const resources = resourcesOf(args.resources)
  const memo = new ScoreMemo()
  const scoreOf = (snapshot: Snapshot, index: number, asked: Amounts, compares: boolean): number => {
    const after = balance(snapshot, index, resources, asked, 1)
    return compares ? compared(balance(snapshot, index, resources, asked, 0), after) : after
  }
  return {
    name: 'NodeResourcesBalancedAllocation',
    weight: 1,
    preScore: ({ pod }) => (resources.every(({ name }) => amountOf(pod.requests, name) === 0) ? skip : go(pod.requests)),
    score: ({ snapshot, gates }, node, asked) => scoreOf(snapshot, node.index, asked, atLeast(gates.release, 36)),
    scoreMany: ({ snapshot, gates }, batch, scores, asked) => {
      const compares = atLeast(gates.release, 36)
      memo.fill(batch, scores, snapshot, asked, (index) => scoreOf(snapshot, index, asked, compares))
    },
  }
}
