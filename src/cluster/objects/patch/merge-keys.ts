/**
 * Which key the elements of a list are merged by, for strategic merge (the server) and for the differences that `kubectl apply` makes.
 * Source: kubectl.md 4.3, column "strategic key".
 */

/**
 * How a list merges: by a key of its elements, as a set of scalars, or replaced as a whole. `retain`: an element whose source changes
 * loses the fields that the patch does not retain ($retainKeys).
 */
export type ListRule = { readonly key: string; readonly retain?: boolean } | 'set' | 'replace'

const byKey = (key: string, retain?: boolean): ListRule => (retain === undefined ? { key } : { key, retain })

/** Lists that merge, by their field's name. Where a name stands for different lists, `listRule` decides by what is around it. */
const rules: Readonly<Record<string, ListRule>> = {
  containers: byKey('name'),
  initContainers: byKey('name'),
  ephemeralContainers: byKey('name'),
  env: byKey('name'),
  volumeMounts: byKey('mountPath'),
  volumeDevices: byKey('devicePath'),
  volumes: byKey('name', true),
  imagePullSecrets: byKey('name'),
  schedulingGates: byKey('name'),
  resourceClaims: byKey('name'),
  hostAliases: byKey('ip'),
  topologySpreadConstraints: byKey('topologyKey'),
  conditions: byKey('type'),
  podIPs: byKey('ip'),
  hostIPs: byKey('ip'),
  ownerReferences: byKey('uid'),
  finalizers: 'set',
  podCIDRs: 'set',
}

/** How the list at this path (field names alone) of an object of this kind merges; of a map: 'replace' if it is replaced as a whole. */
export const listRule = (kind: string, path: readonly string[]): ListRule => {
  const field = path[path.length - 1] as string
  switch (field) {
    case 'ports':
      if (kind === 'Service') return byKey('port')
      return path.includes('containers') || path.includes('initContainers') ? byKey('containerPort') : 'replace'
    case 'addresses':
      return kind === 'Node' ? byKey('type') : 'replace'
    case 'secrets':
      return kind === 'ServiceAccount' ? byKey('name') : 'replace'
    case 'claims':
      return path.includes('resources') ? byKey('name') : 'replace'
    default:
      return rules[field] ?? 'replace'
  }
}

/** Maps that are replaced as a whole; all others merge key by key. */
export const isAtomicMap = (kind: string, path: readonly string[]): boolean =>
  kind === 'PodDisruptionBudget' && path.join('.') === 'spec.selector'
