/**
 * What the entries of the journal say, typed: the vocabulary that everything here folds. The model writes these entries and never
 * reads them; nothing below this floor knows that it is watched.
 */
import type { KubernetesObject } from '../cluster/objects/metadata.ts'
import type { Micros } from '../engine/clock.ts'
import type { Journal } from '../engine/journal.ts'

/** `write`: an accepted write to the API. Writes of Event objects make none. */
export type Write = {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly verb: string
  readonly subresource?: string
  readonly object: KubernetesObject
  readonly old: KubernetesObject | undefined
}

/** `event`: a Kubernetes Event as first or again recorded. */
export type EventDetail = {
  readonly type: string
  readonly reason: string
  readonly message: string
  readonly count: number
  readonly object: KubernetesObject
}

/** `refused`: the API server's no. */
export type Refused = {
  readonly verb: string
  readonly status: { readonly reason: string; readonly message: string; readonly code: number }
}

/** `container-exited` */
export type Exited = {
  readonly uid: string
  readonly container: string
  readonly exitCode: number
  readonly reason: string
  readonly restarts: number
  readonly asked: boolean
}

/** `probe`: a change of verdict. */
export type ProbeVerdict = {
  readonly uid: string
  readonly container: string
  readonly probe: 'readiness' | 'liveness' | 'startup'
  readonly result: 'success' | 'failure'
  readonly failures: number
}

/** The parts of `Pod/default/web-0`. */
export type About = { readonly kind: string; readonly namespace: string; readonly name: string }

/** What an entry is about, taken apart. What is no object key has no kind. */
export function aboutOf(text: string): About {
  const [kind, namespace, ...name] = text.split('/')
  return name.length === 0
    ? { kind: '', namespace: '', name: text }
    : { kind: kind as string, namespace: namespace as string, name: name.join('/') }
}

/** The node in `kubelet/node-1` or `machine/node-1`. */
export const nodeOfActor = (who: string): string => /^(?:kubelet|machine)\/(.*)$/.exec(who)?.[1] ?? ''

/** Microseconds as seconds. */
export const secondsOf = (at: Micros): number => at / 1_000_000

/** Calls `see` for each entry of these kinds. */
export function eachEntry(journal: Journal, kinds: readonly string[], see: (entry: number, what: string) => void): void {
  for (let entry = 1; entry <= journal.length; entry++) {
    const what = journal.what(entry)
    if (kinds.includes(what)) see(entry, what)
  }
}
