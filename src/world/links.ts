/**
 * Who reaches whom. A cut is counted, so that two faults on one link end with the last of them. Messages take no time here:
 * the delays of requests and watches are those of the client (delays.ts, `api` and `watch`).
 * Source: contract 5 (`node-partition`, `api-outage`); cases/README.md 6.
 */

/** The two ends of a link: the name of a node, or the control plane. */
export type End = string

/** The name of the control plane's end. */
export const controlPlane: End = 'control-plane'

/** A change of who reaches whom: the link of `from` towards `to` was cut or healed. */
export type LinkChange = { readonly from: End; readonly to: End; readonly reaches: boolean }

const linkKey = (from: End, to: End): string => `${from}>${to}`

/** The network between machines and the control plane. */
export class Links {
  private readonly cuts = new Map<string, number>()
  private readonly listeners: ((change: LinkChange) => void)[] = []

  /** How many outages of the API server are in force. */
  private outages = 0

  /** Whether a message of `from` arrives at `to`. */
  reaches(from: End, to: End): boolean {
    return from === to || !this.cuts.has(linkKey(from, to))
  }

  /** Whether requests of that node get answers from the API server: it is up, and both directions are whole. */
  connected(node: End): boolean {
    return this.outages === 0 && this.reaches(node, controlPlane) && this.reaches(controlPlane, node)
  }

  /** Whether the API server answers at all. */
  get serverAnswers(): boolean {
    return this.outages === 0
  }

  /** The API server answers nobody (fault `api-outage`); returns how that ends. */
  loseServer(): () => void {
    this.outages += 1
    if (this.outages === 1) this.tell({ from: controlPlane, to: '*', reaches: false })
    return () => {
      this.outages -= 1
      if (this.outages === 0) this.tell({ from: controlPlane, to: '*', reaches: true })
    }
  }

  /** Cuts the direction from → to; `heal` as often as it was cut mends it. */
  cut(from: End, to: End): void {
    const key = linkKey(from, to)
    const before = this.cuts.get(key) ?? 0
    this.cuts.set(key, before + 1)
    if (before === 0) this.tell({ from, to, reaches: false })
  }

  /** Takes back one cut of the direction from → to. */
  heal(from: End, to: End): void {
    const key = linkKey(from, to)
    const before = this.cuts.get(key) ?? 0
    if (before === 0) return
    if (before > 1) {
      this.cuts.set(key, before - 1)
      return
    }
    this.cuts.delete(key)
    this.tell({ from, to, reaches: true })
  }

  /** Cuts a node off from the control plane, in both directions; returns how to heal it. */
  partition(node: End): () => void {
    this.cut(node, controlPlane)
    this.cut(controlPlane, node)
    return () => {
      this.heal(node, controlPlane)
      this.heal(controlPlane, node)
    }
  }

  /** Calls back after each cut and heal that changed something. */
  listen(tell: (change: LinkChange) => void): void {
    this.listeners.push(tell)
  }

  private tell(change: LinkChange): void {
    for (const tell of this.listeners) tell(change)
  }
}
