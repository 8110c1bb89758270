/**
 * timeline.txt: what happened, one line a person reads: time, who, about what, what. It leaves out what changes nothing a person
 * looks at (leases, slices, status counts); everything is in changes.csv.
 */
import { isConditionTrue, type KubernetesObject } from '../cluster/objects/metadata.ts'
import { taintsOf } from '../cluster/objects/node.ts'
import type { Journal } from '../engine/journal.ts'
import { describeWrite, same } from '../observe/change.ts'
import { aboutOf, type EventDetail, type Exited, type ProbeVerdict, type Refused, type Write } from '../observe/entries.ts'
import { reasonOf } from '../observe/pod-lives.ts'

/** Kinds whose creation and end a person wants to see. */
const shownKinds = new Set([
  ...['Pod', 'StatefulSet', 'Service', 'PersistentVolumeClaim', 'PersistentVolume', 'Node', 'Namespace', 'PodDisruptionBudget'],
  ...['Deployment', 'ReplicaSet', 'ConfigMap', 'Secret', 'ServiceAccount', 'StorageClass', 'PriorityClass'],
])

/** Those of them that stand in every cluster from the beginning. */
const standing = new Set(['Node', 'Namespace', 'ConfigMap', 'ServiceAccount', 'StorageClass', 'PriorityClass', 'Service'])

/** Waiting of these is not worth a line: a person looks at workloads, and their Events say the rest. */
const waitsOf = new Set(['StatefulSet', 'Deployment', 'ReplicaSet', 'DaemonSet', 'PodDisruptionBudget'])

/** Answers that only send a controller round once more. */
const transient = /^Operation cannot be fulfilled|is not as new as written version/

export function* timeline(journal: Journal): Generator<string> {
  const waited = new Map<string, string>()
  for (let entry = 1; entry <= journal.length; entry++) {
    let words = told(journal, entry)
    if (words === undefined) continue
    if (journal.what(entry) === 'waits') {
      const about = journal.about(entry)
      // "since 5 s" grows; the same wait is told once.
      const stem = words.replace(/ since [^;)]*/g, '')
      if (!waitsOf.has(aboutOf(about).kind) || transient.test(words.slice(7)) || waited.get(about) === stem) continue
      waited.set(about, stem)
      words = words.replace(/ since 0 s(?=[;)]|$)/g, '')
    }
    yield written(journal, entry, words)
  }
}

/** Any entry as a line, also one that the timeline leaves out. */
export function lineOf(journal: Journal, entry: number): string {
  const what = journal.what(entry)
  return written(journal, entry, told(journal, entry) ?? (what === 'write' ? describeWrite(journal.detail(entry) as Write) : what))
}

function written(journal: Journal, entry: number, words: string): string {
  const at = `${(journal.time(entry) / 1_000_000).toFixed(3)}s`
  return `${at.padStart(11)}  ${journal.who(entry).padEnd(28)} ${nameOf(journal.about(entry)).padEnd(34)} ${words.replaceAll('\n', ' ')}\n`
}

const nameOf = (about: string): string => {
  const { kind, namespace, name } = aboutOf(about)
  if (kind === '') return name
  const place = namespace === '' || namespace === 'default' ? '' : ` (${namespace})`
  return `${kind.toLowerCase()}/${name}${place}`
}

function told(journal: Journal, entry: number): string | undefined {
  const detail = journal.detail(entry)
  switch (journal.what(entry)) {
    case 'write':
      return toldWrite(detail as Write, journal.time(entry), journal.cause(entry))
    case 'event': {
      const { type, reason, message, count } = detail as EventDetail
      return `${type === 'Warning' ? 'Warning ' : ''}${reason}: ${message}${count > 1 ? ` (x${count})` : ''}`
    }
    case 'refused': {
      const { verb, status } = detail as Refused
      return status.reason === 'Conflict' ? undefined : `${verb} refused: ${status.message}`
    }
    case 'waits': {
      const { why } = detail as { why: string | null }
      return why === null ? undefined : `waits: ${why}`
    }
    case 'step':
      return `step: ${(detail as { line?: string }).line ?? ''}`
    case 'step-ended': {
      const { line, exit } = detail as { line?: string; exit?: number }
      return exit === undefined || exit === 0 ? undefined : `step failed with exit code ${exit}: ${line}`
    }
    case 'fault-began':
      return `fault begins: ${(detail as { fault: string }).fault}`
    case 'fault-healed':
      return `fault is over: ${(detail as { fault: string }).fault}`
    case 'machine-on':
      return 'the machine runs'
    case 'machine-off':
      return `the machine is off (${(detail as { why: string }).why})`
    case 'container-exited': {
      const { container, exitCode, reason } = detail as Exited
      return `container ${container} ended: exit code ${exitCode} (${reason})`
    }
    case 'volume-mounted':
      return `mounted ${(detail as { volume: string }).volume}`
    case 'attached':
      return `attached to ${(detail as { node: string }).node}`
    case 'detached': {
      const { node, forced } = detail as { node: string; forced?: boolean }
      return `detached from ${node}${forced === true ? ' by force' : ''}`
    }
    case 'provisioned':
      return 'provisioned'
    case 'volume-deleted':
      return 'deleted at the back-end'
    case 'probe': {
      const { container, probe, result, failures } = detail as ProbeVerdict
      return `${probe} probe of ${container}: ${result}${result === 'failure' ? ` (${failures} in a row)` : ''}`
    }
    default:
      return undefined
  }
}

function toldWrite(write: Write, at: number, cause: number): string | undefined {
  const { object, old, type } = write
  if (!shownKinds.has(object.kind)) return undefined
  if (type === 'ADDED') return at === 0 && cause === 0 && standing.has(object.kind) ? undefined : 'created'
  if (type === 'DELETED') return 'removed'
  if (old === undefined) return undefined
  if (object.metadata.deletionTimestamp !== undefined && old.metadata.deletionTimestamp === undefined) return describeWrite(write)
  const changes = [...changeOfReadiness(object, old), ...changeOfOwn(object, old)]
  return changes.length === 0 ? undefined : changes.join(', ')
}

function changeOfReadiness(object: KubernetesObject, old: KubernetesObject): string[] {
  if (object.kind !== 'Pod' && object.kind !== 'Node') return []
  const [now, before] = [isConditionTrue(object, 'Ready'), isConditionTrue(old, 'Ready')]
  if (now === before) return []
  if (now) return ['Ready']
  const reason = object.kind === 'Pod' ? reasonOf(object) : ''
  return [`not Ready${reason === '' ? '' : ` (${reason})`}`]
}

function changeOfOwn(object: KubernetesObject, old: KubernetesObject): string[] {
  switch (object.kind) {
    case 'Node': {
      const text = (node: KubernetesObject) => taintsOf(node).map(({ key, effect }) => `${key}:${effect}`)
      const [now, before] = [text(object), text(old)]
      const [more, less] = [now.filter((taint) => !before.includes(taint)), before.filter((taint) => !now.includes(taint))]
      return [...more.map((taint) => `tainted ${taint}`), ...less.map((taint) => `untainted ${taint}`)]
    }
    case 'PersistentVolumeClaim':
    case 'PersistentVolume':
    case 'Pod': {
      const [now, before] = [object['status']?.phase, old['status']?.phase]
      return now === before || now === undefined ? [] : [now]
    }
    default:
      return object['spec'] === undefined || same(object['spec'], old['spec'])
        ? []
        : [describeWrite({ type: 'MODIFIED', verb: '', object, old })]
  }
}
