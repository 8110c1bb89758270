import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { quoteWord, splitWords } from '../../src/text/words.ts'

const words = (line: string) => splitWords(line).words?.map((word) => word.text)

describe('words of a command line', () => {
  it.each([
    ['scale statefulset web --replicas=5', ['scale', 'statefulset', 'web', '--replicas=5']],
    [`patch sts web -p '{"spec":{"replicas":3}}'`, ['patch', 'sts', 'web', '-p', '{"spec":{"replicas":3}}']],
    ['a "b c" d\\ e', ['a', 'b c', 'd e']],
    ['"a\\"b\\$c\\d"', ['a"b$c\\d']],
    [`'it'\\''s'`, ["it's"]],
    ['a # a comment', ['a']],
    ['a#b', ['a#b']],
    ['# only', []],
    ['   ', []],
    ['a \\\n  b', ['a', 'b']],
    ["''", ['']],
    ['get pods -l app=* -o jsonpath={.items[0].metadata.name}', ['get', 'pods', '-l', 'app=*', '-o', 'jsonpath={.items[0].metadata.name}']],
    ['echo a$ b', ['echo', 'a$', 'b']],
    ['trailing\n', ['trailing']],
  ])('%s', (line, wanted) => expect(words(line)).toEqual(wanted))

  it.each([
    ['get pods | grep web', 9, 'a pipe in a command'],
    ['a && b', 2, '"&&" in a command'],
    ['a; b', 1, '";" in a command'],
    ['a > b', 2, 'a redirection in a command'],
    ['cat <<EOF', 4, 'a here-document in a command'],
    ['a $HOME', 2, 'a shell variable in a command'],
    ['a "x$HOME"', 4, 'a shell variable in a command'],
    ['a $(date)', 2, 'a command substitution in a command'],
    ['a `date`', 2, 'a command substitution in a command'],
    ["a 'b", 2, "a quote (') that is never closed"],
    ['a "b', 2, 'a quote (") that is never closed'],
    ['a &', 2, '"&" in a command'],
    ['a\nb', 1, 'a second line in one command'],
    ['a \\', 2, 'a backslash at the end'],
  ])('%j is refused at %i', (line, at, found) => {
    expect(splitWords(line).refusal).toMatchObject({ at, found })
  })

  it('know where they begin', () => {
    expect(splitWords('a  "b" c').words?.map((word) => word.at)).toEqual([0, 3, 7])
  })

  it('are read back as they were quoted', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1 }), (list) => {
        expect(words(list.map(quoteWord).join(' '))).toEqual(list)
      }),
      { seed: 7, numRuns: 200 },
    )
  })
})
