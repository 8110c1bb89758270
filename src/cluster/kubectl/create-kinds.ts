/**
 * kubectl create: from files, and the small forms `create namespace`, `configmap`, `secret generic`, `serviceaccount`.
 * Source: kubectl.md 1, 6.1; kubectl pkg/cmd/create, 1.36.
 */
import type { Story } from '../client/story.ts'
import type { KubernetesObject } from '../objects/metadata.ts'
import type { Command } from './command.ts'
import { createFlags, createFromFiles } from './create.ts'
import { Failure, refusal, usageRefusal, withSource } from './failure.ts'
import { dryRunFlag, type FlagText, printFlags, quietFlags, validateFlag } from './parse.ts'
import { ask, dryRunOf, dryRunSuffix, printerOf, type Session, servedKind, validationOf } from './session.ts'

const common: readonly FlagText[] = [...printFlags, ...quietFlags, dryRunFlag, validateFlag, 'save-config bool']

/** A subcommand that makes one named object. */
const named = (flags: readonly FlagText[], make: (session: Session, name: string) => KubernetesObject): Command => ({
  flags: [...common, ...flags],
  run: function* (session) {
    const before = session.dash < 0 ? session.args.length : session.dash
    const [name] = session.args
    if (before !== 1 || name === undefined) throw usageRefusal(`exactly one NAME is required, got ${before}`, session.command)
    yield* createOne(session, make(session, name))
  },
})

/** Creates the object and says so. */
function* createOne(session: Session, object: KubernetesObject): Story<void> {
  const dryRun = dryRunOf(session)
  const validation = validationOf(session)
  const kind = servedKind(object.kind)
  const print = printerOf(session)
  let result = object
  if (dryRun !== 'client') {
    try {
      const more = dryRun === 'server' ? { dryRun: true } : {}
      result = (yield* ask(session, { verb: 'create', object, fieldValidation: validation, ...more })).object
    } catch (thrown) {
      throw failedToCreate(kind.kind, thrown)
    }
  }
  print(kind, result, `created${dryRunSuffix(dryRun)}`)
}

/** `failed to create configmap: …`, except for namespaces. */
function failedToCreate(kind: string, thrown: unknown): Failure {
  if (!(thrown instanceof Failure)) throw thrown
  if (!['ConfigMap', 'Secret', 'ServiceAccount'].includes(kind)) return withSource('creating', undefined, thrown)
  return new Failure(
    thrown.faults.map((fault) =>
      'status' in fault && fault.status.reason !== 'Invalid'
        ? { text: `failed to create ${kind.toLowerCase()}: ${fault.status.message}` }
        : fault,
    ),
  )
}

const namespaced = (session: Session, apiVersion: string, kind: string, name: string): KubernetesObject => ({
  apiVersion,
  kind,
  metadata: { name, namespace: session.namespace },
})

/** `--from-literal` and `--from-file` of config maps and secrets. */
function dataOf(session: Session, encode: (text: string) => string): Readonly<Record<string, string>> {
  const { flags, terminal } = session
  const data: Record<string, string> = {}
  const put = (key: string, text: string): void => {
    if (data[key] !== undefined)
      throw refusal(
        `cannot add key ${JSON.stringify(key)}, another key by that name already exists in Data for ConfigMap ${JSON.stringify(session.args[0] ?? '')}`,
      )
    data[key] = encode(text)
  }
  for (const literal of flags.list('from-literal')) {
    const at = literal.indexOf('=')
    if (at <= 0) throw refusal(`invalid literal source ${literal}, expected key=value`)
    put(literal.slice(0, at), literal.slice(at + 1))
  }
  for (const file of flags.list('from-file')) {
    const at = file.indexOf('=')
    const path = at < 0 ? file : file.slice(at + 1)
    const base = path.split('/').at(-1) ?? path
    const text = terminal.files(path)
    if (text !== undefined) {
      put(at < 0 ? base : file.slice(0, at), text)
      continue
    }
    const names = terminal.folder?.(path)
    if (names === undefined) throw refusal(`error reading ${path}: no such file or directory`)
    for (const name of names) {
      const inside = terminal.files(`${path.replace(/\/$/, '')}/${name}`)
      if (inside !== undefined) put(name, inside)
    }
  }
  return data
}

/** Base64 of a text in UTF-8, as secrets hold it. */
function base64(text: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
  const bytes = [...new TextEncoder().encode(text)]
  let out = ''
  for (let i = 0; i < bytes.length; i += 3) {
    const [a = 0, b, c] = bytes.slice(i, i + 3)
    const bits = (a << 16) | ((b ?? 0) << 8) | (c ?? 0)
    out += alphabet[bits >> 18]
    out += alphabet[(bits >> 12) & 63]
    out += b === undefined ? '=' : alphabet[(bits >> 6) & 63]
    out += c === undefined ? '=' : alphabet[bits & 63]
  }
  return out
}

const namespace = named([], (_, name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }))
const serviceAccount = named([], (session, name) => namespaced(session, 'v1', 'ServiceAccount', name))
const configMap = named(['from-literal array', 'from-file array', 'from-env-file array', 'append-hash bool'], (session, name) => {
  const data = dataOf(session, (text) => text)
  return { ...namespaced(session, 'v1', 'ConfigMap', name), ...(Object.keys(data).length === 0 ? {} : { data }) }
})
const generic = named(
  ['from-literal array', 'from-file array', 'from-env-file array', 'type string', 'append-hash bool'],
  (session, name) => {
    const data = dataOf(session, base64)
    return {
      ...namespaced(session, 'v1', 'Secret', name),
      type: session.flags.text('type') || 'Opaque',
      ...(Object.keys(data).length === 0 ? {} : { data }),
    }
  },
)

export const createCommand: Command = {
  commands: new Map<string, Command>([
    ['namespace', namespace],
    ['ns', namespace],
    ['serviceaccount', serviceAccount],
    ['sa', serviceAccount],
    ['configmap', configMap],
    ['cm', configMap],
    ['secret', { commands: new Map<string, Command>([['generic', generic]]) }],
    ['', { flags: createFlags, run: createFromFiles }],
  ]),
}
