/**
 * Images: how large, on which machines, and whether the registry gives them. Source: contract 3 (`images`), 5 (faults on images);
 * node-and-storage.md A6.
 */

/** What a scenario says of an image. */
export type ImageData = {
  /** Bytes. */
  readonly size?: number
  /** The nodes that hold it at the start; absent: all or none, as the profile has it. */
  readonly preloaded?: readonly string[]
}

/** What is wrong with the registry, for some images and nodes. */
export type RegistryTrouble = {
  readonly kind: 'outage' | 'slow' | 'missing'
  /** Absent: every image. */
  readonly image?: string
  /** Absent: every node. */
  readonly nodes?: readonly string[]
  /** Bytes per second, of `slow`. */
  readonly rate?: number
}

/** What a pull meets. */
export type PullAnswer =
  | { readonly kind: 'given'; readonly bytes: number; readonly limit: number | undefined }
  | { readonly kind: 'refused'; readonly error: string }

/** Size of an image of which nothing is said: 100 MiB (contract 3). */
const usualSize = 104_857_600

/** `nginx` → `docker.io/library/nginx:latest`, as the runtime names it. */
export const fullName = (image: string): string => {
  const slash = image.indexOf('/')
  const first = slash < 0 ? '' : image.slice(0, slash)
  const named = slash >= 0 && (first.includes('.') || first.includes(':') || first === 'localhost')
  const host = named ? image : slash < 0 ? `docker.io/library/${image}` : `docker.io/${image}`
  const last = host.slice(host.lastIndexOf('/') + 1)
  return last.includes(':') || last.includes('@') ? host : `${host}:latest`
}

/** The registry and the image stores of all machines. */
export class Registry {
  private readonly images: ReadonlyMap<string, ImageData>
  private readonly preloaded: boolean
  private readonly pulled = new Map<string, Set<string>>()
  private readonly removed = new Map<string, Set<string>>()
  private readonly troubles: RegistryTrouble[] = []

  constructor(images: ReadonlyMap<string, ImageData>, preloaded: boolean) {
    this.images = images
    this.preloaded = preloaded
  }

  /**
   * Whether the machine holds the image. Where images of which nothing is said are everywhere, that is so of images that exist: one that the
   * registry does not have is only where it was used before.
   */
  isPresent(node: string, image: string): boolean {
    if (this.removed.get(node)?.has(image)) return false
    if (this.pulled.get(node)?.has(image)) return true
    const said = this.images.get(image)
    if (said?.preloaded !== undefined) return said.preloaded.includes(node)
    return this.preloaded && !this.met(node, image).some((trouble) => trouble.kind === 'missing')
  }

  /** The machine holds the image from now on. */
  add(node: string, image: string): void {
    this.removed.get(node)?.delete(image)
    const there = this.pulled.get(node)
    if (there === undefined) this.pulled.set(node, new Set([image]))
    else there.add(image)
  }

  /** The machine does not hold the image any more (garbage collection). */
  remove(node: string, image: string): void {
    this.pulled.get(node)?.delete(image)
    const gone = this.removed.get(node)
    if (gone === undefined) this.removed.set(node, new Set([image]))
    else gone.add(image)
  }

  /** A new machine under an old name holds what every new machine holds. */
  reset(node: string): void {
    this.pulled.delete(node)
    this.removed.delete(node)
  }

  size(image: string): number {
    return this.images.get(image)?.size ?? usualSize
  }

  /** What a pull (or a look at the manifest, policy Always) of the image meets now. */
  ask(node: string, image: string): PullAnswer {
    const met = this.met(node, image)
    const reference = fullName(image)
    if (met.some((trouble) => trouble.kind === 'outage')) {
      const host = reference.slice(0, reference.indexOf('/'))
      return {
        kind: 'refused',
        error: `failed to pull and unpack image "${reference}": failed to resolve reference "${reference}": failed to do request: Head "https://${host}/v2/": dial tcp: i/o timeout`,
      }
    }
    if (met.some((trouble) => trouble.kind === 'missing')) {
      return {
        kind: 'refused',
        error: `rpc error: code = NotFound desc = failed to pull and unpack image "${reference}": failed to resolve reference "${reference}": ${reference}: not found`,
      }
    }
    const rates = met.flatMap((trouble) => (trouble.kind === 'slow' && trouble.rate !== undefined ? [trouble.rate] : []))
    return { kind: 'given', bytes: this.size(image), limit: rates.length === 0 ? undefined : Math.min(...rates) }
  }

  /** The troubles of that image for that node. */
  private met(node: string, image: string): readonly RegistryTrouble[] {
    return this.troubles.filter(
      (trouble) =>
        (trouble.image === undefined || trouble.image === image) && (trouble.nodes === undefined || trouble.nodes.includes(node)),
    )
  }

  /** A trouble begins; returns how it ends. */
  begin(trouble: RegistryTrouble): () => void {
    this.troubles.push(trouble)
    return () => {
      const at = this.troubles.indexOf(trouble)
      if (at >= 0) this.troubles.splice(at, 1)
    }
  }
}
