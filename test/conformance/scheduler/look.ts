/** One look at the pods of a case, and what is expected of it. */
import { expect } from 'vitest'
import { type Decision, next } from '../../../src/cluster/next.ts'
import type { Loose } from './notation.ts'
import { boundPods, configurationOf, listOf, lookAt, objectsOf, timeAt } from './notation.ts'

const weights: Loose = { TaintToleration: 3, NodeAffinity: 2, PodTopologySpread: 2, InterPodAffinity: 2 }

/** Which plugin says so. */
const speakers: readonly (readonly [RegExp, string])[] = [
  [/were unschedulable$/, 'NodeUnschedulable'],
  [/untolerated taint/, 'TaintToleration'],
  [/node affinity\/selector$|enforced node affinity$|plugin\(s\) \[NodeAffinity\]$|^pod affinity terms conflict$/, 'NodeAffinity'],
  [/free ports/, 'NodePorts'],
  [/^Insufficient |^Too many pods$/, 'NodeResourcesFit'],
  [/ReadWriteOncePod|no available disk|^persistentvolumeclaim "[^"]*" not found$/, 'VolumeRestrictions'],
  [/max volume count|CSI driver is not installed/, 'NodeVolumeLimits'],
  [/PersistentVolume's node affinity|volumes to bind|enough free storage|non-existent|unbound immediate|being deleted/, 'VolumeBinding'],
  [/no available volume zone|^persistentvolume "[^"]*" not found$/, 'VolumeZone'],
  [/topology spread/, 'PodTopologySpread'],
  [/pod affinity rules|anti-affinity rules/, 'InterPodAffinity'],
]
const speakerOf = (reason: string): string => speakers.find(([pattern]) => pattern.test(reason))?.[1] ?? `nobody says ${reason}`

export const releaseOf = (one: Loose): string => one.release ?? (one.config?.balancedOld ? '1.35' : '1.36')
const speaksOfClaims = (one: Loose): boolean => Number(releaseOf(one).split('.')[1]) >= 34

export const looksAt = (one: Loose, over: { cordon?: readonly string[]; pods?: readonly Loose[] } = {}): Decision[] => {
  const objects = objectsOf(one, over)
  const before = objects.length > 500 ? undefined : JSON.stringify(objects)
  const decisions = next(objects, {
    controller: 'kube-scheduler',
    release: releaseOf(one),
    featureGates: one.config?.gates ?? {},
    now: timeAt(lookAt),
    schedulerConfiguration: configurationOf(one),
    failing: one.failing ?? [],
  })
  if (before !== undefined) expect(JSON.stringify(objects)).toBe(before)
  return decisions
}

const lookOf = (one: Loose, name: string, over: { cordon?: readonly string[] } = {}): Decision => {
  const found = looksAt(one, over).find(({ object }) => object.kind === 'Pod' && object.name === name)
  if (found === undefined) throw new Error(`nothing was decided about ${name}`)
  return found
}

const detailOf = (look: Decision): Loose => look.detail ?? {}
const writesTo = (look: Decision, kind: string, name: string): Loose[] =>
  look.actions.filter(({ object }) => object.kind === kind && object.metadata.name === name).map(({ object }) => object)

/** Reasons as the scheduler counts them. */
const counted = (reasons: readonly string[]): string => {
  const counts = new Map<string, number>()
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  return [...counts]
    .map(([reason, count]) => `${count} ${reason}`)
    .sort()
    .join(', ')
}

/** What the codes of the refusals make the text say, when nobody on the nodes has a lower priority. */
const messageFrom = (one: Loose, refused: Loose): string => {
  const nodes = Object.keys(one.nodes ?? {})
  const helps = (name: string): string =>
    refused[name][0] === 'UU' ? 'Preemption is not helpful for scheduling' : 'No preemption victims found for incoming pod'
  const head = `0/${nodes.length} nodes are available: `
  const then = one.pod.preemptionPolicy === 'Never' ? 'not eligible due to preemptionPolicy=Never.' : `${head}${counted(nodes.map(helps))}.`
  return `${head}${counted(nodes.flatMap((name) => refused[name].slice(1)))}. ${speaksOfClaims(one) ? 'no new claims to deallocate, ' : ''}preemption: ${then}`
}

const toleratesCordon = (pod: Loose): boolean =>
  listOf(pod.tol).some(
    (one) => (!one.key || one.key === 'node.kubernetes.io/unschedulable') && (!one.effect || one.effect === 'NoSchedule'),
  )

export const judgePlace = (one: Loose): void => {
  const wanted = one.expect
  const pod = one.pod ?? {}
  const name = pod.name ?? 'p'
  const nodes = Object.keys(one.nodes ?? {})
  const look = lookOf(one, name)
  const detail = detailOf(look)
  const feasible = wanted.feasible ?? (wanted.prefilter === undefined ? undefined : [])
  if (feasible !== undefined) expect([...detail.feasible].sort()).toEqual([...feasible].sort())
  if (wanted.refused) {
    const reasons = Object.fromEntries(Object.entries(wanted.refused).map(([node, [, ...texts]]: Loose) => [node, texts]))
    expect(detail.rejected).toEqual(reasons)
  }
  const message = messageOf(one, name)
  if (message !== undefined) {
    expect(detail.message).toBe(message)
    expect(writesTo(look, 'Pod', name).at(-1)?.status.conditions).toContainEqual(
      expect.objectContaining({ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }),
    )
    expect(look.actions.map(({ event }) => event).find((event) => event?.reason === 'FailedScheduling')).toMatchObject({
      type: 'Warning',
      message: message.length > 1024 ? `${message.slice(0, 1020)} ...` : message,
    })
  }
  judgeScores(one, detail)
  if (wanted.chosen !== undefined) {
    const best = listOf(wanted.chosen)
    expect(best).toContain(detail.node)
    if (detail.feasible.length > 1) {
      const totals = detail.feasible.map((node: string) => detail.scores[node].total)
      expect(detail.feasible.filter((_: string, i: number) => totals[i] === Math.max(...totals)).sort()).toEqual([...best].sort())
    }
  }
  const isUnbound = listOf(pod.claims).some(
    (claim) => one.pvcs?.[claim] && (one.pvcs[claim].pv === undefined || one.pvcs[claim].bound === false),
  )
  if (detail.node !== null && !isUnbound)
    expect(look.actions.find(({ verb }) => verb === 'bind')?.object['spec'].nodeName).toBe(detail.node)
  for (const node of new Set([...Object.keys(wanted.bind ?? {}), ...Object.keys(wanted.provision ?? {})]))
    judgeVolumes(one, name, node, nodes)
  if (wanted.preempt) judgePreemption(one, look, name, nodes)
}

/** The text of the failure: given, or what the refusals and their codes make of it. */
const messageOf = (one: Loose, name: string): string | undefined => {
  const { message, prefilter, refused, feasible } = one.expect
  const nodes = Object.keys(one.nodes ?? {})
  const pod = one.pod ?? {}
  if (message !== undefined) return message
  const head = `0/${nodes.length} nodes are available: `
  if (prefilter !== undefined) {
    return `${head}${prefilter}. ${speaksOfClaims(one) ? 'not found' : `preemption: ${head}${nodes.length} Preemption is not helpful for scheduling.`}`
  }
  const lower = listOf(one.bound).some((other) => (other.prio ?? 0) < (pod.prio ?? 0))
  const complete =
    refused && nodes.length > 0 && nodes.every((node) => refused[node] || feasible?.includes(node)) && !lower && !pod.nominated
  if (!complete || feasible === undefined) return undefined
  if (feasible.length === 0) return messageFrom(one, refused)
  if (Object.keys(refused).length > 0 && !toleratesCordon(pod)) {
    // With the feasible nodes cordoned the text tells the codes of the others.
    const all = { ...refused, ...Object.fromEntries(feasible.map((node: string) => [node, ['UU', 'node(s) were unschedulable']])) }
    expect(detailOf(lookOf(one, name, { cordon: feasible })).message).toBe(messageFrom(one, all))
  }
  return undefined
}

const judgeScores = (one: Loose, detail: Loose): void => {
  const { score, skip, total } = one.expect
  for (const [plugin, byNode] of Object.entries(score ?? {}) as [string, Loose][]) {
    const seen = Object.fromEntries(Object.keys(byNode).map((node) => [node, detail.scores[node]?.plugins[plugin]]))
    expect({ [plugin]: seen }).toEqual({
      [plugin]: Object.fromEntries(Object.entries(byNode).map(([node, one]: Loose) => [node, one * (weights[plugin] ?? 1)])),
    })
  }
  for (const plugin of listOf(skip))
    for (const node of Object.keys(detail.scores)) expect(Object.keys(detail.scores[node].plugins)).not.toContain(plugin)
  if (total) expect(Object.fromEntries(Object.keys(total).map((node) => [node, detail.scores[node]?.total]))).toEqual(total)
  for (const node of Object.keys(detail.scores ?? {})) {
    const sum = (Object.values(detail.scores[node].plugins) as number[]).reduce((all, each) => all + each, 0)
    expect(sum).toBe(detail.scores[node].total)
  }
}

const judgeVolumes = (one: Loose, name: string, node: string, nodes: readonly string[]): void => {
  const look = lookOf(one, name, { cordon: nodes.filter((other) => other !== node) })
  expect(detailOf(look).node).toBe(node)
  const bound = Object.fromEntries(
    look.actions
      .filter(({ object }) => object.kind === 'PersistentVolume')
      .map(({ object }) => [object['spec'].claimRef.name, object.metadata.name]),
  )
  expect(bound).toEqual(one.expect.bind?.[node] ?? {})
  const provisioned = look.actions
    .filter(({ object }) => object.kind === 'PersistentVolumeClaim')
    .map(({ object }) => [object.metadata.name, object.metadata.annotations?.['volume.kubernetes.io/selected-node']])
  const wanted = listOf(one.expect.provision?.[node]).filter((claim) => one.pvcs[claim].selectedNode !== node)
  expect(provisioned.sort()).toEqual(wanted.map((claim) => [claim, node]).sort())
}

const judgePreemption = (one: Loose, look: Decision, name: string, nodes: readonly string[]): void => {
  const wanted = one.expect.preempt
  const detail = detailOf(look)
  expect(detail.node).toBeNull()
  if (wanted.none) {
    expect(detail.victims).toEqual([])
    expect([null, one.pod.nominated]).toContain(detail.nominated)
    expect(look.actions.filter(({ verb }) => verb === 'delete')).toEqual([])
    return
  }
  expect(listOf(wanted.node)).toContain(detail.nominated)
  judgeVictims(one, look, wanted.victims?.[detail.nominated])
  for (const [node, victims] of Object.entries(wanted.victims ?? {})) {
    if (nodes.length === 1 || toleratesCordon(one.pod)) continue
    const alone = lookOf(one, name, { cordon: nodes.filter((other) => other !== node) })
    expect(detailOf(alone).nominated).toBe(node)
    judgeVictims(one, alone, victims)
  }
}

const judgeVictims = (one: Loose, look: Decision, victims: Loose): void => {
  if (victims === undefined) return
  const seen = detailOf(look).victims.map((key: string) => key.replace('default/', ''))
  expect([...seen].sort()).toEqual([...victims].sort())
  const there = new Map(boundPods(one).map((pod) => [pod.name, pod]))
  const deleted = look.actions.filter(({ verb }) => verb === 'delete').map(({ object }) => object.metadata.name)
  expect(deleted.sort()).toEqual(victims.filter((victim: string) => !there.get(victim)?.terminating).sort())
  const importance = (victim: string): readonly [number, number] => [
    -(there.get(victim)?.prio ?? 0),
    there.get(victim)?.start ?? Number.POSITIVE_INFINITY,
  ]
  const [priority, start] = importance(seen[0])
  for (const victim of seen) {
    const [other, later] = importance(victim)
    expect(priority < other || (priority === other && start <= later)).toBe(true)
  }
}

/** Rows [nodes, percentage, enough]. */
export const judgeCount = (one: Loose): void => {
  for (const [count, percentage, enough] of one.expect.rows) {
    const nodes = Object.fromEntries(Array.from({ length: count }, (_, i) => [`n${String(i).padStart(5, '0')}`, {}]))
    expect(detailOf(lookOf({ nodes, pod: {}, config: { percentage } }, 'p')).feasible).toHaveLength(enough)
  }
}

/** Rows [potential nodes, percentage, absolute, wanted]: the later a node, the cheaper its victim, so the last that is looked at wins. */
export const judgeCandidates = (one: Loose): void => {
  for (const [count, percentage, absolute, wanted] of one.expect.rows) {
    const names = Array.from({ length: count }, (_, i) => `n${String(i).padStart(5, '0')}`)
    const scene = {
      nodes: Object.fromEntries(names.map((name) => [name, { pods: 1 }])),
      bound: names.map((name, i) => ({ name: `v-${name}`, node: name, prio: count - i })),
      pod: { prio: count + 10 },
      config: { candidates: [percentage, absolute] },
    }
    expect(detailOf(lookOf(scene, 'p')).nominated).toBe(names[wanted - 1])
  }
}

/** Of equal nodes the first of the list is taken; it is cordoned, and so on. */
export const judgeOrder = (one: Loose): void => {
  const label = new Map<string, string>(one.ops.map((op: Loose, i: number) => [op.add, `a${i}-${op.add}`]))
  const nodes = Object.fromEntries(one.ops.map((op: Loose) => [label.get(op.add), { labels: op.labels }]))
  const seen: string[] = []
  for (const _ of one.expect.order)
    seen.push(detailOf(lookOf({ nodes, pod: { req: { cpu: 1, memory: '1Gi' } } }, 'p', { cordon: [...seen] })).node)
  expect(seen).toEqual(one.expect.order.map((name: string) => label.get(name)))
}

export const judgeQueueOrder = (one: Loose): void => {
  const pods = one.pods.map(([name, prio, created]: Loose) => ({ name, prio, created: 3000 + created, req: { cpu: '10m' } }))
  expect(looksAt({ nodes: { n1: {} } }, { pods }).map(({ object }) => object.name)).toEqual(one.expect.order)
}

export const judgeSequence = (one: Loose): void => {
  const looks = new Map(looksAt(one).map((look) => [look.object.name, detailOf(look)]))
  const { placed, nominated, victims } = one.expect
  for (const [name, node] of Object.entries(placed)) expect(looks.get(name).node).toBe(node)
  for (const [name, node] of Object.entries(nominated ?? {})) expect(looks.get(name).nominated).toBe(node)
  for (const [name, those] of Object.entries(victims ?? {}))
    expect(looks.get(name).victims).toEqual((those as string[]).map((victim) => `default/${victim}`))
}

export const judgeText = (one: Loose): void => {
  const { attempts, event, text, starts, condition, reason, on } = one.expect
  const scene =
    on === 'victim'
      ? { ...one, nodes: { n1: { pods: 1 } }, bound: [{ name: 'v', node: 'n1', prio: 0 }], pod: { ...one.pod, prio: 1000 } }
      : one
  const name = scene.pod?.name ?? 'p'
  if (attempts === 0) {
    const look = looksAt({ nodes: { n1: {} }, ...scene }).find(({ object }) => object.name === name)
    expect(look?.actions ?? []).toEqual([])
    return
  }
  const look = lookOf(scene, name)
  if (event) expect(look.actions.map((action) => action.event)).toContainEqual({ type: event[0], reason: event[1], message: text })
  else if (starts) expect(detailOf(look).message.startsWith(starts)).toBe(true)
  else expect(detailOf(look).message).toBe(text)
  const conditions = look.actions
    .filter(({ object }) => object.kind === 'Pod' && (on === 'victim') === (object.metadata.name !== name))
    .flatMap(({ object }) => object['status']?.conditions ?? [])
  if (condition) {
    const [type, status, why, message] = condition
    expect(conditions).toContainEqual(expect.objectContaining({ type, status, reason: why, message }))
  }
  if (reason) expect(conditions).toContainEqual(expect.objectContaining({ type: 'PodScheduled', status: 'False', reason }))
}

/** The plugins that refuse each pod of a requeue case. */
export const judgeRejectors = (one: Loose): void => {
  for (const pod of one.pods) {
    const detail = detailOf(lookOf({ ...one, pod, pods: undefined }, pod.name))
    const reasons = (Object.values(detail.rejected) as string[][]).flat()
    const early = /nodes are available: (.*)\. not found$/.exec(detail.message ?? '')?.[1]
    const seen = reasons.length > 0 ? reasons : early === undefined ? [] : [early]
    expect([...new Set(seen.map(speakerOf))].sort()).toEqual([...one.expect.rejectors[pod.name]].sort())
  }
}
