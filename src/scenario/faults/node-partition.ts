import * as v from 'valibot'
import { controlPlane } from '../../world/links.ts'
import { type FaultDefinition, machineOf } from '../fault.ts'
import { field, name } from '../shapes.ts'

/** The machine is cut off from the control plane; what runs on it runs on. It heals: the connection is used again at once. Source: contract 5. */
export const nodePartition: FaultDefinition = {
  name: 'node-partition',
  does: 'The machine is cut off from the control plane; what runs on it runs on.',
  heals: 'The connection is used again at once.',
  targets: ['node', 'zone'],
  parameters: {
    from: field(v.array(name), 'Other nodes it is cut off from, beside the control plane.'),
    direction: field(
      v.picklist(['both', 'in', 'out']),
      'Which messages are lost: those to the machine (in), those from it (out), or both.',
      { default: 'both' },
    ),
  },
  begin: (target, parameters, on) => {
    const { name } = machineOf(target, on)
    const { direction = 'both', from = [] } = parameters as { direction?: 'both' | 'in' | 'out'; from?: readonly string[] }
    const { links } = on.world
    const cuts = [controlPlane, ...from].flatMap((other): (readonly [string, string])[] => [
      ...(direction === 'in' ? [] : [[name, other] as const]),
      ...(direction === 'out' ? [] : [[other, name] as const]),
    ])
    for (const [a, b] of cuts) links.cut(a, b)
    return () => {
      for (const [a, b] of cuts) links.heal(a, b)
    }
  },
}
