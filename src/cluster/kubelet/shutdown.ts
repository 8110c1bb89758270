/**
 * The orderly shutdown of a node: pods are ended in groups before the machine may halt. Inactive unless the kubelet's
 * `shutdownGracePeriod` is set. Source: node-and-storage.md B11 (pkg/kubelet/nodeshutdown).
 *
 * Differs from Kubernetes: groups by priority (`shutdownGracePeriodByPodPriority`) are not modelled, only the two of the periods.
 */
import { type Micros, seconds } from '../../engine/clock.ts'
import type { NodeStatus } from './heartbeat.ts'
import type { NodeContext } from './node-context.ts'
import { graceOf, type PodWorker } from './pod-worker.ts'
import { begin, type Task, wait } from './task.ts'

const message = 'Pod was terminated in response to imminent node shutdown.'
/** Pods of this priority and above are critical. */
const critical = 2_000_000_000

/** Holds the inhibitor of a machine, if the kubelet is set to. */
export function shutdownManager(node: NodeContext, status: NodeStatus, workers: () => readonly PodWorker[]): void {
  const { machine, settings } = node
  if (settings.shutdownGrace === 0) return machine.inhibit(undefined)
  const { process } = node.component
  const { incarnation } = process
  machine.inhibit((halts) => {
    if (process.alive && process.incarnation === incarnation) begin(shutDown(node, status, workers, halts), () => undefined)
  })
}

/** The signal has come. */
function* shutDown(node: NodeContext, status: NodeStatus, workers: () => readonly PodWorker[], halts: Micros): Task<void> {
  const { component, machine, settings } = node
  if (status.shuttingDown) return
  const object = component.see.of('Node').get(undefined, node.node)
  if (object !== undefined) node.tell(object, 'Normal', 'Shutdown', 'Shutdown manager detected shutdown event')
  status.shuttingDown = true
  status.post()
  const isCritical = (worker: PodWorker): boolean => (worker.pod.spec.priority ?? 0) >= critical
  yield* endGroup(
    node,
    workers().filter((worker) => !isCritical(worker)),
    settings.shutdownGrace - settings.shutdownGraceCritical,
  )
  yield* endGroup(node, workers().filter(isCritical), settings.shutdownGraceCritical)
  machine.halt(halts)
}

/** Ends the pods of a group, side by side, and waits until they are dead and unmounted, at most for the group's period. */
function* endGroup(node: NodeContext, group: readonly PodWorker[], period: Micros): Task<void> {
  if (group.length === 0 || period <= 0) return
  yield* wait<undefined>((resume) => {
    let left = group.length
    const { process } = node.component
    const limit = process.after(period, 'shutdown period is over', () => resume(undefined))
    for (const worker of group) {
      worker.whenReleased(() => {
        left -= 1
        if (left > 0) return
        process.cancel(limit)
        resume(undefined)
      })
      worker.terminate(Math.max(seconds(1), Math.min(graceOf(worker.pod), period)), { reason: 'Terminated', message, disruption: message })
    }
    return () => process.cancel(limit)
  })
}
