/**
 * Plays one case: changes, a look of `next`, what it answers applied, and everything the case says must hold.
 * Source: the README of the cases ("`then`", "What always holds").
 */
import { type Decision, type NextOptions, next } from '../../../src/cluster/next.ts'
import {
  agrees,
  areCalls,
  callsOf,
  frozen,
  isMap,
  isSame,
  type Loose,
  listOf,
  milliseconds,
  rangeOf,
  rangesOf,
  wordsOf,
} from './compare.ts'
import { unrolled } from './parameters.ts'
import { World } from './world.ts'

const revisionLabel = 'controller-revision-hash'
const nameLabel = 'statefulset.kubernetes.io/pod-name'
const indexLabel = 'apps.kubernetes.io/pod-index'
const counts = ['replicas', 'readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas']

const stateWords = [
  'counts',
  'status',
  'observed',
  'current',
  'update',
  'pods',
  'standing',
  'at',
  'kept',
  'renewed',
  'numbers',
  'revisions',
  'revisions at most',
  'owners',
  'stored',
  'orphans',
  'match',
]
const lookWords = [
  'acts',
  'acts one of',
  'acts of any order',
  'claims',
  'history',
  'nothing',
  'total',
  'writes',
  'error',
  'remember error',
  'error as before',
  'waits',
  'wakes',
  'events',
  'events may be',
  'events at least',
  'event kinds',
]
const loopWords = ['acts', 'acts of any order', 'claims', 'history', 'total', 'errors', 'waits', 'within']

/** What the calls of a look mean, told by ordinal and letter. */
type Told = {
  readonly pods: string[]
  readonly claims: string[]
  readonly history: string[]
  readonly events: string[]
  writes: number
  calls: number
}

/** A check that nobody reads would be a promise that nobody keeps. */
const mustKnow = (map: Loose, words: readonly string[]): void => {
  for (const key of Object.keys(map ?? {})) if (!words.includes(key)) throw new Error(`nobody reads ${key}`)
}

export class Run {
  readonly failures: string[] = []
  private readonly world: World
  private readonly kase: Loose
  private place = 'start'
  private remembered: string | null = null

  constructor(kase: Loose, fixtures: Loose) {
    this.kase = kase
    this.world = new World(kase, fixtures)
  }

  play(): readonly string[] {
    this.world.build((objects, options) => this.ask(objects, options))
    for (const [i, round] of unrolled(this.kase.rounds).entries()) {
      this.place = `round ${i + 1}`
      const loops = round.until !== undefined
      mustKnow(round.then, [...stateWords, ...(loops ? loopWords : round.look === false ? [] : lookWords)])
      if (round.when) this.world.change(round.when)
      if (loops) this.untilQuiet(round)
      else if (round.look === false) this.judgeStored(round.then ?? {})
      else for (let n = 0; n < (round.repeat ?? 1); n++) this.look(round)
    }
    return this.failures
  }

  private check(what: string, holds: boolean, wanted: unknown, found: unknown): void {
    const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))
    if (!holds) this.failures.push(`${this.place}: ${what}: expected ${text(wanted)}, found ${text(found)}`)
  }
  private equal(what: string, wanted: Loose, found: Loose): void {
    this.check(what, isSame(wanted, found), wanted, found)
  }

  private ask(objects: Loose[], options: NextOptions): Decision {
    const decisions = next(frozen(objects), options).filter(
      ({ object }) => object.kind === 'StatefulSet' && object.name === this.world.name,
    )
    if (decisions.length !== 1) throw new Error(`${decisions.length} decisions about ${this.world.name}`)
    return decisions[0] as Decision
  }

  private rules(fail: Loose): Loose[] {
    return listOf<string>(fail).map((text) => {
      const [verb, kind, ...rest] = wordsOf(text)
      const times = /^x\d+$/.test(rest.at(-1) ?? '') ? { times: Number((rest.pop() as string).slice(1)) } : {}
      const reason = rest.pop()
      return { verb, kind, reason, ...times, ...(rest[0] === undefined ? {} : { name: this.world.podName(rest[0]) }) }
    })
  }

  private look(round: Loose): void {
    const decision = this.ask(this.world.objects(), this.world.options(this.rules(round.fail)))
    const told = this.tell(decision)
    this.judgeSoundness(decision)
    this.world.apply(decision.actions, round.deletes ?? this.kase.deletes ?? 'linger')
    this.judgeLook(round.then ?? {}, decision, told)
    this.judgeInvariants(round.keep)
    this.judgeStored(round.then ?? {})
  }

  private untilQuiet(round: Loose): void {
    const { world } = this
    const all: Told = { pods: [], claims: [], history: [], events: [], writes: 0, calls: 0 }
    const rules = this.rules(round.fail)
    let errors = 0
    for (let n = 0; ; n++) {
      if (n === (round.looks ?? 400)) throw new Error('no rest')
      const live = rules.filter((rule) => rule.times === undefined || rule.times > 0)
      const decision = this.ask(world.objects(), world.options(live))
      const told = this.tell(decision)
      this.judgeSoundness(decision)
      if (wordsOf(round.keep).includes('S')) this.judgeSteps(told)
      const met = live.filter(
        (rule) => rule.times > 0 && decision.actions.some((action) => action.answer === rule.reason && action.verb === rule.verb),
      )
      for (const rule of met) rule.times--
      world.apply(decision.actions, round.deletes ?? this.kase.deletes ?? 'linger')
      for (const part of ['pods', 'claims', 'history'] as const) all[part].push(...told[part])
      if (decision.error !== null) errors++
      this.judgeInvariants(round.keep)
      if (round.each) this.judgeStored(round.each)
      const moved = world.machines(round.kubelet ?? 'all')
      world.now += milliseconds(round.tick ?? '1s')
      const acted = decision.actions.some((action) => action.answer === 'ok' && action.object.kind !== 'Event')
      if (acted || moved || met.length > 0) continue
      if (round.time === true && decision.wakesAfter !== null) {
        world.now += Math.ceil(decision.wakesAfter * 1000)
        continue
      }
      this.judgeLoop(round.then ?? {}, all, errors, n, decision)
      this.judgeStored(round.then ?? {})
      return
    }
  }

  private judgeLoop(then: Loose, all: Told, errors: number, looks: number, decision: Decision): void {
    const moves = all.pods.filter((call) => !call.startsWith('update'))
    if (then.acts !== undefined) this.equal('calls in all', callsOf(then.acts), moves)
    if (then['acts of any order'] !== undefined) this.equal('calls in all', callsOf(then['acts of any order']).sort(), [...moves].sort())
    if (then.claims !== undefined) this.equal('claims in all', callsOf(then.claims), all.claims)
    if (then.history !== undefined) this.equal('history in all', then.history, all.history)
    for (const [verb, n] of Object.entries(then.total ?? {})) this.equal(`calls to ${verb}`, n, numberOf(all, verb))
    if (then.errors !== 'any') this.equal('looks with an error', then.errors ?? 0, errors)
    if (then.waits !== undefined) this.judgeText('waits', then.waits, decision.waits)
    if (then.within !== undefined) this.check('looks', looks <= then.within, then.within, looks)
  }

  // ---- one look

  private tell(decision: Decision): Told {
    const { world } = this
    const told: Told = { pods: [], claims: [], history: [], events: [], writes: 0, calls: 0 }
    const now = new Map<string, Loose>()
    for (const { verb, object, answer, event } of decision.actions) {
      if (event !== null) told.events.push(`${event.type} ${event.reason} ${event.message}`)
      if (object.kind === 'Event') continue
      told.calls++
      const refused = answer !== 'ok'
      const mark = refused ? '!' : ''
      const { name } = object.metadata
      const key = world.keyOf(object)
      const before = now.get(key) ?? world.store.get(key)
      const meaning = before === undefined ? verb : this.meaningOf(verb, before, object, refused)
      if (!refused) now.set(key, object)
      switch (object.kind) {
        case 'StatefulSet':
          if (verb === 'update-status') told.writes++
          else told.history.push(`${verb} the set`)
          break
        case 'Pod':
          told.pods.push(`${meaning}${mark} ${world.shortName(name)}`)
          break
        case 'PersistentVolumeClaim': {
          const word = this.claimWord(name)
          if (meaning !== 'update' || !told.claims.includes(`create ${word}`)) told.claims.push(`${meaning}${mark} ${word}`)
          break
        }
        case 'ControllerRevision':
          if (verb === 'create' && !refused) world.remember(object)
          told.history.push(`${meaning}${mark} ${world.letterOf(name)}`)
          break
        default:
          told.history.push(`${meaning}${mark} ${object.kind} ${name}`)
      }
    }
    return told
  }

  private meaningOf(verb: string, before: Loose, after: Loose, refused: boolean): string {
    const changed = verb === 'patch' ? 'update' : verb
    if (changed !== 'update' || (refused && after.kind === 'Pod' && verb === 'update') || after.kind === 'PersistentVolumeClaim')
      return changed
    const [had, has] = [this.world.owns(before), this.world.owns(after)]
    if (had !== has) return has ? 'adopt' : 'release'
    return after.kind === 'ControllerRevision' && before.revision !== after.revision ? 'renumber' : changed
  }

  private claimWord(name: string): string {
    const templates: Loose[] = this.world.set.spec.volumeClaimTemplates ?? []
    const prefix = `${templates[0]?.metadata.name}-${this.world.name}-`
    return templates.length === 1 && name.startsWith(prefix) ? name.slice(prefix.length) : name
  }

  private judgeText(what: string, wanted: Loose, found: string | null): void {
    if (wanted === false || wanted === null) this.check(what, found === null, 'none', found)
    else if (wanted === true) this.check(what, found !== null, 'some', found)
    else this.check(what, found !== null && new RegExp(wanted, 'i').test(found), wanted, found)
  }

  private judgeLook(then: Loose, decision: Decision, told: Told): void {
    if (then.acts !== undefined) this.check('calls', areCalls(callsOf(then.acts), told.pods), then.acts, told.pods)
    const oneOf: Loose[] | undefined = then['acts one of']
    if (oneOf)
      this.check(
        'calls',
        oneOf.some((calls) => areCalls(callsOf(calls), told.pods)),
        oneOf,
        told.pods,
      )
    if (then['acts of any order'] !== undefined) {
      const plain = (call: string): string => call.replace(/[!?]/, '')
      const sorted = (calls: readonly string[]): string[] => [...calls].sort((a, b) => (plain(a) < plain(b) ? -1 : 1))
      this.check('calls', areCalls(sorted(callsOf(then['acts of any order'])), sorted(told.pods)), then['acts of any order'], told.pods)
    }
    if (then.claims !== undefined) this.equal('claims', callsOf(then.claims), told.claims)
    if (then.history !== undefined) this.equal('history', listOf(then.history), told.history)
    if (then.nothing === true) this.equal('calls', 0, told.calls)
    for (const [verb, n] of Object.entries(then.total ?? {})) this.equal(`calls to ${verb}`, n, numberOf(told, verb))
    if (then.writes !== undefined) this.equal('status writes', then.writes, told.writes)
    if (then['remember error'] === true) this.remembered = decision.error
    if (then['error as before'] === true) this.equal('error', this.remembered, decision.error)
    if (then.error !== 'any') this.judgeText('error', then.error ?? false, decision.error)
    if (then.waits !== undefined) this.judgeText('waits', then.waits, decision.waits)
    this.judgeEvents(then, told.events)
    const { wakesAfter } = decision
    if (then.wakes === true) this.check('wakesAfter', wakesAfter !== null && wakesAfter > 0, 'some', wakesAfter)
    else if (then.wakes === null) this.equal('wakesAfter', null, wakesAfter)
    else if (then.wakes !== undefined) this.check('wakesAfter', Math.abs((wakesAfter ?? -1) - then.wakes) < 0.001, then.wakes, wakesAfter)
  }

  private judgeEvents(then: Loose, events: string[]): void {
    const some = (wanted: Loose[], event: string): boolean => wanted.some((each) => agrees(each, event))
    if (then.events !== undefined) this.check('events', agrees(listOf(then.events), events), then.events, events)
    const allowed = then['events may be'] === undefined ? undefined : listOf<Loose>(then['events may be'])
    if (allowed)
      this.check(
        'events',
        events.every((event) => some(allowed, event)),
        allowed,
        events,
      )
    for (const each of listOf<Loose>(then['events at least']))
      this.check(
        'events',
        events.some((event) => agrees(each, event)),
        each,
        events,
      )
    const kinds = events.map((event) => event.split(' ').slice(0, 2).join(' '))
    if (then['event kinds'] !== undefined) this.equal('events', listOf(then['event kinds']), kinds)
  }

  /** What is true of each look, whatever the case is about. */
  private judgeSoundness(decision: Decision): void {
    const { world } = this
    const now = new Map<string, Loose>()
    let reached = 0
    for (const action of decision.actions) {
      const { verb, object, answer } = action
      if (object.kind === 'Event') continue
      const key = world.keyOf(object)
      const before = now.get(key) ?? world.store.get(key)
      const rank = rankOf(verb, object.kind)
      const passesOn =
        rank === 2 && (verb === 'patch' || verb === 'update') && before !== undefined && world.owns(before) !== world.owns(object)
      if (!passesOn) {
        this.check('order of calls', rank >= reached, 'revisions, pods and claims, status, old revisions', `${verb} ${object.kind}`)
        reached = Math.max(reached, rank)
      }
      if (answer !== 'ok') continue
      if (before !== undefined && verb !== 'create' && verb !== 'delete' && object.kind !== 'Pod') {
        const part = verb === 'update-status' ? statusOf : specOf
        this.check(`${verb} ${object.metadata.name}`, !isSame(part(before), part(object)), 'a change', 'none')
      }
      now.set(key, object)
      if (verb !== 'create') continue
      if (object.kind === 'Pod') this.judgeNewPod(object, now)
      if (object.kind === 'PersistentVolumeClaim')
        this.equal(`owners of ${object.metadata.name}`, [], object.metadata.ownerReferences ?? [])
    }
  }

  private judgeNewPod(pod: Loose, now: ReadonlyMap<string, Loose>): void {
    const { world } = this
    const { name, labels, ownerReferences } = pod.metadata
    const held = labels[revisionLabel]
    this.equal(`labels of ${name}`, [name, String(world.ordinalOf(name))], [labels[nameLabel], labels[indexLabel]])
    this.equal(`host of ${name}`, [name, world.set.spec.serviceName ?? ''], [pod.spec.hostname, pod.spec.subdomain ?? ''])
    this.equal(`owner of ${name}`, world.owner('set'), ownerReferences[0])
    const revision =
      world.get('ControllerRevision', held) ??
      [...now.values()].find((each) => each.kind === 'ControllerRevision' && each.metadata.name === held)
    const template = revision?.data.spec.template
    this.equal(`image of ${name}`, template?.spec.containers[0].image, pod.spec.containers[0].image)
    this.check(`labels of ${name}`, agrees(template?.metadata?.labels ?? {}, labels), template?.metadata?.labels, labels)
    this.judgeVolumes(pod)
  }

  private judgeVolumes(pod: Loose): void {
    for (const template of this.world.set.spec.volumeClaimTemplates ?? []) {
      const volumes = (pod.spec.volumes ?? []).filter((volume: Loose) => volume.name === template.metadata.name)
      const claim = `${template.metadata.name}-${pod.metadata.name}`
      this.equal(
        `claim of ${pod.metadata.name}`,
        [claim],
        volumes.map((volume: Loose) => volume.persistentVolumeClaim?.claimName),
      )
    }
  }

  // ---- invariants

  private judgeInvariants(names: unknown): void {
    const { world } = this
    if (world.set === undefined) return
    const pods = world.ours().filter((pod) => pod.metadata.name.startsWith(`${world.name}-`))
    for (const name of wordsOf(names)) {
      switch (name) {
        case 'M':
          this.judgeIdentities(pods)
          this.judgeOrder(pods)
          break
        case 'B':
          this.judgeIdentities(pods)
          break
        case 'U':
          this.judgeIdentities(pods)
          this.judgeRevisions(pods)
          break
        case 'C':
          this.judgeClaimOwners(pods)
          break
        case 'S': // judged beside the calls
          break
        default:
          throw new Error(`no invariant ${name}`)
      }
    }
  }

  private judgeIdentities(pods: Loose[]): void {
    const { spec } = this.world.set
    for (const pod of pods) {
      const { name, labels } = pod.metadata
      this.equal(`label of ${name}`, name, labels?.[nameLabel])
      this.judgeVolumes(pod)
      if (spec.persistentVolumeClaimRetentionPolicy?.whenScaled === 'Delete') continue
      for (const claim of this.world.claimNames(name))
        this.check(claim, this.world.get('PersistentVolumeClaim', claim) !== undefined, 'there', 'not')
    }
  }

  private judgeOrder(pods: Loose[]): void {
    pods.forEach((pod, i) => {
      this.equal('ordinals without gaps', this.world.start + i, this.world.ordinalOf(pod.metadata.name))
      if (i > 0 && isReady(pod)) this.check(`Ready before ${pod.metadata.name}`, isReady(pods[i - 1]), 'the one below', 'not')
    })
  }

  private judgeRevisions(pods: Loose[]): void {
    const { spec, status = {} } = this.world.set
    if (spec.updateStrategy?.type !== 'RollingUpdate') return
    const held = pods.filter((pod) => !pod.metadata.deletionTimestamp).map((pod) => pod.metadata.labels?.[revisionLabel])
    for (const each of held.slice(0, status.currentReplicas ?? 0)) this.equal('low pods', status.currentRevision, each)
    const updated = status.updatedReplicas ?? 0
    if (updated > 0) for (const each of held.slice(-updated)) this.equal('high pods', status.updateRevision, each)
  }

  private judgeClaimOwners(pods: Loose[]): void {
    const { world } = this
    const { persistentVolumeClaimRetentionPolicy: policy = {}, replicas = 1 } = world.set.spec
    for (const pod of pods) {
      if (!isReady(pod) || pod.metadata.deletionTimestamp) continue
      const ordinal = world.ordinalOf(pod.metadata.name)
      const isInside = ordinal >= world.start && ordinal < world.start + replicas
      const wanted = policy.whenScaled === 'Delete' && !isInside ? 'pod' : policy.whenDeleted === 'Delete' ? 'set' : '-'
      for (const name of world.claimNames(pod.metadata.name)) {
        if (world.get('PersistentVolumeClaim', name) !== undefined) this.judgeOwners(name, wanted)
      }
    }
  }

  /** OrderedReady: one step a look, upwards behind Ready pods, downwards from the top. */
  private judgeSteps(told: Told): void {
    const { world } = this
    const moves = told.pods.filter((call) => /^(create|delete) \d+$/.test(call))
    this.check('one step a look', moves.length <= 1, 'one', moves)
    const { replicas = 1 } = world.set.spec
    for (const move of moves) {
      const [verb, key] = move.split(' ') as [string, string]
      const ordinal = Number(key)
      if (verb === 'create') {
        for (let k = world.start; k < ordinal; k++) {
          const pod = world.get('Pod', world.podName(String(k)))
          this.check(`${k} before ${ordinal}`, pod !== undefined && !pod.metadata.deletionTimestamp && hasReady(pod), 'Ready', 'not')
        }
      } else if (ordinal >= world.start + replicas || ordinal < world.start) {
        const above = world.ours().map((pod) => world.ordinalOf(pod.metadata.name))
        const outside = above.filter((k) => k > ordinal && (k >= world.start + replicas || k < world.start))
        this.equal(`gone before ${ordinal}`, [], outside)
      }
    }
  }

  // ---- what is stored

  private judgeOwners(name: string, wanted: unknown): void {
    const { world } = this
    const claim = world.get('PersistentVolumeClaim', name)
    const pod = name.slice(name.indexOf(`-${world.name}-`) + 1)
    const uid = world.get('Pod', pod)?.metadata.uid ?? 'e9'
    const words = wordsOf(
      listOf(wanted)
        .filter((word) => word !== null)
        .join(' '),
    ).filter((word) => word !== '-')
    const text = (owner: Loose): string => `${owner.kind}/${owner.name}/${owner.uid}${owner.controller ? ' controller' : ''}`
    const owners = words.map((word) => text(world.owner(word, { name: pod, uid }))).sort()
    this.equal(`owners of ${name}`, owners, (claim?.metadata.ownerReferences ?? []).map(text).sort())
  }

  private judgeStored(then: Loose): void {
    const { world } = this
    const status = world.set?.status ?? {}
    const names = (pods: Loose[]): string[] => pods.map((pod) => world.shortName(pod.metadata.name))
    if (then.counts !== undefined) {
      const found = counts.map((field) => status[field] ?? 0)
      const wanted = String(then.counts).split('/')
      this.check(
        'counts',
        wanted.every((count, i) => count === '-' || Number(count) === found[i]),
        then.counts,
        found.join('/'),
      )
    }
    if (then.status) this.check('status', agrees(then.status, status), then.status, status)
    if (then.observed === true) this.equal('observedGeneration', world.set.metadata.generation, status.observedGeneration)
    if (then.current) this.equal('currentRevision', then.current, world.letterOf(status.currentRevision))
    if (then.update) this.equal('updateRevision', then.update, world.letterOf(status.updateRevision))
    if (then.pods !== undefined) this.equal('pods', rangesOf(then.pods), names(world.pods()))
    const standing = world.pods().filter((pod) => !pod.metadata.deletionTimestamp)
    if (then.standing !== undefined) this.equal('standing pods', rangesOf(then.standing), names(standing))
    const orphans = world.pods().filter((pod) => (pod.metadata.ownerReferences ?? []).length === 0)
    if (then.orphans !== undefined) this.equal('orphans', rangesOf(then.orphans), names(orphans))
    this.judgePods(then)
    const revisions = world.all('ControllerRevision')
    if (then.numbers)
      this.equal('numbers', then.numbers, Object.fromEntries(revisions.map((each) => [world.letterOf(each.metadata.name), each.revision])))
    if (then.revisions !== undefined) this.equal('revisions', then.revisions, revisions.length)
    const most = then['revisions at most']
    if (most !== undefined) this.check('revisions', revisions.length <= most, most, revisions.length)
    for (const [keys, wanted] of Object.entries(then.owners ?? {})) {
      for (const key of rangeOf(keys))
        for (const name of /^\d+$/.test(key) ? world.claimNames(world.podName(key)) : [key]) this.judgeOwners(name, wanted)
    }
    if (then.stored !== undefined) {
      const claims = world.all('PersistentVolumeClaim').map((claim) => this.claimWord(claim.metadata.name))
      this.equal('claims stored', rangesOf(then.stored).sort(), claims.sort())
    }
    for (const [name, wanted] of Object.entries<Loose>(then.match ?? {})) this.judgeMatch(name, wanted)
  }

  private judgePods(then: Loose): void {
    const { world } = this
    for (const [letter, keys] of Object.entries(then.at ?? {})) {
      for (const key of rangesOf(keys)) {
        const pod = world.get('Pod', world.podName(key))
        const found = [world.letterOf(pod?.metadata.labels?.[revisionLabel]), pod?.spec.containers[0].image]
        this.equal(`pod ${key}`, [letter, world.template(letter).spec.containers[0].image], found)
      }
    }
    const same = (key: string): boolean => {
      const name = world.key('Pod', world.podName(key))
      return world.store.get(name)?.metadata.uid === world.wasMarked(name)
    }
    if (then.kept !== undefined) for (const key of rangesOf(then.kept)) this.check(`pod ${key}`, same(key), 'the same', 'another')
    if (then.renewed !== undefined) {
      for (const key of rangesOf(then.renewed))
        this.check(`pod ${key}`, !same(key) && world.get('Pod', world.podName(key)) !== undefined, 'another', 'the same')
    }
  }

  private judgeMatch(name: string, wanted: Loose): void {
    const { world } = this
    const [kind, n] = name.split('/') as [string, string]
    const found =
      kind === 'StatefulSet' ? world.set : kind === 'ControllerRevision' && /^[A-Z]$/.test(n) ? world.revision(n) : world.get(kind, n)
    if (wanted === null) this.check(name, found === undefined, 'none', 'one')
    else this.check(name, found !== undefined && agrees(wanted, found), wanted, found)
  }
}

const numberOf = (told: Told, verb: string): number => told.pods.filter((call) => call.replace('!', '').startsWith(`${verb} `)).length

const rankOf = (verb: string, kind: string): number =>
  kind === 'ControllerRevision' ? (verb === 'delete' ? 4 : 1) : kind === 'StatefulSet' ? 3 : 2

const hasReady = (pod: Loose): boolean =>
  pod.status?.conditions?.some((each: Loose) => each.type === 'Ready' && each.status === 'True') === true
const isReady = (pod: Loose): boolean => pod !== undefined && pod.status?.phase === 'Running' && hasReady(pod)

const statusOf = (object: Loose): Loose => ({
  ...object.status,
  ...Object.fromEntries(counts.map((field) => [field, object.status?.[field] ?? 0])),
  collisionCount: null,
})
const specOf = ({ status: _, ...object }: Loose): Loose => ({
  ...object,
  metadata: isMap(object.metadata) ? { ...object.metadata, resourceVersion: null, uid: null, generation: null } : null,
})
