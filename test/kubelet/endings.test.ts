import { describe, expect, it } from 'vitest'
import { boundPod, type SmallCluster, type SmallOptions, smallCluster } from './small-cluster.ts'

const stubborn: SmallOptions = { applications: [{ pods: 'app=web-0', stops: 'never' }] }

const withPod = (options: SmallOptions, spec = {}, container = {}): SmallCluster => {
  const cluster = smallCluster(options)
  cluster.at(10, () => cluster.ask({ verb: 'create', object: boundPod('web-0', spec, container) }))
  return cluster
}

const remove = (cluster: SmallCluster, at: number, gracePeriodSeconds?: number): void => {
  cluster.at(at, () =>
    cluster.ask({
      verb: 'delete',
      kind: 'Pod',
      namespace: 'default',
      name: 'web-0',
      ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    }),
  )
}

const gone = (cluster: SmallCluster): number | undefined => cluster.entries('write', 'Pod/default/web-0').at(-1)

describe('the end of a pod', () => {
  it('preStop takes its part of the grace period', () => {
    const cluster = withPod(stubborn, {}, { lifecycle: { preStop: { exec: { command: ['sleep', '25'] } } } })
    remove(cluster, 100)
    cluster.run(200)
    expect(cluster.entries('pod-stopped')).toEqual([130])
    expect(gone(cluster)).toBe(131)
  })

  it('a grace period that is shortened later does not interrupt the stop', () => {
    const cluster = withPod(stubborn, { terminationGracePeriodSeconds: 300 })
    remove(cluster, 100)
    remove(cluster, 150, 10)
    cluster.run(151)
    expect(cluster.get('Pod', 'web-0')?.metadata.deletionGracePeriodSeconds).toBe(1)
    cluster.run(500)
    expect(cluster.entries('pod-stopped')).toEqual([400])
    expect(gone(cluster)).toBe(401)
  })

  it('a force delete leaves the container two more seconds', () => {
    const cluster = withPod(stubborn)
    remove(cluster, 100, 0)
    cluster.run(200)
    expect(gone(cluster)).toBe(100)
    expect(cluster.entries('pod-stopped')).toEqual([102])
  })

  it('a pod whose image never came goes at the next relist', () => {
    const cluster = withPod({ images: new Map([['registry.k8s.io/nginx-slim:0.8', { preloaded: [] }]]) })
    cluster.world.registry.begin({ kind: 'missing' })
    remove(cluster, 150)
    cluster.run(200)
    expect(gone(cluster)).toBe(151)
    expect(cluster.entries('container-started')).toEqual([])
  })

  it('sidecars stop after the others, in the reverse order of their start', () => {
    const image = 'registry.k8s.io/nginx-slim:0.8'
    const cluster = withPod(
      {},
      {
        initContainers: [
          { name: 'first', image, restartPolicy: 'Always' },
          { name: 'second', image, restartPolicy: 'Always' },
        ],
      },
    )
    remove(cluster, 100)
    cluster.run(200)
    const { journal } = cluster.engine
    const exits: [number, string][] = []
    for (let n = 1; n <= journal.length; n++) {
      if (journal.what(n) === 'container-exited')
        exits.push([journal.time(n) / 1_000_000, (journal.detail(n) as { container: string }).container])
    }
    expect(exits).toEqual([
      [101, 'app'],
      [102, 'second'],
      [103, 'first'],
    ])
    expect(gone(cluster)).toBe(104)
  })

  it('a pod that runs to its end is Succeeded, and stays', () => {
    const cluster = withPod(
      { applications: [{ pods: 'app=web-0', exits: { after: { kind: 'constant', value: 5_000_000 }, code: 0 } }] },
      { restartPolicy: 'Never' },
    )
    cluster.run(200)
    expect(cluster.get('Pod', 'web-0')?.['status'].phase).toBe('Succeeded')
    expect(cluster.events('Started')).toEqual([11])
  })
})
