import type { KubernetesObject } from '../../objects/metadata.ts'
import { addQuantities } from '../../objects/quantity.ts'
import { exceeded, type Usage, unspecified, usageOf } from '../../objects/quota.ts'
import type { View } from '../collection.ts'
import type { Status } from '../request.ts'
import { forbiddenBy } from './plugin.ts'

/** What a quota says to a new object: a refusal, or the quotas with what it uses added. */
export type QuotaVerdict = { readonly refused: Status } | { readonly charged: readonly KubernetesObject[] }

/**
 * The quotas of the namespace that limit something the object uses, charged with it; or the refusal of the first that is exceeded.
 * They are read from status.hard and status.used, which the quota controller keeps; a quota without status limits nothing yet.
 *
 * Source: plugin/pkg/admission/resourcequota as the recordings show it (exceeded quota: …).
 * Differs from Kubernetes: scopes of quotas are not looked at; a quota is charged in the same moment as the object is stored.
 */
export const quotasFor = (object: KubernetesObject, plural: string, store: View): QuotaVerdict => {
  const quotas = store.of('ResourceQuota')
  if (quotas.size === 0) return { charged: [] }
  const asked = usageOf(object)
  const charged: KubernetesObject[] = []
  for (const quota of quotas.list(object.metadata.namespace)) {
    const hard = (quota['status']?.hard ?? {}) as Usage
    const used = (quota['status']?.used ?? {}) as Usage
    const missing = object.kind === 'Pod' ? unspecified(object, hard) : undefined
    if (missing !== undefined) return forbiddenBy(plural, object.metadata.name, `failed quota: ${quota.metadata.name}: ${missing}`)
    const limited = Object.keys(asked)
      .filter((resource) => hard[resource] !== undefined)
      .sort()
    if (limited.length === 0) continue
    const over = exceeded(hard, used, asked)
    if (over.length > 0) {
      const list = (usage: Usage) => over.map((resource) => `${resource}=${usage[resource] ?? '0'}`).join(',')
      const why = `exceeded quota: ${quota.metadata.name}, requested: ${list(asked)}, used: ${list(used)}, limited: ${list(hard)}`
      return forbiddenBy(plural, object.metadata.name, why)
    }
    const after = {
      ...used,
      ...Object.fromEntries(limited.map((resource) => [resource, addQuantities(used[resource] ?? '0', asked[resource] as string)])),
    }
    charged.push({ ...quota, status: { ...quota['status'], used: after } })
  }
  return { charged }
}
