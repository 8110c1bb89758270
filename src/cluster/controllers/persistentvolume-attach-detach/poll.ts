/**
 * The wait for a VolumeAttachment, as the CSI plugin waits: looks after 0.5 s, then in steps that grow by a twentieth, for two minutes.
 * Only the look that will find something is an event.
 *
 * Source: node-and-storage.md C4, C6; pkg/volume/csi/csi_attacher.go waitForVolumeAttachDetachStatusWithLister (1.36).
 */
import { type Micros, milliseconds, minutes, seconds } from '../../../engine/clock.ts'
import type { Component } from '../../client/controller.ts'

/** What a look finds: not yet, it is done, or an error. */
export type Verdict = 'wait' | 'done' | { readonly error: string }

const first = milliseconds(500)
const factor = 1.05
const longest = seconds(7)
const jitter = 0.1
const limit = minutes(2)

export class Poll {
  private readonly component: Component
  private readonly purpose: string
  private readonly verdict: () => Verdict
  private readonly ended: (error: string | undefined) => void
  private step: Micros = first
  private next: Micros
  private planned: number | undefined
  private readonly deadline: number
  private over = false

  /** `verdict` is asked of the caches; `timedOut` are the words when nothing came in time; `ended` gets the error, if it was one. */
  constructor(component: Component, purpose: string, verdict: () => Verdict, timedOut: string, ended: (error: string | undefined) => void) {
    this.component = component
    this.purpose = purpose
    this.verdict = verdict
    this.ended = ended
    this.next = component.now() + this.drawn()
    this.deadline = component.process.after(limit, 'time-out of an attachment', () => this.end(timedOut))
    this.changed()
  }

  /** Something changed that the verdict depends on. */
  changed(): void {
    if (this.over || this.planned !== undefined || this.verdict() === 'wait') return
    const now = this.component.now()
    while (this.next < now) this.advance()
    this.planned = this.component.process.at(this.next, 'look at an attachment', () => this.look())
  }

  private look(): void {
    this.planned = undefined
    const verdict = this.verdict()
    if (verdict !== 'wait') return this.end(verdict === 'done' ? undefined : verdict.error)
    this.advance()
  }

  private advance(): void {
    this.step = Math.min(Math.floor(this.step * factor), longest)
    this.next += this.drawn()
  }

  private drawn(): Micros {
    return Math.floor(this.step * (1 + jitter * this.component.jitter(this.purpose)))
  }

  private end(error: string | undefined): void {
    if (this.over) return
    this.over = true
    this.component.process.cancel(this.deadline)
    if (this.planned !== undefined) this.component.process.cancel(this.planned)
    this.ended(error)
  }
}
