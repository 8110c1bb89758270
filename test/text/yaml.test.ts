import { describe, expect, it } from 'vitest'
import { printMistake } from '../../src/text/mistake.ts'
import { readOne, readYaml, writeYaml } from '../../src/text/yaml.ts'

const value = (text: string): unknown => (readYaml(`v: ${text}\n`, 'a.yaml').documents[0]?.value as { v: unknown } | undefined)?.v
const found = (text: string): string[] =>
  readYaml(text, 'a.yaml').mistakes.map((mistake) => `${mistake.line}:${mistake.column} ${mistake.found}`)

describe('values as Kubernetes reads them', () => {
  it.each([
    ['0755', 493],
    ['0o17', 15],
    ['-0o17', -15],
    ['0b11', 3],
    ['0x1F', 31],
    ['1_000', 1000],
    ['08', 8],
    ['+12', 12],
    ['1e3', 1000],
    ['yes', true],
    ['No', false],
    ['on', true],
    ['off', false],
    ['y', true],
    ['n', false],
    ['1:30', '1:30'],
    ['2026-01-01', '2026-01-01'],
    ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z'],
    ['~', null],
    ['', null],
    ['"yes"', 'yes'],
    ['1.36', 1.36],
    ['1.36.2', '1.36.2'],
    ['100m', '100m'],
  ])('%s', (text, wanted) => expect(value(text)).toEqual(wanted))

  it('boolean words as keys become text', () => {
    expect(readYaml('y: 1\noff: 2\n', 'a.yaml').documents[0]?.value).toEqual({ true: 1, false: 2 })
  })

  it('merges with <<', () => {
    expect(readYaml('a: &a {x: 1, y: 2}\nb: {<<: *a, x: 3}\n', 'a.yaml').documents[0]?.value).toEqual({
      a: { x: 1, true: 2 },
      b: { x: 3, true: 2 },
    })
  })

  it('refuses a whole number that it cannot keep', () => {
    expect(found('a: 9007199254740993\n')).toEqual(['1:4 9007199254740993 is too large to be kept exactly'])
  })

  it('tells words that mean something else than they say', () => {
    const [document] = readYaml('country: no\nversion: 1_0\nmode: 0755\nok: true\ntext: "no"\n', 'a.yaml').documents
    expect(document?.surprises().map(({ text, value, path }) => [path.join('.'), text, value])).toEqual([
      ['country', 'no', false],
      ['version', '1_0', 10],
    ])
  })
})

describe('streams', () => {
  it('skip documents without content', () => {
    expect(readYaml('# a\n---\n---\na: 1\n---\n# b\n---\nb: 2\n', 'a.yaml').documents.map((one) => one.value)).toEqual([{ a: 1 }, { b: 2 }])
  })

  it('keep sound documents beside broken ones, and tell all mistakes', () => {
    const { documents, mistakes } = readYaml('a: [1\n---\nb: 2\n---\nc: 1\nc: 2\nd: 1\nd: 2\n', 'a.yaml')
    expect(documents.map((one) => one.value)).toEqual([{ b: 2 }])
    expect(mistakes.map((one) => [one.line, one.found])).toEqual([
      [2, 'a list is never closed with "]"'],
      [6, 'the key "c" is there twice'],
      [8, 'the key "d" is there twice'],
    ])
  })

  it('take content on the line of the separator', () => {
    expect(readYaml('--- {a: 1}\n--- # note\nb: 2\n', 'a.yaml').documents.map((one) => one.value)).toEqual([{ a: 1 }, { b: 2 }])
  })

  it('take the last of double keys when asked to, as kubectl does', () => {
    expect(readYaml('a: 1\na: 2\n', 'a.yaml', { doubles: 'last' }).documents[0]?.value).toEqual({ a: 2 })
  })

  it('are one document where one is wanted', () => {
    expect(readOne('a: 1\n---\nb: 2\n', 'a.yaml').mistakes.map((one) => one.line)).toEqual([3])
  })
})

describe('places', () => {
  const text = `base: &b
  x: 1
spec:
  <<: *b
  replicas: 3
  containers:
  - name: app
    image: "nginx:1"
`
  const [document] = readYaml(text, 'web.yaml').documents
  it.each([
    [['spec', 'replicas'], 'key', 5, 3, 8],
    [['spec', 'replicas'], 'value', 5, 13, 1],
    [['spec', 'containers', 0, 'image'], 'value', 8, 12, 9],
    [['spec', 'x'], 'value', 2, 6, 1],
    [['spec', 'nothing'], 'value', 4, 3, 2],
  ] as const)('%j as %s', (path, of, line, column, length) => {
    expect(document?.place(path, of)).toEqual({ line, column, length })
  })

  it('are found inside a text', () => {
    const mistake = document?.mistakeWithin(['spec', 'containers', 0, 'image'], 6, 1, 'an old tag', 'take 2')
    expect(mistake && printMistake(mistake)).toBe(
      'web.yaml:8:19: an old tag\n8 |     image: "nginx:1"\n  |                   ^\n    take 2',
    )
  })

  it('of JSON are found as well', () => {
    const [json] = readYaml('{\n  "spec": {"replicas": 3}\n}\n', 'a.json').documents
    expect(json?.place(['spec', 'replicas'], 'value')).toEqual({ line: 2, column: 24, length: 1 })
  })
})

describe('what cannot be read is refused politely', () => {
  it.each([
    ['', 'the file is empty'],
    ['  \n\n', 'the file is empty'],
    ['# only a comment\n', 'the file holds nothing but comments'],
    ['a\u0000b', 'this is not text (binary, or not UTF-8)'],
    ['a: "\ufffd"', 'this is not text (binary, or not UTF-8)'],
  ])('%j', (text, wanted) => expect(readYaml(text, 'a').mistakes.map((one) => one.found)).toEqual([wanted]))

  it('an alias bomb', () => {
    const line = (name: string, of: string): string => `${name}: &${name} [${Array.from({ length: 10 }, () => `*${of}`).join(',')}]\n`
    const bomb = `a: &a [1,1,1,1,1,1,1,1,1,1]\n${line('b', 'a')}${line('c', 'b')}${line('d', 'c')}${line('e', 'd')}`
    expect(readYaml(bomb, 'a').mistakes[0]?.found).toBe('aliases that multiply without end (an alias bomb)')
  })

  it('a nest without end', () => {
    const nest = `${'{"a": ['.repeat(3_000)}1${']}'.repeat(3_000)}`
    expect(readYaml(nest, 'a').mistakes.map((one) => [one.column, one.found])).toEqual([[1751, 'a document nested too deeply to be read']])
    expect(readYaml(`{"a": "${'{'.repeat(3_000)}\\""}`, 'a').mistakes).toEqual([])
    expect(readYaml('['.repeat(30_000), 'a').mistakes).toHaveLength(1)
  })

  it('a file of many megabytes', () => {
    expect(readYaml(`a: ${'x'.repeat(17 * 1024 * 1024)}`, 'a').mistakes[0]?.found).toMatch(/^the file is too large/)
  })

  it.each([
    'name: {{ include "x" . }}',
    'replicas: {{ .Values.replicas }}',
    'name: "{{ .Release.Name }}-web"',
    '{{- if .Values.on }}\na: 1\n{{- end }}',
  ])('a template: %s', (text) => {
    expect(readYaml(text, 'a').mistakes.map((one) => one.hint)).toEqual([
      'this is a template, not yet a manifest: helm template RELEASE CHART | stsim run -',
    ])
  })

  it('but not the braces of an alert rule', () => {
    expect(readYaml('data:\n  rules: |\n    text: "{{ $labels.pod }} is down"\n', 'a').mistakes).toEqual([])
  })

  it('JSON with a key twice', () => {
    expect(found('{"a": 1, "a": 2}')).toEqual(['1:10 the key "a" is there twice'])
  })
})

describe('writing', () => {
  it('is read back as it was', () => {
    const odd = {
      a: 'yes',
      b: '0755',
      c: '1:30',
      d: '2026-01-01',
      e: '1_000',
      f: ['x', { g: null }],
      h: '0o17',
      i: 'a\nb\n',
      j: '',
      k: '1e3',
      n: '1.36',
      y: 1,
      on: [true, 1.5, -3],
      l: ' x',
      m: '# no',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: text that looks like a parameter
      o: '${p}',
    }
    expect(readYaml(writeYaml(odd), 'a').documents[0]?.value).toEqual(odd)
  })
})
