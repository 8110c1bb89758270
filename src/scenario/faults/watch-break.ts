import * as v from 'valibot'
import type { FaultDefinition } from '../fault.ts'
import { field, name, text } from '../shapes.ts'

/** The connection of its watches breaks: the component lists everything anew. It ends by itself. Source: contract 5. */
export const watchBreak: FaultDefinition = {
  name: 'watch-break',
  does: 'The connection of its watches breaks: the component lists everything anew.',
  heals: 'It ends by itself.',
  targets: ['component'],
  instant: true,
  parameters: {
    kinds: field(v.array(text), 'Which kinds; without it, all.'),
    node: field(name, 'Whose kubelet (target component/kubelet).'),
  },
  components: ['kube-controller-manager', 'kube-scheduler', 'csi-provisioner', 'csi-attacher', 'csi-resizer', 'coredns', 'kubelet'],
  without: ['kinds'],
  begin: (target, parameters, { controlPlane }) => {
    const part = controlPlane.components.get(target.name === 'kubelet' ? `kubelet/${String(parameters['node'])}` : target.name)
    part?.caches.cut()
    part?.caches.heal()
    return undefined
  },
}
