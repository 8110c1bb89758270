/** All commands: a name, a line for people, how to load it. A new one is a file and a line. */
import type { Argv } from 'yargs'
import { didYouMean, nearest } from '../text/mistake.ts'

type Given = Readonly<Record<string, unknown>>

export type Command = {
  readonly name: string
  /** As yargs reads it: `run <files..>`. */
  readonly usage: string
  readonly describe: string
  readonly options: () => Promise<(yargs: Argv) => Argv>
  readonly run: (given: Given) => Promise<void>
}

const none = (yargs: Argv): Argv => yargs

export const commands: readonly Command[] = [
  {
    name: 'run',
    usage: 'run <files..>',
    describe: 'Run a scenario, Kubernetes manifests, or a kubectl transcript',
    options: async () => (await import('./run.ts')).options,
    run: async (given) => (await import('./run.ts')).run(given),
  },
  {
    name: 'shell',
    usage: 'shell [file]',
    describe: 'A terminal on a simulated cluster; plays transcripts',
    options: async () => (await import('./shell.ts')).options,
    run: async (given) => (await import('./shell.ts')).shell(given),
  },
  {
    name: 'next',
    usage: 'next',
    describe: 'What the controllers and the scheduler would do with given objects, and why',
    options: async () => (await import('./next.ts')).options,
    run: async (given) => (await import('./next.ts')).nextCommand(given),
  },
  {
    name: 'explain',
    usage: 'explain <file> <what..>',
    describe: 'Run a scenario and print the chain of causes behind something',
    options: async () => (await import('./explain.ts')).options,
    run: async (given) => (await import('./explain.ts')).explain(given),
  },
  {
    name: 'check',
    usage: 'check <files..>',
    describe: 'Print every mistake in scenarios and manifests, without running them',
    options: async () => (await import('./check.ts')).options,
    run: async (given) => (await import('./check.ts')).check(given),
  },
  {
    name: 'schema',
    usage: 'schema',
    describe: 'Print the JSON Schema of scenario files',
    options: async () => none,
    run: async () => (await import('./schema.ts')).schema(),
  },
  {
    name: 'help',
    usage: 'help [topic]',
    describe: 'Reference: scenario, faults, scenarios, or the name of a fault',
    options: async () => (yargs) => yargs.positional('topic', { type: 'string', describe: 'What about' }),
    run: async (given) => (await import('./help.ts')).help(String(given['topic'])),
  },
]

/** What would do instead of a command that is not there. */
export const hintFor = (name: string): string =>
  didYouMean(
    name,
    commands.map((one) => one.name),
    'there are',
  )

/** All options of all commands, for "did you mean". */
const optionNames = [
  ...[
    'seed',
    'duration',
    'profile',
    'release',
    'nodes',
    'set',
    'out',
    'check',
    'output',
    'objects',
    'quiet',
    'at',
    'pace',
    'filename',
    'controller',
    'feature-gates',
    'now',
    'help',
    'version',
  ],
]

/** What would do about a message of yargs. */
export function hintForMessage(message: string, command: string): string {
  const unknown = /^Unknown arguments?: (.*)$/.exec(message)?.[1]?.split(',')[0]?.trim()
  const near = unknown === undefined ? undefined : nearest(unknown, optionNames)
  if (near !== undefined) return `did you mean "--${near}"?`
  return `stsim ${command} --help lists its options`
}
