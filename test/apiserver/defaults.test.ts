import { describe, expect, test } from 'vitest'
import { kindOf } from '../../src/cluster/apiserver/kinds/index.ts'
import type { KubernetesObject } from '../../src/cluster/objects/metadata.ts'
import { contextOf, type Fields, podOf, podWith, setWith, stored } from './taken.ts'

const specOf = (manifest: Fields, context = contextOf()): KubernetesObject['spec'] => stored(manifest, context)['spec']

// As the real API server 1.36.2 wrote them (recordings 01, 27, 29, 47, 57).
describe('what the API server makes of a manifest', () => {
  test('a StatefulSet with a claim template', () => {
    const container = {
      name: 'app',
      image: 'registry.k8s.io/nginx-slim:0.8',
      ports: [{ name: 'http', containerPort: 80 }],
      resources: { requests: { cpu: '500m', memory: '512Mi' } },
      volumeMounts: [{ name: 'data', mountPath: '/data' }],
    }
    const set = stored({
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'web' },
      spec: {
        serviceName: 'web',
        replicas: 3,
        selector: { matchLabels: { app: 'web' } },
        template: { metadata: { labels: { app: 'web' } }, spec: { containers: [container] } },
        volumeClaimTemplates: [
          { metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } },
        ],
      },
    })
    expect(set['status']).toEqual({ replicas: 0, availableReplicas: 0 })
    expect(set['spec']).toEqual({
      replicas: 3,
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: {
          containers: [
            {
              ...container,
              ports: [{ name: 'http', containerPort: 80, protocol: 'TCP' }],
              terminationMessagePath: '/dev/termination-log',
              terminationMessagePolicy: 'File',
              imagePullPolicy: 'IfNotPresent',
            },
          ],
          restartPolicy: 'Always',
          terminationGracePeriodSeconds: 30,
          dnsPolicy: 'ClusterFirst',
          securityContext: {},
          schedulerName: 'default-scheduler',
        },
      },
      volumeClaimTemplates: [
        {
          kind: 'PersistentVolumeClaim',
          apiVersion: 'v1',
          metadata: { name: 'data' },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, volumeMode: 'Filesystem' },
          status: { phase: 'Pending' },
        },
      ],
      serviceName: 'web',
      podManagementPolicy: 'OrderedReady',
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
      revisionHistoryLimit: 10,
      persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
    })
  })

  test('a headless service', () => {
    const service = stored({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web' },
      spec: { clusterIP: 'None', selector: { app: 'web' }, ports: [{ name: 'http', port: 80 }] },
    })
    expect(service['spec']).toEqual({
      ports: [{ name: 'http', protocol: 'TCP', port: 80, targetPort: 80 }],
      selector: { app: 'web' },
      clusterIP: 'None',
      clusterIPs: ['None'],
      type: 'ClusterIP',
      sessionAffinity: 'None',
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      internalTrafficPolicy: 'Cluster',
    })
    expect(service['status']).toEqual({ loadBalancer: {} })
  })

  test('a Deployment, a budget, a quota, a priority class', () => {
    const template = { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'a', image: 'a' }] } }
    const deployment = specOf({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'a' },
      spec: { selector: { matchLabels: { app: 'a' } }, template },
    })
    expect(deployment).toMatchObject({
      replicas: 1,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
    })
    const budget = stored({ apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'b' }, spec: { minAvailable: 2 } })
    expect(budget['status']).toEqual({ disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 })
    const quota = stored({
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'q' },
      spec: { hard: { pods: '2', 'requests.cpu': '1000m' } },
    })
    expect([quota['spec'], quota['status']]).toEqual([{ hard: { pods: '2', 'requests.cpu': '1' } }, {}])
    const priority = stored({ apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'p' }, value: 10 })
    expect(priority).toMatchObject({ value: 10, preemptionPolicy: 'PreemptLowerPriority' })
  })

  test('a volume and a namespace', () => {
    const volume = stored({
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: 'v' },
      spec: { capacity: { storage: '1024Mi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/x' } },
    })
    expect(volume['spec']).toMatchObject({
      capacity: { storage: '1Gi' },
      persistentVolumeReclaimPolicy: 'Retain',
      volumeMode: 'Filesystem',
    })
    expect(volume['status']).toEqual({ phase: 'Pending', lastPhaseTransitionTime: '2026-01-01T00:00:00Z' })
    const namespace = stored({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team' } })
    expect([namespace.metadata.labels, namespace['spec'], namespace['status']]).toEqual([
      { 'kubernetes.io/metadata.name': 'team' },
      { finalizers: ['kubernetes'] },
      { phase: 'Active' },
    ])
  })

  test('the data of a secret is text in base64', () => {
    const secret = stored({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, stringData: { name: 'grün' }, data: { a: 'eA==' } })
    expect([secret['type'], secret['data'], secret['stringData']]).toEqual(['Opaque', { a: 'eA==', name: 'Z3LDvG4=' }, undefined])
  })
})

describe('the strategy of a set', () => {
  const strategy = (updateStrategy: unknown, release = '1.36') =>
    specOf(setWith({ spec: { updateStrategy } }), contextOf(release))['updateStrategy']

  test('only an empty type brings a rolling block', () => {
    expect(strategy(undefined)).toEqual({ type: 'RollingUpdate', rollingUpdate: { partition: 0 } })
    expect(strategy({})).toEqual({ type: 'RollingUpdate', rollingUpdate: { partition: 0 } })
    expect(strategy({ type: 'RollingUpdate' })).toEqual({ type: 'RollingUpdate' })
    expect(strategy({ type: 'RollingUpdate', rollingUpdate: {} })).toEqual({ type: 'RollingUpdate', rollingUpdate: { partition: 0 } })
    expect(strategy({ type: 'OnDelete' })).toEqual({ type: 'OnDelete' })
  })

  test('maxUnavailable is 1 with its gate, and dropped without', () => {
    expect(strategy(undefined, '1.37')).toEqual({ type: 'RollingUpdate', rollingUpdate: { partition: 0, maxUnavailable: 1 } })
    expect(strategy({ rollingUpdate: { maxUnavailable: '50%' } })).toEqual({ type: 'RollingUpdate', rollingUpdate: { partition: 0 } })
  })

  test('a stored set that has it keeps it without the gate', () => {
    const old = stored(setWith({ spec: { updateStrategy: { rollingUpdate: { maxUnavailable: 2 } } } }), contextOf('1.37'))
    const next = kindOf('StatefulSet')?.defaults({ ...old, spec: { ...old['spec'], replicas: 7 } }, contextOf(), old)
    expect(next?.['spec'].updateStrategy.rollingUpdate.maxUnavailable).toBe(2)
  })
})

describe('a pod', () => {
  test.each([
    ['busybox', 'Always'],
    ['busybox:latest', 'Always'],
    ['busybox:1.36', 'IfNotPresent'],
    ['localhost:5000/busybox', 'Always'],
    ['localhost:5000/busybox:1', 'IfNotPresent'],
    ['busybox@sha256:0000000000000000000000000000000000000000000000000000000000000000', 'IfNotPresent'],
  ])('of %s pulls %s', (image, policy) => {
    expect(specOf(podOf({ image }))['containers'][0].imagePullPolicy).toBe(policy)
  })

  test('asks for what it is limited to, in its own spec and not in a template', () => {
    const resources = { limits: { cpu: '1', memory: '64Mi' }, requests: { cpu: '500m' } }
    expect(specOf(podOf({ resources }))['containers'][0].resources.requests).toEqual({ cpu: '500m', memory: '64Mi' })
    const template = { spec: { containers: [{ name: 'a', image: 'a', resources }] } }
    expect(specOf(setWith({ spec: { template } }))['template'].spec.containers[0].resources.requests).toEqual({ cpu: '500m' })
  })

  test('probes, variables, volumes and hooks are filled in', () => {
    const spec = specOf(
      podOf(
        {
          readinessProbe: { httpGet: { port: 80 }, periodSeconds: 0 },
          livenessProbe: { grpc: { port: 80 } },
          lifecycle: { preStop: { httpGet: { port: 80 } } },
          env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
        },
        {
          volumes: [
            { name: 'a' },
            { name: 'b', configMap: { name: 'x' } },
            { name: 'c', hostPath: { path: '/x' } },
            { name: 'd', projected: { sources: [{ serviceAccountToken: { path: 't' } }] } },
          ],
          serviceAccountName: 'robot',
        },
      ),
    )
    const container = spec['containers'][0]
    expect(container.readinessProbe).toEqual({
      httpGet: { port: 80, path: '/', scheme: 'HTTP' },
      timeoutSeconds: 1,
      periodSeconds: 10,
      successThreshold: 1,
      failureThreshold: 3,
    })
    expect(container.livenessProbe.grpc).toEqual({ port: 80, service: '' })
    expect(container.lifecycle.preStop.httpGet).toEqual({ port: 80, path: '/', scheme: 'HTTP' })
    expect(container.env[0].valueFrom.fieldRef.apiVersion).toBe('v1')
    expect(spec['volumes']).toEqual([
      { name: 'a', emptyDir: {} },
      { name: 'b', configMap: { name: 'x', defaultMode: 420 } },
      { name: 'c', hostPath: { path: '/x', type: '' } },
      { name: 'd', projected: { sources: [{ serviceAccountToken: { path: 't', expirationSeconds: 3600 } }], defaultMode: 420 } },
    ])
    expect([spec['serviceAccountName'], spec['serviceAccount'], spec['enableServiceLinks']]).toEqual(['robot', 'robot', true])
  })

  test.each<[string, Fields, string]>([
    ['nothing asked for', {}, 'BestEffort'],
    ['a request', { requests: { cpu: '1' } }, 'Burstable'],
    ['limits of both', { limits: { cpu: '1', memory: '1Gi' } }, 'Guaranteed'],
    ['limits above requests', { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '500m' } }, 'Burstable'],
    ['a limit of one', { limits: { cpu: '1' } }, 'Burstable'],
    ['only disk', { requests: { 'ephemeral-storage': '1Gi' } }, 'BestEffort'],
  ])('with %s', (_what, resources, quality) => {
    expect(stored(podOf({ resources }))['status']).toEqual({ phase: 'Pending', qosClass: quality })
  })

  test('with gates begins gated', () => {
    const gates = [{ name: 'example.com/wait' }]
    expect(stored(podWith({ schedulingGates: gates }))['status'].conditions).toMatchObject([
      { type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' },
    ])
  })
})

test('what has its defaults is returned as it is, whatever its kind', () => {
  const manifests: readonly Fields[] = [
    setWith(),
    podWith(),
    { apiVersion: 'v1', kind: 'Service', metadata: { name: 's' }, spec: { ports: [{ port: 80 }] } },
    { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' }, status: { capacity: { cpu: '4' } } },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'e' },
      addressType: 'IPv4',
      endpoints: [],
      ports: [{ port: 80 }],
    },
    { apiVersion: 'storage.k8s.io/v1', kind: 'CSIDriver', metadata: { name: 'd' }, spec: {} },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'r' },
      roleRef: { kind: 'Role', name: 'x' },
      subjects: [{ kind: 'User', name: 'u' }],
    },
  ]
  for (const manifest of manifests) {
    const object = stored(manifest)
    expect(kindOf(object.kind)?.defaults(object, contextOf())).toBe(object)
  }
})
