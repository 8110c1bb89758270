/**
 * A component's hands: it asks the API server, which takes the network's time, and plays stories of calls.
 * A story whose process dies is dropped.
 */
import { type Micros, seconds } from '../../engine/clock.ts'
import type { Process } from '../../engine/process.ts'
import type { Answer, Request, Status } from '../apiserver/request.ts'
import type { Announcement, Effect, Story } from './story.ts'

/** Whether the API server is to be reached by somebody now. */
export type Access = {
  /** Why a request of this actor fails on its way, or undefined. */
  readonly refused: (actor: string, request: Request) => Status | undefined
}

/** How many requests a second a client may send (`--kube-api-qps`, `--kube-api-burst`). */
export type RateLimit = { readonly perSecond: number; readonly burst: number }

export type ClientOptions = {
  /** As it signs: `statefulset-controller`. */
  readonly actor: string
  readonly process: Process
  readonly handle: (actor: string, request: Request) => Answer
  /** How long the next request takes. */
  readonly delay: () => Micros
  readonly access?: Access
  readonly limit?: RateLimit | undefined
  readonly announce: (event: Announcement) => void
  /** Watch kinds for `until`; answers how to stop. */
  readonly watch: (kinds: readonly string[], changed: () => void) => () => void
}

export class Client {
  private readonly options: ClientOptions
  /** When the bucket of the rate limit has its next token, in microseconds; its burst lies before it. */
  private nextToken: Micros = Number.NEGATIVE_INFINITY

  constructor(options: ClientOptions) {
    this.options = options
  }

  /** Plays a story; `ended` gets what it returned. Without latency it has ended when this returns. */
  play<T>(story: Story<T>, ended: (result: T) => void = () => {}): void {
    this.advance(story as Story<unknown>, undefined, ended as (result: unknown) => void)
  }

  private advance(story: Story<unknown>, first: unknown, ended: (result: unknown) => void): void {
    let value = first
    for (;;) {
      const step = story.next(value)
      if (step.done === true) return ended(step.value)
      let answered = false
      let inside = true
      this.perform(step.value, (answer) => {
        if (inside) {
          answered = true
          value = answer
        } else this.advance(story, answer, ended)
      })
      inside = false
      if (!answered) return
    }
  }

  /** Does one effect; `then` is called with its answer, at once or later. */
  private perform(effect: Effect, then: (answer: unknown) => void): void {
    const { process, announce } = this.options
    switch (effect.effect) {
      case 'call':
        return this.send(effect.request, then)
      case 'event':
        announce(effect)
        return then(undefined)
      case 'sleep':
        process.after(effect.for, 'sleep', () => then(undefined))
        return
      case 'together':
        return this.sideBySide(effect.stories, then)
      case 'until':
        return this.wait(effect, then)
    }
  }

  /** One request. Its answer comes after the way there and back; the server acts at the end of it. */
  send(request: Request, then: (answer: Answer) => void): void {
    const { actor, process, handle, access } = this.options
    const delay = this.options.delay() + this.tokenWait()
    const act = () => {
      const refused = access?.refused(actor, request)
      then(refused === undefined ? handle(actor, request) : { ok: false, status: refused })
    }
    if (delay <= 0) act()
    else process.after(delay, 'request', act)
  }

  /** How long the rate limit holds the next request back. */
  private tokenWait(): Micros {
    const { limit, process } = this.options
    if (limit === undefined) return 0
    const gap = seconds(1) / limit.perSecond
    const { now } = process.engine
    this.nextToken = Math.max(this.nextToken, now - gap * limit.burst) + gap
    return Math.max(0, Math.round(this.nextToken - now))
  }

  private sideBySide(stories: readonly Story<unknown>[], then: (answers: unknown[]) => void): void {
    const answers: unknown[] = new Array(stories.length)
    let left = stories.length
    if (left === 0) return then(answers)
    stories.forEach((story, i) => {
      this.advance(story, undefined, (result) => {
        answers[i] = result
        left--
        if (left === 0) then(answers)
      })
    })
  }

  private wait(effect: Extract<Effect, { effect: 'until' }>, then: (answer: unknown) => void): void {
    const { process, watch } = this.options
    const found = effect.test()
    if (found !== undefined || effect.within === 0) return then(found)
    let over = false
    const end = (answer: unknown) => {
      if (over) return
      over = true
      stop()
      if (deadline !== undefined) process.cancel(deadline)
      then(answer)
    }
    const stop = watch(effect.kinds, () => {
      const now = effect.test()
      if (now !== undefined) end(now)
    })
    const deadline = effect.within === undefined ? undefined : process.after(effect.within, 'time-out', () => end(undefined))
  }
}
