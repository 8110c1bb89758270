import { type FaultDefinition, numberParameter, podKeyOf, textParameter } from '../fault.ts'
import { distribution, field, positive, text } from '../shapes.ts'

/** The application takes longer to start. It heals: it starts as before, from its next start on. Source: contract 5. */
export const slowStart: FaultDefinition = {
  name: 'slow-start',
  does: 'The application takes longer to start.',
  heals: 'It starts as before, from its next start on.',
  targets: ['pod'],
  parameters: {
    factor: field(positive, 'How many times longer than it would.'),
    starts: field(distribution, 'How long it takes instead.'),
    container: field(text, 'Which container; without it, every one of the pod.'),
  },
  begin: (target, parameters, { world }) =>
    world.pods.begin(podKeyOf(target), {
      kind: 'slow-start',
      ...numberParameter(parameters, 'factor'),
      ...numberParameter(parameters, 'starts'),
      ...textParameter(parameters, 'container'),
    }),
}
