import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { shared } from '../../src/cluster/apiserver/store.ts'
import { jsonPatch } from '../../src/cluster/objects/patch/json.ts'
import { mergePatch } from '../../src/cluster/objects/patch/merge.ts'
import { strategicMerge } from '../../src/cluster/objects/patch/strategic.ts'

describe('merge patch (RFC 7386, appendix A)', () => {
  test.each<[unknown, unknown, unknown]>([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('%j with %j is %j', (target, patch, expected) => {
    expect(mergePatch(target, patch)).toEqual(expected)
  })
})

const set = (podSpec: object) => ({ kind: 'StatefulSet', spec: { replicas: 2, template: { spec: podSpec } } })
const inPod = (patch: object) => ({ spec: { template: { spec: patch } } })
const merged = (podSpec: object, patch: object) =>
  (strategicMerge('StatefulSet', set(podSpec), inPod(patch)) as ReturnType<typeof set>).spec.template.spec

describe('strategic merge patch (kubectl.md 4.3)', () => {
  test.each<[string, object, object, object]>([
    [
      'containers merge by name',
      { containers: [{ name: 'a', image: 'x' }, { name: 'b' }] },
      { containers: [{ name: 'a', image: 'y' }] },
      { containers: [{ name: 'a', image: 'y' }, { name: 'b' }] },
    ],
    [
      'a new container goes to the end',
      { containers: [{ name: 'a' }] },
      { containers: [{ name: 'z' }] },
      { containers: [{ name: 'a' }, { name: 'z' }] },
    ],
    [
      'unless the order says otherwise',
      { containers: [{ name: 'a' }] },
      { '$setElementOrder/containers': [{ name: 'z' }, { name: 'a' }], containers: [{ name: 'z' }] },
      { containers: [{ name: 'z' }, { name: 'a' }] },
    ],
    [
      'what the order does not name stays where it stood',
      { containers: [{ name: 'a' }, { name: 'b' }, { name: 'c' }] },
      { '$setElementOrder/containers': [{ name: 'c' }, { name: 'b' }] },
      { containers: [{ name: 'a' }, { name: 'c' }, { name: 'b' }] },
    ],
    [
      'an element is deleted by its key',
      { containers: [{ name: 'a', env: [{ name: 'A' }, { name: 'B' }] }] },
      { containers: [{ name: 'a', env: [{ $patch: 'delete', name: 'A' }] }] },
      { containers: [{ name: 'a', env: [{ name: 'B' }] }] },
    ],
    [
      'a list is replaced by its directive',
      { containers: [{ name: 'a' }] },
      { containers: [{ $patch: 'replace' }, { name: 'b' }] },
      { containers: [{ name: 'b' }] },
    ],
    [
      'tolerations are replaced as a whole',
      { tolerations: [{ key: 'a' }] },
      { tolerations: [{ key: 'b' }] },
      { tolerations: [{ key: 'b' }] },
    ],
    [
      'a volume that changes its source keeps what is retained',
      { volumes: [{ name: 'v', emptyDir: {} }] },
      { volumes: [{ name: 'v', $retainKeys: ['name', 'hostPath'], hostPath: { path: '/x' } }] },
      { volumes: [{ name: 'v', hostPath: { path: '/x' } }] },
    ],
    [
      'ports of a container merge by containerPort',
      { containers: [{ name: 'a', ports: [{ containerPort: 80, name: 'w' }] }] },
      { containers: [{ name: 'a', ports: [{ containerPort: 80, name: 'x' }] }] },
      { containers: [{ name: 'a', ports: [{ containerPort: 80, name: 'x' }] }] },
    ],
    ['null removes a field', { nodeName: 'a', hostname: 'b' }, { nodeName: null }, { hostname: 'b' }],
    [
      'a map is replaced by its directive',
      { nodeSelector: { a: '1' } },
      { nodeSelector: { $patch: 'replace', b: '2' } },
      { nodeSelector: { b: '2' } },
    ],
    [
      'nulls that meet nothing leave nothing',
      {},
      { securityContext: { runAsUser: null, fsGroup: 1 } },
      { securityContext: { fsGroup: 1 } },
    ],
  ])('%s', (_, before, patch, after) => {
    expect(merged(before, patch)).toEqual(after)
  })

  test('finalizers are a set, and single ones can be taken out', () => {
    const before = { metadata: { finalizers: ['a', 'b'] } }
    expect(strategicMerge('Pod', before, { metadata: { finalizers: ['b', 'c'] } })).toEqual({ metadata: { finalizers: ['a', 'b', 'c'] } })
    expect(strategicMerge('Pod', before, { metadata: { '$deleteFromPrimitiveList/finalizers': ['a'] } })).toEqual({
      metadata: { finalizers: ['b'] },
    })
  })

  test('the selector of a budget is replaced as a whole, labels merge', () => {
    const budget = { metadata: { labels: { a: '1' } }, spec: { selector: { matchLabels: { a: '1' } } } }
    expect(
      strategicMerge('PodDisruptionBudget', budget, { metadata: { labels: { b: '2' } }, spec: { selector: { matchLabels: { b: '2' } } } }),
    ).toEqual({
      metadata: { labels: { a: '1', b: '2' } },
      spec: { selector: { matchLabels: { b: '2' } } },
    })
  })

  test('ports of a service merge by port, and an element without its key is refused', () => {
    const service = { spec: { ports: [{ port: 80, name: 'web' }] } }
    expect(strategicMerge('Service', service, { spec: { ports: [{ port: 80, name: 'w' }, { port: 81 }] } })).toEqual({
      spec: { ports: [{ port: 80, name: 'w' }, { port: 81 }] },
    })
    expect(() => strategicMerge('Service', service, { spec: { ports: [{ name: 'x' }] } })).toThrow(
      'does not contain declared merge key: port',
    )
  })

  test('what the patch does not touch stays the same value', () => {
    const before = set({ containers: [{ name: 'a' }, { name: 'b' }] })
    const after = strategicMerge('StatefulSet', before, inPod({ containers: [{ name: 'a', image: 'x' }] })) as typeof before
    expect((after.spec.template.spec as { containers: unknown[] }).containers[1]).toBe(
      (before.spec.template.spec as { containers: unknown[] }).containers[1],
    )
  })
})

describe('JSON patch (RFC 6902)', () => {
  test('operations are done in order, on a copy', () => {
    const before = Object.freeze({ spec: Object.freeze({ replicas: 2 }) })
    expect(
      jsonPatch(before, [
        { op: 'replace', path: '/spec/replicas', value: 3 },
        { op: 'add', path: '/spec/x', value: 1 },
      ]),
    ).toEqual({ document: { spec: { replicas: 3, x: 1 } } })
    expect(before.spec.replicas).toBe(2)
  })
  test.each([
    ['a test that fails', [{ op: 'test', path: '/a', value: 2 }]],
    ['a path that is not there', [{ op: 'replace', path: '/b/c', value: 2 }]],
    ['what is no list', { op: 'add' }],
  ])('%s is refused', (_, operations) => {
    expect(jsonPatch({ a: 1 }, operations)).toHaveProperty('error')
  })
})

describe('what a new version shares with the old one', () => {
  const old = { a: { b: [1, { c: 2 }] }, d: 'x' }
  test('an equal one is the old one', () => {
    expect(shared(old, { a: { b: [1, { c: 2 }] }, d: 'x' })).toBe(old)
  })
  test('equal parts are the old parts', () => {
    const next = shared(old, { a: { b: [1, { c: 2 }] }, d: 'y' })
    expect(next).toEqual({ a: { b: [1, { c: 2 }] }, d: 'y' })
    expect(next.a).toBe(old.a)
  })
  test('a field that went away is a change, one that is undefined is none', () => {
    expect(shared(old, { a: old.a } as typeof old)).toEqual({ a: old.a })
    expect(shared({ a: 1 }, { a: 1, b: undefined })).toEqual({ a: 1 })
  })

  test('long lists keep the elements that they had, whatever is put in, taken out, changed or copied', () => {
    const element = (n: number) => ({ name: `e${n}`, more: { n } })
    const edit = fc.record({ kind: fc.constantFrom('in', 'out', 'change', 'copy', 'swap'), at: fc.nat(30), n: fc.nat(60) })
    fc.assert(
      fc.property(fc.array(edit, { maxLength: 6 }), (edits) => {
        const old = Array.from({ length: 24 }, (_, n) => element(n))
        const next: object[] = [...old]
        for (const { kind, at, n } of edits) {
          const place = Math.min(at, next.length - 1)
          if (kind === 'in') next.splice(place, 0, element(n))
          else if (kind === 'out') next.splice(place, 1)
          else if (kind === 'change') next[place] = { ...(next[place] as object), more: { n } }
          else if (kind === 'copy') next[place] = structuredClone(next[place]) as object
          else next.splice(place, 2, ...next.slice(place, place + 2).reverse())
        }
        const result = shared(old, next)
        expect(result).toEqual(next)
        expect(result === old).toBe(JSON.stringify(next) === JSON.stringify(old))
      }),
      { numRuns: 500, seed: 3 },
    )
    const old = Array.from({ length: 24 }, (_, n) => element(n))
    const next = shared(old, [...old.slice(0, 5), element(99), ...old.slice(5, 12), ...old.slice(13)])
    expect(next.filter((one) => old.includes(one))).toHaveLength(23)
  })
})
