/** The sidecars of the drivers, by their names in contract 5. */
import type { World } from '../../world/world.ts'
import type { ControllerFactory } from '../client/controller.ts'
import { attacher } from './attacher.ts'
import { provisioner } from './provisioner.ts'
import { resizer } from './resizer.ts'

/** All of them, in the order in which they are told of a change. */
export const csiControllers = (world: World): readonly (readonly [name: string, factory: ControllerFactory])[] => [
  ['csi-provisioner', (component) => provisioner(component, world)],
  ['csi-attacher', (component) => attacher(component, world)],
  ['csi-resizer', (component) => resizer(component, world)],
]
