import type { FaultDefinition } from '../fault.ts'

/** No name is answered. It heals: names are answered again. Source: contract 5. */
export const dnsOutage: FaultDefinition = {
  name: 'dns-outage',
  does: 'No name is answered.',
  heals: 'Names are answered again.',
  targets: [],
  parameters: {},
  begin: (_, __, { world }) => {
    world.nameserver.answering = false
    return () => {
      world.nameserver.answering = true
    }
  },
}
