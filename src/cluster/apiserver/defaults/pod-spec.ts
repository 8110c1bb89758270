/**
 * Defaults of a pod's spec, alone or in a template. Pure; a spec that has them all is returned as it is.
 * Source: pkg/apis/core/v1/defaults.go and zz_generated.defaults.go (1.36).
 */
import { claimSpecDefaults } from './claim-spec.ts'
import { resourceDefaults } from './resources.ts'
import { eachOf, type Fields, inEach, inField, withAbsent, withField } from './share.ts'

/** Mode of the files of configMap, secret, downwardAPI and projected volumes: 0644. */
const defaultMode = 0o644

/** Specs that have passed: a pod's status is written far more often than its spec changes. */
const known = new WeakSet<object>()

/** The tag of an image reference; `latest` when it has neither tag nor digest. Source: pkg/util/parsers. */
const imageTag = (image: string): string => {
  const at = image.indexOf('@')
  const named = at < 0 ? image : image.slice(0, at)
  const colon = named.lastIndexOf(':')
  const tag = colon > named.lastIndexOf('/') ? named.slice(colon + 1) : ''
  return tag === '' && at < 0 ? 'latest' : tag
}

const fieldRefDefaults = (holder: Fields): Fields => inField(holder, 'fieldRef', (ref) => withAbsent(ref, { apiVersion: 'v1' }))

const httpGetDefaults = (handler: Fields): Fields =>
  inField(handler, 'httpGet', (action) => withAbsent(action, { path: '/', scheme: 'HTTP' }))

const probeDefaults = (probe: Fields): Fields =>
  inField(
    httpGetDefaults(withAbsent(probe, { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 })),
    'grpc',
    (grpc) => withAbsent(grpc, { service: '' }),
  )

const containerDefaults = (container: Fields): Fields => {
  let result = withAbsent(container, {
    imagePullPolicy: imageTag(container['image'] ?? '') === 'latest' ? 'Always' : 'IfNotPresent',
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    resources: noResources,
  })
  result = inEach(result, 'ports', (port) => withAbsent(port, { protocol: 'TCP' }))
  result = inEach(result, 'env', (variable) =>
    inField(variable, 'valueFrom', (from) => inField(fieldRefDefaults(from), 'fileKeyRef', (ref) => withAbsent(ref, { optional: false }))),
  )
  result = inField(result, 'resources', resourceDefaults)
  for (const probe of ['livenessProbe', 'readinessProbe', 'startupProbe']) result = inField(result, probe, probeDefaults)
  return inField(result, 'lifecycle', (lifecycle) => inField(inField(lifecycle, 'postStart', httpGetDefaults), 'preStop', httpGetDefaults))
}

const noResources: Fields = Object.freeze({})

const downwardDefaults = (source: Fields): Fields => inEach(source, 'items', fieldRefDefaults)

const projectionDefaults = (source: Fields): Fields =>
  inField(inField(source, 'downwardAPI', downwardDefaults), 'serviceAccountToken', (token) =>
    withAbsent(token, { expirationSeconds: 3600 }),
  )

const azureDiskDefaults = { cachingMode: 'ReadWrite', fsType: 'ext4', readOnly: false, kind: 'Shared' }

const volumeDefaults = (volume: Fields): Fields => {
  if (Object.keys(volume).every((field) => field === 'name' || volume[field] === undefined || volume[field] === null)) {
    return { ...volume, emptyDir: {} }
  }
  let result = inField(volume, 'hostPath', (source) => withAbsent(source, { type: '' }))
  result = inField(result, 'secret', (source) => withAbsent(source, { defaultMode }))
  result = inField(result, 'configMap', (source) => withAbsent(source, { defaultMode }))
  result = inField(result, 'downwardAPI', (source) => downwardDefaults(withAbsent(source, { defaultMode })))
  result = inField(result, 'projected', (source) => inEach(withAbsent(source, { defaultMode }), 'sources', projectionDefaults))
  result = inField(result, 'ephemeral', (source) =>
    inField(source, 'volumeClaimTemplate', (template) => inField(template, 'spec', claimSpecDefaults)),
  )
  result = inField(result, 'image', (source) =>
    withAbsent(source, { pullPolicy: imageTag(source['reference'] ?? '') === 'latest' ? 'Always' : 'IfNotPresent' }),
  )
  result = inField(result, 'azureDisk', (source) => withAbsent(source, azureDiskDefaults))
  result = inField(result, 'iscsi', (source) => withAbsent(source, { iscsiInterface: 'default' }))
  result = inField(result, 'rbd', (source) => withAbsent(source, { pool: 'rbd', user: 'admin', keyring: '/etc/ceph/keyring' }))
  return inField(result, 'scaleIO', (source) => withAbsent(source, { storageMode: 'ThinProvisioned', fsType: 'xfs' }))
}

/** Defaults that a template and a pod share. */
const podSpecDefaults = (spec: Fields): Fields => {
  if (known.has(spec)) return spec
  let result = withAbsent(spec, {
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    securityContext: {},
    schedulerName: 'default-scheduler',
  })
  // The deprecated name of the field goes with the other one. Source: pkg/apis/core/v1/conversion.go
  const account = spec['serviceAccountName'] ?? spec['serviceAccount']
  if (account !== undefined) result = withAbsent(result, { serviceAccountName: account, serviceAccount: account })
  if (account !== undefined && result['serviceAccount'] !== account) result = withField(result, 'serviceAccount', account)
  result = inEach(result, 'volumes', volumeDefaults)
  result = inEach(result, 'initContainers', containerDefaults)
  result = inEach(result, 'containers', containerDefaults)
  result = inEach(result, 'ephemeralContainers', containerDefaults)
  result = inField(result, 'overhead', (list) => resourceDefaults({ limits: list })['limits'])
  result = inField(result, 'resources', resourceDefaults)
  known.add(result)
  return result
}

const requestsFromLimits = (container: Fields): Fields =>
  inField(container, 'resources', (resources) => {
    if (resources['limits'] === undefined) return resources
    return withField(resources, 'requests', withAbsent(resources['requests'] ?? {}, resources['limits']))
  })

const hostNetworkPorts = (container: Fields): Fields =>
  inEach(container, 'ports', (port) => ((port['hostPort'] ?? 0) === 0 ? withField(port, 'hostPort', port['containerPort']) : port))

/** Specs of pods that have passed. */
const knownOfPods = new WeakSet<object>()

/** Defaults of a pod's own spec: those of a template, and what only a pod gets. */
export const ownPodSpecDefaults = (spec: Fields): Fields => {
  if (knownOfPods.has(spec)) return spec
  let result = podSpecDefaults(spec)
  result = inEach(result, 'containers', requestsFromLimits)
  result = inEach(result, 'initContainers', requestsFromLimits)
  result = inField(result, 'resources', (resources) => {
    const limits = resources['limits'] as Fields | undefined
    if (limits === undefined || Object.keys(limits).length === 0) return resources
    return withField(resources, 'requests', withAbsent(resources['requests'] ?? {}, limits))
  })
  result = withAbsent(result, { enableServiceLinks: true })
  if (result['hostNetwork'] === true) {
    result = withField(result, 'containers', eachOf((result['containers'] ?? []) as readonly Fields[], hostNetworkPorts))
    result = inEach(result, 'initContainers', hostNetworkPorts)
  }
  known.add(result)
  knownOfPods.add(result)
  return result
}

/** Defaults of a pod template (`metadata` is always there, as Go writes it). */
export const podTemplateDefaults = (template: Fields): Fields =>
  inField(withAbsent(template, { metadata: {}, spec: {} }), 'spec', podSpecDefaults)
