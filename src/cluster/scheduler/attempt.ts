/**
 * One attempt to find a node for one pod: PreFilter, Filter over a share of the nodes, PostFilter, Score. It decides and changes nothing; what
 * follows is scheduler.ts's. Source: scheduler.md 5.2 to 5.5; pkg/scheduler/schedule_one.go.
 *
 * Differs from Kubernetes: nodes are looked at one after the other, where 16 workers race (5.4-4); equal totals take one draw of chance (section 12).
 */
import { bug } from '../../engine/bug.ts'
import type { NodeBatch, Workbench } from './batch.ts'
import type { Placed, Profile } from './configuration.ts'
import type { Nominator } from './nominator.ts'
import type { Attempt, Cycle, Diagnosis, Plugin, PostFilterAnswer, Refusal } from './plugin.ts'
import { unresolvable } from './plugin.ts'
import type { PodInfo } from './pod-info.ts'
import type { NodeInfo, Snapshot, Thought } from './snapshot.ts'
import { counted, fitError } from './texts.ts'

/** A refusal and who gave it. */
type Refused = { readonly refusal: Refusal; readonly plugin: string }

export type NodeScore = {
  readonly node: NodeInfo
  readonly total: number
  readonly plugins: readonly (readonly [name: string, score: number])[]
}

/** Refusals node by node. Most attempts place their pod and nobody asks for them: the map is made when somebody does. */
class Refusals {
  private readonly nodes: NodeInfo[] = []
  private readonly answers: Refused[] = []
  private asked: Map<NodeInfo, Refused> | undefined = undefined
  /** By the node's index, made when somebody asks node by node. Nothing is refused after that. */
  private readonly indexed: (Refused | undefined)[] = []

  add(node: NodeInfo, refused: Refused): void {
    if (this.asked !== undefined) this.asked.set(node, refused)
    else {
      this.nodes.push(node)
      this.answers.push(refused)
    }
  }

  /** The node may be refused again, and counts once. */
  addOnce(node: NodeInfo, refused: Refused): void {
    this.byNode().set(node, refused)
  }

  byNode(): Map<NodeInfo, Refused> {
    if (this.asked === undefined) this.asked = new Map(this.nodes.map((node, i) => [node, this.answers[i] as Refused]))
    return this.asked
  }

  /** What was said of a node, without making the map. */
  of(node: NodeInfo): Refused | undefined {
    if (this.asked !== undefined) return this.asked.get(node)
    if (this.indexed.length === 0) for (const [i, refused] of this.nodes.entries()) this.indexed[refused.index] = this.answers[i]
    return this.indexed[node.index]
  }

  all(): Iterable<Refused> {
    return this.asked?.values() ?? this.answers
  }

  get size(): number {
    return this.asked?.size ?? this.nodes.length
  }
}

class Diagnosing implements Diagnosis {
  readonly refusals = new Refusals()
  absent: Refusal | undefined = undefined
  preFilter: Diagnosis['preFilter'] = undefined
  readonly rejectors = new Set<string>()

  get refused(): ReadonlyMap<NodeInfo, Refused> {
    return this.refusals.byNode()
  }
}

/** How an attempt ended. */
export type Verdict =
  | { readonly kind: 'placed'; readonly node: NodeInfo; readonly feasible: readonly NodeInfo[]; readonly scores: readonly NodeScore[] }
  /** No node can do. `nominate`: room is made there. `clears`: an earlier nomination is given up. */
  | {
      readonly kind: 'unschedulable'
      readonly message: string
      readonly rejectors: ReadonlySet<string>
      readonly nominate: Extract<PostFilterAnswer, { kind: 'nominate' }> | undefined
      readonly clears: boolean
    }
  /** A plugin broke. */
  | { readonly kind: 'error'; readonly message: string }

export type AttemptOptions = {
  readonly cycle: Cycle
  readonly profile: Profile
  readonly nominator: Nominator
  /** Where in the node list the search begins. */
  readonly startAt: number
  /** Draws in [0, 1), one for each purpose; 0 where chance is switched off. */
  readonly chance: (purpose: string) => number
  readonly now: string
  readonly workbench: Workbench
  /** Whether the scores of each plugin are kept. */
  readonly detailed?: boolean
}

/** How many feasible nodes are enough. Source: scheduler.md 5.4-2 (numFeasibleNodesToFind). */
export const enoughNodes = (nodes: number, percentage: number): number => {
  if (nodes < 100) return nodes
  const share = percentage > 0 ? percentage : Math.max(5, 50 - Math.floor(nodes / 125))
  return Math.max(100, Math.floor((nodes * Math.min(share, 100)) / 100))
}

const addWeighted = (totals: Float64Array, scores: Float64Array, weight: number): void => {
  for (let i = 0; i < totals.length; i++) totals[i]! += (scores[i] as number) * weight
}

export class Attempting implements Attempt {
  readonly cycle: Cycle
  readonly diagnosis = new Diagnosing()
  readonly now: string
  /** Nodes that were looked at, for the start of the next search. */
  looked = 0
  /** From which feasible node on the search was at the begin of the list again. */
  private wrapped = 0
  private readonly options: AttemptOptions
  private readonly snapshot: Snapshot
  private readonly states: unknown[] = []
  private readonly scoreStates: unknown[] = []
  private readonly skipped: boolean[] = []
  /** The filters of this cycle: without those that its PreFilter made unnecessary. */
  private readonly filters: Placed[] = []

  constructor(options: AttemptOptions) {
    this.options = options
    this.cycle = options.cycle
    this.snapshot = options.cycle.snapshot
    this.now = options.now
  }

  refusalOf(node: NodeInfo): Refusal | undefined {
    return this.diagnosis.refusals.of(node)?.refusal ?? this.diagnosis.absent
  }

  get chance(): number {
    return this.options.chance('preemption')
  }

  /** The state that a plugin keeps from its filter point, for reserve and binding. */
  stateOf(placed: Placed): unknown {
    return this.states[placed.index]
  }

  run(): Verdict {
    const nodes = this.snapshot.nodes()
    // No rejector is named, so that only the back-off brings the next attempt.
    if (nodes.length === 0) {
      return {
        kind: 'unschedulable',
        message: 'no nodes available to schedule pods',
        rejectors: new Set(),
        nominate: undefined,
        clears: true,
      }
    }
    const found = this.feasible(nodes)
    if ('kind' in found) return found
    if (found.length === 0) return this.unschedulable(nodes.length)
    const first = found[0] as NodeInfo
    if (found.length === 1) return { kind: 'placed', node: first, feasible: found, scores: [] }
    return this.scored(found)
  }

  /** The plugins that filter in this cycle, after PreFilter. */
  private feasible(nodes: readonly NodeInfo[]): readonly NodeInfo[] | Verdict {
    const { profile } = this.options
    const { diagnosis, cycle } = this
    let names: ReadonlySet<string> | undefined
    const narrowing: string[] = []
    for (const { plugin, index } of profile.at.preFilter) {
      const answer = plugin.preFilter?.(cycle)
      if (answer === undefined) continue
      if (answer.kind === 'skip') {
        this.skipped[index] = true
        continue
      }
      if (answer.kind === 'refuse') {
        if (answer.refusal.code === 'Error') {
          return { kind: 'error', message: `running PreFilter plugin "${plugin.name}": ${answer.refusal.reasons.join(', ')}` }
        }
        return this.refusedBefore(answer.refusal, plugin.name)
      }
      this.states[index] = answer.state
      if (answer.nodes === undefined) continue
      const before = names
      names = before === undefined ? answer.nodes : new Set([...answer.nodes].filter((name) => before.has(name)))
      narrowing.push(plugin.name)
      if (names.size === 0) {
        const which = [...narrowing].sort()
        const text =
          which.length === 1
            ? `node(s) didn't satisfy plugin ${which[0]}`
            : `node(s) didn't satisfy plugin(s) [${which.join(' ')}] simultaneously`
        return this.refusedBefore(unresolvable(text), plugin.name)
      }
    }
    for (const placed of profile.at.filter) if (this.skipped[placed.index] !== true) this.filters.push(placed)
    for (const name of narrowing) diagnosis.rejectors.add(name)
    const nominated = cycle.pod.nominatedNode === '' ? undefined : this.snapshot.node(cycle.pod.nominatedNode)
    if (nominated !== undefined) {
      const refused = this.filter(nominated)
      if (refused === undefined) return [nominated]
      if (refused.refusal.code === 'Error') return this.broken(refused)
      diagnosis.rejectors.add(refused.plugin)
      diagnosis.refusals.addOnce(nominated, refused)
    }
    let candidates = nodes
    if (names !== undefined) {
      const wanted = names
      candidates = [...wanted].sort().flatMap((name) => this.snapshot.node(name) ?? [])
      diagnosis.absent = unresolvable(`node(s) didn't satisfy plugin(s) [${[...diagnosis.rejectors].sort().join(' ')}]`)
    }
    return this.search(candidates)
  }

  /** Stretch by stretch, none longer than the number of nodes that are still wanted: so none is looked at in vain. */
  private search(candidates: readonly NodeInfo[]): readonly NodeInfo[] | Verdict {
    const { batch, feasible } = this.options.workbench
    const count = candidates.length
    const enough = enoughNodes(count, this.options.profile.percentageOfNodesToScore)
    const promised = this.promisedNodes()
    feasible.clear()
    for (let left = count, at = this.options.startAt % Math.max(1, count); left > 0 && feasible.size < enough; ) {
      if (at === 0) this.wrapped = feasible.size
      const size = Math.min(left, enough - feasible.size, count - at)
      batch.take(candidates, at, size)
      if (!this.filterBatch(batch, promised)) return this.broken(this.firstBroken(candidates, at, size))
      feasible.append(batch)
      left -= size
      at = at + size === count ? 0 : at + size
    }
    this.looked = feasible.size + this.diagnosis.refusals.size
    return feasible.nodes.slice(0, feasible.size)
  }

  /** Leaves the nodes in the batch that pass; false if a plugin broke at one of them. */
  private filterBatch(batch: NodeBatch, promised: ReadonlySet<NodeInfo> | undefined): boolean {
    const { cycle, filters, states, diagnosis } = this
    if (promised !== undefined && !this.filterPromised(batch, promised)) return false
    let name = ''
    const told = (node: NodeInfo, refusal: Refusal): void => diagnosis.refusals.add(node, { refusal, plugin: name })
    for (const { plugin, index } of filters) {
      const state = states[index]
      if (plugin.filterMany !== undefined) plugin.filterMany(cycle, batch, state)
      else {
        const filter = plugin.filter as NonNullable<Plugin['filter']>
        for (let i = 0; i < batch.size; i++) {
          const refusal = filter(cycle, batch.nodes[i] as NodeInfo, state)
          if (refusal !== undefined) batch.refuse(i, refusal)
        }
      }
      if (!batch.isRefusing) continue
      if (batch.isBroken) return false
      name = plugin.name
      diagnosis.rejectors.add(name)
      batch.sweep(told)
    }
    return true
  }

  /** Takes the nodes out that would not do with the pods that are nominated to them. */
  private filterPromised(batch: NodeBatch, promised: ReadonlySet<NodeInfo>): boolean {
    const { diagnosis } = this
    const plugins: string[] = []
    for (let i = 0; i < batch.size; i++) {
      const node = batch.nodes[i] as NodeInfo
      const refused = promised.has(node) ? this.filter(node) : undefined
      if (refused === undefined) continue
      batch.refuse(i, refused.refusal)
      plugins.push(refused.plugin)
    }
    if (batch.isBroken) return false
    let next = 0
    batch.sweep((node, refusal) => {
      const plugin = plugins[next++] as string
      diagnosis.rejectors.add(plugin)
      diagnosis.refusals.add(node, { refusal, plugin })
    })
    return true
  }

  /** Where in a stretch a plugin breaks first. */
  private firstBroken(candidates: readonly NodeInfo[], from: number, size: number): Refused {
    this.options.workbench.batch.forget()
    for (let i = from; i < from + size; i++) {
      const refused = this.filter(candidates[i] as NodeInfo)
      if (refused?.refusal.code === 'Error') return refused
    }
    return bug('a plugin that broke breaks again when it is asked again', 'that it does not')
  }

  /** Nodes that are promised to pods which count as if they were there (see `filter`); undefined for none. */
  private promisedNodes(): ReadonlySet<NodeInfo> | undefined {
    const { nominator } = this.options
    if (nominator.isEmpty) return undefined
    const found = new Set<NodeInfo>()
    for (const name of nominator.promised()) {
      const node = this.snapshot.node(name)
      if (node !== undefined && this.promisesOn(name).length > 0) found.add(node)
    }
    return found.size === 0 ? undefined : found
  }

  /** The pods that are nominated to a node and as important as this one. */
  private promisesOn(name: string): readonly PodInfo[] {
    const { nominator, cycle } = this.options
    return nominator.on(name).filter((other) => other.priority >= cycle.pod.priority && other.uid !== cycle.pod.uid)
  }

  private broken({ refusal, plugin }: Refused): Verdict {
    return { kind: 'error', message: `running "${plugin}" filter plugin: ${refusal.reasons.join(', ')}` }
  }

  private refusedBefore(refusal: Refusal, plugin: string): readonly NodeInfo[] {
    const { diagnosis } = this
    diagnosis.rejectors.clear()
    diagnosis.rejectors.add(plugin)
    diagnosis.absent = refusal
    diagnosis.preFilter = { refusal, plugin }
    return []
  }

  /** All filters at one node; with pods of no lower priority that are nominated to it, and then without. Source: scheduler.md 5.4-6. */
  filter(node: NodeInfo): Refused | undefined {
    if (!this.options.nominator.isEmpty) {
      const others = this.promisesOn(node.name)
      if (others.length > 0) {
        const thought = this.think(node)
        for (const other of others) thought.add(other)
        const refused = this.plainFilter(node)
        thought.end()
        if (refused !== undefined) return refused
      }
    }
    return this.plainFilter(node)
  }

  private plainFilter(node: NodeInfo): Refused | undefined {
    const { filters, cycle, states } = this
    for (const { plugin, index } of filters) {
      const refusal = plugin.filter?.(cycle, node, states[index])
      if (refusal !== undefined) return { refusal, plugin: plugin.name }
    }
    return undefined
  }

  think(node: NodeInfo): Thought {
    const thought = this.snapshot.think(node)
    const done: { readonly pod: PodInfo; readonly added: boolean }[] = []
    const tell = (pod: PodInfo, added: boolean): void => {
      for (const { plugin, index } of this.options.profile.at.preFilter) {
        if (this.skipped[index] === true) continue
        if (added) plugin.addPod?.(this.cycle, node, pod, this.states[index])
        else plugin.removePod?.(this.cycle, node, pod, this.states[index])
      }
    }
    return {
      add: (pod) => {
        thought.add(pod)
        tell(pod, true)
        done.push({ pod, added: true })
      },
      remove: (pod) => {
        thought.remove(pod)
        tell(pod, false)
        done.push({ pod, added: false })
      },
      end: () => {
        for (const { pod, added } of done.reverse()) tell(pod, !added)
        thought.end()
      },
    }
  }

  private unschedulable(nodes: number): Verdict {
    const { diagnosis } = this
    let then = ''
    let nominate: Extract<PostFilterAnswer, { kind: 'nominate' }> | undefined
    let clears = false
    const messages: string[] = []
    for (const { plugin } of this.options.profile.at.postFilter) {
      const answer = plugin.postFilter?.(this)
      if (answer === undefined) continue
      if (answer.kind === 'nominate') {
        nominate = answer
        then = answer.message
        break
      }
      if (answer.kind === 'error') {
        then = answer.message
        break
      }
      if (answer.clears) clears = true
      messages.push(answer.message)
      then = messages.join(', ')
    }
    const why = diagnosis.preFilter === undefined ? counted(this.reasons(nodes)).join(', ') : diagnosis.preFilter.refusal.reasons.join(', ')
    return { kind: 'unschedulable', message: fitError(nodes, why, then), rejectors: diagnosis.rejectors, nominate, clears }
  }

  private *reasons(nodes: number): Iterable<readonly [readonly string[], number]> {
    const { refusals, absent } = this.diagnosis
    for (const { refusal } of refusals.all()) yield [refusal.reasons, 1]
    if (absent !== undefined && refusals.size < nodes) yield [absent.reasons, nodes - refusals.size]
  }

  private scored(nodes: readonly NodeInfo[]): Verdict {
    const { profile, workbench, detailed = false } = this.options
    const { cycle } = this
    const { feasible } = workbench
    const totals = workbench.column(0, nodes.length).fill(0)
    const scores = workbench.column(1, nodes.length)
    const details: [string, number][][] = detailed ? nodes.map(() => []) : []
    const unneeded = new Set<number>()
    const same = new Map<number, number>()
    for (const { plugin, index } of profile.at.preScore) {
      const answer = plugin.preScore?.(cycle, nodes, this.skipped[index] === true ? undefined : this.states[index])
      if (answer === undefined) continue
      if (answer.kind === 'skip') unneeded.add(index)
      else if (answer.kind === 'same') same.set(index, answer.score)
      else this.scoreStates[index] = answer.state
    }
    // What all nodes have decides nothing, and is only shown.
    let common = 0
    for (const { plugin, index, weight } of profile.at.score) {
      if (unneeded.has(index)) continue
      const given = same.get(index)
      if (given !== undefined) {
        common += given * weight
        for (const detail of details) detail.push([plugin.name, given * weight])
        continue
      }
      const state = this.scoreStates[index]
      if (plugin.scoreMany !== undefined) plugin.scoreMany(cycle, feasible, scores, state)
      else {
        const score = plugin.score as NonNullable<Plugin['score']>
        for (let i = 0; i < nodes.length; i++) scores[i] = score(cycle, nodes[i] as NodeInfo, state)
      }
      plugin.normalize?.(cycle, nodes, scores, state)
      addWeighted(totals, scores, weight)
      if (detailed) for (const [i, score] of scores.entries()) details[i]?.push([plugin.name, score * weight])
    }
    const chosen = this.best(totals)
    const scored = detailed
      ? nodes.map((node, i) => ({ node, total: (totals[i] as number) + common, plugins: details[i] as [string, number][] }))
      : []
    return { kind: 'placed', node: nodes[chosen] as NodeInfo, feasible: nodes, scores: scored }
  }

  /** The node of the highest total. Among equals chance decides, by the node list, not by where the search began. */
  private best(totals: Float64Array): number {
    const count = totals.length
    let most = Number.NEGATIVE_INFINITY
    let ties = 0
    for (let i = 0; i < count; i++) {
      const total = totals[i] as number
      if (total > most) {
        most = total
        ties = 1
      } else if (total === most) ties++
    }
    let nth = ties > 1 ? Math.floor(this.options.chance('tie') * ties) : 0
    for (let i = 0, at = this.wrapped % count; i < count; i++) {
      if (totals[at] === most && nth-- === 0) return at
      at = at + 1 === count ? 0 : at + 1
    }
    return 0
  }
}
