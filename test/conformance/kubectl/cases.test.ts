import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { readYaml } from '../../../src/text/yaml.ts'
import { playTranscript } from '../../kubectl/session.ts'
import { play } from './case.ts'
import { faultsOf, type Loose } from './judge.ts'

const here = new URL('.', import.meta.url).pathname
const read = (name: string): Loose => readYaml(readFileSync(`${here}${name}`, 'utf8'), name).documents[0]?.value as Loose
const given = read('fixtures.yaml') as { fixtures: Loose; bases: Loose }

/** What the simulator does not have yet, in the names of the cases. */
const without = ['server-side-apply', 'managed-fields']

const files = readdirSync(here).filter((name) => /^\d\d-.*\.yaml$/.test(name))

describe.each(files)('%s', (file) => {
  const cases = (read(file)['cases'] as Loose[]).filter(
    (one) => one['skip'] === undefined && !((one['needs'] ?? []) as string[]).some((each) => without.includes(each)),
  )
  test.each(cases.map((one) => [one['id'], one['title'], one] as const))('%s %s', (_id, _title, one) => {
    if (one['shell'] === undefined) return expect(play(one, given, without)).toEqual([])
    const { log, failed } = playTranscript(one['shell'], 'case.txt')
    expect(faultsOf({ outHas: one['log'] }, { stdout: log, stderr: '', exit: 0, ended: undefined })).toEqual([])
    expect(failed.length > 0 ? 1 : 0).toBe(one['exit'] ?? 0)
  })
})
