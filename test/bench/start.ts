/** From nothing to an answer: the whole process, over an empty one. Needs `npm run build`. Source: performance.md 7, T18. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compare, wallTime } from './rounds.ts'
import { setOf } from './sets.ts'

export function start(): void {
  const folder = mkdtempSync(join(tmpdir(), 'stsim-bench-'))
  const file = join(folder, 'web.yaml')
  writeFileSync(file, setOf(2, 'OrderedReady'))
  const main = 'dist/cli/main.js'
  compare(
    'start',
    [
      wallTime('stsim --version', [main, '--version']),
      wallTime('stsim run web.yaml', [main, 'run', file, '--out', join(folder, 'out')]),
      wallTime("node -e ''", ['-e', '']),
    ],
    { 'stsim --version': 1.5, 'stsim run web.yaml': 5 },
    9,
  )
  rmSync(folder, { recursive: true })
}
