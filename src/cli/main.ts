#!/usr/bin/env node
/**
 * The front door: which command is meant, and how mistakes on the command line are told. Commands are loaded when they are needed;
 * `--version` is answered before anything is.
 */
import nodeModule from 'node:module'
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
else {
  // Node 22.1 and later keep what they compiled in a folder of the system's temporary one, which saves a fifth of the next start (tsc does so too).
  // It is no output of ours: NODE_DISABLE_COMPILE_CACHE=1 turns it off, and where nothing can be written nothing happens.
  ;(nodeModule as { enableCompileCache?: () => unknown }).enableCompileCache?.()
  await frontDoor()
}

type Given = Readonly<Record<string, unknown>>

/** Puts back what yargs must not see. */
function restored(given: Given): Given {
  const back = (value: unknown): unknown => (value === standardInput ? '-' : Array.isArray(value) ? value.map(back) : value)
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, back(value)]))
}

async function frontDoor(): Promise<void> {
  const [{ default: yargs }, { againLine, exits, Refusal, tellFailure }, { commands, hintFor, hintForMessage }] = await Promise.all([
    import('yargs'),
    import('../console/voice.ts'),
    import('./commands.ts'),
  ])
  const [name = '', ...rest] = words
  const command = commands.find((one) => one.name === name)
  const asksHelp = words.length === 0 || name === '--help' || name === '-h' || (name === 'help' && rest.length === 0)
  const parser = yargs(rest.map((word) => (word === '-' ? standardInput : word)))
    .locale('en')
    .parserConfiguration({
      'greedy-arrays': false,
      'duplicate-arguments-array': true,
      'parse-numbers': false,
      'parse-positional-numbers': false,
    })
    .version(false)
    .help('help', 'Show help')
    .alias('help', 'h')
    .strict()
    .showHelpOnFail(false)
    .exitProcess(false)
    .wrap(Math.min(120, process.stdout.columns ?? 100))
    .fail((message: string | null, error: unknown) => {
      throw error ?? new Refusal(message ?? 'that is not understood', hintForMessage(message ?? '', name))
    })
  try {
    if (asksHelp) {
      parser
        .scriptName('stsim')
        .usage('stsim runs Kubernetes StatefulSets, their storage and their failures on virtual time.\n\nUsage: stsim COMMAND')
        .option('version', { type: 'boolean', describe: 'Show the version' })
      for (const one of commands) parser.command(one.usage, one.describe)
      parser.showHelp((text) => process.stdout.write(`${text}\n`))
      if (words.length === 0) process.exitCode = exits.wrongInput
      return
    }
    if (command === undefined) throw new Refusal(`there is no command "${name}"`, hintFor(name))
    // The command is yargs' default one: of a named one it would lay out the help page each time.
    parser
      .scriptName(`stsim ${name}`)
      .command(command.usage.replace(name, '$0'), command.describe, await command.options(), () => undefined)
    const given = await parser.parseAsync()
    if (!rest.includes('--help') && !rest.includes('-h')) await command.run(restored(given as Given))
  } catch (error) {
    if (error instanceof Error && error.name === 'YError') tellFailure(new Refusal(error.message, hintForMessage(error.message, name)), '')
    else tellFailure(error, againLine())
  }
}
