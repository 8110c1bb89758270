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
import type { NodeInfo, Snapshot } from '../snapshot.ts'

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

const balance = (snapshot: Snapshot, node: NodeInfo, resources: readonly Resource[], asked: Amounts, counts: number): number => {
  const shares: number[] = []
  for (const { name } of resources) {
    const own = amountOf(asked, name)
    if (isExtended(name) && own === 0) continue
    const room = roomOf(snapshot, node, name)
    if (room === 0) continue
    shares.push(Math.min(1, (usedOf(snapshot, node, name, false) + counts * own) / room))
  }
  return balanceOf(shares)
}

/** cpu and memory alone, without a list. */
const plainBalance = (snapshot: Snapshot, index: number, cpu: number, memory: number): number => {
  const cpuShare = Math.min(1, ((snapshot.cpu.used[index] as number) + cpu) / (snapshot.cpu.room[index] as number))
  const memoryShare = Math.min(1, ((snapshot.memory.used[index] as number) + memory) / (snapshot.memory.room[index] as number))
  return Math.trunc((1 - Math.abs(cpuShare - memoryShare) / 2) * 100)
}

export const nodeResourcesBalancedAllocation = (args: BalancedAllocationArgs = {}): Plugin<never, Amounts> => {
  const resources = resourcesOf(args.resources)
  const plain = resources.length === 2 && resources[0]?.name === 'cpu' && resources[1]?.name === 'memory'
  return {
    name: 'NodeResourcesBalancedAllocation',
    weight: 1,
    preScore: ({ pod }) => (resources.every(({ name }) => amountOf(pod.requests, name) === 0) ? skip : go(pod.requests)),
    score: ({ snapshot, gates }, node, asked) => {
      const { index } = node
      const isPlain = plain && snapshot.cpu.room[index] !== 0 && snapshot.memory.room[index] !== 0
      const after = isPlain ? plainBalance(snapshot, index, asked.cpu, asked.memory) : balance(snapshot, node, resources, asked, 1)
      if (!atLeast(gates.release, 36)) return after
      const before = isPlain ? plainBalance(snapshot, index, 0, 0) : balance(snapshot, node, resources, asked, 0)
      return 50 + Math.trunc((50 + after - before) / 2)
    },
  }
}
