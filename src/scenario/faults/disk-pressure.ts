import { type FaultDefinition, machineOf } from '../fault.ts'

/** The machine runs short of disk space: the kubelet says so and evicts pods. It heals: the pressure is over; the kubelet says so after its transition period. Source: contract 5. */
export const diskPressure: FaultDefinition = {
  name: 'disk-pressure',
  does: 'The machine runs short of disk space: the kubelet says so and evicts pods.',
  heals: 'The pressure is over; the kubelet says so after its transition period.',
  targets: ['node', 'zone'],
  parameters: {},
  begin: (target, _, on) =>
    machineOf(target, on).troubles.begin(target.name, { kind: 'pressure', resource: 'disk', since: on.world.engine.now }),
}
