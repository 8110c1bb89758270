/** A pod with scheduling gates does not enter the queue. Source: scheduler.md 7.18; schedulinggates/scheduling_gates.go. */
import type { Plugin } from '../plugin.ts'

export const schedulingGates: Plugin<never, never> = {
  name: 'SchedulingGates',
  preEnqueue: (pod) => {
    const gates = (pod.pod['spec']?.schedulingGates ?? []) as readonly { readonly name: string }[]
    return gates.length === 0 ? undefined : `waiting for scheduling gates: [${gates.map(({ name }) => name).join(' ')}]`
  },
  retryOn: { 'Pod/UpdateSchedulingGatesEliminated': (pod, event) => event.pod?.uid === pod.uid },
}
