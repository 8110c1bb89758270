import { type FaultDefinition, machineOf } from '../fault.ts'

/** The machine loses power, and the cloud says that the instance is shut down. It heals: the instance is started and boots. Source: contract 5. */
export const instanceStop: FaultDefinition = {
  name: 'instance-stop',
  does: 'The machine loses power, and the cloud says that the instance is shut down.',
  heals: 'The instance is started and boots.',
  targets: ['node', 'zone'],
  parameters: {},
  begin: (target, _, on) => {
    const machine = machineOf(target, on)
    machine.instance = 'stopped'
    machine.powerOff('instance stopped')
    return () => {
      machine.instance = 'running'
      machine.powerOn('instance started')
    }
  },
}
