/** The event queue under the HOLD model, over a heap of objects with a comparator. Source: performance.md 1, T1. */
import { compare, program } from './rounds.ts'

export function hold(): void {
  for (const [pending, limit] of [
    [1_000, 0.5],
    [100_000, 0.25],
  ] as const) {
    const contestant = (name: string, which: string) =>
      program(name, ['--import', 'tsx', 'test/bench/hold-contestant.ts', which, `${pending}`])
    compare(
      `hold ${pending}`,
      [contestant('queue of numbers', 'heap'), contestant('with its slots', 'queue'), contestant('object heap', 'objects')],
      { 'queue of numbers': limit },
    )
  }
}
