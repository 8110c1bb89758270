import { describe, expect, it } from 'vitest'
import { milliseconds } from '../../src/engine/clock.ts'
import { constant } from '../../src/engine/distribution.ts'
import { boundPod, type SmallCluster, type SmallOptions, smallCluster } from './small-cluster.ts'

const withPod = (at: number, options: SmallOptions = {}, spec = {}, container = {}): SmallCluster => {
  const cluster = smallCluster(options)
  cluster.at(at, () => {
    const answer = cluster.ask({ verb: 'create', object: boundPod('web-0', spec, container) })
    if (!answer.ok) throw new Error(answer.status.message)
  })
  return cluster
}

const crashAt = (cluster: SmallCluster, ...times: readonly number[]): void => {
  for (const time of times) {
    cluster.at(time, () => {
      const pod = cluster.get('Pod', 'web-0')
      cluster.world.container(pod?.metadata.uid as string)?.exit(1, 'Error', false)
    })
  }
}

const ownEnd = [{ pods: 'app=web-0', exits: { after: constant(milliseconds(400)), code: 1 } }]
const waiting = (cluster: SmallCluster) => cluster.get('Pod', 'web-0')?.['status'].containerStatuses[0].state.waiting

describe('a container that crashes', () => {
  it('is started again at once, then after 10, 20, 40, 80, 160 and 300 s', () => {
    const cluster = withPod(9.2, { applications: ownEnd })
    cluster.run(700)
    expect(cluster.events('Started')).toEqual([10.2, 11.2, 22.2, 43.2, 84.2, 165.2, 326.2, 627.2])
    expect(cluster.events('BackOff').length).toBeGreaterThanOrEqual(4)
  })

  it('shows CrashLoopBackOff one sync after it was held back', () => {
    const cluster = withPod(9.2, { applications: ownEnd })
    cluster.run(100)
    expect(cluster.get('Pod', 'web-0')?.['status'].containerStatuses[0].state.terminated.exitCode).toBe(1)
    expect(cluster.get('Pod', 'web-0')?.['status'].phase).toBe('Running')
    cluster.run(150)
    const uid = cluster.get('Pod', 'web-0')?.metadata.uid
    expect(waiting(cluster)).toEqual({
      reason: 'CrashLoopBackOff',
      message: `back-off 1m20s restarting failed container=app pod=web-0_default(${uid})`,
    })
  })

  it('is forgiven after ten quiet minutes', () => {
    const cluster = withPod(10)
    crashAt(cluster, 20.4, 25.4, 40.4, 65.4, 110.4, 891.4, 900.4)
    cluster.run(1000)
    expect(cluster.events('Started')).toEqual([11, 21.2, 36.2, 61.2, 106.2, 191.2, 892.2, 911.2])
  })

  it('is not forgiven after three', () => {
    const cluster = withPod(10)
    crashAt(cluster, 20.4, 25.4, 40.4, 65.4, 110.4, 391.4, 560.4)
    cluster.run(1000)
    expect(cluster.events('Started').slice(5)).toEqual([191.2, 552.2, 861.2])
  })

  it('is forgiven while it waits', () => {
    const cluster = withPod(10)
    crashAt(cluster, 20.4, 25.4, 40.4, 65.4, 110.4, 691.4, 860.4)
    cluster.run(1000)
    expect(cluster.events('Started').slice(5)).toEqual([191.2, 812.2, 871.2])
  })

  it('waits no longer than the node says', () => {
    const cluster = withPod(9.2, { applications: ownEnd, kubelet: { crashLoopBackOff: { maxContainerRestartPeriod: '30s' } } })
    cluster.run(140)
    expect(cluster.events('Started')).toEqual([10.2, 11.2, 22.2, 43.2, 74.2, 105.2, 136.2])
  })

  it('is an init container: the pod stays Pending', () => {
    const cluster = withPod(
      10,
      { applications: [{ ...ownEnd[0], container: 'setup' } as NonNullable<SmallOptions['applications']>[number]] },
      { initContainers: [{ name: 'setup', image: 'registry.k8s.io/nginx-slim:0.8' }] },
    )
    cluster.run(100)
    expect(cluster.events('Started').slice(0, 4)).toEqual([11, 12.2, 23.2, 44.2])
    const status = cluster.get('Pod', 'web-0')?.['status'] as { phase: string; conditions: { type: string }[] }
    expect(status.phase).toBe('Pending')
    expect(status.conditions.find(({ type }) => type === 'Initialized')).toMatchObject({
      status: 'False',
      reason: 'ContainersNotInitialized',
      message: 'containers with incomplete status: [setup]',
    })
  })

  it('meets a registry that is away, if its policy is Always', () => {
    const cluster = withPod(10, {}, {}, { imagePullPolicy: 'Always' })
    let heal: () => void = () => undefined
    cluster.at(90, () => {
      heal = cluster.world.registry.begin({ kind: 'outage' })
    })
    cluster.at(150, () => heal())
    crashAt(cluster, 100)
    cluster.run(300)
    expect(cluster.events('Failed')[0]).toBe(101)
    expect(cluster.events('Started').filter((time) => time > 50)[0]).toBeGreaterThanOrEqual(150)
    expect(cluster.events('Started').filter((time) => time > 50)[0]).toBeLessThanOrEqual(260)
  })

  it('whose postStart fails is killed and held back', () => {
    const cluster = withPod(10, {}, {}, { lifecycle: { postStart: { exec: { command: ['sh', '-c', 'exit 1'] } } } })
    cluster.run(300)
    expect(cluster.events('FailedPostStartHook')[0]).toBe(11)
    expect(cluster.events('FailedPostStartHook').length).toBeGreaterThanOrEqual(4)
    expect(cluster.events('Started')[1]).toBeGreaterThanOrEqual(12)
    expect(cluster.events('Started')[1]).toBeLessThanOrEqual(23)
    expect(cluster.events('BackOff').length).toBeGreaterThanOrEqual(1)
  })
})
