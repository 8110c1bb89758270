/**
 * What is wrong with things, by name, as faults say: they begin and end, may overlap, and outlive what they are about (a fault
 * of a pod binds to its name and holds for its replacement). Source: contract 5.
 */

/** A set of troubles of one sort of thing. `T` is a union told apart by `kind`. */
export class Troubles<T extends { readonly kind: string }> {
  private readonly byName = new Map<string, T[]>()
  private readonly listeners: ((name: string, trouble: T, began: boolean) => void)[] = []

  /** A trouble begins; returns how it ends (once). */
  begin(name: string, trouble: T): () => void {
    const list = this.byName.get(name)
    if (list === undefined) this.byName.set(name, [trouble])
    else list.push(trouble)
    for (const tell of [...this.listeners]) tell(name, trouble, true)
    return () => {
      const now = this.byName.get(name)
      const at = now?.indexOf(trouble) ?? -1
      if (now === undefined || at < 0) return
      now.splice(at, 1)
      if (now.length === 0) this.byName.delete(name)
      for (const tell of [...this.listeners]) tell(name, trouble, false)
    }
  }

  /** All troubles of a thing, the oldest first. */
  of(name: string): readonly T[] {
    return this.byName.get(name) ?? []
  }

  /** The first trouble of that kind among those of the names, if there is one. */
  find<K extends T['kind']>(kind: K, ...names: readonly string[]): Extract<T, { kind: K }> | undefined {
    for (const name of names) {
      const found = this.byName.get(name)?.find((trouble) => trouble.kind === kind)
      if (found !== undefined) return found as Extract<T, { kind: K }>
    }
    return undefined
  }

  /** Calls back after each beginning and end; returns how to stop that. */
  listen(tell: (name: string, trouble: T, began: boolean) => void): () => void {
    this.listeners.push(tell)
    return () => {
      const at = this.listeners.indexOf(tell)
      if (at >= 0) this.listeners.splice(at, 1)
    }
  }
}
