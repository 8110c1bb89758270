import { describe, expect, test } from 'vitest'
import * as errors from '../../src/cluster/apiserver/errors.ts'
import { allKinds, kindOf, kindsOfCategory, namedKind, servedKind } from '../../src/cluster/apiserver/kinds/index.ts'

describe('a word of a command line', () => {
  test.each([
    ['sts', 'StatefulSet'],
    ['statefulset', 'StatefulSet'],
    ['StatefulSets', 'StatefulSet'],
    ['statefulsets.apps', 'StatefulSet'],
    ['statefulsets.v1.apps', 'StatefulSet'],
    ['PODS', 'Pod'],
    ['po', 'Pod'],
    ['PO', undefined],
    ['sts.example', undefined],
    ['foo', undefined],
    ['ep', 'Endpoints'],
    ['ev', 'Event'],
    ['quota', 'ResourceQuota'],
    ['pdb', 'PodDisruptionBudget'],
    ['endpointslices.discovery.k8s.io', 'EndpointSlice'],
  ])('%s names %s', (word, kind) => {
    expect(namedKind(word)?.kind).toBe(kind)
  })
})

test('removed versions and unknown kinds are not served', () => {
  const served = [
    ['apps/v1', 'StatefulSet'],
    ['apps/v1beta1', 'StatefulSet'],
    ['policy/v1beta1', 'PodDisruptionBudget'],
    ['v1', 'StatefulSet'],
    ['x.io/v1', 'Foo'],
  ].map(([version, kind]) => servedKind(version as string, kind as string) !== undefined)
  expect(served).toEqual([true, false, false, false, false])
})

test('get all shows workloads and services, in discovery order', () => {
  expect(kindsOfCategory('all').map(({ plural }) => plural)).toEqual([
    'pods',
    'replicationcontrollers',
    'services',
    'daemonsets',
    'deployments',
    'replicasets',
    'statefulsets',
    'horizontalpodautoscalers',
    'cronjobs',
    'jobs',
  ])
})

test('names of kinds do not collide', () => {
  const names = allKinds.flatMap(({ plural, shortNames }) => [plural, ...shortNames])
  expect(new Set(names).size).toBe(names.length)
})

describe('a refusal', () => {
  const set = kindOf('StatefulSet')
  const pod = kindOf('Pod')
  if (set === undefined || pod === undefined) throw new Error('they are kinds')

  // Source: kubectl.md 8
  test.each([
    [errors.notFound(set, 'nope'), 404, 'NotFound', 'statefulsets.apps "nope" not found'],
    [errors.notFound(pod, 'nope'), 404, 'NotFound', 'pods "nope" not found'],
    [errors.alreadyExists(set, 'web'), 409, 'AlreadyExists', 'statefulsets.apps "web" already exists'],
    [
      errors.conflict(set, 'web'),
      409,
      'Conflict',
      'Operation cannot be fulfilled on statefulsets.apps "web": the object has been modified; please apply your changes to the latest version and try again',
    ],
    [
      errors.uidConflict(pod, 'web-0', 'A', 'B'),
      409,
      'Conflict',
      'Operation cannot be fulfilled on pods "web-0": Precondition failed: UID in precondition: A, UID in object meta: B',
    ],
    [
      errors.deleteUidConflict(pod, 'web-0', 'A', 'B'),
      409,
      'Conflict',
      'Operation cannot be fulfilled on Pod "web-0": the UID in the precondition (A) does not match the UID in record (B). The object might have been deleted and then recreated',
    ],
    [errors.forbidden(pod, 'solo', 'why'), 403, 'Forbidden', 'pods "solo" is forbidden: why'],
    [errors.tooOld('7', '1046'), 410, 'Expired', 'too old resource version: 7 (1046)'],
    [errors.unprocessable(), 422, 'Invalid', 'the server rejected our request due to an error in our request'],
  ])('%#', (status, code, reason, message) => {
    expect([status.code, status.reason, status.message]).toEqual([code, reason, message])
  })

  test('of several mistakes names equal ones once and keeps every cause', () => {
    const mistake = { reason: 'FieldValueInvalid', field: 'a', message: 'Invalid value: 1' }
    const status = errors.invalid(set, 'web', [mistake, mistake, { ...mistake, field: 'b' }])
    expect(status.message).toBe('StatefulSet.apps "web" is invalid: [a: Invalid value: 1, b: Invalid value: 1]')
    expect(status.details?.causes).toHaveLength(3)
    expect(errors.invalid(set, 'web', [mistake]).message).toBe('StatefulSet.apps "web" is invalid: a: Invalid value: 1')
  })

  test('of an eviction has no time to wait unless it is given one', () => {
    expect([errors.tooManyRequests('no').details, errors.tooManyRequests('no', [], 10).details]).toEqual([
      undefined,
      { retryAfterSeconds: 10 },
    ])
  })
})
