import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mergeDifference, strategicDifference } from '../../src/cluster/kubectl/difference.ts'
import { mergePatch } from '../../src/cluster/objects/patch/merge.ts'
import { strategicMerge } from '../../src/cluster/objects/patch/strategic.ts'

const scalar = fc.oneof(fc.constantFrom('a', 'b', 'c'), fc.integer({ min: 0, max: 3 }), fc.boolean())
const map = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), scalar, { maxKeys: 4 })
const tree = fc.dictionary(fc.constantFrom('x', 'y', 'z'), fc.oneof(scalar, map, fc.array(scalar, { maxLength: 3 })), { maxKeys: 3 })

/** Named elements of a list, no name twice. */
const named = (values: fc.Arbitrary<object>) =>
  fc
    .uniqueArray(fc.constantFrom('p', 'q', 'r', 's'), { maxLength: 4 })
    .chain((names) => fc.tuple(...names.map((name) => values.map((value) => ({ name, ...value })))).map((list) => list as object[]))

const set = fc
  .record({
    labels: map.map((labels) => Object.fromEntries(Object.entries(labels).map(([key, value]) => [key, String(value)]))),
    containers: named(fc.record({ image: fc.constantFrom('i', 'j'), env: named(fc.record({ value: fc.constantFrom('1', '2') })) })),
    tolerations: fc.array(fc.record({ key: fc.constantFrom('k', 'l') }), { maxLength: 2 }),
    replicas: fc.integer({ min: 0, max: 3 }),
  })
  .map(({ labels, containers, tolerations, replicas }) => ({
    metadata: { labels },
    spec: { replicas, template: { spec: { containers, tolerations } } },
  }))

describe('a patch that was made of two objects', () => {
  test('turns the one into the other (merge)', () => {
    fc.assert(
      fc.property(tree, tree, (from, to) => {
        expect(mergePatch(from, mergeDifference(from, to))).toEqual(to)
      }),
      { seed: 5 },
    )
  })

  test('turns the one into the other (strategic), lists in their order', () => {
    fc.assert(
      fc.property(set, set, (from, to) => {
        expect(strategicMerge('StatefulSet', from, strategicDifference('StatefulSet', from, to))).toEqual(to)
      }),
      { seed: 5 },
    )
  })

  test('of equal objects is empty', () => {
    fc.assert(
      fc.property(set, (one) => {
        expect(strategicDifference('StatefulSet', one, structuredClone(one))).toEqual({})
      }),
      { seed: 5 },
    )
  })

  test('leaves untouched branches as they are, and changes neither object', () => {
    const from = { a: { b: { c: 1 } }, d: { e: 2 } }
    const before = JSON.stringify(from)
    const result = mergePatch(from, { d: { e: 3 } }) as typeof from
    expect([result.a === from.a, JSON.stringify(from) === before]).toEqual([true, true])
  })
})
