/**
 * The container runtime of a machine: its sandboxes, containers and mounts. They are facts of the machine, not of its kubelet:
 * they outlive a kubelet that stops, and die with the power. What is asked of it takes its time on the machine; the answer comes
 * only if who asked still lives. Sources: node-and-storage.md A3, A4, A11; cases/README.md 2, 6.
 */
import type { Micros } from '../engine/clock.ts'
import type { Process } from '../engine/process.ts'
import { Container, type ContainerFacts, type ProgramFactory } from './container.ts'
import { luckOf, type Volume } from './disk.ts'
import type { Machine } from './machine.ts'
import type { World } from './world.ts'

/** A pod's sandbox: its network and address. */
export type Sandbox = {
  readonly id: string
  readonly uid: string
  readonly ip: string
  readonly madeAt: Micros
  /** When it stopped; undefined while it is ready. */
  endedAt: Micros | undefined
}

/** A container as a relist shows it. */
export type ContainerView = {
  readonly container: Container
  readonly state: Container['state']
}

/** A pod as a relist shows it. Frozen: what happens later is seen by the next one. */
export type PodView = {
  /** The newest sandbox, and whether it is ready. */
  readonly sandbox: { readonly id: string; readonly ip: string; readonly ready: boolean } | undefined
  /** All containers known, the oldest first. */
  readonly containers: readonly ContainerView[]
}

/** A pod of which the runtime knows nothing. */
export const nothingThere: PodView = { sandbox: undefined, containers: [] }

/** What is mounted for a pod. */
export type Mount = {
  readonly uid: string
  /** The volume's name in the pod. */
  readonly name: string
  readonly claim: string | undefined
  readonly disk: Volume | undefined
  /** What is in it, if it is no disk: an emptyDir's files. */
  readonly files: Map<string, string>
}

/** What is known of a pod before its sandbox is made. */
export type PodFacts = { readonly uid: string; readonly namespace: string; readonly name: string }

const podKey = (pod: { readonly namespace: string; readonly name: string }): string => `Pod/${pod.namespace}/${pod.name}`

/** How many ended containers of a name are remembered (MaxPerPodContainer 1, and the one before it). */
const remembered = 2

/** The runtime of one machine. */
export class Runtime {
  private readonly machine: Machine
  private readonly world: World
  private readonly sandboxes = new Map<string, Sandbox>()
  private readonly containers = new Map<string, Container[]>()
  private readonly mounts = new Map<string, Map<string, Mount>>()
  private readonly pods = new Map<string, PodFacts>()
  private readonly listeners: ((uid: string) => void)[] = []
  private addresses = 0

  constructor(machine: Machine, world: World) {
    this.machine = machine
    this.world = world
  }

  /** Calls back when something of a pod changed that a relist would see; only the latest caller is told (the kubelet of now), and only while it lives. */
  listen(who: Process, tell: (uid: string) => void): void {
    const { incarnation } = who
    this.listeners.length = 0
    this.listeners.push((uid) => {
      if (who.alive && who.incarnation === incarnation) tell(uid)
    })
  }

  /** The pods of which it knows anything, in the order in which it met them. */
  known(): readonly PodFacts[] {
    return [...this.pods.values()]
  }

  /** What a relist shows of a pod: what happened before `before`, or everything. */
  view(uid: string, before: Micros = Number.POSITIVE_INFINITY): PodView {
    const sandbox = this.sandboxes.get(uid)
    const containers = this.containers.get(uid)
    if (sandbox === undefined && containers === undefined) return nothingThere
    return {
      sandbox:
        sandbox === undefined || sandbox.madeAt >= before
          ? undefined
          : { id: sandbox.id, ip: sandbox.ip, ready: sandbox.endedAt === undefined || sandbox.endedAt >= before },
      containers: (containers ?? [])
        .filter((container) => container.startedAt < before)
        .map((container) => {
          const { state } = container
          return { container, state: state.kind === 'exited' && state.at >= before ? { kind: 'running', since: state.since } : state }
        }),
    }
  }

  /** The containers of a pod that run in truth. */
  runningOf(uid: string): readonly Container[] {
    return (this.containers.get(uid) ?? []).filter((container) => container.isRunning)
  }

  /** The containers that run for pods of that key (`Pod/default/web-0`), whatever their uid. */
  containersOf(key: string): readonly Container[] {
    const found: Container[] = []
    for (const pod of this.pods.values()) if (podKey(pod) === key) found.push(...this.runningOf(pod.uid))
    return found
  }

  /** The newest container of that name in a pod. */
  container(uid: string, name: string): Container | undefined {
    return (this.containers.get(uid) ?? []).findLast((container) => container.facts.name === name)
  }

  /** What is mounted for a pod, by the volume's name in the pod. */
  mountsOf(uid: string): ReadonlyMap<string, Mount> {
    return this.mounts.get(uid) ?? new Map()
  }

  /** Whether a disk is mounted here, for any pod. */
  holds(disk: Volume): boolean {
    for (const mounts of this.mounts.values()) for (const mount of mounts.values()) if (mount.disk === disk) return true
    return false
  }

  /** Makes a sandbox. An error takes no time. */
  makeSandbox(who: Process, pod: PodFacts, done: (error: string | undefined) => void): void {
    if (this.machine.troubles.find('sandbox-fail', this.machine.name) !== undefined) {
      done(
        'rpc error: code = Unknown desc = failed to setup network for sandbox: plugin type="bridge" failed (add): failed to allocate for range 0: no IP addresses available in range set',
      )
      return
    }
    this.work(who, this.world.delays.of('sandbox', podKey(pod)), `sandbox of ${pod.name}`, () => {
      const ip = `10.244.${this.machine.index}.${(this.addresses++ % 253) + 2}`
      const sandbox: Sandbox = { id: this.hex(`${pod.uid}/sandbox`, 64), uid: pod.uid, ip, madeAt: this.now, endedAt: undefined }
      this.sandboxes.set(pod.uid, sandbox)
      this.pods.set(pod.uid, pod)
      this.record('sandbox-made', pod, { uid: pod.uid, ip })
      this.tell(pod.uid)
      return () => done(undefined)
    })
  }

  /** The sandbox's address, while it is ready. */
  addressOf(uid: string): string | undefined {
    const sandbox = this.sandboxes.get(uid)
    return sandbox?.endedAt === undefined ? sandbox?.ip : undefined
  }

  /** Creates and starts a container; at its end the container runs. */
  start(who: Process, facts: ContainerFacts, done: (container: Container) => void): void {
    this.work(
      who,
      this.world.delays.of('start', `Pod/${facts.namespace}/${facts.pod}/${facts.name}`),
      `start of ${facts.pod}/${facts.name}`,
      () => {
        const id = `containerd://${this.hex(`${facts.uid}/${facts.name}/${facts.restarts}`, 64)}`
        const container = new Container(id, facts, this.machine.process, this.world.pods, (ended, asked) => this.ended(ended, asked))
        const list = this.containers.get(facts.uid) ?? []
        const older = list.filter((other) => other.facts.name === facts.name)
        const dropped = older.length > remembered - 1 ? older[0] : undefined
        this.containers.set(facts.uid, [...list.filter((other) => other !== dropped), container])
        this.record(
          'container-started',
          { namespace: facts.namespace, name: facts.pod },
          {
            uid: facts.uid,
            container: facts.name,
            init: facts.kind !== 'app',
            restarts: facts.restarts,
          },
        )
        container.begin(this.programs)
        this.tell(facts.uid)
        return () => done(container)
      },
    )
  }

  /** Pulls an image; a refusal takes no time, and so does an image that is there. `took` is how long it worked. */
  pull(
    who: Process,
    pod: PodFacts,
    container: string,
    image: string,
    done: (answer: { readonly error?: string; readonly bytes: number; readonly took: Micros }) => void,
  ): void {
    const { registry } = this.world
    const node = this.machine.name
    const answer = registry.ask(node, image)
    if (answer.kind === 'refused') return done({ error: answer.error, bytes: 0, took: 0 })
    if (registry.isPresent(node, image)) return done({ bytes: answer.bytes, took: 0 })
    const took = this.world.delays.pull(answer.bytes, `Node//${node}/${image}`, answer.limit)
    this.work(who, took, `pull of ${image} for ${pod.name}`, () => {
      registry.add(node, image)
      this.record('image-pulled', pod, { uid: pod.uid, container, image, took })
      return () => done({ bytes: answer.bytes, took })
    })
  }

  /** Stops a pod's sandbox, at once. */
  stopSandbox(uid: string): void {
    const sandbox = this.sandboxes.get(uid)
    if (sandbox === undefined || sandbox.endedAt !== undefined) return
    sandbox.endedAt = this.now
  }

  /** Mounts a volume for a pod (NodeStage and NodePublish). A volume that is no disk takes no time. */
  mount(
    who: Process,
    pod: PodFacts,
    name: string,
    disk: Volume | undefined,
    claim: string | undefined,
    done: (error: string | undefined) => void,
  ): void {
    const effect = (): (() => void) => {
      if (disk !== undefined) disk.formatted = true
      const mount: Mount = { uid: pod.uid, name, claim, disk, files: new Map() }
      this.pods.set(pod.uid, pod)
      const mounts = this.mounts.get(pod.uid)
      if (mounts === undefined) this.mounts.set(pod.uid, new Map([[name, mount]]))
      else mounts.set(name, mount)
      this.record('volume-mounted', pod, { uid: pod.uid, volume: disk?.name ?? name, ...(claim === undefined ? {} : { claim }) })
      return () => done(undefined)
    }
    if (disk === undefined) {
      effect()()
      return
    }
    const failure = this.world.disks.fails('mount-fail', disk.about)
    if (failure !== undefined) {
      done(failure.error)
      return
    }
    if (disk.heldBy !== undefined && disk.heldBy !== this.machine.name) {
      done(`rpc error: code = Internal desc = rbd image ${disk.handle} is still being used`)
      return
    }
    const step = disk.formatted ? 'mount' : 'mount-first'
    this.work(who, this.world.disks.time(step, luckOf(disk), disk.about), `mount of ${disk.name} for ${pod.name}`, effect)
  }

  /** Unmounts a pod's volume (NodeUnpublish, and NodeUnstage for the last pod). */
  unmount(who: Process, uid: string, name: string, done: (error: string | undefined) => void): void {
    const mount = this.mounts.get(uid)?.get(name)
    if (mount === undefined) return done(undefined)
    const pod = this.pods.get(uid) as PodFacts
    const { disk } = mount
    const effect = (): (() => void) => {
      this.mounts.get(uid)?.delete(name)
      this.record('volume-unmounted', pod, {
        uid,
        volume: disk?.name ?? name,
        ...(mount.claim === undefined ? {} : { claim: mount.claim }),
      })
      return () => done(undefined)
    }
    if (disk === undefined) {
      effect()()
      return
    }
    const failure = this.world.disks.fails('unmount-fail', disk.about)
    if (failure !== undefined) {
      done(failure.error)
      return
    }
    this.work(who, this.world.disks.time('unmount', luckOf(disk), disk.about), `unmount of ${disk.name} for ${pod.name}`, effect)
  }

  /** Forgets a pod whose end is confirmed. */
  forget(uid: string): void {
    this.sandboxes.delete(uid)
    this.containers.delete(uid)
    this.mounts.delete(uid)
    this.pods.delete(uid)
  }

  /** The power went: every container ends, every sandbox and mount is gone. What is remembered is on the machine's own disk. */
  die(): void {
    for (const pod of this.pods.values()) {
      const running = this.runningOf(pod.uid)
      const sandbox = this.sandboxes.get(pod.uid)
      if (sandbox !== undefined) sandbox.endedAt ??= this.now
      for (const container of running) container.exit(255, 'Unknown', false)
      if (running.length > 0) this.world.engine.record(`machine/${this.machine.name}`, 'pod-stopped', podKey(pod), { uid: pod.uid })
    }
    for (const mounts of this.mounts.values()) {
      for (const [name, mount] of [...mounts]) if (mount.disk !== undefined) mounts.delete(name)
    }
    this.addresses += 1
  }

  /** A new machine under the old name: nothing is remembered. */
  forgetAll(): void {
    this.sandboxes.clear()
    this.containers.clear()
    this.mounts.clear()
    this.pods.clear()
  }

  private get now(): Micros {
    return this.world.engine.now
  }

  private get programs(): ProgramFactory {
    return this.world.programs
  }

  private ended(container: Container, asked: boolean): void {
    const { state, facts } = container
    if (state.kind !== 'exited') return
    this.record(
      'container-exited',
      { namespace: facts.namespace, name: facts.pod },
      {
        uid: facts.uid,
        container: facts.name,
        exitCode: state.exitCode,
        reason: state.reason,
        restarts: facts.restarts,
        asked,
      },
    )
    this.tell(facts.uid)
  }

  private tell(uid: string): void {
    for (const tell of this.listeners) tell(uid)
  }

  /** Something that takes time on the machine; `effect` happens if the machine still runs, and answers if who asked still lives. */
  private work(who: Process, takes: Micros, label: string, effect: () => () => void): void {
    const { incarnation } = who
    this.machine.after(takes, label, () => {
      const answer = effect()
      if (who.alive && who.incarnation === incarnation) answer()
    })
  }

  private record(what: string, pod: { readonly namespace: string; readonly name: string }, detail: unknown): void {
    this.world.engine.record(`kubelet/${this.machine.name}`, what, podKey(pod), detail)
  }

  private hex(thing: string, digits: number): string {
    let text = ''
    for (let at = 0; text.length < digits; at++) {
      text += Math.floor(this.world.engine.chance(thing, 'id', at) * 4_294_967_296)
        .toString(16)
        .padStart(8, '0')
    }
    return text.slice(0, digits)
  }
}
