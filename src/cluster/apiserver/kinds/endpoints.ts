/** Endpoints (deprecated, still written) and EndpointSlices. Source: node-and-storage.md D1; pkg/apis/discovery/v1/defaults.go. */
import type { KubernetesObject } from '../../objects/metadata.ts'
import { type Fields, inEach, withAbsent } from '../defaults/share.ts'
import type { Kind } from '../kind.ts'
import type { Errors } from '../validate/field-error.ts'
import { immutable, invalidValue, notSupported, required, tooMany } from '../validate/field-error.ts'
import { firstThree } from './cells.ts'
import { ageColumn, defineKind, nameColumn } from './define.ts'

type Subset = { readonly addresses?: readonly { readonly ip: string }[]; readonly ports?: readonly { readonly port: number }[] }

const addressesOf = (endpoints: KubernetesObject): readonly string[] =>
  ((endpoints['subsets'] ?? []) as readonly Subset[]).flatMap((subset) => {
    const ips = (subset.addresses ?? []).map((address) => address.ip)
    const ports = subset.ports ?? []
    return ports.length === 0 ? ips : ports.flatMap((port) => ips.map((ip) => `${ip.includes(':') ? `[${ip}]` : ip}:${port.port}`))
  })

const tcp = (port: Fields): Fields => withAbsent(port, { protocol: 'TCP' })

export const endpoints: Kind = defineKind({
  kind: 'Endpoints',
  apiVersion: 'v1',
  plural: 'endpoints',
  shortNames: ['ep'],
  runs: true,
  singular: 'endpoints',
  createsOnUpdate: true,
  defaults: (object) => inEach(object, 'subsets', (subset) => inEach(subset, 'ports', tcp)),
  deprecated: 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
  columns: [
    nameColumn,
    {
      name: 'ENDPOINTS',
      cell: (object) => (((object['subsets'] ?? []) as readonly unknown[]).length === 0 ? '<none>' : firstThree(addressesOf(object), '')),
    },
    ageColumn,
  ],
})

const addressTypes = ['FQDN', 'IPv4', 'IPv6']

const sliceRules = (slice: KubernetesObject): Errors => {
  const errors: Errors = []
  const type: string = slice['addressType'] ?? ''
  if (type === '') errors.push(required('addressType'))
  else if (!addressTypes.includes(type)) errors.push(notSupported('addressType', type, addressTypes))
  const list: readonly { readonly addresses?: readonly string[] }[] = slice['endpoints'] ?? []
  if (list.length > 1000) errors.push(tooMany('endpoints', list.length, 1000))
  for (const [at, endpoint] of list.entries()) {
    const addresses = endpoint.addresses ?? []
    if (addresses.length === 0) errors.push(required(`endpoints[${at}].addresses`, 'must contain at least 1 address'))
    if (addresses.length > 100) errors.push(tooMany(`endpoints[${at}].addresses`, addresses.length, 100))
  }
  const ports: readonly { readonly name?: string }[] = slice['ports'] ?? []
  if (ports.length > 20000) errors.push(tooMany('ports', ports.length, 20000))
  const names = new Set<string>()
  for (const [at, port] of ports.entries()) {
    const name = port.name ?? ''
    if (names.has(name))
      errors.push({ reason: 'FieldValueDuplicate', field: `ports[${at}].name`, message: `Duplicate value: ${JSON.stringify(name)}` })
    names.add(name)
  }
  return errors
}

export const endpointSlice: Kind = defineKind({
  kind: 'EndpointSlice',
  apiVersion: 'discovery.k8s.io/v1',
  plural: 'endpointslices',
  runs: true,
  hasGeneration: true,
  // Both lists are written even when they are absent.
  defaults: (object) => {
    const whole =
      object['endpoints'] === undefined || object['ports'] === undefined
        ? { ...object, endpoints: object['endpoints'] ?? null, ports: object['ports'] ?? null }
        : object
    return inEach(whole, 'ports', (port) => withAbsent(port, { name: '', protocol: 'TCP' }))
  },
  rules: sliceRules,
  updateRules: (object, old) => [
    ...sliceRules(object),
    ...(object['addressType'] === old['addressType'] ? [] : [invalidValue('addressType', object['addressType'], immutable)]),
  ],
  columns: [
    nameColumn,
    { name: 'ADDRESSTYPE', cell: (object) => object['addressType'] ?? '' },
    {
      name: 'PORTS',
      cell: (object) =>
        firstThree(
          ((object['ports'] ?? []) as readonly { readonly port?: number; readonly name?: string }[]).map((port) =>
            String(port.port ?? port.name ?? '*'),
          ),
          '<unset>',
        ),
    },
    {
      name: 'ENDPOINTS',
      cell: (object) =>
        firstThree(
          ((object['endpoints'] ?? []) as readonly { readonly addresses?: readonly string[] }[]).flatMap(
            (endpoint) => endpoint.addresses ?? [],
          ),
          '<unset>',
        ),
    },
    ageColumn,
  ],
})
