/**
 * The cases of the scheduler, copied as data; each is one test. Cases of the queue's inside (kind `timeline`, `boorder`) are told by
 * test/scheduler/queue-in-time.test.ts where the outside can see them.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { canHappen, judgeBackoff, judgeErrors, judgeFlush, judgeRequeue } from './in-time.ts'
import { judgeCandidates, judgeCount, judgeOrder, judgePlace, judgeQueueOrder, judgeRejectors, judgeSequence, judgeText } from './look.ts'
import type { Loose } from './notation.ts'

const folder = new URL('.', import.meta.url)

/** Which judge sees a case, by its kind; undefined: it cannot be seen here. */
const judgeOf = (one: Loose): ((one: Loose) => void) | undefined => {
  switch (one.kind ?? 'place') {
    case 'place':
      return one.pod?.nodeName ? undefined : judgePlace
    case 'preempt':
      return judgePlace
    case 'count':
      return judgeCount
    case 'candidates':
      return judgeCandidates
    case 'order':
      return one.ops.some((op: Loose) => op.remove) ? undefined : judgeOrder
    case 'qorder':
      return judgeQueueOrder
    case 'sequence':
      return judgeSequence
    case 'text':
      return /running .*(bind|find|assume) err/.test(one.expect.text ?? '') ? undefined : judgeText
    case 'requeue':
      return (each) => {
        judgeRejectors(each)
        if (canHappen(each)) judgeRequeue(each)
      }
    case 'errorloop':
      return (each) => judgeErrors(each.expect.attempts)
    case 'backoff':
      // Without back-off a pod that ends in an error is tried without end in one instant; counters cannot be set from outside.
      return one.max === 0 || one.expect.steps.some((step: Loose) => step.failedAt !== undefined) ? undefined : judgeBackoff
    case 'flush':
      return judgeFlush
    default:
      return undefined
  }
}

for (const file of readdirSync(folder).filter((name) => name.endsWith('.yaml'))) {
  describe(file.replace('.yaml', ''), () => {
    for (const document of parseAllDocuments(readFileSync(new URL(file, folder), 'utf8'))) {
      const one = document.toJS() as Loose
      const judge = one === null ? undefined : judgeOf(one)
      if (judge !== undefined) test(`${one.id} ${one.t}`, () => judge(one))
    }
  })
}
