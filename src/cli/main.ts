#!/usr/bin/env node
/**
 * The front door: which command is meant, and how mistakes on the command line are told. Commands are loaded when they are needed;
 * `--version` is answered before anything is.
 */
import { version } from '../version.ts'

/** yargs makes an empty text of a bare `-`; it never sees one. */
const standardInput = '\u0001stdin'

const words = process.argv.slice(2)

// Whoever reads our output may stop reading.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

if (words[0] === '--version' || words[0] === '-V' || (words[0] === 'version' && words.length === 1)) process.stdout.write(`${version}\n`)
else await frontDoor()

type Given = Readonly<Record<string, unknown>>

/** Puts back what yargs must not see. */
function restored(given: Given): Given {
  const back = (value: unknown): unknown => (value === standardInput ? '-' : Array.isArray(value) ? value.map(back) : value)
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, back(value)]))
}

async function frontDoor(): Promise<void> {
  const [{ default: yargs }, voice, commands] = await Promise.all([import('yargs'), import('../console/voice.ts'), import('./commands.ts')])
  const { againLine, Refusal, tellFailure } = voice
  const named = words[0] === undefined || words[0].startsWith('-') ? undefined : words[0]
  const command = named === undefined ? undefined : commands.commands.find((one) => one.name === named)
  let parser = yargs(words.map((word) => (word === '-' ? standardInput : word)))
    .scriptName('stsim')
    .locale('en')
    .usage('stsim runs Kubernetes StatefulSets, their storage and their failures on virtual time.\n\nUsage: stsim COMMAND')
    .parserConfiguration({
      'greedy-arrays': false,
      'duplicate-arguments-array': true,
      'parse-numbers': false,
      'parse-positional-numbers': false,
    })
    .version(false)
    .option('version', { type: 'boolean', describe: 'Show the version' })
    .help('help', 'Show help')
    .alias('help', 'h')
    .strict()
    .showHelpOnFail(false)
    .exitProcess(false)
    .wrap(Math.min(120, process.stdout.columns ?? 100))
    .fail((message: string | null, error: unknown) => {
      throw error ?? new Refusal(message ?? 'that is not understood', '')
    })
  // The options of a command cost time to read: only those of the one that is meant.
  const options = command === undefined ? undefined : await command.options()
  for (const one of commands.commands) {
    parser = parser.command(
      one.usage,
      one.describe,
      (inner) => (one === command && options !== undefined ? options(inner) : inner),
      () => undefined,
    )
  }
  try {
    const asksHelp = words.includes('--help') || words.includes('-h')
    if (named === undefined || (named === 'help' && words.length === 1)) {
      if (words.length === 0 || named === 'help') parser.showHelp((text) => process.stdout.write(`${text}\n`))
      else await parser.parseAsync()
      if (words.length === 0) process.exitCode = voice.exits.wrongInput
      return
    }
    if (command === undefined && !asksHelp) throw new Refusal(`there is no command "${named}"`, commands.hintFor(named))
    const given = await parser.parseAsync()
    if (!asksHelp) await command?.run(restored(given as Given))
  } catch (error) {
    if (error instanceof Error && error.name === 'YError')
      tellFailure(new Refusal(error.message, 'stsim --help lists commands and options'), '')
    else if (error instanceof Refusal) tellFailure(withHint(error, commands.hintForMessage), '')
    else tellFailure(error, againLine())
  }
  function withHint(refusal: InstanceType<typeof Refusal>, hintFor: typeof commands.hintForMessage): InstanceType<typeof Refusal> {
    return refusal.hint === '' ? new Refusal(refusal.message, hintFor(refusal.message, named)) : refusal
  }
}
