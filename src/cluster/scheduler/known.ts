/**
 * What the scheduler knows beside nodes and pods: its caches of claims, volumes, classes, CSI objects, services, owners, namespaces and
 * budgets, and what it has assumed of claims and volumes before the API confirmed it.
 * Source: scheduler.md 1, 7.11 (assume cache: pkg/scheduler/util/assumecache), 7.15.
 */
import type { KubernetesObject } from '../objects/metadata.ts'
import { classOf } from '../objects/volume.ts'
import { LabelIndex } from './counts.ts'
import type { Matcher } from './matcher.ts'
import { matcherOf } from './matcher.ts'

/** The kinds kept here, in the order in which they are read at a start. */
export const knownKinds = [
  'Namespace',
  'StorageClass',
  'CSIDriver',
  'CSINode',
  'CSIStorageCapacity',
  'PersistentVolume',
  'PersistentVolumeClaim',
  'VolumeAttachment',
  'Service',
  'ReplicationController',
  'ReplicaSet',
  'StatefulSet',
  'PodDisruptionBudget',
] as const

const keyOf = (namespace: string | undefined, name: string): string =>
  namespace === undefined || namespace === '' ? name : `${namespace}/${name}`

const version = (object: KubernetesObject): number => Number(object.metadata.resourceVersion ?? 0)

type ServiceSelector = {
  readonly namespace: string
  readonly pair: readonly [string, string] | undefined
  readonly selector: Readonly<Record<string, string>>
  readonly name: string
}

export class Known {
  private readonly kinds = new Map<string, Map<string, KubernetesObject>>()
  /** Claims and volumes as assumed, until the API shows something newer. */
  private readonly assumed = new Map<string, { readonly object: KubernetesObject; readonly version: number }>()
  /** Volumes without a claim by class, and volumes with one by claim: by name. */
  private readonly freeOfClass = new Map<string, Set<string>>()
  private readonly meantFor = new Map<string, Set<string>>()
  private readonly services = new LabelIndex<ServiceSelector>()
  private readonly serviceEntries = new Map<string, ServiceSelector>()
  private readonly attachmentsOf = new Map<string, Map<string, KubernetesObject>>()
  private readonly attachmentsOn = new Map<string, Map<string, KubernetesObject>>()
  private readonly capacitiesOf = new Map<string, Map<string, KubernetesObject>>()
  /** Counts up when classes or drivers change: what the volumes of any pod count as may be another. */
  storageVersion = 0
  /** The pods that exist and have not ended, by `namespace/name`. */
  readonly pods = new Map<string, KubernetesObject>()

  constructor() {
    for (const kind of knownKinds) this.kinds.set(kind, new Map())
  }

  /** A change arrived (`gone`: the object was deleted). */
  set(object: KubernetesObject, gone = false): void {
    const objects = this.kinds.get(object.kind)
    if (objects === undefined) return
    const key = keyOf(object.metadata.namespace, object.metadata.name)
    const old = objects.get(key)
    if (gone) objects.delete(key)
    else objects.set(key, object)
    const is = gone ? undefined : object
    switch (object.kind) {
      case 'PersistentVolume':
        this.confirm(`PersistentVolume/${key}`, is)
        moveIn(this.freeOfClass, freeClassOf(old), freeClassOf(is), key)
        moveIn(this.meantFor, claimKeyOf(old), claimKeyOf(is), key)
        break
      case 'PersistentVolumeClaim':
        this.confirm(`PersistentVolumeClaim/${key}`, is)
        break
      case 'Service':
        this.setService(key, object, gone)
        break
      case 'VolumeAttachment':
        place(this.attachmentsOf, attachedVolume(old), attachedVolume(is), key, is)
        place(this.attachmentsOn, old?.['spec']?.nodeName, is?.['spec']?.nodeName, key, is)
        break
      case 'CSIStorageCapacity':
        place(this.capacitiesOf, old?.['storageClassName'], is?.['storageClassName'], key, is)
        break
      case 'StorageClass':
      case 'CSIDriver':
      case 'CSINode':
        this.storageVersion++
        break
    }
  }

  get(kind: string, name: string, namespace?: string): KubernetesObject | undefined {
    return this.kinds.get(kind)?.get(keyOf(namespace, name))
  }

  /** All of a kind, by key. Costs their number: not for each cycle. */
  all(kind: string): readonly KubernetesObject[] {
    const objects = this.kinds.get(kind)
    if (objects === undefined) return []
    return [...objects.keys()].sort().map((key) => objects.get(key) as KubernetesObject)
  }

  claim(namespace: string, name: string): KubernetesObject | undefined {
    return this.current('PersistentVolumeClaim', keyOf(namespace, name))
  }

  volume(name: string): KubernetesObject | undefined {
    return this.current('PersistentVolume', name)
  }

  /**
   * The volumes that a claim could get: those of its class that nobody has or that are meant for it, by name. As assumed.
   */
  volumesFor(claim: KubernetesObject, className: string): readonly KubernetesObject[] {
    const free = this.freeOfClass.get(className)
    const meant = this.meantFor.get(keyOf(claim.metadata.namespace, claim.metadata.name))
    if (free === undefined && meant === undefined) return none
    const names = [...(free ?? []), ...(meant ?? [])].sort()
    return names.map((name) => this.volume(name) as KubernetesObject).filter((volume) => classOf(volume) === className)
  }

  /** What the API last showed, whatever is assumed. */
  confirmed(kind: 'PersistentVolume' | 'PersistentVolumeClaim', name: string, namespace?: string): KubernetesObject | undefined {
    return this.kinds.get(kind)?.get(keyOf(namespace, name))
  }

  /** Takes a claim or volume for changed before the API has it. */
  assume(object: KubernetesObject): void {
    this.assumed.set(`${object.kind}/${keyOf(object.metadata.namespace, object.metadata.name)}`, { object, version: version(object) })
  }

  /** Takes an assumption back: what the API shows counts again. */
  forget(object: KubernetesObject): void {
    this.assumed.delete(`${object.kind}/${keyOf(object.metadata.namespace, object.metadata.name)}`)
  }

  attachmentsTo(node: string): Iterable<KubernetesObject> {
    return this.attachmentsOn.get(node)?.values() ?? []
  }

  /** The nodes that a volume is attached to, or is to be. */
  nodesWith(volume: string): readonly string[] {
    return [...(this.attachmentsOf.get(volume)?.values() ?? [])].map((attachment) => attachment['spec']?.nodeName as string)
  }

  capacities(className: string): Iterable<KubernetesObject> {
    return this.capacitiesOf.get(className)?.values() ?? []
  }

  namespaceLabels(namespace: string): Readonly<Record<string, string>> | undefined {
    return this.get('Namespace', namespace)?.metadata.labels
  }

  /** The namespaces that a selector selects, by name. */
  namespacesWith(selector: Matcher): readonly string[] {
    return this.all('Namespace')
      .filter((namespace) => selector.matches(namespace.metadata.labels))
      .map((namespace) => namespace.metadata.name)
  }

  /** The selectors of all services of a namespace that select a pod with these labels. */
  serviceSelectors(namespace: string, labels: Readonly<Record<string, string>>): readonly Readonly<Record<string, string>>[] {
    const found: ServiceSelector[] = []
    this.services.each(namespace, labels, (service) => {
      for (const key of Object.keys(service.selector)) if (labels[key] !== service.selector[key]) return
      found.push(service)
    })
    return found.sort((a, b) => (a.name < b.name ? -1 : 1)).map((service) => service.selector)
  }

  private current(kind: string, key: string): KubernetesObject | undefined {
    const shown = this.kinds.get(kind)?.get(key)
    if (this.assumed.size === 0 || shown === undefined) return shown
    return this.assumed.get(`${kind}/${key}`)?.object ?? shown
  }

  /** The API showed a claim or volume: an assumption that is older ends. */
  private confirm(key: string, object: KubernetesObject | undefined): void {
    const assumed = this.assumed.get(key)
    if (assumed !== undefined && (object === undefined || version(object) > assumed.version)) this.assumed.delete(key)
  }

  private setService(key: string, object: KubernetesObject, gone: boolean): void {
    const old = this.serviceEntries.get(key)
    if (old !== undefined) {
      this.services.remove(old)
      this.serviceEntries.delete(key)
    }
    const selector = object['spec']?.selector as Readonly<Record<string, string>> | undefined
    if (gone || selector === undefined || Object.keys(selector).length === 0) return
    const entry: ServiceSelector = {
      namespace: object.metadata.namespace ?? '',
      name: object.metadata.name,
      selector,
      pair: matcherOf({ matchLabels: selector }).pair,
    }
    this.serviceEntries.set(key, entry)
    this.services.add(entry)
  }
}

const none: readonly KubernetesObject[] = []

const attachedVolume = (attachment: KubernetesObject | undefined): string | undefined =>
  attachment?.['spec']?.source?.persistentVolumeName as string | undefined

/** The key of the claim that a volume is meant for. */
const claimKeyOf = (volume: KubernetesObject | undefined): string | undefined => {
  const claim = volume?.['spec']?.claimRef as { readonly namespace?: string; readonly name?: string } | undefined
  return claim === undefined ? undefined : keyOf(claim.namespace, claim.name ?? '')
}

/** The class of a volume that has no claim. */
const freeClassOf = (volume: KubernetesObject | undefined): string | undefined =>
  volume === undefined || volume['spec']?.claimRef !== undefined ? undefined : classOf(volume)

const moveIn = (sets: Map<string, Set<string>>, from: string | undefined, to: string | undefined, key: string): void => {
  if (from === to) return
  if (from !== undefined) {
    const left = sets.get(from)
    left?.delete(key)
    if (left?.size === 0) sets.delete(from)
  }
  if (to === undefined) return
  const set = sets.get(to)
  if (set === undefined) sets.set(to, new Set([key]))
  else set.add(key)
}

const place = (
  maps: Map<string, Map<string, KubernetesObject>>,
  from: string | undefined,
  to: string | undefined,
  key: string,
  object: KubernetesObject | undefined,
): void => {
  if (from !== undefined) maps.get(from)?.delete(key)
  if (to === undefined || object === undefined) return
  const map = maps.get(to)
  if (map === undefined) maps.set(to, new Map([[key, object]]))
  else map.set(key, object)
}
