import * as v from 'valibot'
import { type FaultDefinition, podKeyOf, probeParameter, textParameter } from '../fault.ts'
import { field, text } from '../shapes.ts'

/** The handler of a probe itself fails, so that the probe has no result. It heals: the handler works again. Source: contract 5. */
export const probeError: FaultDefinition = {
  name: 'probe-error',
  does: 'The handler of a probe itself fails, so that the probe has no result.',
  heals: 'The handler works again.',
  targets: ['pod'],
  parameters: {
    probe: field(v.picklist(['readiness', 'liveness', 'startup']), 'Which probe; without it, all three.'),
    container: field(text, 'Which container; without it, every one of the pod.'),
  },
  begin: (target, parameters, { world }) =>
    world.pods.begin(podKeyOf(target), { kind: 'probe-error', ...probeParameter(parameters), ...textParameter(parameters, 'container') }),
}
