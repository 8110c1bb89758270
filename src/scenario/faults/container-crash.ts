import { containersOf, type FaultDefinition } from '../fault.ts'
import { field, text, whole } from '../shapes.ts'

/** The process exits by itself, now. It ends by itself: the kubelet starts the container again. Source: contract 5. */
export const containerCrash: FaultDefinition = {
  name: 'container-crash',
  does: 'The process exits by itself, now.',
  heals: 'It ends by itself: the kubelet starts the container again.',
  targets: ['pod'],
  instant: true,
  parameters: {
    code: field(whole(), 'The exit code.', { default: 1 }),
    container: field(text, 'Which container; without it, every one of the pod.'),
  },
  begin: (target, parameters, on) => {
    const code = typeof parameters['code'] === 'number' ? parameters['code'] : 1
    for (const container of containersOf(target, parameters, on)) container.exit(code, code === 0 ? 'Completed' : 'Error', false)
    return undefined
  },
}
