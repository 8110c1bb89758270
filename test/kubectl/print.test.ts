import { describe, expect, test } from 'vitest'
import { ageAt, humanSeconds } from '../../src/cluster/kubectl/age.ts'
import { alignTabs, describeTabs, getTabs, printJson, printYaml } from '../../src/cluster/kubectl/print.ts'

describe('columns', () => {
  test('of get: at least six wide, three blanks between them', () => {
    expect(alignTabs('NAME\tREADY\tAGE\nweb\t3/3\t9s\n', getTabs)).toBe('NAME   READY   AGE\nweb    3/3     9s\n')
  })
  test('of describe: as wide as needed, two blanks', () => {
    expect(alignTabs('Name:\tweb\nNamespace:\tdefault\n', describeTabs)).toBe('Name:       web\nNamespace:  default\n')
  })
  test('a column ends with the first line that has no cell in it', () => {
    expect(alignTabs('a\tb\nplain\nlong name\tc\n', describeTabs)).toBe('a  b\nplain\nlong name  c\n')
  })
})

// apimachinery's duration.HumanDuration.
test.each([
  [0, '0s'],
  [119, '119s'],
  [120, '2m'],
  [121, '2m1s'],
  [599, '9m59s'],
  [600, '10m'],
  [3 * 3600 - 1, '179m'],
  [3 * 3600, '3h'],
  [3 * 3600 + 60, '3h1m'],
  [8 * 3600, '8h'],
  [47 * 3600, '47h'],
  [48 * 3600, '2d'],
  [49 * 3600, '2d1h'],
  [8 * 24 * 3600, '8d'],
  [800 * 24 * 3600, '2y70d'],
])('%d seconds are printed as %s', (seconds, text) => {
  expect(humanSeconds(seconds)).toBe(text)
})

test('the age of what has no time is unknown', () => {
  expect(ageAt('2026-01-01T00:00:10Z', undefined)).toBe('<unknown>')
  expect(ageAt('2026-01-01T00:00:10Z', '2026-01-01T00:00:03Z')).toBe('7s')
})

describe('objects', () => {
  test('as YAML: sorted keys, lists not indented, quotes only where YAML needs them', () => {
    expect(
      printYaml({
        spec: { list: ['a', { b: 1, a: '2' }], empty: [], none: {}, off: 'no', yes: true, text: 'a: b', at: '10:30' },
        kind: 'X',
      }),
    ).toBe(
      `kind: X
spec:
  at: "10:30"
  empty: []
  list:
  - a
  - a: "2"
    b: 1
  none: {}
  "off": "no"
  text: 'a: b'
  "yes": true
`,
    )
  })
  test('as YAML: texts of several lines are blocks', () => {
    expect(printYaml({ a: 'one\ntwo\n', b: 'one\ntwo' })).toBe('a: |\n  one\n  two\nb: |-\n  one\n  two\n')
  })
  test('as JSON: four blanks, <, > and & escaped as Go does', () => {
    expect(printJson({ b: [], a: '<&>', c: {} })).toBe('{\n    "a": "\\u003c\\u0026\\u003e",\n    "b": [],\n    "c": {}\n}')
  })
})
