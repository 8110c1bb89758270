/** `describe service`. Source: kubectl.md 7.5; kubectl pkg/describe/describe.go (describeService), 1.36. */
import type { KubernetesObject } from '../../objects/metadata.ts'
import { annotationLines, eventLines, labelLines, labelText, type Scene, Writer } from './writer.ts'

/** The text; `slices` are its endpoint slices. */
export function describeService(service: KubernetesObject, slices: readonly KubernetesObject[], scene: Scene): string {
  const w = new Writer()
  const { metadata } = service
  const spec = service['spec'] ?? {}
  w.line(0, `Name:\t${metadata.name}`)
  w.line(0, `Namespace:\t${metadata.namespace}`)
  labelLines(w, 'Labels', metadata.labels)
  annotationLines(w, 'Annotations', metadata.annotations)
  w.line(0, `Selector:\t${labelText(spec.selector)}`)
  w.line(0, `Type:\t${spec.type ?? ''}`)
  if (spec.ipFamilyPolicy !== undefined) w.line(0, `IP Family Policy:\t${spec.ipFamilyPolicy}`)
  w.line(0, `IP Families:\t${(spec.ipFamilies ?? []).join(',') || '<none>'}`)
  w.line(0, `IP:\t${spec.clusterIP ?? ''}`)
  w.line(0, `IPs:\t${(spec.clusterIPs ?? []).join(',') || '<none>'}`)
  if ((spec.externalIPs ?? []).length > 0) w.line(0, `External IPs:\t${spec.externalIPs.join(',')}`)
  if (spec.loadBalancerIP) w.line(0, `Desired LoadBalancer IP:\t${spec.loadBalancerIP}`)
  if (spec.externalName) w.line(0, `External Name:\t${spec.externalName}`)
  const ingress = (service['status']?.loadBalancer?.ingress ?? []) as readonly {
    readonly ip?: string
    readonly ipMode?: string
    readonly hostname?: string
  }[]
  if (ingress.length > 0) {
    const texts = ingress.map(({ ip, ipMode, hostname }) => (ip ? `${ip}${ipMode ? ` (${ipMode})` : ''}` : (hostname ?? '')))
    w.line(0, `LoadBalancer Ingress:\t${texts.join(', ')}`)
  }
  for (const port of spec.ports ?? []) {
    const name = port.name || '<unset>'
    w.line(0, `Port:\t${name}\t${port.port}/${port.protocol ?? 'TCP'}`)
    w.line(0, `TargetPort:\t${port.targetPort ?? port.port}/${port.protocol ?? 'TCP'}`)
    if (port.appProtocol !== undefined) w.line(0, `AppProtocol:\t${port.appProtocol}`)
    if (port.nodePort) w.line(0, `NodePort:\t${name}\t${port.nodePort}/${port.protocol ?? 'TCP'}`)
    w.line(0, `Endpoints:\t${endpointText(slices, port.name ?? '')}`)
  }
  w.line(0, `Session Affinity:\t${spec.sessionAffinity ?? ''}`)
  if (spec.externalTrafficPolicy) w.line(0, `External Traffic Policy:\t${spec.externalTrafficPolicy}`)
  if (spec.internalTrafficPolicy !== undefined) w.line(0, `Internal Traffic Policy:\t${spec.internalTrafficPolicy}`)
  if (spec.healthCheckNodePort) w.line(0, `HealthCheck NodePort:\t${spec.healthCheckNodePort}`)
  if ((spec.loadBalancerSourceRanges ?? []).length > 0) w.line(0, `LoadBalancer Source Ranges:\t${spec.loadBalancerSourceRanges.join(',')}`)
  if (spec.trafficDistribution !== undefined) w.line(0, `Traffic Distribution:\t${spec.trafficDistribution}`)
  eventLines(w, scene)
  return w.aligned()
}

type Endpoint = { readonly addresses: readonly string[]; readonly conditions?: { readonly ready?: boolean } }

/** At most three addresses of ready endpoints, and how many more. */
function endpointText(slices: readonly KubernetesObject[], portName: string): string {
  if (slices.length === 0) return '<none>'
  const texts: string[] = []
  for (const slice of slices) {
    const ready = ((slice['endpoints'] ?? []) as readonly Endpoint[]).filter((endpoint) => endpoint.conditions?.ready !== false)
    const ports = (slice['ports'] ?? []) as readonly { readonly name?: string; readonly port?: number }[]
    if (ports.length === 0) texts.push(...ready.map((endpoint) => endpoint.addresses[0] ?? ''))
    for (const port of ports) {
      if ((port.name ?? '') !== portName) continue
      texts.push(...ready.map(({ addresses: [address = ''] }) => `${address.includes(':') ? `[${address}]` : address}:${port.port}`))
    }
  }
  return texts.length > 3 ? `${texts.slice(0, 3).join(',')} + ${texts.length - 3} more...` : texts.join(',')
}
