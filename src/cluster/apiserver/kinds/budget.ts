/** PodDisruptionBudgets. Source: pkg/apis/policy/validation (1.36); node-and-storage.md B12. */
import type { KubernetesObject } from '../../objects/metadata.ts'
import { inField, withAbsent } from '../defaults/share.ts'
import type { Kind } from '../kind.ts'
import { type Errors, invalidValue, notSupported, wantsNotNegative } from '../validate/field-error.ts'
import { validateSelector } from '../validate/metadata.ts'
import { notAboveAll, numberOrPercent } from '../validate/number-or-percent.ts'
import { count } from './cells.ts'
import { ageColumn, defineKind, nameColumn } from './define.ts'

const noCounts = { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 }

const specRules = (object: KubernetesObject): Errors => {
  const spec = object['spec'] ?? {}
  const errors: Errors = []
  if (spec.minAvailable !== undefined && spec.maxUnavailable !== undefined) {
    // The value is that of the internal type, whose fields have no JSON names.
    const shown = {
      MinAvailable: spec.minAvailable,
      Selector: spec.selector ?? null,
      MaxUnavailable: spec.maxUnavailable,
      UnhealthyPodEvictionPolicy: spec.unhealthyPodEvictionPolicy ?? null,
    }
    errors.push(invalidValue('spec', shown, 'minAvailable and maxUnavailable cannot be both set'))
  }
  for (const side of ['minAvailable', 'maxUnavailable'] as const) {
    if (spec[side] === undefined) continue
    errors.push(...numberOrPercent(`spec.${side}`, spec[side]), ...notAboveAll(`spec.${side}`, spec[side]))
  }
  errors.push(...validateSelector(spec.selector, 'spec.selector'))
  const policy = spec.unhealthyPodEvictionPolicy
  const policies = ['AlwaysAllow', 'IfHealthyBudget']
  if (policy !== undefined && !policies.includes(policy)) errors.push(notSupported('spec.unhealthyPodEvictionPolicy', policy, policies))
  return errors
}

export const podDisruptionBudget: Kind = defineKind({
  kind: 'PodDisruptionBudget',
  apiVersion: 'policy/v1',
  plural: 'poddisruptionbudgets',
  shortNames: ['pdb'],
  runs: true,
  subresources: ['status'],
  hasGeneration: true,
  defaults: (object) => inField(withAbsent(object, { spec: {}, status: {} }), 'status', (status) => withAbsent(status, noCounts)),
  prepareCreate: (object) => ({ ...object, status: noCounts }),
  rules: specRules,
  statusRules: (object) =>
    (['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods'] as const).flatMap((field) =>
      wantsNotNegative(`status.${field}`, object['status']?.[field]),
    ),
  columns: [
    nameColumn,
    { name: 'MIN AVAILABLE', cell: (object) => String(object['spec']?.minAvailable ?? 'N/A') },
    { name: 'MAX UNAVAILABLE', cell: (object) => String(object['spec']?.maxUnavailable ?? 'N/A') },
    { name: 'ALLOWED DISRUPTIONS', cell: (object) => count(object['status']?.disruptionsAllowed) },
    ageColumn,
  ],
})
