import { type FaultDefinition, nodesOf } from '../fault.ts'

/** No image can be pulled; what is on a node stays usable. It heals: the next pull succeeds. Source: contract 5. */
export const registryOutage: FaultDefinition = {
  name: 'registry-outage',
  does: 'No image can be pulled; what is on a node stays usable.',
  heals: 'The next pull succeeds.',
  targets: ['node', 'zone'],
  everywhere: true,
  parameters: {},
  begin: (target, _, { world }) => world.registry.begin({ kind: 'outage', ...nodesOf(target) }),
}
