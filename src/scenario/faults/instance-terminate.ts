import { type FaultDefinition, machineOf } from '../fault.ts'

/** The machine loses power, and the cloud says that the instance is gone. Never: the machine is gone. Source: contract 5. */
export const instanceTerminate: FaultDefinition = {
  name: 'instance-terminate',
  does: 'The machine loses power, and the cloud says that the instance is gone.',
  heals: 'Never: the machine is gone.',
  targets: ['node', 'zone'],
  instant: true,
  parameters: {},
  begin: (target, _, on) => {
    const machine = machineOf(target, on)
    machine.instance = 'terminated'
    machine.powerOff('instance terminated')
    return undefined
  },
}
