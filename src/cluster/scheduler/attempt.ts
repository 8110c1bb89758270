/**
 * One attempt to find a node for one pod: PreFilter, Filter over a share of the nodes, PostFilter, Score. It decides and changes nothing; what
 * follows is scheduler.ts's. Source: scheduler.md 5.2 to 5.5; pkg/scheduler/schedule_one.go.
 *
 * Differs from Kubernetes: nodes are looked at one after the other, where 16 workers race (5.4-4); equal totals take one draw of chance (section 12).
 */
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
  /** Whether the scores of each plugin are kept. */
  readonly detailed?: boolean
}

/** How many feasible nodes are enough. Source: scheduler.md 5.4-2 (numFeasibleNodesToFind). */
export const enoughNodes = (nodes: number, percentage: number): number => {
  if (nodes < 100) return nodes
  const share = percentage > 0 ? percentage : Math.max(5, 50 - Math.floor(nodes / 125))
  return Math.max(100, Math.floor((nodes * Math.min(share, 100)) / 100))
}

export class Attempting implements Attempt {
  readonly cycle: Cycle
  readonly diagnosis: Diagnosis = { refused: new Map(), absent: undefined, preFilter: undefined, rejectors: new Set() }
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
  /** The filters of this cycle with their states, side by side: nodes are many. */
  private filters: readonly { readonly name: string; readonly filter: NonNullable<Plugin['filter']>; readonly state: unknown }[] = []

  constructor(options: AttemptOptions) {
    this.options = options
    this.cycle = options.cycle
    this.snapshot = options.cycle.snapshot
    this.now = options.now
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
    this.filters = profile.at.filter
      .filter(({ index }) => this.skipped[index] !== true)
      .map(({ plugin, index }) => ({
        name: plugin.name,
        filter: plugin.filter as NonNullable<Plugin['filter']>,
        state: this.states[index],
      }))
    for (const name of narrowing) diagnosis.rejectors.add(name)
    const nominated = cycle.pod.nominatedNode === '' ? undefined : this.snapshot.node(cycle.pod.nominatedNode)
    if (nominated !== undefined) {
      const refused = this.filter(nominated)
      if (refused === undefined) return [nominated]
      if (refused.refusal.code === 'Error') return this.broken(refused)
      this.refuse(nominated, refused)
    }
    let candidates = nodes
    if (names !== undefined) {
      const wanted = names
      candidates = [...wanted].sort().flatMap((name) => this.snapshot.node(name) ?? [])
      diagnosis.absent = unresolvable(`node(s) didn't satisfy plugin(s) [${[...diagnosis.rejectors].sort().join(' ')}]`)
    }
    return this.search(candidates)
  }

  private search(candidates: readonly NodeInfo[]): readonly NodeInfo[] | Verdict {
    const enough = enoughNodes(candidates.length, this.options.profile.percentageOfNodesToScore)
    const found: NodeInfo[] = []
    for (let i = 0, at = this.options.startAt % Math.max(1, candidates.length); i < candidates.length && found.length < enough; i++) {
      const node = candidates[at] as NodeInfo
      if (at === 0) this.wrapped = found.length
      at = at + 1 === candidates.length ? 0 : at + 1
      const refused = this.filter(node)
      if (refused === undefined) found.push(node)
      else if (refused.refusal.code === 'Error') return this.broken(refused)
      else this.refuse(node, refused)
    }
    this.looked = found.length + this.diagnosis.refused.size
    return found
  }

  private refuse(node: NodeInfo, refused: Refused): void {
    this.diagnosis.refused.set(node, refused)
    this.diagnosis.rejectors.add(refused.plugin)
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
    const { nominator, cycle } = this.options
    if (!nominator.isEmpty) {
      const { pod } = cycle
      const others = nominator.on(node.name).filter((other) => other.priority >= pod.priority && other.uid !== pod.uid)
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
    const { filters, cycle } = this
    for (let i = 0; i < filters.length; i++) {
      const { name, filter, state } = filters[i] as (typeof filters)[number]
      const refusal = filter(cycle, node, state)
      if (refusal !== undefined) return { refusal, plugin: name }
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
    const { refused, absent } = this.diagnosis
    for (const { refusal } of refused.values()) yield [refusal.reasons, 1]
    if (absent !== undefined && refused.size < nodes) yield [absent.reasons, nodes - refused.size]
  }

  private scored(nodes: readonly NodeInfo[]): Verdict {
    const { profile, detailed = false } = this.options
    const { cycle } = this
    const totals = new Float64Array(nodes.length)
    const details: [string, number][][] = detailed ? nodes.map(() => []) : []
    const active: Placed[] = []
    const skipped = new Set<number>()
    for (const { plugin, index } of profile.at.preScore) {
      const answer = plugin.preScore?.(cycle, nodes, this.skipped[index] === true ? undefined : this.states[index])
      if (answer === undefined) continue
      if (answer.kind === 'skip') skipped.add(index)
      else this.scoreStates[index] = answer.state
    }
    for (const placed of profile.at.score) if (!skipped.has(placed.index)) active.push(placed)
    for (const { plugin, index, weight } of active) {
      const state = this.scoreStates[index]
      const scores: number[] = []
      const score = plugin.score as NonNullable<Plugin['score']>
      for (let i = 0; i < nodes.length; i++) scores.push(score(cycle, nodes[i] as NodeInfo, state))
      plugin.normalize?.(cycle, nodes, scores, state)
      for (let i = 0; i < nodes.length; i++) {
        const weighted = (scores[i] as number) * weight
        totals[i]! += weighted
        if (detailed) (details[i] as [string, number][]).push([plugin.name, weighted])
      }
    }
    let most = Number.NEGATIVE_INFINITY
    let ties = 0
    for (const total of totals) {
      if (total > most) {
        most = total
        ties = 1
      } else if (total === most) ties++
    }
    let nth = ties > 1 ? Math.floor(this.options.chance('tie') * ties) : 0
    let chosen = 0
    // Among equals the node list decides, not the place where the search began.
    for (let i = 0, at = this.wrapped % nodes.length; i < nodes.length; i++) {
      if (totals[at] === most && nth-- === 0) {
        chosen = at
        break
      }
      at = at + 1 === nodes.length ? 0 : at + 1
    }
    const scores = detailed ? nodes.map((node, i) => ({ node, total: totals[i] as number, plugins: details[i] as [string, number][] })) : []
    return { kind: 'placed', node: nodes[chosen] as NodeInfo, feasible: nodes, scores }
  }
}
