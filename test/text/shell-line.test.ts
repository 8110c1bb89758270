import { describe, expect, it } from 'vitest'
import { commandsOf } from '../../src/text/shell-line.ts'

const texts = (line: string) => commandsOf(line).map(({ text, onlyIfGood }) => (onlyIfGood ? `&& ${text}` : text))

describe('the commands of a line', () => {
  it.each([
    ['a b', ['a b']],
    ['a; b;', ['a', 'b']],
    ['a && b; c', ['a', '&& b', 'c']],
    ['a \';\' ";" \\; b', ['a \';\' ";" \\; b']],
    ['a # b; c', ['a # b; c']],
    ['a & b', ['a & b']],
    ['a | b; c', ['a | b', 'c']],
    ['', ['']],
    ['for i in 0 1; do a-$i; done', ['a-0', 'a-1']],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a shell's
    ['for i in 0 1; do a "$i${i}"; b; done; c', ['a "00"', 'b', 'a "11"', 'b', 'c']],
    [`for i in 0; do a "w-$i" -- sh -c 'echo $i "$(hostname)"' $in \\$i; done`, [`a "w-0" -- sh -c 'echo $i "$(hostname)"' $in \\$i`]],
    ['for i in 0 1; do a', ['for i in 0 1; do a']],
    ['for i in 0 1; a; done', ['for i in 0 1; a; done']],
  ])('%s', (line, wanted) => expect(texts(line)).toEqual(wanted))
})
