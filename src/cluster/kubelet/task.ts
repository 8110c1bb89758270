/**
 * Work that waits: a generator that yields what it waits for. The pod workers are told this way, because what they wait for are
 * machines and moments, not only the API (client/story.ts). A task whose process died is never resumed.
 */
import type { Micros } from '../../engine/clock.ts'
import type { Process } from '../../engine/process.ts'

/** Arranges to be resumed with a value, now or later; returns how to give up. */
export type Wait<T> = (resume: (value: T) => void) => () => void

/** Work that ends in a `T`. */
// biome-ignore lint/suspicious/noExplicitAny: what comes back depends on the wait; `wait` gives it its type
export type Task<T> = Generator<Wait<any>, T, any>

/** Waits: `const error = yield* wait(mounted)`. */
export function* wait<T>(what: Wait<T>): Task<T> {
  return (yield what) as T
}

const nothing = (): void => undefined

/** Waits for something that calls back once and cannot be given up: `yield* answerOf((done) => runtime.start(…, done))`. */
export function* answerOf<T>(ask: (done: (value: T) => void) => void): Task<T> {
  return (yield (resume: (value: T) => void) => {
    ask(resume)
    return nothing
  }) as T
}

/** Waits until a moment. */
export function* moment(process: Process, time: Micros, label: string): Task<void> {
  yield (resume: (value: undefined) => void) => {
    const handle = process.atTurn(time, label, () => resume(undefined))
    return () => process.cancel(handle)
  }
}

/** Waits for so long. */
export function* pause(process: Process, length: Micros, label: string): Task<void> {
  yield (resume: (value: undefined) => void) => {
    const handle = process.after(length, label, () => resume(undefined))
    return () => process.cancel(handle)
  }
}

/** Begins a task; `ended` is called with what it returned. Returns how to drop it. */
export function begin<T>(task: Task<T>, ended: (result: T) => void): () => void {
  let giveUp: () => void = nothing
  let dropped = false
  const go = (value: unknown): void => {
    let answer = value
    for (;;) {
      if (dropped) return
      const next = task.next(answer as never)
      if (next.done) {
        ended(next.value)
        return
      }
      // A wait that resumes before it returns goes on in this loop: no recursion, however long the chain.
      let here = true
      let resumed = false
      giveUp = nothing
      const cancel = (next.value as Wait<unknown>)((result) => {
        if (resumed) return
        resumed = true
        if (here) answer = result
        else go(result)
      })
      here = false
      if (!resumed) {
        giveUp = cancel
        return
      }
    }
  }
  go(undefined)
  return () => {
    dropped = true
    giveUp()
  }
}

/** Several tasks side by side; ends when all have. */
export function* together<T>(tasks: readonly Task<T>[]): Task<T[]> {
  return yield (resume: (value: T[]) => void) => {
    const results: T[] = new Array(tasks.length)
    let left = tasks.length
    if (left === 0) resume(results)
    const drops = tasks.map((task, at) =>
      begin(task, (result) => {
        results[at] = result
        left -= 1
        if (left === 0) resume(results)
      }),
    )
    return () => {
      for (const drop of drops) drop()
    }
  }
}
