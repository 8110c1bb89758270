import { type FaultDefinition, loseApi } from '../fault.ts'

/** The API server answers nobody. It heals: it answers again; every client goes on. Source: contract 5. */
export const apiOutage: FaultDefinition = {
  name: 'api-outage',
  does: 'The API server answers nobody.',
  heals: 'It answers again; every client goes on.',
  targets: [],
  parameters: {},
  begin: (_, __, on) => loseApi(on),
}
