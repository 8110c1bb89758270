/**
 * The text of `describe` while it is written: lines at levels of two blanks, cells ended by tabs, aligned at the end.
 * Source: kubectl.md 7.1; kubectl pkg/describe/describe.go (PrefixWriter, tabbedString, print…Multiline), 1.36.
 */
import type { KubernetesObject } from '../../objects/metadata.ts'
import { ageAt } from '../age.ts'
import { alignTabs, describeTabs } from '../print.ts'

/** A text with its indents. */
export class Writer {
  private text = ''

  /** Text at a level; the newline is the caller's. */
  write(level: number, text: string): void {
    this.text += '  '.repeat(level) + text
  }
  /** One line at a level. */
  line(level: number, text: string): void {
    this.write(level, `${text}\n`)
  }
  /** As written, with tabs. */
  raw(): string {
    return this.text
  }
  /** Aligned. */
  aligned(): string {
    return alignTabs(this.text, describeTabs)
  }
}

/** What a describer is given beside the object. */
export type Scene = {
  /** Now, as the API writes it. */
  readonly now: string
  /** The object's events, if they are to be shown. */
  readonly events: readonly KubernetesObject[] | undefined
}

const sorted = (map: Readonly<Record<string, string>> | undefined): readonly string[] => Object.keys(map ?? {}).sort()

/** `Title:` and `k=v` lines under each other. */
export function labelLines(w: Writer, title: string, labels: Readonly<Record<string, string>> | undefined, indent = ''): void {
  const keys = sorted(labels)
  w.write(0, `${indent}${title}:\t`)
  if (keys.length === 0) w.line(0, '<none>')
  for (const [i, key] of keys.entries()) w.line(0, `${i === 0 ? '' : `${indent}\t`}${key}=${labels?.[key]}`)
}

const longest = 140

/** `Title:` and `k: v` lines; what is long stands below its key, cut. */
export function annotationLines(w: Writer, title: string, annotations: Readonly<Record<string, string>> | undefined): void {
  const keys = sorted(annotations).filter((key) => key !== 'kubectl.kubernetes.io/last-applied-configuration')
  w.write(0, `${title}:\t`)
  if (keys.length === 0) w.line(0, '<none>')
  for (const [i, key] of keys.entries()) {
    if (i > 0) w.write(0, '\t')
    const value = (annotations?.[key] ?? '').replace(/\n$/, '')
    if (value.length + key.length + 2 <= longest && !value.includes('\n')) w.line(0, `${key}: ${value}`)
    else {
      w.line(0, `${key}:`)
      for (const part of value.split('\n')) w.line(0, `\t  ${part.length > longest - 2 ? `${part.slice(0, longest - 2)}...` : part}`)
    }
  }
}

/** A list of texts under one title, the first beside it. */
export function listLines(w: Writer, title: string, texts: readonly string[]): void {
  w.write(0, `${title}:\t`)
  if (texts.length === 0) w.line(0, '<none>')
  for (const [i, text] of texts.entries()) w.line(0, `${i === 0 ? '' : '\t'}${text}`)
}

/** `k=v,k=v` in one line. */
export const labelText = (labels: Readonly<Record<string, string>> | undefined): string => {
  const keys = sorted(labels)
  return keys.length === 0 ? '<none>' : keys.map((key) => `${key}=${labels?.[key]}`).join(',')
}

/** A list as Go's `%v` prints it: `[a b]`. */
export const goList = (list: readonly unknown[] | undefined): string => `[${(list ?? []).join(' ')}]`

/** The events at the end. Source: kubectl.md 7.6. */
export function eventLines(w: Writer, scene: Scene): void {
  const { events, now } = scene
  if (events === undefined) return
  if (events.length === 0) return w.line(0, 'Events:\t<none>')
  w.write(0, 'Events:\n  Type\tReason\tAge\tFrom\tMessage\n')
  w.line(1, '----\t------\t----\t----\t-------')
  const byTime = [...events].sort((a, b) => (lastTime(a) < lastTime(b) ? -1 : lastTime(a) > lastTime(b) ? 1 : 0))
  for (const event of byTime) {
    const first = ageAt(now, event['eventTime'] ?? event['firstTimestamp'])
    const { series, count = 0 } = event
    const interval =
      series !== undefined && series !== null
        ? `${ageAt(now, series.lastObservedTime)} (x${series.count} over ${first})`
        : count > 1
          ? `${ageAt(now, event['lastTimestamp'])} (x${count} over ${first})`
          : first
    const source = event['source']?.component || event['reportingComponent'] || ''
    const path = event['involvedObject']?.fieldPath ?? ''
    const message = `${path === '' ? '' : `${path}: `}${String(event['message'] ?? '').trim()}`
    w.line(1, `${event['type']}\t${event['reason']}\t${interval}\t${source}\t${message}`)
  }
}

/** Events are sorted by their last time alone. Source: kubectl pkg/util/event/sorted_event_list.go. */
const lastTime = (event: KubernetesObject): string => event['lastTimestamp'] ?? ''

/** `True` and `False` as describe writes them. */
export const boolText = (value: boolean | undefined): string => (value === true ? 'True' : 'False')
