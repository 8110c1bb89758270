import { describe, expect, it } from 'vitest'
import type { KubernetesObject } from '../../src/cluster/objects/metadata.ts'
import { boundPod, type SmallCluster, type SmallOptions, smallCluster } from './small-cluster.ts'

const withPod = (options: SmallOptions = {}, spec = {}): SmallCluster => {
  const cluster = smallCluster(options)
  cluster.at(10, () => cluster.ask({ verb: 'create', object: boundPod('web-0', spec) }))
  return cluster
}

type Condition = { type: string; status: string; reason: string; message: string }

const conditionsOf = (object: KubernetesObject | undefined): readonly Condition[] => object?.['status']?.conditions ?? []
const conditionAt = (cluster: SmallCluster, type: string): Condition | undefined =>
  conditionsOf(cluster.get('Node', 'node-1')).find((each) => each.type === type)
/** When the Node first says so. */
const turned = (cluster: SmallCluster, type: string, status: string): number | undefined =>
  cluster.when('Node', 'node-1', (node) => conditionsOf(node).some((each) => each.type === type && each.status === status))

describe('a node under pressure', () => {
  it('evicts one pod at its tick, and says so half a second later', () => {
    const cluster = withPod()
    cluster.at(100, () => {
      cluster.world.machines.get('node-1')?.troubles.begin('node-1', { kind: 'pressure', resource: 'disk', since: 100_000_000 })
    })
    cluster.run(104)
    expect(cluster.events('EvictionThresholdMet')[0]).toBe(102.5)
    expect(cluster.events('Evicted')).toEqual([102.5])
    expect(cluster.when('Pod', 'web-0', (pod) => pod['status'].phase === 'Failed')).toBe(103.5)
    expect(cluster.get('Pod', 'web-0')?.['status']).toMatchObject({ phase: 'Failed', reason: 'Evicted' })
    expect(conditionsOf(cluster.get('Pod', 'web-0')).find((each) => each.type === 'DisruptionTarget')).toMatchObject({
      status: 'True',
      reason: 'TerminationByKubelet',
    })
    expect(turned(cluster, 'DiskPressure', 'True')).toBe(103)
  })

  it('refuses pods, and is free five minutes after the pressure has gone', () => {
    const cluster = smallCluster()
    let heal: () => void = () => undefined
    cluster.at(100, () => {
      heal =
        cluster.world.machines.get('node-1')?.troubles.begin('node-1', { kind: 'pressure', resource: 'disk', since: 100_000_000 }) ?? heal
    })
    cluster.at(110, () => cluster.ask({ verb: 'create', object: boundPod('web-0') }))
    cluster.at(200, () => heal())
    cluster.run(120)
    expect(cluster.get('Pod', 'web-0')?.['status']).toMatchObject({
      phase: 'Failed',
      reason: 'Evicted',
      message: 'Pod was rejected: The node had condition: [DiskPressure]. ',
    })
    cluster.run(490)
    expect(conditionAt(cluster, 'DiskPressure')?.status).toBe('True')
    cluster.run(520)
    expect(conditionAt(cluster, 'DiskPressure')?.status).toBe('False')
  })
})

describe('an orderly shutdown', () => {
  const settings = { kubelet: { shutdownGracePeriod: '60s', shutdownGracePeriodCriticalPods: '10s' } }

  it('ends the pods, refuses others, and then the machine halts', () => {
    const cluster = withPod(settings)
    cluster.at(100, () => cluster.world.machines.get('node-1')?.shutdown(20_000_000))
    cluster.at(100.5, () => cluster.ask({ verb: 'create', object: boundPod('stray') }))
    cluster.run(101.5)
    expect(conditionAt(cluster, 'Ready')).toMatchObject({ status: 'False', message: 'node is shutting down' })
    expect(cluster.get('Pod', 'stray')?.['status']).toMatchObject({
      phase: 'Failed',
      reason: 'NodeShutdown',
      message: 'Pod was rejected: Pod was rejected as the node is shutting down.',
    })
    expect(cluster.when('Pod', 'web-0', (pod) => pod['status'].phase === 'Failed')).toBe(101)
    expect(cluster.get('Pod', 'web-0')?.['status']).toMatchObject({
      reason: 'Terminated',
      message: 'Pod was terminated in response to imminent node shutdown.',
    })
    cluster.run(200)
    expect(cluster.world.machines.get('node-1')?.state).toBe('off')
    expect(cluster.entries('machine-off')[0]).toBeCloseTo(121.1, 1)
  })

  it('is no such thing without the setting: the machine halts under its pods', () => {
    const cluster = withPod()
    cluster.at(100, () => cluster.world.machines.get('node-1')?.shutdown(20_000_000))
    cluster.run(200)
    expect(cluster.entries('machine-off')).toEqual([120])
    expect(cluster.entries('pod-stopped')).toEqual([120])
  })
})

describe('a runtime that does not answer', () => {
  it('makes the node not ready after 30 s, and its pods run on', () => {
    const cluster = withPod()
    cluster.at(100, () => {
      const heal = cluster.world.machines.get('node-1')?.troubles.begin('node-1', { kind: 'runtime-down', since: 100_000_000 })
      cluster.at(200, () => heal?.())
    })
    cluster.at(110, () => cluster.ask({ verb: 'delete', kind: 'Pod', namespace: 'default', name: 'web-0' }))
    cluster.run(150)
    expect(
      cluster.when('Node', 'node-1', (node) =>
        (node['status'].conditions as { type: string; status: string }[]).some((each) => each.type === 'Ready' && each.status === 'False'),
      ),
    ).toBe(133)
    expect(conditionAt(cluster, 'Ready')).toMatchObject({ reason: 'KubeletNotReady', message: 'container runtime is down' })
    expect(cluster.entries('pod-stopped')).toEqual([])
    cluster.run(250)
    expect(conditionAt(cluster, 'Ready')?.status).toBe('True')
    expect(cluster.get('Pod', 'web-0')).toBeUndefined()
  })
})

describe('admission', () => {
  const refused = (cluster: SmallCluster): KubernetesObject['status'] => {
    cluster.run(20)
    return cluster.get('Pod', 'web-0')?.['status']
  }

  it('refuses what does not fit', () => {
    const resources = { requests: { cpu: '5' } }
    const cluster = smallCluster()
    cluster.at(10, () => cluster.ask({ verb: 'create', object: boundPod('web-0', {}, { resources }) }))
    expect(refused(cluster)).toMatchObject({
      phase: 'Failed',
      reason: 'OutOfcpu',
      message: "Pod was rejected: Node didn't have enough resource: cpu, requested: 5000, used: 0, capacity: 4000",
    })
  })

  it('refuses what does not tolerate a NoExecute taint', () => {
    const cluster = smallCluster()
    cluster.at(9, () =>
      cluster.ask({
        verb: 'patch',
        kind: 'Node',
        name: 'node-1',
        type: 'merge',
        patch: { spec: { taints: [{ key: 'a', effect: 'NoExecute' }] } },
      }),
    )
    cluster.at(10, () => cluster.ask({ verb: 'create', object: boundPod('web-0') }))
    expect(refused(cluster)).toMatchObject({
      reason: 'TaintToleration',
      message: "Pod was rejected: Predicate TaintToleration failed: node(s) had taints that the pod didn't tolerate",
    })
  })
})

describe('an active deadline', () => {
  it('ends the pod', () => {
    const cluster = withPod({}, { activeDeadlineSeconds: 30 })
    cluster.run(60)
    // Seen by the sync of 40 s; the ending begins at the next relist.
    expect(cluster.entries('pod-stopped')).toEqual([42])
    expect(cluster.get('Pod', 'web-0')?.['status']).toMatchObject({ phase: 'Failed', reason: 'DeadlineExceeded' })
  })
})
