/** volumes.csv: one claim's life a row, with that of the volume it was bound to. */
import type { KubernetesObject } from '../../cluster/objects/metadata.ts'
import { topologyLabels } from '../../cluster/objects/node.ts'
import { classOf } from '../../cluster/objects/volume.ts'
import type { Micros } from '../../engine/clock.ts'
import { aboutOf, eachEntry, secondsOf, type Write } from '../entries.ts'
import type { Row, Table } from '../table.ts'

type Life = {
  object: KubernetesObject
  readonly requested: Micros
  volume: string
  provisioned?: Micros
  bound?: Micros
  firstAttached?: Micros
  released?: Micros
  removed?: Micros
}

const at = (instant: Micros | undefined): number | undefined => (instant === undefined ? undefined : secondsOf(instant))

export const volumes: Table = {
  name: 'volumes',
  columns: [
    ...['namespace', 'claim', 'volume', 'class', 'zone', 'requested_s', 'provisioned_s', 'bound_s', 'first_attached_s', 'released_s'],
    ...['removed_s', 'capacity'],
  ],
  rows: ({ journal }) => {
    const lives = new Map<string, Life>()
    const persistent = new Map<string, KubernetesObject>()
    const provisioned = new Map<string, Micros>()
    /** Volume → the claim it is, or was last, bound to. */
    const claimOf = new Map<string, Life>()
    const seeClaim = (entry: number, { object, type }: Write): void => {
      const uid = object.metadata.uid ?? ''
      const time = journal.time(entry)
      const life = lives.get(uid) ?? { object, requested: time, volume: '' }
      lives.set(uid, life)
      life.object = object
      const volume = object['spec']?.volumeName as string | undefined
      if (volume) {
        life.volume = volume
        claimOf.set(volume, life)
      }
      if (object['status']?.phase === 'Bound') life.bound ??= time
      if (type === 'DELETED') life.removed ??= time
    }
    eachEntry(journal, ['write', 'provisioned', 'attached'], (entry, what) => {
      const time = journal.time(entry)
      const { name } = aboutOf(journal.about(entry))
      if (what === 'provisioned') {
        provisioned.set(name, time)
        return
      }
      if (what === 'attached') {
        const life = claimOf.get(name)
        if (life !== undefined) life.firstAttached ??= time
        return
      }
      const write = journal.detail(entry) as Write
      if (write.object.kind === 'PersistentVolumeClaim') seeClaim(entry, write)
      else if (write.object.kind === 'PersistentVolume') {
        persistent.set(name, write.object)
        const life = claimOf.get(name)
        if (life !== undefined && write.object['status']?.phase === 'Released') life.released ??= time
      }
    })
    return [...lives.values()].map((life): Row => {
      const { object } = life
      const volume = persistent.get(life.volume)
      return [
        object.metadata.namespace,
        object.metadata.name,
        life.volume,
        classOf(object),
        volume === undefined ? undefined : zoneOf(volume),
        at(life.requested),
        at(provisioned.get(life.volume)),
        at(life.bound),
        at(life.firstAttached),
        at(life.released),
        at(life.removed),
        object['status']?.capacity?.storage ?? volume?.['spec']?.capacity?.storage ?? object['spec']?.resources?.requests?.storage,
      ]
    })
  },
}

type Term = { matchExpressions?: { key: string; values?: string[] }[] }

/** The zone that a volume holds its pods to, if it does. */
function zoneOf(volume: KubernetesObject): string | undefined {
  const terms = (volume['spec']?.nodeAffinity?.required?.nodeSelectorTerms ?? []) as Term[]
  const zones = terms.flatMap((term) =>
    (term.matchExpressions ?? []).filter((one) => one.key === topologyLabels.zone).flatMap((one) => one.values ?? []),
  )
  return zones.length === 0 ? volume.metadata.labels?.[topologyLabels.zone] : zones.join(';')
}
