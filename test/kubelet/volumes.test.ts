import { describe, expect, it } from 'vitest'
import type { KubernetesObject } from '../../src/cluster/objects/metadata.ts'
import { boundPod, isTrue, type SmallCluster, smallCluster } from './small-cluster.ts'

/** A claim as the scheduler and the volume controller leave it for the provisioner. */
const claim = (name: string, storageClassName: string): KubernetesObject => {
  const driver = `${storageClassName}.csi.stsim.dev`
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name,
      namespace: 'default',
      annotations: { 'volume.kubernetes.io/storage-provisioner': driver, 'volume.kubernetes.io/selected-node': 'node-1' },
    },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, storageClassName },
  }
}

const must = (cluster: SmallCluster, request: Parameters<SmallCluster['ask']>[0]): KubernetesObject => {
  const answer = cluster.ask(request)
  if (!answer.ok) throw new Error(answer.status.message)
  return answer.object
}

const volumeOf = (cluster: SmallCluster, name: string): string => `pvc-${cluster.get('PersistentVolumeClaim', name)?.metadata.uid}`

/** What the volume controller does: the claim is bound to its volume. */
const bind = (cluster: SmallCluster, name: string): void => {
  const volumeName = volumeOf(cluster, name)
  must(cluster, {
    verb: 'patch',
    kind: 'PersistentVolumeClaim',
    namespace: 'default',
    name,
    type: 'merge',
    patch: { spec: { volumeName } },
  })
  must(cluster, {
    verb: 'patch',
    kind: 'PersistentVolumeClaim',
    namespace: 'default',
    name,
    type: 'merge',
    patch: { status: { phase: 'Bound' } },
    subresource: 'status',
  })
}

/** What the attach/detach controller does. */
const attach = (cluster: SmallCluster, name: string): void => {
  must(cluster, {
    verb: 'create',
    object: {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'VolumeAttachment',
      metadata: { name: `csi-${name}` },
      spec: { attacher: 'disk.csi.stsim.dev', nodeName: 'node-1', source: { persistentVolumeName: volumeOf(cluster, name) } },
    },
  })
}

const device = (cluster: SmallCluster, name: string): string =>
  `kubernetes.io/csi/disk.csi.stsim.dev^${cluster.get('PersistentVolume', volumeOf(cluster, name))?.['spec'].csi.volumeHandle}`

const listAttached = (cluster: SmallCluster, names: readonly string[]): void => {
  must(cluster, {
    verb: 'patch',
    kind: 'Node',
    name: 'node-1',
    type: 'merge',
    patch: { status: { volumesAttached: names.map((name) => ({ name: device(cluster, name), devicePath: '' })) } },
    subresource: 'status',
  })
}

const podWith = (name: string, claimName: string): KubernetesObject =>
  boundPod(
    name,
    { volumes: [{ name: 'data', persistentVolumeClaim: { claimName } }] },
    { volumeMounts: [{ name: 'data', mountPath: '/data' }] },
  )

/** A claim on `disk`, provisioned, bound, attached from 4.3 s on, for a pod that arrives at 2 s. */
const onDisk = (): SmallCluster => {
  const cluster = smallCluster()
  cluster.at(0, () => must(cluster, { verb: 'create', object: claim('data', 'disk') }))
  cluster.at(2.05, () => bind(cluster, 'data'))
  cluster.at(2.1, () => attach(cluster, 'data'))
  cluster.at(3, () => must(cluster, { verb: 'create', object: podWith('web-0', 'data') }))
  cluster.at(4.3, () => listAttached(cluster, ['data']))
  return cluster
}

/** Instants at which disks were mounted (or unmounted). */
const mounts = (cluster: SmallCluster, what = 'volume-mounted'): readonly number[] => {
  const { journal } = cluster.engine
  const found: number[] = []
  for (let n = 1; n <= journal.length; n++) {
    if (journal.what(n) === what && (journal.detail(n) as { claim?: string }).claim !== undefined) found.push(journal.time(n) / 1_000_000)
  }
  return found
}

const ready = (pod: KubernetesObject): boolean => isTrue(pod, 'Ready')

describe('the sidecars', () => {
  it('provision in two seconds, with the finalizer and annotations of the real one', () => {
    const cluster = onDisk()
    cluster.run(2)
    const volume = cluster.get('PersistentVolume', volumeOf(cluster, 'data'))
    expect(cluster.events('Provisioning')).toEqual([0])
    expect(cluster.events('ProvisioningSucceeded')).toEqual([2])
    expect(volume?.metadata.finalizers).toContain('external-provisioner.volume.kubernetes.io/finalizer')
    expect(volume?.metadata.annotations).toEqual({
      'pv.kubernetes.io/provisioned-by': 'disk.csi.stsim.dev',
      'volume.kubernetes.io/provisioner-deletion-secret-name': '',
      'volume.kubernetes.io/provisioner-deletion-secret-namespace': '',
    })
    expect(volume?.['spec'].claimRef).toMatchObject({ kind: 'PersistentVolumeClaim', namespace: 'default', name: 'data' })
  })

  it('attach in two seconds and detach in two', () => {
    const cluster = onDisk()
    cluster.at(60, () => must(cluster, { verb: 'delete', kind: 'VolumeAttachment', name: 'csi-data' }))
    cluster.run(59)
    const attachment = cluster.get('VolumeAttachment', 'csi-data')
    expect(cluster.entries('attached')).toEqual([4.1])
    expect(attachment?.['status'].attached).toBe(true)
    expect(attachment?.metadata.finalizers).toEqual(['external-attacher/disk-csi-stsim-dev'])
    expect(attachment?.metadata.annotations).toEqual({ 'csi.alpha.kubernetes.io/node-id': 'node-1' })
    expect(cluster.get('PersistentVolume', volumeOf(cluster, 'data'))?.metadata.finalizers).toContain(
      'external-attacher/disk-csi-stsim-dev',
    )
    cluster.run(100)
    expect(cluster.entries('detached')).toEqual([62])
    expect(cluster.get('VolumeAttachment', 'csi-data')).toBeUndefined()
  })

  it('try an attach again that failed, after 1, 2 and 4 s', () => {
    const cluster = onDisk()
    cluster.at(2, () => {
      const heal = cluster.world.disks.troubles.begin('StorageClass//disk', { kind: 'attach-fail', error: 'no room' })
      cluster.at(8, heal)
    })
    cluster.run(5)
    expect(cluster.get('VolumeAttachment', 'csi-data')?.['status'].attachError.message).toBe('no room')
    cluster.run(30)
    // Tries at 2.1, 3.1, 5.1, 9.1.
    expect(cluster.entries('attached')).toEqual([11.1])
    expect(cluster.get('VolumeAttachment', 'csi-data')?.['status'].attachError).toBeUndefined()
  })
})

describe('a disk', () => {
  it('is mounted when it is attached and the node has said that it uses it', () => {
    const cluster = onDisk()
    cluster.run(30)
    expect(cluster.when('Node', 'node-1', (node) => (node['status'].volumesInUse ?? []).length === 1)).toBe(13)
    // The report of 13 s, the next tick, one second, the look at 14.1 s, the sandbox, the start.
    expect(mounts(cluster)).toEqual([14.1])
    expect(cluster.when('Pod', 'web-0', ready)).toBe(14.8)
  })

  it('is unmounted when its pod ends, and the node says so at its next tick', () => {
    const cluster = onDisk()
    cluster.at(100, () => cluster.ask({ verb: 'delete', kind: 'Pod', namespace: 'default', name: 'web-0' }))
    cluster.run(102.9)
    expect(mounts(cluster, 'volume-unmounted')).toEqual([101.6])
    expect(cluster.get('Pod', 'web-0')).toBeUndefined()
    expect(cluster.get('Node', 'node-1')?.['status'].volumesInUse).toHaveLength(1)
    cluster.run(103)
    expect(cluster.get('Node', 'node-1')?.['status'].volumesInUse ?? []).toHaveLength(0)
  })

  it('that is still mounted for a pod of the node is not waited for', () => {
    const cluster = onDisk()
    cluster.at(100, () => cluster.ask({ verb: 'delete', kind: 'Pod', namespace: 'default', name: 'web-0', gracePeriodSeconds: 0 }))
    cluster.at(100, () => must(cluster, { verb: 'create', object: podWith('web-0', 'data') }))
    cluster.run(110)
    expect(mounts(cluster).at(-1)).toBe(101.1)
    expect(cluster.entries('container-started').at(-1)).toBe(101.9)
  })

  it('whose unmount never ends keeps its pod', () => {
    const cluster = onDisk()
    cluster.at(50, () => {
      const heal = cluster.world.disks.troubles.begin('PersistentVolumeClaim/default/data', { kind: 'unmount-fail', error: 'busy' })
      cluster.at(150, heal)
    })
    cluster.at(100, () => cluster.ask({ verb: 'delete', kind: 'Pod', namespace: 'default', name: 'web-0' }))
    cluster.run(149)
    expect(cluster.get('Pod', 'web-0')?.['status'].phase).toBe('Succeeded')
    cluster.run(300)
    expect(cluster.get('Pod', 'web-0')).toBeUndefined()
  })

  it('of a claim that is not bound ends the wait with a FailedMount', () => {
    const cluster = smallCluster()
    cluster.at(1, () => must(cluster, { verb: 'create', object: claim('data', 'nothing') }))
    cluster.at(5, () => must(cluster, { verb: 'create', object: podWith('web-0', 'data') }))
    cluster.run(20)
    expect(cluster.events('FailedMount')).toEqual([5.3, 16.3])
  })
})

describe('a volume that is not attached', () => {
  it('is mounted at the first tick', () => {
    const cluster = smallCluster()
    cluster.at(0, () => must(cluster, { verb: 'create', object: claim('data', 'shared') }))
    cluster.at(2.05, () => bind(cluster, 'data'))
    cluster.at(3, () => must(cluster, { verb: 'create', object: podWith('web-0', 'data') }))
    cluster.run(30)
    expect(mounts(cluster)).toEqual([4.1])
    expect(cluster.when('Pod', 'web-0', ready)).toBe(4.9)
  })
})

describe('a node that loses its power', () => {
  const lost = (): SmallCluster => {
    const cluster = onDisk()
    const machine = cluster.world.machines.get('node-1')
    cluster.at(100, () => machine?.powerOff('test'))
    cluster.at(200, () => machine?.powerOn('test'))
    return cluster
  }

  it('runs nothing, and its lease was last renewed before', () => {
    const cluster = lost()
    cluster.run(150)
    expect(cluster.entries('pod-stopped')).toEqual([100])
    expect(cluster.world.heartbeats.of('node-1')?.lastRenewal(150_000_000)).toBe(93_000_000)
    expect(cluster.world.heartbeats.of('node-1')?.beating).toBe(false)
  })

  it('starts its pods again when it boots: a new sandbox and address, one restart more', () => {
    const cluster = lost()
    cluster.run(199)
    const before = cluster.get('Pod', 'web-0')
    cluster.run(230)
    const after = cluster.get('Pod', 'web-0')
    expect(cluster.world.heartbeats.of('node-1')?.lastRenewal(200_000_000)).toBe(200_000_000)
    expect(cluster.events('SandboxChanged')).toHaveLength(1)
    expect(after?.['status'].podIP).not.toBe(before?.['status'].podIP)
    expect(after?.['status'].containerStatuses[0].restartCount).toBe(1)
    expect(after?.metadata.uid).toBe(before?.metadata.uid)
    expect(isTrue(after as KubernetesObject, 'Ready')).toBe(true)
  })

  it('finishes a pod that was deleted meanwhile', () => {
    const cluster = lost()
    cluster.at(150, () => cluster.ask({ verb: 'delete', kind: 'Pod', namespace: 'default', name: 'web-0' }))
    cluster.run(230)
    expect(cluster.entries('write', 'Pod/default/web-0').at(-1)).toBe(201)
    expect(cluster.events('Started')).toHaveLength(1)
  })
})

describe('a node that is cut off', () => {
  it('goes on, and learns in the instant of the healing what it missed', () => {
    const cluster = smallCluster()
    cluster.at(10, () => must(cluster, { verb: 'create', object: boundPod('web-0') }))
    let heal: () => void = () => undefined
    cluster.at(100, () => {
      heal = cluster.world.links.partition('node-1')
    })
    cluster.at(150, () => cluster.ask({ verb: 'delete', kind: 'Pod', namespace: 'default', name: 'web-0', gracePeriodSeconds: 0 }))
    cluster.at(200, () => heal())
    cluster.run(300)
    expect(cluster.entries('pod-stopped')).toEqual([201])
    const heartbeat = cluster.world.heartbeats.of('node-1')
    expect(heartbeat?.lastRenewal(300_000_000)).toBe(293_000_000)
  })

  it('says what happened meanwhile at its next tick', () => {
    const cluster = smallCluster()
    cluster.at(10, () => must(cluster, { verb: 'create', object: boundPod('web-0') }))
    let heal: () => void = () => undefined
    cluster.at(100, () => {
      heal = cluster.world.links.partition('node-1')
    })
    cluster.at(120.5, () => cluster.world.container(cluster.get('Pod', 'web-0')?.metadata.uid as string)?.exit(1, 'Error', false))
    cluster.at(160, () => heal())
    cluster.run(162.9)
    expect(cluster.get('Pod', 'web-0')?.['status'].containerStatuses[0].restartCount).toBe(0)
    cluster.run(163)
    expect(cluster.get('Pod', 'web-0')?.['status'].containerStatuses[0].restartCount).toBe(1)
  })
})

describe('a kubelet that is restarted', () => {
  for (const [release, readies] of [
    ['1.36', 1],
    ['1.34', 2],
  ] as const) {
    it(`leaves its containers alone; in ${release} Ready ${readies === 1 ? 'stays' : 'is lost for a moment'}`, () => {
      const cluster = smallCluster({ release })
      const readinessProbe = { httpGet: { path: '/', port: 80 }, periodSeconds: 10 }
      cluster.at(10, () => must(cluster, { verb: 'create', object: boundPod('web-0', {}, { readinessProbe }) }))
      let start: () => void = () => undefined
      cluster.at(100, () => {
        start = cluster.world.machines.get('node-1')?.stopKubelet() ?? start
      })
      cluster.at(110, () => start())
      cluster.run(200)
      expect(cluster.entries('container-started')).toHaveLength(1)
      const { journal } = cluster.engine
      let turns = 0
      let was = false
      for (let n = 1; n <= journal.length; n++) {
        if (journal.what(n) !== 'write' || journal.about(n) !== 'Pod/default/web-0') continue
        const is = isTrue((journal.detail(n) as { object: KubernetesObject }).object, 'Ready')
        if (is && !was) turns += 1
        was = is
      }
      expect(turns).toBe(readies)
      expect(was).toBe(true)
    })
  }
})

describe('a claim that asks for more', () => {
  it('has its new size when the node has grown the file system', () => {
    const cluster = onDisk()
    cluster.at(3.05, () =>
      must(cluster, {
        verb: 'patch',
        kind: 'PersistentVolumeClaim',
        namespace: 'default',
        name: 'data',
        type: 'merge',
        patch: { status: { capacity: { storage: '1Gi' } } },
        subresource: 'status',
      }),
    )
    cluster.at(100, () =>
      must(cluster, {
        verb: 'patch',
        kind: 'PersistentVolumeClaim',
        namespace: 'default',
        name: 'data',
        type: 'merge',
        patch: { spec: { resources: { requests: { storage: '2Gi' } } } },
      }),
    )
    cluster.run(100)
    expect(cluster.events('FileSystemResizeRequired')).toEqual([100])
    expect(cluster.get('PersistentVolume', volumeOf(cluster, 'data'))?.['spec'].capacity.storage).toBe('2Gi')
    expect(cluster.get('PersistentVolumeClaim', 'data')?.['status'].capacity.storage).toBe('1Gi')
    cluster.run(110)
    expect(cluster.events('FileSystemResizeSuccessful')).toEqual([100.1, 100.1])
    const status = cluster.get('PersistentVolumeClaim', 'data')?.['status']
    expect(status.capacity.storage).toBe('2Gi')
    expect(status.conditions ?? []).toEqual([])
    expect(cluster.entries('container-started')).toHaveLength(1)
  })
})

describe('a released volume', () => {
  it('is deleted when nothing attaches it, with its finalizers in turn', () => {
    const cluster = onDisk()
    const release = (): void => {
      must(cluster, {
        verb: 'patch',
        kind: 'PersistentVolume',
        name: volumeOf(cluster, 'data'),
        type: 'merge',
        patch: { status: { phase: 'Released' } },
        subresource: 'status',
      })
    }
    let volume = ''
    cluster.at(50, () => {
      volume = volumeOf(cluster, 'data')
      release()
    })
    cluster.at(60, () => must(cluster, { verb: 'delete', kind: 'VolumeAttachment', name: 'csi-data' }))
    cluster.run(61)
    expect(cluster.events('VolumeFailedDelete')[0]).toBe(50)
    expect(cluster.entries('volume-deleted')).toEqual([])
    cluster.run(70)
    expect(cluster.entries('detached')).toEqual([62])
    expect(cluster.entries('volume-deleted')).toEqual([63])
    expect(cluster.get('PersistentVolume', volume)?.metadata.finalizers ?? []).not.toContain('external-attacher/disk-csi-stsim-dev')
  })
})
