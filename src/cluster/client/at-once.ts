/**
 * Plays a story without time: each call is answered at once, what runs side by side runs one after the other. For a single look
 * (`next()`) and for tests from a table.
 */
import type { Answer, Request } from '../apiserver/request.ts'
import type { Announcement, Effect, Story } from './story.ts'

/** Who answers. */
export type AtOnce = {
  readonly call: (request: Request) => Answer
  readonly event?: (event: Announcement) => void
  /** Time was to pass: others get their turn. */
  readonly sleep?: () => void
}

/** What the story returned. A wait (`until`) that does not hold at once is answered as one that ran out. */
export const playAtOnce = <T>(story: Story<T>, hands: AtOnce): T => {
  let step = story.next()
  while (step.done !== true) step = story.next(answerTo(step.value, hands))
  return step.value
}

const answerTo = (effect: Effect, hands: AtOnce): unknown => {
  switch (effect.effect) {
    case 'call':
      return hands.call(effect.request)
    case 'event':
      return hands.event?.(effect)
    case 'sleep':
      return hands.sleep?.()
    case 'together':
      return effect.stories.map((story) => playAtOnce(story, hands))
    case 'until':
      return effect.test()
  }
}
