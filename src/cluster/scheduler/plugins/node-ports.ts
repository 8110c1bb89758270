/** Host ports. Source: scheduler.md 7.5. */
import type { HostPort } from '../../objects/fit.ts'
import { portsConflict } from '../../objects/fit.ts'
import type { Plugin } from '../plugin.ts'
import { always, go, skip, unschedulable } from '../plugin.ts'

const refusal = unschedulable("node(s) didn't have free ports for the requested pod ports")

export const nodePorts: Plugin<readonly HostPort[], never> = {
  name: 'NodePorts',
  preFilter: ({ pod }) => (pod.hostPorts.length === 0 ? skip : go(pod.hostPorts)),
  filter: (cycle, node, ports) => (cycle.snapshot.hasPortsFree(node, ports) ? undefined : refusal),
  retryOn: {
    'Node/Add': always,
    'Pod/Delete': (pod, event) =>
      event.pod !== undefined &&
      (event.pod.nodeName !== '' || event.pod.nominatedNode !== '') &&
      event.pod.hostPorts.some((freed) => pod.hostPorts.some((port) => portsConflict(freed, port))),
  },
}
