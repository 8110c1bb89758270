/**
 * What makes a controller live: caches tell it of changes, it puts keys into its queue, and workers play a look for each.
 */
import type { Client } from './client.ts'
import type { Component, Controller } from './controller.ts'
import type { Caches } from './informer.ts'
import { WorkQueue } from './work-queue.ts'

export class ControlLoop {
  private readonly component: Component
  private readonly caches: Caches
  private readonly client: Client
  private readonly make: () => Controller
  private controller: Controller
  private readonly queue: WorkQueue
  private busy = 0
  private planned = false
  private readonly said = new Map<string, string>()

  /** `make` brings the controller into being, anew each time its component starts. */
  constructor(component: Component, caches: Caches, client: Client, make: () => Controller) {
    this.component = component
    this.caches = caches
    this.client = client
    this.make = make
    this.controller = make()
    this.queue = new WorkQueue(component.process, () => this.plan(), this.controller.backOff, component.name)
    for (const kind of this.controller.kinds) caches.listen(kind, (change) => this.controller.changed(change, this.queue))
  }

  /** The first life begins; its caches are filled next. */
  start(): void {
    this.controller.start?.(this.queue)
  }

  /** A new life with nothing remembered. Call it before the caches start again. */
  restart(): void {
    this.queue.clear()
    this.busy = 0
    this.planned = false
    this.said.clear()
    this.controller = this.make()
    this.controller.start?.(this.queue)
  }

  private plan(): void {
    if (this.planned) return
    this.planned = true
    this.caches.soon(`${this.controller.name} looks`, () => {
      this.planned = false
      this.work()
    })
  }

  private work(): void {
    while (this.busy < this.controller.workers) {
      const key = this.queue.take()
      if (key === undefined) return
      this.look(key)
    }
  }

  private look(key: string): void {
    const look = this.controller.look?.(key)
    if (look === undefined) return this.queue.done(key)
    this.busy++
    this.client.play(look, (outcome) => {
      this.busy--
      this.say(key, outcome.error ?? outcome.waits)
      if (outcome.error !== null) this.queue.addRateLimited(key)
      else {
        this.queue.forget(key)
        if (outcome.wakesAfter !== null) this.queue.addAfter(key, outcome.wakesAfter)
      }
      this.queue.done(key)
      if (this.queue.length > 0) this.plan()
    })
  }

  /** Why it waits is written down when the words change. */
  private say(key: string, why: string | null): void {
    const before = this.said.get(key)
    if (why === null) {
      if (before !== undefined) this.said.delete(key)
      return
    }
    if (before === why) return
    this.said.set(key, why)
    this.component.record('waits', `${this.controller.kinds[0]}/${key}`, { why })
  }
}
