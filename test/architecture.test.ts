import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'

/**
 * The floors, ground floor first: a file imports from its own room and from floors below, never from next door, never from upstairs.
 * A room is a folder or a file of src. `engine/index.ts` is the engine's public face. Source: src/README.md.
 */
const floors: readonly (readonly string[])[] = [
  ['engine', 'text', 'version.ts'],
  ['world', 'cluster/objects'],
  ['cluster/apiserver'],
  ['cluster/client'],
  [
    'cluster/controllers',
    'cluster/scheduler',
    'cluster/kubelet',
    'cluster/csi',
    'cluster/network',
    'cluster/applications',
    'cluster/kubectl',
  ],
  ['cluster/spec.ts'],
  ['cluster/initial.ts'],
  ['cluster/cluster.ts', 'cluster/connect.ts', 'cluster/next.ts'],
  ['scenario'],
  ['observe'],
  ['simulate.ts', 'next.ts'],
  ['study'],
  ['report'],
  ['http'],
  ['index.ts'],
  ['console'],
  ['cli'],
]

/** Here each file or folder is a room of its own; only their index.ts (and what a folder's name says) knows them all. */
const corridors = [
  'cluster/controllers',
  'cluster/scheduler/plugins',
  'scenario/faults',
  'observe/invariants',
  'observe/tables',
  'report',
  'cli',
]

/** Files of a corridor that know all its rooms. */
const landings = ['index.ts', 'default.ts', 'main.ts', 'commands.ts']

/** The one room (folder or file) in which a package may be imported. */
const packages: ReadonlyMap<string, readonly string[]> = new Map([
  ['seedrandom', ['engine']],
  ['@noble/hashes', ['engine']],
  ['yaml', ['text']],
  ['valibot', ['scenario']],
  ['@valibot/to-json-schema', ['scenario', 'cli/schema.ts']],
  ['@marcbachmann/cel-js', ['scenario/conditions.ts']],
  ['fast-json-patch', ['cluster/objects/patch']],
  ['d3-dsv', ['report']],
  ['yargs', ['cli']],
])

/** What takes time or chance from the machine, or has other bits on other engines. Not below `study`, nor in `report`. */
const banned: readonly (readonly [RegExp, string])[] = [
  [/\bDate\.now\b/, 'Date.now'],
  [/\bnew Date\(\)/, 'new Date()'],
  [/\bperformance\.now\b/, 'performance.now'],
  [
    /\bMath\.(random|pow|sin|cos|tan|hypot|log|exp|log2|log10|log1p|expm1|atan|cbrt|tanh)\b/,
    'a function of Math with other bits elsewhere',
  ],
  // Between BigInts it is exact.
  [/(?<=[\w)\]]\s*)(?<!\dn\s*)\*\*(?=\s*[\w(-])/, 'the operator **'],
  [/\bset(Timeout|Interval|Immediate)\b/, 'a timer of the machine'],
  [/\blocaleCompare\b|\btoLocale\w+\b|\bIntl\./, 'something that depends on the locale'],
  [/\basync\b|\bawait\b|\bPromise\b/, 'async'],
  [/\bprocess\.(env|cwd|argv|exit|std\w+|hrtime|platform)\b/, 'something of the process'],
]

const source = 'src'
const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
  .sort()

const isIn = (file: string, room: string): boolean => file === room || file.startsWith(`${room}/`)
const floorOf = (file: string): number => floors.findIndex((rooms) => rooms.some((room) => isIn(file, room)))
const roomOf = (file: string): string => floors.flat().find((room) => isIn(file, room)) ?? ''

/** The corridor that a file lies in, and the room there. */
function inCorridor(file: string): { corridor: string; room: string } | undefined {
  const corridor = corridors.find((each) => file.startsWith(`${each}/`))
  return corridor === undefined ? undefined : { corridor, room: file.slice(corridor.length + 1).split('/')[0] as string }
}

/** Source without comments: what the words are looked for in. */
const code = (file: string): string =>
  readFileSync(join(source, file), 'utf8')
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/(^|[\s;{}])\/\/.*$/gm, '$1')

/** Texts hold what they like. */
const withoutTexts = (text: string): string =>
  text.replace(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|\/(?:[^/\\\n ]|\\.)+\/[a-z]*(?=[.,;)\s])/g, "''")

const importsOf = (file: string): string[] =>
  [
    ...code(file).matchAll(
      /^\s*(?:import|export)\b[^'"]*?from\s*['"]([^'"]+)['"]|^\s*import\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm,
    ),
  ].map((match) => (match[1] ?? match[2] ?? match[3]) as string)

/** What is wrong with `file` importing `target`, both relative to src; undefined: nothing. */
function wrongImport(file: string, target: string): string | undefined {
  const [from, to] = [floorOf(file), floorOf(target)]
  if (to === -1) return `${file} imports ${target}, which lies on no floor`
  if (to > from) return `${file} imports ${target}, which is upstairs`
  if (to === from && roomOf(file) !== roomOf(target)) return `${file} imports ${roomOf(target)}, which is next door`
  const [mine, its] = [inCorridor(file), inCorridor(target)]
  if (mine !== undefined && its !== undefined && mine.corridor === its.corridor && mine.room !== its.room && !landings.includes(mine.room))
    return `${file} imports ${its.room}, which is next door`
  return undefined
}

describe('the house', () => {
  test('every file lies on a floor', () => {
    expect(files.filter((file) => floorOf(file) === -1)).toEqual([])
  })

  test('a file imports from its own room and from floors below', () => {
    const wrong = files.flatMap((file) =>
      importsOf(file)
        .filter((name) => name.startsWith('.'))
        .map((name) => relative(source, join(source, dirname(file), name)).replaceAll('\\', '/'))
        .map((target) => wrongImport(file, target)),
    )
    expect(wrong.filter((each) => each !== undefined)).toEqual([])
  })

  test('the law finds neighbours and what is upstairs', () => {
    expect(wrongImport('cluster/controllers/statefulset/look.ts', 'cluster/kubelet/kubelet.ts')).toBe(
      'cluster/controllers/statefulset/look.ts imports cluster/kubelet, which is next door',
    )
    expect(wrongImport('cluster/controllers/disruption.ts', 'cluster/controllers/statefulset/look.ts')).toBe(
      'cluster/controllers/disruption.ts imports statefulset, which is next door',
    )
    expect(wrongImport('engine/engine.ts', 'world/disk.ts')).toBe('engine/engine.ts imports world/disk.ts, which is upstairs')
    expect(wrongImport('cluster/controllers/index.ts', 'cluster/controllers/disruption.ts')).toBeUndefined()
    expect(wrongImport('cluster/controllers/statefulset/look.ts', 'cluster/controllers/statefulset/pods.ts')).toBeUndefined()
  })

  test('each package is imported in the one room that needs it', () => {
    const wrong = files.flatMap((file) =>
      importsOf(file)
        .filter((name) => !name.startsWith('.') && !name.startsWith('node:'))
        .flatMap((name) => {
          const parts = name.split('/')
          const packageName = name.startsWith('@') ? `${parts[0]}/${parts[1]}` : (parts[0] as string)
          const rooms = packages.get(packageName)
          if (rooms === undefined) return [`${file} imports the package ${packageName}, which no room may`]
          return rooms.some((room) => isIn(file, room))
            ? []
            : [`${file} imports the package ${packageName}, which belongs in ${rooms.join(', ')}`]
        }),
    )
    expect(wrong).toEqual([])
  })

  test('below study, and in report, nothing asks the machine for time, chance or files', () => {
    const study = floorOf('study')
    const wrong = files
      .filter((file) => floorOf(file) < study || isIn(file, 'report'))
      .flatMap((file) => [
        ...importsOf(file)
          .filter((name) => name.startsWith('node:'))
          .map((name) => `${file} imports ${name}`),
        ...banned.flatMap(([pattern, words]) => {
          const match = pattern.exec(withoutTexts(code(file)))
          return match === null ? [] : [`${file} uses ${words}: ${match[0]}`]
        }),
      ])
    expect(wrong).toEqual([])
  })

  test('no file is named for a noun that was not found', () => {
    expect(files.filter((file) => /(^|\/)(utils?|helpers?|common|types|manager)(\.ts|\/)/.test(file))).toEqual([])
  })
})
