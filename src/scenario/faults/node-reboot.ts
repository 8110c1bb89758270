import { type FaultDefinition, machineOf } from '../fault.ts'
import { distribution, field } from '../shapes.ts'

/** The machine is reset: everything on it stops at once and it boots again. It ends by itself, when the machine has booted. Source: contract 5. */
export const nodeReboot: FaultDefinition = {
  name: 'node-reboot',
  does: 'The machine is reset: everything on it stops at once and it boots again.',
  heals: 'It ends by itself, when the machine has booted.',
  targets: ['node', 'zone'],
  instant: true,
  parameters: {
    boot: field(distribution, 'How long until it runs again.', { default: "the profile's `reboot`" }),
  },
  begin: (target, parameters, on) => {
    const { boot } = parameters
    machineOf(target, on).reboot('reboot', typeof boot === 'number' ? boot : undefined)
    return undefined
  },
}
