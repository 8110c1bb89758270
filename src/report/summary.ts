/**
 * What a person wants to know about a run, on one screen: did it hold, what became of each set and pod and where their time went, what
 * was assumed, how to see it again. Source: issue 4, item 6.
 */
import type { KubernetesObject } from '../cluster/objects/metadata.ts'
import { replicasOf, type StatefulSet } from '../cluster/objects/statefulset.ts'
import { type Micros, milliseconds, minutes, printDuration, seconds } from '../engine/clock.ts'
import { aboutOf } from '../observe/entries.ts'
import { type PodLife, podLives, reasonOf, restartsOf } from '../observe/pod-lives.ts'
import type { Recording } from '../observe/recording.ts'
import { type Rollout, rolloutsOf } from '../observe/rollouts.ts'

/** What the summary says beside what the recording knows. */
export type SummaryOptions = {
  /** The line that runs it again. */
  readonly again?: string
  /** Where the files are. */
  readonly files?: string
  /** What the reader of the input noticed. */
  readonly notes?: readonly string[]
  /** Colours; text unchanged by default. */
  readonly paint?: (style: 'good' | 'bad' | 'faint', text: string) => string
}

/** How many pods of a set, and how many other lines of one sort, are shown. */
const mostPods = 12
const mostLines = 8
const width = 78

/** A length of time for people: tenths of seconds, whole seconds from ten minutes on. */
export const short = (micros: Micros): string => {
  if (micros >= minutes(10)) return printDuration(Math.round(micros / seconds(1)) * seconds(1))
  const tenths = Math.round(micros / milliseconds(100)) * milliseconds(100)
  return tenths < minutes(1) ? `${(tenths / seconds(1)).toFixed(1)}s` : printDuration(tenths)
}

export function summary(recording: Recording, options: SummaryOptions = {}): string {
  const paint = options.paint ?? ((_, text) => text)
  const lines = [
    headline(recording, paint),
    ...broken(recording).map((line) => paint('bad', line)),
    ...sets(recording),
    ...otherPods(recording),
    ...faults(recording),
    ...labelled('assumed', recording.facts.assumed ?? []),
    ...labelled('gaps', recording.facts.gaps ?? []),
    ...labelled('mends', recording.facts.remedies ?? []),
    ...labelled('notes', options.notes ?? []),
    ...labelled('repeats', recording.facts.repeating ?? []),
    ending(recording),
    ...labelled('again', options.again === undefined ? [] : [options.again]),
    ...labelled('files', options.files === undefined ? [] : [options.files]),
  ]
  return `${lines.join('\n')}\n`
}

const label = (name: string): string => name.padEnd(10)

const labelled = (name: string, texts: readonly string[]): string[] => {
  const shown = texts.length > mostLines ? [...texts.slice(0, mostLines), `… and ${texts.length - mostLines} more in run.json`] : texts
  return shown.map((text, at) => `${label(at === 0 ? name : '')} ${text}`)
}

function headline(recording: Recording, paint: NonNullable<SummaryOptions['paint']>): string {
  const { scenario, seed, held } = recording
  const left = `${scenario.name} · ${held ? 'held' : 'broke'}`
  const right = `${scenario.cluster.profile}, ${scenario.cluster.release}, seed ${seed}`
  const gap = ' '.repeat(Math.max(3, width - left.length - right.length))
  return `${scenario.name} · ${paint(held ? 'good' : 'bad', held ? 'held' : 'broke')}${gap}${right}`
}

function broken({ facts }: Recording): string[] {
  const verdicts = [...facts.expectations, ...facts.invariants].filter((verdict) => !verdict.held)
  return [
    ...labelled(
      'broke',
      verdicts.map(({ name, message, at }) => `${name}${at === undefined ? '' : ` (at ${short(at)})`}: ${message}`),
    ),
    ...labelled(
      'failed',
      facts.failures.map(({ at, message }) => `at ${short(at)}: ${message}`),
    ),
  ]
}

function sets(recording: Recording): string[] {
  const lives = podLives(recording.journal)
  const rollouts = rolloutsOf(recording)
  const objects = recording.objectsAt(recording.ended)
  const names = [...new Set(rollouts.map((one) => `${one.kind}/${one.namespace}/${one.name}`))]
  return names.flatMap((key) => {
    const { namespace, name, kind } = aboutOf(key)
    const changes = rollouts.filter((one) => one.namespace === namespace && one.name === name)
    const mine = lives.filter((life) => life.namespace === namespace && life.owner === `${kind.toLowerCase()}/${name}`)
    return [setLine(key, objects.get(key), changes), ...changes.flatMap(changeLines), ...podLines(mine)]
  })
}

function setLine(key: string, object: KubernetesObject | undefined, changes: readonly Rollout[]): string {
  const { namespace, name, kind } = aboutOf(key)
  const place = namespace === 'default' ? '' : ` (${namespace})`
  const head = `${kind.toLowerCase()}/${name}${place}`.padEnd(17)
  if (object === undefined) return `${head} deleted`
  const set = object as StatefulSet
  const ready = set.status?.readyReplicas ?? 0
  const created = changes.find((one) => one.change === 'create')
  const how = set.spec.podManagementPolicy === 'Parallel' ? 'all at once' : 'one after the other'
  const after = created?.status === 'complete' ? ` after ${short((created.finished as Micros) - created.began)}` : ''
  return `${head} ${ready} of ${replicasOf(set)} Ready${changes.length === 1 ? after : ''} (created at ${at(created?.began ?? 0)}, ${how}${changes.length > 1 && after !== '' ? `, first complete${after}` : ''})`
}

const at = (micros: Micros): string => (micros < milliseconds(50) ? '0s' : short(micros))

/** What became of each change beside the creation; and of that too, when it did not end well. */
function changeLines(change: Rollout): string[] {
  const { status, began, finished } = change
  if (change.change === 'create' && status === 'complete') return []
  const what = change.change.padEnd(11)
  const pods = `${change.pods} pod${change.pods === 1 ? '' : 's'}`
  switch (status) {
    case 'complete':
      return [`  ${what} ${short(began)} → ${short(finished as Micros)}   ${pods} in ${short((finished as Micros) - began)}`]
    case 'superseded':
      return [`  ${what} ${short(began)} → ${short(finished as Micros)}   superseded by the next change`]
    case 'stuck':
      return [`  ${what} ${short(began)} → stuck since ${short(finished as Micros)}: ${change.blockedBy}`]
    case 'unfinished':
      return [`  ${what} ${short(began)} → unfinished${change.blockedBy === '' ? '' : `: ${change.blockedBy}`}`]
  }
}

function podLines(lives: readonly PodLife[]): string[] {
  const sorted = [...lives].sort((a, b) => (a.ordinal ?? 0) - (b.ordinal ?? 0) || a.created - b.created)
  const lines = sorted.slice(0, mostPods).map(podLine)
  return sorted.length > mostPods ? [...lines, `  … and ${sorted.length - mostPods} more in pods.csv`] : lines
}

function podLine(life: PodLife): string {
  const restarts = restartsOf(life.object)
  const more = [
    ...pieces(life),
    ...(restarts > 0 ? [`${restarts} restart${restarts === 1 ? '' : 's'}`] : []),
    ...(life.removed !== undefined
      ? [`gone at ${short(life.removed)}`]
      : life.deleting !== undefined
        ? [`Terminating since ${short(life.deleting)}`]
        : []),
  ]
  const reason = life.ready === undefined && life.removed === undefined ? reasonOf(life.object) : ''
  const state = reason === '' ? (life.object['status']?.phase ?? 'Pending') : reason
  const until = life.ready === undefined ? (life.removed === undefined ? `not Ready (${state})` : 'never Ready') : short(life.ready)
  return `  ${life.name.padEnd(8)} ${short(life.created)} → ${until}   ${more.join(' · ')}`.trimEnd()
}

/** Where the time from creation to Ready went. */
function pieces(life: PodLife): string[] {
  const found: string[] = []
  let before = life.created
  const piece = (name: string, end: Micros | undefined): void => {
    if (end === undefined) return
    if (end - before >= milliseconds(50)) found.push(`${name} ${short(end - before)}`)
    before = Math.max(before, end)
  }
  // A pod whose claim waits for its first consumer gets its node when the volume is there.
  if (life.bound === undefined) piece('node', life.scheduled)
  piece('volume', life.mounted)
  piece('sandbox', life.sandbox)
  piece('image', life.pulled)
  piece('start', life.started)
  piece('ready', life.ready)
  return found
}

/** Pods of no set: a manifest's own, or a person's. */
function otherPods(recording: Recording): string[] {
  const lives = podLives(recording.journal).filter((life) => life.owner === '')
  return lives.length === 0 ? [] : ['pods', ...podLines(lives)]
}

function faults({ journal }: Recording): string[] {
  const lines: string[] = []
  for (let entry = 1; entry <= journal.length; entry++) {
    if (journal.what(entry) !== 'fault-began') continue
    const { kind, name } = aboutOf(journal.about(entry))
    const target = name === '' ? '' : ` ${kind === '' ? '' : `${kind.toLowerCase()}/`}${name}`
    lines.push(`${(journal.detail(entry) as { fault: string }).fault}${target} at ${short(journal.time(entry))}`)
  }
  return labelled('faults', lines)
}

function ending(recording: Recording): string {
  const { endedBy } = recording.facts
  const how = endedBy === 'settled' ? 'settled' : endedBy === 'runaway' ? 'stopped (controllers undo each other)' : 'ended'
  const { digest } = recording
  const changes = recording.rows('changes').length
  return `${how} at ${at(recording.ended)} · ${changes} changes · digest ${digest.slice(0, 4)}…${digest.slice(-2)}`
}
