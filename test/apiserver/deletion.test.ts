import { describe, expect, test } from 'vitest'
import { type DeletionRequest, deletionOf } from '../../src/cluster/apiserver/deletion.ts'
import type { KubernetesObject } from '../../src/cluster/objects/metadata.ts'
import { Calendar } from '../../src/cluster/objects/time.ts'

const calendar = new Calendar('2026-01-01T00:00:00Z')
const clock = { time: '2026-01-01T00:10:00Z', plus: calendar.plus }

const pod = (more: { readonly meta?: object; readonly spec?: object; readonly phase?: string } = {}): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web-0', namespace: 'default', generation: 1, ...more.meta },
  spec: { nodeName: 'node-1', terminationGracePeriodSeconds: 30, ...more.spec },
  status: { phase: more.phase ?? 'Running' },
})

const claim = (meta: object = {}): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'data', namespace: 'default', ...meta },
})

const said = (object: KubernetesObject, request: DeletionRequest = {}): string => {
  const deletion = deletionOf(object, request, clock)
  if (deletion.kind === 'keep') return 'keep'
  const { deletionTimestamp, deletionGracePeriodSeconds, finalizers, generation } = deletion.marked?.metadata ?? {}
  const marks = deletion.marked === undefined ? '' : ` ${deletionTimestamp?.slice(14, 19)} grace ${deletionGracePeriodSeconds}`
  return `${deletion.kind}${marks}${finalizers?.length ? ` ${finalizers.join(' ')}` : ''}${generation === undefined ? '' : ` generation ${generation}`}`
}

describe('what a DELETE does (node-and-storage.md A10, C9, E)', () => {
  const terminating = { deletionTimestamp: '2026-01-01T00:10:20Z', deletionGracePeriodSeconds: 30, generation: 2 }
  test.each<[string, KubernetesObject, DeletionRequest, string]>([
    ['a running pod gets its own grace', pod(), {}, 'mark 10:30 grace 30 generation 2'],
    ['a shorter one that was asked for', pod(), { gracePeriodSeconds: 5 }, 'mark 10:05 grace 5 generation 2'],
    ['a negative one means 1', pod(), { gracePeriodSeconds: -3 }, 'mark 10:01 grace 1 generation 2'],
    ['0 removes at once, after the mark', pod(), { gracePeriodSeconds: 0 }, 'remove 10:00 grace 0 generation 2'],
    ['a pod without node needs no grace', pod({ spec: { nodeName: '' } }), {}, 'remove 10:00 grace 0 generation 2'],
    ['nor does a pod that has ended', pod({ phase: 'Failed' }), {}, 'remove 10:00 grace 0 generation 2'],
    ['a second DELETE changes nothing', pod({ meta: terminating }), {}, 'keep'],
    ['nor does a longer one', pod({ meta: terminating }), { gracePeriodSeconds: 60 }, 'keep'],
    ['it can shorten', pod({ meta: terminating }), { gracePeriodSeconds: 15 }, 'mark 10:05 grace 15 generation 2'],
    ['a deadline that is past becomes 1 s', pod({ meta: terminating }), { gracePeriodSeconds: 2 }, 'mark 10:01 grace 1 generation 2'],
    ['a forced one ends it', pod({ meta: terminating }), { gracePeriodSeconds: 0 }, 'remove 09:50 grace 0 generation 2'],
    [
      'a finalizer holds a pod that has nothing to wait for',
      pod({ meta: { finalizers: ['a/b'] }, phase: 'Succeeded' }),
      {},
      'mark 10:00 grace 0 a/b generation 2',
    ],
    ['a claim goes at once', claim(), {}, 'remove'],
    [
      'a claim in use is marked',
      claim({ finalizers: ['kubernetes.io/pvc-protection'] }),
      {},
      'mark 10:00 grace 0 kubernetes.io/pvc-protection',
    ],
    ['foreground waits for the dependents', claim(), { propagation: 'Foreground' }, 'mark 10:00 grace 0 foregroundDeletion'],
    ['orphan lets them go first', claim(), { propagation: 'Orphan' }, 'mark 10:00 grace 0 orphan'],
    ['background takes back an earlier wish', claim({ finalizers: ['orphan'] }), { propagation: 'Background' }, 'remove'],
  ])('%s', (_, object, request, expected) => {
    expect(said(object, request)).toBe(expected)
  })
})
