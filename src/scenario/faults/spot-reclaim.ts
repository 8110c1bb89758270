import { minutes } from '../../engine/clock.ts'
import { type FaultDefinition, machineOf } from '../fault.ts'
import { distribution, field } from '../shapes.ts'

/** The cloud reclaims the machine: a notice, then it is terminated. Never: the machine is gone. Source: contract 5. */
export const spotReclaim: FaultDefinition = {
  name: 'spot-reclaim',
  does: 'The cloud reclaims the machine: a notice, then it is terminated.',
  heals: 'Never: the machine is gone.',
  targets: ['node', 'zone'],
  instant: true,
  parameters: {
    notice: field(distribution, 'From the notice to the end of the machine.', { default: '2m' }),
  },
  begin: (target, parameters, on) => {
    const machine = machineOf(target, on)
    const notice = typeof parameters['notice'] === 'number' ? parameters['notice'] : minutes(2)
    on.after(notice, 'spot instance ends', () => {
      machine.instance = 'terminated'
      machine.powerOff('spot instance reclaimed')
    })
    return undefined
  },
}
