/** objects.jsonl: each version of each object, a line each. */
import type { Recording } from '../observe/recording.ts'

export function* objectLines(recording: Recording): Generator<string> {
  for (const { entry, at, verb, by, call, object } of recording.versions())
    yield `${JSON.stringify({ entry, at_s: at / 1_000_000, verb, by, call, object })}\n`
}
