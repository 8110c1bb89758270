/** What people read about a pod that found no node. Source: scheduler.md 8.1, 8.4; framework/types.go (FitError). */

/** Reasons with how many nodes give them, sorted as texts: `10 x` before `2 x`. */
export const counted = (reasons: Iterable<readonly [reasons: readonly string[], nodes: number]>): readonly string[] => {
  const counts = new Map<string, number>()
  const add = (texts: readonly string[], nodes: number): void => {
    for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + nodes)
  }
  // Neighbours mostly give the same reasons, as the same list.
  let run: readonly string[] = []
  let length = 0
  for (const [texts, nodes] of reasons) {
    if (texts !== run) {
      add(run, length)
      run = texts
      length = 0
    }
    length += nodes
  }
  add(run, length)
  return [...counts].map(([text, count]) => `${count} ${text}`).sort()
}

/** `0/3 nodes are available: <why>.` and what was found out about preemption. */
export const fitError = (nodes: number, why: string, then: string): string =>
  `0/${nodes} nodes are available:${why === '' ? '' : ` ${why}.`}${then === '' ? '' : ` ${then}`}`

/** The longest note of an Event, in bytes; a longer one is cut. */
const mostBytes = 1024

/** The text as an Event carries it. Source: scheduler.md 8.1, end. */
export const eventNote = (text: string): string => {
  if (text.length * 3 <= mostBytes) return text
  const bytes = utf8Length(text)
  if (bytes <= mostBytes) return text
  let kept = 0
  let at = 0
  for (const letter of text) {
    const size = utf8Length(letter)
    if (kept + size > mostBytes - 4) break
    kept += size
    at += letter.length
  }
  return `${text.slice(0, at)} ...`
}

const utf8Length = (text: string): number => {
  let bytes = 0
  for (const letter of text) {
    const code = letter.codePointAt(0) as number
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
  }
  return bytes
}
