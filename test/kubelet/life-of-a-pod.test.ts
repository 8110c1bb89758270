import { describe, expect, it } from 'vitest'
import { boundPod, isTrue, smallCluster } from './small-cluster.ts'

describe('a pod without claims', () => {
  it('is Ready one second after its arrival', () => {
    const cluster = smallCluster()
    cluster.at(10, () => {
      expect(cluster.ask({ verb: 'create', object: boundPod('web-0') }).ok).toBe(true)
    })
    cluster.run(30)
    expect(cluster.entries('sandbox-made')).toEqual([10.8])
    expect(cluster.entries('container-started')).toEqual([11])
    expect(cluster.when('Pod', 'web-0', (pod) => pod['status']?.phase === 'Running')).toBe(11)
    expect(cluster.when('Pod', 'web-0', (pod) => isTrue(pod, 'Ready'))).toBe(11)
  })

  it('is gone at the first relist after its containers ended', () => {
    const cluster = smallCluster()
    cluster.at(10, () => cluster.ask({ verb: 'create', object: boundPod('web-0') }))
    cluster.at(100, () => cluster.ask({ verb: 'delete', kind: 'Pod', namespace: 'default', name: 'web-0' }))
    cluster.run(120)
    expect(cluster.entries('pod-stopped')).toEqual([101])
    expect(cluster.when('Pod', 'web-0', (pod) => pod['status']?.phase === 'Succeeded')).toBe(101)
    expect(cluster.get('Pod', 'web-0')).toBeUndefined()
    expect(cluster.entries('write', 'Pod/default/web-0').at(-1)).toBe(102)
  })
})
