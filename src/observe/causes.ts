/** Why something happened: from an entry back to what nobody caused. */
import { isConditionTrue, type KubernetesObject } from '../cluster/objects/metadata.ts'
import type { Journal } from '../engine/journal.ts'
import type { Write } from './entries.ts'

/** The entries that led to `entry`, the first cause first, the entry itself last. */
export function chainOf(journal: Journal, entry: number): readonly number[] {
  const chain: number[] = []
  for (let at = entry; at !== 0; at = journal.cause(at)) chain.push(at)
  return chain.reverse()
}

/** What can have happened to an object, in the words in which people ask. */
export const happenings: Readonly<Record<string, (write: Write) => boolean>> = {
  created: (write) => write.type === 'ADDED',
  removed: (write) => write.type === 'DELETED',
  deleted: (write) => write.type === 'DELETED' || began(write, (object) => object.metadata.deletionTimestamp !== undefined),
  scheduled: (write) => began(write, (object) => Boolean(object['spec']?.nodeName)),
  bound: (write) => began(write, (object) => object['status']?.phase === 'Bound'),
  running: (write) => began(write, (object) => object['status']?.phase === 'Running'),
  ready: (write) => began(write, (object) => isConditionTrue(object, 'Ready')),
  'not-ready': (write) => write.old !== undefined && isConditionTrue(write.old, 'Ready') && !isConditionTrue(write.object, 'Ready'),
}

/** Whether something is true of the object since this write. */
const began = (write: Write, holds: (object: KubernetesObject) => boolean): boolean =>
  holds(write.object) && (write.old === undefined || !holds(write.old))

/** The newest write of an object that fits, at or before the entry `last`; 0: none. */
export function newestWrite(journal: Journal, about: string, fits: (write: Write) => boolean, last = journal.length): number {
  for (let entry = last; entry > 0; entry--)
    if (journal.about(entry) === about && journal.what(entry) === 'write' && fits(journal.detail(entry) as Write)) return entry
  return 0
}

/** The newest entry at or before a moment; 0: none. */
export function newestAt(journal: Journal, at: number): number {
  let entry = journal.length
  while (entry > 0 && journal.time(entry) > at) entry--
  return entry
}
