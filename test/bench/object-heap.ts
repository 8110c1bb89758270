/** What a competent person writes first: a binary heap of event objects with a comparator. The reference of `bench hold`; never made slower. */
export class ObjectHeap<T> {
  private readonly items: T[] = []
  private readonly compare: (a: T, b: T) => number

  constructor(compare: (a: T, b: T) => number) {
    this.compare = compare
  }

  get size(): number {
    return this.items.length
  }

  push(item: T): void {
    const { items, compare } = this
    let at = items.length
    items.push(item)
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (compare(item, items[parent] as T) >= 0) break
      items[at] = items[parent] as T
      at = parent
    }
    items[at] = item
  }

  pop(): T | undefined {
    const { items, compare } = this
    const first = items[0]
    const last = items.pop()
    if (last === undefined || items.length === 0) return first
    const half = items.length >> 1
    let at = 0
    while (at < half) {
      let child = 2 * at + 1
      if (child + 1 < items.length && compare(items[child + 1] as T, items[child] as T) < 0) child++
      if (compare(last, items[child] as T) <= 0) break
      items[at] = items[child] as T
      at = child
    }
    items[at] = last
    return first
  }
}
