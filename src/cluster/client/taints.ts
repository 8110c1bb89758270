/**
 * How the controllers of nodes change taints: read the node, patch it, again when somebody was faster.
 * Source: node-and-storage.md B4; pkg/util/node (SwapNodeControllerTaint, AddOrUpdateTaintOnNode, RemoveTaintOffNode).
 */
import { milliseconds } from '../../engine/clock.ts'
import type { KubernetesObject } from '../objects/metadata.ts'
import { isSameTaint, type Taint, taintsOf } from '../objects/node.ts'
import { call, type Story, sleep } from './story.ts'

/** `UpdateTaintBackoff`: five tries, 100 ms apart. Differs from Kubernetes: without its jitter. */
const tries = 5
const pause = milliseconds(100)

function* change(name: string, next: (taints: readonly Taint[]) => readonly Taint[]): Story<boolean> {
  for (let attempt = 0; attempt < tries; attempt++) {
    const found = yield* call<KubernetesObject>({ verb: 'get', kind: 'Node', name })
    if (!found.ok) return false
    const before = taintsOf(found.object)
    const after = next(before)
    if (after === before) return true
    const answer = yield* call({
      verb: 'patch',
      kind: 'Node',
      name,
      type: 'merge',
      patch: {
        metadata: { resourceVersion: found.object.metadata.resourceVersion },
        spec: { taints: after.length === 0 ? null : after },
      },
    })
    if (answer.ok) return true
    if (answer.status.reason !== 'Conflict') return false
    yield* sleep(pause)
  }
  return false
}

/** Puts taints on a node, or does nothing where they are. Whether they are there now. */
export function* addTaints(name: string, wanted: readonly Taint[]): Story<boolean> {
  if (wanted.length === 0) return true
  return yield* change(name, (taints) => {
    const missing = wanted.filter(
      (taint) => !taints.some((there) => isSameTaint(there, taint) && (there.value ?? '') === (taint.value ?? '')),
    )
    if (missing.length === 0) return taints
    return [...taints.filter((there) => !missing.some((taint) => isSameTaint(there, taint))), ...missing]
  })
}

/** Takes taints off a node. Whether they are gone now. */
export function* removeTaints(name: string, unwanted: readonly Taint[]): Story<boolean> {
  if (unwanted.length === 0) return true
  return yield* change(name, (taints) => {
    const kept = taints.filter((there) => !unwanted.some((taint) => isSameTaint(there, taint)))
    return kept.length === taints.length ? taints : kept
  })
}

/** Adds some, then removes others: two patches, as SwapNodeControllerTaint makes them. `time` is their timeAdded. */
export function* swapTaints(name: string, add: readonly Taint[], remove: readonly Taint[], time: string): Story<boolean> {
  const stamped = add.map((taint) => ({ ...taint, timeAdded: time }))
  return (yield* addTaints(name, stamped)) && (yield* removeTaints(name, remove))
}
