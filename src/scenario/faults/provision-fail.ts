import { type FaultDefinition, storageKeyOf } from '../fault.ts'
import { field, whole } from '../shapes.ts'

/** Making a volume fails with an error, and is tried again. It heals: the next attempt succeeds. Source: contract 5. */
export const provisionFail: FaultDefinition = {
  name: 'provision-fail',
  does: 'Making a volume fails with an error, and is tried again.',
  heals: 'The next attempt succeeds.',
  targets: ['persistentvolumeclaim', 'storageclass'],
  everywhere: true,
  parameters: {
    count: field(whole(1), 'How many attempts fail; without it, all.'),
  },
  begin: (target, parameters, { world }) => {
    const { count } = parameters
    return world.disks.troubles.begin(storageKeyOf(target), {
      kind: 'provision-fail',
      error: 'rpc error: code = ResourceExhausted desc = the back-end has no room for another volume',
      ...(typeof count === 'number' ? { left: count } : {}),
    })
  },
}
