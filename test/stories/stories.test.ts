/**
 * Golden timelines: each lesson of scenarios/ is played and its timeline held against the one that was read and found right.
 * `STSIM_REWRITE=1 npx vitest run --config test/vitest.config.ts test/stories` writes them anew; read the difference before you keep it.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { readScenario, simulate } from '../../src/index.ts'
import { timeline } from '../../src/report/timeline.ts'

const read = (path: string) => readFileSync(`scenarios/${path}`, 'utf8')
const lessons = readdirSync('scenarios').filter((name) => /^\d+-.*\.yaml$/.test(name))

describe('the timeline of', () => {
  test.each(lessons)('%s is the golden one, and all that it expects holds', (name) => {
    const { scenario, mistakes } = readScenario(read(name), { name, read })
    expect(mistakes).toEqual([])
    if (scenario === undefined) throw new Error('no scenario')
    const recording = simulate(scenario)
    expect(recording.facts.failures).toEqual([])
    expect(recording.facts.expectations.filter((verdict) => !verdict.held)).toEqual([])
    const printed = [...timeline(recording.journal)].join('')
    const golden = `test/stories/${name.replace(/\.yaml$/, '.txt')}`
    if (process.env['STSIM_REWRITE'] === '1') writeFileSync(golden, printed)
    expect(printed).toBe(readFileSync(golden, 'utf8'))
  })
})
