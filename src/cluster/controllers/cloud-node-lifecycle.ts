/**
 * Asks the cloud about nodes that are not Ready: deletes the Node of an instance that is gone, taints one that is shut down.
 * Runs only where a cloud controller manager does.
 *
 * Source: node-and-storage.md B13; cloud-provider/controllers/nodelifecycle/node_lifecycle_controller.go (1.36).
 */
import { parseDuration, seconds } from '../../engine/clock.ts'
import type { Machine } from '../../world/machine.ts'
import { ranks } from '../../world/ranks.ts'
import type { Component, Controller, ControllerFactory } from '../client/controller.ts'
import { announce, call, type Story } from '../client/story.ts'
import { addTaints, removeTaints } from '../client/taints.ts'
import { Turn } from '../client/turn.ts'
import type { KubernetesObject } from '../objects/metadata.ts'
import { isNodeReady, isSameTaint, type Taint, taintKeys, taintsOf } from '../objects/node.ts'

const shutdown: Taint = { key: taintKeys.shutdown, effect: 'NoSchedule' }

/** The controller, given the machines as the cloud knows them. */
export const cloudNodeLifecycle = (machines: ReadonlyMap<string, Machine>): ControllerFactory => {
  let current: (() => void) | undefined
  for (const machine of machines.values()) machine.listenToCloud(() => current?.())
  return (component: Component): Controller => {
    const nodes = component.see.of('Node')
    const turn = new Turn({
      process: component.process,
      rank: ranks.cloudNodeMonitor,
      rhythm: component.rhythm(
        'cloud-node-monitor',
        parseDuration(component.option('node-monitor-period') ?? '') ?? seconds(5),
        seconds(2),
      ),
      mode: 'includes',
      label: 'cloud node monitor',
      act: () => component.play(monitor()),
    })
    current = () => turn.want()

    const isTainted = (node: KubernetesObject): boolean => taintsOf(node).some((taint) => isSameTaint(taint, shutdown))

    function* monitor(): Story<void> {
      for (const node of nodes.list()) yield* lookAt(node)
    }

    function* lookAt(node: KubernetesObject): Story<void> {
      const { name } = node.metadata
      if (isNodeReady(node)) {
        if (isTainted(node)) yield* removeTaints(name, [shutdown])
        return
      }
      // A Node without a machine is one that a person made: no cloud knows it.
      switch (machines.get(name)?.instance ?? 'terminated') {
        case 'running':
          return
        case 'stopped':
          if (!isTainted(node)) yield* addTaints(name, [{ ...shutdown, timeAdded: component.time() }])
          return
        case 'terminated': {
          yield* announce(node, 'Normal', 'DeletingNode', `Deleting node ${name} because it does not exist in the cloud provider`)
          const answer = yield* call({ verb: 'delete', kind: 'Node', name })
          if (!answer.ok && answer.status.reason !== 'NotFound') turn.want(component.now() + 1)
        }
      }
    }

    return {
      name: component.name,
      kinds: ['Node'],
      workers: 1,
      changed({ type, object, old }) {
        if (type === 'DELETED') return
        if (old === undefined ? !isNodeReady(object) || isTainted(object) : isNodeReady(old) !== isNodeReady(object)) turn.want()
      },
    }
  }
}
