/** Taints keep pods away that do not tolerate them; the soft ones count in the score. Source: scheduler.md 7.3. */
import type { Taint, Toleration } from '../../objects/node.ts'
import { isTolerated, taintsOf, tolerationsOf, untoleratedTaint } from '../../objects/node.ts'
import { atLeast } from '../../objects/release.ts'
import { normalizeByHighest } from '../normalize.ts'
import type { ClusterEvent, Cycle, Plugin, Refusal } from '../plugin.ts'
import { go, unresolvable } from '../plugin.ts'
import type { PodInfo } from '../pod-info.ts'
import type { NodeInfo } from '../snapshot.ts'
import { marks } from '../snapshot.ts'

const refusal = unresolvable('node(s) had untolerated taint(s)')

/** Up to 1.34.1 the text names the taint (PR 134740). */
const refusalFor = (taint: Taint, gates: Cycle['gates']): Refusal =>
  atLeast(gates.release, 34, 2) ? refusal : unresolvable(`node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`)

const compares = (gates: Cycle['gates']): boolean => gates.on('TaintTolerationComparisonOperators')

const becameTolerable = (pod: PodInfo, { object, old }: ClusterEvent, gates: Cycle['gates']): boolean => {
  const tolerations = tolerationsOf(pod.pod)
  const isBad = (taints: readonly Taint[]): boolean => untoleratedTaint(taints, tolerations, compares(gates)) !== undefined
  return (old === undefined || isBad(taintsOf(old))) && !isBad(taintsOf(object))
}

const refusalAt = ({ hardTaints }: NodeInfo, tolerations: readonly Toleration[], gates: Cycle['gates']): Refusal | undefined => {
  const taint = untoleratedTaint(hardTaints, tolerations, compares(gates))
  return taint === undefined ? undefined : refusalFor(taint, gates)
}

/** How many soft taints of a node the pod does not tolerate. */
const intolerable = ({ softTaints }: NodeInfo, tolerations: readonly Toleration[], gates: Cycle['gates']): number => {
  if (softTaints.length === 0) return 0
  return softTaints.filter((taint) => !isTolerated(tolerations, taint, compares(gates))).length
}

export const taintToleration: Plugin<never, readonly Toleration[]> = {
  name: 'TaintToleration',
  weight: 3,
  filter: ({ pod, gates }, node) => (node.hardTaints.length === 0 ? undefined : refusalAt(node, tolerationsOf(pod.pod), gates)),
  filterMany: ({ pod, snapshot, gates }, batch) => {
    if (snapshot.marked[marks.hardTaints] === 0) return
    const tolerations = tolerationsOf(pod.pod)
    for (let i = 0; i < batch.size; i++) {
      if (((snapshot.marks[batch.indexes[i] as number] as number) & marks.hardTaints) === 0) continue
      const refused = refusalAt(batch.nodes[i] as NodeInfo, tolerations, gates)
      if (refused !== undefined) batch.refuse(i, refused)
    }
  },
  preScore: ({ pod, snapshot }) => {
    // Nothing but zeros is 100 for all.
    if (snapshot.marked[marks.softTaints] === 0) return { kind: 'same', score: 100 }
    return go(tolerationsOf(pod.pod).filter((one) => !one.effect || one.effect === 'PreferNoSchedule'))
  },
  score: (cycle, node, tolerations) => intolerable(node, tolerations, cycle.gates),
  scoreMany: ({ snapshot, gates }, batch, scores, tolerations) => {
    scores.fill(0)
    for (let i = 0; i < batch.size; i++) {
      if (((snapshot.marks[batch.indexes[i] as number] as number) & marks.softTaints) === 0) continue
      scores[i] = intolerable(batch.nodes[i] as NodeInfo, tolerations, gates)
    }
  },
  normalize: (_cycle, _nodes, scores) => normalizeByHighest(scores, true),
  retryOn: {
    'Node/Add': (pod, event, { gates }) => becameTolerable(pod, event, gates),
    'Node/UpdateTaint': (pod, event, { gates }) => becameTolerable(pod, event, gates),
    'Pod/UpdateToleration': (pod, event) => event.pod?.uid === pod.uid,
  },
}
