import { type FaultDefinition, leaders } from '../fault.ts'

/** The component loses its lease; another one takes over after the hand-over time. It ends by itself. Source: contract 5. */
export const leaderLoss: FaultDefinition = {
  name: 'leader-loss',
  does: 'The component loses its lease; another one takes over after the hand-over time.',
  heals: 'It ends by itself.',
  targets: ['component'],
  instant: true,
  parameters: {},
  components: leaders,
  begin: (target, _, { controlPlane, world, after }) => {
    const part = controlPlane.components.get(target.name)
    part?.crash()
    after(world.delays.of('hand-over', target.name), `another ${target.name} leads`, () => part?.restart())
    return undefined
  },
}
