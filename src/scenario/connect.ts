/**
 * How a terminal reaches containers: exec, attach and logs go to the container in the world, by way of the machine it runs on.
 * Source: kubectl.md 8 and 10; the kubelet's answers to exec.
 *
 * Differs from Kubernetes: containers write no log of their own.
 */

import { sleep } from '../cluster/client/story.ts'
import type { Connect } from '../cluster/kubectl/terminal.ts'
import type { KubernetesObject } from '../cluster/objects/metadata.ts'
import type { Container } from '../world/container.ts'
import type { World } from '../world/world.ts'

/** The running container of a pod, or why it cannot be reached. */
function reached(world: World, pod: KubernetesObject, name: string): Container | { readonly refused: string } {
  const machine = world.machines.get(String(pod['spec']?.nodeName ?? ''))
  if (machine === undefined) return { refused: `pod ${pod.metadata.name} does not have a host assigned` }
  if (!machine.runsKubelet || !world.links.connected(machine.name))
    return { refused: `error dialing backend: dial tcp ${machine.address}:10250: i/o timeout` }
  const container = world.container(pod.metadata.uid ?? '', name)
  return container ?? { refused: `unable to upgrade connection: container not found ("${name}")` }
}

/** The ways into the containers of a world. */
export const connectionsInto = (world: World): Connect => ({
  *exec(pod, name, words, { out }) {
    const container = reached(world, pod, name)
    if ('refused' in container) return container
    const { exitCode, output, takes } = container.exec(words)
    if (takes > 0) yield* sleep(takes)
    if (output !== '') out(output)
    return exitCode
  },
  logs(pod, name) {
    const container = reached(world, pod, name)
    return 'refused' in container ? undefined : []
  },
  leave(pod, name, exitCode) {
    const container = reached(world, pod, name)
    if (!('refused' in container)) container.exit(exitCode, exitCode === 0 ? 'Completed' : 'Error', false)
  },
})
