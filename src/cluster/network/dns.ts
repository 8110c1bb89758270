/**
 * CoreDNS: which names answer what. It watches Services and EndpointSlices and keeps the name server of the world up to date.
 *
 * It keeps true: a headless Service and its pods with a hostname answer the addresses of ready endpoints, and have no name without one; another
 * Service answers its own address.
 *
 * Source: node-and-storage.md D2; coredns plugin/kubernetes.
 * Differs from Kubernetes: only A records of the cluster's own zone; nothing is cached here (kubeadm caches the cluster zone no more since
 * 1.32); a zone is served by one server, not by several that differ for milliseconds.
 */
import type { Nameserver } from '../../world/nameserver.ts'
import type { Component, Controller, ControllerFactory } from '../client/controller.ts'
import type { KubernetesObject } from '../objects/metadata.ts'

const zone = 'cluster.local'
const serviceLabel = 'kubernetes.io/service-name'

type Endpoint = {
  readonly addresses?: readonly string[] | null
  readonly conditions?: { readonly ready?: boolean | null }
  readonly hostname?: string
}

/** The complete name of a Service. */
export const serviceName = (service: string, namespace: string): string => `${service}.${namespace}.svc.${zone}`

/** The names of a Service and what they answer, given its slices. Source: D2. */
export const answersOf = (
  service: KubernetesObject | undefined,
  slices: readonly KubernetesObject[],
): ReadonlyMap<string, readonly string[]> => {
  const answers = new Map<string, readonly string[]>()
  if (service === undefined || service['spec']?.type === 'ExternalName') return answers
  const name = serviceName(service.metadata.name, service.metadata.namespace ?? '')
  const clusterIP = service['spec']?.clusterIP as string | undefined
  const all = new Set<string>()
  for (const slice of slices) {
    for (const endpoint of (slice['endpoints'] ?? []) as readonly Endpoint[]) {
      if (endpoint.conditions?.ready === false) continue
      for (const address of endpoint.addresses ?? []) {
        all.add(address)
        const { own, answer } = ownAnswerOf(endpoint, address, name)
        const there = answers.get(own)
        if (there === undefined) answers.set(own, answer)
        else if (!there.includes(address)) answers.set(own, [...there, address].sort())
      }
    }
  }
  if (clusterIP !== undefined && clusterIP !== '' && clusterIP !== 'None') answers.set(name, [clusterIP])
  else if (all.size > 0) answers.set(name, [...all].sort())
  return answers
}

type OwnAnswer = { readonly service: string; readonly address: string; readonly own: string; readonly answer: readonly string[] }

const ownAnswers = new WeakMap<Endpoint, OwnAnswer>()

/** An endpoint's own name in a service; made once for each version of the endpoint. Without a hostname it is found by its address with dashes. */
const ownAnswerOf = (endpoint: Endpoint, address: string, service: string): OwnAnswer => {
  const known = ownAnswers.get(endpoint)
  if (known?.service === service && known.address === address) return known
  const own = `${endpoint.hostname ?? address.replaceAll('.', '-')}.${service}`
  const made = { service, address, own, answer: [address] }
  ownAnswers.set(endpoint, made)
  return made
}

/** The component, given the name server that it keeps. */
export const clusterDns =
  (nameserver: Nameserver): ControllerFactory =>
  (component: Component): Controller => {
    const services = component.see.of('Service')
    const slices = component.see.of('EndpointSlice')
    const names = new Map<string, ReadonlySet<string>>()

    const refresh = (namespace: string, name: string): void => {
      const key = `${namespace}/${name}`
      const answers = answersOf(services.get(namespace, name), slices.labelled(namespace, serviceLabel, name))
      const gone = [...(names.get(key) ?? [])].filter((each) => !answers.has(each))
      for (const each of gone) tell(each, [])
      for (const [each, addresses] of answers) tell(each, addresses)
      if (answers.size === 0) names.delete(key)
      else names.set(key, new Set(answers.keys()))
    }

    const tell = (name: string, addresses: readonly string[]): void => {
      if (nameserver.set(name, addresses)) component.record('dns', name, { addresses })
    }

    return {
      name: component.name,
      kinds: ['Service', 'EndpointSlice'],
      workers: 1,
      changed({ object }) {
        const { namespace = '', name, labels } = object.metadata
        if (object.kind === 'Service') return refresh(namespace, name)
        const service = labels?.[serviceLabel]
        if (service !== undefined) refresh(namespace, service)
      },
    }
  }
