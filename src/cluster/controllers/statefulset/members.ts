/**
 * Which pods belong to a set, and what is to be done about those that begin or cease to. Source: statefulset.md 3.4.
 */
import { controllerOf, isTerminating } from '../../objects/metadata.ts'
import type { Pod } from '../../objects/pod.ts'
import { type LabelSelector, matches as selects } from '../../objects/selector.ts'
import { parsePodName, type StatefulSet } from '../../objects/statefulset.ts'

/** Labels and name say that it belongs to the set; the number need not fit. */
export const matches = (set: StatefulSet, pod: Pod): boolean =>
  parsePodName(pod.metadata.name)?.parent === set.metadata.name && isSelected(set.spec.selector, pod.metadata.labels)

const selected = new WeakMap<object, { readonly selector: LabelSelector; readonly is: boolean }>()

/** Labels are the same value in most versions of a pod: the selector is held against them once. */
const isSelected = (selector: LabelSelector, labels: Pod['metadata']['labels']): boolean => {
  if (labels === undefined) return selects(labels, selector)
  const known = selected.get(labels)
  if (known?.selector === selector) return known.is
  const is = selects(labels, selector)
  selected.set(labels, { selector, is })
  return is
}

/** `claim`: it is ours. `adopt`, `release`: a patch first. `leave`: none of our business. */
export type Membership = 'claim' | 'adopt' | 'release' | 'leave'

/** Source: statefulset.md 3.4, the table. */
export const membershipOf = (set: StatefulSet, pod: Pod): Membership => {
  const owner = controllerOf(pod)
  const leaving = isTerminating(set)
  if (owner !== undefined) {
    if (owner.uid !== set.metadata.uid) return 'leave'
    if (matches(set, pod)) return 'claim'
    return leaving ? 'leave' : 'release'
  }
  if (leaving || !matches(set, pod) || isTerminating(pod)) return 'leave'
  return 'adopt'
}

type Claimant = { readonly uid: string | undefined; readonly name: string; readonly selector: unknown }

const claimed = new WeakMap<Pod, Claimant>()

/** Whether the pod is the set's, with nothing to be written. Remembered for each version of the pod: a set of a thousand asks at every look. */
export const isClaimed = (set: StatefulSet, pod: Pod): boolean => {
  const { uid, name } = set.metadata
  const { selector } = set.spec
  const known = claimed.get(pod)
  if (known !== undefined && known.selector === selector && known.uid === uid && known.name === name) return true
  if (membershipOf(set, pod) !== 'claim') return false
  claimed.set(pod, { uid, name, selector })
  return true
}
