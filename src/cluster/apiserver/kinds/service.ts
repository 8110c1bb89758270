/** Services. Source: pkg/apis/core/v1/defaults.go, pkg/registry/core/service (1.36). */
import type { KubernetesObject } from '../../objects/metadata.ts'
import { dns1035Label, dnsLabel } from '../../objects/names.ts'
import { atLeast } from '../../objects/release.ts'
import { type Fields, inEach, inField, withAbsent, withField } from '../defaults/share.ts'
import type { Kind } from '../kind.ts'
import { checked } from '../validate/metadata.ts'
import { validateService, validateServiceUpdate } from '../validate/service.ts'
import { joined, labelsText } from './cells.ts'
import { ageColumn, defineKind, nameColumn } from './define.ts'

const portDefaults = (port: Fields): Fields => {
  const result = withAbsent(port, { protocol: 'TCP' })
  const target = result['targetPort']
  return target === undefined || target === null || target === 0 || target === '' ? withField(result, 'targetPort', result['port']) : result
}

const outside = (spec: Fields): boolean =>
  spec['type'] === 'LoadBalancer' || spec['type'] === 'NodePort' || (spec['type'] === 'ClusterIP' && (spec['externalIPs'] ?? []).length > 0)

const affinityDefaults = (spec: Fields): Fields => {
  const affinity = spec['sessionAffinity']
  if (affinity === 'None') return withField(spec, 'sessionAffinityConfig', undefined)
  if (affinity !== 'ClientIP' || spec['sessionAffinityConfig']?.clientIP?.timeoutSeconds !== undefined) return spec
  return withField(spec, 'sessionAffinityConfig', { clientIP: { timeoutSeconds: 10800 } })
}

const specDefaults = (spec: Fields): Fields => {
  let result = affinityDefaults(withAbsent(spec, { sessionAffinity: 'None', type: 'ClusterIP' }))
  result = inEach(result, 'ports', portDefaults)
  if (outside(result)) result = withAbsent(result, { externalTrafficPolicy: 'Cluster' })
  if (result['type'] !== 'ExternalName') result = withAbsent(result, { internalTrafficPolicy: 'Cluster' })
  if (result['type'] === 'LoadBalancer') result = withAbsent(result, { allocateLoadBalancerNodePorts: true })
  return result
}

/** What the allocator fills in: one family, and clusterIPs beside clusterIP. Source: pkg/registry/core/service/storage/alloc.go */
const addressDefaults = (spec: Fields): Fields => {
  if (spec['type'] === 'ExternalName') return spec
  let result = spec
  const address = spec['clusterIP'] ?? spec['clusterIPs']?.[0]
  if (address !== undefined && address !== '') result = withAbsent(result, { clusterIP: address, clusterIPs: [address] })
  const families = { ipFamilies: [typeof address === 'string' && address.includes(':') ? 'IPv6' : 'IPv4'], ipFamilyPolicy: 'SingleStack' }
  // A cluster of one family has no second one to give.
  if (result['ipFamilyPolicy'] === 'PreferDualStack') return withAbsent(result, { ipFamilies: families.ipFamilies })
  return withAbsent(result, families)
}

const loadBalancerText = (service: KubernetesObject, wide: boolean): string => {
  const ingress: readonly { readonly ip?: string; readonly hostname?: string }[] = service['status']?.loadBalancer?.ingress ?? []
  const text = [...new Set(ingress.map((one) => one.ip || one.hostname || '').filter((one) => one !== ''))].sort().join(',')
  return !wide && text.length > 16 ? `${text.slice(0, 13)}...` : text
}

const externalText = (service: KubernetesObject, wide: boolean): string => {
  const { type, externalIPs = [], externalName = '' } = service['spec'] ?? {}
  if (type === 'ExternalName') return externalName
  if (type !== 'LoadBalancer') return joined(externalIPs)
  const balancer = loadBalancerText(service, wide)
  const all = [...(balancer === '' ? [] : [balancer]), ...externalIPs]
  return all.length === 0 ? '<pending>' : all.join(',')
}

type Port = { readonly port: number; readonly protocol?: string; readonly nodePort?: number }

const portsText = (service: KubernetesObject): string =>
  joined(
    ((service['spec']?.ports ?? []) as readonly Port[]).map(({ port, protocol = 'TCP', nodePort = 0 }) =>
      nodePort > 0 ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`,
    ),
  )

/** What a service keeps of its old self when a client sends it back without: addresses and ports that were given to it. */
const keepAllocated = (object: KubernetesObject, old: KubernetesObject): KubernetesObject =>
  inField(object, 'spec', (spec) => {
    const before: Fields = old['spec'] ?? {}
    if (spec['type'] === 'ExternalName' || before['type'] === 'ExternalName') return spec
    const { clusterIP, clusterIPs, ipFamilies, ipFamilyPolicy } = before
    const unsaid = (spec['clusterIP'] ?? '') === '' && (spec['clusterIPs'] ?? []).length === 0
    return withAbsent(spec, { ...(unsaid ? { clusterIP, clusterIPs } : {}), ipFamilies, ipFamilyPolicy })
  })

/** Source: pkg/api/service/warnings.go (1.36) */
const warningsOf = (spec: Fields): readonly string[] => {
  const headless = spec['clusterIP'] === 'None'
  const external = (spec['externalIPs'] ?? []).length > 0
  const elsewhere = spec['type'] === 'ExternalName'
  return [
    ...(headless && (spec['loadBalancerIP'] ?? '') !== '' ? ['spec.loadBalancerIP is ignored for headless services'] : []),
    ...(headless && external ? ['spec.externalIPs is ignored for headless services'] : []),
    ...(headless && spec['sessionAffinity'] !== 'None' ? ['spec.SessionAffinity is ignored for headless services'] : []),
    ...(external && !headless && !elsewhere ? ['spec.externalIPs is deprecated and may no longer be implemented in some clusters'] : []),
    ...(external && elsewhere ? ['spec.externalIPs is ignored when spec.type is "ExternalName"'] : []),
    ...(!elsewhere && (spec['externalName'] ?? '') !== '' ? ['spec.externalName is ignored when spec.type is not "ExternalName"'] : []),
    ...(spec['trafficDistribution'] === 'PreferClose'
      ? ['spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"']
      : []),
  ]
}

export const service: Kind = defineKind({
  kind: 'Service',
  apiVersion: 'v1',
  plural: 'services',
  shortNames: ['svc'],
  categories: ['all'],
  runs: true,
  subresources: ['status'],
  createsOnUpdate: true,
  // The rule itself depends on the release: see rules.
  names: () => [],
  defaults: (object) => inField(withAbsent(object, { spec: {} }), 'spec', specDefaults),
  prepareCreate: (object) => ({ ...inField(object, 'spec', addressDefaults), status: { loadBalancer: {} } }),
  prepareUpdate: keepAllocated,
  rules: (object, context) => [
    // Since 1.36 (gate RelaxedServiceNameValidation) a name may begin with a digit.
    ...checked('metadata.name', object.metadata.name ?? '', atLeast(context.gates.release, 36) ? dnsLabel : dns1035Label),
    ...validateService(object),
  ],
  updateRules: validateServiceUpdate,
  warnings: (object) => warningsOf(object['spec'] ?? {}),
  columns: [
    nameColumn,
    { name: 'TYPE', cell: (object) => object['spec']?.type ?? '' },
    { name: 'CLUSTER-IP', cell: (object) => object['spec']?.clusterIPs?.[0] ?? object['spec']?.clusterIP ?? '<none>' },
    { name: 'EXTERNAL-IP', cell: (object, _age, wide = false) => externalText(object, wide) },
    { name: 'PORT(S)', cell: portsText },
    ageColumn,
    { name: 'SELECTOR', wide: true, cell: (object) => labelsText(object['spec']?.selector) },
  ],
  fields: {
    'spec.clusterIP': (object) => object['spec']?.clusterIP ?? '',
    'spec.type': (object) => object['spec']?.type ?? '',
  },
})
