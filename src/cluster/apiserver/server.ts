/**
 * The API server: each verb, the same for all kinds. What differs a kind says (kinds/), what is looked at before a write is
 * admission's (admission/), what a deletion does is deletion.ts, what budgets say is eviction.ts. It takes no time: clients add
 * the network's.
 *
 * Source: kubectl.md 4 and 8; statefulset.md 1.2, 2, 13.4; node-and-storage.md A10, B12.
 */
import type { Engine } from '../../engine/engine.ts'
import { type KubernetesObject, keyOf, type ObjectMeta, objectKey } from '../objects/metadata.ts'
import type { Gates } from '../objects/release.ts'
import { admissionPlugins } from './admission/index.ts'
import type { AdmissionContext } from './admission/plugin.ts'
import { quotasFor } from './admission/resource-quota.ts'
import { bound } from './binding.ts'
import { budgetsOf } from './budgets.ts'
import { decode } from './decode.ts'
import { type Clock, type Deletion, deletionOf, isFinished } from './deletion.ts'
import * as errors from './errors.ts'
import { evictionOf } from './eviction.ts'
import type { Kind, KindContext } from './kind.ts'
import { kindOf } from './kinds/index.ts'
import { patched } from './patching.ts'
import type { Answer, Request, Status } from './request.ts'
import { resizedOnly } from './resize.ts'
import { scaledBy, scaleKind, scaleOf } from './scale.ts'
import { fieldsOf, selected } from './select.ts'
import { Store, shared } from './store.ts'

/** What the server is built from. */
export type ApiServerOptions = {
  readonly engine: Engine
  readonly gates: Gates
  /** Now, as the API writes it, and how moments are counted on. */
  readonly time: () => string
  readonly plus: (time: string, seconds: number) => string
  /** Flags of kube-apiserver that admission plugins read, as text. */
  readonly option?: (name: string) => string | undefined
  /** What a reader is shown of an object: what is computed when asked for (leases). */
  readonly present?: (object: KubernetesObject) => KubernetesObject
}

const immortalNamespaces: readonly string[] = ['default', 'kube-system', 'kube-public']

type Write = Extract<Request, { verb: 'create' | 'update' | 'patch' }>

const refuse = (status: Status): Answer => ({ ok: false, status })
const answer = (object: KubernetesObject, warnings: readonly string[] = []): Answer =>
  warnings.length === 0 ? { ok: true, object } : { ok: true, object, warnings }

export class ApiServer {
  readonly store: Store
  private readonly options: ApiServerOptions
  private readonly context: KindContext
  private readonly births = new Map<string, number>()

  constructor(options: ApiServerOptions) {
    this.options = options
    this.store = new Store(options.engine)
    const { gates } = options
    const store = this.store
    this.context = {
      gates,
      get time() {
        return options.time()
      },
      get: (kind, namespace, name) => store.of(kind).get(namespace, name),
    }
  }

  /** Answers one request of `actor`. A refusal is written into the journal, and changes nothing. */
  handle(actor: string, request: Request): Answer {
    const reply = this.dispatch(actor, request)
    if (!reply.ok && request.verb !== 'get' && request.verb !== 'list') {
      this.options.engine.record(actor, 'refused', aboutOf(request), { verb: request.verb, status: reply.status })
    }
    return reply
  }

  private dispatch(actor: string, request: Request): Answer {
    const named = request.verb === 'create' || request.verb === 'update' ? request.object.kind : 'kind' in request ? request.kind : 'Pod'
    const kind = kindOf(named)
    if (kind === undefined) {
      const scales = named === 'Scale' && request.verb === 'update' && request.subresource === 'scale'
      return scales ? this.updateScale(actor, request) : refuse(errors.notServed())
    }
    const reply = this.serve(actor, kind, request)
    if (!reply.ok || kind.deprecated === undefined) return reply
    return { ...reply, warnings: [...(reply.warnings ?? []), kind.deprecated] }
  }

  private serve(actor: string, kind: Kind, request: Request): Answer {
    switch (request.verb) {
      case 'get': {
        const object = this.store.of(kind.kind).get(spaceOf(kind, request.namespace), request.name)
        if (object === undefined) return refuse(errors.notFound(kind, request.name))
        return answer(request.subresource === 'scale' ? scaleOf(object) : this.shown(object))
      }
      case 'list':
        return this.list(kind, request)
      case 'create':
        return this.create(actor, kind, request)
      case 'update':
        return this.update(actor, kind, request)
      case 'patch':
        return this.patch(actor, kind, request)
      case 'delete':
        return this.delete(actor, kind, request)
      case 'evict':
        return this.evict(actor, kind, request)
      case 'bind':
        return this.bind(actor, kind, request)
    }
  }

  private list(kind: Kind, request: Extract<Request, { verb: 'list' }>): Answer {
    const collection = this.store.of(kind.kind)
    const fields = fieldsOf(kind, request.fieldSelector)
    if ('refused' in fields) return refuse(fields.refused)
    const node = kind.kind === 'Pod' ? fields.exact.get('spec.nodeName') : undefined
    const candidates = node === undefined ? collection.list(kind.namespaced ? request.namespace : undefined) : collection.onNode(node)
    const found = selected(candidates, kind, request.labelSelector, fields)
    if ('refused' in found) return refuse(found.refused)
    const inside =
      node === undefined || request.namespace === undefined
        ? found.items
        : found.items.filter((o) => o.metadata.namespace === request.namespace)
    const list = {
      apiVersion: kind.apiVersion,
      kind: `${kind.kind}List`,
      metadata: { name: '', resourceVersion: String(this.store.revision) },
    }
    return { ok: true, object: list, items: inside.map((each) => this.shown(each)) }
  }

  private shown(object: KubernetesObject): KubernetesObject {
    return this.options.present?.(object) ?? object
  }

  private create(actor: string, kind: Kind, request: Extract<Request, { verb: 'create' }>): Answer {
    const decoded = this.decoded(kind, request)
    if ('refused' in decoded) return refuse(decoded.refused)
    const asked = decoded.object
    const space = this.spaceRefusal(kind, asked)
    if (space !== undefined) return refuse(space)
    const named = this.named(kind, asked)
    const born = this.born(kind, named, asked.metadata.name === undefined || asked.metadata.name === '')
    const prepared = this.prepared(kind, born)
    const admitted = this.admit(prepared)
    if ('refused' in admitted) return refuse(admitted.refused)
    const object = admitted.object
    const wrong = kind.validate(object, this.context)
    if (wrong.length > 0) return refuse(errors.invalid(kind, object.metadata.name, wrong))
    const there = this.store.of(kind.kind).get(object.metadata.namespace, object.metadata.name)
    if (there !== undefined) return refuse(existsAlready(kind, object))
    const warnings = [...decoded.warnings, ...(kind.warnings?.(object, undefined, this.context) ?? [])]
    const quotas = quotasFor(object, kind.plural, this.store)
    if ('refused' in quotas) return refuse(quotas.refused)
    if (request.dryRun === true) return answer(object, warnings)
    for (const quota of quotas.charged) this.store.put(quota, { actor: 'kube-apiserver', verb: 'update', subresource: 'status' })
    return answer(this.store.put(object, { actor, verb: 'create' }), warnings)
  }

  private update(actor: string, kind: Kind, request: Extract<Request, { verb: 'update' }>): Answer {
    const { metadata } = request.object
    const old = this.store.of(kind.kind).get(spaceOf(kind, metadata.namespace), metadata.name)
    if (old === undefined) {
      if (kind.createsOnUpdate === true && request.subresource === undefined)
        return this.create(actor, kind, { ...request, verb: 'create' })
      return refuse(errors.notFound(kind, metadata.name))
    }
    const decoded = this.decoded(kind, request)
    if ('refused' in decoded) return refuse(decoded.refused)
    return this.change(actor, kind, old, decoded.object, { request, verb: 'update', warnings: decoded.warnings })
  }

  private patch(actor: string, kind: Kind, request: Extract<Request, { verb: 'patch' }>): Answer {
    const old = this.store.of(kind.kind).get(spaceOf(kind, request.namespace), request.name)
    if (old === undefined) return refuse(errors.notFound(kind, request.name))
    if (request.subresource === 'scale') {
      const scale = patched(scaleKind, scaleOf(old), request)
      if ('refused' in scale) return refuse(scale.refused)
      return this.scale(actor, kind, old, scale.object, 'patch', request.dryRun === true)
    }
    const result = patched(kind, old, request)
    if ('refused' in result) return refuse(result.refused)
    const decoded = this.decoded(kind, { ...request, object: result.object })
    if ('refused' in decoded) return refuse(decoded.refused)
    return this.change(actor, kind, old, decoded.object, { request, verb: 'patch', warnings: decoded.warnings })
  }

  /** What an update and a patch share: preconditions, what may not change, generation, validation, and the end of what was only held. */
  private change(
    actor: string,
    kind: Kind,
    old: KubernetesObject,
    asked: KubernetesObject,
    how: { readonly request: Write; readonly verb: string; readonly warnings: readonly string[] },
  ): Answer {
    const { name } = old.metadata
    const version = asked.metadata.resourceVersion
    if (asked.metadata.uid !== undefined && asked.metadata.uid !== '' && asked.metadata.uid !== old.metadata.uid) {
      return refuse(errors.uidConflict(kind, name, asked.metadata.uid, old.metadata.uid ?? ''))
    }
    if (version !== undefined && version !== '' && version !== old.metadata.resourceVersion) return refuse(errors.conflict(kind, name))
    const subresource = 'subresource' in how.request ? how.request.subresource : undefined
    const whole =
      subresource === 'status'
        ? statusOnly(old, asked)
        : subresource === 'finalize'
          ? finalizersOnly(old, asked)
          : subresource === 'resize' && kind.kind === 'Pod'
            ? resizedOnly(old, asked)
            : this.specOnly(kind, old, asked)
    const next = shared(old, this.generated(kind, old, whole, subresource))
    if (next === old) return answer(old, how.warnings)
    const wrong =
      subresource === 'status'
        ? (kind.validateStatus?.(next, old, this.context) ?? [])
        : subresource === 'resize'
          ? []
          : kind.validateUpdate(next, old, this.context)
    if (wrong.length > 0) return refuse(errors.invalid(kind, name, wrong))
    const warnings = [...how.warnings, ...(subresource === 'status' ? [] : (kind.warnings?.(next, old, this.context) ?? []))]
    if (how.request.dryRun === true) return answer(next, warnings)
    const info = { actor, verb: how.verb, subresource }
    if (isFinished(next)) return answer(this.store.remove(next, info), warnings)
    return answer(this.store.put(next, info), warnings)
  }

  private delete(actor: string, kind: Kind, request: Extract<Request, { verb: 'delete' }>): Answer {
    const object = this.store.of(kind.kind).get(spaceOf(kind, request.namespace), request.name)
    if (object === undefined) return refuse(errors.notFound(kind, request.name))
    const { uid, resourceVersion } = request.preconditions ?? {}
    if (uid !== undefined && uid !== object.metadata.uid) {
      return refuse(errors.deleteUidConflict(kind, request.name, uid, object.metadata.uid ?? ''))
    }
    if (resourceVersion !== undefined && resourceVersion !== object.metadata.resourceVersion) {
      return refuse(errors.deleteVersionConflict(kind, request.name, resourceVersion, object.metadata.resourceVersion ?? ''))
    }
    // NamespaceLifecycle: a cluster cannot be without these.
    if (kind.kind === 'Namespace' && immortalNamespaces.includes(request.name)) {
      return refuse(errors.forbidden(kind, request.name, 'this namespace may not be deleted'))
    }
    const deletion = deletionOf(object, request, this.clock())
    if (request.dryRun === true) return answer(object)
    return answer(this.carryOut(actor, 'delete', undefined, object, deletion))
  }

  private carryOut(
    actor: string,
    verb: string,
    subresource: string | undefined,
    object: KubernetesObject,
    deletion: Deletion,
  ): KubernetesObject {
    const info = { actor, verb, subresource }
    switch (deletion.kind) {
      case 'keep':
        return object
      case 'mark':
        return this.store.put(deletion.marked, info)
      case 'remove': {
        // A10: a pod is first seen deleted without grace, then gone; both in one request.
        const last = deletion.marked === undefined || deletion.marked === object ? object : this.store.put(deletion.marked, info)
        return this.store.remove(last, info)
      }
    }
  }

  private evict(actor: string, kind: Kind, request: Extract<Request, { verb: 'evict' }>): Answer {
    const pod = this.store.of('Pod').get(request.namespace, request.name)
    if (pod === undefined) return refuse(errors.notFound(kind, request.name))
    const verdict = evictionOf(pod, budgetsOf(this.store, pod), this.options.time())
    if (verdict.kind === 'refuse') return refuse(verdict.status)
    if (request.dryRun === true) return answer(pod)
    if (verdict.kind === 'use') this.store.put(verdict.budget, { actor: 'kube-apiserver', verb: 'update', subresource: 'status' })
    const marked = this.disrupted(actor, pod)
    const deletion = deletionOf(marked, request, this.clock())
    return answer(this.carryOut(actor, 'create', 'eviction', marked, deletion))
  }

  /** B12: an evicted pod that runs carries the reason of its end. */
  private disrupted(actor: string, pod: KubernetesObject): KubernetesObject {
    if (pod.metadata.deletionTimestamp !== undefined) return pod
    const conditions = (pod['status']?.conditions ?? []) as readonly { readonly type: string }[]
    const condition = {
      type: 'DisruptionTarget',
      status: 'True',
      lastProbeTime: null,
      lastTransitionTime: this.options.time(),
      reason: 'EvictionByEvictionAPI',
      message: 'Eviction API: evicting',
    }
    const kept = conditions.filter((each) => each.type !== 'DisruptionTarget')
    const status = { ...pod['status'], conditions: [...kept, condition] }
    return this.store.put({ ...pod, status }, { actor, verb: 'create', subresource: 'eviction' })
  }

  private bind(actor: string, kind: Kind, request: Extract<Request, { verb: 'bind' }>): Answer {
    const pod = this.store.of('Pod').get(request.namespace, request.name)
    if (pod === undefined) return refuse(errors.notFound(kind, request.name))
    const result = bound(pod, request, this.options.time(), this.store, this.options.gates)
    if ('refused' in result) return refuse(result.refused)
    return answer(this.store.put(result.object, { actor, verb: 'bind', subresource: 'binding' }))
  }

  private updateScale(actor: string, request: Extract<Request, { verb: 'update' }>): Answer {
    // A Scale names its object by name alone; the kinds that scale are few.
    for (const name of ['StatefulSet', 'Deployment', 'ReplicaSet', 'ReplicationController']) {
      const kind = kindOf(name)
      const old = this.store.of(name).get(request.object.metadata.namespace, request.object.metadata.name)
      if (kind !== undefined && old !== undefined && old.metadata.uid === request.object.metadata.uid) {
        return this.scale(actor, kind, old, request.object, 'update', request.dryRun === true)
      }
    }
    return refuse(errors.notServed())
  }

  /** statefulset.md 13.4: a Scale that is written changes spec.replicas of its object. */
  private scale(actor: string, kind: Kind, old: KubernetesObject, scale: KubernetesObject, verb: string, dryRun: boolean): Answer {
    const result = scaledBy(kind, old, scale)
    if ('refused' in result) return refuse(result.refused)
    const next = shared(old, this.generated(kind, old, result.object, undefined))
    if (next === old || dryRun) return answer(scaleOf(next))
    return answer(scaleOf(this.store.put(next, { actor, verb, subresource: 'scale' })))
  }

  private decoded(
    kind: Kind,
    request: Write & { readonly object?: KubernetesObject },
  ): { readonly object: KubernetesObject; readonly warnings: readonly string[] } | { readonly refused: Status } {
    const object = request.object as KubernetesObject
    // The control plane's own writes are well-formed: only a client that asks for validation pays for it.
    if (request.fieldValidation === undefined && request.verb !== 'patch') return { object, warnings: [] }
    if (request.verb === 'patch' && request.fieldValidation === undefined) return { object, warnings: [] }
    return decode(kind, object, request.fieldValidation ?? 'Strict', request.verb === 'patch' ? request.patch : undefined)
  }

  private spaceRefusal(kind: Kind, object: KubernetesObject): Status | undefined {
    if (!kind.namespaced) return undefined
    const name = object.metadata.namespace ?? ''
    const namespace = this.store.of('Namespace').get(undefined, name)
    const spaceKind = kindOf('Namespace') as Kind
    if (namespace === undefined) return errors.notFound(spaceKind, name)
    if (namespace.metadata.deletionTimestamp === undefined) return undefined
    const why = `unable to create new content in namespace ${name} because it is being terminated`
    return errors.forbidden(kind, object.metadata.name, why)
  }

  /** A generated name where only a prefix was given. */
  private named(kind: Kind, object: KubernetesObject): KubernetesObject {
    const { metadata } = object
    if ((metadata.name ?? '') !== '' || metadata.generateName === undefined) return object
    const collection = this.store.of(kind.kind)
    for (let i = 0; ; i++) {
      const name = metadata.generateName + this.suffix(keyOf(kind.kind, metadata.namespace, metadata.generateName), `name ${i}`)
      if (collection.get(metadata.namespace, name) === undefined) return { ...object, metadata: { ...metadata, name } }
    }
  }

  /** What the server alone says of a new object: uid, birth, generation. */
  private born(kind: Kind, object: KubernetesObject, _generated: boolean): KubernetesObject {
    const { resourceVersion: _, deletionTimestamp: __, deletionGracePeriodSeconds: ___, ...given } = object.metadata
    const metadata: ObjectMeta = {
      ...given,
      uid: this.uid(keyOf(kind.kind, given.namespace, given.name)),
      creationTimestamp: this.options.time(),
      ...(kind.hasGeneration ? { generation: 1 } : {}),
    }
    return { ...object, apiVersion: kind.apiVersion, metadata }
  }

  private prepared(kind: Kind, object: KubernetesObject): KubernetesObject {
    const whole = kind.defaults(object, this.context)
    return kind.prepareCreate?.(whole, this.context) ?? whole
  }

  private admit(object: KubernetesObject): { readonly object: KubernetesObject } | { readonly refused: Status } {
    let current = object
    const context: AdmissionContext = {
      store: this.store,
      time: this.options.time(),
      suffix: (purpose) => this.suffix(objectKey(object), purpose),
      gate: (name) => this.options.gates.on(name),
      option: (name) => this.options.option?.(name),
    }
    for (const plugin of admissionPlugins) {
      if (plugin.create === undefined || !plugin.kinds.includes(object.kind)) continue
      const result = plugin.create(current, context)
      if ('refused' in result) return result
      current = result.object
    }
    return { object: current }
  }

  /** A write to the main resource: status and what only the server says stay as they are. */
  private specOnly(kind: Kind, old: KubernetesObject, asked: KubernetesObject): KubernetesObject {
    const metadata = keptMeta(old, asked)
    const status = kind.subresources.includes('status') ? old['status'] : asked['status']
    const merged: KubernetesObject = { ...asked, apiVersion: kind.apiVersion, metadata, ...(status === undefined ? {} : { status }) }
    if (status === undefined) delete (merged as Record<string, unknown>)['status']
    const whole = kind.defaults(merged, this.context, old)
    return kind.prepareUpdate?.(whole, old, this.context) ?? whole
  }

  /** statefulset.md 1.2: generation counts the changes of the spec. */
  private generated(kind: Kind, old: KubernetesObject, next: KubernetesObject, subresource: string | undefined): KubernetesObject {
    if (!kind.hasGeneration || subresource === 'status') return next
    const same = generationParts(kind).every((part) => shared(old[part], next[part]) === old[part])
    if (same) return next
    return { ...next, metadata: { ...next.metadata, generation: (old.metadata.generation ?? 0) + 1 } }
  }

  private clock(): Clock {
    return { time: this.options.time(), plus: this.options.plus }
  }

  /** Five letters that no other purpose of this thing gets; the alphabet is Kubernetes' own (no vowels, no look-alikes). */
  private suffix(thing: string, purpose: string): string {
    const count = this.count(`${thing} ${purpose}`)
    let text = ''
    for (let i = 0; i < 5; i++) {
      const draw = this.options.engine.chance(thing, purpose, count * 5 + i)
      text += alphabet[Math.floor(draw * alphabet.length)]
    }
    return text
  }

  /** A version 4 uid from the seed: the same name made for the n-th time has the same uid in each run of that seed. */
  private uid(key: string): string {
    const count = this.count(key)
    let hex = ''
    for (let i = 0; i < 4; i++) {
      const word = Math.floor(this.options.engine.chance(key, 'uid', count * 4 + i) * 0x100000000)
      hex += word.toString(16).padStart(8, '0')
    }
    const variant = '89ab'[Number.parseInt(hex[16] as string, 16) % 4]
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`
  }

  private count(key: string): number {
    const count = this.births.get(key) ?? 0
    this.births.set(key, count + 1)
    return count
  }
}

/** The letters of generated names. Source: apimachinery's util/rand. */
const alphabet = 'bcdfghjklmnpqrstvwxz2456789'

/** Fields whose change counts as a new generation. EndpointSlices have no spec: all of it counts. */
const generationParts = (kind: Kind): readonly string[] => (kind.kind === 'EndpointSlice' ? ['endpoints', 'ports'] : ['spec'])

const spaceOf = (kind: Kind, namespace: string | undefined): string | undefined => (kind.namespaced ? namespace : undefined)

/** `metadata` after an update: what only the server says is the old object's. */
const keptMeta = (old: KubernetesObject, asked: KubernetesObject): ObjectMeta => {
  const { metadata } = old
  const { resourceVersion: _, ...given } = asked.metadata
  return {
    ...given,
    name: metadata.name,
    ...only('namespace', metadata.namespace),
    ...only('generateName', given.generateName ?? metadata.generateName),
    ...only('uid', metadata.uid),
    ...only('resourceVersion', metadata.resourceVersion),
    ...only('creationTimestamp', metadata.creationTimestamp),
    ...only('generation', metadata.generation),
    ...only('deletionTimestamp', metadata.deletionTimestamp),
    ...only('deletionGracePeriodSeconds', metadata.deletionGracePeriodSeconds),
  }
}

const only = <K extends string, V>(key: K, value: V | undefined): Partial<Record<K, V>> =>
  value === undefined ? {} : ({ [key]: value } as Record<K, V>)

/** A write to `finalize` of a namespace: everything else is the old object's. */
const finalizersOnly = (old: KubernetesObject, asked: KubernetesObject): KubernetesObject => ({
  ...old,
  spec: { ...old['spec'], finalizers: asked['spec']?.finalizers ?? [] },
})

const withAnnotations = ({ annotations: _, ...metadata }: ObjectMeta, annotations: ObjectMeta['annotations']): ObjectMeta =>
  annotations === undefined ? metadata : { ...metadata, annotations }

/** A write to `status`: everything else is the old object's. */
const statusOnly = (old: KubernetesObject, asked: KubernetesObject): KubernetesObject => {
  const { status: _, ...unannotated } = old
  // The controller of Deployments writes its revision with the status (deployment strategy, PrepareForUpdate of status).
  const rest =
    old.kind === 'Deployment' ? { ...unannotated, metadata: withAnnotations(old.metadata, asked.metadata.annotations) } : unannotated
  return asked['status'] === undefined ? rest : { ...rest, status: asked['status'] }
}

const existsAlready = (kind: Kind, object: KubernetesObject): Status => {
  const status = errors.alreadyExists(kind, object.metadata.name)
  if (object.metadata.generateName === undefined) return status
  return { ...status, message: `${status.message}, the server was not able to generate a unique name for the object` }
}

const aboutOf = (request: Request): string => {
  switch (request.verb) {
    case 'create':
    case 'update':
      return objectKey(request.object)
    case 'evict':
    case 'bind':
      return keyOf('Pod', request.namespace, request.name)
    case 'list':
      return keyOf(request.kind, request.namespace, '')
    default:
      return keyOf(request.kind, request.namespace, request.name)
  }
}
