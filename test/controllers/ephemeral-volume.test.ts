import { describe, expect, it } from 'vitest'
import { controllersOf } from '../../src/cluster/controllers/index.ts'
import type { KubernetesObject } from '../../src/cluster/objects/metadata.ts'
import { Heartbeats } from '../../src/world/heartbeat.ts'
import type { World } from '../../src/world/world.ts'
import { Bench } from './bench.ts'

/** In the order in which a cluster tells them. */
const names = ['generic-garbage-collector', 'pvc-protection-controller', 'resourcequota-controller', 'ephemeral-volume-controller']
const entries = controllersOf({ heartbeats: new Heartbeats() } as World, {}).filter(({ name }) => names.includes(name))
const controlPlane = (before: (bench: Bench) => unknown = () => undefined): Bench => {
  const bench = new Bench()
  before(bench)
  return bench.run(...entries)
}

const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } }
const ephemeral = (name: string, metadata: object = {}): object => ({ name, ephemeral: { volumeClaimTemplate: { metadata, spec } } })

const pod = (name: string, volumes: readonly object[], metadata: object = {}): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', ...metadata },
  spec: { containers: [{ name: 'app', image: 'nginx' }], volumes },
})
const claim = (name: string, metadata: object = {}): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name, namespace: 'default', ...metadata },
  spec,
})

const create = (bench: Bench, object: KubernetesObject): KubernetesObject => bench.must({ verb: 'create', object })
const remove = (bench: Bench, kind: string, name: string): KubernetesObject =>
  bench.must({ verb: 'delete', kind, namespace: 'default', name, ...(kind === 'Pod' ? { gracePeriodSeconds: 0 } : {}) })
const claimNames = (bench: Bench): readonly string[] =>
  bench.server.store
    .of('PersistentVolumeClaim')
    .list('default')
    .map(({ metadata }) => metadata.name)
/** When the controller complained, in seconds. */
const complaints = (bench: Bench): readonly number[] => bench.linesWith('ephemeral_volume !').map((line) => Number(line.split(' ')[0]))

const notOwner = 'ephemeral volume tmp: PVC default/web-tmp was not created for pod default/web (pod is not owner)'

describe('the claim of a generic ephemeral volume', () => {
  it('has the name of pod and volume, and labels, annotations and spec of the template; the pod controls it', () => {
    const bench = controlPlane()
    const template = { labels: { type: 'scratch' }, annotations: { why: 'because' } }
    bench.at(1, () => create(bench, pod('web', [{ name: 'cache', emptyDir: {} }, ephemeral('tmp', template), ephemeral('log')]))).until(2)
    expect(claimNames(bench)).toEqual(['web-log', 'web-tmp'])
    const { metadata, spec: made } = bench.get('PersistentVolumeClaim', 'web-tmp') as KubernetesObject
    expect(metadata).toMatchObject(template)
    const uid = bench.get('Pod', 'web')?.metadata.uid
    expect(metadata.ownerReferences).toEqual([
      { apiVersion: 'v1', kind: 'Pod', name: 'web', uid, controller: true, blockOwnerDeletion: true },
    ])
    expect(made).toEqual({ ...spec, volumeMode: 'Filesystem' })
    expect(bench.messages('Pod/default/web')).toEqual([])
  })

  it.each([
    ['a pod without such volumes', pod('web', [{ name: 'cache', emptyDir: {} }]), []],
    ['a claim of that name elsewhere', pod('web', [ephemeral('tmp')]), ['web-tmp']],
  ])('is made or not: %s', (_what, object, expected) => {
    const bench = controlPlane()
    create(bench, { ...claim('web-tmp'), metadata: { name: 'web-tmp', namespace: 'kube-system' } })
    bench.at(1, () => create(bench, object)).until(2)
    expect(claimNames(bench)).toEqual(expected)
  })

  it('is not made for a pod that is being deleted', () => {
    const bench = controlPlane((bench) => {
      create(bench, pod('web', [ephemeral('tmp')], { finalizers: ['example.com/wait'] }))
      remove(bench, 'Pod', 'web')
    }).until(2)
    expect(claimNames(bench)).toEqual([])
  })

  it('is made for pods that were there before the controller, and not twice', () => {
    const bench = controlPlane((bench) => create(bench, pod('web', [ephemeral('tmp')]))).until(2)
    expect(claimNames(bench)).toEqual(['web-tmp'])
    bench.at(3, () => bench.restart()).until(4)
    expect(bench.linesWith('ephemeral-volume-controller create')).toHaveLength(1)
    expect(complaints(bench)).toEqual([])
  })

  it('goes with its pod', () => {
    const bench = controlPlane()
    bench.at(1, () => create(bench, pod('web', [ephemeral('tmp')]))).at(10, () => remove(bench, 'Pod', 'web'))
    bench.until(11)
    expect(claimNames(bench)).toEqual([])
    expect(bench.linesWith('ephemeral-volume-controller', 10)).toEqual([])
  })

  it('goes before its pod in a foreground deletion, also when the pod has a node', () => {
    const bench = controlPlane()
    const placed = pod('web', [ephemeral('tmp')])
    bench.at(1, () => create(bench, { ...placed, spec: { ...placed['spec'], nodeName: 'node-1' } })).until(2)
    expect(claimNames(bench)).toEqual(['web-tmp'])
    const foreground = { gracePeriodSeconds: 0, propagation: 'Foreground' as const }
    bench.at(3, () => bench.must({ verb: 'delete', kind: 'Pod', namespace: 'default', name: 'web', ...foreground })).until(10)
    expect(claimNames(bench)).toEqual([])
    expect(bench.get('Pod', 'web')).toBeUndefined()
  })

  it('is not held by a pod of another one that only has the right name', () => {
    const bench = controlPlane()
    const placed = pod('web', [ephemeral('tmp')])
    create(bench, claim('web-tmp'))
    bench.at(1, () => create(bench, { ...placed, spec: { ...placed['spec'], nodeName: 'node-1' } })).until(2)
    bench.at(3, () => remove(bench, 'PersistentVolumeClaim', 'web-tmp')).until(4)
    expect(bench.get('PersistentVolumeClaim', 'web-tmp')?.metadata.ownerReferences?.[0]?.name).toBe('web')
  })

  it('is made again when somebody deletes it before the pod has a node, though a quota allows but one', () => {
    const bench = controlPlane()
    create(bench, {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'few', namespace: 'default' },
      spec: { hard: { persistentvolumeclaims: '1' } },
    })
    bench.at(1, () => create(bench, pod('web', [ephemeral('tmp')])))
    bench.at(10, () => remove(bench, 'PersistentVolumeClaim', 'web-tmp')).until(11)
    expect(claimNames(bench)).toEqual(['web-tmp'])
    expect(bench.linesWith('ephemeral-volume-controller create')).toHaveLength(2)
    expect(bench.messages('Pod/default/web')).toEqual([])
  })
})

describe('a claim of that name that the pod does not control', () => {
  it.each([
    ['nobody owns it', () => []],
    ['an earlier pod of that name controls it', () => [{ uid: 'an-earlier-life', controller: true }]],
    ['the pod owns it without controlling it', (uid: unknown) => [{ uid, controller: false }]],
  ])('is left alone and complained of: %s', (_what, owners) => {
    const bench = new Bench()
    const { uid } = create(bench, pod('web', [ephemeral('tmp')])).metadata
    const ownerReferences = owners(uid).map((owner) => ({ apiVersion: 'v1', kind: 'Pod', name: 'web', ...owner }))
    const theirs = create(bench, claim('web-tmp', { ownerReferences }))
    bench.run(...entries.filter(({ name }) => name === 'ephemeral-volume-controller')).until(1)
    expect(bench.get('PersistentVolumeClaim', 'web-tmp')).toEqual(theirs)
    expect(bench.messages('Pod/default/web')[0]).toBe(notOwner)
    expect(bench.linesWith('FailedBinding')[0]).toBe('0 ephemeral_volume ! FailedBinding Pod/default/web')
  })

  it('is looked at again after 5 ms, 10 ms, 20 ms, …, and as soon as it is gone', () => {
    const bench = controlPlane()
    create(bench, claim('web-tmp'))
    bench.at(1, () => create(bench, pod('web', [ephemeral('tmp')])))
    bench.at(10, () => remove(bench, 'PersistentVolumeClaim', 'web-tmp')).until(20)
    expect(complaints(bench)).toEqual([1, 1.005, 1.015, 1.035, 1.075, 1.155, 1.315, 1.635, 2.275, 3.555, 6.115])
    expect(bench.linesWith('ephemeral-volume-controller create')).toEqual([
      '10 ephemeral-volume-controller create PersistentVolumeClaim/default/web-tmp',
    ])
  })

  it('hinders the volumes after it, not those before', () => {
    const bench = controlPlane()
    create(bench, claim('web-tmp'))
    bench.at(1, () => create(bench, pod('web', [ephemeral('a'), ephemeral('tmp'), ephemeral('z')]))).until(2)
    expect(claimNames(bench)).toEqual(['web-a', 'web-tmp'])
  })
})

describe('a claim that the server refuses', () => {
  it('is complained of in its words, and asked for again', () => {
    const bench = controlPlane()
    create(bench, {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'none', namespace: 'default' },
      spec: { hard: { persistentvolumeclaims: '0' } },
    })
    bench.at(1, () => create(bench, pod('web', [ephemeral('tmp')])))
    bench.at(3, () => remove(bench, 'ResourceQuota', 'none')).until(10)
    expect(bench.messages('Pod/default/web')[0]).toBe(
      'ephemeral volume tmp: create PVC web-tmp: persistentvolumeclaims "web-tmp" is forbidden: exceeded quota: none, ' +
        'requested: persistentvolumeclaims=1, used: persistentvolumeclaims=0, limited: persistentvolumeclaims=0',
    )
    expect(claimNames(bench)).toEqual(['web-tmp'])
  })
})
