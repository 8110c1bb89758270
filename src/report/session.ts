/** session.txt: each command of the steps and its output, with times. */
import type { Recording } from '../observe/recording.ts'

const stamp = (micros: number): string => `${(micros / 1_000_000).toFixed(3)}s`

export function session(recording: Recording): string {
  let text = ''
  for (const { at, ended, line, exit, printed } of recording.facts.steps) {
    const typed = /^(kubectl|fault|apply|init|upgrade-nodes)\b/.test(line) ? line : `kubectl ${line}`
    text += `${text === '' ? '' : '\n'}# at ${stamp(at)}\n$ ${typed}\n${printed}`
    if (printed !== '' && !printed.endsWith('\n')) text += '\n'
    if (ended === undefined) text += `# still running at ${stamp(recording.ended)}\n`
    else if (exit !== 0 || ended !== at) text += `# ${exit === 0 ? '' : `exit code ${exit} `}at ${stamp(ended)}\n`
  }
  return text
}
