/**
 * What runs in the containers: a process that needs a while until it answers, runs, may end by itself, and ends when it is told
 * to, or not. Source: design/applications.md 1 (its keys starts, startsUnclean, stops, exits, liveWhen, flap); contract 3 (`applications`).
 *
 * Not modelled yet: join, formAlone, catchUp, leader, lease, handover and the ready-made profiles (they are refused when read).
 */
import type { Micros } from '../../engine/clock.ts'
import { type Distribution, sample } from '../../engine/distribution.ts'
import type { Engine } from '../../engine/engine.ts'
import type { Container, ExecResult, Program, ProgramFactory, Question } from '../../world/container.ts'
import type { Delays } from '../../world/delays.ts'
import { meetsAll, parseLabelSelector } from '../objects/selector.ts'

/** One entry of `applications:`. */
export type Application = {
  /** `statefulset/web`, `pod/web-0`, or a label selector. */
  readonly pods: string
  /** The container's name; absent: every container. */
  readonly container?: string
  /** Process start until it can answer; absent: 0. */
  readonly starts?: Distribution
  /** The same after an end that it was not asked for. */
  readonly startsUnclean?: Distribution
  /** SIGTERM until it has ended; absent: the profile's `stop`. */
  readonly stops?: Distribution | 'never'
  /** It ends by itself so long after its start. */
  readonly exits?: { readonly after: Distribution; readonly code: number }
  /** `booted`: the liveness endpoint answers no sooner than the others; default `started`. */
  readonly liveWhen?: 'started' | 'booted'
  /** An unready while after each start. */
  readonly flap?: { readonly after: Distribution; readonly for: Distribution }
}

/** Runs a command in a container; the small shell of commands.ts stands behind it in a whole cluster. */
type Shell = (container: Container, command: readonly string[]) => ExecResult

/** What programs need. */
export type ApplicationsOptions = {
  readonly engine: Engine
  readonly delays: () => Delays
  readonly applications: readonly Application[]
  readonly shell?: Shell
}

/** The programs of a run: the first application that matches a container describes it, else it answers at once. */
export function programs(options: ApplicationsOptions): ProgramFactory {
  const { engine, delays } = options
  const matchers = options.applications.map((application) => ({ application, matches: matcherOf(application) }))
  const shell = options.shell ?? plainShell
  const counts = new Map<string, number>()
  const draw = (container: Container, purpose: string): number => {
    const key = `${thingOf(container)} ${purpose}`
    const count = counts.get(key) ?? 0
    counts.set(key, count + 1)
    return engine.chance(thingOf(container), purpose, count)
  }
  return (container) => {
    const application = matchers.find(({ matches }) => matches(container))?.application ?? nothingSaid
    return begin(container, application, {
      length: (distribution, purpose) => sample(distribution, draw(container, purpose)),
      usualStop: () => delays().of('stop', thingOf(container)),
      shell,
    })
  }
}

const nothingSaid: Application = { pods: '' }

type Means = {
  readonly length: (distribution: Distribution, purpose: string) => Micros
  readonly usualStop: () => Micros
  readonly shell: Shell
}

const thingOf = (container: Container): string => `${container.podKey}/${container.facts.name}`

/** The program begins: booting, then it answers. */
function begin(container: Container, application: Application, means: Means): Program {
  const unclean = container.facts.restarts > 0 ? application.startsUnclean : undefined
  const drawn =
    application.starts === undefined && unclean === undefined ? 0 : means.length(unclean ?? (application.starts as Distribution), 'starts')
  const slow = container.trouble('slow-start')
  const takes = slow?.starts ?? Math.round(drawn * (slow?.factor ?? 1))
  let booted = takes === 0
  let unready = false
  if (!booted) {
    container.after(takes, 'has booted', () => {
      booted = true
      container.changed()
    })
  }
  const { exits, flap } = application
  if (exits === undefined && container.facts.kind === 'init') {
    // An init container of which nothing is said does its work in no time: what its command says, else it ends well.
    const { exitCode, takes: works } = means.shell(container, container.facts.command)
    container.after(takes + works, 'has done its work', () => container.exit(exitCode, exitCode === 0 ? 'Completed' : 'Error', false))
  }
  if (exits !== undefined) {
    const ends = means.length(exits.after, 'exits')
    container.after(ends, 'exits by itself', () => container.exit(exits.code, exits.code === 0 ? 'Completed' : 'Error', false))
  }
  if (flap !== undefined) {
    container.after(takes + means.length(flap.after, 'flap after'), 'turns unready', () => {
      unready = true
      container.changed()
      container.after(means.length(flap.for, 'flap for'), 'turns ready', () => {
        unready = false
        container.changed()
      })
    })
  }
  return {
    reply(question: Question) {
      if (question === 'liveness' && application.liveWhen !== 'booted') return 'yes'
      if (!booted) return 'refused'
      return question === 'readiness' && unready ? 'no' : 'yes'
    },
    terminate() {
      if (application.stops === 'never') return undefined
      return { after: application.stops === undefined ? means.usualStop() : means.length(application.stops, 'stops'), code: 0 }
    },
    exec: (command) => means.shell(container, command),
  }
}

/** Which containers an application is about. */
function matcherOf(application: Application): (container: Container) => boolean {
  const { pods, container: name } = application
  const isMine = podMatcher(pods)
  return (container) => (name === undefined || container.facts.name === name) && isMine(container)
}

function podMatcher(pods: string): (container: Container) => boolean {
  const slash = /^([a-z.]+)\/([^=!,\s]+)$/.exec(pods)
  if (slash !== null) {
    const [, kind, name] = slash as unknown as [string, string, string]
    if (kind === 'pod' || kind === 'pods' || kind === 'po') return (container) => container.facts.pod === name
    const owner = `${(longNames.get(kind) ?? kind).toLowerCase()}/${name}`
    return (container) => {
      const mine = container.facts.owner.toLowerCase()
      // A Deployment's pods belong to a ReplicaSet named after it.
      return mine === owner || (owner.startsWith('deployment/') && mine.startsWith(`replicaset/${name}-`))
    }
  }
  const selector = parseLabelSelector(pods)
  return (container) => !('error' in selector) && meetsAll(selector, container.facts.labels)
}

const longNames: ReadonlyMap<string, string> = new Map([
  ['sts', 'statefulset'],
  ['statefulsets', 'statefulset'],
  ['deploy', 'deployment'],
  ['deployments', 'deployment'],
  ['rs', 'replicaset'],
  ['replicasets', 'replicaset'],
])

/**
 * What hooks and exec probes mostly say: `sleep N` takes that long, `exit N`, `true` and `false` end so, several in a row one
 * after the other; everything else ends well at once.
 */
const plainShell: Shell = (_container, command) => {
  const script = command[0]?.endsWith('sh') && command[1] === '-c' ? (command[2] ?? '') : command.join(' ')
  let takes = 0
  for (const part of script.split(/;|&&|\n/)) {
    const [word, first] = part.trim().split(/\s+/)
    if (word === 'sleep') takes += Math.round(Number.parseFloat(first ?? '0') * 1_000_000) || 0
    else if (word === 'exit') return { exitCode: Number.parseInt(first ?? '0', 10) || 0, output: '', takes }
    else if (word === 'false') return { exitCode: 1, output: '', takes }
  }
  return { exitCode: 0, output: '', takes }
}
