/**
 * The objects of one case, and what users, machines and the garbage collector do to them.
 * Source: the README of the cases ("How a case begins", "Pods", "Claims", "A round", "Applying").
 */
import type { Action, Decision } from '../../../src/cluster/next.ts'
import {
  frozen,
  isAlmostSame,
  isMap,
  isSame,
  type Loose,
  listOf,
  merged,
  milliseconds,
  rangeOf,
  rangesOf,
  wideFirst,
  wordsOf,
} from './compare.ts'

const begin = Date.UTC(2026, 0, 1, 1)
const revisionLabel = 'controller-revision-hash'
const textOf = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z')

export type Ask = (objects: Loose[], options: Loose) => Decision

/** Owner references by word: what they say beside the uid of our set and pod. */
const strangers: Record<string, Loose> = {
  other: { kind: 'ConfigMap', name: 'friend', uid: 'f2', controller: undefined, blockOwnerDeletion: undefined },
  other2: { kind: 'ConfigMap', name: 'friend-2', uid: 'f3', controller: undefined, blockOwnerDeletion: undefined },
  'other-false': { kind: 'ConfigMap', name: 'friend-3', uid: 'f4', controller: false },
  foreign: { kind: 'ConfigMap', name: 'boss', uid: 'f1' },
  'other-pod': { kind: 'Pod', name: 'somebody', uid: 'f5' },
  'other-set': { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'unknown', uid: 'f6' },
  'kind-set': { apiVersion: 'example.com/v1', kind: 'Set', uid: 'f7' },
  'same-name': { apiVersion: 'example.com/v1', kind: 'Thing', uid: 'f8', controller: undefined, blockOwnerDeletion: undefined },
}

export class World {
  readonly kase: Loose
  readonly fixtures: Loose
  now = begin
  readonly store = new Map<string, Loose>()
  namespace = ''
  name = ''
  private base: Loose
  private serial = 0
  private version = 100
  private readonly known = new Map<string, Loose>()
  private readonly stuck = new Set<string>()
  private broken: Set<string>
  private marked = new Map<string, string>()

  constructor(kase: Loose, fixtures: Loose) {
    this.kase = kase
    this.fixtures = fixtures
    this.broken = new Set(listOf<string>(kase.broken))
  }

  // ---- what is there

  private uid(): string {
    return `00000000-0000-4000-8000-${String(++this.serial).padStart(12, '0')}`
  }
  keyOf(object: Loose): string {
    return `${object.kind}/${object.metadata.namespace ?? ''}/${object.metadata.name}`
  }
  key(kind: string, name: string): string {
    return `${kind}/${this.namespace}/${name}`
  }
  get(kind: string, name: string): Loose {
    return this.store.get(this.key(kind, name))
  }
  all(kind: string): Loose[] {
    return [...this.store.values()].filter((object) => object.kind === kind)
  }
  get set(): Loose {
    return this.get('StatefulSet', this.name)
  }
  get start(): number {
    return this.set.spec.ordinals?.start ?? 0
  }
  podName(key: string): string {
    return /^\d+$/.test(key) ? `${this.name}-${key}` : key
  }
  shortName(name: string): string {
    return name.startsWith(`${this.name}-`) ? name.slice(this.name.length + 1) : name
  }
  ordinalOf(name: string): number {
    return Number(/-(\d+)$/.exec(name)?.[1] ?? -1)
  }
  owns(object: Loose): boolean {
    return (object.metadata.ownerReferences ?? []).some((owner: Loose) => owner.controller === true && owner.uid === this.set.metadata.uid)
  }
  pods(): Loose[] {
    const byName = (a: Loose, b: Loose): number => (a.metadata.name < b.metadata.name ? -1 : 1)
    return this.all('Pod').sort((a, b) => this.ordinalOf(a.metadata.name) - this.ordinalOf(b.metadata.name) || byName(a, b))
  }
  ours(): Loose[] {
    return this.pods().filter((pod) => this.owns(pod))
  }
  claimNames(pod: string): string[] {
    return (this.set.spec.volumeClaimTemplates ?? []).map((template: Loose) => `${template.metadata.name}-${pod}`)
  }
  put(object: Loose): Loose {
    const stored = structuredClone(object)
    stored.metadata.resourceVersion = String(++this.version)
    this.store.set(this.keyOf(stored), frozen(stored))
    if (stored.kind === 'ControllerRevision') this.known.set(stored.metadata.name, stored)
    return stored
  }

  // ---- letters

  letters(): string[] {
    const named = new Set(['A', ...Object.keys(this.kase.templates ?? {})])
    for (const [letter] of JSON.stringify(this.kase).matchAll(/\b[B-P]\b/g)) named.add(letter)
    return [...named]
  }
  template(letter: string): Loose {
    const own = this.kase.templates?.[letter]
    if (letter === 'A') return own === undefined ? this.base.spec.template : merged(this.base.spec.template, own)
    const template = structuredClone(this.template('A'))
    template.spec.containers[0].image = this.fixtures.images[letter] ?? `image-${letter.toLowerCase()}`
    return own === undefined ? template : merged(template, own)
  }
  holds(revision: Loose, letter: string): boolean {
    const { $patch: _, ...template } = revision.data?.spec?.template ?? {}
    return isAlmostSame(template, this.template(letter))
  }
  /** The letter of a revision's template; its name if it has none. */
  letterOf(name: string): string {
    const revision = this.known.get(name)
    return (revision && this.letters().find((letter) => this.holds(revision, letter))) ?? name
  }
  revision(letter: string): Loose {
    const held = this.all('ControllerRevision').filter((revision) => this.holds(revision, letter))
    const found =
      held.sort((a, b) => b.revision - a.revision)[0] ?? [...this.known.values()].find((revision) => this.holds(revision, letter))
    if (found === undefined) throw new Error(`no revision holds template ${letter}`)
    return found
  }
  isKnown(revision: string): boolean {
    return this.known.has(revision)
  }
  remember(revision: Loose): void {
    this.known.set(revision.metadata.name, revision)
  }

  // ---- the beginning

  build(ask: Ask): void {
    const { kase, fixtures } = this
    let set = structuredClone(fixtures.sets[kase.of ?? 'foo'])
    for (const trait of [...listOf<string>(kase.use), ...(kase.traits ?? [])]) set.spec = merged(set.spec, fixtures.traits[trait])
    if (kase.spec) set.spec = merged(set.spec, kase.spec)
    if (kase.meta) set.metadata = merged(set.metadata, kase.meta)
    this.base = structuredClone(set)
    this.namespace = set.metadata.namespace
    this.name = set.metadata.name
    set.metadata = { ...set.metadata, uid: this.uid(), generation: 1, creationTimestamp: textOf(begin - 86_400_000) }
    const empty = { replicas: 0, availableReplicas: 0 }
    const revisions = wordsOf(kase.revisions ?? (kase.pods ? 'A' : ''))
    for (const letter of revisions) {
      // The controller itself makes each revision, looking at the set without replicas.
      this.put({ ...set, spec: { ...set.spec, replicas: 0, template: this.template(letter) }, status: empty })
      const { actions } = ask(this.objects(), this.options([]))
      this.apply(
        actions.filter((action) => action.object.kind === 'ControllerRevision' && action.verb !== 'delete'),
        'linger',
      )
      this.now += 1000
    }
    const template = kase.template ?? 'A'
    set = { ...set, spec: { ...set.spec, template: this.template(template) }, status: empty }
    this.put(set)
    this.changePods(kase.pods ?? {})
    if (revisions.length > 0) {
      const last = revisions.at(-1) as string
      const counted = structuredClone(this.set)
      if (template !== last) counted.metadata.generation = 2
      const current = wordsOf(kase.current)[0] ?? (revisions[0] as string)
      counted.status = this.counted(this.revision(current).metadata.name, this.revision(last).metadata.name)
      if (kase.generation) counted.metadata.generation = counted.status.observedGeneration = kase.generation
      this.put(counted)
    }
    for (const object of listOf<Loose>(kase.objects)) this.put(this.completed(object))
    if (kase.status) this.put(merged(this.set, { status: kase.status }))
    this.changeClaims(kase.claims ?? {})
    this.mark()
  }

  private completed({ owner, ...object }: Loose): Loose {
    const metadata = { namespace: this.namespace, creationTimestamp: textOf(begin - 3_600_000), uid: this.uid(), ...object.metadata }
    return { ...object, metadata: owner === undefined ? metadata : { ...metadata, ownerReferences: [this.owner(owner)] } }
  }

  /** What a controller would have counted. */
  private counted(current: string, update: string): Loose {
    const status: Loose = {
      observedGeneration: 1,
      replicas: 0,
      availableReplicas: 0,
      currentRevision: current,
      updateRevision: update,
      collisionCount: 0,
    }
    const add = (field: string): void => {
      status[field] = (status[field] ?? 0) + 1
    }
    const wait = (this.set.spec.minReadySeconds ?? 0) * 1000
    for (const pod of this.ours()) {
      if (!pod.status?.phase) continue
      add('replicas')
      const ready = pod.status.conditions?.find((condition: Loose) => condition.type === 'Ready' && condition.status === 'True')
      if (ready && pod.status.phase === 'Running') {
        add('readyReplicas')
        if (wait === 0 || Date.parse(ready.lastTransitionTime) + wait <= this.now) add('availableReplicas')
      }
      if (pod.metadata.deletionTimestamp) continue
      if (pod.metadata.labels?.[revisionLabel] === current) add('currentReplicas')
      if (pod.metadata.labels?.[revisionLabel] === update) add('updatedReplicas')
    }
    return status
  }

  owner(word: string, pod?: { readonly name: string; readonly uid: string }): Loose {
    const known = strangers[word]
    const controls = { controller: true, blockOwnerDeletion: true }
    if (known !== undefined) return JSON.parse(JSON.stringify({ apiVersion: 'v1', name: this.name, ...controls, ...known }))
    const [what, how] = word.split('-')
    const self =
      what === 'set'
        ? { apiVersion: 'apps/v1', kind: 'StatefulSet', name: this.name, uid: this.set.metadata.uid }
        : { apiVersion: 'v1', kind: 'Pod', name: pod?.name ?? '', uid: pod?.uid }
    if (how === undefined) return { ...self, ...controls }
    if (how === 'plain') return self
    if (how === 'false') return { ...self, ...controls, controller: false }
    return { ...self, ...controls, uid: what === 'set' ? 'e0000000-0000-4000-8000-000000000001' : 'e2' }
  }

  // ---- pods and claims by word

  private newPod(name: string, letter: string): Loose {
    const template = structuredClone(this.template(letter))
    const set = this.set
    const claims = (set.spec.volumeClaimTemplates ?? []).map((each: Loose) => ({
      name: each.metadata.name,
      persistentVolumeClaim: { claimName: `${each.metadata.name}-${name}` },
    }))
    const others = (template.spec.volumes ?? []).filter((volume: Loose) => !claims.some((claim: Loose) => claim.name === volume.name))
    const labels = {
      ...template.metadata.labels,
      'statefulset.kubernetes.io/pod-name': name,
      'apps.kubernetes.io/pod-index': String(this.ordinalOf(name)),
      [revisionLabel]: this.revision(letter).metadata.name,
    }
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        ...template.metadata,
        name,
        generateName: `${this.name}-`,
        namespace: this.namespace,
        uid: this.uid(),
        creationTimestamp: textOf(this.now),
        labels,
        ownerReferences: [this.owner('set')],
      },
      spec: {
        ...template.spec,
        hostname: name,
        ...(set.spec.serviceName ? { subdomain: set.spec.serviceName } : {}),
        volumes: [...claims, ...others],
      },
      status: { phase: 'Pending' },
    }
  }

  private newClaim(template: Loose, pod: string): Loose {
    const { spec } = this.set
    const name = `${template.metadata.name}-${pod}`
    return {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: {
        ...template.metadata,
        name,
        namespace: this.namespace,
        uid: this.uid(),
        creationTimestamp: textOf(this.now),
        finalizers: ['kubernetes.io/pvc-protection'],
        labels: { ...template.metadata.labels, ...spec.selector.matchLabels },
        ...(spec.persistentVolumeClaimRetentionPolicy?.whenDeleted === 'Delete' ? { ownerReferences: [this.owner('set')] } : {}),
      },
      spec: { ...structuredClone(template.spec), volumeName: `pv-${name}` },
      status: { phase: 'Bound' },
    }
  }

  private changePods(map: Record<string, Loose>): void {
    for (const [keys, value] of wideFirst(map))
      for (const key of rangeOf(keys)) this.changePod(this.podName(key), isMap(value) ? value : { state: value })
  }

  private changePod(name: string, value: Loose): void {
    const words = wordsOf(value.state)
    let pod = structuredClone(this.get('Pod', name))
    if (pod === undefined) {
      pod = this.newPod(name, words.find((word) => /^[A-Z]$/.test(word)) ?? 'A')
      const templates = words.includes('no-claim') ? [] : (this.set.spec.volumeClaimTemplates ?? [])
      for (const template of templates) {
        if (this.get('PersistentVolumeClaim', `${template.metadata.name}-${name}`) === undefined) this.put(this.newClaim(template, name))
      }
    }
    const age = words.find((word) => word.startsWith('for='))
    const since = age === undefined ? this.now : this.now - milliseconds(age.slice(4))
    for (const word of words) this.say(pod, word, since)
    if (value.owners !== undefined) {
      pod.metadata.ownerReferences = wordsOf(value.owners).map((word) => this.owner(word, { name, uid: pod.metadata.uid }))
    }
    if (value.merge !== undefined) pod = merged(pod, value.merge)
    if (words.includes('gone')) this.remove(pod)
    else this.put(pod)
  }

  private say(pod: Loose, word: string, since: number): void {
    const lastTransitionTime = textOf(since)
    const conditions = (ready: boolean): Loose[] =>
      ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'].map((type) => ({
        type,
        status: ready || type === 'PodScheduled' || type === 'Initialized' ? 'True' : 'False',
        lastTransitionTime,
      }))
    const placed = (phase: string, ready: boolean, state: Loose): void => {
      const [{ name, image }] = pod.spec.containers
      pod.spec.nodeName ??= 'node-1'
      pod.status = {
        phase,
        conditions: conditions(ready),
        containerStatuses: [{ name, image, ready, restartCount: state.waiting ? 4 : 0, state }],
      }
    }
    if (/^[A-Z]$/.test(word)) {
      pod.metadata.labels[revisionLabel] = this.revision(word).metadata.name
      pod.spec.containers[0].image = this.template(word).spec.containers[0].image
      return
    }
    if (word.startsWith('for=')) return
    switch (word) {
      case 'bare':
        pod.status = {}
        return
      case 'pending':
        pod.status = {
          phase: 'Pending',
          conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', lastTransitionTime }],
        }
        delete pod.spec.nodeName
        return
      case 'placed':
        pod.spec.nodeName ??= 'node-1'
        return
      case 'running':
        return placed('Running', false, { running: { startedAt: lastTransitionTime } })
      case 'crashing':
        return placed('Running', false, { waiting: { reason: 'CrashLoopBackOff' } })
      case 'ready':
        return placed('Running', true, { running: { startedAt: lastTransitionTime } })
      case 'failed':
        return placed('Failed', false, { terminated: { exitCode: 1, reason: 'Error' } })
      case 'succeeded':
        return placed('Succeeded', false, { terminated: { exitCode: 0, reason: 'Completed' } })
      case 'unready':
        pod.status = { ...pod.status, conditions: conditions(false) }
        return
      case 'terminating':
        pod.metadata.deletionTimestamp = textOf(this.now + 30_000)
        pod.metadata.deletionGracePeriodSeconds = 30
        return
      case 'finalizer':
        pod.metadata.finalizers = ['example.com/hold']
        return
      case 'released-finalizer':
        delete pod.metadata.finalizers
        return
      case 'orphan':
        delete pod.metadata.ownerReferences
        return
      case 'owned':
        pod.metadata.ownerReferences = [this.owner('set')]
        return
      case 'foreign':
        pod.metadata.ownerReferences = [this.owner('other-set')]
        return
      case 'unlabelled':
        delete pod.metadata.labels
        return
      case 'labelled':
        pod.metadata.labels = { ...pod.metadata.labels, ...this.set.spec.selector.matchLabels }
        return
      case 'no-volumes':
        pod.spec.volumes = []
        return
      case 'stuck':
        this.stuck.add(pod.metadata.uid)
        return
      case 'unstuck':
        this.stuck.delete(pod.metadata.uid)
        return
      case 'reborn':
        pod.metadata.uid = this.uid()
        return
      case 'no-claim':
      case 'gone':
        return
      default:
        throw new Error(`a pod cannot be ${word}`)
    }
  }

  private changeClaims(map: Record<string, Loose>): void {
    for (const [keys, value] of wideFirst(map)) {
      for (const key of rangeOf(keys)) {
        const names = /^\d+$/.test(key) ? this.claimNames(this.podName(key)) : [key]
        for (const name of names) this.changeClaim(name, typeof value === 'string' ? { is: value } : value)
      }
    }
  }

  private changeClaim(name: string, change: Loose): void {
    const pod = name.slice(name.indexOf(`-${this.name}-`) + 1)
    let claim = structuredClone(this.get('PersistentVolumeClaim', name))
    if (change.is === 'gone') {
      if (claim !== undefined) this.remove(claim)
      return
    }
    if (claim === undefined) {
      const templates = this.set.spec.volumeClaimTemplates ?? []
      const template = templates.find((each: Loose) => name.startsWith(`${each.metadata.name}-`))
      claim = this.newClaim(template, name.slice(template.metadata.name.length + 1))
    }
    if (change.owners !== undefined) {
      const uid = this.get('Pod', pod)?.metadata.uid ?? 'e9'
      const words = wordsOf(
        listOf<string | null>(change.owners)
          .filter((word) => word !== null)
          .join(' '),
      ).filter((word) => word !== '-')
      delete claim.metadata.ownerReferences
      if (words.length > 0) claim.metadata.ownerReferences = words.map((word) => this.owner(word, { name: pod, uid }))
    }
    if (change.merge) claim = merged(claim, change.merge)
    if (change.is === 'terminating') claim.metadata.deletionTimestamp = textOf(this.now)
    this.put(claim)
  }

  /** Takes an object away, and what it alone owned. */
  remove(object: Loose): void {
    if (!this.store.delete(this.keyOf(object))) return
    const left = new Set([...this.store.values()].map((each) => each.metadata.uid))
    for (const each of [...this.store.values()]) {
      const owners: Loose[] = each.metadata.ownerReferences ?? []
      const isAlone = owners.every((owner) => !left.has(owner.uid) && !String(owner.uid).startsWith('f'))
      if (owners.some((owner) => owner.uid === object.metadata.uid) && isAlone) this.remove(each)
    }
  }

  // ---- what happens between looks

  private edit(change: (set: Loose) => Loose): void {
    const before = this.set
    const after = change(structuredClone(before))
    if (!isSame(before.spec, after.spec)) after.metadata.generation = before.metadata.generation + 1
    this.put(after)
  }

  mark(): void {
    this.marked = new Map([...this.store].map(([key, object]) => [key, object.metadata.uid]))
  }
  wasMarked(key: string): string | undefined {
    return this.marked.get(key)
  }

  private find(text: string): Loose {
    const [kind, name] = (text.includes('/') ? text.split('/') : ['Pod', this.podName(text)]) as [string, string]
    return kind === 'ControllerRevision' && /^[A-Z]$/.test(name) ? this.revision(name) : this.get(kind, name)
  }

  change(when: Loose): void {
    for (const step of listOf<Loose>(when)) for (const [what, value] of Object.entries<Loose>(step)) this.changeOne(what, value)
  }

  private changeOne(what: string, value: Loose): void {
    switch (what) {
      case 'replicas':
        return this.edit((set) => merged(set, { spec: { replicas: value } }))
      case 'spec':
        return this.edit((set) => merged(set, { spec: value }))
      case 'meta':
        return this.edit((set) => merged(set, { metadata: value }))
      case 'status':
        return this.edit((set) => merged(set, { status: value }))
      case 'use':
        return this.edit((set) =>
          listOf<string>(value).reduce((result, trait) => merged(result, { spec: this.fixtures.traits[trait] }), set),
        )
      case 'template':
        return this.edit((set) => ({ ...set, spec: { ...set.spec, template: this.template(value) } }))
      case 'deleting': {
        const finalizers = [value === true ? 'foregroundDeletion' : value]
        return this.edit((set) =>
          merged(set, { metadata: { deletionTimestamp: textOf(this.now), deletionGracePeriodSeconds: 0, finalizers } }),
        )
      }
      case 'adopted-set':
        return this.edit((set) => ({
          ...set,
          metadata: { ...set.metadata, uid: this.uid() },
          status: { replicas: 0, availableReplicas: 0 },
        }))
      case 'pods':
        return this.changePods(value)
      case 'claims':
        return this.changeClaims(value)
      case 'add':
        for (const object of listOf<Loose>(value)) this.put(this.completed(object))
        return
      case 'gone':
        for (const name of rangesOf(value)) this.remove(this.find(name))
        return
      case 'patch':
        for (const [name, over] of Object.entries(value)) this.put(merged(this.find(name), over))
        return
      case 'orphan-revision':
        for (const letter of listOf<string>(value)) this.put(merged(this.revision(letter), { metadata: { ownerReferences: null } }))
        return
      case 'gone-revision':
        for (const letter of listOf<string>(value)) this.remove(this.revision(letter))
        return
      case 'orphan-all':
        for (const object of [...this.store.values()]) this.put(merged(object, { metadata: { ownerReferences: null } }))
        return
      case 'advance':
        this.now += milliseconds(value)
        return
      case 'kubelet':
        this.machines(value)
        return
      case 'broken':
        this.broken = new Set(listOf<string>(value))
        return
      case 'mark':
        return this.mark()
      default:
        throw new Error(`no change ${what}`)
    }
  }

  /** Machines do their part. Answers whether anything moved. */
  machines(mode: string): boolean {
    let moved = false
    for (const pod of this.all('Pod')) {
      if (!pod.metadata.deletionTimestamp || pod.metadata.finalizers?.length > 0 || this.stuck.has(pod.metadata.uid)) continue
      this.remove(pod)
      moved = true
    }
    if (mode === 'none') return moved
    const isBroken = (pod: Loose): boolean => this.broken.has(this.letterOf(pod.metadata.labels?.[revisionLabel]))
    const isReady = (pod: Loose): boolean =>
      pod.status?.conditions?.some((each: Loose) => each.type === 'Ready' && each.status === 'True') === true
    const lives = (pod: Loose): boolean => !pod.metadata.deletionTimestamp && !['Failed', 'Succeeded'].includes(pod.status?.phase)
    const waiting = this.ours().filter((pod) => lives(pod) && !isReady(pod) && !isBroken(pod) && !this.stuck.has(pod.metadata.uid))
    if (mode === 'high') waiting.reverse()
    const chosen = mode === 'all' ? waiting : waiting.slice(0, 1)
    const crashing = this.ours().filter((pod) => isBroken(pod) && pod.status?.phase === 'Pending' && !pod.metadata.deletionTimestamp)
    for (const pod of chosen)
      this.changePod(pod.metadata.name, { state: mode === 'all' || pod.status?.phase === 'Running' ? 'ready' : 'running' })
    for (const pod of crashing) this.changePod(pod.metadata.name, { state: 'crashing' })
    return moved || chosen.length > 0 || crashing.length > 0
  }

  // ---- asking and applying

  objects(): Loose[] {
    return [...this.store.values()]
  }
  options(failing: Loose[]): Loose {
    const { release, gates } = this.kase
    return {
      controller: 'statefulset-controller',
      now: textOf(this.now),
      ...(release ? { release } : {}),
      ...(gates ? { featureGates: gates } : {}),
      ...(failing.length > 0 ? { failing } : {}),
    }
  }

  /** Stores what the accepted calls said. */
  apply(actions: readonly Action[], deletes: string): void {
    const uids = new Map<string, string>()
    for (const { verb, object, answer } of actions) {
      if (answer !== 'ok' || object.kind === 'Event') continue
      const next: Loose = structuredClone(object)
      const before = this.store.get(this.keyOf(next))
      for (const owner of next.metadata.ownerReferences ?? []) owner.uid = uids.get(owner.uid) ?? owner.uid
      if (verb === 'create') {
        if (before !== undefined) throw new Error(`made ${this.keyOf(next)}, which is there`)
        const uid = this.uid()
        uids.set(next.metadata.uid, uid)
        next.metadata = { ...next.metadata, uid, creationTimestamp: textOf(this.now) }
        if (next.kind === 'Pod') next.status = { phase: 'Pending' }
        if (next.kind === 'PersistentVolumeClaim') next.status = { phase: 'Bound' }
        this.put(next)
        continue
      }
      if (before === undefined) throw new Error(`${verb} of ${this.keyOf(next)}, which is not there, was answered ok`)
      if (verb === 'update-status') this.put({ ...before, status: next.status })
      else if (verb !== 'delete') this.put({ ...next, metadata: { ...next.metadata, uid: before.metadata.uid } })
      else if (before.kind !== 'Pod') this.remove(before)
      else this.deletePod(before, deletes)
    }
  }

  private deletePod(pod: Loose, deletes: string): void {
    const atOnce = deletes === 'vanish' || !pod.spec.nodeName || ['Failed', 'Succeeded'].includes(pod.status?.phase)
    if (atOnce && !pod.metadata.finalizers?.length) return this.remove(pod)
    const grace = atOnce ? 0 : 30
    this.put(merged(pod, { metadata: { deletionTimestamp: textOf(this.now + grace * 1000), deletionGracePeriodSeconds: grace } }))
  }
}
