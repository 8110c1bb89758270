/**
 * Revisions: which one is wanted, which one is in force, and which are history. Pure questions; the calls are in history.ts.
 * Source: statefulset.md 4.
 */
import { podTemplateDefaults } from '../../apiserver/defaults/pod-spec.ts'
import { controllerOf } from '../../objects/metadata.ts'
import type { Pod, PodTemplate } from '../../objects/pod.ts'
import { atLeast, type Gates, type Release } from '../../objects/release.ts'
import { matches } from '../../objects/selector.ts'
import { type ControllerRevision, ownerReferenceTo, revisionOf, type StatefulSet } from '../../objects/statefulset.ts'
import { dataOf, hashOf, storedText } from './data.ts'

/** The label with the hash of a revision. */
export const hashLabel = 'controller.kubernetes.io/hash'

/** 1.33 wrote `"creationTimestamp":null` into templates. Source: statefulset.md 4.3. */
export const writesNullTimes = (release: Release): boolean => !atLeast(release, 34)

/** The revisions of a set among those of its namespace: selected, and its own or nobody's. Source: statefulset.md 4.1. */
export const isListed = (revision: ControllerRevision, set: StatefulSet): boolean => {
  const owner = controllerOf(revision)
  return (owner === undefined || owner.uid === set.metadata.uid) && matches(revision.metadata.labels, set.spec.selector)
}

/** Ascending by number, then by birth, then by name. Source: statefulset.md 4.1. */
export const byNumber = (a: ControllerRevision, b: ControllerRevision): number => {
  if (a.revision !== b.revision) return a.revision - b.revision
  const [left, right] = [a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? '']
  if (left !== right) return left < right ? -1 : 1
  return a.metadata.name < b.metadata.name ? -1 : a.metadata.name > b.metadata.name ? 1 : 0
}

/** Go cuts the set's name so that the revision's stays a name. Source: statefulset.md 4.3. */
const longestPrefix = 223

/** `web-6bcfd4b4cc` */
export const revisionName = (set: StatefulSet, hash: string): string => `${set.metadata.name.slice(0, longestPrefix)}-${hash}`

/** A revision that would be made now, with the bytes of its data. */
export type Candidate = { readonly revision: ControllerRevision; readonly text: string }

/** The revision of the set's template as it is now. Source: statefulset.md 4.2, 4.3. */
export const candidateOf = (
  set: StatefulSet,
  listed: readonly ControllerRevision[],
  collisionCount: number,
  release: Release,
): Candidate => {
  const data = dataOf(set.spec.template, writesNullTimes(release))
  const hash = hashOf(data.text, collisionCount)
  const annotations = set.metadata.annotations
  const revision: ControllerRevision = {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      name: revisionName(set, hash),
      namespace: set.metadata.namespace ?? '',
      labels: { ...set.spec.template.metadata?.labels, [hashLabel]: hash },
      ...(annotations === undefined || Object.keys(annotations).length === 0 ? {} : { annotations: { ...annotations } }),
      ownerReferences: [ownerReferenceTo(set)],
    },
    data: data.object,
    revision: (listed.at(-1)?.revision ?? 0) + 1,
  }
  return { revision, text: data.text }
}

/** Hash labels that both are numbers had to agree up to 1.33; they hardly ever are. Source: statefulset.md 4.4. */
const hashesDiffer = (a: ControllerRevision, b: ControllerRevision): boolean => {
  const [left, right] = [a.metadata.labels?.[hashLabel], b.metadata.labels?.[hashLabel]]
  const isNumber = (text: string | undefined): text is string => text !== undefined && /^\d+$/.test(text) && Number(text) < 4_294_967_296
  return isNumber(left) && isNumber(right) && Number(left) !== Number(right)
}

const isEqual = (stored: ControllerRevision, candidate: Candidate, release: Release): boolean =>
  storedText(stored.data) === candidate.text && (atLeast(release, 34) || !hashesDiffer(stored, candidate.revision))

const templates = new WeakMap<object, PodTemplate>()

/** The pod template that a revision holds. */
export const templateOf = (revision: ControllerRevision): PodTemplate => {
  const held = (revision.data?.spec?.template ?? {}) as Readonly<Record<string, unknown>>
  let template = templates.get(held)
  if (template === undefined) {
    const { $patch: _, ...rest } = held
    template = rest as unknown as PodTemplate
    templates.set(held, template)
  }
  return template
}

/** Whether the newest revision means the same as the candidate once today's defaults are filled in. Source: statefulset.md 4.4 rule 4. */
const meansTheSame = (newest: ControllerRevision, candidate: Candidate, release: Release): boolean => {
  const defaulted = podTemplateDefaults(templateOf(newest)) as unknown as PodTemplate
  return dataOf(defaulted, writesNullTimes(release)).text === candidate.text
}

/** What is to be done about the update revision. */
export type Choice =
  /** It is there. */
  | { readonly kind: 'keep'; readonly revision: ControllerRevision }
  /** A rollback: the same object gets a new number. */
  | { readonly kind: 'renumber'; readonly revision: ControllerRevision; readonly number: number }
  | { readonly kind: 'create'; readonly candidate: Candidate }

/** Source: statefulset.md 4.4. `listed` in order. */
export const updateChoice = (set: StatefulSet, listed: readonly ControllerRevision[], collisionCount: number, gates: Gates): Choice => {
  const { release } = gates
  const candidate = candidateOf(set, listed, collisionCount, release)
  const newest = listed.at(-1)
  const equal = listed.filter((revision) => isEqual(revision, candidate, release)).at(-1)
  if (equal !== undefined && newest !== undefined) {
    if (storedText(newest.data) === storedText(equal.data)) return { kind: 'keep', revision: newest }
    return { kind: 'renumber', revision: equal, number: candidate.revision.revision }
  }
  const semantic = gates.on('StatefulSetSemanticRevisionComparison')
  if (semantic && newest !== undefined && meansTheSame(newest, candidate, release)) return { kind: 'keep', revision: newest }
  return { kind: 'create', candidate }
}

/** The revision in force: the listed one that status names, else the update revision. Source: statefulset.md 4.5. */
export const currentOf = (set: StatefulSet, listed: readonly ControllerRevision[], update: ControllerRevision): ControllerRevision =>
  listed.find((revision) => revision.metadata.name === set.status?.currentRevision) ?? update

/** Revisions kept by default beside the living ones. */
const defaultLimit = 10

/**
 * What is to be deleted of the history, lowest number first. Living are current, update, and what a claimed pod names; a
 * negative limit keeps all. Source: statefulset.md 4.8.
 */
export const surplusOf = (
  set: StatefulSet,
  listed: readonly ControllerRevision[],
  living: readonly (ControllerRevision | undefined)[],
  pods: readonly Pod[],
): readonly ControllerRevision[] => {
  const limit = set.spec.revisionHistoryLimit ?? defaultLimit
  if (limit < 0) return []
  const names = new Set(pods.map(revisionOf))
  for (const revision of living) if (revision !== undefined) names.add(revision.metadata.name)
  const history = listed.filter((revision) => !names.has(revision.metadata.name))
  return history.slice(0, Math.max(0, history.length - limit))
}
