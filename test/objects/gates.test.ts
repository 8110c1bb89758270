import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { gatesRead } from '../../src/cluster/objects/release.ts'

/** The gates that rules ask for, by their names in the source. */
const asked = (): Set<string> => {
  const src = new URL('../../src/', import.meta.url)
  const names = new Set<string>()
  for (const file of readdirSync(src, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts')) continue
    const text = readFileSync(new URL(file, src), 'utf8')
    for (const [, name] of text.matchAll(/(?:\bgate|\.on)\(\s*'([A-Z]\w+)'/g)) names.add(name as string)
  }
  return names
}

test('every gate that a rule asks for has its row in the table of releases, and every row is asked for', () => {
  expect([...asked()].sort()).toEqual([...gatesRead].sort())
})
