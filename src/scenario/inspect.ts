/**
 * What is wrong with a scenario whose shape is right: names of things that are not there, conditions and command lines that cannot
 * be read, faults aimed at nothing. And what the simulator cannot do yet.
 */
import { modelledKeys } from '../cluster/applications/read.ts'
import { gatesOf, gatesRead, parseRelease } from '../cluster/objects/release.ts'
import { parseDuration } from '../engine/clock.ts'
import { parseDistribution } from '../engine/distribution.ts'
import { didYouMean, type Mistake, nearest } from '../text/mistake.ts'
import { splitWords } from '../text/words.ts'
import type { Path } from '../text/yaml.ts'
import { profiles } from '../world/profiles.ts'
import { kubectlRefusal } from './command-lines.ts'
import { inspectFlags } from './component-flags.ts'
import { type NamedKind, readCondition, type Vocabulary } from './conditions.ts'
import { faultNamed } from './faults/index.ts'
import { kubernetesFields } from './field-types.ts'
import type { Finding } from './judge.ts'
import type { Scenario } from './scenario.ts'
import { schedulerGaps, schedulerMistakes } from './scheduler-rules.ts'
import type { Expectation, FaultStep, Step } from './schema.ts'
import { machinesOf } from './spec.ts'
import { type Aims, readSelector, readTarget } from './targets.ts'

/** The truths that a scenario may silence. Source: contract section 3. None is judged yet. */
const invariantNames: readonly string[] = ['budget-kept']

/** A part of the format that cannot be simulated yet, with its place. */
export type Unsupported = Mistake

/** What the inspection needs from the reader. */
export type Surroundings = {
  readonly place: (path: Path, of: 'key' | 'value', found: string, hint: string) => Mistake
  readonly within: (path: Path, at: number, length: number, found: string, hint: string) => Mistake
  readonly invariants?: readonly string[] | undefined
  readonly kindCalled: (text: string) => NamedKind | undefined
  readonly kindNames: readonly string[]
  /** Whether the duration is not the file's own. */
  readonly isCut: boolean
}

/** What was found. */
export type Inspection = {
  readonly mistakes: readonly Mistake[]
  readonly unsupported: readonly Unsupported[]
  readonly notes: readonly string[]
}

/** The names a scenario brings, for its conditions. */
export function vocabularyOf(scenario: Scenario, { kindCalled, kindNames }: Pick<Surroundings, 'kindCalled' | 'kindNames'>): Vocabulary {
  const machines = machinesOf(scenario.cluster.nodes).map((machine) => machine.name)
  const applied = scenario.steps.flatMap((step) => ('apply' in step && step.apply !== undefined ? [step.apply].flat() : [])) as {
    kind?: string
    metadata?: { name?: string }
  }[]
  const others = [...scenario.manifests, ...applied].filter((object) => object.kind === 'Node').map((object) => object.metadata?.name ?? '')
  return {
    kindCalled,
    kindNames,
    fields: kubernetesFields,
    quorums: scenario.quorum.map((quorum) => quorum.name),
    traffics: scenario.traffic.map((traffic) => traffic.name),
    // A file applied by a command may bring nodes of any name.
    ...(Object.keys(scenario.files).length > 0 ? {} : { nodes: [...machines, ...others] }),
  }
}

/** What is said of feature gates that nothing depends on, perhaps because they are misspelt; undefined for none. */
export const idleGatesNote = (gates: readonly string[]): string | undefined => {
  const idle = gates.filter((gate) => !gatesRead.includes(gate))
  const named = idle.map((gate) => {
    const near = nearest(gate, gatesRead)
    return near === undefined ? gate : `${gate} (did you mean "${near}"?)`
  })
  return named.length === 0 ? undefined : `feature gates that no rule here depends on: ${named.join(', ')}`
}

/** Inspects a scenario of the right shape. */
export function inspect(scenario: Scenario, around: Surroundings): Inspection {
  const mistakes: Mistake[] = []
  const unsupported: Unsupported[] = []
  const notes: string[] = []
  const machines = machinesOf(scenario.cluster.nodes)
  const nodes = machines.map((machine) => machine.name)
  const zones = [...new Set(machines.flatMap((machine) => machine.zone ?? []))]
  const wrong = (path: Path, found: string, hint: string): void => {
    mistakes.push(around.place(path, 'value', found, hint))
  }
  const aims: Aims = { nodes, zones, kindCalled: around.kindCalled }
  const vocabulary = vocabularyOf(scenario, around)

  const seen = new Set<string>()
  for (const node of nodes) {
    if (seen.has(node)) wrong(['cluster', 'nodes'], `two nodes are called ${node}`, 'give the groups different names')
    seen.add(node)
  }
  if (parseRelease(scenario.cluster.release) === undefined)
    wrong(['cluster', 'release'], `"${scenario.cluster.release}" is not a release that is modelled`, 'there are 1.33 to 1.37')
  for (const [image, { preloaded = [] }] of Object.entries(scenario.cluster.images ?? {}))
    preloaded.forEach((node, index) => {
      if (!seen.has(node))
        wrong(['cluster', 'images', image, 'preloaded', index], `there is no node "${node}"`, didYouMean(node, nodes, 'there are'))
    })
  const scheduler = scenario.cluster.components?.['kube-scheduler'] ?? {}
  const gates = gatesOf(parseRelease(scenario.cluster.release) ?? { minor: 36, patch: 99 }, scenario.cluster.featureGates ?? {})
  const atScheduler = ({ path, of, found, hint }: Finding): Mistake =>
    around.place(['cluster', 'components', 'kube-scheduler', ...path], of, found, hint)
  mistakes.push(...schedulerMistakes(scheduler, gates).map(atScheduler))
  unsupported.push(...schedulerGaps(scheduler).map(atScheduler))
  const idle = idleGatesNote(Object.keys(scenario.cluster.featureGates ?? {}))
  if (idle !== undefined) notes.push(idle)
  const flags = inspectFlags(scenario.cluster.components ?? {})
  mistakes.push(...flags.mistakes.map(({ path, of, found, hint }) => around.place(['cluster', 'components', ...path], of, found, hint)))
  notes.push(...flags.notes)
  const classes = (profiles.get(scenario.cluster.profile)?.classes ?? []).map((each) => each.name)
  for (const [index, { like }] of (scenario.cluster.storageClasses ?? []).entries())
    if (like !== undefined && like !== 'default' && !classes.includes(like))
      wrong(
        ['cluster', 'storageClasses', index, 'like'],
        `profile ${scenario.cluster.profile} has no storage class "${like}"`,
        didYouMean(like, ['default', ...classes], 'there are'),
      )
  const invariants = around.invariants ?? invariantNames
  scenario.invariants.off.forEach((name, index) => {
    if (!invariants.includes(name))
      wrong(['invariants', 'off', index], `there is no invariant "${name}"`, didYouMean(name, invariants, 'there are'))
  })

  for (const [index, application] of scenario.applications.entries()) {
    inspectPods(application.pods, ['applications', index, 'pods'])
    for (const key of Object.keys(application)) {
      const plain = key === 'readyWhen' && application.readyWhen === 'booted'
      if (!plain && !modelledKeys.includes(key))
        unsupported.push(
          around.place(
            ['applications', index, key],
            'key',
            `"${key}" of applications is not there yet`,
            `what acts: ${modelledKeys.join(', ')}`,
          ),
        )
    }
  }

  function inspectPods(text: string, path: Path): void {
    const [, word, name] = /^([a-z.]+)\/([^=!,\s]+)$/.exec(text) ?? []
    if (word !== undefined) {
      const kind = around.kindCalled(word)?.kind
      if (kind === undefined)
        wrong(path, `there is no kind "${word}"`, didYouMean(word, Object.keys(podOwners)) || 'write it as statefulset/NAME, or app=web')
      else if (podOwners[kind.toLowerCase()] === undefined)
        wrong(path, `a ${kind} has no pods of its own`, `it takes ${Object.keys(podOwners).join(', ')}, or a label selector`)
      else if (!podOwners[kind.toLowerCase()]?.includes(word))
        wrong(path, `"${word}" is not read here`, `write ${kind.toLowerCase()}/${name}`)
      return
    }
    const selector = readSelector(text)
    if ('found' in selector) wrong(path, selector.found, selector.hint)
  }

  const condition = (path: Path, text: string, wants: 'bool' | 'measure' = 'bool'): void => {
    const { refusals = [], condition: read } = readCondition(text, vocabulary, wants)
    for (const { at, length, found, hint } of refusals) mistakes.push(around.within(path, at, length, found, hint))
    for (const truth of read?.truths ?? [])
      unsupported.push(around.place(path, 'value', `${truth}(…) in conditions is not there yet`, 'ask the objects instead'))
  }
  const command = (path: Path, line: string, { each, fails }: { readonly each?: Step['each']; readonly fails?: boolean }): void => {
    // `${node}` of a loop stands for a name; in place of it something of the same length, so that places stay.
    const told = Object.keys(each ?? {}).reduce((text, key) => text.replaceAll(`\${${key}}`, 'x'.repeat(key.length + 3)), line)
    const { words, refusal } = splitWords(told)
    if (refusal !== undefined) mistakes.push(around.within(path, refusal.at, refusal.length, refusal.found, refusal.hint))
    else if (words.length === 0 || (words.length === 1 && words[0]?.text === 'kubectl'))
      wrong(path, 'a command without words', 'write a command of kubectl, or leave the step out')
    else if (fails !== true) {
      const no = kubectlRefusal(words.map((word) => word.text))
      const at = no?.word === undefined ? undefined : words.find((word) => word.text.startsWith(no.word as string))
      if (no !== undefined && at !== undefined) mistakes.push(around.within(path, at.at, at.text.length, no.found, no.hint))
      else if (no !== undefined) wrong(path, no.found, no.hint)
    }
  }
  const end = parseDuration(scenario.duration) ?? 0

  scenario.steps.forEach((step, index) => {
    const path: Path = ['steps', index]
    if (step.when !== undefined) condition([...path, 'when'], step.when)
    const at = step.at === undefined ? undefined : parseDistribution(step.at)
    if (at?.kind === 'constant' && at.value > end)
      notes.push(`step ${index + 1} at ${step.at} comes after the end of the run (${scenario.duration}): it never happens`)
    const pattern = step.each?.node
    if (pattern !== undefined && !nodes.some((node) => fits(pattern, node)))
      wrong(
        [...path, 'each', 'node'],
        `no node is called like "${pattern}"`,
        nodes.length === 0 ? 'there are no nodes' : `there are: ${nodes.slice(0, 20).join(', ')}`,
      )
    if ('kubectl' in step && step.kubectl !== undefined) {
      const lines = step.kubectl as string | readonly string[]
      if (typeof lines === 'string') command([...path, 'kubectl'], lines, step)
      else for (const [at, line] of lines.entries()) command([...path, 'kubectl', at], line, step)
    } else if ('fault' in step && step.fault !== undefined) inspectFault(step as FaultStep, path)
    else if ('init' in step && step.init !== undefined) {
      const names = scenario.quorum.map((quorum) => quorum.name)
      if (!names.includes(step.init as string))
        wrong(
          [...path, 'init'],
          `there is no quorum "${step.init}"`,
          didYouMean(step.init as string, names, 'there are') || 'describe it under quorum:',
        )
      unsupported.push(around.place([...path, 'init'], 'key', 'steps with "init" are not there yet', 'leave the step out'))
    } else if ('upgrade-nodes' in step)
      unsupported.push(
        around.place(
          [...path, 'upgrade-nodes'],
          'key',
          'steps with "upgrade-nodes" are not there yet',
          'drain the nodes one after the other: each: {node: "node-*"}',
        ),
      )
  })

  function inspectFault(step: FaultStep, path: Path): void {
    const fault = faultNamed(step.fault)
    if (fault === undefined) return
    const each = Object.keys(step.each ?? {})
    const filled = typeof step.target === 'string' && each.some((key) => step.target?.includes(`\${${key}}`))
    if (step.target === undefined) {
      if (fault.targets.length > 0 && fault.everywhere !== true)
        wrong(path, `fault ${fault.name} needs a target`, `write target: ${fault.targets[0]}/NAME`)
    } else if (!filled) {
      const target = readTarget(step.target, fault, aims, step.mode !== undefined)
      if ('found' in target) wrong([...path, 'target'], target.found, target.hint)
      else if (!('selector' in target) && step.mode !== undefined)
        wrong([...path, 'mode'], 'a mode without a selector', 'modes choose among what a selector finds: target: app=web')
    }
    const counted = step.mode === 'fixed' || step.mode === 'percent'
    if (counted && step.value === undefined) wrong([...path, 'mode'], `mode ${step.mode} without "value"`, 'say how many: value: 2')
    if (!counted && step.value !== undefined)
      wrong([...path, 'value'], '"value" without mode fixed or percent', 'leave it out, or say mode: fixed')
    if (fault.instant === true && step.for !== undefined) wrong([...path, 'for'], `fault ${fault.name} ends by itself`, 'leave "for" out')
    const { node } = step as { node?: unknown }
    if (typeof node === 'string' && !seen.has(node))
      wrong([...path, 'node'], `there is no node "${node}"`, didYouMean(node, nodes, 'there are'))
    const others = step['from']
    if (Array.isArray(others))
      others.forEach((node: unknown, index) => {
        if (typeof node === 'string' && !seen.has(node))
          wrong([...path, 'from', index], `there is no node "${node}"`, didYouMean(node, nodes, 'there are'))
      })
    const notYet = (key: string, what: string): void => {
      unsupported.push(
        around.place([...path, key], 'value', `${what} is not there yet`, 'the faults that act are listed in scenarios/README.md'),
      )
    }
    if (fault.begin === undefined) notYet('fault', `fault ${fault.name}`)
    else if (step.target?.startsWith('component/') && fault.components !== undefined) {
      const name = step.target.slice('component/'.length)
      if (!fault.components.includes(name)) notYet('target', `fault ${fault.name} of ${name}`)
      if (name === 'kubelet' && step['node'] === undefined) wrong(path, 'component/kubelet without "node"', 'say whose: node: node-1')
    }
    for (const key of fault.without ?? []) if (step[key] !== undefined) notYet(key, `"${key}" of fault ${fault.name}`)
  }

  for (const [index, expectation] of scenario.expect.entries()) {
    inspectExpectation(expectation, ['expect', index], condition)
    inspectWindow(expectation as Window, ['expect', index])
  }

  function inspectWindow({ at, from, to, event }: Window, path: Path): void {
    const after = (key: 'at' | 'from', text: string | undefined): void => {
      if (text === undefined || (parseDuration(text) ?? 0) <= end) return
      const found = `"${key}: ${text}" comes after the end of the run (${scenario.duration}): it is never looked at`
      // Who cuts a run short on the command line wants to see its beginning.
      if (around.isCut) notes.push(`expectation ${Number(path[1]) + 1}: ${found}`)
      else wrong([...path, key], found, 'make "duration" longer, or look earlier')
    }
    after('at', at)
    after('from', from)
    if (from !== undefined && to !== undefined && (parseDuration(to) ?? 0) < (parseDuration(from) ?? 0))
      wrong([...path, 'to'], `"to: ${to}" comes before "from: ${from}": nothing is ever looked at`, `write a moment after ${from}`)
    if (event !== undefined && Object.keys(event).length === 0)
      wrong(
        [...path, 'event'],
        'an event that says nothing: any Event would do',
        'it needs one of: reason, object, namespace, type, message, source',
      )
  }

  if (scenario.traffic.length > 0) unsupported.push(around.place(['traffic'], 'key', 'traffic is not there yet', 'leave it out'))
  if (scenario.quorum.length > 0) unsupported.push(around.place(['quorum'], 'key', 'quorums are not there yet', 'leave them out'))
  return { mistakes, unsupported, notes }
}

/** What expectations say of their time, and which Event they want. */
type Window = Partial<Readonly<Record<'at' | 'from' | 'to', string>>> & { readonly event?: object }

/** Whose pods an application may name, each in all the spellings that are read. */
const podOwners: Readonly<Record<string, readonly string[]>> = {
  pod: ['pod', 'pods', 'po'],
  statefulset: ['statefulset', 'statefulsets', 'sts'],
  deployment: ['deployment', 'deployments', 'deploy'],
  replicaset: ['replicaset', 'replicasets', 'rs'],
  daemonset: ['daemonset'],
  job: ['job'],
  replicationcontroller: ['replicationcontroller'],
}

function inspectExpectation(
  expectation: Expectation,
  path: Path,
  condition: (path: Path, text: string, wants?: 'bool' | 'measure') => void,
): void {
  for (const key of ['always', 'never', 'eventually', 'finally', 'that', 'measure'] as const) {
    const text = (expectation as Record<string, unknown>)[key]
    if (typeof text === 'string') condition([...path, key], text, key === 'measure' ? 'measure' : 'bool')
  }
}

/** Whether a name is like a pattern: `*` stands for anything. */
export const fits = (pattern: string, name: string): boolean =>
  new RegExp(
    `^${pattern
      .split('*')
      .map((piece) => piece.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}$`,
  ).test(name)
