import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { faults } from '../../src/scenario/faults/index.ts'
import { readScenario } from '../../src/scenario/read.ts'
import { faultTable, fieldTables, helpText, objectsOfFormat } from '../../src/scenario/reference.ts'
import { simulate } from '../../src/simulate.ts'
import { printMistake } from '../../src/text/mistake.ts'

const scenarios = new URL('../../scenarios/', import.meta.url)
const file = new URL('README.md', scenarios)

// STSIM_REWRITE=1 writes the tables of the reference into the README.
if (process.env['STSIM_REWRITE'] !== undefined) {
  const put = (text: string, name: string, table: string): string =>
    text.replace(
      new RegExp(`(<!-- ${name}:.*-->\n)[\\s\\S]*(\n<!-- end of ${name} -->)`),
      (_, head: string, tail: string) => `${head}\n${table}\n${tail}`,
    )
  writeFileSync(file, put(put(readFileSync(file, 'utf8'), 'faults', faultTable()), 'fields', fieldTables()))
}
const readme = readFileSync(file, 'utf8')
const examples = [...readme.matchAll(/```yaml\n([\s\S]*?)```/g)].map((found) => found[1] as string)

/** Without the blanks and dashes by which a formatter aligns tables. */
const plain = (text: string): string =>
  text
    .replace(/ +/g, ' ')
    .replace(/-{3,}/g, '---')
    .replace(/\| ?--- ?(?=\|)/g, '|---')
    .replace(/\| (?=\|)/g, '|')

describe('scenarios/README.md', () => {
  it.each(examples.map((text, index) => [index + 1, text] as const))('example %i is read, played, and what it expects holds', (_, text) => {
    const { scenario, mistakes, unsupported } = readScenario(text, {
      name: 'example.yaml',
      read: (path) => readFileSync(new URL(path, scenarios), 'utf8'),
    })
    expect([...mistakes, ...unsupported].map(printMistake)).toEqual([])
    const recording = simulate(scenario as NonNullable<typeof scenario>)
    expect(recording.facts.failures.map((failure) => failure.message)).toEqual([])
    expect(recording.facts.expectations.filter((verdict) => !verdict.held)).toEqual([])
  })

  it('holds the tables of the reference', () => {
    expect(plain(readme)).toContain(plain(faultTable()))
    expect(plain(readme)).toContain(plain(fieldTables()))
  })
})

describe('stsim help', () => {
  it('knows every fault and every object of the format', () => {
    for (const fault of faults) expect(helpText(fault.name)).toContain(fault.does)
    for (const { name } of objectsOfFormat()) expect(helpText(name)).toContain(name === 'scenario' ? 'apiVersion' : name)
    expect(helpText('faults')).toContain('node-power-loss')
    expect(helpText('steps')).toContain('steps[] with kubectl')
    expect(helpText('nonsense')).toBeUndefined()
  })
  it('every field of the format says what it is for', () => {
    const silent = objectsOfFormat().flatMap(({ name, fields }) =>
      fields.filter((field) => field.description === '').map((field) => `${name}.${field.name}`),
    )
    expect(silent.filter((name) => !/\.each\.|quorum\[\]\.need/.test(name))).toEqual([])
  })
})
