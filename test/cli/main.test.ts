import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { setOf } from '../bench/sets.ts'

/** The command line as a process of its own, from the sources. */
const main = resolve('src/cli/main.ts')
const loader = resolve('node_modules/tsx/dist/loader.mjs')
let place = ''

beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), 'stsim-cli-'))
  writeFileSync(join(place, 'web.yaml'), setOf(2, 'OrderedReady'))
})
afterAll(() => rmSync(place, { recursive: true, force: true }))

type Options = { readonly cwd?: string; readonly input?: string; readonly env?: Readonly<Record<string, string>> }

function stsim(args: readonly string[], { cwd = place, input = '', env = {} }: Options = {}) {
  const run = spawnSync(process.execPath, ['--import', loader, main, ...args], {
    cwd,
    input,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] ?? '', ...env },
  })
  return { exit: run.status, out: run.stdout, err: run.stderr }
}

/** All files of a folder with their texts. */
const contentOf = (folder: string): Record<string, string> =>
  Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]))

describe('stsim run', { timeout: 120_000 }, () => {
  test('gives the same folder from any working directory, locale and time zone, and scenario.yaml gives it again', () => {
    const other = join(place, 'elsewhere')
    mkdirSync(other)
    const one = stsim(['run', 'web.yaml', '--out', 'one', '--objects'], { env: { TZ: 'Asia/Tokyo', LANG: 'de_DE.UTF-8' } })
    expect([one.exit, one.err]).toEqual([0, ''])
    expect(one.out).toMatch(/^web · held/)
    expect(one.out).toMatch(/2 of 2 Ready/)
    const two = stsim(['run', '../web.yaml', '--out', '../two', '--objects'], { cwd: other, env: { TZ: 'America/New_York', LC_ALL: 'C' } })
    expect(two.exit).toBe(0)
    expect(contentOf(join(place, 'two'))).toEqual(contentOf(join(place, 'one')))
    const again = stsim(['run', 'one/scenario.yaml', '--out', 'three', '--objects'])
    expect(again.exit).toBe(0)
    expect(contentOf(join(place, 'three'))).toEqual(contentOf(join(place, 'one')))
  })

  test('takes manifests from standard input, by a bare dash', () => {
    const run = stsim(['run', '-', '--out', 'none', '-q', '--seed', '7'], { input: setOf(1, 'OrderedReady') })
    expect([run.exit, run.err]).toEqual([0, ''])
    expect(run.out).toMatch(/^stdin · held +kind-local, 1\.36, seed 7\n$/)
  })

  test('answers mistakes on the command line with the error, a way out and exit code 2, and writes nothing', () => {
    const wrong: [string[], string][] = [
      [['run', 'web.yaml', '--sed', '7'], 'did you mean "--seed"?'],
      [['rnu', 'web.yaml'], 'did you mean "run"?'],
    ]
    for (const [args, hint] of wrong) {
      const run = stsim(args)
      expect([args, run.exit, run.out]).toEqual([args, 2, ''])
      expect(run.err).toContain(hint)
      expect(run.err).not.toMatch(/\n {4}at /)
    }
    expect(existsSync(join(place, 'reports'))).toBe(false)
  })

  test('shows every mistake of a manifest with its place', () => {
    writeFileSync(join(place, 'bad.yaml'), setOf(-1, 'OrderedReady').replace('containerPort: 80', 'containerPort: 800000'))
    const run = stsim(['run', 'bad.yaml'])
    expect([run.exit, run.out]).toEqual([2, ''])
    expect(run.err).toContain('bad.yaml:14:13: spec.replicas: Invalid value: -1: must be greater than or equal to 0')
    expect(run.err).toContain('containerPort: Invalid value: 800000: must be between 1 and 65535, inclusive')
    expect(run.err).toContain('2 mistakes; nothing was run, nothing was written')
  })

  test('hints at helm when it meets template braces', () => {
    const run = stsim(['run', '-'], { input: 'metadata:\n  name: {{ .Release.Name }}\n' })
    expect(run.exit).toBe(2)
    expect(run.err).toContain('helm template')
  })
})

test('--version is answered with the version alone', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
  expect(stsim(['--version'])).toEqual({ exit: 0, out: `${version}\n`, err: '' })
})
