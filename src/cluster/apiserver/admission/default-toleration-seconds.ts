import { type AdmissionPlugin, admitted } from './plugin.ts'

/** `--default-not-ready-toleration-seconds` and its twin. Source: node-and-storage.md B6. */
const seconds = 300

const keys = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'] as const

type Toleration = { readonly key?: string; readonly operator?: string; readonly effect?: string; readonly tolerationSeconds?: number }

const defaults = keys.map((key): Toleration => Object.freeze({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: seconds }))

/** Whether a toleration already speaks of that taint with effect NoExecute. */
const covers = (toleration: Toleration, key: string): boolean =>
  (toleration.key === key || toleration.key === undefined || toleration.key === '') &&
  (toleration.effect === 'NoExecute' || toleration.effect === undefined || toleration.effect === '')

/** Every pod that says nothing of a lost node tolerates it for 300 s. Source: node-and-storage.md B6. */
export const defaultTolerationSeconds: AdmissionPlugin = {
  name: 'DefaultTolerationSeconds',
  kinds: ['Pod'],
  create: (pod) => {
    const tolerations = (pod['spec'].tolerations ?? []) as readonly Toleration[]
    const missing = defaults.filter((wanted) => !tolerations.some((toleration) => covers(toleration, wanted.key as string)))
    return admitted(missing.length === 0 ? pod : { ...pod, spec: { ...pod['spec'], tolerations: [...tolerations, ...missing] } })
  },
}
