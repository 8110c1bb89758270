import { containersOf, type FaultDefinition } from '../fault.ts'
import { field, text } from '../shapes.ts'

/** The kernel kills the process for want of memory: exit code 137, reason OOMKilled. It ends by itself: the kubelet starts the container again. Source: contract 5. */
export const oomKill: FaultDefinition = {
  name: 'oom-kill',
  does: 'The kernel kills the process for want of memory: exit code 137, reason OOMKilled.',
  heals: 'It ends by itself: the kubelet starts the container again.',
  targets: ['pod'],
  instant: true,
  parameters: {
    container: field(text, 'Which container; without it, every one of the pod.'),
  },
  begin: (target, parameters, on) => {
    for (const container of containersOf(target, parameters, on)) container.exit(137, 'OOMKilled', false)
    return undefined
  },
}
