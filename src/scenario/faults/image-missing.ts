import { type FaultDefinition, nodesOf, textParameter } from '../fault.ts'
import { must, text } from '../shapes.ts'

/** The registry says that there is no such image; nodes that hold it keep it. It heals: the registry has it again. Source: contract 5. */
export const imageMissing: FaultDefinition = {
  name: 'image-missing',
  does: 'The registry says that there is no such image; nodes that hold it keep it.',
  heals: 'The registry has it again.',
  targets: ['node', 'zone'],
  everywhere: true,
  parameters: {
    image: must(text, 'The image, as the container names it.'),
  },
  begin: (target, parameters, { world }) =>
    world.registry.begin({ kind: 'missing', ...textParameter(parameters, 'image'), ...nodesOf(target) }),
}
