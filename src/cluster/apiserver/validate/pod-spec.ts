/**
 * Rules about a pod's spec, alone or in a template, in Kubernetes' order. A spec that has passed is not looked at again:
 * most writes of a pod change its status alone.
 * Source: ValidatePodSpec in pkg/apis/core/validation/validation.go (1.36).
 */
import { between, dnsLabel, dnsSubdomain, qualifiedName } from '../../objects/names.ts'
import type { Fields } from '../defaults/share.ts'
import {
  enumRule,
  type PodFacts,
  subdomainRule,
  validateContainers,
  validateEphemeralContainers,
  validateInitContainers,
} from './containers.ts'
import { duplicate, type Errors, forbiddenField, invalidValue, missing, required, tooLong } from './field-error.ts'
import { checked, validateAnnotations, validateLabels } from './metadata.ts'
import { validatePodVolumes } from './pod-volumes.ts'
import { validateResources } from './resources.ts'
import { validateAffinity, validateSpread, validateTolerations } from './scheduling.ts'
import { validateHostUsers, validatePodSecurityContext } from './security.ts'

const hostNetworkRules = (spec: Fields, field: string, isPod: boolean): Errors => {
  if (spec['hostNetwork'] !== true) return []
  const errors: Errors = []
  for (const [at, container] of ((spec['containers'] ?? []) as readonly Fields[]).entries()) {
    for (const [which, port] of ((container['ports'] ?? []) as readonly Fields[]).entries()) {
      const host: number = port['hostPort'] ?? 0
      if ((isPod || host !== 0) && host !== port['containerPort']) {
        errors.push(
          invalidValue(
            `${field}.containers[${at}].ports[${which}].hostPort`,
            host,
            'must match `containerPort` when `hostNetwork` is true',
          ),
        )
      }
    }
  }
  return errors
}

const dnsConfigRules = (config: Fields | undefined, policy: string, field: string): Errors => {
  const servers: readonly string[] = config?.['nameservers'] ?? []
  if (policy === 'None') {
    if (config === undefined) return [required(field, 'must provide `dnsConfig` when `dnsPolicy` is None')]
    if (servers.length === 0) return [required(`${field}.nameservers`, 'must provide at least one DNS nameserver when `dnsPolicy` is None')]
  }
  if (config === undefined) return []
  const searches: readonly string[] = config['searches'] ?? []
  return [
    ...(servers.length > 3 ? [invalidValue(`${field}.nameservers`, servers, 'must not have more than 3 nameservers')] : []),
    ...(searches.length > 32 ? [invalidValue(`${field}.searches`, searches, 'must not have more than 32 search paths')] : []),
    ...((config['options'] ?? []) as readonly Fields[]).flatMap((option, at) =>
      (option['name'] ?? '') === '' ? [required(`${field}.options[${at}]`, 'must not be empty')] : [],
    ),
  ]
}

const gateRules = (gates: readonly Fields[], field: string): Errors => {
  const errors: Errors = []
  const seen = new Set<string>()
  for (const [at, gate] of gates.entries()) {
    errors.push(...checked(`${field}[${at}]`, gate['name'] ?? '', qualifiedName))
    if (seen.has(gate['name'])) errors.push(duplicate(`${field}[${at}]`, gate['name']))
    seen.add(gate['name'])
  }
  return errors
}

const fileKeyRules = (spec: Fields, field: string): Errors => {
  const errors: Errors = []
  for (const list of ['initContainers', 'containers'] as const) {
    for (const [at, container] of ((spec[list] ?? []) as readonly Fields[]).entries()) {
      for (const [which, variable] of ((container['env'] ?? []) as readonly Fields[]).entries()) {
        const name: string | undefined = variable['valueFrom']?.fileKeyRef?.volumeName
        if (name === undefined) continue
        const here = `${field}.${list}[${at}].env[${which}].valueFrom.fileKeyRef.volumeName`
        const volume = ((spec['volumes'] ?? []) as readonly Fields[]).find((one) => one['name'] === name)
        if (volume === undefined) errors.push(missing(here, name))
        else if (volume['emptyDir'] === undefined) errors.push(invalidValue(here, name, 'referenced volume must be of type emptyDir'))
      }
    }
  }
  return errors
}

const restartPolicies = ['Always', 'OnFailure', 'Never']
const dnsPolicies = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None']
const mostSeconds = 2_147_483_647

const containerRules = (spec: Fields, podName: string | undefined, field: string): Errors => {
  const { volumes, errors } = validatePodVolumes(spec['volumes'] ?? [], podName, `${field}.volumes`)
  const facts: PodFacts = {
    volumes,
    resourceClaims: ((spec['resourceClaims'] ?? []) as readonly Fields[]).map((claim) => claim['name'] as string),
    gracePeriod: spec['terminationGracePeriodSeconds'],
    restartPolicy: spec['restartPolicy'] ?? '',
    os: spec['os']?.name,
  }
  const containers: readonly Fields[] = spec['containers'] ?? []
  const initContainers: readonly Fields[] = spec['initContainers'] ?? []
  return [
    ...errors,
    ...validateContainers(containers, facts, `${field}.containers`),
    ...validateInitContainers(initContainers, containers, facts, `${field}.initContainers`),
    ...validateEphemeralContainers(
      spec['ephemeralContainers'] ?? [],
      [...containers, ...initContainers],
      facts,
      `${field}.ephemeralContainers`,
    ),
  ]
}

const placementRules = (spec: Fields, field: string): Errors => [
  ...validateLabels(spec['nodeSelector'], `${field}.nodeSelector`),
  ...validatePodSecurityContext(spec['securityContext'], spec, `${field}.securityContext`),
  ...validateAffinity(spec['affinity'], `${field}.affinity`),
  ...dnsConfigRules(spec['dnsConfig'], spec['dnsPolicy'] ?? '', `${field}.dnsConfig`),
  ...((spec['readinessGates'] ?? []) as readonly Fields[]).flatMap((gate, at) =>
    checked(`${field}.readinessGates[${at}].conditionType`, gate['conditionType'] ?? '', qualifiedName),
  ),
  ...gateRules(spec['schedulingGates'] ?? [], `${field}.schedulingGates`),
  ...validateSpread(spec['topologySpreadConstraints'] ?? [], `${field}.topologySpreadConstraints`),
  ...validateHostUsers(spec, field),
]

const deadlineRule = (seconds: number | undefined, field: string): Errors =>
  seconds === undefined || (seconds >= 1 && seconds <= mostSeconds) ? [] : [invalidValue(field, seconds, between(1, mostSeconds))]

const identityRules = (spec: Fields, field: string): Errors => [
  ...subdomainRule(spec['serviceAccountName'], `${field}.serviceAccountName`),
  ...subdomainRule(spec['nodeName'], `${field}.nodeName`),
  ...deadlineRule(spec['activeDeadlineSeconds'], `${field}.activeDeadlineSeconds`),
  ...((spec['hostname'] ?? '') === '' ? [] : checked(`${field}.hostname`, spec['hostname'], dnsLabel)),
  ...((spec['subdomain'] ?? '') === '' ? [] : checked(`${field}.subdomain`, spec['subdomain'], dnsLabel)),
  ...validateTolerations(spec['tolerations'] ?? [], `${field}.tolerations`),
  ...((spec['hostAliases'] ?? []) as readonly Fields[]).flatMap((alias, at) =>
    ((alias['hostnames'] ?? []) as readonly string[]).flatMap((name, which) =>
      checked(`${field}.hostAliases[${at}].hostnames[${which}]`, name, dnsSubdomain),
    ),
  ),
  ...subdomainRule(spec['priorityClassName'], `${field}.priorityClassName`),
  ...subdomainRule(spec['runtimeClassName'], `${field}.runtimeClassName`),
  ...(spec['preemptionPolicy'] === undefined
    ? []
    : enumRule(spec['preemptionPolicy'], ['PreemptLowerPriority', 'Never'], `${field}.preemptionPolicy`)),
  ...(spec['os'] === undefined ? [] : enumRule(spec['os'].name, ['linux', 'windows'], `${field}.os.name`)),
  ...fileKeyRules(spec, field),
]

const hostnameRules = (spec: Fields, field: string): Errors => {
  const name: string | undefined = spec['hostnameOverride']
  if (name === undefined) return []
  const here = `${field}.hostnameOverride`
  return [
    ...(spec['setHostnameAsFQDN'] === true ? [forbiddenField(here, 'may not be specified when setHostnameAsFQDN is true')] : []),
    ...(spec['hostNetwork'] === true ? [forbiddenField(here, 'may not be specified when hostNetwork is true')] : []),
    ...(name.length > 64 ? [tooLong(here, 64)] : []),
    ...checked(here, name, dnsSubdomain),
  ]
}

/** Specs without a mistake, of pods and of templates. */
const right = { pods: new WeakSet<object>(), templates: new WeakSet<object>() }

/** All rules of a spec. `podName` is given for a pod's own. */
export const validatePodSpec = (spec: Fields, podName: string | undefined, field: string): Errors => {
  const isPod = podName !== undefined
  const passed = isPod ? right.pods : right.templates
  if (passed.has(spec)) return []
  const errors: Errors = [
    ...(spec['terminationGracePeriodSeconds'] === undefined ? [required(`${field}.terminationGracePeriodSeconds`)] : []),
    ...containerRules(spec, podName, field),
    ...validateResources(spec['resources'], `${field}.resources`),
    ...hostNetworkRules(spec, field, isPod),
    ...enumRule(spec['restartPolicy'], restartPolicies, `${field}.restartPolicy`),
    ...enumRule(spec['dnsPolicy'], dnsPolicies, `${field}.dnsPolicy`),
    ...placementRules(spec, field),
    ...hostnameRules(spec, field),
    ...identityRules(spec, field),
  ]
  if (errors.length === 0) passed.add(spec)
  return errors
}

/** A pod template. */
export const validatePodTemplate = (template: Fields, field: string): Errors => [
  ...validateLabels(template['metadata']?.labels, `${field}.labels`),
  ...validateAnnotations(template['metadata']?.annotations, `${field}.annotations`),
  ...validatePodSpec(template['spec'] ?? {}, undefined, `${field}.spec`),
  ...((template['spec']?.ephemeralContainers ?? []).length > 0
    ? [forbiddenField(`${field}.spec.ephemeralContainers`, 'ephemeral containers not allowed in pod template')]
    : []),
]
