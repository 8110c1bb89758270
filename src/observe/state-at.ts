/** The objects at any moment, from the writes of the journal. */
import { type KubernetesObject, objectKey } from '../cluster/objects/metadata.ts'
import type { Micros } from '../engine/clock.ts'
import type { Journal } from '../engine/journal.ts'
import type { EventDetail, Write } from './entries.ts'

/** All objects as they were after everything that happened at or before `at`, by key. Events of Kubernetes included. */
export function objectsAt(journal: Journal, at: Micros): ReadonlyMap<string, KubernetesObject> {
  const objects = new Map<string, KubernetesObject>()
  for (let entry = 1; entry <= journal.length && journal.time(entry) <= at; entry++) {
    const what = journal.what(entry)
    if (what === 'write') {
      const { type, object } = journal.detail(entry) as Write
      if (type === 'DELETED') objects.delete(objectKey(object))
      else objects.set(objectKey(object), object)
    } else if (what === 'event') {
      const { object } = journal.detail(entry) as EventDetail
      objects.set(objectKey(object), object)
    }
  }
  return objects
}
