import { describe, expect, test } from 'vitest'
import {
  hasStrangeController,
  newClaim,
  ownersAreRight,
  wantedOwner,
  withRightOwners,
} from '../../../src/cluster/controllers/statefulset/claims.ts'
import {
  identityMatches,
  isMadeAtCurrent,
  newPod,
  storageMatches,
  withIdentity,
} from '../../../src/cluster/controllers/statefulset/identity.ts'
import { membershipOf } from '../../../src/cluster/controllers/statefulset/members.ts'
import { firstUnavailable, isUnavailable, sorted } from '../../../src/cluster/controllers/statefulset/sort.ts'
import { asStored, completed, countsOf, isWorthWriting, type NewStatus } from '../../../src/cluster/controllers/statefulset/status.ts'
import { formerPods, maxUnavailableOf, replacementOf } from '../../../src/cluster/controllers/statefulset/update.ts'
import type { OwnerReference } from '../../../src/cluster/objects/metadata.ts'
import type { Pod } from '../../../src/cluster/objects/pod.ts'
import { gatesOf } from '../../../src/cluster/objects/release.ts'
import { ownerReferenceTo, parsePodName } from '../../../src/cluster/objects/statefulset.ts'
import { at, claim, pod, release, web } from './builders.ts'

const ordinals = (pods: readonly Pod[]): string[] => pods.map((each) => each.metadata.name)

test.each([
  ['web-0', { parent: 'web', ordinal: 0 }],
  ['my-web-12', { parent: 'my-web', ordinal: 12 }],
  ['web-00', { parent: 'web', ordinal: 0 }],
  ['web-2147483647', { parent: 'web', ordinal: 2_147_483_647 }],
  ['web-2147483648', { parent: 'web', ordinal: -1 }],
  ['web', undefined],
  ['web-', undefined],
  ['web-1x', undefined],
])('the name %s is read as %o', (name, parsed) => {
  expect(parsePodName(name)).toEqual(parsed)
})

describe('membership', () => {
  const leaving = web({}, {}, { deletionTimestamp: '2026-01-01T00:00:00Z' })
  const stranger: OwnerReference = { ...ownerReferenceTo(web()), uid: 'another' }
  test.each<[string, ReturnType<typeof web>, Pod, string]>([
    ['ours and fits', web(), pod(0), 'claim'],
    ['ours, terminating', web(), pod(0, { terminating: true }), 'claim'],
    ['ours and fits, the set is going', leaving, pod(0), 'claim'],
    ['ours, other labels', web(), pod(0, { labels: { app: 'x' } }), 'release'],
    ['ours, other name', web(), pod(0, { name: 'db-0' }), 'release'],
    ['ours, other labels, the set is going', leaving, pod(0, { labels: { app: 'x' } }), 'leave'],
    ['somebody else’s', web(), pod(0, { owners: [stranger] }), 'leave'],
    ['an orphan that fits', web(), pod(0, { owners: [] }), 'adopt'],
    ['an orphan beyond 32 bits', web(), pod(0, { owners: [], name: 'web-99999999999' }), 'adopt'],
    ['an orphan with a plain owner', web(), pod(0, { owners: [{ ...stranger, controller: false }] }), 'adopt'],
    ['an orphan, terminating', web(), pod(0, { owners: [], terminating: true }), 'leave'],
    ['an orphan, other labels', web(), pod(0, { owners: [], labels: { app: 'x' } }), 'leave'],
    ['an orphan, the set is going', leaving, pod(0, { owners: [] }), 'leave'],
  ])('of a pod that is %s', (_, set, member, verdict) => {
    expect(membershipOf(set, member)).toBe(verdict)
  })
})

describe('places', () => {
  const made = (ordinal: number): Pod => pod(ordinal, { phase: null, revision: 'new' })

  test('are filled from the start of the ordinals, and the others are condemned, highest first', () => {
    const set = web({ replicas: 2, ordinals: { start: 2 } })
    const { replicas, condemned } = sorted(set, [pod(0), pod(1), pod(3), pod(10), pod(4)], made)
    expect(ordinals(replicas)).toEqual(['web-2', 'web-3'])
    expect(replicas[0]?.status?.phase).toBeUndefined()
    expect(ordinals(condemned)).toEqual(['web-10', 'web-4', 'web-1', 'web-0'])
  })

  test('ignore a number beyond 32 bits, and of two with one ordinal take the last', () => {
    const { replicas, condemned } = sorted(
      web({ replicas: 1 }),
      [pod(0), pod(0, { name: 'web-00' }), pod(0, { name: 'web-9999999999' })],
      made,
    )
    expect(ordinals(replicas)).toEqual(['web-00'])
    expect(condemned).toEqual([])
  })

  test('the first unavailable is the lowest replica, else the lowest condemned pod', () => {
    const sick = { ready: null }
    const set = web({ replicas: 2 })
    const first = (pods: Pod[]): string | undefined => firstUnavailable(sorted(set, pods, made), at(0))?.metadata.name
    expect(first([pod(0), pod(1, sick), pod(2, sick)])).toBe('web-1')
    expect(first([pod(0), pod(1), pod(2, sick), pod(3, sick)])).toBe('web-2')
    expect(first([pod(0)])).toBe('web-1')
    expect(first([pod(0), pod(1), pod(2)])).toBeUndefined()
  })
})

describe('unavailable', () => {
  test.each<[string, Pod, number, string, boolean]>([
    ['Ready, no seconds asked', pod(0), 0, '1.36', false],
    ['Ready for 29 of 30 s', pod(0, { ready: 71 }), 30, '1.36', true],
    ['Ready for 30 of 30 s', pod(0, { ready: 70 }), 30, '1.36', false],
    ['Ready for 30 of 30 s, before availability counted', pod(0, { ready: 70 }), 30, '1.33', false],
    ['Ready for 1 of 30 s, before availability counted', pod(0, { ready: 99 }), 30, '1.33', false],
    ['Ready but phase Unknown', pod(0, { phase: 'Unknown' }), 0, '1.36', false],
    ['Ready but phase Unknown, when the phase counted', pod(0, { phase: 'Unknown' }), 0, '1.33', true],
    ['Ready and terminating', pod(0, { terminating: true }), 0, '1.36', true],
    ['not Ready', pod(0, { ready: null }), 0, '1.36', true],
    ['not made yet', pod(0, { phase: null }), 0, '1.36', true],
    ['Ready without a time, seconds asked', pod(0, { status: { conditions: [{ type: 'Ready', status: 'True' }] } }), 1, '1.36', true],
  ])('a pod that is %s', (_, member, seconds, name, verdict) => {
    expect(isUnavailable(at(100, seconds, name), member)).toBe(verdict)
  })
})

describe('status', () => {
  test('counts condemned and terminating pods where Kubernetes does, and nothing that is just being made', () => {
    const pods = [
      pod(0, { revision: 'old' }),
      pod(1, { revision: 'new', ready: 95 }),
      pod(2, { revision: 'old', terminating: true }),
      pod(3, { revision: 'new', phase: 'Pending', ready: null }),
      pod(4, { phase: 'Failed', ready: null, revision: 'third' }),
      pod(5, { phase: null, revision: 'new' }),
    ]
    expect(countsOf(pods, 'old', 'new', at(100, 10))).toEqual({
      replicas: 5,
      readyReplicas: 3,
      availableReplicas: 2,
      currentReplicas: 1,
      updatedReplicas: 2,
    })
  })

  const full: NewStatus = {
    replicas: 3,
    readyReplicas: 3,
    availableReplicas: 1,
    currentReplicas: 0,
    updatedReplicas: 3,
    observedGeneration: 1,
    currentRevision: 'old',
    updateRevision: 'new',
    collisionCount: 0,
    conditions: undefined,
  }
  const onDelete = { updateStrategy: { type: 'OnDelete' } } as const
  test.each<[string, ReturnType<typeof web>, Partial<NewStatus>, string, boolean]>([
    ['all are updated and Ready, available or not', web(), {}, '1.36', true],
    ['one is not Ready', web(), { readyReplicas: 2 }, '1.36', false],
    ['one is too many', web(), { replicas: 4 }, '1.36', false],
    ['one is old', web(), { updatedReplicas: 2 }, '1.36', false],
    ['OnDelete', web(onDelete), {}, '1.36', false],
    ['OnDelete in 1.37', web(onDelete), {}, '1.37', true],
  ])('is complete or not: %s', (_, set, over, name, complete) => {
    const { currentRevision, currentReplicas } = completed(set, { ...full, ...over }, gatesOf(release(name)))
    expect([currentRevision, currentReplicas]).toEqual(complete ? ['new', 3] : ['old', 0])
  })

  test('is written for a count, a revision or a new generation, not for a collision count or an older generation', () => {
    const set = web({}, asStored(full))
    const writes = (over: Partial<NewStatus>): boolean => isWorthWriting(set, { ...full, ...over })
    expect(writes({})).toBe(false)
    expect(writes({ collisionCount: 5 })).toBe(false)
    expect(writes({ observedGeneration: 0 })).toBe(false)
    for (const field of [
      'replicas',
      'readyReplicas',
      'availableReplicas',
      'currentReplicas',
      'updatedReplicas',
      'observedGeneration',
    ] as const) {
      expect([field, writes({ [field]: 7 })]).toEqual([field, true])
    }
    expect(writes({ currentRevision: 'x' })).toBe(true)
    expect(writes({ updateRevision: 'x' })).toBe(true)
  })

  test('leaves out counts of zero, but for replicas and availableReplicas', () => {
    const zero = { ...full, replicas: 0, readyReplicas: 0, availableReplicas: 0, currentReplicas: 0, updatedReplicas: 0 }
    expect(asStored(zero)).toEqual({
      observedGeneration: 1,
      replicas: 0,
      availableReplicas: 0,
      currentRevision: 'old',
      updateRevision: 'new',
      collisionCount: 0,
    })
  })
})

describe('the revision of a new pod', () => {
  const block = (partition: number) => ({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition } } }) as const
  const bare = { updateStrategy: { type: 'RollingUpdate' } } as const
  test.each<[string, ReturnType<typeof web>, number, boolean]>([
    ['below the partition', web(block(2)), 1, true],
    ['at the partition', web(block(2)), 2, false],
    ['below the partition, counted from the start', web({ ...block(2), ordinals: { start: 5 } }), 6, true],
    ['at the partition, counted from the start', web({ ...block(2), ordinals: { start: 5 } }), 7, false],
    ['partition 0, whatever was counted', web(block(0), { currentReplicas: 3 }), 0, false],
    ['no block, below currentReplicas', web(bare, { currentReplicas: 2 }), 1, true],
    ['no block, at currentReplicas', web(bare, { currentReplicas: 2 }), 2, false],
    ['OnDelete', web({ updateStrategy: { type: 'OnDelete' } }, { currentReplicas: 3 }), 0, false],
  ])('%s', (_, set, ordinal, current) => {
    expect(isMadeAtCurrent(set, ordinal)).toBe(current)
  })
})

describe('identity', () => {
  const revision = {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: { name: 'web-abc' },
    revision: 1,
    data: {
      spec: {
        template: {
          $patch: 'replace',
          metadata: { labels: { app: 'web' }, annotations: { a: 'b' }, finalizers: ['x/y'] },
          spec: {
            containers: [],
            volumes: [
              { name: 'data', emptyDir: {} },
              { name: 'tmp', emptyDir: {} },
            ],
          },
        },
      },
    },
  } as const

  test('of a new pod is whole', () => {
    const made = newPod(web(), 3, revision as never)
    expect(made).toEqual({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'web-3',
        generateName: 'web-',
        namespace: 'default',
        annotations: { a: 'b' },
        finalizers: ['x/y'],
        labels: {
          app: 'web',
          'statefulset.kubernetes.io/pod-name': 'web-3',
          'apps.kubernetes.io/pod-index': '3',
          'controller-revision-hash': 'web-abc',
        },
        ownerReferences: [ownerReferenceTo(web())],
      },
      spec: {
        containers: [],
        hostname: 'web-3',
        subdomain: 'web',
        volumes: [
          { name: 'data', persistentVolumeClaim: { claimName: 'data-web-3' } },
          { name: 'tmp', emptyDir: {} },
        ],
      },
    })
    expect(identityMatches(web(), made) && storageMatches(web(), made)).toBe(true)
  })

  test('is name and name label alone', () => {
    expect(identityMatches(web(), pod(0, { labels: { 'apps.kubernetes.io/pod-index': '9', 'controller-revision-hash': '' } }))).toBe(true)
    expect(identityMatches(web(), pod(0, { labels: { 'statefulset.kubernetes.io/pod-name': 'x' } }))).toBe(false)
    expect(identityMatches(web(), pod(0, { name: 'web-00' }))).toBe(false)
    expect(withIdentity(web(), pod(0, { name: 'web-00' })).metadata).toMatchObject({
      name: 'web-0',
      labels: { 'statefulset.kubernetes.io/pod-name': 'web-0', 'apps.kubernetes.io/pod-index': '0' },
    })
  })

  test('has each claim under the volume of its template', () => {
    expect(storageMatches(web(), pod(0))).toBe(true)
    expect(storageMatches(web(), pod(0, { spec: { volumes: [] } }))).toBe(false)
    expect(
      storageMatches(web(), pod(0, { spec: { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data-web-1' } }] } })),
    ).toBe(false)
  })
})

describe('claims', () => {
  test('take the labels of the selector, which win', () => {
    const template = { metadata: { name: 'data', labels: { app: 'x', tier: 'db' }, annotations: { a: 'b' } }, spec: {} }
    const made = newClaim(web(), template, pod(2))
    expect(made.metadata).toEqual({ name: 'data-web-2', namespace: 'default', annotations: { a: 'b' }, labels: { app: 'web', tier: 'db' } })
  })

  const ofSet = ownerReferenceTo(web())
  const ofPod = (ordinal: number): OwnerReference => ({
    apiVersion: 'v1',
    kind: 'Pod',
    name: `web-${ordinal}`,
    uid: `uid-web-${ordinal}`,
    controller: true,
    blockOwnerDeletion: true,
  })
  const friend: OwnerReference = { apiVersion: 'v1', kind: 'ConfigMap', name: 'friend', uid: 'f' }
  const boss: OwnerReference = { ...friend, name: 'boss', uid: 'b', controller: true }
  const keep = { whenDeleted: 'Retain', whenScaled: 'Retain' } as const

  test.each([
    ['Retain', 'Retain', 'none', 'none'],
    ['Retain', 'Delete', 'set', 'set'],
    ['Delete', 'Retain', 'none', 'pod'],
    ['Delete', 'Delete', 'set', 'pod'],
  ] as const)('whenScaled %s, whenDeleted %s: inside %s, condemned %s', (whenScaled, whenDeleted, inside, condemned) => {
    const set = web({ replicas: 1, persistentVolumeClaimRetentionPolicy: { whenScaled, whenDeleted } })
    expect(wantedOwner(set, pod(0))).toBe(inside)
    expect(wantedOwner(set, pod(1))).toBe(condemned)
    for (const [ordinal, wanted] of [
      [0, inside],
      [1, condemned],
    ] as const) {
      const right = { none: [friend], set: [friend, ofSet], pod: [friend, ofPod(ordinal)] }[wanted]
      for (const owners of [[], [ofSet], [ofPod(ordinal)], [ofSet, ofPod(ordinal)]].map((list) => [friend, ...list])) {
        const before = claim(ordinal, owners)
        const isRight = JSON.stringify(owners) === JSON.stringify(right)
        expect(ownersAreRight(before, set, pod(ordinal))).toBe(isRight)
        if (!isRight) expect(withRightOwners(before, set, pod(ordinal)).metadata.ownerReferences).toEqual(right)
      }
    }
  })

  test('of a former pod or set of that name are left alone', () => {
    const set = web({ persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete', whenScaled: 'Delete' } })
    expect(ownersAreRight(claim(0, [{ ...ofPod(0), uid: 'former' }]), set, pod(0))).toBe(true)
    expect(ownersAreRight(claim(0, [{ ...ofSet, uid: 'former' }, ofPod(0)]), set, pod(0))).toBe(true)
  })

  test('that another controller owns lose us and get nothing', () => {
    const set = web({ persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete', whenScaled: 'Delete' } })
    expect(ownersAreRight(claim(0, [boss]), set, pod(0))).toBe(true)
    expect(ownersAreRight(claim(0, [boss, ofSet]), set, pod(0))).toBe(false)
    expect(withRightOwners(claim(0, [boss, ofSet]), set, pod(0)).metadata.ownerReferences).toEqual([boss])
    expect(hasStrangeController(claim(0, [boss]), set, pod(0))).toBe(true)
    expect(hasStrangeController(claim(0, [boss]), web({ persistentVolumeClaimRetentionPolicy: keep }), pod(0))).toBe(false)
  })

  test('that we own, but not as controller, are written again', () => {
    const set = web({ persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete', whenScaled: 'Retain' } })
    expect(ownersAreRight(claim(0, [{ ...ofSet, controller: false }]), set, pod(0))).toBe(false)
  })
})

describe('a rolling update', () => {
  const old = (ordinal: number, words: Parameters<typeof pod>[1] = {}): Pod => pod(ordinal, { revision: 'old', ...words })
  const young = (ordinal: number, words: Parameters<typeof pod>[1] = {}): Pod => pod(ordinal, { revision: 'new', ...words })
  const sick = { ready: null }
  const rolling = (partition?: number, maxUnavailable?: number | string) => ({
    updateStrategy: {
      type: 'RollingUpdate' as const,
      rollingUpdate: { ...(partition === undefined ? {} : { partition }), ...(maxUnavailable === undefined ? {} : { maxUnavailable }) },
    },
  })
  const victims = (spec: object, pods: Pod[], name = '1.36', gates: Record<string, boolean> = {}): string[] => {
    const set = web({ replicas: pods.length, ...spec })
    return ordinals(replacementOf(set, pods, 'new', at(100), gatesOf(release(name), gates)).victims)
  }

  test.each<[string, object, Pod[], string[]]>([
    ['takes the highest old pod', rolling(), [old(0), old(1), old(2)], ['web-2']],
    ['goes on below a new one that is available', rolling(), [old(0), old(1), young(2)], ['web-1']],
    ['waits for a new one that is not', rolling(), [old(0), old(1), young(2, sick)], []],
    ['waits for one that terminates', rolling(), [old(0), old(1), old(2, { terminating: true })], []],
    ['takes an old one whatever its health', rolling(), [old(0), old(1), old(2, sick)], ['web-2']],
    ['does not care about the health below', rolling(), [old(0, sick), old(1), old(2)], ['web-2']],
    ['stops at the partition', rolling(2), [old(0), old(1), young(2)], []],
    ['takes what is at the partition', rolling(2), [old(0), old(1), old(2)], ['web-2']],
    ['without a block begins at 0', { updateStrategy: { type: 'RollingUpdate' } }, [old(0), young(1), young(2)], ['web-0']],
    ['is none with OnDelete', { updateStrategy: { type: 'OnDelete' } }, [old(0), old(1), old(2)], []],
    ['takes a pod without a revision', rolling(), [young(0), pod(1, { revision: '' }), young(2)], ['web-1']],
  ])('one at a time %s', (_, spec, pods, expected) => {
    expect(victims(spec, pods)).toEqual(expected)
  })

  const five = [old(0), old(1), old(2), old(3), old(4)]
  const replaced = (index: number, by: Pod, pods = five): Pod[] => pods.map((each, i) => (i === index ? by : each))
  test.each<[string, object, Pod[], string, string[]]>([
    ['takes as many as may be unavailable', rolling(0, 2), five, '1.37', ['web-4', 'web-3']],
    ['counts a terminating pod', rolling(0, 2), replaced(4, old(4, { terminating: true })), '1.37', ['web-3']],
    ['counts below the partition too', rolling(3, 2), replaced(0, old(0, { terminating: true })), '1.37', ['web-4']],
    ['stops at the partition', rolling(4, 3), five, '1.37', ['web-4']],
    ['counts a new one that is not available', rolling(0, 2), replaced(4, young(4, sick)), '1.37', ['web-3']],
    ['takes an old broken one within the rest of the budget', rolling(0, 2), replaced(4, old(4, sick)), '1.37', ['web-4']],
    ['has no budget left for an old broken one', rolling(0, 1), replaced(4, old(4, sick)), '1.37', []],
  ])('with a budget, ordered, %s', (_, spec, pods, name, expected) => {
    expect(victims(spec, pods, name)).toEqual(expected)
  })

  const parallel = (partition: number, max: number) => ({ podManagementPolicy: 'Parallel', ...rolling(partition, max) })
  const broken = [old(0, sick), old(1, sick), old(2), old(3)]
  test.each<[string, object, Pod[], string, Record<string, boolean>, string[]]>([
    ['old broken ones are free in 1.37 and go first', parallel(0, 2), broken, '1.37', {}, ['web-1', 'web-0']],
    ['what is left goes to sound ones', parallel(0, 3), [...broken, old(4)], '1.37', {}, ['web-1', 'web-0', 'web-4']],
    ['old broken ones use up the budget before 1.37', parallel(0, 2), broken, '1.36', { MaxUnavailableStatefulSet: true }, []],
    ['a broken one below the partition uses up the budget', parallel(2, 1), broken.with(1, old(1)), '1.37', {}, []],
  ])('with a budget, Parallel, %s', (_, spec, pods, name, gates, expected) => {
    expect(victims(spec, pods, name, gates)).toEqual(expected)
  })

  test.each([
    ['10%', 1],
    ['30%', 1],
    ['40%', 2],
    ['100%', 5],
    [3, 3],
    [7, 7],
    [undefined, 1],
  ])('may leave %s of five unavailable: %i', (max, expected) => {
    expect(maxUnavailableOf(web({ replicas: 5, ...rolling(0, max) }))).toBe(expected)
  })

  test('by Recreate clears away everything of another revision that the API has', () => {
    const pods = [old(0), young(1), old(2, { terminating: true }), old(3, { phase: null })]
    expect(ordinals(formerPods(pods, 'new'))).toEqual(['web-0', 'web-2'])
  })
})
