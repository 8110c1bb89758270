import { type AdmissionPlugin, admitted, forbiddenBy } from './plugin.ts'

/** Where the token of the service account is mounted. */
const tokenPath = '/var/run/secrets/kubernetes.io/serviceaccount'

/**
 * Gives a pod its service account and the projected volume of its token.
 * Source: plugin/pkg/admission/serviceaccount as its objects show it (recordings); the volume's sources in their order.
 */
export const serviceAccount: AdmissionPlugin = {
  name: 'ServiceAccount',
  kinds: ['Pod'],
  create: (pod, context) => {
    const spec = pod['spec'] as PodSpec
    const name = spec.serviceAccountName === undefined || spec.serviceAccountName === '' ? 'default' : spec.serviceAccountName
    const account = context.store.of('ServiceAccount').get(pod.metadata.namespace, name)
    if (account === undefined) {
      const why = `error looking up service account ${pod.metadata.namespace}/${name}: serviceaccount ${JSON.stringify(name)} not found`
      return forbiddenBy('pods', pod.metadata.name, why)
    }
    const named = { ...spec, serviceAccountName: name, serviceAccount: name }
    const automount = spec.automountServiceAccountToken ?? (account['automountServiceAccountToken'] as boolean | undefined) ?? true
    return admitted({ ...pod, spec: automount ? withToken(named, context.suffix('kube-api-access')) : named })
  },
}

type Mount = { readonly name: string; readonly mountPath: string; readonly readOnly?: boolean }
type Container = { readonly name: string; readonly volumeMounts?: readonly Mount[] }
type PodSpec = {
  readonly serviceAccountName?: string
  readonly automountServiceAccountToken?: boolean
  readonly volumes?: readonly KubernetesVolume[]
  readonly containers: readonly Container[]
  readonly initContainers?: readonly Container[]
}
type KubernetesVolume = { readonly name: string; readonly [source: string]: unknown }

/** The volume's name prefix; the kubelet and describe know it by this. */
const prefix = 'kube-api-access-'

const withToken = (spec: PodSpec, suffix: string): PodSpec => {
  const needy = [...spec.containers, ...(spec.initContainers ?? [])].some(wantsToken)
  if (!needy) return spec
  const name = spec.volumes?.find((volume) => volume.name.startsWith(prefix))?.name ?? prefix + suffix
  const mount: Mount = { name, readOnly: true, mountPath: tokenPath }
  const mounted = (container: Container): Container =>
    wantsToken(container) ? { ...container, volumeMounts: [...(container.volumeMounts ?? []), mount] } : container
  const volumes = spec.volumes ?? []
  return {
    ...spec,
    volumes: volumes.some((volume) => volume.name === name) ? volumes : [...volumes, tokenVolume(name)],
    containers: spec.containers.map(mounted),
    ...(spec.initContainers === undefined ? {} : { initContainers: spec.initContainers.map(mounted) }),
  }
}

const wantsToken = (container: Container): boolean => !(container.volumeMounts ?? []).some((mount) => mount.mountPath === tokenPath)

const tokenVolume = (name: string): KubernetesVolume => ({ name, projected: tokenSources })

/** One value for all pods: versions and pods share it. */
const tokenSources = Object.freeze({
  sources: [
    { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
    { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
    { downwardAPI: { items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }] } },
  ],
  defaultMode: 420,
})
