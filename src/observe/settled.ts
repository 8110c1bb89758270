/**
 * When a run has settled: all that would still happen repeats an attempt that changed nothing but counts, times and Events in its last
 * two rounds. Source: contract section 3.
 *
 * Two things are watched. *News*: a write that brings an object into a state in which it (its name) was not before, counts and times
 * aside; or something in the world that is no attempt (a machine, a fault, a step). *Rounds*: since the last news, how often each kind of
 * event (process and label) has happened. The run has settled when each pending event was planned after the last news and its kind
 * has happened twice since.
 *
 * Differs from the contract's words: labels of events tell attempts apart, so two attempts of one process under one label count together.
 */
import { type Micros, seconds } from '../engine/clock.ts'
import type { Engine } from '../engine/engine.ts'
import type { Process } from '../engine/process.ts'
import type { Write } from './entries.ts'

/** How many rounds must have passed without news. */
const rounds = 2

/** More idle timers than these no cluster has. */
const fewEvents = 16

/** What happens so soon after news belongs to it. */
const aftermath = seconds(1)

/** Entries beside writes that are news. All others are attempts or follow from them: what they bring shows in writes. */
const news = new Set([
  ...['step', 'step-ended', 'fault-began', 'fault-healed', 'machine-on', 'machine-off'],
  ...['provisioned', 'volume-deleted', 'attached', 'detached'],
  // A crash back-off longer than any before of that container is over: the loop still slows down, so it does not repeat itself yet.
  'back-off',
])

export class Settlement {
  private readonly engine: Engine
  private newsAt: Micros = 0
  private plannedAtNews = 0
  private readonly happened = new Map<Process, Map<string, number>>()
  private readonly states = new Map<string, Set<number>>()
  private readonly prints = new WeakMap<object, number>()
  private looked: Micros = -1

  /** Begins to watch: call it before the engine runs. */
  constructor(engine: Engine) {
    this.engine = engine
    engine.journal.listen((entry) => this.see(entry))
  }

  /** When something last changed that was no repetition. */
  get lastNews(): Micros {
    return this.newsAt
  }

  /** To be called after each event. */
  after(): void {
    if (this.engine.now <= this.newsAt + aftermath) {
      this.plannedAtNews = this.engine.planned
      return
    }
    const { process, label } = this.engine.last
    const kinds = this.happened.get(process) ?? new Map<string, number>()
    this.happened.set(process, kinds)
    kinds.set(label, (kinds.get(label) ?? 0) + 1)
  }

  /** Whether only repetitions are left. Cheap enough to ask after each event: repetitions are looked for once a second at most. */
  settled(): boolean {
    const { engine } = this
    const next = engine.nextTime()
    if (next === engine.now) return false
    if (next === Number.POSITIVE_INFINITY || (engine.pending <= fewEvents && this.onlyIdle())) return true
    if (engine.now < this.looked + aftermath || engine.now <= this.newsAt + aftermath) return false
    this.looked = engine.now
    return this.onlyRepetitions()
  }

  /** What keeps repeating, as `process: label`, sorted. */
  repeating(): readonly string[] {
    const found = new Set<string>()
    this.engine.eachPending((_, process, label) => {
      if (!isIdle(label))
        found.add(label.startsWith(process.name) || process.name === 'kube-controller-manager' ? label : `${process.name} ${label}`)
    })
    return [...found].sort()
  }

  private onlyIdle(): boolean {
    let only = true
    this.engine.eachPending((_, __, label) => {
      only &&= isIdle(label)
    })
    return only
  }

  private onlyRepetitions(): boolean {
    let only = true
    this.engine.eachPending((_, process, label, number) => {
      if (!only || isIdle(label)) return
      only = number > this.plannedAtNews && (this.happened.get(process)?.get(label) ?? 0) >= rounds
    })
    return only
  }

  private see(entry: number): void {
    const { journal } = this.engine
    const what = journal.what(entry)
    if (what === 'write' ? !this.isNew(journal.about(entry), journal.detail(entry) as Write) : !news.has(what)) return
    this.newsAt = journal.time(entry)
    this.plannedAtNews = this.engine.planned
    if (this.happened.size > 0) this.happened.clear()
  }

  private isNew(about: string, { type, object, old }: Write): boolean {
    // They say in other words what pods and services are: what is news there was told by those.
    if (object.kind === 'Endpoints' || object.kind === 'EndpointSlice') return false
    const print = type === 'DELETED' ? 0 : this.printOf(object)
    if (old !== undefined && type === 'MODIFIED' && this.printOf(old) === print) return false
    const known = this.states.get(about)
    if (known === undefined) {
      this.states.set(about, new Set([print]))
      return true
    }
    if (known.has(print)) return false
    known.add(print)
    return true
  }

  /** A number that is the same for objects that differ in counts and times alone. Frozen parts are looked at once. */
  private printOf(value: unknown): number {
    if (typeof value === 'string') return isVolatile(value) ? 1 : textPrint(value)
    if (typeof value === 'number') return value
    if (typeof value !== 'object' || value === null) return value === true ? 3 : value === false ? 5 : 7
    const known = this.prints.get(value)
    if (known !== undefined) return known
    let print = Array.isArray(value) ? 11 : 13
    if (Array.isArray(value)) for (const one of value) print = mixed(print, this.printOf(one))
    else {
      // The order of fields does not matter: their prints are added.
      const fields = value as Readonly<Record<string, unknown>>
      for (const field in fields) {
        const inner = fields[field]
        const name = inner === undefined ? 0 : fieldPrint(field)
        if (name !== 0) print = (print + mixed(name, this.printOf(inner))) | 0
      }
    }
    if (Object.isFrozen(value)) this.prints.set(value, print)
    return print
  }
}

/** What may differ between two rounds of one attempt. */
const volatileFields = new Set([
  'resourceVersion',
  'uid',
  'generation',
  'observedGeneration',
  'managedFields',
  'restartCount',
  'count',
  'containerID',
  'podIP',
  'podIPs',
  'ip',
  'message',
  'lastState',
  'series',
  'exitCode',
  'renewTime',
])

const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/
const isVolatile = (text: string): boolean => text.length >= 20 && text.length <= 32 && instant.test(text)

/** Timers that are there in every cluster, for ever, and do nothing by themselves. */
const isIdle = (label: string): boolean => label.startsWith('resync')

const mixed = (a: number, b: number): number => {
  let h = Math.imul(a ^ b, 0x9e3779b1)
  h ^= h >>> 15
  h = Math.imul(h + b, 0x85ebca6b)
  return h ^ (h >>> 13)
}

const texts = new Map<string, number>()
const mostTexts = 100_000

const fieldPrints = new Map<string, number>()

/** The print of a field's name; 0 for those that may differ. */
function fieldPrint(field: string): number {
  let print = fieldPrints.get(field)
  if (print === undefined) {
    print = volatileFields.has(field) ? 0 : textPrint(field)
    if (fieldPrints.size > mostTexts) fieldPrints.clear()
    fieldPrints.set(field, print)
  }
  return print
}

function textPrint(text: string): number {
  const known = texts.get(text)
  if (known !== undefined) return known
  let print = 17
  for (let at = 0; at < text.length; at++) print = mixed(print, text.charCodeAt(at))
  if (texts.size > mostTexts) texts.clear()
  texts.set(text, print)
  return print
}
