/** Namespaces. Source: pkg/registry/core/namespace/strategy.go (1.36). */
import type { KubernetesObject } from '../../objects/metadata.ts'
import { dnsLabel } from '../../objects/names.ts'
import { inField, withAbsent, withField } from '../defaults/share.ts'
import type { Kind } from '../kind.ts'
import { ageColumn, defineKind, nameColumn } from './define.ts'

const nameLabel = 'kubernetes.io/metadata.name'

const labelled = (object: KubernetesObject): KubernetesObject =>
  inField(object, 'metadata', (meta) =>
    meta['name'] ? inField(withAbsent(meta, { labels: {} }), 'labels', (labels) => withField(labels, nameLabel, meta['name'])) : meta,
  )

const withFinalizer = (object: KubernetesObject): KubernetesObject => {
  const finalizers: readonly string[] = object['spec']?.finalizers ?? []
  return finalizers.includes('kubernetes') ? object : { ...object, spec: { ...object['spec'], finalizers: [...finalizers, 'kubernetes'] } }
}

export const namespace: Kind = defineKind({
  kind: 'Namespace',
  apiVersion: 'v1',
  plural: 'namespaces',
  shortNames: ['ns'],
  namespaced: false,
  runs: true,
  subresources: ['status'],
  names: dnsLabel,
  defaults: (object) =>
    inField(withAbsent(labelled(object), { spec: {}, status: {} }), 'status', (status) => withAbsent(status, { phase: 'Active' })),
  prepareCreate: (object) => ({ ...withFinalizer(object), status: { phase: 'Active' } }),
  // What the namespace controller's finalizer holds is taken away through `finalize` alone.
  prepareUpdate: (object, old) => inField(object, 'spec', (spec) => withField(spec, 'finalizers', old['spec']?.finalizers)),
  columns: [nameColumn, { name: 'STATUS', cell: (object) => object['status']?.phase ?? '' }, ageColumn],
  fields: { name: (object) => object.metadata.name, 'status.phase': (object) => object['status']?.phase ?? '' },
})
