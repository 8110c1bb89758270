/**
 * kubectl exec and attach. Source: kubectl.md 8, 10; kubectl pkg/cmd/exec, pkg/cmd/attach, 1.36.
 *
 * Differs from Kubernetes: a terminal (`-t`) is taken to be one; what is typed comes from the transcript.
 */
import type { Story } from '../client/story.ts'
import type { KubernetesObject } from '../objects/metadata.ts'
import type { Command } from './command.ts'
import { connectOf, containerMeant, podBehind, runningTimeout } from './containers.ts'
import { Failure, quietly, refusal, usageRefusal } from './failure.ts'
import type { Session } from './session.ts'
import { collectAll, planOf, type Wanted } from './targets.ts'

export const exec: Command = {
  flags: ['filename,f strings', 'container,c string', 'stdin,i bool', 'tty,t bool', 'quiet,q bool', 'pod-running-timeout duration'],
  run: execCommand,
}

export const attach: Command = {
  flags: ['container,c string', 'stdin,i bool', 'tty,t bool', 'quiet,q bool', 'pod-running-timeout duration', 'detach-keys string'],
  run: attachCommand,
}

/** The one object that words name; a name alone is a pod's. */
export function* oneObject(session: Session, words: readonly string[], files = false): Story<KubernetesObject> {
  const [first] = words
  const args = first === undefined ? [] : words.length > 1 || first.includes('/') ? words : ['pods', first]
  const wanted: Wanted = { args, files, fetch: 'latest' }
  const found = yield* collectAll(session, planOf(session, wanted), wanted)
  const [only, ...more] = found
  if (only === undefined || more.length > 0) throw refusal('cannot exec into multiple objects at a time')
  return only.object
}

function* execCommand(session: Session): Story<void> {
  const { args, dash, flags, terminal } = session
  const hasFile = flags.has('filename')
  const named = args.length > 0 && dash !== 0 ? [args[0] as string] : []
  const words = dash >= 0 ? args.slice(dash) : []
  if (dash < 0 && (args.length > 1 || (args.length > 0 && hasFile))) {
    throw usageRefusal('exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead', 'exec')
  }
  const limit = runningTimeout(session)
  if (named.length === 0 && !hasFile) throw refusal('pod, type/name or --filename must be specified')
  if (words.length === 0) throw refusal('you must specify at least one command for the container')
  const object = yield* oneObject(session, named, true)
  const { pod } = yield* podBehind(session, object, limit)
  const phase = pod['status']?.phase
  if (phase === 'Succeeded' || phase === 'Failed')
    throw refusal(`cannot exec into a container in a completed pod; current phase is ${phase}`)
  const container = containerMeant(session, pod, flags.is('quiet'))
  if (!pod['spec']?.nodeName) throw refusal(`unable to upgrade connection: pod ${pod.metadata.name} does not have a host assigned`)
  const connect = connectOf(session)
  const isShell = /(?:^|\/)(?:ba|a|da)?sh$/.test(words[0] as string) && !words.some((word) => /^-[a-z]*c$/.test(word))
  const interactive = flags.is('stdin') && flags.is('tty') && isShell && connect.typed !== undefined
  const answer = interactive
    ? yield* (connect.typed as NonNullable<typeof connect.typed>)(pod, container, words)
    : yield* connect.exec(pod, container, words, {
        stdin: flags.is('stdin') ? (terminal.stdin ?? '') : undefined,
        out: terminal.out,
        // with a terminal both streams are one
        err: flags.is('stdin') && flags.is('tty') ? terminal.out : terminal.err,
      })
  endWith(answer)
}

/** The exit code of a command in a container becomes kubectl's. */
export function endWith(answer: number | { readonly refused: string }): void {
  if (typeof answer !== 'number') throw new Failure([{ text: answer.refused, bare: answer.refused.startsWith('Error from server') }])
  if (answer !== 0) throw new Failure([{ text: `command terminated with exit code ${answer}`, bare: true }], answer)
}

/** What attach says before the session begins. */
export const attachHints =
  'All commands and output from this session will be recorded in container logs, including credentials and sensitive information passed through the command prompt.\n' +
  "If you don't see a command prompt, try pressing enter.\n"

function* attachCommand(session: Session): Story<void> {
  const { args, flags, terminal } = session
  if (args.length === 0) throw refusal('at least 1 argument is required for attach')
  if (args.length > 2) throw refusal(`expected POD, TYPE/NAME, or TYPE NAME, (at most 2 arguments) saw ${args.length}: [${args.join(' ')}]`)
  const limit = runningTimeout(session)
  const object = yield* oneObject(session, args)
  const { pod } = yield* podBehind(session, object, limit)
  const phase = pod['status']?.phase
  if (phase === 'Succeeded' || phase === 'Failed') throw refusal(`cannot attach a container in a completed pod; current phase is ${phase}`)
  const container = containerMeant(session, pod, flags.is('quiet'))
  if (!flags.is('quiet')) terminal.err(attachHints)
  if (!pod['spec']?.nodeName) throw refusal(`unable to upgrade connection: pod ${pod.metadata.name} does not have a host assigned`)
  const connect = connectOf(session)
  if (!flags.is('stdin') || connect.typed === undefined) return
  const code = yield* connect.typed(pod, container, [])
  if (flags.is('tty')) {
    terminal.out(
      `Session ended, resume using 'kubectl attach ${pod.metadata.name} -c ${container} -n ${pod.metadata.namespace} -i -t' command\n`,
    )
  }
  if (code !== 0) throw quietly(code)
}
