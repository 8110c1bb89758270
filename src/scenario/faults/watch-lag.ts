import * as v from 'valibot'
import type { FaultDefinition } from '../fault.ts'
import { distribution, field, must, name, text } from '../shapes.ts'

/** The component sees changes later than they happen. It heals: it catches up. Source: contract 5. */
export const watchLag: FaultDefinition = {
  name: 'watch-lag',
  does: 'The component sees changes later than they happen.',
  heals: 'It catches up.',
  targets: ['component'],
  parameters: {
    lag: must(distribution, 'How much later.'),
    kinds: field(v.array(text), 'Which kinds; without it, all.'),
    node: field(name, 'Whose kubelet (target component/kubelet).'),
  },
  components: ['kube-controller-manager', 'kube-scheduler', 'csi-provisioner', 'csi-attacher', 'csi-resizer', 'coredns', 'kubelet'],
  without: ['kinds'],
  begin: (target, parameters, { controlPlane }) => {
    const part = controlPlane.components.get(target.name === 'kubelet' ? `kubelet/${String(parameters['node'])}` : target.name)
    const lag = parameters['lag'] as number
    if (part !== undefined) part.caches.lag += lag
    return () => {
      if (part !== undefined) part.caches.lag -= lag
    }
  },
}
