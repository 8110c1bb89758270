/**
 * kubectl taint. The whole list of taints is sent, newest first; it says nothing of a dry run. Source: kubectl.md 4.3, 4.5, 6.1, 6.2; kubectl pkg/cmd/taint, 1.36.
 */
import type { Story } from '../client/story.ts'
import { labelValue, qualifiedName } from '../objects/names.ts'
import type { Taint } from '../objects/node.ts'
import type { Command } from './command.ts'
import { Failure, refusal, usageRefusal } from './failure.ts'
import { dryRunFlag, printFlags, quietFlags, selectorFlag, validateFlag } from './parse.ts'
import { ask, dryRunOf, kindMeant, printerOf, type Session, validationOf } from './session.ts'
import { visit } from './targets.ts'

export const taint: Command = {
  flags: [...printFlags, ...quietFlags, selectorFlag, dryRunFlag, validateFlag, 'overwrite bool', 'all bool'],
  run: taintNodes,
}

type Mark = { readonly key: string; readonly value: string; readonly effect: string }

function* taintNodes(session: Session): Story<void> {
  const { flags, args } = session
  const dryRun = dryRunOf(session)
  const validation = validationOf(session)
  const isTaint = (word: string): boolean => word.includes('=') || word.includes(':') || word.endsWith('-')
  const first = args.findIndex(isTaint)
  const resources = first < 0 ? args : args.slice(0, first)
  const specs = first < 0 ? [] : args.slice(first)
  const odd = specs.find((word) => !isTaint(word))
  if (odd !== undefined) throw refusal(`all resources must be specified before taint changes: ${odd}`)
  const type = resources[0]
  if (type === undefined) throw refusal('one or more resources must be specified as <resource> <name>')
  if (specs.length === 0) throw refusal('at least one taint update is required')
  const { adds, removes } = readTaints(specs)
  const print = printerOf(session)
  const kind = kindMeant(type.toLowerCase())
  if (kind.kind !== 'Node') throw refusal(`invalid resource type ${type.toLowerCase()}, only node types are supported`)
  const clash = adds.flatMap((add) =>
    removes
      .filter((each) => each.key === add.key && (each.effect === '' || each.effect === add.effect))
      .map((each) => `${each.key}=${each.effect}`),
  )
  if (clash.length > 0) throw refusal(`can not both modify and remove the following taint(s) in the same command: ${clash.join(', ')}`)
  const selector = flags.text('selector')
  const all = flags.is('all')
  if (all && selector !== undefined) throw refusal("setting 'all' parameter with a non empty selector is prohibited")
  if (!all && selector === undefined && resources.length < 2)
    throw refusal("at least one resource name must be specified since 'all' parameter is not set")
  const named = all || selector !== undefined ? ['node'] : ['node', ...resources.slice(1)]
  yield* visit(session, { args: named, selector, all, fetch: 'latest' }, function* ({ name, object }) {
    const old = (object?.['spec']?.taints ?? []) as readonly Taint[]
    const overwrite = flags.is('overwrite')
    const there = adds.filter((add) => old.some((each) => each.key === add.key && each.effect === add.effect)).map((add) => add.key)
    if (!overwrite && there.length > 0)
      throw refusal(`node ${name} already has ${there.join(',')} taint(s) with same effect(s) and --overwrite is false`)
    const fresh = adds.map((add) => ({ effect: add.effect, key: add.key, ...(add.value === '' ? {} : { value: add.value }) }) as Taint)
    const kept = old.filter((each) => !fresh.some((add) => add.key === each.key && add.effect === each.effect))
    let next: readonly Taint[] = [...fresh, ...kept]
    const added = next.length !== old.length
    let removed = false
    const absent: string[] = []
    for (const each of removes) {
      const left = next.filter((one) => !(one.key === each.key && (each.effect === '' || one.effect === each.effect)))
      removed = left.length !== next.length
      if (!removed) absent.push(each.effect === '' ? each.key : `${each.key}:${each.effect}`)
      next = left
    }
    if (absent.length > 0) throw new Failure(absent.map((text) => ({ text: `taint ${JSON.stringify(text)} not found` })))
    const operation = (added && removed) || overwrite ? 'modified' : added ? 'tainted' : 'untainted'
    const same = JSON.stringify(next) === JSON.stringify(old)
    const patch = same ? {} : { spec: { taints: next.length === 0 ? null : next } }
    if (dryRun === 'client') {
      print(kind, { ...(object as NonNullable<typeof object>), spec: { ...object?.['spec'], taints: next } }, operation)
      return
    }
    const answer = yield* ask(session, {
      verb: 'patch',
      kind: 'Node',
      name,
      type: 'strategic',
      patch,
      fieldValidation: validation,
      ...(dryRun === 'server' ? { dryRun: true } : {}),
    })
    print(kind, answer.object, operation)
  })
}

function readTaints(specs: readonly string[]): { readonly adds: readonly Mark[]; readonly removes: readonly Mark[] } {
  const adds: Mark[] = []
  const removes: Mark[] = []
  const wrong = (text: string): Failure => usageRefusal(text, 'taint')
  for (const spec of specs) {
    if (spec.endsWith('-')) {
      removes.push(readTaint(spec.slice(0, -1)))
      continue
    }
    const add = readTaint(spec)
    if (add.effect === '') throw wrong(`invalid taint spec: ${spec}`)
    if (adds.some((each) => each.key === add.key && each.effect === add.effect)) {
      throw wrong(`duplicated taints with the same key and effect: {${add.key} ${add.value} ${add.effect} <nil>}`)
    }
    adds.push(add)
  }
  return { adds, removes }

  function readTaint(spec: string): Mark {
    const parts = spec.split(':')
    if (parts.length > 2) throw wrong(`invalid taint spec: ${spec}`)
    const [left = '', effect = ''] = parts
    if (parts.length === 1) return checkedKey({ key: left, value: '', effect: '' })
    if (!['NoSchedule', 'PreferNoSchedule', 'NoExecute'].includes(effect))
      throw wrong(`invalid taint effect: ${effect}, unsupported taint effect`)
    const [key = '', value = '', ...more] = left.split('=')
    if (more.length > 0) throw wrong(`invalid taint spec: ${spec}`)
    const errors = labelValue(value)
    if (errors.length > 0) throw wrong(`invalid taint spec: ${spec}, ${errors.join('; ')}`)
    return checkedKey({ key, value, effect })

    function checkedKey(mark: Mark): Mark {
      const wrongs = qualifiedName(mark.key)
      if (wrongs.length > 0) throw wrong(`invalid taint spec: ${spec}, ${wrongs.join('; ')}`)
      return mark
    }
  }
}
