/**
 * How long sets had fewer Ready pods than they wanted, counted from the first moment at which they had all of them. Scaling up begins
 * the count anew: pods that were never Ready are not missing.
 */
import { replicasOf, type StatefulSet } from '../cluster/objects/statefulset.ts'
import type { Micros } from '../engine/clock.ts'
import { eachEntry, type Write } from './entries.ts'
import type { Observed } from './table.ts'

/** Of one set. */
export type Shortfall = {
  readonly namespace: string
  readonly name: string
  /** All of it. */
  total: Micros
  /** The longest piece. */
  longest: Micros
}

type Following = Shortfall & { wanted: number; once: boolean; since: Micros | undefined }

export function shortfalls({ journal, ended }: Observed): readonly Shortfall[] {
  const sets = new Map<string, Following>()
  const end = (one: Following, at: Micros): void => {
    if (one.since === undefined) return
    one.total += at - one.since
    one.longest = Math.max(one.longest, at - one.since)
    one.since = undefined
  }
  eachEntry(journal, ['write'], (entry) => {
    const write = journal.detail(entry) as Write
    if (write.object.kind !== 'StatefulSet') return
    const set = write.object as StatefulSet
    const at = journal.time(entry)
    const about = journal.about(entry)
    const one = sets.get(about) ?? {
      namespace: set.metadata.namespace ?? '',
      name: set.metadata.name,
      total: 0,
      longest: 0,
      wanted: 0,
      once: false,
      since: undefined,
    }
    sets.set(about, one)
    const wanted = write.type === 'DELETED' || set.metadata.deletionTimestamp !== undefined ? 0 : replicasOf(set)
    const complete = (set.status?.readyReplicas ?? 0) >= wanted
    if (wanted > one.wanted) one.once = false
    one.wanted = wanted
    if (complete) {
      one.once = true
      end(one, at)
    } else if (!one.once) end(one, at)
    else one.since ??= at
  })
  for (const one of sets.values()) end(one, ended)
  return [...sets.values()]
}
