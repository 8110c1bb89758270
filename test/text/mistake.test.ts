import { describe, expect, it } from 'vitest'
import { didYouMean, distance, inFileOrder, mistakeOfFile, nearest, printMistake } from '../../src/text/mistake.ts'

const at = (file: string, line: number, column: number) => ({
  file,
  line,
  column,
  length: 1,
  found: `${file}${line}${column}`,
  hint: '',
  excerpt: 'abc',
})

describe('mistakes', () => {
  it('print place, line, caret and what would do', () => {
    expect(
      printMistake({
        file: 'scenarios/drain.yaml',
        line: 14,
        column: 3,
        length: 8,
        found: '"replcias" is not a field of StatefulSet',
        hint: 'did you mean "replicas"?',
        excerpt: '  replcias: 3',
      }),
    ).toBe(
      [
        'scenarios/drain.yaml:14:3: "replcias" is not a field of StatefulSet',
        '14 |   replcias: 3',
        '   |   ^^^^^^^^',
        '     did you mean "replicas"?',
      ].join('\n'),
    )
  })
  it('keep tabs under tabs, and cut long lines around the span', () => {
    expect(printMistake({ ...at('a', 1, 3), excerpt: '\t\tx', found: 'x' })).toBe('a:1:3: x\n1 | \t\tx\n  | \t\t^')
    const long = printMistake({ ...at('a', 1, 5001), excerpt: 'y'.repeat(9000), found: 'x' })
    expect(long.split('\n').every((line) => line.length < 200)).toBe(true)
    expect(long.split('\n')[2]).toMatch(/\^$/)
  })
  it('about a whole file have no line', () => {
    expect(printMistake(mistakeOfFile('a.yaml', 'there is no such file', 'name another'))).toBe(
      'a.yaml: there is no such file\n  name another',
    )
  })
  it('are told in the order of the files, then of the places', () => {
    const order = inFileOrder([at('b', 1, 1), at('a', 3, 1), at('a', 2, 9), at('a', 2, 1)], ['a', 'b'])
    expect(order.map((one) => one.found)).toEqual(['a21', 'a29', 'a31', 'b11'])
  })
})

describe('did you mean', () => {
  it.each([
    ['kitten', 'sitting', 3],
    ['', 'abc', 3],
    ['replcias', 'replicas', 1],
    ['same', 'same', 0],
  ])('%s and %s are %i apart', (a, b, wanted) => expect(distance(a, b)).toBe(wanted))
  it('finds the nearest word, whatever its case, and none that is too far', () => {
    expect(nearest('Replcias', ['selector', 'replicas'])).toBe('replicas')
    expect(nearest('colour', ['replicas', 'selector'])).toBeUndefined()
  })
  it('names them all when there are few and none is near', () => {
    expect(didYouMean('x', ['alpha', 'beta'])).toBe('one of: alpha, beta')
    expect(didYouMean('alpa', ['alpha', 'beta'])).toBe('did you mean "alpha"?')
  })
})
