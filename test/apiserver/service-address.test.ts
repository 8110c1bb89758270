import { describe, expect, test } from 'vitest'
import type { AdmissionContext } from '../../src/cluster/apiserver/admission/plugin.ts'
import { serviceAddress } from '../../src/cluster/apiserver/admission/service-address.ts'
import type { KubernetesObject } from '../../src/cluster/objects/metadata.ts'
import { type Fields, stored } from './taken.ts'

const service = (name: string, spec: Fields): KubernetesObject =>
  stored({ apiVersion: 'v1', kind: 'Service', metadata: { name }, spec: { ports: [{ port: 80 }], ...spec } })

const admitted = (object: KubernetesObject, others: readonly KubernetesObject[] = [], letters = 'abcde') => {
  const store = { of: () => ({ values: () => others }) }
  const context = { store, time: '', suffix: () => letters, gate: () => false } as unknown as AdmissionContext
  const result = serviceAddress.create?.(object, context)
  if (result === undefined) throw new Error('it looks at services')
  return 'object' in result ? result.object['spec'] : result.refused.message
}

describe('a service', () => {
  test('gets an address, and another one where the first is taken', () => {
    const first = admitted(service('a', {}))
    expect(first.clusterIP).toMatch(/^10\.96\.\d+\.\d+$/)
    expect(first.clusterIPs).toEqual([first.clusterIP])
    const second = admitted(service('b', {}), [{ ...service('a', {}), spec: first }])
    expect(second.clusterIP).not.toBe(first.clusterIP)
  })

  test('that is headless or a name for another host gets none', () => {
    expect(admitted(service('a', { clusterIP: 'None' })).clusterIP).toBe('None')
    expect(admitted(service('a', { type: 'ExternalName', externalName: 'x.example.com' })).clusterIP).toBeUndefined()
  })

  test('of nodes gets a port of its range for each port, no two alike', () => {
    const ports = admitted(
      service('a', {
        type: 'NodePort',
        ports: [
          { name: 'a', port: 80 },
          { name: 'b', port: 81 },
          { name: 'c', port: 82, nodePort: 31000 },
        ],
      }),
    ).ports
    const given: readonly number[] = ports.map((port: { nodePort: number }) => port.nodePort)
    expect(given.every((port) => port >= 30000 && port <= 32767)).toBe(true)
    expect([new Set(given).size, given[2]]).toEqual([3, 31000])
  })

  test('does not get an address that another one has', () => {
    const other = service('a', { clusterIP: '10.96.0.1' })
    expect(admitted(service('b', { clusterIP: '10.96.0.1' }), [other])).toBe(
      'Service "b" is invalid: spec.clusterIPs: Invalid value: ["10.96.0.1"]: failed to allocate IP 10.96.0.1: provided IP is already allocated',
    )
  })
})
