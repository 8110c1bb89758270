import { type FaultDefinition, machineOf } from '../fault.ts'

/** The machine stands still: nothing on it runs, no message leaves it; memory and processes stay. It heals: everything on it goes on where it stood. Source: contract 5. */
export const nodeFreeze: FaultDefinition = {
  name: 'node-freeze',
  does: 'The machine stands still: nothing on it runs, no message leaves it; memory and processes stay.',
  heals: 'Everything on it goes on where it stood.',
  targets: ['node', 'zone'],
  parameters: {},
  begin: (target, _, on) => {
    const machine = machineOf(target, on)
    machine.freeze()
    return () => machine.thaw()
  },
}
