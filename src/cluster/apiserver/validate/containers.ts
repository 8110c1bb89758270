/** Rules about containers: ports, environment, mounts, probes, hooks. Source: pkg/apis/core/validation/validation.go (1.36), in its order. */
import { configMapKey, dnsLabel, dnsSubdomain, environmentName, headerName, portName, portNumber, qualifiedName } from '../../objects/names.ts'
import type { Fields } from '../defaults/share.ts'
import { duplicate, type Errors, forbiddenField, invalidValue, missing, notSupported, positive, required, tooMany, wantsNotNegative } from './field-error.ts'
import { checked } from './metadata.ts'
import { descendingPath, noBacksteps } from './paths.ts'
import { validateResources } from './resources.ts'
import { validateSecurityContext } from './security.ts'

/** What a container's rules look at beside the container. */
export type PodFacts = {
  /** The volumes that are right themselves, by name. */
  readonly volumes: ReadonlyMap<string, Fields>
  readonly resourceClaims: readonly string[]
  readonly gracePeriod: number | undefined
  readonly restartPolicy: string
  readonly os: string | undefined
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
    if ((port['hostPort'] ?? 0) !== 0) errors.push(...portNumber(port['hostPort']).map((text) => invalidValue(`${here}.hostPort`, port['hostPort'], text)))
    const protocol: string = port['protocol'] ?? ''
    if (protocol === '') errors.push(required(`${here}.protocol`))
    else if (!['SCTP', 'TCP', 'UDP'].includes(protocol)) errors.push(notSupported(`${here}.protocol`, protocol, ['SCTP', 'TCP', 'UDP']))
  }
  return errors
}

const environmentPaths = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
]

const resourcePaths = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
]

/** All that the downward API can name; the rest is refused as a label that cannot be converted. */
const downwardPaths = [...environmentPaths, 'metadata.annotations', 'metadata.labels', 'spec.restartPolicy', 'status.phase']

/** A field of the pod: `metadata.name`, `metadata.labels['app']`. */
export const fieldRefRules = (ref: Fields, paths: readonly string[], field: string): Errors => {
  const path: string = ref['fieldPath'] ?? ''
  if ((ref['apiVersion'] ?? '') === '') return [required(`${field}.apiVersion`)]
  if (path === '') return [required(`${field}.fieldPath`)]
  const subscripted = /^(.+)\['(.+)'\]$/.exec(path)
  const base = subscripted?.[1] ?? path
  if (ref['apiVersion'] !== 'v1') {
    return [invalidValue(`${field}.fieldPath`, path, `error converting fieldPath: unsupported pod version: ${ref['apiVersion']}`)]
  }
  if (!downwardPaths.includes(base)) return [invalidValue(`${field}.fieldPath`, path, `error converting fieldPath: field label not supported: ${path}`)]
  if (subscripted !== null) {
    const key = subscripted[2] as string
    if (base === 'metadata.annotations') return checked(field, key.toLowerCase(), qualifiedName)
    if (base === 'metadata.labels') return checked(field, key, qualifiedName)
    return [invalidValue(field, base, 'does not support subscript')]
  }
  return paths.includes(path) ? [] : [notSupported(`${field}.fieldPath`, path, [...paths].sort())]
}

/** A resource of a container. */
export const resourceRefRules = (ref: Fields, field: string, inVolume: boolean): Errors => {
  const resource: string = ref['resource'] ?? ''
  if (inVolume && (ref['containerName'] ?? '') === '') return [required(`${field}.containerName`)]
  if (resource === '') return [required(`${field}.resource`)]
  const known = resourcePaths.includes(resource) || /^(requests|limits)\.hugepages-/.test(resource)
  return known ? [] : [notSupported(`${field}.resource`, resource, resourcePaths)]
}

const keyRules = (ref: Fields, field: string): Errors => [
  ...((ref['name'] ?? '') === '' ? [required(`${field}.name`)] : []),
  ...((ref['key'] ?? '') === '' ? [required(`${field}.key`)] : checked(`${field}.key`, ref['key'], configMapKey)),
]

const valueFromRules = (variable: Fields, field: string): Errors => {
  const from: Fields | undefined = variable['valueFrom']
  if (from === undefined) return []
  const errors: Errors = []
  let sources = 0
  if (from['fieldRef'] !== undefined) {
    sources++
    errors.push(...fieldRefRules(from['fieldRef'], environmentPaths, `${field}.fieldRef`))
  }
  if (from['resourceFieldRef'] !== undefined) {
    sources++
    errors.push(...resourceRefRules(from['resourceFieldRef'], `${field}.resourceFieldRef`, false))
  }
  for (const source of ['configMapKeyRef', 'secretKeyRef'] as const) {
    if (from[source] === undefined) continue
    sources++
    errors.push(...keyRules(from[source], `${field}.${source}`))
  }
  if (from['fileKeyRef'] !== undefined) sources++
  if (sources === 0) {
    errors.push(invalidValue(field, '', 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`'))
  } else if ((variable['value'] ?? '') !== '') errors.push(invalidValue(field, '', 'may not be specified when `value` is not empty'))
  else if (sources > 1) errors.push(invalidValue(field, '', 'may not have more than one field specified at a time'))
  return errors
}

const environmentRules = (variables: readonly Fields[], field: string): Errors =>
  variables.flatMap((variable, at) => [
    ...((variable['name'] ?? '') === '' ? [required(`${field}[${at}].name`)] : checked(`${field}[${at}].name`, variable['name'], environmentName)),
    ...valueFromRules(variable, `${field}[${at}].valueFrom`),
  ])

const environmentFromRules = (sources: readonly Fields[], field: string): Errors => {
  const errors: Errors = []
  for (const [at, source] of sources.entries()) {
    const here = `${field}[${at}]`
    if ((source['prefix'] ?? '') !== '') errors.push(...checked(`${here}.prefix`, source['prefix'], environmentName))
    const refs = (['configMapRef', 'secretRef'] as const).filter((ref) => source[ref] !== undefined)
    for (const ref of refs) if ((source[ref].name ?? '') === '') errors.push(required(`${here}.${ref}.name`))
    if (refs.length === 0) errors.push(invalidValue(field, '', 'must specify one of: `configMapRef` or `secretRef`'))
    if (refs.length > 1) errors.push(invalidValue(field, '', 'may not have more than one field specified at a time'))
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
    if (devices.some((device) => device['name'] === name)) errors.push(invalidValue(`${here}.name`, name, 'must not already exist in volumeDevices'))
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
        errors.push(forbiddenField(`${field}.mountPropagation`, 'Bidirectional mount propagation is available only to privileged containers'))
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
      errors.push(invalidValue(`${here}.name`, name, 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode'))
    }
    if (devicePath === '') errors.push(required(`${here}.devicePath`))
    if (paths.has(devicePath)) errors.push(invalidValue(`${here}.devicePath`, devicePath, 'must be unique'))
    if (devicePath !== '' && noBacksteps(devicePath, here).length > 0) {
      errors.push(invalidValue(`${here}.devicePath`, devicePath, "can not contain backsteps ('..')"))
    } else paths.add(devicePath)
    if (mounts.some((mount) => mount['name'] === name)) errors.push(invalidValue(`${here}.name`, name, 'must not already exist in volumeMounts'))
    if (mounts.some((mount) => mount['mountPath'] === devicePath)) {
      errors.push(invalidValue(`${here}.devicePath`, devicePath, 'must not already exist as a path in volumeMounts'))
    }
    names.add(name)
  }
  return errors
}

/** A port of a probe, hook or target: a number or a name. */
export const portRule = (port: unknown, field: string): Errors =>
  typeof port === 'string' ? checked(field, port, portName) : portNumber((port as number | undefined) ?? 0).map((text) => invalidValue(field, port ?? 0, text))

const httpRules = (action: Fields, field: string): Errors => [
  ...((action['path'] ?? '') === '' ? [required(`${field}.path`)] : []),
  ...portRule(action['port'], `${field}.port`),
  ...(['HTTP', 'HTTPS'].includes(action['scheme']) ? [] : [notSupported(`${field}.scheme`, action['scheme'] ?? '', ['HTTP', 'HTTPS'])]),
  ...((action['httpHeaders'] ?? []) as readonly Fields[]).flatMap((header) => checked(`${field}.httpHeaders`, header['name'] ?? '', headerName)),
]

const sleepRules = (action: Fields, facts: PodFacts, field: string): Errors => {
  const seconds: number = action['seconds'] ?? 0
  if (facts.gracePeriod === undefined || (seconds >= 0 && seconds <= facts.gracePeriod)) return []
  return [invalidValue(field, seconds, `must be non-negative and less than terminationGracePeriodSeconds (${facts.gracePeriod})`)]
}

const handlerRules = (handler: Fields, kinds: readonly string[], facts: PodFacts, field: string): Errors => {
  const named = kinds.filter((kind) => handler[kind] !== undefined && handler[kind] !== null)
  const [first, ...others] = named
  if (first === undefined) return [required(field, 'must specify a handler type')]
  const action: Fields = handler[first]
  const here = `${field}.${first}`
  const errors: Errors = []
  if (first === 'exec') {
    if ((action['command'] ?? []).length === 0) errors.push(required(`${here}.command`))
  } else if (first === 'httpGet') errors.push(...httpRules(action, here))
  else if (first === 'sleep') errors.push(...sleepRules(action, facts, here))
  else errors.push(...portRule(action['port'], `${here}.port`))
  return [...errors, ...others.map((kind) => forbiddenField(`${field}.${kind}`, 'may not specify more than 1 handler type'))]
}

const probeHandlers = ['exec', 'httpGet', 'tcpSocket', 'grpc']
const hookHandlers = ['exec', 'httpGet', 'tcpSocket', 'sleep']

const probeRules = (probe: Fields, facts: PodFacts, field: string): Errors => {
  const errors = handlerRules(probe, probeHandlers, facts, field)
  for (const part of ['initialDelaySeconds', 'timeoutSeconds', 'periodSeconds', 'successThreshold', 'failureThreshold'] as const) {
    errors.push(...wantsNotNegative(`${field}.${part}`, probe[part]))
  }
  const grace = probe['terminationGracePeriodSeconds']
  if (grace !== undefined && grace <= 0) errors.push(invalidValue(`${field}.terminationGracePeriodSeconds`, grace, positive))
  return errors
}

const allProbeRules = (container: Fields, facts: PodFacts, field: string): Errors => {
  const errors: Errors = []
  for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
    const probe: Fields | undefined = container[name]
    if (probe === undefined || probe === null) continue
    const here = `${field}.${name}`
    errors.push(...probeRules(probe, facts, here))
    if (name !== 'readinessProbe' && probe['successThreshold'] !== 1) {
      errors.push(invalidValue(`${here}.successThreshold`, probe['successThreshold'] ?? 0, 'must be 1'))
    }
    if (name === 'readinessProbe' && probe['terminationGracePeriodSeconds'] !== undefined) {
      errors.push(invalidValue(`${here}.terminationGracePeriodSeconds`, probe['terminationGracePeriodSeconds'], 'must not be set for readinessProbes'))
    }
  }
  return errors
}

const lifecycleRules = (lifecycle: Fields | undefined, facts: PodFacts, field: string): Errors => {
  if (lifecycle === undefined) return []
  const errors = (['postStart', 'preStop'] as const).flatMap((hook) =>
    lifecycle[hook] === undefined ? [] : handlerRules(lifecycle[hook], hookHandlers, facts, `${field}.${hook}`),
  )
  if (lifecycle['stopSignal'] !== undefined && facts.os === undefined) {
    errors.push(forbiddenField(`${field}.stopSignal`, 'may not be set for containers with empty `spec.os.name`'))
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
    else if (restart !== 'NotRequired' && restart !== 'RestartContainer') errors.push(notSupported(field, restart, ['NotRequired', 'RestartContainer']))
    if (restartPolicy === 'Never' && restart !== 'NotRequired') {
      errors.push(invalidValue(field, restart, "must be 'NotRequired' when pod `restartPolicy` is 'Never'"))
    }
  }
  return errors
}

const pullPolicies = ['Always', 'IfNotPresent', 'Never']
const messagePolicies = ['File', 'FallbackToLogsOnError']

const enumRule = (value: string | undefined, supported: readonly string[], field: string): Errors =>
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
  } else if (!containerRestartPolicies.includes(policy)) errors.push(notSupported(`${field}.restartPolicy`, policy, containerRestartPolicies))
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
    errors.push(...lifecycleRules(container['lifecycle'], facts, `${here}.lifecycle`), ...allProbeRules(container, facts, here), ...restartRuleRules(container, here))
  }
  return [...errors, ...hostPortRules(containers, field)]
}

const notForInit = 'may not be set for init containers without restartPolicy=Always'

/** The init containers; those with restartPolicy Always run on beside the application. */
export const validateInitContainers = (containers: readonly Fields[], regular: readonly Fields[], facts: PodFacts, field: string): Errors => {
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
export const validateEphemeralContainers = (containers: readonly Fields[], others: readonly Fields[], facts: PodFacts, field: string): Errors => {
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
export const subdomainRule = (value: string | undefined, field: string): Errors => (value === undefined || value === '' ? [] : checked(field, value, dnsSubdomain))
