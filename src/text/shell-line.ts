/**
 * A line of a terminal as the commands that it runs, in their order: `a; b`, `a && b`, `for i in 0 1; do a; done`. Quotes protect; everything
 * else that a shell does is left in the commands, for `splitWords` to refuse with its place.
 * Source: POSIX.1-2017, Shell Command Language, 2.9.3 (lists) and 2.9.4.2 (for).
 */

/** One command: its text, and whether it runs only if the one before it was good (`&&`). */
type LineCommand = { readonly text: string; readonly onlyIfGood: boolean }

/** The commands of a line. A line that cannot be split that way is one command. */
export function commandsOf(line: string): readonly LineCommand[] {
  const parts = partsOf(line)
  const commands: LineCommand[] = []
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i] as LineCommand
    const head = /^for\s+([A-Za-z_][A-Za-z0-9_]*)\s+in\s+([^$`"'*?]+)$/.exec(part.text)
    if (head === null) {
      commands.push(part)
      continue
    }
    const end = parts.findIndex((each, at) => at > i && each.text === 'done')
    const body = parts.slice(i + 1, end).map((each, at) => (at === 0 ? { ...each, text: each.text.replace(/^do\s+/, '') } : each))
    if (end < 0 || !/^do\s/.test(parts[i + 1]?.text ?? '')) return [{ text: line, onlyIfGood: false }]
    const [, name = '', words = ''] = head
    for (const value of words.trim().split(/\s+/))
      commands.push(...body.map((each) => ({ ...each, text: replaced(each.text, name, value) })))
    i = end
  }
  return commands.length === 0 ? [{ text: line, onlyIfGood: false }] : commands
}

/** Split at `;` and `&&` outside of quotes. */
function partsOf(line: string): readonly LineCommand[] {
  const parts: LineCommand[] = []
  let begin = 0
  let onlyIfGood = false
  const end = (at: number, length: number, next: boolean): void => {
    const text = line.slice(begin, at).trim()
    if (text !== '') parts.push({ text, onlyIfGood })
    begin = at + length
    onlyIfGood = next
  }
  for (const { at, text } of unquoted(line)) {
    if (text === '#' && (at === 0 || /\s/.test(line[at - 1] as string))) break
    if (text === ';') end(at, 1, false)
    else if (text === '&' && line[at + 1] === '&' && at >= begin) end(at, 2, true)
  }
  end(line.length, 0, false)
  return parts
}

/** The characters outside of quotes that no backslash protects. */
function* unquoted(line: string): Generator<{ readonly at: number; readonly text: string }> {
  let quote = ''
  for (let at = 0; at < line.length; at++) {
    const text = line[at] as string
    if (text === '\\' && quote !== "'") at += 1
    else if (quote !== '') quote = text === quote ? '' : quote
    else if (text === "'" || text === '"') quote = text
    else yield { at, text }
  }
}

/** `$name` and `${name}` replaced, except between single quotes and behind a backslash. */
function replaced(text: string, name: string, value: string): string {
  const pieces = text.match(/\\[\s\S]|"(?:\\[\s\S]|[^"\\])*"|'[^']*'|[^\\'"]+|['"]/g) ?? []
  const variable = new RegExp(`(\\\\[\\s\\S])|\\$(?:${name}(?![A-Za-z0-9_])|\\{${name}\\})`, 'g')
  return pieces
    .map((piece) =>
      piece.startsWith("'") ? piece : piece.replace(variable, (found, escaped?: string) => (escaped === undefined ? value : found)),
    )
    .join('')
}
