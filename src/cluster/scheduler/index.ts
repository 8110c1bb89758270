/**
 * The scheduler as a component of a cluster: what it hears and when it acts. See scheduler.ts for what it does.
 */
import type { Micros } from '../../engine/clock.ts'
import { seconds } from '../../engine/clock.ts'
import type { Component, Controller, ControllerFactory } from '../client/controller.ts'
import { Turn } from '../client/turn.ts'
import type { SchedulerConfiguration } from './configuration.ts'
import { settingsOf } from './configuration.ts'
import type { Plugin } from './plugin.ts'
import type { PodInfo } from './pod-info.ts'
import { Scheduler, schedulerKinds } from './scheduler.ts'

/** How long steps take: `schedule` is one attempt. */
type Delays = { of(step: 'schedule', thing: string): Micros }

/** What the scheduler adds for a pod with claims: 1/48 s instead of 1/270 s a pod. Source: node-and-storage.md F1. */
const volumesCost = seconds(1 / 48 - 1 / 270)

/**
 * What passes before a pod is tried again whose evictions failed.
 * Differs from Kubernetes: there it is tried at once, and its calls take the time; where calls take none, that would never end.
 */
const betweenEvictions = seconds(0.1)

/** Fields of KubeSchedulerConfiguration that a scenario gives under `cluster.components.kube-scheduler`. */
export const configurationFrom = (option: (name: string) => string | undefined): SchedulerConfiguration => {
  const number = (name: string): object => {
    const text = option(name)
    return text === undefined ? {} : { [name]: Number(text) }
  }
  const profiles = option('profiles')
  return {
    ...number('percentageOfNodesToScore'),
    ...number('podInitialBackoffSeconds'),
    ...number('podMaxBackoffSeconds'),
    ...(profiles === undefined ? {} : { profiles: JSON.parse(profiles) }),
  }
}

/** The scheduler with plugins of one's own beside Kubernetes'. */
export const schedulerWith =
  ({ delays, plugins = [] }: { readonly delays?: Delays; readonly plugins?: readonly Plugin[] } = {}): ControllerFactory =>
  (component) =>
    controllerOf(component, delays, plugins)

/** The scheduler; `delays` say how long one attempt takes (nothing in profiles `reference` and `instant`). */
export const scheduler = (delays?: Delays): ControllerFactory => schedulerWith(delays === undefined ? {} : { delays })

const controllerOf = (component: Component, delays: Delays | undefined, plugins: readonly Plugin[]): Controller => {
  const { process, gates } = component
  let busy = false
  let planned = false

  const think = (pod: PodInfo, then: () => void): void => {
    const plain = delays?.of('schedule', pod.key) ?? 0
    if (plain === 0) then()
    else process.after(pod.claims.length > 0 ? plain + volumesCost : plain, 'schedules', then)
  }

  const it = new Scheduler({
    gates,
    settings: settingsOf(configurationFrom(component.option), gates, plugins),
    now: () => component.now(),
    time: () => component.time(),
    // What ends later may put pods back into the queue.
    play: (story, ended) =>
      component.play(story, (result) => {
        ended(result)
        arrange()
      }),
    again: (then) =>
      process.after(betweenEvictions, 'tries again', () => {
        then()
        arrange()
      }),
    chance: (purpose) => component.jitter(purpose),
    think,
  })

  const arrange = (): void => {
    if (!busy && !planned && it.queue.hasNext) {
      planned = true
      process.after(0, 'takes the next pod', next)
    }
    const tick = it.queue.tickWanted
    if (tick !== undefined) ticker.want(tick)
    if (!flushPlanned) {
      const flush = it.queue.flushWanted
      if (flush !== undefined) {
        flushPlanned = true
        flusher.want(flush)
      }
    }
  }

  const next = (): void => {
    planned = false
    if (busy) return
    busy = true
    const tried = it.attempt(() => {
      busy = false
      arrange()
    })
    if (!tried) busy = false
    else arrange()
  }

  let flushPlanned = false
  const loop = { process, rank: process.rank, mode: 'includes' as const }
  const ticker = new Turn({
    ...loop,
    // Aligned to the clock's whole seconds, in every profile (scheduler.md 2.5).
    rhythm: { period: seconds(1), phase: 0 },
    label: 'back-offs end',
    act: () => {
      it.queue.tick()
      arrange()
    },
  })
  const flusher = new Turn({
    ...loop,
    rhythm: component.rhythm('flush of unschedulable pods', seconds(30), 0),
    label: 'unschedulable pods are flushed',
    act: () => {
      flushPlanned = false
      it.queue.flush()
      arrange()
    },
  })

  return {
    name: component.name,
    kinds: schedulerKinds,
    workers: 0,
    changed(change) {
      it.take(change)
      arrange()
    },
  }
}
