/** PersistentVolumes. Source: pkg/registry/core/persistentvolume, pkg/apis/core/validation (1.36). */
import type { KubernetesObject } from '../../objects/metadata.ts'
import { printQuantity, quantityOf } from '../../objects/quantity.ts'
import { classOf } from '../../objects/volume.ts'
import { resourceListDefaults } from '../defaults/resources.ts'
import { inField, withAbsent } from '../defaults/share.ts'
import type { Kind } from '../kind.ts'
import { validateVolume, validateVolumeStatusUpdate, validateVolumeUpdate } from '../validate/volume.ts'
import { accessModesText, shown } from './cells.ts'
import { ageColumn, defineKind, nameColumn } from './define.ts'

const claimText = (volume: KubernetesObject): string => {
  const claim = volume['spec']?.claimRef
  return claim === undefined ? '' : `${claim.namespace ?? ''}/${claim.name ?? ''}`
}

export const volume: Kind = defineKind({
  kind: 'PersistentVolume',
  apiVersion: 'v1',
  plural: 'persistentvolumes',
  shortNames: ['pv'],
  namespaced: false,
  runs: true,
  subresources: ['status'],
  defaults: (object) =>
    inField(
      inField(withAbsent(object, { spec: {}, status: {} }), 'spec', (spec) =>
        inField(withAbsent(spec, { persistentVolumeReclaimPolicy: 'Retain', volumeMode: 'Filesystem' }), 'capacity', resourceListDefaults),
      ),
      'status',
      (status) => withAbsent(status, { phase: 'Pending' }),
    ),
  prepareCreate: (object, context) => ({ ...object, status: { phase: 'Pending', lastPhaseTransitionTime: context.time } }),
  rules: validateVolume,
  updateRules: validateVolumeUpdate,
  statusRules: validateVolumeStatusUpdate,
  warnings: (object) =>
    object['spec']?.persistentVolumeReclaimPolicy === 'Recycle'
      ? [
          'spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.',
        ]
      : [],
  columns: [
    nameColumn,
    { name: 'CAPACITY', cell: (object) => printQuantity(quantityOf(object['spec']?.capacity?.storage)) },
    { name: 'ACCESS MODES', cell: (object) => accessModesText(object['spec']?.accessModes) },
    { name: 'RECLAIM POLICY', cell: (object) => object['spec']?.persistentVolumeReclaimPolicy ?? '' },
    {
      name: 'STATUS',
      cell: (object) => (object.metadata.deletionTimestamp === undefined ? (object['status']?.phase ?? '') : 'Terminating'),
    },
    { name: 'CLAIM', cell: claimText },
    { name: 'STORAGECLASS', cell: classOf },
    { name: 'VOLUMEATTRIBUTESCLASS', cell: (object) => shown(object['spec']?.volumeAttributesClassName, '<unset>') },
    { name: 'REASON', cell: (object) => object['status']?.reason ?? '' },
    ageColumn,
    { name: 'VOLUMEMODE', wide: true, cell: (object) => shown(object['spec']?.volumeMode, '<unset>') },
  ],
  fields: { name: (object) => object.metadata.name },
})
