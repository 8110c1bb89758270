/**
 * What wakes a set and what does not. Source: statefulset.md 3.2. Claims, volumes, revisions, services and nodes wake nobody.
 */
import { seconds } from '../../../engine/clock.ts'
import type { Change, Enqueue, Lister } from '../../client/controller.ts'
import { controllerOf, isTerminating, namespacedName, type OwnerReference } from '../../objects/metadata.ts'
import { isReady, type Pod } from '../../objects/pod.ts'
import { atLeast, type Release } from '../../objects/release.ts'
import { matches } from '../../objects/selector.ts'
import type { StatefulSet } from '../../objects/statefulset.ts'

/** The set that a reference means, if it is there and the same. */
const setOf = (sets: Lister<StatefulSet>, namespace: string | undefined, owner: OwnerReference | undefined): StatefulSet | undefined => {
  if (owner === undefined || owner.kind !== 'StatefulSet') return undefined
  const set = sets.get(namespace, owner.name)
  return set?.metadata.uid === owner.uid ? set : undefined
}

/** Sets that would select an orphan; one without labels is selected by none. */
const suitors = (sets: Lister<StatefulSet>, pod: Pod): readonly StatefulSet[] => {
  const { labels, namespace } = pod.metadata
  if (labels === undefined || Object.keys(labels).length === 0) return []
  return sets.list(namespace).filter((set) => matches(labels, set.spec.selector))
}

/** Up to 1.35.0 a second more than asked, because times have whole seconds. Source: statefulset.md 3.5. */
const availabilityDelay = (set: StatefulSet, release: Release): number =>
  seconds((set.spec.minReadySeconds ?? 0) + (atLeast(release, 35, 1) ? 0 : 1))

const sameOwner = (a: OwnerReference | undefined, b: OwnerReference | undefined): boolean =>
  a === b || (a !== undefined && b !== undefined && a.uid === b.uid && a.name === b.name && a.kind === b.kind)

const sameLabels = (a: Readonly<Record<string, string>> = {}, b: Readonly<Record<string, string>> = {}): boolean => {
  const keys = Object.keys(a)
  return a === b || (keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]))
}

/** A pod came, changed or went. */
export const podChanged = (change: Change<Pod>, sets: Lister<StatefulSet>, queue: Enqueue, release: Release): void => {
  const { object: pod, old } = change
  const { namespace } = pod.metadata
  const owner = controllerOf(pod)
  const add = (set: StatefulSet | undefined): void => {
    if (set !== undefined) queue.add(namespacedName(set))
  }
  if (change.type === 'DELETED' || (change.type === 'ADDED' && isTerminating(pod))) {
    add(setOf(sets, namespace, owner))
    return
  }
  if (old !== undefined && old.metadata.resourceVersion === pod.metadata.resourceVersion) return
  const former = old === undefined ? undefined : controllerOf(old)
  if (old !== undefined && former !== undefined && !sameOwner(former, owner)) add(setOf(sets, namespace, former))
  if (owner !== undefined) {
    const set = setOf(sets, namespace, owner)
    add(set)
    const becameReady = old !== undefined && !isReady(old) && isReady(pod)
    if (set !== undefined && becameReady && (set.spec.minReadySeconds ?? 0) > 0) {
      queue.addAfter(namespacedName(set), availabilityDelay(set, release))
    }
    return
  }
  if (old === undefined || !sameLabels(old.metadata.labels, pod.metadata.labels) || !sameOwner(former, owner)) {
    for (const set of suitors(sets, pod)) add(set)
  }
}
