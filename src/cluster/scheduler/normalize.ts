/** The usual way from raw scores to 0…100. Source: scheduler.md 7.17 (helper.DefaultNormalizeScore). */

/** The highest becomes 100, the others their share, cut; `reverse`: 100 minus that. Nothing but zeros stays 0 (reverse: 100). */
export const normalizeByHighest = (scores: Float64Array, reverse: boolean): void => {
  let most = 0
  for (const score of scores) if (score > most) most = score
  for (let i = 0; i < scores.length; i++) {
    const share = most === 0 ? 0 : Math.floor((100 * (scores[i] as number)) / most)
    scores[i] = reverse ? 100 - share : share
  }
}
