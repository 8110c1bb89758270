/** `stsim next -f FILE`: what would the controllers and the scheduler do with these objects, and why? Nothing is run. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Argv } from 'yargs'
import { type NextOptions, next } from '../cluster/next.ts'
import type { KubernetesObject } from '../cluster/objects/metadata.ts'
import { nextText } from '../console/next-text.ts'
import { type Given, listOption, textOption } from '../console/options.ts'
import { exits, Refusal, tellMistakes } from '../console/voice.ts'
import { type Mistake, mistakeOfFile } from '../text/mistake.ts'
import { type Document, readYaml } from '../text/yaml.ts'

export const options = (yargs: Argv): Argv =>
  yargs
    .options({
      filename: {
        alias: 'f',
        type: 'string',
        array: true,
        requiresArg: true,
        demandOption: true,
        describe: 'Objects as kubectl get -o yaml (or json) prints them: files, folders, or - for standard input',
      },
      controller: { type: 'string', requiresArg: true, describe: 'Only this one: statefulset-controller, kube-scheduler' },
      release: { type: 'string', requiresArg: true, describe: 'Behaviour of that Kubernetes release, 1.33 to 1.37 [default: 1.36]' },
      'feature-gates': {
        type: 'string',
        array: true,
        requiresArg: true,
        describe: 'Switches over those of the release: Name=true,Other=false',
      },
      now: { type: 'string', requiresArg: true, describe: 'What time it is, RFC 3339 [default: the newest time in the objects]' },
      output: { alias: 'o', type: 'string', requiresArg: true, describe: 'text, or json: the decisions' },
    })
    .example('kubectl get sts,pods,pvc,controllerrevisions -o yaml | stsim next -f -', 'what will happen next, and why')

/** Prints what `next` answers. */
export function nextCommand(given: Given): void {
  const output = textOption(given, 'output') ?? 'text'
  if (output !== 'text' && output !== 'json') throw new Refusal(`-o ${output} is none of text, json`)
  const { objects, mistakes } = objectsOf(listOption(given, 'filename'))
  if (mistakes.length > 0) {
    tellMistakes(mistakes)
    process.exitCode = exits.wrongInput
    return
  }
  const decisions = decide(objects, optionsOf(given))
  process.stdout.write(output === 'json' ? `${JSON.stringify(decisions, null, 2)}\n` : nextText(decisions, objects))
  process.exitCode = exits.held
}

const decide = (objects: readonly KubernetesObject[], how: NextOptions): ReturnType<typeof next> => {
  try {
    return next(objects, how)
  } catch (error) {
    if (error instanceof TypeError && /^(release|now|controller)\b/.test(error.message)) throw new Refusal(error.message)
    throw error
  }
}

const optionsOf = (given: Given): NextOptions => {
  const text = (name: 'controller' | 'release' | 'now'): { readonly [key: string]: string } => {
    const value = textOption(given, name)
    return value === undefined ? {} : { [name]: value }
  }
  const gates = listOption(given, 'feature-gates').flatMap((list) => list.split(','))
  return { ...text('controller'), ...text('release'), ...text('now'), ...(gates.length === 0 ? {} : { featureGates: gatesOf(gates) }) }
}

const gatesOf = (words: readonly string[]): Record<string, boolean> =>
  Object.fromEntries(
    words.map((word) => {
      const [name = '', value] = word.split('=')
      if (name === '' || (value !== 'true' && value !== 'false'))
        throw new Refusal(`--feature-gates ${word} is not Name=true or Name=false`)
      return [name, value === 'true']
    }),
  )

type Found = { readonly objects: readonly KubernetesObject[]; readonly mistakes: readonly Mistake[] }

/** The objects of all files, lists taken apart. */
const objectsOf = (words: readonly string[]): Found => {
  const objects: KubernetesObject[] = []
  const mistakes: Mistake[] = []
  for (const file of words.flatMap(filesOf)) {
    const text = textOf(file)
    if (typeof text !== 'string') {
      mistakes.push(text)
      continue
    }
    const reading = readYaml(text, file === '-' ? 'standard input' : file, { doubles: 'last' })
    mistakes.push(...reading.mistakes)
    for (const document of reading.documents) {
      const found = objectsIn(document)
      objects.push(...found.objects)
      mistakes.push(...found.mistakes)
    }
  }
  return { objects, mistakes }
}

const isFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const objectsIn = (document: Document): Found => {
  const { value } = document
  if (value === null || value === undefined) return { objects: [], mistakes: [] }
  const items =
    isFields(value) && String(value['kind']).endsWith('List') && Array.isArray(value['items']) ? (value['items'] as unknown[]) : undefined
  const all = items ?? [value]
  const mistakes: Mistake[] = []
  const objects: KubernetesObject[] = []
  all.forEach((one, i) => {
    const path = items === undefined ? [] : ['items', i]
    const meta = isFields(one) ? one['metadata'] : undefined
    const listed = isFields(value) ? String(value['kind']).replace(/List$/, '') : ''
    const kind = isFields(one) ? (one['kind'] ?? (items !== undefined && listed !== '' ? listed : undefined)) : undefined
    if (isFields(one) && typeof kind === 'string' && isFields(meta) && typeof meta['name'] === 'string') {
      const apiVersion = one['apiVersion'] ?? (isFields(value) ? value['apiVersion'] : undefined)
      objects.push({ ...one, apiVersion, kind } as KubernetesObject)
    } else
      mistakes.push(
        document.mistake(
          path,
          'value',
          'this is no Kubernetes object',
          'it needs kind and metadata.name, as kubectl get -o yaml prints them',
        ),
      )
  })
  return { objects, mistakes }
}

const objectFile = /\.(ya?ml|json)$/i

const filesOf = (word: string): readonly string[] => {
  if (word === '-') return [word]
  try {
    if (!statSync(word).isDirectory()) return [word]
    return readdirSync(word)
      .filter((name) => objectFile.test(name))
      .sort()
      .map((name) => join(word, name))
  } catch {
    return [word]
  }
}

const textOf = (file: string): string | Mistake => {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8')
  } catch (error) {
    return mistakeOfFile(file, `it cannot be read (${(error as NodeJS.ErrnoException).code ?? 'error'})`, '')
  }
}
