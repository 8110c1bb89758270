import type { FaultDefinition } from '../fault.ts'
import { field, name } from '../shapes.ts'

/** The component stands still and keeps what it knows. It heals: it goes on where it stood. Source: contract 5. */
export const pause: FaultDefinition = {
  name: 'pause',
  does: 'The component stands still and keeps what it knows.',
  heals: 'It goes on where it stood.',
  targets: ['component'],
  parameters: {
    node: field(name, 'Whose kubelet (target component/kubelet).'),
  },
}
