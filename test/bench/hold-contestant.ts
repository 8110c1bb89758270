/**
 * One contestant of `bench hold` in a process of its own: `hold-contestant.ts heap|queue|objects PENDING`. The HOLD model: take the
 * earliest, plan a new one after an exponential delay. `heap` moves numbers, `queue` is the engine's whole queue with its slots,
 * `objects` is the reference. Prints nanoseconds a step and a checksum of the order.
 */
import { ln } from '../../src/engine/exact.ts'
import { Heap } from '../../src/engine/heap.ts'
import { type Owner, Queue, type Taken } from '../../src/engine/queue.ts'
import { stream } from '../../src/engine/random.ts'
import { ObjectHeap } from './object-heap.ts'

const [contestant, pendingText] = process.argv.slice(2)
const pending = Number(pendingText)
const warmUp = 200_000 + 2 * pending
const steps = 1_000_000

/** The same delays for all, drawn before the clock runs. */
const random = stream('hold', 'delays')
const delays = Float64Array.from({ length: 65_536 }, () => Math.round(-ln(1 - random.next()) * 1_000_000))
const delay = (n: number): number => delays[n & 65_535] as number
const mixed = (sum: number, time: number): number => (Math.imul(sum, 31) + time) | 0
const rank = 3

function heapSteps(): (count: number) => number {
  const heap = new Heap()
  const records = 2_097_152
  let order = 0
  for (let n = 0; n < pending; n++) heap.push(delay(n) * 16 + rank, order++ * records + n)
  let at = pending
  let sum = 0
  return (count) => {
    for (let n = 0; n < count; n++) {
      const time = Math.floor(heap.firstKey / 16)
      const tag = heap.firstTag
      const record = tag - Math.floor(tag / records) * records
      heap.pop()
      sum = mixed(sum, time)
      heap.push((time + delay(at++)) * 16 + rank, order++ * records + record)
    }
    return sum
  }
}

function queueSteps(): (count: number) => number {
  const queue = new Queue<Owner>()
  const owner: Owner = { incarnation: 0, pending: 0 }
  const act = (): void => undefined
  const taken: Taken<Owner> = { key: 0, owner, label: '', act, cause: 0 }
  for (let n = 0; n < pending; n++) queue.plan(delay(n) * 16 + rank, owner, 'beat', act, 0)
  let at = pending
  let sum = 0
  return (count) => {
    for (let n = 0; n < count; n++) {
      queue.take(taken)
      const time = Math.floor(taken.key / 16)
      sum = mixed(sum, time)
      queue.plan((time + delay(at++)) * 16 + rank, owner, 'beat', act, 0)
    }
    return sum
  }
}

type Planned = { time: number; rank: number; order: number; record: number }

function objectSteps(): (count: number) => number {
  const heap = new ObjectHeap<Planned>((a, b) => a.time - b.time || a.rank - b.rank || a.order - b.order)
  let order = 0
  for (let n = 0; n < pending; n++) heap.push({ time: delay(n), rank, order: order++, record: n })
  let at = pending
  let sum = 0
  return (count) => {
    for (let n = 0; n < count; n++) {
      const { time, record } = heap.pop() as Planned
      sum = mixed(sum, time)
      heap.push({ time: time + delay(at++), rank, order: order++, record })
    }
    return sum
  }
}

const contestants: Record<string, () => (count: number) => number> = { heap: heapSteps, queue: queueSteps, objects: objectSteps }
const run = (contestants[contestant ?? ''] ?? objectSteps)()
run(warmUp)
const from = process.hrtime.bigint()
const checksum = run(steps)
const nanoseconds = Number(process.hrtime.bigint() - from) / steps
console.log(JSON.stringify({ cost: nanoseconds, checksum: `${checksum}` }))
