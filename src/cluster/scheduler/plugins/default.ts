/**
 * The default profile: which plugins there are, in which order each extension point asks them. Source: scheduler.md 7.0;
 * pkg/scheduler/apis/config/v1/default_plugins.go. PrioritySort is the order of the queue, DefaultBinder the binding itself: they have no rule
 * of their own here.
 */
import type { Gates } from '../../objects/release.ts'
import type { Plugin } from '../plugin.ts'
import { defaultPreemption } from '../preemption.ts'
import { dynamicResources } from './dynamic-resources.ts'
import { imageLocality } from './image-locality.ts'
import { interPodAffinity } from './inter-pod-affinity.ts'
import { nodeAffinity } from './node-affinity.ts'
import { nodeDeclaredFeatures } from './node-declared-features.ts'
import { nodeName } from './node-name.ts'
import { nodePorts } from './node-ports.ts'
import { nodeResourcesBalancedAllocation } from './node-resources-balanced-allocation.ts'
import { nodeResourcesFit } from './node-resources-fit.ts'
import { nodeUnschedulable } from './node-unschedulable.ts'
import { nodeVolumeLimits } from './node-volume-limits.ts'
import { podTopologySpread } from './pod-topology-spread.ts'
import { schedulingGates } from './scheduling-gates.ts'
import { taintToleration } from './taint-toleration.ts'
import { volumeBinding } from './volume-binding.ts'
import { volumeRestrictions } from './volume-restrictions.ts'
import { volumeZone } from './volume-zone.ts'

/** Arguments of plugins by name, as `pluginConfig` gives them. */
export type PluginArgs = (name: string) => object | undefined

/** Named in configurations, without a rule of their own. */
const bare = (name: string): Plugin => ({ name })

/** All plugins of the default profile, in order, for a release. */
export const defaultPlugins = (args: PluginArgs, gates: Gates): readonly Plugin[] => [
  schedulingGates,
  bare('PrioritySort'),
  nodeUnschedulable,
  nodeName,
  taintToleration,
  nodeAffinity(args('NodeAffinity')),
  nodePorts,
  nodeResourcesFit(args('NodeResourcesFit')),
  volumeRestrictions,
  nodeVolumeLimits(),
  volumeBinding(args('VolumeBinding')),
  volumeZone,
  podTopologySpread(args('PodTopologySpread')),
  interPodAffinity(args('InterPodAffinity')),
  ...(gates.on('DynamicResourceAllocation') ? [dynamicResources] : []),
  defaultPreemption(args('DefaultPreemption')),
  nodeResourcesBalancedAllocation(args('NodeResourcesBalancedAllocation')),
  imageLocality,
  bare('DefaultBinder'),
  ...(gates.on('NodeDeclaredFeatures') ? [nodeDeclaredFeatures] : []),
]
