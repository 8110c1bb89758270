import { describe, expect, test } from 'vitest'
import { pod, Story, set } from './story.ts'

const rows = (story: Story, quiet = true) =>
  story
    .table('rollouts', 3_600, quiet)
    .map(({ change, generation, from_revision, to_revision, began_s, finished_s, pods, status }) => [
      change,
      generation,
      from_revision,
      to_revision,
      began_s,
      finished_s,
      pods,
      status,
    ])

/** A set that was created and is complete at 10 s. */
function complete(): Story {
  const story = new Story()
  story.write(0, 'kubectl', set())
  story.write(10, 'c', set({ counts: [3, 3] }))
  return story
}

const waits = (story: Story, at: number, why: string | null) =>
  story.tell(at, 'statefulset-controller', 'waits', 'StatefulSet/default/web', { why })

describe('rollouts', () => {
  test('creation, update and scaling end when their pods are there', () => {
    const story = complete()
    story.write(20, 'kubectl', set({ image: 'app:2', generation: 2, observed: 1, counts: [3, 3] }))
    story.write(21, 'c', set({ image: 'app:2', generation: 2, counts: [3, 3, 0], revisions: ['web-a', 'web-b'] }))
    story.write(40, 'c', set({ image: 'app:2', generation: 2, counts: [3, 2, 3], revisions: ['web-a', 'web-b'] }))
    story.write(50, 'c', set({ image: 'app:2', generation: 2, counts: [3, 3, 3], revisions: ['web-b', 'web-b'] }))
    story.write(
      60,
      'kubectl',
      set({ image: 'app:2', replicas: 5, generation: 3, observed: 2, counts: [3, 3], revisions: ['web-b', 'web-b'] }),
    )
    story.write(80, 'c', set({ image: 'app:2', replicas: 5, generation: 3, counts: [5, 5], revisions: ['web-b', 'web-b'] }))
    story.write(
      90,
      'kubectl',
      set({ image: 'app:2', replicas: 2, generation: 4, observed: 3, counts: [5, 5], revisions: ['web-b', 'web-b'] }),
    )
    story.write(99, 'c', set({ image: 'app:2', replicas: 2, generation: 4, counts: [2, 2], revisions: ['web-b', 'web-b'] }))
    expect(rows(story)).toEqual([
      ['create', 1, '', 'web-a', 0, 10, 3, 'complete'],
      ['update', 2, 'web-a', 'web-b', 20, 50, 3, 'complete'],
      ['scale-up', 3, 'web-b', 'web-b', 60, 80, 2, 'complete'],
      ['scale-down', 4, 'web-b', 'web-b', 90, 99, 3, 'complete'],
    ])
  })

  test('other ordinals are an update, complete when all pods of the new ones stand for those of the old ones', () => {
    const story = complete()
    for (const ordinal of [0, 1, 2]) story.write(10, 'c', pod(`web-${ordinal}`, { ready: true }))
    const moved = (observed: number) => {
      const made = set({ generation: 2, observed, counts: [3, 3, 3], revisions: ['web-a', 'web-a'] })
      return { ...made, spec: { ...made['spec'], ordinals: { start: 1 } } }
    }
    story.write(20, 'kubectl', moved(1))
    story.write(21, 'c', moved(2))
    story.write(30, 'c', pod('web-3', { ready: true }))
    story.write(31, 'c', moved(2))
    story.remove(40, 'kubelet', 'Pod', 'web-0')
    expect(rows(story).at(-1)).toEqual(['update', 2, 'web-a', 'web-a', 20, 40, 1, 'complete'])
  })

  test('a restart is told from an update, and a partition counts the pods above it', () => {
    const story = complete()
    const annotations = { 'kubectl.kubernetes.io/restartedAt': '2026-01-01T00:00:20Z' }
    story.write(20, 'kubectl', set({ annotations, generation: 2, observed: 1, counts: [3, 3] }))
    story.write(30, 'c', set({ annotations, generation: 2, counts: [3, 3, 3], revisions: ['web-b', 'web-b'] }))
    const strategy = { type: 'RollingUpdate', rollingUpdate: { partition: 2 } }
    story.write(
      40,
      'kubectl',
      set({ annotations, strategy, image: 'app:3', generation: 3, observed: 2, counts: [3, 3], revisions: ['web-b', 'web-b'] }),
    )
    story.write(50, 'c', set({ annotations, strategy, image: 'app:3', generation: 3, counts: [3, 3, 1], revisions: ['web-b', 'web-c'] }))
    const all = { type: 'RollingUpdate', rollingUpdate: { partition: 0 } }
    story.write(
      60,
      'kubectl',
      set({ annotations, strategy: all, image: 'app:3', generation: 4, observed: 3, counts: [3, 3, 1], revisions: ['web-b', 'web-c'] }),
    )
    story.write(
      80,
      'c',
      set({ annotations, strategy: all, image: 'app:3', generation: 4, counts: [3, 3, 3], revisions: ['web-c', 'web-c'] }),
    )
    expect(rows(story).slice(1)).toEqual([
      ['restart', 2, 'web-a', 'web-b', 20, 30, 3, 'complete'],
      ['update', 3, 'web-b', 'web-c', 40, 50, 1, 'complete'],
      ['update', 4, 'web-c', 'web-c', 60, 80, 3, 'complete'],
    ])
  })

  test('a deletion ends when the set and the last of its pods are gone', () => {
    const story = new Story()
    story.write(0, 'kubectl', set({ replicas: 2 }))
    story.write(1, 'c', pod('web-0'))
    story.write(2, 'c', pod('web-1'))
    story.write(10, 'c', set({ replicas: 2, counts: [2, 2] }))
    story.remove(20, 'kubectl', 'StatefulSet', 'web')
    story.remove(21, 'gc', 'Pod', 'web-1')
    story.remove(25, 'gc', 'Pod', 'web-0')
    expect(rows(story)[1]).toEqual(['delete', 1, 'web-a', '', 20, 25, 2, 'complete'])
  })

  test('an orphaned pod is no longer waited for', () => {
    const story = new Story()
    story.write(0, 'kubectl', set({ replicas: 1 }))
    story.write(1, 'c', pod('web-0'))
    story.write(10, 'c', set({ replicas: 1, counts: [1, 1] }))
    story.write(20, 'gc', pod('web-0', { owner: '' }))
    story.remove(21, 'kubectl', 'StatefulSet', 'web')
    expect(rows(story)[1]).toEqual(['delete', 1, 'web-a', '', 21, 21, 0, 'complete'])
  })

  /** kubernetes/kubernetes#67250: a broken update, then the rollback that waits for the broken pod for ever. */
  function broken(): Story {
    const story = complete()
    for (const name of ['web-0', 'web-1', 'web-2']) story.write(9, 'c', pod(name, { node: 'n', phase: 'Running', ready: true }))
    story.write(100, 'kubectl', set({ image: 'bad', generation: 2, observed: 1, counts: [3, 3] }))
    story.write(101, 'c', set({ image: 'bad', generation: 2, counts: [3, 3, 0], revisions: ['web-a', 'web-b'] }))
    story.remove(110, 'c', 'Pod', 'web-2')
    story.write(112, 'c', pod('web-2', { uid: 'new', node: 'n', revision: 'web-b', waiting: 'ImagePullBackOff' }))
    story.write(113, 'c', set({ image: 'bad', generation: 2, counts: [3, 2, 1], revisions: ['web-a', 'web-b'] }))
    waits(story, 110, 'web-2 is terminating')
    waits(story, 112, 'web-2 is not ready (ContainerCreating)')
    waits(story, 130, 'web-2 is not ready (ImagePullBackOff since 10 s)')
    return story
  }

  test('a broken update is stuck from the instant at which the set waited for the broken pod, and the words say what to do', () => {
    const story = broken()
    const row = story.table('rollouts')[1]
    expect(row).toMatchObject({ change: 'update', status: 'stuck', began_s: 100, finished_s: 112 })
    expect(row?.['blocked_by']).toBe(
      'web-2 is not Ready (ImagePullBackOff): mend its cause; if that is the template, correct it and then delete the pod by hand, kubectl delete pod web-2',
    )
  })

  test('the rollback of it is stuck from its beginning, and the broken update superseded', () => {
    const story = broken()
    story.write(200, 'kubectl', set({ generation: 3, observed: 2, counts: [3, 2, 1], revisions: ['web-a', 'web-b'] }))
    story.write(201, 'c', set({ generation: 3, counts: [3, 2, 2], revisions: ['web-a', 'web-a'] }))
    const [, update, rollback] = story.table('rollouts')
    expect(update).toMatchObject({ status: 'superseded', finished_s: 200 })
    expect(rollback).toMatchObject({ status: 'stuck', began_s: 200, finished_s: 200, from_revision: 'web-b', to_revision: 'web-a' })
    expect(rollback?.['blocked_by']).toBe(
      'web-2 is not Ready (ImagePullBackOff) at revision web-b, and the controller waits for it before it takes up web-a: delete it by hand, kubectl delete pod web-2',
    )
  })

  test('what may still end is unfinished and not stuck', () => {
    expect(rows(broken(), false)[1]?.at(-1)).toBe('unfinished')
    expect(rows(broken(), false)[1]?.[5]).toBeUndefined()
  })

  test('a heal that came later moves the instant', () => {
    const story = broken()
    story.tell(500, 'scenario', 'fault-healed', '', { fault: 'registry-outage' })
    expect(story.table('rollouts')[1]).toMatchObject({ status: 'stuck', finished_s: 500 })
  })

  test('OnDelete waits for a person and is not stuck', () => {
    const story = complete()
    const strategy = { type: 'OnDelete' }
    story.write(20, 'kubectl', set({ strategy, image: 'app:2', generation: 2, observed: 1, counts: [3, 3] }))
    story.write(21, 'c', set({ strategy, image: 'app:2', generation: 2, counts: [3, 3, 0], revisions: ['web-a', 'web-b'] }))
    expect(story.table('rollouts')[1]).toMatchObject({
      status: 'unfinished',
      blocked_by: 'pods of the old revision are replaced when somebody deletes them (OnDelete)',
    })
  })

  test('a pod on a dead node is told with the way out', () => {
    const story = complete()
    story.write(20, 'kubectl', set({ replicas: 2, generation: 2, observed: 1, counts: [3, 3] }))
    story.write(21, 'c', pod('web-2', { node: 'node-2', deleting: true }))
    waits(story, 21, 'web-2 is terminating')
    expect(story.table('rollouts')[1]).toMatchObject({ change: 'scale-down', status: 'stuck', finished_s: 21 })
    expect(story.table('rollouts')[1]?.['blocked_by']).toMatch(
      /^web-2 is Terminating and the kubelet of node-2 does not confirm its end: .*--force --grace-period=0$/,
    )
  })
})
