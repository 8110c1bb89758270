import { describe, expect, it } from 'vitest'
import {
  attachmentName,
  persistentVolumeAttachDetach,
  whyRefused,
} from '../../src/cluster/controllers/persistentvolume-attach-detach/index.ts'
import { persistentVolumeBinder } from '../../src/cluster/controllers/persistentvolume-binder.ts'
import { persistentVolumeProtection } from '../../src/cluster/controllers/persistentvolume-protection.ts'
import { persistentVolumeClaimProtection } from '../../src/cluster/controllers/persistentvolumeclaim-protection.ts'
import type { KubernetesObject } from '../../src/cluster/objects/metadata.ts'
import { seconds } from '../../src/engine/clock.ts'
import { ranks } from '../../src/world/ranks.ts'
import { Bench } from './bench.ts'

const driver = 'disk.csi.stsim.dev'

const storageClass = (name: string, mode: string): KubernetesObject => ({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name },
  provisioner: driver,
  reclaimPolicy: 'Delete',
  volumeBindingMode: mode,
})

const claim = (name: string, more: object = {}): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name, namespace: 'default' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, storageClassName: 'disk', ...more },
})

const volume = (name: string, more: object = {}): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name },
  spec: {
    capacity: { storage: '1Gi' },
    accessModes: ['ReadWriteOnce'],
    persistentVolumeReclaimPolicy: 'Delete',
    storageClassName: 'disk',
    csi: { driver, volumeHandle: `h-${name}` },
    ...more,
  },
})

const controlPlane = (options: Readonly<Record<string, unknown>> = {}): Bench => {
  const bench = new Bench(options)
  for (const name of ['node-1', 'node-2']) bench.node(name)
  bench.must({ verb: 'create', object: storageClass('disk', 'WaitForFirstConsumer') })
  bench.must({ verb: 'create', object: storageClass('now', 'Immediate') })
  bench.must({
    verb: 'create',
    object: { apiVersion: 'storage.k8s.io/v1', kind: 'CSIDriver', metadata: { name: driver }, spec: { attachRequired: true } },
  })
  return bench.run(
    { name: 'attachdetach-controller', factory: persistentVolumeAttachDetach },
    { name: 'pvc-protection-controller', factory: persistentVolumeClaimProtection },
    { name: 'pv-protection-controller', factory: persistentVolumeProtection },
    { name: 'persistent-volume-binder', source: 'persistentvolume-controller', factory: persistentVolumeBinder },
  )
}

const patched = (bench: Bench, kind: string, name: string, patch: object, status = false): KubernetesObject => {
  const namespace = kind === 'PersistentVolumeClaim' || kind === 'Pod' ? 'default' : undefined
  return bench.must({ verb: 'patch', kind, namespace, name, type: 'merge', patch, ...(status ? { subresource: 'status' as const } : {}) })
}

/** A volume that is bound to the claim `data`, as the provisioner leaves it. */
const bound = (bench: Bench): void => {
  const made = bench.must({ verb: 'create', object: claim('data') })
  const claimRef = { kind: 'PersistentVolumeClaim', apiVersion: 'v1', namespace: 'default', name: 'data', uid: made.metadata.uid }
  bench.must({ verb: 'create', object: volume('pv-1', { claimRef }) })
}

const consumer = (bench: Bench, name: string, node: string): KubernetesObject =>
  bench.pod(name, node, { spec: { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }] } })

describe('the binding of a claim that waits for its consumer', () => {
  it('asks the provisioner only once a node is selected, and is four writes at most', () => {
    const bench = controlPlane()
    bench.at(1, () => bench.must({ verb: 'create', object: claim('data') })).until(2)
    expect(bench.messages('PersistentVolumeClaim/default/data')).toEqual(['waiting for first consumer to be created before binding'])
    bench.at(3, () =>
      patched(bench, 'PersistentVolumeClaim', 'data', { metadata: { annotations: { 'volume.kubernetes.io/selected-node': 'node-1' } } }),
    )
    bench.at(5, () => {
      const uid = bench.get('PersistentVolumeClaim', 'data')?.metadata.uid
      bench.must({ verb: 'create', object: volume('pv-1', { claimRef: { namespace: 'default', name: 'data', uid } }) })
    })
    bench.until(6)
    expect(bench.linesWith('persistent-volume-binder')).toEqual([
      '3 persistent-volume-binder update PersistentVolumeClaim/default/data',
      '5 persistent-volume-binder update status PersistentVolume//pv-1',
      '5 persistent-volume-binder update PersistentVolumeClaim/default/data',
      '5 persistent-volume-binder update status PersistentVolumeClaim/default/data',
    ])
    const found = bench.get('PersistentVolumeClaim', 'data')
    expect(found?.['status']).toEqual({ phase: 'Bound', accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' } })
    expect(found?.metadata.annotations).toMatchObject({
      'pv.kubernetes.io/bind-completed': 'yes',
      'pv.kubernetes.io/bound-by-controller': 'yes',
      'volume.kubernetes.io/storage-provisioner': driver,
    })
  })

  it('says again every 15 s what it waits for, and nothing once it is bound', () => {
    const bench = controlPlane()
    bench.at(1, () => bench.must({ verb: 'create', object: claim('data', { storageClassName: 'none' }) }))
    bench.until(46)
    expect(bench.linesWith('ProvisioningFailed').map((line) => line.split(' ')[0])).toEqual(['1', '15', '30', '45'])
    expect(bench.messages('PersistentVolumeClaim/default/data')[0]).toBe('storageclass.storage.k8s.io "none" not found')
  })
})

describe('a static volume', () => {
  it('that was made in the same instant as the claim is taken at once: the binder knows its own write of Available', () => {
    const bench = controlPlane()
    bench.at(1, () => {
      bench.must({ verb: 'create', object: volume('pv-1', { storageClassName: 'now' }) })
      bench.must({ verb: 'create', object: claim('data', { storageClassName: 'now' }) })
    })
    bench.until(2)
    expect(bench.get('PersistentVolumeClaim', 'data')?.['status'].phase).toBe('Bound')
  })

  it('is taken by the first claim that it suits, the smallest one', () => {
    const bench = controlPlane()
    bench.at(1, () => {
      bench.must({ verb: 'create', object: volume('big', { capacity: { storage: '5Gi' }, storageClassName: 'now' }) })
      bench.must({ verb: 'create', object: volume('small', { capacity: { storage: '2Gi' }, storageClassName: 'now' }) })
    })
    bench.at(2, () => bench.must({ verb: 'create', object: claim('data', { storageClassName: 'now' }) }))
    bench.until(3)
    expect(bench.get('PersistentVolumeClaim', 'data')?.['spec'].volumeName).toBe('small')
    expect(bench.get('PersistentVolume', 'big')?.['status'].phase).toBe('Available')
    expect(bench.linesWith('persistent-volume-binder', 2)).toEqual([
      '2 persistent-volume-binder update PersistentVolume//small',
      '2 persistent-volume-binder update status PersistentVolume//small',
      '2 persistent-volume-binder update PersistentVolumeClaim/default/data',
      '2 persistent-volume-binder update status PersistentVolumeClaim/default/data',
    ])
  })

  it('whose claim went is released, and the claim of one that vanished is lost', () => {
    const bench = controlPlane()
    bench.at(1, () => bound(bench))
    bench.at(2, () => bench.must({ verb: 'delete', kind: 'PersistentVolumeClaim', namespace: 'default', name: 'data' }))
    bench.until(3)
    expect(bench.get('PersistentVolumeClaim', 'data')).toBeUndefined()
    expect(bench.get('PersistentVolume', 'pv-1')?.['status'].phase).toBe('Released')

    const other = controlPlane()
    other.at(1, () => bound(other))
    other.at(2, () => {
      patched(other, 'PersistentVolume', 'pv-1', { metadata: { finalizers: null } })
      other.must({ verb: 'delete', kind: 'PersistentVolume', name: 'pv-1' })
    })
    other.until(3)
    expect(other.get('PersistentVolumeClaim', 'data')?.['status'].phase).toBe('Lost')
  })
})

describe('a claim that is deleted', () => {
  it('stays while a pod that has a node uses it', () => {
    const bench = controlPlane()
    bench.at(1, () => bound(bench))
    bench.at(2, () => consumer(bench, 'web-0', 'node-1'))
    bench.at(3, () => bench.must({ verb: 'delete', kind: 'PersistentVolumeClaim', namespace: 'default', name: 'data' }))
    bench.until(10)
    expect(bench.get('PersistentVolumeClaim', 'data')?.metadata.deletionTimestamp).toBeDefined()
    bench.at(20, () => bench.must({ verb: 'delete', kind: 'Pod', namespace: 'default', name: 'web-0', gracePeriodSeconds: 0 }))
    bench.until(21)
    expect(bench.get('PersistentVolumeClaim', 'data')).toBeUndefined()
    expect(bench.linesWith('pvc-protection')).toEqual(['20 pvc-protection-controller update gone PersistentVolumeClaim/default/data'])
  })
})

/** What the CSI attacher does, without time of its own but `takes`. */
const attacher = (bench: Bench, takes: number, machines: number = ranks.machines): void => {
  bench.server.store.watch('VolumeAttachment', ({ type, object }) => {
    const { name } = object.metadata
    const later = (act: () => void) => bench.at(bench.engine.now / seconds(1) + takes, act, machines)
    if (type === 'ADDED') {
      later(() => {
        if (bench.get('VolumeAttachment', name) === undefined) return
        patched(bench, 'VolumeAttachment', name, { metadata: { finalizers: ['external-attacher/disk'] } })
        patched(bench, 'VolumeAttachment', name, { status: { attached: true } }, true)
      })
    } else if (type === 'MODIFIED' && object.metadata.deletionTimestamp !== undefined) {
      later(() => patched(bench, 'VolumeAttachment', name, { metadata: { finalizers: null } }))
    }
  })
}

const used = `kubernetes.io/csi/${driver}^h-pv-1`
const reports = (bench: Bench, node: string, names: readonly string[]): KubernetesObject =>
  patched(bench, 'Node', node, { status: { volumesInUse: names } }, true)
const attachedTo = (bench: Bench, node: string): readonly string[] =>
  ((bench.get('Node', node)?.['status'].volumesAttached ?? []) as readonly { name: string }[]).map(({ name }) => name)

describe('attaching', () => {
  it('is asked for at the next tick of 0.1 s, and seen at the polls of 0.5 s, then in steps of a twentieth', () => {
    const bench = controlPlane()
    attacher(bench, 2)
    bench.at(1, () => bound(bench))
    bench.at(10, () => consumer(bench, 'web-0', 'node-1'))
    bench.until(20)
    const name = attachmentName('h-pv-1', driver, 'node-1')
    expect(bench.linesWith('attachdetach-controller')).toEqual([
      '10.1 attachdetach-controller attach-requested PersistentVolume//pv-1',
      `10.1 attachdetach-controller create VolumeAttachment//${name}`,
      // 0.5 + 0.525 + 0.55125 + 0.578812
      '12.255062 attachdetach-controller ! SuccessfulAttachVolume Pod/default/web-0',
      '12.3 attachdetach-controller patch status Node//node-1',
    ])
    expect(bench.messages('Pod/default/web-0')).toEqual(['AttachVolume.Attach succeeded for volume "pv-1" '])
    expect(attachedTo(bench, 'node-1')).toEqual([used])
  })

  it('is tried again after 0.5 s, 1 s, 2 s when the driver fails', () => {
    const bench = controlPlane()
    bench.at(1, () => bound(bench))
    bench.server.store.watch('VolumeAttachment', ({ type, object }) => {
      if (type !== 'ADDED') return
      bench.at(bench.engine.now / seconds(1), () =>
        patched(bench, 'VolumeAttachment', object.metadata.name, { status: { attached: false, attachError: { message: 'no' } } }, true),
      )
    })
    bench.at(10, () => consumer(bench, 'web-0', 'node-1'))
    bench.until(18)
    expect(bench.linesWith('FailedAttachVolume').map((line) => Number(line.split(' ')[0]))).toEqual([10.6, 11.6, 13.1, 15.6])
    expect(bench.messages('Pod/default/web-0')[0]).toBe('AttachVolume.Attach failed for volume "pv-1" : no')
  })
})

describe('a volume that moves', () => {
  it('between healthy nodes waits until the first no longer uses it, and says so once', () => {
    const bench = controlPlane()
    attacher(bench, 2)
    bench.at(1, () => bound(bench))
    bench.at(10, () => consumer(bench, 'web-0', 'node-1'))
    bench.at(13, () => reports(bench, 'node-1', [used]), ranks.kubelets)
    bench.at(100, () => bench.must({ verb: 'delete', kind: 'Pod', namespace: 'default', name: 'web-0' }))
    bench.at(101, () =>
      patched(
        bench,
        'Pod',
        'web-0',
        { status: { containerStatuses: [{ name: 'app', ready: false, restartCount: 0, state: { terminated: { exitCode: 0 } } }] } },
        true,
      ),
    )
    bench.at(102, () => {
      bench.must({ verb: 'delete', kind: 'Pod', namespace: 'default', name: 'web-0', gracePeriodSeconds: 0 })
      consumer(bench, 'web-0', 'node-2')
    })
    bench.at(103, () => reports(bench, 'node-1', []), ranks.kubelets)
    bench.until(120)
    expect(
      bench.linesWith('attachdetach-controller', 100).map((line) => line.replace('attachdetach-controller ', '').replace(/csi-.{60}/, '')),
    ).toEqual([
      '101.1 detach-requested PersistentVolume//pv-1',
      '102.1 ! FailedAttachVolume Pod/default/web-0',
      '103.1 patch status Node//node-1',
      '103.1 detach-began PersistentVolume//pv-1',
      expect.stringMatching(/^103.1 delete VolumeAttachment/),
      '105.3 attach-requested PersistentVolume//pv-1',
      expect.stringMatching(/^105.3 create VolumeAttachment/),
      '107.455062 ! SuccessfulAttachVolume Pod/default/web-0',
      '107.5 patch status Node//node-2',
    ])
    expect(bench.messages('Pod/default/web-0')[1]).toBe(
      'Multi-Attach error for volume "pv-1" Volume is already exclusively attached to one node and can\'t be attached to another',
    )
  })

  const dead = (options: Readonly<Record<string, unknown>>): Bench => {
    const bench = controlPlane(options)
    attacher(bench, 2)
    bench.at(1, () => bound(bench))
    bench.at(10, () => consumer(bench, 'web-0', 'node-1'))
    bench.at(13, () => reports(bench, 'node-1', [used]), ranks.kubelets)
    bench.at(145, () => bench.report('node-1', 'False'))
    bench.at(500, () => {
      bench.must({ verb: 'delete', kind: 'Pod', namespace: 'default', name: 'web-0', gracePeriodSeconds: 0 })
      consumer(bench, 'web-0', 'node-2')
    })
    return bench
  }

  it('from a dead node is detached by force after 360 s', () => {
    const bench = dead({}).until(1000)
    expect(bench.linesWith(' detach-', 100)).toEqual([
      '500.1 attachdetach-controller detach-requested PersistentVolume//pv-1',
      '860.1 attachdetach-controller detach-began PersistentVolume//pv-1',
    ])
    expect(attachedTo(bench, 'node-2')).toEqual([used])
  })

  it('from a dead node is never detached by force where that is switched off, but at once with the out-of-service taint', () => {
    const bench = dead({ 'disable-force-detach-on-timeout': true })
    bench.at(2000, () =>
      patched(bench, 'Node', 'node-1', { spec: { taints: [{ key: 'node.kubernetes.io/out-of-service', effect: 'NoSchedule' }] } }),
    )
    bench.until(2100)
    expect(bench.linesWith('detach-began')).toEqual(['2000.1 attachdetach-controller detach-began PersistentVolume//pv-1'])
  })

  it('whose new pod is on the same node stays attached', () => {
    const bench = controlPlane()
    attacher(bench, 2)
    bench.at(1, () => bound(bench))
    bench.at(10, () => consumer(bench, 'web-0', 'node-1'))
    bench.at(13, () => reports(bench, 'node-1', [used]), ranks.kubelets)
    bench.at(100, () => {
      bench.must({ verb: 'delete', kind: 'Pod', namespace: 'default', name: 'web-0', gracePeriodSeconds: 0 })
      consumer(bench, 'web-0', 'node-1')
    })
    bench.until(1000)
    expect(bench.linesWith('attachdetach-controller', 100)).toEqual([])
  })
})

describe('the words of a refusal', () => {
  const pod = (namespace: string, name: string): KubernetesObject => ({ apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name } })
  it('name the pods of the own namespace alone', () => {
    expect(whyRefused('a', [])).toMatch(/^Volume is already exclusively attached/)
    expect(whyRefused('a', [pod('a', 'x'), pod('a', 'y')])).toBe('Volume is already used by pod(s) x, y')
    expect(whyRefused('a', [pod('a', 'x'), pod('b', 'y')])).toBe('Volume is already used by pod(s) x and 1 pod(s) in different namespaces')
    expect(whyRefused('a', [pod('b', 'y')])).toBe('Volume is already used by 1 pod(s) in different namespaces')
  })
})
