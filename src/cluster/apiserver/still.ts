/**
 * An API server that stands still: it holds objects that somebody gave, answers at once as the real one would, and forgets the
 * answers afterwards. For a single look of a controller at a dump (`stsim next`), and for tests of stories.
 *
 * The objects that were given are never changed. What is written lies in a layer above them; what a component sees trails
 * behind until `catchUp`.
 * Differs from server.ts: no admission, no namespaces, no watches, and of what is made only names and labels are validated: a dump
 * is rarely whole.
 */
import { type KubernetesObject, keyOf, objectKey } from '../objects/metadata.ts'
import { dnsSubdomain } from '../objects/names.ts'
import type { Gates } from '../objects/release.ts'
import { bound } from './binding.ts'
import { byName, Collection, type Lister, type View } from './collection.ts'
import { deletionOf } from './deletion.ts'
import * as errors from './errors.ts'
import type { FieldError, Kind, KindContext } from './kind.ts'
import { kindOf } from './kinds/index.ts'
import { patched } from './patching.ts'
import type { Answer, Request, Status } from './request.ts'
import { validateMetadata } from './validate/metadata.ts'

/** When it stands still, and for which release. */
export type StillOptions = {
  readonly gates: Gates
  /** Now, as the API writes it. */
  readonly time: string
  readonly plus: (time: string, seconds: number) => string
}

const refuse = (status: Status): Answer => ({ ok: false, status })

/** Changes above the given objects, by key; undefined: taken away. */
type Layer = Map<string, KubernetesObject | undefined>

/** A kind as a component sees it: what was given, and of the layer what it has heard of. */
class StillLister implements Lister {
  private readonly base: Collection
  private readonly kind: string
  private readonly heard: Layer

  constructor(base: Collection, kind: string, heard: Layer) {
    this.base = base
    this.kind = kind
    this.heard = heard
  }

  get(namespace: string | undefined, name: string): KubernetesObject | undefined {
    const key = keyOf(this.kind, namespace, name)
    return this.heard.has(key) ? this.heard.get(key) : this.base.get(namespace, name)
  }

  list(namespace?: string): readonly KubernetesObject[] {
    const listed = this.base.list(namespace)
    const merged = this.merged(listed, (object) => namespace === undefined || object.metadata.namespace === namespace)
    return merged === listed ? listed : [...merged].sort(byName)
  }

  values(): Iterable<KubernetesObject> {
    return this.heard.size === 0 ? this.base.values() : this.merged([...this.base.values()], () => true)
  }

  get size(): number {
    return this.heard.size === 0 ? this.base.size : [...this.values()].length
  }

  ownedBy(uid: string): readonly KubernetesObject[] {
    return this.merged(this.base.ownedBy(uid), ({ metadata }) => metadata.ownerReferences?.some((owner) => owner.uid === uid) === true)
  }

  orphans(namespace: string): readonly KubernetesObject[] {
    const isOrphan = ({ metadata }: KubernetesObject): boolean =>
      metadata.namespace === namespace && metadata.ownerReferences?.some((owner) => owner.controller === true) !== true
    return this.merged(this.base.orphans(namespace), isOrphan)
  }

  labelled(namespace: string, label: string, value: string): readonly KubernetesObject[] {
    return this.merged(
      this.base.labelled(namespace, label, value),
      ({ metadata }) => metadata.namespace === namespace && metadata.labels?.[label] === value,
    )
  }

  onNode(node: string): readonly KubernetesObject[] {
    return this.merged(this.base.onNode(node), (object) => ((object['spec']?.nodeName as string | undefined) ?? '') === node)
  }

  index(name: string, keys: (object: KubernetesObject) => readonly string[]): (key: string) => readonly KubernetesObject[] {
    const found = this.base.index(name, keys)
    return (key) => this.merged(found(key), (object) => keys(object).includes(key))
  }

  get seen(): number {
    let seen = this.base.seen
    for (const object of this.heard.values()) seen = Math.max(seen, Number(object?.metadata.resourceVersion ?? 0))
    return seen
  }

  private merged(given: readonly KubernetesObject[], belongs: (object: KubernetesObject) => boolean): readonly KubernetesObject[] {
    if (this.heard.size === 0) return given
    const kept = given.filter((object) => !this.heard.has(objectKey(object)))
    const heard = [...this.heard.values()].filter((object) => object?.kind === this.kind && belongs(object))
    return [...kept, ...(heard as KubernetesObject[])]
  }
}

/** See the head of the file. */
export class StillServer {
  private readonly base = new Map<string, Collection>()
  private readonly written: Layer = new Map()
  private readonly heard: Layer = new Map()
  private readonly options: StillOptions
  private readonly context: KindContext
  private revision = 0
  private made = 0

  constructor(objects: Iterable<KubernetesObject>, options: StillOptions) {
    this.options = options
    for (const object of objects) this.collection(object.kind).put(object)
    this.rewind()
    this.context = { gates: options.gates, time: options.time, get: (kind, namespace, name) => this.stored(kind, namespace, name) }
  }

  /** What a component sees: not what it has just written, until `catchUp`. */
  readonly view: View = {
    of: <T extends KubernetesObject>(kind: string) => new StillLister(this.collection(kind), kind, this.heard) as unknown as Lister<T>,
  }

  /** Those who watch have heard of everything that was written. */
  catchUp(): void {
    for (const [key, object] of this.written) this.heard.set(key, object)
  }

  /** Everything is again as it was given. */
  rewind(): void {
    this.written.clear()
    this.heard.clear()
    this.made = 0
    this.revision = 0
    for (const collection of this.base.values()) this.revision = Math.max(this.revision, collection.seen)
  }

  /** An object as it is stored now. */
  stored(kind: string, namespace: string | undefined, name: string): KubernetesObject | undefined {
    const key = keyOf(kind, namespace, name)
    return this.written.has(key) ? this.written.get(key) : this.base.get(kind)?.get(namespace, name)
  }

  /** The object that a write is about: as it would be after it; for a deletion, as it is. */
  wouldBe(request: Request): KubernetesObject {
    if ('object' in request) return request.object
    const kind = 'kind' in request ? request.kind : 'Pod'
    const { namespace, name = '' } = request as { readonly namespace?: string; readonly name?: string }
    const object = this.stored(kind, namespace, name)
    if (object === undefined)
      return { apiVersion: kindOf(kind)?.apiVersion ?? 'v1', kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }) } }
    if (request.verb !== 'patch') return object
    const result = patched({ kind }, object, request)
    return 'refused' in result ? object : result.object
  }

  /** Answers one request, at once. */
  handle(request: Request): Answer {
    const named = 'object' in request ? request.object.kind : 'kind' in request ? request.kind : 'Pod'
    const kind = kindOf(named)
    if (kind === undefined) return refuse(errors.notServed())
    switch (request.verb) {
      case 'get': {
        const object = this.stored(named, request.namespace, request.name)
        return object === undefined ? refuse(errors.notFound(kind, request.name)) : { ok: true, object }
      }
      case 'list': {
        const lister = new StillLister(this.collection(named), named, this.written)
        return {
          ok: true,
          object: { apiVersion: 'v1', kind: `${named}List`, metadata: { name: '' } },
          items: lister.list(request.namespace),
        }
      }
      case 'create':
        return this.create(kind, request.object)
      case 'update':
        return this.update(kind, request.object, request.subresource === 'status')
      case 'patch':
        return this.patch(kind, request)
      case 'delete':
        return this.delete(kind, request)
      case 'bind':
        return this.bind(kind, request)
      default:
        return refuse(errors.methodNotAllowed(kind, request.verb))
    }
  }

  private create(kind: Kind, asked: KubernetesObject): Answer {
    const { namespace, name, generateName } = asked.metadata
    if (this.stored(kind.kind, namespace, name) !== undefined) {
      const status = errors.alreadyExists(kind, name)
      const more = ', the server was not able to generate a unique name for the object'
      return refuse(generateName === undefined ? status : { ...status, message: status.message + more })
    }
    const metadata = {
      ...asked.metadata,
      uid: `ffffffff-0000-4000-8000-${String(++this.made).padStart(12, '0')}`,
      creationTimestamp: this.options.time,
      ...(kind.hasGeneration ? { generation: 1 } : {}),
    }
    const whole = kind.defaults({ ...asked, metadata }, this.context)
    const object = kind.prepareCreate?.(whole, this.context) ?? whole
    const wrong = validateMetadata(object.metadata, kind.namespaced, dnsSubdomain)
    if (wrong.length > 0) return refuse(errors.invalid(kind, name, wrong))
    return { ok: true, object: this.put(object) }
  }

  private update(kind: Kind, asked: KubernetesObject, isStatus: boolean): Answer {
    const { namespace, name, uid, resourceVersion } = asked.metadata
    const old = this.stored(kind.kind, namespace, name)
    if (old === undefined) return refuse(errors.notFound(kind, name))
    if (uid !== undefined && uid !== old.metadata.uid) return refuse(errors.uidConflict(kind, name, uid, old.metadata.uid ?? ''))
    if (resourceVersion !== undefined && resourceVersion !== old.metadata.resourceVersion) return refuse(errors.conflict(kind, name))
    const next = isStatus
      ? { ...old, status: asked['status'] }
      : { ...asked, ...(old['status'] === undefined ? {} : { status: old['status'] }) }
    const validate = isStatus ? kind.validateStatus : kind.validateUpdate
    const wrong = this.added(validate?.(next, old, this.context) ?? [], () => validate?.(old, old, this.context) ?? [])
    if (wrong.length > 0) return refuse(errors.invalid(kind, name, wrong))
    return { ok: true, object: this.put(next) }
  }

  /** Errors that the write brings: what was wrong with the given object before is not held against it. */
  private added(wrong: readonly FieldError[], before: () => readonly FieldError[]): readonly FieldError[] {
    if (wrong.length === 0) return wrong
    const known = new Set(before().map((error) => `${error.field}: ${error.message}`))
    return wrong.filter((error) => !known.has(`${error.field}: ${error.message}`))
  }

  private patch(kind: Kind, request: Extract<Request, { verb: 'patch' }>): Answer {
    const old = this.stored(kind.kind, request.namespace, request.name)
    if (old === undefined) return refuse(errors.notFound(kind, request.name))
    const result = patched(kind, old, request)
    return 'refused' in result ? refuse(result.refused) : this.update(kind, result.object, request.subresource === 'status')
  }

  private delete(kind: Kind, request: Extract<Request, { verb: 'delete' }>): Answer {
    const old = this.stored(kind.kind, request.namespace, request.name)
    if (old === undefined) return refuse(errors.notFound(kind, request.name))
    const deletion = deletionOf(old, request, this.options)
    if (deletion.kind === 'mark') return { ok: true, object: this.put(deletion.marked) }
    if (deletion.kind === 'remove') this.written.set(objectKey(old), undefined)
    return { ok: true, object: old }
  }

  private bind(kind: Kind, request: Extract<Request, { verb: 'bind' }>): Answer {
    const old = this.stored(kind.kind, request.namespace, request.name)
    if (old === undefined) return refuse(errors.notFound(kind, request.name))
    const result = bound(
      old,
      request,
      this.options.time,
      { of: (named) => new StillLister(this.collection(named), named, this.written) as never },
      this.options.gates,
    )
    return 'refused' in result ? refuse(result.refused) : { ok: true, object: this.put(result.object) }
  }

  private put(object: KubernetesObject): KubernetesObject {
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(++this.revision) } }
    this.written.set(objectKey(stored), stored)
    return stored
  }

  private collection(kind: string): Collection {
    let collection = this.base.get(kind)
    if (collection === undefined) {
      collection = new Collection()
      this.base.set(kind, collection)
    }
    return collection
  }
}
