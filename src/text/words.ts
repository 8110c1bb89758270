/**
 * A command line split into words as a POSIX shell splits it: quotes, backslash, `#` comments. What a shell would do beyond that
 * (variables, pipes, redirections, several commands) is refused with its place: a step is one command.
 * Source: POSIX.1-2017, Shell Command Language, 2.2 and 2.3; patterns like `*` stay as they are, as when no file matches.
 */

/** One word, unquoted, and where it begins (offset in the line). */
type Word = { readonly text: string; readonly at: number }

/** Why a line is no single command: where (offset, length), what was found, what would do. */
type Refusal = { readonly at: number; readonly length: number; readonly found: string; readonly hint: string }

/** Either the words, or the first thing that cannot be done. */
export type Words =
  | { readonly words: readonly Word[]; readonly refusal?: undefined }
  | { readonly words?: undefined; readonly refusal: Refusal }

const hints: Readonly<Record<string, readonly [found: string, hint: string]>> = {
  '|': ['a pipe', 'there is no shell here: run the command alone'],
  '||': ['"||"', 'there is no shell here: write each command as a step of its own'],
  '&': ['"&"', 'every step already runs beside the others: leave it out'],
  '&&': ['"&&"', 'write the commands as a list: kubectl: [first, second]'],
  ';': ['";"', 'write the commands as a list: kubectl: [first, second]'],
  '<': ['a redirection', 'name the file instead: -f FILE'],
  '<<': ['a here-document', 'put the text into a file and name it: -f FILE'],
  '>': ['a redirection', 'leave it out: the output of each command is kept'],
  '>>': ['a redirection', 'leave it out: the output of each command is kept'],
  '(': ['"("', 'put it into quotes'],
  ')': ['")"', 'put it into quotes'],
  '`': ['a command substitution', 'there is no shell here: write the value itself'],
  '$(': ['a command substitution', 'there is no shell here: write the value itself'],
  $: ['a shell variable', "there is no shell here: write the value itself, or put it into single quotes if '$' is meant"],
}

const refuse = (at: number, text: string): Words => {
  const [found, hint] = hints[text] ?? [`"${text}"`, 'put it into quotes']
  return { refusal: { at, length: text.length, found: `${found} in a command`, hint } }
}

/** Whether a `$` at `at` begins something that a shell would replace; then how long its beginning is. */
const substitution = (line: string, at: number): string | undefined => {
  const next = line[at + 1] ?? ''
  if (next === '(') return '$('
  return /[A-Za-z_{0-9?@*#!$-]/.test(next) ? '$' : undefined
}

/** Split one line. Blank lines and comments give no words. */
export function splitWords(line: string): Words {
  const words: Word[] = []
  let text = ''
  let begun = -1
  const put = (at: number, piece: string): void => {
    if (begun < 0) begun = at
    text += piece
  }
  const end = (): void => {
    if (begun >= 0) words.push({ text, at: begun })
    text = ''
    begun = -1
  }
  let i = 0
  while (i < line.length) {
    const c = line[i] as string
    if (c === '\\') {
      if (i + 1 >= line.length) return { refusal: { at: i, length: 1, found: 'a backslash at the end', hint: 'leave it out' } }
      if (line[i + 1] !== '\n') put(i, line[i + 1] as string)
      i += 2
    } else if (c === "'") {
      const close = line.indexOf("'", i + 1)
      if (close < 0) return { refusal: { at: i, length: 1, found: "a quote (') that is never closed", hint: "close it with '" } }
      put(i, line.slice(i + 1, close))
      i = close + 1
    } else if (c === '"') {
      const begin = i
      put(i, '')
      i += 1
      while (i < line.length && line[i] !== '"') {
        const d = line[i] as string
        if (d === '\\' && /[$`"\\\n]/.test(line[i + 1] ?? '')) {
          if (line[i + 1] !== '\n') put(i, line[i + 1] as string)
          i += 2
          continue
        }
        if (d === '`') return refuse(i, '`')
        const replaced = d === '$' ? substitution(line, i) : undefined
        if (replaced !== undefined) return refuse(i, replaced)
        put(i, d)
        i += 1
      }
      if (i >= line.length) return { refusal: { at: begin, length: 1, found: 'a quote (") that is never closed', hint: 'close it with "' } }
      i += 1
    } else if (c === '\n') {
      end()
      if (/\S/.test(line.slice(i)) && words.length > 0)
        return {
          refusal: {
            at: i,
            length: 0,
            found: 'a second line in one command',
            hint: 'write the commands as a list: kubectl: [first, second]',
          },
        }
      i += 1
    } else if (/\s/.test(c)) {
      end()
      i += 1
    } else if (c === '#' && begun < 0) {
      const newline = line.indexOf('\n', i)
      i = newline < 0 ? line.length : newline
    } else if (c === '$') {
      const replaced = substitution(line, i)
      if (replaced !== undefined) return refuse(i, replaced)
      put(i, c)
      i += 1
    } else if (/[|&;<>()`]/.test(c)) {
      const two = line.slice(i, i + 2)
      return refuse(i, two in hints ? two : c)
    } else {
      put(i, c)
      i += 1
    }
  }
  end()
  return { words }
}

/** A word as it must be written so that a shell reads it back unchanged. */
export const quoteWord = (word: string): string =>
  /^[A-Za-z0-9_@%+=:,./{}*?[\]~^-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
