/**
 * What a kubelet says of a pod: container statuses, phase, conditions. Pure: from the pod, what the last relist showed, what
 * probes found and why containers could not be started.
 * Source: node-and-storage.md A4, A5; kubelet_pods.go (getPhase, convertToAPIContainerStatuses), status/generate.go (1.36).
 */
import type { Micros } from '../../engine/clock.ts'
import type { ContainerView, PodView } from '../../world/runtime.ts'
import type { Condition } from '../objects/metadata.ts'
import {
  type Container,
  type ContainerState,
  type ContainerStatus,
  isSidecar,
  type Pod,
  type PodPhase,
  type PodStatus,
} from '../objects/pod.ts'

/** Why a container waits: the runtime part of the last sync could not start it. */
export type StartFailure = { readonly reason: string; readonly message: string }

/** An ending that the kubelet itself gave the pod: evicted, shut down, rejected. */
export type Ending = { readonly reason: string; readonly message: string; readonly disruption?: string }

/** What a status is made of. */
export type StatusInput = {
  readonly pod: Pod
  readonly view: PodView
  /** What was said before: by this kubelet, else what the API holds. */
  readonly old: PodStatus
  /** By container. */
  readonly failures: ReadonlyMap<string, StartFailure>
  /** Whether a startup probe lets the container count as started, and a readiness probe as ready; by name. */
  readonly isStarted: (container: Container, id: string) => boolean
  readonly isReady: (container: Container, id: string) => boolean
  /** Whether the kubelet has finished stopping it. */
  readonly stopped: boolean
  readonly ending: Ending | undefined
  readonly hostAddress: string
  readonly imageId: (image: string) => string
  readonly time: (at: Micros) => string
  readonly now: string
  /** Whether conditions and status carry the generation (1.34). */
  readonly tracksGeneration: boolean
}

/** The restart policy that holds for a container: its own, else the pod's. */
export const restartPolicyOf = (pod: Pod, container: Container): 'Always' | 'OnFailure' | 'Never' =>
  container.restartPolicy ?? pod.spec.restartPolicy ?? 'Always'

/** Whether a container that ended so is started again. */
export const restartsAfter = (pod: Pod, container: Container, exitCode: number): boolean => {
  const policy = restartPolicyOf(pod, container)
  return policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0)
}

/** The containers of that name in what a relist showed: the newest, and the one before it. */
export const latestOf = (
  view: PodView,
  name: string,
): { readonly last: ContainerView | undefined; readonly before: ContainerView | undefined } => {
  const all = view.containers.filter((each) => each.container.facts.name === name)
  return { last: all.at(-1), before: all.at(-2) }
}

/** The status of a pod as it is now. */
export function statusOf(input: StatusInput): PodStatus {
  const { pod, view, old } = input
  const initSpecs = pod.spec.initContainers ?? []
  const app = pod.spec.containers.map((container) => containerStatus(input, container, old.containerStatuses))
  const init = initSpecs.map((container) => containerStatus(input, container, old.initContainerStatuses))
  const sorted = [...app].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  const phase = input.ending !== undefined && input.stopped ? 'Failed' : lastingPhase(old.phase, phaseOf(pod, init, app, input.stopped))
  const address = view.sandbox?.ready ? view.sandbox.ip : old.podIP
  const hostNetwork = pod.spec.hostNetwork === true
  const podIP = hostNetwork ? input.hostAddress : address
  const ended = input.ending !== undefined && input.stopped
  const reason = ended ? input.ending.reason : old.phase === phase ? old.reason : undefined
  const message = ended ? input.ending.message : old.phase === phase ? old.message : undefined
  const conditions = conditionsOf(input, phase, init, app)
  return {
    ...(input.tracksGeneration && pod.metadata.generation !== undefined ? { observedGeneration: pod.metadata.generation } : {}),
    phase,
    conditions: withTimes(conditions, old.conditions ?? [], input.now),
    ...(message === undefined ? {} : { message }),
    ...(reason === undefined ? {} : { reason }),
    hostIP: input.hostAddress,
    hostIPs: [{ ip: input.hostAddress }],
    ...(podIP === undefined ? {} : { podIP, podIPs: [{ ip: podIP }] }),
    startTime: old.startTime ?? input.now,
    ...(init.length === 0 ? {} : { initContainerStatuses: init }),
    containerStatuses: sorted,
  } as PodStatus
}

/** Failed and Succeeded are never left (A4). */
const lastingPhase = (old: PodPhase | undefined, computed: PodPhase): PodPhase => (old === 'Failed' || old === 'Succeeded' ? old : computed)

/** One container as the runtime shows it, and why it waits if it could not be started. */
function containerStatus(input: StatusInput, container: Container, oldStatuses: readonly ContainerStatus[] | undefined): ContainerStatus {
  const { pod, view } = input
  const { last, before } = latestOf(view, container.name)
  const old = oldStatuses?.find((status) => status.name === container.name)
  const image = container.image ?? ''
  const waiting: ContainerState = {
    waiting: { reason: (pod.spec.initContainers ?? []).length > 0 ? 'PodInitializing' : 'ContainerCreating' },
  }
  const failure = input.failures.get(container.name)
  const terminating = pod.metadata.deletionTimestamp !== undefined
  if (last === undefined) {
    const vanished = vanishedStatus(old)
    if (vanished !== undefined) return vanished
    return {
      name: container.name,
      state: failure === undefined || terminating ? waiting : { waiting: failure },
      lastState: old?.lastState ?? {},
      ready: false,
      restartCount: old?.restartCount ?? 0,
      image,
      imageID: '',
      started: false,
    }
  }
  const id = last.container.id
  const running = last.state.kind === 'running'
  const started = running && input.isStarted(container, id)
  let state = stateOf(last, input)
  let lastState = before === undefined ? {} : stateOf(before, input)
  if (
    !running &&
    failure !== undefined &&
    !terminating &&
    restartsAfter(pod, container, last.state.kind === 'exited' ? last.state.exitCode : 0)
  ) {
    lastState = state
    state = { waiting: failure }
  }
  const sidecar = isSidecar(container)
  const initial = (pod.spec.initContainers ?? []).some((each) => each.name === container.name)
  const ready = running
    ? started && (initial && !sidecar ? false : input.isReady(container, id))
    : // An ordinary init container that ended well counts as ready.
      initial && !sidecar && last.state.kind === 'exited' && last.state.exitCode === 0
  return {
    name: container.name,
    state,
    lastState,
    ready,
    restartCount: last.container.facts.restarts,
    image: last.container.facts.image,
    imageID: input.imageId(last.container.facts.image),
    containerID: id,
    started,
  }
}

/**
 * A container that was running and of which the runtime knows nothing any more: exit 137, one restart more (A4).
 */
function vanishedStatus(old: ContainerStatus | undefined): ContainerStatus | undefined {
  if (old === undefined) return undefined
  const gone: ContainerState = {
    terminated: {
      exitCode: 137,
      reason: 'ContainerStatusUnknown',
      message: 'The container could not be located when the pod was deleted.  The container used to be Running',
      startedAt: null,
      finishedAt: null,
    },
  }
  if (old.state?.running !== undefined) {
    return { ...old, state: gone, lastState: {}, ready: false, started: false, restartCount: old.restartCount + 1 }
  }
  return old.state?.terminated !== undefined
    ? { ...old, ready: old.state.terminated.exitCode === 0 && old.ready, started: false }
    : undefined
}

const stateOf = ({ container, state }: ContainerView, input: StatusInput): ContainerState =>
  state.kind === 'running'
    ? { running: { startedAt: input.time(state.since) } }
    : {
        terminated: {
          exitCode: state.exitCode,
          reason: state.reason,
          startedAt: input.time(state.since),
          finishedAt: input.time(state.at),
          containerID: container.id,
        },
      }

/** The phase. Source: A4, getPhase. */
export function phaseOf(pod: Pod, init: readonly ContainerStatus[], app: readonly ContainerStatus[], stopped: boolean): PodPhase {
  const specs = pod.spec.initContainers ?? []
  const initialized = anyStarted(app)
  let pendingOrdinary = 0
  let pendingSidecars = 0
  let failedForGood = 0
  specs.forEach((container, at) => {
    const { state, lastState, started } = init[at] as ContainerStatus
    const ended = state?.terminated ?? (state?.running === undefined ? lastState?.terminated : undefined)
    if (isSidecar(container)) {
      if (state?.running !== undefined ? started !== true : ended === undefined) pendingSidecars += 1
    } else if (ended === undefined) pendingOrdinary += 1
    else if (ended.exitCode !== 0 && !restartsAfter(pod, container, ended.exitCode)) failedForGood += 1
  })
  let running = 0
  let waiting = 0
  let ended = 0
  let well = 0
  for (const { state, lastState } of app) {
    const end = state?.terminated ?? lastState?.terminated
    if (state?.running !== undefined) running += 1
    else if (end === undefined) waiting += 1
    else {
      ended += 1
      if (end.exitCode === 0) well += 1
    }
  }
  if (failedForGood > 0) return 'Failed'
  if (pendingOrdinary > 0 || (pendingSidecars > 0 && !initialized)) return 'Pending'
  if (waiting > 0) return 'Pending'
  if (running > 0) return 'Running'
  if (ended === 0) return 'Pending'
  if (stopped) return ended === well ? 'Succeeded' : 'Failed'
  const again = app.some(({ state, lastState, name }) => {
    const end = state?.terminated ?? lastState?.terminated
    const container = pod.spec.containers.find((each) => each.name === name)
    return end !== undefined && container !== undefined && restartsAfter(pod, container, end.exitCode)
  })
  if (again) return 'Running'
  return ended === well ? 'Succeeded' : 'Failed'
}

/** Whether an app container has ever left its waiting state. */
const anyStarted = (app: readonly ContainerStatus[]): boolean =>
  app.some(({ state, lastState }) => state?.running !== undefined || state?.terminated !== undefined || lastState?.terminated !== undefined)

/** The kubelet's conditions. Source: A5, status/generate.go. */
function conditionsOf(
  input: StatusInput,
  phase: PodPhase,
  init: readonly ContainerStatus[],
  app: readonly ContainerStatus[],
): readonly Condition[] {
  const { pod, view } = input
  const generation = input.tracksGeneration && pod.metadata.generation !== undefined ? { observedGeneration: pod.metadata.generation } : {}
  const sandbox: Condition = { type: 'PodReadyToStartContainers', ...generation, status: view.sandbox?.ready ? 'True' : 'False' }
  const conditions = [
    sandbox,
    { ...initializedOf(pod, phase, init, app), ...generation },
    ...readinessOf(pod, phase, init, app, input.old).map((condition) => ({ ...condition, ...generation })),
    { type: 'PodScheduled', ...generation, status: 'True' } as Condition,
  ]
  const disruption = input.ending?.disruption
  if (disruption === undefined || !input.stopped) return conditions
  return [
    ...conditions,
    { type: 'DisruptionTarget', ...generation, status: 'True', reason: 'TerminationByKubelet', message: disruption } as Condition,
  ]
}

function initializedOf(pod: Pod, phase: PodPhase, init: readonly ContainerStatus[], app: readonly ContainerStatus[]): Condition {
  const type = 'Initialized'
  if (phase === 'Succeeded') return { type, status: 'True', reason: 'PodCompleted' }
  const specs = pod.spec.initContainers ?? []
  const incomplete = specs.filter((container, at) => {
    const status = init[at] as ContainerStatus
    return isSidecar(container) ? status.started !== true : status.state?.terminated?.exitCode !== 0
  })
  if (incomplete.length === 0 || anyStarted(app)) return { type, status: 'True' }
  return {
    type,
    status: 'False',
    reason: 'ContainersNotInitialized',
    message: `containers with incomplete status: [${incomplete.map((container) => container.name).join(' ')}]`,
  }
}

/** Ready and ContainersReady, which go together. */
function readinessOf(
  pod: Pod,
  phase: PodPhase,
  init: readonly ContainerStatus[],
  app: readonly ContainerStatus[],
  old: PodStatus,
): readonly Condition[] {
  const both = (rest: Omit<Condition, 'type'>): readonly Condition[] => [
    { type: 'Ready', ...rest },
    { type: 'ContainersReady', ...rest },
  ]
  if (phase === 'Succeeded') return both({ status: 'False', reason: 'PodCompleted' })
  if (phase === 'Failed') return both({ status: 'False', reason: 'PodFailed' })
  const sidecars = (pod.spec.initContainers ?? []).filter(isSidecar)
  const names = [...sidecars, ...pod.spec.containers].map((container) => container.name)
  const unready = names.filter((name) => ![...init, ...app].some((status) => status.name === name && status.ready))
  if (unready.length > 0) {
    return both({ status: 'False', reason: 'ContainersNotReady', message: `containers with unready status: [${unready.join(' ')}]` })
  }
  const gates = (pod.spec.readinessGates ?? []).map((gate) => gate.conditionType)
  const closed = gates.flatMap((type) => {
    const condition = (pod.status?.conditions ?? old.conditions ?? []).find((each) => each.type === type)
    if (condition === undefined) return [`corresponding condition of pod readiness gate "${type}" does not exist.`]
    return condition.status === 'True' ? [] : [`the status of pod readiness gate "${type}" is not "True", but ${condition.status}`]
  })
  if (closed.length === 0) return both({ status: 'True' })
  const message = closed.length === 1 ? (closed[0] as string) : `[${closed.join(', ')}]`
  return [
    { type: 'Ready', status: 'False', reason: 'ReadinessGatesNotReady', message },
    { type: 'ContainersReady', status: 'True' },
  ]
}

/** Conditions whose status did not change keep the time of their last change. */
function withTimes(conditions: readonly Condition[], old: readonly Condition[], now: string): readonly Condition[] {
  return conditions.map((condition) => {
    const before = old.find((each) => each.type === condition.type)
    const lastTransitionTime = before !== undefined && before.status === condition.status ? (before.lastTransitionTime ?? null) : now
    return { ...condition, lastTransitionTime }
  })
}

/** A status in which one container's readiness (or startup) changed, with the conditions that follow; nothing else is looked at. */
export function withContainer(
  pod: Pod,
  status: PodStatus,
  name: string,
  change: { readonly ready?: boolean; readonly started?: boolean },
  now: string,
): PodStatus {
  const apply = (statuses: readonly ContainerStatus[] | undefined) =>
    statuses?.map((each) => (each.name === name ? { ...each, ...change } : each))
  const app = apply(status.containerStatuses) ?? []
  const init = apply(status.initContainerStatuses)
  const phase = status.phase ?? 'Pending'
  const inOrder = pod.spec.containers
    .map((container) => app.find((each) => each.name === container.name))
    .filter((each) => each !== undefined)
  const fresh = [initializedOf(pod, phase, init ?? [], inOrder), ...readinessOf(pod, phase, init ?? [], inOrder, status)]
  const old = status.conditions ?? []
  const changed = old.map((condition) => {
    const next = fresh.find((each) => each.type === condition.type)
    if (next === undefined) return condition
    const generation = condition.observedGeneration === undefined ? {} : { observedGeneration: condition.observedGeneration }
    return {
      ...next,
      ...generation,
      lastTransitionTime: next.status === condition.status ? (condition.lastTransitionTime ?? null) : now,
    }
  })
  return { ...status, conditions: changed, ...(init === undefined ? {} : { initContainerStatuses: init }), containerStatuses: app }
}

/**
 * The last status of a pod that is gone from the machine: what never ended counts as lost, and the phase is final.
 * Source: A4, A10 step 5; status_manager.go TerminatePod.
 */
export function finalStatus(pod: Pod, status: PodStatus, now: string): PodStatus {
  const lost: ContainerState = {
    terminated: {
      exitCode: 137,
      reason: 'ContainerStatusUnknown',
      message: 'The container could not be located when the pod was terminated',
      startedAt: null,
      finishedAt: null,
    },
  }
  const app = status.containerStatuses ?? []
  const initialized = (pod.spec.initContainers ?? []).length === 0 || anyStarted(app)
  const containerStatuses = initialized
    ? app.map((each) => (each.state?.terminated === undefined ? { ...each, state: lost, ready: false, started: false } : each))
    : app
  const phase: PodPhase = status.phase === 'Succeeded' || status.phase === 'Failed' ? status.phase : 'Failed'
  const ends = readinessOf(pod, phase, [], [], status)
  const conditions = (status.conditions ?? []).map((condition) => {
    const next = ends.find((each) => each.type === condition.type)
    if (next === undefined) return condition
    const generation = condition.observedGeneration === undefined ? {} : { observedGeneration: condition.observedGeneration }
    return { ...next, ...generation, lastTransitionTime: next.status === condition.status ? (condition.lastTransitionTime ?? null) : now }
  })
  return { ...status, phase, conditions, containerStatuses }
}

/** The status of a pod that the node refused. Source: A2, rejectPod. */
export function rejected(
  pod: Pod,
  refusal: { readonly reason: string; readonly text: string },
  now: string,
  tracksGeneration: boolean,
): PodStatus {
  const generation = tracksGeneration && pod.metadata.generation !== undefined ? { observedGeneration: pod.metadata.generation } : {}
  return {
    ...pod.status,
    ...generation,
    phase: 'Failed',
    reason: refusal.reason,
    message: `Pod was rejected: ${refusal.text}`,
    startTime: pod.status?.startTime ?? now,
  }
}
