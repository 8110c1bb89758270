/**
 * Watches over nodes: says when one no longer reports, taints it, and marks its pods. What follows from the taints is
 * taint-eviction.ts.
 *
 * It keeps true: a node's Ready is Unknown from the first tick at which no sign of life was seen for the grace period; its taints
 * say its conditions; NoExecute taints come no faster than the rate of the zone allows.
 *
 * The ticks are arithmetic: leases are rhythms (world/heartbeat.ts), and a tick is an event only when something can change at it.
 *
 * Source: node-and-storage.md B2 to B5, B10; pkg/controller/nodelifecycle/node_lifecycle_controller.go (1.36).
 * Differs from Kubernetes: in one pass nodes are looked at by name, one after the other, not by eight workers; a failed write of a
 * node's status is tried again at the next tick.
 */
import { type Micros, milliseconds, parseDuration, seconds } from '../../engine/clock.ts'
import type { Heartbeat, Heartbeats } from '../../world/heartbeat.ts'
import { ranks } from '../../world/ranks.ts'
import type { Change, Component, Controller, ControllerFactory, Enqueue } from '../client/controller.ts'
import { announce, call, done, failed, type Look, type Story } from '../client/story.ts'
import { removeTaints, swapTaints } from '../client/taints.ts'
import { Turn } from '../client/turn.ts'
import { type Condition, conditionOf, type KubernetesObject, namespacedName } from '../objects/metadata.ts'
import { isCordoned, isSameTaint, type Taint, taintKeys, taintsOf, zoneKeyOf } from '../objects/node.ts'

const unreachable: Taint = { key: taintKeys.unreachable, effect: 'NoExecute' }
const notReady: Taint = { key: taintKeys.notReady, effect: 'NoExecute' }

/** B5: how a zone is. */
type ZoneState = 'Initial' | 'Normal' | 'Partial' | 'Full'

/** A token bucket of one token: `tokenAt` is when the next may be taken, null when none ever will. */
type Zone = { state: ZoneState; rate: number; tokenAt: Micros | null; readonly waiting: Set<string> }

/** What is remembered of a node between ticks. */
type Health = {
  /** The tick at which the last sign of life was seen (B3 item 1). */
  probe: Micros
  /** The last renewal that counted, and the last change of Ready's heartbeat time. */
  renewal: Micros | undefined
  touched: Micros | undefined
  /** Ready as it was at the last tick: what processPod goes by. */
  ready: Condition['status'] | undefined
  hadReady: boolean
  /** When Ready last became True. */
  returned: Micros | undefined
  registered: boolean
}

/** B4: which taint belongs to which condition. */
const conditionTaints: ReadonlyMap<string, string> = new Map([
  ['Ready False', taintKeys.notReady],
  ['Ready Unknown', taintKeys.unreachable],
  ['MemoryPressure True', taintKeys.memoryPressure],
  ['DiskPressure True', taintKeys.diskPressure],
  ['NetworkUnavailable True', 'node.kubernetes.io/network-unavailable'],
  ['PIDPressure True', taintKeys.pidPressure],
])
const managedKeys: ReadonlySet<string> = new Set([...conditionTaints.values(), taintKeys.unschedulable])

/** The NoSchedule taints to add and to remove so that they say the node's conditions. */
export const scheduleTaints = (node: KubernetesObject): { readonly add: readonly Taint[]; readonly remove: readonly Taint[] } => {
  const wanted: Taint[] = []
  for (const condition of conditionsOf(node)) {
    const key = conditionTaints.get(`${condition.type} ${condition.status}`)
    if (key !== undefined) wanted.push({ key, effect: 'NoSchedule' })
  }
  if (isCordoned(node)) wanted.push({ key: taintKeys.unschedulable, effect: 'NoSchedule' })
  const there = taintsOf(node).filter((taint) => taint.effect === 'NoSchedule' && managedKeys.has(taint.key))
  return {
    add: wanted.filter((taint) => !there.some((other) => isSameTaint(other, taint))),
    remove: there.filter((taint) => !wanted.some((other) => isSameTaint(other, taint))),
  }
}

/** B5: the state of a zone from the Ready conditions of its nodes. Source: ComputeZoneState. */
export const zoneState = (notReadyNodes: number, readyNodes: number, threshold: number): Exclude<ZoneState, 'Initial'> => {
  if (notReadyNodes > 0 && readyNodes === 0) return 'Full'
  if (notReadyNodes > 2 && notReadyNodes / (notReadyNodes + readyNodes) >= threshold) return 'Partial'
  return 'Normal'
}

const conditionsOf = (object: KubernetesObject): readonly Condition[] =>
  (object['status']?.conditions as readonly Condition[] | undefined) ?? []
const hasTaint = (node: KubernetesObject, taint: Taint): boolean => taintsOf(node).some((there) => isSameTaint(there, taint))
const noExecuteOf = (node: KubernetesObject): string =>
  taintsOf(node)
    .filter((taint) => taint.effect === 'NoExecute')
    .map((taint) => taint.key)
    .join()
const isExcluded = (node: KubernetesObject): boolean => node.metadata.labels?.['node.kubernetes.io/exclude-disruption'] !== undefined

/** Conditions that become Unknown when a node is no longer heard of, in this order. */
const reported = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'] as const

/** B3 item 2: the node with what its kubelet would say set to Unknown. */
export const silenced = (node: KubernetesObject, time: string): KubernetesObject => {
  const conditions = [...conditionsOf(node)]
  for (const type of reported) {
    const at = conditions.findIndex((condition) => condition.type === type)
    const current = conditions[at]
    if (current === undefined) {
      conditions.push({
        type,
        status: 'Unknown',
        reason: 'NodeStatusNeverUpdated',
        message: 'Kubelet never posted node status.',
        lastHeartbeatTime: node.metadata.creationTimestamp ?? null,
        lastTransitionTime: time,
      })
    } else if (current.status !== 'Unknown') {
      conditions[at] = {
        ...current,
        status: 'Unknown',
        reason: 'NodeStatusUnknown',
        message: 'Kubelet stopped posting node status.',
        lastTransitionTime: time,
      }
    }
  }
  return { ...node, status: { ...node['status'], conditions } }
}

/** The controller, given the leases of all nodes. */
export const nodeLifecycle = (heartbeats: Heartbeats): ControllerFactory => {
  let current: ((heartbeat: Heartbeat, beating: boolean) => void) | undefined
  heartbeats.listen((heartbeat, beating) => current?.(heartbeat, beating))
  return (component) => {
    const { controller, heard } = build(component, heartbeats)
    current = heard
    return controller
  }
}

const build = (
  component: Component,
  heartbeats: Heartbeats,
): { readonly controller: Controller; readonly heard: (heartbeat: Heartbeat, beating: boolean) => void } => {
  const duration = (flag: string, otherwise: Micros): Micros => parseDuration(component.option(flag) ?? '') ?? otherwise
  const number = (flag: string, otherwise: number): number => {
    const value = Number(component.option(flag) ?? Number.NaN)
    return Number.isNaN(value) ? otherwise : value
  }
  // B2.
  const period = duration('node-monitor-period', seconds(5))
  const grace = duration('node-monitor-grace-period', seconds(50))
  const startupGrace = duration('node-startup-grace-period', seconds(60))
  const fullRate = number('node-eviction-rate', 0.1)
  const partialRate = number('secondary-node-eviction-rate', 0.01)
  const threshold = number('unhealthy-zone-threshold', 0.55)
  const largeCluster = number('large-cluster-size-threshold', 50)

  const nodes = component.see.of('Node')
  const pods = component.see.of('Pod')
  const health = new Map<string, Health>()
  const zones = new Map<string, Zone>()
  const markLater = new Set<string>()
  let passing = false

  const monitorRhythm = component.rhythm('node-monitor', period, 0)
  const monitor = new Turn({
    process: component.process,
    rank: ranks.nodeMonitor,
    rhythm: monitorRhythm,
    mode: 'includes',
    label: 'node monitor',
    act: () => look(),
  })
  const worker = new Turn({
    process: component.process,
    rank: ranks.noExecute,
    rhythm: component.rhythm('no-execute', milliseconds(100), 0),
    mode: 'strict',
    label: 'NoExecute worker',
    act: () => taint(),
  })

  /** The tick that sees what happened at `at`, which may lie before the start. */
  const tickOf = (at: Micros): Micros => monitorRhythm.phase + Math.ceil((at - monitorRhythm.phase) / period) * period

  const look = (): void => {
    if (passing) return monitor.want(component.now() + 1)
    passing = true
    component.play(pass(), () => {
      passing = false
      planDetections()
    })
  }

  function* pass(): Story<void> {
    const now = component.now()
    const all = nodes.list()
    const there = new Set(all.map((node) => node.metadata.name))
    for (const node of all) yield* register(node, now)
    for (const name of [...health.keys()]) if (!there.has(name)) yield* unregister(name)
    const conditions = new Map<string, { ready: number; notReady: number }>()
    for (const node of all) {
      const ready = yield* lookAt(node, now)
      if (isExcluded(node)) continue
      const key = zoneKeyOf(node)
      const zone = conditions.get(key) ?? { ready: 0, notReady: 0 }
      if (ready === 'True') zone.ready++
      else zone.notReady++
      conditions.set(key, zone)
    }
    yield* handleDisruption(conditions, all, now)
    wakeWorker()
  }

  function* register(node: KubernetesObject, now: Micros): Story<void> {
    const name = node.metadata.name
    const known = health.get(name) ?? remember(node, now)
    zoneOf(node)
    if (known.registered) return
    known.registered = true
    yield* announce(node, 'Normal', 'RegisteredNode', `Node ${name} event: Registered Node ${name} in Controller`)
  }

  function* unregister(name: string): Story<void> {
    health.delete(name)
    markLater.delete(name)
    for (const zone of zones.values()) zone.waiting.delete(name)
    const gone: KubernetesObject = { apiVersion: 'v1', kind: 'Node', metadata: { name } }
    yield* announce(gone, 'Normal', 'RemovingNode', `Node ${name} event: Removing Node ${name} from Controller`)
  }

  const remember = (node: KubernetesObject, now: Micros): Health => {
    const hadReady = conditionOf(node, 'Ready') !== undefined
    const created = node.metadata.creationTimestamp
    // cases/README.md 7: at 0 every node is long known; its last renewal was before the start.
    const longKnown = now === 0 && hadReady
    const fresh: Health = {
      probe: longKnown ? tickOf(-period) : hadReady || created === undefined ? tickOf(now) : component.microsOf(created),
      renewal: longKnown ? undefined : renewalOf(node.metadata.name, now),
      touched: undefined,
      ready: conditionOf(node, 'Ready')?.status,
      hadReady,
      returned: undefined,
      registered: longKnown,
    }
    health.set(node.metadata.name, fresh)
    return fresh
  }

  /** The last renewal of the node's lease; before its first beat, the one that would have come before the start. */
  const renewalOf = (name: string, now: Micros): Micros | undefined => {
    const heartbeat = heartbeats.of(name)
    if (heartbeat === undefined) return undefined
    const { phase, period: every } = heartbeat.beats
    return heartbeat.lastRenewal(now) ?? (phase % every) - every
  }

  /** B3 item 1, for all the ticks since the last look. */
  const probed = (known: Health, node: KubernetesObject, now: Micros): void => {
    const hasReady = conditionOf(node, 'Ready') !== undefined
    if (hasReady !== known.hadReady) {
      known.hadReady = hasReady
      known.probe = now
    }
    const renewal = renewalOf(node.metadata.name, now)
    if (renewal !== undefined && (known.renewal === undefined || renewal > known.renewal)) {
      known.renewal = renewal
      known.probe = Math.max(known.probe, tickOf(renewal))
    }
    if (known.touched !== undefined) {
      known.probe = Math.max(known.probe, tickOf(known.touched))
      known.touched = undefined
    }
  }

  /** One node's turn in a pass: B3. Returns Ready as it is now. */
  function* lookAt(seen: KubernetesObject, now: Micros): Story<Condition['status'] | undefined> {
    const name = seen.metadata.name
    const known = health.get(name) ?? remember(seen, now)
    probed(known, seen, now)
    const observed = conditionOf(seen, 'Ready')
    let node = seen
    if (now >= known.probe + (observed === undefined ? startupGrace : grace)) {
      const next = silenced(node, component.time())
      if (observed?.status !== 'Unknown') {
        const answer = yield* call({ verb: 'update', object: next, subresource: 'status' })
        if (!answer.ok) {
          monitor.want(now + 1)
          return observed?.status
        }
        node = answer.object
      }
    }
    const ready = conditionOf(node, 'Ready')
    known.ready = ready?.status
    known.hadReady = ready !== undefined
    if (ready === undefined) return undefined
    // A kubelet's first word at the instant of a tick is not there yet when the tick looks: NoExecute stays until the next (recordings 22, 31).
    const isBack = ready.status === 'True' && known.returned === now && (hasTaint(node, unreachable) || hasTaint(node, notReady))
    if (isBack) monitor.want(now + 1)
    else yield* taintForEviction(node, ready.status)
    if (ready.status !== 'True' && observed?.status === 'True') {
      yield* announce(node, 'Normal', 'NodeNotReady', `Node ${name} status is now: NodeNotReady`)
      yield* markAll(name)
    } else if (markLater.has(name) && ready.status !== 'True') yield* markAll(name)
    return ready.status
  }

  function* markAll(name: string): Story<void> {
    const marked = yield* markNotReady(pods.onNode(name), component)
    if (marked) markLater.delete(name)
    else {
      markLater.add(name)
      monitor.want(component.now() + 1)
    }
  }

  /** B4: the NoExecute taint is queued, swapped or removed. Source: processTaintBaseEviction. */
  function* taintForEviction(node: KubernetesObject, ready: Condition['status']): Story<void> {
    if (ready === 'True') return yield* reachable(node)
    const [wanted, other] = ready === 'False' ? [notReady, unreachable] : [unreachable, notReady]
    const { waiting } = zoneOf(node)
    if (hasTaint(node, other)) yield* swapTaints(node.metadata.name, [wanted], [other], component.time())
    else if (!hasTaint(node, wanted)) waiting.add(node.metadata.name)
  }

  function* reachable(node: KubernetesObject): Story<void> {
    const name = node.metadata.name
    for (const taint of [unreachable, notReady]) if (hasTaint(node, taint)) yield* removeTaints(name, [taint])
    zoneOf(node).waiting.delete(name)
  }

  const zoneOf = (node: KubernetesObject): Zone => {
    const key = zoneKeyOf(node)
    const there = zones.get(key)
    if (there !== undefined) return there
    const fresh: Zone = { state: 'Initial', rate: fullRate, tokenAt: fullRate > 0 ? component.now() : null, waiting: new Set() }
    zones.set(key, fresh)
    return fresh
  }

  /** B5: a changed rate begins with a token if and only if the old limiter had one. */
  const setRate = (zone: Zone, rate: number, now: Micros): void => {
    if (zone.rate === rate) return
    const hadToken = zone.tokenAt !== null && zone.tokenAt <= now
    zone.rate = rate
    zone.tokenAt = rate <= 0 ? null : hadToken ? now : now + seconds(1 / rate)
  }

  const rateOf = (state: ZoneState, size: number): number => {
    switch (state) {
      case 'Partial':
        return size > largeCluster ? partialRate : 0
      case 'Full':
      case 'Normal':
      case 'Initial':
        return fullRate
    }
  }

  /** B5. Source: handleDisruption. */
  function* handleDisruption(
    conditions: ReadonlyMap<string, { readonly ready: number; readonly notReady: number }>,
    all: readonly KubernetesObject[],
    now: Micros,
  ): Story<void> {
    const states = new Map<string, ZoneState>()
    const sizes = new Map<string, number>()
    for (const [key, count] of conditions) {
      states.set(key, zoneState(count.notReady, count.ready, threshold))
      sizes.set(key, count.ready + count.notReady)
    }
    for (const key of [...zones.keys()]) if (!conditions.has(key)) zones.delete(key)
    const allAre = [...states.values()].every((state) => state === 'Full')
    const allWere = [...zones.values()].every((zone) => zone.state === 'Full')
    if (allAre && allWere) return
    if (allAre) {
      for (const node of all) yield* reachable(node)
      for (const zone of zones.values()) {
        setRate(zone, 0, now)
        zone.state = 'Full'
      }
      return
    }
    if (allWere) {
      for (const known of health.values()) known.probe = now
    }
    for (const [key, zone] of zones) {
      const state = states.get(key) ?? 'Normal'
      if (zone.state === state && !allWere) continue
      setRate(zone, rateOf(state, sizes.get(key) ?? 0), now)
      zone.state = state
    }
  }

  const wakeWorker = (): void => {
    for (const zone of zones.values()) {
      if (zone.waiting.size === 0 || zone.tokenAt === null) continue
      if (zone.tokenAt <= component.now()) worker.want()
      else worker.want(zone.tokenAt)
    }
  }

  /** B4: one node per token of the zone. Source: doNoExecuteTaintingPass. */
  const taint = (): void => {
    const now = component.now()
    for (const key of [...zones.keys()].sort()) {
      const zone = zones.get(key) as Zone
      // Every tick queues again what waits, so the order is that of the nodes.
      for (const name of [...zone.waiting].sort()) {
        if (zone.tokenAt === null || zone.tokenAt > now) break
        zone.tokenAt = now + seconds(1 / zone.rate)
        zone.waiting.delete(name)
        const node = nodes.get(undefined, name)
        const ready = node === undefined ? undefined : conditionOf(node, 'Ready')
        if (ready === undefined || ready.status === 'True') continue
        const [wanted, other] = ready.status === 'False' ? [notReady, unreachable] : [unreachable, notReady]
        component.play(swapTaints(name, [wanted], [other], component.time()), (ok) => {
          if (!ok) monitor.want(component.now() + 1)
        })
      }
    }
    wakeWorker()
  }

  /** The tick at which each silent node will be found out. */
  const planDetections = (): void => {
    for (const node of nodes.values()) planDetection(node)
  }

  const planDetection = (node: KubernetesObject): void => {
    const ready = conditionOf(node, 'Ready')
    if (ready?.status === 'Unknown') return
    const known = health.get(node.metadata.name)
    const heartbeat = heartbeats.of(node.metadata.name)
    if (known === undefined || heartbeat?.beating === true) return
    const now = component.now()
    const renewal = renewalOf(node.metadata.name, now)
    const fresh = renewal !== undefined && (known.renewal === undefined || renewal > known.renewal) ? tickOf(renewal) : known.probe
    const touched = known.touched === undefined ? fresh : Math.max(fresh, tickOf(known.touched))
    const due = Math.max(known.probe, touched) + (ready === undefined ? startupGrace : grace)
    monitor.want(Math.max(due, now + 1))
  }

  const heard = (heartbeat: Heartbeat, beating: boolean): void => {
    const node = nodes.get(undefined, heartbeat.node)
    if (!beating && node !== undefined) planDetection(node)
  }

  const nodeChanged = ({ type, object, old }: Change, queue: Enqueue): void => {
    if (type === 'DELETED') return monitor.want()
    const { add, remove } = scheduleTaints(object)
    if (add.length + remove.length > 0) queue.add(object.metadata.name)
    const before = old === undefined ? undefined : conditionOf(old, 'Ready')
    const after = conditionOf(object, 'Ready')
    const known = health.get(object.metadata.name)
    if (known === undefined && component.now() === 0 && after !== undefined) {
      remember(object, 0)
      if (after.status !== 'True' || noExecuteOf(object) !== '') monitor.want()
      return planDetection(object)
    }
    if (known !== undefined && before?.lastHeartbeatTime !== after?.lastHeartbeatTime) known.touched = component.now()
    if (known !== undefined && before?.status !== 'True' && after?.status === 'True') known.returned = component.now()
    const same =
      known !== undefined &&
      old !== undefined &&
      before?.status === after?.status &&
      noExecuteOf(old) === noExecuteOf(object) &&
      zoneKeyOf(old) === zoneKeyOf(object) &&
      isExcluded(old) === isExcluded(object)
    if (!same) monitor.want()
  }

  const podChanged = ({ type, object, old }: Change, queue: Enqueue): void => {
    const node = object['spec']?.nodeName as string | undefined
    if (type === 'DELETED' || !node || old?.['spec']?.nodeName === node) return
    const ready = health.get(node)?.ready
    if (ready !== undefined && ready !== 'True') queue.add(namespacedName(object))
  }

  const controller: Controller = {
    name: component.name,
    kinds: ['Node', 'Pod'],
    workers: 8,
    changed(change, queue) {
      if (change.object.kind === 'Node') nodeChanged(change, queue)
      else podChanged(change, queue)
    },
    *look(key): Look {
      const [space, name] = key.split('/')
      return name === undefined ? yield* taintForScheduling(key) : yield* markArrived(space as string, name)
    },
  }

  /** B4, first row. Source: doNoScheduleTaintingPass. */
  function* taintForScheduling(name: string): Look {
    const node = nodes.get(undefined, name)
    if (node === undefined) return done
    const { add, remove } = scheduleTaints(node)
    if (add.length + remove.length === 0) return done
    const swapped = yield* swapTaints(name, add, remove, component.time())
    return swapped ? done : failed(`failed to swap taints of node ${name}`)
  }

  /** B3 item 3: a pod that comes to a node that is not ready is marked alone. Source: processPod. */
  function* markArrived(namespace: string, name: string): Look {
    const pod = pods.get(namespace, name)
    const node = pod?.['spec']?.nodeName as string | undefined
    if (pod === undefined || !node || nodes.get(undefined, node) === undefined) return done
    const ready = health.get(node)?.ready
    if (ready === undefined || ready === 'True') return done
    return (yield* markNotReady([pod], component)) ? done : failed(`failed to mark pod ${namespace}/${name} as not ready`)
  }

  return { controller, heard }
}

/** Pods whose Ready is True become False: status and time of that one condition. Source: MarkPodsNotReady. Whether all went well. */
function* markNotReady(pods: readonly KubernetesObject[], component: Component): Story<boolean> {
  let well = true
  for (const pod of [...pods].sort(byName)) {
    const ready = conditionOf(pod, 'Ready')
    if (ready === undefined || ready.status === 'False') continue
    const conditions = conditionsOf(pod).map((condition) =>
      condition.type === 'Ready' ? { ...condition, status: 'False' as const, lastTransitionTime: component.time() } : condition,
    )
    const answer = yield* call({ verb: 'update', object: { ...pod, status: { ...pod['status'], conditions } }, subresource: 'status' })
    if (answer.ok) yield* announce(pod, 'Warning', 'NodeNotReady', 'Node is not ready')
    else if (answer.status.reason !== 'NotFound') well = false
  }
  return well
}

const byName = (a: KubernetesObject, b: KubernetesObject): number => {
  const left = `${a.metadata.namespace}/${a.metadata.name}`
  const right = `${b.metadata.namespace}/${b.metadata.name}`
  return left < right ? -1 : left > right ? 1 : 0
}
