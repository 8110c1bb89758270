/**
 * Would `next` have made the writes that the real StatefulSet controller made? It is asked at each of them, with the objects as they were shortly
 * before, and whenever nothing happened for a while, when it must have nothing to do.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { next } from '../../../src/cluster/next.ts'
import type { Loose } from '../statefulset/compare.ts'

const folder = new URL('.', import.meta.url)
const start = Date.UTC(2026, 0, 1)
const timeOf = (seconds: number): string => new Date(start + Math.round(seconds * 1000)).toISOString()
const controller = 'statefulset-controller'

/** The value with `@12` as a time of the API. */
const timed = (value: Loose): Loose => {
  if (typeof value === 'string') return /^@-?\d+(\.\d+)?$/.test(value) ? timeOf(Number(value.slice(1))).replace('.000Z', 'Z') : value
  if (Array.isArray(value)) return value.map(timed)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([field, part]) => [field, timed(part)]))
}

type Step = string | { readonly field: string; readonly value: string }

/** `status.conditions[type=Ready].status`, `metadata.labels[a.b/c]` */
const stepsOf = (path: string): Step[] =>
  [...path.matchAll(/([^.[\]]+)|\[([^\]]*)\]/g)].map(([, name, inner = '']) => {
    if (name !== undefined) return name
    const key = /^(type|key|name|uid|ip|containerPort)=(.*)$/s.exec(inner)
    return key === null ? inner : { field: key[1] as string, value: key[2] as string }
  })

const isElement = (item: Loose, { field, value }: Exclude<Step, string>): boolean =>
  (field === 'key' && 'effect' in item ? `${item.key}:${item.effect}` : String(item[field])) === value

/** Writes one entry of a diff. */
const put = (object: Loose, path: string, value: Loose): void => {
  const steps = stepsOf(path)
  let at = object
  steps.forEach((step, i) => {
    const isLast = i === steps.length - 1
    if (typeof step === 'string') {
      if (!isLast) {
        at[step] ??= typeof steps[i + 1] === 'string' ? {} : []
        at = at[step]
      } else if (value === null) delete at[step]
      else at[step] = value
      return
    }
    const place = at.findIndex((item: Loose) => isElement(item, step))
    if (!isLast) at = at[place]
    else if (value === null) at.splice(place, 1)
    else if (place < 0) at.push(value)
    else at[place] = value
  })
}

type Write = { readonly at: number; readonly by: string; readonly call: string; readonly object: Loose; readonly before: readonly Loose[] }

/** Each write in its order, with the object after it and all objects before it. */
function* replayed(recording: Loose): Generator<Write> {
  const rows = recording.objects.flatMap((row: Loose) => row.writes.map((write: Loose) => ({ row, write })))
  rows.sort((a: Loose, b: Loose) => a.write.n - b.write.n)
  const now = new Map<string, Loose>()
  for (const { row, write } of rows) {
    const before = [...now.values()]
    let object: Loose
    if (write.object) {
      const { metadata, ...rest } = timed(write.object)
      const meta = {
        name: row.name,
        namespace: row.namespace,
        creationTimestamp: timeOf(Math.floor(write.at_s)).replace('.000Z', 'Z'),
        ...metadata,
      }
      object = { kind: row.kind, ...rest, metadata: meta }
    } else {
      object = structuredClone(now.get(row.uid))
      for (const [path, value] of Object.entries(write.diff)) put(object, path, timed(value))
    }
    object.metadata.resourceVersion = String(write.n)
    yield { at: write.at_s, by: write.by, call: write.call, object, before }
    if (write.verb === 'DELETED') now.delete(row.uid)
    else now.set(row.uid, object)
  }
}

const worthOf = (status: Loose): string =>
  JSON.stringify(
    Object.entries(status ?? {})
      .filter(([, value]) => value !== 0 && value !== undefined && value !== null)
      .sort(),
  )
const revisionOf = (pod: Loose): string | undefined => pod.metadata.labels?.['controller-revision-hash']

/** Moments that are tried for what the controller saw. */
const back = 12

for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
  const { about, objects } = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Loose
  const look = (given: readonly Loose[], at: number): Loose[] => {
    const options = { controller, release: about.release, featureGates: about.featureGates ?? {}, now: timeOf(at) }
    return next(given, options)
      .flatMap((decision) => [...decision.actions])
      .filter((action) => action.object.kind !== 'Event')
  }
  describe(about.name, () => {
    test('each write of the controller is foretold, and in quiet moments there is nothing to do', () => {
      const wrong: string[] = []
      const past: (readonly Loose[])[] = []
      let last = 0
      for (const { at, by, call, object, before } of replayed({ objects })) {
        past.push(before)
        if (by === controller) {
          const verb = call === 'update status' ? 'update-status' : call.split(' ')[0]
          const isIt = (action: Loose): boolean =>
            action.verb === verb &&
            action.object.kind === object.kind &&
            action.object.metadata.name === object.metadata.name &&
            (verb !== 'update-status' || worthOf(action.object.status) === worthOf(object.status)) &&
            (verb !== 'create' || object.kind !== 'Pod' || revisionOf(action.object) === revisionOf(object))
          if (!past.slice(-back).some((given) => look(given, at).some(isIt)))
            wrong.push(`${at} s: ${verb} ${object.kind}/${object.metadata.name}`)
        } else if (at - last > 2) {
          for (const action of look(before, at - 0.05)) wrong.push(`quiet at ${at} s: ${action.verb} ${action.object.metadata.name}`)
        }
        last = at
      }
      expect(wrong).toEqual([])
    })
  })
}
