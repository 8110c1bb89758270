/** Nodes. Source: pkg/registry/core/node, pkg/apis/core/validation (1.36); kubectl.md 3.4. */
import { conditionOf, type KubernetesObject } from '../../objects/metadata.ts'
import { resourceListDefaults } from '../defaults/resources.ts'
import { inField, withAbsent } from '../defaults/share.ts'
import type { Kind } from '../kind.ts'
import { validateNode, validateNodeUpdate } from '../validate/node.ts'
import { shown } from './cells.ts'
import { ageColumn, defineKind, nameColumn } from './define.ts'

const roleLabel = 'node-role.kubernetes.io/'

const roles = (node: KubernetesObject): string => {
  const found = new Set<string>()
  for (const [key, value] of Object.entries(node.metadata.labels ?? {})) {
    if (key.startsWith(roleLabel) && key.length > roleLabel.length) found.add(key.slice(roleLabel.length))
    else if (key === 'kubernetes.io/role' && value !== '') found.add(value)
  }
  return found.size === 0 ? '<none>' : [...found].sort().join(',')
}

const statusText = (node: KubernetesObject): string => {
  const ready = conditionOf(node, 'Ready')
  const word = ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady'
  return node['spec']?.unschedulable === true ? `${word},SchedulingDisabled` : word
}

const address = (node: KubernetesObject, type: string): string =>
  ((node['status']?.addresses ?? []) as readonly { readonly type: string; readonly address: string }[]).find((one) => one.type === type)
    ?.address ?? '<none>'

const kernel = (node: KubernetesObject): string => {
  const { kernelVersion, architecture } = node['status']?.nodeInfo ?? {}
  return `${shown(kernelVersion, '<unknown>')}${architecture ? ` (${architecture})` : ''}`
}

export const node: Kind = defineKind({
  kind: 'Node',
  apiVersion: 'v1',
  plural: 'nodes',
  shortNames: ['no'],
  namespaced: false,
  runs: true,
  subresources: ['status'],
  defaults: (object) =>
    inField(withAbsent(object, { spec: {}, status: {} }), 'status', (status) => {
      const result = inField(status, 'capacity', resourceListDefaults)
      return inField(withAbsent(result, { allocatable: result['capacity'] }), 'allocatable', resourceListDefaults)
    }),
  rules: validateNode,
  updateRules: validateNodeUpdate,
  columns: [
    nameColumn,
    { name: 'STATUS', cell: statusText },
    { name: 'ROLES', cell: roles },
    ageColumn,
    { name: 'VERSION', cell: (object) => object['status']?.nodeInfo?.kubeletVersion ?? '' },
    { name: 'INTERNAL-IP', wide: true, cell: (object) => address(object, 'InternalIP') },
    { name: 'EXTERNAL-IP', wide: true, cell: (object) => address(object, 'ExternalIP') },
    { name: 'OS-IMAGE', wide: true, cell: (object) => shown(object['status']?.nodeInfo?.osImage, '<unknown>') },
    { name: 'KERNEL-VERSION', wide: true, cell: kernel },
    { name: 'CONTAINER-RUNTIME', wide: true, cell: (object) => shown(object['status']?.nodeInfo?.containerRuntimeVersion, '<unknown>') },
  ],
  fields: { 'spec.unschedulable': (object) => String(object['spec']?.unschedulable ?? false) },
})
