import { type FaultDefinition, machineOf } from '../fault.ts'

/** The machine loses power: everything on it stops at once, its disks stay attached. It heals: the machine boots; containers start anew, nothing is mounted any more. Source: contract 5. */
export const nodePowerLoss: FaultDefinition = {
  name: 'node-power-loss',
  does: 'The machine loses power: everything on it stops at once, its disks stay attached.',
  heals: 'The machine boots; containers start anew, nothing is mounted any more.',
  targets: ['node', 'zone'],
  parameters: {},
  begin: (target, _, on) => {
    const machine = machineOf(target, on)
    machine.powerOff('power loss')
    return () => machine.powerOn('power is back')
  },
}
