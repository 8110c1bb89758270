/**
 * What a fault is aimed at, as text: `node/node-2`, `zone/zone-a`, `component/kube-scheduler`, `pod/web-0`, or a label selector.
 * Source: contract section 5.
 */
import { parseLabelSelector, type Requirement } from '../cluster/objects/selector.ts'
import { didYouMean } from '../text/mistake.ts'
import type { NamedKind } from './conditions.ts'
import type { FaultDefinition, TargetKind } from './fault.ts'
import { components } from './schema.ts'

/** A target that was read. */
export type TargetText =
  | { readonly kind: TargetKind; readonly name: string; readonly namespace?: string }
  | { readonly kind: TargetKind; readonly selector: readonly Requirement[] }

/** What is there to be aimed at. */
export type Aims = {
  readonly nodes: readonly string[]
  readonly zones: readonly string[]
  readonly kindCalled: (text: string) => NamedKind | undefined
}

/** Why a text is no target of that fault. */
export type NoTarget = { readonly found: string; readonly hint: string }

const isSelector = (text: string): boolean => /[=!]|\s(in|notin)\s*\(/.test(text)

/** Controllers that can be named instead of the controller manager that runs them. */
const controllerNames = [
  ...['statefulset-controller', 'replicaset-controller', 'deployment-controller', 'endpointslice-controller', 'node-lifecycle-controller'],
  ...[
    'taint-eviction-controller',
    'persistentvolume-binder-controller',
    'persistentvolume-attach-detach-controller',
    'persistentvolume-expander-controller',
  ],
  ...[
    'persistentvolumeclaim-protection-controller',
    'persistentvolume-protection-controller',
    'disruption-controller',
    'ephemeral-volume-controller',
    'garbage-collector-controller',
  ],
  ...[
    'pod-garbage-collector-controller',
    'namespace-controller',
    'serviceaccount-controller',
    'resourcequota-controller',
    'cloud-node-lifecycle-controller',
  ],
]

const article = (kinds: readonly TargetKind[]): string => kinds.map((kind) => `${kind}/NAME`).join(' or ')

/** Reads a label selector. */
export function readSelector(text: string): readonly Requirement[] | NoTarget {
  const read = parseLabelSelector(text)
  return 'error' in read
    ? { found: `"${text}" is not a selector: ${read.error}`, hint: "write it as kubectl's -l takes it: app=web" }
    : read
}

/** Reads a target; `mode` says that it is a selector. */
export function readTarget(text: string, fault: FaultDefinition, aims: Aims, mode: boolean): TargetText | NoTarget {
  const [first] = fault.targets
  if (first === undefined) return { found: `fault ${fault.name} takes no target`, hint: 'leave it out' }
  const slash = text.indexOf('/')
  if (isSelector(text) || (mode && slash < 0)) {
    const read = readSelector(text)
    if ('found' in read) return read
    return first === 'component'
      ? { found: 'a selector where a component was expected', hint: 'write component/NAME' }
      : { kind: first, selector: read }
  }
  if (slash < 0) return { found: `"${text}" is not a target`, hint: `write it as ${article(fault.targets)}` }
  const [word, name] = [text.slice(0, slash), text.slice(slash + 1)]
  const kind = word === 'zone' || word === 'component' ? word : (aims.kindCalled(word)?.kind.toLowerCase() as TargetKind | undefined)
  if (kind === undefined)
    return { found: `there is no kind "${word}"`, hint: didYouMean(word, fault.targets) || `this fault takes ${article(fault.targets)}` }
  if (!fault.targets.includes(kind))
    return { found: `fault ${fault.name} cannot be aimed at a ${kind}`, hint: `it takes ${article(fault.targets)}` }
  if (name === '') return { found: `${word} without a name`, hint: `write it as ${article(fault.targets)}` }
  const there =
    kind === 'node' ? aims.nodes : kind === 'zone' ? aims.zones : kind === 'component' ? [...components, ...controllerNames] : undefined
  if (there !== undefined && !there.includes(name))
    return {
      found: `there is no ${kind} "${name}"`,
      hint: there.length === 0 ? 'no node has a zone' : didYouMean(name, there, 'there are'),
    }
  return { kind, name }
}
