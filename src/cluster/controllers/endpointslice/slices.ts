/**
 * How the endpoints of a Service are dealt to slices with the fewest writes. Pure.
 * Source: node-and-storage.md D1; staging endpointslice/reconciler.go reconcileByPortMapping, finalize (1.36).
 */

/** One endpoint as a slice holds it. */
export type Endpoint = {
  readonly addresses: readonly string[]
  readonly conditions: { readonly ready: boolean; readonly serving: boolean; readonly terminating: boolean }
  readonly hostname?: string
  readonly targetRef: { readonly kind: string; readonly namespace: string; readonly name: string; readonly uid: string }
  readonly nodeName?: string
  readonly zone?: string
}

/** One port of a slice. */
export type Port = { readonly name: string; readonly protocol: string; readonly port: number; readonly appProtocol?: string }

/** A slice that exists, or is to be; a new one has no name yet. */
export type Slice = { readonly name: string | undefined; readonly endpoints: readonly Endpoint[]; readonly ports: readonly Port[] }

/** What to write. */
export type Plan = { readonly create: readonly Slice[]; readonly update: readonly Slice[]; readonly remove: readonly Slice[] }

/** A text made once for each value: endpoints and ports stay the same values as long as their pods do. */
const once = <T extends object>(make: (value: T) => string): ((value: T) => string) => {
  const made = new WeakMap<T, string>()
  return (value) => {
    let text = made.get(value)
    if (text === undefined) {
      text = make(value)
      made.set(value, text)
    }
    return text
  }
}

const portsKeyOf = once((ports: readonly Port[]): string =>
  JSON.stringify(ports.map(({ name, protocol, port, appProtocol }) => [name, protocol, port, appProtocol ?? '']).sort()),
)

/** Which of two descriptions are of the same endpoint. Source: hashEndpoint. */
const identityOf = once(
  ({ addresses, hostname, targetRef }: Endpoint): string =>
    `${[...addresses].sort().join()} ${hostname ?? ''} ${targetRef.namespace}/${targetRef.name}`,
)

const isEqual = (a: Endpoint, b: Endpoint): boolean =>
  a.conditions.ready === b.conditions.ready &&
  a.conditions.serving === b.conditions.serving &&
  a.conditions.terminating === b.conditions.terminating &&
  a.nodeName === b.nodeName &&
  a.zone === b.zone &&
  a.targetRef.uid === b.targetRef.uid

/** An endpoint that is wanted, with what it is known by. */
export type Desired = { readonly endpoint: Endpoint; readonly ports: readonly Port[]; readonly identity: string; readonly portsKey: string }

/** Made once for each version of a pod: a look goes through all pods of a service. */
export const desiredOf = (endpoint: Endpoint, ports: readonly Port[]): Desired => ({
  endpoint,
  ports,
  identity: identityOf(endpoint),
  portsKey: portsKeyOf(ports),
})

/** `labelled`: whether a slice's labels are as they should be. */
export const plan = (existing: readonly Slice[], desired: readonly Desired[], most: number, labelled: (slice: Slice) => boolean): Plan => {
  const groups = new Map<string, { readonly ports: readonly Port[]; readonly endpoints: Map<string, Endpoint>; readonly slices: Slice[] }>()
  for (const { endpoint, ports, identity, portsKey } of desired) {
    let group = groups.get(portsKey)
    if (group === undefined) {
      group = { ports, endpoints: new Map(), slices: [] }
      groups.set(portsKey, group)
    }
    group.endpoints.set(identity, endpoint)
  }
  const create: Slice[] = []
  const update: Slice[] = []
  let remove: Slice[] = []
  for (const slice of existing) {
    const group = groups.get(portsKeyOf(slice.ports))
    if (group === undefined) remove.push(slice)
    else group.slices.push(slice)
  }
  for (const { ports, endpoints, slices } of groups.values()) {
    const result = deal(ports, endpoints, slices, most, labelled)
    create.push(...result.create)
    update.push(...result.update)
    remove.push(...result.remove)
  }
  if (existing.length === remove.length && create.length === 0) {
    // There is always a slice: an empty one stays, or is made of one that would go.
    const [only] = remove
    if (remove.length === 1 && only !== undefined && only.endpoints.length === 0 && only.ports.length === 0 && labelled(only)) remove = []
    else create.push({ name: undefined, endpoints: [], ports: [] })
  }
  while (create.length > 0 && remove.length > 0) {
    const fresh = create.pop() as Slice
    const old = remove.shift() as Slice
    update.push({ ...fresh, name: old.name })
  }
  return { create, update, remove }
}

/** `left`: what is wanted; empty afterwards. */
const deal = (
  ports: readonly Port[],
  left: Map<string, Endpoint>,
  slices: readonly Slice[],
  most: number,
  labelled: (slice: Slice) => boolean,
): Plan => {
  const remove: Slice[] = []
  const changed: { name: string | undefined; endpoints: Endpoint[] }[] = []
  const unchanged: { name: string | undefined; endpoints: Endpoint[] }[] = []
  for (const slice of slices) {
    const kept: Endpoint[] = []
    let differs = false
    for (const endpoint of slice.endpoints) {
      const key = identityOf(endpoint)
      const now = left.get(key)
      if (now === undefined) continue
      kept.push(now)
      if (!isEqual(now, endpoint)) differs = true
      left.delete(key)
    }
    const shrank = kept.length !== slice.endpoints.length
    if (kept.length === 0 && shrank) remove.push(slice)
    else if (differs || shrank || !labelled(slice)) changed.push({ name: slice.name, endpoints: kept })
    else unchanged.push({ name: slice.name, endpoints: kept })
  }
  const rest = [...left.values()]
  left.clear()
  // What is written anyway is filled first, the fullest before the others.
  for (const slice of [...changed].sort((a, b) => b.endpoints.length - a.endpoints.length)) {
    slice.endpoints.push(...rest.splice(0, Math.max(0, most - slice.endpoints.length)))
  }
  const create: Slice[] = []
  while (rest.length > 0) {
    const room = unchanged
      .filter(({ endpoints }) => rest.length < most && endpoints.length + rest.length <= most)
      .sort((a, b) => b.endpoints.length - a.endpoints.length)[0]
    if (room === undefined) {
      create.push({ name: undefined, endpoints: rest.splice(0, most), ports })
      continue
    }
    room.endpoints.push(...rest.splice(0))
    unchanged.splice(unchanged.indexOf(room), 1)
    changed.push(room)
  }
  return { create, update: changed.map((slice) => ({ ...slice, ports })), remove }
}
