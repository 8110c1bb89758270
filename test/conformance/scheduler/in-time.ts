/** Cases in which time passes: an API server and a scheduler, events of the case at 5 s, the end at 65 s. */
import { expect } from 'vitest'
import type { KubernetesObject } from '../../../src/cluster/objects/metadata.ts'
import { Stage } from '../../scheduler/stage.ts'
import type { Loose } from './notation.ts'
import { claimOf, csiNodeOf, listOf, nodeOf, objectsOf, podOf, storageClassOf, volumeOf } from './notation.ts'

const asked = 2
const happens = 5

/** As a person writes it. */
const manifest = (object: KubernetesObject): KubernetesObject => {
  const { uid: _uid, resourceVersion: _version, creationTimestamp: _time, ownerReferences: _owners, ...metadata } = object.metadata
  const { status, ...rest } = object
  const spec = { ...object['spec'] }
  if (object.kind === 'Pod') for (const field of ['schedulerName', 'preemptionPolicy', 'priority']) delete spec[field]
  if (object.kind === 'PersistentVolume' && spec.claimRef !== undefined) spec.claimRef = { ...spec.claimRef, uid: undefined }
  const keepsStatus = object.kind === 'Node' || object.kind.startsWith('PersistentVolume')
  return {
    ...rest,
    metadata,
    ...(object['spec'] === undefined ? {} : { spec }),
    ...(keepsStatus && status !== undefined ? { status } : {}),
  } as KubernetesObject
}

const put = (stage: Stage, object: KubernetesObject): void => {
  const wanted = manifest(object)
  stage.create(wanted)
  if (wanted['status'] === undefined) return
  const { name, namespace } = wanted.metadata
  stage.ask({
    verb: 'patch',
    kind: wanted.kind,
    namespace,
    name,
    type: 'merge',
    subresource: 'status',
    patch: { status: wanted['status'] },
  })
}

const patch = (stage: Stage, kind: string, name: string, change: object, subresource?: 'status'): void => {
  const namespace = kind === 'Pod' ? 'default' : undefined
  stage.ask({ verb: 'patch', kind, namespace, name, type: 'merge', patch: change, ...(subresource === undefined ? {} : { subresource }) })
}

type Making = (stage: Stage, one: Loose, found: RegExpExecArray) => void

const allocate = (stage: Stage, name: string, amounts: object): void =>
  patch(stage, 'Node', name, { status: { capacity: amounts, allocatable: amounts } }, 'status')

/** What the words of an event do. */
const events: readonly (readonly [RegExp, Making])[] = [
  [/^none$/, () => undefined],
  [
    /^add node (\w+)(.*)$/,
    (stage, _one, [, name = '', more = '']) => {
      const label = /with label ([\w./-]+)=(\S+)/.exec(more)
      const taint = /the taint (\S+)/.exec(more)
      put(
        stage,
        nodeOf(name, {
          ...(label === null ? {} : { labels: { [label[1] as string]: label[2] } }),
          ...(taint === null ? {} : { taints: [taint[1]] }),
          cpu: /with cpu (\d+)/.exec(more)?.[1] ?? 4,
          cordoned: /cordoned/.test(more),
        }),
      )
    },
  ],
  [
    /^delete (?:pod )?(\w+)/,
    (stage, _one, [, name = '']) => {
      stage.ask({ verb: 'delete', kind: 'Pod', namespace: 'default', name, gracePeriodSeconds: 0 })
    },
  ],
  [/^uncordon (\w+)$/, (stage, _one, [, name = '']) => patch(stage, 'Node', name, { spec: { unschedulable: null } })],
  [
    /^update (\w+): toleration for (\w+)=(\w+)$/,
    (stage, one, [, name = '', key, value]) => {
      const pod = one.pods.find((each: Loose) => each.name === name)
      const { tolerations } = podOf({ ...pod, tol: [...listOf(pod.tol), { key, op: 'Equal', value, effect: 'NoSchedule' }] }, name)['spec']
      const all = [...(stage.get('Pod', name)?.['spec'].tolerations ?? []), ...tolerations]
      patch(stage, 'Pod', name, { spec: { tolerations: all } })
    },
  ],
  [
    /^update CSINode (\w+): count (\d+)$/,
    (stage, one, [, name = '', count]) => {
      const drivers = Object.fromEntries(Object.keys(one.csinodes[name]).map((driver) => [driver, Number(count)]))
      patch(stage, 'CSINode', name, { spec: csiNodeOf(name, drivers)['spec'] })
    },
  ],
  [/^update (\w+): no taints$/, (stage, _one, [, name = '']) => patch(stage, 'Node', name, { spec: { taints: null } })],
  [
    /^update (\w+): no labels$/,
    (stage, one, [, name = '']) => {
      const labels = Object.keys(one.bound.find((each: Loose) => each.name === name).labels)
      patch(stage, 'Pod', name, { metadata: { labels: Object.fromEntries(labels.map((key) => [key, null])) } })
    },
  ],
  [
    /^update (\w+): label ([\w./-]+)(?:=(\S+))?$/,
    (stage, one, [, name = '', key = '', value = '']) =>
      patch(stage, name in one.nodes ? 'Node' : 'Pod', name, { metadata: { labels: { [key]: value } } }),
  ],
  [/^update (\w+): (cpu|pods) (\d+)$/, (stage, _one, [, name = '', what = '', amount]) => allocate(stage, name, { [what]: amount })],
  [/^update (\w+): memory raised$/, (stage, _one, [, name = '']) => allocate(stage, name, { memory: '64Gi' })],
  [
    /^update (\w+): condition /,
    (stage, _one, [, name = '']) =>
      patch(
        stage,
        'Node',
        name,
        {
          status: {
            conditions: [
              { type: 'Ready', status: 'True' },
              { type: 'Inspected', status: 'True' },
            ],
          },
        },
        'status',
      ),
  ],
  [
    /^create PVC (\w+) \(bound\)$/,
    (stage, _one, [, name = '']) => {
      const claims = { [name]: { class: 'now', pv: 'fresh' } }
      put(stage, volumeOf('fresh', { class: 'now' }, claims))
      put(stage, claimOf(name, claims[name]))
    },
  ],
  [/^create PV (\w+) of another class$/, (stage, _one, [, name = '']) => put(stage, volumeOf(name, { class: 'elsewhere' }, {}))],
  [
    /^create StorageClass (\w+)$/,
    (stage, _one, [, name = '']) => put(stage, storageClassOf(name, { mode: 'Immediate', provisioner: 'csi.test' })),
  ],
  [
    /^update StorageClass (\w+): allowed/,
    (stage, _one, [, name = '']) => patch(stage, 'StorageClass', name, { metadata: { labels: { seen: 'yes' } } }),
  ],
  [/^create CSINode for (\w+)/, (stage, _one, [, name = '']) => put(stage, csiNodeOf(name, { 'csi.test': null }))],
]

/** Whether the API server of these tests can make the event: a resize needs a subresource that it does not have. */
export const canHappen = (one: Loose): boolean => events.some(([pattern]) => pattern.test(one.event))

const early = new Set(['PriorityClass', 'StorageClass', 'CSINode', 'PersistentVolume', 'PersistentVolumeClaim'])

export const judgeRequeue = (one: Loose): void => {
  const stage = new Stage({ release: one.release ?? '1.36', gates: one.config?.gates ?? {} })
  const objects = objectsOf(one, { pods: [] })
  const needed = objectsOf(one).filter(({ kind }) => kind === 'PriorityClass')
  for (const object of [...needed, ...objects.filter(({ kind }) => kind !== 'PriorityClass')]) {
    if (early.has(object.kind) || object.kind === 'Node' || object.kind === 'Pod') put(stage, object)
  }
  stage.at(asked, () => {
    for (const pod of one.pods) put(stage, podOf(pod, pod.name))
  })
  const [, make] = events.find(([pattern]) => pattern.test(one.event)) as (typeof events)[number]
  const found = events.flatMap(([pattern]) => pattern.exec(one.event) ?? [])
  stage.at(happens, () => make(stage, one, found as unknown as RegExpExecArray))
  stage.run(65)
  for (const { name } of one.pods) {
    const [first, second] = stage.attempts(name)
    expect({ [name]: first }).toEqual({ [name]: asked })
    expect({ [name]: second }).toEqual({ [name]: one.expect.retried.includes(name) ? happens : undefined })
  }
}

/** Attempts of a pod that ends in an error each time, and the components that make it so. */
export const judgeErrors = (attempts: readonly number[], components?: object): void => {
  const stage = new Stage(components === undefined ? {} : { components: components as Readonly<Record<string, unknown>> })
  stage.at(attempts[0] as number, () => put(stage, podOf({}, 'p')))
  stage.run((attempts.at(-1) as number) + 0.5)
  expect(stage.attempts('p')).toEqual(attempts)
}

const wholeSecondAfter = (time: number): number => Math.floor(Math.round(time * 1e6) / 1e6) + 1

export const judgeBackoff = (one: Loose): void => {
  const { initial = 1, max = 10, expect: wanted } = one
  const most = Math.max(...wanted.steps.map((step: Loose) => step.count))
  const attempts = [0.3]
  for (let i = 0, wait = initial; i < most; i++, wait = Math.min(max, wait * 2))
    attempts.push(wholeSecondAfter((attempts.at(-1) as number) + Math.min(wait, max)))
  for (const { count, duration } of wanted.steps) {
    if (duration === undefined || one.initial === undefined) continue
    expect(attempts[count]).toBe(wholeSecondAfter((attempts[count - 1] as number) + duration))
  }
  judgeErrors(attempts, one.initial === undefined ? undefined : { podInitialBackoffSeconds: initial, podMaxBackoffSeconds: max })
}

/** Rows [last failure, instant of the flush]. */
export const judgeFlush = (one: Loose): void => {
  const stage = new Stage()
  put(stage, nodeOf('n1', {}))
  for (const [i, [at]] of one.expect.rows.entries()) stage.at(at, () => put(stage, podOf({ nodeSelector: { absent: 'yes' } }, `p${i}`)))
  stage.run(Math.max(...one.expect.rows.map(([, again]: Loose) => again)) + 5)
  for (const [i, [at, again]] of one.expect.rows.entries()) expect(stage.attempts(`p${i}`)).toEqual([at, again])
}
