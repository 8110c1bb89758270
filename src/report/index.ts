/** All files of a run as pieces of text; who writes them is another matter. Source: contract section 6. */
import type { Recording } from '../observe/recording.ts'
import { csv } from './csv.ts'
import { junit } from './junit.ts'
import { objectLines } from './objects.ts'
import { runJson, scenarioText } from './run-json.ts'
import { session } from './session.ts'
import { timeline } from './timeline.ts'

export { runJson } from './run-json.ts'
export { summary } from './summary.ts'
export { lineOf, timeline } from './timeline.ts'

/** One file: its name in the folder, and its text in pieces. */
export type RunFile = { readonly name: string; readonly pieces: () => Iterable<string> }

/** The files of a run; objects.jsonl only when asked for. */
export function filesOf(recording: Recording, options: { readonly objects?: boolean } = {}): readonly RunFile[] {
  return [
    { name: 'timeline.txt', pieces: () => timeline(recording.journal) },
    ...recording.tables.map((table) => ({ name: `${table.name}.csv`, pieces: () => csv(table, recording.rows(table.name)) })),
    { name: 'scenario.yaml', pieces: () => [scenarioText(recording)] },
    { name: 'session.txt', pieces: () => [session(recording)] },
    { name: 'junit.xml', pieces: () => [junit(recording)] },
    ...(options.objects === true ? [{ name: 'objects.jsonl', pieces: () => objectLines(recording) }] : []),
    // The last one: a folder that has it is whole.
    { name: 'run.json', pieces: () => [runJson(recording)] },
  ]
}
