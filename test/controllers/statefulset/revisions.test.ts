import { describe, expect, test } from 'vitest'
import { dataOf, fnv1, goJson, hashOf, safeEncoded } from '../../../src/cluster/controllers/statefulset/data.ts'
import {
  byNumber,
  candidateOf,
  currentOf,
  isListed,
  surplusOf,
  updateChoice,
} from '../../../src/cluster/controllers/statefulset/revisions.ts'
import { gatesOf } from '../../../src/cluster/objects/release.ts'
import { type ControllerRevision, ownerReferenceTo } from '../../../src/cluster/objects/statefulset.ts'
import { pod, release, web } from './builders.ts'

/** The set of upstream's compatibility test. Source: statefulset.md 4.3 */
const vector =
  '{"spec":{"template":{"$patch":"replace","metadata":{"annotations":{"test":"value"},"creationTimestamp":null,"labels":{"app":"foo"}},"spec":{"containers":[{"image":"test","imagePullPolicy":"Always","name":"test","resources":{},"terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File"}],"dnsPolicy":"ClusterFirst","restartPolicy":"Always","schedulerName":"default-scheduler","securityContext":{},"terminationGracePeriodSeconds":30}}}}'

const { $patch: _, ...template } = JSON.parse(vector).spec.template

describe('the hash of a revision', () => {
  test.each([
    [vector, 0, 733_928_534, 'c77f6d978'],
    [vector, 1, 733_928_535, 'c77f6d979'],
    [vector.replace('"creationTimestamp":null,', ''), 0, 3_325_552_446, '776999688b'],
  ])('is upstream’s, with collision count and without the null that 1.34 stopped writing', (data, collisions, number, suffix) => {
    expect(fnv1(`${data}${collisions}`)).toBe(number)
    expect(hashOf(data, collisions)).toBe(suffix)
  })

  test('without a collision count is over the data alone', () => {
    expect(hashOf('a', null)).toBe(safeEncoded(String(fnv1('a'))))
  })

  test('is over UTF-8, not over UTF-16', () => {
    // The bytes that UTF-8 has for é (c3 a9), € (e2 82 ac), 😀 (f0 9f 98 80)
    const over = (bytes: readonly number[]): number =>
      bytes.reduce((hash, byte) => (Math.imul(hash, 16_777_619) ^ byte) >>> 0, 2_166_136_261)
    expect(fnv1('é€😀')).toBe(over([0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98, 0x80]))
  })

  test('spells digits with letters that spell nothing', () => {
    expect(safeEncoded('0123456789')).toBe('456789bcdf')
  })
})

describe('the data of a revision', () => {
  test('is byte for byte what Kubernetes wrote, in 1.33 with a null time', () => {
    expect(dataOf(template, true).text).toBe(vector)
    expect(dataOf(template, false).text).toBe(vector.replace('"creationTimestamp":null,', ''))
  })

  test('leaves out what Go leaves out and writes what Go always writes', () => {
    const sparse = { spec: { containers: [{ name: 'a', args: [], env: null }], nodeSelector: {}, volumes: [{ name: 'v', emptyDir: {} }] } }
    expect(dataOf(sparse as never, false).text).toBe(
      '{"spec":{"template":{"$patch":"replace","metadata":{},"spec":{"containers":[{"name":"a","resources":{}}],"volumes":[{"emptyDir":{},"name":"v"}]}}}}',
    )
  })

  test('escapes as Go’s encoder does', () => {
    expect(goJson({ a: '<&>\u2028', b: 'é\n"' })).toBe('{"a":"\\u003c\\u0026\\u003e\\u2028","b":"é\\n\\""}')
  })
})

const stored = (name: string, revision: number, image: string, more: Partial<ControllerRevision['metadata']> = {}): ControllerRevision => {
  const set = web({ template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'app', image }] } } })
  return {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: { name, namespace: 'default', labels: { app: 'web' }, ownerReferences: [ownerReferenceTo(set)], ...more },
    revision,
    data: dataOf(set.spec.template, false).object,
  }
}

const gates = gatesOf(release('1.36'))

describe('the update revision', () => {
  const now = web()

  test('is made when none is like the template', () => {
    const choice = updateChoice(now, [stored('web-0', 4, 'app:0')], 0, gates)
    expect(choice).toMatchObject({ kind: 'create', candidate: { revision: { revision: 5 } } })
  })

  test('is the newest one when that holds the template', () => {
    expect(updateChoice(now, [stored('web-0', 1, 'app:0'), stored('web-1', 2, 'app:1')], 0, gates)).toMatchObject({
      kind: 'keep',
      revision: { metadata: { name: 'web-1' } },
    })
  })

  test('is an older one under a new number after a rollback', () => {
    expect(updateChoice(now, [stored('web-1', 1, 'app:1'), stored('web-0', 2, 'app:0')], 0, gates)).toMatchObject({
      kind: 'renumber',
      number: 3,
      revision: { metadata: { name: 'web-1' } },
    })
  })

  test.each([
    ['1.34.1', 'create'],
    ['1.34.2', 'keep'],
    ['1.36', 'keep'],
  ])('that differs by a null time alone: release %s says %s', (name, kind) => {
    const old = stored('web-1', 1, 'app:1')
    const data = structuredClone(old.data)
    data.spec.template.metadata.creationTimestamp = null
    const full = { ...now, spec: { ...now.spec, template: { ...now.spec.template } } }
    // today's defaults, so that only the null differs
    const spec = {
      containers: [
        {
          name: 'app',
          image: 'app:1',
          imagePullPolicy: 'IfNotPresent',
          resources: {},
          terminationMessagePath: '/dev/termination-log',
          terminationMessagePolicy: 'File',
        },
      ],
      dnsPolicy: 'ClusterFirst',
      restartPolicy: 'Always',
      schedulerName: 'default-scheduler',
      securityContext: {},
      terminationGracePeriodSeconds: 30,
    }
    data.spec.template.spec = spec
    const set = { ...full, spec: { ...full.spec, template: { metadata: { labels: { app: 'web' } }, spec } } } as typeof now
    expect(updateChoice(set, [{ ...old, data }], 0, gatesOf(release(name))).kind).toBe(kind)
  })

  test('carries the annotations of the set and the labels of the template', () => {
    const set = web({}, {}, { annotations: { 'kubernetes.io/change-cause': 'why' } })
    const { revision } = candidateOf(set, [], 0, release('1.36'))
    expect(revision.metadata.annotations).toEqual({ 'kubernetes.io/change-cause': 'why' })
    expect(revision.metadata.labels).toEqual({ app: 'web', 'controller.kubernetes.io/hash': revision.metadata.name.slice('web-'.length) })
  })
})

test('the current revision is the one that status names, and the update revision if that is lost', () => {
  const [first, second] = [stored('web-0', 1, 'app:0'), stored('web-1', 2, 'app:1')]
  expect(currentOf(web({}, { currentRevision: 'web-0' }), [first, second], second)).toBe(first)
  expect(currentOf(web({}, { currentRevision: 'web-9' }), [first, second], second)).toBe(second)
})

test('revisions are listed by selector and owner', () => {
  const set = web()
  expect(isListed(stored('a', 1, 'x'), set)).toBe(true)
  expect(isListed(stored('a', 1, 'x', { ownerReferences: [] }), set)).toBe(true)
  expect(isListed(stored('a', 1, 'x', { labels: { app: 'other' } }), set)).toBe(false)
  expect(isListed(stored('a', 1, 'x', { ownerReferences: [{ ...ownerReferenceTo(set), uid: 'other' }] }), set)).toBe(false)
})

test('revisions are in the order of number, birth and name', () => {
  const list = [
    stored('c', 2, 'x'),
    stored('b', 1, 'x', { creationTimestamp: '2026-01-01T00:00:01Z' }),
    stored('d', 1, 'x', { creationTimestamp: '2026-01-01T00:00:00Z' }),
    stored('a', 1, 'x', { creationTimestamp: '2026-01-01T00:00:01Z' }),
  ]
  expect(list.sort(byNumber).map((each) => each.metadata.name)).toEqual(['d', 'a', 'b', 'c'])
})

describe('the history', () => {
  const list = ['a', 'b', 'c', 'd', 'e'].map((name, i) => stored(name, i + 1, name))
  const names = (limit: number | undefined, pods = [pod(0, { revision: 'b' })]): string[] =>
    surplusOf(web(limit === undefined ? {} : { revisionHistoryLimit: limit }), list, [list[3], list[4]], pods).map(
      (each) => each.metadata.name,
    )

  test.each([
    [0, ['a', 'c']],
    [1, ['a']],
    [2, []],
    [-1, []],
    [undefined, []],
  ])('with limit %s loses %s', (limit, lost) => {
    expect(names(limit)).toEqual(lost)
  })

  test('keeps what a pod names', () => {
    expect(names(0, [])).toEqual(['a', 'b', 'c'])
  })
})
