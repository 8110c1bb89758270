/**
 * Faults of a run: a step names a fault, here it is found what it is aimed at, begun, counted and healed. Faults of one kind on one target are
 * one fault until the last of them ends.
 * Source: contract section 5; cases/README.md 2 ("choices that are random take the first").
 */
import type { KubernetesObject } from '../cluster/objects/metadata.ts'
import { meetsAll } from '../cluster/objects/selector.ts'
import type { Micros } from '../engine/clock.ts'
import { parseDistribution, sample } from '../engine/distribution.ts'
import type { Process } from '../engine/process.ts'
import { ranks } from '../world/ranks.ts'
import { ApiTroubles } from './api-troubles.ts'
import type { NamedKind } from './conditions.ts'
import type { FaultDefinition, FaultWorld, Heal, Parameters, Target } from './fault.ts'
import { faultNamed } from './faults/index.ts'
import type { FaultStep } from './schema.ts'
import { distribution, meaningOf } from './shapes.ts'
import type { Stage } from './stage.ts'
import { type Aims, readTarget, type TargetText } from './targets.ts'

/** Keys of a fault step that are no parameters of the fault. */
const general = new Set(['at', 'after', 'when', 'within', 'each', 'fault', 'target', 'namespace', 'mode', 'value', 'for'])

const kindsOfTargets: Readonly<Record<string, string>> = {
  node: 'Node',
  pod: 'Pod',
  persistentvolumeclaim: 'PersistentVolumeClaim',
  persistentvolume: 'PersistentVolume',
  storageclass: 'StorageClass',
}

/** How a fault is written on one line: `fault node-power-loss node/node-2`. */
export const faultLine = (step: FaultStep): string => `fault ${step.fault}${step.target === undefined ? '' : ` ${step.target}`}`

/** The faults of a run. */
export class TroubleMaker {
  /** At the rank of faults: before everything else of an instant. */
  readonly process: Process
  private readonly api: ApiTroubles
  private readonly stage: Stage
  private readonly aims: Aims
  private readonly random: boolean
  private readonly active = new Map<string, { count: number; readonly heal: Heal | undefined }>()
  private ends = 0
  private drawn = 0

  /** `random`: whether `mode: one|fixed|percent` draws (else it takes the first by name, as profile reference does). */
  constructor(stage: Stage, kindCalled: (text: string) => NamedKind | undefined, random: boolean) {
    this.stage = stage
    this.random = random
    this.api = new ApiTroubles(stage.controlPlane)
    this.process = stage.engine.process('faults', ranks.faults)
    const machines = [...stage.world.machines.values()]
    this.aims = {
      nodes: machines.map((machine) => machine.name),
      zones: [...new Set(machines.flatMap((machine) => machine.zone ?? []))],
      kindCalled,
    }
  }

  /** How many ends of faults are still to come. */
  get pending(): number {
    return this.ends
  }

  /**
   * The fault is in force when this returns. What was hit; or, as text, why nothing can be (a target that is not there: a fault in the
   * shell, or an object that never came).
   */
  begin(step: FaultStep, who: string): readonly Target[] | string {
    const fault = faultNamed(step.fault)
    if (fault === undefined) return `there is no fault "${step.fault}"`
    if (fault.begin === undefined) return `fault ${fault.name} is not there yet`
    const targets = this.targetsOf(fault, step)
    if (typeof targets === 'string') return targets
    const parameters = this.drawnParameters(fault, step)
    const length = step.for === undefined ? undefined : this.draw(step.for)
    for (const target of targets) this.beginOn(fault, target, parameters, length, who)
    return targets
  }

  private beginOn(fault: FaultDefinition, target: Target, parameters: Parameters, length: Micros | undefined, who: string): void {
    const { engine } = this.stage
    const about = target.kind === '' ? '' : `${kindsOfTargets[target.kind] ?? target.kind}/${target.namespace}/${target.name}`
    const entry = engine.record(who, 'fault-began', about, {
      fault: fault.name,
      ...parameters,
      ...(length === undefined ? {} : { for: length }),
    })
    const on: FaultWorld = {
      world: this.stage.world,
      controlPlane: this.stage.controlPlane,
      api: this.api,
      after: (delay, label, act) => {
        this.ends++
        this.process.after(delay, label, () => {
          this.ends--
          act()
        })
      },
    }
    if (fault.instant === true) {
      engine.because(entry, () => fault.begin?.(target, parameters, on))
      return
    }
    const key = `${fault.name} ${about}`
    const known = this.active.get(key)
    if (known === undefined) this.active.set(key, { count: 1, heal: engine.because(entry, () => fault.begin?.(target, parameters, on)) })
    else known.count++
    if (length === undefined) return
    this.ends++
    engine.because(entry, () => this.process.after(length, `${fault.name} ends`, () => this.end(key, fault.name, about, who)))
  }

  private end(key: string, name: string, about: string, who: string): void {
    this.ends--
    const state = this.active.get(key)
    if (state === undefined) return
    state.count--
    if (state.count > 0) return
    this.active.delete(key)
    const entry = this.stage.engine.record(who, 'fault-healed', about, { fault: name })
    this.stage.engine.because(entry, () => state.heal?.())
  }

  private drawnParameters(fault: FaultDefinition, step: FaultStep): Parameters {
    const parameters: [string, unknown][] = []
    for (const [key, value] of Object.entries(step)) {
      if (general.has(key)) continue
      const schema = fault.parameters[key]
      const isLength = schema !== undefined && typeof value === 'string' && meaningOf(schema).expects === meaningOf(distribution).expects
      parameters.push([key, isLength ? this.draw(value) : value])
    }
    return Object.fromEntries(parameters)
  }

  private draw(text: string): Micros {
    const read = parseDistribution(text)
    return read === undefined ? 0 : sample(read, this.stage.engine.chance('scenario', 'fault', this.drawn++))
  }

  private targetsOf(fault: FaultDefinition, step: FaultStep): readonly Target[] | string {
    const namespace = step.namespace ?? 'default'
    if (step.target === undefined)
      return fault.targets.includes('storageclass') ? this.everyClass() : [{ kind: '', namespace: '', name: '' }]
    const read = readTarget(step.target, fault, this.aims, step.mode !== undefined)
    if ('found' in read) return `${read.found}${read.hint === '' ? '' : `: ${read.hint}`}`
    if ('selector' in read) return this.chosen(read, step, namespace)
    if (read.kind === 'zone')
      return [...this.stage.world.machines.values()]
        .filter((machine) => machine.zone === read.name)
        .map((machine) => ({ kind: 'node', namespace: '', name: machine.name }))
    const namespaced = read.kind === 'pod' || read.kind === 'persistentvolumeclaim'
    return [{ kind: read.kind, namespace: namespaced ? namespace : '', name: read.name }]
  }

  /** A storage fault without a target is one of every class. */
  private everyClass(): readonly Target[] {
    return [...this.stage.objects.list('StorageClass')].map(({ metadata }) => ({
      kind: 'storageclass',
      namespace: '',
      name: metadata.name,
    }))
  }

  private chosen({ kind, selector }: Extract<TargetText, { selector: unknown }>, step: FaultStep, namespace: string): readonly Target[] {
    if (kind === 'zone') return []
    const namespaced = kind === 'pod' || kind === 'persistentvolumeclaim'
    const fit = (object: KubernetesObject): boolean =>
      meetsAll(selector, object.metadata.labels) && (!namespaced || object.metadata.namespace === namespace)
    const found = [...this.stage.objects.list(kindsOfTargets[kind] ?? '')]
      .filter(fit)
      .map((object): Target => ({ kind, namespace: namespaced ? namespace : '', name: object.metadata.name }))
    const sorted = found.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
    // A Node without a machine behind it cannot be hit.
    const there = kind === 'node' ? sorted.filter((target) => this.stage.world.machines.has(target.name)) : sorted
    const count = countOf(step, there.length)
    if (count >= there.length) return there
    const left = [...there]
    return Array.from(
      { length: count },
      () =>
        left.splice(
          this.random ? Math.floor(this.stage.engine.chance('scenario', 'which target', this.drawn++) * left.length) : 0,
          1,
        )[0] as Target,
    )
  }
}

/** How many of those that a selector found are hit. A percentage is rounded up. */
function countOf(step: FaultStep, all: number): number {
  switch (step.mode ?? 'all') {
    case 'one':
      return 1
    case 'fixed':
      return Math.floor(step.value ?? 0)
    case 'percent':
      return Math.ceil((all * (step.value ?? 0)) / 100)
    default:
      return all
  }
}
