/**
 * What a pod of a set must look like, and how one is made. Source: statefulset.md 4.6, 5.3, 6.5.
 */
import type { Pod, PodVolume } from '../../objects/pod.ts'
import {
  type ControllerRevision,
  claimNameOf,
  ordinalOf,
  ownerReferenceTo,
  podIndexLabel,
  podNameLabel,
  podNameOf,
  revisionLabel,
  type StatefulSet,
  startOf,
} from '../../objects/statefulset.ts'
import { fitOf } from './facts.ts'
import { templateOf } from './revisions.ts'

/** Name and name label are what the set says. Source: statefulset.md 5.3. */
export const identityMatches = (set: StatefulSet, pod: Pod): boolean => fitOf(set, pod).identity

/** Each claim template has its volume with its claim. Source: statefulset.md 5.3. */
export const storageMatches = (set: StatefulSet, pod: Pod): boolean => fitOf(set, pod).storage

/** The pod with the name and labels that its ordinal has. */
export const withIdentity = (set: StatefulSet, pod: Pod): Pod => {
  const ordinal = ordinalOf(pod)
  const name = podNameOf(set, ordinal)
  const labels = { ...pod.metadata.labels, [podNameLabel]: name, [podIndexLabel]: String(ordinal) }
  return { ...pod, metadata: { ...pod.metadata, name, namespace: set.metadata.namespace ?? '', labels } }
}

/** The pod with a volume for each claim template, before its other volumes; a template wins over a volume of its name. */
export const withStorage = (set: StatefulSet, pod: Pod): Pod => {
  const ordinal = ordinalOf(pod)
  const templates = set.spec.volumeClaimTemplates ?? []
  const names = new Set(templates.map((template) => template.metadata.name))
  const claims = templates.map(
    (template): PodVolume => ({
      name: template.metadata.name,
      persistentVolumeClaim: { claimName: claimNameOf(set, template, ordinal) },
    }),
  )
  const volumes = [...claims, ...(pod.spec.volumes ?? []).filter((volume) => !names.has(volume.name))]
  const { volumes: _, ...rest } = pod.spec
  return { ...pod, spec: volumes.length === 0 ? rest : { ...rest, volumes } } as Pod
}

/** Whether a pod made now belongs to the current revision and not to the update revision. Source: statefulset.md 4.6. */
export const isMadeAtCurrent = (set: StatefulSet, ordinal: number): boolean => {
  const { type, rollingUpdate } = set.spec.updateStrategy ?? {}
  if (rollingUpdate !== undefined && rollingUpdate !== null) return ordinal < startOf(set) + (rollingUpdate.partition ?? 0)
  return type === 'RollingUpdate' && ordinal < startOf(set) + (set.status?.currentReplicas ?? 0)
}

/** A pod object of that revision, not made yet: without phase, uid and resourceVersion. Source: statefulset.md 6.5. */
export const newPod = (set: StatefulSet, ordinal: number, revision: ControllerRevision): Pod => {
  const template = templateOf(revision)
  const { labels, annotations, finalizers } = template.metadata ?? {}
  const name = podNameOf(set, ordinal)
  const { serviceName } = set.spec
  const pod: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      generateName: `${set.metadata.name}-`,
      namespace: set.metadata.namespace ?? '',
      labels: { ...labels, [podNameLabel]: name, [podIndexLabel]: String(ordinal), [revisionLabel]: revision.metadata.name },
      ...(annotations === undefined || annotations === null ? {} : { annotations }),
      ...(finalizers === undefined || finalizers === null ? {} : { finalizers }),
      ownerReferences: [ownerReferenceTo(set)],
    },
    spec: { ...template.spec, hostname: name, ...(serviceName === undefined || serviceName === '' ? {} : { subdomain: serviceName }) },
  }
  return withStorage(set, pod)
}
