/** Events. Source: pkg/registry/core/event, printEvent (1.36). */
import type { KubernetesObject } from '../../objects/metadata.ts'
import type { Kind } from '../kind.ts'
import { defineKind } from './define.ts'

type Age = (time: string | undefined) => string

const firstSeen = (event: KubernetesObject, age: Age): string => age(event['firstTimestamp'] ?? event['eventTime'] ?? undefined)

const lastSeen = (event: KubernetesObject, age: Age): string => {
  const series = event['series']?.lastObservedTime
  if (series) return age(series)
  return event['lastTimestamp'] ? age(event['lastTimestamp']) : firstSeen(event, age)
}

const about = (event: KubernetesObject): string => {
  const { kind = '', name = '' } = event['involvedObject'] ?? {}
  return name === '' ? kind.toLowerCase() : `${kind.toLowerCase()}/${name}`
}

const source = (event: KubernetesObject): string => {
  const component = event['source']?.component || event['reportingComponent'] || ''
  const host = event['source']?.host || event['reportingInstance'] || ''
  return host === '' ? component : `${component}, ${host}`
}

const reads = (path: (event: KubernetesObject) => unknown) => (event: KubernetesObject) => String(path(event) ?? '')

export const event: Kind = defineKind({
  kind: 'Event',
  apiVersion: 'v1',
  plural: 'events',
  shortNames: ['ev'],
  runs: true,
  createsOnUpdate: true,
  names: () => [],
  columns: [
    { name: 'LAST SEEN', cell: lastSeen },
    { name: 'TYPE', cell: (object) => object['type'] ?? '' },
    { name: 'REASON', cell: (object) => object['reason'] ?? '' },
    { name: 'OBJECT', cell: about },
    { name: 'SUBOBJECT', wide: true, cell: (object) => object['involvedObject']?.fieldPath ?? '' },
    { name: 'SOURCE', wide: true, cell: source },
    { name: 'MESSAGE', cell: (object) => String(object['message'] ?? '').trim() },
    { name: 'FIRST SEEN', wide: true, cell: firstSeen },
    { name: 'COUNT', wide: true, cell: (object) => String(object['series']?.count ?? (object['count'] || 1)) },
    { name: 'NAME', wide: true, cell: (object) => object.metadata.name },
  ],
  fields: {
    'involvedObject.kind': reads((object) => object['involvedObject']?.kind),
    'involvedObject.namespace': reads((object) => object['involvedObject']?.namespace),
    'involvedObject.name': reads((object) => object['involvedObject']?.name),
    'involvedObject.uid': reads((object) => object['involvedObject']?.uid),
    'involvedObject.apiVersion': reads((object) => object['involvedObject']?.apiVersion),
    'involvedObject.resourceVersion': reads((object) => object['involvedObject']?.resourceVersion),
    'involvedObject.fieldPath': reads((object) => object['involvedObject']?.fieldPath),
    reason: reads((object) => object['reason']),
    reportingComponent: reads((object) => object['reportingComponent'] || object['source']?.component),
    source: reads((object) => object['source']?.component || object['reportingComponent']),
    type: reads((object) => object['type']),
  },
})
