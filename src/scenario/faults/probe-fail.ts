import * as v from 'valibot'
import { type FaultDefinition, podKeyOf, probeParameter, textParameter } from '../fault.ts'
import { field, text } from '../shapes.ts'

/** A probe gets no for an answer, at once. It heals: the probe gets the answer of the application again. Source: contract 5. */
export const probeFail: FaultDefinition = {
  name: 'probe-fail',
  does: 'A probe gets no for an answer, at once.',
  heals: 'The probe gets the answer of the application again.',
  targets: ['pod'],
  parameters: {
    probe: field(v.picklist(['readiness', 'liveness', 'startup']), 'Which probe; without it, all three.'),
    container: field(text, 'Which container; without it, every one of the pod.'),
  },
  begin: (target, parameters, { world }) =>
    world.pods.begin(podKeyOf(target), { kind: 'probe-fail', ...probeParameter(parameters), ...textParameter(parameters, 'container') }),
}
