/**
 * The kubelet of one machine: a worker for each pod that is bound to its node, what they share, and the node's own status.
 * Source: node-and-storage.md A (kubelet.go). The parts: pod-worker.ts, containers.ts, probes.ts, images.ts, volumes.ts, status.ts,
 * heartbeat.ts.
 */
import { nextBeat } from '../../engine/rhythm.ts'
import type { Machine } from '../../world/machine.ts'
import type { World } from '../../world/world.ts'
import type { Change, Component, Controller } from '../client/controller.ts'
import type { KubernetesObject } from '../objects/metadata.ts'
import { isFinishedPod, type Pod } from '../objects/pod.ts'
import { refusalOf } from './admission.ts'
import { CrashBackOff } from './containers.ts'
import { NodeStatus } from './heartbeat.ts'
import { Images } from './images.ts'
import { nodeContext } from './node-context.ts'
import { PodWorker, type Shared } from './pod-worker.ts'
import { EvictionManager } from './pressure.ts'
import { shutdownManager } from './shutdown.ts'
import { rejected } from './status.ts'
import { StatusWriter } from './status-writer.ts'
import { Volumes } from './volumes.ts'

/**
 * A kubelet. Its component must be told of the pods with `spec.nodeName` of its node and of its own Node, and see
 * PersistentVolumeClaims and PersistentVolumes. It is made anew each time it starts (a boot, a restart): what the machine
 * holds then is found in its runtime.
 */
export function kubelet(component: Component, machine: Machine, world: World): Controller {
  const node = nodeContext(component, machine, world)
  const nodeStatus = new NodeStatus(node, () => volumes)
  const volumes = new Volumes(node, () => nodeStatus.changed())
  const statuses = new StatusWriter(node)
  const workers = new Map<string, PodWorker>()
  const living = (): readonly PodWorker[] => [...workers.values()]
  /** Pods that the node did not take. */
  const refused = new Set<string>()
  const shared: Shared = {
    node,
    images: new Images(node),
    volumes,
    crashes: new CrashBackOff(node),
    statuses,
    ended: (worker) => {
      workers.delete(worker.uid)
      statuses.forget(worker.uid)
    },
  }

  /** A pod is new to this kubelet. Source: HandlePodAdditions. */
  const add = (pod: Pod): void => {
    const uid = pod.metadata.uid as string
    if (workers.has(uid) || refused.has(uid)) return
    const isDeleted = pod.metadata.deletionTimestamp !== undefined
    if (isFinishedPod(pod) && machine.runtime.view(uid).containers.length === 0 && !isDeleted) return
    if (!isDeleted && !isFinishedPod(pod)) {
      // A pod that is ending counts until its containers are gone.
      const others = living()
        .filter(({ stage }) => stage.kind === 'sync' || stage.kind === 'terminating')
        .map((worker) => worker.pod)
      const refusal = refusalOf(pod, { component, others, node: component.see.of('Node').get(undefined, machine.name), status: nodeStatus })
      if (refusal !== undefined) {
        refused.add(uid)
        node.tell(pod, 'Warning', refusal.reason, refusal.text)
        statuses.set(pod, rejected(pod, refusal, component.time(), component.gates.on('PodObservedGenerationTracking')))
        return
      }
    }
    const worker = new PodWorker(shared, pod)
    workers.set(uid, worker)
    if (isDeleted) worker.update(pod)
    worker.begin()
  }

  /** Containers of pods that the API does not know any more: housekeeping ends them, with a grace of 1 s (A10). */
  const endOrphans = (): void => {
    for (const facts of machine.runtime.known()) {
      if (workers.has(facts.uid)) continue
      const pod = {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: facts.name, namespace: facts.namespace, uid: facts.uid, deletionGracePeriodSeconds: 1 },
        spec: { containers: [] },
      } as Pod
      const worker = new PodWorker(shared, pod)
      workers.set(facts.uid, worker)
      worker.remove(pod)
      worker.begin()
    }
  }

  const evictions = new EvictionManager(node, nodeStatus, living)

  const nodeChanged = (object: KubernetesObject | undefined): void => {
    const attached = (object?.['status']?.volumesAttached ?? []) as readonly { readonly name: string }[]
    volumes.nodeSeen(attached.map(({ name }) => name))
  }

  return {
    name: component.name,
    kinds: ['Pod', 'Node'],
    workers: 1,
    start() {
      machine.runtime.listen(component.process, (uid) => workers.get(uid)?.changedInTruth())
      // Its caches are filled next, in this instant: what it says of its node is held against what they show.
      component.process.after(0, 'kubelet starts', () => {
        nodeStatus.begin()
        evictions.begin()
        shutdownManager(node, nodeStatus, living)
        if (machine.runtime.known().some((facts) => !workers.has(facts.uid))) {
          component.process.atTurn(nextBeat(node.rhythms.housekeeping, component.now(), 'strict'), 'housekeeping', endOrphans)
        }
      })
    },
    changed(change: Change) {
      const { object } = change
      if (object.kind === 'Node') {
        if (object.metadata.name === machine.name) nodeChanged(change.type === 'DELETED' ? undefined : object)
        return
      }
      if (object.kind !== 'Pod') return
      const pod = object as Pod
      if (pod.spec.nodeName !== machine.name) return
      const worker = workers.get(pod.metadata.uid as string)
      if (change.type === 'DELETED') {
        if (refused.delete(pod.metadata.uid as string)) statuses.forget(pod.metadata.uid as string)
        worker?.remove(pod)
      } else if (worker === undefined) add(pod)
      else worker.update(pod)
    },
  }
}
