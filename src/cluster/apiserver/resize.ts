/**
 * `pods/resize`: the one way to change what the containers of a pod ask for. Everything else in the request is dropped.
 * Source: pkg/registry/core/pod/strategy.go (podResizeStrategy, dropNonResizeUpdates).
 *
 * Differs from Kubernetes: that the class of service stays the same is not checked; the kubelet takes the new amounts without a restart.
 */
import type { KubernetesObject } from '../objects/metadata.ts'

type Container = { readonly name: string; readonly resources?: unknown; readonly resizePolicy?: unknown }

const withAmounts = (old: readonly Container[] | undefined, asked: readonly Container[] | undefined): readonly Container[] | undefined =>
  old?.map((container) => {
    const wanted = asked?.find(({ name }) => name === container.name)
    if (wanted === undefined || JSON.stringify(wanted.resources) === JSON.stringify(container.resources)) return container
    return { ...container, ...(wanted.resources === undefined ? {} : { resources: wanted.resources }) }
  })

/** The pod with the amounts that were asked for, and nothing else. */
export const resizedOnly = (old: KubernetesObject, asked: KubernetesObject): KubernetesObject => {
  const spec = old['spec'] ?? {}
  const containers = withAmounts(spec.containers, asked['spec']?.containers)
  const initContainers = withAmounts(spec.initContainers, asked['spec']?.initContainers)
  return {
    ...old,
    spec: { ...spec, ...(containers === undefined ? {} : { containers }), ...(initContainers === undefined ? {} : { initContainers }) },
  }
}
