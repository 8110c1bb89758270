import { type FaultDefinition, storageKeyOf } from '../fault.ts'
import { field, text } from '../shapes.ts'

/** Attaching a volume fails with an error, and is tried again. It heals: the next attempt succeeds. Source: contract 5. */
export const attachFail: FaultDefinition = {
  name: 'attach-fail',
  does: 'Attaching a volume fails with an error, and is tried again.',
  heals: 'The next attempt succeeds.',
  targets: ['persistentvolumeclaim', 'persistentvolume', 'storageclass'],
  everywhere: true,
  parameters: {
    reason: field(text, 'The text of the error.'),
  },
  begin: (target, parameters, { world }) => {
    const { reason } = parameters
    const error = typeof reason === 'string' ? reason : 'rpc error: code = Internal desc = the back-end could not attach the volume'
    return world.disks.troubles.begin(storageKeyOf(target), { kind: 'attach-fail', error })
  },
}
