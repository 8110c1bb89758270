/** What `stsim next` prints for people: for each object what is done, in which order, what is waited for, and why. */
import type { Action, Decision } from '../cluster/next.ts'
import type { KubernetesObject } from '../cluster/objects/metadata.ts'
import { claimNamesOf, isFinishedPod, isScheduled } from '../cluster/objects/pod.ts'

/** `StatefulSet default/web` */
const titleOf = ({ object }: Decision): string => `${object.kind} ${object.namespace === '' ? '' : `${object.namespace}/`}${object.name}`

const shown = (value: unknown): string => (typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value ?? 'none'))

/** Fields of the status that a write changes: `readyReplicas 2 → 3`. */
const statusChanges = (before: KubernetesObject | undefined, after: KubernetesObject): string => {
  const [old, now] = [before?.['status'] ?? {}, after['status'] ?? {}] as readonly Readonly<Record<string, unknown>>[]
  const fields = [...new Set([...Object.keys(old ?? {}), ...Object.keys(now ?? {})])]
  const changed = fields.filter((field) => JSON.stringify(old?.[field]) !== JSON.stringify(now?.[field]))
  return changed.map((field) => `${field} ${shown(old?.[field])} → ${shown(now?.[field])}`).join(', ')
}

type Condition = { readonly type: string; readonly status: string; readonly reason?: string }

/** What the scheduler writes about a pod: its conditions and the node it is promised. */
const podChanges = (before: KubernetesObject, after: KubernetesObject): string => {
  const conditions = (pod: KubernetesObject): readonly Condition[] => pod['status']?.conditions ?? []
  const said = ({ type, status, reason }: Condition): string => `${type} ${status}${reason === undefined ? '' : ` ${reason}`}`
  const old = new Set(conditions(before).map((one) => JSON.stringify(one)))
  const changed = conditions(after).filter((one) => !old.has(JSON.stringify(one)))
  const nominated = after['status']?.nominatedNodeName as string | undefined
  const promised = nominated === before['status']?.nominatedNodeName ? [] : [`nominated node ${nominated ?? 'none'}`]
  return [...changed.map(said), ...promised].join(', ')
}

const detailOf = ({ verb, object }: Action, known: ReadonlyMap<string, KubernetesObject>): string => {
  const before = known.get(keyOf(object))
  if (verb === 'update-status') return statusChanges(before, object)
  if (object.kind === 'ControllerRevision' && verb !== 'delete') return `revision ${object['revision']}`
  if (verb === 'bind') return `to ${object['spec']?.nodeName}`
  if (verb === 'patch' && object.kind === 'Pod' && before !== undefined) {
    const changes = podChanges(before, object)
    if (changes !== '') return changes
  }
  if (verb !== 'create' && verb !== 'delete' && before !== undefined) {
    const owners = (each: KubernetesObject): string =>
      (each.metadata.ownerReferences ?? []).map((owner) => `${owner.kind}/${owner.name}`).join(', ') || 'none'
    if (owners(before) !== owners(object)) return `owners ${owners(before)} → ${owners(object)}`
  }
  const revision = object.kind === 'Pod' ? object.metadata.labels?.['controller-revision-hash'] : undefined
  return revision === undefined ? '' : `revision ${revision}`
}

const lineOf = (action: Action, number: number, known: ReadonlyMap<string, KubernetesObject>): string[] => {
  const { verb, object, answer, event } = action
  const told = event === null ? [] : [`     ${event.type} ${event.reason} ${event.message}`]
  if (object.kind === 'Event') return told
  const what = verb === 'update-status' ? `write the status of ${object.metadata.name}` : `${verb} ${object.kind} ${object.metadata.name}`
  const detail = detailOf(action, known)
  const refused = answer === 'ok' ? '' : `, refused: ${answer}`
  return [`  ${number}. ${what}${detail === '' ? '' : ` (${detail})`}${refused}`, ...told]
}

const schedulerLines = ({ detail }: Decision): string[] => {
  if (detail === undefined) return []
  const lines: string[] = []
  if (detail.node !== null) lines.push(`  goes to ${detail.node}`)
  if (detail.nominated !== null) lines.push(`  nominated: ${detail.nominated}`)
  if (detail.victims.length > 0) lines.push(`  preempts: ${detail.victims.join(', ')}`)
  const scores = Object.entries(detail.scores).sort(([a, x], [b, y]) => y.total - x.total || (a < b ? -1 : 1))
  if (scores.length > 0) lines.push(`  scores: ${scores.map(([node, { total }]) => `${node} ${total}`).join(', ')}`)
  const rejected = Object.entries(detail.rejected).sort(([a], [b]) => (a < b ? -1 : 1))
  for (const [node, reasons] of rejected) lines.push(`  not ${node}: ${reasons.join('; ')}`)
  if (detail.message !== null) lines.push(`  ${detail.message}`)
  return lines
}

const keyOf = ({ kind, metadata }: KubernetesObject): string => `${kind}/${metadata.namespace ?? 'default'}/${metadata.name}`

const isIdle = ({ actions, waits, error, wakesAfter, detail }: Decision): boolean =>
  actions.length === 0 && waits === null && error === null && wakesAfter === null && detail === undefined

/** What a dump lacks that the answer depends on. */
const notesOn = (objects: readonly KubernetesObject[]): string[] => {
  const has = (kind: string): boolean => objects.some((object) => object.kind === kind)
  const sets = objects.filter((object) => object.kind === 'StatefulSet')
  const notes: string[] = []
  if (sets.some((set) => set['status']?.updateRevision !== undefined) && !has('ControllerRevision')) {
    notes.push('no ControllerRevision is among the objects, so revisions are made anew here; add controllerrevisions to the dump')
  }
  const hasClaims = (set: KubernetesObject): boolean => (set['spec']?.volumeClaimTemplates ?? []).length > 0
  if (sets.some((set) => hasClaims(set) && (set['status']?.replicas ?? 0) > 0) && !has('PersistentVolumeClaim')) {
    notes.push('no PersistentVolumeClaim is among the objects, so claims are made anew here; add pvc to the dump')
  }
  if (sets.some((set) => (set['status']?.replicas ?? 0) > 0) && !has('Pod')) {
    notes.push('no Pod is among the objects, so pods are made anew here; add pods to the dump')
  }
  return [...notes, ...notesOnPending(objects, has)]
}

/** What the scheduler cannot know: it takes what is not in a dump for not there. */
const notesOnPending = (objects: readonly KubernetesObject[], has: (kind: string) => boolean): string[] => {
  const pending = objects.filter((object) => object.kind === 'Pod' && !isScheduled(object) && !isFinishedPod(object))
  if (pending.length === 0) return []
  const notes: string[] = []
  const missing = (kind: string, word: string, so: string): void => {
    if (!has(kind)) notes.push(`no ${kind} is among the objects, so ${so}; add ${word} to the dump`)
  }
  missing('Node', 'nodes', 'no pod can be placed')
  if (pending.some((pod) => claimNamesOf(pod).length > 0)) {
    missing('PersistentVolumeClaim', 'pvc', 'the claims of pending pods are not found')
    const claims = objects.filter(({ kind }) => kind === 'PersistentVolumeClaim')
    if (claims.some(({ spec }) => spec?.volumeName)) missing('PersistentVolume', 'pv', 'bound volumes are not found')
    if (claims.some(({ spec }) => !spec?.volumeName))
      missing('StorageClass', 'sc', 'claims that wait for their first consumer are not known as such')
  }
  return notes
}

/** The whole text; `objects` are those that were looked at. Ends with a newline. */
export const nextText = (decisions: readonly Decision[], objects: readonly KubernetesObject[]): string => {
  const known = new Map(objects.map((object) => [keyOf(object), object]))
  const lines: string[] = notesOn(objects).map((note) => `note: ${note}`)
  const idle = decisions.filter(isIdle)
  for (const decision of decisions) {
    if (isIdle(decision)) continue
    if (lines.length > 0) lines.push('')
    lines.push(`${titleOf(decision)}  (${decision.component})`)
    let number = 0
    for (const action of decision.actions) {
      if (action.object.kind !== 'Event') number++
      lines.push(...lineOf(action, number, known))
    }
    lines.push(...schedulerLines(decision))
    if (decision.error !== null) lines.push(`  error: ${decision.error}; it is tried again with back-off`)
    if (decision.waits !== null) lines.push(`  waits: ${decision.waits}`)
    if (decision.wakesAfter !== null) lines.push(`  looks again after ${decision.wakesAfter} s`)
  }
  if (idle.length > 0) {
    if (lines.length > 0) lines.push('')
    const names = idle.slice(0, mostNamed).map(titleOf).join(', ')
    lines.push(`nothing to do: ${names}${idle.length > mostNamed ? ` and ${idle.length - mostNamed} more` : ''}`)
  }
  if (decisions.length === 0) lines.push('nothing to look at: no StatefulSet and no unscheduled Pod is among the objects')
  return `${lines.join('\n')}\n`
}

/** Idle objects that are named. */
const mostNamed = 20
