/**
 * A mistake of ours: the simulator's own reasoning is broken. Not a user's mistake (text/mistake.ts) and not an answer of the
 * cluster (Conflict, NotFound: data). A bug stops the run; the front door says what was expected, when, and how to replay it.
 */
import { type Micros, printDuration } from './clock.ts'

/** What is thrown when something that cannot be is. */
export class Bug extends Error {
  override readonly name = 'Bug'
  /** What should have been true, in words. */
  readonly expected: string
  /** What was found instead. */
  readonly found: string
  /** Virtual time at which it was found, if an event was running; the engine fills it in. */
  at: Micros | undefined
  /** `process: label` of the event that was running; the engine fills it in. */
  event: string | undefined

  constructor(expected: string, found: string, options?: ErrorOptions) {
    super(`expected ${expected}; found ${found}`, options)
    this.expected = expected
    this.found = found
  }

  /** One line for people: what was expected, what was found, when, in which event. */
  explain(): string {
    const when = this.at === undefined ? '' : ` at ${printDuration(this.at)}`
    const where = this.event === undefined ? '' : ` in "${this.event}"`
    return `expected ${this.expected}; found ${this.found}${when}${where}`
  }
}

/** Stops the run: `bug('a node for every bound pod', 'pod web-0 on node-9')`. */
export const bug = (expected: string, found: string): never => {
  throw new Bug(expected, found)
}
