import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { defaultFolder, refusal, writeFolder } from '../../src/console/folder.ts'

let place = ''
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'stsim-folder-'))
})
afterEach(() => rmSync(place, { recursive: true, force: true }))

const run = JSON.stringify({ digest: 'x', scenario_sha256: 'y', version: '0.0.0' })
const file = (name: string, text: string) => ({ name, pieces: () => [text] })

describe('the folder of a run', () => {
  test('is written whole, with nothing beside it', () => {
    const folder = join(place, 'a', 'b')
    writeFolder(folder, [file('x.csv', 'ü\n'), file('run.json', run)])
    expect(readFileSync(join(folder, 'x.csv'), 'utf8')).toBe('ü\n')
    expect(readdirSync(join(place, 'a'))).toEqual(['b'])
  })

  test('leaves nothing when a file cannot be made', () => {
    const folder = join(place, 'run')
    const broken = {
      name: 'y',
      pieces: () => {
        throw new Error('no')
      },
    }
    expect(() => writeFolder(folder, [file('x', 'x'), broken])).toThrow('no')
    expect(readdirSync(place)).toEqual([])
  })

  test('replaces an older run and keeps it when the new one fails', () => {
    const folder = join(place, 'run')
    writeFolder(folder, [file('old', '1'), file('run.json', run)])
    const broken = {
      name: 'y',
      pieces: () => {
        throw new Error('no')
      },
    }
    expect(() => writeFolder(folder, [broken])).toThrow('no')
    expect(existsSync(join(folder, 'old'))).toBe(true)
    writeFolder(folder, [file('new', '2'), file('run.json', run)])
    expect(readdirSync(folder).sort()).toEqual(['new', 'run.json'])
    expect(readdirSync(place)).toEqual(['run'])
  })

  test('sweeps what a killed run left', () => {
    mkdirSync(join(place, '.run.partial-999999999'))
    writeFolder(join(place, 'run'), [file('run.json', run)])
    expect(readdirSync(place)).toEqual(['run'])
  })

  test('that the file system does not take is said in one line, and is no bug', () => {
    const folder = join(place, 'run')
    expect(() => writeFolder(folder, [file(join('nowhere', 'x'), 'x')])).toThrow(`--out ${folder} cannot be written: ENOENT`)
    expect(readdirSync(place)).toEqual([])
  })

  test.skipIf(process.getuid?.() === 0)('is refused before the run where nothing may be written', () => {
    mkdirSync(join(place, 'sealed'), { mode: 0o555 })
    expect(refusal(join(place, 'sealed', 'run'))).toBe(
      `--out ${join(place, 'sealed', 'run')} may not be written; name another folder, or none`,
    )
  })

  test('is refused where it would destroy something', () => {
    writeFileSync(join(place, 'file'), '')
    mkdirSync(join(place, 'mine'))
    writeFileSync(join(place, 'mine', 'thesis.txt'), '')
    mkdirSync(join(place, 'other'))
    writeFileSync(join(place, 'other', 'run.json'), '{"program": "another"}')
    mkdirSync(join(place, 'empty'))
    mkdirSync(join(place, 'run'))
    writeFileSync(join(place, 'run', 'run.json'), run)
    expect(refusal(join(place, 'file'))).toMatch(/is a file/)
    expect(refusal(join(place, 'file', 'below'))).toMatch(/is a file/)
    expect(refusal(join(place, 'mine'))).toMatch(/not of a run/)
    expect(refusal(join(place, 'other'))).toMatch(/not of a run/)
    expect(refusal('')).toMatch(/needs the name/)
    expect(refusal(join(place, 'empty'))).toBeUndefined()
    expect(refusal(join(place, 'run'))).toBeUndefined()
    expect(refusal(join(place, 'not', 'there'))).toBeUndefined()
  })

  test('has a harmless name whatever name and seed are', () => {
    expect(defaultFolder('web', '7')).toBe(join('reports', 'web', 'seed-7'))
    expect(defaultFolder('../etc', 'a/b c')).toBe(join('reports', '-etc', 'seed-a-b-c'))
  })
})
