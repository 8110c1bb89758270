import { bytesOf } from '../../cluster/objects/quantity.ts'
import { type FaultDefinition, nodesOf } from '../fault.ts'
import { must, quantity } from '../shapes.ts'

/** Pulls are slow. It heals: pulls are as fast as before, from the next one on. Source: contract 5. */
export const registrySlow: FaultDefinition = {
  name: 'registry-slow',
  does: 'Pulls are slow.',
  heals: 'Pulls are as fast as before, from the next one on.',
  targets: ['node', 'zone'],
  everywhere: true,
  parameters: {
    rate: must(quantity, 'Bytes a second.'),
  },
  begin: (target, parameters, { world }) =>
    world.registry.begin({ kind: 'slow', rate: bytesOf(parameters['rate'] as string | number), ...nodesOf(target) }),
}
