/** Sets, pods and claims in few words. */

import type { Judgement } from '../../../src/cluster/controllers/statefulset/sort.ts'
import type { KubernetesObject, OwnerReference } from '../../../src/cluster/objects/metadata.ts'
import type { Pod } from '../../../src/cluster/objects/pod.ts'
import { parseRelease, type Release } from '../../../src/cluster/objects/release.ts'
import {
  ownerReferenceTo,
  type StatefulSet,
  type StatefulSetSpec,
  type StatefulSetStatus,
} from '../../../src/cluster/objects/statefulset.ts'
import { Calendar } from '../../../src/cluster/objects/time.ts'

export const calendar = new Calendar('2026-01-01T00:00:00Z')

/** A release by its name. */
export const release = (name: string): Release => parseRelease(name) as Release

/** `web` of three replicas with one claim template. */
export const web = (
  spec: Partial<StatefulSetSpec> = {},
  status: StatefulSetStatus = {},
  meta: Partial<KubernetesObject['metadata']> = {},
): StatefulSet => ({
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { name: 'web', namespace: 'default', uid: 'set-uid', generation: 1, ...meta },
  spec: {
    replicas: 3,
    serviceName: 'web',
    selector: { matchLabels: { app: 'web' } },
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'app', image: 'app:1' }] } },
    volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'] } }],
    ...spec,
  },
  status,
})

export type PodWords = {
  readonly revision?: string
  readonly phase?: string | null
  /** Seconds after the start at which it became Ready; null: it is not. */
  readonly ready?: number | null
  readonly terminating?: boolean
  readonly name?: string
  readonly owners?: readonly OwnerReference[]
  readonly labels?: Readonly<Record<string, string>>
  readonly spec?: Readonly<Record<string, unknown>>
  readonly status?: Readonly<Record<string, unknown>>
  readonly meta?: Readonly<Record<string, unknown>>
}

/** A pod of `web`, Running and Ready since the start unless said otherwise. */
export const pod = (ordinal: number, words: PodWords = {}): Pod => {
  const name = words.name ?? `web-${ordinal}`
  const ready = words.ready === undefined ? 0 : words.ready
  const phase = words.phase === undefined ? 'Running' : words.phase
  const condition = { type: 'Ready', status: ready === null ? 'False' : 'True', lastTransitionTime: calendar.textOf((ready ?? 0) * 1e6) }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'default',
      uid: `uid-${name}`,
      labels: {
        app: 'web',
        'statefulset.kubernetes.io/pod-name': name,
        'controller-revision-hash': words.revision ?? 'web-1',
        ...words.labels,
      },
      ownerReferences: words.owners ?? [ownerReferenceTo(web())],
      ...(words.terminating === true ? { deletionTimestamp: calendar.textOf(30e6), deletionGracePeriodSeconds: 30 } : {}),
      ...words.meta,
    },
    spec: {
      nodeName: 'node-1',
      containers: [{ name: 'app', image: 'app:1' }],
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: `data-${name}` } }],
      ...words.spec,
    },
    status: { ...(phase === null ? {} : { phase, conditions: [condition] }), ...words.status } as NonNullable<Pod['status']>,
  }
}

/** The claim of an ordinal, with these owners. */
export const claim = (ordinal: number, owners: readonly OwnerReference[] = []): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: `data-web-${ordinal}`, namespace: 'default', uid: `uid-claim-${ordinal}`, ownerReferences: owners },
})

/** A moment, by seconds since the start, with rules. */
export const at = (seconds: number, minReadySeconds = 0, name = '1.36'): Judgement => ({
  now: seconds * 1e6,
  release: release(name),
  minReadySeconds,
  microsOf: (time) => calendar.microsOf(time),
})
