/** PersistentVolumeClaims. Source: pkg/registry/core/persistentvolumeclaim, pkg/apis/core/validation (1.36); node-and-storage.md C1, C9. */
import type { KubernetesObject } from '../../objects/metadata.ts'
import { printQuantity, quantityOf } from '../../objects/quantity.ts'
import { classOf } from '../../objects/volume.ts'
import { claimDefaults } from '../defaults/claim-spec.ts'
import { inField, withField } from '../defaults/share.ts'
import type { Kind } from '../kind.ts'
import { validateClaim, validateClaimStatusUpdate, validateClaimUpdate } from '../validate/claim.ts'
import { fractionalWarning } from '../validate/pod-warnings.ts'
import { accessModesText, shown } from './cells.ts'
import { ageColumn, defineKind, nameColumn } from './define.ts'

const classAnnotation = 'volume.beta.kubernetes.io/storage-class'

const isBoundTo = (claim: KubernetesObject): boolean => (claim['spec']?.volumeName ?? '') !== ''

/** The two ways to name a data source are kept alike. Source: NormalizeDataSources */
const sameSources = (claim: KubernetesObject): KubernetesObject =>
  inField(claim, 'spec', (spec) => {
    if (spec['dataSource'] !== undefined && spec['dataSourceRef'] === undefined) return withField(spec, 'dataSourceRef', spec['dataSource'])
    const ref = spec['dataSourceRef']
    return ref !== undefined && spec['dataSource'] === undefined && ref.namespace === undefined ? withField(spec, 'dataSource', ref) : spec
  })

export const claim: Kind = defineKind({
  kind: 'PersistentVolumeClaim',
  apiVersion: 'v1',
  plural: 'persistentvolumeclaims',
  shortNames: ['pvc'],
  runs: true,
  subresources: ['status'],
  defaults: (object) => claimDefaults(object) as KubernetesObject,
  prepareCreate: (object) => ({ ...sameSources(object), status: { phase: 'Pending' } }),
  prepareUpdate: sameSources,
  rules: validateClaim,
  updateRules: validateClaimUpdate,
  statusRules: validateClaimStatusUpdate,
  warnings: (object) => [
    ...(object.metadata.annotations?.[classAnnotation] === undefined
      ? []
      : [`metadata.annotations[${classAnnotation}]: deprecated since v1.8; use "storageClassName" attribute instead`]),
    ...(['requests', 'limits'] as const).flatMap((side) =>
      fractionalWarning(object['spec']?.resources?.[side]?.storage, `spec.resources.${side}[storage]`),
    ),
  ],
  columns: [
    nameColumn,
    {
      name: 'STATUS',
      cell: (object) => (object.metadata.deletionTimestamp === undefined ? (object['status']?.phase ?? '') : 'Terminating'),
    },
    { name: 'VOLUME', cell: (object) => object['spec']?.volumeName ?? '' },
    { name: 'CAPACITY', cell: (object) => (isBoundTo(object) ? printQuantity(quantityOf(object['status']?.capacity?.storage)) : '') },
    { name: 'ACCESS MODES', cell: (object) => (isBoundTo(object) ? accessModesText(object['status']?.accessModes) : '') },
    { name: 'STORAGECLASS', cell: classOf },
    { name: 'VOLUMEATTRIBUTESCLASS', cell: (object) => shown(object['spec']?.volumeAttributesClassName, '<unset>') },
    ageColumn,
    { name: 'VOLUMEMODE', wide: true, cell: (object) => shown(object['spec']?.volumeMode, '<unset>') },
  ],
  fields: { name: (object) => object.metadata.name },
})
