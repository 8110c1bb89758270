/**
 * Many nodes side by side: what `filterMany` and `scoreMany` of plugins go through. Their amounts are in the columns of the snapshot, so that a
 * loop over a batch reads a few arrays in order and no objects. Source: performance.md 9.
 */
import { bug } from '../../engine/bug.ts'
import type { Refusal } from './plugin.ts'
import type { NodeInfo } from './snapshot.ts'

export class NodeBatch {
  /** The first `size` of these; what lies behind is left over. */
  readonly nodes: NodeInfo[] = []
  /** Where each of them is in the columns. */
  indexes = new Int32Array(128)
  size = 0
  /** Refusals since the last sweep, with their places in rising order. */
  private readonly places: number[] = []
  private readonly refusals: Refusal[] = []

  clear(): void {
    this.size = 0
  }

  /** Becomes a stretch of a list. */
  take(nodes: readonly NodeInfo[], from: number, size: number): void {
    this.reserve(size)
    for (let i = 0; i < size; i++) {
      const node = nodes[from + i] as NodeInfo
      this.nodes[i] = node
      this.indexes[i] = node.index
    }
    this.size = size
  }

  append({ nodes, indexes, size }: NodeBatch): void {
    this.reserve(this.size + size)
    for (let i = 0; i < size; i++) {
      this.nodes[this.size + i] = nodes[i] as NodeInfo
      this.indexes[this.size + i] = indexes[i] as number
    }
    this.size += size
  }

  /** Refuses the node at a place. Places come in rising order. */
  refuse(place: number, refusal: Refusal): void {
    const last = this.places.at(-1) ?? -1
    if (place <= last) bug('places in rising order', `${place} after ${last}`)
    this.places.push(place)
    this.refusals.push(refusal)
  }

  get isRefusing(): boolean {
    return this.places.length > 0
  }

  /** Whether a plugin broke at one of the nodes. */
  get isBroken(): boolean {
    return this.refusals.some(({ code }) => code === 'Error')
  }

  /** Takes the refused nodes out, and tells each of them. */
  sweep(told: (node: NodeInfo, refusal: Refusal) => void): void {
    const { nodes, indexes, places, refusals } = this
    let kept = places[0] ?? this.size
    for (let i = kept, next = 0; i < this.size; i++) {
      if (i === places[next]) {
        told(nodes[i] as NodeInfo, refusals[next] as Refusal)
        next++
        continue
      }
      nodes[kept] = nodes[i] as NodeInfo
      indexes[kept++] = indexes[i] as number
    }
    this.size = kept
    this.forget()
  }

  /** What was refused since the last sweep is not. */
  forget(): void {
    this.places.length = 0
    this.refusals.length = 0
  }

  private reserve(size: number): void {
    if (size <= this.indexes.length) return
    const more = new Int32Array(2 * size)
    more.set(this.indexes)
    this.indexes = more
  }
}

/** What one attempt after the other works on: nothing in it lasts longer than an attempt. */
export class Workbench {
  /** Nodes that are being filtered, and those that passed. */
  readonly batch = new NodeBatch()
  readonly feasible = new NodeBatch()
  private readonly columns: Float64Array[] = []

  /** A column for so many nodes, of any content; `which` tells columns that are used at the same time apart. */
  column(which: number, size: number): Float64Array {
    let column = this.columns[which]
    if (column === undefined || column.length !== size) {
      column = new Float64Array(size)
      this.columns[which] = column
    }
    return column
  }
}
