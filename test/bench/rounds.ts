/**
 * How benchmarks are measured: contestants in processes of their own, in rounds whose order is shuffled; a ratio is the median over rounds of
 * (contestant / reference of the same round). Absolute numbers are printed for scale and never judged. Source: performance.md E.
 */
import { execFileSync } from 'node:child_process'
import { stream } from '../../src/engine/random.ts'

/** One measurement: cost in any unit (smaller is better); equal checksums prove equal work. */
export type Measured = { readonly cost: number; readonly checksum?: string }

/** A contestant measures itself once. */
export type Contestant = { readonly name: string; readonly measure: () => Measured }

/** A contestant that is a program printing one line of JSON (Measured). */
export const program = (name: string, args: readonly string[]): Contestant => ({
  name,
  measure: () => JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 1e8 })) as Measured,
})

/** A contestant that is a program whose wall time is the cost, in milliseconds. */
export const wallTime = (name: string, args: readonly string[]): Contestant => ({
  name,
  measure: () => {
    const from = process.hrtime.bigint()
    execFileSync(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'], maxBuffer: 1e8 })
    return { cost: Number(process.hrtime.bigint() - from) / 1e6 }
  },
})

const order = stream('bench', 'order of contestants')

function shuffled<T>(items: readonly T[]): T[] {
  const result = [...items]
  for (let at = result.length - 1; at > 0; at--) {
    const other = order.below(at + 1)
    const held = result[at] as T
    result[at] = result[other] as T
    result[other] = held
  }
  return result
}

export const median = (numbers: readonly number[]): number => {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? (sorted[middle] as number) : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2
}

/** Measures all in `rounds` shuffled rounds, returns the median cost of each, and prints, for each but the last (the reference), its ratio, its worst round and what is wanted. */
export function compare(
  title: string,
  contestants: readonly Contestant[],
  wanted: Readonly<Record<string, number>>,
  rounds = 5,
): ReadonlyMap<string, number> {
  const reference = contestants[contestants.length - 1] as Contestant
  const costs = new Map<string, number[]>(contestants.map(({ name }) => [name, []]))
  const checksums = new Set<string>()
  for (let round = 0; round < rounds; round++) {
    for (const { name, measure } of shuffled(contestants)) {
      const measured = measure()
      costs.get(name)?.push(measured.cost)
      if (measured.checksum !== undefined) checksums.add(measured.checksum)
    }
  }
  const base = costs.get(reference.name) as number[]
  for (const { name } of contestants) {
    if (name === reference.name) continue
    const mine = costs.get(name) as number[]
    const ratios = mine.map((cost, round) => cost / (base[round] as number))
    const limit = wanted[name]
    const judged = limit === undefined ? '' : `  wanted at most ${limit.toFixed(2)}: ${median(ratios) <= limit ? 'yes' : 'NO'}`
    console.log(
      `${title.padEnd(22)} ${`${name} / ${reference.name}`.padEnd(38)} ${median(ratios).toFixed(2).padStart(6)}  worst ${Math.max(...ratios).toFixed(2)}  (${median(mine).toFixed(1)} against ${median(base).toFixed(1)})${judged}`,
    )
  }
  if (checksums.size > 1) console.log(`${title.padEnd(22)} NOT EQUAL WORK: checksums ${[...checksums].join(', ')}`)
  return new Map([...costs].map(([name, mine]) => [name, median(mine)]))
}
