import { type FaultDefinition, machineOf } from '../fault.ts'

/** No pod sandbox can be made on the machine; running pods run on. It heals: the next attempt succeeds. Source: contract 5. */
export const sandboxFail: FaultDefinition = {
  name: 'sandbox-fail',
  does: 'No pod sandbox can be made on the machine; running pods run on.',
  heals: 'The next attempt succeeds.',
  targets: ['node', 'zone'],
  parameters: {},
  begin: (target, _, on) => machineOf(target, on).troubles.begin(target.name, { kind: 'sandbox-fail' }),
}
