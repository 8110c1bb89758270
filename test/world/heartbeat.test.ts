import { describe, expect, it } from 'vitest'
import { seconds } from '../../src/engine/clock.ts'
import { Heartbeat } from '../../src/world/heartbeat.ts'

const beats = { period: seconds(10), phase: seconds(3) }
const at = (heartbeat: Heartbeat, time: number): number | undefined => {
  const last = heartbeat.lastRenewal(seconds(time))
  return last === undefined ? undefined : last / 1_000_000
}

describe('a heartbeat', () => {
  it('is arithmetic: the last beat at or before now', () => {
    const heartbeat = new Heartbeat('node-1', beats)
    heartbeat.begin(0, true)
    expect([0, 2.9, 3, 12.9, 13, 1003].map((time) => at(heartbeat, time))).toEqual([0, 0, 3, 3, 13, 1003])
  })

  it('that ends keeps its last renewal; the beat of that very instant does not come', () => {
    const heartbeat = new Heartbeat('node-1', beats)
    heartbeat.begin(0, true)
    heartbeat.end(seconds(103))
    expect(at(heartbeat, 103)).toBe(93)
    expect(at(heartbeat, 5000)).toBe(93)
  })

  it('of a link that heals goes on at its next beat, of a kubelet that starts at once', () => {
    const healed = new Heartbeat('node-1', beats)
    healed.begin(0, true)
    healed.end(seconds(100))
    healed.begin(seconds(125), false)
    expect([125, 132.9, 133].map((time) => at(healed, time))).toEqual([93, 93, 133])
    const started = new Heartbeat('node-2', beats)
    started.begin(seconds(125), true)
    expect([125, 132.9, 133].map((time) => at(started, time))).toEqual([125, 125, 133])
  })

  it('tells its beginnings and ends', () => {
    const heartbeat = new Heartbeat('node-1', beats)
    const told: boolean[] = []
    heartbeat.listen((beating) => told.push(beating))
    heartbeat.begin(0, true)
    heartbeat.begin(0, true)
    heartbeat.end(seconds(5))
    heartbeat.end(seconds(6))
    expect(told).toEqual([true, false])
  })
})
