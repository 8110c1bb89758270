/** Rules about pods. Source: pkg/apis/core/validation/validation.go (1.36): ValidatePodCreate, ValidatePodUpdate, ValidatePodStatusUpdate. */
import type { KubernetesObject } from '../../objects/metadata.ts'
import { between, dnsSubdomain } from '../../objects/names.ts'
import { type Fields, withField } from '../defaults/share.ts'
import { specDifference } from './difference.ts'
import { isSame } from './equal.ts'
import { type Errors, forbiddenField, invalidValue, required, wantsUnchanged } from './field-error.ts'
import { checked } from './metadata.ts'
import { validatePodSpec } from './pod-spec.ts'

const imageRules = (spec: Fields): Errors =>
  (['containers', 'initContainers'] as const).flatMap((list) =>
    ((spec[list] ?? []) as readonly Fields[]).flatMap((container, at) => {
      const image: string = container['image'] ?? ''
      return image.trim() === image
        ? []
        : [invalidValue(`spec.${list}[${at}].image`, image, 'must not have leading or trailing whitespace')]
    }),
  )

const specRules = (pod: KubernetesObject): Errors => {
  const spec: Fields = pod['spec'] ?? {}
  return [...validatePodSpec(spec, pod.metadata.name ?? '', 'spec'), ...imageRules(spec)]
}

/** Rules of a new pod, beside its metadata. */
export const validatePod = (pod: KubernetesObject): Errors => {
  const spec: Fields = pod['spec'] ?? {}
  const errors = specRules(pod)
  if ((spec['ephemeralContainers'] ?? []).length > 0) errors.push(forbiddenField('spec.ephemeralContainers', 'cannot be set on create'))
  if ((spec['nodeName'] ?? '') !== '' && (spec['schedulingGates'] ?? []).length > 0) {
    errors.push(forbiddenField('spec.nodeName', 'cannot be set until all schedulingGates have been cleared'))
  }
  return errors
}

const changeable = [
  '`spec.containers[*].image`',
  '`spec.initContainers[*].image`',
  '`spec.activeDeadlineSeconds`',
  '`spec.tolerations` (only additions to existing tolerations)',
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
].join(',')

const withoutSeconds = (toleration: Fields): Fields => withField(toleration, 'tolerationSeconds', undefined)

const tolerationRules = (spec: Fields, before: Fields): Errors => {
  const now: readonly Fields[] = spec['tolerations'] ?? []
  const kept = ((before['tolerations'] ?? []) as readonly Fields[]).every((old) =>
    now.some((one) => isSame(withoutSeconds(one), withoutSeconds(old))),
  )
  return kept ? [] : [forbiddenField('spec.tolerations', 'existing toleration can not be modified except its tolerationSeconds')]
}

const gateRules = (spec: Fields, before: Fields): Errors => {
  const old = new Set<string>(((before['schedulingGates'] ?? []) as readonly Fields[]).map((gate) => gate['name']))
  return ((spec['schedulingGates'] ?? []) as readonly Fields[]).flatMap((gate, at) =>
    old.has(gate['name'])
      ? []
      : [forbiddenField(`spec.schedulingGates[${at}].name`, `only deletion is allowed, but found new scheduling gate '${gate['name']}'`)],
  )
}

const withImagesOf = (list: readonly Fields[] | undefined, before: readonly Fields[] | undefined): readonly Fields[] | undefined =>
  list?.map((container, at) => withField(container, 'image', before?.[at]?.['image']))

/** The spec with what may change put back as it was. */
const withMutable = (spec: Fields, before: Fields): Fields => {
  let result = withField(spec, 'containers', withImagesOf(spec['containers'], before['containers']))
  result = withField(result, 'initContainers', withImagesOf(spec['initContainers'], before['initContainers']))
  for (const field of ['activeDeadlineSeconds', 'schedulingGates', 'tolerations'] as const) result = withField(result, field, before[field])
  if ((before['terminationGracePeriodSeconds'] ?? 0) < 0 && spec['terminationGracePeriodSeconds'] === 1) {
    result = withField(result, 'terminationGracePeriodSeconds', before['terminationGracePeriodSeconds'])
  }
  // A gated pod may still be given narrower demands. Source: KEP 3838
  if ((before['schedulingGates'] ?? []).length > 0) {
    result = withField(result, 'nodeSelector', before['nodeSelector'])
    if (result['affinity'] !== undefined || before['affinity'] !== undefined) {
      result = withField(result, 'affinity', withField(result['affinity'] ?? {}, 'nodeAffinity', before['affinity']?.nodeAffinity))
    }
  }
  return result
}

const deadlineRules = (spec: Fields, before: Fields): Errors => {
  const field = 'spec.activeDeadlineSeconds'
  const now: number | undefined = spec['activeDeadlineSeconds']
  const old: number | undefined = before['activeDeadlineSeconds']
  if (now === undefined) return old === undefined ? [] : [invalidValue(field, null, 'must not update from a positive integer to nil value')]
  if (now < 0 || now > 2_147_483_647) return [invalidValue(field, now, between(0, 2_147_483_647))]
  return old !== undefined && old < now ? [invalidValue(field, now, 'must be less than or equal to previous value')] : []
}

/** Rules of a changed pod, beside its metadata. */
export const validatePodUpdate = (pod: KubernetesObject, old: KubernetesObject): Errors => {
  const spec: Fields = pod['spec'] ?? {}
  const before: Fields = old['spec'] ?? {}
  if (spec === before) return []
  const errors = specRules(pod)
  for (const list of ['containers', 'initContainers'] as const) {
    if ((spec[list] ?? []).length !== (before[list] ?? []).length) {
      return [...errors, forbiddenField(`spec.${list}`, 'pod updates may not add or remove containers')]
    }
    for (const [at, container] of ((spec[list] ?? []) as readonly Fields[]).entries()) {
      if ((container['image'] ?? '') === '') errors.push(required(`spec.${list}[${at}].image`))
    }
  }
  errors.push(...deadlineRules(spec, before), ...tolerationRules(spec, before), ...gateRules(spec, before))
  const compared = withMutable(spec, before)
  if (!isSame(compared, before)) {
    errors.push(forbiddenField('spec', `pod updates may not change fields other than ${changeable}\n${specDifference(before, compared)}`))
  }
  return errors
}

type Status = { readonly name: string; readonly state?: { readonly terminated?: { readonly exitCode?: number } } }

/** A container that has ended for good does not come back. */
const transitionRules = (pod: KubernetesObject, old: KubernetesObject): Errors => {
  const policy: string = old['spec']?.restartPolicy ?? 'Always'
  if (policy === 'Always' || pod['status'] === old['status']) return []
  const now: readonly Status[] = pod['status']?.containerStatuses ?? []
  return ((old['status']?.containerStatuses ?? []) as readonly Status[]).flatMap((before, at) => {
    const ended = before.state?.terminated
    if (ended === undefined || ((ended.exitCode ?? 0) !== 0 && policy === 'OnFailure')) return []
    const own = ((old['spec']?.containers ?? []) as readonly Fields[]).find((container) => container['name'] === before.name)
    if (own?.['restartPolicy'] !== undefined) return []
    const after = now.find((one) => one.name === before.name)
    return after !== undefined && after.state?.terminated === undefined
      ? [forbiddenField(`status.containerStatuses[${at}].state`, 'may not be transitioned to non-terminated state')]
      : []
  })
}

/** Rules of a pod's status. */
export const validatePodStatusUpdate = (pod: KubernetesObject, old: KubernetesObject): Errors => {
  const nominated: string = pod['status']?.nominatedNodeName ?? ''
  const errors: Errors =
    nominated !== '' && nominated !== old['status']?.nominatedNodeName ? checked('status.nominatedNodeName', nominated, dnsSubdomain) : []
  if ((pod['status']?.observedGeneration ?? 0) < 0) {
    errors.push(invalidValue('status.observedGeneration', pod['status'].observedGeneration, 'must be a non-negative integer'))
  }
  return [...errors, ...wantsUnchanged('status.qosClass', pod['status']?.qosClass, old['status']?.qosClass), ...transitionRules(pod, old)]
}
