/**
 * kubectl api-resources and api-versions. Source: kubectl.md 1; kubectl pkg/cmd/apiresources, 1.36.
 */
import type { Kind } from '../apiserver/kind.ts'
import { allKinds } from '../apiserver/kinds/index.ts'
import type { Command } from './command.ts'
import { refusal, usageRefusal } from './failure.ts'
import { TableWriter } from './print.ts'
import type { Session } from './session.ts'

export const apiResources: Command = {
  flags: [
    'output,o string',
    'no-headers bool',
    'api-group string',
    'namespaced bool',
    'verbs strings',
    'sort-by string',
    'cached bool',
    'categories strings',
    'show-kind bool',
    'show-labels bool',
  ],
  run: apiResourcesCommand,
}

export const apiVersions: Command = { flags: [], run: apiVersionsCommand }

/** What can be done with every kind that is served. */
const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']

function apiResourcesCommand(session: Session): undefined {
  const { flags, args, terminal } = session
  if (args.length > 0) throw usageRefusal(`unexpected arguments: [${args.join(' ')}]`, 'api-resources')
  const sortBy = flags.text('sort-by') ?? ''
  if (!['', 'name', 'kind'].includes(sortBy)) throw refusal('--sort-by accepts only name or kind')
  const output = flags.text('output') ?? ''
  if (!['', 'name', 'wide'].includes(output))
    throw refusal(
      `unable to match a printer suitable for the output format ${JSON.stringify(output)}, allowed formats are: json,name,wide,yaml`,
    )
  const key = (kind: Kind): string => (sortBy === 'name' ? kind.plural : sortBy === 'kind' ? kind.kind : kind.group)
  const chosen = allKinds
    .filter((kind) => !flags.has('api-group') || kind.group === flags.text('api-group'))
    .filter((kind) => !flags.has('namespaced') || kind.namespaced === flags.is('namespaced'))
    .filter(() => flags.list('verbs').every((verb) => verbs.includes(verb)))
    .filter((kind) => flags.list('categories').every((category) => kind.categories.includes(category)))
    .map((kind, i) => ({ kind, i }))
    .sort((a, b) => compare(key(a.kind), key(b.kind)) || compare(a.kind.plural, b.kind.plural) || a.i - b.i)
    .map(({ kind }) => kind)
  if (output === 'name') {
    for (const kind of chosen) terminal.out(`${kind.plural}${kind.group === '' ? '' : `.${kind.group}`}\n`)
    return
  }
  const wide = output === 'wide'
  const rows = chosen.map((kind) => [
    kind.plural,
    kind.shortNames.join(','),
    kind.apiVersion,
    String(kind.namespaced),
    kind.kind,
    ...(wide ? [verbs.join(','), kind.categories.join(',')] : []),
  ])
  const header = ['NAME', 'SHORTNAMES', 'APIVERSION', 'NAMESPACED', 'KIND', ...(wide ? ['VERBS', 'CATEGORIES'] : [])]
  terminal.out(new TableWriter().print(flags.is('no-headers') ? rows : [header, ...rows]))
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

function apiVersionsCommand(session: Session): undefined {
  const versions = [...new Set(allKinds.map((kind) => kind.apiVersion))].sort()
  session.terminal.out(versions.map((each) => `${each}\n`).join(''))
}
