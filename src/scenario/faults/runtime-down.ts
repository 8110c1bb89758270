import { type FaultDefinition, machineOf } from '../fault.ts'

/** The container runtime does not answer: nothing starts or stops, and the node turns not ready. It heals: the runtime answers again. Source: contract 5. */
export const runtimeDown: FaultDefinition = {
  name: 'runtime-down',
  does: 'The container runtime does not answer: nothing starts or stops, and the node turns not ready.',
  heals: 'The runtime answers again.',
  targets: ['node', 'zone'],
  parameters: {},
  begin: (target, _, on) => machineOf(target, on).troubles.begin(target.name, { kind: 'runtime-down', since: on.world.engine.now }),
}
