/**
 * Kubernetes manifests on their way into a scenario: documents become objects whose places are kept, lists are taken apart, what came from
 * a running cluster is taken without status and server fields, namespaces that are missing are made.
 * Source: contract section 2, run.
 */

import { typeOfKind } from '../cluster/apiserver/fields/lookup.ts'
import { readFields } from '../cluster/apiserver/fields/read.ts'
import type { KindContext } from '../cluster/apiserver/kind.ts'
import { allKinds, kindOf, servedKind } from '../cluster/apiserver/kinds/index.ts'
import type { KubernetesObject } from '../cluster/objects/metadata.ts'
import type { Gates } from '../cluster/objects/release.ts'
import { didYouMean, type Mistake, nearest } from '../text/mistake.ts'
import type { Document, Path } from '../text/yaml.ts'
import { shown } from './judge.ts'

/** Where an object was written. */
export type Origin = { readonly document: Document; readonly path: Path }

/** Objects read so far, in order, with their origins and what is to be said about them. */
export class Manifests {
  readonly objects: KubernetesObject[] = []
  readonly mistakes: Mistake[] = []
  readonly origins = new Map<KubernetesObject, Origin>()
  /** How many had server fields. */
  dumped = 0

  /** Takes what stands in a document at a path: an object, or a list of objects (`kind: List`). */
  take(document: Document, path: Path, value: unknown): void {
    if (!isMap(value)) {
      this.mistakes.push(
        document.mistake(
          path,
          'value',
          `${shown(value)} where a Kubernetes object was expected`,
          'an object has apiVersion, kind and metadata',
        ),
      )
      return
    }
    const { apiVersion, kind, metadata, items } = value
    const missing = ['apiVersion', 'kind'].filter((key) => typeof value[key] !== 'string' || value[key] === '')
    if (missing.length > 0) {
      for (const key of missing) {
        const near = nearest(key, Object.keys(value))
        const hint = near === undefined ? 'an object has apiVersion, kind and metadata' : `did you mean "${key}" where "${near}" stands?`
        this.mistakes.push(
          key in value
            ? document.mistake([...path, key], 'value', `${shown(value[key])} as ${key}`, hint)
            : document.mistake(path, 'value', `${key} not set`, hint),
        )
      }
      return
    }
    if (/List$/.test(kind as string) && Array.isArray(items)) {
      items.forEach((item, index) => {
        const typed = isMap(item) && kind !== 'List' ? { apiVersion, kind: (kind as string).slice(0, -4), ...item } : item
        this.take(document, [...path, 'items', index], typed)
      })
      return
    }
    const known = servedKind(apiVersion as string, kind as string)
    if (known === undefined) {
      this.mistakes.push(unknownKind(document, path, apiVersion as string, kind as string))
      return
    }
    const name = isMap(metadata) ? (metadata['name'] ?? metadata['generateName']) : undefined
    if (typeof name !== 'string' || name === '') {
      const at: Path = isMap(metadata) ? ('name' in metadata ? [...path, 'metadata', 'name'] : [...path, 'metadata']) : path
      const what = name === undefined || name === null ? `a ${kind} without a name` : `${shown(name)} as the name of a ${kind}`
      this.mistakes.push(document.mistake(at, 'value', what, 'give it metadata.name (a text)'))
      return
    }
    const object = this.withoutServerFields(value as unknown as KubernetesObject)
    this.objects.push(object)
    this.origins.set(object, { document, path })
  }

  private withoutServerFields(object: KubernetesObject): KubernetesObject {
    const metadata = object.metadata as unknown as Map_
    if (
      !['uid', 'resourceVersion', 'creationTimestamp', 'managedFields'].some((key) => metadata[key] !== undefined && metadata[key] !== null)
    )
      return object
    this.dumped++
    const kept = Object.fromEntries(Object.entries(metadata).filter(([key]) => !serverFields.has(key)))
    const { status: _, ...rest } = object
    return { ...rest, metadata: kept } as unknown as KubernetesObject
  }

  /** The objects, with a Namespace before the first one whose namespace nobody makes; and the names of these. */
  withNamespaces(): { readonly objects: readonly KubernetesObject[]; readonly made: readonly string[] } {
    const there = new Set([
      'default',
      'kube-system',
      'kube-public',
      'kube-node-lease',
      ...this.objects.filter((object) => object.kind === 'Namespace').map((object) => object.metadata.name),
    ])
    const made: string[] = []
    for (const { kind, metadata } of this.objects) {
      const { namespace } = metadata
      if (typeof namespace !== 'string' || there.has(namespace) || kindOf(kind)?.namespaced === false) continue
      there.add(namespace)
      made.push(namespace)
    }
    const namespaces = made.map((name): KubernetesObject => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }))
    return { objects: [...namespaces, ...this.objects], made }
  }
}

/**
 * What the API server would refuse an object for, each with its place: fields it does not know, values of wrong types, and, if there are none
 * of these, what validation says. `origin` is where the object was written.
 */
export function checkObject(object: KubernetesObject, origin: Origin, gates: Gates): readonly Mistake[] {
  const kind = kindOf(object.kind)
  if (kind === undefined) return []
  const { document, path } = origin
  const { value, mistakes } = readFields(typeOfKind(object.kind), object)
  if (mistakes.length > 0) return placed(mistakes, origin)
  const context: KindContext = { gates, time: '2026-01-01T00:00:00Z', get: () => undefined }
  const whole = kind.defaults(inDefaultNamespace(value as KubernetesObject), context)
  const errors = kind.validate(whole, context)
  return errors.map(({ field, message }) => document.mistake([...path, ...keysOf(field)], 'value', `${field}: ${message}`, ''))
}

/** The fields of an object that the API server does not know, and the values of wrong types, each with its place. */
export const checkFields = (object: KubernetesObject, origin: Origin): readonly Mistake[] =>
  kindOf(object.kind) === undefined ? [] : placed(readFields(typeOfKind(object.kind), object).mistakes, origin)

const placed = (mistakes: ReturnType<typeof readFields>['mistakes'], { document, path }: Origin): readonly Mistake[] =>
  mistakes.map((mistake) =>
    document.mistake(
      [...path, ...mistake.path],
      mistake.kind === 'unknown' ? 'key' : 'value',
      mistake.text,
      mistake.nearest === undefined ? '' : `did you mean "${mistake.nearest}"?`,
    ),
  )

/** An object that names no namespace goes into the default one. */
export const inDefaultNamespace = (object: KubernetesObject): KubernetesObject =>
  object.metadata.namespace !== undefined || kindOf(object.kind)?.namespaced !== true
    ? object
    : { ...object, metadata: { ...object.metadata, namespace: 'default' } }

type Map_ = Record<string, unknown>

const isMap = (value: unknown): value is Map_ => typeof value === 'object' && value !== null && !Array.isArray(value)

/** What the server writes into metadata. Owners are named by uids, which are other ones here. */
const serverFields = new Set([
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'managedFields',
  'selfLink',
  'ownerReferences',
])

/** The API server's words for a kind that it does not serve. Source: kubectl.md 4; cli-runtime's "no matches for kind". */
function unknownKind(document: Document, path: Path, apiVersion: string, kind: string): Mistake {
  const found = `no matches for kind "${kind}" in version "${apiVersion}"`
  const served = kindOf(kind)
  if (served !== undefined)
    return document.mistake([...path, 'apiVersion'], 'value', found, `this release serves ${kind} as ${served.apiVersion}`)
  const near = nearest(
    kind,
    allKinds.map((one) => one.kind),
  )
  const hint = near === undefined ? 'ensure CRDs are installed first (stsim has none: leave the object out)' : didYouMean(kind, [near])
  return document.mistake([...path, 'kind'], 'value', found, hint)
}

/** The keys of a field path as Kubernetes writes it: `spec.template.spec.containers[0].image`, `metadata.labels[app]`. */
export function keysOf(field: string): Path {
  const keys: (string | number)[] = []
  for (const [, name, index] of field.matchAll(/([^.[\]]+)|\[([^\]]*)\]/g)) {
    if (name !== undefined) keys.push(name)
    else if (index !== undefined) keys.push(/^\d+$/.test(index) ? Number(index) : index)
  }
  return keys
}
