/**
 * The StatefulSet controller: a queue of sets, five workers, and the look (look.ts).
 *
 * Keeps true what statefulset.md says for the releases 1.33 to 1.37, each difference behind its gate or release.
 * Differs from Kubernetes: the claims of a pod are made in the order of the templates (upstream: a map's); pods are looked at in
 * the order of their names; the gauges of 9.3 are not kept.
 * Source: statefulset.md; pkg/controller/statefulset of 1.36.2.
 */
import { hours, type Micros } from '../../../engine/clock.ts'
import type { Change, Component, Controller, ControllerFactory, Enqueue } from '../../client/controller.ts'
import { type KubernetesObject, namespacedName } from '../../objects/metadata.ts'
import type { Pod } from '../../objects/pod.ts'
import type { StatefulSet } from '../../objects/statefulset.ts'
import { Guard } from './consistency.ts'
import { look } from './look.ts'
import { podChanged } from './triggers.ts'

/** `--concurrent-statefulset-syncs` */
const defaultWorkers = 5

/** `--min-resync-period`, times a factor between 1 and 2. Source: statefulset.md 3.2. */
const resyncPeriod = hours(12)

export const statefulset: ControllerFactory = (component: Component): Controller => {
  const sets = component.see.of<StatefulSet>('StatefulSet')
  const guard = new Guard()
  const workers = Number(component.option('concurrent-statefulset-syncs') ?? defaultWorkers)
  return {
    name: component.name,
    kinds: ['StatefulSet', 'Pod', 'PersistentVolumeClaim', 'ControllerRevision'],
    workers,
    start: (queue) => resync(component, queue, resyncPeriod),
    changed: (change, queue) => {
      switch (change.object.kind) {
        case 'StatefulSet':
          queue.add(namespacedName(change.object))
          return
        case 'Pod':
          podChanged(change as Change<KubernetesObject> as Change<Pod>, sets, queue, component.gates.release)
          return
        default: // claims and revisions are read, and wake nobody
      }
    },
    look: (key) => look(key, { component, guard }),
  }
}

/** Every set is looked at again after so long, whatever happened. */
const resync = (component: Component, queue: Enqueue, period: Micros): void => {
  const every = Math.round(period * (1 + component.jitter('resync')))
  const again = (): void => {
    component.process.after(every, 'resync of statefulsets', () => {
      for (const set of component.see.of('StatefulSet').list()) queue.add(namespacedName(set))
      again()
    })
  }
  again()
}
