/**
 * Gives a service its cluster address and its node ports, and refuses those that another one has.
 * Source: pkg/registry/core/service/storage/alloc.go (1.36), with kubeadm's ranges.
 * Differs from Kubernetes: the registry does it, not an admission plugin; the address comes from the seed.
 */
import type { KubernetesObject } from '../../objects/metadata.ts'
import { isHeadless, type ServicePort, wantsClusterIP, wantsNodePorts, withClusterIP } from '../../objects/service.ts'
import type { View } from '../collection.ts'
import { invalid } from '../errors.ts'
import { invalidValue } from '../validate/field-error.ts'
import { type AdmissionContext, type AdmissionPlugin, type Admitted, admitted } from './plugin.ts'

const serviceKind = { kind: 'Service', plural: 'services', group: '' }

/** 10.96.1.0 to 10.96.255.255: below it lie the addresses that an installer gives out by hand. */
const firstAddress = 256
const addresses = 65_536 - firstAddress

const firstPort = 30_000
const ports = 2768

/** A number below `count` out of five letters. */
const numberOf = (letters: string, count: number): number => {
  let number = 0
  for (const letter of letters) number = (number * 31 + letter.charCodeAt(0)) % count
  return number
}

const addressText = (at: number): string => `10.96.${Math.floor(at / 256)}.${at % 256}`

const othersOf = (store: View, service: KubernetesObject): readonly KubernetesObject[] =>
  [...store.of('Service').values()].filter(
    (other) => other.metadata.name !== service.metadata.name || other.metadata.namespace !== service.metadata.namespace,
  )

const addressesOf = (services: readonly KubernetesObject[]): ReadonlySet<string> =>
  new Set(services.filter((service) => !isHeadless(service)).flatMap((service) => (service['spec']?.clusterIPs ?? []) as readonly string[]))

const withAddress = (service: KubernetesObject, context: AdmissionContext): KubernetesObject => {
  const taken = addressesOf(othersOf(context.store, service))
  const from = numberOf(context.suffix('cluster address'), addresses)
  for (let step = 0; step < addresses; step++) {
    const address = addressText(firstAddress + ((from + step) % addresses))
    if (!taken.has(address)) return withClusterIP(service, address)
  }
  return service
}

const withPorts = (service: KubernetesObject, context: AdmissionContext): KubernetesObject => {
  const list = (service['spec']?.ports ?? []) as readonly ServicePort[]
  const taken = new Set(
    [...othersOf(context.store, service), service].flatMap((one) =>
      ((one['spec']?.ports ?? []) as readonly ServicePort[]).map((port) => port.nodePort),
    ),
  )
  const given = list.map((port) => {
    if ((port.nodePort ?? 0) !== 0) return port
    let at = numberOf(context.suffix(`node port ${port.port}`), ports)
    while (taken.has(firstPort + at)) at = (at + 1) % ports
    taken.add(firstPort + at)
    return { ...port, nodePort: firstPort + at }
  })
  return { ...service, spec: { ...service['spec'], ports: given } }
}

/** An address that was asked for and that another service has. */
const refusalOf = (service: KubernetesObject, context: AdmissionContext): Admitted | undefined => {
  const asked = (service['spec']?.clusterIPs ?? []) as readonly string[]
  if (isHeadless(service) || asked.length === 0) return undefined
  const taken = addressesOf(othersOf(context.store, service))
  const twice = asked.find((address) => taken.has(address))
  if (twice === undefined) return undefined
  const error = invalidValue('spec.clusterIPs', asked, `failed to allocate IP ${twice}: provided IP is already allocated`)
  return { refused: invalid(serviceKind, service.metadata.name, [error]) }
}

export const serviceAddress: AdmissionPlugin = {
  name: 'ServiceAddress',
  kinds: ['Service'],
  create: (service, context) => {
    const refusal = refusalOf(service, context)
    if (refusal !== undefined) return refusal
    const addressed = wantsClusterIP(service) ? withAddress(service, context) : service
    return admitted(wantsNodePorts(addressed) ? withPorts(addressed, context) : addressed)
  },
}
