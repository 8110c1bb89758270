import { describe, expect, test } from 'vitest'
import type { KubernetesObject } from '../../src/cluster/objects/metadata.ts'
import { changed, contextOf, created, type Fields, laid, podOf, podWith, setWith, stored } from './taken.ts'

/** What validation says, or `taken`. */
const verdict = (manifest: Fields, release = '1.36'): string => {
  const result = created(manifest, contextOf(release))
  return typeof result === 'string' ? result : 'taken'
}

const label1123 =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
const labelValue =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
const keyName =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
const notNegative = 'must be greater than or equal to 0'
const claims = (spec: Fields): Fields => ({ spec: { volumeClaimTemplates: [{ metadata: { name: 'data' }, spec }] } })

// The texts are those of a real API server 1.36.2 (cases ), or read in its source.
describe('a StatefulSet', () => {
  test('that is whole is taken', () => {
    expect(verdict(setWith())).toBe('taken')
  })

  test.each<[string, Fields, string]>([
    ['a negative number of replicas', { spec: { replicas: -1 } }, `spec.replicas: Invalid value: -1: ${notNegative}`],
    [
      'an unknown strategy, with the names of Go',
      { spec: { updateStrategy: { type: 'Blue' } } },
      `spec.updateStrategy: Invalid value: {"Type":"Blue","RollingUpdate":null}: must be 'RollingUpdate' or 'OnDelete'`,
    ],
    [
      'a rolling block beside OnDelete',
      { spec: { updateStrategy: { type: 'OnDelete', rollingUpdate: { partition: 1 } } } },
      `spec.updateStrategy.rollingUpdate: Invalid value: {"Partition":1,"MaxUnavailable":null}: only allowed for updateStrategy 'RollingUpdate'`,
    ],
    [
      'a negative partition',
      { spec: { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: -2 } } } },
      `spec.updateStrategy.rollingUpdate.partition: Invalid value: -2: ${notNegative}`,
    ],
    ['negative minReadySeconds', { spec: { minReadySeconds: -1 } }, `spec.minReadySeconds: Invalid value: -1: ${notNegative}`],
    ['a negative start ordinal', { spec: { ordinals: { start: -1 } } }, `spec.ordinals.start: Invalid value: -1: ${notNegative}`],
    [
      'a retention policy of no kind',
      { spec: { persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Keep' } } },
      'spec.persistentVolumeClaimRetentionPolicy.whenDeleted: Unsupported value: "Keep": supported values: "Retain", "Delete"',
    ],
    [
      'a selector that does not meet the labels',
      { spec: { selector: { matchLabels: { app: 'other' } } } },
      'spec.template.metadata.labels: Invalid value: {"app":"nginx"}: `selector` does not match template `labels`',
    ],
    [
      'an empty selector',
      { spec: { selector: { matchLabels: undefined } } },
      'spec.selector: Invalid value: {}: empty selector is invalid for statefulset',
    ],
    ['no selector', { spec: { selector: undefined } }, 'spec.selector: Required value'],
    [
      'a deadline in the template',
      { spec: { template: { spec: { activeDeadlineSeconds: 60 } } } },
      'spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in StatefulSet is not Supported',
    ],
    [
      'another restart policy',
      { spec: { template: { spec: { restartPolicy: 'OnFailure' } } } },
      'spec.template.spec.restartPolicy: Unsupported value: "OnFailure": supported values: "Always"',
    ],
    ['a name with a dot', { metadata: { name: 'web.db' } }, 'metadata.name: Invalid value: "web.db": must not contain dots'],
    [
      'a serviceName that is no label',
      { spec: { serviceName: 'My_Service' } },
      `spec.serviceName: Invalid value: "My_Service": ${label1123}`,
    ],
    [
      'a claim template without a mode',
      claims({ resources: { requests: { storage: '1Gi' } } }),
      'spec.volumeClaimTemplates[0].spec.accessModes: Required value: at least 1 access mode is required',
    ],
    [
      'a claim template without a size',
      claims({ accessModes: ['ReadWriteOnce'] }),
      'spec.volumeClaimTemplates[0].spec.resources[storage]: Required value',
    ],
    [
      'a claim template of no size',
      claims({ accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '0' } } }),
      'spec.volumeClaimTemplates[0].spec.resources[storage]: Invalid value: "0": must be greater than zero',
    ],
    [
      'a name of a claim template that is no label',
      {
        spec: {
          volumeClaimTemplates: [
            { metadata: { name: 'My_Data' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } },
          ],
        },
      },
      `spec.template.spec.volumes[0].name: Invalid value: "My_Data": ${label1123}`,
    ],
  ])('with %s is refused', (_what, more, text) => {
    expect(verdict(setWith(more))).toBe(text)
  })

  test('a bad label of the template is named twice, at the odd path of Kubernetes', () => {
    const line = `spec.template.labels: Invalid value: "a b": ${labelValue}`
    expect(verdict(setWith({ spec: { template: { metadata: { labels: { tier: 'a b' } } } } }))).toBe(`${line}\n${line}`)
  })

  test('five mistakes are five lines, in the order of the rules', () => {
    const container = { name: 'nginx', volumeMounts: [{ name: 'data', mountPath: '/data' }] }
    const text = verdict(
      setWith({
        spec: { podManagementPolicy: 'Sideways', replicas: -1, minReadySeconds: -5, template: { spec: { containers: [container] } } },
      }),
    )
    expect(text.split('\n')).toEqual([
      `spec.podManagementPolicy: Invalid value: "Sideways": must be 'OrderedReady' or 'Parallel'`,
      `spec.replicas: Invalid value: -1: ${notNegative}`,
      `spec.minReadySeconds: Invalid value: -5: ${notNegative}`,
      'spec.template.spec.containers[0].image: Required value',
      'spec.template.spec.containers[0].volumeMounts[0].name: Not found: "data"',
    ])
  })

  test('claim templates stand for the volumes that the containers mount', () => {
    const mounts = [{ name: 'data', mountPath: '/data' }]
    const template = { spec: { containers: [{ name: 'nginx', image: 'x', volumeMounts: mounts }] } }
    const claim = { metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } }
    expect(verdict(setWith({ spec: { template, volumeClaimTemplates: [claim] } }))).toBe('taken')
  })

  test('in 1.33 the template is not looked into', () => {
    const imageless = setWith({ spec: { template: { spec: { containers: [{ name: 'nginx' }] } } } })
    expect([verdict(imageless, '1.33'), verdict(imageless, '1.34')]).toEqual([
      'taken',
      'spec.template.spec.containers[0].image: Required value',
    ])
  })

  test('maxUnavailable is judged only where its gate is on', () => {
    const with0 = setWith({ spec: { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0 } } } })
    expect([verdict(with0), verdict(with0, '1.37')]).toEqual([
      'taken',
      'spec.updateStrategy.rollingUpdate.maxUnavailable: Invalid value: 0: cannot be 0',
    ])
  })

  test('Recreate is known to the gate of 1.37 alone', () => {
    const recreate = setWith({ spec: { updateStrategy: { type: 'Recreate' } } })
    const on = created(recreate, contextOf('1.37', { StatefulSetRecreateStrategy: true }))
    expect([verdict(recreate, '1.37').slice(0, 19), typeof on]).toEqual(['spec.updateStrategy', 'object'])
  })
})

describe('a change of a StatefulSet', () => {
  const old = stored(setWith())
  const to = (spec: Fields): KubernetesObject => laid(old, { spec }) as KubernetesObject
  const frozen =
    "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"

  test.each<[string, Fields]>([
    ['replicas', { replicas: 5 }],
    ['ordinals', { ordinals: { start: 3 } }],
    ['minReadySeconds', { minReadySeconds: 3 }],
    ['revisionHistoryLimit', { revisionHistoryLimit: 0 }],
    ['the strategy', { updateStrategy: { type: 'OnDelete', rollingUpdate: undefined } }],
    ['the template', { template: { metadata: { labels: { tier: 'x' } } } }],
    ['the retention policy', { persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete' } }],
  ])('may change %s', (_what, spec) => {
    expect(changed(old, to(spec))).toBe('')
  })

  test.each<[string, Fields]>([
    ['serviceName', { serviceName: 'other' }],
    ['podManagementPolicy', { podManagementPolicy: 'Parallel' }],
    ['volumeClaimTemplates', { volumeClaimTemplates: [{ metadata: { name: 'x' }, spec: {} }] }],
  ])('may not change %s', (_what, spec) => {
    expect(changed(old, to(spec))).toBe(frozen)
  })

  test('of its selector breaks two rules', () => {
    expect(changed(old, to({ selector: { matchLabels: { app: 'other' } } }))).toBe(
      `spec.template.metadata.labels: Invalid value: {"app":"nginx"}: \`selector\` does not match template \`labels\`\n${frozen}`,
    )
  })
})

describe('a pod', () => {
  test.each<[string, Fields, string]>([
    ['no container', podWith({ containers: [] }), 'spec.containers: Required value'],
    ['a container without a name', podOf({ name: undefined }), 'spec.containers[0].name: Required value'],
    ['a container name with an underscore', podOf({ name: 'my_app' }), `spec.containers[0].name: Invalid value: "my_app": ${label1123}`],
    [
      'two containers of one name',
      podWith({
        containers: [
          { name: 'a', image: 'x' },
          { name: 'a', image: 'y' },
        ],
      }),
      'spec.containers[1].name: Duplicate value: "a"',
    ],
    [
      'an image with blanks around it',
      podOf({ image: ' x ' }),
      'spec.containers[0].image: Invalid value: " x ": must not have leading or trailing whitespace',
    ],
    ['a port of 0', podOf({ ports: [{ containerPort: 0 }] }), 'spec.containers[0].ports[0].containerPort: Required value'],
    [
      'a port too high',
      podOf({ ports: [{ containerPort: 70000 }] }),
      'spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive',
    ],
    [
      'a protocol of no kind',
      podOf({ ports: [{ containerPort: 80, protocol: 'HTTP' }] }),
      'spec.containers[0].ports[0].protocol: Unsupported value: "HTTP": supported values: "SCTP", "TCP", "UDP"',
    ],
    [
      'a port name that is too long',
      podOf({ ports: [{ containerPort: 80, name: 'a-name-that-is-long' }] }),
      'spec.containers[0].ports[0].name: Invalid value: "a-name-that-is-long": must be no more than 15 characters',
    ],
    [
      'one host port twice',
      podWith({
        containers: [
          { name: 'a', image: 'x', ports: [{ containerPort: 80, hostPort: 8080 }] },
          { name: 'b', image: 'x', ports: [{ containerPort: 81, hostPort: 8080 }] },
        ],
      }),
      'spec.containers[1].ports[0].hostPort: Duplicate value: "TCP//8080"',
    ],
    [
      'a mount of nothing',
      podOf({ volumeMounts: [{ name: 'x', mountPath: '/x' }] }),
      'spec.containers[0].volumeMounts[0].name: Not found: "x"',
    ],
    [
      'two mounts at one path',
      podOf(
        {
          volumeMounts: [
            { name: 'a', mountPath: '/d' },
            { name: 'b', mountPath: '/d' },
          ],
        },
        { volumes: [{ name: 'a', emptyDir: {} }, { name: 'b' }] },
      ),
      'spec.containers[0].volumeMounts[1].mountPath: Invalid value: "/d": must be unique',
    ],
    [
      'a request above its limit',
      podOf({ resources: { requests: { cpu: '2' }, limits: { cpu: '1' } } }),
      'spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
    ],
    [
      'a negative request',
      podOf({ resources: { requests: { cpu: '-1' } } }),
      `spec.containers[0].resources.requests[cpu]: Invalid value: "-1": ${notNegative}`,
    ],
    [
      'a resource of no kind',
      podOf({ resources: { requests: { disk: '1' } } }),
      'spec.containers[0].resources.requests[disk]: Invalid value: "disk": must be a standard resource type or fully qualified\nspec.containers[0].resources.requests[disk]: Invalid value: "disk": must be a standard resource for containers',
    ],
    [
      'an extended resource asked for without a limit',
      podOf({ resources: { requests: { 'example.com/gpu': '1' } } }),
      'spec.containers[0].resources.limits: Required value: Limit must be set for non overcommitable resources',
    ],
    [
      'half a device',
      podOf({ resources: { limits: { 'example.com/gpu': '500m' } } }),
      'spec.containers[0].resources.limits[example.com/gpu]: Invalid value: "500m": must be an integer\nspec.containers[0].resources.requests[example.com/gpu]: Invalid value: "500m": must be an integer',
    ],
    [
      'a probe without a handler',
      podOf({ readinessProbe: { periodSeconds: 5 } }),
      'spec.containers[0].readinessProbe: Required value: must specify a handler type',
    ],
    [
      'a probe with two',
      podOf({ livenessProbe: { exec: { command: ['x'] }, tcpSocket: { port: 80 } } }),
      'spec.containers[0].livenessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type',
    ],
    [
      'a liveness probe that wants two successes',
      podOf({ livenessProbe: { exec: { command: ['x'] }, successThreshold: 2 } }),
      'spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1',
    ],
    [
      'a probe of a port of no name',
      podOf({ readinessProbe: { httpGet: { port: 'HTTP' } } }),
      'spec.containers[0].readinessProbe.httpGet.port: Invalid value: "HTTP": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)\nspec.containers[0].readinessProbe.httpGet.port: Invalid value: "HTTP": must contain at least one letter (a-z)',
    ],
    [
      'a hook of an init container',
      podWith({ initContainers: [{ name: 'i', image: 'x', lifecycle: { preStop: { exec: { command: ['x'] } } } }] }),
      'spec.initContainers[0].lifecycle: Forbidden: may not be set for init containers without restartPolicy=Always',
    ],
    [
      'a pull policy of no kind',
      podOf({ imagePullPolicy: 'Sometimes' }),
      'spec.containers[0].imagePullPolicy: Unsupported value: "Sometimes": supported values: "Always", "IfNotPresent", "Never"',
    ],
    ['a variable without a name', podOf({ env: [{ value: 'x' }] }), 'spec.containers[0].env[0].name: Required value'],
    [
      'a variable from two places',
      podOf({ env: [{ name: 'A', value: 'x', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }] }),
      'spec.containers[0].env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty',
    ],
    [
      'a variable from a field of no kind',
      podOf({ env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.nope' } } }] }),
      'spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Invalid value: "metadata.nope": error converting fieldPath: field label not supported: metadata.nope',
    ],
    ['two volumes of one name', podWith({ volumes: [{ name: 'a' }, { name: 'a' }] }), 'spec.volumes[1].name: Duplicate value: "a"'],
    [
      'a volume of two kinds',
      podWith({ volumes: [{ name: 'a', emptyDir: {}, hostPath: { path: '/x' } }] }),
      'spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type',
    ],
    [
      'a volume of a claim without a name',
      podWith({ volumes: [{ name: 'a', persistentVolumeClaim: { readOnly: true } }] }),
      'spec.volumes[0].persistentVolumeClaim.claimName: Required value',
    ],
    [
      'a restart policy of no kind',
      podWith({ restartPolicy: 'Sometimes' }),
      'spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"',
    ],
    [
      'a toleration of everything but Exists',
      podWith({ tolerations: [{ effect: 'NoSchedule' }] }),
      'spec.tolerations[0].operator: Invalid value: "": operator must be Exists when `key` is empty, which means "match all values and all keys"',
    ],
    [
      'seconds of another effect',
      podWith({ tolerations: [{ key: 'a', operator: 'Exists', tolerationSeconds: 3 }] }),
      'spec.tolerations[0].effect: Invalid value: "": effect must be \'NoExecute\' when `tolerationSeconds` is set',
    ],
    [
      'an anti-affinity without a topology',
      podWith({
        affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ labelSelector: {}, topologyKey: '' }] } },
      }),
      `spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey: Required value: can not be empty\nspec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey: Invalid value: "": name part must be non-empty\nspec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey: Invalid value: "": ${keyName}`,
    ],
    [
      'a weight of 0',
      podWith({
        affinity: {
          podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 0, podAffinityTerm: { topologyKey: 'z' } }] },
        },
      }),
      'spec.affinity.podAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight: Invalid value: 0: must be in the range 1-100',
    ],
    [
      'a spread of no skew',
      podWith({ topologySpreadConstraints: [{ maxSkew: 0, topologyKey: 'z', whenUnsatisfiable: 'DoNotSchedule' }] }),
      'spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than 0',
    ],
    ['a bad label', podWith({}, { labels: { 'bad key': 'x' } }), `metadata.labels: Invalid value: "bad key": ${keyName}`],
    [
      'a revision label that is too long',
      podWith({}, { labels: { 'controller-revision-hash': `${'a'.repeat(55)}-123456789` } }),
      `metadata.labels: Invalid value: "${'a'.repeat(55)}-123456789": must be no more than 63 bytes`,
    ],
    [
      'a node and gates',
      podWith({ nodeName: 'n', schedulingGates: [{ name: 'example.com/g' }] }),
      'spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared',
    ],
  ])('with %s is refused', (_what, manifest, text) => {
    expect(verdict(manifest)).toBe(text)
  })

  test('may change its images and tolerate more, and nothing else', () => {
    const old = stored(podWith({ tolerations: [{ key: 'a', operator: 'Exists' }] }))
    const to = (spec: Fields) => changed(old, laid(old, { spec }) as KubernetesObject)
    const container = { ...(old['spec'].containers[0] as Fields), image: 'busybox:1.37' }
    expect(to({ containers: [container] })).toBe('')
    expect(to({ tolerations: [...old['spec'].tolerations, { key: 'b', operator: 'Exists' }] })).toBe('')
    expect(to({ tolerations: [] })).toBe(
      'spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds',
    )
    expect(to({ containers: [container, { ...container, name: 'more' }] })).toBe(
      'spec.containers: Forbidden: pod updates may not add or remove containers',
    )
    expect(to({ nodeName: 'other' }).split('\n')[0]).toBe(
      'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
    )
  })
})

describe('other kinds', () => {
  const claim = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  }
  const budget = (spec: Fields): Fields => ({ apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'b' }, spec })
  const service = (spec: Fields, name = 'front'): Fields => ({ apiVersion: 'v1', kind: 'Service', metadata: { name }, spec })
  const config = (data: Fields): Fields => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data })

  test.each<[string, Fields, string]>([
    [
      'a claim of an unknown mode',
      laid(claim, { spec: { accessModes: ['ReadSometimes'] } }),
      'spec.accessModes: Unsupported value: "ReadSometimes": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"',
    ],
    [
      'a claim of two ways that exclude each other',
      laid(claim, { spec: { accessModes: ['ReadWriteOncePod', 'ReadWriteOnce'] } }),
      'spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes',
    ],
    ['a budget above 100%', budget({ minAvailable: '120%' }), 'spec.minAvailable: Invalid value: "120%": must not be greater than 100%'],
    [
      'a budget of a word',
      budget({ maxUnavailable: 'some' }),
      "spec.maxUnavailable: Invalid value: \"some\": a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
    ],
    [
      'a budget of both sides',
      budget({ minAvailable: 1, maxUnavailable: 1 }),
      'spec: Invalid value: {"MinAvailable":1,"Selector":null,"MaxUnavailable":1,"UnhealthyPodEvictionPolicy":null}: minAvailable and maxUnavailable cannot be both set',
    ],
    ['a service without ports', service({ selector: { app: 'x' } }), 'spec.ports: Required value'],
    [
      'a service of two ports without names',
      service({ ports: [{ port: 80 }, { port: 81 }] }),
      'spec.ports[0].name: Required value\nspec.ports[1].name: Required value',
    ],
    [
      'a node port of a service inside',
      service({ ports: [{ port: 80, nodePort: 30080 }] }),
      "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'",
    ],
    ['an external name of nothing', service({ type: 'ExternalName' }), 'spec.externalName: Required value'],
    [
      'an address that is none',
      service({ clusterIP: 'no', ports: [{ port: 80 }] }),
      'spec.clusterIPs[0]: Invalid value: "no": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    ],
    [
      'a key with a blank',
      config({ 'bad key': 'x' }),
      "data[bad key]: Invalid value: \"bad key\": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
    ],
    [
      'a volume without a kind',
      {
        apiVersion: 'v1',
        kind: 'PersistentVolume',
        metadata: { name: 'v' },
        spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' } },
      },
      'spec: Required value: must specify a volume type',
    ],
    [
      'a class without a provisioner',
      { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name: 's' } },
      'provisioner: Required value',
    ],
    [
      'a priority above all',
      { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'p' }, value: 2_000_000_000 },
      'value: Forbidden: maximum allowed value of a user defined priority is 1000000000',
    ],
    [
      'a node with one taint twice',
      {
        apiVersion: 'v1',
        kind: 'Node',
        metadata: { name: 'n' },
        spec: {
          taints: [
            { key: 'k', effect: 'NoSchedule' },
            { key: 'k', effect: 'NoSchedule' },
          ],
        },
      },
      'metadata.taints[1]: Duplicate value: {"Key":"k","Value":"","Effect":"NoSchedule","TimeAdded":null}: taints must be unique by key and effect pair',
    ],
    [
      'a taint of no effect',
      { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' }, spec: { taints: [{ key: 'k', effect: 'Bad' }] } },
      'metadata.taints[0].effect: Unsupported value: "Bad": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
    ],
    [
      'a revision without data',
      { apiVersion: 'apps/v1', kind: 'ControllerRevision', metadata: { name: 'r' }, revision: 1 },
      'data: Required value: data is mandatory',
    ],
    [
      'a namespace with a dot',
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a.b' } },
      'metadata.name: Invalid value: "a.b": must not contain dots',
    ],
    [
      'a namespace inside one',
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a', namespace: 'b' } },
      'metadata.namespace: Forbidden: not allowed on this type',
    ],
    [
      'an attachment to nothing',
      {
        apiVersion: 'storage.k8s.io/v1',
        kind: 'VolumeAttachment',
        metadata: { name: 'a' },
        spec: { attacher: 'd', nodeName: 'n', source: {} },
      },
      'spec.source: Required value: must specify exactly one of inlineVolumeSpec and persistentVolumeName',
    ],
  ])('%s is refused', (_what, manifest, text) => {
    expect(verdict(manifest)).toBe(text)
  })

  test('a service may begin with a digit from 1.36 on', () => {
    const manifest = service({ ports: [{ port: 80 }] }, '1st')
    expect([verdict(manifest, '1.35').slice(0, 40), verdict(manifest)]).toEqual(['metadata.name: Invalid value: "1st": a D', 'taken'])
  })

  describe('a bound claim', () => {
    const taken = stored(laid(claim, { spec: { storageClassName: 'disk', volumeName: 'pv' } }))
    const old = { ...taken, status: { phase: 'Bound', capacity: { storage: '1Gi' } } }
    const to = (spec: Fields) => changed(old, laid(old, { spec }) as KubernetesObject)
    const size = (storage: string): Fields => ({ resources: { requests: { storage } } })

    test('may grow and not shrink', () => {
      expect([to(size('2Gi')), to(size('500Mi'))]).toEqual([
        '',
        'spec.resources.requests.storage: Forbidden: field can not be less than status.capacity',
      ])
    })

    test('may change nothing else', () => {
      expect(to({ storageClassName: 'shared' }).split('\n')[0]).toBe(
        'spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims',
      )
    })
  })

  test('a claim without a class may be given one, and a volume', () => {
    const old = stored(claim)
    expect([
      changed(old, laid(old, { spec: { storageClassName: 'disk' } }) as KubernetesObject),
      changed(old, laid(old, { spec: { volumeName: 'v' } }) as KubernetesObject),
    ]).toEqual(['', ''])
  })

  test('the provisioner of a class stays', () => {
    const old = stored({ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name: 's' }, provisioner: 'a.example.com' })
    expect(changed(old, { ...old, provisioner: 'b.example.com' })).toBe('provisioner: Invalid value: "b.example.com": field is immutable')
  })

  test('the data of a revision stays, its number may change', () => {
    const old = stored({ apiVersion: 'apps/v1', kind: 'ControllerRevision', metadata: { name: 'r' }, revision: 1, data: { a: 1 } })
    expect([changed(old, { ...old, revision: 2 }), changed(old, { ...old, data: { a: 2 } })]).toEqual([
      '',
      'data: Invalid value: {"a":2}: field is immutable',
    ])
  })

  test('no finalizer comes to what is being deleted', () => {
    const old = stored(config({}))
    const dying = { ...old, metadata: { ...old.metadata, deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['example.com/a'] } }
    const more = { ...dying, metadata: { ...dying.metadata, finalizers: ['example.com/a', 'example.com/b'] } }
    expect(changed(dying, more)).toBe(
      'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"example.com/b"}',
    )
  })
})
