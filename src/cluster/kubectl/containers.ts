/**
 * Which container a command means, and how it reaches it: what exec, attach, logs and run share.
 * Source: kubectl.md 8, 10; kubectl pkg/cmd/util/podcmd, pkg/polymorphichelpers, 1.36.
 */
import { hours, type Micros, minutes } from '../../engine/clock.ts'
import { type Story, until } from '../client/story.ts'
import type { KubernetesObject } from '../objects/metadata.ts'
import type { Container } from '../objects/pod.ts'
import { printRequirements, requirementsOf } from '../objects/selector.ts'
import { type Failure, refusal } from './failure.ts'
import { type Session, servedKind } from './session.ts'
import { listObjects } from './targets.ts'
import type { Connect } from './terminal.ts'

const listOf = (pod: KubernetesObject, field: string): readonly Container[] => (pod['spec']?.[field] ?? []) as readonly Container[]

/** All containers of a pod in kubectl's words: `a, b (init)`. */
export const containerNames = (pod: KubernetesObject): string =>
  [
    ...listOf(pod, 'containers').map(({ name }) => name),
    ...listOf(pod, 'ephemeralContainers').map(({ name }) => `${name} (ephem)`),
    ...listOf(pod, 'initContainers').map(({ name }) => `${name} (init)`),
  ].join(', ')

/** The container of that name. */
export const containerCalled = (pod: KubernetesObject, name: string): Container | undefined =>
  ['containers', 'initContainers', 'ephemeralContainers'].flatMap((field) => listOf(pod, field)).find((each) => each.name === name)

/** `web-0` names a container that is not there. */
export const wrongContainer = (pod: KubernetesObject, name: string): Failure =>
  refusal(`container ${name} is not valid for pod ${pod.metadata.name} out of: ${containerNames(pod)}`)

/** The container that was named, else the pod's default one, else the first; says so when there are others. */
export function containerMeant(session: Session, pod: KubernetesObject, quiet = false): string {
  const given = session.flags.text('container') || pod.metadata.annotations?.['kubectl.kubernetes.io/default-container']
  if (given) {
    if (containerCalled(pod, given) === undefined) throw wrongContainer(pod, given)
    return given
  }
  const [first] = listOf(pod, 'containers')
  if (first === undefined) throw refusal(`pod ${pod.metadata.namespace}/${pod.metadata.name} does not have any containers`)
  const others = listOf(pod, 'containers').length + listOf(pod, 'initContainers').length + listOf(pod, 'ephemeralContainers').length > 1
  if (others && !quiet) session.terminal.err(`Defaulted container ${JSON.stringify(first.name)} out of: ${containerNames(pod)}\n`)
  return first.name
}

/** The terminal's way into containers, or a refusal where there is none. */
export function connectOf(session: Session): Connect {
  const { connect } = session.terminal
  if (connect === undefined) throw refusal('unable to upgrade connection: containers cannot be reached from here')
  return connect
}

/** `--pod-running-timeout`. */
export function runningTimeout(session: Session, without: Micros = minutes(1)): Micros {
  const limit = session.flags.duration('pod-running-timeout', without)
  if (limit <= 0) throw refusal('--pod-running-timeout must be higher than zero')
  return limit
}

/**
 * The pod behind an object: itself, or one of those that it selects, the ready one that is oldest first; waits for the first to come.
 * Source: pkg/polymorphichelpers/helpers.go (GetFirstPod), util/podutils (ActivePods).
 */
export function* podBehind(
  session: Session,
  object: KubernetesObject,
  limit: Micros,
): Story<{ readonly pod: KubernetesObject; readonly count: number }> {
  if (object.kind === 'Pod') return { pod: object, count: 1 }
  const spec = object['spec'] ?? {}
  const selector = object.kind === 'Service' ? { matchLabels: spec.selector } : spec.selector
  if (selector === undefined || (object.kind === 'Service' && Object.keys(spec.selector ?? {}).length === 0)) {
    throw refusal(
      object.kind === 'Service'
        ? `invalid service '${object.metadata.name}': Service is defined without a selector`
        : `cannot attach to *unstructured.Unstructured: selector for *unstructured.Unstructured not implemented`,
    )
  }
  const { namespace } = object.metadata
  const text = printRequirements(requirementsOf(selector) ?? [])
  const listed = yield* listObjects(session, servedKind('Pod'), namespace, text)
  const [first] = byActivity(listed)
  if (first !== undefined) return { pod: first, count: listed.length }
  const lister = session.terminal.see.of('Pod')
  const requirements = requirementsOf(selector) ?? []
  const came = yield* until(
    ['Pod'],
    () =>
      lister
        .list(namespace)
        .find((pod) => requirements.every((each) => each.operator !== '=' || pod.metadata.labels?.[each.key] === each.values[0])),
    Math.min(limit, hours(168)),
  )
  if (came === undefined) throw refusal('timed out waiting for the condition')
  return { pod: came, count: 1 }
}

const isReadyNow = (pod: KubernetesObject): boolean =>
  ((pod['status']?.conditions ?? []) as readonly { readonly type: string; readonly status: string }[]).some(
    (each) => each.type === 'Ready' && each.status === 'True',
  )

/** Assigned, running and ready pods first; then those that are ready longer, restarted less, older. */
export function byActivity(pods: readonly KubernetesObject[]): readonly KubernetesObject[] {
  const phases = ['Running', 'Unknown', 'Pending']
  const place = (pod: KubernetesObject): readonly number[] => [
    pod['spec']?.nodeName ? 0 : 1,
    phases.indexOf(pod['status']?.phase ?? 'Pending') < 0 ? phases.length : phases.indexOf(pod['status']?.phase ?? 'Pending'),
    isReadyNow(pod) ? 0 : 1,
  ]
  return [...pods].sort((a, b) => {
    const x = place(a)
    const y = place(b)
    for (let i = 0; i < x.length; i += 1) if (x[i] !== y[i]) return (x[i] as number) - (y[i] as number)
    const born = a.metadata.creationTimestamp ?? ''
    const other = b.metadata.creationTimestamp ?? ''
    return born < other ? -1 : born > other ? 1 : 0
  })
}
