/**
 * What the API server warns of when it takes a pod or a template. Source: pkg/api/pod/warnings.go (1.36).
 * Differs from Kubernetes: warnings about host profiles, sysctls and windows options are left out.
 */
import type { KubernetesObject } from '../../objects/metadata.ts'
import type { Fields } from '../defaults/share.ts'

const deprecatedLabels: ReadonlyMap<string, string> = new Map([
  ['beta.kubernetes.io/arch', 'deprecated since v1.14; use "kubernetes.io/arch" instead'],
  ['beta.kubernetes.io/os', 'deprecated since v1.14; use "kubernetes.io/os" instead'],
  ['failure-domain.beta.kubernetes.io/region', 'deprecated since v1.17; use "topology.kubernetes.io/region" instead'],
  ['failure-domain.beta.kubernetes.io/zone', 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead'],
  ['beta.kubernetes.io/instance-type', 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead'],
])

const labelWarning = (field: string, label: string | undefined): readonly string[] => {
  const text = deprecatedLabels.get(label ?? '')
  return text === undefined ? [] : [`${field}: ${text}`]
}

const requiredField = 'requiredDuringSchedulingIgnoredDuringExecution'
const preferredField = 'preferredDuringSchedulingIgnoredDuringExecution'

const termWarnings = (term: Fields, field: string): readonly string[] =>
  ((term['matchExpressions'] ?? []) as readonly Fields[]).flatMap((one, at) =>
    labelWarning(`${field}.matchExpressions[${at}].key`, one['key']).map((text) =>
      text.replace(': deprecated', `: ${one['key']} is deprecated`),
    ),
  )

const labelWarnings = (spec: Fields, field: string): readonly string[] => [
  ...Object.keys(spec['nodeSelector'] ?? {})
    .sort()
    .flatMap((key) => labelWarning(`${field}.nodeSelector[${key}]`, key)),
  ...((spec['affinity']?.nodeAffinity?.[requiredField]?.nodeSelectorTerms ?? []) as readonly Fields[]).flatMap((term, at) =>
    termWarnings(term, `${field}.affinity.nodeAffinity.${requiredField}.nodeSelectorTerms[${at}]`),
  ),
  ...((spec['affinity']?.nodeAffinity?.[preferredField] ?? []) as readonly Fields[]).flatMap((term, at) =>
    termWarnings(term['preference'] ?? {}, `${field}.affinity.nodeAffinity.${preferredField}[${at}].preference`),
  ),
  ...((spec['topologySpreadConstraints'] ?? []) as readonly Fields[]).flatMap((one, at) =>
    labelWarning(`${field}.topologySpreadConstraints[${at}].topologyKey`, one['topologyKey']),
  ),
]

const volumeWarnings = (spec: Fields, field: string): readonly string[] => {
  const texts: Readonly<Record<string, string>> = {
    photonPersistentDisk: 'deprecated in v1.11, non-functional in v1.16+',
    gitRepo: 'deprecated in v1.11',
    scaleIO: 'deprecated in v1.16, non-functional in v1.22+',
    flocker: 'deprecated in v1.22, non-functional in v1.25+',
    storageos: 'deprecated in v1.22, non-functional in v1.25+',
    quobyte: 'deprecated in v1.22, non-functional in v1.25+',
    glusterfs: 'deprecated in v1.25, non-functional in v1.26+',
    cephfs: 'deprecated in v1.28, non-functional in v1.31+',
    rbd: 'deprecated in v1.28, non-functional in v1.31+',
  }
  return ((spec['volumes'] ?? []) as readonly Fields[]).flatMap((volume, at) =>
    Object.keys(texts)
      .filter((kind) => volume[kind] !== undefined)
      .map((kind) => `${field}.volumes[${at}].${kind}: ${texts[kind]}`),
  )
}

const variableWarnings = (container: Fields, field: string): readonly string[] => {
  const seen = new Map<string, string>()
  const warnings: string[] = []
  for (const [at, variable] of ((container['env'] ?? []) as readonly Fields[]).entries()) {
    const name: string = variable['name'] ?? ''
    const value: string | undefined = variable['value']
    // A later one that mentions the earlier one is meant.
    if (seen.has(name) && !(value ?? '').includes(`$(${name})`)) {
      warnings.push(`${field}.env[${at}]: hides previous definition of "${name}", which may be dropped when using apply`)
    }
    seen.set(name, value ?? '')
  }
  return warnings
}

const fractional = (quantity: string | undefined): boolean => quantity !== undefined && /[0-9]m$/.test(quantity)

const resourceWarnings = (container: Fields, field: string): readonly string[] =>
  (['requests', 'limits'] as const).flatMap((side) =>
    (['memory', 'ephemeral-storage'] as const).flatMap((name) => {
      const quantity: string | undefined = container['resources']?.[side]?.[name]
      return fractional(quantity)
        ? [`${field}.resources.${side}[${name}]: fractional byte value "${quantity}" is invalid, must be an integer`]
        : []
    }),
  )

const portWarnings = (spec: Fields, field: string): readonly string[] => {
  const seen = new Map<string, string>()
  const names = new Map<string, string>()
  const warnings: string[] = []
  for (const list of ['containers', 'initContainers'] as const) {
    for (const [at, container] of ((spec[list] ?? []) as readonly Fields[]).entries()) {
      if (list === 'initContainers' && container['restartPolicy'] !== 'Always') continue
      for (const [which, port] of ((container['ports'] ?? []) as readonly Fields[]).entries()) {
        const here = `${field}.${list}[${at}].ports[${which}]`
        const key = `${port['protocol'] ?? 'TCP'}/${port['containerPort']}/${port['hostPort'] ?? 0}/${port['hostIP'] ?? ''}`
        const before = seen.get(key)
        if (before !== undefined) warnings.push(`${here}: duplicate port definition with ${before}`)
        else seen.set(key, here)
        const name: string = port['name'] ?? ''
        const named = name === '' ? undefined : names.get(name)
        if (named !== undefined && !named.startsWith(`${field}.${list}[${at}].`)) {
          warnings.push(
            `${here}: duplicate port name "${name}" with ${named}, services and probes that select ports by name will use ${named}`,
          )
        } else if (name !== '') names.set(name, here)
      }
    }
  }
  return warnings
}

const specWarnings = (spec: Fields, field: string): readonly string[] => {
  const warnings: string[] = [...labelWarnings(spec, field), ...volumeWarnings(spec, field)]
  const aliases = new Set<string>()
  for (const [at, alias] of ((spec['hostAliases'] ?? []) as readonly Fields[]).entries()) {
    if (aliases.has(alias['ip'])) warnings.push(`${field}.hostAliases[${at}].ip: duplicate ip "${alias['ip']}" in hostAliases`)
    aliases.add(alias['ip'])
  }
  const secrets = new Set<string>()
  for (const [at, secret] of ((spec['imagePullSecrets'] ?? []) as readonly Fields[]).entries()) {
    const name: string = secret['name'] ?? ''
    if (name === '') warnings.push(`${field}.imagePullSecrets[${at}].name: invalid empty name ""`)
    else if (secrets.has(name)) warnings.push(`${field}.imagePullSecrets[${at}].name: duplicate name "${name}"`)
    secrets.add(name)
  }
  for (const list of ['initContainers', 'containers'] as const) {
    for (const [at, container] of ((spec[list] ?? []) as readonly Fields[]).entries()) {
      const here = `${field}.${list}[${at}]`
      warnings.push(...variableWarnings(container, here), ...resourceWarnings(container, here))
    }
  }
  warnings.push(...portWarnings(spec, field))
  if ((spec['terminationGracePeriodSeconds'] ?? 0) < 0) {
    warnings.push(`${field}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`)
  }
  return warnings
}

/** Specs that were warned about or not; a spec that did not change says nothing new. */
const isKnown = (spec: unknown, old: unknown): boolean => spec === undefined || spec === old

/** Warnings about a pod, when it is made or its spec changes. */
export const podWarnings = (pod: KubernetesObject, old: KubernetesObject | undefined): readonly string[] =>
  isKnown(pod['spec'], old?.['spec']) ? [] : specWarnings(pod['spec'], 'spec')

/** Warnings about the template of a workload. */
export const podTemplateWarnings = (template: Fields | undefined, old: Fields | undefined): readonly string[] =>
  isKnown(template?.['spec'], old?.['spec']) ? [] : specWarnings(template?.['spec'], 'spec.template.spec')
