/** Rules about services. Source: validateService in pkg/apis/core/validation/validation.go (1.36), in its order. */
import type { KubernetesObject } from '../../objects/metadata.ts'
import { dnsLabel, dnsSubdomain, portNumber } from '../../objects/names.ts'
import type { Fields } from '../defaults/share.ts'
import { duplicate, type Errors, forbiddenField, immutable, invalidValue, notSupported, required } from './field-error.ts'
import { checked, validateLabels } from './metadata.ts'
import { portRule } from './probes.ts'

const protocols = ['SCTP', 'TCP', 'UDP']
const types = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']

const isHeadless = (spec: Fields): boolean => (spec['clusterIPs']?.[0] ?? spec['clusterIP']) === 'None'

const typeRules = (spec: Fields): Errors => {
  const errors: Errors = []
  if ((spec['ports'] ?? []).length === 0 && !isHeadless(spec) && spec['type'] !== 'ExternalName') errors.push(required('spec.ports'))
  if ((spec['type'] === 'LoadBalancer' || spec['type'] === 'NodePort') && isHeadless(spec)) {
    errors.push(invalidValue('spec.clusterIPs[0]', 'None', `may not be set to 'None' for ${spec['type']} services`))
  }
  if (spec['type'] !== 'ExternalName') return errors
  if ((spec['clusterIPs'] ?? []).length > 0 || (spec['clusterIP'] ?? '') !== '') {
    errors.push(forbiddenField('spec.clusterIPs', 'may not be set for ExternalName services'))
  }
  if ((spec['ipFamilies'] ?? []).length > 0) errors.push(forbiddenField('spec.ipFamilies', 'may not be set for ExternalName services'))
  if (spec['ipFamilyPolicy'] !== undefined) errors.push(forbiddenField('spec.ipFamilyPolicy', 'may not be set for ExternalName services'))
  const name = String(spec['externalName'] ?? '').replace(/\.$/, '')
  return [...errors, ...(name === '' ? [required('spec.externalName')] : checked('spec.externalName', name, dnsSubdomain))]
}

const portRules = (ports: readonly Fields[]): Errors => {
  const errors: Errors = []
  const names = new Set<string>()
  for (const [at, port] of ports.entries()) {
    const here = `spec.ports[${at}]`
    const name: string = port['name'] ?? ''
    if (name === '' && ports.length > 1) errors.push(required(`${here}.name`))
    if (name !== '') {
      errors.push(...checked(`${here}.name`, name, dnsLabel))
      if (names.has(name)) errors.push(duplicate(`${here}.name`, name))
      names.add(name)
    }
    errors.push(...portNumber(port['port'] ?? 0).map((text) => invalidValue(`${here}.port`, port['port'] ?? 0, text)))
    if ((port['protocol'] ?? '') === '') errors.push(required(`${here}.protocol`))
    else if (!protocols.includes(port['protocol'])) errors.push(notSupported(`${here}.protocol`, port['protocol'], protocols))
    errors.push(...portRule(port['targetPort'], `${here}.targetPort`))
  }
  return errors
}

const affinityRules = (spec: Fields): Errors => {
  const affinity: string = spec['sessionAffinity'] ?? ''
  if (affinity === '') return [required('spec.sessionAffinity')]
  if (affinity !== 'ClientIP' && affinity !== 'None') return [notSupported('spec.sessionAffinity', affinity, ['ClientIP', 'None'])]
  const seconds: number | undefined = spec['sessionAffinityConfig']?.clientIP?.timeoutSeconds
  if (affinity === 'ClientIP' && seconds !== undefined && (seconds <= 0 || seconds > 86400)) {
    return [invalidValue('spec.sessionAffinityConfig.clientIP.timeoutSeconds', seconds, 'must be greater than 0 and less than 86400')]
  }
  return []
}

const octet = '(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)'
const isAddress = new RegExp(`^(${octet}(\\.${octet}){3}|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)$`)

/** An IP address. Source: IsValidIPForLegacyField */
const addressRule = (address: string, field: string): Errors =>
  isAddress.test(address) ? [] : [invalidValue(field, address, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)')]

const addressRules = (spec: Fields): Errors => {
  if (spec['type'] === 'ExternalName') return []
  const addresses: readonly string[] = spec['clusterIPs'] ?? []
  const first: string = spec['clusterIP'] ?? ''
  const errors: Errors = []
  if (first !== '' && addresses.length > 0 && addresses[0] !== first)
    errors.push(invalidValue('spec.clusterIPs', addresses, 'first value must match `clusterIP`'))
  const families = ['IPv4', 'IPv6']
  for (const [at, family] of ((spec['ipFamilies'] ?? []) as readonly string[]).entries()) {
    if (!families.includes(family)) errors.push(notSupported(`spec.ipFamilies[${at}]`, family, families))
  }
  const policies = ['PreferDualStack', 'RequireDualStack', 'SingleStack']
  if (spec['ipFamilyPolicy'] !== undefined && !policies.includes(spec['ipFamilyPolicy'])) {
    errors.push(notSupported('spec.ipFamilyPolicy', spec['ipFamilyPolicy'], policies))
  }
  for (const [at, address] of addresses.entries()) {
    if (at === 0 && address === 'None') {
      if (addresses.length > 1) errors.push(invalidValue('spec.clusterIPs', addresses, "'None' must be the first and only value"))
    } else errors.push(...addressRule(address, `spec.clusterIPs[${at}]`))
  }
  if (addresses.length > 2) errors.push(invalidValue('spec.clusterIPs', addresses, 'may only hold up to 2 values'))
  return errors
}

const repeatedPortRules = (ports: readonly Fields[]): Errors => {
  const errors: Errors = []
  for (const part of ['nodePort', 'port'] as const) {
    const seen = new Set<string>()
    for (const [at, port] of ports.entries()) {
      if ((port[part] ?? 0) === 0) continue
      const key = `${port['protocol']}/${port[part]}`
      if (seen.has(key)) {
        const shown = { Name: '', Protocol: port['protocol'], AppProtocol: null, Port: port['port'], TargetPort: 0, NodePort: 0 }
        errors.push(part === 'nodePort' ? duplicate(`spec.ports[${at}].nodePort`, port['nodePort']) : duplicate(`spec.ports[${at}]`, shown))
      }
      seen.add(key)
    }
  }
  return errors
}

const trafficRules = (spec: Fields): Errors => {
  const errors: Errors = []
  const outside =
    spec['type'] === 'LoadBalancer' ||
    spec['type'] === 'NodePort' ||
    (spec['type'] === 'ClusterIP' && (spec['externalIPs'] ?? []).length > 0)
  const policy: string = spec['externalTrafficPolicy'] ?? ''
  const policies = ['Cluster', 'Local']
  if (!outside) {
    if (policy !== '') errors.push(invalidValue('spec.externalTrafficPolicy', policy, 'may only be set for externally-accessible services'))
  } else if (policy === '') errors.push(required('spec.externalTrafficPolicy'))
  else if (!policies.includes(policy)) errors.push(notSupported('spec.externalTrafficPolicy', policy, policies))
  const inside: string | undefined = spec['internalTrafficPolicy']
  if (inside !== undefined && !policies.includes(inside)) errors.push(notSupported('spec.internalTrafficPolicy', inside, policies))
  const spread: string | undefined = spec['trafficDistribution']
  const spreads = ['PreferClose', 'PreferSameZone', 'PreferSameNode']
  if (spread !== undefined && !spreads.includes(spread)) errors.push(notSupported('spec.trafficDistribution', spread, spreads))
  return errors
}

/** Rules of a service, beside its metadata. */
export const validateService = (object: KubernetesObject): Errors => {
  const spec: Fields = object['spec'] ?? {}
  const ports: readonly Fields[] = spec['ports'] ?? []
  const type: string = spec['type'] ?? ''
  return [
    ...typeRules(spec),
    ...portRules(ports),
    ...validateLabels(spec['selector'], 'spec.selector'),
    ...affinityRules(spec),
    ...addressRules(spec),
    ...((spec['externalIPs'] ?? []) as readonly string[]).flatMap((address, at) => addressRule(address, `spec.externalIPs[${at}]`)),
    ...(type === '' ? [required('spec.type')] : types.includes(type) ? [] : [notSupported('spec.type', type, types)]),
    ...(type === 'ClusterIP'
      ? ports.flatMap((port, at) =>
          (port['nodePort'] ?? 0) === 0 ? [] : [forbiddenField(`spec.ports[${at}].nodePort`, "may not be used when `type` is 'ClusterIP'")],
        )
      : []),
    ...repeatedPortRules(ports),
    ...(spec['allocateLoadBalancerNodePorts'] !== undefined && type !== 'LoadBalancer'
      ? [forbiddenField('spec.allocateLoadBalancerNodePorts', "may only be used when `type` is 'LoadBalancer'")]
      : []),
    ...((spec['loadBalancerSourceRanges'] ?? []).length > 0 && type !== 'LoadBalancer'
      ? [forbiddenField('spec.LoadBalancerSourceRanges', "may only be used when `type` is 'LoadBalancer'")]
      : []),
    ...(spec['loadBalancerClass'] !== undefined && type !== 'LoadBalancer'
      ? [forbiddenField('spec.loadBalancerClass', "may only be used when `type` is 'LoadBalancer'")]
      : []),
    ...trafficRules(spec),
  ]
}

/** Rules of a changed service, beside its metadata: an address that was given stays. */
export const validateServiceUpdate = (object: KubernetesObject, old: KubernetesObject): Errors => {
  if (object['spec'] === old['spec']) return []
  const errors: Errors = []
  const before: string = old['spec']?.clusterIPs?.[0] ?? old['spec']?.clusterIP ?? ''
  const now: string = object['spec']?.clusterIPs?.[0] ?? object['spec']?.clusterIP ?? ''
  const held = old['spec']?.type !== 'ExternalName' && object['spec']?.type !== 'ExternalName'
  if (held && before !== '' && before !== now) {
    errors.push(invalidValue('spec.clusterIPs[0]', object['spec']?.clusterIPs ?? [now], 'may not change once set'))
  }
  const family: string | undefined = old['spec']?.ipFamilies?.[0]
  if (held && family !== undefined && object['spec']?.ipFamilies?.[0] !== family) {
    errors.push(invalidValue('spec.ipFamilies[0]', object['spec']?.ipFamilies?.[0] ?? '', 'may not change once set'))
  }
  if (
    old['spec']?.type === 'LoadBalancer' &&
    object['spec']?.type === 'LoadBalancer' &&
    old['spec']?.loadBalancerClass !== object['spec']?.loadBalancerClass
  ) {
    errors.push(invalidValue('spec.loadBalancerClass', object['spec']?.loadBalancerClass ?? null, immutable))
  }
  return [...errors, ...validateService(object)]
}
