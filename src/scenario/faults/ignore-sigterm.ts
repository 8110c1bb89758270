import { type FaultDefinition, podKeyOf, textParameter } from '../fault.ts'
import { field, text } from '../shapes.ts'

/** The process ignores SIGTERM and ends only when it is killed. It ends when told to again. Source: contract 5. */
export const ignoreSigterm: FaultDefinition = {
  name: 'ignore-sigterm',
  does: 'The process ignores SIGTERM and ends only when it is killed.',
  heals: 'It ends when told to again.',
  targets: ['pod'],
  parameters: {
    container: field(text, 'Which container; without it, every one of the pod.'),
  },
  begin: (target, parameters, { world }) =>
    world.pods.begin(podKeyOf(target), { kind: 'ignore-sigterm', ...textParameter(parameters, 'container') }),
}
