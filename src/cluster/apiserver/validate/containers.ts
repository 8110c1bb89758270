/** Rules about containers. Source: pkg/apis/core/validation/validation.go (1.36), in its order. */
import { dnsLabel, dnsSubdomain, portName, portNumber } from '../../objects/names.ts'
import type { Fields } from '../defaults/share.ts'
import { environmentFromRules, environmentRules } from './environment.ts'
import { duplicate, type Errors, forbiddenField, invalidValue, missing, notSupported, required, tooMany } from './field-error.ts'
import { checked } from './metadata.ts'
import { descendingPath, noBacksteps } from './paths.ts'
import { allProbeRules, type HandlerFacts, lifecycleRules } from './probes.ts'
import { validateResources } from './resources.ts'
import { validateSecurityContext } from './security.ts'

/** What a container's rules look at beside the container. */
export type PodFacts = HandlerFacts & {
  /** The volumes that are right themselves, by name. */
  readonly volumes: ReadonlyMap<string, Fields>
  readonly resourceClaims: readonly string[]
  readonly restartPolicy: string
}

const portRules = (ports: readonly Fields[], field: string): Errors => {
  const errors: Errors = []
  const names = new Set<string>()
  for (const [at, port] of ports.entries()) {
    const here = `${field}[${at}]`
    const name: string = port['name'] ?? ''
    if (name !== '') {
      const wrong = checked(`${here}.name`, name, portName)
      if (wrong.length > 0) errors.push(...wrong)
      else if (names.has(name)) errors.push(duplicate(`${here}.name`, name))
      names.add(name)
    }
    if ((port['containerPort'] ?? 0) === 0) errors.push(required(`${here}.containerPort`))
    else errors.push(...portNumber(port['containerPort']).map((text) => invalidValue(`${here}.containerPort`, port['containerPort'], text)))
    if ((port['hostPort'] ?? 0) !== 0)
      errors.push(...portNumber(port['hostPort']).map((text) => invalidValue(`${here}.hostPort`, port['hostPort'], text)))
    const protocol: string = port['protocol'] ?? ''
    if (protocol === '') errors.push(required(`${here}.protocol`))
    else if (!['SCTP', 'TCP', 'UDP'].includes(protocol)) errors.push(notSupported(`${here}.protocol`, protocol, ['SCTP', 'TCP', 'UDP']))
  }
  return errors
}

const mountRules = (container: Fields, facts: PodFacts, field: string): Errors => {
  const errors: Errors = []
  const paths = new Set<string>()
  const devices: readonly Fields[] = container['volumeDevices'] ?? []
  for (const [at, mount] of ((container['volumeMounts'] ?? []) as readonly Fields[]).entries()) {
    const here = `${field}[${at}]`
    const { name = '', mountPath = '', subPath = '', subPathExpr = '' } = mount
    if (name === '') errors.push(required(`${here}.name`))
    if (!facts.volumes.has(name)) errors.push(missing(`${here}.name`, name))
    if (mountPath === '') errors.push(required(`${here}.mountPath`))
    if (paths.has(mountPath)) errors.push(invalidValue(`${here}.mountPath`, mountPath, 'must be unique'))
    paths.add(mountPath)
    if (devices.some((device) => device['name'] === name))
      errors.push(invalidValue(`${here}.name`, name, 'must not already exist in volumeDevices'))
    if (devices.some((device) => device['devicePath'] === mountPath)) {
      errors.push(invalidValue(`${here}.mountPath`, mountPath, 'must not already exist as a path in volumeDevices'))
    }
    if (subPath !== '') errors.push(...descendingPath(subPath, `${field}.subPath`))
    if (subPathExpr !== '') {
      if (subPath !== '') errors.push(invalidValue(`${here}.subPathExpr`, subPathExpr, 'subPathExpr and subPath are mutually exclusive'))
      errors.push(...descendingPath(subPathExpr, `${field}.subPathExpr`))
    }
    const propagation = mount['mountPropagation']
    const propagations = ['Bidirectional', 'HostToContainer', 'None']
    if (propagation !== undefined) {
      if (!propagations.includes(propagation)) errors.push(notSupported(`${field}.mountPropagation`, propagation, propagations))
      else if (propagation === 'Bidirectional' && container['securityContext']?.privileged !== true) {
        errors.push(
          forbiddenField(`${field}.mountPropagation`, 'Bidirectional mount propagation is available only to privileged containers'),
        )
      }
    }
  }
  return errors
}

const deviceRules = (container: Fields, facts: PodFacts, field: string): Errors => {
  const errors: Errors = []
  const mounts: readonly Fields[] = container['volumeMounts'] ?? []
  const paths = new Set<string>()
  const names = new Set<string>()
  for (const [at, device] of ((container['volumeDevices'] ?? []) as readonly Fields[]).entries()) {
    const here = `${field}[${at}]`
    const { name = '', devicePath = '' } = device
    const volume = facts.volumes.get(name)
    if (name === '') errors.push(required(`${here}.name`))
    if (names.has(name)) errors.push(invalidValue(`${here}.name`, name, 'must be unique'))
    if (volume === undefined) errors.push(missing(`${here}.name`, name))
    else if (volume['persistentVolumeClaim'] === undefined && volume['ephemeral'] === undefined) {
      errors.push(
        invalidValue(`${here}.name`, name, 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode'),
      )
    }
    if (devicePath === '') errors.push(required(`${here}.devicePath`))
    if (paths.has(devicePath)) errors.push(invalidValue(`${here}.devicePath`, devicePath, 'must be unique'))
    if (devicePath !== '' && noBacksteps(devicePath, here).length > 0) {
      errors.push(invalidValue(`${here}.devicePath`, devicePath, "can not contain backsteps ('..')"))
    } else paths.add(devicePath)
    if (mounts.some((mount) => mount['name'] === name))
      errors.push(invalidValue(`${here}.name`, name, 'must not already exist in volumeMounts'))
    if (mounts.some((mount) => mount['mountPath'] === devicePath)) {
      errors.push(invalidValue(`${here}.devicePath`, devicePath, 'must not already exist as a path in volumeMounts'))
    }
    names.add(name)
  }
  return errors
}

const resizeRules = (policies: readonly Fields[], restartPolicy: string, field: string): Errors => {
  const errors: Errors = []
  const seen = new Set<string>()
  for (const [at, policy] of policies.entries()) {
    const resource: string = policy['resourceName'] ?? ''
    if (seen.has(resource)) errors.push(duplicate(`${field}[${at}]`, resource))
    seen.add(resource)
    if (resource === '') errors.push(required(field))
    else if (resource !== 'cpu' && resource !== 'memory') errors.push(notSupported(field, resource, ['cpu', 'memory']))
    const restart: string = policy['restartPolicy'] ?? ''
    if (restart === '') errors.push(required(field))
    else if (restart !== 'NotRequired' && restart !== 'RestartContainer')
      errors.push(notSupported(field, restart, ['NotRequired', 'RestartContainer']))
    if (restartPolicy === 'Never' && restart !== 'NotRequired') {
      errors.push(invalidValue(field, restart, "must be 'NotRequired' when pod `restartPolicy` is 'Never'"))
    }
  }
  return errors
}

const pullPolicies = ['Always', 'IfNotPresent', 'Never']
const messagePolicies = ['File', 'FallbackToLogsOnError']

/** A value of a fixed list that must be there. */
export const enumRule = (value: string | undefined, supported: readonly string[], field: string): Errors =>
  value === undefined || value === '' ? [required(field)] : supported.includes(value) ? [] : [notSupported(field, value, supported)]

/** What holds for every container. */
const commonRules = (container: Fields, facts: PodFacts, field: string): Errors => [
  ...((container['name'] ?? '') === '' ? [required(`${field}.name`)] : checked(`${field}.name`, container['name'], dnsLabel)),
  ...((container['image'] ?? '') === '' ? [required(`${field}.image`)] : []),
  ...enumRule(container['terminationMessagePolicy'], messagePolicies, `${field}.terminationMessagePolicy`),
  ...portRules(container['ports'] ?? [], `${field}.ports`),
  ...environmentRules(container['env'] ?? [], `${field}.env`),
  ...environmentFromRules(container['envFrom'] ?? [], `${field}.envFrom`),
  ...mountRules(container, facts, `${field}.volumeMounts`),
  ...deviceRules(container, facts, `${field}.volumeDevices`),
  ...enumRule(container['imagePullPolicy'], pullPolicies, `${field}.imagePullPolicy`),
  ...validateResources(container['resources'], `${field}.resources`, facts.resourceClaims),
  ...resizeRules(container['resizePolicy'] ?? [], facts.restartPolicy, `${field}.resizePolicy`),
  ...validateSecurityContext(container['securityContext'], `${field}.securityContext`),
]

const hostPortRules = (containers: readonly Fields[], field: string, from = 0): Errors => {
  const errors: Errors = []
  const taken = new Set<string>()
  for (const [at, container] of containers.entries()) {
    for (const [which, port] of ((container['ports'] ?? []) as readonly Fields[]).entries()) {
      if ((port['hostPort'] ?? 0) === 0) continue
      const text = `${port['protocol'] ?? ''}/${port['hostIP'] ?? ''}/${port['hostPort']}`
      if (taken.has(text)) errors.push(duplicate(`${field}[${at + from}].ports[${which}].hostPort`, text))
      taken.add(text)
    }
  }
  return errors
}

const containerRestartPolicies = ['Always', 'Never', 'OnFailure']

const restartRuleRules = (container: Fields, field: string): Errors => {
  const policy: string | undefined = container['restartPolicy']
  const rules: readonly Fields[] = container['restartPolicyRules'] ?? []
  const errors: Errors = []
  if (policy === undefined) {
    if (rules.length > 0) errors.push(required(`${field}.restartPolicy`, 'must specify restartPolicy when restart rules are used'))
  } else if (!containerRestartPolicies.includes(policy))
    errors.push(notSupported(`${field}.restartPolicy`, policy, containerRestartPolicies))
  if (rules.length > 20) errors.push(tooMany(`${field}.restartPolicyRules`, rules.length, 20))
  return errors
}

/** The application containers. */
export const validateContainers = (containers: readonly Fields[], facts: PodFacts, field: string): Errors => {
  if (containers.length === 0) return [required(field)]
  const errors: Errors = []
  const names = new Set<string>()
  for (const [at, container] of containers.entries()) {
    const here = `${field}[${at}]`
    errors.push(...commonRules(container, facts, here))
    if (names.has(container['name'])) errors.push(duplicate(`${here}.name`, container['name']))
    names.add(container['name'])
    errors.push(
      ...lifecycleRules(container['lifecycle'], facts, `${here}.lifecycle`),
      ...allProbeRules(container, facts, here),
      ...restartRuleRules(container, here),
    )
  }
  return [...errors, ...hostPortRules(containers, field)]
}

const notForInit = 'may not be set for init containers without restartPolicy=Always'

/** The init containers; those with restartPolicy Always run on beside the application. */
export const validateInitContainers = (
  containers: readonly Fields[],
  regular: readonly Fields[],
  facts: PodFacts,
  field: string,
): Errors => {
  const errors: Errors = []
  const names = new Set<string>(regular.map((container) => container['name'] ?? ''))
  for (const [at, container] of containers.entries()) {
    const here = `${field}[${at}]`
    errors.push(...commonRules(container, facts, here), ...restartRuleRules(container, here))
    if (names.has(container['name'])) errors.push(duplicate(`${here}.name`, container['name']))
    names.add(container['name'] ?? '')
    errors.push(...hostPortRules([container], field))
    if (container['restartPolicy'] === 'Always') {
      errors.push(...lifecycleRules(container['lifecycle'], facts, `${here}.lifecycle`), ...allProbeRules(container, facts, here))
      continue
    }
    for (const part of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
      if (container[part] !== undefined) errors.push(forbiddenField(`${here}.${part}`, notForInit))
    }
  }
  return errors
}

const notForEphemeral = ['ports', 'livenessProbe', 'readinessProbe', 'startupProbe', 'lifecycle', 'resizePolicy']

/** Containers that were added to look into a running pod. */
export const validateEphemeralContainers = (
  containers: readonly Fields[],
  others: readonly Fields[],
  facts: PodFacts,
  field: string,
): Errors => {
  const errors: Errors = []
  const names = new Set<string>(others.map((container) => container['name'] ?? ''))
  const targets = new Set(names)
  for (const [at, container] of containers.entries()) {
    const here = `${field}[${at}]`
    errors.push(...commonRules(container, facts, here))
    if (names.has(container['name'])) errors.push(duplicate(`${here}.name`, container['name']))
    names.add(container['name'] ?? '')
    const target: string = container['targetContainerName'] ?? ''
    if (target !== '' && !targets.has(target)) errors.push(missing(`${here}.targetContainerName`, target))
    for (const part of notForEphemeral) {
      if (container[part] !== undefined) errors.push(forbiddenField(`${here}.${part}`, 'cannot be set for an Ephemeral Container'))
    }
  }
  return errors
}

/** `subdomain` rule of names that point elsewhere. */
export const subdomainRule = (value: string | undefined, field: string): Errors =>
  value === undefined || value === '' ? [] : checked(field, value, dnsSubdomain)
