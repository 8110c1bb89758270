/** Cordoned nodes take only pods that tolerate the cordon's taint. Source: scheduler.md 7.1. */
import type { Taint } from '../../objects/node.ts'
import { isTolerated, taintKeys, tolerationsOf } from '../../objects/node.ts'
import type { Cycle, Plugin } from '../plugin.ts'
import { unresolvable } from '../plugin.ts'
import type { PodInfo } from '../pod-info.ts'
import { marks } from '../snapshot.ts'

const refusal = unresolvable('node(s) were unschedulable')
const cordon: Taint = { key: taintKeys.unschedulable, effect: 'NoSchedule' }

const toleratesCordon = (pod: PodInfo, gates: Cycle['gates']): boolean =>
  isTolerated(tolerationsOf(pod.pod), cordon, gates.on('TaintTolerationComparisonOperators'))

export const nodeUnschedulable: Plugin = {
  name: 'NodeUnschedulable',
  filter: (cycle, node) => (node.cordoned && !toleratesCordon(cycle.pod, cycle.gates) ? refusal : undefined),
  filterMany: ({ pod, snapshot, gates }, batch) => {
    if (snapshot.marked[marks.cordoned] === 0 || toleratesCordon(pod, gates)) return
    for (let i = 0; i < batch.size; i++) {
      if (((snapshot.marks[batch.indexes[i] as number] as number) & marks.cordoned) !== 0) batch.refuse(i, refusal)
    }
  },
  retryOn: {
    'Node/Add': (_pod, { object }) => object['spec']?.unschedulable !== true,
    'Node/UpdateTaint': (_pod, { object, old }) => old?.['spec']?.unschedulable === true && object['spec']?.unschedulable !== true,
    'Pod/UpdateToleration': (pod, event, { gates }) =>
      event.pod !== undefined && event.pod.uid === pod.uid && toleratesCordon(event.pod, gates),
  },
}
