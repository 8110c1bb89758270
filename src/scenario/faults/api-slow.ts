import type { FaultDefinition } from '../fault.ts'
import { must, positive } from '../shapes.ts'

/** Each request takes longer. It heals: requests are as fast as before, from the next one on. Source: contract 5. */
export const apiSlow: FaultDefinition = {
  name: 'api-slow',
  does: 'Each request takes longer.',
  heals: 'Requests are as fast as before, from the next one on.',
  targets: [],
  parameters: {
    factor: must(positive, 'How many times longer.'),
  },
}
