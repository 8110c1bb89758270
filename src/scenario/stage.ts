/**
 * What a scenario is played on: the interface between the player and a running cluster. `stageOf` makes one of a cluster; tests may make
 * smaller ones.
 */
import type { View } from '../cluster/client/controller.ts'
import type { Story } from '../cluster/client/story.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { Connect } from '../cluster/kubectl/terminal.ts'
import type { KubernetesObject } from '../cluster/objects/metadata.ts'
import type { Release } from '../cluster/objects/release.ts'
import type { Engine } from '../engine/engine.ts'
import { ranks } from '../world/ranks.ts'
import type { World } from '../world/world.ts'
import type { Objects } from './conditions.ts'
import { connectionsInto } from './connect.ts'

/** What faults of components and of the API act on. */
export type ControlPlane = Pick<Cluster, 'components' | 'apiTrouble'>

/** A cluster as its user meets it, and the world it stands in. */
export type Stage = {
  readonly engine: Engine
  readonly world: World
  readonly controlPlane: ControlPlane
  /** The objects as the API has them, for conditions. */
  readonly objects: Objects
  /** The same for kubectl's watches. */
  readonly see: View
  readonly release: Release
  /** Now, as the API writes it. */
  time(): string
  /** Plays a story as the user `kubectl`, at the rank of steps; it may end at once. */
  play<T>(story: Story<T>, ended: (result: T) => void): void
  /** Calls back at each single change of an object of the kind, inside the write. Returns how to stop. */
  watch(kind: string, tell: (object: KubernetesObject) => void): () => void
  /** How a terminal reaches into containers. */
  readonly connect?: Connect | undefined
}

/** A cluster as a stage. `truth` answers what conditions ask of applications, rollouts and traffic. */
export function stageOf(cluster: Cluster, more: { readonly truth?: Objects['truth']; readonly connect?: Connect } = {}): Stage {
  const { engine, store } = cluster
  const terminal = engine.process('kubectl', ranks.steps)
  return {
    engine,
    world: cluster.world,
    controlPlane: cluster,
    objects: {
      get: (kind, namespace, name) => store.of(kind).get(namespace, name),
      list: (kind) => store.of(kind).list(),
      get now() {
        return engine.now
      },
      ...(more.truth === undefined ? {} : { truth: more.truth }),
    },
    see: store,
    release: cluster.release,
    time: () => cluster.calendar.textOf(engine.now),
    play: (story, ended) => cluster.play(story, terminal, ended),
    watch: (kind, tell) => store.watch(kind, (change) => tell(change.object)),
    connect: more.connect ?? connectionsInto(cluster.world),
  }
}
