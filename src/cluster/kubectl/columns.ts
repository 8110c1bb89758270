/**
 * `-o custom-columns=…`. Source: kubectl.md 1; kubectl pkg/cmd/get/customcolumn.go, 1.36.
 */
import { refusal } from './failure.ts'
import { goText } from './go-text.ts'
import { type JsonPath, JsonPathError, jsonPathValues, parseJsonPath, relaxedPath, relaxedPathRefusal } from './jsonpath.ts'
import { TableWriter } from './print.ts'

type Column = { readonly header: string; readonly path: JsonPath }

/** Reads `NAME:.metadata.name,…` and gives back how to print a value (a list's items each in a line). */
export function customColumns(spec: string, headers: boolean): (value: unknown) => string {
  if (spec === '') throw refusal('custom-columns format specified but no custom columns given')
  const columns = spec.split(',').map((part): Column => {
    const at = part.indexOf(':')
    if (at < 0) throw refusal(`unexpected custom-columns spec: ${part}, expected <header>:<json-path-expr>`)
    return { header: part.slice(0, at), path: pathOf(part.slice(at + 1)) }
  })
  return printer(columns, headers)
}

/** Reads the two lines of `-o custom-columns-file=…`. */
export function customColumnsFile(text: string): (value: unknown) => string {
  const form = 'Expected format is one line of space separated headers, one line of space separated column specs.'
  const [first, second] = text.split('\n')
  if (first === undefined || first === '') throw refusal(`invalid template, missing header line. ${form}`)
  if (second === undefined || second === '') throw refusal(`invalid template, missing spec line. ${form}`)
  const headers = first.trim().split(/\s+/)
  const paths = second.trim().split(/\s+/)
  if (headers.length !== paths.length)
    throw refusal(`number of headers (${headers.length}) and field specifications (${paths.length}) don't match`)
  return printer(
    headers.map((header, i) => ({ header, path: pathOf(paths[i] as string) })),
    true,
  )
}

function pathOf(text: string): JsonPath {
  const path = relaxedPath(text)
  if (path === undefined) throw refusal(relaxedPathRefusal)
  try {
    return parseJsonPath(path)
  } catch (error) {
    if (error instanceof JsonPathError) throw refusal(error.message)
    throw error
  }
}

const printer =
  (columns: readonly Column[], headers: boolean) =>
  (value: unknown): string => {
    const items = itemsOf(value)
    const rows = items.map((item) => columns.map((column) => cellOf(column, item)))
    return new TableWriter().print(headers ? [columns.map((column) => column.header), ...rows] : rows)
  }

const itemsOf = (value: unknown): readonly unknown[] => {
  const items = (value as { readonly items?: unknown }).items
  return Array.isArray(items) ? items : [value]
}

function cellOf(column: Column, item: unknown): string {
  try {
    const values = jsonPathValues(column.path, item)
    return values.length === 0 ? '<none>' : values.map(goText).join(',')
  } catch (error) {
    if (error instanceof JsonPathError) throw refusal(error.message)
    throw error
  }
}
