import { describe, expect, test } from 'vitest'
import { minutes, seconds } from '../../src/engine/clock.ts'
import { Engine } from '../../src/engine/engine.ts'
import { Settlement } from '../../src/observe/settled.ts'
import { pod } from './story.ts'

/** Runs until settled or the end; when that was in seconds, or undefined. */
function settles(plan: (engine: Engine) => void, end = minutes(60)): number | undefined {
  const engine = new Engine({ seed: 1 })
  const settlement = new Settlement(engine)
  plan(engine)
  while (engine.nextTime() <= end) {
    if (settlement.settled()) return engine.now / 1_000_000
    engine.step()
    settlement.after()
  }
  return settlement.settled() ? engine.now / 1_000_000 : undefined
}

const write = (engine: Engine, object: object): void => {
  engine.record('kubelet/n', 'write', 'Pod/default/web-0', { type: 'MODIFIED', verb: 'patch', object, old: undefined })
}

describe('a run has settled', () => {
  test('when nothing is planned', () => {
    expect(settles((engine) => engine.process('p', 1).at(seconds(5), 'once', () => write(engine, pod('web-0'))))).toBe(5)
  })

  test('when a crash loop has gone two rounds in which only counts and times changed', () => {
    const at = settles((engine) => {
      const process = engine.process('kubelet', 1)
      let restarts = 0
      const crash = (): void => {
        write(engine, pod('web-0', { phase: 'Running', restarts }))
        write(engine, pod('web-0', { phase: 'Running', waiting: 'CrashLoopBackOff', restarts: ++restarts }))
        process.after(seconds(10), 'back-off', crash)
      }
      process.at(seconds(1), 'start', crash)
    })
    expect(at).toBeGreaterThanOrEqual(21)
    expect(at).toBeLessThanOrEqual(41)
  })

  test('not while a timer that was never seen to come to nothing is pending', () => {
    const at = settles((engine) => {
      const process = engine.process('kubelet', 1)
      const again = (): void => {
        process.after(seconds(10), 'retry', again)
      }
      again()
      write(engine, pod('web-0'))
      engine.process('taints', 2).at(seconds(300), 'eviction of Pod/default/web-0', () => write(engine, pod('web-0', { deleting: true })))
    })
    expect(at).toBeGreaterThan(300)
    expect(at).toBeLessThan(340)
  })

  test('not while each round brings something new', () => {
    const at = settles((engine) => {
      const process = engine.process('scale', 1)
      let n = 0
      const again = (): void => {
        write(engine, pod('web-0', { revision: `web-${n++}` }))
        process.after(seconds(10), 'again', again)
      }
      again()
    })
    expect(at).toBeUndefined()
  })

  test('a resync that changes nothing does not keep it open', () => {
    expect(settles((engine) => engine.process('c', 1).at(minutes(50), 'resync of everything', () => undefined))).toBe(0)
    const at = settles((engine) => {
      engine.process('c', 1).at(minutes(50), 'resync of everything', () => undefined)
      const process = engine.process('p', 1)
      process.at(seconds(1), 'news', () => write(engine, pod('web-0')))
      process.at(seconds(5), 'nothing', () => undefined)
    })
    expect(at).toBe(5)
  })
})
