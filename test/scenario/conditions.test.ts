import { describe, expect, it } from 'vitest'
import type { KubernetesObject } from '../../src/cluster/objects/metadata.ts'
import { type Objects, readCondition, type Vocabulary } from '../../src/scenario/conditions.ts'
import { kubernetesFields } from '../../src/scenario/field-types.ts'
import { kindCalled } from '../../src/scenario/read.ts'

const words: Vocabulary = {
  kindCalled,
  kindNames: ['pod', 'node', 'statefulset'],
  quorums: ['store'],
  traffics: [],
  nodes: ['node-1', 'node-2'],
  fields: kubernetesFields,
}

const pod = (name: string, ready: boolean, more: object = {}): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', labels: { app: 'web', 'app.kubernetes.io/name': 'web' } },
  spec: { containers: [{ name: 'app' }], ...more },
  status: { phase: 'Running', conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
})
const set = (ready: number | undefined): KubernetesObject => ({
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { name: 'web', namespace: 'default', generation: 3 },
  spec: { replicas: 3 },
  status: ready === undefined ? {} : { readyReplicas: ready },
})

const world = (all: readonly KubernetesObject[], more: Partial<Objects> = {}): Objects => ({
  now: 145_500_000,
  get: (kind, namespace, name) =>
    all.find((one) => one.kind === kind && one.metadata.namespace === namespace && one.metadata.name === name),
  list: (kind) => all.filter((one) => one.kind === kind),
  ...more,
})
const there = world([
  pod('web-0', true, { nodeName: 'node-1' }),
  pod('web-1', false),
  set(2),
  { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-1' } },
])

const holds = (source: string, objects = there): boolean => {
  const { condition, refusals } = readCondition(source, words)
  if (condition === undefined) throw new Error(JSON.stringify(refusals))
  return condition.holds(objects)
}

describe('conditions', () => {
  it.each([
    ["statefulset('web').status.readyReplicas == 2", true],
    ["statefulset('web').status.readyReplicas * 2 > 3", true],
    ["statefulset('web').status.readyReplicas >= statefulset('web').spec.replicas", false],
    ["statefulset('default/web').metadata.generation == 3", true],
    ["isReady(pod('web-0')) && pod('web-0').spec.nodeName != 'node-2'", true],
    ["!isReady(pod('web-1'))", true],
    ["!isReady(node('node-1'))", true],
    ["size(pods('app=web')) > 1", true],
    ["pods('app=web').exists(p, p.metadata.name == 'web-1' && has(p.spec.nodeName) && p.spec.nodeName != '')", false],
    ["pods('app.kubernetes.io/name in (web)').all(p, p.status.phase == 'Running')", true],
    ["pods('app=web').filter(p, isReady(p)).size() == 1", true],
    ["pod('web-0').metadata.labels['app.kubernetes.io/name'] == 'web'", true],
    ["'app' in pod('web-0').metadata.labels", true],
    ["has(pod('web-0').spec.nodeName)", true],
    ["has(pod('web-1').spec.nodeName)", false],
    ["exists(pod('web-0')) && !exists(pod('web-9'))", true],
    ["pod('web-9') == null", true],
    ["get('po', 'web-0').status.phase == 'Running'", true],
    ["size(list('sts', '')) == 1 && size(list('nodes')) == 1", true],
    ["isTerminating(pod('web-0'))", false],
    ["now > duration('145s') && now < duration('2m26s')", true],
    ["pod('web-0').status.phase in ['Running', 'Succeeded']", true],
  ])('%s is %s', (source, wanted) => expect(holds(source)).toBe(wanted))

  it.each([
    "statefulset('gone').status.readyReplicas == 0",
    "statefulset('gone').status.readyReplicas != 5",
    "!(pod('gone').spec.nodeName == 'node-1')",
    "pod('web-1').spec.nodeName != 'node-2'",
    "pods('app=web')[7].status.phase == 'Running'",
    "isReady(pod('gone'))",
  ])('what is absent makes it false: %s', (source) => expect(holds(source)).toBe(false))

  it('absence on one side of an or does not hide the other side', () => {
    expect(holds("statefulset('gone').status.readyReplicas == 1 || isReady(pod('web-0'))")).toBe(true)
  })

  it('follow the objects as they change', () => {
    const source = "statefulset('web').status.readyReplicas == 3"
    const { condition } = readCondition(source, words)
    expect([undefined, 2, 3].map((ready) => condition?.holds(world([set(ready)])))).toEqual([false, false, true])
  })

  it('know which kinds they look at, and whether they look at the time', () => {
    const looks = (source: string) => {
      const { condition } = readCondition(source, words)
      return [[...(condition?.kinds ?? [])].sort(), [...(condition?.truths ?? [])], condition?.readsTime]
    }
    expect(looks("isReady(pod('a')) && size(list('sts', 'app=a')) > 0")).toEqual([['Pod', 'StatefulSet'], [], false])
    expect(looks("now > duration('1m') && quorum('store').hasQuorum")).toEqual([[], ['quorum'], true])
  })

  it('measure numbers and lengths of time', () => {
    const truths = world([set(2)], { truth: (of) => (of === 'rollout' ? { duration: { micros: 90_000_000 } } : undefined) })
    const measure = (source: string) => readCondition(source, words, 'measure').condition?.measure(truths)
    expect(measure("rollout('web').duration")).toEqual({ micros: 90_000_000 })
    expect(measure("statefulset('web').status.readyReplicas")).toBe(2)
    expect(measure("statefulset('gone').status.readyReplicas")).toBeUndefined()
  })
})

describe('conditions that cannot hold are refused with their place', () => {
  it.each([
    ["pod('web-0').spec.nodName == 'x'", 18, '"nodName" is not a field of PodSpec', 'did you mean "nodeName"?'],
    ["pods('app=web').all(p, p.spec.containrs.size() > 0)", 30, '"containrs" is not a field of PodSpec', 'did you mean "containers"?'],
    ["statefulset('web').spec.template.spec.containers[0].imge == ''", 52, '"imge" is not a field of Container', 'did you mean "image"?'],
    ["statefulset('web').status.readyReplicas.x == 1", 40, '"x" is not a field of int32', ''],
    ["pods('app in').size() == 0", 5, expect.stringMatching(/^"app in" is not a selector/), expect.anything()],
    ["list('podd').size() > 0", 5, 'there is no kind "podd"', 'did you mean "pod"?'],
    ["statefulst('web').x == 1", 0, 'there is no function "statefulst"', 'did you mean "statefulset"?'],
    ['web == 1', 0, 'there is nothing called "web"', "names are put into quotes: 'web'"],
    ["node('node-9') == null", 5, 'there is no node "node-9"', 'did you mean "node-1"?'],
    ["quorum('stor').hasQuorum", 7, 'there is no quorum "stor" in this scenario', 'did you mean "store"?'],
    ["quorum('store').hasQuorm", 16, '"hasQuorm" is not a field of a quorum', 'did you mean "hasQuorum"?'],
    ["pod('Web_0') != null", 4, '"Web_0" cannot be the name of a Pod', 'write name or namespace/name'],
    ["isReady('web-0')", 0, 'isReady takes one object', "for example isReady(pod('web-0'))"],
    ['1 +', 3, 'a condition that cannot be read: unexpected token: EOF', expect.anything()],
    ["statefulset('web').status.readyReplicas +", 41, expect.stringMatching(/^a condition that cannot be read/), expect.anything()],
    ["size(pods('app=web'))", 0, 'a condition that is no yes or no (int)', expect.anything()],
    ["size(pods('app=web')) == 'two'", expect.any(Number), expect.stringMatching(/^a condition that cannot hold/), ''],
  ])('%s', (source, at, found, hint) => {
    expect(readCondition(source, words).refusals?.[0]).toMatchObject({ at, found, hint })
  })
})
