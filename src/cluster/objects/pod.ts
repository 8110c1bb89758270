/**
 * Pods: their shape as far as the model reads it, and the questions that controllers, scheduler, kubelet and network ask.
 *
 * The questions take any object, so that whoever holds a pod as a plain object may ask too.
 * Source: Kubernetes API reference, Pod v1; statefulset.md 5; k8s.io/kubernetes/pkg/api/v1/pod.
 */
import type { Micros } from '../../engine/clock.ts'
import type { Condition, KubernetesObject, ObjectMeta, Time } from './metadata.ts'
import { conditionOf, isConditionTrue } from './metadata.ts'
import type { Toleration } from './node.ts'
import { atLeast, type Release } from './release.ts'

/** What a container asks for and may use, as quantities. */
export type Resources = {
  readonly requests?: Readonly<Record<string, string>>
  readonly limits?: Readonly<Record<string, string>>
}

/** A volume in a container. */
export type VolumeMount = { readonly name: string; readonly mountPath: string; readonly subPath?: string; readonly readOnly?: boolean }

/** How a probe or a hook asks. Exactly one of them is there. */
export type Handler = {
  readonly exec?: { readonly command?: readonly string[] }
  readonly httpGet?: { readonly path?: string; readonly port: number | string; readonly host?: string; readonly scheme?: string }
  readonly tcpSocket?: { readonly port: number | string; readonly host?: string }
  readonly grpc?: { readonly port: number; readonly service?: string }
  readonly sleep?: { readonly seconds: number }
}

/** One probe; the numbers are seconds and counts, filled in by the API server. */
export type Probe = Handler & {
  readonly initialDelaySeconds?: number
  readonly timeoutSeconds?: number
  readonly periodSeconds?: number
  readonly successThreshold?: number
  readonly failureThreshold?: number
  readonly terminationGracePeriodSeconds?: number
}

/** One container of a pod. `restartPolicy: Always` of an init container makes it a sidecar. */
export type Container = {
  readonly name: string
  readonly image?: string
  readonly imagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never'
  readonly command?: readonly string[]
  readonly args?: readonly string[]
  readonly env?: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: unknown }[]
  readonly ports?: readonly {
    readonly name?: string
    readonly containerPort: number
    readonly hostPort?: number
    readonly hostIP?: string
    readonly protocol?: string
  }[]
  readonly resources?: Resources
  readonly volumeMounts?: readonly VolumeMount[]
  readonly volumeDevices?: readonly { readonly name: string; readonly devicePath: string }[]
  readonly livenessProbe?: Probe
  readonly readinessProbe?: Probe
  readonly startupProbe?: Probe
  readonly lifecycle?: { readonly postStart?: Handler; readonly preStop?: Handler; readonly stopSignal?: string }
  readonly restartPolicy?: 'Always' | 'OnFailure' | 'Never'
  readonly terminationMessagePath?: string
  readonly terminationMessagePolicy?: string
}

/** One volume of a pod: its name, and one source. */
export type PodVolume = {
  readonly name: string
  readonly persistentVolumeClaim?: { readonly claimName: string; readonly readOnly?: boolean }
  readonly ephemeral?: { readonly volumeClaimTemplate?: { readonly metadata?: Partial<ObjectMeta>; readonly spec: unknown } }
  readonly emptyDir?: unknown
  readonly configMap?: { readonly name?: string; readonly optional?: boolean }
  readonly secret?: { readonly secretName?: string; readonly optional?: boolean }
  // biome-ignore lint/suspicious/noExplicitAny: the other sources are carried, not read
  readonly [source: string]: any
}

/** `spec` of a pod or of a template. */
export type PodSpec = {
  readonly nodeName?: string
  readonly hostname?: string
  readonly subdomain?: string
  readonly schedulerName?: string
  readonly restartPolicy?: 'Always' | 'OnFailure' | 'Never'
  readonly terminationGracePeriodSeconds?: number
  readonly activeDeadlineSeconds?: number
  readonly containers: readonly Container[]
  readonly initContainers?: readonly Container[]
  readonly ephemeralContainers?: readonly Container[]
  readonly volumes?: readonly PodVolume[]
  readonly nodeSelector?: Readonly<Record<string, string>>
  readonly tolerations?: readonly Toleration[]
  readonly priority?: number
  readonly priorityClassName?: string
  readonly preemptionPolicy?: 'PreemptLowerPriority' | 'Never'
  readonly overhead?: Readonly<Record<string, string>>
  readonly hostNetwork?: boolean
  readonly serviceAccountName?: string
  readonly schedulingGates?: readonly { readonly name: string }[]
  readonly readinessGates?: readonly { readonly conditionType: string }[]
  // biome-ignore lint/suspicious/noExplicitAny: the rest is read by the rules that know it (affinity, spread, …)
  readonly [field: string]: any
}

/** One state of a container; exactly one field is there (none: waiting). */
export type ContainerState = {
  readonly waiting?: { readonly reason?: string; readonly message?: string }
  readonly running?: { readonly startedAt?: Time | null }
  readonly terminated?: {
    readonly exitCode: number
    readonly signal?: number
    readonly reason?: string
    readonly message?: string
    readonly startedAt?: Time | null
    readonly finishedAt?: Time | null
    readonly containerID?: string
  }
}

/** What a kubelet reports of one container. */
export type ContainerStatus = {
  readonly name: string
  readonly image?: string
  readonly imageID?: string
  readonly containerID?: string
  readonly ready: boolean
  readonly started?: boolean
  readonly restartCount: number
  readonly state?: ContainerState
  readonly lastState?: ContainerState
}

/** The five phases. The API server writes Pending at creation. */
export type PodPhase = 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown'

/** `status` of a pod. */
export type PodStatus = {
  readonly phase?: PodPhase
  readonly reason?: string
  readonly message?: string
  readonly conditions?: readonly Condition[]
  readonly containerStatuses?: readonly ContainerStatus[]
  readonly initContainerStatuses?: readonly ContainerStatus[]
  readonly podIP?: string
  readonly podIPs?: readonly { readonly ip: string }[]
  readonly hostIP?: string
  readonly startTime?: Time
  readonly qosClass?: 'Guaranteed' | 'Burstable' | 'BestEffort'
  readonly nominatedNodeName?: string
  readonly observedGeneration?: number
}

/** A Pod object. */
export type Pod = KubernetesObject & {
  readonly kind: 'Pod'
  readonly metadata: ObjectMeta
  readonly spec: PodSpec
  readonly status?: PodStatus
}

/** A pod template, as in `spec.template` of a set. */
export type PodTemplate = { readonly metadata?: Partial<ObjectMeta>; readonly spec: PodSpec }

/** The phase, '' where there is none (a pod object that no API server has stored yet). */
export const phaseOf = (pod: KubernetesObject): PodPhase | '' => (pod['status']?.phase as PodPhase | undefined) ?? ''

/** Whether the API has it: the phase is set. Source: statefulset.md 5.1. */
export const isCreated = (pod: KubernetesObject): boolean => phaseOf(pod) !== ''

export const isPending = (pod: KubernetesObject): boolean => phaseOf(pod) === 'Pending'
export const isRunning = (pod: KubernetesObject): boolean => phaseOf(pod) === 'Running'
export const isFailed = (pod: KubernetesObject): boolean => phaseOf(pod) === 'Failed'
export const isSucceeded = (pod: KubernetesObject): boolean => phaseOf(pod) === 'Succeeded'

/** Whether no container of it will run again. */
export const isFinishedPod = (pod: KubernetesObject): boolean => isFailed(pod) || isSucceeded(pod)

/** Whether its Ready condition is True, whatever its phase. */
export const isReady = (pod: KubernetesObject): boolean => isConditionTrue(pod, 'Ready')

/** Phase Running and Ready; a terminating pod may be. Source: statefulset.md 5.1. */
export const isRunningAndReady = (pod: KubernetesObject): boolean => isRunning(pod) && isReady(pod)

/** Whether a node was given to it. */
export const isScheduled = (pod: KubernetesObject): boolean => ((pod['spec']?.nodeName as string | undefined) ?? '') !== ''

/** Whether its Ready condition has been True since `lastTransitionTime`; undefined when it is not Ready or says no time. */
export const readySince = (pod: KubernetesObject): Time | undefined => {
  const ready = conditionOf(pod, 'Ready')
  return ready?.status === 'True' ? (ready.lastTransitionTime ?? undefined) : undefined
}

/**
 * Ready for at least so many seconds; the phase is not looked at. Source: statefulset.md 5.1: up to 1.33 the moment itself was
 * too early; a Ready condition without a time never counts when seconds are asked for.
 */
export const isAvailable = (
  pod: KubernetesObject,
  minReadySeconds: number,
  now: Micros,
  release: Release,
  microsOf: (time: Time) => Micros,
): boolean => {
  if (!isReady(pod)) return false
  if (minReadySeconds === 0) return true
  const since = readySince(pod)
  if (since === undefined) return false
  const at = microsOf(since) + minReadySeconds * 1_000_000
  return atLeast(release, 34) ? at <= now : at < now
}

/** Containers that start in order before the others and stay: init containers that restart always. */
export const isSidecar = (container: Container): boolean => container.restartPolicy === 'Always'

/** How often its containers were started again, all together. */
export const restartsOf = (pod: KubernetesObject): number => {
  let sum = 0
  for (const status of (pod['status']?.containerStatuses ?? []) as readonly ContainerStatus[]) sum += status.restartCount
  return sum
}

/**
 * The claim that a volume stands for, by name: the one it names, or of a generic ephemeral volume the one that is made for it.
 * Source: component-helpers/storage/ephemeral (VolumeClaimName).
 */
export const claimNameOf = (pod: KubernetesObject, volume: PodVolume): string | undefined =>
  volume.persistentVolumeClaim?.claimName ?? (volume.ephemeral === undefined ? undefined : `${pod.metadata.name}-${volume.name}`)

/** The names of the claims of a pod's volumes, those of its generic ephemeral volumes too. */
export const claimNamesOf = (pod: KubernetesObject): readonly string[] =>
  ((pod['spec']?.volumes ?? []) as readonly PodVolume[]).flatMap((volume) => claimNameOf(pod, volume) ?? [])
