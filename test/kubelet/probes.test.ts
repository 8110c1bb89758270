import { describe, expect, it } from 'vitest'
import { hours } from '../../src/engine/clock.ts'
import { constant } from '../../src/engine/distribution.ts'
import type { PodTrouble } from '../../src/world/container.ts'
import { boundPod, isTrue, type SmallCluster, type SmallOptions, smallCluster } from './small-cluster.ts'

const get = { httpGet: { path: '/', port: 80 }, periodSeconds: 10 }

const withProbes = (container: object, spec = {}, options: SmallOptions = {}): SmallCluster => {
  const cluster = smallCluster(options)
  cluster.at(10, () => {
    const answer = cluster.ask({ verb: 'create', object: boundPod('web-0', spec, { ports: [{ containerPort: 80 }], ...container }) })
    if (!answer.ok) throw new Error(answer.status.message)
  })
  return cluster
}

const trouble = (cluster: SmallCluster, from: number, to: number, what: PodTrouble): void => {
  cluster.at(from, () => {
    const heal = cluster.world.pods.begin('Pod/default/web-0', what)
    if (to < Number.POSITIVE_INFINITY) cluster.at(to, heal)
  })
}

const turns = (cluster: SmallCluster): readonly [number, boolean][] => {
  const found: [number, boolean][] = []
  const { journal } = cluster.engine
  for (let n = 1; n <= journal.length; n++) {
    if (journal.what(n) !== 'write' || journal.about(n) !== 'Pod/default/web-0') continue
    const { object, type } = journal.detail(n) as { object: Parameters<typeof isTrue>[0]; type: string }
    if (type === 'DELETED') continue
    const ready = isTrue(object, 'Ready')
    if (found.at(-1)?.[1] !== ready) found.push([journal.time(n) / 1_000_000, ready])
  }
  return found
}

describe('liveness', () => {
  it('kills at the third failure, and the container starts in the same sync', () => {
    const cluster = withProbes({ livenessProbe: { ...get, failureThreshold: 3 } })
    trouble(cluster, 100, 130, { kind: 'probe-fail', probe: 'liveness' })
    cluster.run(300)
    expect(cluster.events('Unhealthy')).toEqual([100.3, 110.3, 120.3])
    expect(cluster.events('Killing')).toEqual([120.3])
    expect(cluster.events('Started')).toEqual([11, 121.5])
    expect(cluster.events('BackOff')).toEqual([])
    expect(cluster.get('Pod', 'web-0')?.['status'].containerStatuses[0].restartCount).toBe(1)
  })

  it('counts its failures anew for each container', () => {
    const cluster = withProbes({ livenessProbe: { ...get, failureThreshold: 3 } })
    trouble(cluster, 100, 170, { kind: 'probe-fail', probe: 'liveness' })
    cluster.run(300)
    const { journal } = cluster.engine
    const counts = cluster.entries('probe').length
    const found = Array.from({ length: journal.length }, (_, i) => i + 1)
      .filter((n) => journal.what(n) === 'probe')
      .map((n) => journal.detail(n) as { result: string; failures: number })
    expect(found).toHaveLength(counts)
    expect(found.filter(({ result }) => result === 'failure').map(({ failures }) => failures)).toEqual([3, 3])
  })

  it('uses the grace period of the probe', () => {
    const cluster = withProbes(
      { livenessProbe: { ...get, terminationGracePeriodSeconds: 5 } },
      { terminationGracePeriodSeconds: 60 },
      { applications: [{ pods: 'app=web-0', stops: 'never' }] },
    )
    trouble(cluster, 100, 130, { kind: 'probe-fail', probe: 'liveness' })
    cluster.run(127)
    expect(cluster.events('Started')).toEqual([11, 125.5])
    expect(cluster.get('Pod', 'web-0')?.['status'].containerStatuses[0].lastState.terminated.exitCode).toBe(137)
  })
})

describe('a startup probe', () => {
  it('gives up again and again, and the back-off bites late', () => {
    const cluster = withProbes({ startupProbe: get }, {}, { applications: [{ pods: 'app=web-0', starts: constant(hours(1)) }] })
    cluster.run(250)
    expect(cluster.events('Killing')[0]).toBe(40.3)
    expect(cluster.events('Started').slice(0, 6)).toEqual([11, 41.5, 71.5, 101.5, 131.5, 202.2])
    expect(turns(cluster)).toEqual([[10, false]])
  })
})

describe('readiness', () => {
  it('without a delay is asked when the container is first reported', () => {
    const cluster = withProbes({ readinessProbe: get })
    cluster.run(50)
    expect(turns(cluster)).toEqual([
      [10, false],
      [11, true],
    ])
  })

  it('with a delay waits for the next attempt after it', () => {
    const cluster = withProbes({ readinessProbe: { ...get, initialDelaySeconds: 5 } })
    cluster.run(50)
    expect(turns(cluster)).toEqual([
      [10, false],
      [21, true],
    ])
  })

  it('is not lost by two failures', () => {
    const cluster = withProbes({ readinessProbe: get })
    trouble(cluster, 100, 115, { kind: 'probe-fail', probe: 'readiness' })
    cluster.run(200)
    expect(cluster.events('Unhealthy')).toEqual([101, 111])
    expect(turns(cluster)).toHaveLength(2)
  })

  it('is lost by three, and asked once more at once', () => {
    const cluster = withProbes({ readinessProbe: get })
    trouble(cluster, 100, 150, { kind: 'probe-fail', probe: 'readiness' })
    cluster.run(200)
    expect(turns(cluster).slice(2)).toEqual([
      [121, false],
      [151, true],
    ])
    expect(cluster.events('Unhealthy')).toEqual([101, 111, 121, 121, 131, 141])
  })

  it('of a container that hangs fails after its timeout', () => {
    const cluster = withProbes({ readinessProbe: { ...get, failureThreshold: 1, timeoutSeconds: 2 } })
    trouble(cluster, 100, 130, { kind: 'hang' })
    cluster.run(110)
    expect(turns(cluster).slice(2)).toEqual([[103, false]])
  })

  it('costs no events while it says yes', () => {
    const cluster = withProbes({ readinessProbe: get, livenessProbe: get })
    cluster.run(70)
    const before = cluster.engine.happened
    cluster.run(3600)
    // What is left is the pod's resync, once a minute.
    expect(cluster.engine.happened - before).toBeLessThan(70)
  })

  it('stays while the pod is terminating', () => {
    const cluster = withProbes({ readinessProbe: get, livenessProbe: get, lifecycle: { preStop: { sleep: { seconds: 20 } } } })
    cluster.at(100, () => cluster.ask({ verb: 'delete', kind: 'Pod', namespace: 'default', name: 'web-0' }))
    cluster.run(200)
    expect(turns(cluster).slice(2)).toEqual([[121, false]])
    expect(cluster.entries('pod-stopped')).toEqual([121])
    expect(cluster.entries('write', 'Pod/default/web-0').at(-1)).toBe(122)
    expect(cluster.events('Unhealthy')).toEqual([])
  })
})
