/** Leases. Source: pkg/registry/coordination/lease, pkg/apis/coordination/validation. */
import type { Kind } from '../kind.ts'
import { invalidValue } from '../validate/field-error.ts'
import { ageColumn, defineKind, nameColumn } from './define.ts'

export const lease: Kind = defineKind({
  kind: 'Lease',
  apiVersion: 'coordination.k8s.io/v1',
  plural: 'leases',
  runs: true,
  createsOnUpdate: true,
  rules: (object) => {
    const { leaseDurationSeconds: seconds, leaseTransitions: transitions } = object['spec'] ?? {}
    return [
      ...(typeof seconds === 'number' && seconds <= 0
        ? [invalidValue('spec.leaseDurationSeconds', seconds, 'must be greater than 0')]
        : []),
      ...(typeof transitions === 'number' && transitions < 0
        ? [invalidValue('spec.leaseTransitions', transitions, 'must be greater than or equal to 0')]
        : []),
    ]
  },
  columns: [nameColumn, { name: 'HOLDER', cell: (object) => object['spec']?.holderIdentity ?? '' }, ageColumn],
})
