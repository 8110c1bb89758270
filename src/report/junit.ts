/** junit.xml: one test case for each expectation and invariant. */
import type { Recording } from '../observe/recording.ts'
import type { Verdict } from '../scenario/expectations.ts'

const escaped = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: XML 1.0 cannot hold them
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, '?')

export function junit(recording: Recording): string {
  const { expectations, invariants, failures, ended } = recording.facts
  const suites: [string, readonly Verdict[]][] = [
    ['expectations', expectations],
    ['invariants', invariants],
    ['steps', failures.map(({ at, message }) => ({ name: message, held: false, at, message }))],
  ]
  const seconds = (ended / 1_000_000).toFixed(6)
  const parts = ['<?xml version="1.0" encoding="UTF-8"?>\n', `<testsuites name="${escaped(recording.scenario.name)}">\n`]
  for (const [name, verdicts] of suites) {
    const broken = verdicts.filter((verdict) => !verdict.held).length
    parts.push(`  <testsuite name="${name}" tests="${verdicts.length}" failures="${broken}" time="${seconds}">\n`)
    for (const verdict of verdicts) {
      const head = `    <testcase classname="${escaped(recording.scenario.name)}.${name}" name="${escaped(verdict.name)}"`
      if (verdict.held) parts.push(`${head}/>\n`)
      else parts.push(`${head}>\n      <failure message="${escaped(verdict.message)}"/>\n    </testcase>\n`)
    }
    parts.push('  </testsuite>\n')
  }
  parts.push('</testsuites>\n')
  return parts.join('')
}
