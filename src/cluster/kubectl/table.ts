/**
 * Tables of `get`: the server's columns, and what the client adds to them (NAMESPACE, labels, the kind before the name).
 * Source: kubectl.md 3; cli-runtime pkg/printers/tableprinter.go, 1.36.
 */
import type { Column, Kind } from '../apiserver/kind.ts'
import type { KubernetesObject } from '../objects/metadata.ts'
import { ageAt } from './age.ts'

/** How a table is to look. */
export type TableStyle = {
  readonly wide: boolean
  readonly headers: boolean
  readonly withNamespace: boolean
  readonly withKind: boolean
  readonly showLabels: boolean
  readonly columnLabels: readonly string[]
}

/** The header of a kind's table. */
export const headerOf = (kind: Kind, style: TableStyle): readonly string[] => [
  ...(style.withNamespace ? ['NAMESPACE'] : []),
  ...columnsOf(kind, style).map((column) => column.name.toUpperCase()),
  ...style.columnLabels.map((label) => (label.split('/').at(-1) ?? label).toUpperCase()),
  ...(style.showLabels ? ['LABELS'] : []),
]

/** One row. `now` is the moment at which ages are counted, as the API writes it. */
export function rowOf(kind: Kind, object: KubernetesObject, style: TableStyle, now: string): readonly string[] {
  const age = (time: string | undefined): string => ageAt(now, time)
  const prefix = style.withKind ? `${kind.kind.toLowerCase()}${kind.group === '' ? '' : `.${kind.group}`}/` : ''
  const { labels = {}, namespace = '' } = object.metadata
  return [
    ...(style.withNamespace ? [namespace] : []),
    ...columnsOf(kind, style).map((column, i) => oneLine((i === 0 ? prefix : '') + column.cell(object, age))),
    ...style.columnLabels.map((label) => labels[label] ?? ''),
    ...(style.showLabels ? [labelText(labels)] : []),
  ]
}

const columnsOf = (kind: Kind, style: TableStyle): readonly Column[] => kind.columns.filter((column) => style.wide || column.wide !== true)

/** A cell ends at its first line break. Source: tableprinter.go. */
function oneLine(text: string): string {
  const at = text.search(/[\f\n\r]/)
  return at < 0 ? text : `${text.slice(0, at)}...`
}

const labelText = (labels: Readonly<Record<string, string>>): string => {
  const keys = Object.keys(labels).sort()
  return keys.length === 0 ? '<none>' : keys.map((key) => `${key}=${labels[key]}`).join(',')
}
