/**
 * The annotation by which client-side apply remembers. Source: kubectl.md 4.2; kubectl pkg/util/apply.go, 1.36.
 */
import type { KubernetesObject } from '../objects/metadata.ts'
import { printJson } from './print.ts'

/** `kubectl.kubernetes.io/last-applied-configuration` */
export const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration'

/** What the annotation says of an object: compact JSON, keys sorted, `annotations` always there, a final newline. */
export function lastAppliedText(object: KubernetesObject): string {
  const { [lastApplied]: _, ...annotations } = object.metadata.annotations ?? {}
  return `${printJson({ ...object, metadata: { ...object.metadata, annotations } }, 0)}\n`
}

/** The object with the annotation of itself. */
export const withLastApplied = (object: KubernetesObject): KubernetesObject => ({
  ...object,
  metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, [lastApplied]: lastAppliedText(object) } },
})

/** What was applied last, read from the live object; undefined without the annotation or when it cannot be read. */
export function appliedBefore(live: KubernetesObject): Record<string, unknown> | undefined {
  const text = live.metadata.annotations?.[lastApplied]
  if (text === undefined) return undefined
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return undefined
  }
}
