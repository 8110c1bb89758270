/**
 * Images: whether the machine holds one, pulls, and the back-off after a pull that failed.
 * Source: node-and-storage.md A6 (image_manager.go, puller.go).
 *
 * Differs from Kubernetes: the limit of 5 pulls a second (burst 10) is not modelled.
 */
import { type Micros, printDuration, seconds } from '../../engine/clock.ts'
import type { Container, Pod } from '../objects/pod.ts'
import type { NodeContext } from './node-context.ts'
import type { StartFailure } from './status.ts'
import { answerOf, type Task, type Wait, wait } from './task.ts'

const firstBackOff = seconds(10)
const mostBackOff = seconds(300)
/** After so long without a failure the series is forgotten. */
const forgottenAfter = seconds(600)

type BackOff = { delay: Micros; since: Micros; error: string }

/** The images of one node. */
export class Images {
  private readonly node: NodeContext
  /** Key: pod uid and image. */
  private readonly backOffs = new Map<string, BackOff>()
  private pulling = false
  private readonly queue: (() => void)[] = []

  constructor(node: NodeContext) {
    this.node = node
  }

  /** Sees to it that the image is there; what went wrong otherwise, as the container's waiting reason. */
  *ensure(pod: Pod, container: Container): Task<StartFailure | undefined> {
    const { node, world, component } = this.node
    const image = container.image ?? ''
    const policy = container.imagePullPolicy ?? defaultPolicy(image)
    const present = world.registry.isPresent(node, image)
    if (!present && policy === 'Never') {
      const message = `Container image "${image}" is not present with pull policy of Never`
      this.node.tell(pod, 'Warning', 'ErrImageNeverPull', message)
      return { reason: 'ErrImageNeverPull', message }
    }
    if (present && policy !== 'Always') {
      world.registry.add(node, image)
      const tail = component.gates.on('KubeletEnsureSecretPulledImages') ? ' and can be accessed by the pod' : ''
      this.node.tell(pod, 'Normal', 'Pulled', `Container image "${image}" already present on machine${tail}`)
      return undefined
    }
    const key = `${pod.metadata.uid} ${image}`
    const backOff = this.backOffs.get(key)
    if (backOff !== undefined && component.now() - backOff.since < backOff.delay) {
      const message = `Back-off pulling image "${image}"`
      this.node.tell(pod, 'Normal', 'BackOff', message)
      return { reason: 'ImagePullBackOff', message: `${message}: ErrImagePull: ${backOff.error}` }
    }
    this.node.tell(pod, 'Normal', 'Pulling', `Pulling image "${image}"`)
    const asked = component.now()
    if (this.node.settings.serialPulls) yield* wait(this.turn())
    const facts = { uid: pod.metadata.uid as string, namespace: pod.metadata.namespace ?? '', name: pod.metadata.name }
    const answer = yield* answerOf<{ readonly error?: string; readonly bytes: number; readonly took: Micros }>((done) =>
      this.node.machine.runtime.pull(component.process, facts, container.name, image, done),
    )
    if (this.node.settings.serialPulls) this.release()
    if (answer.error !== undefined) {
      this.failed(key, answer.error)
      this.node.tell(pod, 'Warning', 'Failed', `Failed to pull image "${image}": ${answer.error}`)
      return { reason: 'ErrImagePull', message: answer.error }
    }
    const waited = component.now() - asked
    this.node.tell(
      pod,
      'Normal',
      'Pulled',
      `Successfully pulled image "${image}" in ${milli(answer.took)} (${milli(waited)} including waiting). Image size: ${answer.bytes} bytes.`,
    )
    return undefined
  }

  private failed(key: string, error: string): void {
    const now = this.node.component.now()
    const old = this.backOffs.get(key)
    const delay = old === undefined || now - old.since > forgottenAfter ? firstBackOff : Math.min(old.delay * 2, mostBackOff)
    this.backOffs.set(key, { delay, since: now, error })
  }

  /** One pull at a time, first come, first served. */
  private turn(): Wait<void> {
    return (resume) => {
      if (!this.pulling) {
        this.pulling = true
        resume()
      } else this.queue.push(() => resume())
      return () => undefined
    }
  }

  private release(): void {
    const next = this.queue.shift()
    if (next === undefined) this.pulling = false
    else next()
  }
}

/** The kubelet prints pull times cut to milliseconds. */
const milli = (length: Micros): string => printDuration(Math.floor(length / 1_000) * 1_000)

const defaultPolicy = (image: string): 'Always' | 'IfNotPresent' => {
  const last = image.slice(image.lastIndexOf('/') + 1)
  return last.includes('@') || (last.includes(':') && !last.endsWith(':latest')) ? 'IfNotPresent' : 'Always'
}
