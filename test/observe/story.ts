/** Hand-made journals: what happened, told in a few calls. Times are seconds. */
import type { KubernetesObject } from '../../src/cluster/objects/metadata.ts'
import { objectKey } from '../../src/cluster/objects/metadata.ts'
import { seconds } from '../../src/engine/clock.ts'
import { Journal } from '../../src/engine/journal.ts'
import type { Observed } from '../../src/observe/table.ts'
import { tables } from '../../src/observe/tables/index.ts'

export class Story {
  readonly journal = new Journal()
  private readonly stored = new Map<string, KubernetesObject>()
  private revision = 0

  /** Something that is no write; returns the number of its entry. */
  tell(at: number, who: string, what: string, about: string, detail: unknown = {}, cause = 0): number {
    return this.journal.add(seconds(at), cause, who, what, about, detail)
  }

  /** Creates or changes an object. */
  write(at: number, who: string, object: KubernetesObject, more: { verb?: string; subresource?: string; cause?: number } = {}): number {
    const key = objectKey(object)
    const old = this.stored.get(key)
    const stamped = { ...object, metadata: { ...object.metadata, resourceVersion: `${++this.revision}` } }
    this.stored.set(key, stamped)
    const { cause = 0, verb = old === undefined ? 'create' : 'update', subresource } = more
    const detail = {
      type: old === undefined ? 'ADDED' : 'MODIFIED',
      verb,
      ...(subresource === undefined ? {} : { subresource }),
      object: stamped,
      old,
    }
    return this.tell(at, who, 'write', key, detail, cause)
  }

  /** Removes an object. */
  remove(at: number, who: string, kind: string, name: string, namespace: string | undefined = 'default'): number {
    const key = `${kind}/${namespace ?? ''}/${name}`
    const old = this.stored.get(key)
    if (old === undefined) throw new Error(`${key} is not there`)
    this.stored.delete(key)
    return this.tell(at, who, 'write', key, { type: 'DELETED', verb: 'delete', object: old, old })
  }

  observed(ended: number, quiet = true): Observed {
    return { journal: this.journal, ended: seconds(ended), quiet }
  }

  /** The rows of a table as records without what is undefined. */
  table(name: string, ended = 3_600, quiet = true): Record<string, unknown>[] {
    const table = tables.find((one) => one.name === name)
    if (table === undefined) throw new Error(`no table ${name}`)
    return table
      .rows(this.observed(ended, quiet))
      .map((row) => Object.fromEntries(table.columns.flatMap((column, at) => (row[at] === undefined ? [] : [[column, row[at]]]))))
  }
}

type PodOptions = {
  uid?: string
  node?: string
  phase?: string
  ready?: boolean
  owner?: string
  revision?: string
  deleting?: boolean
  waiting?: string
  restarts?: number
  claims?: string[]
}

/** A pod of the set `web` (uid `set`), unless said otherwise. */
export function pod(name: string, options: PodOptions = {}): KubernetesObject {
  const { uid = `uid-${name}`, node, phase = 'Pending', ready = false, owner = 'set', revision = 'web-a', waiting, restarts = 0 } = options
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'default',
      uid,
      labels: { 'controller-revision-hash': revision, 'apps.kubernetes.io/pod-index': name.replace(/^.*-/, '') },
      ...(owner === ''
        ? {}
        : { ownerReferences: [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'web', uid: owner, controller: true }] }),
      ...(options.deleting === true ? { deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds: 30 } : {}),
    },
    spec: {
      containers: [{ name: 'app', resources: { requests: { cpu: '500m', memory: '1Gi' } } }],
      ...(node === undefined ? {} : { nodeName: node }),
      volumes: (options.claims ?? []).map((claim) => ({ name: 'data', persistentVolumeClaim: { claimName: claim } })),
    },
    status: {
      phase,
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
      containerStatuses: [{ name: 'app', restartCount: restarts, state: waiting === undefined ? {} : { waiting: { reason: waiting } } }],
    },
  }
}

type SetOptions = {
  generation?: number
  observed?: number
  replicas?: number
  image?: string
  counts?: [replicas: number, ready: number, updated?: number]
  revisions?: [current: string, update: string]
  strategy?: object
  annotations?: Record<string, string>
}

/** The StatefulSet `web`, uid `set`. */
export function set(options: SetOptions = {}): KubernetesObject {
  const {
    generation = 1,
    observed = generation,
    replicas = 3,
    image = 'app:1',
    counts,
    revisions = ['web-a', 'web-a'],
    strategy,
    annotations,
  } = options
  const [current, update] = revisions
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'web', namespace: 'default', uid: 'set', generation },
    spec: {
      replicas,
      template: { metadata: annotations === undefined ? {} : { annotations }, spec: { containers: [{ name: 'app', image }] } },
      ...(strategy === undefined ? {} : { updateStrategy: strategy }),
    },
    ...(counts === undefined
      ? {}
      : {
          status: {
            observedGeneration: observed,
            replicas: counts[0],
            readyReplicas: counts[1],
            availableReplicas: counts[1],
            updatedReplicas: counts[2] ?? counts[0],
            currentReplicas: counts[0],
            currentRevision: current,
            updateRevision: update,
          },
        }),
  }
}

/** A Node that is Ready or not. */
export const node = (name: string, ready: string, taints: { key: string; value?: string; effect: string }[] = []): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels: { 'topology.kubernetes.io/zone': 'zone-a' } },
  spec: { taints },
  status: { conditions: [{ type: 'Ready', status: ready, lastHeartbeatTime: '2026-01-01T00:00:00Z' }] },
})
