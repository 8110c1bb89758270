import { describe, expect, test } from 'vitest'
import { Collection } from '../../../src/cluster/apiserver/collection.ts'
import { Guard } from '../../../src/cluster/controllers/statefulset/consistency.ts'
import { podChanged } from '../../../src/cluster/controllers/statefulset/triggers.ts'
import type { KubernetesObject } from '../../../src/cluster/objects/metadata.ts'
import type { Pod } from '../../../src/cluster/objects/pod.ts'
import { ownerReferenceTo, type StatefulSet } from '../../../src/cluster/objects/statefulset.ts'
import { pod, release, web } from './builders.ts'

describe('a set is woken', () => {
  const other = { ...web({}, {}, { name: 'db', uid: 'db-uid' }), spec: { ...web().spec, selector: { matchLabels: { app: 'web' } } } }
  const stranger = { ...web({}, {}, { name: 'far', uid: 'far-uid' }), spec: { ...web().spec, selector: { matchLabels: { app: 'far' } } } }

  const woken = (type: 'ADDED' | 'MODIFIED' | 'DELETED', object: Pod, old?: Pod, minReadySeconds = 0, name = '1.36'): string[] => {
    const sets = new Collection<StatefulSet>()
    for (const set of [web({ minReadySeconds }), other, stranger]) sets.put(set)
    const queued: string[] = []
    const queue = {
      add: (key: string) => queued.push(key.replace('default/', '')),
      addAfter: (key: string, delay: number) => queued.push(`${key.replace('default/', '')} after ${delay / 1e6}`),
    }
    podChanged({ type, object, old }, sets, queue, release(name))
    return queued
  }
  const version = (each: Pod, resourceVersion: string): Pod => ({ ...each, metadata: { ...each.metadata, resourceVersion } })
  const owned = version(pod(0), '1')
  const changed = version(pod(0), '2')
  const orphan = version(pod(0, { owners: [] }), '3')
  const sick = version(pod(0, { ready: null }), '4')

  test.each<[string, string[], Parameters<typeof woken>]>([
    ['by a new pod of its own', ['web'], ['ADDED', owned]],
    ['by a new pod of its own that is terminating', ['web'], ['ADDED', pod(0, { terminating: true })]],
    ['not by a pod of a former set of its name', [], ['ADDED', pod(0, { owners: [{ ...ownerReferenceTo(web()), uid: 'former' }] })]],
    ['not by a pod of another kind’s owner', [], ['ADDED', pod(0, { owners: [{ ...ownerReferenceTo(web()), kind: 'ReplicaSet' }] })]],
    ['by an orphan that it would select, like all that would', ['db', 'web'], ['ADDED', orphan]],
    ['not by an orphan without labels', [], ['ADDED', { ...orphan, metadata: { name: 'web-0', namespace: 'default' } } as Pod]],
    ['not by a terminating orphan', [], ['ADDED', pod(0, { owners: [], terminating: true })]],
    ['not by an update of the same version', [], ['MODIFIED', owned, owned]],
    ['by an update', ['web'], ['MODIFIED', changed, owned]],
    [
      'by a pod that another takes, which is woken too',
      ['web', 'db'],
      ['MODIFIED', version(pod(0, { owners: [ownerReferenceTo(other)] }), '5'), owned],
    ],
    ['by a pod that it loses, and whoever would take it', ['web', 'db', 'web'], ['MODIFIED', orphan, owned]],
    ['not by an orphan that changes inside', [], ['MODIFIED', version(orphan, '6'), orphan]],
    ['by an orphan whose labels change', ['db', 'web'], ['MODIFIED', version(pod(0, { owners: [], labels: { tier: 'x' } }), '6'), orphan]],
    ['by the end of a pod', ['web'], ['DELETED', owned]],
    ['not by the end of an orphan', [], ['DELETED', orphan]],
    ['once more when a pod that became Ready is available', ['web', 'web after 30'], ['MODIFIED', changed, sick, 30]],
    ['a second later up to 1.35.0', ['web', 'web after 31'], ['MODIFIED', changed, sick, 30, '1.35.0']],
    ['at the exact moment from 1.35.1 on', ['web', 'web after 30'], ['MODIFIED', changed, sick, 30, '1.35.1']],
    ['once alone by a pod that was Ready before', ['web'], ['MODIFIED', changed, owned, 30]],
  ])('%s', (_, expected, change) => {
    expect(woken(...change)).toEqual(expected)
  })
})

describe('the guard', () => {
  const seen = (versions: Record<string, number>) => ({ of: (kind: string) => ({ seen: versions[kind] ?? 0 }) }) as never
  const at = (resourceVersion: number): KubernetesObject => ({
    ...pod(0),
    metadata: { name: 'x', resourceVersion: String(resourceVersion) },
  })

  test('holds a set back until the caches show what was written', () => {
    const guard = new Guard()
    guard.wrote('default/web', 'uid', 'Pod', at(12))
    guard.wrote('default/web', 'uid', 'Pod', at(11))
    guard.wrote('default/web', 'uid', 'StatefulSet', at(13))
    const behind = (versions: Record<string, number>): string | undefined => guard.behind('default/web', 'uid', seen(versions))
    expect(behind({ Pod: 11, StatefulSet: 13 })).toBe('read version: 11 is not as new as written version: 12 for group resource pods')
    expect(behind({ Pod: 12, StatefulSet: 12 })).toBe(
      'read version: 12 is not as new as written version: 13 for group resource statefulsets.apps',
    )
    expect(behind({ Pod: 12, StatefulSet: 13 })).toBeUndefined()
    expect(behind({ Pod: 1 })).toBeUndefined()
  })

  test('holds back only the set that wrote, and not its successor of the same name', () => {
    const guard = new Guard()
    guard.wrote('default/web', 'uid', 'PersistentVolumeClaim', at(12))
    expect(guard.behind('default/db', 'uid', seen({}))).toBeUndefined()
    expect(guard.behind('default/web', undefined, seen({}))).toMatch(/persistentvolumeclaims$/)
    expect(guard.behind('default/web', 'another', seen({}))).toBeUndefined()
  })
})
