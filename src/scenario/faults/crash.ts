import { type FaultDefinition, loseApi } from '../fault.ts'
import { field, name } from '../shapes.ts'

/** The component dies; with `for:` it starts again then, with empty caches and timers. It heals: the component starts again. Source: contract 5. */
export const crash: FaultDefinition = {
  name: 'crash',
  does: 'The component dies; with `for:` it starts again then, with empty caches and timers.',
  heals: 'The component starts again.',
  targets: ['component'],
  parameters: {
    node: field(name, 'Whose kubelet (target component/kubelet).'),
  },
  components: [
    'kube-apiserver',
    'etcd',
    'kube-controller-manager',
    'kube-scheduler',
    'csi-provisioner',
    'csi-attacher',
    'csi-resizer',
    'coredns',
    'kubelet',
  ],
  begin: (target, parameters, on) => {
    const { name } = target
    if (name === 'kube-apiserver' || name === 'etcd') return loseApi(on)
    if (name === 'kubelet') return on.world.machines.get(String(parameters['node']))?.stopKubelet()
    const part = on.controlPlane.components.get(name)
    part?.crash()
    return () => part?.restart()
  },
}
