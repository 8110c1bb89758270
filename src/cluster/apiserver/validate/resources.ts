/** Rules about requests, limits and names of resources. Source: pkg/apis/core/validation/validation.go, pkg/apis/core/helper (1.36). */
import { isNativeResource } from '../../objects/fit.ts'
import { dnsLabel, qualifiedName } from '../../objects/names.ts'
import { bytesOf, compareQuantities, printQuantity, quantityOf } from '../../objects/quantity.ts'
import type { Fields } from '../defaults/share.ts'
import { duplicate, type Errors, forbiddenField, invalidValue, notNegative, required } from './field-error.ts'
import { checked, sortedEntries } from './metadata.ts'

const forContainers = ['cpu', 'memory', 'ephemeral-storage']

const standard = [
  ...forContainers,
  'requests.cpu',
  'requests.memory',
  'requests.ephemeral-storage',
  'limits.cpu',
  'limits.memory',
  'limits.ephemeral-storage',
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'storage',
  'requests.storage',
  'services.nodeports',
  'services.loadbalancers',
]

const isHugePages = (name: string): boolean => name.startsWith('hugepages-')

/** An extended resource: a prefix of somebody else, and room for `requests.` before it. */
const isExtended = (name: string): boolean =>
  !isNativeResource(name) && !name.startsWith('requests.') && qualifiedName(`requests.${name}`).length === 0

/** Requests may be below limits only for what the node itself counts. */
const mayOvercommit = (name: string): boolean => isNativeResource(name) && !isHugePages(name)

const mustBeWhole = (name: string): boolean =>
  !isNativeResource(name) ||
  isExtended(name) ||
  ['pods', 'resourcequotas', 'services', 'replicationcontrollers', 'secrets', 'configmaps', 'persistentvolumeclaims'].includes(name)

const nameRules = (name: string, field: string): Errors => {
  const errors: Errors = checked(field, name, qualifiedName)
  if (errors.length > 0) return errors
  if (!name.includes('/')) {
    if (!standard.includes(name) && !isHugePages(name))
      errors.push(invalidValue(field, name, 'must be a standard resource type or fully qualified'))
    if (!forContainers.includes(name) && !isHugePages(name))
      errors.push(invalidValue(field, name, 'must be a standard resource for containers'))
  } else if (!isNativeResource(name) && !isExtended(name))
    errors.push(invalidValue(field, name, "doesn't follow extended resource name standard"))
  return errors
}

/** A quantity that is not negative, and whole where the resource is counted. */
export const quantityRules = (name: string, text: string | number, field: string): Errors => {
  const quantity = quantityOf(text)
  const errors: Errors = quantity.nano < 0n ? [invalidValue(field, printQuantity(quantity), notNegative)] : []
  if (mustBeWhole(name) && quantity.nano % 1_000_000_000n !== 0n)
    errors.push(invalidValue(field, printQuantity(quantity), 'must be an integer'))
  return errors
}

const isPage = (name: string, text: string | number): boolean => {
  const size = bytesOf(name.slice('hugepages-'.length))
  return size > 0 && bytesOf(text) % size === 0
}

/** Requests and limits of a container, `claims` included; `claimNames` are those of the pod. */
export const validateResources = (resources: Fields | undefined, field: string, claimNames: readonly string[] = []): Errors => {
  if (resources === undefined) return []
  const limits = sortedEntries<string>(resources['limits'])
  const requests = sortedEntries<string>(resources['requests'])
  const errors: Errors = []
  for (const [side, entries] of [['limits', limits] as const, ['requests', requests] as const]) {
    for (const [name, text] of entries) {
      const here = `${field}.${side}[${name}]`
      errors.push(...nameRules(name, here), ...quantityRules(name, text, here))
      if (side === 'requests') errors.push(...againstLimit(name, text, resources['limits']?.[name], field))
      if (isHugePages(name) && !isPage(name, text)) {
        errors.push(
          invalidValue(
            here,
            printQuantity(quantityOf(text)),
            `${printQuantity(quantityOf(text))} is not positive integer multiple of ${name}`,
          ),
        )
      }
    }
  }
  const names = [...limits, ...requests].map(([name]) => name)
  if (names.some(isHugePages) && !names.includes('cpu') && !names.includes('memory'))
    errors.push(forbiddenField(field, 'HugePages require cpu or memory'))
  return [...errors, ...claimRules(resources['claims'] ?? [], `${field}.claims`, claimNames)]
}

const againstLimit = (name: string, text: string, limit: string | undefined, field: string): Errors => {
  if (limit === undefined)
    return mayOvercommit(name) ? [] : [required(`${field}.limits`, 'Limit must be set for non overcommitable resources')]
  const order = compareQuantities(text, limit)
  const shown = printQuantity(quantityOf(text))
  const most = printQuantity(quantityOf(limit))
  if (order !== 0 && !mayOvercommit(name)) return [invalidValue(`${field}.requests`, shown, `must be equal to ${name} limit of ${most}`)]
  return order > 0 ? [invalidValue(`${field}.requests`, shown, `must be less than or equal to ${name} limit of ${most}`)] : []
}

const claimRules = (claims: readonly Fields[], field: string, known: readonly string[]): Errors => {
  const errors: Errors = []
  const seen = new Set<string>()
  for (const [at, claim] of claims.entries()) {
    const here = `${field}[${at}]`
    const name: string = claim['name'] ?? ''
    if (name === '') {
      errors.push(required(here))
      continue
    }
    const request: string = claim['request'] ?? ''
    if (request !== '') errors.push(...checked(`${here}.request`, request, dnsLabel))
    const key = request === '' ? name : `${name}/${request}`
    if (seen.has(key) || seen.has(name)) errors.push(duplicate(here, key))
    seen.add(key)
    if (!known.includes(name)) {
      const rest = known.length === 0 ? ' which is empty' : `: ${[...known].sort().join(', ')}`
      errors.push({
        reason: 'FieldValueNotFound',
        field: here,
        message: `Not found: ${JSON.stringify(name)}: must be one of the names in pod.spec.resourceClaims${rest}`,
      })
    }
  }
  return errors
}
