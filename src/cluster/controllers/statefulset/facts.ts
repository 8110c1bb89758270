/**
 * What a look wants to know of a pod again and again, gathered once for each version of it: a look at a set of a thousand pods
 * then touches one small value a pod instead of a dozen.
 */
import { conditionOf, isTerminating } from '../../objects/metadata.ts'
import { type Pod, phaseOf } from '../../objects/pod.ts'
import { claimNameOf, ordinalOf, parsePodName, podNameLabel, podNameOf, revisionOf, type StatefulSet } from '../../objects/statefulset.ts'

export type PodFacts = {
  /** -1: its name has none. */
  readonly ordinal: number
  readonly created: boolean
  readonly pending: boolean
  readonly running: boolean
  /** Failed or Succeeded. */
  readonly ended: boolean
  readonly ready: boolean
  readonly terminating: boolean
  /** By its label; '' for none. */
  readonly revision: string
}

const known = new WeakMap<Pod, PodFacts>()

/** The facts of a pod. Objects are immutable, so they hold as long as it is this version. */
export const factsOf = (pod: Pod): PodFacts => {
  let facts = known.get(pod)
  if (facts === undefined) {
    const phase = phaseOf(pod)
    facts = {
      ordinal: ordinalOf(pod),
      created: phase !== '',
      pending: phase === 'Pending',
      running: phase === 'Running',
      ended: phase === 'Failed' || phase === 'Succeeded',
      ready: conditionOf(pod, 'Ready')?.status === 'True',
      terminating: isTerminating(pod),
      revision: revisionOf(pod),
    }
    known.set(pod, facts)
  }
  return facts
}

/** How a pod fits its set: by name and volumes, and the claims that it has there. */
export type Fit = { readonly identity: boolean; readonly storage: boolean; readonly claims: readonly string[] }

type Templates = StatefulSet['spec']['volumeClaimTemplates']

const fits = new WeakMap<Pod, { readonly name: string; readonly templates: Templates; readonly fit: Fit }>()

/** Source: statefulset.md 5.3. Made once for each version of the pod, as long as the set keeps its name and claim templates. */
export const fitOf = (set: StatefulSet, pod: Pod): Fit => {
  const templates = set.spec.volumeClaimTemplates
  const { name } = set.metadata
  const before = fits.get(pod)
  if (before !== undefined && before.name === name && before.templates === templates) return before.fit
  const fit = newFit(set, pod)
  fits.set(pod, { name, templates, fit })
  return fit
}

const newFit = (set: StatefulSet, pod: Pod): Fit => {
  const named = parsePodName(pod.metadata.name)
  const ordinal = ordinalOf(pod)
  const templates = set.spec.volumeClaimTemplates ?? []
  const claims = templates.map((template) => claimNameOf(set, template, ordinal))
  return {
    // Name and name label are what the set says. Hostname, subdomain, index and revision are not looked at.
    identity:
      named !== undefined &&
      named.ordinal >= 0 &&
      named.parent === set.metadata.name &&
      pod.metadata.name === podNameOf(set, named.ordinal) &&
      pod.metadata.labels?.[podNameLabel] === pod.metadata.name,
    // Each claim template has its volume with its claim.
    storage:
      ordinal >= 0 &&
      templates.every((template, i) => {
        const volume = pod.spec.volumes?.find((each) => each.name === template.metadata.name)
        return volume?.persistentVolumeClaim?.claimName === claims[i]
      }),
    claims,
  }
}
