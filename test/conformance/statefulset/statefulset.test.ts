/** The cases of the StatefulSet controller, copied as data; each is one test. */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import type { Loose } from './compare.ts'
import { combinations } from './parameters.ts'
import { Run } from './run.ts'

const folder = new URL('.', import.meta.url)
const read = (file: string): Loose => parse(readFileSync(new URL(file, folder), 'utf8'), { maxAliasCount: -1 })
const fixtures = read('fixtures.yaml')

for (const file of readdirSync(folder).filter((name) => /^\d.*\.yaml$/.test(name))) {
  describe(file.replace('.yaml', ''), () => {
    for (const kase of (read(file) as Loose[]).filter((each) => each.skip === undefined)) {
      for (const one of combinations(kase, fixtures)) {
        test(`${one.id} ${one.title}`, () => {
          expect(new Run(one, fixtures).play()).toEqual([])
        })
      }
    }
  })
}
