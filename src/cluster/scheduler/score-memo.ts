/**
 * Scores that depend on what a pod asks for and on what its node holds, and on nothing else: a node is asked again once its amounts have changed.
 * Pods come in sets, so that most nodes are as the pod before found them.
 */
import type { Amounts } from '../objects/fit.ts'
import type { NodeBatch } from './batch.ts'
import type { Snapshot } from './snapshot.ts'

/** Scores by node index, and as of which change of the node's amounts. */
type Known = { readonly scores: Float64Array; readonly versions: Uint32Array }

/** Shapes of pods that are remembered; the one that was not asked for the longest is dropped. */
const mostShapes = 16

const shapeOf = ({ cpu, memory, storage, others }: Amounts): string =>
  others.size === 0 ? `${cpu} ${memory} ${storage}` : `${cpu} ${memory} ${storage} ${JSON.stringify([...others])}`

export class ScoreMemo {
  private readonly shapes = new Map<string, Known>()

  /** The scores of a batch; `scoreOf` is asked for the node at an index. */
  fill(batch: NodeBatch, scores: Float64Array, snapshot: Snapshot, asked: Amounts, scoreOf: (index: number) => number): void {
    const { indexes, size } = batch
    const current = snapshot.amountVersions
    const { scores: known, versions } = this.of(shapeOf(asked), current.length)
    for (let i = 0; i < size; i++) {
      const index = indexes[i] as number
      if (versions[index] !== current[index]) {
        known[index] = scoreOf(index)
        versions[index] = current[index] as number
      }
      scores[i] = known[index] as number
    }
  }

  private of(shape: string, capacity: number): Known {
    const { shapes } = this
    let known = shapes.get(shape)
    if (known !== undefined) shapes.delete(shape)
    else if (shapes.size >= mostShapes) shapes.delete(shapes.keys().next().value as string)
    if (known === undefined || known.versions.length < capacity) {
      known = { scores: new Float64Array(capacity), versions: new Uint32Array(capacity) }
    }
    shapes.set(shape, known)
    return known
  }
}
