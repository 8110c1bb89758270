/**
 * Where a command is typed: what it can read, where it prints, and what kubectl's watches see.
 */
import type { Micros } from '../../engine/clock.ts'
import type { View } from '../client/controller.ts'
import type { Story } from '../client/story.ts'
import type { KubernetesObject } from '../objects/metadata.ts'
import type { Release } from '../objects/release.ts'

/** How a terminal reaches containers: exec, attach, logs. */
export type Connect = {
  /**
   * `exec`: what happens when `words` run in a container of that pod. Output goes to `out` and `err` as it comes. The exit code,
   * or why the container cannot be reached (`unable to upgrade connection: …`).
   */
  readonly exec: (
    pod: KubernetesObject,
    container: string,
    words: readonly string[],
    streams: { readonly stdin: string | undefined; readonly out: (text: string) => void; readonly err: (text: string) => void },
  ) => Story<number | { readonly refused: string }>
  /** What a container has written; undefined: there is no such log (a container that never ran). */
  readonly logs: (pod: KubernetesObject, container: string, previous: boolean) => readonly LogLine[] | undefined
  /**
   * Lines that are typed into the shell of a container opened by `run -it` or `exec -it`: undefined when nothing more is typed. Answers
   * are printed by the one who types.
   */
  readonly typed?: (pod: KubernetesObject, container: string, words: readonly string[]) => Story<number>
  /** The main process of a container to which a terminal was attached (`run -it`) has ended: its shell was left with that code. */
  readonly leave: (pod: KubernetesObject, container: string, exitCode: number) => void
}

/** One line of a container's log: when (as the API writes it) and what. */
export type LogLine = { readonly time: string; readonly text: string }

/** A terminal on a simulated cluster. */
export type Terminal = {
  /** A file's text; undefined if there is none. `path` as typed. */
  readonly files: (path: string) => string | undefined
  /** The names in a folder, sorted; undefined if there is none. */
  readonly folder?: (path: string) => readonly string[] | undefined
  readonly stdin?: string | undefined
  /** Namespace of commands that name none. */
  readonly namespace: string
  /** The API server's objects as they are now: what kubectl's watches see. Only for the tests of `until`. */
  readonly see: View
  readonly now: () => Micros
  /** Now, as the API writes it. */
  readonly time: () => string
  readonly release: Release
  /** Text on standard output and standard error, in the order in which it is printed. */
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  readonly connect?: Connect | undefined
}
