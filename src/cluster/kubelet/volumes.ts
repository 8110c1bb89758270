/**
 * The volumes of a node: what its pods want, what is mounted, and what the node says it uses.
 * Sources: node-and-storage.md C5, C6, C8; cases/README.md 5; volumemanager/*, operation_generator.go (1.36).
 *
 * The loops (desired state and reconciler, 0.1 s; a pod's wait, 0.3 s) make no events of their own: a beat is planned when it
 * will do something.
 */
import { type Micros, milliseconds, minutes, seconds } from '../../engine/clock.ts'
import type { Handle } from '../../engine/queue.ts'
import { nextBeat } from '../../engine/rhythm.ts'
import type { Volume as Disk } from '../../world/disk.ts'
import { driverOf } from '../../world/profiles.ts'
import { call, type Story } from '../client/story.ts'
import type { KubernetesObject } from '../objects/metadata.ts'
import { claimNameOf, type Pod, type PodVolume } from '../objects/pod.ts'
import { bytesOf } from '../objects/quantity.ts'
import type { NodeContext } from './node-context.ts'
import type { Wait } from './task.ts'

/** How a pod's wait for its volumes ends. */
export type VolumesEnd =
  | { readonly kind: 'mounted' }
  | { readonly kind: 'cancelled' }
  /** `event`: what a FailedMount event says; none when the cause is the time-out (since 1.28). */
  | { readonly kind: 'failed'; readonly event: string | undefined }

/** A wait: looks at once, then every 0.3 s, at most 2 min 3 s (A13). */
const waitPoll = milliseconds(300)
const waitLimit = seconds(123)
/** Retries of one volume's operation: 0.5 s doubling to 2 min 2 s. */
const firstRetry = milliseconds(500)
const mostRetry = seconds(122)

/** One volume as one pod wants it. */
type Wanted = {
  readonly name: string
  readonly pod: Pod
  readonly uid: string
  /** The tick at which it joined the desired state; undefined before. */
  joined: Micros | undefined
  /** What it is, known from `joined` on. */
  disk: Disk | undefined
  claim: string | undefined
  /** `kubernetes.io/csi/<driver>^<handle>`; undefined for what is not attached. */
  device: string | undefined
  /** `found`: mounted before this kubelet, which has not looked at it yet. */
  state: 'wanted' | 'found' | 'mounting' | 'mounted' | 'unmounting' | 'gone'
  /** Why it could not join. */
  refused: string | undefined
  retry: Micros
  retryAt: Micros
}

/** One pod's volumes. */
type PodVolumes = {
  readonly pod: Pod
  readonly uid: string
  wanted: Wanted[]
  /** The wait of its sync, if one is under way. */
  waiting:
    | { readonly since: Micros; readonly resume: (end: VolumesEnd) => void; refusedAt: Micros | undefined; readonly limit: Handle }
    | undefined
  /** Called when everything is unmounted; set when its containers are gone. */
  released: ((at: Micros) => void) | undefined
  isReleased: boolean
}

/** The volume manager of a node. */
export class Volumes {
  private readonly node: NodeContext
  private readonly pods = new Map<string, PodVolumes>()
  /** When a device was first reported in use since it joined the desired state. */
  private readonly reported = new Map<string, Micros>()
  /** When the Node was first seen to list a device as attached. */
  private readonly attached = new Map<string, Micros>()
  private planned: Micros | undefined
  /** Called when what `inUse` answers may have changed: the node's status is to be written. */
  private readonly onInUse: () => void

  constructor(node: NodeContext, onInUse: () => void) {
    this.node = node
    this.onInUse = onInUse
    node.world.disks.listenGrowth(node.mineOf((disk: Disk) => this.grew(disk)))
  }

  /** Waits until the pod's volumes are mounted. Given up, the wait ends as cancelled by whoever gave it up. */
  wait(pod: Pod): Wait<VolumesEnd> {
    return (resume) => {
      const mine = this.podOf(pod)
      if (mine.wanted.every((wanted) => wanted.state === 'mounted')) {
        resume({ kind: 'mounted' })
        return () => undefined
      }
      const since = this.now
      const limit = this.process.at(since + waitLimit, 'volume wait ends', () => {
        if (mine.waiting?.resume === resume) this.endWait(mine, { kind: 'failed', event: undefined })
      })
      mine.waiting = { since, resume, refusedAt: undefined, limit }
      this.tickAfter(since)
      return () => {
        this.process.cancel(limit)
        if (mine.waiting?.resume === resume) mine.waiting = undefined
      }
    }
  }

  /** The pod's containers are gone: unmounts begin at the next tick; `done` is told when nothing is mounted any more. */
  release(uid: string, done: (at: Micros) => void): void {
    const mine = this.pods.get(uid)
    if (mine === undefined) {
      const mounts = this.node.machine.runtime.mountsOf(uid)
      if (mounts.size === 0) return done(this.now)
      // A pod of which only the runtime knows: what is mounted goes.
      this.pods.set(uid, this.orphan(uid))
      return this.release(uid, done)
    }
    mine.isReleased = true
    mine.released = done
    mine.waiting = undefined
    mine.wanted = mine.wanted.filter((wanted) => {
      if (wanted.state === 'wanted') {
        wanted.state = 'gone'
        return false
      }
      return true
    })
    this.dropReports()
    this.onInUse()
    if (mine.wanted.length === 0) this.endRelease(mine)
    else this.tickAfter(this.now)
  }

  /** A disk became larger: the file system follows at the first tick that sees the volume's new size, if it is mounted here. */
  private grew(disk: Disk): void {
    const mounted = [...this.pods.values()].flatMap(({ wanted }) => wanted).find((each) => each.disk === disk && each.state === 'mounted')
    if (mounted === undefined) return
    const { component } = this.node
    const tick = nextBeat(this.node.rhythms.volumes, this.now, 'strict')
    this.process.atTurn(tick, 'expand file system', () => {
      const volume = component.see.of('PersistentVolume').get(undefined, disk.name)
      const capacity = volume?.['spec']?.capacity?.storage as string | undefined
      if (volume === undefined || capacity === undefined) return
      if (bytesOf(capacity) < disk.bytes) return this.grew(disk)
      const text = `MountVolume.NodeExpandVolume succeeded for volume "${disk.name}" ${this.node.node}`
      this.node.tell(mounted.pod, 'Normal', 'FileSystemResizeSuccessful', text)
      const claim = component.see.of('PersistentVolumeClaim').get(mounted.pod.metadata.namespace, mounted.claim ?? '')
      if (claim === undefined) return
      this.node.tell(claim, 'Normal', 'FileSystemResizeSuccessful', text)
      component.play(expanded(claim, capacity))
    })
  }

  /** Forgets a pod that is gone. */
  forget(uid: string): void {
    this.pods.delete(uid)
  }

  /** What the node's status says is in use at a tick: what pods want, and what is still mounted. In order of text. */
  inUse(): readonly string[] {
    const devices = new Set<string>()
    for (const { wanted } of this.pods.values()) {
      for (const each of wanted)
        if (each.device !== undefined && each.joined !== undefined && each.state !== 'gone') devices.add(each.device)
    }
    return [...devices].sort()
  }

  /** The node's status was written at this tick with these devices in use. */
  wasReported(devices: readonly string[]): void {
    const desired = this.devicesOfDesired()
    let news = false
    for (const device of devices) {
      if (this.reported.has(device) || !desired.has(device)) continue
      this.reported.set(device, this.now)
      news = true
    }
    if (news) this.tickAfter(this.now)
  }

  /** The Node lists these devices as attached. */
  nodeSeen(devices: readonly string[]): void {
    let news = false
    for (const device of [...this.attached.keys()]) if (!devices.includes(device)) this.attached.delete(device)
    for (const device of devices) {
      if (this.attached.has(device)) continue
      this.attached.set(device, this.now)
      news = true
    }
    if (news) this.tickAfter(this.now)
  }

  private get now(): Micros {
    return this.node.component.now()
  }

  private get process() {
    return this.node.component.process
  }

  private podOf(pod: Pod): PodVolumes {
    const uid = pod.metadata.uid as string
    const there = this.pods.get(uid)
    if (there !== undefined) return there
    const mounts = this.node.machine.runtime.mountsOf(uid)
    const wanted = usedVolumes(pod).map((volume): Wanted => {
      const mount = mounts.get(volume.name)
      return {
        name: volume.name,
        pod,
        uid,
        // What a kubelet finds mounted when it starts is in its actual state.
        joined: mount === undefined ? undefined : this.now,
        disk: mount?.disk,
        claim: claimNameOf(pod, volume),
        device: mount?.disk === undefined ? undefined : deviceOf(mount.disk),
        state: mount === undefined ? 'wanted' : 'found',
        refused: undefined,
        retry: firstRetry,
        retryAt: 0,
      }
    })
    const made: PodVolumes = { pod, uid, wanted, waiting: undefined, released: undefined, isReleased: false }
    this.pods.set(uid, made)
    return made
  }

  private orphan(uid: string): PodVolumes {
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: uid, uid }, spec: { containers: [] } } as Pod
    const wanted = [...this.node.machine.runtime.mountsOf(uid).values()].map(
      (mount): Wanted => ({
        name: mount.name,
        pod,
        uid,
        joined: this.now,
        disk: mount.disk,
        claim: mount.claim,
        device: mount.disk === undefined ? undefined : deviceOf(mount.disk),
        state: 'mounted',
        refused: undefined,
        retry: firstRetry,
        retryAt: 0,
      }),
    )
    return { pod, uid, wanted, waiting: undefined, released: undefined, isReleased: false }
  }

  /** The first tick after `moment` will do something. */
  private tickAfter(moment: Micros): void {
    const beat = nextBeat(this.node.rhythms.volumes, Math.max(moment, this.now), 'strict')
    if (this.planned !== undefined && this.planned <= beat) return
    this.planned = beat
    this.process.atTurn(beat, 'volume loop', () => {
      if (this.planned !== beat) return
      this.planned = undefined
      this.tick()
    })
  }

  /** One beat: desired state, unmounts, mounts. */
  private tick(): void {
    for (const mine of [...this.pods.values()]) {
      if (mine.isReleased) {
        for (const wanted of mine.wanted) if (wanted.state === 'mounted' || wanted.state === 'found') this.unmount(mine, wanted)
        continue
      }
      for (const wanted of mine.wanted) {
        if (wanted.state === 'found') wanted.state = 'mounted'
        if (wanted.state !== 'wanted') continue
        if (wanted.joined === undefined) this.join(mine, wanted)
        if (wanted.joined !== undefined) this.tryMount(mine, wanted)
      }
      this.lookSoon(mine)
    }
  }

  /** The volume joins the desired state, or is refused. */
  private join(mine: PodVolumes, wanted: Wanted): void {
    const { pod } = wanted
    const volume = pod.spec.volumes?.find((each) => each.name === wanted.name)
    const found = volume === undefined || wanted.claim === undefined ? { disk: undefined } : this.diskOf(pod, wanted.claim)
    if ('error' in found) {
      wanted.refused = found.error
      if (mine.waiting !== undefined) mine.waiting.refusedAt ??= this.now
      return
    }
    wanted.refused = undefined
    wanted.joined = this.now
    wanted.disk = found.disk
    wanted.device = found.disk?.driver.attachable ? deviceOf(found.disk) : undefined
    if (wanted.device !== undefined) this.onInUse()
  }

  /** The disk behind a claim, as the kubelet finds it in the API; or why not. Source: desired_state_of_world_populator.go. */
  private diskOf(pod: Pod, claimName: string): { readonly disk: Disk | undefined } | { readonly error: string } {
    const { see } = this.node.component
    const namespace = pod.metadata.namespace ?? ''
    const wrap = (text: string) => ({ error: `error processing PVC ${namespace}/${claimName}: ${text}` })
    const claim = see.of('PersistentVolumeClaim').get(namespace, claimName)
    if (claim === undefined) return wrap(`failed to fetch PVC from API server: persistentvolumeclaims "${claimName}" not found`)
    if (claim.metadata.deletionTimestamp !== undefined && !claim.metadata.finalizers?.includes('kubernetes.io/pvc-protection')) {
      return wrap('PVC is being deleted')
    }
    const volumeName = claim['spec']?.volumeName as string | undefined
    if (claim['status']?.phase !== 'Bound' || volumeName === undefined || volumeName === '') return wrap('PVC is not bound')
    const volume = see.of('PersistentVolume').get(undefined, volumeName)
    if (volume === undefined) return wrap(`failed to fetch PV ${volumeName} from API server: persistentvolumes "${volumeName}" not found`)
    return { disk: this.node.world.disks.volume(volumeName) ?? this.adopted(volume, claim) }
  }

  /** A volume that a user wrote: it is at the back-end if its driver is known here, else it is taken as mounted where it is. */
  private adopted(volume: KubernetesObject, claim: KubernetesObject): Disk | undefined {
    const csi = volume['spec']?.csi as { driver?: string; volumeHandle?: string } | undefined
    const driver = csi?.driver === undefined ? undefined : driverOf(this.node.world.profile, csi.driver)
    if (driver === undefined) return undefined
    return this.node.world.disks.adopt(volume.metadata.name, csi?.volumeHandle ?? volume.metadata.name, driver, [
      `PersistentVolumeClaim/${claim.metadata.namespace}/${claim.metadata.name}`,
      `StorageClass//${volume['spec']?.storageClassName ?? ''}`,
      `PersistentVolume//${volume.metadata.name}`,
    ])
  }

  /** Mounts a volume if everything that it needs is there. */
  private tryMount(mine: PodVolumes, wanted: Wanted): void {
    const { disk, device } = wanted
    if (wanted.retryAt > this.now) return this.tickAfter(before(wanted.retryAt))
    if (disk !== undefined && device !== undefined && !this.isHere(disk, wanted)) {
      const reported = this.reported.get(device)
      const attached = this.attached.get(device)
      if (reported === undefined || attached === undefined) return
      const ready = Math.max(reported, attached)
      if (ready >= this.now) return this.tickAfter(ready)
    }
    wanted.state = 'mounting'
    const { runtime } = this.node.machine
    const facts = { uid: wanted.uid, namespace: wanted.pod.metadata.namespace ?? '', name: wanted.pod.metadata.name }
    runtime.mount(this.process, facts, wanted.name, disk, wanted.claim, (error) => {
      if (error !== undefined) return this.mountFailed(mine, wanted, error)
      wanted.state = 'mounted'
      wanted.retry = firstRetry
      if (mine.isReleased) this.tickAfter(this.now)
      else this.lookSoon(mine)
    })
  }

  private mountFailed(mine: PodVolumes, wanted: Wanted, error: string): void {
    const call = wanted.disk?.driver.attachable ? 'MountDevice' : 'SetUp'
    this.node.tell(
      wanted.pod,
      'Warning',
      'FailedMount',
      `MountVolume.${call} failed for volume "${wanted.disk?.name ?? wanted.name}" : ${error}`,
    )
    if (mine.isReleased) {
      wanted.state = 'gone'
      mine.wanted = mine.wanted.filter((each) => each !== wanted)
      if (mine.wanted.length === 0) this.endRelease(mine)
      return
    }
    wanted.state = 'wanted'
    wanted.retryAt = this.now + wanted.retry
    wanted.retry = Math.min(wanted.retry * 2, mostRetry)
    this.tickAfter(before(wanted.retryAt))
  }

  /** Whether a disk is in this node's actual state: mounted, or being unmounted, for another pod. */
  private isHere(disk: Disk, mine: Wanted): boolean {
    for (const { wanted } of this.pods.values()) {
      for (const each of wanted)
        if (each !== mine && each.disk === disk && (each.state === 'mounted' || each.state === 'found' || each.state === 'unmounting'))
          return true
    }
    return false
  }

  private unmount(mine: PodVolumes, wanted: Wanted): void {
    if (wanted.retryAt > this.now) return this.tickAfter(before(wanted.retryAt))
    wanted.state = 'unmounting'
    this.node.machine.runtime.unmount(this.process, wanted.uid, wanted.name, (error) => {
      if (error !== undefined) {
        // Unmounts that fail make no event; they are tried again without end.
        wanted.state = 'mounted'
        wanted.retryAt = this.now + wanted.retry
        wanted.retry = Math.min(wanted.retry * 2, mostRetry)
        this.tickAfter(before(wanted.retryAt))
        return
      }
      wanted.state = 'gone'
      mine.wanted = mine.wanted.filter((each) => each !== wanted)
      this.dropReports()
      if (wanted.device !== undefined) this.onInUse()
      if (mine.wanted.length === 0) this.endRelease(mine)
    })
  }

  private endRelease(mine: PodVolumes): void {
    const { released } = mine
    mine.released = undefined
    released?.(this.now)
  }

  /** The wait of a pod's sync ends at the first of its looks at which all is mounted, or something was refused. */
  private lookSoon(mine: PodVolumes): void {
    const { waiting } = mine
    if (waiting === undefined) return
    const mounted = mine.wanted.every((wanted) => wanted.state === 'mounted')
    if (!mounted && waiting.refusedAt === undefined) return
    const looks = Math.ceil((this.now - waiting.since) / waitPoll)
    this.process.atTurn(waiting.since + looks * waitPoll, 'look at volumes', () => {
      if (mine.waiting !== waiting) return
      if (mine.wanted.every((wanted) => wanted.state === 'mounted')) this.endWait(mine, { kind: 'mounted' })
      else if (waiting.refusedAt !== undefined) this.endWait(mine, { kind: 'failed', event: refusalText(mine.wanted) })
    })
  }

  private endWait(mine: PodVolumes, end: VolumesEnd): void {
    const { waiting } = mine
    mine.waiting = undefined
    if (waiting === undefined) return
    this.process.cancel(waiting.limit)
    waiting.resume(end)
  }

  /** Devices that some pod wants (not those that only wait to be unmounted). */
  private devicesOfDesired(): ReadonlySet<string> {
    const devices = new Set<string>()
    for (const { wanted, isReleased } of this.pods.values()) {
      if (isReleased) continue
      for (const each of wanted) if (each.device !== undefined && each.joined !== undefined) devices.add(each.device)
    }
    return devices
  }

  /** A device that nobody wants any more must be reported anew before it is mounted again. */
  private dropReports(): void {
    const desired = this.devicesOfDesired()
    for (const device of [...this.reported.keys()]) if (!desired.has(device)) this.reported.delete(device)
  }
}

/** The claim has its new size. */
function* expanded(claim: KubernetesObject, capacity: string): Story<void> {
  const { namespace, name } = claim.metadata
  const status = { capacity: { storage: capacity }, allocatedResourceStatuses: null, conditions: null }
  yield* call({ verb: 'patch', kind: 'PersistentVolumeClaim', namespace, name, type: 'merge', patch: { status }, subresource: 'status' })
}

/** The moment before which the first tick at or after `moment` is the first tick after it. */
const before = (moment: Micros): Micros => moment - 1

/** `kubernetes.io/csi/<driver>^<handle>`, as Node.status names it. */
const deviceOf = (disk: Disk): string => `kubernetes.io/csi/${disk.driver.name}^${disk.handle}`

/** The pod's volumes that a container mounts; the others are not waited for. */
function usedVolumes(pod: Pod): readonly PodVolume[] {
  const used = new Set<string>()
  for (const container of [...(pod.spec.initContainers ?? []), ...pod.spec.containers]) {
    for (const mount of container.volumeMounts ?? []) used.add(mount.name)
    for (const device of container.volumeDevices ?? []) used.add(device.name)
  }
  return (pod.spec.volumes ?? []).filter((volume) => used.has(volume.name))
}

const refusalText = (wanted: readonly Wanted[]): string => {
  const unmounted = wanted.filter((each) => each.state !== 'mounted').map((each) => each.name)
  const refused = wanted.filter((each) => each.refused !== undefined)
  const names = refused.map((each) => each.name)
  return `Unable to attach or mount volumes: unmounted volumes=[${unmounted.sort().join(' ')}], unattached volumes=[], failed to process volumes=[${names.sort().join(' ')}]: ${refused.map((each) => each.refused).join(', ')}`
}

/** How long a pod's removal waits for its unmounts before it is tried again (A10 step 4). */
export const unmountLimit: Micros = minutes(2) + seconds(3)
export const unmountPoll: Micros = waitPoll
