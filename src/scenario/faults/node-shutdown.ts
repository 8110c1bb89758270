import { type FaultDefinition, machineOf } from '../fault.ts'
import { distribution, field } from '../shapes.ts'

/** The machine is shut down in order: pods are ended by priority, then it powers off. It heals: the machine boots. Source: contract 5. */
export const nodeShutdown: FaultDefinition = {
  name: 'node-shutdown',
  does: 'The machine is shut down in order: pods are ended by priority, then it powers off.',
  heals: 'The machine boots.',
  targets: ['node', 'zone'],
  parameters: {
    halts: field(distribution, 'From the release of the inhibitor to power off.', { default: "the profile's `halt`" }),
  },
  begin: (target, parameters, on) => {
    const machine = machineOf(target, on)
    machine.shutdown(typeof parameters['halts'] === 'number' ? parameters['halts'] : undefined)
    return () => machine.powerOn('switched on')
  },
}
