/** The class of quality of service of a pod, as the API server writes it. Source: pkg/apis/core/helper/qos (1.36). */

import type { KubernetesObject } from '../../objects/metadata.ts'
import { quantityOf } from '../../objects/quantity.ts'

const counted = ['cpu', 'memory'] as const

type Resources = { readonly requests?: Readonly<Record<string, string>>; readonly limits?: Readonly<Record<string, string>> } | undefined

/** Only cpu and memory count, and only what is above 0. */
const amounts = (list: Readonly<Record<string, string>> | undefined): ReadonlyMap<string, bigint> =>
  new Map(counted.map((name) => [name, quantityOf(list?.[name]).nano] as const).filter(([, nano]) => nano > 0n))

/** Guaranteed: every container has limits of both, and requests equal to them; BestEffort: nobody asks for anything; else Burstable. */
export const qosClass = (pod: KubernetesObject): 'Guaranteed' | 'Burstable' | 'BestEffort' => {
  const spec = pod['spec'] ?? {}
  const containers: readonly { readonly resources?: Resources }[] =
    spec.resources === undefined
      ? [...(spec.containers ?? []), ...(spec.initContainers ?? [])]
      : [{ resources: spec.resources as Resources }]
  const requests = new Map<string, bigint>()
  const limits = new Map<string, bigint>()
  let guaranteed = true
  for (const { resources } of containers) {
    for (const [name, nano] of amounts(resources?.requests)) requests.set(name, (requests.get(name) ?? 0n) + nano)
    const limited = amounts(resources?.limits)
    for (const [name, nano] of limited) limits.set(name, (limits.get(name) ?? 0n) + nano)
    if (limited.size < counted.length) guaranteed = false
  }
  if (requests.size === 0 && limits.size === 0) return 'BestEffort'
  const equal = [...requests].every(([name, nano]) => limits.get(name) === nano)
  return guaranteed && equal && requests.size === limits.size ? 'Guaranteed' : 'Burstable'
}
