/** Rules about security contexts. Source: pkg/apis/core/validation/validation.go (1.36). They change nothing here: nobody enforces them. */
import { between } from '../../objects/names.ts'
import type { Fields } from '../defaults/share.ts'
import { type Errors, forbiddenField, invalidValue, notSupported, required } from './field-error.ts'
import { descendingPath } from './paths.ts'

const mostId = 2_147_483_647

const idRule = (field: string, value: number | undefined): Errors =>
  value === undefined || (value >= 0 && value <= mostId) ? [] : [invalidValue(field, value, between(0, mostId))]

const seccompTypes = ['Localhost', 'RuntimeDefault', 'Unconfined']

/** Seccomp and AppArmor profiles have one shape. */
const profileRules = (profile: Fields | undefined, field: string): Errors => {
  if (profile === undefined) return []
  const type: string = profile['type'] ?? ''
  const local: string | undefined = profile['localhostProfile']
  if (type === 'Localhost') {
    return local === undefined || local === ''
      ? [required(`${field}.localhostProfile`, 'must be set when seccomp type is Localhost')]
      : descendingPath(local, `${field}.localhostProfile`)
  }
  const errors: Errors =
    local === undefined ? [] : [invalidValue(`${field}.localhostProfile`, local, 'can only be set when seccomp type is Localhost')]
  if (type === '') errors.push(required(`${field}.type`, 'type is required when seccompProfile is set'))
  else if (!seccompTypes.includes(type)) errors.push(notSupported(`${field}.type`, type, seccompTypes))
  return errors
}

/** Of a container. */
export const validateSecurityContext = (context: Fields | undefined, field: string): Errors => {
  if (context === undefined || context === null) return []
  const errors: Errors = [...idRule(`${field}.runAsUser`, context['runAsUser']), ...idRule(`${field}.runAsGroup`, context['runAsGroup'])]
  const procMount = context['procMount']
  if (procMount !== undefined && procMount !== 'Default' && procMount !== 'Unmasked') {
    errors.push(notSupported(`${field}.procMount`, procMount, ['Default', 'Unmasked']))
  }
  errors.push(...profileRules(context['seccompProfile'], `${field}.seccompProfile`))
  if (context['allowPrivilegeEscalation'] === false) {
    if (context['privileged'] === true) {
      errors.push(invalidValue(field, context, 'cannot set `allowPrivilegeEscalation` to false and `privileged` to true'))
    }
    if (((context['capabilities']?.add ?? []) as readonly string[]).includes('CAP_SYS_ADMIN')) {
      errors.push(invalidValue(field, context, 'cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN'))
    }
  }
  return errors
}

const groupPolicies = ['Always', 'OnRootMismatch']

/** Of a pod. */
export const validatePodSecurityContext = (context: Fields | undefined, spec: Fields, field: string): Errors => {
  if (context === undefined || context === null) return []
  const errors: Errors = [
    ...idRule(`${field}.fsGroup`, context['fsGroup']),
    ...idRule(`${field}.runAsUser`, context['runAsUser']),
    ...idRule(`${field}.runAsGroup`, context['runAsGroup']),
    ...((context['supplementalGroups'] ?? []) as readonly number[]).flatMap((group, at) =>
      idRule(`${field}.supplementalGroups[${at}]`, group),
    ),
  ]
  if (spec['shareProcessNamespace'] === true && spec['hostPID'] === true) {
    errors.push(invalidValue(`${field}.shareProcessNamespace`, true, 'ShareProcessNamespace and HostPID cannot both be enabled'))
  }
  const names = new Set<string>()
  for (const [at, sysctl] of ((context['sysctls'] ?? []) as readonly Fields[]).entries()) {
    const name: string = sysctl['name'] ?? ''
    const here = `${field}.sysctls[${at}].name`
    if (name === '') errors.push(required(here))
    else if (names.has(name))
      errors.push({ reason: 'FieldValueDuplicate', field: here, message: `Duplicate value: ${JSON.stringify(name)}` })
    if (name.startsWith('net.') && spec['hostNetwork'] === true)
      errors.push(invalidValue(here, name, "may not be specified when 'hostNetwork' is true"))
    names.add(name)
  }
  const policy = context['fsGroupChangePolicy']
  if (policy !== undefined && !groupPolicies.includes(policy))
    errors.push(notSupported(`${field}.fsGroupChangePolicy`, policy, groupPolicies))
  return [...errors, ...profileRules(context['seccompProfile'], `${field}.seccompProfile`)]
}

/** What a pod may not share with its host when it has users of its own. */
export const validateHostUsers = (spec: Fields, field: string): Errors =>
  spec['hostUsers'] !== false
    ? []
    : [
        ...(spec['hostNetwork'] === true ? [forbiddenField(`${field}.hostNetwork`, 'when `hostUsers` is false')] : []),
        ...(spec['hostPID'] === true ? [forbiddenField(`${field}.HostPID`, 'when `hostUsers` is false')] : []),
        ...(spec['hostIPC'] === true ? [forbiddenField(`${field}.HostIPC`, 'when `hostUsers` is false')] : []),
      ]
