/**
 * How an immutable spec was changed, for the end of a refusal.
 * Differs from Kubernetes: it prints a diff of Go structs whose layout is promised to nobody; we print the fields that differ.
 */
import { isSame } from './equal.ts'

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const lines = (before: unknown, after: unknown, path: string): readonly string[] => {
  if (isSame(before, after)) return []
  if (isMap(before) && isMap(after)) {
    const fields = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()
    return fields.flatMap((field) => lines(before[field], after[field], path === '' ? field : `${path}.${field}`))
  }
  return [
    ...(before === undefined ? [] : [`- ${path}: ${JSON.stringify(before)}`]),
    ...(after === undefined ? [] : [`+ ${path}: ${JSON.stringify(after)}`]),
  ]
}

/** One line for each field that went (`-`) or came (`+`). */
export const specDifference = (before: unknown, after: unknown): string => lines(before, after, '').join('\n')
