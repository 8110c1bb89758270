/**
 * Admission: what looks at a write before it is stored, and may change or refuse it. A plugin is a value in a list (index.ts).
 * Source: node-and-storage.md B1, B6, C9; kubectl.md 8; the plugins that kube-apiserver enables by default.
 */
import type { KubernetesObject } from '../../objects/metadata.ts'
import type { View } from '../collection.ts'
import type { Status } from '../request.ts'

/** What a plugin may ask. */
export type AdmissionContext = {
  /** Everything stored. */
  readonly store: View
  /** Now, as the API writes it. */
  readonly time: string
  /** Five letters for a generated name, the same in each run: `purpose` says whose. */
  readonly suffix: (purpose: string) => string
  readonly gate: (name: string) => boolean
  /** A flag of kube-apiserver, as text. */
  readonly option: (name: string) => string | undefined
}

/** A changed object, the same one, or a refusal. */
export type Admitted = { readonly object: KubernetesObject } | { readonly refused: Status }

export type AdmissionPlugin = {
  /** As `--enable-admission-plugins` names it. */
  readonly name: string
  /** The kinds it looks at. */
  readonly kinds: readonly string[]
  readonly create?: (object: KubernetesObject, context: AdmissionContext) => Admitted
}

export const admitted = (object: KubernetesObject): Admitted => ({ object })

/** 403 as admission words it: `pods "web-0" is forbidden: <why>`. */
export const forbiddenBy = (plural: string, name: string, why: string): { readonly refused: Status } => ({
  refused: {
    code: 403,
    reason: 'Forbidden',
    message: `${plural} ${JSON.stringify(name)} is forbidden: ${why}`,
    details: { name, kind: plural },
  },
})
