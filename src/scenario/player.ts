/**
 * Plays the steps of a scenario, each at its time and in a terminal of its own: a command that blocks lets time and the other steps go on.
 * Source: contract section 3 (steps), 6 (run.json); cases/README.md 4 ("faults, then at 0 the manifests, then steps in the order of the file").
 */

import { kindOf } from '../cluster/apiserver/kinds/index.ts'
import { call, type Story } from '../cluster/client/story.ts'
import { printFailure, refused } from '../cluster/kubectl/failure.ts'
import { kubectl } from '../cluster/kubectl/index.ts'
import type { Terminal } from '../cluster/kubectl/terminal.ts'
import type { KubernetesObject } from '../cluster/objects/metadata.ts'
import { type Micros, parseDuration, printDuration } from '../engine/clock.ts'
import { parseDistribution, sample } from '../engine/distribution.ts'
import type { Process } from '../engine/process.ts'
import { splitWords } from '../text/words.ts'
import { ranks } from '../world/ranks.ts'
import { type NamedKind, readCondition, type Vocabulary } from './conditions.ts'
import { watchCondition } from './expectations.ts'
import { fits } from './inspect.ts'
import { inDefaultNamespace } from './manifests.ts'
import type { Scenario } from './scenario.ts'
import type { FaultStep, Step } from './schema.ts'
import type { Stage } from './stage.ts'
import { faultLine, TroubleMaker } from './trouble.ts'

/** One command, fault or apply of a step; `ended` and `exit` are undefined while it blocks. */
export type StepRow = {
  readonly at: Micros
  ended: Micros | undefined
  readonly line: string
  exit: number | undefined
  stdout: string
  stderr: string
  /** Both streams as they were printed, in their order. */
  printed: string
}

/** Something that makes the run fail (exit 1) and is no expectation. */
export type Failure = { readonly at: Micros; readonly message: string }

/** Files of the scenario, by name: `./web.yaml` is `web.yaml`. */
const plainPath = (path: string): string => path.replace(/^(\.\/)+/, '').replace(/\/+$/, '')

/** What a terminal reads: files by name, folders by what lies in them. */
export function filesOf(files: Readonly<Record<string, string>>): Pick<Terminal, 'files' | 'folder'> {
  const byName = new Map(Object.entries(files).map(([name, text]) => [plainPath(name), text]))
  return {
    files: (path) => byName.get(plainPath(path)),
    folder: (path) => {
      const prefix = path === '.' || path === './' ? '' : `${plainPath(path)}/`
      const names = new Set(
        [...byName.keys()].filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length).split('/')[0] as string),
      )
      return names.size === 0 ? undefined : [...names].sort()
    },
  }
}

/** A terminal on the stage whose output goes into a row. */
export function terminalOn(stage: Stage, files: Pick<Terminal, 'files' | 'folder'>, row: StepRow, stdin?: string): Terminal {
  return {
    ...files,
    stdin,
    namespace: 'default',
    see: stage.see,
    now: () => stage.engine.now,
    time: () => stage.time(),
    release: stage.release,
    out: (text) => {
      row.stdout += text
      row.printed += text
    },
    err: (text) => {
      row.stderr += text
      row.printed += text
    },
    connect: stage.connect,
  }
}

/** The words of a command line, without a leading `kubectl`. */
function wordsOf(line: string): readonly string[] {
  const words = (splitWords(line).words ?? []).map((word) => word.text)
  return words[0] === 'kubectl' ? words.slice(1) : words
}

/** What a profile and the machines bring: a manifest of that name takes its place. */
const broughtKinds: ReadonlySet<string> = new Set(['StorageClass', 'CSIDriver', 'CSINode'])

/** Creates objects in order, as `kubectl create` does; what each is refused with, if it is. */
function* create(objects: readonly KubernetesObject[]): Story<readonly { readonly object: KubernetesObject; readonly message: string }[]> {
  const refused: { object: KubernetesObject; message: string }[] = []
  for (const object of objects) {
    const wanted = inDefaultNamespace(object)
    let answer = yield* call({ verb: 'create', object: wanted, fieldValidation: 'Strict' })
    if (!answer.ok && answer.status.reason === 'AlreadyExists' && broughtKinds.has(object.kind)) {
      yield* call({ verb: 'delete', kind: object.kind, name: object.metadata.name })
      answer = yield* call({ verb: 'create', object: wanted, fieldValidation: 'Strict' })
    }
    if (!answer.ok) refused.push({ object, message: answer.status.message })
  }
  return refused
}

/** `apply:` of a step: what is not there is created, what is there is patched with what was written. Returns the exit code. */
function* putInPlace(objects: readonly KubernetesObject[], terminal: Terminal): Story<number> {
  let exit = 0
  for (const object of objects.map(inDefaultNamespace)) {
    const { namespace, name } = object.metadata
    const kind = kindOf(object.kind)
    const named = `${object.kind.toLowerCase()}${kind === undefined || kind.group === '' ? '' : `.${kind.group}`}/${name}`
    let answer = yield* call({ verb: 'create', object, fieldValidation: 'Strict' })
    let done = 'created'
    if (!answer.ok && answer.status.reason === 'AlreadyExists') {
      const before = yield* call({ verb: 'get', kind: object.kind, namespace, name })
      answer = yield* call({
        verb: 'patch',
        kind: object.kind,
        namespace,
        name,
        type: 'strategic',
        patch: object,
        fieldValidation: 'Strict',
      })
      const isSame = answer.ok && before.ok && before.object.metadata.resourceVersion === answer.object.metadata.resourceVersion
      done = isSame ? 'unchanged' : 'configured'
    }
    if (answer.ok) terminal.out(`${named} ${done}\n`)
    else {
      terminal.err(printFailure(refused(answer.status)))
      exit = 1
    }
  }
  return exit
}

/** Plays a scenario on a stage. */
export class Player {
  /** In the order in which they began. */
  readonly rows: StepRow[] = []
  readonly failures: Failure[] = []
  readonly troubles: TroubleMaker
  private readonly stage: Stage
  private readonly scenario: Scenario
  private readonly vocabulary: Vocabulary
  private readonly process: Process
  private readonly files: Pick<Terminal, 'files' | 'folder'>
  /** Steps that have not ended. */
  private open: number
  private createdAll = false

  constructor(scenario: Scenario, stage: Stage, vocabulary: Vocabulary) {
    this.scenario = scenario
    this.stage = stage
    this.vocabulary = vocabulary
    this.files = filesOf(scenario.files)
    this.process = stage.engine.process('scenario', ranks.steps)
    const kindCalled: (text: string) => NamedKind | undefined = vocabulary.kindCalled
    this.troubles = new TroubleMaker(stage, kindCalled, scenario.cluster.profile !== 'reference')
    this.open = scenario.steps.length
  }

  /** Plans everything. Call it once, at 0, before the engine runs. */
  start(): void {
    this.process.at(0, 'manifests', () => {
      this.stage.play(create(this.scenario.manifests), (refused) => {
        this.createdAll = true
        for (const { object, message } of refused)
          this.failures.push({
            at: this.stage.engine.now,
            message: `${object.kind.toLowerCase()}/${object.metadata.name} was refused: ${message}`,
          })
      })
    })
    this.scenario.steps.forEach((step, index) => {
      if (step.at !== undefined) this.plan(index, this.draw(step.at, index, 'at'))
    })
    if (this.scenario.steps.length > 0) this.arm(0)
  }

  /** Whether a step or the end of a fault is still to come. */
  get pending(): boolean {
    return this.open > 0 || !this.createdAll || this.troubles.pending > 0
  }

  private draw(text: string, index: number, purpose: string): Micros {
    const read = parseDistribution(text)
    return read === undefined ? 0 : sample(read, this.stage.engine.chance(`step ${index + 1}`, purpose))
  }

  /** Faults act at the rank of faults, everything else at that of steps. */
  private plan(index: number, at: Micros): void {
    const owner = 'fault' in (this.scenario.steps[index] as Step) ? this.troubles.process : this.process
    owner.at(at, `step ${index + 1}`, () => this.perform(index))
  }

  /** The step above has ended: `after` counts, `when` is watched from now on. A step with `at` has its own time. */
  private arm(index: number): void {
    const step = this.scenario.steps[index]
    if (step === undefined || step.at !== undefined) return
    const { now } = this.stage.engine
    if (step.when === undefined) this.plan(index, now + (step.after === undefined ? 0 : this.draw(step.after, index, 'after')))
    else this.watch(index, step.when, step.within)
  }

  private watch(index: number, source: string, within: string | undefined): void {
    const { condition } = readCondition(source, this.vocabulary)
    if (condition === undefined) throw new Error(`a condition that the reader refuses: ${source}`)
    let stop = (): void => undefined
    let found = false
    const look = (): void => {
      if (found || !condition.holds(this.stage.objects)) return
      found = true
      stop()
      this.process.cancel(deadline)
      // Not inside the write that made it true.
      this.process.after(0, `step ${index + 1}`, () => this.perform(index))
    }
    const limit = within === undefined ? undefined : parseDuration(within)
    const deadline =
      limit === undefined
        ? -1
        : this.process.after(limit, `step ${index + 1} waits no longer`, () => {
            found = true
            stop()
            this.failures.push({ at: this.stage.engine.now, message: `step ${index + 1}: "${source}" did not come true within ${within}` })
            this.ended(index)
          })
    stop = watchCondition(condition, this.stage, this.process, look)
    look()
  }

  private ended(index: number): void {
    this.open--
    this.arm(index + 1)
  }

  private perform(index: number): void {
    const step = this.scenario.steps[index] as Step
    const things = this.thingsOf(step)
    const next = (at: number): void => {
      const thing = things[at]
      if (thing === undefined) this.ended(index)
      else this.once(index, withThing(step, thing), () => next(at + 1))
    }
    next(0)
  }

  /** For which names the step is done: those that `each` finds, or once for none. */
  private thingsOf(step: Step): readonly (readonly [key: string, name: string] | 'once')[] {
    const [entry] = Object.entries(step.each ?? {})
    if (entry === undefined) return ['once']
    const [key, pattern] = entry as ['node' | 'pod', string]
    const objects = [...this.stage.objects.list(key === 'node' ? 'Node' : 'Pod')].filter(
      (object) => key === 'node' || object.metadata.namespace === 'default',
    )
    return objects
      .map((object) => object.metadata.name)
      .filter((name) => fits(pattern, name))
      .sort(byNumbers)
      .map((name) => [key, name] as const)
  }

  private once(index: number, step: Step, then: () => void): void {
    if ('fault' in step) this.fault(index, step as FaultStep, then)
    else if ('kubectl' in step && step.kubectl !== undefined)
      this.commands(index, [step.kubectl].flat() as string[], step.fails === true, then)
    else if ('apply' in step && step.apply !== undefined)
      this.apply(index, [step.apply].flat() as unknown as KubernetesObject[], step.fails === true, then)
    else throw new Error('a step that the reader refuses')
  }

  private begin(line: string): StepRow {
    const row: StepRow = { at: this.stage.engine.now, ended: undefined, line, exit: undefined, stdout: '', stderr: '', printed: '' }
    this.rows.push(row)
    return row
  }

  private end(index: number, row: StepRow, exit: number, fails: boolean): void {
    row.ended = this.stage.engine.now
    row.exit = exit
    this.stage.engine.record('scenario', 'step-ended', `step ${index + 1}`, { line: row.line, exit })
    if (exit !== 0 && !fails) {
      const why = row.stderr.trim().split('\n')[0] ?? ''
      this.failures.push({
        at: row.ended,
        message: `step ${index + 1} at ${printDuration(row.at)}: "${row.line}" ended with exit code ${exit}${why === '' ? '' : `: ${why}`}`,
      })
    }
  }

  private fault(index: number, step: FaultStep, then: () => void): void {
    const row = this.begin(faultLine(step))
    const entry = this.stage.engine.record('scenario', 'step', `step ${index + 1}`, { line: row.line })
    this.stage.engine.because(entry, () => {
      const hit = this.troubles.begin(step, 'scenario')
      if (typeof hit === 'string') row.stderr = `${hit}\n`
      else if (hit.length === 0) row.stdout = 'nothing was hit\n'
      row.printed = row.stderr + row.stdout
      this.end(index, row, typeof hit === 'string' ? 1 : 0, false)
      then()
    })
  }

  private commands(index: number, lines: readonly string[], fails: boolean, then: () => void): void {
    const [line, ...rest] = lines
    if (line === undefined) {
      then()
      return
    }
    this.play(index, line, wordsOf(line), fails, () => this.commands(index, rest, fails, then))
  }

  private apply(index: number, objects: readonly KubernetesObject[], fails: boolean, then: () => void): void {
    const line = `apply ${objects.map((object) => `${object.kind}/${object.metadata?.name ?? object.metadata?.generateName ?? ''}`).join(', ')}`
    const row = this.begin(line)
    this.playStory(index, row, putInPlace(objects, terminalOn(this.stage, this.files, row)), fails, then)
  }

  private play(index: number, line: string, words: readonly string[], fails: boolean, then: () => void): void {
    const row = this.begin(line)
    this.playStory(index, row, kubectl(words, terminalOn(this.stage, this.files, row)), fails, then)
  }

  /** Plays the story of a step; its exit code ends the row. */
  private playStory(index: number, row: StepRow, story: Story<number>, fails: boolean, then: () => void): void {
    const entry = this.stage.engine.record('scenario', 'step', `step ${index + 1}`, { line: row.line })
    this.stage.engine.because(entry, () => {
      this.stage.play(story, (exit) => {
        this.end(index, row, exit, fails)
        then()
      })
    })
  }
}

/** The step with `${node}` put in. */
function withThing(step: Step, thing: readonly [key: string, name: string] | 'once'): Step {
  if (thing === 'once') return step
  const [key, name] = thing
  const fill = (value: unknown): unknown => {
    if (typeof value === 'string') return value.replaceAll(`\${${key}}`, name)
    if (Array.isArray(value)) return value.map(fill)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([field, inner]) => [field, field === 'each' ? inner : fill(inner)]))
  }
  return fill(step) as Step
}

/** node-2 before node-10. */
function byNumbers(a: string, b: string): number {
  const pieces = (text: string): readonly string[] => text.match(/\d+|\D+/g) ?? []
  const [left, right] = [pieces(a), pieces(b)]
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const [x, y] = [left[i] as string, right[i] as string]
    if (x === y) continue
    if (/^\d/.test(x) && /^\d/.test(y) && Number(x) !== Number(y)) return Number(x) - Number(y)
    return x < y ? -1 : 1
  }
  return left.length - right.length
}
