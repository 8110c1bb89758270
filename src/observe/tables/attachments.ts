/** attachments.csv: one volume on one node a row, from the wish to its end. */
import type { Micros } from '../../engine/clock.ts'
import { aboutOf, eachEntry, secondsOf } from '../entries.ts'
import type { Table } from '../table.ts'

type Attachment = {
  readonly volume: string
  readonly node: string
  requested?: Micros
  attached?: Micros
  detachRequested?: Micros | undefined
  detached?: Micros
  forced: boolean
  detachBegan?: Micros
}

const at = (instant: Micros | undefined): number | undefined => (instant === undefined ? undefined : secondsOf(instant))

export const attachments: Table = {
  name: 'attachments',
  columns: ['volume', 'node', 'requested_s', 'attached_s', 'detach_requested_s', 'detached_s', 'forced', 'detach_began_s'],
  rows: ({ journal }) => {
    const all: Attachment[] = []
    const open = new Map<string, Attachment>()
    eachEntry(journal, ['attach-requested', 'attached', 'detach-requested', 'detach-began', 'detached'], (entry, what) => {
      const volume = aboutOf(journal.about(entry)).name
      const { node, forced } = journal.detail(entry) as { node: string; forced?: boolean }
      const time = journal.time(entry)
      const key = `${volume} ${node}`
      let attachment = open.get(key)
      if (attachment === undefined) {
        attachment = { volume, node, forced: false }
        open.set(key, attachment)
        all.push(attachment)
      }
      if (forced === true) attachment.forced = true
      switch (what) {
        case 'attach-requested':
          // Wanted again before the detach began: it stays.
          if (attachment.detachBegan === undefined) attachment.detachRequested = undefined
          attachment.requested ??= time
          break
        case 'attached':
          attachment.attached ??= time
          break
        case 'detach-requested':
          attachment.detachRequested ??= time
          break
        case 'detach-began':
          attachment.detachBegan ??= time
          break
        case 'detached':
          attachment.detached = time
          open.delete(key)
          break
      }
    })
    return all.map((one) => [
      one.volume,
      one.node,
      at(one.requested),
      at(one.attached),
      at(one.detachRequested),
      at(one.detached),
      one.forced,
      at(one.detachBegan),
    ])
  },
}
