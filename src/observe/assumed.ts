/**
 * What a run takes for granted because nobody said otherwise, what it met and does not model, and what would mend what it
 * missed: one line each, for the summary and run.json. Source: contract.md 2 ("Everything else that is missing …"); issue 4, items 2 and 6.
 */
import { notModelledLines } from '../cluster/apiserver/fields/not-modelled.ts'
import { isTerminating, type KubernetesObject } from '../cluster/objects/metadata.ts'
import { isFinishedPod, isScheduled } from '../cluster/objects/pod.ts'
import { namesServed, type SchedulerConfiguration } from '../cluster/scheduler/configuration.ts'
import type { Journal } from '../engine/journal.ts'
import type { Scenario } from '../scenario/scenario.ts'
import type { EventDetail } from './entries.ts'

type Container = { readonly name: string; readonly image?: string; readonly readinessProbe?: unknown; readonly restartPolicy?: string }
type PodSpec = { readonly containers?: readonly Container[]; readonly initContainers?: readonly Container[] }

/** The pod specs that a scenario brings. */
const podSpecsOf = (objects: readonly KubernetesObject[]): readonly PodSpec[] =>
  objects.flatMap((object) => {
    const spec = object.kind === 'Pod' ? object['spec'] : object['spec']?.template?.spec
    return spec?.containers === undefined ? [] : [spec as PodSpec]
  })

/** All objects that a scenario writes: its manifests and what its steps apply. */
const objectsOf = (scenario: Scenario): readonly KubernetesObject[] => [
  ...scenario.manifests,
  ...scenario.steps.flatMap((step) =>
    'apply' in step && step.apply !== undefined ? ([step.apply].flat() as unknown as readonly KubernetesObject[]) : [],
  ),
]

/** What is taken for granted. */
export const assumptionsOf = (scenario: Scenario): readonly string[] => {
  const specs = podSpecsOf(objectsOf(scenario))
  const lines: string[] = []
  const described = scenario.applications.length > 0
  const containers = specs.flatMap((spec) => spec.containers ?? [])
  if (containers.some((container) => container.readinessProbe === undefined) && !described) {
    lines.push('containers answer as soon as they have started (no probe, no application described)')
  } else if (containers.length > 0 && !described) {
    lines.push('containers answer their probes as soon as they have started (no application described)')
  }
  const once = specs.flatMap((spec) => (spec.initContainers ?? []).filter((container) => container.restartPolicy !== 'Always'))
  if (once.length > 0 && !described) lines.push('init containers do their work in no time and end well')
  const { images = {}, profile } = scenario.cluster
  const pulled = profile !== 'reference' && profile !== 'instant'
  if (pulled && [...containers, ...once].some(({ image }) => image !== undefined && images[image]?.size === undefined)) {
    lines.push('an image has 100 MiB and is on no node at the start (cluster.images says otherwise)')
  }
  return lines
}

/** What was asked for and is not modelled. */
export const gapsOf = (scenario: Scenario): readonly string[] => notModelledLines(objectsOf(scenario))

/** A text of Kubernetes that names something missing, and what a person does about it. */
const remedies: readonly { readonly text: RegExp; readonly remedy: (found: readonly string[]) => string }[] = [
  {
    text: /error looking up service account ([^/]+)\/([^:]+): serviceaccount "[^"]+" not found/,
    remedy: ([, namespace, name]) => `kubectl create serviceaccount ${name}${namespace === 'default' ? '' : ` -n ${namespace}`}`,
  },
  {
    text: /storageclass\.storage\.k8s\.io "([^"]+)" not found/,
    remedy: ([, name]) => `a StorageClass "${name}", or cluster.storageClasses: [{name: ${name}}]`,
  },
  { text: /configmap "([^"]+)" not found/, remedy: ([, name]) => `kubectl create configmap ${name}` },
  { text: /secret "([^"]+)" not found/, remedy: ([, name]) => `kubectl create secret generic ${name}` },
  { text: /no PriorityClass with name (\S+) was found/, remedy: ([, name]) => `a PriorityClass "${name}"` },
  {
    text: /Insufficient (cpu|memory|ephemeral-storage)/,
    remedy: ([, what]) => `nodes with more ${what}: cluster.nodes with capacity, or fewer requests`,
  },
  { text: /didn't have free ports/, remedy: () => 'more nodes (--nodes N): a host port is free once on each' },
  { text: /didn't match pod anti-affinity rules/, remedy: () => 'more nodes (--nodes N): anti-affinity allows one pod on each' },
  { text: /didn't match Pod's node affinity\/selector/, remedy: () => 'nodes with the labels asked for: cluster.nodes with labels' },
  {
    text: /no persistent volumes available for this claim and no storage class is set/,
    remedy: () => 'a storage class for the claim, or a PersistentVolume',
  },
  { text: /had untolerated taint/, remedy: () => 'a toleration, or nodes without the taint' },
]

/** Pods that wait for a scheduler that nobody plays say nothing: their scheduler is not there. */
const missingSchedulers = (pods: Iterable<KubernetesObject>, scenario: Scenario): readonly string[] => {
  const served = new Set(namesServed(scenario.cluster.components?.['kube-scheduler'] as SchedulerConfiguration | undefined))
  const names = new Set<string>()
  for (const pod of pods) {
    const name = pod['spec']?.schedulerName as string | undefined
    if (name && !served.has(name) && !isScheduled(pod) && !isFinishedPod(pod) && !isTerminating(pod)) names.add(name)
  }
  return [...names].map(
    (name) =>
      `a scheduler ${JSON.stringify(name)}: cluster.components.kube-scheduler.profiles with schedulerName, or pods that do not ask for it`,
  )
}

/** What would mend the refusals and warnings of a run, each once, in the order in which they were met. `pods` are those at its end. */
export const remediesOf = (journal: Journal, pods: Iterable<KubernetesObject>, scenario: Scenario): readonly string[] => {
  const found = new Set<string>(missingSchedulers(pods, scenario))
  for (let entry = 1; entry <= journal.length; entry++) {
    if (journal.what(entry) !== 'event') continue
    const { message } = journal.detail(entry) as EventDetail
    for (const { text, remedy } of remedies) {
      const match = text.exec(message)
      if (match !== null) found.add(remedy(match))
    }
  }
  return [...found]
}
