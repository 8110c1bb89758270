/** A pod that names its node goes nowhere else. Practically unreachable: such a pod is bound. Source: scheduler.md 7.2. */
import type { Plugin } from '../plugin.ts'
import { always, go, skip, unresolvable } from '../plugin.ts'

const refusal = unresolvable("node(s) didn't match the requested node name")

export const nodeName: Plugin<string, never> = {
  name: 'NodeName',
  preFilter: ({ pod }) => (pod.nodeName === '' ? skip : go(pod.nodeName)),
  filter: (_cycle, node, wanted) => (node.name === wanted ? undefined : refusal),
  retryOn: { 'Node/Add': always },
}
