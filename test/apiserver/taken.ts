/** What the rules of a kind make of a manifest, without a server around them. */
import { decode } from '../../src/cluster/apiserver/decode.ts'
import { invalid } from '../../src/cluster/apiserver/errors.ts'
import type { KindContext } from '../../src/cluster/apiserver/kind.ts'
import { servedKind } from '../../src/cluster/apiserver/kinds/index.ts'
import type { Status } from '../../src/cluster/apiserver/request.ts'
import type { KubernetesObject } from '../../src/cluster/objects/metadata.ts'
import { gatesOf, parseRelease, type Release } from '../../src/cluster/objects/release.ts'

/** Any map of fields of a manifest. */
export type Fields = { readonly [field: string]: unknown }

/** What rules may look at, in a release with gates. */
export const contextOf = (release = '1.36', gates: Readonly<Record<string, boolean>> = {}): KindContext => ({
  gates: gatesOf(parseRelease(release) as Release, gates),
  time: '2026-01-01T00:00:00Z',
  get: () => undefined,
})

const kindOfManifest = (manifest: Fields) => {
  const kind = servedKind(String(manifest['apiVersion']), String(manifest['kind']))
  if (kind === undefined) throw new Error(`${manifest['apiVersion']} ${manifest['kind']} is not served`)
  return kind
}

const statusText = (status: Status): string =>
  status.details?.causes === undefined
    ? status.message
    : status.details.causes.map((cause) => `${cause.field}: ${cause.message}`).join('\n')

/** The object as it is stored when it is created, or the lines that refuse it. */
export const created = (manifest: Fields, context = contextOf()): KubernetesObject | string => {
  const kind = kindOfManifest(manifest)
  const decoded = decode(kind, manifest as KubernetesObject, 'Strict')
  if ('refused' in decoded) return statusText(decoded.refused)
  const placed = kind.namespaced
    ? { ...decoded.object, metadata: { ...decoded.object.metadata, namespace: decoded.object.metadata?.namespace ?? 'default' } }
    : { ...decoded.object, metadata: { ...decoded.object.metadata } }
  const whole = kind.defaults(placed, context)
  const object = kind.prepareCreate?.(whole, context) ?? whole
  const errors = kind.validate(object, context)
  return errors.length === 0 ? object : statusText(invalid(kind, object.metadata.name, errors))
}

/** The object, which must be taken. */
export const stored = (manifest: Fields, context = contextOf()): KubernetesObject => {
  const object = created(manifest, context)
  if (typeof object === 'string') throw new Error(object)
  return object
}

/** What is wrong with a change of a stored object; '' is nothing. */
export const changed = (old: KubernetesObject, next: KubernetesObject, context = contextOf()): string => {
  const kind = kindOfManifest(old)
  const whole = kind.defaults(next, context, old)
  return kind
    .validateUpdate(kind.prepareUpdate?.(whole, old, context) ?? whole, old, context)
    .map((error) => `${error.field}: ${error.message}`)
    .join('\n')
}

const isMap = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)

/** `base` with `more` laid over it; undefined takes a field away; lists are replaced. */
export const laid = (base: Fields, more: Fields): Fields => {
  const result: Record<string, unknown> = { ...base }
  for (const [field, value] of Object.entries(more)) {
    if (value === undefined) delete result[field]
    else result[field] = isMap(value) && isMap(result[field]) ? laid(result[field], value) : value
  }
  return result
}

/** A small set that is taken, with fields laid over it. */
export const setWith = (more: Fields = {}): Fields =>
  laid(
    {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'web' },
      spec: {
        serviceName: 'nginx',
        replicas: 2,
        selector: { matchLabels: { app: 'nginx' } },
        template: { metadata: { labels: { app: 'nginx' } }, spec: { containers: [{ name: 'nginx', image: 'nginx-slim:0.8' }] } },
      },
    },
    more,
  )

/** A small pod that is taken, with fields of its spec laid over it. */
export const podWith = (spec: Fields = {}, metadata: Fields = {}): Fields => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'solo', ...metadata },
  spec: laid({ containers: [{ name: 'app', image: 'busybox:1.36' }] }, spec),
})

/** That pod with fields of its container. */
export const podOf = (container: Fields, spec: Fields = {}): Fields =>
  podWith({ ...spec, containers: [laid({ name: 'app', image: 'busybox:1.36' }, container)] })
