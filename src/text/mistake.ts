/**
 * What is wrong with something a person wrote: where, what was found, and what would do. Three kinds of error are never mixed:
 * the user's mistake (this), the cluster's answer (`apiserver/request.ts`), our own bug (`engine/bug.ts`).
 */

/** A place in a text, counted from 1. A length of 0 marks a point between two characters. */
export type Place = { readonly line: number; readonly column: number; readonly length: number }

/** One mistake of the user. `line` 0: the file as a whole (it is missing, it is empty). */
export type Mistake = Place & {
  readonly file: string
  /** What was found: `"replcias" is not a field of StatefulSet`. One sentence without a full stop. */
  readonly found: string
  /** What would do: `did you mean "replicas"?`. */
  readonly hint: string
  /** The line of the file, for printing. */
  readonly excerpt: string
}

/** A mistake about a file as a whole. */
export const mistakeOfFile = (file: string, found: string, hint: string): Mistake => ({
  file,
  line: 0,
  column: 0,
  length: 0,
  found,
  hint,
  excerpt: '',
})

const widest = 160

/**
 * A mistake as a person reads it: place and finding, the line with the span underlined, the way out. Long lines are cut
 * around the span.
 */
export function printMistake(mistake: Mistake): string {
  const { file, line, column, found, hint } = mistake
  if (line === 0) return `${file}: ${found}${hint === '' ? '' : `\n  ${hint}`}`
  const head = `${file}:${line}:${column}: ${found}`
  const cut = Math.max(0, Math.min(column - 1 - 40, mistake.excerpt.length - widest))
  const shown = mistake.excerpt.slice(cut, cut + widest)
  const before = shown.slice(0, column - 1 - cut)
  const span = Math.max(1, Math.min(mistake.length, shown.length - before.length))
  const margin = ' '.repeat(String(line).length)
  const lines = [head, `${line} | ${shown}`, `${margin} | ${before.replace(/[^\t]/g, ' ')}${'^'.repeat(span)}`]
  if (hint !== '') lines.push(`${margin}   ${hint}`)
  return lines.join('\n')
}

/** Mistakes in the order of the files as first named in `files` (others after them, as met), then by line and column. */
export function inFileOrder(mistakes: readonly Mistake[], files: readonly string[] = []): Mistake[] {
  const order = new Map<string, number>()
  for (const file of [...files, ...mistakes.map((mistake) => mistake.file)]) if (!order.has(file)) order.set(file, order.size)
  return mistakes
    .map((mistake, index) => ({ mistake, index, rank: order.get(mistake.file) ?? 0 }))
    .sort((a, b) => a.rank - b.rank || a.mistake.line - b.mistake.line || a.mistake.column - b.mistake.column || a.index - b.index)
    .map(({ mistake }) => mistake)
}

/** How many single changes (insert, drop, replace, swap of neighbours) lie between two words. Source: Damerau 1964, restricted form. */
export function distance(a: string, b: string): number {
  let twoBack: number[] = []
  let back = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let best = Math.min((back[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (back[j - 1] ?? 0) + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, (twoBack[j - 2] ?? 0) + 1)
      row.push(best)
    }
    twoBack = back
    back = row
  }
  return back[b.length] ?? 0
}

/** The candidate that was probably meant, if one is near enough: at most a third of the letters differ, case aside. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = word.toLowerCase()
  let best: string | undefined
  let least = Math.max(1, Math.floor(wanted.length / 3)) + 1
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - wanted.length) >= least) continue
    const away = distance(wanted, candidate.toLowerCase())
    if (away < least) {
      least = away
      best = candidate
    }
  }
  return best
}

/** `did you mean "replicas"?`, or else the list of what would do (short lists only), or ''. */
export function didYouMean(word: string, candidates: Iterable<string>, all = 'one of'): string {
  const list = [...candidates]
  const near = nearest(word, list)
  if (near !== undefined) return `did you mean "${near}"?`
  return list.length === 0 || list.length > 30 ? '' : `${all}: ${list.join(', ')}`
}
