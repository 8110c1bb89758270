import { type FaultDefinition, storageKeyOf } from '../fault.ts'

/** Unmounting a volume fails with an error, and is tried again. It heals: the next attempt succeeds. Source: contract 5. */
export const unmountFail: FaultDefinition = {
  name: 'unmount-fail',
  does: 'Unmounting a volume fails with an error, and is tried again.',
  heals: 'The next attempt succeeds.',
  targets: ['persistentvolumeclaim', 'persistentvolume', 'storageclass'],
  everywhere: true,
  parameters: {},
  begin: (target, _, { world }) =>
    world.disks.troubles.begin(storageKeyOf(target), {
      kind: 'unmount-fail',
      error: 'rpc error: code = Internal desc = could not unmount the volume',
    }),
}
