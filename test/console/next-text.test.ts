import { expect, test } from 'vitest'
import { next } from '../../src/cluster/next.ts'
import type { KubernetesObject } from '../../src/cluster/objects/metadata.ts'
import type { Pod } from '../../src/cluster/objects/pod.ts'
import { nextText } from '../../src/console/next-text.ts'
import { claim, pod, web } from '../controllers/statefulset/builders.ts'

const text = (objects: readonly KubernetesObject[], options = {}): string =>
  nextText(next(objects, { controller: 'statefulset-controller', now: '2026-01-01T00:14:00Z', ...options }), objects)

test('a set that was just made: its revision, its first claim, its first pod', () => {
  expect(text([web()])).toMatch(
    new RegExp(
      [
        '^StatefulSet default/web {2}\\(statefulset-controller\\)',
        ' {2}1. create ControllerRevision web-\\w+ \\(revision 1\\)',
        ' {2}2. create PersistentVolumeClaim data-web-0',
        ' {5}Normal SuccessfulCreate Create Claim data-web-0 Pod web-0 in StatefulSet web success',
        ' {2}3. create Pod web-0 \\(revision web-\\w+\\)',
        ' {5}Normal SuccessfulCreate Create Pod web-0 in StatefulSet web successful',
        ' {2}4. write the status of web \\(.*observedGeneration none → 1.*\\)',
        ' {2}waits: web-0 has just been created; nothing more is done until it is ready$',
      ].join('\n'),
      'm',
    ),
  )
})

test('a settled set and a broken one, told apart', () => {
  const first = next([{ ...web(), spec: { ...web().spec, replicas: 0 } }], { controller: 'statefulset-controller' })[0]
  const revision = first?.actions[0]?.object as KubernetesObject
  const { name } = revision.metadata
  const counts = { replicas: 3, readyReplicas: 3, availableReplicas: 3, currentReplicas: 3, updatedReplicas: 3 }
  const set = { ...web(), status: { ...counts, currentRevision: name, updateRevision: name, observedGeneration: 1, collisionCount: 0 } }
  const crashing = {
    ready: null,
    status: { containerStatuses: [{ name: 'app', ready: false, restartCount: 3, state: { waiting: { reason: 'CrashLoopBackOff' } } }] },
  }
  const objects = (third: Pod): KubernetesObject[] => [
    set,
    revision,
    pod(0, { revision: name }),
    pod(1, { revision: name }),
    third,
    claim(0),
    claim(1),
    claim(2),
  ]
  expect(text(objects(pod(2, { revision: name })))).toBe('nothing to do: StatefulSet default/web\n')
  const broken = pod(2, { revision: name, ...crashing })
  const status = { ...broken.status, conditions: [{ type: 'Ready', status: 'False', lastTransitionTime: '2026-01-01T00:00:00Z' }] }
  const told = text(objects({ ...broken, status } as Pod))
  expect(told).toContain('write the status of web (readyReplicas 3 → 2, availableReplicas 3 → 2)')
  expect(told).toContain(
    'waits: web-2 is not ready (CrashLoopBackOff since 14 min); nothing will change until it is, or until it is deleted by hand',
  )
})

test('what a dump lacks is said first', () => {
  const told = text([{ ...web(), status: { replicas: 3, updateRevision: 'web-x', currentRevision: 'web-x' } }])
  expect(
    told
      .split('\n')
      .slice(0, 3)
      .map((line) => line.slice(0, 30)),
  ).toEqual(['note: no ControllerRevision is', 'note: no PersistentVolumeClaim', 'note: no Pod is among the obje'])
})

test('a plain manifest is told as if it had just been made', () => {
  const { uid: _, generation: __, ...metadata } = web().metadata
  const told = text([{ ...web(), metadata }])
  expect(told).not.toContain('note:')
  expect(told).toContain('observedGeneration none → 1')
})

test('nothing to look at', () => {
  expect(text([])).toBe('nothing to look at: no StatefulSet and no unscheduled Pod is among the objects\n')
})

test('a refused call and its error', () => {
  const told = text([web({ volumeClaimTemplates: [] })], { failing: [{ verb: 'create', kind: 'Pod', reason: 'Forbidden' }] })
  expect(told).toContain('create Pod web-0')
  expect(told).toContain(', refused: Forbidden\n     Warning FailedCreate Create Pod web-0 in StatefulSet web failed error: ')
  expect(told).toMatch(/^ {2}error: .*; it is tried again with back-off$/m)
})
