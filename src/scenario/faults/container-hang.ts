import { type FaultDefinition, podKeyOf, textParameter } from '../fault.ts'
import { field, text } from '../shapes.ts'

/** The process answers nothing: each probe runs into its timeout. It heals: the process answers again. Source: contract 5. */
export const containerHang: FaultDefinition = {
  name: 'container-hang',
  does: 'The process answers nothing: each probe runs into its timeout.',
  heals: 'The process answers again.',
  targets: ['pod'],
  parameters: {
    container: field(text, 'Which container; without it, every one of the pod.'),
  },
  begin: (target, parameters, { world }) => world.pods.begin(podKeyOf(target), { kind: 'hang', ...textParameter(parameters, 'container') }),
}
