/** A heap of things in an order; what has left it in thought is skipped when it comes up. */
export class PriorityQueue<T> {
  private readonly things: T[] = []
  private readonly before: (a: T, b: T) => boolean

  constructor(before: (a: T, b: T) => boolean) {
    this.before = before
  }

  get length(): number {
    return this.things.length
  }

  peek(): T | undefined {
    return this.things[0]
  }

  push(thing: T): void {
    const { things } = this
    let at = things.push(thing) - 1
    while (at > 0) {
      const above = (at - 1) >> 1
      if (!this.before(thing, things[above] as T)) break
      things[at] = things[above] as T
      at = above
    }
    things[at] = thing
  }

  pop(): T | undefined {
    const { things } = this
    const first = things[0]
    const last = things.pop()
    if (first === undefined || last === undefined || things.length === 0) return first
    let at = 0
    for (;;) {
      let below = 2 * at + 1
      if (below >= things.length) break
      if (below + 1 < things.length && this.before(things[below + 1] as T, things[below] as T)) below++
      if (!this.before(things[below] as T, last)) break
      things[at] = things[below] as T
      at = below
    }
    things[at] = last
    return first
  }
}
