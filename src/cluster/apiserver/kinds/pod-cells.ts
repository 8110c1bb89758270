/** READY, STATUS and RESTARTS of a pod. Source: printPod in pkg/printers/internalversion/printers.go (1.36); kubectl.md 3.5. */
import { isConditionTrue, type KubernetesObject } from '../../objects/metadata.ts'

type Ended = { readonly exitCode?: number; readonly signal?: number; readonly reason?: string; readonly finishedAt?: string | null }
type ContainerStatus = {
  readonly name: string
  readonly ready?: boolean
  readonly started?: boolean
  readonly restartCount?: number
  readonly state?: { readonly waiting?: { readonly reason?: string }; readonly running?: unknown; readonly terminated?: Ended }
  readonly lastState?: { readonly terminated?: Ended }
}

/** What `get` says of a pod. */
export type PodCells = {
  readonly ready: string
  readonly status: string
  readonly restarts: number
  readonly lastRestart: string | undefined
}

const later = (a: string | undefined, b: string | null | undefined): string | undefined => (b && (a === undefined || a < b) ? b : a)

const endText = (ended: Ended): string => {
  if (ended.reason) return ended.reason
  return ended.signal ? `Signal:${ended.signal}` : `ExitCode:${ended.exitCode ?? 0}`
}

type Tally = { ready: number; restarts: number; last: string | undefined }

const tallyRestart = (tally: Tally, container: ContainerStatus): void => {
  tally.restarts += container.restartCount ?? 0
  tally.last = later(tally.last, container.lastState?.terminated?.finishedAt)
}

/** What the first init container that is not done says; undefined when all are done. */
const initReason = (pod: KubernetesObject, all: Tally, sidecars: Tally): string | undefined => {
  const specs: readonly { readonly name: string; readonly restartPolicy?: string }[] = pod['spec']?.initContainers ?? []
  const statuses: readonly ContainerStatus[] = pod['status']?.initContainerStatuses ?? []
  for (const [at, container] of statuses.entries()) {
    tallyRestart(all, container)
    const sidecar = specs.find((spec) => spec.name === container.name)?.restartPolicy === 'Always'
    if (sidecar) tallyRestart(sidecars, container)
    const ended = container.state?.terminated
    if (ended !== undefined && (ended.exitCode ?? 0) === 0) continue
    if (sidecar && container.started === true) {
      if (container.ready === true) all.ready++
      continue
    }
    if (ended !== undefined) return `Init:${endText(ended)}`
    const waiting = container.state?.waiting?.reason
    return waiting && waiting !== 'PodInitializing' ? `Init:${waiting}` : `Init:${at}/${specs.length}`
  }
  return undefined
}

/** READY, STATUS and RESTARTS. */
export const podCells = (pod: KubernetesObject): PodCells => {
  const { spec = {}, status = {} } = pod as { spec?: KubernetesObject['spec']; status?: KubernetesObject['status'] }
  let reason: string = status.reason || status.phase || ''
  for (const condition of status.conditions ?? []) {
    if (condition.type === 'PodScheduled' && condition.reason === 'SchedulingGated') reason = 'SchedulingGated'
  }
  const initContainers: readonly { readonly restartPolicy?: string }[] = spec.initContainers ?? []
  const total = (spec.containers ?? []).length + initContainers.filter((container) => container.restartPolicy === 'Always').length
  let tally: Tally = { ready: 0, restarts: 0, last: undefined }
  const sidecars: Tally = { ready: 0, restarts: 0, last: undefined }
  const initializing = initReason(pod, tally, sidecars)
  if (initializing !== undefined) reason = initializing
  if (initializing === undefined || isConditionTrue(pod, 'Initialized')) {
    tally = { ...sidecars, ready: tally.ready }
    reason = runningReason(pod, reason, tally)
  }
  if (pod.metadata.deletionTimestamp !== undefined) {
    if (status.reason === 'NodeLost') reason = 'Unknown'
    else if (status.phase !== 'Succeeded' && status.phase !== 'Failed') reason = 'Terminating'
  }
  return { ready: `${tally.ready}/${total}`, status: reason, restarts: tally.restarts, lastRestart: tally.last }
}

/** What the application containers say, the first one last. */
const runningReason = (pod: KubernetesObject, before: string, tally: Tally): string => {
  let reason = before
  let running = false
  let failure = ''
  for (const container of [...((pod['status']?.containerStatuses ?? []) as readonly ContainerStatus[])].reverse()) {
    tallyRestart(tally, container)
    const { waiting, terminated } = container.state ?? {}
    if (waiting?.reason) reason = waiting.reason
    else if (terminated !== undefined) {
      reason = endText(terminated)
      if ((terminated.exitCode ?? 0) !== 0) failure = reason
    } else if (container.ready === true && container.state?.running !== undefined) {
      running = true
      tally.ready++
    }
  }
  if (reason !== 'Completed') return reason
  if (running && isConditionTrue(pod, 'Ready')) return 'Running'
  if (failure !== '') return failure
  return running ? 'NotReady' : reason
}
