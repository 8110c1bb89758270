import { type FaultDefinition, storageKeyOf } from '../fault.ts'

/** Mounting a volume fails with an error, and is tried again. It heals: the next attempt succeeds. Source: contract 5. */
export const mountFail: FaultDefinition = {
  name: 'mount-fail',
  does: 'Mounting a volume fails with an error, and is tried again.',
  heals: 'The next attempt succeeds.',
  targets: ['persistentvolumeclaim', 'persistentvolume', 'storageclass'],
  everywhere: true,
  parameters: {},
  begin: (target, _, { world }) =>
    world.disks.troubles.begin(storageKeyOf(target), {
      kind: 'mount-fail',
      error: 'rpc error: code = Internal desc = could not mount the volume',
    }),
}
