/**
 * `applications:` of a scenario, its texts read as durations and distributions. Source: contract.md 3; design/applications.md 1.
 */
import { type Distribution, parseDistribution } from '../../engine/distribution.ts'
import type { Application } from './application.ts'

/** One entry as it is written. */
export type ApplicationText = Readonly<Record<string, unknown>>

/** The keys that act; a scenario that names others is told that they are not modelled. */
export const modelledKeys: readonly string[] = ['pods', 'container', 'starts', 'startsUnclean', 'stops', 'exits', 'liveWhen', 'flap']

const distributionOf = (text: unknown): Distribution | undefined => (typeof text === 'string' ? parseDistribution(text) : undefined)

const put = <K extends string, V>(key: K, value: V | undefined): Partial<Record<K, V>> =>
  value === undefined ? {} : ({ [key]: value } as Record<K, V>)

/** One application. What cannot be read is as if it were not written: the scenario's reader has refused it before. */
export const readApplication = (text: ApplicationText): Application => {
  const exits = text['exits'] as { readonly after?: unknown; readonly code?: number } | undefined
  const flap = text['flap'] as { readonly after?: unknown; readonly for?: unknown } | undefined
  const exitsAfter = distributionOf(exits?.after)
  const flapAfter = distributionOf(flap?.after)
  const flapFor = distributionOf(flap?.for)
  return {
    pods: String(text['pods'] ?? ''),
    ...put('container', text['container'] as string | undefined),
    ...put('starts', distributionOf(text['starts'])),
    ...put('startsUnclean', distributionOf(text['startsUnclean'])),
    ...put('stops', text['stops'] === 'never' ? ('never' as const) : distributionOf(text['stops'])),
    ...put('exits', exitsAfter === undefined ? undefined : { after: exitsAfter, code: exits?.code ?? 0 }),
    ...put('liveWhen', text['liveWhen'] as 'started' | 'booted' | undefined),
    ...put('flap', flapAfter === undefined || flapFor === undefined ? undefined : { after: flapAfter, for: flapFor }),
  }
}
