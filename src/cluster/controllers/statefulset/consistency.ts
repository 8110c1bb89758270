/**
 * The guard against acting on a cache that does not show the controller's own writes yet. Source: statefulset.md 3.6 (since 1.36).
 */

import type { View } from '../../client/controller.ts'
import type { KubernetesObject } from '../../objects/metadata.ts'

/** Kinds that are guarded, in the order in which they are asked about, and how messages name them. */
const resources = [
  ['Pod', 'pods'],
  ['PersistentVolumeClaim', 'persistentvolumeclaims'],
  ['StatefulSet', 'statefulsets.apps'],
] as const

type Kind = (typeof resources)[number][0]

type Written = { readonly uid: string | undefined; readonly versions: Map<Kind, number> }

/** What was written for each set, until the caches show it. */
export class Guard {
  private readonly written = new Map<string, Written>()

  /** Notes a write that was made for the set: creations and updates of pods and claims, adoptions, the set's status. */
  wrote(key: string, uid: string | undefined, kind: Kind, object: KubernetesObject): void {
    let written = this.written.get(key)
    if (written === undefined || written.uid !== uid) {
      written = { uid, versions: new Map() }
      this.written.set(key, written)
    }
    const version = Number(object.metadata.resourceVersion ?? 0)
    if (version > (written.versions.get(kind) ?? 0)) written.versions.set(kind, version)
  }

  /** Why the set cannot be looked at yet; undefined when the caches have caught up, and then all is forgotten. */
  behind(key: string, uid: string | undefined, see: View): string | undefined {
    const written = this.written.get(key)
    if (written === undefined) return undefined
    if (uid === undefined || written.uid === uid) {
      for (const [kind, resource] of resources) {
        const version = written.versions.get(kind)
        const { seen } = see.of(kind)
        if (version !== undefined && seen < version) {
          return `read version: ${seen} is not as new as written version: ${version} for group resource ${resource}`
        }
      }
    }
    this.forget(key)
    return undefined
  }

  /** The set is gone, or another one has its name. */
  forget(key: string): void {
    this.written.delete(key)
  }
}
