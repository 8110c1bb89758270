import { type FaultDefinition, storageKeyOf } from '../fault.ts'
import { must, positive } from '../shapes.ts'

/** The storage back-end takes longer for everything. It heals: it is as fast as before, from the next request on. Source: contract 5. */
export const storageSlow: FaultDefinition = {
  name: 'storage-slow',
  does: 'The storage back-end takes longer for everything.',
  heals: 'It is as fast as before, from the next request on.',
  targets: ['persistentvolumeclaim', 'persistentvolume', 'storageclass'],
  everywhere: true,
  parameters: {
    factor: must(positive, 'How many times longer.'),
  },
  begin: (target, parameters, { world }) =>
    world.disks.troubles.begin(storageKeyOf(target), { kind: 'slow', factor: parameters['factor'] as number }),
}
