import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { readScenario, simulate } from '../src/index.ts'
import { timeline } from '../src/report/timeline.ts'

const readme = readFileSync('README.md', 'utf8')
const read = (path: string) => readFileSync(`scenarios/${path}`, 'utf8')

const recordingOf = (file: string, seed?: number) => {
  const { scenario, mistakes } = readScenario(read(file), { name: file, read })
  expect(mistakes).toEqual([])
  if (scenario === undefined) throw new Error('no scenario')
  return simulate(scenario, seed === undefined ? {} : { seed })
}

describe('README.md', () => {
  test('each line of its timeline is in the timeline of that scenario', () => {
    const [, scenario, lines] = /<!-- timeline: scenarios\/(\S+) -->\n```text\n([\s\S]*?)```/.exec(readme) as unknown as [
      string,
      string,
      string,
    ]
    const printed = [...timeline(recordingOf(scenario).journal)].join('').split('\n')
    const claimed = lines.split('\n').filter((line) => line !== '')
    expect(claimed.filter((line) => !printed.includes(line))).toEqual([])
    expect(claimed.length).toBeGreaterThan(5)
  })

  test('its program runs, and gives the same digest twice', async () => {
    const [, code] = /```js\n([\s\S]*?)```/.exec(readme) as unknown as [string, string]
    const body = code.replace(/^import .*\n/gm, '')
    const printed: unknown[][] = []
    const run = new Function('readFileSync', 'readScenario', 'simulate', 'console', body)
    run(readFileSync, readScenario, simulate, { log: (...values: unknown[]) => printed.push(values) })
    expect(printed).toEqual([[true, true]])
  })

  test('the commands that it names are those of package.json', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> }
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(['start', 'test', 'bench', 'build', 'prepare']))
  })
})

test('another seed gives another digest, also in the profile without luck', () => {
  expect(recordingOf('20-a-node-dies.yaml', 1).digest).not.toBe(recordingOf('20-a-node-dies.yaml', 2).digest)
})
