/**
 * A heap of numbers: pairs (key, tag) in one Float64Array, the smallest key first, among equal keys the smallest tag. Each new tag must be
 * larger than all before it. The smaller child is chosen by arithmetic, not by a branch that would be mispredicted every second time.
 * Source: performance.md 1 and A ("B2").
 */
export class Heap {
  /** After the last pair one of Infinity, so that a missing right child loses. */
  private pairs = new Float64Array(2 * 64 + 4).fill(Number.POSITIVE_INFINITY)
  /** Index behind the last pair. */
  private end = 0

  get size(): number {
    return this.end >> 1
  }

  /** Key of the first pair; Infinity when there is none. */
  get firstKey(): number {
    return this.pairs[0] as number
  }

  /** Tag of the first pair; Infinity when there is none. */
  get firstTag(): number {
    return this.pairs[1] as number
  }

  /** A newcomer has the largest order, so it stops below the first parent that is not later: tags need no comparison. */
  push(key: number, tag: number): void {
    if (this.end + 4 > this.pairs.length) this.pairs = grown(this.pairs)
    const pairs = this.pairs
    let place = this.end
    this.end = place + 2
    while (place > 0) {
      const parent = ((place - 2) >> 2) << 1
      const parentKey = pairs[parent] as number
      if (parentKey <= key) break
      pairs[place] = parentKey
      pairs[place + 1] = pairs[parent + 1] as number
      place = parent
    }
    pairs[place] = key
    pairs[place + 1] = tag
  }

  /** Removes the first pair. */
  pop(): void {
    const pairs = this.pairs
    const end = this.end - 2
    this.end = end
    const key = pairs[end] as number
    const tag = pairs[end + 1] as number
    pairs[end] = Number.POSITIVE_INFINITY
    pairs[end + 1] = Number.POSITIVE_INFINITY
    if (end > 0) settle(pairs, end, 0, key, tag)
  }

  /** Calls `see` for each pair, in no promised order. */
  each(see: (key: number, tag: number) => void): void {
    for (let at = 0; at < this.end; at += 2) see(this.pairs[at] as number, this.pairs[at + 1] as number)
  }

  /** Keeps the pairs whose tag is wanted. */
  keep(wanted: (tag: number) => boolean): void {
    const pairs = this.pairs
    let kept = 0
    for (let at = 0; at < this.end; at += 2) {
      const tag = pairs[at + 1] as number
      if (!wanted(tag)) continue
      pairs[kept] = pairs[at] as number
      pairs[kept + 1] = tag
      kept += 2
    }
    pairs.fill(Number.POSITIVE_INFINITY, kept, this.end)
    this.end = kept
    for (let at = ((kept >> 2) - 1) << 1; at >= 0; at -= 2) settle(pairs, kept, at, pairs[at] as number, pairs[at + 1] as number)
  }
}

/** Puts (key, tag) into the hole at `place`, below which everything is in order: the earlier child moves up until the pair fits. */
function settle(pairs: Float64Array, end: number, place: number, key: number, tag: number): void {
  let hole = place
  for (;;) {
    let child = 2 * hole + 2
    if (child >= end) break
    const left = pairs[child] as number
    const right = pairs[child + 2] as number
    const rightIsFirst = +(right < left) | (+(right === left) & +((pairs[child + 3] as number) < (pairs[child + 1] as number)))
    child += rightIsFirst << 1
    const childKey = pairs[child] as number
    const childTag = pairs[child + 1] as number
    if (childKey > key || (childKey === key && childTag > tag)) break
    pairs[hole] = childKey
    pairs[hole + 1] = childTag
    hole = child
  }
  pairs[hole] = key
  pairs[hole + 1] = tag
}

/** Twice as long, Infinity behind the end. */
function grown(old: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(old.length * 2).fill(Number.POSITIVE_INFINITY, old.length)
  larger.set(old)
  return larger
}
