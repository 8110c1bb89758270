/** Cases of the scheduler as data → Kubernetes objects. The keys: node and pod of a case as NOTATION.md of the cases names them. */
import type { KubernetesObject } from '../../../src/cluster/objects/metadata.ts'
import { bytesOf } from '../../../src/cluster/objects/quantity.ts'

// biome-ignore lint/suspicious/noExplicitAny: cases are loose data
export type Loose = any

/** When one looks, in seconds since the start. */
export const lookAt = 3600

const start = Date.UTC(2026, 0, 1)
export const timeAt = (seconds: number): string => new Date(start + Math.round(seconds * 1000)).toISOString().replace('.000Z', 'Z')

export const listOf = (value: Loose): Loose[] => (value === undefined || value === null ? [] : Array.isArray(value) ? value : [value])

/** Without the fields that say nothing. */
const said = <T extends object>(object: T): T => Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T
const texts = (map: Loose): Loose =>
  map === undefined ? undefined : Object.fromEntries(Object.entries(map ?? {}).map(([key, value]) => [key, String(value)]))
const lowerName = (name: unknown): string =>
  String(name)
    .replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
    .replace(/^-/, '')

const modes: Loose = { RWO: 'ReadWriteOnce', RWX: 'ReadWriteMany', ROX: 'ReadOnlyMany', RWOP: 'ReadWriteOncePod' }
const ordinary = new Set(['cpu', 'memory', 'pods', 'ephemeral-storage'])

const expression = ([key, operator, values]: Loose): object =>
  said({ key, operator, values: values === undefined ? undefined : listOf(values).map(String) })
const selector = (sel: Loose): Loose => {
  if (sel === undefined || sel === null) return undefined
  return Array.isArray(sel) ? { matchExpressions: sel.map(expression) } : { matchLabels: texts(sel) }
}
const nodeTerm = (term: Loose): object => said({ matchExpressions: term.expr?.map(expression), matchFields: term.fields?.map(expression) })

export const nodeAffinity = (affinity: Loose): Loose =>
  affinity &&
  said({
    requiredDuringSchedulingIgnoredDuringExecution: affinity.required && { nodeSelectorTerms: affinity.required.map(nodeTerm) },
    preferredDuringSchedulingIgnoredDuringExecution: affinity.preferred?.map((term: Loose) => ({
      weight: term.w,
      preference: nodeTerm(term),
    })),
  })

const podTerm = (term: Loose): object =>
  said({
    topologyKey: term.key,
    labelSelector: selector(term.sel),
    namespaces: term.namespaces,
    namespaceSelector: selector(term.nsSelector),
  })
const podAffinity = (affinity: Loose): Loose =>
  affinity &&
  said({
    requiredDuringSchedulingIgnoredDuringExecution: affinity.required?.map(podTerm),
    preferredDuringSchedulingIgnoredDuringExecution: affinity.preferred?.map((term: Loose) => ({
      weight: term.w,
      podAffinityTerm: podTerm(term),
    })),
  })

const resources = (req: Loose): Loose => {
  if (req === undefined) return undefined
  const requests = texts(req)
  const limits = Object.fromEntries(Object.entries(requests).filter(([name]) => !ordinary.has(name)))
  return said({ requests, limits: Object.keys(limits).length > 0 ? limits : undefined })
}

const container = (one: Loose, name: string): object =>
  said({
    name,
    image: one.image ?? 'registry.k8s.io/pause:3.10',
    restartPolicy: one.restartPolicy,
    resources: resources(one.req),
    ports: one.ports?.map((port: Loose) =>
      said({ containerPort: port.hostPort, hostPort: port.hostPort, protocol: port.protocol ?? 'TCP', hostIP: port.hostIP }),
    ),
  })

const disks: Loose = {
  gce: ({ id, ro }: Loose) => ({ gcePersistentDisk: said({ pdName: id, readOnly: ro }) }),
  ebs: ({ id, ro }: Loose) => ({ awsElasticBlockStore: said({ volumeID: id, readOnly: ro }) }),
  iscsi: ({ id, ro }: Loose) => ({ iscsi: said({ targetPortal: '10.0.0.9', iqn: id, lun: 0, readOnly: ro }) }),
  rbd: ({ id, ro }: Loose) => ({ rbd: said({ monitors: ['10.0.0.9'], pool: 'rbd', image: id, readOnly: ro }) }),
}

/** The class that goes with a pod's priority; undefined where nothing is said of it. */
export const classNameOf = (pod: Loose): string | undefined => {
  if (!pod.prio && !pod.preemptionPolicy) return undefined
  const policy = pod.preemptionPolicy ? `-${pod.preemptionPolicy.toLowerCase()}` : ''
  return `prio-${String(pod.prio ?? 0).replace('-', 'minus-')}${policy}`
}

export const podOf = (pod: Loose, name: string, place: { node?: string; created?: number } = {}): KubernetesObject => {
  const namespace = pod.ns ?? 'default'
  const { node } = place
  const volumes = [
    ...listOf(pod.claims).map((claimName, i) => ({ name: `claim-${i}`, persistentVolumeClaim: { claimName } })),
    ...listOf(pod.disks).map((disk, i) => ({ name: `disk-${i}`, ...disks[disk.type](disk) })),
    ...listOf(pod.imageVolumes).map((reference, i) => ({ name: `image-${i}`, image: { reference, pullPolicy: 'IfNotPresent' } })),
  ]
  const affinity = said({
    nodeAffinity: nodeAffinity(pod.nodeAffinity),
    podAffinity: podAffinity(pod.podAffinity),
    podAntiAffinity: podAffinity(pod.podAntiAffinity),
  })
  const conditions: object[] = []
  if (node !== undefined) conditions.push({ type: 'PodScheduled', status: 'True' })
  else if (pod.gates) conditions.push({ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' })
  if (pod.preempted || pod.disrupted)
    conditions.push({ type: 'DisruptionTarget', status: 'True', reason: pod.disrupted ?? 'PreemptionByScheduler' })
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: said({
      name,
      namespace,
      uid: pod.uid ?? `pod-${namespace}-${name}`,
      resourceVersion: '100',
      creationTimestamp: timeAt(place.created ?? 60),
      labels: texts(pod.labels),
      deletionTimestamp: pod.terminating ? timeAt(lookAt + 20) : undefined,
      deletionGracePeriodSeconds: pod.terminating ? 30 : undefined,
      ownerReferences: pod.owner && [{ apiVersion: 'apps/v1', kind: pod.owner.kind, name: 'owner', uid: 'owner', controller: true }],
    }) as never,
    spec: said({
      schedulerName: pod.scheduler ?? 'default-scheduler',
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      nodeName: node,
      priority: pod.prio ?? 0,
      priorityClassName: classNameOf(pod),
      preemptionPolicy: pod.preemptionPolicy ?? 'PreemptLowerPriority',
      containers: (pod.containers ?? [{ req: pod.req, image: pod.image, ports: pod.ports }]).map((one: Loose, i: number) =>
        container(one, `c${i}`),
      ),
      initContainers: pod.init?.map((one: Loose, i: number) => container(one, `i${i}`)),
      resources: resources(pod.podReq),
      overhead: texts(pod.overhead),
      nodeSelector: texts(pod.nodeSelector),
      affinity: Object.keys(affinity).length > 0 ? affinity : undefined,
      tolerations: pod.tol?.map((one: Loose) =>
        said({ key: one.key, operator: one.op, value: one.value === undefined ? undefined : String(one.value), effect: one.effect }),
      ),
      topologySpreadConstraints: pod.spread?.map((one: Loose) =>
        said({
          maxSkew: one.skew,
          topologyKey: one.key,
          whenUnsatisfiable: one.when === 'DNS' ? 'DoNotSchedule' : 'ScheduleAnyway',
          labelSelector: selector(one.sel),
          minDomains: one.minDomains,
          nodeAffinityPolicy: one.affinityPolicy,
          nodeTaintsPolicy: one.taintsPolicy,
          matchLabelKeys: one.matchLabelKeys,
        }),
      ),
      schedulingGates: pod.gates?.map((gate: string) => ({ name: gate })),
      volumes: volumes.length > 0 ? volumes : undefined,
    }),
    status: said({
      phase: pod.phase ?? (node !== undefined && pod.start !== undefined ? 'Running' : 'Pending'),
      startTime: node !== undefined && pod.start !== undefined ? timeAt(600 + 10 * pod.start) : undefined,
      nominatedNodeName: pod.nominated,
      conditions: conditions.length > 0 ? conditions : undefined,
    }),
  }
}

const taint = (text: string): object => {
  const [pair = '', effect] = text.split(':')
  const [key, value] = pair.split('=')
  return said({ key, value, effect })
}

export const nodeOf = (name: string, node: Loose): KubernetesObject => {
  const { cpu = 4, memory = '8Gi', pods = 110, ext } = node ?? {}
  const amounts = texts({ cpu, memory, pods, 'ephemeral-storage': node?.['ephemeral-storage'] ?? '100Gi', ...ext })
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: said({
      name,
      uid: `node-${name}`,
      resourceVersion: '10',
      creationTimestamp: timeAt(0),
      labels: texts(node?.labels),
    }) as never,
    spec: said({ unschedulable: node?.cordoned ? true : undefined, taints: node?.taints?.map(taint) }),
    status: {
      capacity: amounts,
      allocatable: amounts,
      conditions: [{ type: 'Ready', status: 'True' }],
      images: Object.entries(node?.images ?? {}).map(([image, size]) => ({ names: [image], sizeBytes: bytesOf(String(size)) })),
    },
  }
}

const isComplete = (claim: Loose): boolean => claim.pv !== undefined && claim.bound !== false

export const claimOf = (name: string, claim: Loose): KubernetesObject => {
  const namespace = claim.ns ?? 'default'
  const annotations = said({
    'pv.kubernetes.io/bind-completed': isComplete(claim) ? 'yes' : undefined,
    'volume.kubernetes.io/selected-node': claim.selectedNode,
  })
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: said({
      name,
      namespace,
      uid: `claim-${namespace}-${name}`,
      resourceVersion: '20',
      annotations: Object.keys(annotations).length > 0 ? annotations : undefined,
      deletionTimestamp: claim.deleting ? timeAt(lookAt - 10) : undefined,
    }) as never,
    spec: said({
      accessModes: listOf(claim.modes ?? ['RWO']).map((mode) => modes[mode]),
      volumeMode: claim.volumeMode ?? 'Filesystem',
      storageClassName: claim.class,
      selector: selector(claim.sel),
      resources: { requests: { storage: String(claim.size ?? '1Gi') } },
      volumeName: claim.pv && lowerName(claim.pv),
    }),
    status: { phase: claim.lost ? 'Lost' : isComplete(claim) ? 'Bound' : 'Pending' },
  }
}

export const volumeOf = (name: string, volume: Loose, claims: Loose): KubernetesObject => {
  const [user, used] = (Object.entries(claims).find(([, claim]) => (claim as Loose).pv === name) ?? []) as [string?, Loose?]
  const namespace = used?.ns ?? 'default'
  const claimRef =
    user !== undefined
      ? { kind: 'PersistentVolumeClaim', namespace, name: user, uid: `claim-${namespace}-${user}` }
      : volume.claim && { kind: 'PersistentVolumeClaim', namespace: 'default', name: volume.claim }
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: said({ name: lowerName(name), uid: `volume-${name}`, resourceVersion: '15', labels: texts(volume.labels) }) as never,
    spec: said({
      capacity: { storage: String(volume.size ?? '1Gi') },
      accessModes: listOf(volume.modes ?? ['RWO']).map((mode) => modes[mode]),
      volumeMode: volume.volumeMode ?? 'Filesystem',
      storageClassName: volume.class,
      persistentVolumeReclaimPolicy: 'Retain',
      claimRef,
      nodeAffinity: volume.nodeAffinity && { required: { nodeSelectorTerms: volume.nodeAffinity.map(nodeTerm) } },
      ...(volume.driver
        ? { csi: { driver: volume.driver, volumeHandle: volume.handle ?? name } }
        : { nfs: { server: '10.0.0.8', path: `/${lowerName(name)}` } }),
    }),
    status: { phase: volume.phase ?? (user === undefined ? 'Available' : 'Bound') },
  }
}

const plain = (kind: string, apiVersion: string, name: string, rest: object, namespace?: string): KubernetesObject => ({
  apiVersion,
  kind,
  metadata: said({ name, namespace, uid: `${kind.toLowerCase()}-${name}`, resourceVersion: '5', creationTimestamp: timeAt(0) }) as never,
  ...rest,
})

export const storageClassOf = (name: string, one: Loose): KubernetesObject =>
  plain(
    'StorageClass',
    'storage.k8s.io/v1',
    name,
    said({
      provisioner: one.provisioner ?? '',
      volumeBindingMode: one.mode ?? 'Immediate',
      reclaimPolicy: 'Delete',
      allowedTopologies: one.allowed?.map((term: Loose) => ({
        matchLabelExpressions: Object.entries(term).map(([key, values]) => ({ key, values: listOf(values).map(String) })),
      })),
    }),
  )

export const csiNodeOf = (name: string, drivers: Loose): KubernetesObject =>
  plain('CSINode', 'storage.k8s.io/v1', name, {
    spec: {
      drivers: Object.entries(drivers).map(([driver, count]) =>
        said({ name: driver, nodeID: name, allocatable: count === null ? undefined : { count } }),
      ),
    },
  })

export const priorityClassOf = (name: string, pod: Loose): KubernetesObject =>
  plain('PriorityClass', 'scheduling.k8s.io/v1', name, {
    value: pod.prio ?? 0,
    preemptionPolicy: pod.preemptionPolicy ?? 'PreemptLowerPriority',
  })

/** The pods that are on nodes, copies written out. */
export const boundPods = (one: Loose): Loose[] =>
  listOf(one.bound).flatMap((pod, i) => {
    const name = pod.name ?? `bound-${i}`
    return pod.copies > 1 ? Array.from({ length: pod.copies }, (_, copy) => ({ ...pod, name: `${name}-${copy}` })) : [{ ...pod, name }]
  })

const ownerOf = (pod: Loose): KubernetesObject => ({
  apiVersion: 'apps/v1',
  kind: pod.owner.kind,
  metadata: { name: 'owner', namespace: pod.ns ?? 'default', uid: 'owner' },
  spec: {
    replicas: 1,
    ...(pod.owner.kind === 'StatefulSet' ? { serviceName: 'owner' } : {}),
    selector: pod.owner.kind === 'ReplicationController' ? texts(pod.owner.sel) : selector(pod.owner.sel),
    template: { metadata: { labels: texts(pod.labels) }, spec: { containers: [{ name: 'c0', image: 'registry.k8s.io/pause:3.10' }] } },
  },
})

/** All objects of a case; with other pods that wait, and with more nodes cordoned. */
export const objectsOf = (
  one: Loose,
  { cordon = [], pods }: { cordon?: readonly string[]; pods?: readonly Loose[] } = {},
): KubernetesObject[] => {
  const waiting = pods ?? [...listOf(one.pod), ...listOf(one.pods)]
  const everyPod = [...listOf(one.bound), ...waiting, ...listOf(one.nominatedPods)]
  const objects: KubernetesObject[] = []
  const namespaces: Loose = { default: {}, ...one.namespaces }
  for (const thing of [...everyPod, ...listOf(one.services), ...listOf(one.pdbs)]) namespaces[thing.ns ?? 'default'] ??= {}
  for (const [name, labels] of Object.entries(namespaces)) {
    objects.push({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, uid: `ns-${name}`, labels: { 'kubernetes.io/metadata.name': name, ...texts(labels) } },
    })
  }
  for (const [name, node] of Object.entries(one.nodes ?? {})) {
    objects.push(nodeOf(name, { ...(node as object), cordoned: (node as Loose)?.cordoned || cordon.includes(name) }))
  }
  const classes = new Map<string, Loose>()
  for (const pod of everyPod) {
    const name = classNameOf(pod)
    if (name !== undefined) classes.set(name, pod)
  }
  for (const [name, pod] of classes) objects.push(priorityClassOf(name, pod))
  for (const [name, each] of Object.entries(one.classes ?? {})) objects.push(storageClassOf(name, each))
  const claims = one.pvcs ?? {}
  for (const [name, volume] of Object.entries(one.pvs ?? {})) objects.push(volumeOf(name, volume, claims))
  for (const [name, claim] of Object.entries(claims)) objects.push(claimOf(name, claim))
  for (const [name, drivers] of Object.entries(one.csinodes ?? {})) objects.push(csiNodeOf(name, drivers))
  for (const [name, driver] of Object.entries(one.drivers ?? {}) as [string, Loose][]) {
    const spec = said({
      attachRequired: true,
      storageCapacity: driver.storageCapacity ?? false,
      preventPodSchedulingIfMissing: driver.required,
    })
    objects.push(plain('CSIDriver', 'storage.k8s.io/v1', name, { spec }))
  }
  for (const [i, room] of listOf(one.capacities).entries()) {
    const more = said({
      storageClassName: room.class,
      nodeTopology: selector(room.top),
      capacity: String(room.capacity),
      maximumVolumeSize: room.max === undefined ? undefined : String(room.max),
    })
    objects.push(plain('CSIStorageCapacity', 'storage.k8s.io/v1', `capacity-${i}`, more, 'kube-system'))
  }
  for (const [i, { node, driver, handle }] of listOf(one.attachments).entries()) {
    let held = Object.entries(one.pvs ?? {}).find(
      ([, volume]) => (volume as Loose).driver === driver && (volume as Loose).handle === handle,
    )?.[0]
    if (held === undefined) {
      held = `left-${i}`
      objects.push(volumeOf(held, { class: 'elsewhere', driver, handle, phase: 'Bound', claim: `gone-${i}` }, {}))
    }
    const spec = { attacher: driver, nodeName: node, source: { persistentVolumeName: lowerName(held) } }
    objects.push(plain('VolumeAttachment', 'storage.k8s.io/v1', `attachment-${i}`, { spec, status: { attached: true } }))
  }
  for (const [i, service] of listOf(one.services).entries()) {
    objects.push(
      plain('Service', 'v1', `service-${i}`, { spec: { selector: texts(service.sel), ports: [{ port: 80 }] } }, service.ns ?? 'default'),
    )
  }
  for (const [i, budget] of listOf(one.pdbs).entries()) {
    const disruptedPods = Object.fromEntries(listOf(budget.disrupted).map((name) => [name, timeAt(lookAt - 5)]))
    const status = { disruptionsAllowed: budget.allowed ?? 0, disruptedPods, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 }
    const spec = { minAvailable: 1, selector: selector(budget.sel) }
    objects.push(plain('PodDisruptionBudget', 'policy/v1', `pdb-${i}`, { spec, status }, budget.ns ?? 'default'))
  }
  const owned = [...listOf(one.bound), ...waiting].find((pod) => pod.owner)
  if (owned !== undefined) objects.push(ownerOf(owned))
  for (const [i, pod] of boundPods(one).entries()) objects.push(podOf(pod, pod.name, { node: pod.node, created: 60 + i }))
  for (const [i, pod] of listOf(one.nominatedPods).entries()) objects.push(podOf(pod, pod.name ?? `nominated-${i}`, { created: 2000 + i }))
  for (const [i, pod] of waiting.entries()) {
    objects.push(
      podOf(pod, pod.name ?? 'p', { created: pod.created ?? 3000 + i, ...(pod.nodeName === undefined ? {} : { node: pod.nodeName }) }),
    )
  }
  return objects
}

/** The configuration of a case; undefined for the default one. */
export const configurationOf = (one: Loose): Loose => {
  const config = one.config ?? {}
  const weights = (map: Loose): Loose => Object.entries(map).map(([name, weight]) => ({ name, weight }))
  const pluginConfig: object[] = []
  const {
    fit,
    ignoredResources,
    ignoredResourceGroups,
    balanced,
    addedAffinity,
    hardPodAffinityWeight,
    ignorePreferredTermsOfExistingPods,
    candidates,
  } = config
  if (fit || ignoredResources || ignoredResourceGroups) {
    const scoringStrategy =
      fit &&
      said({
        type: fit.type,
        resources: weights(fit.resources),
        requestedToCapacityRatio: fit.shape && { shape: fit.shape.map(([utilization, score]: Loose) => ({ utilization, score })) },
      })
    pluginConfig.push({ name: 'NodeResourcesFit', args: said({ ignoredResources, ignoredResourceGroups, scoringStrategy }) })
  }
  if (balanced) pluginConfig.push({ name: 'NodeResourcesBalancedAllocation', args: { resources: weights(balanced) } })
  if (addedAffinity) pluginConfig.push({ name: 'NodeAffinity', args: { addedAffinity: nodeAffinity(addedAffinity) } })
  if (hardPodAffinityWeight !== undefined || ignorePreferredTermsOfExistingPods !== undefined) {
    pluginConfig.push({ name: 'InterPodAffinity', args: said({ hardPodAffinityWeight, ignorePreferredTermsOfExistingPods }) })
  }
  if (candidates) {
    pluginConfig.push({
      name: 'DefaultPreemption',
      args: { minCandidateNodesPercentage: candidates[0], minCandidateNodesAbsolute: candidates[1] },
    })
  }
  if (pluginConfig.length === 0 && !config.percentage) return undefined
  return said({
    apiVersion: 'kubescheduler.config.k8s.io/v1',
    kind: 'KubeSchedulerConfiguration',
    percentageOfNodesToScore: config.percentage || undefined,
    profiles: [{ schedulerName: 'default-scheduler', pluginConfig }],
  })
}
