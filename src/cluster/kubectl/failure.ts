/**
 * How kubectl says that something went wrong: one place turns refusals of the client and Statuses of the server into the
 * lines on standard error. Source: kubectl.md 6.2 and 8; kubectl pkg/cmd/util/helpers.go (checkErr), 1.36.
 */
import type { Status } from '../apiserver/request.ts'

/** One thing that went wrong. `bare` ones never get `error: ` in front. */
export type Fault = { readonly text: string; readonly bare?: boolean } | { readonly status: Status }

/** Ends a command (or the work on one object of it). Thrown inside the story of a command and caught by `kubectl`. */
export class Failure extends Error {
  readonly faults: readonly Fault[]
  /** Exit code of the command. */
  readonly code: number
  constructor(faults: readonly Fault[], code = 1) {
    super(faults.map(textOf).join('; '))
    this.faults = faults
    this.code = code
  }
}

/** A refusal of the client, `error: <text>`. */
export const refusal = (text: string): Failure => new Failure([{ text }])

/** A refusal that points to the help of a command. */
export const usageRefusal = (text: string, command: string): Failure =>
  refusal(`${text}\nSee 'kubectl ${command} -h' for help and examples`)

/** A Status of the server. */
export const refused = (status: Status): Failure => new Failure([{ status }])

/** Ends a command with an exit code and nothing more to say. */
export const quietly = (code: number): Failure => new Failure([], code)

/** The faults of whatever was thrown; what is no Failure is our own bug and goes on. */
export const faultsOf = (thrown: unknown): readonly Fault[] => {
  if (thrown instanceof Failure) return thrown.faults
  throw thrown
}

/** The Status that a failure consists of, if it is one. */
export const statusOf = (thrown: unknown): Status | undefined => {
  if (!(thrown instanceof Failure) || thrown.faults.length !== 1) return undefined
  const fault = thrown.faults[0]
  return fault !== undefined && 'status' in fault ? fault.status : undefined
}

/** Whether a failure is the server's word that the object is not there. */
export const isNotFound = (thrown: unknown): boolean => statusOf(thrown)?.reason === 'NotFound'

/** Whether one fault is the server's word that the object is not there. */
export const isMissing = (fault: Fault): boolean => 'status' in fault && fault.status.reason === 'NotFound'

/** The text of a fault inside a list of several. */
export const textOf = (fault: Fault): string => ('status' in fault ? standardText(fault.status) : fault.text)

const standardText = (status: Status): string => {
  if (status.reason === 'Unauthorized') return `error: You must be logged in to the server (${status.message})`
  // What the client says itself when nobody answers (StandardErrorMessage).
  if (status.reason === 'Unreachable') {
    const server = /^dial tcp (\S+): .*connection refused$/.exec(status.message)?.[1]
    return server === undefined
      ? `Unable to connect to the server: ${status.message}`
      : `The connection to the server ${server} was refused - did you specify the right host or port?`
  }
  return status.reason === '' ? `Error from server: ${status.message}` : `Error from server (${status.reason}): ${status.message}`
}

/** Puts `error when <verb> "<source>": ` before the message of a failure that came from a file. */
export const withSource = (verb: string, source: string | undefined, thrown: unknown): Failure => {
  if (!(thrown instanceof Failure)) throw thrown
  if (source === undefined) return thrown
  const head = `error when ${verb} ${JSON.stringify(source)}: `
  return new Failure(
    thrown.faults.map((fault) =>
      'status' in fault ? { status: { ...fault.status, message: head + fault.status.message } } : { text: head + fault.text },
    ),
    thrown.code,
  )
}

/** What is printed on standard error for a failure, with its final newline; '' if there is nothing to say. */
export function printFailure(failure: Failure): string {
  const [only, ...more] = failure.faults
  if (only === undefined) return ''
  if (more.length > 0) return failure.faults.map((fault) => endLine(textOf(fault))).join('')
  if ('status' in only) return only.status.reason === 'Invalid' ? printInvalid(only.status) : endLine(standardText(only.status))
  return endLine(only.bare === true || only.text.startsWith('error: ') ? only.text : `error: ${only.text}`)
}

function printInvalid(status: Status): string {
  const details = status.details
  if (details === undefined) return endLine(status.message === '' ? 'The request is invalid' : `The request is invalid: ${status.message}`)
  const causes = details.causes ?? []
  let head = 'The request is invalid'
  if ((details.kind ?? '') !== '' || (details.name ?? '') !== '')
    head = `The ${details.kind ?? ''} ${JSON.stringify(details.name ?? '')} is invalid`
  else if (status.message !== '' && causes.length === 0) head += `: ${status.message}`
  const lines = [...new Set(causes.map((cause) => `${cause.field ?? ''}: ${cause.message}`))]
  if (lines.length === 0) return endLine(head)
  if (lines.length === 1) return endLine(`${head}: ${lines[0]}`)
  return `${head}: \n${lines.map((line) => `* ${line}\n`).join('')}`
}

const endLine = (text: string): string => (text.endsWith('\n') ? text : `${text}\n`)
