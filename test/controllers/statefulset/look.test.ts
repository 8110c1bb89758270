import { describe, expect, test } from 'vitest'
import { type Decision, type NextOptions, next } from '../../../src/cluster/next.ts'
import type { KubernetesObject, OwnerReference } from '../../../src/cluster/objects/metadata.ts'
import { ownerReferenceTo, type StatefulSet } from '../../../src/cluster/objects/statefulset.ts'
import { calendar, claim, type PodWords, pod, web } from './builders.ts'

/** What `next` says of a set and what belongs to it. The set's own revision is asked for first, so that pods can be at it. */
const revisionOf = (set: StatefulSet): KubernetesObject => {
  const { actions } = ask([{ ...set, spec: { ...set.spec, replicas: 0 } }])
  const { object } = actions.find((action) => action.object.kind === 'ControllerRevision') as Decision['actions'][0]
  const { creationTimestamp: _, ...metadata } = object.metadata
  return { ...object, metadata: { ...metadata, uid: `uid-${metadata.name}` } }
}

const ask = (objects: readonly KubernetesObject[], options: NextOptions = {}): Decision =>
  next(objects, { controller: 'statefulset-controller', now: calendar.textOf(1000e6), ...options })[0] as Decision

const told = ({ actions }: Decision): string[] =>
  actions.map(({ verb, object, answer, event }) =>
    [verb, object.kind, object.metadata.name, answer, ...(event === null ? [] : [`${event.reason}: ${event.message}`])].join(' '),
  )

/** `web` with its revision and pods by words; each has its claim. */
const scene = (
  words: readonly (PodWords & { readonly ordinal: number })[],
  spec: Partial<StatefulSet['spec']> = {},
  status = {},
): KubernetesObject[] => {
  const set = web(spec)
  const revision = revisionOf(set)
  const { name } = revision.metadata
  const full = { ...set, status: { currentRevision: name, updateRevision: name, observedGeneration: 1, ...status } }
  const pods = words.map(({ ordinal, ...rest }) => pod(ordinal, { revision: name, ...rest }))
  return [full, revision, ...pods, ...words.map(({ ordinal }) => claim(ordinal))]
}

describe('why a set waits', () => {
  const waits = (words: readonly (PodWords & { readonly ordinal: number })[], spec: Partial<StatefulSet['spec']> = {}): string | null =>
    ask(scene(words, spec)).waits

  test.each<[string, PodWords, string]>([
    [
      'a crash loop',
      {
        ready: null,
        status: {
          conditions: [{ type: 'Ready', status: 'False', lastTransitionTime: calendar.textOf(160e6) }],
          containerStatuses: [{ name: 'app', ready: false, restartCount: 7, state: { waiting: { reason: 'CrashLoopBackOff' } } }],
        },
      },
      'web-1 is not ready (CrashLoopBackOff since 14 min); nothing will change until it is, or until it is deleted by hand',
    ],
    [
      'a container that ended',
      {
        ready: null,
        status: {
          conditions: [{ type: 'Ready', status: 'False', lastTransitionTime: calendar.textOf(995e6) }],
          containerStatuses: [
            { name: 'app', ready: false, restartCount: 1, state: { terminated: { exitCode: 137, reason: 'OOMKilled' } } },
          ],
        },
      },
      'web-1 is not ready (OOMKilled, exit code 137 since 5 s); nothing will change until it is, or until it is deleted by hand',
    ],
    [
      'no node',
      {
        phase: 'Pending',
        spec: { nodeName: undefined },
        status: {
          phase: 'Pending',
          conditions: [
            {
              type: 'PodScheduled',
              status: 'False',
              reason: 'Unschedulable',
              message: '0/3 nodes are available: 3 Insufficient cpu.',
              lastTransitionTime: calendar.textOf(400e6),
            },
          ],
        },
      },
      'web-1 has no node (Unschedulable since 10 min: 0/3 nodes are available: 3 Insufficient cpu.); nothing will change until it is, or until it is deleted by hand',
    ],
    [
      'a termination',
      { meta: { deletionTimestamp: calendar.textOf(1010e6), deletionGracePeriodSeconds: 30 } },
      'web-1 is terminating since 20 s; nothing more is done until it is gone',
    ],
    [
      'the last word about a pod, in whose instant it goes',
      { meta: { deletionTimestamp: calendar.textOf(995e6), deletionGracePeriodSeconds: 0 } },
      'web-1 is terminating since 5 s; nothing more is done until it is gone',
    ],
    [
      'a termination that nobody confirms',
      { meta: { deletionTimestamp: calendar.textOf(400e6), deletionGracePeriodSeconds: 30 } },
      'web-1 is terminating since 10 min; its grace period ended 10 min ago and no kubelet of node-1 confirms its end; nothing more is done until its node is back, or its Node object is deleted, or by hand: kubectl delete pod web-1 --grace-period=0 --force',
    ],
    [
      'a finalizer',
      { meta: { deletionTimestamp: calendar.textOf(400e6), deletionGracePeriodSeconds: 0, finalizers: ['example.com/hold'] } },
      'web-1 is terminating since 10 min and held by its finalizer example.com/hold; nothing more is done until that is taken away',
    ],
  ])('on %s', (_, words, expected) => {
    expect(waits([{ ordinal: 0 }, { ordinal: 1, ...words }, { ordinal: 2 }])).toBe(expected)
  })

  test('on a broken rollout, with what only a person can do about it (kubernetes/kubernetes#67250)', () => {
    expect(waits([{ ordinal: 0 }, { ordinal: 1 }, { ordinal: 2, ready: null, revision: 'web-broken' }])).toMatch(
      /^web-2 is not ready since 16 min; nothing will change until it is, or until it is deleted by hand \(kubectl delete pod web-2\): it keeps revision web-broken although the template is at web-\w+$/,
    )
  })

  test('on a pod that is not ready for long enough', () => {
    const decision = ask(scene([{ ordinal: 0, ready: 990 }], { replicas: 2, minReadySeconds: 30 }))
    expect(decision.waits).toBe('web-0 is ready since 10 s and counts only after 30 s')
    expect(decision.wakesAfter).toBe(20)
  })

  test('on nothing when it is settled', () => {
    expect(waits([{ ordinal: 0 }, { ordinal: 1 }, { ordinal: 2 }])).toBeNull()
  })

  test('on the highest of two condemned pods that are both not available', () => {
    expect(waits([{ ordinal: 0 }, { ordinal: 1, ready: null }, { ordinal: 2, ready: null }], { replicas: 1 })).toMatch(
      /^web-2 is not ready.*only the lowest of them may go so\)$/,
    )
  })
})

describe('wakes after', () => {
  const wakes = (words: readonly (PodWords & { readonly ordinal: number })[], release: string): number | null =>
    ask(scene(words, { replicas: words.length, minReadySeconds: 60, podManagementPolicy: 'Parallel' }), { release }).wakesAfter

  test.each<[string, readonly (PodWords & { readonly ordinal: number })[], string, number | null]>([
    [
      'the earliest moment at which a pod is available',
      [
        { ordinal: 0, ready: 950 },
        { ordinal: 1, ready: 960 },
      ],
      '1.36',
      10,
    ],
    ['the whole time, release 1.35.0', [{ ordinal: 0, ready: 950 }], '1.35.0', 60],
    ['the whole time for an unready set, release 1.34', [{ ordinal: 0, ready: null }], '1.34', 60],
    ['nothing for an unready set, release 1.36', [{ ordinal: 0, ready: null }], '1.36', null],
    ['nothing when all are available', [{ ordinal: 0, ready: 1 }], '1.36', null],
    ['nothing when all are available, release 1.34', [{ ordinal: 0, ready: 1 }], '1.34', null],
  ])('%s', (_, words, release, expected) => {
    expect(wakes(words, release)).toBe(expected)
  })
})

describe('calls and their Events', () => {
  test('come in order, each Event with its call', () => {
    const [revision, claimed, made, status, ...more] = told(ask([web()]))
    expect(revision).toMatch(/^create ControllerRevision web-\w+ ok$/)
    expect(claimed).toBe(
      'create PersistentVolumeClaim data-web-0 ok SuccessfulCreate: Create Claim data-web-0 Pod web-0 in StatefulSet web success',
    )
    expect(made).toBe('create Pod web-0 ok SuccessfulCreate: Create Pod web-0 in StatefulSet web successful')
    expect(status).toBe('update-status StatefulSet web ok')
    expect(more).toEqual([])
  })

  test('begin in lower case up to 1.34', () => {
    expect(told(ask([web()], { release: '1.34' }))[1]).toContain(
      'SuccessfulCreate: create Claim data-web-0 Pod web-0 in StatefulSet web success',
    )
  })

  test('of a refused claim: its own, and that of the pod that is not made', () => {
    const decision = ask([web()], { failing: [{ verb: 'create', kind: 'PersistentVolumeClaim', reason: 'Forbidden' }] })
    const refusal = 'persistentvolumeclaims "data-web-0" is forbidden: refused as asked for'
    expect(told(decision).slice(1, 3)).toEqual([
      `create PersistentVolumeClaim data-web-0 Forbidden FailedCreate: Create Claim data-web-0 for Pod web-0 in StatefulSet web failed error: ${refusal}`,
      `create Event web.0000000000000001 ok FailedCreate: Create Pod web-0 in StatefulSet web failed error: failed to create PVC data-web-0: ${refusal}`,
    ])
    expect(decision.error).toBe(`failed to create PVC data-web-0: ${refusal}`)
  })

  test('two claims that are going away are told in square brackets', () => {
    const templates = ['a', 'b'].map((name) => ({ metadata: { name }, spec: {} }))
    const going = templates.map(({ metadata }) => ({
      ...claim(0),
      metadata: { name: `${metadata.name}-web-0`, namespace: 'default', uid: metadata.name, deletionTimestamp: calendar.textOf(0) },
    }))
    expect(ask([web({ volumeClaimTemplates: templates }), ...going]).error).toBe(
      '[pvc a-web-0 is being deleted, pvc b-web-0 is being deleted]',
    )
  })

  test('a name that is taken: the API’s words, and no Event', () => {
    const owner: OwnerReference = { ...ownerReferenceTo(web()), uid: 'former' }
    const decision = ask([web(), pod(0, { owners: [owner] }), claim(0)])
    expect(decision.error).toBe('pods "web-0" already exists, the server was not able to generate a unique name for the object')
    expect(decision.actions.filter((action) => action.event !== null)).toEqual([])
  })

  test('a set that was deleted meanwhile adopts nothing', () => {
    const leaving = web({}, {}, { deletionTimestamp: calendar.textOf(5e6), finalizers: ['foregroundDeletion'] })
    const orphan = { ...revisionOf(web()), metadata: { ...revisionOf(web()).metadata, ownerReferences: [] } }
    const decision = ask([leaving, orphan])
    expect(decision.error).toBe("can't adopt ControllerRevisions: default/web has just been deleted at 2026-01-01 00:00:05 +0000 UTC")
    expect(decision.actions).toEqual([])
  })

  test('a renumbering that meets a conflict ends with the words of the client', () => {
    const set = web()
    const first = { ...revisionOf(set), revision: 1 }
    const newer = revisionOf({
      ...set,
      spec: { ...set.spec, template: { ...set.spec.template, spec: { containers: [{ name: 'app', image: 'app:2' }] } } },
    })
    const decision = ask([set, first, { ...newer, revision: 2 }], {
      failing: [{ verb: 'update', kind: 'ControllerRevision', reason: 'Conflict', times: 1 }],
    })
    expect(decision.error).toBe('resource name may not be empty')
    expect(decision.actions.map((action) => `${action.verb} ${action.answer}`)).toEqual(['update Conflict'])
  })

  test.each([
    ['1.35', 'NotFound', null, 2, 'FailedDelete'],
    ['1.36', 'NotFound', null, 2, 'SuccessfulDelete'],
    ['1.35', 'Forbidden', /forbidden/, 3, 'FailedDelete'],
  ])('release %s, a pod to be replaced whose deletion is answered with %s', (release, reason, error, currentReplicas, event) => {
    const [set, revision, ...others] = scene([{ ordinal: 0 }, { ordinal: 1 }, { ordinal: 2 }]) as [StatefulSet, ...KubernetesObject[]]
    const template = { ...set.spec.template, spec: { containers: [{ name: 'app', image: 'app:2' }] } }
    const changed = { ...set, metadata: { ...set.metadata, generation: 2 }, spec: { ...set.spec, template } }
    const objects = [changed, revision as KubernetesObject, ...others]
    const decision = ask(objects, { release, failing: [{ verb: 'delete', kind: 'Pod', name: 'web-2', reason }] })
    expect(decision.actions.find((action) => action.verb === 'delete')?.event?.reason).toBe(event)
    expect(decision.actions.at(-1)?.object['status']).toMatchObject({ currentReplicas })
    if (error === null) expect(decision.error).toBeNull()
    else expect(decision.error).toMatch(error)
  })

  test.each([
    ['NotFound', null],
    ['Invalid', null],
    ['Conflict', /Operation cannot be fulfilled/],
  ])('a release that is answered with %s', (reason, error) => {
    const objects = scene([{ ordinal: 0 }, { ordinal: 1 }, { ordinal: 2 }, { ordinal: 7, labels: { app: 'other' } }])
    const decision = ask(objects, { failing: [{ verb: 'patch', kind: 'Pod', reason }] })
    expect(told(decision)[0]).toBe(`patch Pod web-7 ${reason}`)
    if (error === null) expect(decision.error).toBeNull()
    else expect(decision.error).toMatch(error)
  })

  test.each([
    ['NotFound', null],
    ['Invalid', /is invalid/],
  ])('an adoption that is answered with %s: the pod is not ours', (reason, error) => {
    const objects = scene([{ ordinal: 0 }, { ordinal: 1 }, { ordinal: 2 }, { ordinal: 7, owners: [] }])
    const decision = ask(objects, { failing: [{ verb: 'patch', kind: 'Pod', reason }] })
    expect(told(decision)[0]).toBe(`patch Pod web-7 ${reason}`)
    expect(decision.actions.some((action) => action.verb === 'delete')).toBe(false)
    if (error === null) expect(decision.error).toBeNull()
    else expect(decision.error).toMatch(error)
  })

  test('a name that another’s revision of the same data has: it is used as it is', () => {
    const revision = revisionOf(web())
    const owner = { ...ownerReferenceTo(web()), uid: 'another' }
    const decision = ask([web(), { ...revision, metadata: { ...revision.metadata, ownerReferences: [owner] } }])
    expect(told(decision)[0]).toBe(`create ControllerRevision ${revision.metadata.name} AlreadyExists`)
    expect(decision.actions.at(-1)?.object['status']).toMatchObject({ collisionCount: 0, updateRevision: revision.metadata.name })
    expect(decision.error).toBeNull()
  })

  test('a status that cannot be: the deletion is done, and then refused to be told', () => {
    const objects = scene(
      [0, 1, 2].map((ordinal) => ({ ordinal, revision: 'web-half' })),
      {},
      { currentRevision: 'web-lost' },
    )
    const old = {
      ...revisionOf(web({ template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'app', image: 'app:0' }] } } })),
      revision: 0,
    }
    const named = { ...old, metadata: { ...old.metadata, name: 'web-lost' } }
    const decision = ask([...objects, named])
    expect(decision.error).toMatch(/status.currentReplicas: Invalid value: -1: must be greater than or equal to 0/)
    expect(decision.actions.map((action) => `${action.verb} ${action.object.kind} ${action.answer}`)).toEqual([
      'delete Pod ok',
      'update-status StatefulSet Invalid',
    ])
  })
})

describe('next', () => {
  test('looks at every set, by namespace and name, each by itself', () => {
    const set = (name: string, namespace: string): StatefulSet =>
      web({ selector: { matchLabels: { app: 'web' } } }, {}, { name, namespace, uid: `${namespace}-${name}` })
    const decisions = next([set('b', 'x'), set('a', 'x'), set('c', 'a')], { controller: 'statefulset-controller' })
    expect(decisions.map(({ object }) => `${object.namespace}/${object.name}`)).toEqual(['a/c', 'x/a', 'x/b'])
    const uids = decisions.map(({ actions }) => actions.map((action) => action.object.metadata.uid))
    expect(uids[1]).toEqual([uids[0]?.[0], uids[0]?.[1], uids[0]?.[2], 'x-a'])
  })

  test('takes lists as kubectl prints them, and what has no uid or namespace', () => {
    const { uid: _, namespace: __, ...metadata } = web().metadata
    const list = { apiVersion: 'v1', kind: 'List', metadata: { name: '' }, items: [{ ...web(), metadata }] }
    expect(next([list], { controller: 'statefulset-controller' })[0]).toMatchObject({
      object: { namespace: 'default', name: 'web' },
      error: null,
    })
  })

  test('takes the newest time of the objects for now', () => {
    const objects = scene(
      [
        { ordinal: 0, ready: 100 },
        { ordinal: 1, ready: 110 },
      ],
      { replicas: 2, minReadySeconds: 30 },
    )
    const given = next(objects, { controller: 'statefulset-controller' })[0]
    expect(given?.wakesAfter).toBe(20)
  })

  test('takes now as a text, a Date or milliseconds, with fractions', () => {
    const objects = scene([{ ordinal: 0, ready: 100 }], { replicas: 1, minReadySeconds: 30 })
    const moment = '2026-01-01T00:02:00.500Z'
    for (const now of [moment, new Date(moment), Date.parse(moment)]) {
      expect(next(objects, { controller: 'statefulset-controller', now })[0]?.wakesAfter).toBe(9.5)
    }
  })

  test('says what it does not know', () => {
    expect(() => next([], { release: '1.20' })).toThrow('release 1.20 is not one of 1.33 to 1.37')
    expect(() => next([], { now: 'yesterday' })).toThrow('now: yesterday is not a time')
    expect(() => next([], { controller: 'cook' })).toThrow('controller cook is none of statefulset-controller, kube-scheduler')
  })

  test('lets a rule fail as often as it says', () => {
    const failing = [{ verb: 'create', kind: 'Pod', name: 'web-1', reason: 'Teapot', times: 1 }]
    const set = web({ podManagementPolicy: 'Parallel', volumeClaimTemplates: [] })
    const decision = ask([set], { failing })
    expect(decision.actions.filter((action) => action.object.kind === 'Pod').map((action) => action.answer)).toEqual(['ok', 'Teapot', 'ok'])
    expect(decision.error).toContain('Teapot')
  })
})
