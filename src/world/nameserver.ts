/**
 * What a name answers now. Written by cluster/network (CoreDNS' watch of the slices), read by containers.
 * Source: node-and-storage.md D2. Caches of clients belong to whoever asks.
 */

/** The cluster's name server, as it would answer at this moment. */
export class Nameserver {
  private readonly names = new Map<string, readonly string[]>()
  private readonly listeners: ((name: string, addresses: readonly string[]) => void)[] = []
  /** While it is false nobody gets an answer (fault `dns-outage`). */
  answering = true

  /** The addresses of a name (complete, without the last dot), or undefined: no such name, or no answer at all. */
  lookup(name: string): readonly string[] | undefined {
    return this.answering ? this.names.get(name) : undefined
  }

  /** Sets what the name answers; an empty list removes it. Returns whether that changed anything. */
  set(name: string, addresses: readonly string[]): boolean {
    const old = this.names.get(name) ?? []
    if (old === addresses) return false
    if (old.length === addresses.length && old.every((address, at) => address === addresses[at])) return false
    if (addresses.length === 0) this.names.delete(name)
    else this.names.set(name, addresses)
    for (const tell of this.listeners) tell(name, addresses)
    return true
  }

  /** All names that answer now, in order of text. */
  list(): readonly string[] {
    return [...this.names.keys()].sort()
  }

  /** Calls back after each change of an answer. */
  listen(tell: (name: string, addresses: readonly string[]) => void): void {
    this.listeners.push(tell)
  }
}
