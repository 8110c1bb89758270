/**
 * Attaches volumes to the nodes whose pods want them, and detaches them when nobody does.
 *
 * It keeps true: a volume of a single node is attached to another only after it was detached; a volume in use is not detached unless its
 * node has been unhealthy for the six minutes, or is out of service.
 *
 * A pass every 0.1 s (strict) compares what is wanted with what is; it is an event only when there is something to compare.
 *
 * Source: node-and-storage.md C4, C6, C7; pkg/controller/volume/attachdetach/{attach_detach_controller,reconciler/reconciler}.go,
 * pkg/volume/csi/csi_attacher.go, pkg/volume/util/operationexecutor (1.36).
 * Differs from Kubernetes: the safety sweeps (1 min, 3 min) are left out, nothing is missed here; a detach that waits for its back-off
 * does not take the volume from the Node's list and put it back.
 */
import { type Micros, milliseconds, minutes, seconds } from '../../../engine/clock.ts'
import { digestOfText } from '../../../engine/digest.ts'
import { ranks } from '../../../world/ranks.ts'
import type { Change, Component, Controller, ControllerFactory } from '../../client/controller.ts'
import { announce, call, type Story } from '../../client/story.ts'
import { Turn } from '../../client/turn.ts'
import { isConditionTrue, isTerminating, type KubernetesObject } from '../../objects/metadata.ts'
import { taintKeys, taintsOf } from '../../objects/node.ts'
import { type ContainerStatus, claimNamesOf, isFinishedPod } from '../../objects/pod.ts'
import { Poll, type Verdict } from './poll.ts'
import { AttachState, type Place, type Volume } from './state.ts'

/** C7. */
const unmountLimit = minutes(6)
/** C4: back-off of a failed operation. */
const firstBackOff = milliseconds(500)
const longestBackOff = seconds(122)

/** One operation on a volume: it runs, or failed and waits. */
type Operation = { running: boolean; readonly kind: 'attach' | 'detach'; delay: Micros; failed: Micros }

/** The name of a VolumeAttachment. Source: getAttachmentName. */
export const attachmentName = (handle: string, driver: string, node: string): string => `csi-${digestOfText(handle + driver + node)}`

/** C4: whether a pod no longer needs its volumes, whatever its object says. Source: IsPodTerminated. */
export const hasStopped = (pod: KubernetesObject): boolean => {
  if (isFinishedPod(pod)) return true
  if (!isTerminating(pod)) return false
  const statuses = (pod['status']?.containerStatuses ?? []) as readonly ContainerStatus[]
  return statuses.every(({ state }) => state?.terminated !== undefined || state?.waiting !== undefined)
}

const sharedModes: readonly string[] = ['ReadWriteMany', 'ReadOnlyMany']

export const persistentVolumeAttachDetach: ControllerFactory = (component: Component): Controller => {
  const nodes = component.see.of('Node')
  const pods = component.see.of('Pod')
  const claims = component.see.of('PersistentVolumeClaim')
  const volumes = component.see.of('PersistentVolume')
  const drivers = component.see.of('CSIDriver')
  const attachments = component.see.of('VolumeAttachment')
  const podsByClaim = pods.index('attached claims', (pod) => claimNamesOf(pod).map((claim) => `${pod.metadata.namespace}/${claim}`))
  const forceful = component.option('disable-force-detach-on-timeout') !== 'true'

  const state = new AttachState()
  const wishesOfPod = new Map<string, readonly Place[]>()
  const operations = new Map<string, Operation>()
  const polls = new Map<string, Poll>()
  let passing = false

  const turn = new Turn({
    process: component.process,
    rank: ranks.attachDetach,
    rhythm: component.rhythm('attach-detach', milliseconds(100), 0),
    mode: 'strict',
    label: 'attach/detach reconciler',
    act: () => {
      if (passing) return turn.want()
      passing = true
      component.play(pass(), () => {
        passing = false
      })
    },
  })

  // ---- What is wanted

  const volumeOf = (persistentVolume: KubernetesObject | undefined): Volume | undefined => {
    const csi = persistentVolume?.['spec']?.csi as { driver: string; volumeHandle: string } | undefined
    if (persistentVolume === undefined || csi === undefined) return undefined
    if (drivers.get(undefined, csi.driver)?.['spec']?.attachRequired === false) return undefined
    const modes = (persistentVolume['spec']?.accessModes ?? []) as readonly string[]
    return {
      name: `kubernetes.io/csi/${csi.driver}^${csi.volumeHandle}`,
      persistentVolume: persistentVolume.metadata.name,
      driver: csi.driver,
      handle: csi.volumeHandle,
      shared: modes.some((mode) => sharedModes.includes(mode)),
    }
  }

  const volumesOf = (pod: KubernetesObject): readonly Volume[] =>
    claimNamesOf(pod).flatMap((name) => {
      const claim = claims.get(pod.metadata.namespace, name)
      if (claim?.['status']?.phase !== 'Bound') return []
      const volume = volumeOf(volumes.get(undefined, claim['spec']?.volumeName))
      return volume === undefined ? [] : [volume]
    })

  const consider = (pod: KubernetesObject, gone: boolean): void => {
    const key = `${pod.metadata.namespace}/${pod.metadata.name}/${pod.metadata.uid}`
    const before = wishesOfPod.get(key) ?? []
    if (gone || hasStopped(pod)) {
      if (before.length === 0) return
      wishesOfPod.delete(key)
      for (const { volume, node } of before) state.leave(volume, node, key)
      return turn.want()
    }
    const node = (pod['spec']?.nodeName as string | undefined) ?? ''
    if (node === '' || nodes.get(undefined, node) === undefined) return
    const wanted = volumesOf(pod)
    if (wanted.length === 0) return
    for (const volume of wanted) state.want(volume, node, key, pod)
    if (wanted.every(({ name }) => before.some(({ volume }) => volume === name))) return
    wishesOfPod.set(
      key,
      wanted.map(({ name }) => ({ volume: name, node })),
    )
    turn.want()
  }

  // ---- What is there

  const inUse = (node: KubernetesObject): ReadonlySet<string> => new Set((node['status']?.volumesInUse ?? []) as readonly string[])

  const nodeChanged = ({ type, object }: Change): void => {
    const name = object.metadata.name
    const used = inUse(object)
    if (type === 'ADDED') {
      const listed = (object['status']?.volumesAttached ?? []) as readonly { readonly name: string }[]
      for (const { name: volume } of listed) adopt(volume, name)
    }
    for (const volume of state.on(name)) {
      const attachment = state.attachment(volume, name)
      if (attachment !== undefined) attachment.mounted = used.has(volume)
    }
    // Whatever changed may be what a detach or an attach waits for.
    if (state.on(name).some((volume) => state.wish(volume, name) === undefined)) turn.want()
    if (type === 'ADDED') for (const pod of pods.onNode(name)) consider(pod, false)
  }

  /** A node lists a volume that this controller did not attach: it begins with what is there. */
  const adopt = (volumeName: string, node: string): void => {
    if (state.attachment(volumeName, node) !== undefined) return
    const [driver, handle] = volumeName.replace('kubernetes.io/csi/', '').split('^')
    const known = state.volumes.get(volumeName) ?? byHandle(driver as string, handle ?? '')
    if (known !== undefined) state.attach(known, node, true)
    state.unlisted.delete(node)
  }

  const byHandle = (driver: string, handle: string): Volume | undefined => {
    for (const volume of volumes.values()) {
      const csi = volume['spec']?.csi
      if (csi?.driver === driver && csi?.volumeHandle === handle) return volumeOf(volume)
    }
    return undefined
  }

  const attachmentChanged = ({ type, object }: Change): void => {
    const poll = polls.get(object.metadata.name)
    if (poll !== undefined) return poll.changed()
    if (type !== 'ADDED') return
    const volume = volumeOf(volumes.get(undefined, object['spec']?.source?.persistentVolumeName))
    const node = object['spec']?.nodeName as string
    if (volume === undefined || state.attachment(volume.name, node) !== undefined) return
    if (operations.get(operationKey(volume, node))?.running === true) return
    state.attach(volume, node, false)
    turn.want()
  }

  const isHealthy = (node: string): boolean => {
    const object = nodes.get(undefined, node)
    return object !== undefined && isConditionTrue(object, 'Ready')
  }

  const isOutOfService = (node: string): boolean => {
    const object = nodes.get(undefined, node)
    return object !== undefined && taintsOf(object).some((taint) => taint.key === taintKeys.outOfService)
  }

  // ---- A pass: detach first, then attach, then tell the nodes

  function* pass(): Story<void> {
    for (const place of state.toDetach()) yield* tryDetach(place)
    for (const place of state.toAttach()) tryAttach(place)
    for (const node of [...state.unlisted].sort()) if (!(yield* tellNode(node))) turn.want()
  }

  const operationKey = (volume: Volume, node: string): string => (volume.shared ? `${volume.name} ${node}` : volume.name)

  /** Whether an operation may begin now; if not, the pass comes again when it may. */
  const isFree = (key: string, kind: Operation['kind']): boolean => {
    const operation = operations.get(key)
    if (operation === undefined) return true
    if (operation.running) return false
    const due = operation.failed + operation.delay
    if (operation.kind !== kind || component.now() >= due) return true
    turn.want(due)
    return false
  }

  const begin = (key: string, kind: Operation['kind']): Operation => {
    const before = operations.get(key)
    const operation: Operation = before?.kind === kind ? before : { running: true, kind, delay: 0, failed: 0 }
    operation.running = true
    operations.set(key, operation)
    return operation
  }

  const finish = (key: string, operation: Operation, error: string | undefined): void => {
    operation.running = false
    if (error === undefined) operations.delete(key)
    else {
      operation.delay = operation.delay === 0 ? firstBackOff : Math.min(operation.delay * 2, longestBackOff)
      operation.failed = component.now()
    }
    turn.want()
  }

  function* tryDetach({ volume: name, node }: Place): Story<void> {
    const volume = state.volumes.get(name)
    const attachment = state.attachment(name, node)
    if (volume === undefined || attachment === undefined) return
    const key = operationKey(volume, node)
    if (operations.get(key)?.running === true) return
    const now = component.now()
    const about = `PersistentVolume//${volume.persistentVolume}`
    if (attachment.detachAsked === undefined) {
      attachment.detachAsked = now
      component.record('detach-requested', about, { node })
    }
    const late = forceful && now - attachment.detachAsked >= unmountLimit
    const forced = late && !isHealthy(node)
    const unfenced = isOutOfService(node)
    if (attachment.mounted && !forced && !unfenced) {
      if (forceful && !late) turn.want(attachment.detachAsked + unmountLimit)
      return
    }
    if (!isFree(key, 'detach')) return
    state.list(name, node, false)
    if (!(yield* tellNode(node))) {
      state.list(name, node, true)
      return turn.want()
    }
    const operation = begin(key, 'detach')
    component.record('detach-began', about, { node, forced: forced || unfenced })
    component.play(detach(volume, node, !(forced || unfenced)), (began) => {
      if (began !== 'wait') return detached(volume, node, key, operation, began === 'done' ? undefined : began.error)
      const attachmentKey = attachmentName(volume.handle, volume.driver, node)
      const words = `timed out waiting for external-attacher of ${volume.driver} CSI driver to detach volume ${volume.handle}`
      poll(
        attachmentKey,
        () => verdictOfDetach(attachmentKey),
        words,
        (error) => detached(volume, node, key, operation, error),
      )
    })
  }

  const poll = (name: string, verdict: () => Verdict, words: string, ended: (error: string | undefined) => void): void => {
    polls.set(
      name,
      new Poll(component, `poll ${name}`, verdict, words, (error) => {
        polls.delete(name)
        ended(error)
      }),
    )
  }

  /** What a detach does before it waits. */
  function* detach(volume: Volume, node: string, checks: boolean): Story<Verdict> {
    if (checks) {
      const found = yield* call<KubernetesObject>({ verb: 'get', kind: 'Node', name: node })
      if (!found.ok && found.status.reason !== 'NotFound') return { error: found.status.message }
      if (found.ok && inUse(found.object).has(volume.name)) return { error: `the volume is still in use on node ${node}` }
    }
    const name = attachmentName(volume.handle, volume.driver, node)
    const answer = yield* call({ verb: 'delete', kind: 'VolumeAttachment', name })
    if (answer.ok) return 'wait'
    return answer.status.reason === 'NotFound' ? 'done' : { error: answer.status.message }
  }

  const verdictOfDetach = (name: string): Verdict => {
    const attachment = attachments.get(undefined, name)
    if (attachment === undefined) return 'done'
    const error = attachment['status']?.detachError?.message as string | undefined
    return error === undefined ? 'wait' : { error }
  }

  const detached = (volume: Volume, node: string, key: string, operation: Operation, error: string | undefined): void => {
    if (error === undefined) state.detach(volume.name, node)
    else {
      const attachment = state.attachment(volume.name, node)
      if (attachment !== undefined) state.list(volume.name, node, true)
    }
    finish(key, operation, error)
  }

  const tryAttach = ({ volume: name, node }: Place): void => {
    const volume = state.volumes.get(name)
    const wish = state.wish(name, node)
    if (volume === undefined || wish === undefined) return
    const key = operationKey(volume, node)
    if (operations.get(key)?.running === true) return
    if (!volume.shared) {
      const others = state.nodesOf(name)
      if (others.length > 0) {
        if (wish.reported) return
        wish.reported = true
        return component.play(refuse(volume, node, others, [...wish.pods.values()]))
      }
    }
    if (!isFree(key, 'attach')) return
    const operation = begin(key, 'attach')
    const wanting = [...wish.pods.values()]
    component.record('attach-requested', `PersistentVolume//${volume.persistentVolume}`, { node })
    component.play(attach(volume, node), (began) => {
      if (began !== 'wait') return attached(volume, node, key, operation, wanting, began === 'done' ? undefined : began.error)
      const attachmentKey = attachmentName(volume.handle, volume.driver, node)
      const words = `timed out waiting for external-attacher of ${volume.driver} CSI driver to attach volume ${volume.handle}`
      const ended = (error: string | undefined) => attached(volume, node, key, operation, wanting, error)
      poll(attachmentKey, () => verdictOfAttach(attachmentKey), words, ended)
    })
  }

  /** What an attach does before it waits. */
  function* attach(volume: Volume, node: string): Story<Verdict> {
    const name = attachmentName(volume.handle, volume.driver, node)
    if (attachments.get(undefined, name) !== undefined) return 'wait'
    const object: KubernetesObject = {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'VolumeAttachment',
      metadata: { name },
      spec: { attacher: volume.driver, source: { persistentVolumeName: volume.persistentVolume }, nodeName: node },
      status: { attached: false },
    }
    const answer = yield* call({ verb: 'create', object })
    return answer.ok || answer.status.reason === 'AlreadyExists' ? 'wait' : { error: answer.status.message }
  }

  const verdictOfAttach = (name: string): Verdict => {
    const attachment = attachments.get(undefined, name)
    if (attachment === undefined) return 'wait'
    if (isTerminating(attachment)) return { error: 'volume attachment is being deleted' }
    if (attachment['status']?.attached === true) return 'done'
    const error = attachment['status']?.attachError?.message as string | undefined
    return error === undefined ? 'wait' : { error }
  }

  const attached = (
    volume: Volume,
    node: string,
    key: string,
    operation: Operation,
    wanting: readonly KubernetesObject[],
    error: string | undefined,
  ): void => {
    state.attach(volume, node, error === undefined)
    const message =
      error === undefined
        ? `AttachVolume.Attach succeeded for volume "${volume.persistentVolume}" `
        : `AttachVolume.Attach failed for volume "${volume.persistentVolume}" : ${error}`
    component.play(
      tell(
        wanting,
        error === undefined ? 'Normal' : 'Warning',
        error === undefined ? 'SuccessfulAttachVolume' : 'FailedAttachVolume',
        message,
      ),
    )
    finish(key, operation, error)
  }

  function* tell(wanting: readonly KubernetesObject[], type: 'Normal' | 'Warning', reason: string, message: string): Story<void> {
    for (const pod of wanting) yield* announce(pod, type, reason, message)
  }

  /** C4: said once for a volume on a node. Source: reportMultiAttachError. */
  function* refuse(volume: Volume, node: string, others: readonly string[], wanting: readonly KubernetesObject[]): Story<void> {
    const holders = state.podsOn(
      volume.name,
      others.filter((other) => other !== node),
    )
    for (const pod of wanting) {
      const why = whyRefused(pod.metadata.namespace, holders)
      yield* announce(pod, 'Warning', 'FailedAttachVolume', `Multi-Attach error for volume "${volume.persistentVolume}" ${why}`)
    }
  }

  /** Writes the Node's list of attached volumes, if it changed. Whether the node knows. */
  function* tellNode(name: string): Story<boolean> {
    if (!state.unlisted.has(name)) return true
    state.unlisted.delete(name)
    if (nodes.get(undefined, name) === undefined) return true
    const listed = state.listOf(name).map((volume) => ({ name: volume, devicePath: '' }))
    const patch = { status: { volumesAttached: listed.length === 0 ? null : listed } }
    const answer = yield* call({ verb: 'patch', kind: 'Node', name, type: 'merge', patch, subresource: 'status' })
    if (answer.ok || answer.status.reason === 'NotFound') return true
    state.unlisted.add(name)
    return false
  }

  return {
    name: component.name,
    kinds: ['Pod', 'Node', 'PersistentVolumeClaim', 'VolumeAttachment'],
    workers: 1,
    changed(change) {
      const { type, object } = change
      switch (object.kind) {
        case 'Pod':
          return consider(object, type === 'DELETED')
        case 'Node':
          return nodeChanged(change)
        case 'VolumeAttachment':
          return attachmentChanged(change)
        case 'PersistentVolumeClaim':
          if (type === 'DELETED' || object['status']?.phase !== 'Bound') return
          for (const pod of podsByClaim(`${object.metadata.namespace}/${object.metadata.name}`)) consider(pod, false)
      }
    },
  }
}

/** C4: the words, which name pods of the reader's own namespace only. */
export const whyRefused = (namespace: string | undefined, holders: readonly KubernetesObject[]): string => {
  if (holders.length === 0) return "Volume is already exclusively attached to one node and can't be attached to another"
  const own = holders.filter((pod) => pod.metadata.namespace === namespace).map((pod) => pod.metadata.name)
  const others = holders.length - own.length
  if (own.length === 0) return `Volume is already used by ${others} pod(s) in different namespaces`
  const named = `Volume is already used by pod(s) ${own.join(', ')}`
  return others === 0 ? named : `${named} and ${others} pod(s) in different namespaces`
}
