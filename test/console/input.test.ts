import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readInput } from '../../src/console/input.ts'
import { mistakesInManifests } from '../../src/console/manifests.ts'
import { seedOption, settings, wholeOption } from '../../src/console/options.ts'
import { setOf } from '../bench/sets.ts'

let place = ''
const put = (name: string, text: string | Uint8Array): string => {
  writeFileSync(join(place, name), text)
  return join(place, name)
}
const found = (...words: string[]): string[] => {
  const input = readInput(words, {})
  const mistakes = input.kind === 'nothing' ? input.mistakes : input.kind === 'transcript' ? [] : input.reading.mistakes
  return mistakes.map((mistake) => mistake.found)
}

beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), 'stsim-input-'))
})
afterAll(() => rmSync(place, { recursive: true, force: true }))

describe('what is named on the command line', () => {
  test('is told apart by what is in it', () => {
    const scenario = put('s.yaml', 'apiVersion: stsim/v1\nkind: Scenario\n')
    const manifest = put('web.yaml', setOf(1, 'OrderedReady'))
    const transcript = put('notes.txt', 'first\n$ kubectl get pods\n')
    expect([scenario, manifest, transcript].map((file) => readInput([file], {}).kind)).toEqual(['scenario', 'manifests', 'transcript'])
  })

  test('a folder is its manifests in order of their names', () => {
    mkdirSync(join(place, 'many'))
    put('many/b.yaml', setOf(1, 'OrderedReady'))
    put('many/a.yml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: first}\n')
    put('many/readme.md', '# no manifest')
    const input = readInput([join(place, 'many')], {})
    expect(input.kind === 'manifests' && input.reading.scenario?.manifests.map((object) => object.kind)).toEqual([
      'ConfigMap',
      'Service',
      'StatefulSet',
    ])
    mkdirSync(join(place, 'none'))
    expect(found(join(place, 'none'))).toEqual(['a folder without manifests'])
  })

  test('what cannot be read is a mistake', () => {
    expect(found(put('empty.yaml', ' \n'))).toEqual(['there is nothing in it'])
    expect(found(put('binary.yaml', new Uint8Array([0x80, 0xff, 0x00])))).toEqual(['this is no text'])
    expect(found(put('zero.yaml', 'a: \0'))).toEqual(['this is no text'])
    expect(found(put('huge.yaml', new Uint8Array(50 * 1024 * 1024).fill(0x20)))).toEqual(['a file of 50 MiB'])
    expect(found(join(place, 'nowhere.yaml'))).toEqual(['there is no such file, and no scenario of that name'])
  })

  test('a scenario stands alone', () => {
    const scenario = put('alone.yaml', 'apiVersion: stsim/v1\nkind: Scenario\n')
    expect(found(scenario, put('beside.yaml', setOf(1, 'OrderedReady')))).toEqual(['a scenario beside other files'])
  })

  test('a template is told by its braces, and braces in a text are no template', () => {
    expect(found(put('template.yaml', 'metadata:\n  name: {{ .Release.Name }}\n'))).toEqual(['template braces'])
    const config = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  format: "{{ .Value }}"\n'
    expect(found(put('config.yaml', config))).toEqual([])
  })

  test('fields that the API server refuses are mistakes at their place', () => {
    const input = readInput([put('typo.yaml', setOf(2, 'OrderedReady').replace('serviceName', 'serviceNmae'))], {})
    if (input.kind !== 'manifests') throw new Error('not read')
    const [mistake] = [...input.reading.mistakes, ...mistakesInManifests(input.reading)]
    expect(mistake).toMatchObject({ line: 13, column: 3, found: 'unknown field "spec.serviceNmae"', hint: 'did you mean "serviceName"?' })
  })
})

describe('options', () => {
  test('a seed is a number of at most 15 digits or a text', () => {
    expect(['7', 'rainy day', '0'].map((seed) => seedOption({ seed }))).toEqual(['7', 'rainy day', '0'])
    expect(() => seedOption({ seed: '9007199254740993' })).toThrow('more digits than a number keeps')
    expect(() => seedOption({ seed: ['1', '2'] })).toThrow('given 2 times')
  })

  test('a number is a number', () => {
    expect(wholeOption({ nodes: '5' }, 'nodes', 0)).toBe(5)
    for (const nodes of ['abc', '1.5', '-1', '1e3']) expect(() => wholeOption({ nodes }, 'nodes', 0)).toThrow('is not a whole number')
  })

  test('what stands for a field of the scenario becomes a setting', () => {
    expect(settings({ set: ['a=1'], seed: 'x', duration: '5m', profile: 'eks-ebs', release: '1.35' })).toEqual([
      'a=1',
      'seed="x"',
      'duration=5m',
      'cluster.profile=eks-ebs',
      'cluster.release="1.35"',
    ])
  })
})
