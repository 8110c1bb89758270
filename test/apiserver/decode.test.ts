import { describe, expect, test } from 'vitest'
import { decode } from '../../src/cluster/apiserver/decode.ts'
import { fieldsOfType, typeOfKind } from '../../src/cluster/apiserver/fields/lookup.ts'
import { notModelled, notModelledLines } from '../../src/cluster/apiserver/fields/not-modelled.ts'
import { readFields } from '../../src/cluster/apiserver/fields/read.ts'
import { allKinds, servedKind } from '../../src/cluster/apiserver/kinds/index.ts'
import type { FieldValidation } from '../../src/cluster/apiserver/request.ts'
import type { KubernetesObject } from '../../src/cluster/objects/metadata.ts'
import { type Fields, podOf, podWith, setWith } from './taken.ts'

const decoded = (manifest: Fields, validation: FieldValidation = 'Strict', patch?: unknown) => {
  const kind = servedKind(String(manifest['apiVersion']), String(manifest['kind']))
  if (kind === undefined) throw new Error('the kind is served')
  return decode(kind, manifest as KubernetesObject, validation, patch)
}

const refusal = (manifest: Fields): string => {
  const result = decoded(manifest)
  return 'refused' in result ? result.refused.message : 'taken'
}

const asSet = (text: string) => `StatefulSet in version "v1" cannot be handled as a StatefulSet: ${text}`
const asPod = (text: string) => `Pod in version "v1" cannot be handled as a Pod: ${text}`

// Cases; the rest after encoding/json.
describe('strict decoding', () => {
  test.each<[string, Fields, string]>([
    ['an unknown field', setWith({ spec: { replicsa: 3 } }), asSet('strict decoding error: unknown field "spec.replicsa"')],
    [
      'several, in the order of their names',
      setWith({ spec: { zeta: 1, alpha: 2, template: { spec: { containers: [{ name: 'a', imagee: 'x' }] } } } }),
      asSet(
        'strict decoding error: unknown field "spec.alpha", unknown field "spec.template.spec.containers[0].imagee", unknown field "spec.zeta"',
      ),
    ],
    ['a field of the wrong case', setWith({ spec: { Replicas: 3 } }), asSet('strict decoding error: unknown field "spec.Replicas"')],
    [
      'text for a number',
      setWith({ spec: { replicas: 'two' } }),
      asSet('json: cannot unmarshal string into Go struct field StatefulSetSpec.spec.replicas of type int32'),
    ],
    [
      'half a number',
      setWith({ spec: { replicas: 1.5 } }),
      asSet('json: cannot unmarshal number 1.5 into Go struct field StatefulSetSpec.spec.replicas of type int32'),
    ],
    [
      'a number for text',
      podOf({ env: [{ name: 'A', value: 1 }] }),
      asPod('json: cannot unmarshal number into Go struct field EnvVar.spec.containers.env.value of type string'),
    ],
    [
      'a boolean for a label',
      podWith({}, { labels: { a: true } }),
      asPod('json: cannot unmarshal bool into Go struct field ObjectMeta.metadata.labels of type string'),
    ],
    [
      'a list for a map',
      podWith({ nodeSelector: ['a'] }),
      asPod('json: cannot unmarshal array into Go struct field PodSpec.spec.nodeSelector of type map[string]string'),
    ],
    [
      'a map for a list',
      { ...podWith(), spec: { containers: { name: 'a' } } },
      asPod('json: cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container'),
    ],
    [
      'text for a struct',
      setWith({ spec: { template: 'x' } }),
      asSet('json: cannot unmarshal string into Go struct field StatefulSetSpec.spec.template of type v1.PodTemplateSpec'),
    ],
    [
      'a number for a named text',
      podWith({ restartPolicy: 1 }),
      asPod('json: cannot unmarshal number into Go struct field PodSpec.spec.restartPolicy of type v1.RestartPolicy'),
    ],
    [
      'a quantity that is none',
      podOf({ resources: { limits: { cpu: 'lots' } } }),
      asPod("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"),
    ],
    [
      'a port that is neither number nor name',
      podOf({ readinessProbe: { httpGet: { port: true } } }),
      asPod('json: cannot unmarshal bool into Go struct field HTTPGetAction.spec.containers.readinessProbe.httpGet.port of type int32'),
    ],
    [
      'a secret that is no base64',
      { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, data: { a: 'a b' } },
      'Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte 1',
    ],
    [
      'a wrong type before an unknown field',
      setWith({ spec: { replicsa: 1, minReadySeconds: 'x' } }),
      asSet('json: cannot unmarshal string into Go struct field StatefulSetSpec.spec.minReadySeconds of type int32'),
    ],
  ])('refuses %s', (_what, manifest, text) => {
    expect(refusal(manifest)).toBe(text)
  })

  test('with Warn unknown fields are named and dropped, with Ignore dropped in silence', () => {
    const manifest = setWith({ spec: { replicsa: 3 } })
    const warned = decoded(manifest, 'Warn')
    const ignored = decoded(manifest, 'Ignore')
    if ('refused' in warned || 'refused' in ignored) throw new Error('they are taken')
    expect([warned.warnings, ignored.warnings]).toEqual([['unknown field "spec.replicsa"'], []])
    expect([warned.object['spec'].replicsa, ignored.object['spec'].replicas]).toEqual([undefined, 2])
  })

  test('a patch whose result cannot be read is refused without a kind', () => {
    const result = decoded(setWith({ spec: { replicsa: 3 } }), 'Strict', { spec: { replicsa: 3, x: ['a', null] } })
    expect('refused' in result && result.refused).toMatchObject({
      code: 422,
      reason: 'Invalid',
      details: {
        causes: [
          {
            field: 'patch',
            message: 'Invalid value: "map[spec:map[replicsa:3 x:[a <nil>]]]": strict decoding error: unknown field "spec.replicsa"',
          },
        ],
      },
    })
  })
})

describe('what is kept of an object', () => {
  const kept = (manifest: Fields): KubernetesObject => {
    const result = decoded(manifest)
    if ('refused' in result) throw new Error(result.refused.message)
    return result.object
  }

  test('quantities become canonical', () => {
    const resources = { requests: { cpu: 0.5, memory: '1024Mi', 'ephemeral-storage': '1000k' } }
    expect(kept(podOf({ resources }))['spec'].containers[0].resources.requests).toEqual({
      cpu: '500m',
      memory: '1Gi',
      'ephemeral-storage': '1M',
    })
  })

  test('null, empty lists and maps, and zero values of plain fields go', () => {
    const pod = kept(
      podOf(
        { stdin: false, args: [], resources: {}, readinessProbe: { tcpSocket: { port: 80 }, initialDelaySeconds: 0 } },
        { nodeName: '', hostNetwork: false, securityContext: {}, nodeSelector: null },
      ),
    )
    expect(pod['spec']).toEqual({
      containers: [{ name: 'app', image: 'busybox:1.36', resources: {}, readinessProbe: { tcpSocket: { port: 80 } } }],
      securityContext: {},
    })
  })

  test('zeros and empty texts that mean something stay', () => {
    const set = kept(setWith({ spec: { replicas: 0, serviceName: '', template: { spec: { terminationGracePeriodSeconds: 0 } } } }))
    expect([set['spec'].replicas, set['spec'].serviceName, set['spec'].template.spec.terminationGracePeriodSeconds]).toEqual([0, '', 0])
    const claim = kept({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'c' }, spec: { storageClassName: '' } })
    expect(claim['spec']).toEqual({ storageClassName: '' })
    expect(kept(podOf({ command: ['sh', ''] }))['spec'].containers[0].command).toEqual(['sh', ''])
  })

  test('an object without a mistake and without anything to leave out is the same object', () => {
    const manifest = setWith()
    expect(kept(manifest)).toBe(manifest)
  })
})

test('an autoscaler of autoscaling/v1 is read as one of v2', () => {
  const spec = { scaleTargetRef: { kind: 'StatefulSet', name: 'web' }, maxReplicas: 5, targetCPUUtilizationPercentage: 50 }
  const result = decoded({ apiVersion: 'autoscaling/v1', kind: 'HorizontalPodAutoscaler', metadata: { name: 'h' }, spec })
  if ('refused' in result) throw new Error(result.refused.message)
  expect(result.object['spec'].metrics).toEqual([
    { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } },
  ])
})

test('every mistake is found with its place and the nearest name', () => {
  const { mistakes } = readFields(
    'StatefulSet',
    setWith({ spec: { replcias: 2, minReadySeconds: 'x', template: { spec: { containers: [{ nmae: 'a' }] } } } }),
  )
  expect(mistakes.map(({ kind, path, nearest }) => [kind, path.join('/'), nearest])).toEqual([
    ['type', 'spec/minReadySeconds', undefined],
    ['unknown', 'spec/replcias', 'replicas'],
    ['unknown', 'spec/template/spec/containers/0/nmae', 'name'],
  ])
})

test('each kind has its fields in the table', () => {
  expect(allKinds.filter(({ kind }) => fieldsOfType(typeOfKind(kind))?.has('metadata') !== true)).toEqual([])
})

describe('what is not modelled', () => {
  test('is said once for each feature, with those that ask for it', () => {
    const pods = ['a', 'b'].map((name) => podWith({ securityContext: { fsGroup: 1 }, hostNetwork: true }, { name }) as KubernetesObject)
    const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name: 'r' } }
    expect(notModelledLines([...pods, role])).toEqual([
      'a pod on the host network gets an address of its own (pod/a and 1 more)',
      'security contexts are not enforced (pod/a and 1 more)',
      'roles are stored and shown, and do nothing (role/r)',
    ])
  })

  test('values that ask for nothing are not named', () => {
    expect(notModelled(podWith({ securityContext: {}, hostNetwork: false, dnsPolicy: 'ClusterFirst' }) as KubernetesObject)).toEqual([])
  })
})
