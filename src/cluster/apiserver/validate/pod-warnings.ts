/**
 * What the API server warns of when it takes a pod or a template. Source: pkg/api/pod/warnings.go, pkg/api/node/util.go (1.36).
 * Differs from Kubernetes: warnings about seccomp and AppArmor annotations, odd spellings of addresses and overlapping projections are left out.
 */
import type { KubernetesObject } from '../../objects/metadata.ts'
import { quantityOf } from '../../objects/quantity.ts'
import type { Fields } from '../defaults/share.ts'

type Warnings = readonly string[]

const deprecatedLabels: ReadonlyMap<string, string> = new Map([
  ['beta.kubernetes.io/arch', 'deprecated since v1.14; use "kubernetes.io/arch" instead'],
  ['beta.kubernetes.io/os', 'deprecated since v1.14; use "kubernetes.io/os" instead'],
  ['failure-domain.beta.kubernetes.io/region', 'deprecated since v1.17; use "topology.kubernetes.io/region" instead'],
  ['failure-domain.beta.kubernetes.io/zone', 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead'],
  ['beta.kubernetes.io/instance-type', 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead'],
  ['app.kubernetes.io/created-by', 'deprecated since v1.9'],
  ['scheduler.alpha.kubernetes.io/preferAvoidPods', 'deprecated since v1.22; use Taints and Tolerations instead'],
  ['node-role.kubernetes.io/master', 'use "node-role.kubernetes.io/control-plane" instead'],
])

const deprecatedVolumes: ReadonlyMap<string, string> = new Map([
  ['photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  ['gitRepo', 'deprecated in v1.11, and disabled by default in v1.33+'],
  ['scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['flocker', 'deprecated in v1.22, non-functional in v1.25+'],
  ['storageos', 'deprecated in v1.22, non-functional in v1.25+'],
  ['quobyte', 'deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  ['cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  ['rbd', 'deprecated in v1.28, non-functional in v1.31+'],
])

const deprecatedAnnotations: ReadonlyMap<string, string> = new Map([
  ['scheduler.alpha.kubernetes.io/critical-pod', 'non-functional in v1.16+; use the "priorityClassName" field instead'],
  ['security.alpha.kubernetes.io/sysctls', 'non-functional in v1.11+; use the "sysctls" field instead'],
  ['security.alpha.kubernetes.io/unsafe-sysctls', 'non-functional in v1.11+; use the "sysctls" field instead'],
])

const listOf = (value: unknown): readonly Fields[] => (value as readonly Fields[] | undefined) ?? []

const required = 'requiredDuringSchedulingIgnoredDuringExecution'
const preferred = 'preferredDuringSchedulingIgnoredDuringExecution'

const isLabel = (field: string, label: string): Warnings => {
  const text = deprecatedLabels.get(label)
  return text === undefined ? [] : [`${field}: ${label} is ${text}`]
}

const nodeTermWarnings = (term: Fields, field: string): Warnings =>
  listOf(term['matchExpressions']).flatMap((one, at) => isLabel(`${field}.matchExpressions[${at}].key`, one['key']))

const placeWarnings = (spec: Fields, field: string): Warnings => {
  const nodes: Fields = spec['affinity']?.nodeAffinity ?? {}
  const here = `${field}.affinity.nodeAffinity`
  return [
    ...Object.keys(spec['nodeSelector'] ?? {})
      .sort()
      .flatMap((key) => (deprecatedLabels.has(key) ? [`${field}.nodeSelector[${key}]: ${deprecatedLabels.get(key)}`] : [])),
    ...listOf(nodes[required]?.nodeSelectorTerms).flatMap((term, at) =>
      nodeTermWarnings(term, `${here}.${required}.nodeSelectorTerms[${at}]`),
    ),
    ...listOf(nodes[preferred]).flatMap((term, at) => nodeTermWarnings(term['preference'] ?? {}, `${here}.${preferred}[${at}].preference`)),
    ...listOf(spec['topologySpreadConstraints']).flatMap((one, at) => [
      ...isLabel(`${field}.topologySpreadConstraints[${at}].topologyKey`, one['topologyKey']),
      ...noSelector(one, `${field}.topologySpreadConstraints[${at}]`),
    ]),
  ]
}

/** A term without a selector selects nobody; people think it selects everybody. */
const noSelector = (term: Fields, field: string): Warnings =>
  (term['labelSelector'] ?? null) === null ? [`${field}.labelSelector: a null labelSelector results in matching no pod`] : []

const podAffinityWarnings = (spec: Fields, field: string): Warnings =>
  (['podAffinity', 'podAntiAffinity'] as const).flatMap((side) => {
    const affinity: Fields = spec['affinity']?.[side] ?? {}
    return [
      ...listOf(affinity[required]).flatMap((term, at) => noSelector(term, `${field}.affinity.${side}.${required}[${at}]`)),
      ...listOf(affinity[preferred]).flatMap((one, at) =>
        noSelector(one['podAffinityTerm'] ?? {}, `${field}.affinity.${side}.${preferred}[${at}].podAffinityTerm`),
      ),
    ]
  })

const volumeWarnings = (spec: Fields, field: string): Warnings =>
  listOf(spec['volumes']).flatMap((volume, at) =>
    [...deprecatedVolumes]
      .filter(([kind]) => volume[kind] !== undefined)
      .map(([kind, text]) => `${field}.volumes[${at}].${kind === 'storageos' ? 'storageOS' : kind}: ${text}`),
  )

const repeatedWarnings = (spec: Fields, field: string): Warnings => {
  const twice = (list: readonly Fields[], part: string, name: string): Warnings =>
    list.flatMap((one, at) =>
      list.findIndex((other) => other[part] === one[part]) < at
        ? [`${field}.${name}[${at}].${part}: duplicate ${part} ${JSON.stringify(one[part])}`]
        : [],
    )
  const secrets = listOf(spec['imagePullSecrets'])
  return [
    ...twice(listOf(spec['hostAliases']), 'ip', 'hostAliases'),
    ...twice(secrets, 'name', 'imagePullSecrets'),
    ...secrets.flatMap((secret, at) =>
      (secret['name'] ?? '') === '' ? [`${field}.imagePullSecrets[${at}].name: invalid empty name ""`] : [],
    ),
  ]
}

const isFractional = (quantity: string | undefined): boolean => quantityOf(quantity).nano % 1_000_000_000n !== 0n

/** A size that is no whole number of bytes. */
export const fractionalWarning = (quantity: string | undefined, field: string): Warnings =>
  isFractional(quantity) ? [`${field}: fractional byte value ${JSON.stringify(quantity)} is invalid, must be an integer`] : []

const variableWarnings = (container: Fields, field: string): Warnings => {
  const seen = new Set<string>()
  return listOf(container['env']).flatMap((variable, at) => {
    const name: string = variable['name'] ?? ''
    const value: string = variable['value'] ?? ''
    const again = seen.has(name)
    seen.add(name)
    // A later one that builds on the earlier one is meant.
    const builds = variable['valueFrom'] === undefined && value !== `$(${name})` && value.includes(`$(${name})`)
    return again && !builds
      ? [`${field}.env[${at}]: hides previous definition of ${JSON.stringify(name)}, which may be dropped when using apply`]
      : []
  })
}

const containerWarnings = (container: Fields, field: string): Warnings => [
  ...(['memory', 'ephemeral-storage'] as const).flatMap((name) =>
    (['limits', 'requests'] as const).flatMap((side) =>
      fractionalWarning(container['resources']?.[side]?.[name], `${field}.resources.${side}[${name}]`),
    ),
  ),
  ...variableWarnings(container, field),
]

type Placed = { readonly field: string; readonly container: Fields }

const containersOf = (spec: Fields, field: string): readonly Placed[] =>
  (['initContainers', 'containers', 'ephemeralContainers'] as const).flatMap((list) =>
    listOf(spec[list]).map((container, at) => ({ field: `${field}.${list}[${at}]`, container })),
  )

const clashText = (port: Fields, other: Fields): string | undefined => {
  const [host, otherHost] = [port['hostPort'] ?? 0, other['hostPort'] ?? 0]
  const [ip, otherIp] = [port['hostIP'] ?? '', other['hostIP'] ?? '']
  if (ip === otherIp && host === otherHost) return 'duplicate port definition'
  if (host === 0 || otherHost === 0) return 'overlapping port definition'
  return host === otherHost && (ip === '') !== (otherIp === '') ? 'dangerously ambiguous port definition' : undefined
}

const portWarnings = (containers: readonly Placed[]): Warnings => {
  const ports = containers.flatMap(({ field, container }) =>
    listOf(container['ports']).map((port, at) => ({ field: `${field}.ports[${at}]`, port })),
  )
  const clashes = ports.flatMap(({ field, port }, at) =>
    ports
      .slice(0, at)
      .filter(({ port: other }) => other['containerPort'] === port['containerPort'] && other['protocol'] === port['protocol'])
      .flatMap((other) => {
        const text = clashText(port, other.port)
        return text === undefined ? [] : [`${field}: ${text} with ${other.field}`]
      }),
  )
  const names = new Map<string, string>()
  const doubles = ports.flatMap(({ field, port }) => {
    const name: string = port['name'] ?? ''
    const first = names.get(name)
    if (name === '' || first === undefined) {
      if (name !== '') names.set(name, field)
      return []
    }
    return [
      `${field}: duplicate port name ${JSON.stringify(name)} with ${first}, services and probes that select ports by name will use ${first}`,
    ]
  })
  return [...clashes, ...doubles]
}

const specWarnings = (spec: Fields, annotations: Fields | undefined, field: string): Warnings => {
  const containers = containersOf(spec, field)
  const meta = field.replace(/spec$/, 'metadata')
  return [
    ...placeWarnings(spec, field),
    ...[...deprecatedAnnotations]
      .filter(([key]) => annotations?.[key] !== undefined)
      .map(([key, text]) => `${meta}.annotations[${key}]: ${text}`),
    ...volumeWarnings(spec, field),
    ...repeatedWarnings(spec, field),
    ...containers.flatMap(({ field: here, container }) => containerWarnings(container, here)),
    ...portWarnings(containers),
    ...((spec['terminationGracePeriodSeconds'] ?? 0) < 0
      ? [`${field}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`]
      : []),
    ...podAffinityWarnings(spec, field),
  ]
}

/** Warnings about a pod, when it is made or its spec changes. */
export const podWarnings = (pod: KubernetesObject, old: KubernetesObject | undefined): Warnings =>
  pod['spec'] === undefined || pod['spec'] === old?.['spec'] ? [] : specWarnings(pod['spec'], pod.metadata.annotations, 'spec')

/** Warnings about the template of a workload, when it is made or the template changes. */
export const podTemplateWarnings = (template: Fields | undefined, old: Fields | undefined): Warnings =>
  template?.['spec'] === undefined || template['spec'] === old?.['spec']
    ? []
    : specWarnings(template['spec'], template['metadata']?.annotations, 'spec.template.spec')
