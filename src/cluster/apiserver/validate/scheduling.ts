/** Rules about where a pod may run: affinity, tolerations, spread. Source: pkg/apis/core/validation/validation.go (1.36). */
import { dnsLabel, dnsSubdomain, labelValue, qualifiedName } from '../../objects/names.ts'
import type { Fields } from '../defaults/share.ts'
import { duplicate, type Errors, forbiddenField, invalidValue, notSupported, positive, required } from './field-error.ts'
import { checked, validateSelector } from './metadata.ts'

const badOperator = (field: string, operator: unknown) => invalidValue(`${field}.operator`, operator ?? '', 'not a valid selector operator')

const nodeRequirementRules = (requirement: Fields, field: string, strict: boolean): Errors => {
  const errors: Errors = []
  const values: readonly string[] = requirement['values'] ?? []
  switch (requirement['operator']) {
    case 'In':
    case 'NotIn':
      if (values.length === 0) errors.push(required(`${field}.values`, "must be specified when `operator` is 'In' or 'NotIn'"))
      break
    case 'Exists':
    case 'DoesNotExist':
      if (values.length > 0)
        errors.push(forbiddenField(`${field}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"))
      break
    case 'Gt':
    case 'Lt':
      if (values.length !== 1) errors.push(required(`${field}.values`, "must be specified single value when `operator` is 'Lt' or 'Gt'"))
      break
    default:
      errors.push(badOperator(field, requirement['operator']))
  }
  errors.push(...checked(`${field}.key`, requirement['key'] ?? '', qualifiedName))
  if (strict) errors.push(...values.flatMap((value, at) => checked(`${field}.values[${at}]`, value, labelValue)))
  return errors
}

const nodeFieldRules = (requirement: Fields, field: string): Errors => {
  const errors: Errors = []
  const values: readonly string[] = requirement['values'] ?? []
  if (requirement['operator'] !== 'In' && requirement['operator'] !== 'NotIn') errors.push(badOperator(field, requirement['operator']))
  else if (values.length !== 1) {
    errors.push(required(`${field}.values`, "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"))
  }
  if (requirement['key'] !== 'metadata.name')
    errors.push(invalidValue(`${field}.key`, requirement['key'] ?? '', 'not a valid field selector key'))
  else errors.push(...values.flatMap((value, at) => checked(`${field}.values[${at}]`, value, dnsSubdomain)))
  return errors
}

const nodeTermRules = (term: Fields, field: string, strict: boolean): Errors => [
  ...((term['matchExpressions'] ?? []) as readonly Fields[]).flatMap((one, at) =>
    nodeRequirementRules(one, `${field}.matchExpressions[${at}]`, strict),
  ),
  ...((term['matchFields'] ?? []) as readonly Fields[]).flatMap((one, at) => nodeFieldRules(one, `${field}.matchFields[${at}]`)),
]

/** A selector of nodes, of a pod or of a volume. */
export const validateNodeSelector = (selector: Fields, field: string, strict = true): Errors => {
  const terms: readonly Fields[] = selector['nodeSelectorTerms'] ?? []
  if (terms.length === 0) return [required(`${field}.nodeSelectorTerms`, 'must have at least one node selector term')]
  return terms.flatMap((term, at) => nodeTermRules(term, `${field}.nodeSelectorTerms[${at}]`, strict))
}

const labelKeyRules = (term: Fields, field: string): Errors => {
  const errors: Errors = []
  const selectorKeys = Object.keys(term['labelSelector']?.matchLabels ?? {})
  const expressionKeys = ((term['labelSelector']?.matchExpressions ?? []) as readonly Fields[]).map((one) => one['key'] as string)
  // Once is what the server itself has merged into the selector (defaults/label-keys.ts).
  const isTaken = (key: string): boolean => selectorKeys.includes(key) || expressionKeys.filter((one) => one === key).length > 1
  const matching: readonly string[] = term['matchLabelKeys'] ?? []
  const mismatching: readonly string[] = term['mismatchLabelKeys'] ?? []
  for (const [part, keys] of [['matchLabelKeys', matching] as const, ['mismatchLabelKeys', mismatching] as const]) {
    if (keys.length > 0 && term['labelSelector'] === undefined)
      errors.push(forbiddenField(`${field}.${part}`, 'must not be specified when labelSelector is not set'))
    for (const [at, key] of keys.entries()) {
      errors.push(...checked(`${field}.${part}[${at}]`, key, qualifiedName))
      if (isTaken(key)) errors.push(invalidValue(`${field}.${part}[${at}]`, key, 'exists in both matchLabelKeys and labelSelector'))
    }
  }
  for (const [at, key] of matching.entries()) {
    if (mismatching.includes(key))
      errors.push(invalidValue(`${field}.matchLabelKeys[${at}]`, key, 'exists in both matchLabelKeys and mismatchLabelKeys'))
  }
  return errors
}

const podTermRules = (term: Fields, field: string): Errors => [
  ...validateSelector(term['labelSelector'], `${field}.labelSelector`),
  ...validateSelector(term['namespaceSelector'], `${field}.namespaceSelector`),
  ...((term['namespaces'] ?? []) as readonly string[]).flatMap((name) => checked(`${field}.namespace`, name, dnsLabel)),
  ...labelKeyRules(term, field),
  ...((term['topologyKey'] ?? '') === '' ? [required(`${field}.topologyKey`, 'can not be empty')] : []),
  ...checked(`${field}.topologyKey`, term['topologyKey'] ?? '', qualifiedName),
]

const weightRule = (weight: number | undefined, field: string): Errors =>
  (weight ?? 0) >= 1 && (weight ?? 0) <= 100 ? [] : [invalidValue(`${field}.weight`, weight ?? 0, 'must be in the range 1-100')]

const requiredField = 'requiredDuringSchedulingIgnoredDuringExecution'
const preferredField = 'preferredDuringSchedulingIgnoredDuringExecution'

const podAffinityRules = (affinity: Fields | undefined, field: string): Errors =>
  affinity === undefined
    ? []
    : [
        ...((affinity[requiredField] ?? []) as readonly Fields[]).flatMap((term, at) =>
          podTermRules(term, `${field}.${requiredField}[${at}]`),
        ),
        ...((affinity[preferredField] ?? []) as readonly Fields[]).flatMap((weighted, at) => [
          ...weightRule(weighted['weight'], `${field}.${preferredField}[${at}]`),
          ...podTermRules(weighted['podAffinityTerm'] ?? {}, `${field}.${preferredField}[${at}].podAffinityTerm`),
        ]),
      ]

/** `spec.affinity` */
export const validateAffinity = (affinity: Fields | undefined, field: string): Errors => {
  if (affinity === undefined) return []
  const nodes: Fields | undefined = affinity['nodeAffinity']
  return [
    ...(nodes?.[requiredField] === undefined ? [] : validateNodeSelector(nodes[requiredField], `${field}.nodeAffinity.${requiredField}`)),
    ...((nodes?.[preferredField] ?? []) as readonly Fields[]).flatMap((term, at) => [
      ...weightRule(term['weight'], `${field}.nodeAffinity.${preferredField}[${at}]`),
      ...nodeTermRules(term['preference'] ?? {}, `${field}.nodeAffinity.${preferredField}[${at}].preference`, false),
    ]),
    ...podAffinityRules(affinity['podAffinity'], `${field}.podAffinity`),
    ...podAffinityRules(affinity['podAntiAffinity'], `${field}.podAntiAffinity`),
  ]
}

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']

/** The effect of a taint or toleration. */
export const effectRule = (effect: string | undefined, field: string, mayBeEmpty: boolean): Errors => {
  if (effect === undefined || effect === '') return mayBeEmpty ? [] : [required(field)]
  return effects.includes(effect) ? [] : [notSupported(field, effect, effects)]
}

/** `spec.tolerations` */
export const validateTolerations = (tolerations: readonly Fields[], field: string): Errors => {
  const errors: Errors = []
  for (const [at, toleration] of tolerations.entries()) {
    const here = `${field}[${at}]`
    const { key = '', operator = '', value = '', effect = '', tolerationSeconds } = toleration
    if (key !== '') errors.push(...checked(`${here}.key`, key, qualifiedName))
    if (key === '' && operator !== 'Exists') {
      const text = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
      errors.push(invalidValue(`${here}.operator`, operator, text))
    }
    if (tolerationSeconds !== undefined && tolerationSeconds !== null && effect !== 'NoExecute') {
      errors.push(invalidValue(`${here}.effect`, effect, "effect must be 'NoExecute' when `tolerationSeconds` is set"))
    }
    if (operator === 'Equal' || operator === '') {
      const wrong = labelValue(value)
      if (wrong.length > 0) errors.push(invalidValue(`${here}.operator`, value, wrong.join(';')))
    } else if (operator === 'Exists') {
      if (value !== '') errors.push(invalidValue(`${here}.operator`, value, "value must be empty when `operator` is 'Exists'"))
    } else if (operator === 'Lt' || operator === 'Gt')
      errors.push(notSupported(`${here}.operator`, operator, ['Equal', 'Exists', 'Lt', 'Gt']))
    else errors.push(notSupported(`${here}.operator`, operator, ['Equal', 'Exists']))
    errors.push(...effectRule(effect, `${here}.effect`, true))
  }
  return errors
}

const actions = ['DoNotSchedule', 'ScheduleAnyway']
const inclusions = ['Honor', 'Ignore']

/** `spec.topologySpreadConstraints` */
export const validateSpread = (constraints: readonly Fields[], field: string): Errors => {
  const errors: Errors = []
  for (const [at, constraint] of constraints.entries()) {
    const here = `${field}[${at}]`
    const { topologyKey = '', whenUnsatisfiable = '', minDomains } = constraint
    if ((constraint['maxSkew'] ?? 0) <= 0) errors.push(invalidValue(`${here}.maxSkew`, constraint['maxSkew'] ?? 0, positive))
    if (topologyKey === '') errors.push(required(`${here}.topologyKey`, 'can not be empty'))
    if (!actions.includes(whenUnsatisfiable)) errors.push(notSupported(`${here}.whenUnsatisfiable`, whenUnsatisfiable, actions))
    const again = constraints
      .slice(at + 1)
      .some((other) => other['topologyKey'] === topologyKey && other['whenUnsatisfiable'] === whenUnsatisfiable)
    if (again) errors.push(duplicate(`${here}.{topologyKey, whenUnsatisfiable}`, `{${topologyKey}, ${whenUnsatisfiable}}`))
    if (minDomains !== undefined) {
      if (minDomains <= 0) errors.push(invalidValue(`${here}.minDomains`, minDomains, positive))
      if (whenUnsatisfiable !== 'DoNotSchedule') {
        errors.push(
          invalidValue(
            `${here}.minDomains`,
            minDomains,
            `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`,
          ),
        )
      }
    }
    for (const policy of ['nodeAffinityPolicy', 'nodeTaintsPolicy'] as const) {
      if (constraint[policy] !== undefined && !inclusions.includes(constraint[policy]))
        errors.push(notSupported(`${here}.${policy}`, constraint[policy], inclusions))
    }
    errors.push(...labelKeyRules(constraint, here), ...validateSelector(constraint['labelSelector'], `${here}.labelSelector`))
  }
  return errors
}
