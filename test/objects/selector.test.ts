import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type LabelSelector,
  matches,
  matchesMap,
  meetsAll,
  meetsTerms,
  parseFieldSelector,
  parseLabelSelector,
  printRequirements,
  printSelector,
} from '../../src/cluster/objects/selector.ts'

const read = (text: string) => {
  const requirements = parseLabelSelector(text)
  return 'error' in requirements ? requirements.error : requirements
}

/** Whether labels meet what `-l` says. */
const meets = (text: string, labels: Record<string, string>): boolean => {
  const requirements = parseLabelSelector(text)
  if ('error' in requirements) throw new Error(requirements.error)
  return meetsAll(requirements, labels)
}

describe('what -l says', () => {
  const web = { app: 'web', tier: 'db', n: '7' }
  test.each([
    ['app=web', true],
    ['app==web', true],
    ['app!=web', false],
    ['zone!=a', true],
    ['app', true],
    ['zone', false],
    ['!zone', true],
    ['!app', false],
    ['app in (web,api)', true],
    ['app notin (web,api)', false],
    ['zone notin (a)', true],
    ['app in ()', false],
    ['app=web,tier=db', true],
    ['app = web , tier in ( db )', true],
    ['app=web,tier=front', false],
    ['n>6', true],
    ['n<7', false],
    ['app>6', false],
    ['app=', false],
    ['', true],
  ])('%s', (text, met) => {
    expect(meets(text, web)).toBe(met)
  })

  test.each([
    ['bad key=1', "unable to parse requirement: found 'key', expected: in, notin, =, ==, !=, gt, lt"],
    ['app=a b', "found 'b', expected: ',' or 'end of string'"],
    ['app=web,', "found '', expected: identifier after ','"],
    ['=web', "found '=', expected: !, identifier, or 'end of string'"],
    ['app in web', "unable to parse requirement: found 'web' expected: '('"],
    ['app in (a', "unable to parse requirement: found '', expected: ',' or ')'"],
    ['!', "unable to parse requirement: found '', expected: identifier"],
  ])('%s cannot be read', (text, error) => {
    expect(read(text)).toBe(error)
  })

  test('a key or a value that labels cannot have is named', () => {
    expect(read('-a=b')).toContain(
      'unable to parse requirement: <nil>: Invalid value: "-a": name part must consist of alphanumeric characters',
    )
    expect(read('a=-b')).toContain(
      'unable to parse requirement: values[0][a]: Invalid value: "-b": a valid label must be an empty string or consist of',
    )
    expect(read('a>b')).toContain(`values[0]: Invalid value: "b": for 'Gt', 'Lt' operators, the value must be an integer`)
  })

  test('requirements are sorted by key and print as they are read', () => {
    const requirements = read('b in (y,x),a=1,!c,d')
    if (typeof requirements === 'string') throw new Error(requirements)
    expect(printRequirements(requirements)).toBe('a=1,b in (x,y),!c,d')
  })

  test('printing and reading is the identity', () => {
    const key = fc.stringMatching(/^[a-z][a-z0-9]{0,5}$/).filter((word) => word !== 'in' && word !== 'notin')
    const value = fc.stringMatching(/^[a-z0-9]{1,4}$/).filter((word) => word !== 'in' && word !== 'notin')
    const term = fc.oneof(
      fc.tuple(key, fc.constantFrom('=', '==', '!='), value).map((parts) => parts.join('')),
      fc
        .tuple(key, fc.constantFrom('in', 'notin'), fc.uniqueArray(value, { minLength: 1, maxLength: 3 }))
        .map(([k, op, v]) => `${k} ${op} (${v.join(',')})`),
      key,
      key.map((k) => `!${k}`),
    )
    fc.assert(
      fc.property(fc.array(term, { minLength: 1, maxLength: 4 }), (terms) => {
        const once = read(terms.join(','))
        if (typeof once === 'string') throw new Error(once)
        expect(read(printRequirements(once))).toEqual(once)
      }),
      { seed: 5 },
    )
  })
})

describe('the selector of an object', () => {
  test('an empty one selects everything, an absent one nothing', () => {
    expect([matches({}, {}), matches(undefined, {}), matches({ a: 'b' }, undefined)]).toEqual([true, true, false])
  })

  test.each<[LabelSelector, boolean]>([
    [{ matchLabels: { app: 'web' } }, true],
    [{ matchLabels: { app: 'api' } }, false],
    [{ matchExpressions: [{ key: 'app', operator: 'In', values: ['api', 'web'] }] }, true],
    [{ matchExpressions: [{ key: 'zone', operator: 'NotIn', values: ['a'] }] }, true],
    [{ matchExpressions: [{ key: 'zone', operator: 'Exists' }] }, false],
    [{ matchExpressions: [{ key: 'zone', operator: 'DoesNotExist' }] }, true],
    [{ matchLabels: { app: 'web' }, matchExpressions: [{ key: 'app', operator: 'DoesNotExist' }] }, false],
    [{ matchExpressions: [{ key: 'app', operator: 'Like', values: ['w'] }] }, false],
  ])('%j', (selector, selected) => {
    expect(matches({ app: 'web' }, selector)).toBe(selected)
  })

  test('a service selects with a plain map, and with an empty one nobody', () => {
    expect([
      matchesMap({ app: 'web', x: 'y' }, { app: 'web' }),
      matchesMap({ app: 'web' }, {}),
      matchesMap(undefined, { app: 'web' }),
    ]).toEqual([true, false, false])
  })

  test('it prints as -l would say it', () => {
    expect(printSelector({ matchLabels: { b: '1', a: '2' }, matchExpressions: [{ key: 'c', operator: 'In', values: ['y', 'x'] }] })).toBe(
      'a=2,b=1,c in (x,y)',
    )
    expect([printSelector(undefined), printSelector({})]).toEqual(['<none>', '<none>'])
  })
})

describe('what --field-selector says', () => {
  test('terms are joined, escaped and negated', () => {
    expect(parseFieldSelector('status.phase!=Running,metadata.name=a\\,b')).toEqual([
      { field: 'metadata.name', equal: true, value: 'a,b' },
      { field: 'status.phase', equal: false, value: 'Running' },
    ])
    expect(parseFieldSelector('')).toEqual([])
  })

  test.each([
    ['foo', "invalid selector: 'foo'; can't understand 'foo'"],
    ['a=b=c', 'invalid field selector: unescaped character in value: 61'],
    ['a=\\x', 'invalid field selector: invalid escape sequence: \\x'],
  ])('%s cannot be read', (text, error) => {
    expect(parseFieldSelector(text)).toEqual({ error })
  })

  test('an object meets the terms when each does', () => {
    const terms = parseFieldSelector('spec.nodeName=node-1,status.phase!=Failed')
    if ('error' in terms) throw new Error(terms.error)
    const pod = (node: string, phase: string) => (field: string) => (field === 'spec.nodeName' ? node : phase)
    expect([
      meetsTerms(terms, pod('node-1', 'Running')),
      meetsTerms(terms, pod('node-1', 'Failed')),
      meetsTerms(terms, pod('node-2', 'Running')),
    ]).toEqual([true, false, false])
  })
})
