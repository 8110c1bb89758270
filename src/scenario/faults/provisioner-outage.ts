import { type FaultDefinition, storageKeyOf } from '../fault.ts'

/** Nobody makes new volumes: claims wait in silence. It heals: waiting claims are provisioned. Source: contract 5. */
export const provisionerOutage: FaultDefinition = {
  name: 'provisioner-outage',
  does: 'Nobody makes new volumes: claims wait in silence.',
  heals: 'Waiting claims are provisioned.',
  targets: ['persistentvolumeclaim', 'storageclass'],
  everywhere: true,
  parameters: {},
  begin: (target, _, { world }) => world.disks.troubles.begin(storageKeyOf(target), { kind: 'provisioner-outage' }),
}
