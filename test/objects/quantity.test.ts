import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  addQuantities,
  bytesOf,
  canonicalQuantity,
  compareQuantities,
  milliOf,
  parseQuantity,
  printQuantity,
  quantityForm,
  readQuantity,
  roundUpToMilli,
  subtractQuantities,
} from '../../src/cluster/objects/quantity.ts'

/** Texts and how the API server writes them back. Source: apimachinery's quantity_test.go and our reading of quantity.go. */
const canonical: readonly (readonly [string, string])[] = [
  ['0', '0'],
  ['0m', '0'],
  ['1000m', '1'],
  ['1500m', '1500m'],
  ['0.5', '500m'],
  ['.5', '500m'],
  // Texts that Kubernetes takes for canonical, though they are not.
  ['5.', '5.'],
  ['+2', '+2'],
  ['1.250', '1.250'],
  ['-1500m', '-1500m'],
  ['1024Mi', '1Gi'],
  ['100Mi', '100Mi'],
  ['1025Mi', '1025Mi'],
  ['1.5Gi', '1536Mi'],
  ['0.1Gi', '107374182400m'],
  ['1Ki', '1Ki'],
  ['1000Ki', '1000Ki'],
  ['0.5Ki', '512'],
  ['1000k', '1M'],
  ['129M', '129M'],
  ['129e6', '129e6'],
  ['1.5e3', '1500'],
  ['12e5', '1200e3'],
  ['10E', '10E'],
  ['0.0001', '100u'],
  ['0.4n', '1n'],
]

describe('a quantity', () => {
  test.each(canonical)('%s is written %s', (text, written) => {
    expect(canonicalQuantity(text)).toBe(written)
  })

  test.each([
    ['', quantityForm],
    ['lots', quantityForm],
    ['10MB', quantityForm],
    ['1.2.3', quantityForm],
    ['10Mm', "unable to parse quantity's suffix"],
    ['1e', "unable to parse quantity's suffix"],
  ])('%s is refused', (text, error) => {
    expect(readQuantity(text)).toEqual({ error })
  })

  test.each([
    ['500m', 500, 1],
    ['2', 2000, 2],
    ['1Gi', 1073741824000, 1073741824],
    ['0.0001', 1, 1],
    ['-1500m', -1500, -2],
    ['nonsense', 0, 0],
  ])('%s is %d thousandths and %d whole ones, rounded away from zero', (text, milli, whole) => {
    expect([milliOf(text), bytesOf(text)]).toEqual([milli, whole])
  })

  test('numbers of YAML are read like texts', () => {
    expect([canonicalQuantity(1), canonicalQuantity(0.5), milliOf(2)]).toEqual(['1', '500m', 2000])
  })

  test('a request is rounded up to a thousandth', () => {
    expect([roundUpToMilli('100u'), roundUpToMilli('1500001u'), roundUpToMilli('2'), roundUpToMilli('1Gi')]).toEqual([
      '1m',
      '1501m',
      '2',
      '1Gi',
    ])
  })

  test('a sum has the form of its first part, or of the other when that is 0', () => {
    expect([
      addQuantities('1Gi', '1Gi'),
      addQuantities('0', '1Gi'),
      addQuantities('500m', '1500m'),
      subtractQuantities('1Gi', '512Mi'),
    ]).toEqual(['2Gi', '1Gi', '2', '512Mi'])
  })

  test('what is printed is read as the same amount, and a decimal one is printed the same again', () => {
    const suffix = fc.constantFrom('', 'm', 'u', 'n', 'k', 'M', 'G', 'Ki', 'Mi', 'Gi', 'e3', 'E')
    fc.assert(
      fc.property(fc.integer({ min: -1_000_000, max: 1_000_000 }), fc.integer({ min: 0, max: 999 }), suffix, (whole, part, end) => {
        const quantity = parseQuantity(`${whole}.${part}${end}`)
        if (quantity === undefined) throw new Error('it is a quantity')
        const written = printQuantity({ nano: quantity.nano, form: quantity.form })
        const again = parseQuantity(written)
        expect(again?.nano).toBe(quantity.nano)
        // Binary amounts that no binary suffix fits are written as plain numbers, which are then read as decimal ones.
        if (quantity.form !== 'BinarySI') expect(canonicalQuantity(written)).toBe(written)
      }),
      { seed: 5 },
    )
  })

  test('comparing is a total order that agrees with the amounts', () => {
    const text = fc.tuple(fc.integer({ min: 0, max: 5000 }), fc.constantFrom('', 'm', 'k', 'Ki')).map(([number, end]) => `${number}${end}`)
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(Math.sign(compareQuantities(a, b))).toBe(Math.sign(milliOf(a) - milliOf(b)))
        // + 0: the opposite of 0 is 0
        expect(compareQuantities(a, b) + compareQuantities(b, a) + 0).toBe(0)
      }),
      { seed: 5 },
    )
  })
})
