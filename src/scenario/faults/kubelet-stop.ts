import { type FaultDefinition, machineOf } from '../fault.ts'

/** The kubelet stops; its containers run on. It heals: the kubelet starts again and finds its pods. Source: contract 5. */
export const kubeletStop: FaultDefinition = {
  name: 'kubelet-stop',
  does: 'The kubelet stops; its containers run on.',
  heals: 'The kubelet starts again and finds its pods.',
  targets: ['node', 'zone'],
  parameters: {},
  begin: (target, _, on) => machineOf(target, on).stopKubelet(),
}
