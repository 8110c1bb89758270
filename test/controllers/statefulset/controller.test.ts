/** The controller as a control loop holds it: its queue, its workers, and looks on caches that trail behind. */
import { describe, expect, test } from 'vitest'
import { StillServer } from '../../../src/cluster/apiserver/still.ts'
import { playAtOnce } from '../../../src/cluster/client/at-once.ts'
import type { Component, Controller } from '../../../src/cluster/client/controller.ts'
import type { Look, Outcome } from '../../../src/cluster/client/story.ts'
import { statefulset } from '../../../src/cluster/controllers/statefulset/index.ts'
import type { KubernetesObject } from '../../../src/cluster/objects/metadata.ts'
import { gatesOf } from '../../../src/cluster/objects/release.ts'
import type { StatefulSet } from '../../../src/cluster/objects/statefulset.ts'
import { hours } from '../../../src/engine/clock.ts'
import { Engine } from '../../../src/engine/engine.ts'
import { calendar, claim, pod, release, web } from './builders.ts'

type Stage = {
  readonly server: StillServer
  readonly controller: Controller
  readonly engine: Engine
  readonly calls: string[]
  readonly look: () => Outcome
}

/** A controller over these objects; its caches show what it wrote only after `server.catchUp()`. */
const stage = (
  objects: readonly KubernetesObject[],
  options: { readonly release?: string; readonly flags?: Record<string, string>; readonly jitter?: number } = {},
): Stage => {
  const gates = gatesOf(release(options.release ?? '1.36'))
  const server = new StillServer(objects, { gates, time: calendar.textOf(0), plus: (time, count) => calendar.plus(time, count) })
  const engine = new Engine({ seed: 1 })
  const component: Component = {
    name: 'statefulset-controller',
    process: engine.process('statefulset-controller', 9),
    see: server.view,
    gates,
    option: (name) => options.flags?.[name],
    now: () => engine.now,
    time: () => calendar.textOf(engine.now),
    timeOf: (at) => calendar.textOf(at),
    microsOf: (time) => calendar.microsOf(time),
    play: () => undefined,
    rhythm: (_purpose, period, phase) => ({ period, phase }),
    jitter: () => options.jitter ?? 0,
    record: () => undefined,
  }
  const controller = statefulset(component)
  const calls: string[] = []
  const look = (): Outcome =>
    playAtOnce((controller.look as (key: string) => Look)('default/web'), {
      call: (request) => {
        const name = 'object' in request ? `${request.object.kind} ${request.object.metadata.name}` : 'name' in request ? request.name : ''
        if (request.verb !== 'get') calls.push(`${request.verb} ${name}`)
        return server.handle(request)
      },
    })
  return { server, controller, engine, calls, look }
}

const versioned = (object: KubernetesObject, resourceVersion: string): KubernetesObject => ({
  ...object,
  metadata: { ...object.metadata, resourceVersion },
})

describe('a look on a cache that does not show the controller’s own writes', () => {
  const behind = /^read version: \d+ is not as new as written version: \d+ for group resource (\S+)$/

  const secondLook = (objects: readonly KubernetesObject[], options = {}): Outcome => {
    const { look } = stage(objects, options)
    look()
    return look()
  }

  test('is refused after a pod was made', () => {
    const { look, server, calls } = stage([web({ volumeClaimTemplates: [] })])
    expect(look().error).toBeNull()
    const before = [...calls]
    expect(behind.exec(look().error ?? '')?.[1]).toBe('pods')
    expect(calls).toEqual(before)
    server.catchUp()
    expect(look().error).toBeNull()
  })

  test('would make the pod a second time before 1.36', () => {
    expect(secondLook([web({ volumeClaimTemplates: [] })], { release: '1.35' }).error).toBe(
      'pods "web-0" already exists, the server was not able to generate a unique name for the object',
    )
  })

  /** `web` with its revision and a pod of it, which is at it. */
  const settled = (words: Parameters<typeof pod>[1], spec: Partial<StatefulSet['spec']> = {}): KubernetesObject[] => {
    const set = web({ replicas: 1, ...spec })
    const { server, look } = stage([{ ...set, spec: { ...set.spec, replicas: 0 } }])
    look()
    server.catchUp()
    const revision = server.view.of('ControllerRevision').list()[0] as KubernetesObject
    const { name } = revision.metadata
    const counts = { replicas: 1, readyReplicas: 1, availableReplicas: 1, currentReplicas: 1, updatedReplicas: 1 }
    const status = { ...counts, observedGeneration: 1, currentRevision: name, updateRevision: name, collisionCount: 0 }
    return [{ ...set, status }, revision, versioned(pod(0, { revision: name, ...words }), '50'), versioned(claim(0), '51')]
  }

  test('is refused after a status was written', () => {
    const [set, ...others] = settled({}) as [StatefulSet, ...KubernetesObject[]]
    const stale = { ...set, status: { ...set.status, replicas: 7 } }
    expect(behind.exec(secondLook([stale, ...others]).error ?? '')?.[1]).toBe('statefulsets.apps')
  })

  test('is refused after a claim of a Pending pod was given its owner', () => {
    const policy = { persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete', whenScaled: 'Retain' } } as const
    const { look, calls } = stage(settled({ phase: 'Pending', ready: null }, policy))
    look()
    expect(calls[0]).toBe('update PersistentVolumeClaim data-web-0')
    expect(behind.exec(look().error ?? '')?.[1]).toBe('persistentvolumeclaims')
  })

  test('is refused after a pod was mended', () => {
    const objects = settled({ labels: { 'statefulset.kubernetes.io/pod-name': 'lost' } })
    const { look, calls } = stage(objects)
    look()
    expect(calls).toEqual(['update Pod web-0'])
    expect(behind.exec(look().error ?? '')?.[1]).toBe('pods')
  })

  test('is refused after a claim was made for a Pending pod', () => {
    const objects = settled({ phase: 'Pending', ready: null }).filter((object) => object.kind !== 'PersistentVolumeClaim')
    const { look, calls } = stage(objects)
    look()
    expect(calls[0]).toBe('create PersistentVolumeClaim data-web-0')
    expect(behind.exec(look().error ?? '')?.[1]).toBe('persistentvolumeclaims')
  })

  test('is refused after a pod was adopted', () => {
    const [set, revision, owned, claimed] = settled({}) as [KubernetesObject, KubernetesObject, KubernetesObject, KubernetesObject]
    const orphan = { ...owned, metadata: { ...owned.metadata, ownerReferences: [] } }
    const { look, calls } = stage([set, revision, orphan, claimed])
    look()
    expect(calls).toEqual(['patch web-0'])
    expect(behind.exec(look().error ?? '')?.[1]).toBe('pods')
  })

  test('is taken after a pod was deleted: that is not guarded', () => {
    const objects = settled({ phase: 'Failed', ready: null })
    const status = { readyReplicas: 0, availableReplicas: 0 }
    const { look, calls } = stage(
      objects.map((object) => (object.kind === 'StatefulSet' ? { ...object, status: { ...object['status'], ...status } } : object)),
    )
    look()
    look()
    expect(calls).toEqual(['delete web-0', 'delete web-0'])
  })
})

describe('the controller', () => {
  const queue = () => {
    const keys: string[] = []
    return { keys, add: (key: string) => keys.push(key), addAfter: () => undefined }
  }

  test('has five workers, or as many as its flag says', () => {
    expect(stage([]).controller.workers).toBe(5)
    expect(stage([], { flags: { 'concurrent-statefulset-syncs': '2' } }).controller.workers).toBe(2)
  })

  test('is woken by sets and pods, not by claims and revisions', () => {
    const { controller } = stage([web()])
    const woken = queue()
    controller.changed({ type: 'DELETED', object: claim(0), old: undefined }, woken)
    controller.changed({ type: 'ADDED', object: { ...claim(0), kind: 'ControllerRevision' }, old: undefined }, woken)
    expect(woken.keys).toEqual([])
    controller.changed({ type: 'MODIFIED', object: web(), old: web() }, woken)
    controller.changed({ type: 'ADDED', object: pod(0), old: undefined }, woken)
    expect(woken.keys).toEqual(['default/web', 'default/web'])
  })

  test.each([
    [0, 12],
    [0.5, 18],
  ])('looks at every set again after twelve hours, drawn out by up to as much again (%s)', (jitter, after) => {
    const { controller, engine } = stage([web()], { jitter })
    const woken = queue()
    controller.start?.(woken)
    engine.run(hours(after) - 1)
    expect(woken.keys).toEqual([])
    engine.run(hours(after) * 2)
    expect(woken.keys).toEqual(['default/web', 'default/web'])
  })

  test('leaves a set alone whose selector it cannot read, and one that is gone', () => {
    const selector = { matchExpressions: [{ key: 'app', operator: 'Near' }] }
    for (const objects of [[web({ selector })], []]) {
      const { look, calls } = stage(objects)
      expect(look()).toEqual({ waits: null, error: null, wakesAfter: null })
      expect(calls).toEqual([])
    }
  })

  test('asks once whether it may adopt, however many there are', () => {
    const orphans = [0, 1, 2].map((ordinal) => pod(ordinal, { owners: [] }))
    const { server, controller } = stage([web(), ...orphans])
    let reads = 0
    playAtOnce((controller.look as (key: string) => Look)('default/web'), {
      call: (request) => {
        if (request.verb === 'get' && request.kind === 'StatefulSet') reads++
        return server.handle(request)
      },
    })
    expect(reads).toBe(1)
  })
})
