/** metrics.csv: one number about the whole run a row. */
import { shortfalls } from '../availability.ts'
import { secondsOf, type Write } from '../entries.ts'
import { podLives } from '../pod-lives.ts'
import { rolloutsOf } from '../rollouts.ts'
import type { Row, Table } from '../table.ts'

/** `default` goes without saying. */
const named = (namespace: string, name: string): string => (namespace === 'default' || namespace === '' ? name : `${namespace}/${name}`)

export const metrics: Table = {
  name: 'metrics',
  columns: ['name', 'labels', 'value', 'unit'],
  rows: (observed) => {
    const { journal } = observed
    const rows: Row[] = []
    let [events, writes, restarts, evictions] = [0, 0, 0, 0]
    for (let entry = 1; entry <= journal.length; entry++) {
      const what = journal.what(entry)
      if (what === 'event') events++
      else if (what === 'write') {
        writes++
        const { subresource, verb, object } = journal.detail(entry) as Write
        if ((subresource === 'eviction' || verb === 'evict') && object.metadata.deletionTimestamp !== undefined) evictions++
      } else if (what === 'container-started' && (journal.detail(entry) as { restarts: number }).restarts > 0) restarts++
    }
    rows.push(['ended_seconds', '', secondsOf(observed.ended), 's'])
    rows.push(['events', '', events, ''])
    rows.push(['writes', '', writes, ''])
    for (const life of podLives(journal)) {
      if (life.ready !== undefined)
        rows.push(['pod_start_seconds', `pod=${named(life.namespace, life.name)}`, secondsOf(life.ready - life.created), 's'])
    }
    for (const { namespace, name, change, status, began, finished } of rolloutsOf(observed)) {
      if (status !== 'complete' || finished === undefined) continue
      rows.push(['rollout_seconds', `set=${named(namespace, name)};change=${change}`, secondsOf(finished - began), 's'])
    }
    for (const { namespace, name, total, longest } of shortfalls(observed)) {
      rows.push(['unavailable_seconds', `set=${named(namespace, name)}`, secondsOf(total), 's'])
      rows.push(['longest_unavailable_seconds', `set=${named(namespace, name)}`, secondsOf(longest), 's'])
    }
    rows.push(['restarts', '', restarts, ''])
    rows.push(['evictions', '', evictions, ''])
    return rows
  },
}
