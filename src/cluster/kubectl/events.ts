/**
 * kubectl events. Source: kubectl.md 1, 6.5, 7.6; kubectl pkg/cmd/events, 1.36.
 */
import type { Story } from '../client/story.ts'
import type { KubernetesObject } from '../objects/metadata.ts'
import { ageAt } from './age.ts'
import type { Command } from './command.ts'
import { refusal } from './failure.ts'
import { TableWriter } from './print.ts'
import { kindMeant, objectWriter, type Session, servedKind } from './session.ts'
import { listObjects } from './targets.ts'

export const events: Command = {
  flags: [
    'all-namespaces,A bool',
    'for string',
    'types strings',
    'watch,w bool',
    'no-headers bool',
    'chunk-size int',
    'output,o string',
    'template string',
  ],
  run: eventsCommand,
}

function* eventsCommand(session: Session): Story<void> {
  const { flags, terminal } = session
  if (flags.is('watch')) throw refusal('events --watch is not supported by stsim: kubectl get events -w shows them')
  for (const type of flags.list('types'))
    if (!['normal', 'warning'].includes(type.toLowerCase())) throw refusal(`valid --types are Normal or Warning`)
  const all = flags.is('all-namespaces')
  const about = flags.text('for')
  let fields = ''
  if (about !== undefined) {
    const [word = '', name] = about.split('/')
    if (name === undefined) throw refusal('--for must be in resource/name form')
    const kind = kindMeant(word)
    fields = `involvedObject.kind=${kind.kind},involvedObject.name=${name}`
  }
  const types = flags.list('types').map((type) => type.toLowerCase())
  const found = (yield* listObjects(session, servedKind('Event'), all ? undefined : session.namespace, '', fields)).filter(
    (event) => types.length === 0 || types.includes(String(event['type']).toLowerCase()),
  )
  const sorted = [...found].sort((a, b) => (momentOf(a) < momentOf(b) ? -1 : momentOf(a) > momentOf(b) ? 1 : 0))
  const output = flags.text('output') ?? ''
  if (output !== '') {
    terminal.out(
      objectWriter(session, output, ['json', 'yaml'])({
        apiVersion: 'v1',
        items: sorted,
        kind: 'EventList',
        metadata: { resourceVersion: '' },
      }),
    )
    return
  }
  if (sorted.length === 0) {
    terminal.err(all ? 'No events found.\n' : `No events found in ${session.namespace} namespace.\n`)
    return
  }
  const now = terminal.time()
  const rows = sorted.map((event) => [
    ...(all ? [event.metadata.namespace ?? ''] : []),
    intervalOf(event, now),
    event['type'] ?? '',
    event['reason'] ?? '',
    `${event['involvedObject']?.kind}/${event['involvedObject']?.name}`,
    String(event['message'] ?? '').trim(),
  ])
  const header = [...(all ? ['NAMESPACE'] : []), 'LAST SEEN', 'TYPE', 'REASON', 'OBJECT', 'MESSAGE']
  terminal.out(new TableWriter().print(flags.is('no-headers') ? rows : [header, ...rows]))
}

const momentOf = (event: KubernetesObject): string =>
  event['series']?.lastObservedTime ?? event['lastTimestamp'] ?? event['eventTime'] ?? ''

function intervalOf(event: KubernetesObject, now: string): string {
  const first = ageAt(now, event['firstTimestamp'] ?? event['eventTime'])
  const { series, count = 0 } = event
  if (series) return `${ageAt(now, series.lastObservedTime)} (x${series.count} over ${first})`
  return count > 1 ? `${ageAt(now, event['lastTimestamp'])} (x${count} over ${first})` : first
}
