import { expect, test } from 'vitest'
import { kindOf } from '../../src/cluster/apiserver/kinds/index.ts'
import type { KubernetesObject } from '../../src/cluster/objects/metadata.ts'
import { contextOf, type Fields, laid, podOf, podWith, setWith, stored } from './taken.ts'

const warned = (manifest: Fields, old?: KubernetesObject): readonly string[] => {
  const object = stored(manifest)
  return kindOf(object.kind)?.warnings?.(object, old, contextOf()) ?? []
}

const inTemplate = (spec: Fields): Fields => setWith({ spec: { template: { spec } } })

// Source: pkg/api/pod/warnings.go, pkg/api/service/warnings.go, pkg/api/persistentvolumeclaim (1.36); statefulset.md 1.2.
test.each<[string, Fields, readonly string[]]>([
  ['nothing odd', podWith(), []],
  [
    'an old label of nodes',
    podWith({ nodeSelector: { 'beta.kubernetes.io/os': 'linux' } }),
    ['spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead'],
  ],
  [
    'an old topology in a template',
    inTemplate({
      topologySpreadConstraints: [
        { maxSkew: 1, topologyKey: 'failure-domain.beta.kubernetes.io/zone', whenUnsatisfiable: 'DoNotSchedule' },
      ],
    }),
    [
      'spec.template.spec.topologySpreadConstraints[0].topologyKey: failure-domain.beta.kubernetes.io/zone is deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
      'spec.template.spec.topologySpreadConstraints[0].labelSelector: a null labelSelector results in matching no pod',
    ],
  ],
  [
    'one variable twice',
    podOf({
      env: [
        { name: 'A', value: '1' },
        { name: 'A', value: '2' },
      ],
    }),
    ['spec.containers[0].env[1]: hides previous definition of "A", which may be dropped when using apply'],
  ],
  [
    'a variable that builds on itself',
    podOf({
      env: [
        { name: 'A', value: '1' },
        { name: 'A', value: '$(A)2' },
      ],
    }),
    [],
  ],
  [
    'half a byte',
    podOf({ resources: { requests: { memory: '100m' } } }),
    ['spec.containers[0].resources.requests[memory]: fractional byte value "100m" is invalid, must be an integer'],
  ],
  [
    'one port twice',
    podOf({ ports: [{ containerPort: 80 }, { containerPort: 80 }] }),
    ['spec.containers[0].ports[1]: duplicate port definition with spec.containers[0].ports[0]'],
  ],
  [
    'a grace below zero',
    podWith({ terminationGracePeriodSeconds: -1 }),
    ['spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1'],
  ],
  [
    'a history without end',
    setWith({ spec: { revisionHistoryLimit: -1 } }),
    ['spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended'],
  ],
  [
    'a headless service that sticks',
    { apiVersion: 'v1', kind: 'Service', metadata: { name: 's' }, spec: { clusterIP: 'None', sessionAffinity: 'ClientIP' } },
    ['spec.SessionAffinity is ignored for headless services'],
  ],
  [
    'a claim with the old annotation',
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'c', annotations: { 'volume.beta.kubernetes.io/storage-class': 'x' } },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    },
    ['metadata.annotations[volume.beta.kubernetes.io/storage-class]: deprecated since v1.8; use "storageClassName" attribute instead'],
  ],
])('%s', (_what, manifest, texts) => {
  expect(warned(manifest)).toEqual(texts)
})

test('a pod whose spec did not change is not warned of again', () => {
  const manifest = podWith({ terminationGracePeriodSeconds: -1 })
  const old = stored(manifest)
  const kind = kindOf('Pod')
  expect(kind?.warnings?.(laid(old, { metadata: { labels: { a: 'b' } } }) as KubernetesObject, old, contextOf())).toEqual([])
})
