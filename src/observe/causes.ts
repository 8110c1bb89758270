/** Why something happened: from an entry back to what nobody caused. */
import type { Entry, Journal } from '../engine/journal.ts'

/** The chain of causes that ends in `entry`, the first cause first. */
export function chainOf(journal: Journal, entry: number): readonly Entry[] {
  const chain: Entry[] = []
  for (let at = entry; at !== 0; at = journal.cause(at)) chain.push(journal.at(at))
  return chain.reverse()
}

/** The newest entry about `about` that fits, at or before `last`; 0: none. */
export function newestAbout(journal: Journal, about: string, fits: (entry: number) => boolean, last = journal.length): number {
  for (let entry = last; entry > 0; entry--) if (journal.about(entry) === about && fits(entry)) return entry
  return 0
}
